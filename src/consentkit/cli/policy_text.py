"""`consentkit policy-text`: the part of a cookie policy that the configuration knows, to paste into the owner's own.

Who receives what for which purpose, which cookies are kept for how long, and how to change one's mind: from the same
catalogues and registry as the preference page, so that the two can't say different things.
"""

from __future__ import annotations

import argparse
import html
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from consentkit.cli.site import add_site_options, load_site
from consentkit.controls.preferences import necessary
from consentkit.controls.words import Words
from consentkit.errors import ConfigurationError
from consentkit.languages import catalogues_of
from consentkit.settings import Site
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
    rows: Sequence[Sequence[str]]


Block = Heading | Paragraph | Table


def add_parser(subparsers: Any) -> None:
    """Add the command to `consentkit`'s parser."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "policy-text",
        help="write the section of your cookie policy that the configuration knows",
        description="Write purposes, companies, cookies and lifetimes as text for your own policy.",
    )
    add_site_options(parser)
    parser.add_argument("--language", metavar="TAG", help="such as de or sr_Latn (default: the site's)")
    parser.add_argument("--format", choices=("html", "markdown"), default="html", help="default: html")
    parser.set_defaults(run=main)


def main(args: argparse.Namespace) -> int:
    """Print the text."""
    site = load_site(args)
    blocks = list(policy_text(site, args.language or site.language))
    lines = as_markdown(blocks) if args.format == "markdown" else as_html(blocks)
    sys.stdout.write("\n".join(lines) + "\n")
    return 0


def policy_text(site: Site, language: str) -> Iterator[Block]:
    """The text in one language. Raises `ConfigurationError` for a language that there is none of."""
    catalogues = catalogues_of(site)
    tags = {tag.replace("-", "_"): tag for tag in catalogues.tags}
    tag = tags.get(language.replace("-", "_"))
    if tag is None:
        raise ConfigurationError([f"--language {language}: there is none; see `consentkit locales`."])
    words = Words(site, catalogues.get(tag))
    yield Heading(2, words.text("policy.cookies"))
    if site.controller:
        yield Paragraph(words.text("prefs.controller", controller=site.controller))
    if site.contact:
        yield Paragraph(words.text("prefs.contact", contact=site.contact))
    yield Heading(3, words.text("prefs.necessary"))
    yield Paragraph(words.text("prefs.necessary_text"))
    yield Table(
        (words.text("prefs.cookie"), words.text("prefs.why"), words.text("prefs.kept")),
        [(_plain(row["name"]), str(row["why"]), str(row["kept"])) for row in necessary(words)],
    )
    for purpose in (*site.asked, *site.exempt):
        yield from _purpose(words, purpose)
    if site.purposes:
        yield Paragraph(words.text("reader.privacy"), href=f"{site.prefix}/preferences")
        yield Paragraph(words.text("prefs.others"))


def as_html(blocks: Iterable[Block]) -> Iterator[str]:
    """A fragment for a page of the owner: headings from h2 on, no styles."""
    for block in blocks:
        if isinstance(block, Heading):
            yield f"<h{block.level}>{html.escape(block.text)}</h{block.level}>"
        elif isinstance(block, Paragraph):
            text = html.escape(block.text)
            yield f'<p><a href="{html.escape(block.href)}">{text}</a></p>' if block.href else f"<p>{text}</p>"
        else:
            head = "".join(f'<th scope="col">{html.escape(cell)}</th>' for cell in block.header)
            yield f"<table><thead><tr>{head}</tr></thead><tbody>"
            for first, *rest in block.rows:
                cells = "".join(f"<td>{html.escape(cell)}</td>" for cell in rest)
                yield f'<tr><th scope="row">{html.escape(first)}</th>{cells}</tr>'
            yield "</tbody></table>"


def as_markdown(blocks: Iterable[Block]) -> Iterator[str]:
    for block in blocks:
        if isinstance(block, Heading):
            yield f"{'#' * block.level} {_escaped(block.text)}"
        elif isinstance(block, Paragraph):
            yield f"[{_escaped(block.text)}]({block.href})" if block.href else _escaped(block.text)
        else:
            yield _row(block.header)
            yield _row(["---"] * len(block.header), escape=False)
            yield from map(_row, block.rows)
        if not isinstance(block, Table):
            yield ""
    yield ""


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


def _row(cells: Sequence[str], *, escape: bool = True) -> str:
    return f"| {' | '.join(_escaped(cell) if escape else cell for cell in cells)} |"


def _escaped(text: str) -> str:
    """As Markdown shows it literally; a line break would end a cell."""
    return "".join(f"\\{letter}" if letter in "\\`*_{}[]<>|#" else letter for letter in " ".join(text.split()))
