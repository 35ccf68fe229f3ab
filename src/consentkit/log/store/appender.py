"""The one connection that writes: entries, the patterns and notices they refer to, and the counters."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from hashlib import sha256
from itertools import chain
from pathlib import Path
from types import MappingProxyType
from typing import Any

from sqlalchemy import Connection, and_, exc, insert, select, text, update
from sqlalchemy.dialects import sqlite

from consentkit.errors import ConfigurationError, LogUnavailable
from consentkit.log import canonical as jcs
from consentkit.log import notice as notices
from consentkit.log.keyring import Keyring
from consentkit.log.notice import Notice
from consentkit.log.record import UNKNOWN_NOTICE, Entry, Record, Stored
from consentkit.log.store.integrator import Grown, integrate, look_back
from consentkit.log.store.place import Place, check, engine, reason_of
from consentkit.log.store.schema import CHOICE, SIZE, asked_table, entry, head, notice_table, part, pattern

#: Notices that were shown, by digest, with the day.
Served = Mapping[str, tuple[Notice, date]]
#: How often a notice was shown, by day, language and site.
AskedCounts = Mapping[tuple[date, str, str], int]

NOTHING_SERVED: Served = MappingProxyType({})
NOTHING_ASKED: AskedCounts = MappingProxyType({})

MAX_REMEMBERED = 10_000  # patterns or notices, some 100 bytes each


@dataclass
class _New:
    """What one transaction adds to the patterns and notices that are known. Forgotten if it rolls back."""

    patterns: dict[Hashable, int] = field(default_factory=dict)
    notices: set[str] = field(default_factory=set)


class Appender:
    """The one connection of a process that writes. Used by one thread at a time.

    It opens at the first batch, again after any error, and when the file at its path is no longer the one it
    opened: what went into a deleted file would be acknowledged and lost.
    """

    def __init__(self, path: Place) -> None:
        self._path = path
        self._connection: Connection | None = None
        self._inode = (0, 0)
        self._patterns: dict[Hashable, int] = {}
        self._notices: set[str] = set()

    def append(
        self,
        entries: Sequence[Entry],
        served: Served = NOTHING_SERVED,
        asked: AskedCounts = NOTHING_ASKED,
    ) -> list[Stored | LogUnavailable]:
        """Make all of this durable in one transaction; the caller holds `alone(path)`.

        Answers each entry in its order. An entry that the database refuses costs only itself. Raises
        LogUnavailable when nothing was written.
        """
        try:
            on = self._connected()
            try:
                return self._append_together(on, entries, served, asked)
            except exc.OperationalError:
                raise
            except (exc.DBAPIError, ValueError):
                self._forget()  # should what was remembered be wrong, it must not be wrong twice
                return self._append_one_by_one(on, entries, served, asked)
        except (sqlite3.Error, exc.DBAPIError, ConfigurationError, OSError) as problem:
            self.close()
            raise LogUnavailable(reason_of(problem)) from problem

    def integrate(self, keyring: Keyring | None, today: date) -> Grown | None:
        """Let the tree take in what was committed, see integrator.py; the caller holds `alone(path)`.

        Raises WentBack, TreeBroken, and LogUnavailable when the database could not be used.
        """
        try:
            return integrate(self._connected(), keyring, today)
        except (sqlite3.Error, exc.DBAPIError, ConfigurationError, OSError) as problem:
            self.close()
            raise LogUnavailable(reason_of(problem)) from problem

    def look_back(self, keyring: Keyring) -> None:
        """See that the log is not older than what was signed from it. Raises as `integrate` does."""
        try:
            look_back(self._connected(), keyring)
        except (sqlite3.Error, exc.DBAPIError, ConfigurationError, OSError) as problem:
            self.close()
            raise LogUnavailable(reason_of(problem)) from problem

    @property
    def moved(self) -> bool:
        """Whether the file at the path is another one than when it was opened."""
        return self._connection is None or (isinstance(self._path, Path) and _identity(self._path) != self._inode)

    def close(self) -> None:
        """Let go of the connection and of everything that was remembered from it."""
        connection, self._connection = self._connection, None
        self._forget()
        if connection is not None:
            connection.close()

    def _forget(self) -> None:
        self._patterns.clear()
        self._notices.clear()

    def _connected(self) -> Connection:
        inode = _identity(self._path) if isinstance(self._path, Path) else self._inode
        if self._connection is not None and inode != self._inode:
            self.close()
        if self._connection is None:
            check(self._path)
            self._connection = engine(self._path).connect()
            self._inode = inode
        return self._connection

    def _append_together(
        self,
        on: Connection,
        entries: Sequence[Entry],
        served: Served,
        asked: AskedCounts,
    ) -> list[Stored | LogUnavailable]:
        new = _New()
        with on.begin():
            if served or asked:
                _one_at_a_time(on)
            self._write_served(on, served, new)
            _write_asked(on, asked)
            stored = self._write(on, entries, new)
        self._remember(new)
        return list(stored)

    def _append_one_by_one(
        self,
        on: Connection,
        entries: Sequence[Entry],
        served: Served,
        asked: AskedCounts,
    ) -> list[Stored | LogUnavailable]:
        """The slow way, after one of them was refused: still one transaction, with a savepoint for each."""
        new = _New()
        outcomes: list[Stored | LogUnavailable] = []
        with on.begin():
            if served or asked:
                _one_at_a_time(on)
            self._write_served(on, served, new)
            _write_asked(on, asked)
            for each in entries:
                own = _New()
                try:
                    with on.begin_nested():
                        outcomes.extend(self._write(on, [each], own))
                except exc.OperationalError:
                    raise
                except (exc.DBAPIError, ValueError) as problem:
                    reason = f"the record {each.record.id} was refused: {reason_of(problem)}"
                    outcomes.append(LogUnavailable(reason))
                else:
                    new.patterns |= own.patterns
                    new.notices |= own.notices
        self._remember(new)
        return outcomes

    def _remember(self, new: _New) -> None:
        self._patterns |= new.patterns
        self._notices |= new.notices
        # Both are small in a healthy log; a flood of made-up answers must not fill the memory.
        if len(self._patterns) > MAX_REMEMBERED:
            self._patterns.clear()
        if len(self._notices) > MAX_REMEMBERED:
            self._notices.clear()

    def _write(self, on: Connection, entries: Sequence[Entry], new: _New) -> list[Stored]:
        made = _made_before(on, entries)
        firsts: list[Entry] = []
        keys = set[str | None](made)
        for each in entries:
            if each.once is None or each.once not in keys:
                firsts.append(each)
                keys.add(each.once)
        rows = [_row(each, self._pattern_number(on, each, new)) for each in firsts]
        base = _insert(on, rows) if rows else 0
        here = [
            Stored(id=each.record.id, index=base + place, time=each.record.time) for place, each in enumerate(firsts)
        ]
        made |= {each.once: replace(where, again=True) for each, where in zip(firsts, here, strict=True) if each.once}
        of_entry = dict(zip(map(id, firsts), here, strict=True))
        return [of_entry.get(id(each)) or made[each.once or ""] for each in entries]

    def _pattern_number(self, on: Connection, each: Entry, new: _New) -> int:
        likeness = _likeness(each.record)
        number = self._patterns.get(likeness) or new.patterns.get(likeness)
        if number is None:
            number = new.patterns[likeness] = self._find_or_write_pattern(on, each, new)
        return number

    def _find_or_write_pattern(self, on: Connection, each: Entry, new: _New) -> int:
        digest = sha256(jcs.encode([_pattern_of(each.record), sorted(_parts_of(each.record))])).digest()
        known = select(pattern.c.number).where(pattern.c.sha256 == digest)
        number = on.execute(known).scalar()
        if number is None:
            _one_at_a_time(on)
            number = on.execute(known).scalar()  # another host may have been first
        if number is None:
            self._write_notice_of(on, each, new)
            number = _write_pattern(on, each.record, digest)
        return number

    def _write_notice_of(self, on: Connection, each: Entry, new: _New) -> None:
        digest = each.record.notice
        if digest == UNKNOWN_NOTICE or self._has_notice(on, digest, new):
            return
        if each.notice is None:
            raise ValueError(f"its notice {digest} is not in the log, and was not given with it")
        self._write_notice(on, each.notice, each.record.time.date(), new)

    def _write_served(self, on: Connection, served: Served, new: _New) -> None:
        for digest, (notice, day) in served.items():
            if not self._has_notice(on, digest, new):
                self._write_notice(on, notice, day, new)
                continue
            later = (notice_table.c.sha256 == digest) & (notice_table.c.last_served < day.isoformat())
            on.execute(update(notice_table).where(later).values(last_served=day.isoformat()))

    def _has_notice(self, on: Connection, digest: str, new: _New) -> bool:
        if digest in self._notices or digest in new.notices:
            return True
        found = on.execute(select(notice_table.c.sha256).where(notice_table.c.sha256 == digest)).scalar()
        if found is not None:
            new.notices.add(digest)
        return found is not None

    def _write_notice(self, on: Connection, notice: Notice, day: date, new: _New) -> None:
        days = {"first_served": day.isoformat(), "last_served": day.isoformat()}
        payload = notices.canonical(notice)
        on.execute(insert(notice_table).values(sha256=notice.digest, payload=payload, **days))
        new.notices.add(notice.digest)


def _identity(path: Path) -> tuple[int, int]:
    found = os.stat(path)
    return found.st_dev, found.st_ino


#: Held on PostgreSQL while a pattern, a notice or a counter is written.
_BESIDE_LOCK = 0x636B6975


def _one_at_a_time(on: Connection) -> None:
    """Before anything but entries is written: two hosts that add the same patterns in another order, as all do when a
    site has just started, would wait for each other. SQLite has one writer at a time anyway."""
    if on.dialect.name == "postgresql":
        on.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _BESIDE_LOCK})


def take_indices(on: Connection, count: int) -> int:
    """The first of `count` indices that belong to this transaction from now on."""
    size: int = on.execute(update(head).values(size=head.c.size + count).returning(head.c.size)).scalar_one()
    return size - count


def _insert(on: Connection, rows: Sequence[tuple[Any, ...]]) -> int:
    """Write the rows in their order, and answer with the index of the first."""
    if on.dialect.name == "postgresql":
        return _insert_on_server(on, rows)
    base: int = on.execute(SIZE).scalar_one()
    _insert_entries(on, [(base + place, *row) for place, row in enumerate(rows)])
    on.execute(update(head).values(size=base + len(rows)))
    return base


# One statement: the row that counts entries is locked no longer than it takes to insert and to commit, and whoever
# comes next finds both or neither. (A sequence would leave gaps, and commit in another order than it counts.)
_COLUMNS = {
    "kind": "text", "id": "text", "time": "bigint", "subject": "text", "pattern": "integer", "expires": "text",
    "once": "text", "payload": "bytea", "leaf_hash": "bytea",
}  # fmt: skip
_INSERT_ON_SERVER = (
    "WITH h AS (UPDATE ckit_head SET size = size + %s RETURNING size - %s AS base), "  # noqa: S608 - our own columns
    f"i AS (INSERT INTO ckit_entry (idx, {', '.join(_COLUMNS)}) "
    f"SELECT h.base + v.place - 1, {', '.join(f'v.{name}' for name in _COLUMNS)} "
    f"FROM h, unnest({', '.join(f'%s::{kind}[]' for kind in _COLUMNS.values())}) "
    f"WITH ORDINALITY AS v({', '.join(_COLUMNS)}, place)) SELECT base FROM h"
)


def _insert_on_server(on: Connection, rows: Sequence[tuple[Any, ...]]) -> int:
    columns = [list(column) for column in zip(*rows, strict=True)]
    return int(on.exec_driver_sql(_INSERT_ON_SERVER, (len(rows), len(rows), *columns)).scalar_one())


# Compiled once: what SQLAlchemy does per row of a batch costs as much as SQLite's own work.
_INSERT_ENTRY = str(insert(entry).compile(dialect=sqlite.dialect()))
_ONE_ENTRY = _INSERT_ENTRY[_INSERT_ENTRY.rindex("(") :]


def _insert_entries(on: Connection, rows: Sequence[tuple[Any, ...]]) -> None:
    """Many rows by few statements, each a power of two long, so that the driver keeps all of them prepared.

    Each statement lets go of Python's global lock once, and may have to wait 5 ms for a busy event loop to
    give it back. A statement per row would wait once per row.
    """
    start = 0
    while start < len(rows):
        count = min(MAX_ROWS_A_STATEMENT, 1 << (len(rows) - start).bit_length() - 1)
        values = tuple(chain.from_iterable(rows[start : start + count]))
        on.exec_driver_sql(_INSERT_ENTRY + f", {_ONE_ENTRY}" * (count - 1), values)
        start += count


# SQLite takes 32,766 values in one statement since 3.32 (2020), 999 before.
MAX_ROWS_A_STATEMENT = 256 if sqlite3.sqlite_version_info >= (3, 32) else 64


def _made_before(on: Connection, entries: Sequence[Entry]) -> dict[str, Stored]:
    """The records that were made under the `once` keys of these entries already."""
    keys = [each.once for each in entries if each.once is not None]
    if not keys:
        return {}
    asked_for = select(entry.c.once, entry.c.id, entry.c.idx, entry.c.time).where(entry.c.once.in_(keys))
    return {
        row.once: Stored(id=row.id, index=row.idx, time=datetime.fromtimestamp(row.time, UTC), again=True)
        for row in on.execute(asked_for)
    }


def _row(each: Entry, number: int) -> tuple[Any, ...]:
    """In the order of the columns of `ckit_entry` after its index."""
    record = each.record
    return (
        CHOICE,
        record.id,
        int(record.time.timestamp()),
        record.subject,
        number,
        record.expires.isoformat() if record.expires else None,
        each.once,
        each.payload,
        each.leaf_hash,
    )


def _likeness(record: Record) -> Hashable:
    """Equal only for records of one pattern; four times cheaper to make than the digest that finds it."""
    return (
        record.state,
        record.action,
        record.method,
        record.layer,
        record.notice,
        record.language,
        record.regime,
        record.site,
        record.gpc,
        record.device,
        tuple(record.purposes.items()),
        tuple(record.vendors.items()),
        tuple((name, each.version, each.accepted) for name, each in record.policies.items()),
    )


def _pattern_of(record: Record) -> dict[str, Any]:
    return {
        "state": str(record.state),
        "action": str(record.action),
        "method": str(record.method),
        "layer": str(record.layer),
        "notice": None if record.notice == UNKNOWN_NOTICE else record.notice,
        "language": record.language,
        "regime": record.regime,
        "site": record.site,
        "gpc": int(record.gpc),
        "device": record.device,
    }


def _parts_of(record: Record) -> list[tuple[str, str, str, int]]:
    """(part, name, version, answer) for every answer of a record."""
    purposes = [("purpose", name, "", int(answer)) for name, answer in record.purposes.items()]
    vendors = [("vendor", name, "", int(answer)) for name, answer in record.vendors.items()]
    policies = [("policy", name, each.version, int(each.accepted)) for name, each in record.policies.items()]
    return purposes + vendors + policies


def _write_pattern(on: Connection, record: Record, digest: bytes) -> int:
    on.execute(insert(pattern).values(sha256=digest, **_pattern_of(record)))
    number: int = on.execute(select(pattern.c.number).where(pattern.c.sha256 == digest)).scalar_one()
    parts = [
        {"part": kind, "name": name, "version": version, "answer": answer, "pattern": number}
        for kind, name, version, answer in _parts_of(record)
    ]
    if parts:
        on.execute(insert(part), parts)
    return number


def _write_asked(on: Connection, asked: AskedCounts) -> None:
    for (day, language, site), count in asked.items():
        key = {"day": day.isoformat(), "language": language, "site": site}
        where = and_(*(asked_table.c[name] == value for name, value in key.items()))
        more = update(asked_table).where(where).values(count=asked_table.c.count + count)
        if on.execute(more).rowcount == 0:
            on.execute(insert(asked_table).values(count=count, **key))
