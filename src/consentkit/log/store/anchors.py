"""What the database knows of anchors: which process is going there, what is there, and the time stamps that came."""

from __future__ import annotations

import enum
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from sqlalchemy import Connection, delete, exc, insert, select, update

from consentkit.errors import LogUnavailable
from consentkit.log.store.place import Place, alone, engine, reason_of
from consentkit.log.store.schema import anchor_table, stamp_table


class Due(enum.Enum):
    #: Go there now; nobody else will.
    NOW = enum.auto()
    #: Somebody was there less than a period ago, or is on the way.
    LATER = enum.auto()
    #: What is there is at least as new.
    NEVER = enum.auto()


def claim(place: Place, name: str, generation: int, size: int, now: datetime, period: int) -> Due:
    """Whether this process is to leave a copy of this checkpoint at this anchor. Raises LogUnavailable."""
    seconds = int(now.timestamp())
    with _writing(place) as on:
        row = on.execute(select(anchor_table).where(anchor_table.c.name == name).with_for_update()).one_or_none()
        if row is None:
            on.execute(insert(anchor_table).values(name=name, tried=seconds, generation=0, size=0, left=0))
            return Due.NOW
        if (row.generation, row.size) >= (generation, size):
            return Due.NEVER
        # A clock that went back must not keep an anchor waiting for the time it came from.
        if row.tried <= seconds < row.tried + period:
            return Due.LATER
        on.execute(update(anchor_table).where(anchor_table.c.name == name).values(tried=seconds))
        return Due.NOW


def anchored(
    place: Place, name: str, generation: int, size: int, now: datetime, note: str, token: bytes | None
) -> None:
    """A copy is there; `token`: the time stamp that came back. Raises LogUnavailable."""
    day = now.astimezone(UTC).date().isoformat()
    with _writing(place) as on:
        there = {"generation": generation, "size": size, "left": int(now.timestamp())}
        on.execute(update(anchor_table).where(anchor_table.c.name == name).values(**there))
        if token is None:
            return
        # As of checkpoints: of a day the last is enough.
        of_today = (stamp_table.c.name == name) & (stamp_table.c.day == day)
        on.execute(delete(stamp_table).where(of_today))
        on.execute(
            insert(stamp_table).values(name=name, generation=generation, size=size, day=day, note=note, token=token)
        )


def failed(place: Place, name: str, now: datetime, earlier: int) -> None:
    """Nothing was left there: the try counts as one from `earlier` seconds ago. Raises LogUnavailable."""
    with _writing(place) as on:
        tried = int(now.timestamp()) - earlier
        on.execute(update(anchor_table).where(anchor_table.c.name == name).values(tried=tried))


@contextmanager
def _writing(place: Place) -> Iterator[Connection]:
    try:
        with alone(place), engine(place).begin() as on:
            yield on
    except (sqlite3.Error, exc.DBAPIError, OSError) as problem:
        raise LogUnavailable(reason_of(problem)) from problem
