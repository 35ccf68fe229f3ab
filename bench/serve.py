"""What is left of a server's throughput: `python -m bench.serve [--rounds 9] [--seconds 2] [--server uvicorn]`.

The demo newspaper, its pages rendered by templates, and a constant 10 KB page, each bare and wrapped, served by one
worker of uvicorn and of granian on the loopback. The client keeps 8 connections busy as a browser without cookies
would; nothing is compressed. All servers run at once and are measured in turn, so that a noisy machine is noisy for
all of them; read the ratios.
"""

from __future__ import annotations

import argparse
import asyncio
import math
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))  # as a file it runs like `python -m bench.serve`

from bench.served import FOLDER, KIND, WRAPPED
from bench.sites import BROWSER
from tests.asgi.servers import Server, free_port, serving

CONNECTIONS = 8
ROOT = Path(__file__).parent.parent

COMMANDS = {
    "uvicorn": ["uvicorn", "--factory", "bench.served:make", "--no-access-log", "--log-level", "warning", "--port"],
    "granian": ["granian", "--factory", "--interface", "asgi", "--no-access-log", "--log-level", "warning",
                "--workers", "1", "bench.served:make", "--port"],
}  # fmt: skip

#: What design 11 asks for.
GOALS = {"demo": 0.9, "constant": 0.75}


@dataclass(frozen=True)
class Target:
    server: str
    kind: str
    wrapped: bool
    port: int


@dataclass(frozen=True)
class Sample:
    """One round: requests a second, latencies in seconds, and what the server's processor needed for one request."""

    rate: float
    p50: float
    p99: float
    processor: float


class Client(asyncio.Protocol):
    """One connection that asks again as soon as it is answered."""

    def __init__(self, asked: bytes, until: float, taken: list[float]) -> None:
        self._asked = asked
        self._until = until
        self._taken = taken
        self._got = bytearray()
        self._start = 0.0
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.WriteTransport)
        self._transport = transport
        self._ask()

    def data_received(self, data: bytes) -> None:
        self._got += data
        if not is_whole(self._got):
            return
        now = time.perf_counter()
        self._taken.append(now - self._start)
        if not self._got.startswith(b"HTTP/1.1 200"):
            self._finish(RuntimeError(f"The server answered {bytes(self._got[:200])!r}"))
        elif now >= self._until:
            self._finish(None)
        else:
            self._got.clear()
            self._ask()

    def connection_lost(self, error: Exception | None) -> None:
        self._finish(error or RuntimeError("The server closed the connection."))

    def _ask(self) -> None:
        self._start = time.perf_counter()
        self._transport.write(self._asked)

    def _finish(self, error: Exception | None) -> None:
        if self.done.done():
            return
        self._transport.close()
        if error is None:
            self.done.set_result(None)
        else:
            self.done.set_exception(error)


def is_whole(got: bytes | bytearray) -> bool:
    """Whether a response is complete, by its length or its last chunk."""
    end = got.find(b"\r\n\r\n")
    if end < 0:
        return False
    head = bytes(got[:end]).lower()
    _, found, rest = head.partition(b"content-length:")
    if found:
        return len(got) >= end + 4 + int(rest.split(b"\r\n", 1)[0])
    return got.endswith(b"\r\n0\r\n\r\n")


async def load(server: Server, seconds: float) -> Sample:
    """Keep all connections busy for so many seconds."""
    port, used = server.port, processor_seconds(server.process.pid)
    fields = {**BROWSER, "host": f"localhost:{port}"}
    asked = "GET / HTTP/1.1\r\n" + "".join(f"{name}: {value}\r\n" for name, value in fields.items()) + "\r\n"
    taken: list[float] = []
    start = time.perf_counter()
    clients = []
    for _ in range(CONNECTIONS):
        _, client = await asyncio.get_running_loop().create_connection(
            lambda: Client(asked.encode(), start + seconds, taken), "127.0.0.1", port
        )
        clients.append(client)
    await asyncio.gather(*(client.done for client in clients))
    elapsed = time.perf_counter() - start
    processor = (processor_seconds(server.process.pid) - used) / len(taken)
    taken.sort()
    return Sample(len(taken) / elapsed, taken[len(taken) // 2], taken[int(len(taken) * 0.99)], processor)


@contextmanager
def served(target: Target, folder: Path) -> Iterator[Server]:
    """A server in a process of its own until the end of the block."""
    environment = {
        FOLDER: str(folder), KIND: target.kind, WRAPPED: "1" if target.wrapped else "0",
        "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]).rstrip(os.pathsep),
    }  # fmt: skip
    with serving(
        [*COMMANDS[target.server], str(target.port)], target.port, environment, folder / "server.log"
    ) as server:
        yield server


def processor_seconds(process: int) -> float:
    """What a process has used so far, with its threads; nothing where the system does not say it this way."""
    try:
        used = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return math.nan
    return (int(used[11]) + int(used[12])) / os.sysconf("SC_CLK_TCK")


def measure(servers: list[str], kinds: list[str], rounds: int, seconds: float) -> dict[Target, Sample]:
    """Medians of all rounds."""
    targets = [
        Target(server, kind, wrapped, free_port()) for server in servers for kind in kinds for wrapped in (False, True)
    ]
    samples: dict[Target, list[Sample]] = {target: [] for target in targets}
    running: dict[Target, Server] = {}
    with ExitStack() as stack, tempfile.TemporaryDirectory() as scratch:
        for number, target in enumerate(targets):
            folder = Path(scratch, str(number))
            folder.mkdir()
            running[target] = stack.enter_context(served(target, folder))
        for server in running.values():
            asyncio.run(load(server, min(1.0, seconds)))  # warm
        for _ in range(rounds):
            for target, server in running.items():
                samples[target].append(asyncio.run(load(server, seconds)))
        stack.close()  # before their folders go
    return {
        target: Sample(
            *(statistics.median(getattr(s, name) for s in found) for name in ("rate", "p50", "p99", "processor"))
        )
        for target, found in samples.items()
    }


def report(found: dict[Target, Sample]) -> None:
    print(f"{'':22} {'requests/s':>21} {'ratio':>6} {'goal':>5}   {'p50 ms':>13} {'p99 ms':>15}   {'processor µs':>13}")
    for target, bare in found.items():
        if target.wrapped:
            continue
        ours = next(s for t, s in found.items() if t.wrapped and (t.server, t.kind) == (target.server, target.kind))
        print(
            f"{target.server:9} {target.kind:12} {bare.rate:9.0f} -> {ours.rate:8.0f} {ours.rate / bare.rate:6.2f}"
            f" {GOALS[target.kind]:5.2f}   {bare.p50 * 1e3:5.2f} -> {ours.p50 * 1e3:4.2f}"
            f" {bare.p99 * 1e3:6.2f} -> {ours.p99 * 1e3:5.2f}   {bare.processor * 1e6:5.0f} -> {ours.processor * 1e6:4.0f}"
        )


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--seconds", type=float, default=2.0, help="for each measurement; 2 unless told")
    parser.add_argument("--server", choices=COMMANDS, action="append", help="one of them alone")
    parser.add_argument("--app", choices=GOALS, action="append", help="one of them alone")
    arguments = parser.parse_args(argv)
    found = measure(
        arguments.server or list(COMMANDS), arguments.app or list(GOALS), arguments.rounds, arguments.seconds
    )
    report(found)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
