"""Is anything lost that was acknowledged? `python -m bench.log_kill [--rounds 20] [--postgres]`.

Each round four processes write with 16 clients each, and are killed (SIGKILL) in the middle of it. On PostgreSQL every
other round the server is stopped at once instead (SIGQUIT), as if its power went, and started again. Then a process
that knows nothing of this opens the log, as a restarted site would, and lets its tree grow; every acknowledged record
has to be at its index, the indices without a gap, and `verify` content. Exit code 1: something was lost or wrong.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

sys.path.insert(0, str(Path(__file__).parent.parent))  # as a file it runs like `python -m bench.log_kill`

from sqlalchemy import select

from bench.log_load import KEY, Postgres, log_at, postgres, start_for_ever
from consentkit.log import keyring
from consentkit.log.store import audit, locate
from consentkit.log.store.place import Place, engine
from consentkit.log.store.schema import entry

PROCESSES, CLIENTS = 4, 16


def rounds(url: str, folder: Path, count: int, seconds: float, server: Postgres | None) -> int:
    place = locate(url, folder)
    asyncio.run(_open(url, folder))
    acknowledged: dict[str, int] = {}
    for number in range(1, count + 1):
        said = [folder / f"said-{number}-{process}" for process in range(PROCESSES)]
        writers = [start_for_ever(url, folder, CLIENTS, each) for each in said]
        _wait_until_they_write(said)
        time.sleep(seconds)
        stop_server = server is not None and number % 2 == 0
        if server is not None and stop_server:
            server.stop_at_once()
        for writer in writers:
            writer.kill()
            writer.wait()
            if writer.stdin is not None:
                writer.stdin.close()
        if server is not None and stop_server:
            server.start()
        asyncio.run(_open(url, folder))
        new = _said(said)
        acknowledged |= new
        lost = _lost(place, new)
        problems = audit(place, keyring.load(folder / KEY)).problems if number == count or lost else []
        word = "server stopped" if stop_server else "killed"
        print(f"round {number}, {word}: {len(new):,} acknowledged, {lost} lost", flush=True)
        if lost or problems:
            print("\n".join(problems[:10]))
            return 1
    lost, size = _lost(place, acknowledged), _size(place)
    found = audit(place, keyring.load(folder / KEY))
    print(
        f"{len(acknowledged):,} acknowledged in {count} rounds, {lost} lost; the log has {size:,} entries, without a gap"
        f" and signed to {found.size - found.unsigned:,}; {len(found.problems)} problems."
    )
    return 1 if lost or found.problems or found.size != size else 0


async def _open(url: str, folder: Path) -> None:
    """What a restarted site does: open, let the tree grow, close."""
    log = log_at(url, folder)
    log.open()
    await asyncio.sleep(0.2)
    await log.close()


def _wait_until_they_write(said: list[Path]) -> None:
    until = time.monotonic() + 60
    while not all(each.stat().st_size for each in said):
        if time.monotonic() > until:
            raise SystemExit("The writers did not start.")
        time.sleep(0.02)


def _said(files: list[Path]) -> dict[str, int]:
    lines = [line.split() for each in files for line in each.read_text(encoding="ascii").splitlines()]
    return {line[0]: int(line[1]) for line in lines if len(line) == 2}


def _lost(place: Place, acknowledged: dict[str, int]) -> int:
    found: dict[str, int] = {}
    with engine(place, read_only=True).connect() as on:
        for id, index in on.execute(select(entry.c.id, entry.c.idx).execution_options(yield_per=10_000)):
            if id in acknowledged:
                found[id] = index
    return sum(found.get(id) != index for id, index in acknowledged.items())


def _size(place: Place) -> int:
    with engine(place, read_only=True).connect() as on:
        indices = on.execute(select(entry.c.idx).order_by(entry.c.idx)).scalars().all()
    assert indices == list(range(len(indices))), "there is a gap"
    return len(indices)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=2.0, help="how long the writers of a round are left alone")
    parser.add_argument("--postgres", action="store_true", help="on a PostgreSQL of its own instead of SQLite")
    given = parser.parse_args()
    with TemporaryDirectory() as folder:
        if not given.postgres:
            return rounds("sqlite:///consent.db", Path(folder), given.rounds, given.seconds, None)
        with postgres() as server:
            return rounds(server.database(), Path(folder), given.rounds, given.seconds, server)


if __name__ == "__main__":
    sys.exit(main())
