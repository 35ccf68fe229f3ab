"""A second app beside the first: found by its name, started and stopped with it."""

from __future__ import annotations

import importlib
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from contextlib import asynccontextmanager
from typing import Any

import anyio

from consentkit.errors import ConfigurationError

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]


def found(named: str | Callable[..., Any]) -> App | None:
    """The app of `mobile_app`, or None where there is none. Raises ConfigurationError for a name without an app."""
    if not isinstance(named, str):
        return named
    if not named:
        return None
    module, _, attribute = named.partition(":")
    if "" not in sys.path:
        sys.path.insert(0, "")  # from the working folder, as servers look for the first one
    try:
        app: Any = importlib.import_module(module)
        for name in attribute.split("."):
            app = getattr(app, name)
    except (ImportError, AttributeError) as error:
        raise ConfigurationError([f"mobile_app: {named!r} can't be used: {error}."]) from error
    if not callable(app):
        raise ConfigurationError([f"mobile_app: {named!r} is a {type(app).__name__}, not an app."])
    return app  # type: ignore[no-any-return]  # what can be called is taken for an app


class Companion:
    """The life of the second app, led by the first: `start` before the first has started, `stop` when it has ended.

    One that knows no lifespan is left in peace, as servers do with the first.
    """

    def __init__(self, app: App, scope: Scope) -> None:
        self._app = app
        self._scope = {**scope, "state": scope["state"]} if "state" in scope else dict(scope)
        self._asked, self._asking = anyio.create_memory_object_stream[Message](1)
        self._answering, self._answers = anyio.create_memory_object_stream[Message](1)
        self._lives = False

    async def run(self) -> None:
        """Its life, in a task of its own."""
        try:
            await self._app(self._scope, self._asking.receive, self._answering.send)
        except Exception:
            if self._lives:
                raise
        finally:
            self._answering.close()

    async def start(self) -> Message | None:
        """Its refusal to start, or None."""
        answer = await self._ask("lifespan.startup")
        self._lives = answer is not None and answer["type"] == "lifespan.startup.complete"
        return answer if answer is not None and answer["type"] == "lifespan.startup.failed" else None

    async def stop(self) -> None:
        if self._lives:
            await self._ask("lifespan.shutdown")
            self._lives = False

    def close(self) -> None:
        for stream in (self._asked, self._asking, self._answering, self._answers):
            stream.close()

    async def _ask(self, kind: str) -> Message | None:
        await self._asked.send({"type": kind})
        try:
            return await self._answers.receive()
        except anyio.EndOfStream:
            return None


@asynccontextmanager
async def beside(app: App | None, scope: Scope) -> AsyncIterator[Companion | None]:
    """The companion of a lifespan, gone when the block is left."""
    if app is None:
        yield None
        return
    companion = Companion(app, scope)
    try:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(companion.run)
            yield companion
            tasks.cancel_scope.cancel()
    finally:
        companion.close()
