"""What a response and the process's memories may hold: `python -m bench.memory [--responses 200]`.

Each case runs in a process of its own, twice: with tracemalloc, which counts what Python holds at the highest
point, and without, reading the resident set from the system. The same streams through the bare app are taken off.
The budget is that of design 11: 2 x the largest chunk + 256 KiB for a response, 8 MiB for all a process remembers.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import logging
import resource
import subprocess
import sys
import tempfile
import tracemalloc
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))  # as a file it runs like `python -m bench.memory`

from bench.sites import BROWSER, HTML, App, Message, Receive, Scope, Send, nothing_more, page, request, site, swallow
from consentkit import ConsentMiddleware

KIB = 1024
MIB = 1024 * KIB
HELD = 256 * KIB  # of the budget of a response, beside two chunks
REMEMBERED = 8 * MIB


@dataclass(frozen=True)
class Case:
    """`budget`: bytes for one of its `responses`. `run` asks an app for all of them."""

    name: str
    budget: int
    responses: int
    app: App
    run: Callable[[App, int], Coroutine[Any, Any, None]]


def cut(body: bytes, size: int) -> list[bytes]:
    return [body[start : start + size] for start in range(0, len(body), size)]


def streaming(pieces: Callable[[], Iterator[bytes]]) -> App:
    """Sends piece after piece, and lets everybody else have a turn between them."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [HTML]})
        for piece in pieces():
            await send({"type": "http.response.body", "body": piece, "more_body": True})
            await asyncio.sleep(0)
        await send({"type": "http.response.body", "body": b""})

    return app


async def at_once(app: App, responses: int) -> None:
    async def one() -> None:
        async def send(message: Message) -> None:
            await asyncio.sleep(0)  # a client that is not always ready

        await app(request(BROWSER), nothing_more, send)

    await asyncio.gather(*(one() for _ in range(responses)))


def pages(body: bytes, chunk: int) -> App:
    pieces = cut(body, chunk)
    return streaming(lambda: iter(pieces))


def endless(first: bytes, piece: bytes, times: int = 5_000) -> App:
    """As good as endless: what grows with it shows."""

    def pieces() -> Iterator[bytes]:
        yield first
        for _ in range(times):
            yield piece

    return streaming(pieces)


async def new_each_time(scope: Scope, receive: Receive, send: Send) -> None:
    """A page with a link of a third party that no other page has."""
    body = page(20_000).replace(b"/static/bridge.jpg", b"https://cdn.example.com/" + scope["path"].encode())
    await send({"type": "http.response.start", "status": 200, "headers": [HTML]})
    await send({"type": "http.response.body", "body": body})


async def strangers(app: App, visitors: int) -> None:
    """Visitors who have nothing in common: host, browser, language, path and cookies are new each time."""
    for number in range(visitors):
        padding = f"{number}-" * 40
        headers = {
            **BROWSER, "host": f"host{number}.example", "user-agent": f"Mozilla/5.0 {padding}",
            "accept-language": f"en-{number}, {padding}", "cookie": f"ckit={padding}.x; ckit_id={padding}.y",
        }  # fmt: skip
        await app(request(headers, f"/{number}"), nothing_more, swallow)


def cases(responses: int) -> list[Case]:
    megabyte, few, small = page(1_000_000), max(1, responses // 10), 2 * 4 * KIB + HELD
    return [
        Case("1 MB pages in 64 KiB chunks", 2 * 64 * KIB + HELD, responses, pages(megabyte, 64 * KIB), at_once),
        Case("1 MB pages in 4 KiB chunks", small, responses, pages(megabyte, 4 * KIB), at_once),
        Case("1 MB pages in one chunk", 2 * len(megabyte) + HELD, few, pages(megabyte, 2 * MIB), at_once),
        Case("a text without end", small, 4, endless(page(2000), b"<p>more " * 512), at_once),
        Case("a tag without end", small, 4, endless(b"<html><body><img src='", b"a b=c " * 680), at_once),
        Case("a comment without end", small, 4, endless(b"<html><body><!-- ", b"- -- ->" * 580), at_once),
        Case("a script without end", small, 4, endless(b"<head><script>", b"f(1); // <" * 400), at_once),
        Case("a head without end", small, 4, endless(b"<head>", b"<meta a=b>" * 400), at_once),
        Case(
            "3,000 strangers, all that is remembered", REMEMBERED, 1, new_each_time, lambda app, _: strangers(app, 3000)
        ),
    ]


class Switch:
    """An app that can become another, so that what is built once is built before anything is weighed."""

    def __init__(self, app: App) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.app(scope, receive, send)


def grown(case: Case, meter: str) -> int:
    """Bytes that the case needs beyond what it needs without us, in this process."""
    logging.disable(logging.CRITICAL)
    with tempfile.TemporaryDirectory() as folder:
        inner = Switch(streaming(lambda: iter([page(20_000)])))
        wrapped = ConsentMiddleware(inner, site(Path(folder)))
        asyncio.run(at_once(wrapped, 2))
        inner.app = case.app
        asyncio.run(case.run(case.app, case.responses))
        gc.collect()
        return traced(case, wrapped) if meter == "tracemalloc" else resident_growth(case, wrapped)


def traced(case: Case, wrapped: App) -> int:
    tracemalloc.start()
    asyncio.run(case.run(case.app, case.responses))
    without = tracemalloc.get_traced_memory()[1]
    tracemalloc.reset_peak()
    asyncio.run(case.run(wrapped, case.responses))
    if case.budget == REMEMBERED:  # not the pages in hand, but what stays
        gc.collect()
        return tracemalloc.get_traced_memory()[0]
    return tracemalloc.get_traced_memory()[1] - without


def resident_growth(case: Case, wrapped: App) -> int:
    before = resident()
    asyncio.run(case.run(wrapped, case.responses))
    return resident() - before


def resident() -> int:
    """The highest resident set so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * KIB


def measured(number: int, responses: int, meter: str) -> int:
    command = [sys.executable, "-m", "bench.memory", "--responses", str(responses), "--one", str(number), meter]
    done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=Path(__file__).parent.parent)
    return int(done.stdout.split()[-1])


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--responses", type=int, default=200)
    parser.add_argument("--one", nargs=2, help=argparse.SUPPRESS)
    arguments = parser.parse_args(argv)
    found = cases(arguments.responses)
    if arguments.one:
        print(grown(found[int(arguments.one[0])], arguments.one[1]))
        return 0
    print(f"{'KiB a response':45} {'at once':>7} {'budget':>7} {'Python':>7} {'RSS':>7}")
    worst = 0
    for number, case in enumerate(found):
        traced, rss = (measured(number, arguments.responses, meter) for meter in ("tracemalloc", "rss"))
        held = traced / case.responses
        worst = max(worst, held > case.budget)
        print(
            f"{case.name:45} {case.responses:7} {case.budget / KIB:7.0f} {held / KIB:7.0f}"
            f" {rss / case.responses / KIB:7.0f}{'   OVER' if held > case.budget else ''}"
        )
    return worst


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
