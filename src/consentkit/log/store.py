"""The consent log in a database: the only file that speaks SQL and the only importer of sqlalchemy.

Two rules carry everything else:

- An entry's index is fixed in the transaction that inserts it, from the one row of `ckit_head`. Indices are
  therefore contiguous, a rolled-back transaction leaves no gap, and order of index is order of commit. (A database
  sequence would break all three, and a Merkle tree over the entries with them.)
- The payload is the truth; every other column exists to find it, and can be made again from it.

What is searched by stands in three places. Who, when and which are columns of the entry. Everything else (state,
action, notice, language, site, every answer to a purpose, vendor or policy) is a *pattern*: one row that all
entries share which agree in it. Visitors answer alike, so a million entries have some hundred patterns: an insert
writes one small number instead of a dozen rows, a search by vendor is a search by pattern, and statistics count
patterns. It needs no JSON functions, which no two databases spell alike.

SQLite is opened so that an acknowledged record survives the power going off: write-ahead log, synchronous=FULL.
Writers of several processes queue on `<database>.lock`, because SQLite's own waiting is unfair: it sleeps longer
and longer, and with four writers some waited over a second.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Hashable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from itertools import chain
from pathlib import Path
from types import MappingProxyType
from typing import Any
from urllib.parse import quote

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Connection,
    Engine,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    NullPool,
    Select,
    Table,
    Text,
    and_,
    create_engine,
    event,
    exc,
    func,
    insert,
    make_url,
    select,
    update,
)

from sqlalchemy.dialects import sqlite

from consentkit.errors import ConfigurationError, LogUnavailable
from consentkit.log import canonical as jcs
from consentkit.log import notice as notices
from consentkit.log import record as records
from consentkit.log.filters import Filter
from consentkit.log.notice import Notice
from consentkit.log.problems import LogUnreadable
from consentkit.log.record import UNKNOWN_NOTICE, Entry, Record, Stored
from consentkit.log.reports import Asked, Status, Tally

try:
    import fcntl
except ImportError:  # pragma: no cover  # Windows: SQLite's own lock keeps it correct, only less fair
    fcntl = None  # type: ignore[assignment]

# ── the schema ──────────────────────────────────────────────────────────────────────────────────────────────────

#: Grows with every change of the schema.
SCHEMA = 1

#: The oldest SCHEMA whose code can still read and write what this one writes.
SCHEMA_NEEDED = 1

# STRICT came with SQLite 3.37 (2021-11-27); without it a column holds whatever it is given.
STRICT: dict[str, Any] = {"sqlite_strict": sqlite3.sqlite_version_info >= (3, 37)}
STRICT_WITHOUT_ROWID: dict[str, Any] = {**STRICT, "sqlite_with_rowid": False}

# An alias of SQLite's rowid must be spelt INTEGER, which is 64 bits there.
_Big = BigInteger().with_variant(Integer, "sqlite")

metadata = MetaData()

#: One row: which schema this is, and which code is too old for it.
schema_table = Table(
    "ckit_schema",
    metadata,
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("needed", Integer, nullable=False),
    **STRICT,
)

#: One row: how many entries there ever were, which is the index of the next.
head = Table(
    "ckit_head",
    metadata,
    Column("one", Integer, primary_key=True, autoincrement=False),
    Column("size", _Big, nullable=False),
    **STRICT,
)

notice_table = Table(
    "ckit_notice",
    metadata,
    Column("sha256", Text, primary_key=True),
    Column("payload", LargeBinary, nullable=False),
    Column("first_served", Text, nullable=False),
    # A page may lie open for long; a notice counts for 400 days after it was served last.
    Column("last_served", Text, nullable=False),
    **STRICT,
)

#: What entries have in common (see above). Patterns are never deleted: every process remembers their numbers.
pattern = Table(
    "ckit_pattern",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("sha256", LargeBinary, nullable=False, unique=True),
    Column("state", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("method", Text, nullable=False),
    Column("layer", Text, nullable=False),
    Column("notice", Text, ForeignKey(notice_table.c.sha256)),
    Column("language", Text, nullable=False),
    Column("regime", Text, nullable=False),
    Column("site", Text, nullable=False),
    Column("gpc", Integer, nullable=False),
    Column("device", Text, nullable=False),
    **STRICT,
)

#: The answers of a pattern. `part`: "purpose", "vendor" or "policy"; `version`: of a policy, else "".
part = Table(
    "ckit_pattern_part",
    metadata,
    Column("part", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("version", Text, primary_key=True),
    Column("pattern", Integer, ForeignKey(pattern.c.number), primary_key=True),
    Column("answer", Integer, nullable=False),
    Index("ckit_pattern_part_pattern", "pattern"),
    **STRICT_WITHOUT_ROWID,
)

#: The log itself. Erasing will empty payload, subject, pattern, once and expires, and keep index and hash.
entry = Table(
    "ckit_entry",
    metadata,
    Column("idx", _Big, primary_key=True, autoincrement=False),
    Column("kind", Text, nullable=False),
    Column("id", Text, nullable=False, unique=True),
    Column("time", _Big, nullable=False),  # seconds since 1970
    Column("subject", Text),
    Column("pattern", Integer, ForeignKey(pattern.c.number)),
    Column("expires", Text),  # a day
    Column("once", Text),
    Column("payload", LargeBinary),
    Column("leaf_hash", LargeBinary, nullable=False),
    **STRICT,
)
Index("ckit_entry_time", entry.c.time)
# With the time in it, counting patterns by day and finding by pattern and time never touch the entries.
Index("ckit_entry_pattern", entry.c.pattern, entry.c.time)
Index("ckit_entry_subject", entry.c.subject, sqlite_where=entry.c.subject.is_not(None))
Index("ckit_entry_once", entry.c.once, unique=True, sqlite_where=entry.c.once.is_not(None))

#: How often a notice was shown. A counter, never a row per visitor.
asked_table = Table(
    "ckit_asked",
    metadata,
    Column("day", Text, primary_key=True),
    Column("language", Text, primary_key=True),
    Column("site", Text, primary_key=True),
    Column("count", _Big, nullable=False),
    **STRICT_WITHOUT_ROWID,
)

CHOICE = "choice"

# ── where it lies ───────────────────────────────────────────────────────────────────────────────────────────────


def locate(url: str, folder: Path) -> Path:
    """The file that a `log=` means; a relative one lies in `folder`. Raises ConfigurationError."""
    try:
        parsed = make_url(url)
    except exc.ArgumentError:
        raise _problem(f'{url!r} is no database URL; write "sqlite:///consent.db"') from None
    if parsed.drivername not in ("sqlite", "sqlite+pysqlite"):
        raise _problem(f'{parsed.drivername!r} databases are not supported; write "sqlite:///consent.db"')
    if not parsed.database or parsed.database == ":memory:":
        raise _problem(
            f'{url!r} names no file, and a log in memory is gone when the process ends; write "sqlite:///consent.db"'
        )
    if parsed.query or parsed.host:
        raise _problem(f'{url!r} has more than a path (is a slash missing?); write "sqlite:///consent.db"')
    return (folder / parsed.database).absolute()


def prepare(path: Path) -> None:
    """Make the store if there is none, and see that this version can use it. Raises ConfigurationError."""
    _check_place(path)
    try:
        with alone(path):
            _make_file(path)
            names = _tables(path)
            if not names:
                _create(path)
            else:
                _check_tables(path, names)
    except (sqlite3.Error, exc.DBAPIError, OSError) as problem:
        raise _problem(f"{str(path)!r} can't be opened: {_reason(problem)}") from problem


def check(path: Path) -> None:
    """See that there is a store which this version can read; changes nothing. Raises ConfigurationError."""
    if not path.exists():
        raise _problem(f"there is no log at {str(path)!r} yet; it is made when the site starts")
    if path.is_dir():
        raise _problem(f"{str(path)!r} is a directory; name a file in it, such as {str(path / 'consent.db')!r}")
    if not os.access(path, os.R_OK):
        raise _problem(f"{str(path)!r} can't be read by this user; run as the user that runs the site")
    try:
        names = _tables(path)
        if not names:
            raise _problem(f"the log at {str(path)!r} is empty; it is made when the site starts")
        _check_tables(path, names)
    except (sqlite3.Error, exc.DBAPIError) as problem:
        raise _problem(f"{str(path)!r} can't be opened: {_reason(problem)}") from problem


def _check_place(path: Path) -> None:
    folder = path.parent
    if not folder.exists():
        raise _problem(f"the folder {str(folder)!r} does not exist; make it, or change log=")
    if not folder.is_dir():
        raise _problem(f"{str(folder)!r} is not a folder; change log=")
    if path.is_dir():
        raise _problem(f"{str(path)!r} is a directory; name a file in it, such as {str(path / 'consent.db')!r}")
    # SQLite keeps two more files beside the database, so the folder must be writable even when that exists.
    if not os.access(folder, os.W_OK | os.X_OK):
        raise _problem(f"the folder {str(folder)!r} is not writable by this user; give it write permission")
    if path.exists() and not os.access(path, os.R_OK | os.W_OK):
        raise _problem(f"{str(path)!r} is not writable by this user; give it read and write permission")


def _make_file(path: Path) -> None:
    # Records are personal data: for the owner only, and -wal and -shm inherit it.
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
    except FileExistsError:
        return
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    # The name of a new file is durable only when its folder is.
    if os.name == "nt":  # pragma: no cover  # a folder can't be opened there
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _tables(path: Path) -> set[str]:
    with closing(_connect(path, read_only=True)) as connection:
        return {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}


def _create(path: Path) -> None:
    # Once, at creation, under the lock: two processes that switch the mode at a time get "database is locked".
    with closing(_connect(path)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
    with _engine(path).begin() as on:
        metadata.create_all(on, checkfirst=False)
        on.execute(insert(schema_table).values(version=SCHEMA, needed=SCHEMA_NEEDED))
        on.execute(insert(head).values(one=1, size=0))


def _check_tables(path: Path, names: set[str]) -> None:
    if schema_table.name not in names:
        others = ", ".join(sorted(names)[:3])
        raise _problem(
            f"{str(path)!r} is the database of another program (its tables: {others}); "
            "give the log a file of its own"
        )
    with _engine(path, read_only=True).connect() as on:
        version, needed = on.execute(select(schema_table.c.version, schema_table.c.needed)).one()
    if needed > SCHEMA:
        raise _problem(
            f"{str(path)!r} was written by a newer consentkit (schema {version}, this version knows {SCHEMA}); "
            "upgrade consentkit"
        )


def _problem(sentence: str) -> ConfigurationError:
    return ConfigurationError([f"log: {sentence}."])


@contextmanager
def alone(path: Path) -> Iterator[None]:
    """Wait until no other process writes to this log, and keep the others waiting meanwhile.

    A courtesy for fairness (see above), not what keeps the log whole: that is BEGIN IMMEDIATE. The file is opened
    each time, 5 µs, so that nothing is held which a forked child could inherit.
    """
    if fcntl is None:  # pragma: no cover  # Windows
        yield
        return
    handle = os.open(f"{path}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)  # which lets go of the lock


# ── connections ─────────────────────────────────────────────────────────────────────────────────────────────────

#: How long SQLite waits for a writer that does not know our lock (a shell, a backup).
BUSY_SECONDS = 5


def _connect(path: Path, *, read_only: bool = False) -> sqlite3.Connection:
    mode = "ro" if read_only else "rw"  # never "rwc": a log that vanished must not be born again, empty
    connection = sqlite3.connect(
        f"file:{quote(str(path))}?mode={mode}",
        uri=True,
        timeout=BUSY_SECONDS,
        isolation_level=None,  # transactions begin where we say so, in `_begin_…`
        check_same_thread=False,  # a thread that forks closes the connection of the thread that writes
    )
    connection.execute("PRAGMA foreign_keys=ON")
    if read_only:
        connection.execute("PRAGMA query_only=ON")
    else:
        connection.execute("PRAGMA synchronous=FULL")
        # macOS: fsync only reaches the drive's cache; elsewhere this does nothing.
        connection.execute("PRAGMA fullfsync=ON")
    return connection


def _engine(path: Path, *, read_only: bool = False) -> Engine:
    # No pool: a connection is closed when it is let go, so that we know what is open (see `fork` in writer.py).
    engine = create_engine("sqlite://", creator=lambda: _connect(path, read_only=read_only), poolclass=NullPool)
    # A deferred transaction that reads first and then writes fails where this one waits.
    begin = "BEGIN" if read_only else "BEGIN IMMEDIATE"
    event.listen(engine, "begin", lambda on: on.exec_driver_sql(begin))
    return engine


def _reason(problem: BaseException) -> str:
    """What the database said, without what SQLAlchemy adds (statements, and the values in them)."""
    said = problem.orig if isinstance(problem, exc.DBAPIError) and problem.orig else problem
    return (str(said) or type(said).__name__).rstrip(".")


# ── writing ─────────────────────────────────────────────────────────────────────────────────────────────────────


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

    def __init__(self, path: Path) -> None:
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
                return self._append_one_by_one(on, entries, served, asked)
        except (sqlite3.Error, exc.DBAPIError, ConfigurationError, OSError) as problem:
            self.close()
            raise LogUnavailable(_reason(problem)) from problem

    def close(self) -> None:
        """Let go of the connection and of everything that was remembered from it."""
        connection, self._connection = self._connection, None
        self._patterns.clear()
        self._notices.clear()
        if connection is not None:
            connection.close()

    def _connected(self) -> Connection:
        found = os.stat(self._path)
        inode = (found.st_dev, found.st_ino)
        if self._connection is not None and inode != self._inode:
            self.close()
        if self._connection is None:
            check(self._path)
            self._connection = _engine(self._path).connect()
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
                    outcomes.append(LogUnavailable(f"the record {each.record.id} was refused: {_reason(problem)}"))
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
        base: int = on.execute(_SIZE).scalar_one()
        rows: list[tuple[Any, ...]] = []
        stored: list[Stored] = []
        for each in entries:
            if each.once is not None and each.once in made:
                stored.append(made[each.once])
                continue
            here = Stored(id=each.record.id, index=base + len(rows), time=each.record.time)
            rows.append(_row(each, here.index, self._pattern_number(on, each, new)))
            stored.append(here)
            if each.once is not None:
                made[each.once] = replace(here, again=True)
        if rows:
            _insert_entries(on, rows)
            on.execute(update(head).values(size=base + len(rows)))
        return stored

    def _pattern_number(self, on: Connection, each: Entry, new: _New) -> int:
        likeness = _likeness(each.record)
        number = self._patterns.get(likeness) or new.patterns.get(likeness)
        if number is None:
            number = new.patterns[likeness] = self._find_or_write_pattern(on, each, new)
        return number

    def _find_or_write_pattern(self, on: Connection, each: Entry, new: _New) -> int:
        digest = sha256(jcs.encode([_pattern_of(each.record), sorted(_parts_of(each.record))])).digest()
        number = on.execute(select(pattern.c.number).where(pattern.c.sha256 == digest)).scalar()
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


_SIZE = select(head.c.size)

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


def _row(each: Entry, index: int, number: int) -> tuple[Any, ...]:
    """In the order of the columns of `ckit_entry`, see `_INSERT_ENTRY`."""
    record = each.record
    return (
        index,
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
    (number,) = on.execute(insert(pattern).values(sha256=digest, **_pattern_of(record))).inserted_primary_key or (0,)
    parts = [
        {"part": kind, "name": name, "version": version, "answer": answer, "pattern": number}
        for kind, name, version, answer in _parts_of(record)
    ]
    if parts:
        on.execute(insert(part), parts)
    return int(number)


def _write_asked(on: Connection, asked: AskedCounts) -> None:
    for (day, language, site), count in asked.items():
        key = {"day": day.isoformat(), "language": language, "site": site}
        where = and_(*(asked_table.c[name] == value for name, value in key.items()))
        more = update(asked_table).where(where).values(count=asked_table.c.count + count)
        if on.execute(more).rowcount == 0:
            on.execute(insert(asked_table).values(count=count, **key))


# ── reading ─────────────────────────────────────────────────────────────────────────────────────────────────────

#: How many records are fetched at a time while streaming; some 100 are a few hundred KiB.
PAGE = 500


class Reader:
    """Questions to the log over connections of their own that can't write. Raises LogUnreadable."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._engine = _engine(path, read_only=True)

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

        The rows are chosen by index alone, so that a rare answer is found without reading the log.
        """
        chosen = select(entry.c.idx).where(*_conditions(filter)).order_by(entry.c.idx.desc()).limit(limit)
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
        asked_for = (
            select(day_number, entry.c.pattern, count)
            .where(*_conditions(filter), entry.c.pattern.is_not(None))
            .group_by(day_number, entry.c.pattern)
            .order_by(day_number, entry.c.pattern)
        )
        with self._asking() as on:
            patterns: dict[int, _Pattern] = {}
            for row in on.execute(asked_for):
                if row.pattern not in patterns:
                    patterns[row.pattern] = _read_pattern(on, row.pattern)
                yield patterns[row.pattern].tally(EPOCH + timedelta(days=row.day), row.records)

    def asked(self, filter: Filter) -> list[Asked]:
        """How often a notice was shown; of a filter only time, language and site can be asked of a counter."""
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
            first, last = on.execute(select(func.min(entry.c.time), func.max(entry.c.time))).one()
            return Status(
                place=str(self._path),
                size=on.execute(_SIZE).scalar_one(),
                bytes=self._path.stat().st_size,
                notices=on.execute(select(func.count()).select_from(notice_table)).scalar_one(),
                schema=on.execute(select(schema_table.c.version)).scalar_one(),
                first=None if first is None else datetime.fromtimestamp(first, UTC),
                last=None if last is None else datetime.fromtimestamp(last, UTC),
            )

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
            raise LogUnreadable(_reason(problem)) from problem


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
    conditions: list[ColumnElement[bool]] = []
    if filter.subject is not None:
        conditions.append(entry.c.subject == filter.subject)
    if filter.since is not None:
        conditions.append(entry.c.time >= int(filter.since.timestamp()))
    if filter.before is not None:
        conditions.append(entry.c.time < int(filter.before.timestamp()))
    of_pattern = _pattern_conditions(filter)
    if of_pattern:
        conditions.append(pattern_column.in_(select(pattern.c.number).where(*of_pattern).scalar_subquery()))
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


def _answered(
    kind: str, name: str, *, answer: bool | None = None, version: str | None = None
) -> ColumnElement[bool]:
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
        return Tally(
            day=day,
            count=count,
            state=self.row.state,
            action=self.row.action,
            language=self.row.language,
            notice=self.row.notice or UNKNOWN_NOTICE,
            gpc=bool(self.row.gpc),
            policies=tuple((name, version, yes) for kind, name, version, yes in self.parts if kind == "policy"),
            purposes=tuple((name, yes) for kind, name, _, yes in self.parts if kind == "purpose"),
            vendors=tuple((name, yes) for kind, name, _, yes in self.parts if kind == "vendor"),
        )


def _read_pattern(on: Connection, number: int) -> _Pattern:
    row = on.execute(select(pattern).where(pattern.c.number == number)).one()
    parts = on.execute(select(part).where(part.c.pattern == number).order_by(part.c.name, part.c.version))
    return _Pattern(row, tuple((each.part, each.name, each.version, bool(each.answer)) for each in parts))
