"""What the browser says by itself, what is said about it, and what a withdrawal throws away."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

import pytest

from consentkit import ConsentMiddleware
from consentkit.log.filters import Filter
from consentkit.log.problems import LogBusy
from consentkit.log.record import Record
from tests.asgi.harness import NAVIGATION, PAGE, Exchange, answering, call, make_site, scope_of, wrapped
from tests.asgi.test_choice import SAME, cookie_header, post, shown_on
from tests.settings.sites import problems_of

GPC = {"sec-gpc": "1"}
DENYING: dict[str, Any] = {"gpc_purposes": ["analytics"]}


async def agreed(app: ConsentMiddleware) -> Exchange:
    return await post(app, {**SAME, "accept": "application/json"}, action="accept_all", shown=await shown_on(app))


async def page(app: ConsentMiddleware, *headers: dict[str, str]) -> Exchange:
    return await call(app, scope_of(headers=NAVIGATION | {k: v for each in headers for k, v in each.items()}))


async def records(app: ConsentMiddleware) -> list[Record]:
    """All records, the oldest first."""
    return await app._workshop.log._ask(lambda reader: list(reader.oldest_first(Filter())))


async def test_the_signal_is_recorded_once_when_it_overrides_a_yes(tmp_path: Path) -> None:
    """
    An event of its own, under the same subject, once for each choice: not for each page, nor for each process.
    """
    app = wrapped(answering(PAGE), tmp_path, **DENYING)
    given = await agreed(app)
    first = json.loads(given.body)["record"]
    for _ in range(3):
        await page(app, GPC, cookie_header(given))
    again = wrapped(answering(PAGE), tmp_path, **DENYING)
    await page(again, GPC, cookie_header(given))

    chosen, *events = await records(again)

    assert [(r.action, r.method, r.layer, r.state, r.previous, r.gpc) for r in events] == [
        ("gpc", "signal", "gpc", "withdrawn", first, True)
    ]
    assert events[0].purposes == {"analytics": False}
    assert events[0].subject == chosen.subject


@pytest.mark.parametrize(
    ("options", "headers", "action"),
    [
        pytest.param(DENYING, {}, "accept_all", id="no signal"),
        pytest.param({}, GPC, "accept_all", id="denies marketing alone"),
        pytest.param(DENYING, GPC, "reject_all", id="refused anyway"),
    ],
)
async def test_a_signal_that_overrides_nothing_leaves_no_record(
    tmp_path: Path, options: dict[str, Any], headers: dict[str, str], action: str
) -> None:
    """
    Nobody gets an identifier or a record for a signal.
    """
    app = wrapped(answering(PAGE), tmp_path, **options)
    given = await post(app, action=action, shown=await shown_on(app))
    await page(app, headers, cookie_header(given))

    assert len(await records(app)) == 1


async def test_a_page_never_fails_for_the_record_of_a_signal(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    When the log is full the page goes out, held back, and the operator reads a line.
    """
    app = wrapped(answering(PAGE), tmp_path, **DENYING)
    given = await agreed(app)

    async def full(*_: object, **__: object) -> None:
        raise LogBusy(4096)

    monkeypatch.setattr(app._workshop.log, "append", full)
    with caplog.at_level(logging.ERROR, "consentkit"):
        answer = await page(app, GPC, cookie_header(given))

    assert answer.status == 200
    assert b'data-ckit-src="https://stats.example.net/p.gif"' in answer.body
    assert "overrides a choice not recorded" in caplog.text


async def test_the_statement_is_the_owners_to_make(tmp_path: Path) -> None:
    """
    `/.well-known/gpc.json` is the app's, unless the owner says since when the signal is honoured.
    """
    plain = await call(wrapped(answering(b"mine"), tmp_path), scope_of("/.well-known/gpc.json", headers={}))
    app = wrapped(answering(b"mine"), tmp_path, gpc_json="2026-11-01")
    said = await call(app, scope_of("/.well-known/gpc.json", headers={}))
    posted = await call(app, scope_of("/.well-known/gpc.json", method="POST", headers={}))

    assert plain.body == b"mine"
    assert (said.status, said.header("content-type")) == (200, "application/json")
    assert json.loads(said.body) == {"gpc": True, "lastUpdate": "2026-11-01"}
    assert posted.status == 405


async def test_a_withdrawal_can_empty_the_browser(tmp_path: Path) -> None:
    """
    Only what takes something away asks for it; agreeing and refusing for the first time do not.
    """
    app = wrapped(answering(PAGE), tmp_path, clear_site_data=["cache", "storage"])
    given = await agreed(app)
    taken = await post(app, SAME | cookie_header(given), action="withdraw")
    refused = await post(app, action="reject_all")

    assert [each.header("clear-site-data") for each in (given, taken, refused)] == [None, '"cache", "storage"', None]


def test_cookies_are_not_cleared_wholesale(tmp_path: Path) -> None:
    """
    That would delete the refusal itself.
    """
    problems = problems_of(lambda: make_site(tmp_path, clear_site_data=["cookies", "x"], gpc_json="soon"))

    assert [problem.partition(":")[0] for problem in problems] == [
        "gpc_json",
        "clear_site_data[0]",
        "clear_site_data[1]",
    ]


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("abtest=7; Path=/", True),
        ("__Host-abtest=7; Path=/; Secure", True),
        ("abtest=; Max-Age=0", False),
        ("sessionid=x", False),
        ("_ga=x", False),
        ("basket=x", False),
        ("color_7=x", False),
        ("ckit_reader=150.-", False),
        ("novalue", False),
    ],
)
async def test_a_cookie_that_nobody_explains_is_told_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, line: str, told: bool
) -> None:
    """
    It passes under `known`, and the operator reads the line that would explain it.
    """
    html = [(b"content-type", b"text/html"), (b"set-cookie", line.encode())]
    app = wrapped(
        answering(PAGE, headers=html), tmp_path, necessary={"basket": "Keeps it."}, cookies={"color_*": "analytics"}
    )
    with caplog.at_level(logging.WARNING, "consentkit"):
        answers = [await page(app) for _ in range(2)]
    lines = [record.getMessage() for record in caplog.records if "nobody says what it is for" in record.getMessage()]

    assert len(lines) == int(told)
    if told:
        assert all(answer.header("set-cookie") == line for answer in answers)
