"""What the middleware adds to a request, without a server: `python -m bench.overhead [--rounds 15]`.

Direct calls in one process, interleaved, medians of processor time; what another process does on the machine does
not count. The neighbours are the bare app and Starlette's `BaseHTTPMiddleware` around it, doing nothing.
`--profile CASE` shows where the time of one case goes.
"""

from __future__ import annotations

import argparse
import asyncio
import cProfile
import pstats
import statistics
import sys
import tempfile
import time
from itertools import count
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))  # as a file it runs like `python -m bench.overhead`

from starlette.middleware.base import BaseHTTPMiddleware, RequestResponseEndpoint
from starlette.requests import Request
from starlette.responses import Response

from bench.sites import (
    BROWSER,
    FETCH,
    HTML,
    JSON,
    App,
    Receive,
    Scope,
    Send,
    answering,
    nothing_more,
    page,
    request,
    site,
    swallow,
)
from consentkit import ConsentMiddleware, testing
from consentkit.rewrite import Inserting, Page, Rewriter

CALLS = 200  # in a row, for one measurement


class Idle(BaseHTTPMiddleware):
    async def dispatch(self, request: Request, call_next: RequestResponseEndpoint) -> Response:
        return await call_next(request)


class Fixed:
    """Insertions of the size of a first visit that cost nothing to make: what is left is the rewriting."""

    def early(self, page: Page) -> bytes:
        return b""

    def late(self, page: Page) -> bytes:
        return b"<style>" + b"a{}" * 800 + b"</style>"

    def body(self, page: Page) -> bytes:
        return b"<ckit-ui>" + b"x" * 1500 + b"</ckit-ui>"

    def stubs(self, *_: object) -> bytes:
        return b""

    def placeholder(self, *_: object) -> bytes:
        return b""

    def slot(self, *_: object) -> bytes:
        return b""


def cases(folder: Path) -> dict[str, tuple[App, Scope]]:
    """Name -> an app and a request to it."""
    settings = site(folder)
    chosen = "; ".join(f"{name}={value}" for name, value in testing.cookies(settings, granted=["media"]).items())
    html, json = answering(page(10_000), HTML), answering(b'{"a": 1}', JSON)
    wrapped_html, wrapped_json = ConsentMiddleware(html, settings), ConsentMiddleware(json, settings)
    return {
        "JSON, bare": (json, request(FETCH)),
        "JSON": (wrapped_json, request(FETCH)),
        "JSON, with our cookie": (wrapped_json, request({**FETCH, "cookie": chosen})),
        "JSON, BaseHTTPMiddleware": (Idle(json), request(FETCH)),
        "10 KB page, bare": (html, request(BROWSER)),
        "10 KB page, first visit": (wrapped_html, request(BROWSER)),
        "10 KB page, new each time": (ConsentMiddleware(renewing(page(10_000)), settings), request(BROWSER)),
        "10 KB page, after a choice": (wrapped_html, request({**BROWSER, "cookie": chosen})),
        "10 KB page, rewriting alone": (rewriting_alone(wrapped_html), request(BROWSER)),
    }


def renewing(body: bytes) -> App:
    """The same page with another number in it each time, so that nothing of it is remembered."""
    start, end = body.split(b"</main>")
    fields = [HTML, (b"content-length", str(len(body) + 8).encode())]
    numbers = count()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": fields})
        await send({"type": "http.response.body", "body": b"%s%08d</main>%s" % (start, next(numbers), end)})

    return app


def rewriting_alone(middleware: ConsentMiddleware) -> App:
    """Only the rewriter, with ready insertions and rules that have seen the page's tags."""
    body = page(10_000)
    visit = middleware._read(request(BROWSER), "", "/")
    workshop = middleware._workshop
    rules = workshop.rules(workshop.decisions.of(visit), visit, xhtml=False)

    async def app(*_: object) -> None:
        rewriter = Rewriter(rules, Fixed(), Inserting.ALWAYS, host="courier.example")
        rewriter.feed(body) + rewriter.close()

    return app


async def measure(found: dict[str, tuple[App, Scope]], rounds: int) -> dict[str, float]:
    """Median seconds of one request."""
    times: dict[str, list[float]] = {name: [] for name in found}
    for number in range(rounds + 1):
        for name, (app, scope) in found.items():
            start = time.process_time()
            for _ in range(CALLS):
                await app(scope, nothing_more, swallow)
            if number:  # the first round warms up
                times[name].append((time.process_time() - start) / CALLS)
    return {name: statistics.median(taken) for name, taken in times.items()}


def report(times: dict[str, float]) -> None:
    print(f"{'':30} {'µs a request':>12} {'over bare':>10}")
    for name, taken in times.items():
        bare = times[f"{name.partition(',')[0]}, bare"]
        over = "" if name.endswith(("bare", "alone")) else f"{(taken - bare) * 1e6:10.1f}"
        print(f"{name:30} {taken * 1e6:12.1f} {over:>10}")
    rewriting = times["10 KB page, rewriting alone"]
    rest = times["10 KB page, new each time"] - times["10 KB page, bare"] - rewriting
    print(f"{'10 KB page, new each time, all but rewriting:':50} {rest * 1e6:6.1f} µs (goal 60)")
    ratio = (times["JSON"] - times["JSON, bare"]) / (times["JSON, BaseHTTPMiddleware"] - times["JSON, bare"])
    print(f"{'JSON: of what BaseHTTPMiddleware adds:':50} {ratio:6.0%} (goal: 5 µs, 6 %)")


async def profile(app: App, scope: Scope) -> None:
    for _ in range(CALLS):
        await app(scope, nothing_more, swallow)
    profiler = cProfile.Profile()
    profiler.enable()
    for _ in range(3000):
        await app(scope, nothing_more, swallow)
    profiler.disable()
    pstats.Stats(profiler).sort_stats("tottime").print_stats(40)


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--profile", metavar="CASE", help='for example "JSON" or "10 KB page, first visit"')
    arguments = parser.parse_args(argv)
    with tempfile.TemporaryDirectory() as folder:
        found = cases(Path(folder))
        if arguments.profile:
            if arguments.profile not in found:
                parser.error(f"no case {arguments.profile!r}; there are: {', '.join(map(repr, found))}")
            asyncio.run(profile(*found[arguments.profile]))
        else:
            report(asyncio.run(measure(found, arguments.rounds)))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
