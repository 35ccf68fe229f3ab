"""What the consent log takes: `python -m bench.log write|http|million`.

`write`: durable records a second and how long each waits, for 1, 16, 64 and 256 clients in 1 and 4 processes, on SQLite
and PostgreSQL; beside them, in turn, what a row a commit costs by hand and through SQLAlchemy's sessions. `http`: the
same from a browser's side, over 128 connections of one machine, the load generator included. `million`: a log of a
million records, and what it takes to verify it, to prove one record, to search and to export it: time and memory of
the command itself. All of them use the disk and both cores; on a busy machine read the ratios.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import resource
import sqlite3
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory, mkdtemp
from typing import Any
from urllib.parse import quote

sys.path.insert(0, str(Path(__file__).parent.parent))  # as a file it runs like `python -m bench.log`

from sqlalchemy import Column, LargeBinary, MetaData, Table, Text, create_engine
from sqlalchemy.orm import Session, registry

from bench.log_load import KEY, NOTICES, ROOT, Written, choice, log_at, postgres, write
from bench.serve import Client, is_whole
from bench.served import FOLDER, KIND, WRAPPED
from bench.sites import BROWSER
from consentkit.log import keyring
from consentkit.log.record import enter
from consentkit.log.store import Appender, prepare

WAITING = (1, 16, 64, 256)
PROCESSES = (1, 4)
CONNECTIONS = 128

#: What design asks for: records a second, and the 99th of a hundred in milliseconds.
GOALS = {"sqlite": "10,000 at 256, p99 50 ms", "postgresql": "15,000 at 256", "http": "5,000 at 128"}


# Writing


def write_table(seconds: float, repeat: int) -> None:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory()))
        server = stack.enter_context(postgres())
        for engine in ("sqlite", "postgresql"):
            print(f"\n{engine} (goal on a quiet machine: {GOALS[engine]})")
            print(f"{'':44}{'records/s':>10}{'p50 ms':>9}{'p99 ms':>9}{'x by hand':>11}{'µs of a core':>14}")
            places = _places(engine, folder, server.database)
            by_hand = statistics.median(_by_hand(next(places)[0], seconds) for _ in range(repeat))
            print(f"{'a row a commit, by hand, 1 thread':44}{by_hand:>10,.0f}{'':>18}{1.0:>11.2f}")
            session = statistics.median(_by_session(next(places)[0], seconds) for _ in range(repeat))
            print(f"{'a row a commit, SQLAlchemy session':44}{session:>10,.0f}{'':>18}{session / by_hand:>11.2f}")
            for processes in PROCESSES:
                for waiting in WAITING:
                    found = [write(*next(places), processes, waiting, seconds) for _ in range(repeat)]
                    best = sorted(found, key=lambda each: each.rate)[len(found) // 2]
                    name = f"consentkit, {waiting} waiting in {processes} process{'es' if processes > 1 else ''}"
                    print(_line(name, best, by_hand), flush=True)


def _line(name: str, taken: Written, by_hand: float) -> str:
    p50, p99 = (1000 * taken.percentile(share) for share in (0.5, 0.99))
    return f"{name:44}{taken.rate:>10,.0f}{p50:>9.1f}{p99:>9.1f}{taken.rate / by_hand:>11.2f}{1e6 * taken.processor / max(1, taken.records):>14.0f}"


def _places(engine: str, folder: Path, database: Callable[[], str]) -> Iterator[tuple[str, Path]]:
    """A new database each time, and a folder for its key: a key remembers what it signed, and would not believe it."""
    while True:
        own = Path(mkdtemp(dir=folder))
        yield (f"sqlite:///{own}/consent.db" if engine == "sqlite" else database()), own


def _by_hand(url: str, seconds: float) -> float:
    """The least that is durable: the payload and its hash, a row a transaction, one after another."""
    if url.startswith("sqlite"):
        with closing(sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)) as on:
            on.execute("PRAGMA journal_mode=WAL")
            on.execute("PRAGMA synchronous=FULL")
            on.execute("CREATE TABLE plain (id TEXT PRIMARY KEY, payload BLOB, hash BLOB)")
            return _rate(lambda row: on.execute("INSERT INTO plain VALUES (?, ?, ?)", row), seconds)
    import psycopg

    with psycopg.connect(url, autocommit=True) as server:
        server.execute("CREATE TABLE plain (id TEXT PRIMARY KEY, payload BYTEA, hash BYTEA)")
        return _rate(lambda row: server.execute("INSERT INTO plain VALUES (%s, %s, %s)", row), seconds)


def _by_session(url: str, seconds: float) -> float:
    """What many would write: a session, an object, a commit."""
    mapped = registry(metadata=MetaData())

    class Plain:
        def __init__(self, id: str, payload: bytes, hash: bytes) -> None:
            self.id, self.payload, self.hash = id, payload, hash

    table = Table("plain", mapped.metadata, Column("id", Text, primary_key=True),
                  Column("payload", LargeBinary), Column("hash", LargeBinary))  # fmt: skip
    mapped.map_imperatively(Plain, table)
    engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
    if url.startswith("sqlite"):
        with engine.connect() as on:
            on.exec_driver_sql("PRAGMA journal_mode=WAL")  # synchronous=FULL is SQLite's own default
    mapped.metadata.create_all(engine)

    def add(row: tuple[str, bytes, bytes]) -> None:
        with Session(engine) as session:
            session.add(Plain(*row))
            session.commit()

    try:
        return _rate(add, seconds)
    finally:
        engine.dispose()


def _rate(insert: Callable[[tuple[str, bytes, bytes]], Any], seconds: float) -> float:
    start, count = time.perf_counter(), 0
    while time.perf_counter() < start + seconds:
        made = enter(choice(), os.urandom(32))
        insert((made.record.id, made.payload, made.leaf_hash))
        count += 1
    return count / (time.perf_counter() - start)


# Over HTTP


def http_table(seconds: float, repeat: int) -> None:
    print(f"choices over HTTP, {CONNECTIONS} connections, the load generator on the same cores (goal: {GOALS['http']})")
    print(f"{'':44}{'choices/s':>10}{'p50 ms':>9}{'p99 ms':>9}")
    for workers in (1, 2):
        found = [_http(workers, seconds) for _ in range(repeat)]
        taken = sorted(found, key=lambda each: each.rate)[len(found) // 2]
        p50, p99 = (1000 * taken.percentile(share) for share in (0.5, 0.99))
        name = f"uvicorn, SQLite, {workers} worker{'s' if workers > 1 else ''}"
        print(f"{name:44}{taken.rate:>10,.0f}{p50:>9.1f}{p99:>9.1f}", flush=True)


def _http(workers: int, seconds: float) -> Written:
    with TemporaryDirectory() as folder:
        port = 18_000 + os.getpid() % 2_000
        command = [sys.executable, "-m", "uvicorn", "--factory", "bench.served:make", "--no-access-log",
                   "--log-level", "error", "--workers", str(workers), "--port", str(port)]  # fmt: skip
        environment = {**os.environ, FOLDER: folder, KIND: "constant", WRAPPED: "1"}
        server = subprocess.Popen(command, cwd=ROOT, env=environment)
        try:
            return asyncio.run(_keep_busy(port, seconds))
        finally:
            server.terminate()
            server.wait()


async def _keep_busy(port: int, seconds: float) -> Written:
    asked = await _form(port)
    taken: list[float] = []
    until = time.perf_counter() + seconds
    clients = []
    for _ in range(CONNECTIONS):
        _, client = await asyncio.get_running_loop().create_connection(
            lambda: Client(asked, until, taken), "127.0.0.1", port
        )
        clients.append(client.done)
    await asyncio.gather(*clients)
    return Written(len(taken), seconds, taken)


async def _form(port: int) -> bytes:
    """The post of *Accept all* with the token of the page, once the server answers."""
    head = "".join(f"{name}: {value}\r\n" for name, value in {**BROWSER, "host": f"localhost:{port}"}.items())
    page = b""
    for _ in range(600):
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            await asyncio.sleep(0.1)
            continue
        writer.write(f"GET / HTTP/1.1\r\n{head}\r\n".encode())
        while not is_whole(page):
            page += await reader.read(65_536)
        writer.close()
        break
    token = page.split(b'name="shown" value="', 1)[1].split(b'"', 1)[0].decode()
    body = f"action=accept_all&shown={quote(token)}&next=/".encode()
    headers = {"host": f"localhost:{port}", "accept": "application/json", "sec-fetch-site": "same-origin",
               "content-type": "application/x-www-form-urlencoded", "content-length": str(len(body))}  # fmt: skip
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"POST /_ckit/choice HTTP/1.1\r\n{lines}\r\n".encode() + body


# A million records


def million_table(size: int, folder: Path) -> None:
    path = folder / "consent.db"
    if not path.exists():
        _fill(path, size)
    log, key = f"sqlite:///{path}", str(folder / KEY)
    print(f"\n{size:,} records, {path.stat().st_size / 1e6:,.0f} MB")
    print(f"{'':44}{'seconds':>10}{'of a core':>11}{'µs each':>10}{'peak MB':>10}")
    middle = _some_id(path, size // 2)
    commands: dict[str, Sequence[str]] = {
        "consentkit log status (the command itself)": ["status"],
        "verify": ["verify"],
        "proof of one record": ["proof", middle],
        "find: who refused media in French, last 50": [
            "find",
            "--language",
            "fr",
            "--purpose",
            "media=no",
            "--limit",
            "50",
        ],
        "find: an hour in the middle": ["find", "--since", "2026-06-01T10:00:00Z", "--until", "2026-06-01T10:59:59Z"],
        "stats": ["stats"],
        **{
            f"export --format {format}": ["export", "--format", format, "--output", str(folder / f"all.{format}")]
            for format in ("jsonl", "csv", "parquet", "receipts")
        },
    }
    for name, words in commands.items():
        for left in (*folder.glob("all.*"),):
            left.unlink()
        seconds, of_core, peak = _command(["log", words[0], "--log", log, "--log-key", key, *words[1:]])
        each = f"{of_core / size * 1e6:.1f}" if words[0] in ("verify", "export") else ""
        print(f"{name:44}{seconds:>10.2f}{of_core:>11.2f}{each:>10}{peak:>10.0f}", flush=True)


def _fill(path: Path, size: int) -> None:
    folder = path.parent
    log_at(f"sqlite:///{path}", folder)  # makes the key
    keys = keyring.load(folder / KEY)
    assert keys is not None
    prepare(path)
    appender = Appender(path)
    start, began = datetime(2026, 1, 1, tzinfo=UTC), time.perf_counter()
    for first in range(0, size, 1_000):
        made = [choice(start + timedelta(seconds=30 * number)) for number in range(first, min(size, first + 1_000))]
        notices = {notice.digest: notice for notice in NOTICES.values()}
        appender.append([enter(each, os.urandom(32), notice=notices[each.notice]) for each in made])
    filled = time.perf_counter()
    while (grown := appender.integrate(keys, start.date())) and grown.behind:
        pass
    if grown and grown.note:
        keys.remember(grown.note)
    appender.close()
    print(f"filled in {filled - began:.0f} s; the tree took it in within {time.perf_counter() - filled:.0f} s")


def _some_id(path: Path, index: int) -> str:
    with closing(sqlite3.connect(path)) as on:
        return str(on.execute("SELECT id FROM ckit_entry WHERE idx = ?", (index,)).fetchone()[0])


def _command(words: Sequence[str]) -> tuple[float, float, float]:
    """Seconds, those of them that a processor worked, and the most memory in MB, that a command of ours took."""
    start = time.perf_counter()
    process = subprocess.Popen([sys.executable, "-m", "consentkit.cli", *words], stdout=subprocess.DEVNULL, cwd=ROOT)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        print(f"(exit code {process.returncode}: {' '.join(words)})")
    return time.perf_counter() - start, used.ru_utime + used.ru_stime, _peak(used)


def _peak(used: resource.struct_rusage) -> float:
    return used.ru_maxrss / 1024 if sys.platform != "darwin" else used.ru_maxrss / 1024 / 1024


def _folder(named: str | None) -> Iterator[Path]:
    if named:
        Path(named).mkdir(parents=True, exist_ok=True)
        yield Path(named).absolute()
        return
    with TemporaryDirectory() as folder:
        yield Path(folder)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["write", "http", "million"])
    parser.add_argument("--seconds", type=float, default=5.0, help="how long each row is measured")
    parser.add_argument("--repeat", type=int, default=3, help="of so many runs the one in the middle is printed")
    parser.add_argument("--size", type=int, default=1_000_000, help="how many records `million` has")
    parser.add_argument("--folder", help="where `million` keeps its log, and finds it the next time")
    given = parser.parse_args()
    if given.what == "write":
        write_table(given.seconds, given.repeat)
    elif given.what == "http":
        http_table(given.seconds, given.repeat)
    else:
        for folder in _folder(given.folder):
            million_table(given.size, folder)


if __name__ == "__main__":
    main()
