"""A report for people and for programs: text, JSON, and a page that needs nothing but itself. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict
from typing import Any

from consentkit.registry import Whose
from consentkit.scan.findings import Report
from consentkit.templates import Templates

#: Pages named in a table; the rest is a number.
SHOWN = 3

WORDS = {
    Whose.DECLARED: "declared",
    Whose.UNDECLARED: "undeclared",
    Whose.UNKNOWN: "nobody knows",
    Whose.PASSING: "passes",
}


def verdict(report: Report) -> str:
    """The sentence at the end."""
    pages = count(len(report.pages), "page")
    undeclared = f"{len(report.undeclared)} of {count(len(report.parties), 'third party')} undeclared"
    cookies = f"{len(report.undeclared_cookies)} of {count(len(report.cookies), 'cookie')} undeclared"
    word = "Nothing undeclared" if report.is_clean else "Something to do"
    failed = f", {count(len(report.failures), 'failure')}" if report.failures else ""
    leaks = f", {count(len(report.leaks), 'load')} without consent" if report.leaks else ""
    return f"{word}: {pages} read, {undeclared}, {cookies}{leaks}{failed}."


def count(number: int, noun: str) -> str:
    """1 page, 2 pages, 3 third parties."""
    plural = f"{noun[:-1]}ies" if noun.endswith("y") else f"{noun}s"
    return f"{number} {noun if number == 1 else plural}"


def as_json(report: Report, toml: str) -> dict[str, Any]:
    """Everything, by the names of the dataclasses."""
    return {
        "start": report.start,
        "clean": report.is_clean,
        "verdict": verdict(report),
        "pages": list(report.pages),
        "pages_with_controls": list(report.with_root),
        "third_parties": [
            {**asdict(party), "whose": str(party.whose), "undeclared": party.is_undeclared} for party in report.parties
        ],
        "cookies": [{**asdict(cookie), "undeclared": cookie.is_undeclared} for cookie in report.cookies],
        "leaks": list(report.leaks),
        "warnings": list(report.warnings),
        "failures": list(report.failures),
        "notes": list(report.notes),
        "toml": toml,
    }


def as_text(report: Report, toml: str) -> Iterator[str]:
    """For people on a terminal."""
    yield from _grid(
        "Third parties",
        ("STATE", "PURPOSE", "COMPANY", "HOSTS", "AS", "NOW"),
        ((WORDS[each.whose], each.purpose or "-", each.title, some(each.hosts), some(each.ways), each.held) for each in report.parties),
    )  # fmt: skip
    yield from _grid(
        "Cookies of the site's own domain",
        ("STATE", "PURPOSE", "NAME", "LASTS", "SET BY", "WHAT FOR"),
        ((each.whose, each.purpose or "-", each.name, each.lifetime, each.by, each.vendor or each.reason) for each in report.cookies),
    )  # fmt: skip
    for title, sentences in sections(report):
        yield f"{title}:"
        yield from (f"- {printable(sentence, 400)}" for sentence in sentences)
        yield ""
    if toml:
        yield "Missing in consentkit.toml (paste at its end, or use --write):"
        yield ""
        yield from (f"    {line}".rstrip() for line in toml.splitlines())
        yield ""
    yield verdict(report)


def sections(report: Report) -> Iterator[tuple[str, list[str]]]:
    """The sentences of a report under their titles."""
    incomplete = [f"{party.title}: {' and '.join(party.lacks)} is missing." for party in report.incomplete]
    for title, sentences in (
        ("Ran without consent", list(report.leaks)),
        ("Warnings", list(report.warnings)),
        ("Not told to visitors", incomplete),
        ("Could not be read", list(report.failures)),
        ("Notes", list(report.notes)),
    ):
        if sentences:
            yield title, sentences


def as_html(report: Report, toml: str, when: str) -> str:
    """A page of its own: no script, nothing loaded, every text of others escaped."""
    return Templates("consentkit.scan").render(
        "report.html",
        report=report,
        toml=toml,
        when=when,
        verdict=verdict(report),
        words=WORDS,
        sections=list(sections(report)),
        shown=SHOWN,
    )


def some(texts: Iterable[str]) -> str:
    """The first few of a list, and how many there are more."""
    found = list(texts)
    more = len(found) - SHOWN
    return ", ".join(found[:SHOWN]) + (f" +{more}" if more > 0 else "")


def printable(text: str, longest: int = 48) -> str:
    """Text of others without what a terminal would obey, and of bounded length."""
    text = "".join(sign if sign.isprintable() else "\ufffd" for sign in text)
    return text if len(text) <= longest else text[: longest - 1] + "…"


def _grid(title: str, heads: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    cells = [heads, *(tuple(printable(cell) for cell in row) for row in rows)]
    if len(cells) == 1:
        yield f"{title}: none seen."
        yield ""
        return
    widths = [max(len(row[at]) for row in cells) for at in range(len(heads))]
    yield f"{title}:"
    yield from ("  ".join(f"{cell:{width}}" for cell, width in zip(row, widths, strict=True)).rstrip() for row in cells)
    yield ""
