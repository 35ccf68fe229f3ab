"""Questions to the log."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, Connection, Select, and_, exc, func, select, text, tuple_

from consentkit.log import event as events
from consentkit.log import notice as notices
from consentkit.log import record as records
from consentkit.log import tree
from consentkit.log.event import Event
from consentkit.log.filters import Filter
from consentkit.log.notice import Notice
from consentkit.log.problems import LogUnreadable
from consentkit.log.receipt import Proof, promise_text
from consentkit.log.record import UNKNOWN_NOTICE, Record
from consentkit.log.reports import Asked, Status, Tally
from consentkit.log.store import integrator, texts
from consentkit.log.store.place import Place, engine, reason_of
from consentkit.log.store.schema import (
    CHOICE,
    SIZE,
    anchor_table,
    asked_table,
    entry,
    hold_table,
    metadata,
    notice_table,
    part,
    pattern,
    schema_table,
    tree_table,
)

if TYPE_CHECKING:
    from consentkit.log.keyring import Keyring

#: How many records are fetched at a time while streaming; some 100 are a few hundred KiB.
PAGE = 500

#: Among how many of the newest entries records are looked for first, in the order of the log.
NEAR = 5_000


class Reader:
    """Questions to the log over connections of their own that can't write. Raises LogUnreadable."""

    def __init__(self, path: Place) -> None:
        self._path = path
        self._engine = engine(path, read_only=True)

    def get(self, record_id: str) -> Record | None:
        """The record with this id."""
        return next(iter(self._records(_ENTRIES.where(entry.c.id == record_id))), None)

    def notice(self, digest: str) -> Notice | None:
        """The snapshot with this digest."""
        with self._asking() as on:
            asked_for = select(notice_table.c.payload).where(notice_table.c.sha256 == digest)
            payload: bytes | None = on.execute(asked_for).scalar()
        return None if payload is None else notices.parse(payload)

    def last_served(self, digest: str) -> date | None:
        """The day on which this notice was last known to be shown; None when it is not in the log."""
        with self._asking() as on:
            asked_for = select(notice_table.c.last_served).where(notice_table.c.sha256 == digest)
            day: str | None = on.execute(asked_for).scalar()
        return None if day is None else date.fromisoformat(day)

    def newest(self, filter: Filter, *, limit: int, older_than: int | None = None) -> list[Record]:
        """Up to `limit` records, newest first. The next page is `older_than` the last index of this one.

        The rows are chosen by index alone, so that a rare answer is found without reading the log; and a common one
        among the newest, without sorting all that match.
        """
        if filter.before is None and _pattern_conditions(filter):
            newest = _conditions(filter, pattern_column=entry.c.pattern + 0)
            below = select(func.max(entry.c.idx)).scalar_subquery() if older_than is None else older_than
            near = self._newest([*newest, entry.c.idx > below - NEAR], limit, older_than)
            if len(near) == limit:
                return near
        return self._newest(_conditions(filter), limit, older_than)

    def _newest(self, conditions: list[ColumnElement[bool]], limit: int, older_than: int | None) -> list[Record]:
        # Only what is a record still has a pattern; adding 0 keeps SQLite from going through all of them by its index.
        is_record = (entry.c.pattern + 0).is_not(None)
        chosen = select(entry.c.idx).where(*conditions, is_record).order_by(entry.c.idx.desc()).limit(limit)
        if older_than is not None:
            chosen = chosen.where(entry.c.idx < older_than)
        asked_for = _ENTRIES.where(entry.c.idx.in_(chosen.scalar_subquery())).order_by(entry.c.idx.desc())
        return self._records(asked_for)

    def oldest_first(self, filter: Filter) -> Iterator[Record]:
        """Every record that is in the log at the start, oldest first, in constant memory.

        Fetched in pages, each by a transaction of its own: one long one would keep SQLite from reusing its
        write-ahead log while the site goes on writing.
        """
        size = self.status().size
        after = -1
        while page := self._records(_walk(filter, after, size)):
            yield from page
            after = page[-1].index if page[-1].index is not None else size

    def tallies(self, filter: Filter) -> Iterator[Tally]:
        """Counts of records that agree in everything but who made them, day by day."""
        day_number = (entry.c.time // SECONDS_A_DAY).label("day")
        count = func.count().label("records")
        # Always by pattern: then the index on pattern and time answers it alone, also for a stretch of time.
        which = select(pattern.c.number).where(*_pattern_conditions(filter))
        asked_for = (
            select(day_number, entry.c.pattern, count)
            .where(*_own_conditions(filter), entry.c.pattern.in_(which.scalar_subquery()))
            .group_by(day_number, entry.c.pattern)
            .order_by(day_number, entry.c.pattern)
        )
        with self._asking() as on:
            patterns = _read_patterns(on, which)
            for row in on.execute(asked_for):
                yield patterns[row.pattern].tally(EPOCH + timedelta(days=row.day), row.records)

    def asked(self, filter: Filter) -> list[Asked]:
        """How often a notice was shown; of a filter only time, language and site can be asked of a
        counter."""
        conditions = []
        if filter.since is not None:
            conditions.append(asked_table.c.day >= filter.since.date().isoformat())
        if filter.before is not None:
            last = filter.before - timedelta(seconds=1)
            conditions.append(asked_table.c.day <= last.date().isoformat())
        if filter.language is not None:
            conditions.append(asked_table.c.language == filter.language)
        if filter.site is not None:
            conditions.append(asked_table.c.site == filter.site)
        columns = (asked_table.c.day, asked_table.c.language, asked_table.c.site, asked_table.c.count)
        asked_for = select(*columns).where(*conditions).order_by(*columns[:3])
        with self._asking() as on:
            return [
                Asked(day=date.fromisoformat(day), language=language, site=site, count=count)
                for day, language, site, count in on.execute(asked_for)
            ]

    def status(self) -> Status:
        """How the log stands."""
        with self._asking() as on:
            # By index: a log without a gap in its order needs no look at every entry for its first and last time.
            # Two questions: SQLite answers one of them from the end of the index, and both together by reading it.
            first, last = (
                on.execute(select(end(entry.c.time)).where(entry.c.time > 0)).scalar() for end in (func.min, func.max)
            )
            grown = on.execute(select(tree_table)).one()
            note = integrator.last_note(on, grown.generation)
            return Status(
                place=str(self._path),
                size=on.execute(SIZE).scalar_one(),
                bytes=_bytes(on, self._path),
                notices=on.execute(select(func.count()).select_from(notice_table)).scalar_one(),
                schema=on.execute(select(schema_table.c.version)).scalar_one(),
                first=None if first is None else datetime.fromtimestamp(first, UTC),
                last=None if last is None else datetime.fromtimestamp(last, UTC),
                tree=grown.size,
                folded=grown.folded,
                checkpoint=note,
                anchors=_anchors(on),
            )

    def checkpoint(self) -> str | None:
        """The newest signed checkpoint."""
        with self._asking() as on:
            return integrator.last_note(on, on.execute(select(tree_table.c.generation)).scalar_one())

    def proof(self, record_id: str, keyring: Keyring | None = None) -> Proof | None:
        """What proves the record with this id. Without a checkpoint that includes it, `keyring` signs a promise."""
        asked_for = select(entry.c.idx, entry.c.payload, entry.c.leaf_hash).where(
            entry.c.id == record_id, entry.c.payload.is_not(None)
        )
        with self._asking() as on:
            found = on.execute(asked_for).one_or_none()
            if found is None:
                return None
            return _proof(on, found.idx, found.payload, found.leaf_hash, keyring)

    def proofs(self, filter: Filter) -> Iterator[Proof]:
        """Every record that the newest checkpoint includes, oldest first, each with its proof under that checkpoint."""
        with self._asking() as on:
            generation: int = on.execute(select(tree_table.c.generation)).scalar_one()
            signed, note = integrator.last_checkpoint(on, generation), integrator.last_note(on, generation)
        after, size = -1, signed.size if signed else 0
        while True:
            with self._asking() as on:
                # Neighbours have nearly all of their proofs in common.
                node = lru_cache(maxsize=4 * PAGE)(tree.node_of(integrator.tiles(on)))
                rows = on.execute(_walk(filter, after, size)).all()
                page = [
                    Proof(row.payload or b"", row.idx, tuple(tree.inclusion_proof(node, row.idx, size)), note)
                    for row in rows
                ]
            if not page:
                return
            yield from page
            after = page[-1].index

    def other_texts(self, digests: texts.Digests) -> dict[tuple[str, str], str]:
        """Of these policies, versions and hashes those whose version stands for another text in this log, see texts.py."""
        with self._asking() as on:
            return texts.others(on, digests)

    def find_index(self, record_id: str) -> int | None:
        """Where the record with this id lies."""
        with self._asking() as on:
            found: int | None = on.execute(select(entry.c.idx).where(entry.c.id == record_id)).scalar()
        return found

    def happened(self) -> list[tuple[int, Event]]:
        """What was done to the log, oldest first, each with its index."""
        asked_for = select(entry.c.idx, entry.c.payload).where(entry.c.kind != CHOICE).order_by(entry.c.idx)
        with self._asking() as on:
            return [(row.idx, events.parse(row.payload)) for row in on.execute(asked_for)]

    def happened_before(
        self, place: tuple[int, int] | None = None, *, limit: int, kind: str | None = None
    ) -> list[tuple[int, Event]]:
        """Up to `limit` of what was done to the log, newest first, each with its index.

        The next page is before the place of the last of this one: its time in seconds since 1970, and its index.
        """
        # An event has no pattern and a time, an erased record has neither: so the index on pattern and time, which
        # ends with the index of the entry, holds the events in their order.
        asked_for = (
            select(entry.c.idx, entry.c.payload)
            .where(entry.c.pattern.is_(None), entry.c.time > 0, entry.c.kind != CHOICE)
            .order_by(entry.c.time.desc(), entry.c.idx.desc())
            .limit(limit)
        )
        if place is not None:
            asked_for = asked_for.where(tuple_(entry.c.time, entry.c.idx) < place)
        if kind is not None:
            asked_for = asked_for.where(entry.c.kind == kind)
        with self._asking() as on:
            return [(row.idx, events.parse(row.payload)) for row in on.execute(asked_for)]

    def anchored(self) -> list[tuple[str, int, datetime | None]]:
        """Each anchor, how many entries the copy there covers, and since when it is there."""
        asked_for = select(anchor_table.c.name, anchor_table.c.size, anchor_table.c.left).order_by(anchor_table.c.name)
        with self._asking() as on:
            return [
                (name, size, datetime.fromtimestamp(left, UTC) if left else None)
                for name, size, left in on.execute(asked_for)
            ]

    def is_held(self, record: Record) -> bool:
        """Whether this record must not be erased, by itself or with its subject."""
        targets = [f"index:{record.index}", f"subject:{record.subject}"]
        with self._asking() as on:
            asked_for = select(func.count()).where(hold_table.c.target.in_(targets))
            return bool(on.execute(asked_for).scalar_one())

    def _records(self, asked_for: Select[tuple[int, bytes | None]]) -> list[Record]:
        with self._asking() as on:
            rows = on.execute(asked_for).all()
        return [records.parse(row.payload, index=row.idx) for row in rows]

    @contextmanager
    def _asking(self) -> Iterator[Connection]:
        try:
            with self._engine.connect() as on:
                yield on
        except (sqlite3.Error, exc.DBAPIError, OSError) as problem:
            raise LogUnreadable(reason_of(problem)) from problem
        except (integrator.TreeBroken, LookupError) as problem:
            raise LogUnreadable(f"its tree is broken, run `consentkit log verify`: {problem}") from problem


def _proof(on: Connection, index: int, payload: bytes, leaf: bytes, keyring: Keyring | None) -> Proof:
    generation: int = on.execute(select(tree_table.c.generation)).scalar_one()
    signed = integrator.last_checkpoint(on, generation)
    if signed is not None and index < signed.size:
        hashes = tree.inclusion_proof(tree.node_of(integrator.tiles(on)), index, signed.size)
        return Proof(payload, index, hashes=tuple(hashes), note=integrator.last_note(on, generation))
    if keyring is None:
        return Proof(payload, index)
    return Proof(
        payload, index, promise=keyring.sign(promise_text(keyring.origin(generation), index, leaf), generation)
    )


def _anchors(on: Connection) -> tuple[tuple[str, int, datetime], ...]:
    asked_for = select(anchor_table).where(anchor_table.c.left > 0).order_by(anchor_table.c.name)
    return tuple((row.name, row.size, datetime.fromtimestamp(row.left, UTC)) for row in on.execute(asked_for))


def _bytes(on: Connection, place: Place) -> int:
    if isinstance(place, Path):
        return place.stat().st_size
    sizes = ", ".join(f"pg_total_relation_size('{name}')" for name in metadata.tables)
    return sum(on.execute(text(f"SELECT {sizes}")).one())


EPOCH = date(1970, 1, 1)
SECONDS_A_DAY = 24 * 60 * 60

_ENTRIES = select(entry.c.idx, entry.c.payload).where(entry.c.kind == CHOICE, entry.c.payload.is_not(None))


def _walk(filter: Filter, after: int, size: int) -> Select[tuple[int, bytes | None]]:
    # By idx alone, one pass over the log for all pages together: with an index on the pattern SQLite would
    # sort every remaining match again for every page. Adding 0 keeps it from using one.
    conditions = _conditions(filter, pattern_column=entry.c.pattern + 0)
    bounds = (entry.c.idx > after, entry.c.idx < size)
    return _ENTRIES.where(*bounds, *conditions).order_by(entry.c.idx).limit(PAGE)


def _conditions(filter: Filter, pattern_column: ColumnElement[Any] = entry.c.pattern) -> list[ColumnElement[bool]]:
    conditions = _own_conditions(filter)
    of_pattern = _pattern_conditions(filter)
    if of_pattern:
        conditions.append(pattern_column.in_(select(pattern.c.number).where(*of_pattern).scalar_subquery()))
    return conditions


def _own_conditions(filter: Filter) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if filter.subject is not None:
        conditions.append(entry.c.subject == filter.subject)
    if filter.since is not None:
        conditions.append(entry.c.time >= int(filter.since.timestamp()))
    if filter.before is not None:
        conditions.append(entry.c.time < int(filter.before.timestamp()))
    return conditions


def _pattern_conditions(filter: Filter) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if filter.action is not None:
        conditions.append(pattern.c.action == filter.action)
    if filter.language is not None:
        conditions.append(pattern.c.language == filter.language)
    if filter.site is not None:
        conditions.append(pattern.c.site == filter.site)
    if filter.notice == UNKNOWN_NOTICE:
        conditions.append(pattern.c.notice.is_(None))
    elif filter.notice is not None:
        # "g" follows "f", so this is every digest that begins with these digits.
        conditions.append(and_(pattern.c.notice >= filter.notice, pattern.c.notice < filter.notice + "g"))
    if filter.purpose is not None:
        conditions.append(_answered("purpose", filter.purpose, answer=filter.purpose_answer))
    if filter.vendor is not None:
        conditions.append(_answered("vendor", filter.vendor, answer=filter.vendor_answer))
    if filter.policy is not None:
        conditions.append(_answered("policy", filter.policy, version=filter.policy_version))
    return conditions


def _answered(kind: str, name: str, *, answer: bool | None = None, version: str | None = None) -> ColumnElement[bool]:
    with_it = select(part.c.pattern).where(part.c.part == kind, part.c.name == name)
    if answer is not None:
        with_it = with_it.where(part.c.answer == int(answer))
    if version is not None:
        with_it = with_it.where(part.c.version == version)
    return pattern.c.number.in_(with_it.scalar_subquery())


@dataclass(frozen=True)
class _Pattern:
    row: Any
    parts: tuple[tuple[str, str, str, bool], ...]

    def tally(self, day: date, count: int) -> Tally:
        return Tally(day=day, count=count, **self._alike)

    @cached_property
    def _alike(self) -> dict[str, Any]:
        """What all tallies of a pattern have in common; a log has hundreds of days for each."""
        return {
            "state": self.row.state,
            "action": self.row.action,
            "language": self.row.language,
            "notice": self.row.notice or UNKNOWN_NOTICE,
            "gpc": bool(self.row.gpc),
            "policies": tuple(each[1:] for each in self.parts if each[0] == "policy"),
            "purposes": tuple((name, yes) for kind, name, _, yes in self.parts if kind == "purpose"),
            "vendors": tuple((name, yes) for kind, name, _, yes in self.parts if kind == "vendor"),
        }


def _read_patterns(on: Connection, which: Select[tuple[int]]) -> dict[int, _Pattern]:
    parts: dict[int, list[tuple[str, str, str, bool]]] = {}
    theirs = select(part).where(part.c.pattern.in_(which.scalar_subquery())).order_by(part.c.name, part.c.version)
    for each in on.execute(theirs):
        parts.setdefault(each.pattern, []).append((each.part, each.name, each.version, bool(each.answer)))
    rows = on.execute(select(pattern).where(pattern.c.number.in_(which.scalar_subquery())))
    return {row.number: _Pattern(row, tuple(parts.get(row.number, ()))) for row in rows}
