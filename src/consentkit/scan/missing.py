"""The configuration that is missing, as TOML: to paste, or put into a file without touching what is there.

Edits only insert. The file is then read again, and unless it says what it said before and the new vendors besides,
the edit is given up: an owner's file is worth more than our convenience.
"""

from __future__ import annotations

import copy
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from consentkit.registry import Whose
from consentkit.scan.findings import Report, title_of
from consentkit.vocabulary import BUILT_IN_PURPOSES

Vendors = Mapping[str, list[str]]


def vendors(report: Report) -> Vendors:
    """Purpose to the registry keys that would have to be declared under it, in the order of the built-in purposes."""
    found: dict[str, set[str]] = {}
    for party in report.undeclared:
        if party.whose is Whose.UNDECLARED and party.vendor and party.purpose in BUILT_IN_PURPOSES:
            found.setdefault(party.purpose, set()).add(party.vendor)
    for cookie in report.undeclared_cookies:
        if cookie.vendor and cookie.purpose in BUILT_IN_PURPOSES:
            found.setdefault(cookie.purpose, set()).add(cookie.vendor)
    return {purpose: sorted(found[purpose]) for purpose in BUILT_IN_PURPOSES if purpose in found}


def as_toml(report: Report, present: Mapping[str, list[str]]) -> str:
    """The lines to paste at the end of the file; "" when nothing is missing.

    `present`: the purposes that are declared and their vendors, whose tables can't be written twice.
    """
    blocks = [
        _extended(purpose, present[purpose], keys) if purpose in present else "\n".join(_table(purpose, keys))
        for purpose, keys in vendors(report).items()
    ]
    return "\n\n".join([*blocks, *_undecided(report)])


def _table(purpose: str, keys: Iterable[str]) -> Iterator[str]:
    yield "[[purposes]]"
    yield f'name = "{purpose}"'
    yield "vendors = ["
    yield from (f'    "{key}",  # {_plain(title_of(key))}' for key in keys)
    yield "]"


def _extended(purpose: str, present: list[str], keys: list[str]) -> str:
    line = ", ".join(quoted(key) for key in keys)
    return f'# To the vendors of the purpose "{purpose}" ({", ".join(present) or "none yet"}) add:\n#     {line}'


def _undecided(report: Report) -> Iterator[str]:
    """What only the owner knows: comments, with the lines that would say it."""
    unknown_use = [party for party in report.undeclared if party.whose is Whose.UNKNOWN and party.vendor]
    strangers = [party.hosts[0] for party in report.undeclared if party.whose is Whose.UNKNOWN and not party.vendor]
    if unknown_use:
        yield "\n".join(
            [
                "# Known companies whose use nobody knows. Put those that need consent into the vendors of a purpose:",
                *(f"#     {quoted(party.vendor)},  # {_plain(', '.join(party.hosts))}" for party in unknown_use),
            ]
        )
    if strangers:
        yield "\n".join(
            [
                "# Hosts that nobody has described. Your own ones belong above the first [[…]]:",
                f"# first_party = [{', '.join(map(quoted, strangers))}]",
                "# and those of companies into the vendors of the purpose that they serve:",
                *(f"#     {_described(host)}," for host in strangers),
            ]
        )
    unknown = [cookie for cookie in report.undeclared_cookies if not cookie.vendor]
    if unknown:
        lines = [f'# {quoted(cookie.name)} = "why the site can\'t do without it"' for cookie in unknown]
        yield "\n".join(["# Cookies of your own that nobody has described. Needed ones:", "# [necessary]", *lines])
        lines = [f'# {quoted(cookie.name)} = "functional"' for cookie in unknown]
        yield "\n".join(["# and those that wait for a purpose:", "# [cookies]", *lines])


def _described(host: str) -> str:
    return f'{{ name = "{_id(host)}", title = {quoted(host)}, hosts = [{quoted(host)}], privacy = "https://…" }}'


def added(text: str, report: Report) -> str | None:
    """A configuration file with the missing vendors in it, or None where that can't be done without harm."""
    wanted = vendors(report)
    before = tomllib.loads(text)
    after = copy.deepcopy(before)
    new: list[str] = []
    for purpose, keys in wanted.items():
        row = next((row for row in _rows(after) if row.get("name") == purpose), None)
        if row is None:
            after.setdefault("purposes", []).append({"name": purpose, "vendors": keys})
            new += ["", *_table(purpose, keys)]
            continue
        if not isinstance(row.setdefault("vendors", []), list):
            return None
        row["vendors"] += keys
        extended = _insert(text, purpose, keys)
        if extended is None:
            return None
        text = extended
    if new:
        text = text + ("" if text.endswith("\n") or not text else "\n") + "\n".join(new) + "\n"
    try:
        return text if tomllib.loads(text) == after else None
    except tomllib.TOMLDecodeError:
        return None


def _rows(table: Mapping[str, Any]) -> list[dict[str, Any]]:
    rows = table.get("purposes", [])
    return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []


_HEADING = re.compile(r"^[ \t]*\[\[[ \t]*purposes[ \t]*\]\][^\n]*\n", re.MULTILINE)
_ANY_HEADING = re.compile(r"^[ \t]*\[", re.MULTILINE)
_VENDORS = re.compile(r"^[ \t]*vendors[ \t]*=[ \t]*\[", re.MULTILINE)
_NAME = re.compile(r"^[ \t]*name[ \t]*=[ \t]*(?:\"([^\"\n]*)\"|'([^'\n]*)')[^\n]*(?:\n|\Z)", re.MULTILINE)
#: A string, a comment, a bracket, or one more character of a list.
_PIECE = re.compile(r"\"(?:[^\"\\\n]|\\.)*\"|'[^'\n]*'|#[^\n]*|[\s\S]")


def _insert(text: str, purpose: str, keys: list[str]) -> str | None:
    """The text with keys in the `vendors` of one `[[purposes]]` table; None when the table is not found."""
    for heading in _HEADING.finditer(text):
        name = _NAME.search(text, heading.end())
        following = _HEADING.search(text, heading.end())
        end = following.start() if following else len(text)
        if name is None or name.end() > end or (name[1] or name[2]) != purpose:
            continue
        line = ", ".join(quoted(key) for key in keys)
        opened = _VENDORS.search(text, heading.end(), end)
        if opened is None:
            break_ = "" if name[0].endswith("\n") else "\n"
            return f"{text[: name.end()]}{break_}vendors = [{line}]\n{text[name.end() :]}"
        at, needs_comma = _end_of_list(text, opened.end())
        return f"{text[:at]}{', ' if needs_comma else ''}{line}{text[at:]}" if at else None
    return None


def _end_of_list(text: str, start: int) -> tuple[int, bool]:
    """Where the last member of a list ends, and whether a comma is needed there; (0, …) for a list without end."""
    depth, last, is_comma = 1, start, True
    for piece in _PIECE.finditer(text, start):
        sign = piece[0]
        depth += (sign in "[{") - (sign in "]}") if len(sign) == 1 else 0
        if depth == 0:
            return last, not is_comma
        if not sign.isspace() and not sign.startswith("#"):
            last, is_comma = piece.end(), sign == ","
    return 0, False


def quoted(text: str) -> str:
    """A text as TOML writes it."""
    escaped = "".join(
        f"\\u{ord(sign):04x}" if ord(sign) < 32 or ord(sign) == 127 else {'"': '\\"', "\\": "\\\\"}.get(sign, sign)
        for sign in text
    )
    return f'"{escaped}"'


def _plain(text: str) -> str:
    """Text of others in a comment: on one line, and without signs that a terminal or TOML would mind."""
    return "".join(sign if sign.isprintable() else " " for sign in text)[:200]


def _id(host: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", host.lower()).strip("-")[:32].strip("-") or "company"
