"""`consentkit vendors SEARCH`: find a company of the registry by name, key, host, address or cookie."""

from __future__ import annotations

import argparse
import json
import sys
import textwrap
from collections.abc import Iterable
from shutil import get_terminal_size
from typing import Any

from consentkit.cli.form import add_form_options, as_table
from consentkit.registry import CookieFact, Entry, Found, describe, gated, necessary, registry

# A key's page of hosts and cookies is for machines; people read the first few.
SHOWN = 6


def add_parser(subparsers: Any) -> None:
    """Add the command to `consentkit`'s parser."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "vendors",
        help="find a company of the registry by name, key, host or cookie",
        description="Find companies of the registry, and the line of configuration that declares them.",
    )
    parser.add_argument("search", metavar="SEARCH", help="a name, key, host, address or cookie, such as youtube or _ga")
    add_form_options(parser)
    parser.set_defaults(run=main)


def main(args: argparse.Namespace) -> int:
    """Print what is known; 1 when nothing is."""
    found = registry().search(args.search)
    facts = describe(args.search)
    if not found and not facts:
        nearby = registry().nearest(args.search)
        hint = f" Nearest: {', '.join(nearby)}." if nearby else ""
        print(
            f"consentkit vendors: the registry has no name, key, host or cookie {args.search!r}.{hint}"
            " Describe the company yourself with a title and hosts.",
            file=sys.stderr,
        )
        return 1
    lines = table(args.search, found, facts) if as_table(args) else json_lines(found, facts)
    for line in lines:
        print(line)
    return 0


def json_lines(found: Iterable[Found], facts: Iterable[CookieFact]) -> Iterable[str]:
    """One object a line: vendors, then what the cookie database says; `kind` tells them apart."""
    for one in found:
        vendor, entry = one.vendor, one.entry
        yield as_json(
            {
                "kind": "vendor",
                "key": vendor.name,
                "title": vendor.title,
                "category": entry.category,
                "purpose": entry.purpose,
                "passes": entry.passes,
                "reason": entry.reason,
                "hosts": list(vendor.hosts),
                "cookies": dict(vendor.cookies),
                "privacy": vendor.privacy,
                "homepage": one.homepage,
                "matched": one.matched,
                "toml": "\n".join(toml_lines(one)),
            }
        )
    for fact in facts:
        yield as_json(
            {
                "kind": "cookie",
                "name": fact.name,
                "platform": fact.platform,
                "vendor": fact.vendor,
                "purpose": fact.purpose,
                "lifetime": fact.lifetime,
                "description": fact.description,
            }
        )


def table(search: str, found: list[Found], facts: Iterable[CookieFact]) -> Iterable[str]:
    """For people: what was found, all of the first one, and the line to paste."""
    width = max(60, get_terminal_size().columns)
    yield from about_cookie(search, facts, width)
    if not found:
        return
    keys = max(len("KEY"), *(len(one.vendor.name) for one in found))
    uses = max(len("PURPOSE"), *(len(use(one.entry)) for one in found))
    yield f"{'KEY':{keys}}  {'PURPOSE':{uses}}  COMPANY"
    for one in found:
        matched = "" if one.matched in (one.vendor.name, "") else f"  ({one.matched})"
        yield clipped(f"{one.vendor.name:{keys}}  {use(one.entry):{uses}}  {one.vendor.title}{matched}", width)
    yield ""
    yield from details(found[0], width)


def about_cookie(search: str, facts: Iterable[CookieFact], width: int) -> Iterable[str]:
    tracker, needed, facts = gated(search), necessary(search), list(facts)
    if needed is not None:
        yield f"{search}: {needed.use} ({needed.maker}); passes in every mode."
    if tracker is not None:
        yield f"{search}: a first-party cookie of {tracker.vendor}, held until {tracker.purpose} is agreed."
    for fact in facts:
        yield clipped(f"{fact.name}  {fact.platform}, {fact.purpose}, {fact.lifetime or 'lifetime not known'}", width)
        yield from textwrap.wrap(fact.description, width, initial_indent="    ", subsequent_indent="    ")
    if needed or tracker or facts:
        yield ""


def details(one: Found, width: int) -> Iterable[str]:
    vendor, entry = one.vendor, one.entry
    rows = {
        "company": f"{vendor.title} ({entry.category})",
        "why": entry.reason,
        "hosts": some(vendor.hosts),
        "cookies": some(f"{name} ({life})" if life else name for name, life in vendor.cookies.items()),
        "privacy": vendor.privacy,
        "homepage": one.homepage,
    }
    for name, text in rows.items():
        if text:
            yield from textwrap.wrap(f"{name:9} {text}", width, subsequent_indent=" " * 10, break_on_hyphens=False)
    yield ""
    yield "Paste into consentkit.toml:"
    yield from (f"    {line}" for line in toml_lines(one))


def toml_lines(one: Found) -> list[str]:
    """The lines that declare a vendor under a purpose; at the end of a file they are right wherever it ends."""
    purpose = one.entry.purpose if one.entry.purpose not in (None, "unclassified") else "functional"
    return ["[[purposes]]", f'name = "{purpose}"', f'vendors = ["{one.vendor.name}"]']


def use(entry: Entry) -> str:
    if entry.passes:
        return "passes"
    return entry.purpose or "unknown"


def some(texts: Iterable[str]) -> str:
    shown = list(texts)
    more = len(shown) - SHOWN
    return ", ".join(shown[:SHOWN]) + (f" and {more} more" if more > 0 else "")


def clipped(line: str, width: int) -> str:
    line = line.rstrip()
    return line if len(line) <= width else line[: width - 1] + "…"


def as_json(row: dict[str, object]) -> str:
    return json.dumps(row, ensure_ascii=False)
