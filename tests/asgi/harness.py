"""Call an ASGI app with exact messages, and see every message it sends, in order."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from consentkit import ConsentMiddleware, Policy, Purpose, Site, Vendor

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Message, Receive, Send], Awaitable[None]]

NAVIGATION = {
    "accept": "text/html",
    "sec-fetch-dest": "document",
    "sec-fetch-mode": "navigate",
    "sec-fetch-site": "same-origin",
}
PAGE = (
    b'<!doctype html><html lang="en"><head><title>T</title></head><body><p>Hello</p>'
    b'<img src="https://stats.example.net/p.gif"></body></html>'
)
SECRET = "a secret for tests that is long enough to be taken"


@dataclass
class Exchange:
    """What came out of one request."""

    messages: list[Message] = field(default_factory=list)
    scope_seen: Message = field(default_factory=dict)

    @property
    def start(self) -> Message:
        return next(m for m in self.messages if m["type"] == "http.response.start")

    @property
    def status(self) -> int:
        return int(self.start["status"])

    @property
    def body(self) -> bytes:
        return b"".join(bytes(m.get("body", b"")) for m in self.messages if m["type"] == "http.response.body")

    @property
    def pieces(self) -> list[bytes]:
        return [bytes(m.get("body", b"")) for m in self.messages if m["type"] == "http.response.body"]

    @property
    def kinds(self) -> list[str]:
        return [m["type"] for m in self.messages]

    def values(self, name: str) -> list[str]:
        return [v.decode("latin-1") for k, v in self.start["headers"] if k.decode().lower() == name]

    def header(self, name: str) -> str | None:
        found = self.values(name)
        return found[0] if found else None

    @property
    def cookies(self) -> dict[str, str]:
        pairs = [line.partition(";")[0].partition("=") for line in self.values("set-cookie")]
        return {name: value for name, _, value in pairs if value}


def make_site(folder: Path, **options: Any) -> Site:
    """A small site: privacy and terms, one declared vendor. Its policies lie elsewhere, so no app is asked for them."""
    given: dict[str, Any] = {
        "name": "Test site",
        "controller": "Example Ltd",
        "contact": "privacy@example.org",
        "secret": SECRET,
        "folder": folder,
        "policies": [
            Policy("privacy", url="https://policies.example/privacy", version="1"),
            Policy("terms", url="https://policies.example/terms", version="1", kind="terms"),
        ],
        "purposes": [Purpose("analytics", vendors=[Vendor("stats", title="Stats", hosts=["stats.example.net"])])],
    }
    return Site(**{**given, **options})


def scope_of(
    path: str = "/", *, method: str = "GET", headers: dict[str, str] | None = None, query: str = "", **more: Any
) -> Message:
    fields = {"host": "courier.example", **(NAVIGATION if headers is None else headers)}
    return {
        "type": "http", "asgi": {"version": "3.0", "spec_version": "2.4"}, "http_version": "1.1", "method": method,
        "scheme": "http", "path": path, "raw_path": path.encode(), "query_string": query.encode(), "root_path": "",
        "headers": [(k.lower().encode(), v.encode("latin-1")) for k, v in fields.items()],
        "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 80), **more,
    }  # fmt: skip


async def call(app: App, scope: Message, body: bytes = b"") -> Exchange:
    """One request to its end."""
    exchange = Exchange()
    gone = asyncio.Event()
    given = False

    async def receive() -> Message:
        nonlocal given
        if given:
            await gone.wait()
            return {"type": "http.disconnect"}
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Message) -> None:
        exchange.messages.append(dict(message))

    await app(scope, receive, send)
    return exchange


def answering(
    *pieces: bytes, status: int = 200, headers: Iterable[tuple[bytes, bytes]] = ((b"content-type", b"text/html"),)
) -> App:
    """An app that answers with these pieces."""

    async def app(scope: Message, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": status, "headers": list(headers)})
        for number, piece in enumerate(pieces or (b"",)):
            last = number >= len(pieces) - 1
            await send({"type": "http.response.body", "body": piece, "more_body": not last})

    return app


def wrapped(app: App, folder: Path, **options: Any) -> ConsentMiddleware:
    return ConsentMiddleware(app, make_site(folder, **options))
