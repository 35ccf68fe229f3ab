"""The mobile version on the server: what it leaves out, which app and host answer in it, and who gets it unasked."""

from __future__ import annotations

import asyncio
import random
import sys
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from consentkit import ConfigurationError, ConsentMiddleware, reader_of
from tests.asgi.harness import (
    NAVIGATION,
    App,
    Exchange,
    Message,
    Receive,
    Send,
    answering,
    call,
    make_site,
    scope_of,
    wrapped,
)

HTML = [(b"content-type", b"text/html")]
PHONE = "Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 Chrome/146.0 Mobile Safari/537.36"
LAPTOP = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/146.0 Safari/537.36"
MOBILE = {"cookie": "ckit_reader=-.mobile"}
DESKTOP = {"cookie": "ckit_reader=-.desktop"}
IMAGES = b"".join(b'<img src="/%d.jpg">' % number for number in range(4))
PAGE = (
    b'<!doctype html><html lang=en><head><title>T</title></head><body><div class="ads big"><p>Buy</p></div><p>Story</p>'
    + IMAGES
    + b'<iframe src="/map"></iframe><video src="/film"></video></body></html>'
)
HOSTED = {"url": "https://courier.example", "mobile_host": "m.courier.example"}


def view_of(answer: Exchange) -> str:
    """The view that the page says it is in."""
    found = [view for view in ("mobile", "desktop") if f'data-ckit-view="{view}"'.encode() in answer.body]
    return found[0] if found else ""


async def asked(app: App, headers: Mapping[str, str], path: str = "/", **more: Any) -> Exchange:
    return await call(app, scope_of(path, headers={**NAVIGATION, **headers}, **more))


async def test_the_mobile_version_leaves_out_and_loads_later(tmp_path: Path) -> None:
    """
    What the owner names is gone, and what is not in sight at once loads later; no other version is changed.
    """
    app = wrapped(answering(PAGE), tmp_path, mobile_remove=[".ads"])

    mobile, desktop, own = [await asked(app, headers) for headers in (MOBILE, DESKTOP, {})]

    assert b"Buy" not in mobile.body
    assert b"Story" in mobile.body
    assert [b'loading="lazy"' in tag for tag in mobile.body.split(b"<img")[1:5]] == [False, False, True, True]
    assert b'<iframe loading="lazy"' in mobile.body
    assert b'<video preload="none"' in mobile.body
    assert b"Buy" in desktop.body
    assert b"Buy" in own.body
    assert IMAGES in desktop.body
    assert IMAGES in own.body


async def test_save_data_loads_no_image_ahead(tmp_path: Path) -> None:
    """
    In the mobile version `Save-Data: on` makes every image wait until it is in sight, and the answer says that it was read.
    """
    app = wrapped(answering(PAGE), tmp_path)

    saving = await asked(app, {**MOBILE, "save-data": "on"})
    spending = await asked(app, MOBILE)

    assert saving.body.count(b'<img loading="lazy"') == 4
    assert spending.body.count(b'<img loading="lazy"') == 2
    assert all("Save-Data" in (answer.header("vary") or "") for answer in (saving, spending))
    assert "Save-Data" not in ((await asked(app, {"save-data": "on"})).header("vary") or "")


@pytest.mark.parametrize("told", ["native", None], ids=["native", "ours"])
async def test_an_app_with_a_mobile_page_of_its_own_is_left_alone(tmp_path: Path, told: str | None) -> None:
    """
    Nothing is taken out of a page that the app made for the version itself.
    """
    headers = [*HTML, (b"x-view", told.encode())] if told else HTML
    app = wrapped(answering(PAGE, headers=headers), tmp_path, mobile_remove=[".ads"])

    answer = await asked(app, MOBILE)

    assert (b"Buy" in answer.body) is bool(told)
    assert (b'loading="lazy"' in answer.body) is not bool(told)


@pytest.mark.parametrize("view", ["mobile", "desktop"])
async def test_the_word_of_the_app_outranks_the_reader(tmp_path: Path, view: str) -> None:
    """
    `X-View: mobile` or `desktop` in a response is the version that the page is shown in.
    """
    app = wrapped(answering(PAGE, headers=[*HTML, (b"x-view", view.encode())]), tmp_path)

    answers = [await asked(app, headers) for headers in (MOBILE, DESKTOP, {})]

    assert [view_of(answer) for answer in answers] == [view] * 3
    assert [answer.values("x-view") for answer in answers] == [[]] * 3


@pytest.mark.parametrize(
    ("selectors", "message"),
    [
        (["div > p"], r"mobile_remove\[0\]: Selector 'div > p'"),
        ([".ads", ""], r"mobile_remove\[1\]: Selector ''.*is empty"),
        (["p"], r"mobile_remove\[0\]: Selector 'p'"),
    ],
    ids=["combinator", "empty", "no end tag"],
)
def test_a_selector_that_cannot_be_followed_stops_the_start(tmp_path: Path, selectors: list[str], message: str) -> None:
    """
    The owner is told which option and which selector, and what is understood.
    """
    with pytest.raises(ConfigurationError, match=message):
        wrapped(answering(PAGE), tmp_path, mobile_remove=selectors)


@pytest.mark.parametrize(
    ("mobile", "headers", "expected"),
    [
        ("auto", {"user-agent": PHONE}, ""),
        ("device", {"user-agent": PHONE}, "mobile"),
        ("device", {"user-agent": LAPTOP}, ""),
        ("device", {"user-agent": LAPTOP, "sec-ch-ua-mobile": "?1"}, "mobile"),
        ("device", {"user-agent": "Googlebot"}, ""),
        ("device", {"user-agent": PHONE, **DESKTOP}, "desktop"),
        ("device", {"user-agent": LAPTOP, "x-device": "phone"}, "mobile"),
        ("device", {"user-agent": PHONE, "x-device": "desktop"}, ""),
        ("device", {"user-agent": PHONE, "x-device": "nonsense"}, "mobile"),
        ("auto", {"user-agent": PHONE, "x-device": "phone"}, ""),
    ],
)
async def test_phones_get_it_unasked_only_if_the_owner_says_so(
    tmp_path: Path, mobile: str, headers: dict[str, str], expected: str
) -> None:
    """
    Client hint and user agent tell a phone, a trusted proxy's header knows better, and the reader's choice wins.
    """
    app = wrapped(answering(PAGE), tmp_path, mobile=mobile, device_header="X-Device", trusted_proxies=["127.0.0.1"])

    answer = await asked(app, headers)
    vary = (answer.header("vary") or "").split(", ")

    assert view_of(answer) == expected
    assert ({"User-Agent", "Sec-CH-UA-Mobile", "X-Device"} <= set(vary)) is (mobile == "device" or bool(expected))


async def test_nobody_else_can_say_what_device_asks(tmp_path: Path) -> None:
    """
    The device header counts from trusted proxies alone.
    """
    app = wrapped(answering(PAGE), tmp_path, mobile="device", device_header="X-Device", trusted_proxies=["10.0.0.0/8"])

    answer = await asked(app, {"user-agent": LAPTOP, "x-device": "phone"})

    assert view_of(answer) == ""


@pytest.mark.parametrize(
    ("path", "expected"),
    [("/m", "mobile"), ("/m/story", "mobile"), ("/market", "desktop"), ("/m/editor/x", "desktop"), ("/", "desktop")],
)
async def test_a_path_can_have_a_version_of_its_own(tmp_path: Path, path: str, expected: str) -> None:
    """
    The longest path decides, against address and cookie; everywhere else the reader does.
    """
    seen: list[str] = []

    async def app(scope: Message, receive: Receive, send: Send) -> None:
        seen.append(reader_of(scope).view)
        await answering(PAGE)(scope, receive, send)

    rules = {"/m": "mobile", "/m/editor": "desktop"}
    answer = await asked(wrapped(app, tmp_path, mobile_paths=rules), DESKTOP, path, query="ckit_view=desktop")

    assert (view_of(answer), seen) == (expected, [expected])


class Named:
    """An app that says its name, and lives as servers let it."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.lived: list[str] = []

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] != "lifespan":
            text = f"<!doctype html><html><head></head><body><p>{self.name}</p><div class=ads>Buy</div></body></html>"
            await answering(text.encode())(scope, receive, send)
            return
        for _ in range(2):
            message = await receive()
            self.lived.append(message["type"])
            await send({"type": f"{message['type']}.complete"})


async def test_another_app_answers_in_the_mobile_version(tmp_path: Path) -> None:
    """
    Readers of the mobile version get the app that was made for it, as it is; all others get the first one.
    """
    app = wrapped(Named("large"), tmp_path, mobile_app=Named("small"), mobile_remove=[".ads"])

    mobile, desktop, own = [await asked(app, headers) for headers in (MOBILE, DESKTOP, {})]

    assert b"<p>small</p>" in mobile.body
    assert b"Buy" in mobile.body
    assert b"view=desktop" in mobile.body
    assert b"<p>large</p>" in desktop.body
    assert b"<p>large</p>" in own.body


async def test_both_apps_start_and_stop(tmp_path: Path) -> None:
    """
    The second app's lifespan goes with the first one's.
    """
    large, small = Named("large"), Named("small")
    given = iter(["lifespan.startup", "lifespan.shutdown"])
    answered: list[str] = []

    async def receive() -> Message:
        return {"type": next(given)}

    async def send(message: Message) -> None:
        answered.append(message["type"])

    await wrapped(large, tmp_path, mobile_app=small)({"type": "lifespan"}, receive, send)

    assert large.lived == small.lived == ["lifespan.startup", "lifespan.shutdown"]
    assert answered == ["lifespan.startup.complete", "lifespan.shutdown.complete"]


@pytest.mark.parametrize("fails", ["refuses", "raises"])
async def test_a_second_app_that_will_not_start(tmp_path: Path, fails: str) -> None:
    """
    One that refuses keeps the server from starting; one that knows no lifespan does not.
    """

    async def small(scope: Message, receive: Receive, send: Send) -> None:
        if fails == "raises":
            raise TypeError("no lifespan here")
        await receive()
        await send({"type": "lifespan.startup.failed", "message": "no database"})

    given = iter(["lifespan.startup", "lifespan.shutdown"])
    answered: list[str] = []

    async def receive() -> Message:
        return {"type": next(given)}

    async def send(message: Message) -> None:
        answered.append(message["type"])

    await wrapped(Named("large"), tmp_path, mobile_app=small)({"type": "lifespan"}, receive, send)

    assert answered[0] == ("lifespan.startup.failed" if fails == "refuses" else "lifespan.startup.complete")


def test_the_second_app_can_be_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    In TOML it is `package.module:app`; a name without an app is an error that says so.
    """
    module = ModuleType("phones_of_the_test")
    module.app = Named("small")  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, module.__name__, module)

    found = wrapped(Named("large"), tmp_path, mobile_app="phones_of_the_test:app")._mobile_app

    assert found is module.app
    for wrong in ("phones_of_the_test:missing", "no_such_module_here:app", "phones_of_the_test:__name__"):
        with pytest.raises(ConfigurationError, match=f"mobile_app: '{wrong}'"):
            wrapped(Named("large"), tmp_path, mobile_app=wrong)


def on(host: str, headers: Mapping[str, str]) -> dict[str, str]:
    return {**headers, "host": host}


@pytest.mark.parametrize(
    ("host", "headers", "query", "expected"),
    [
        ("courier.example", MOBILE, "", "https://m.courier.example/a"),
        ("courier.example", MOBILE, "q=1&r=%C5%A1", "https://m.courier.example/a?q=1&r=%C5%A1"),
        ("courier.example", {}, "ckit_view=mobile&q=1", "https://m.courier.example/a?q=1"),
        ("courier.example:443", MOBILE, "", "https://m.courier.example/a"),
        ("courier.example", {}, "", None),
        ("courier.example", DESKTOP, "", None),
        ("courier.example", {**MOBILE, "sec-purpose": "prefetch"}, "", None),
        ("courier.example", {**MOBILE, "sec-fetch-mode": "cors", "sec-fetch-dest": "empty"}, "", None),
        ("m.courier.example", MOBILE, "", None),
        ("M.COURIER.EXAMPLE.", {}, "", None),
        ("backend:8000", MOBILE, "", None),
        ("m.courier.example.evil.example", MOBILE, "", None),
    ],
)
async def test_only_pages_of_the_home_host_are_sent_to_the_mobile_host(
    tmp_path: Path, host: str, headers: dict[str, str], query: str, expected: str | None
) -> None:
    """
    Once, with path and query, without our parameter; never from the mobile host or from a host nobody knows.
    """
    app = wrapped(answering(PAGE), tmp_path, **HOSTED)

    answer = await asked(app, on(host, headers), "/a", query=query)

    assert answer.header("location") == expected
    assert answer.status == (303 if expected else 200)
    if expected:
        assert answer.header("cache-control") == "no-store"
        assert "Cookie" in (answer.header("vary") or "")


@pytest.mark.parametrize("headers", [MOBILE, DESKTOP, {}], ids=["mobile", "desktop", "own"])
@pytest.mark.parametrize("host", ["courier.example", "m.courier.example"])
async def test_nobody_goes_in_a_circle(tmp_path: Path, host: str, headers: dict[str, str]) -> None:
    """
    Whatever was chosen and wherever one starts, the second answer is a page.
    """
    app = wrapped(answering(PAGE), tmp_path, mobile="device", **HOSTED)
    answer = await asked(app, on(host, {**headers, "user-agent": PHONE}), "/a")

    if answer.status == 303:
        host = (answer.header("location") or "").split("/")[2]
        answer = await asked(app, on(host, {**headers, "user-agent": PHONE}), "/a")

    assert answer.status == 200


@pytest.mark.parametrize("path", ["//evil.example/", "/\\evil.example", "/a b", "/ž", "/<b>\"'"])
async def test_the_mobile_host_is_the_only_one_that_is_named(tmp_path: Path, path: str) -> None:
    """
    Whatever a path looks like, it stays a path.
    """
    answer = await asked(
        wrapped(answering(PAGE), tmp_path, **HOSTED), on("courier.example", MOBILE), path, raw_path=None
    )
    location = answer.header("location") or ""

    assert location.startswith("https://m.courier.example/")
    assert not set(location) & set(' <>"\\')
    assert not location.startswith("https://m.courier.example//")


async def test_the_way_out_leads_home(tmp_path: Path) -> None:
    """
    On the mobile host *Exit mobile version* goes to the home host, which stores the choice and shows the page.
    """
    app = wrapped(answering(PAGE), tmp_path, mobile="device", **HOSTED)
    host = on("m.courier.example", {"user-agent": PHONE})

    out = await asked(app, host, "/_ckit/reader", query="view=desktop&next=/a%3Fq=1")
    home = {**on("courier.example", {"user-agent": PHONE}), "sec-fetch-site": "same-site"}
    stored = await asked(app, home, "/_ckit/reader", query="view=desktop&next=%2Fa%3Fq%3D1")
    page = await asked(app, {**home, **DESKTOP}, "/a")

    assert out.header("location") == "https://courier.example/_ckit/reader?view=desktop&next=%2Fa%3Fq%3D1"
    assert out.values("set-cookie") == []
    assert (stored.header("location"), stored.cookies) == ("/a?q=1", {"ckit_reader": "-.desktop"})
    assert (page.status, view_of(page)) == (200, "desktop")


async def test_each_address_of_a_page_names_the_other(tmp_path: Path) -> None:
    """
    Search engines are told which two addresses are one page.
    """
    app = wrapped(answering(PAGE), tmp_path, **HOSTED)

    home = await asked(app, on("courier.example", {}), "/a", query="q=1")
    mobile = await asked(app, on("m.courier.example", {}), "/a", query="q=1&ckit_view=mobile")

    assert home.values("link") == [
        '<https://m.courier.example/a?q=1>; rel="alternate"; media="only screen and (max-width: 640px)"'
    ]
    assert mobile.values("link") == ['<https://courier.example/a?q=1>; rel="canonical"']


async def test_a_form_of_the_mobile_host_is_ours(tmp_path: Path) -> None:
    """
    A refusal that was posted there counts.
    """
    headers = {
        **on("m.courier.example", {}),
        "origin": "https://m.courier.example",
        "content-type": "application/x-www-form-urlencoded",
    }
    scope = scope_of("/_ckit/choice", method="POST", headers=headers, scheme="https")

    answer = await call(wrapped(answering(PAGE), tmp_path, **HOSTED), scope, b"action=reject_all&next=/a")

    assert (answer.status, answer.header("location")) == (303, "/a#ckit-saved")


async def test_versions_by_device_are_never_mixed(tmp_path: Path) -> None:
    """
    A thousand interleaved requests of phones and laptops through a cache that keys by Vary alone, two apps behind it:
    everybody gets the version of their device or choice.
    """
    app = wrapped(Named("large"), tmp_path, mobile="device", mobile_app=Named("small"))
    order = random.Random(8)
    stored: dict[tuple[str, ...], bytes] = {}
    vary: list[str] = []

    async def ask(agent: str, choice: str) -> None:
        headers = {"user-agent": agent, "cookie": f"ckit_reader=-.{choice}" if choice else "other=1"}
        await asyncio.sleep(0)
        body = stored.get(tuple(headers.get(name, "") for name in vary)) if vary else None
        if body is None:
            answer = await asked(app, headers)
            said = [name.strip().lower() for name in (answer.header("vary") or "").split(",")]
            vary[:] = vary + [name for name in said if name not in vary]
            stored[tuple(headers.get(name, "") for name in vary)] = body = answer.body
        view = choice or ("mobile" if agent is PHONE else "")
        assert (b"<p>small</p>" in body) is (view == "mobile")
        assert (b"data-ckit-view" in body) is bool(view)

    await asyncio.gather(
        *(ask(order.choice([PHONE, LAPTOP]), order.choice(["", "mobile", "desktop"])) for _ in range(1000))
    )

    assert len(stored) <= 8


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"mobile": None, "mobile_remove": [".ads"]}, "mobile_remove: has no effect, because mobile is off"),
        ({"mobile_app": 7}, "mobile_app: 7 is a number; accepted is text or an app"),
        ({"mobile_app": "no app"}, "mobile_app: 'no app' names no app"),
        ({"mobile_host": "m.courier.example"}, "url: is missing, so nobody knows the way back"),
        ({**HOSTED, "mobile_host": "https://m.courier.example"}, "mobile_host: .* is no host"),
        ({**HOSTED, "mobile_host": "courier.example"}, "mobile_host: .* is the host of url itself"),
        ({**HOSTED, "mobile_host": "m.other.example"}, "mobile_host: .* belongs to another site"),
        ({"mobile_paths": {"m": "mobile"}}, "mobile_paths.m: 'm' is no path"),
        ({"mobile_paths": {"/m": "phone"}}, 'mobile_paths./m: \'phone\' is not known; accepted: "mobile", "desktop"'),
        ({"device_header": "X Device", "trusted_proxies": ["*"]}, "device_header: 'X Device' is no name of a header"),
        ({"device_header": "X-Device"}, "trusted_proxies: is missing, so anyone could write the device header"),
        ({"mobile": "phones"}, 'mobile: \'phones\' is not known; accepted: "auto", "always", "device", None'),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_options_that_make_no_sense_are_refused(tmp_path: Path, options: dict[str, Any], message: str) -> None:
    """
    Each misuse is named with what is accepted.
    """
    with pytest.raises(ConfigurationError, match=message):
        ConsentMiddleware(answering(PAGE), make_site(tmp_path, **options))
