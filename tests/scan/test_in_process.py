"""Apps that are asked without a network: Starlette, Django, and some that misbehave."""

from __future__ import annotations

import asyncio
import gzip
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse
from starlette.routing import Route

from consentkit.scan.crawl import Bounds, crawl
from consentkit.scan.fetch import MAX_BODY, FetchFailed
from consentkit.scan.in_process import InProcess

URL = "https://courier.example/"


def test_an_app_lives_while_it_is_read() -> None:
    """
    The app is started before the first page, keeps its state between pages, and is shut down after the last.
    """
    happened: list[str] = []

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        happened.append("start")
        yield
        happened.append("end")

    async def home(request: Request) -> HTMLResponse:
        happened.append(str(request.url))
        response = HTMLResponse('<a href="/a?b=1">' + "<p>" * 1000)
        response.set_cookie("session", "1")
        return response

    routes = [Route("/", home), Route("/a", lambda request: HTMLResponse(request.cookies.get("session", "none")))]
    app = GZipMiddleware(Starlette(routes=routes, lifespan=lifespan))
    with InProcess(app) as inside:
        found = crawl(URL, inside, Bounds(obey=False))

    assert happened == ["start", URL, "end"]
    assert [page.url for page in found.pages] == [URL, f"{URL}a?b=1"]
    assert list(found.cookies) == ["session"]


def test_a_login_redirect_of_an_app_is_followed() -> None:
    """
    Redirects inside the app are followed without a network.
    """
    app = Starlette(
        routes=[
            Route("/", lambda request: RedirectResponse("/login?next=/")),
            Route("/login", lambda request: HTMLResponse("<input type=password>")),
        ]
    )
    with InProcess(app) as inside:
        found = crawl(URL, inside, Bounds(obey=False))

    assert [page.url for page in found.pages] == [f"{URL}login?next=/"]
    assert "asks for a password" in found.notes[0]


DJANGO = """
import django
from django.conf import settings
settings.configure(SECRET_KEY="x", ROOT_URLCONF=__name__, ALLOWED_HOSTS=["courier.example"])
django.setup()
from django.core.asgi import get_asgi_application
from django.http import HttpResponse
from django.urls import path
urlpatterns = [path("", lambda request: HttpResponse(f"<a href=/b>{request.get_host()}")), path("b", lambda request: HttpResponse("b"))]
from consentkit.scan.crawl import Bounds, crawl
from consentkit.scan.in_process import InProcess
with InProcess(get_asgi_application()) as inside:
    print([page.url for page in crawl("https://courier.example/", inside, Bounds(obey=False)).pages])
"""


def test_django_is_read() -> None:
    """
    An app without lifespan, and with a mind of its own about hosts, is read.
    """
    done = subprocess.run([sys.executable, "-c", DJANGO], capture_output=True, text=True, check=False)

    assert done.stdout.strip() == "['https://courier.example/', 'https://courier.example/b']", done.stderr


async def raises(scope: Any, receive: Any, send: Any) -> None:
    raise ValueError("no database")


async def hangs(scope: Any, receive: Any, send: Any) -> None:
    await asyncio.sleep(60)


async def blocks(scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] == "http":
        time.sleep(1)  # noqa: ASYNC251 - that is its fault


async def is_silent(scope: Any, receive: Any, send: Any) -> None:
    pass


def only_http(app: Any) -> Any:
    async def wrapped(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            await app(scope, receive, send)

    return wrapped


@pytest.mark.parametrize(
    ("app", "reason"),
    [
        pytest.param(raises, "the app raised ValueError: no database", id="raises"),
        pytest.param(only_http(hangs), "no answer within 0.3 seconds", id="hangs"),
        pytest.param(blocks, "no answer within 0.3 seconds", id="blocks its loop"),
        pytest.param(is_silent, "the app did not answer", id="is silent"),
    ],
)
def test_an_app_that_does_not_answer_is_a_sentence(app: Any, reason: str) -> None:
    """
    An app that gives no page is told in one sentence, in bounded time.
    """
    patience = 0.3 if "no answer" in reason else 20
    with InProcess(app, patience=patience) as inside, pytest.raises(FetchFailed) as caught:
        inside.get(URL)

    assert caught.value.reason == reason


def test_an_app_that_does_not_start_is_a_sentence() -> None:
    """
    What the app says at start-up is passed on; one that never starts has its time.
    """

    async def fails(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "lifespan.startup.failed", "message": "no database"})

    with pytest.raises(FetchFailed, match="it does not start: no database"), InProcess(fails):
        pass
    with pytest.raises(FetchFailed, match=r"it does not start within 0\.2 seconds"), InProcess(hangs, patience=0.2):
        pass


def test_an_app_that_sends_for_ever_is_cut() -> None:
    """
    What an app sends beyond the limit is not waited for, packed or not.
    """

    def sending(chunk: bytes, *headers: tuple[bytes, bytes]) -> Any:
        async def app(scope: Any, receive: Any, send: Any) -> None:
            if scope["type"] == "http":
                await send(
                    {
                        "type": "http.response.start",
                        "status": 200,
                        "headers": [(b"content-type", b"text/html"), *headers],
                    }
                )
                while True:
                    await send({"type": "http.response.body", "body": chunk, "more_body": True})
                    await asyncio.sleep(0)

        return app

    with InProcess(sending(bytes(1024 * 1024))) as inside:
        answer = inside.get(URL)
    with InProcess(sending(gzip.compress(bytes(64 * 1024 * 1024)), (b"content-encoding", b"gzip"))) as inside:
        packed = inside.get(URL)

    assert (len(answer.body), answer.note) == (MAX_BODY, "only its first 4 MB were read")
    assert (len(packed.body), packed.note) == (MAX_BODY, "only its first 4 MB were read")
