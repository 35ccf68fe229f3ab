"""The same small page in five frameworks, each wrapped the same way; served together, one below each path.

python -m uvicorn tests.asgi.apps:app
granian --interface asgi tests.asgi.apps:app
"""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, MutableMapping
from pathlib import Path
from typing import Any, cast

import fastapi
import fastapi.responses

from consentkit import ConsentMiddleware, Policy, Purpose, Site, Vendor, consent_of, reader_of

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

TAG = '<script src="https://stats.example.net/a.js"></script>'


def page(request: Any) -> str:
    """What every framework answers: what the app was told about its visitor, and one tag of a declared vendor."""
    consent, reader = consent_of(request), reader_of(request)
    return (
        f'<!doctype html><html lang="en"><head><title>Page</title>{TAG}</head>'
        f"<body><p>analytics={consent.allows('analytics')} view={reader.view} text={reader.text_size}</p></body></html>"
    )


def starlette_app() -> App:
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import HTMLResponse
    from starlette.routing import Route

    async def index(request: Request) -> HTMLResponse:
        return HTMLResponse(page(request))

    return Starlette(routes=[Route("/", index)])


def fastapi_app() -> App:
    app = fastapi.FastAPI()

    @app.get("/", response_class=fastapi.responses.HTMLResponse)
    async def index(request: fastapi.Request) -> str:
        return page(request)

    return app


def django_app() -> App:
    import django
    from django.conf import settings
    from django.core.asgi import get_asgi_application
    from django.http import HttpRequest, HttpResponse
    from django.urls import path

    def index(request: HttpRequest) -> HttpResponse:
        return HttpResponse(page(request))

    if not settings.configured:
        settings.configure(
            SECRET_KEY="a secret of this test alone, nothing else uses it",
            ALLOWED_HOSTS=["*"],
            ROOT_URLCONF=type("urls", (), {"urlpatterns": [path("", index)]}),
        )
        django.setup()
    application: App = get_asgi_application()
    return application


def quart_app() -> App:
    from quart import Quart, request

    app = Quart(__name__)

    @app.get("/")
    async def index() -> str:
        return page(request)

    return cast(App, app)  # Quart types its scope more narrowly than ASGI does


def flask_app() -> App:
    from a2wsgi import WSGIMiddleware
    from flask import Flask, request

    app = Flask(__name__)

    @app.get("/")
    def index() -> str:
        return page(request.environ)

    bridge: Any = WSGIMiddleware
    return cast(App, bridge(app))  # as above, and a2wsgi types its environ more narrowly than WSGI does


FRAMEWORKS: dict[str, Callable[[], App]] = {
    "starlette": starlette_app,
    "fastapi": fastapi_app,
    "django": django_app,
    "quart": quart_app,
    "flask": flask_app,
}


def make_site(folder: Path, name: str) -> Site:
    return Site(
        name="Test site",
        controller="Example Ltd",
        contact="privacy@example.org",
        secret="a secret for tests that is long enough to be taken",
        log=f"sqlite:///{name}.db",
        folder=folder,
        policies=[
            Policy("privacy", url="/privacy", version="1"),
            Policy("terms", url="/terms", version="1", kind="terms"),
        ],
        purposes=[Purpose("analytics", vendors=[Vendor("stats", title="Stats", hosts=["stats.example.net"])])],
    )


class Several:
    """Sends a request to the app that its first path segment names, mounted there."""

    def __init__(self, folder: Path) -> None:
        self._apps = {name: ConsentMiddleware(make(), make_site(folder, name)) for name, make in FRAMEWORKS.items()}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
            return
        name = scope["path"].split("/")[1]
        await self._apps[name]({**scope, "root_path": f"/{name}"}, receive, send)

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            await send({"type": f"{message['type']}.complete"})
            if message["type"] == "lifespan.shutdown":
                return


def __getattr__(name: str) -> Several:
    if name != "app":
        raise AttributeError(name)
    return Several(Path(os.environ["CONSENTKIT_TEST_FOLDER"]))
