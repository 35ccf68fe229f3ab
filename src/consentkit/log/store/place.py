"""Where a log lies, whether it can be used, and connections to it."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import quote

from sqlalchemy import Engine, NullPool, create_engine, event, exc, insert, make_url, select

from consentkit.errors import ConfigurationError
from consentkit.log.store.schema import SCHEMA, SCHEMA_NEEDED, head, metadata, schema_table

try:
    import fcntl
except ImportError:  # pragma: no cover  # Windows: SQLite's own lock keeps it correct, only less fair
    fcntl = None  # type: ignore[assignment]

#: How long SQLite waits for a writer that does not know our lock (a shell, a backup).
BUSY_SECONDS = 5


def locate(url: str, folder: Path) -> Path:
    """The file that a `log=` means; a relative one lies in `folder`. Raises ConfigurationError."""
    try:
        parsed = make_url(url)
    except exc.ArgumentError:
        raise _problem(f'{url!r} is no database URL; write "sqlite:///consent.db"') from None
    if parsed.drivername not in ("sqlite", "sqlite+pysqlite"):
        raise _problem(f'{parsed.drivername!r} databases are not supported; write "sqlite:///consent.db"')
    if parsed.query or parsed.host:
        raise _problem(f'{url!r} has more than a path (is a slash missing?); write "sqlite:///consent.db"')
    if not parsed.database or parsed.database == ":memory:":
        raise _problem(
            f"{url!r} names no file, and a log in memory is gone when the process ends; "
            'write "sqlite:///consent.db"'
        )
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
        raise _problem(f"{str(path)!r} can't be opened: {reason_of(problem)}") from problem


def check(path: Path) -> None:
    """See that there is a store which this version can read; changes nothing. Raises ConfigurationError."""
    if not path.exists():
        raise _problem(f"there is no log at {str(path)!r} yet; it is made when the site starts")
    if path.is_dir():
        raise _problem(f"{str(path)!r} is a directory; name a file in it, such as 'consent.db'")
    if not _may(path, os.R_OK):
        raise _problem(f"{str(path)!r} can't be read by this user; run as the user that runs the site")
    try:
        names = _tables(path)
        if not names:
            raise _problem(f"the log at {str(path)!r} is empty; it is made when the site starts")
        _check_tables(path, names)
    except (sqlite3.Error, exc.DBAPIError) as problem:
        raise _problem(f"{str(path)!r} can't be opened: {reason_of(problem)}") from problem


def _check_place(path: Path) -> None:
    folder = path.parent
    if not folder.exists():
        raise _problem(f"the folder {str(folder)!r} does not exist; make it, or change log=")
    if not folder.is_dir():
        raise _problem(f"{str(folder)!r} is not a folder; change log=")
    if path.is_dir():
        raise _problem(f"{str(path)!r} is a directory; name a file in it, such as 'consent.db'")
    # SQLite keeps two more files beside the database, so the folder must be writable even when that exists.
    if not _may(folder, os.W_OK | os.X_OK):
        raise _problem(f"the folder {str(folder)!r} is not writable by this user; give it write permission")
    if path.exists() and not _may(path, os.R_OK | os.W_OK):
        raise _problem(f"{str(path)!r} is not writable by this user; give it read and write permission")


def _may(path: Path, mode: int) -> bool:
    # As who we act, not as who we were started; some systems can't tell them apart.
    return os.access(path, mode, effective_ids=os.access in os.supports_effective_ids)


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
    # Once, at creation, under the lock: two processes that switch the mode at a time get "database is
    # locked".
    with closing(_connect(path)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
    with engine(path).begin() as on:
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
    with engine(path, read_only=True).connect() as on:
        version, needed = on.execute(select(schema_table.c.version, schema_table.c.needed)).one()
    if needed > SCHEMA:
        raise _problem(
            f"{str(path)!r} was written by a newer consentkit (schema {version}, this version knows "
            f"{SCHEMA}); upgrade consentkit"
        )


def _problem(sentence: str) -> ConfigurationError:
    return ConfigurationError([f"log: {sentence}."])


@contextmanager
def alone(path: Path) -> Iterator[None]:
    """Wait until no other process writes to this log, and keep the others waiting meanwhile.

    A courtesy for fairness (see above), not what keeps the log whole: that is BEGIN IMMEDIATE. The file is
    opened each time, 5 µs, so that nothing is held which a forked child could inherit.
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


def engine(path: Path, *, read_only: bool = False) -> Engine:
    # No pool: a connection is closed when it is let go, so that we know what is open (see `fork` in
    # writer.py).
    def connect() -> sqlite3.Connection:
        return _connect(path, read_only=read_only)

    engine = create_engine("sqlite://", creator=connect, poolclass=NullPool)
    # A deferred transaction that reads first and then writes fails where this one waits.
    begin = "BEGIN" if read_only else "BEGIN IMMEDIATE"
    event.listen(engine, "begin", lambda on: on.exec_driver_sql(begin))
    return engine


def reason_of(problem: BaseException) -> str:
    """What the database said, without what SQLAlchemy adds (statements, and the values in them)."""
    said = problem.orig if isinstance(problem, exc.DBAPIError) and problem.orig else problem
    return (str(said) or type(said).__name__).rstrip(".")
