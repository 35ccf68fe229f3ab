"""The texts of every language, as they lie in `locales/`, with the owner's laid over them."""

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

from consentkit.autonyms import AUTONYMS, RIGHT_TO_LEFT
from consentkit.errors import ConfigurationError, ConsentKitError, nearest
from consentkit.languages import cldr
from consentkit.languages.choosing import ENGLISH
from consentkit.languages.cldr import Counting, Read
from consentkit.languages.tags import MAX_TAG, full_tag, match, shortest
from consentkit.settings import Site

#: The file of a language with what visitors read (`consentkit.po`), and with what auditors read (`audit.po`), which
#: fewer languages have.
VISITORS = "consentkit"
AUDITORS = "audit"

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
        return cldr.day_in_words(self.language.folder, day)

    def list(self, items: Sequence[str]) -> str:
        """Joined the way the language joins them: "Statistics, Advertising, and Videos"."""
        return cldr.joined(self.language.folder, [str(item) for item in items])

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
        return cldr.unit(self.language.folder, count, unit)

    def percent(self, n: int) -> str:
        """`150` as 150%, with the space and the sign of the language."""
        return cldr.percent(self.language.folder, n)

    def number(self, n: int) -> str:
        """`1234567` with the marks of the language between its thousands."""
        return cldr.number(self.language.folder, n)

    def country(self, code: str) -> str:
        """The name of a country (ISO 3166, two letters); an unknown code comes back as it is."""
        return cldr.country(self.language.folder, code)

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
        self._rules: dict[str, Counting] = {}
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

    def _counting(self, folder: str) -> Counting:
        if folder in self._packaged:
            return _read_po(folder, self._domain).counting
        return self._rules.get(folder) or cldr.plural_rule(folder)

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
                read = cldr.read_po_file(path)
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
        full = full_tag(tag)
        if full is None or not cldr.is_known(shortest(full)):
            return None
        return next((folder for folder in self._packaged if full_tag(folder) == full), shortest(full))


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
    return inside if inside.is_dir() else Path(__file__).resolve().parents[3] / "locales"


@lru_cache(maxsize=2)
def _packaged(domain: str) -> tuple[str, ...]:
    """The folder of every catalogue that is shipped."""
    return tuple(sorted(d.name for d in _locales().iterdir() if (d / f"{domain}.po").is_file()))


@lru_cache(maxsize=128)
def _read_po(folder: str, domain: str = VISITORS) -> Read:
    """A packaged catalogue. `folder` is one of `_packaged(domain)`."""
    return cldr.read_po_file(_locales() / folder / f"{domain}.po")


@lru_cache(maxsize=128)
def _language(folder: str) -> Language:
    known = AUTONYMS.get(folder)
    if known is not None:
        return Language(folder.replace("_", "-"), folder, "rtl" if folder in RIGHT_TO_LEFT else "ltr", known)
    return language_by_cldr(folder)


def language_by_cldr(folder: str) -> Language:
    """A language that is not one of ours, as an owner may add."""
    return Language(folder.replace("_", "-"), folder, cldr.direction(folder), cldr.autonym(folder))


def _largest_unit(days: int) -> tuple[str, int]:
    if days and days % 365 == 0:
        return "year", days // 365
    if days and days % 30 == 0:
        return "month", days // 30
    return "day", days
