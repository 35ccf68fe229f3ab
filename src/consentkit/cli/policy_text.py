"""`consentkit policy-text`: the part of a cookie policy that the configuration knows, to paste into the owner's own.

Who receives what for which purpose, which cookies are kept for how long, and how to change one's mind; see
`controls.declared`.
"""

from __future__ import annotations

import argparse
import html
import sys
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from consentkit.cli.site import add_site_options, load_site
from consentkit.controls.declared import Block, Heading, Paragraph, Table, declared
from consentkit.controls.words import Words
from consentkit.errors import ConfigurationError
from consentkit.languages import catalogues_of
from consentkit.settings import Site


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
    yield from declared(words)
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


def _row(cells: Sequence[str], *, escape: bool = True) -> str:
    return f"| {' | '.join(_escaped(cell) if escape else cell for cell in cells)} |"


def _escaped(text: str) -> str:
    """As Markdown shows it literally; a line break would end a cell."""
    return "".join(f"\\{letter}" if letter in "\\`*_{}[]<>|#" else letter for letter in " ".join(text.split()))
