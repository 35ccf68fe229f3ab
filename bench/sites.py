"""What the other files here time and weigh: one small site, bare apps, and one request as a browser sends it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from pathlib import Path
from typing import Any

from consentkit import Policy, Purpose, Site, Vendor

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

#: What Chromium sends with a navigation.
BROWSER = {
    "host": "courier.example",
    "connection": "keep-alive",
    "upgrade-insecure-requests": "1",
    "user-agent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0 Safari/537.36",
    "accept": "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8",
    "sec-fetch-site": "none",
    "sec-fetch-mode": "navigate",
    "sec-fetch-user": "?1",
    "sec-fetch-dest": "document",
    "accept-language": "en-GB,en;q=0.9",
}
#: And with a `fetch()` for data.
FETCH = {
    **BROWSER,
    "accept": "*/*",
    "sec-fetch-site": "same-origin",
    "sec-fetch-mode": "cors",
    "sec-fetch-dest": "empty",
}

HTML = (b"content-type", b"text/html; charset=utf-8")
JSON = (b"content-type", b"application/json")


def site(folder: Path) -> Site:
    """Two purposes with three vendors, terms, a log in a file."""
    return Site(
        name="Bench",
        controller="Example Ltd, 1 Example Street",
        contact="privacy@example.org",
        secret="a secret of the benchmark, which protects nothing",
        log="sqlite:///bench.db",
        folder=folder,
        policies=[
            Policy("privacy", url="/privacy", version="1"),
            Policy("terms", url="/terms", version="1", kind="terms"),
        ],
        purposes=[
            Purpose("analytics", vendors=["google-analytics"]),
            Purpose("media", vendors=["youtube", Vendor("maps", title="Maps", hosts=["maps.example.net"])]),
        ],
    )


def page(size: int) -> bytes:
    """A page of about `size` bytes as small sites have them: a head, links, pictures, one video, one pixel."""
    head = (
        b'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Council votes on the bridge</title>'
        b'<meta name="viewport" content="width=device-width"><link rel="stylesheet" href="/static/site.css">'
        b'<script async src="https://www.googletagmanager.com/gtag/js?id=G-1"></script></head><body class="news">'
        b'<header><a href="/">Courier</a><nav><ul><li><a href="/news">News</a><li><a href="/sport">Sport</a></ul></nav>'
        b'</header><main><iframe width="560" height="315" src="https://www.youtube.com/embed/x" title="Film"></iframe>'
    )
    story = (
        b'<article class="story" id="s"><h2><a href="/story/bridge">The bridge is to be painted</a></h2>'
        b'<img src="/static/bridge.jpg" width="320" height="180" alt="The bridge"><p>The council has voted on it, and '
        b"the painters will come in spring; until then it stays as it is, grey &amp; quiet, over it.</p></article>"
    )
    foot = (
        b'</main><img src="https://www.google-analytics.com/collect?v=1" width="1" height="1" alt="">'
        b"<footer><p>Courier</p></footer></body></html>"
    )
    return head + story * max(0, (size - len(head) - len(foot)) // len(story)) + foot


def answering(body: bytes, *headers: tuple[bytes, bytes]) -> App:
    """The least an app can do: the same answer to every request."""
    fields = [*headers, (b"content-length", str(len(body)).encode())]

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": fields})
        await send({"type": "http.response.body", "body": body})

    return app


def request(headers: dict[str, str], path: str = "/") -> Scope:
    return {
        "type": "http", "asgi": {"version": "3.0", "spec_version": "2.3"}, "http_version": "1.1", "method": "GET",
        "scheme": "http", "path": path, "raw_path": path.encode(), "query_string": b"", "root_path": "",
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 80),
    }  # fmt: skip


async def nothing_more() -> Message:
    return {"type": "http.request", "body": b"", "more_body": False}


async def swallow(message: Message) -> None:
    """Take a message as a server does that has somewhere to send it."""
