"""Ask an app in this process: no network, no server. The app runs on a loop of its own, from start-up to shutdown."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping, MutableMapping
from types import TracebackType
from typing import Any
from urllib.parse import unquote, urlsplit

from consentkit.scan.fetch import MAX_BODY, NAVIGATION, PATIENCE, Answer, FetchFailed, take, with_cookies, within

Message = MutableMapping[str, Any]
App = Callable[[Message, Callable[[], Awaitable[Message]], Callable[[Message], Awaitable[None]]], Awaitable[None]]


class InProcess:
    """Fetches from an ASGI app; a context manager, because the app is started and shut down. `headers`: sent along.

    Raises `FetchFailed` when it is entered and the app does not start.
    """

    def __init__(self, app: App, *, patience: float = PATIENCE, headers: Mapping[str, str] | None = None) -> None:
        self._app = app
        self.patience = patience
        self._headers = {**NAVIGATION, **(headers or {})}
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._inbox: asyncio.Queue[Message] = asyncio.Queue()
        self._outbox: asyncio.Queue[Message] = asyncio.Queue()

    def __enter__(self) -> InProcess:
        self._thread.start()
        failed = self._wait(self._start())
        if failed:
            self._stop()
            raise FetchFailed("The app", failed)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._wait(self._shut_down())
        self._stop()

    def get(self, url: str, cookies: str = "") -> Answer:
        """The app's answer to a GET of an address of its own. Raises `FetchFailed`."""
        return self.ask("GET", url, with_cookies(self._headers, cookies).items(), b"")

    def ask(self, method: str, url: str, headers: Iterable[tuple[str, str]], body: bytes) -> Answer:
        """The app's answer to any request. Raises `FetchFailed`."""
        exchange = _Exchange(self._app, method, url, list(headers), body)
        future = asyncio.run_coroutine_threadsafe(exchange.run(), self._loop)
        try:
            failed = future.result(self.patience)
        except TimeoutError:
            future.cancel()
            failed = f"no answer {within(self.patience)}"
            if exchange.status:
                return exchange.answer("its body did not end in time; what came until then was read")
        if failed:
            raise FetchFailed(url, failed)
        return exchange.answer()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_forever()
        # What the app left running ends here; what does not want to is left behind.
        left = asyncio.all_tasks(self._loop)
        for task in left:
            task.cancel()
        if left:
            self._loop.run_until_complete(asyncio.wait(left, timeout=1))
        self._loop.run_until_complete(self._loop.shutdown_asyncgens())
        self._loop.close()

    def _wait(self, work: Any) -> str:
        """What went wrong with the app's start or end, or ""."""
        future = asyncio.run_coroutine_threadsafe(work, self._loop)
        try:
            return str(future.result(self.patience) or "")
        except TimeoutError:
            future.cancel()
            return f"it does not start {within(self.patience)}"

    async def _start(self) -> str:
        self._life = asyncio.ensure_future(self._app({"type": "lifespan", "asgi": {"version": "3.0"}, "state": {}}, self._inbox.get, self._outbox.put))  # fmt: skip
        await self._inbox.put({"type": "lifespan.startup"})
        said = asyncio.ensure_future(self._outbox.get())
        await asyncio.wait({self._life, said}, return_when=asyncio.FIRST_COMPLETED)
        if said.done() and said.result()["type"] == "lifespan.startup.failed":
            return "it does not start: " + str(said.result().get("message") or "it does not say why")[:300]
        said.cancel()
        return ""  # an app without lifespan raises or returns, which is allowed

    async def _shut_down(self) -> None:
        if not self._life.done():
            await self._inbox.put({"type": "lifespan.shutdown"})
            await asyncio.wait({self._life}, timeout=self.patience)
        self._life.cancel()
        await asyncio.wait({self._life}, timeout=1)

    def _stop(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        # An app that never gives the loop back keeps its thread; it ends with the process.
        self._thread.join(2)


class _Exchange:
    """One request and what the app sends for it, as far as it is wanted."""

    def __init__(self, app: App, method: str, url: str, headers: list[tuple[str, str]], body: bytes) -> None:
        self.url = url
        self.status = 0
        self._app = app
        self._scope = _scope(method, url, headers)
        self._body: bytes | None = body
        self._headers: tuple[tuple[str, str], ...] = ()
        self._chunks: list[bytes] = []
        self._size = 0
        self._enough = asyncio.Event()

    async def run(self) -> str:
        """Why there is no answer, or ""."""
        app = asyncio.ensure_future(self._app(self._scope, self._receive, self._send))
        enough = asyncio.ensure_future(self._enough.wait())
        try:
            await asyncio.wait({app, enough}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            enough.cancel()
            app.cancel()
            ended = await asyncio.gather(app, return_exceptions=True)
        if self.status:
            return ""  # frameworks answer 500 and then raise what they caught
        error = ended[0]
        return f"the app raised {type(error).__name__}: {str(error)[:200]}" if error else "the app did not answer"

    def answer(self, note: str = "") -> Answer:
        answer = Answer(self.url, self.status, self._headers)
        body, missing = take(self._chunks, answer.first("content-encoding"), time.monotonic() + PATIENCE)
        return Answer(self.url, self.status, self._headers, body, missing or note)

    async def _receive(self) -> Message:
        if self._body is None:
            await asyncio.sleep(3600)
        body, self._body = self._body, None
        return {"type": "http.request", "body": body, "more_body": False}

    async def _send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            fields = message.get("headers", [])
            self._headers = tuple(
                (bytes(name).decode("latin-1").lower(), bytes(value).decode("latin-1")) for name, value in fields
            )
        elif message["type"] == "http.response.body":
            chunk = bytes(message.get("body", b""))
            self._chunks.append(chunk)
            self._size += len(chunk)
            if self._size > MAX_BODY or not message.get("more_body", False):
                self._enough.set()


def _scope(method: str, url: str, headers: list[tuple[str, str]]) -> Message:
    parts = urlsplit(url)
    fields = [("host", parts.netloc), *((name, value) for name, value in headers if name.lower() != "host")]
    return {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method, "scheme": parts.scheme,
        "path": unquote(parts.path) or "/", "raw_path": (parts.path or "/").encode(), "root_path": "",
        "query_string": parts.query.encode(), "server": (parts.hostname, parts.port or 80), "extensions": {},
        "headers": [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in fields],
        "client": ("127.0.0.1", 0),
    }  # fmt: skip
