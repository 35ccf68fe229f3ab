"""What is in the paper. The text of an article is `templates/stories/<slug>.html`; here stands all the rest.

The towns, the people and the events are invented.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime


@dataclass(frozen=True)
class Section:
    slug: str
    title: str
    about: str


@dataclass(frozen=True, kw_only=True)
class Article:
    slug: str
    section: Section
    title: str
    standfirst: str
    author: str
    published: datetime
    minutes: int
    #: File in static/img, what it shows, and what stands under it.
    picture: str
    alt: str
    caption: str
    #: A film in the text makes the teaser say so.
    film: bool = False

    @property
    def path(self) -> str:
        return f"/{self.section.slug}/{self.slug}"


RIVER = Section("river", "River", "The Drina, its tributaries, and everybody who lives with them.")
TOWN = Section("town", "Town", "Vrbograd and the villages: council, schools, roads and neighbours.")
ECONOMY = Section("economy", "Economy", "Orchards, workshops and the people who keep them going.")
CULTURE = Section("culture", "Culture", "Music, books, and what is on this week.")
SPORT = Section("sport", "Sport", "Rowing first. Football, too.")
OPINION = Section("opinion", "Opinion", "Columns and letters. They speak for their authors.")
SECTIONS = {section.slug: section for section in (RIVER, TOWN, ECONOMY, CULTURE, SPORT, OPINION)}


def november(day: int, hour: int, minute: int) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=UTC)


#: Newest first; the first is the lead of the front page.
ARTICLES = (
    Article(
        slug="footbridge-reopens",
        section=RIVER,
        title="After eleven years, the footbridge at Podstijena carries people again",
        standfirst="A hanging bridge, 126 metres of new larch and one stubborn village: how a crossing"
        " that nobody wanted to pay for was rebuilt by those who needed it.",
        author="Amra Delić",
        published=november(20, 6, 30),
        minutes=5,
        picture="footbridge.svg",
        alt="A hanging footbridge spans a green gorge; three people walk across it in morning light.",
        caption="The new deck hangs two metres higher than the old one, above the highest flood on record.",
        film=True,
    ),
    Article(
        slug="night-bus",
        section=TOWN,
        title="The night bus to Vrbograd gets one more year",
        standfirst="Eleven passengers a night are not many, says the council. They are every nurse on the"
        " late shift, say the passengers.",
        author="Petar Ilić",
        published=november(20, 5, 50),
        minutes=3,
        picture="night-bus.svg",
        alt="A lit bus drives along a river road under a full moon.",
        caption="Line 7 leaves the hospital at 22.40 and needs fifty minutes to the upper villages.",
    ),
    Article(
        slug="library-bus",
        section=TOWN,
        title="The library bus finds its readers, one hairpin at a time",
        standfirst="Four thousand books, nineteen stops and a driver who knows who has not finished volume two.",
        author="Amra Delić",
        published=november(19, 14, 0),
        minutes=4,
        picture="library-bus.svg",
        alt="A yellow bus painted with books climbs a winding mountain road.",
        caption="The bus climbs 680 metres between its first and its last stop.",
    ),
    Article(
        slug="huchen-return",
        section=RIVER,
        title="The huchen is back on the gravel above the old weir",
        standfirst="Divers counted 46 spawning pits this year, the most since the count began. The reason"
        " lies upstream, and it weighs four hundred tonnes.",
        author="Dr Luka Savić",
        published=november(18, 11, 15),
        minutes=4,
        picture="huchen.svg",
        alt="A large spotted fish swims over pale gravel in clear green water.",
        caption="The Danube salmon needs clean, loose gravel that the current can turn.",
    ),
    Article(
        slug="raspberry-cooperative",
        section=ECONOMY,
        title="Raspberry growers bet on a freezer of their own",
        standfirst="Sixty-two families pooled one season’s profit for a cooling house. Now they, not the"
        " buyers, decide when to sell.",
        author="Jelena Kovač",
        published=november(17, 9, 0),
        minutes=4,
        picture="raspberries.svg",
        alt="Wooden crates of raspberries stand in front of rows of canes and a hill.",
        caption="A crate of Willamette raspberries from Zelenika, picked before nine in the morning.",
        film=True,
    ),
    Article(
        slug="accordion-school",
        section=CULTURE,
        title="The accordion school above the bakery",
        standfirst="It began with two pupils and the smell of bread. On Saturday thirty of them fill the Sokol hall.",
        author="Petar Ilić",
        published=november(16, 17, 45),
        minutes=3,
        picture="accordion.svg",
        alt="An open red accordion in front of a lit window at dusk.",
        caption="“The bellows breathe for you,” says teacher Senada, “until you breathe for them.”",
        film=True,
    ),
    Article(
        slug="regatta",
        section=SPORT,
        title="By a canvas: under-18 eight wins the autumn regatta",
        standfirst="Vrbograd’s youngest crew trailed for 1,800 metres. Then the coxswain said one word.",
        author="Ivana Marić",
        published=november(15, 18, 20),
        minutes=3,
        picture="regatta.svg",
        alt="A rowing eight glides over a calm river in front of autumn hills.",
        caption="Nine seconds from the line: the Vrbograd eight, nearest the left bank.",
    ),
    Article(
        slug="flood-wall",
        section=OPINION,
        title="A flood wall is not a promise",
        standfirst="Concrete buys us a metre. What we do with the meadows decides about the next two.",
        author="Nada Hadžić",
        published=november(14, 8, 0),
        minutes=3,
        picture="flood-wall.svg",
        alt="A row of houses behind a low wall; the river reaches the foot of the wall.",
        caption="Water Street, Vrbograd, in the spring of last year.",
    ),
)
BY_PATH = {article.path: article for article in ARTICLES}


def in_section(section: Section) -> list[Article]:
    return [article for article in ARTICLES if article.section is section]


def after(article: Article, count: int = 3) -> list[Article]:
    """What to read next: the same section first, then the newest."""
    others = [other for other in ARTICLES if other is not article]
    return sorted(others, key=lambda other: other.section is not article.section)[:count]


def besides(picture: str, count: int = 4) -> list[Article]:
    """The newest articles, without the one whose picture the page shows already."""
    return [article for article in ARTICLES if article.picture != picture][:count]


@dataclass(frozen=True)
class Brief:
    """A line in the column of latest news."""

    time: str
    text: str
    path: str = ""


LATEST = (
    Brief("12:10", "Water back in Gornje Luke after burst main; please let it run for ten minutes"),
    Brief("11:35", "River at 212 cm and falling; no warning in force", "/river"),
    Brief("10:50", "First snow on the pass: winter tyres compulsory from tonight"),
    Brief("09:20", "Footbridge: “Please not all at once,” asks the carpenter", "/river/footbridge-reopens"),
    Brief("08:05", "Saturday’s market moves to the school yard"),
    Brief("07:15", "Council keeps night bus by 14 votes to 11", "/town/night-bus"),
)

NOTICES = (
    ("Sat 21 Nov", "Accordion evening, Sokol hall, 19.00. Bring a chair."),
    ("Sun 22 Nov", "Winter swim at the old weir, 11.00. Tea is provided, courage is not."),
    ("Mon 23 Nov", "Flu vaccinations without appointment, health centre, 8.00 to 13.00."),
    ("Wed 25 Nov", "Repair café: lamps, radios, bicycles. Library, 17.00."),
)
