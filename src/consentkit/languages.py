"""Which language a visitor reads, and the catalogue that speaks it. The only file that imports babel.

A tag from outside (`<html lang>`, `Content-Language`, `Accept-Language`, `?lang=`) is read by `match`, and
the answer is always one of *our* tags, as we spell it: what a visitor sends is never shown, never a key of
more than a bounded cache, and never part of a path. Two languages match when language **and script** agree
after CLDR's likely subtags are filled in, for a reader of Latin Serbian can't be assumed to read Cyrillic,
nor one of Traditional Chinese Simplified. Babel's own `negotiate_locale` knows neither, nor does its
`Translations.load`, which takes `sr_Latn_BA` to `sr`.

Catalogues are read from `locales/<folder>/consentkit.po` when first asked for, so nothing compiled can be
stale. A message that a catalogue lacks is said in English rather than in a neighbour's language or script.

Babel is imported inside the functions: `import consentkit` must stay cheap, and a site that only answers from
its cache needs none of it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property, lru_cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from consentkit.autonyms import AUTONYMS, RIGHT_TO_LEFT
from consentkit.bounded import remembering
from consentkit.errors import ConfigurationError, ConsentKitError, nearest
from consentkit.vocabulary import Text

if TYPE_CHECKING:
    from babel.core import Locale

    from consentkit.settings import Site

#: The language of the source catalogue, in which every message exists.
ENGLISH = "en"

#: The file of a language with what visitors read (`consentkit.po`), and with what auditors read (`audit.po`), which
#: fewer languages have.
VISITORS = "consentkit"
AUDITORS = "audit"

# --- Tags -----------------------------------------------------------------------------------------------

# RFC 5646 asks that 35 characters be supported (4.4.1); a well-formed tag in use is far below. Longer ones
# are no language, so that a cache of tags has a size that is known.
MAX_TAG = 64

# Language, perhaps extended, script, region; variants and extensions ("-u-co-phonebk") do not choose a
# catalogue. ASCII only: under Unicode rules "ſ" and "K" (Kelvin) would count as letters too.
_TAG = re.compile(
    r"([a-z]{2,3})(?:[-_][a-z]{3}){0,3}(?:[-_]([a-z]{4}))?(?:[-_]([a-z]{2}|[0-9]{3}))?(?:[-_][a-z0-9]{1,8})*",
    re.ASCII | re.IGNORECASE,
)

# Tags that say "no language in particular" (RFC 5646, 4.1). CLDR would make American English of them.
_NO_LANGUAGE = frozenset({"und", "mul", "mis", "zxx"})

# The present name of a language, where Babel's list of aliases has none: CLDR keeps "no" beside "nb", and
# both mean Bokmål to whoever wrote them into a page.
_RENAMED = {"no": "nb"}

# Whoever asks for the first reads the others too, when it is not there: Nynorsk readers learn Bokmål at
# school, and "sh" (withdrawn) names all of Serbian, Croatian and Bosnian.
_READS_ALSO = {"nn": ("nb",), "sh": ("hr", "bs")}


class _Full(NamedTuple):
    """A tag with nothing left open: `zh-TW` is ("zh", "Hant", "TW"). Equal values mean the same language."""

    language: str
    script: str
    region: str


def match(wanted: str, available: Sequence[str]) -> str | None:
    """The tag out of `available` that a reader of `wanted` reads, spelled as it is there, or None.

    Same language and same script; among several the nearest by CLDR's inheritance (`en-AU` is nearer to
    `en-GB` than to `en-US`), then the first. Hyphens, underscores and any case are taken; nonsense gives
    None, no error.
    """
    if len(wanted) > MAX_TAG:
        return None
    return _match(wanted, tuple(available))


@lru_cache(maxsize=2048)
def _match(wanted: str, available: tuple[str, ...]) -> str | None:
    full = _full(wanted)
    if full is None:
        return None
    offers = [(_full(tag), tag) for tag in available]
    for readable in (full, *(full._replace(language=other) for other in _reads_also(wanted))):
        near = [
            (_distance(readable, offer), tag)
            for offer, tag in offers
            if offer is not None and offer[:2] == readable[:2]
        ]
        if near:
            return min(near, key=lambda pair: pair[0])[1]
    return None


def _reads_also(tag: str) -> tuple[str, ...]:
    found = _TAG.fullmatch(tag.strip())
    return _READS_ALSO.get(found[1].lower(), ()) if found else ()


@lru_cache(maxsize=2048)
def _full(tag: str) -> _Full | None:
    """Fill in script and region by CLDR's likely subtags (UTS 35, "Likely Subtags"); None if it is no tag."""
    found = _TAG.fullmatch(tag.strip())
    if found is None or found[1].lower() in _NO_LANGUAGE:
        return None
    language, script, region = found[1].lower(), (found[2] or "").title(), (found[3] or "").upper()

    from babel.core import get_global

    alias = get_global("language_aliases").get(language) or _RENAMED.get(language, language)
    # An alias can name more than the language ("sh" is sr_Latn, "cnr" sr_ME); what the tag itself says wins.
    language, implied_script, implied_region = _split(alias)
    script, region = script or implied_script, region or implied_region
    return _Full(
        language,
        script or _likely(language, region).script,
        region or _likely(language, script).region,
    )


def _likely(language: str, script_or_region: str = "") -> _Full:
    from babel.core import get_global

    likely = get_global("likely_subtags")
    known = likely.get(f"{language}_{script_or_region}") or likely.get(language) or language
    return _Full(*_split(known))


def _split(identifier: str) -> tuple[str, str, str]:
    """CLDR's spelling, which is always in order: `sr_Latn_ME`, `sr_ME`, `sr_Latn`, `sr`."""
    language, *rest = identifier.split("_")
    script = rest.pop(0) if rest and len(rest[0]) == 4 else ""
    return language, script, rest[0] if rest else ""


@lru_cache(maxsize=2048)
def _distance(wanted: _Full, offer: _Full) -> tuple[int, int]:
    """How far up to what both inherit from in CLDR, then how far down to the offer.

    Up counts first: from `en-AU` both `en-GB` and `en-US` are two steps away, but only the former shares
    en_001.
    """
    theirs = _lineage(offer)
    return min(
        ((up, theirs.index(ancestor)) for up, ancestor in enumerate(_lineage(wanted)) if ancestor in theirs),
        default=(9, 9),  # two lines of one language that never meet: CLDR has none, and last place is right
    )


def _lineage(full: _Full) -> list[str]:
    from babel.core import get_global

    parents: Mapping[str, str] = get_global("parent_exceptions")
    line = [_shortest(full)]
    # Four steps reach the language from any tag in CLDR; the bound keeps a loop in its data from being ours.
    while "_" in line[-1] and len(line) < 8:
        line.append(parents.get(line[-1]) or line[-1].rpartition("_")[0])
    return line


def _shortest(full: _Full) -> str:
    """The tag without what goes without saying: `pt` for pt_Latn_BR, as CLDR's inheritance counts."""
    parts = [full.language]
    if full.script != _likely(full.language).script:
        parts.append(full.script)
    if full.region != _likely(full.language, full.script).region:
        parts.append(full.region)
    return "_".join(parts)


# --- Choosing -------------------------------------------------------------------------------------------

# A browser sends a handful; beyond that it is a test of our patience.
MAX_LANGUAGES = 20
MAX_HEADER = 1000  # characters

# Longer ones are read and not remembered; those of browsers have up to a hundred.
LONGEST_REMEMBERED = 250  # characters
LONGEST_LIST = 400  # characters, of the tags of all our catalogues and some of an owner's

_RANGE = re.compile(
    r"[ \t]*([a-z]{1,8}(?:[-_][a-z0-9]{1,8})*|\*)[ \t]*"
    r"(?:;[ \t]*q[ \t]*=[ \t]*(0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?))?[ \t]*",
    re.ASCII | re.IGNORECASE,
)


def parse_accept_language(header: str) -> list[str]:
    """The language ranges of an `Accept-Language` header, best first (RFC 9110, 12.5.4).

    Those with `q=0` are out, equal ones keep their order, malformed ones are skipped, and of a longer header
    only the first 20 ranges within 1,000 characters are read. `*` stays in its place: it means "whatever you
    have".
    """
    return list(_ranges(header[:MAX_HEADER]))


@remembering(most=1024, longest=LONGEST_REMEMBERED)
def _ranges(header: str) -> tuple[str, ...]:
    weighed = []
    for part in header.split(",", MAX_LANGUAGES)[:MAX_LANGUAGES]:
        found = _RANGE.fullmatch(part)
        if found and (weight := float(found[2] or 1)) > 0:
            weighed.append((-weight, found[1]))
    return tuple(tag for _, tag in sorted(weighed, key=lambda pair: pair[0]))


@dataclass(frozen=True, slots=True)
class Chosen:
    """The tag of the catalogue to use, and whether `Accept-Language` had a say (then `Vary` must name it)."""

    tag: str
    read_accept_language: bool


def choose(
    candidates: Sequence[str | None],
    accept_language: str | None,
    default: str | None,
    available: Sequence[str],
) -> Chosen:
    """Which of `available` to speak.

    `candidates`, best first: `?lang=`, the app's word, `<html lang>`, `Content-Language`. A candidate without
    a catalogue is passed over. Then come `Accept-Language`, the site's `default`, English, and the first
    available.
    """
    # A Content-Language that names several ("de, en") is no tag and has no say: the page is not in one.
    for candidate in candidates:
        if candidate and (tag := match(candidate, available)):
            return Chosen(tag, read_accept_language=False)
    # From here on another header could have given another answer, even if this request sent none.
    tag = _accepted((accept_language or "")[:MAX_HEADER], default, tuple(available))
    return Chosen(tag, read_accept_language=True)


@remembering(most=1024, longest=LONGEST_REMEMBERED + LONGEST_LIST)
def _accepted(header: str, default: str | None, available: tuple[str, ...]) -> str:
    for wanted in _ranges(header):
        if wanted == "*":
            break
        if tag := match(wanted, available):
            return tag
    return match(default or ENGLISH, available) or match(ENGLISH, available) or next(iter(available), ENGLISH)


def pick(text: Text, tag: str) -> str:
    """An owner's text in the language `tag`: the text itself, or of several languages the one that matches.

    Without a match it is the English one, without that the first.
    """
    if isinstance(text, str):
        return text
    tags = tuple(text)
    key = match(tag, tags) or match(ENGLISH, tags) or next(iter(tags), None)
    return "" if key is None else text[key]


# --- Catalogues -----------------------------------------------------------------------------------------

#: What an owner may put in place of a message: a sentence, or one for each plural form of the language.
Override = str | Sequence[str]

NO_TEXTS: Mapping[str, Mapping[str, Override]] = MappingProxyType({})

# Only names: no attributes, indices or format codes, so that a text can't reach into the values it is given.
PLACEHOLDER = re.compile(r"\{([a-z_]+)\}")


class UnknownMessage(ConsentKitError, KeyError):
    """A message id that the catalogues do not have."""

    def __init__(self, id: str, known: Iterable[str]) -> None:
        self.id = id
        super().__init__(f"Unknown message {id!r}; `consentkit locales --ids` lists them.{nearest(id, known)}")

    def __str__(self) -> str:
        return str(self.args[0])  # KeyError would show the sentence in quotation marks


class MissingValue(ConsentKitError, KeyError):
    """A placeholder of a message was given no value."""

    def __init__(self, name: str, text: str) -> None:
        self.name = name
        self.text = text
        super().__init__(f"No value for {{{name}}} in {text!r}.")

    def __str__(self) -> str:
        return str(self.args[0])


@dataclass(frozen=True)
class Language:
    """A language as pages need it.

    `tag` is BCP 47 for `lang=` (`sr-Latn`), `direction` is `ltr` or `rtl` for `dir=`, `folder` is its name in
    `locales/` (`sr_Latn`), and `autonym` is what the language calls itself.
    """

    tag: str
    folder: str
    direction: str
    autonym: str


def fill(text: str, values: Mapping[str, object]) -> str:
    """Put `values` in place of the placeholders of `text`, once: braces inside a value stay as they are."""

    def value(found: re.Match[str]) -> str:
        if found[1] not in values:
            raise MissingValue(found[1], text)
        return str(values[found[1]])

    return PLACEHOLDER.sub(value, text)


def placeholders(text: str) -> frozenset[str]:
    """The names in braces that `text` wants to have filled in."""
    return frozenset(PLACEHOLDER.findall(text))


class Catalogue:
    """The texts of one language, and its way to write dates, lists and numbers.

    Made by `Catalogues.get`. What it returns is text, not markup: escape it, or escape `raw` and `fill` that.
    """

    def __init__(
        self,
        language: Language,
        messages: Mapping[str, tuple[str, ...]],
        form: Callable[[int], int],
        fallback: Catalogue | None = None,
    ) -> None:
        self.language = language
        self._messages = messages
        self._form = form
        self._fallback = fallback

    def text(self, id: str, **values: object) -> str:
        """The message with its placeholders filled. An unknown id raises `UnknownMessage`, a `KeyError`."""
        return fill(self.raw(id), values)

    def plural(self, id: str, count: int, **values: object) -> str:
        """The message in the form that goes with `count`, which also fills `{count}`."""
        return fill(self.raw(id, count), {"count": count, **values})

    def raw(self, id: str, count: int | None = None) -> str:
        """The message with its braces left in, to be filled with markup by `fill`.

        Of a message with plural forms it is the one for `count`, without a count the last, which is the
        general one.
        """
        speaker = self._speaker(id)
        forms = speaker._messages[id]
        return forms[-1] if count is None or len(forms) == 1 else forms[speaker._form(count)]

    def forms(self, id: str) -> tuple[str, ...]:
        """Every plural form of the message, in the order of its catalogue; one, when it does not count."""
        return self._speaker(id)._messages[id]

    @property
    def missing(self) -> tuple[str, ...]:
        """Ids of which this language has no text of its own, so that another catalogue's is shown."""
        return tuple(sorted(self._all_ids() - self._messages.keys()))

    def date(self, day: date) -> str:
        """A day in words, such as 1 November 2026."""
        return _date(self.language.folder, day)

    def list(self, items: Sequence[str]) -> str:
        """Joined the way the language joins them: "Statistics, Advertising, and Videos"."""
        from babel.lists import format_list

        return format_list([str(item) for item in items], locale=_locale(self.language.folder))

    def duration(self, days: int) -> str:
        """A length of time in its largest whole unit: 730 is 2 years, 180 is 6 months, 45 is 45 days.

        A year counts 365 days and a month 30; nothing is rounded, for a retention period is a statement of
        fact.
        """
        unit, count = _largest_unit(days)
        # CLDR leaves out a long form that equals the short one, and Babel 2.18 then says "2 duration-day"
        # (bs, ar, it, pt, ja) or "1 dani" (sr_Latn). So the catalogue's own words go first, and Babel
        # helps out where there are none, as in a language that an owner added.
        if f"duration.{unit}s" in self._messages:
            return self.plural(f"duration.{unit}s", count)
        return _unit(self.language.folder, count, unit)

    def percent(self, n: int) -> str:
        """`150` as 150%, with the space and the sign of the language."""
        return _percent(self.language.folder, n)

    def number(self, n: int) -> str:
        """`1234567` with the marks of the language between its thousands."""
        return _number(self.language.folder, n)

    def country(self, code: str) -> str:
        """The name of a country (ISO 3166, two letters); an unknown code comes back as it is."""
        return str(_locale(self.language.folder).territories.get(code.upper(), code))

    def _speaker(self, id: str) -> Catalogue:
        """The catalogue that says it, whose plural rule goes with it: this one, or one to fall back to."""
        if id in self._messages:
            return self
        if self._fallback is None:
            raise UnknownMessage(id, self._messages)
        return self._fallback._speaker(id)

    def _all_ids(self) -> Collection[str]:
        return self._messages.keys() if self._fallback is None else self._fallback._all_ids()


class Catalogues:
    """Every language there is: the packaged ones, with the owner's `texts` laid over them.

    `texts` goes from a language tag to message ids to sentences. It may replace single messages and add
    languages; what it leaves out of a new language is said in the packaged catalogue nearest to it (`de` for
    `de-AT`), then in English. Of a message with plural forms it holds one sentence for every count, or a list
    with one for each form. Raises `ConfigurationError`, with every problem at once, when it names an unknown
    language, message or placeholder. `own`: the owner's folder of catalogues, shaped like ours
    (`<tag>/consentkit.po`); it may do what `texts` may, and `texts` lies over it. `domain`: which file of each
    language; the languages that have it are the ones there are.
    """

    def __init__(
        self,
        texts: Mapping[str, Mapping[str, Override]] = NO_TEXTS,
        *,
        own: Path | None = None,
        domain: str = VISITORS,
    ) -> None:
        self._domain = domain
        self._packaged = _packaged(domain)
        self._loaded: dict[str, Catalogue] = {}
        self._texts: dict[str, dict[str, tuple[str, ...]]] = {}
        #: How languages count that only the owner's folder has.
        self._rules: dict[str, _Counting] = {}
        problems = [] if own is None else list(self._take_in(own))
        problems += self._lay_over(texts)
        if problems:
            raise ConfigurationError(problems)
        self._folders = {folder.replace("_", "-"): folder for folder in {*self._packaged, *self._texts}}
        #: The tag of every language, in alphabetical order: what `match` and `choose` take as `available`.
        self.tags: tuple[str, ...] = tuple(sorted(self._folders))

    @cached_property
    def available(self) -> tuple[Language, ...]:
        """Every language with its own name for itself, for a list to choose from. `tags` is cheaper."""
        return tuple(_language(self._folders[tag]) for tag in self.tags)

    @cached_property
    def ids(self) -> frozenset[str]:
        """The id of every message."""
        return frozenset(self.get(ENGLISH)._messages)

    def get(self, tag: str) -> Catalogue:
        """The catalogue for `tag`, read when first asked for. Raises `KeyError` when there is none for it."""
        folder = self._folders.get(tag) or self._folders.get(match(tag, self.tags) or "")
        if folder is None:
            raise KeyError(f"No catalogue for {tag[:MAX_TAG]!r}; there are {', '.join(self.tags)}.")
        if folder not in self._loaded:
            self._loaded[folder] = self._load(folder)
        return self._loaded[folder]

    def _load(self, folder: str) -> Catalogue:
        messages, form = self._read(folder)
        messages = {**messages, **self._texts.get(folder, {})}
        return Catalogue(_language(folder), messages, form, self._fallback(folder))

    def _read(self, folder: str) -> tuple[Mapping[str, tuple[str, ...]], Callable[[int], int]]:
        if folder in self._packaged:
            read = _read_po(folder, self._domain)
            return read.messages, read.counting.form
        return {}, self._counting(folder).form

    def _counting(self, folder: str) -> _Counting:
        if folder in self._packaged:
            return _read_po(folder, self._domain).counting
        return self._rules.get(folder) or _plural_rule(folder)

    def _fallback(self, folder: str) -> Catalogue | None:
        if folder == ENGLISH:
            return None
        nearer = None if folder in self._packaged else match(folder, self._packaged)
        return self.get((nearer or ENGLISH).replace("_", "-"))

    def _take_in(self, own: Path) -> Iterator[str]:
        """The catalogues of the owner's folder; what is wrong with them is told."""
        if not own.is_dir():
            yield f"locales: {str(own)!r} is no folder; it holds one for each language, such as de/{self._domain}.po."
            return
        found = sorted(own.glob(f"*/{self._domain}.po"))
        if not found:
            yield f"locales: {str(own)!r} has no catalogue; each lies in a folder of its own: de/{self._domain}.po."
        for path in found:
            try:
                read = _read_file(path)
            except (OSError, ValueError) as error:
                yield f"locales: {str(path)!r} can't be read: {error}."
                continue
            folder = self._folder_for(path.parent.name)
            if folder is not None and folder not in self._packaged:
                self._rules[folder] = read.counting
            yield from self._lay(f"locales: {path.parent.name}", path.parent.name, read.messages)

    def _lay_over(self, texts: Mapping[str, Mapping[str, Override]]) -> Iterator[str]:
        for tag, messages in texts.items():
            forms = {id: (said,) if isinstance(said, str) else tuple(said) for id, said in messages.items()}
            yield from self._lay(f"texts[{tag!r}]", tag, forms)

    def _lay(self, where: str, tag: str, forms: Mapping[str, tuple[str, ...]]) -> Iterator[str]:
        folder = self._folder_for(tag)
        if folder is None:
            yield f"{where}: no language that CLDR knows; write a tag such as 'de' or 'sr-Latn'."
            return
        source = _read_po(ENGLISH, self._domain).messages
        for id, said in forms.items():
            for problem in _problems(id, said, source, folder, self._counting(folder).forms):
                yield f"{where}[{id!r}]: {problem}"
        self._texts.setdefault(folder, {}).update(forms)

    def _folder_for(self, tag: str) -> str | None:
        """The packaged folder that an owner's tag means (`de-DE` is `de`), or the name of a new one."""
        full = _full(tag)
        if full is None or not _is_known(full):
            return None
        return next((folder for folder in self._packaged if _full(folder) == full), _shortest(full))


def catalogues_of(site: Site) -> Catalogues:
    """The languages of one site: ours, its folder's, and its single sentences. Raises `ConfigurationError`."""
    return Catalogues(site.texts, own=site.folder / site.locales if site.locales else None)


def _problems(
    id: str, said: tuple[str, ...], source: Mapping[str, tuple[str, ...]], folder: str, forms: int
) -> Iterator[str]:
    """What is wrong with an owner's sentence, if anything. `forms`: how many a message has that counts."""
    if id not in source:
        yield f"no such message; `consentkit locales --ids` lists them.{nearest(id, source)}"
        return
    if len(said) != 1:
        wanted = forms if len(source[id]) > 1 else 1
        if len(said) != wanted:
            yield f"{len(said)} forms, but this message has {wanted} in {folder!r}."
    known = placeholders(source[id][-1])
    for name in sorted(placeholders(" ".join(said)) - known):
        braced = ", ".join(f"{{{name}}}" for name in sorted(known)) or "none"
        yield f"{{{name}}} is not filled here; known: {braced}."


def _locales() -> Traversable:
    """Inside the wheel, or at the root of the checkout when installed from there."""
    inside = files("consentkit") / "locales"
    return inside if inside.is_dir() else Path(__file__).resolve().parents[2] / "locales"


@lru_cache(maxsize=2)
def _packaged(domain: str) -> tuple[str, ...]:
    """The folder of every catalogue that is shipped."""
    return tuple(sorted(d.name for d in _locales().iterdir() if (d / f"{domain}.po").is_file()))


class _Counting(NamedTuple):
    """How a language counts: which form goes with a number, and how many forms there are."""

    form: Callable[[int], int]
    forms: int


class _Read(NamedTuple):
    """A catalogue as it stands in a file: each message as its plural forms."""

    messages: Mapping[str, tuple[str, ...]]
    counting: _Counting


@lru_cache(maxsize=128)
def _read_po(folder: str, domain: str = VISITORS) -> _Read:
    """A packaged catalogue. `folder` is one of `_packaged(domain)`."""
    return _read_file(_locales() / folder / f"{domain}.po")


def _read_file(path: Traversable) -> _Read:
    """Fuzzy and empty entries are left out: English that is right beats a translation that may be wrong.

    Raises OSError, and ValueError for what is no catalogue.
    """
    from gettext import c2py

    from babel.messages.pofile import PoFileError, read_po

    try:
        with path.open("rb") as source:
            catalogue = read_po(source, abort_invalid=True)
        counting = _Counting(c2py(catalogue.plural_expr), catalogue.num_plurals)
    except PoFileError as error:
        raise ValueError(str(error)) from None
    messages = {}
    for message in catalogue:
        id = message.id if isinstance(message.id, str) else message.id[0]
        said = message.string or ""
        forms = (said,) if isinstance(said, str) else tuple(said)
        if id and not message.fuzzy and all(forms):
            messages[id] = forms
    return _Read(MappingProxyType(messages), counting)


def _plural_rule(folder: str) -> _Counting:
    from gettext import c2py

    from babel.messages.plurals import get_plural

    plural = get_plural(folder)
    return _Counting(c2py(plural.plural_expr), plural.num_plurals)


def _is_known(full: _Full) -> bool:
    from babel.core import UnknownLocaleError

    try:
        _locale(_shortest(full))
    except (UnknownLocaleError, ValueError):
        return False
    return True


@lru_cache(maxsize=128)
def _locale(folder: str) -> Locale:
    """How a language writes; in a region that CLDR has nothing about (`en_BA`), as it does elsewhere."""
    from babel.core import Locale, UnknownLocaleError

    try:
        return Locale.parse(folder, resolve_likely_subtags=True)
    except UnknownLocaleError:
        language, script, region = _split(folder)
        if not region:
            raise
        return Locale.parse("_".join(filter(None, (language, script))), resolve_likely_subtags=True)


@lru_cache(maxsize=128)
def _language(folder: str) -> Language:
    known = AUTONYMS.get(folder)
    if known is not None:
        return Language(folder.replace("_", "-"), folder, "rtl" if folder in RIGHT_TO_LEFT else "ltr", known)
    return language_by_cldr(folder)


def language_by_cldr(folder: str) -> Language:
    """A language that is not one of ours, as an owner may add."""
    locale = _locale(folder)
    autonym = locale.get_display_name(locale) or folder
    # CLDR writes names as they stand inside a sentence ("français"); in a list each begins with a capital,
    # where the script has them. title() and not upper(), which gives Georgian capitals that nobody writes.
    autonym = autonym[:1].title() + autonym[1:]
    return Language(folder.replace("_", "-"), folder, locale.text_direction, autonym)


@lru_cache(maxsize=1024)
def _date(folder: str, day: date) -> str:
    from babel.dates import format_date

    return format_date(day, "long", locale=_locale(folder))


@lru_cache(maxsize=1024)
def _percent(folder: str, n: int) -> str:
    from babel.numbers import format_percent

    return format_percent(n / 100, locale=_locale(folder))


@lru_cache(maxsize=1024)
def _number(folder: str, n: int) -> str:
    from babel.numbers import format_decimal

    return format_decimal(n, locale=_locale(folder))


@lru_cache(maxsize=1024)
def _unit(folder: str, count: int, unit: str) -> str:
    from babel.units import format_unit

    # A missing long form shows the name of the unit itself; CLDR means the short one by that.
    name, locale = f"duration-{unit}", _locale(folder)
    long = format_unit(count, name, "long", locale=locale)
    return format_unit(count, name, "short", locale=locale) if name in long else long


def _largest_unit(days: int) -> tuple[str, int]:
    if days and days % 365 == 0:
        return "year", days // 365
    if days and days % 30 == 0:
        return "month", days // 30
    return "day", days
