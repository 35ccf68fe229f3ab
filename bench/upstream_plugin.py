"""A pytest plugin for `bench.upstream`: wraps what a TestClient starts, and writes down how each test ended."""

from __future__ import annotations

import asyncio
import json
import os
import re
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from starlette import testclient

from consentkit import ConsentMiddleware, Policy, Purpose, Site

WRAP = os.environ.get("CONSENTKIT_UPSTREAM_WRAP", "")
OUTCOMES = Path(os.environ["CONSENTKIT_UPSTREAM_OUTCOMES"])
FOLDER = Path(os.environ["CONSENTKIT_UPSTREAM_FOLDER"])

# What we put into a page: the root, and what carries our mark in the head. Nothing of it is nested in itself.
ROOT = re.compile(rb'<ckit-ui id="ckit-root".*</ckit-ui>', re.DOTALL)
HEAD = re.compile(
    rb'<(style|script|noscript)\b(?:"[^"]*"|[^">])*data-ckit-ui="head"(?:"[^"]*"|[^">])*>.*?</\1>'
    rb'|<(?:link|meta)\b(?:"[^"]*"|[^">])*data-ckit-ui="head"(?:"[^"]*"|[^">])*>',
    re.DOTALL,
)

_outcomes: dict[str, str] = {}
_logs = count()
_running: list[ConsentMiddleware] = []


def site() -> Site:
    """A small site of its own for each client, so that no test meets the log of another."""
    return Site(
        name="Upstream tests",
        controller="Example Ltd, 1 Example Street",
        contact="privacy@example.org",
        secret="a secret for tests that is long enough to be taken",
        log=f"sqlite:///log-{next(_logs)}.db",
        folder=FOLDER,
        policies=[
            # Elsewhere, so that nobody asks the tested app for them.
            Policy("privacy", url="https://policies.example/privacy", version="1"),
            Policy("terms", url="https://policies.example/terms", version="1", kind="terms"),
        ],
        purposes=[Purpose("analytics", vendors=["google-analytics"]), Purpose("media", vendors=["youtube"])],
        holding="known",
    )


def without_ours(body: bytes) -> bytes:
    """A page without our elements, which is the page that the app sent."""
    return HEAD.sub(b"", ROOT.sub(b"", body))


def wrap_clients() -> None:
    start = testclient.TestClient.__init__

    def start_wrapped(self: Any, app: Any, *args: Any, **options: Any) -> None:
        plain = app if testclient._is_asgi3(app) else testclient._WrapASGI2(app)
        wrapped = ConsentMiddleware(plain, site())
        _running.append(wrapped)
        start(self, wrapped, *args, **options)

    testclient.TestClient.__init__ = start_wrapped  # type: ignore[method-assign]


def take_ours_out() -> None:
    """As the client receives a response: no message and no header of ours is hidden, only what stands in the body."""
    receive = testclient._TestClientTransport.handle_request

    def receive_without_ours(self: Any, request: Any) -> Any:
        response: Any = receive(self, request)
        if "text/html" in response.headers.get("content-type", ""):
            client: Any = vars(testclient)["httpx"]  # by whatever name it was imported
            response.stream = client.ByteStream(without_ours(b"".join(response.stream)))
        return response

    testclient._TestClientTransport.handle_request = receive_without_ours  # type: ignore[method-assign]


if WRAP:
    wrap_clients()
if WRAP == "without-ours":
    take_ours_out()


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown() -> None:
    """Many tests have no lifespan, so nobody else closes their log; the collector would, in the middle of another."""
    while _running:
        asyncio.run(_running.pop()._workshop.log.close())


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    # The worst of setup, call and teardown counts.
    if report.outcome != "passed" or (report.when == "call" and report.nodeid not in _outcomes):
        _outcomes[report.nodeid] = report.outcome


def pytest_sessionfinish() -> None:
    OUTCOMES.write_text(json.dumps(_outcomes))
