"""The versions of a page: who decides, what the app is told, where the link leads, and that no two are mixed up."""

from __future__ import annotations

import asyncio
import random
import re
from pathlib import Path
from urllib.parse import quote

import pytest

from consentkit import reader_of
from tests.asgi.harness import NAVIGATION, Message, Receive, Send, answering, call, scope_of, wrapped

OLD = b"<!doctype html><html lang=en><head><title>T</title></head><body><p>Hello</p></body></html>"
HTML = [(b"content-type", b"text/html")]
PHONE = "Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 Chrome/146.0 Mobile Safari/537.36"

# Each would lead to another host, run script, split the answer or loop, if it were believed.
TRICKS = [
    "https://evil.example/", "HTTPS://evil.example", "http:evil.example", "https:evil.example", "https:/evil.example",
    "https:///evil.example", "//evil.example", "///evil.example", "////evil.example", "//evil.example/%2f..",
    "\\evil.example", "\\\\evil.example", "/\\evil.example", "\\/evil.example", "/\\/evil.example", "//\\evil.example",
    "/\t/evil.example", "/\n/evil.example", "/\r/evil.example", "\t//evil.example", " //evil.example", "/ /evil.example",
    "\x00//evil.example", "\x0b//evil.example", "/\x00/evil.example", "/\x0c/evil.example", "\xa0//evil.example",
    "javascript:alert(1)", "JavaScript:alert(1)", "java\tscript:alert(1)", "data:text/html,x", "vbscript:x", "blob:x",
    "file:///etc/passwd", "ftp://evil.example", "about:blank", "mailto:a@evil.example", "tel:1", "ws://evil.example",
    "//courier.example@evil.example", "https://courier.example@evil.example", "https://courier.example.evil.example/",
    "//evil.example#courier.example", "//evil.example?courier.example", "@evil.example", ".evil.example", "evil.example",
    "/../..//evil.example", "/./\\evil.example", "/a/../../\\evil.example", "//[::1]", "//0x7f.1", "//127.1", "//evil%2eexample",
    "//evil。example", "//evil．example", "／／evil.example", "/％2fevil", "/a\r\nSet-Cookie: x=1", "/a\r\nLocation: //evil.example",
    "/a%0d%0aSet-Cookie:%20x=1\r\n", "?next=//evil.example", "#//evil.example", "", "*", "//", "/\\", "\\",
    "/_ckit/reader?view=mobile&next=/", "/_ckit/choice", "/%5fckit/reader?view=mobile", "/_ckit/./reader", "/é//evil.example",
]  # fmt: skip


@pytest.mark.parametrize("trick", TRICKS)
async def test_the_link_never_leaves_the_site(tmp_path: Path, trick: str) -> None:
    """
    Whatever stands in `next`, the answer leads to a page of this site.
    """
    query = f"view=mobile&next={quote(trick)}"
    answer = await call(wrapped(answering(OLD), tmp_path), scope_of("/_ckit/reader", query=query))
    location = answer.header("location") or ""

    assert answer.status == 303
    assert location.startswith("/")
    assert not location.startswith(("//", "/\\", "/_ckit"))
    assert not set(location) & set("\\\t\r\n\0 ")
    assert answer.values("set-cookie") == [line for line in answer.values("set-cookie") if "ckit_reader" in line]


def test_there_are_enough_tricks() -> None:
    """
    The corpus is not to shrink unnoticed.
    """
    assert len(set(TRICKS)) == len(TRICKS) >= 60


@pytest.mark.parametrize(
    ("query", "cookie", "expected"),
    [
        ("", "", ""),
        ("", "-.mobile", "mobile"),
        ("", "-.desktop", "desktop"),
        ("ckit_view=desktop", "-.mobile", "desktop"),
        ("ckit_view=mobile", "-.desktop", "mobile"),
        ("ckit_view=tablet", "-.mobile", "mobile"),
        ("ckit_view=", "-.mobile", "mobile"),
    ],
)
async def test_address_wins_over_cookie_over_device(tmp_path: Path, query: str, cookie: str, expected: str) -> None:
    """
    A phone alone changes nothing: its reader is offered the link. A copy of the header that the client sent is dropped.
    """
    headers = {
        **NAVIGATION,
        "user-agent": PHONE,
        "x-view": "mobile",
        "x_view": "mobile",
        "cookie": f"ckit_reader={cookie}",
    }
    seen: list[bytes] = []

    async def app(scope: Message, receive: Receive, send: Send) -> None:
        seen.extend(value for name, value in scope["headers"] if name.replace(b"_", b"-") == b"x-view")
        seen.append(reader_of(scope).view.encode())
        await answering(OLD)(scope, receive, send)

    answer = await call(wrapped(app, tmp_path), scope_of("/a", query=query, headers=headers))

    assert seen == ([expected.encode()] * 2 if expected else [b"mobile"])
    assert (b"data-ckit-view" in answer.body) is bool(expected)
    assert answer.values("set-cookie") == []


@pytest.mark.parametrize("way", ["mobile", "desktop"])
async def test_the_way_there_keeps_path_and_query_and_leaves_one_cookie(tmp_path: Path, way: str) -> None:
    """
    The address is clean afterwards: no parameter of ours is shared or indexed.
    """
    app = wrapped(answering(OLD), tmp_path)
    answer = await call(app, scope_of("/_ckit/reader", query=f"view={way}&next={quote('/a/b?q=1&r=%C5%A1')}"))

    assert answer.header("location") == "/a/b?q=1&r=%C5%A1"
    assert answer.cookies == {"ckit_reader": f"-.{way}"}
    assert len(answer.values("set-cookie")) == 1
    assert answer.header("cache-control") == "no-store"


async def test_a_prefetch_does_not_switch(tmp_path: Path) -> None:
    """
    A browser that runs ahead has not chosen.
    """
    headers = {**NAVIGATION, "sec-purpose": "prefetch"}
    answer = await call(
        wrapped(answering(OLD), tmp_path), scope_of("/_ckit/reader", query="view=mobile&next=/", headers=headers)
    )

    assert answer.values("set-cookie") == []


async def test_a_page_made_for_the_view_is_left_alone(tmp_path: Path) -> None:
    """
    `X-View: native` says that the app answered in the view itself: no sheet, no viewport, and the header stays inside.
    """
    own = b"<!doctype html><html><head><meta name=viewport content='width=400'></head><body>Mine</body></html>"
    app = wrapped(answering(own, headers=[*HTML, (b"x-view", b"native")]), tmp_path)
    answer = await call(app, scope_of("/", headers={**NAVIGATION, "cookie": "ckit_reader=-.mobile"}))

    assert b"width=400" in answer.body
    assert b"initial-scale" not in answer.body
    assert b"@layer ckit" not in answer.body
    assert b'data-ckit-view="mobile"' in answer.body
    assert b"view=desktop" in answer.body
    assert answer.values("x-view") == []


async def test_a_cache_that_believes_vary_never_mixes_versions(tmp_path: Path) -> None:
    """
    A thousand interleaved requests through a cache that keys by Vary alone: everybody gets the version they chose.
    """
    app = wrapped(answering(OLD, headers=[*HTML, (b"cache-control", b"max-age=60")]), tmp_path)
    order = random.Random(6)
    stored: dict[tuple[str, ...], bytes] = {}
    vary: list[str] = []

    async def ask(view: str) -> None:
        headers = {**NAVIGATION, "cookie": f"ckit_reader=-.{view}" if view else "other=1"}
        key = tuple(headers.get(name, "") for name in vary)
        body = stored.get(key) if vary else None
        await asyncio.sleep(0)
        if body is None:
            answer = await call(app, scope_of("/", headers=headers))
            vary[:] = [name.strip().lower() for name in (answer.header("vary") or "").split(",")]
            assert "private" in (answer.header("cache-control") or "")
            stored[tuple(headers.get(name, "") for name in vary)] = body = answer.body
        assert (f'data-ckit-view="{view}"'.encode() in body) if view else (b"data-ckit-view" not in body)

    await asyncio.gather(*(ask(order.choice(["", "mobile", "desktop"])) for _ in range(1000)))

    assert len(stored) == 3


async def test_requests_at_the_same_time_do_not_leak(tmp_path: Path) -> None:
    """
    Each request sees its own reader, however they overlap.
    """

    async def app(scope: Message, receive: Receive, send: Send) -> None:
        before = reader_of(scope).view
        for _ in range(order.randrange(5)):
            await asyncio.sleep(0)
        assert reader_of(scope).view == before
        await answering(f"<!doctype html><html><body><p>{before}</p></body></html>".encode())(scope, receive, send)

    order = random.Random(7)
    middleware = wrapped(app, tmp_path)
    views = [order.choice(["mobile", "desktop"]) for _ in range(200)]
    answers = await asyncio.gather(
        *(call(middleware, scope_of("/", headers={**NAVIGATION, "cookie": f"ckit_reader=-.{v}"})) for v in views)
    )

    assert all(f"<p>{view}</p>".encode() in answer.body for view, answer in zip(views, answers, strict=True))


RESPONSIVE = OLD.replace(b"<title>", b'<meta name="viewport" content="width=device-width"><title>')


@pytest.mark.parametrize("policy", ["", "style-src 'self'; script-src 'self'"], ids=["in the page", "as files"])
@pytest.mark.parametrize(("page", "anew"), [(OLD, True), (RESPONSIVE, False)], ids=["made for a desk", "responsive"])
async def test_only_a_page_made_for_a_desk_is_laid_out_anew(
    tmp_path: Path, page: bytes, anew: bool, policy: str
) -> None:
    """
    A responsive page gets no sheet, not even as a file; what still sticks out of the window is mended on both.
    """
    app = wrapped(answering(page, headers=[*HTML, (b"content-security-policy", policy.encode())]), tmp_path)
    answer = await call(app, scope_of("/", headers={**NAVIGATION, "cookie": "ckit_reader=-.mobile"}))
    files = re.findall(rb"/_ckit/assets/[a-z0-9.]+", answer.body)
    styles = b"".join([(await call(app, scope_of(each.decode()))).body for each in files if each.endswith(b".css")])

    assert (b"[data-ckit-view=mobile]" in answer.body + styles) is anew
    assert [each for each in files if b"/mobile." in each] != []
