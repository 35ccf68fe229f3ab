"""The auditors' pages in a browser: axe finds nothing, they fit a phone, and they work by keyboard without script."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
import uvicorn
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from consentkit.audit import AuditApp
from consentkit.log.notice import Notice
from tests.asgi.servers import free_port
from tests.audit.rooms import ANNA, HOLDER, SUBJECT, Room, furnish, some_records
from tests.log.samples import record

pytestmark = pytest.mark.browser

SHOWN = Notice(
    language="en",
    layer="banner",
    texts={"title": "Cookies"},
    html='<section><h2>Cookies</h2><a href="{{base}}/preferences">Choose</a><img src="/pixel.png"></section>',
    css="#ckit-root{color:rgb(1,2,3);background:url(/background.png)}",
)


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Room:
    made = [*some_records()[1:], record(subject=SUBJECT, notice=SHOWN.digest)]
    return furnish(tmp_path_factory.mktemp("audit"), made, SHOWN)


@pytest.fixture(scope="module")
def arrived() -> list[str]:
    """The paths that were asked for, as they came."""
    return []


@pytest.fixture(scope="module")
def address(room: Room, arrived: list[str]) -> Iterator[str]:
    """Where the pages are served, by the clock of today."""
    pages = AuditApp(room.site, given=(HOLDER,))

    async def app(scope: Any, receive: Any, send: Any) -> None:
        arrived.append(scope.get("path", scope["type"]))
        await pages(scope, receive, send)

    port = free_port()
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=port, log_level="error"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started and thread.is_alive():
        time.sleep(0.01)
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join(timeout=10)


def sign_in(page: Page, address: str) -> None:
    page.goto(f"{address}/sign-in")
    page.fill("#token", ANNA)
    page.click("main button")
    page.wait_for_url(f"{address}/")


@pytest.mark.parametrize(
    ("scheme", "width", "locale"),
    [("light", 1280, "en"), ("dark", 1280, "sr"), ("light", 375, "de"), ("dark", 320, "fr")],
)
def test_every_page_is_accessible_and_fits(
    browser: Browser, room: Room, address: str, scheme: str, width: int, locale: str
) -> None:
    """
    axe-core: nothing, light and dark; at 375 and 320 px nothing but tables scrolls sideways; no error in the console.
    """
    id, said = room.records[-1].id, []
    options = {"viewport": {"width": width, "height": 700}, "color_scheme": scheme, "locale": locale}
    with browser.new_context(**options) as context:  # type: ignore[arg-type]
        page = context.new_page()
        page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
        page.goto(address)
        found = {"/sign-in": judged(page)}
        sign_in(page, address)
        for path in ("/?subject=", f"/record?id={id}", f"/timeline?subject={SUBJECT}", f"/shown?id={id}", "/stats?subject=",
                     "/integrity", "/events", f"/erase?id={id}"):  # fmt: skip
            page.goto(address + path)
            assert page.evaluate("document.documentElement.lang") == locale
            found[path] = judged(page)

    assert {path: each for path, each in found.items() if each != ([], width)} == {}
    # The frame's own picture and background, which the policy held back; nothing else was tried.
    assert all("pixel.png" in text or "background.png" in text for text in said)


def judged(page: Page) -> tuple[list[str], int]:
    """What axe finds, and how wide the page is."""
    violations = Axe().run(page).response["violations"]
    return [each["id"] for each in violations], page.evaluate("document.documentElement.scrollWidth")


def test_what_was_shown_looks_as_it_did_and_loads_nothing(
    browser: Browser, room: Room, address: str, arrived: list[str]
) -> None:
    """
    The snapshot has its own style by its hash, and nothing of it reaches a server: no picture, no link that is pressed.
    """
    with browser.new_context() as context:
        page = context.new_page()
        sign_in(page, address)
        arrived.clear()
        page.goto(f"{address}/shown?id={room.records[-1].id}")
        colour = page.frames[1].evaluate("getComputedStyle(document.getElementById('ckit-root')).color")
        page.frame_locator("iframe").locator("a").click(no_wait_after=True)
        page.wait_for_timeout(150)
        page.goto(f"{address}/events")

    assert colour == "rgb(1, 2, 3)"
    assert [path for path in arrived if not path.startswith("/style-")] == ["/shown", "/events"]


def test_all_of_it_works_by_keyboard_without_script(browser: Browser, address: str, room: Room) -> None:
    """
    Sign in, search, open a record, ask to hold it, and sign out, with Tab and Enter and no JavaScript.
    """
    with browser.new_context(java_script_enabled=False) as context:
        page = context.new_page()
        page.goto(address)
        page.keyboard.press("Tab")
        assert page.locator(":focus").get_attribute("href") == "#main"
        page.locator("#token").focus()
        page.keyboard.type(ANNA)
        page.keyboard.press("Enter")
        page.wait_for_url(f"{address}/")
        page.locator("#subject").focus()
        page.keyboard.type(SUBJECT)
        page.keyboard.press("Enter")
        page.locator("tbody a").first.focus()
        page.keyboard.press("Enter")
        page.locator("main a[href*='/hold']").focus()
        page.keyboard.press("Enter")
        page.locator("#reason").focus()
        page.keyboard.type("court")
        page.keyboard.press("Enter")
        said = page.locator("main [role=status]").text_content()
        page.locator(".who button").focus()
        page.keyboard.press("Enter")
        page.wait_for_url(f"{address}/sign-in")

    assert said is not None
    assert said.startswith("Done: 2 records.")
    assert [event.reason for _, event in room.reader.happened() if event.kind == "hold"] == ["court"]
