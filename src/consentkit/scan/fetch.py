"""Fetch pages as a browser that has not chosen: from an app in this process, or from an address."""

from __future__ import annotations

import asyncio
import urllib.error
import urllib.request
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlsplit

from consentkit.errors import ConsentKitError

Message = MutableMapping[str, Any]
App = Callable[[Message, Callable[[], Awaitable[Message]], Callable[[Message], Awaitable[None]]], Awaitable[None]]

# What a browser sends when somebody types an address.
NAVIGATION = {
    "accept": "text/html,application/xhtml+xml",
    "sec-fetch-dest": "document",
    "sec-fetch-mode": "navigate",
    "sec-fetch-site": "none",
    "user-agent": "consentkit-check",
}
MAX_PAGE = 10 * 1024 * 1024  # bytes
PATIENCE = 10.0  # seconds for one page


class FetchFailed(ConsentKitError):
    """The page can't be had; `reason` says why."""

    def __init__(self, url: str, reason: str) -> None:
        self.url = url
        self.reason = reason
        super().__init__(f"{url} can't be fetched: {reason}.")


@dataclass(frozen=True)
class Fetched:
    url: str
    status: int
    is_html: bool
    body: bytes


def from_app(app: App, url: str) -> Fetched:
    """One page of an ASGI app in this process. No network is used."""
    try:
        return asyncio.run(asyncio.wait_for(_ask(app, url), PATIENCE))
    except TimeoutError:
        raise FetchFailed(url, f"no answer within {PATIENCE:.0f} seconds") from None


def from_address(url: str) -> Fetched:
    """One page over the network, at most 10 MB of it."""
    request = urllib.request.Request(url, headers=NAVIGATION)  # noqa: S310 - only http and https reach this
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE) as response:  # noqa: S310
            return _fetched(response.geturl(), response.status, response.headers, response.read(MAX_PAGE))
    except urllib.error.HTTPError as error:
        return _fetched(url, error.code, error.headers, error.read(MAX_PAGE))
    except (OSError, ValueError) as error:
        raise FetchFailed(url, str(getattr(error, "reason", error))) from None


def _fetched(url: str, status: int, headers: Any, body: bytes) -> Fetched:
    return Fetched(url, status, "html" in (headers.get("content-type") or ""), body)


async def _ask(app: App, url: str) -> Fetched:
    parts = urlsplit(url)
    headers = [(b"host", parts.netloc.encode())] + [(k.encode(), v.encode()) for k, v in NAVIGATION.items()]
    scope: Message = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "GET",
        "scheme": parts.scheme, "path": unquote(parts.path) or "/", "raw_path": parts.path.encode(),
        "query_string": parts.query.encode(), "root_path": "", "headers": headers,
        "server": (parts.hostname, parts.port or 80), "client": ("127.0.0.1", 0), "extensions": {},
    }  # fmt: skip
    sent: list[Message] = []
    given = False

    async def receive() -> Message:
        nonlocal given
        if given:
            await asyncio.sleep(3600)
        given = True
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        sent.append(message)

    await app(scope, receive, send)
    start = next((message for message in sent if message["type"] == "http.response.start"), None)
    if start is None:
        raise FetchFailed(url, "the app did not answer")
    fields = {bytes(name).lower(): bytes(value) for name, value in start.get("headers", [])}
    body = b"".join(bytes(m.get("body", b"")) for m in sent if m["type"] == "http.response.body")
    return Fetched(url, start["status"], b"html" in fields.get(b"content-type", b""), body)
