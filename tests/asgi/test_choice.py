"""A choice over HTTP: what is recorded, what is answered, and what happens to what should not have been sent."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from consentkit import ConsentMiddleware
from tests.asgi.harness import NAVIGATION, PAGE, Exchange, answering, call, make_site, scope_of, wrapped

SAME = {"sec-fetch-site": "same-origin", "origin": "http://courier.example"}


def cookie_header(*exchanges: Exchange) -> dict[str, str]:
    jar: dict[str, str] = {}
    for exchange in exchanges:
        jar.update(exchange.cookies)
    return {"cookie": "; ".join(f"{name}={value}" for name, value in jar.items())}


async def shown_on(app: ConsentMiddleware, path: str = "/") -> str:
    page = await call(app, scope_of(path))
    found = re.search(rb'name="shown" value="([^"]+)"', page.body)
    assert found
    return found[1].decode()


async def post(app: ConsentMiddleware, headers: dict[str, str] | None = None, /, **fields: str | list[str]) -> Exchange:
    body = urlencode(fields, doseq=True).encode()
    given = {
        "content-type": "application/x-www-form-urlencoded",
        "accept": "text/html",
        **(SAME if headers is None else headers),
    }
    return await call(app, scope_of("/_ckit/choice", method="POST", headers=given), body)


async def test_accept_all_is_recorded_before_it_is_answered(tmp_path: Path) -> None:
    """
    Accept all: a 303 back to the page, both cookies, and one record that says what was seen and chosen.
    """
    app = wrapped(answering(PAGE), tmp_path)
    exchange = await post(app, action="accept_all", shown=await shown_on(app), next="/news?page=2")

    assert exchange.status == 303
    assert exchange.header("location") == "/news?page=2#ckit-saved"
    assert set(exchange.cookies) == {"ckit", "ckit_id"}
    assert "g=analytics" in exchange.cookies["ckit"]


async def test_json_answers_with_what_holds_now(tmp_path: Path) -> None:
    """
    With Accept: application/json the same form is answered with the record and the state.
    """
    app = wrapped(answering(PAGE), tmp_path)
    headers = {**SAME, "accept": "application/json"}
    exchange = await post(app, headers, action="accept_all", shown=await shown_on(app))
    answer = json.loads(exchange.body)

    assert exchange.status == 200
    assert answer["granted"] == ["analytics"]
    assert answer["refused"] == []
    assert answer["vendors"] == {"stats": True}
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", answer["time"])


async def test_a_double_click_records_once(tmp_path: Path) -> None:
    """
    The same form sent twice with one `once` is one record, and both answers name it.
    """
    app = wrapped(answering(PAGE), tmp_path)
    headers = {**SAME, "accept": "application/json"}
    shown = await shown_on(app)
    answers = [
        json.loads((await post(app, headers, action="accept_all", shown=shown, once="abc")).body) for _ in range(2)
    ]

    assert answers[0]["record"] == answers[1]["record"]


@pytest.mark.parametrize("action", ["reject_all", "withdraw"])
@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({"origin": "null"}, id="plain http, no-referrer"),
        pytest.param({}, id="no header at all"),
        pytest.param({"sec-fetch-site": "same-origin", "origin": "null"}, id="https, no-referrer"),
    ],
)
async def test_a_refusal_always_takes_effect(tmp_path: Path, action: str, headers: dict[str, str]) -> None:
    """
    Reject and withdraw work without a token and without an origin.
    """
    app = wrapped(answering(PAGE), tmp_path)
    exchange = await post(app, headers, action=action, next="/")
    after = await call(app, scope_of(headers={**NAVIGATION, **cookie_header(exchange)}))

    assert exchange.status == 303
    assert set(exchange.cookies) == {"ckit"}
    assert b'data-ckit-ui="banner"' not in after.body
    assert b' src="https://stats' not in after.body


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param({"action": "accept_all"}, id="no token"),
        pytest.param({"action": "accept_all", "shown": "banner~en~0000.forged"}, id="a forged token"),
        pytest.param({"action": "save", "purpose": "analytics", "shown": "x" * 5000}, id="a huge token"),
        pytest.param({"action": "accept_policies", "shown": "\x00é"}, id="garbage"),
    ],
)
async def test_a_grant_without_a_good_token_is_asked_for_again(tmp_path: Path, fields: dict[str, str]) -> None:
    """
    Nobody can tell what such a visitor saw, so the preferences page asks once more, and nothing is set.
    """
    app = wrapped(answering(PAGE), tmp_path)
    exchange = await post(app, **fields)
    as_json = await post(app, {**SAME, "accept": "application/json"}, **fields)

    assert exchange.status == 303
    assert (exchange.header("location") or "").startswith("/_ckit/preferences?again=old")
    assert exchange.cookies == {}
    assert as_json.status == 409
    assert json.loads(as_json.body)["see"].startswith("/_ckit/preferences")


async def test_another_sites_form_changes_nothing(tmp_path: Path) -> None:
    """
    A form on another site is refused, whatever it asks for.
    """
    app = wrapped(answering(PAGE), tmp_path)
    foreign = {"sec-fetch-site": "cross-site", "origin": "https://evil.example"}
    shown = await shown_on(app)
    for action in ("accept_all", "reject_all"):
        exchange = await post(app, foreign, action=action, shown=shown)
        as_json = await post(app, {**foreign, "accept": "application/json"}, action=action, shown=shown)

        assert exchange.status == 403
        assert exchange.cookies == {}
        assert as_json.status == 403


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xff\xfe\x00",
        b"action=",
        b"action=nonsense",
        b"&&&==%%%",
        b"action=accept_all" + b"&a=b" * 5000,
        b"x" * 200_000,
    ],
    ids=["empty", "bytes", "no action", "unknown action", "broken", "thousands of fields", "huge"],
)
async def test_garbage_forms_get_a_page(tmp_path: Path, body: bytes) -> None:
    """
    Whatever is posted, the visitor gets a way on and nothing is set.
    """
    app = wrapped(answering(PAGE), tmp_path)
    headers = {"content-type": "application/x-www-form-urlencoded", **SAME}
    exchange = await call(app, scope_of("/_ckit/choice", method="POST", headers=headers), body)

    assert exchange.status == 303
    assert "/_ckit/preferences" in (exchange.header("location") or "")
    assert exchange.cookies == {}


@pytest.mark.parametrize(
    "target",
    ["https://evil.example/", "//evil.example", "/\\evil.example", "\\\\evil.example", "/\t/evil.example", "javascript:alert(1)",
     "/_ckit/reader?view=mobile", "", "evil", "/a\r\nSet-Cookie: x=1", "/é"],
)  # fmt: skip
async def test_next_never_leaves_the_site(tmp_path: Path, target: str) -> None:
    """
    A target that is not a page of this site is its root.
    """
    app = wrapped(answering(PAGE), tmp_path)
    exchange = await post(app, action="reject_all", next=target)

    assert exchange.header("location") == "/#ckit-saved"


@pytest.mark.parametrize(
    "cookie",
    ["ckit=", "ckit=x", "ckit=" + "a" * 5000, "ckit=v=1&d=99999&e=99999.AAAA", "ckit=\xff\xfe", "ckit_id=;;;=", "=;=;",
     "ckit_reader=900.tablet", "ckit_reader=<script>"],
)  # fmt: skip
async def test_garbage_cookies_get_the_page_of_a_new_visitor(tmp_path: Path, cookie: str) -> None:
    """
    A cookie that can't be trusted is no choice; the page is that of a first visit.
    """
    app = wrapped(answering(PAGE), tmp_path)
    plain = await call(app, scope_of())
    exchange = await call(app, scope_of(headers={**NAVIGATION, "cookie": cookie}))

    assert exchange.status == 200
    assert exchange.body == plain.body


async def test_a_grant_that_cannot_be_recorded_is_not_in_force(tmp_path: Path) -> None:
    """
    Without a log a grant is answered 503 with a page, and a refusal is in force all the same.
    """
    app = wrapped(answering(PAGE), tmp_path)
    shown = await shown_on(app)
    await app._workshop.log.close()
    for file in tmp_path.glob("consent.db*"):
        file.unlink()
    (tmp_path / "consent.db").mkdir()

    grant = await post(app, action="accept_all", shown=shown)
    refusal = await post(app, action="reject_all", shown=shown)

    assert grant.status == 503
    assert grant.cookies == {}
    assert grant.header("retry-after")
    assert b"<h1" in grant.body
    assert refusal.status == 303
    assert set(refusal.cookies) == {"ckit"}


@pytest.mark.parametrize(
    ("path", "method", "status"),
    [
        ("/_ckit/preferences", "GET", 200),
        ("/_ckit/preferences", "HEAD", 200),
        ("/_ckit/preferences", "POST", 405),
        ("/_ckit/choice", "GET", 405),
        ("/_ckit/choice", "DELETE", 405),
        ("/_ckit/reader", "GET", 303),
        ("/_ckit/health", "GET", 200),
        ("/_ckit/assets/none.css", "GET", 404),
        ("/_ckit", "GET", 404),
        ("/_ckit/../etc/passwd", "GET", 404),
    ],
)
async def test_our_pages_answer_honestly(tmp_path: Path, path: str, method: str, status: int) -> None:
    """
    Each route takes its methods; everything else under the prefix is said not to be there.
    """
    exchange = await call(wrapped(answering(PAGE), tmp_path), scope_of(path, method=method))

    assert exchange.status == status
    assert (exchange.body == b"") is (method == "HEAD" or status == 303)


async def test_an_image_on_another_site_cannot_change_the_readers_view(tmp_path: Path) -> None:
    """
    The reader's link only counts when it is followed on this site.
    """
    app = wrapped(answering(PAGE), tmp_path)
    followed = await call(app, scope_of("/_ckit/reader", query="view=mobile&next=/a"))
    image = {"sec-fetch-dest": "image", "sec-fetch-mode": "no-cors", "sec-fetch-site": "cross-site"}
    embedded = await call(app, scope_of("/_ckit/reader", query="view=mobile&next=/a", headers=image))

    assert followed.cookies == {"ckit_reader": "-.mobile"}
    assert followed.header("location") == "/a"
    assert embedded.cookies == {}


async def test_mounted_below_a_path_everything_stays_below_it(tmp_path: Path) -> None:
    """
    Under root_path our pages, the form and the way back carry it.
    """
    app = wrapped(answering(PAGE), tmp_path)
    page = await call(app, scope_of("/shop/", root_path="/shop"))
    headers = {"content-type": "application/x-www-form-urlencoded", **SAME}
    body = urlencode({"action": "reject_all", "next": "/elsewhere"}).encode()
    exchange = await call(app, scope_of("/shop/_ckit/choice", method="POST", headers=headers, root_path="/shop"), body)

    assert b'action="/shop/_ckit/choice"' in page.body
    assert exchange.header("location") == "/shop/#ckit-saved"


async def test_terms_ticked_in_the_apps_own_form_are_recorded(tmp_path: Path) -> None:
    """
    `await accept(request, "terms")` makes the acceptance durable and the response carries the cookies.
    """
    from consentkit import accept, consent_of

    told: list[bool] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await accept(scope, "terms")
        told.append(consent_of(scope).accepted("terms"))
        await answering(PAGE)(scope, receive, send)

    middleware = ConsentMiddleware(app, make_site(tmp_path))
    exchange = await call(middleware, scope_of("/sign-up", method="POST"))

    assert told == [True]
    assert set(exchange.cookies) == {"ckit", "ckit_id"}
    assert "t=terms:1" in exchange.cookies["ckit"]


async def test_a_restricted_purpose_is_neither_offered_nor_released(tmp_path: Path) -> None:
    """
    What the app takes away for a request stays held back, even from someone who agreed.
    """
    from consentkit import consent_of, restrict, testing

    async def app(scope: Any, receive: Any, send: Any) -> None:
        restrict(scope, ["analytics"])
        assert not consent_of(scope).allows("analytics")
        await answering(PAGE)(scope, receive, send)

    site = make_site(tmp_path)
    jar = testing.cookies(site, granted=["analytics"])
    headers = {**NAVIGATION, "cookie": "; ".join(f"{k}={v}" for k, v in jar.items())}
    exchange = await call(ConsentMiddleware(app, site), scope_of(headers=headers))

    assert b' src="https://stats' not in exchange.body
