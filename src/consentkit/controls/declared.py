"""What a site declares, as blocks of text: who receives what for which purpose, and which cookies are kept how long.

From the same catalogues and registry as the preference page, so that the two can't say different things. Where it is
shown is not known here: in a page of the owner's (`slots`), or as text to paste into one (`cli.policy_text`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from consentkit.controls.preferences import necessary
from consentkit.controls.words import Words
from consentkit.settings.site import vendors_of
from consentkit.templates import Markup
from consentkit.vocabulary import Purpose, Vendor


@dataclass(frozen=True)
class Heading:
    level: int
    text: str


@dataclass(frozen=True)
class Paragraph:
    text: str
    #: Where the whole of it leads; "" for plain text.
    href: str = ""


@dataclass(frozen=True)
class Table:
    header: Sequence[str]
    #: The first cell of each is what the row is about.
    rows: Sequence[Sequence[str]]


Block = Heading | Paragraph | Table


def declared(words: Words) -> Iterator[Block]:
    """Necessary cookies, then each purpose with its companies. Headings begin at h3."""
    yield Heading(3, words.text("prefs.necessary"))
    yield Paragraph(words.text("prefs.necessary_text"))
    yield Table(
        (words.text("prefs.cookie"), words.text("prefs.why"), words.text("prefs.kept")),
        [(_plain(row["name"]), str(row["why"]), str(row["kept"])) for row in necessary(words)],
    )
    for purpose in (*words.site.asked, *words.site.exempt):
        yield from _purpose(words, purpose)


def _purpose(words: Words, purpose: Purpose) -> Iterator[Block]:
    yield Heading(3, words.purpose(purpose))
    if words.purpose_text(purpose):
        yield Paragraph(words.purpose_text(purpose))
    if purpose.reason:
        yield Paragraph(words.text("prefs.exempt", reason=words.own(purpose.reason)))
    for vendor in vendors_of(purpose):
        yield from _vendor(words, vendor)


def _vendor(words: Words, vendor: Vendor) -> Iterator[Block]:
    title = words.vendor(vendor)
    yield Heading(4, title)
    if words.vendor_text(vendor):
        yield Paragraph(words.vendor_text(vendor))
    if vendor.country:
        yield Paragraph(words.text("prefs.country", country=words.catalogue.country(vendor.country)))
    if vendor.privacy:
        yield Paragraph(words.text("prefs.vendor_privacy", vendor=title), href=vendor.privacy)
    if vendor.cookies:
        rows = [(name, words.lifetime(kept)) for name, kept in vendor.cookies.items()]
        yield Table((words.text("prefs.cookie"), words.text("prefs.kept")), rows)
    else:
        yield Paragraph(words.text("prefs.no_cookies"))


def _plain(value: object) -> str:
    return Markup(str(value)).striptags() if isinstance(value, Markup) else str(value)
