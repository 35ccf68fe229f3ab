"""Do the columns beside a payload say what the payload says?

To read every payload as JSON would be half of the time that verifying takes. But visitors answer alike, so payloads of
one pattern differ in six values only, and four of these stand in columns too. Once one payload of a pattern was read
and found right, the next is compared as text: with its own columns filled in, it has to be those bytes. What does not
fit is read, and then it is said what is wrong.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, select

from consentkit.log import canonical as jcs
from consentkit.log.record import UNKNOWN_NOTICE
from consentkit.log.store.schema import CHOICE, part, pattern


@dataclass(frozen=True)
class _Shape:
    """The text around the values that differ: {before expires, before id, before previous}, what has to match between
    them and {before subject, before time, the end}."""

    head: tuple[str, str, str]
    middle: re.Pattern[bytes]
    tail: tuple[str, str, str]

    def fits(self, payload: bytes, id: str, seconds: int, subject: str | None, expires: str | None) -> bool:
        first, second, third = self.head
        fourth, fifth, sixth = self.tail
        start = f"{first}{_quoted(expires)}{second}{_quoted(id)}{third}".encode()
        end = f'{fourth}{_quoted(subject)}{fifth}"{time_of(seconds)}"{sixth}'.encode()
        return (
            payload.startswith(start)
            and payload.endswith(end)
            and self.middle.fullmatch(payload, len(start), len(payload) - len(end)) is not None
        )


class Columns:
    """Compares choices with their columns. `notices`: the digests of the snapshots in the log."""

    def __init__(self, on: Connection, notices: Collection[str]) -> None:
        self._on = on
        self._notices = notices
        self._patterns: dict[int, dict[str, Any]] = {}
        self._shapes: dict[int, _Shape] = {}

    def fit(
        self, payload: bytes, id: str, seconds: int, subject: str | None, number: int | None, expires: str | None
    ) -> bool:
        """Whether all is right, as far as that can be told quickly."""
        shape = self._shapes.get(number) if number is not None else None
        return shape is not None and shape.fits(payload, id, seconds, subject, expires)

    def problems(
        self, payload: bytes, id: str, seconds: int, subject: str | None, number: int | None, expires: str | None
    ) -> Iterator[str]:
        """What is wrong, as the end of a sentence about the entry. Raises ValueError for what is no payload."""
        said = json.loads(payload)
        try:
            found = [
                f"its column {column} is not what its payload says"
                for column, is_right in (
                    ("kind", said["kind"] == CHOICE),
                    ("id", id == said["id"]),
                    ("subject", subject == said["subject"]),
                    ("expires", expires == said["expires"]),
                    ("time", time_of(seconds) == said["time"]),
                    ("pattern", _alike(self._pattern(number), said)),
                )
                if not is_right
            ]
            if said["notice"] != UNKNOWN_NOTICE and said["notice"] not in self._notices:
                found.append(f"its notice {said['notice'][:16]} is missing")
        except (KeyError, TypeError, AttributeError) as problem:
            raise ValueError(repr(problem)) from None
        yield from found
        shape = None if found or number is None else _shape_of(said, payload)
        if shape is not None and number is not None:
            self._shapes[number] = shape

    def _pattern(self, number: int | None) -> dict[str, Any]:
        if number is None:
            return {}
        if number not in self._patterns:
            row = self._on.execute(select(pattern).where(pattern.c.number == number)).one_or_none()
            parts = self._on.execute(select(part).where(part.c.pattern == number)).all()
            self._patterns[number] = {} if row is None else _as_said(row, parts)
        return self._patterns[number]


#: Nobody writes such a character; where somebody did, payloads of that pattern are read one by one.
_MARK = "\ue000{}\ue000"
_VARY = ("expires", "id", "previous", "salt", "subject", "time")


def _shape_of(said: Mapping[str, Any], payload: bytes) -> _Shape | None:
    """What payloads like this one have in common; None for one that is not canonical or would not split."""
    if jcs.encode(dict(said)) != payload or not set(_VARY) <= set(said):
        return None
    marked = jcs.encode({**said, **{name: _MARK.format(name) for name in _VARY}}).decode()
    marks = [f'"{_MARK.format(name)}"' for name in _VARY]
    if any(marked.count(mark) != 1 for mark in marks) or "\ue000" in payload.decode():
        return None
    pieces = re.split("|".join(marks), marked)
    first, second, third, between, fourth, fifth, sixth = pieces
    previous = rb'(?:null|"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")'
    middle = re.compile(previous + re.escape(between.encode()) + rb'"[0-9a-f]{64}"')
    return _Shape((first, second, third), middle, (fourth, fifth, sixth))


def _quoted(value: str | None) -> str:
    return "null" if value is None else f'"{value}"'


@lru_cache(maxsize=4_096)
def _day(number: int) -> str:
    return date.fromordinal(719_163 + number).isoformat()  # the day of 1970-01-01


def time_of(seconds: int) -> str:
    """Seconds since 1970 as payloads write them."""
    day, second = divmod(seconds, 86_400)
    minute, second = divmod(second, 60)
    hour, minute = divmod(minute, 60)
    return f"{_day(day)}T{hour:02}:{minute:02}:{second:02}Z"


_PLAIN = ("state", "action", "method", "layer", "language", "regime", "site", "device")


def _as_said(row: Any, parts: Sequence[Any]) -> dict[str, Any]:
    """A pattern in the words of a payload."""
    return {name: getattr(row, name) for name in _PLAIN} | {
        "gpc": bool(row.gpc),
        "notice": row.notice or UNKNOWN_NOTICE,
        "purposes": {each.name: bool(each.answer) for each in parts if each.part == "purpose"},
        "vendors": {each.name: bool(each.answer) for each in parts if each.part == "vendor"},
        "policies": {each.name: (each.version, bool(each.answer)) for each in parts if each.part == "policy"},
    }


def _alike(known: Mapping[str, Any], said: Mapping[str, Any]) -> bool:
    policies = {name: (each["version"], each["accepted"]) for name, each in said["policies"].items()}
    return bool(known) and known["policies"] == policies and all(
        said[name] == value for name, value in known.items() if name != "policies"
    )  # fmt: skip
