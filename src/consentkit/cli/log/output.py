"""What the `log` commands print: tables for people, JSON lines for programs, one sentence for what is wrong."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

from consentkit.log.notice import Notice, canonical


def used_wrongly(sentence: str) -> int:
    print(f"consentkit: {sentence.rstrip('.')}.", file=sys.stderr)
    return 2


def nothing_found() -> int:
    print("consentkit: No record matches.", file=sys.stderr)
    return 1


def progress_bar(done: int, all: int) -> None:
    """How far long work is, for who looks at a terminal."""
    if sys.stderr.isatty():
        width = 30 * min(done, all) // max(all, 1)
        end = "\n" if done >= all else ""
        print(f"\r[{'#' * width}{'.' * (30 - width)}] {done:,} of {all:,}", end=end, file=sys.stderr, flush=True)


class Progress:
    """A bar for work that goes through a log of `size` entries, index by index."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._next = STEP if sys.stderr.isatty() else None

    def tell(self, index: int | None) -> None:
        if self._next is not None and index is not None and index >= self._next:
            self._next = index + STEP
            progress_bar(index, self._size)

    def done(self) -> None:
        if self._next is not None:
            progress_bar(self._size, self._size)


#: How often a bar moves, in entries.
STEP = 5_000


def pieces_of(path: Path) -> Iterator[bytes]:
    """The bytes of a file, a mebibyte at a time."""
    with path.open("rb") as file:
        while piece := file.read(1 << 20):
            yield piece


@contextmanager
def new_file(path: Path) -> Iterator[TextIO]:
    # Records are personal data: for the owner only, and never over something that is there.
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with open(handle, "w", encoding="utf-8", newline="") as file:
        yield file


def print_lines(lines: Iterable[str], *, header: bool = False, file: TextIO | None = None) -> int:
    out = file or sys.stdout
    count = -1 if header else 0
    for line in lines:
        out.write(line)
        count += 1
    return 0 if count > 0 else nothing_found()


def print_json(values: Mapping[str, Any]) -> None:
    print(json.dumps(values, ensure_ascii=False, separators=(",", ":")))


def print_fields(values: Mapping[str, Any]) -> None:
    width = max(map(len, values))
    for name, value in values.items():
        print(f"{name:<{width}}  {printable(value)}")


def print_table(columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> None:
    lines = [list(columns), *([printable(row.get(column)) for column in columns] for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(columns))]
    for line in lines:
        print("  ".join(f"{cell:<{width}}" for cell, width in zip(line, widths, strict=True)).rstrip())


def print_notice(notice: Notice) -> None:
    for text in notice.texts.values():
        print(f"  {printable(text)}")
    for button in notice.buttons:
        print(f"  [ {printable(button.label)} ]  {button.action}")
    for purpose in notice.purposes:
        print(f"  Purpose {purpose.name}: {printable(purpose.title)}. {printable(purpose.text)}".rstrip())
        for vendor in notice.vendors:
            if vendor.purpose == purpose.name:
                cookies = ", ".join(f"{name} ({lifetime})" for name, lifetime in vendor.cookies.items())
                print(f"    Vendor {vendor.name}: {printable(vendor.title)}; cookies: {printable(cookies)}")
    for policy in notice.policies:
        print(f"  Policy {policy.name}@{printable(policy.version)}: {printable(policy.url)}")


def shown(notice: Notice) -> Any:
    return json.loads(canonical(notice))


def printable(value: Any) -> str:
    """A value on a terminal, where a control character in a record must not do anything."""
    if value is None or value == "":
        return "-"
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return "".join(character if character.isprintable() else "\ufffd" for character in text)
