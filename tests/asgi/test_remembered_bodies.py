"""A page that comes again is not read again; it is what it would have been, and nothing of anybody's is kept."""

from __future__ import annotations

import asyncio
import tracemalloc
from pathlib import Path

import pytest

from consentkit import ConsentMiddleware, testing
from consentkit.log.filters import Filter
from consentkit.log.store import Reader
from tests import needs
from tests.asgi.harness import (
    NAVIGATION,
    PAGE,
    App,
    Message,
    Receive,
    Send,
    answering,
    call,
    make_site,
    scope_of,
    wrapped,
)

HTML = (b"content-type", b"text/html; charset=utf-8")


class Kept:
    """An app whose answer can be exchanged, and the middleware around it."""

    def __init__(self, folder: Path) -> None:
        self.app: App = answering(PAGE)
        self.middleware = wrapped(self._answer, folder)

    async def _answer(self, scope: Message, receive: Receive, send: Send) -> None:
        await self.app(scope, receive, send)

    @property
    def bodies(self) -> int:
        return len(self.middleware._workshop.bodies._kept)

    @property
    def traces(self) -> int:
        return self.middleware._workshop.bodies.size


async def test_real_pages_are_the_same_from_memory(tmp_path: Path) -> None:
    """
    What goes out is byte for byte what a page gives that comes in two pieces and is read, for a first visit and after a
    choice.
    """
    pages = sorted(needs.folder("CONSENTKIT_TEST_PAGES", "saved pages").glob("*.html"))
    kept = Kept(tmp_path)
    cookies = testing.cookies(kept.middleware.site, granted=["analytics"])
    chosen = {"cookie": "; ".join(f"{name}={value}" for name, value in cookies.items())}

    for page in (file.read_bytes() for file in pages):
        for more in ({}, chosen):
            scope = scope_of(headers={**NAVIGATION, **more})
            kept.app = answering(page[:1000], page[1000:], headers=[HTML])
            plain = await call(kept.middleware, scope)
            kept.app = answering(page, headers=[HTML])
            again = [(await call(kept.middleware, scope)).body for _ in range(3)]

            assert again == [plain.body] * 3

    assert kept.bodies > 0


async def test_each_visitor_gets_their_own_insertions(tmp_path: Path) -> None:
    """
    Nonce, language, choice and address are those of the request, though the page is not read.
    """
    kept = Kept(tmp_path)
    page = b"<!doctype html><html><head><title>T</title></head><body>Hello</body></html>"
    kept.app = answering(page, headers=[HTML])
    for _ in range(2):
        await call(kept.middleware, scope_of())

    german = await call(kept.middleware, scope_of("/a", headers={**NAVIGATION, "accept-language": "de"}))
    french = await call(kept.middleware, scope_of("/b", headers={**NAVIGATION, "accept-language": "fr"}))
    kept.app = answering(page, headers=[HTML, (b"content-security-policy", b"script-src 'nonce-abc1'")])
    guarded = await call(kept.middleware, scope_of())

    assert kept.bodies == 1
    assert b'lang="de"' in german.body
    assert b'name="next" value="/a"' in german.body
    assert b'lang="fr"' in french.body
    assert b'name="next" value="/b"' in french.body
    assert b'nonce="abc1"' in guarded.body
    assert b'nonce="abc1"' not in german.body


@pytest.mark.parametrize(
    ("asked", "answered"),
    [
        ({}, (b"cache-control", b"private")),
        ({}, (b"cache-control", b"max-age=0, no-store")),
        ({}, (b"cache-control", b'private="set-cookie"')),
        ({}, (b"set-cookie", b"session=1")),
        ({}, (b"vary", b"*")),
        ({"authorization": "Basic eDp5"}, HTML),
        ({"x-forwarded-user": "jana"}, HTML),
        ({"cookie": "sessionid=1"}, HTML),
        ({"cookie": "_ga=1; theme=dark"}, HTML),
    ],
    ids=[
        "private",
        "no-store",
        "a private field",
        "sets a cookie",
        "vary *",
        "authorised",
        "by a proxy",
        "session",
        "any",
    ],
)
async def test_what_may_be_one_persons_leaves_no_trace(
    tmp_path: Path, asked: dict[str, str], answered: tuple[bytes, bytes]
) -> None:
    """
    A page that the app may have made for one person is never kept, however often it comes.
    """
    kept = Kept(tmp_path)
    kept.app = answering(PAGE, headers=[HTML, answered])

    for _ in range(3):
        await call(kept.middleware, scope_of(headers={**NAVIGATION, **asked}))

    assert kept.traces == 0


async def test_the_answer_to_a_form_leaves_no_trace(tmp_path: Path) -> None:
    """
    It repeats what somebody typed.
    """
    kept = Kept(tmp_path)

    for _ in range(3):
        await call(kept.middleware, scope_of(method="POST"))

    assert kept.traces == 0


@pytest.mark.parametrize("cookie", ["", "_ga=GA1.1.2; _gid=3", "ckit_reader=125.-"], ids=["none", "trackers", "ours"])
async def test_what_strangers_get_is_kept(tmp_path: Path, cookie: str) -> None:
    """
    Neither our cookies nor those of trackers tell an app who asks.
    """
    kept = Kept(tmp_path)

    for _ in range(2):
        await call(kept.middleware, scope_of(headers={**NAVIGATION, "cookie": cookie}))

    assert kept.bodies == 1


async def test_visitors_who_are_alike_share_an_output(tmp_path: Path) -> None:
    """
    One language, choice, address and device: one output. A query or a nonce is somebody's own, and never shared; a page
    that was not made anew is counted all the same.
    """
    kept = Kept(tmp_path)
    headers = {**NAVIGATION, "accept-language": "de"}
    for _ in range(2):
        await call(kept.middleware, scope_of(headers=headers))
    (body,) = kept.middleware._workshop.bodies._kept.values()

    first = await call(kept.middleware, scope_of(headers=headers))
    other = await call(kept.middleware, scope_of("/other", headers=headers))
    asked = [await call(kept.middleware, scope_of(headers=headers, query=f"token={number}")) for number in range(9)]
    await call(kept.middleware, scope_of("/" + "x" * 500, headers=headers))  # too long to be kept for it

    assert sorted(made.body for made in body.made.values()) == sorted([first.body, other.body])
    assert all(f"token={number}".encode() in answer.body for number, answer in enumerate(asked))
    assert first.body != other.body
    await kept.middleware._workshop.log.close()
    assert sum(row.count for row in Reader(tmp_path / "consent.db").asked(Filter())) == 14


async def test_somebody_who_is_known_profits_from_what_strangers_got(tmp_path: Path) -> None:
    """
    A page that everybody gets is compared for them too, and nothing more is kept.
    """
    kept = Kept(tmp_path)
    for _ in range(2):
        await call(kept.middleware, scope_of())
    before = kept.traces

    own = await call(kept.middleware, scope_of(headers={**NAVIGATION, "cookie": "sessionid=1"}))

    assert own.body == (await call(kept.middleware, scope_of())).body
    assert kept.traces == before


async def test_two_hundred_pages_at_once_stay_in_the_budget(tmp_path: Path) -> None:
    """
    Amid large pages that stream by each response holds two pieces and 256 KiB at the most, not what has gone.
    """
    piece = b"<p>" + b"text " * 4000 + b"</p>"
    count = 200
    all_here, arrived = asyncio.Event(), 0

    async def app(scope: Message, receive: Receive, send: Send) -> None:
        nonlocal arrived
        await send({"type": "http.response.start", "status": 200, "headers": [HTML]})
        for _ in range(20):
            await send({"type": "http.response.body", "body": piece, "more_body": True})
        arrived += 1
        if arrived == count:
            held.append(tracemalloc.get_traced_memory()[0])
            all_here.set()
        await all_here.wait()
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def swallow(message: Message) -> None:
        pass

    async def receive() -> Message:
        return {"type": "http.disconnect"}

    held: list[int] = []
    middleware = ConsentMiddleware(app, make_site(tmp_path))
    await middleware._open()
    tracemalloc.start()
    await asyncio.gather(*(middleware(scope_of(), receive, swallow) for _ in range(count)))
    tracemalloc.stop()

    assert held[0] < count * (2 * len(piece) + 256 * 1024) < count * 20 * len(piece)


async def test_a_body_without_end_grows_no_memory(tmp_path: Path) -> None:
    """
    A chat that never ends holds after a thousand messages what it held after ten.
    """
    held: list[int] = []

    async def app(scope: Message, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [HTML]})
        for number in range(1000):
            await send({"type": "http.response.body", "body": b"<p>Message %d</p>" % number, "more_body": True})
            if number in (9, 999):
                held.append(tracemalloc.get_traced_memory()[0])

    async def swallow(message: Message) -> None:
        pass

    async def receive() -> Message:
        return {"type": "http.disconnect"}

    middleware = ConsentMiddleware(app, make_site(tmp_path))
    await middleware._open()
    tracemalloc.start()
    await middleware(scope_of(), receive, swallow)
    tracemalloc.stop()

    assert held[1] - held[0] < 64 * 1024
