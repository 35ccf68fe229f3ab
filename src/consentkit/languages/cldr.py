"""What CLDR knows of languages, by way of babel. The only file that imports it.

It is imported inside the functions: `import consentkit` must stay cheap, and a site that only answers from its cache
needs none of it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from functools import lru_cache
from importlib.resources.abc import Traversable
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from babel.core import Locale


def alias(language: str) -> str | None:
    """The present name of a language that was renamed; it can say more than the language (`sr_Latn`)."""
    from babel.core import get_global

    return get_global("language_aliases").get(language)


def likely_subtags() -> Mapping[str, str]:
    """Tag -> the same with nothing left open (UTS 35, "Likely Subtags")."""
    from babel.core import get_global

    return get_global("likely_subtags")


def parents() -> Mapping[str, str]:
    """Locale -> what it inherits from, where that is not its own beginning."""
    from babel.core import get_global

    return get_global("parent_exceptions")


@lru_cache(maxsize=128)
def locale(folder: str) -> Locale:
    """How a language writes; in a region that CLDR has nothing about (`en_BA`), as it does elsewhere."""
    from babel.core import Locale, UnknownLocaleError

    try:
        return Locale.parse(folder, resolve_likely_subtags=True)
    except UnknownLocaleError:
        language, script, region = split(folder)
        if not region:
            raise
        return Locale.parse("_".join(filter(None, (language, script))), resolve_likely_subtags=True)


def split(identifier: str) -> tuple[str, str, str]:
    """CLDR's spelling, which is always in order: `sr_Latn_ME`, `sr_ME`, `sr_Latn`, `sr`."""
    language, *rest = identifier.split("_")
    script = rest.pop(0) if rest and len(rest[0]) == 4 else ""
    return language, script, rest[0] if rest else ""


def is_known(folder: str) -> bool:
    from babel.core import UnknownLocaleError

    try:
        locale(folder)
    except (UnknownLocaleError, ValueError):
        return False
    return True


def autonym(folder: str) -> str:
    """What a language calls itself, as it stands in a list."""
    its = locale(folder)
    name = its.get_display_name(its) or folder
    # CLDR writes names as they stand inside a sentence ("français"); in a list each begins with a capital,
    # where the script has them. title() and not upper(), which gives Georgian capitals that nobody writes.
    return name[:1].title() + name[1:]


def direction(folder: str) -> str:
    return locale(folder).text_direction


def country(folder: str, code: str) -> str:
    """The name of a country; an unknown code comes back as it is."""
    return str(locale(folder).territories.get(code.upper(), code))


def joined(folder: str, items: Sequence[str]) -> str:
    from babel.lists import format_list

    return format_list(items, locale=locale(folder))


@lru_cache(maxsize=1024)
def day_in_words(folder: str, day: date) -> str:
    from babel.dates import format_date

    return format_date(day, "long", locale=locale(folder))


@lru_cache(maxsize=1024)
def percent(folder: str, n: int) -> str:
    from babel.numbers import format_percent

    return format_percent(n / 100, locale=locale(folder))


@lru_cache(maxsize=1024)
def number(folder: str, n: int) -> str:
    from babel.numbers import format_decimal

    return format_decimal(n, locale=locale(folder))


@lru_cache(maxsize=1024)
def unit(folder: str, count: int, unit: str) -> str:
    from babel.units import format_unit

    # A missing long form shows the name of the unit itself; CLDR means the short one by that.
    name, its = f"duration-{unit}", locale(folder)
    long = format_unit(count, name, "long", locale=its)
    return format_unit(count, name, "short", locale=its) if name in long else long


class Counting(NamedTuple):
    """How a language counts: which form goes with a number, and how many forms there are."""

    form: Callable[[int], int]
    forms: int


class Read(NamedTuple):
    """A catalogue as it stands in a file: each message as its plural forms."""

    messages: Mapping[str, tuple[str, ...]]
    counting: Counting


def read_po_file(path: Traversable) -> Read:
    """Fuzzy and empty entries are left out: English that is right beats a translation that may be wrong.

    Raises OSError, and ValueError for what is no catalogue.
    """
    from gettext import c2py

    from babel.messages.pofile import PoFileError, read_po

    try:
        with path.open("rb") as source:
            catalogue = read_po(source, abort_invalid=True)
        counting = Counting(c2py(catalogue.plural_expr), catalogue.num_plurals)
    except PoFileError as error:
        raise ValueError(str(error)) from None
    messages = {}
    for message in catalogue:
        id = message.id if isinstance(message.id, str) else message.id[0]
        said = message.string or ""
        forms = (said,) if isinstance(said, str) else tuple(said)
        if id and not message.fuzzy and all(forms):
            messages[id] = forms
    return Read(MappingProxyType(messages), counting)


def plural_rule(folder: str) -> Counting:
    from gettext import c2py

    from babel.messages.plurals import get_plural

    plural = get_plural(folder)
    return Counting(c2py(plural.plural_expr), plural.num_plurals)
