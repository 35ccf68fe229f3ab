"""What stands in the place of a held frame or player: who it is of, what for, and the way to agree to it alone.

Phrasing content only: a `<form>` or `<div>` there would close the page's paragraph and break its own forms.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from consentkit.bounded import remembering
from consentkit.controls.question import Question
from consentkit.controls.words import Words
from consentkit.rewrite import Held
from consentkit.settings.site import vendors_of
from consentkit.templates import Markup
from consentkit.vocabulary import Vendor

# What a frame without attributes measures (CSS 2.2, 10.3.2).
WIDTH, HEIGHT = 300, 150  # px

# A frame that nobody can see is no content that anybody misses: counters and bridges of trackers.
INVISIBLE = 10  # px
LARGEST = 4000  # px

_PIXELS = re.compile(r"\s*([0-9]{1,6})(?:\.[0-9]+)?\s*(?:px)?\s*\Z", re.ASCII)


@dataclass(frozen=True)
class Size:
    """`wide`: as wide as its surroundings, as `width="100%"` asks."""

    width: int
    height: int
    wide: bool

    @property
    def is_visible(self) -> bool:
        return self.height > INVISIBLE and (self.wide or self.width > INVISIBLE)


def size(attributes: Mapping[str, str]) -> Size:
    """The size that the page asks for, from `width` and `height`."""
    return _size(attributes.get("width", ""), attributes.get("height", ""))


@remembering(most=256, longest=20)
def _size(width: str, height: str) -> Size:
    wide = width.strip().endswith("%")
    return Size(1 if wide else _pixels(width, WIDTH), _pixels(height, HEIGHT), wide)


def host(attributes: Mapping[str, str]) -> str:
    """The host of a frame's address, as it is shown; "" when it has none."""
    try:
        return urlsplit(attributes.get("src", "").strip()).hostname or ""
    except ValueError:  # a bracket that is no IPv6 address
        return ""


@dataclass(frozen=True)
class Placeholder:
    """The words of a placeholder. `vendor`: the id that its buttons post, "" when nothing can be agreed to here."""

    label: str
    lines: tuple[Markup, ...]
    vendor: str = ""
    always: str = ""
    more: str = ""


def placeholder(words: Words, question: Question, held: Held, host: str) -> Placeholder:
    """The placeholder of what is held. Of an undeclared company only the host is known, and nothing is offered."""
    purpose = words.site.purpose_of(held.vendor) if held.vendor else None
    if held.vendor is None or purpose is None:
        if not host:
            return Placeholder(words.text("placeholder.unavailable"), (words.markup("placeholder.unavailable"),))
        return Placeholder(
            label=words.text("placeholder.title", vendor=host), lines=(words.markup("placeholder.unknown", host=host),)
        )
    vendor = next(each for each in vendors_of(purpose) if each.name == held.vendor)
    title, text = words.vendor(vendor), words.purpose(purpose)
    label = words.text("placeholder.title", vendor=title)
    strong = Markup("<strong>{}</strong>").format(words.markup("placeholder.title", vendor=title))
    if purpose.name in question.restricted or purpose not in words.site.asked:
        return Placeholder(label, (strong, words.markup("placeholder.unavailable")))
    lines = [strong, words.markup("placeholder.text", purpose=text)]
    if longest := words.longest(vendor):
        lines.append(words.markup("placeholder.lifetime", lifetime=longest))
    return Placeholder(
        label=label,
        lines=tuple(lines),
        vendor=vendor.name,
        always=words.text("action.always", vendor=title),
        more=words.text("placeholder.more"),
    )


def declared(words: Words, question: Question) -> list[tuple[Held, Vendor]]:
    """Every vendor that a placeholder of the site can ask about."""
    return [
        (Held(purpose.name, vendor.name), vendor)
        for purpose in question.offered(words.site)
        for vendor in vendors_of(purpose)
    ]


def _pixels(text: str, otherwise: int) -> int:
    found = _PIXELS.match(text)
    return min(int(found[1]), LARGEST) if found else otherwise
