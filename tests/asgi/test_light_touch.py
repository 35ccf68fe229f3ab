"""What needs nothing is hardly touched; what was worked out before is not worked out again; no loop is held up."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st

from consentkit import testing
from consentkit.asgi.workshop import Workshop
from consentkit.decide import decide
from consentkit.visit import Visit, may_be_page, read
from tests.asgi.harness import NAVIGATION, PAGE, Exchange, Message, Receive, Send, answering, call, make_site, scope_of
from tests.asgi.harness import wrapped as wrap

JSON = (b"content-type", b"application/json")
HTML = (b"content-type", b"text/html; charset=utf-8")
DATED = (b"last-modified", b"Tue, 24 Nov 2026 00:00:00 GMT")
FETCH = {"accept": "*/*", "sec-fetch-dest": "empty", "sec-fetch-mode": "cors"}

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


async def test_data_passes_before_anybody_asked_who_wants_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    For a response that is not HTML neither cookies nor headers of the visitor are read.
    """
    app = wrap(answering(b"{}", headers=[JSON]), tmp_path)
    await app._open()

    def unwanted(*_: object) -> None:
        raise AssertionError("the visit was read")

    monkeypatch.setattr(app, "_read", unwanted)

    exchange = await call(app, scope_of("/api", headers={**FETCH, "cookie": "ckit=x.y; other=z"}))

    assert exchange.body == b"{}"


async def test_data_passes_as_the_very_messages_of_the_app(tmp_path: Path) -> None:
    """
    And its messages are not even copied.
    """
    start: Message = {"type": "http.response.start", "status": 200, "headers": [[b"Content-Type", b"text/plain"]]}
    sent: list[Message] = []

    async def app(scope: Message, receive: Receive, send: Send) -> None:
        await send(start)

    async def take(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        return {"type": "http.disconnect"}

    await wrap(app, tmp_path)(scope_of(headers=FETCH), receive, take)

    assert sent[0] is start


@pytest.mark.parametrize(
    "field",
    [
        (b"set-cookie", b"_ga=1"),
        (b"x-ckit", b"off"),
        (b"x-ckit-language", b"bs"),
        (b"x-view", b"native"),
    ],
    ids=lambda field: field[0].decode(),
)
async def test_what_is_said_to_us_is_read_on_data_too(tmp_path: Path, field: tuple[bytes, bytes]) -> None:
    """
    Trackers' cookies wait and our own headers leave, whatever the type of the response.
    """
    exchange = await call(wrap(answering(b"{}", headers=[JSON, field]), tmp_path), scope_of(headers=FETCH))

    assert exchange.values(field[0].decode()) == []


async def test_a_chosen_view_is_told_to_data_as_well(tmp_path: Path) -> None:
    """
    The app learns the reader's view with every request; a client's own word on it never arrives.
    """
    app = wrap(seeing := Seeing(), tmp_path)

    await call(app, scope_of(headers={**FETCH, "cookie": "ckit_reader=-.mobile", "x-view": "desktop"}))
    await call(app, scope_of(headers={**FETCH, "x_view": "desktop"}))

    assert [value for name, value in seeing.headers[0] if name == b"x-view"] == [b"mobile"]
    assert [name for name, _ in seeing.headers[1] if name in (b"x-view", b"x_view")] == []


class Seeing:
    """An app that keeps the headers it was shown."""

    def __init__(self) -> None:
        self.headers: list[list[tuple[bytes, bytes]]] = []

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        self.headers.append(list(scope["headers"]))
        await answering(b"{}", headers=[JSON])(scope, receive, send)


names = st.sampled_from(["accept", "sec-fetch-dest", "sec-fetch-mode", "x", "cookie"])
words = st.sampled_from(["", "text/html", "*/*", "a, text/html;q=0.9", "document", "empty", "iframe", "image"])


@given(st.lists(st.tuples(names, words), max_size=5))
def test_a_glance_never_overlooks_a_page(fields: list[tuple[str, str]]) -> None:
    """
    What the glance at the bytes rules out is no page for the whole reading either, with repeated headers, too.
    """
    headers = [(name.encode(), value.encode()) for name, value in fields]

    assert may_be_page(headers, dict(headers)) or not visit_of(headers).can_be_page


def visit_of(headers: list[tuple[bytes, bytes]], workshop: Workshop | None = None) -> Visit:
    return read(
        method="GET", scheme="http", root_path="", path="/", raw_path=b"/", query=b"", headers=headers,
        cookies=(workshop or WORKSHOP).cookies, now=NOON,
    )  # fmt: skip


WORKSHOP = Workshop(make_site(Path()))


@pytest.mark.parametrize("granted", [[], ["analytics"]], ids=["refused", "granted"])
@pytest.mark.parametrize("extra", [{}, {"sec-gpc": "1"}], ids=["", "gpc"])
@pytest.mark.parametrize("restricted", [frozenset[str](), frozenset({"analytics"})], ids=["", "restricted"])
def test_a_remembered_decision_is_the_decision(
    granted: list[str], extra: Mapping[str, str], restricted: frozenset[str]
) -> None:
    """
    Asked again, and beside others, the remembered decision is what `decide` says.
    """
    site = WORKSHOP.site
    jar = "; ".join(f"{name}={value}" for name, value in testing.cookies(site, granted=granted).items())
    seen = visit_of([(b"cookie", jar.encode()), *((k.encode(), v.encode()) for k, v in extra.items())])

    found = [WORKSHOP.decisions.of(visit, restricted) for visit in (seen, visit_of([]), seen)]

    assert found[0] == found[2] == decide(site, seen, restricted)
    assert found[1] == decide(site, visit_of([]), restricted)


def test_a_remembered_cookie_still_expires() -> None:
    """
    What a cookie says is remembered for its day only.
    """
    name, value = next(iter(testing.cookies(WORKSHOP.site, granted=["analytics"]).items()))

    there = WORKSHOP.cookies.read({name: value}, datetime.now(UTC))
    gone = WORKSHOP.cookies.read({name: value}, datetime.now(UTC).replace(year=2100))

    assert there.choice is not None
    assert gone.choice is None


async def test_a_part_of_a_page_that_is_always_the_same_keeps_its_date(tmp_path: Path) -> None:
    """
    A fragment without anything to hold is the app's own in every state, so its Last-Modified stays.
    """
    app = wrap(answering(b"<p>Hello</p>", headers=[HTML, DATED]), tmp_path)

    exchange = await call(app, scope_of(headers={"accept": "*/*"}))

    assert exchange.body == b"<p>Hello</p>"
    assert exchange.header("last-modified") == DATED[1].decode()


@pytest.mark.parametrize("headers", [NAVIGATION, {"accept": "text/html"}], ids=["navigation", "perhaps"])
async def test_what_can_become_a_page_has_no_date(tmp_path: Path, headers: dict[str, str]) -> None:
    """
    A date has no place for a visitor's state.
    """
    app = wrap(answering(b"<p>Hello</p>", headers=[HTML, DATED]), tmp_path)

    assert (await call(app, scope_of(headers=headers))).header("last-modified") is None


async def test_what_a_grant_released_has_no_date(tmp_path: Path) -> None:
    """
    Nor has a fragment that would look different to a visitor who has agreed to nothing.
    """
    fragment = b'<p>Hello <img src="https://stats.example.net/p.gif"></p>'
    app = wrap(answering(fragment, headers=[HTML, DATED]), tmp_path)
    jar = "; ".join(f"{name}={value}" for name, value in testing.cookies(app.site, granted=["analytics"]).items())

    exchange = await call(app, scope_of(headers={"accept": "*/*", "cookie": jar}))

    assert exchange.body == fragment
    assert exchange.header("last-modified") is None


opened: list[str] | None = None


def note_opened(event: str, arguments: tuple[Any, ...]) -> None:
    if opened is not None and event in ("open", "import"):
        opened.append(str(arguments[0]))


async def test_the_first_page_opens_no_file(tmp_path: Path) -> None:
    """
    What a page is made of was read in a thread before it, so that nobody waits for a disk in the event loop.
    """
    global opened
    app = wrap(answering(PAGE), tmp_path)
    await app._open()
    sys.addaudithook(note_opened)

    found: list[str] = []
    opened = found
    await call(app, scope_of())
    opened = None

    assert [name for name in found if str(tmp_path) not in name] == []


def test_under_trio_a_choice_is_recorded_and_the_log_closed(tmp_path: Path) -> None:
    """
    The log waits with asyncio; a server that runs on trio gets the same answers.
    """
    app = wrap(Living(), tmp_path)
    messages = [{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}]
    answered: list[str] = []
    exchanges: list[Exchange] = []

    async def live() -> None:
        async def receive() -> Message:
            if len(messages) == 1:
                exchanges.append(await refuse())
            return messages.pop(0)

        async def send(message: Message) -> None:
            answered.append(message["type"])

        await app({"type": "lifespan"}, receive, send)

    async def refuse() -> Exchange:
        body = b"action=reject_all&next=/"
        headers = {"content-type": "application/x-www-form-urlencoded", "sec-fetch-site": "same-origin"}
        sent: list[Message] = []

        async def receive() -> Message:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: Message) -> None:
            sent.append(message)

        await app(scope_of("/_ckit/choice", method="POST", headers=headers), receive, send)
        return Exchange(messages=sent)

    anyio.run(partial(live), backend="trio")

    assert answered == ["lifespan.startup.complete", "lifespan.shutdown.complete"]
    assert exchanges[0].status == 303
    assert "ckit" in exchanges[0].cookies


class Living:
    """An app with a lifespan."""

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        for _ in range(2):
            message = await receive()
            await send({"type": f"{message['type']}.complete"})


@pytest.mark.parametrize(("said", "spoken"), [("bs", b'lang="bs"'), ("xx", b'lang="en"'), (7, b'lang="en"')])
async def test_an_app_can_say_the_language_in_its_state(tmp_path: Path, said: object, spoken: bytes) -> None:
    """
    `request.state.ckit_language` is the app's word on its page, as the header is; what is no language is passed over.
    """

    async def app(scope: Any, receive: Any, send: Any) -> None:
        scope.setdefault("state", {})["ckit_language"] = said
        await answering(PAGE)(scope, receive, send)

    page = await call(wrap(app, tmp_path), scope_of())

    assert re.search(rb'<ckit-ui id="ckit-root"[^>]*' + spoken, page.body)
