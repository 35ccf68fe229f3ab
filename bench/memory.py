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

from bench.sites import BROWSER, HTML, App, Message, Receive, Scope, Send, nothing_more, page, request, site, swallow
from consentkit import ConsentMiddleware

KIB = 1024
MIB = 1024 * KIB
HELD = 256 * KIB  # of the budget of a response, beside two chunks
REMEMBERED = 8 * MIB


@dataclass(frozen=True)
class Case:
    """`budget`: bytes for one of its `responses`. `run` makes all of them at once."""

    name: str
    budget: int
    responses: int
    run: Callable[[Callable[[App], App], int], Coroutine[Any, Any, None]]


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


def pages(body: bytes, chunk: int) -> Callable[[Callable[[App], App], int], Coroutine[Any, Any, None]]:
    pieces = cut(body, chunk)

    async def run(wrap: Callable[[App], App], responses: int) -> None:
        await at_once(wrap(streaming(lambda: iter(pieces))), responses)

    return run


def endless(first: bytes, piece: bytes, times: int) -> Callable[[Callable[[App], App], int], Coroutine[Any, Any, None]]:
    """As good as endless: what grows with it shows."""

    def pieces() -> Iterator[bytes]:
        yield first
        for _ in range(times):
            yield piece

    async def run(wrap: Callable[[App], App], responses: int) -> None:
        await at_once(wrap(streaming(pieces)), responses)

    return run


async def strangers(wrap: Callable[[App], App], visitors: int) -> None:
    """Visitors who have nothing in common: host, browser, language, path, cookies and page are new each time."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        number = scope["path"][1:].encode()
        body = page(20_000).replace(b"/story/bridge", b"https://cdn.example.com/" + number)
        await send({"type": "http.response.start", "status": 200, "headers": [HTML]})
        await send({"type": "http.response.body", "body": body})

    wrapped = wrap(app)
    for number in range(visitors):
        padding = f"{number}-" * 40
        headers = {
            **BROWSER, "host": f"host{number}.example", "user-agent": f"Mozilla/5.0 {padding}",
            "accept-language": f"en-{number}, {padding}", "cookie": f"ckit={padding}.x; ckit_id={padding}.y",
        }  # fmt: skip
        await wrapped(request(headers, f"/{number}"), nothing_more, swallow)


def cases(responses: int) -> list[Case]:
    megabyte = page(1_000_000)
    return [
        Case("1 MB pages in 64 KiB chunks", 2 * 64 * KIB + HELD, responses, pages(megabyte, 64 * KIB)),
        Case("1 MB pages in 4 KiB chunks", 2 * 4 * KIB + HELD, responses, pages(megabyte, 4 * KIB)),
        Case("1 MB pages in one chunk", 2 * len(megabyte) + HELD, max(1, responses // 10), pages(megabyte, 2 * MIB)),
        Case("a text without end", 2 * 4 * KIB + HELD, 4, endless(page(2000), b"<p>more " * 512, 5_000)),
        Case("a tag without end", 2 * 4 * KIB + HELD, 4, endless(b"<html><body><img src='", b"a b=c " * 680, 5_000)),
        Case("a comment without end", 2 * 4 * KIB + HELD, 4, endless(b"<html><body><!-- ", b"- -- ->" * 580, 5_000)),
        Case("a script without end", 2 * 4 * KIB + HELD, 4, endless(b"<head><script>", b"f(1); // <" * 400, 5_000)),
        Case("a head without end", 2 * 4 * KIB + HELD, 4, endless(b"<head>", b"<meta a=b>" * 400, 5_000)),
        Case("3,000 strangers, all that is remembered", REMEMBERED, 1, lambda wrap, _: strangers(wrap, 3_000)),
    ]


def grown(case: Case, meter: str) -> int:
    """Bytes that the case needs beyond what it needs without us, in this process."""
    logging.disable(logging.CRITICAL)
    with tempfile.TemporaryDirectory() as folder:
        opened: list[ConsentMiddleware] = []

        def wrap(app: App) -> App:
            opened.append(ConsentMiddleware(app, site(Path(folder))))
            return opened[-1]

        def bare(app: App) -> App:
            return app

        async def warm() -> None:
            # What is built once belongs to the process: languages, templates, the log's driver.
            await at_once(wrap(streaming(lambda: iter([page(20_000)]))), 2)

        asyncio.run(warm())
        asyncio.run(case.run(bare, case.responses))
        gc.collect()
        if meter == "tracemalloc":
            tracemalloc.start()
            asyncio.run(case.run(bare, case.responses))
            without = tracemalloc.get_traced_memory()[1]
            tracemalloc.reset_peak()
            asyncio.run(case.run(wrap, case.responses))
            if case.budget == REMEMBERED:
                gc.collect()
                return tracemalloc.get_traced_memory()[0] - without
            return tracemalloc.get_traced_memory()[1] - without
        before = resident()
        asyncio.run(case.run(wrap, case.responses))
        return resident() - before


def resident() -> int:
    """The highest resident set so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * KIB


def measured(number: int, responses: int, meter: str) -> int:
    command = [sys.executable, "-m", "bench.memory", "--responses", str(responses), "--one", str(number), meter]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
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
