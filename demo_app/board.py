"""What readers leave under an article, kept in memory until the demo stops: comments and reactions."""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from dataclasses import dataclass
from datetime import datetime

MAX_NAME = 60  # characters
MAX_TEXT = 1500  # characters
#: A demo that runs for a month must not grow for a month.
MAX_COMMENTS = 100


@dataclass(frozen=True)
class Reaction:
    """A button under an article."""

    value: str
    says: str
    sign: str


REACTIONS = (
    Reaction("useful", "Useful", "✓"),
    Reaction("touching", "Touching", "♥"),
    Reaction("surprising", "Surprising", "!"),
)


@dataclass(frozen=True)
class Comment:
    name: str
    text: str
    time: datetime


class Board:
    def __init__(self) -> None:
        self.comments: defaultdict[str, deque[Comment]] = defaultdict(lambda: deque(maxlen=MAX_COMMENTS))
        self.reactions: defaultdict[str, Counter[str]] = defaultdict(Counter)
        for slug, name, text, time in FIRST_COMMENTS:
            self.comments[slug].append(Comment(name, text, datetime.fromisoformat(time)))
        for slug, counts in FIRST_REACTIONS.items():
            self.reactions[slug].update(counts)

    def problem_with(self, name: str, text: str) -> str:
        """What the reader should mend before a comment can stand, or nothing."""
        if not name.strip() or not text.strip():
            return "Please fill in your name and your comment."
        if len(name) > MAX_NAME or len(text) > MAX_TEXT:
            return f"Please keep your name under {MAX_NAME} and your comment under {MAX_TEXT} characters."
        return ""

    def comment(self, slug: str, name: str, text: str, *, now: datetime) -> None:
        self.comments[slug].append(Comment(name.strip(), text.strip(), now))

    def react(self, slug: str, reaction: str) -> None:
        if reaction in {known.value for known in REACTIONS}:
            self.reactions[slug][reaction] += 1

    def counted(self, slug: str) -> list[tuple[Reaction, int]]:
        return [(reaction, self.reactions[slug][reaction.value]) for reaction in REACTIONS]


FIRST_COMMENTS = (
    (
        "footbridge-reopens",
        "Mira, Podstijena",
        "My grandmother walked to school over the old one. She crossed today on my arm and said the new"
        " boards creak in the wrong key.",
        "2026-11-20T08:12Z",
    ),
    (
        "footbridge-reopens",
        "Anto",
        "Eleven years of driving 14 km to see a neighbour I can wave to. Thank you to everyone who kept asking.",
        "2026-11-20T09:40Z",
    ),
    (
        "library-bus",
        "Selma, class 4b",
        "Please bring more books about volcanoes. We have read both.",
        "2026-11-19T16:05Z",
    ),
    (
        "huchen-return",
        "Old Goran",
        "I have fished that pool since 1971 and never told anyone where it is. I am glad the article doesn't either.",
        "2026-11-18T19:22Z",
    ),
)
FIRST_REACTIONS = {
    "footbridge-reopens": {"touching": 148, "useful": 61, "surprising": 9},
    "huchen-return": {"surprising": 83, "useful": 40, "touching": 31},
    "library-bus": {"touching": 97, "useful": 22, "surprising": 4},
    "raspberry-cooperative": {"useful": 54, "surprising": 12, "touching": 6},
    "accordion-school": {"touching": 71, "surprising": 8, "useful": 5},
    "night-bus": {"useful": 112, "surprising": 3, "touching": 2},
    "regatta": {"touching": 29, "surprising": 25, "useful": 3},
    "flood-wall": {"useful": 66, "touching": 10, "surprising": 7},
}
