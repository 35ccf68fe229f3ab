"""One middleware, unchanged, in five frameworks under two servers."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from tests.asgi.apps import FRAMEWORKS
from tests.asgi.servers import Server, free_port, serving

COMMANDS = {
    "uvicorn": ["uvicorn", "tests.asgi.apps:app", "--host", "127.0.0.1", "--log-level", "warning", "--port"],
    "granian": ["granian", "--interface", "asgi", "--host", "127.0.0.1", "tests.asgi.apps:app", "--port"],
}


@pytest.fixture(scope="module", params=sorted(COMMANDS))
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp(request.param)
    port = free_port()
    environment = {"CONSENTKIT_TEST_FOLDER": str(folder), "PYTHONWARNINGS": "default"}
    with serving([*COMMANDS[request.param], str(port)], port, environment, folder / "server.log") as running:
        yield running


def token(body: bytes) -> str:
    """The view token of the page's form."""
    found = re.search(rb'name="shown" value="([^"]+)"', body)
    assert found
    return found[1].decode()


@pytest.mark.parametrize("framework", sorted(FRAMEWORKS))
def test_a_first_visit_is_asked_and_its_tracker_held(server: Server, framework: str) -> None:
    """
    In every framework a new visitor gets the root once, a held tag, and the right Content-Length.
    """
    answer = server.ask(f"/{framework}/")

    assert answer.status == 200
    assert answer.body.count(b'id="ckit-root"') == 1
    assert b'data-ckit-src="https://stats.example.net/a.js"' in answer.body
    assert b' src="https://stats.example.net/a.js"' not in answer.body.replace(b"data-ckit-src", b"")
    assert answer.header("content-length") == str(len(answer.body))
    assert b"analytics=False view=desktop text=100" in answer.body or b"view=desktop" in answer.body


@pytest.mark.parametrize("framework", sorted(FRAMEWORKS))
def test_an_agreement_is_recorded_and_told_to_the_app(server: Server, framework: str) -> None:
    """
    After Accept all the tag is untouched, nothing is asked, and the app knows.
    """
    first = server.ask(f"/{framework}/")
    form = [("action", "accept_all"), ("shown", token(first.body)), ("next", f"/{framework}/")]

    accepted = server.ask(f"/{framework}/_ckit/choice", form=form)
    cookies = "; ".join(f"{name}={value}" for name, value in accepted.cookies.items())
    second = server.ask(f"/{framework}/", headers={"Cookie": cookies})

    assert accepted.status == 303
    assert accepted.header("location") == f"/{framework}/#ckit-saved"
    assert set(accepted.cookies) == {"ckit", "ckit_id"}
    assert b"analytics=True" in second.body
    assert b'<script src="https://stats.example.net/a.js"></script>' in second.body
    assert b"data-ckit-ui=banner" not in second.body.replace(b'"', b"")


@pytest.mark.parametrize("framework", sorted(FRAMEWORKS))
def test_the_app_is_told_what_the_reader_wants(server: Server, framework: str) -> None:
    """
    Text size and view come from the reader's cookie and reach the app.
    """
    answer = server.ask(f"/{framework}/", headers={"Cookie": "ckit_reader=150.mobile"})

    assert b"view=mobile text=150" in answer.body
    assert re.search(rb'<html[^>]* data-ckit-text="150"[^>]* data-ckit-view="mobile"', answer.body)


@pytest.mark.parametrize("framework", sorted(FRAMEWORKS))
def test_head_promises_no_length(server: Server, framework: str) -> None:
    """
    A HEAD of a page has no body and does not promise the length of another one.
    """
    answer = server.ask(f"/{framework}/", method="HEAD")

    assert answer.body == b""
