"""`consentkit locales`: which languages there are, and how much of each is translated."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from consentkit.cli.form import add_form_options, as_table
from consentkit.languages import Catalogues, placeholders


def add_parser(subparsers: Any) -> None:
    """Add the command to `consentkit`'s parser."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "locales",
        help="show the languages and how complete they are",
        description="Show each language with its coverage. Exit code 1 when one is incomplete.",
    )
    parser.add_argument("--ids", action="store_true", help="list the message ids with their English text")
    parser.add_argument("--own", metavar="FOLDER", help="with the catalogues of your own folder, checked")
    add_form_options(parser)
    parser.set_defaults(run=main)


def main(args: argparse.Namespace) -> int:
    """Print the languages, or the messages; 1 when a language is incomplete."""
    catalogues = Catalogues(own=Path(args.own)) if args.own else Catalogues()
    rows = list(messages(catalogues) if args.ids else coverage(catalogues))
    for line in table(rows) if as_table(args) else json_lines(rows):
        print(line)
    return 1 if any(row.get("missing") for row in rows) else 0


def coverage(catalogues: Catalogues) -> Iterable[Mapping[str, object]]:
    """A row for each language; `missing` are the ids that fall back to another catalogue."""
    for language in catalogues.available:
        missing = catalogues.get(language.tag).missing
        yield {
            "tag": language.tag,
            "direction": language.direction,
            "messages": len(catalogues.ids),
            "translated": len(catalogues.ids) - len(missing),
            "name": language.autonym,
            "missing": list(missing),
        }


def messages(catalogues: Catalogues) -> Iterable[Mapping[str, object]]:
    """A row for each message: its id, its English forms and the placeholders that may stand in it."""
    english = catalogues.get("en")
    for id in sorted(catalogues.ids):
        forms = english.forms(id)
        yield {"id": id, "text": list(forms), "placeholders": sorted(placeholders(forms[-1]))}


def json_lines(rows: Iterable[Mapping[str, object]]) -> Iterable[str]:
    for row in rows:
        yield json.dumps(row, ensure_ascii=False)


def table(rows: Sequence[Mapping[str, object]]) -> Iterable[str]:
    # The last column is the one with text of any length and script, so that it can't push others out of line.
    if rows and "id" in rows[0]:
        lines = [_message_line(row) for row in rows]
    else:
        lines = [("language", "direction", "translated", "name"), *map(_coverage_line, rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for line in lines:
        yield "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()


def _message_line(row: Mapping[str, object]) -> tuple[str, ...]:
    return str(row["id"]), _together(row["text"], " / ")


def _coverage_line(row: Mapping[str, object]) -> tuple[str, ...]:
    share = f"{row['translated']} of {row['messages']}"
    missing = f"  missing: {_together(row['missing'], ', ')}" if row["missing"] else ""
    return str(row["tag"]), str(row["direction"]), share, f"{row['name']}{missing}"


def _together(items: object, between: str) -> str:
    return between.join(items) if isinstance(items, list) else str(items)
