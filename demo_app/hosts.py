"""One port, several sites: the Host header says which one is meant."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.types import ASGIApp, Receive, Scope, Send


class ByHost:
    """Hand a request to the app of its host name, and everything else, lifespan too, to `otherwise`."""

    def __init__(self, apps: Mapping[str, ASGIApp], *, otherwise: ASGIApp) -> None:
        self.apps = apps
        self.otherwise = otherwise

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.apps.get(host_of(scope), self.otherwise)(scope, receive, send)


def host_of(scope: Scope) -> str:
    for name, value in scope.get("headers", ()):
        if name == b"host":
            return str(value.decode("latin-1").partition(":")[0].lower())
    return ""
