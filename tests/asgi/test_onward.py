"""Headers, early hints and speculation rules that would call a company that waits, through the whole middleware."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from consentkit.testing import cookies
from tests.asgi.harness import Message, Receive, Send, answering, call, make_site, scope_of, wrapped

LINK = b"<https://stats.example.net/a.js>; rel=preload; as=script, </own.css>; rel=preload; as=style"
HTML = (b"content-type", b"text/html")


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ([HTML], 200),
        ([HTML, (b"cache-control", b"no-transform")], 200),
        ([HTML, (b"content-encoding", b"x-unheard-of")], 200),
        ([HTML], 206),
        ([(b"content-type", b"application/json")], 200),
        ([], 304),
        ([(b"location", b"/next")], 302),
    ],
    ids=["a page", "not to be changed", "unreadable", "a part", "no page", "not modified", "a redirect"],
)
async def test_whatever_the_body_is(tmp_path: Path, headers: list[tuple[bytes, bytes]], status: int) -> None:
    """
    Also where a body can't be changed, or is none, its headers call nobody who waits.
    """
    app = wrapped(answering(b"<p>x", status=status, headers=[*headers, (b"Link", LINK), (b"NEL", b"{}")]), tmp_path)
    found = await call(app, scope_of())

    assert found.values("link") == ["</own.css>; rel=preload; as=style"]
    assert found.values("nel") == ["{}"]


@pytest.mark.parametrize("options", [{"holding": "observe"}, {"skip": ["/"]}], ids=["observe", "skip"])
async def test_where_nothing_is_held_headers_stay(tmp_path: Path, options: dict[str, Any]) -> None:
    """
    Under `observe`, on skipped paths, when the app says `X-Ckit: off`, and for who has agreed, they pass.
    """
    fields = [HTML, (b"link", LINK)]
    agreed = cookies(make_site(tmp_path), granted=["analytics"])
    given = {"accept": "text/html", "cookie": "; ".join(f"{name}={value}" for name, value in agreed.items())}
    plain, off = answering(b"<p>x", headers=fields), answering(b"<p>x", headers=[*fields, (b"x-ckit", b"off")])

    for exchange in (
        await call(wrapped(plain, tmp_path, **options), scope_of()),
        await call(wrapped(off, tmp_path), scope_of()),
        await call(wrapped(plain, tmp_path), scope_of(headers=given)),
    ):
        assert exchange.values("link") == [LINK.decode()]


async def test_early_hints(tmp_path: Path) -> None:
    """
    103: links of who waits are left out, and hints of which nothing is left are not sent.
    """

    async def app(scope: Message, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.early_hint", "links": [LINK, b"</b.css>; rel=preload; as=style"]})
        await send({"type": "http.response.early_hint", "links": [b"<//stats.example.net>; rel=preconnect"]})
        await send({"type": "http.response.start", "status": 200, "headers": [HTML]})
        await send({"type": "http.response.body", "body": b"<p>x"})

    found = await call(wrapped(app, tmp_path), scope_of())

    hints = [message["links"] for message in found.messages if message["type"] == "http.response.early_hint"]
    assert hints == [[b"</own.css>; rel=preload; as=style", b"</b.css>; rel=preload; as=style"]]


async def test_speculation_rules_in_the_page(tmp_path: Path) -> None:
    """
    Rules that fetch ahead from who waits are held as a whole; those of the site itself stay.
    """
    own = '<script type="speculationrules">{"prefetch":[{"urls":["/next"]}]}</script>'
    other = '<script type="speculationrules">{"prerender":[{"urls":["https://stats.example.net/x"]}]}</script>'
    body = f"<!doctype html><html><head>{own}{other}</head><body></body></html>".encode()

    html = (await call(wrapped(answering(body), tmp_path), scope_of())).body.decode()

    assert own in html
    assert (
        '<script data-ckit-purpose="analytics" data-ckit-vendor="stats" type="text/plain"'
        ' data-ckit-type="speculationrules">{"prerender"' in html
    )
