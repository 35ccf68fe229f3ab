"""Where the law asks for something else than consent: what runs, what is shown, and whose word tells the region."""

from __future__ import annotations

import json
import logging
import re
from pathlib import Path
from typing import Any

import pytest

from consentkit import ConsentMiddleware, Site
from tests.asgi.harness import NAVIGATION, PAGE, Exchange, answering, call, make_site, scope_of
from tests.asgi.test_choice import cookie_header, post
from tests.settings.sites import problems_of

OPT_OUT: dict[str, Any] = {
    "regimes": {"US": "opt-out", "US-NY": "notice"},
    "country_header": "CF-IPCountry",
    "trusted_proxies": ["127.0.0.1"],
    "gpc_purposes": ["analytics"],
}
LINK = "Do not sell or share my personal information"


def site_of(folder: Path, **options: Any) -> ConsentMiddleware:
    return ConsentMiddleware(answering(PAGE), make_site(folder, **{**OPT_OUT, **options}))


async def page(
    app: ConsentMiddleware, country: str | None, headers: dict[str, str] | None = None, **more: Any
) -> Exchange:
    told = {} if country is None else {"cf-ipcountry": country}
    return await call(app, scope_of(headers={**NAVIGATION, **told, **(headers or {})}, **more))


def runs(exchange: Exchange) -> bool:
    return b'<img src="https://stats.example.net/p.gif">' in exchange.body


def link(exchange: Exchange) -> str:
    found = re.search(rb'<a href="/_ckit/preferences[^>]*>([^<]*)</a>\s*(?:<details>|</section>)', exchange.body)
    assert found
    return found[1].decode()


@pytest.mark.parametrize(
    ("country", "released", "words"),
    [
        ("US", True, LINK),
        ("us-ca", True, LINK),
        ("US-NY", True, "Privacy choices"),
        ("DE", False, "Privacy choices"),
        ("XX", False, "Privacy choices"),
        ("", False, "Privacy choices"),
        (None, False, "Privacy choices"),
    ],
)
async def test_each_region_gets_what_its_law_asks_for(
    tmp_path: Path, country: str | None, released: bool, words: str
) -> None:
    """
    Opt-out and notice regions run what is declared and say where to refuse; everywhere else nothing runs.
    """
    app = site_of(tmp_path)
    answer = await page(app, country)

    assert runs(answer) is released
    assert link(answer) == words
    assert (b'data-ckit-action="reject"' in answer.body) is not released
    assert "CF-IPCountry" in (answer.header("vary") or "")


async def test_a_refusal_stops_everything_and_lasts(tmp_path: Path) -> None:
    """
    Where companies run until they are refused, a refusal reloads the page, is kept as long as a browser keeps it, and
    stands in the log with its regime.
    """
    app = site_of(tmp_path)
    told = {"cf-ipcountry": "US", "sec-fetch-site": "same-origin", "origin": "http://courier.example"}
    answer = await post(app, {**told, "accept": "application/json"}, action="reject_all", next="/")
    later = await page(app, "US", cookie_header(answer))
    record = await app._workshop.log.get(json.loads(answer.body)["record"])

    assert b'"reload":true' in answer.body
    assert not runs(later)
    assert f"Max-Age={400 * 86400}" in " ".join(answer.values("set-cookie"))
    assert record is not None
    assert record.regime == "opt-out"


async def test_the_browsers_signal_goes_before(tmp_path: Path) -> None:
    """
    With Global Privacy Control nothing runs before the first byte, and the page says that the request was honoured.
    """
    answer = await page(site_of(tmp_path), "US", {"sec-gpc": "1"})

    assert not runs(answer)
    assert link(answer) == "Opt-out request honored"


async def test_the_preferences_page_says_what_runs(tmp_path: Path) -> None:
    """
    Where companies run without a choice, the page names them instead of saying that nothing runs.
    """
    app = site_of(tmp_path)
    there = await call(app, scope_of("/_ckit/preferences", headers={**NAVIGATION, "cf-ipcountry": "US"}))
    here = await call(app, scope_of("/_ckit/preferences"))

    assert b"Nothing optional runs" in here.body
    assert b"Nothing optional runs" not in there.body
    assert b"Allowed: " in there.body
    assert re.search(rb'<input[^>]*value="analytics"[^>]*checked', there.body)
    assert not re.search(rb'<input[^>]*value="analytics"[^>]*checked', here.body)


async def test_a_refusal_at_home_counts_abroad(tmp_path: Path) -> None:
    """
    Who refused under one law has refused under another.
    """
    app = site_of(tmp_path)
    answer = await post(app, action="reject_all", next="/")

    assert not runs(await page(app, "US", cookie_header(answer)))


async def test_only_a_trusted_proxy_tells_the_region(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """
    From anybody else the header is not believed, and the operator hears of it once.
    """
    app = site_of(tmp_path)
    with caplog.at_level(logging.WARNING, "consentkit"):
        answers = [await page(app, "US", client=("203.0.113.9", 1)) for _ in range(2)]

    assert not any(map(runs, answers))
    assert [
        record.getMessage().partition(",")[0] for record in caplog.records if "trusted_proxies" in record.getMessage()
    ] == ["CF-IPCountry came from '203.0.113.9'"]


async def test_a_page_for_everyone_is_strict(tmp_path: Path) -> None:
    """
    One copy serves all regions, so it holds back what any of them asks to be held back.
    """
    cacheable = [(b"content-type", b"text/html"), (b"cache-control", b"public, max-age=60")]
    app = ConsentMiddleware(answering(PAGE, headers=cacheable), make_site(tmp_path, **OPT_OUT, shared=True))

    bodies = {(await page(app, country)).body for country in ("US", "DE", None)}

    assert len(bodies) == 1
    assert b'<img src="https://stats.example.net/p.gif">' not in bodies.pop()


@pytest.mark.parametrize(
    ("options", "keys"),
    [
        ({"country_header": ""}, ["country_header"]),
        ({"trusted_proxies": []}, ["trusted_proxies"]),
        ({"trusted_proxies": ["proxy.example"]}, ["trusted_proxies[0]"]),
        ({"regimes": {"Utah": "opt-out", "US": "never"}}, ["regimes.Utah", "regimes.US"]),
        ({"country_header": "CF IPCountry"}, ["country_header"]),
    ],
)
def test_half_a_configuration_is_refused(tmp_path: Path, options: dict[str, Any], keys: list[str]) -> None:
    """
    Regimes without a header, a header that anyone could write, regions and regimes that do not exist.
    """
    problems = problems_of(lambda: make_site(tmp_path, **{**OPT_OUT, **options}))

    assert [problem.partition(":")[0] for problem in problems] == keys


def test_the_default_is_opt_in(tmp_path: Path) -> None:
    """
    Without a word of the owner nobody's region is asked for.
    """
    site: Site = make_site(tmp_path)

    assert (site.regimes, site.country_header) == ({}, "")
