from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime


@dataclass(frozen=True, kw_only=True)
class Status:
    """How a log stands. `size`: how many entries it ever took; the next index."""

    place: str
    size: int
    bytes: int
    notices: int
    schema: int
    first: datetime | None
    last: datetime | None


@dataclass(frozen=True, kw_only=True)
class Tally:
    """How many records of one day agree in everything but who made them."""

    day: date
    count: int
    state: str
    action: str
    language: str
    notice: str
    gpc: bool
    policies: tuple[tuple[str, str, bool], ...]
    purposes: tuple[tuple[str, bool], ...]
    vendors: tuple[tuple[str, bool], ...]


@dataclass(frozen=True, kw_only=True)
class Asked:
    """How often a notice was shown on one day in one language: a count, and nobody in it."""

    day: date
    language: str
    site: str
    count: int
