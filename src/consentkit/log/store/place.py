"""Where a log lies, whether it can be used, and connections to it.

A place is a file (SQLite) or a server (PostgreSQL). What differs between the two stands here and in a few lines of
appender.py; everything else is the same code.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from sqlalchemy import URL, Connection, Engine, NullPool, create_engine, event, exc, inspect, make_url, select, text

from consentkit.errors import ConfigurationError
from consentkit.log.store.schema import SCHEMA, create, metadata, migrate, schema_table

try:
    import fcntl
except ImportError:  # pragma: no cover  # Windows: SQLite's own lock keeps it correct, only less fair
    fcntl = None  # type: ignore[assignment]

#: How long SQLite waits for a writer that does not know our lock (a shell, a backup), and PostgreSQL for a row.
BUSY_SECONDS = 5

#: Held on PostgreSQL while tables are made. Any number will do that other programs are unlikely to choose.
_MAKING_LOCK = 0x636B6974  # "ckit"


@dataclass(frozen=True)
class Server:
    """A PostgreSQL database. Shown without its password."""

    url: URL

    def __str__(self) -> str:
        return self.url.render_as_string(hide_password=True)


Place = Path | Server


def locate(url: str, folder: Path) -> Place:
    """The place that a `log=` means; a relative file lies in `folder`. Raises ConfigurationError."""
    try:
        parsed = make_url(url)
    except exc.ArgumentError:
        raise _problem(f'{url!r} is no database URL; write "sqlite:///consent.db"') from None
    if parsed.drivername in ("postgresql", "postgresql+psycopg"):
        return _server(parsed)
    if parsed.drivername not in ("sqlite", "sqlite+pysqlite"):
        raise _problem(
            f"{parsed.drivername!r} databases are not supported; "
            'write "sqlite:///consent.db" or "postgresql://host/database"'
        )
    if parsed.query or parsed.host:
        raise _problem(f'{url!r} has more than a path (is a slash missing?); write "sqlite:///consent.db"')
    if not parsed.database or parsed.database == ":memory:":
        raise _problem(
            f'{url!r} names no file, and a log in memory is gone when the process ends; write "sqlite:///consent.db"'
        )
    return (folder / parsed.database).absolute()


def _server(parsed: URL) -> Server:
    try:
        import psycopg  # noqa: F401  # only whether it is there
    except ImportError:
        raise _problem("PostgreSQL needs a driver; pip install 'consentkit[postgres]'") from None
    if not parsed.database:
        raise _problem('the URL names no database; write "postgresql://host/database"')
    return Server(parsed.set(drivername="postgresql+psycopg"))


def prepare(place: Place, *, upgrade: bool = True) -> None:
    """Make the store if there is none, and see that this version can use it. Raises ConfigurationError.

    `upgrade`: whether a store of an older version may be added to; otherwise that is refused with the command.
    """
    if isinstance(place, Path):
        _check_place(place)
    try:
        with alone(place):
            if isinstance(place, Path):
                _make_file(place)
            names = _tables(place)
            if not names:
                _create(place)
            elif _check_tables(place, names) < SCHEMA:
                _upgrade(place, allowed=upgrade)
    except (sqlite3.Error, exc.DBAPIError, OSError) as problem:
        raise _problem(f"{_named(place)} can't be opened: {reason_of(problem)}") from problem


def check(place: Place) -> None:
    """See that there is a store which this version can read; changes nothing. Raises ConfigurationError."""
    if isinstance(place, Path):
        _check_file(place)
    try:
        names = _tables(place)
        if not names:
            raise _problem(f"the log at {_named(place)} is empty; it is made when the site starts")
        if _check_tables(place, names) < SCHEMA:
            raise _problem(
                f"{_named(place)} is of an older consentkit; it is upgraded when the site starts, "
                "or now by `consentkit log migrate`"
            )
    except (sqlite3.Error, exc.DBAPIError) as problem:
        raise _problem(f"{_named(place)} can't be opened: {reason_of(problem)}") from problem


def version_of(place: Place) -> int:
    """The schema of the store at this place. Raises ConfigurationError when there is none."""
    if isinstance(place, Path):
        _check_file(place)
    try:
        return _check_tables(place, _tables(place))
    except (sqlite3.Error, exc.DBAPIError) as problem:
        raise _problem(f"{_named(place)} can't be opened: {reason_of(problem)}") from problem


def _check_file(path: Path) -> None:
    if not path.exists():
        raise _problem(f"there is no log at {str(path)!r} yet; it is made when the site starts")
    if path.is_dir():
        raise _problem(f"{str(path)!r} is a directory; name a file in it, such as 'consent.db'")
    if not _may(path, os.R_OK):
        raise _problem(f"{str(path)!r} can't be read by this user; run as the user that runs the site")


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
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """The name of a new file is durable only when its folder is."""
    if os.name == "nt":  # pragma: no cover  # a folder can't be opened there
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _tables(place: Place) -> set[str]:
    if isinstance(place, Path):
        with closing(connect(place, read_only=True)) as connection:
            return {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    with engine(place, read_only=True).connect() as on:
        # Other programs may have tables in the same database; ours are told by their names.
        return {name for name in inspect(on).get_table_names() if name in metadata.tables}


def _create(place: Place) -> None:
    # Once, at creation, under the lock: two processes that switch the mode at a time get "database is
    # locked".
    if isinstance(place, Path):
        with closing(connect(place)) as connection:
            connection.execute("PRAGMA journal_mode=WAL")
    with engine(place).begin() as on:
        _wait_for_others(on)
        if isinstance(place, Path) or not inspect(on).has_table(schema_table.name):
            create(on)


def _upgrade(place: Place, *, allowed: bool) -> None:
    if not allowed:
        raise _problem(f'{_named(place)} is of an older consentkit, and migrate="manual": run `consentkit log migrate`')
    with engine(place).begin() as on:
        _wait_for_others(on)
        version = on.execute(select(schema_table.c.version)).scalar_one()
        if version < SCHEMA:
            migrate(on, version)


def _wait_for_others(on: Connection) -> None:
    if on.dialect.name == "postgresql":
        on.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _MAKING_LOCK})


def _check_tables(place: Place, names: set[str]) -> int:
    """The schema of a store. Raises ConfigurationError when it is not ours, or too new for us."""
    if schema_table.name not in names:
        others = ", ".join(sorted(names)[:3])
        raise _problem(
            f"{_named(place)} is the database of another program (its tables: {others}); give the log a file of its own"
        )
    with engine(place, read_only=True).connect() as on:
        version, needed = on.execute(select(schema_table.c.version, schema_table.c.needed)).one()
    if needed > SCHEMA:
        raise _problem(
            f"{_named(place)} was written by a newer consentkit (schema {version}, this version knows "
            f"{SCHEMA}); upgrade consentkit"
        )
    return int(version)


def _named(place: Place) -> str:
    return repr(str(place))


def _problem(sentence: str) -> ConfigurationError:
    return ConfigurationError([f"log: {sentence}."])


@contextmanager
def alone(place: Place) -> Iterator[None]:
    """Wait until no other process writes to this log, and keep the others waiting meanwhile.

    A courtesy for fairness (see above), not what keeps the log whole: that is BEGIN IMMEDIATE. The file is
    opened each time, 5 µs, so that nothing is held which a forked child could inherit. A server queues its writers
    itself.
    """
    if fcntl is None or isinstance(place, Server):
        yield
        return
    handle = os.open(f"{place}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)  # which lets go of the lock


def connect(path: Path, *, read_only: bool = False) -> sqlite3.Connection:
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
        # What is deleted is overwritten, also where a page of an index is split: see eraser.py.
        connection.execute("PRAGMA secure_delete=ON")
    return connection


def engine(place: Place, *, read_only: bool = False) -> Engine:
    # No pool: a connection is closed when it is let go, so that we know what is open (see `fork` in
    # writer.py).
    if isinstance(place, Server):
        return _server_engine(place, read_only=read_only)

    def make() -> sqlite3.Connection:
        return connect(place, read_only=read_only)

    engine = create_engine("sqlite://", creator=make, poolclass=NullPool)
    # A deferred transaction that reads first and then writes fails where this one waits.
    begin = "BEGIN" if read_only else "BEGIN IMMEDIATE"
    event.listen(engine, "begin", lambda on: on.exec_driver_sql(begin))
    return engine


def _server_engine(server: Server, *, read_only: bool) -> Engine:
    settings = {
        "synchronous_commit": "on",  # whatever the server's default is, an answer means that the disk has it
        "lock_timeout": f"{BUSY_SECONDS}s",
        "application_name": "consentkit",
    }
    if read_only:
        settings["default_transaction_read_only"] = "on"
    return create_engine(
        server.url,
        poolclass=NullPool,
        # A reader asks several questions about one state of the log; a writer has to see what others wrote.
        isolation_level="REPEATABLE READ" if read_only else "READ COMMITTED",
        connect_args={
            "options": " ".join(f"-c {name}={value}" for name, value in settings.items()),
            "connect_timeout": BUSY_SECONDS,
        },
    )


def reason_of(problem: BaseException) -> str:
    """What the database said, without what SQLAlchemy adds (statements, and the values in them)."""
    said = problem.orig if isinstance(problem, exc.DBAPIError) and problem.orig else problem
    return (str(said).strip().splitlines() or [type(said).__name__])[0].rstrip(".")
