"""Which language to speak: the app's word, the page's, the reader's, the site's, English."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from consentkit.bounded import remembering
from consentkit.languages.tags import match
from consentkit.vocabulary import Text

#: The language of the source catalogue, in which every message exists.
ENGLISH = "en"

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
