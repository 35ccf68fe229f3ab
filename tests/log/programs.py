"""Processes that tests start, kill and fork: `python -m tests.log.programs NAME FOLDER`."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from consentkit.log.record import to_the_second
from consentkit.log.writer import Log
from tests.log.samples import NOON, NOTICE, new_id, record


def log_in(folder: str) -> Log:
    """The log in this folder, or on this server."""
    if folder.startswith("postgresql://"):
        return Log(folder, Path.cwd())
    return Log("sqlite:///consent.db", Path(folder))


async def _append(log: Log, count: int, subject: str) -> None:
    for _ in range(count):
        made = record(subject=subject, notice=NOTICE.digest)
        await log.append(made, salt=os.urandom(32), notice=NOTICE)


def write_for_ever(folder: str) -> None:
    """Write with many clients at a time, and say each id as soon as it was acknowledged. Ends by being killed."""

    async def client(log: Log) -> None:
        while True:
            now = to_the_second(datetime.now(UTC))
            stored = await log.append(
                record(id=new_id(now), time=now, notice=NOTICE.digest), salt=os.urandom(32), notice=NOTICE
            )
            os.write(1, f"{stored.id} {stored.index}\n".encode())

    async def clients() -> None:
        log = log_in(folder)
        await asyncio.gather(*(client(log) for _ in range(16)))

    asyncio.run(clients())


def fork_while_open(folder: str) -> None:
    """Open, write, fork; parent and child write at the same time, and the child goes on after the parent closed."""
    to_child, from_parent = os.pipe()
    log = log_in(folder)
    asyncio.run(_append(log, 20, "before"))
    child = os.fork()
    if child == 0:
        asyncio.run(_append(log, 100, "child"))
        os.read(to_child, 1)
        asyncio.run(_append(log, 20, "child"))
        asyncio.run(log.close())
        os._exit(0)
    asyncio.run(_append(log, 100, "parent"))
    asyncio.run(log.close())
    os.write(from_parent, b"x")
    _, status = os.waitpid(child, 0)
    sys.exit(os.waitstatus_to_exitcode(status))


def end_without_closing(folder: str) -> None:
    """What a server without lifespan does: it never says that it ends."""
    log = log_in(folder)
    log.append_soon(NOTICE, served=NOON.date())
    log.count_asked(3, language="en", day=NOON.date())


PROGRAMS: dict[str, Callable[[str], None]] = {
    each.__name__: each for each in (write_for_ever, fork_while_open, end_without_closing)
}

if __name__ == "__main__":
    PROGRAMS[sys.argv[1]](sys.argv[2])
