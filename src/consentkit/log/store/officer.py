"""What may be done to a log besides adding choices: erase, hold, let expire, take up again, copy.

Each is one transaction together with the event that tells it, so that neither is ever there without the other.
Erasing empties an entry and keeps its place and its hash, so every proof that was given out goes on to hold.

Gone means gone from the files. Writers delete with SQLite's `secure_delete`, which overwrites; the write-ahead log is
then written back and cut to nothing; and the bytes of the file are searched for what was erased, because pages that
SQLite reorganised long ago may hold copies that it no longer knows. If anything is found, the file is rewritten.
"""

from __future__ import annotations

import mmap
import os
import re
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import ColumnElement, Connection, Text, and_, cast, delete, exc, func, insert, or_, select, update

from consentkit.errors import ConsentKitError, LogUnavailable
from consentkit.log.canonical import Json
from consentkit.log.event import Event, Kind, canonical, ranges
from consentkit.log.keyring import Keyring
from consentkit.log.record import SALT_BYTES, State, to_the_second, uuid7
from consentkit.log.store import integrator
from consentkit.log.store.appender import take_indices
from consentkit.log.store.integrator import WentBack
from consentkit.log.store.place import Place, alone, check, connect, engine, reason_of, sync_folder
from consentkit.log.store.schema import CHOICE, SIZE, entry, hold_table, pattern, tile_table, tree_table
from consentkit.log.tree import TILE_WIDTH, leaf_hash

#: How many entries one transaction empties: choices of visitors wait for it.
BATCH = 2_000

#: Subjects have 32 hex digits. Something far shorter, made by other code, may stand in a file by chance.
MIN_SUBJECT = 16


class NotDone(ConsentKitError):
    """What was asked of the log could not be done, and nothing was changed. The message says why."""


@dataclass(frozen=True)
class Done:
    """How many records it was about, and at which index the event stands (None: there was nothing to do)."""

    records: int
    index: int | None = None
    folded: int = 0
    rewritten: bool = False


class Officer:
    """Does to a log what an officer decided. `by`: who that is. Raises NotDone and LogUnavailable."""

    def __init__(
        self,
        place: Place,
        by: str,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        random: Callable[[int], bytes] = os.urandom,
    ) -> None:
        self._place = place
        self._by = by
        self._now = now
        self._random = random
        check(place)

    def erase(self, reason: str, *, subject: str | None = None, record_id: str | None = None) -> Done:
        """Erase every record of a subject, or one record."""
        with self._writing() as on:
            with on.begin():
                rows = on.execute(_living(subject, record_id)).all()
                if not rows:
                    raise NotDone("No record in this log is meant by that; nothing was erased.")
                held = self._held(on, rows)
                if held:
                    raise NotDone(f"{held} of the {len(rows)} records are held; `consentkit log hold --release` first.")
                _empty(on, [row.idx for row in rows])
                index = self._write(on, Kind.ERASE, reason, {"entries": ranges(row.idx for row in rows)})
            rewritten = self._scrub(rows, subject)
        return Done(len(rows), index, rewritten=rewritten)

    def hold(
        self, reason: str, *, subject: str | None = None, record_id: str | None = None, release: bool = False
    ) -> Done:
        """Keep the records of a subject, also those to come, or one record, from being erased; or no longer."""
        with self._writing() as on, on.begin():
            rows = on.execute(_living(subject, record_id)).all()
            if not rows and not (release and subject is not None):
                raise NotDone("No record in this log is meant by that.")
            target = f"subject:{subject}" if subject is not None else f"index:{rows[0].idx}"
            there = on.execute(select(hold_table.c.target).where(hold_table.c.target == target)).scalar() is not None
            if there is not release:
                raise NotDone("It is not held." if release else "It is held already.")
            if release:
                on.execute(delete(hold_table).where(hold_table.c.target == target))
            else:
                on.execute(insert(hold_table).values(target=target, since=int(self._now().timestamp())))
            kind = Kind.RELEASE if release else Kind.HOLD
            return Done(len(rows), self._write(on, kind, reason, {"entries": ranges(row.idx for row in rows)}))

    def expired(self, keep_months: int) -> int:
        """How many records have expired and are not held."""
        with self._writing() as on, on.begin():
            where = and_(self._has_expired(keep_months), _not_held())
            return int(on.execute(select(func.count()).select_from(_joined()).where(where)).scalar_one())

    def prune(self, keep_months: int, progress: Callable[[int, int], None] = lambda done, all: None) -> Done:
        """Erase what has expired, and fold away the beginning of the log of which nothing else is left.

        A refusal is kept for as long as it holds; an agreement, a withdrawal and accepted terms for `keep_months` more.
        """
        total, index, folded, rewritten = 0, None, 0, False
        expired = self.expired(keep_months)
        with self._writing() as on:
            while True:
                with on.begin():
                    where = and_(self._has_expired(keep_months), _not_held())
                    columns = (entry.c.idx, entry.c.id, entry.c.subject, entry.c.payload)
                    rows = on.execute(select(*columns).select_from(_joined()).where(where).limit(BATCH)).all()
                    if not rows:
                        break
                    _empty(on, [row.idx for row in rows])
                    index = self._write(on, Kind.PRUNE, "expired", {"entries": ranges(row.idx for row in rows)})
                total += len(rows)
                progress(total, max(expired, total))
                rewritten |= self._scrub(rows)
            with on.begin():
                folded = self._fold(on, keep_months)
                if folded:
                    index = self._write(on, Kind.PRUNE, "expired", {"folded": folded})
            self._scrub([])
        return Done(total, index, folded, rewritten)

    def resume(self, reason: str, keyring: Keyring) -> Done:
        """Take up a log that went back in time, under a new name, and write down what is known to be missing."""
        with self._writing() as on:
            seen = keyring.last_seen()
            try:
                integrator.look_back(on, keyring)
            except WentBack as problem:
                how = str(problem)
            else:
                raise NotDone("This log did not go back in time; there is nothing to resume.")
            with on.begin():
                generation: int = on.execute(select(tree_table.c.generation)).scalar_one()
                past = (keyring.generation(seen.origin) if seen else None) or 1
                generation = max(generation, past) + 1
                on.execute(update(tree_table).values(generation=generation))
                size: int = on.execute(SIZE).scalar_one()
                about: dict[str, Json] = {
                    "how": how,
                    "size": size,
                    "signed": seen.size if seen else 0,
                    "checkpoint": seen.text if seen else "",
                    "origin": keyring.origin(generation),
                }
                index = self._write(on, Kind.RESTORED, reason, about)
            while (grown := integrator.integrate(on, keyring, self._now().date())) and grown.behind:
                pass
            if grown and grown.note:
                keyring.remember(grown.note)
        return Done(max(0, (seen.size if seen else 0) - size), index)

    def tell(self, kind: Kind, about: dict[str, Json], reason: str = "") -> int:
        """Write an event about something that was done outside of the log."""
        with self._writing() as on, on.begin():
            return self._write(on, kind, reason, about)

    def backup(self, target: Path) -> int:
        """Copy a log that is in use, as it is at one moment, into a new file. Answers with its size in bytes."""
        if not isinstance(self._place, Path):
            raise NotDone("A log on PostgreSQL is copied by pg_dump; this command is for SQLite.")
        try:
            os.close(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        except FileExistsError:
            raise NotDone(f"{str(target)!r} is there already; name a new file.") from None
        except OSError as problem:
            raise NotDone(f"{str(target)!r} can't be written: {problem.strerror}.") from None
        with closing(connect(self._place, read_only=True)) as source, closing(sqlite3.connect(target)) as copy:
            source.backup(copy)
        with target.open("rb+") as file:
            os.fsync(file.fileno())
        sync_folder(target.absolute().parent)
        return target.stat().st_size

    # One transaction

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        try:
            with alone(self._place), engine(self._place).connect() as on:
                yield on
        except (sqlite3.Error, exc.DBAPIError, OSError) as problem:
            raise LogUnavailable(reason_of(problem)) from problem

    def _write(self, on: Connection, kind: Kind, reason: str, about: dict[str, Json]) -> int:
        now = to_the_second(self._now())
        made = Event(id=uuid7(now, self._random(10)), time=now, kind=kind, by=self._by, reason=reason, about=about)
        payload = canonical(made, self._random(SALT_BYTES))
        index = take_indices(on, 1)
        on.execute(
            insert(entry).values(
                idx=index, kind=str(kind), id=made.id, time=int(now.timestamp()), payload=payload,
                leaf_hash=leaf_hash(payload),
            )
        )  # fmt: skip
        return index

    def _held(self, on: Connection, rows: Sequence[Any]) -> int:
        held = set(on.execute(select(hold_table.c.target)).scalars())
        return sum(f"index:{row.idx}" in held or f"subject:{row.subject}" in held for row in rows)

    def _has_expired(self, keep_months: int) -> ColumnElement[bool]:
        today = self._now().astimezone(UTC).date()
        cutoff = months_before(today, keep_months)
        refused = pattern.c.state == State.REFUSED
        # A record without a last day was made by somebody else's code; it is kept as the longest choice would be.
        undated = and_(entry.c.expires.is_(None), entry.c.time < _seconds(cutoff - timedelta(days=400)))
        return or_(
            and_(refused, entry.c.expires < today.isoformat()),
            and_(~refused, entry.c.expires < cutoff.isoformat()),
            undated,
        )

    def _fold(self, on: Connection, keep_months: int) -> int:
        """How many entries at the beginning were folded away, when they are more than before."""
        row = on.execute(select(tree_table)).one()
        choices = select(func.min(entry.c.idx)).where(entry.c.kind == CHOICE, entry.c.payload.is_not(None))
        since = _seconds(months_before(self._now().date(), keep_months))
        happened = select(func.min(entry.c.idx)).where(entry.c.kind != CHOICE, entry.c.time >= since)
        first = [found for asked_for in (choices, happened) if (found := on.execute(asked_for).scalar()) is not None]
        # Whole tiles: of each the level above keeps one hash, from which proofs of the rest are still made.
        folded = min([*first, row.size]) // TILE_WIDTH * TILE_WIDTH
        if folded <= row.folded:
            return 0
        on.execute(delete(entry).where(entry.c.idx < folded))
        on.execute(delete(tile_table).where(tile_table.c.level == 0, tile_table.c.number < folded // TILE_WIDTH))
        on.execute(update(tree_table).values(folded=folded))
        return int(folded)

    def _scrub(self, rows: Sequence[Any], subject: str | None = None) -> bool:
        """See that nothing of these records is left in the files. Answers whether the file had to be rewritten."""
        if not isinstance(self._place, Path):
            return False  # a server keeps dead rows until it cleans up; see docs/log.md
        # The id of one record of several may stand in the next one, as the record before it.
        wanted = _traces(rows, ids=subject is not None)
        with closing(connect(self._place)) as connection:
            _cut_wal(connection)
            if not _finds(self._place, wanted, subject):
                return False
            connection.execute("VACUUM")
            _cut_wal(connection)
        if _finds(self._place, wanted, subject):
            raise NotDone("The records are erased, but a reader keeps an old state of the file open: try again.")
        return True


def months_before(day: date, months: int) -> date:
    """The same day so many months earlier, or the last day of that month."""
    number = day.year * 12 + day.month - 1 - months
    year, month = divmod(number, 12)
    first = date(year, month + 1, 1)
    following = date(year + month // 11, (month + 1) % 12 + 1, 1)
    return first + timedelta(days=min(day.day, (following - first).days) - 1)


def _seconds(day: date) -> int:
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp())


def _living(subject: str | None, record_id: str | None) -> Any:
    which = entry.c.subject == subject if subject is not None else entry.c.id == record_id
    columns = (entry.c.idx, entry.c.id, entry.c.subject, entry.c.payload)
    return select(*columns).where(entry.c.kind == CHOICE, entry.c.payload.is_not(None), which)


def _joined() -> Any:
    return entry.join(pattern, entry.c.pattern == pattern.c.number)


def _not_held() -> ColumnElement[bool]:
    held = select(hold_table.c.target)
    return and_(
        or_(entry.c.subject.is_(None), ("subject:" + entry.c.subject).not_in(held)),
        ("index:" + cast(entry.c.idx, Text)).not_in(held),
    )


def _empty(on: Connection, indices: Sequence[int]) -> None:
    nothing: dict[str, Any] = dict.fromkeys(("payload", "subject", "pattern", "expires", "once"))
    for start in range(0, len(indices), 500):
        some = entry.c.idx.in_(indices[start : start + 500])
        # The id is in the visitor's cookie and in their receipt; what stays is no longer told by it.
        gone = "erased:" + cast(entry.c.idx, Text)
        on.execute(update(entry).where(some).values(**nothing, id=gone, time=0))


def _traces(rows: Sequence[Any], *, ids: bool) -> set[bytes]:
    """What must not be found any more: of each record the salt that stands in its payload, and its id."""
    salts = (re.search(rb'"salt":"([0-9a-f]{64})"', row.payload) for row in rows)
    found = {salt[1] for salt in salts if salt}
    return found | {str(row.id).encode() for row in rows} if ids else found


def _cut_wal(connection: sqlite3.Connection) -> None:
    """Write the write-ahead log back into the file, and cut it to nothing. It waits for readers, but not for ever."""
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()


# Ids and salts, as they stand among whatever else is in a file.
_TRACE = re.compile(rb"[0-9a-f]{64}|[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}")


def _finds(path: Path, wanted: set[bytes], subject: str | None) -> bool:
    """Whether the files of the log, searched as bytes, still hold one of these, or the subject."""
    for file in (path, Path(f"{path}-wal")):
        if not wanted or not file.exists() or not file.stat().st_size:
            continue
        with file.open("rb") as handle, mmap.mmap(handle.fileno(), 0, access=mmap.ACCESS_READ) as held:
            if subject and len(subject) >= MIN_SUBJECT and held.find(subject.encode()) >= 0:
                return True
            if any(trace[0] in wanted for trace in _TRACE.finditer(held)):
                return True
    return False
