"""Pages for everyone, out of a cache that stores by address alone, in the hands of visitors who differ."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import uvicorn
from playwright.sync_api import Browser, BrowserContext, Page

from consentkit import ConsentMiddleware
from tests.asgi.servers import free_port
from tests.browser.pages import VIEWPORT, article, site

pytestmark = pytest.mark.browser

FRAME = '<iframe src="http://video.localhost:9/embed/1" width="560" height="315" title="The ferry"></iframe>'
IMAGE = '<img src="http://maps.localhost:9/tile.png" alt="Map" width="20" height="20">'
SCRIPT = '<script src="http://counter.localhost:9/1.js"></script>'
PX = '<p id="px" style="font-size:14px;line-height:18px">Text in pixels</p>'
PAGES = {
    "/": article(VIEWPORT + SCRIPT, FRAME),
    "/pictures": article(VIEWPORT, FRAME + IMAGE),
    "/sizes": article(VIEWPORT, PX),
    "/old": article("", PX),
}
# Whether a banner was ever painted: asked in each frame, from before the page's first byte is parsed.
WATCH = """
window.painted = [];
const look = () => {
  const banner = document.querySelector('[data-ckit-ui=banner]');
  if (document.body) window.painted.push(!!banner && getComputedStyle(banner).display !== 'none' && !!banner.getClientRects().length);
  requestAnimationFrame(look);
};
requestAnimationFrame(look);
"""


async def app(scope: Any, receive: Any, send: Any) -> None:
    body = PAGES.get(scope["path"], PAGES["/"]).encode()
    headers = [(b"content-type", b"text/html; charset=utf-8"), (b"cache-control", b"public, max-age=0, s-maxage=600")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


class Cache:
    """What a CDN does: a GET that may be kept by everyone is answered from its first answer, whoever asks."""

    def __init__(self, inner: Any) -> None:
        self.inner = inner
        self.kept: dict[str, list[Any]] = {}
        self.hits = 0
        self.ignores_query = False

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        query = "" if self.ignores_query else scope.get("query_string", b"").decode()
        key = f"{scope.get('path')}?{query}"
        if scope["type"] == "http" and scope["method"] == "GET" and key in self.kept:
            self.hits += 1
            for message in self.kept[key]:
                await send(message)
            return
        messages: list[Any] = []

        async def keep(message: Any) -> None:
            messages.append(message)
            await send(message)

        await self.inner(scope, receive, keep)
        said = dict(messages[0].get("headers", [])).get(b"cache-control", b"") if messages else b""
        if scope["type"] == "http" and scope["method"] == "GET" and b"s-maxage" in said and b"private" not in said:
            self.kept[key] = messages


@contextlib.contextmanager
def running(cache: Cache) -> Iterator[str]:
    port = free_port()
    server = uvicorn.Server(uvicorn.Config(cache, host="127.0.0.1", port=port, log_level="error", lifespan="off"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started and thread.is_alive():
        time.sleep(0.01)
    try:
        yield f"http://localhost:{port}"
    finally:
        server.should_exit = True
        thread.join(timeout=10)


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    return Cache(ConsentMiddleware(app, site(tmp_path, shared=True)))


@pytest.fixture
def home(cache: Cache) -> Iterator[str]:
    with running(cache) as url:
        yield url


class Visitor:
    """A fresh profile. `others`: hosts that were asked since the last `go`; `loads`: documents."""

    def __init__(self, browser: Browser, home: str, **options: Any) -> None:
        self.home = home
        self.context: BrowserContext = browser.new_context(**options)
        self.page: Page = self.context.new_page()
        self.others: list[str] = []
        self.loads: list[str] = []
        self.errors: list[str] = []
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.context.on("request", self._note)

    def _note(self, request: Any) -> None:
        parts = urlsplit(request.url)
        if parts.scheme.startswith("http") and parts.hostname != "localhost":
            self.others.append(parts.hostname or "")
        elif request.is_navigation_request() and request.frame == self.page.main_frame:
            self.loads.append(request.url)

    def go(self, path: str = "/") -> None:
        self.others.clear()
        self.loads.clear()
        self.page.goto(self.home + path, wait_until="commit")
        self.settle()

    def settle(self) -> None:
        self.page.wait_for_timeout(700)
        self.page.wait_for_load_state("load")

    def press(self, action: str) -> None:
        self.page.locator(f"[data-ckit-action={action}]:visible").first.click()
        self.settle()

    @property
    def is_asked(self) -> bool:
        return self.page.locator("[data-ckit-ui=banner]").count() > 0


Enter = Callable[..., Visitor]


@pytest.fixture
def enter(browser: Browser, home: str) -> Iterator[Enter]:
    made: list[Visitor] = []

    def someone(**options: Any) -> Visitor:
        made.append(Visitor(browser, home, **options))
        return made[-1]

    yield someone
    errors = [error for each in made for error in each.errors]
    for each in made:
        each.context.close()
    assert errors == []


@pytest.mark.parametrize("script", [True, False], ids=["script", "no script"])
def test_nothing_leaves_on_a_first_visit(enter: Enter, script: bool) -> None:
    """
    The first to come and the one who gets the copy ask nobody else for anything.
    """
    for _ in range(2):
        someone = enter(java_script_enabled=script)
        for path in ("/", "/pictures"):
            someone.go(path)
            assert someone.others == []
            assert someone.is_asked


def test_after_accept_the_declared_are_asked_on_copies_too(enter: Enter, cache: Cache) -> None:
    """
    Accept works on a copy, scripts run by the visitor's own page, and the copy stays everybody's.
    """
    enter().go("/")
    someone = enter()
    someone.go("/")
    someone.press("accept")
    assert {"counter.localhost", "video.localhost"} <= set(someone.others)

    someone.go("/")

    assert {"counter.localhost", "video.localhost"} <= set(someone.others)
    assert not someone.is_asked
    assert someone.page.url == f"{someone.home}/"
    assert len(someone.loads) == 2
    assert someone.page.evaluate("ckit.allows('analytics') && ckit.allows('media', 'tube')")
    other = enter()
    other.go("/")
    assert other.others == []
    assert other.is_asked
    assert cache.hits >= 2


def test_frames_and_images_come_alive_in_place(enter: Enter) -> None:
    """
    Where no script waits for consent the copy is enough: no second page is fetched.
    """
    someone = enter()
    someone.go("/")
    someone.press("accept")

    someone.go("/pictures")

    assert {"video.localhost", "maps.localhost"} <= set(someone.others)
    assert someone.loads == [f"{someone.home}/pictures"]
    assert not someone.is_asked
    assert someone.page.evaluate("ckit.allows('media') && ckit.allows('analytics', 'counter')")


def test_a_refusal_is_never_asked_again_nor_flashes(enter: Enter) -> None:
    """
    Who refused sees no banner in any frame that is painted, and gets the copy, not a page of their own.
    """
    someone = enter()
    someone.go("/")
    someone.press("reject")
    someone.context.add_init_script(WATCH)

    for path in ("/pictures", "/", "/sizes"):
        someone.go(path)
        painted = someone.page.evaluate("window.painted")
        assert painted
        assert not any(painted)
        assert not someone.is_asked
        assert someone.others == []
        assert len(someone.loads) == 1
        assert someone.page.get_by_role("link", name="Privacy choices").is_visible()


def test_withdrawing_stops_it(enter: Enter) -> None:
    """
    After Withdraw the copies are what they are on a first visit, without the question.
    """
    someone = enter()
    someone.go("/")
    someone.press("accept")
    someone.go("/_ckit/preferences")
    someone.press("withdraw")

    for path in ("/", "/pictures"):
        someone.go(path)
        assert someone.others == []
        assert not someone.is_asked


@pytest.mark.parametrize(
    "value", ["v=1&d=1&e=2&o=x.s", "garbage", "v=1&d=99999&e=99999.s"], ids=["old", "no", "future"]
)
def test_a_cookie_that_is_no_choice_is_asked(enter: Enter, value: str) -> None:
    """
    Expired, malformed and future-dated values are no choice for the script either.
    """
    someone = enter()
    someone.context.add_cookies([{"name": "ckit", "value": value, "url": someone.home}])
    someone.go("/pictures")

    assert someone.is_asked
    assert someone.others == []


def test_an_answer_to_another_question_gets_its_own_page(enter: Enter) -> None:
    """
    Whether an older choice still answers what is asked is for the server to say: once, and then no more.
    """
    someone = enter()
    day = int(time.time() // 86400)
    someone.context.add_cookies([{"name": "ckit", "value": f"v=1&d={day}&e={day + 9}&o=0&g=x.s", "url": someone.home}])
    someone.go("/pictures")

    assert someone.is_asked
    assert len(someone.loads) == 2
    assert someone.page.url == f"{someone.home}/pictures"


def test_a_cache_that_ignores_queries_ends_in_no_loop(enter: Enter, cache: Cache) -> None:
    """
    Where the own page can't be had the visitor stays on the copy, and what they agreed to loads there, save for scripts:
    the copy's policy is that of who has agreed to nothing.
    """
    cache.ignores_query = True
    someone = enter()
    someone.go("/")
    someone.press("accept")

    someone.go("/")

    assert len(someone.loads) == 2
    assert not someone.is_asked
    assert set(someone.others) == {"video.localhost"}


def test_global_privacy_control_is_said_on_a_page_of_their_own(tmp_path: Path, browser: Browser) -> None:
    """
    Whoever sends the signal is told that it is honoured, by script, though the copy says nothing of it.
    """
    own = Cache(ConsentMiddleware(app, site(tmp_path, shared=True, gpc_purposes=["analytics"])))
    with running(own) as url:
        someone = Visitor(browser, url, extra_http_headers={"Sec-GPC": "1"})
        someone.context.add_init_script("Object.defineProperty(navigator, 'globalPrivacyControl', {value: true})")
        someone.go("/")
        text = someone.page.locator("[data-ckit-ui=banner]").inner_text()
        someone.context.close()

    assert "We honour that" in text
    assert len(someone.loads) == 2
    assert someone.others == []


def test_without_script_the_form_works_and_it_keeps_asking(enter: Enter) -> None:
    """
    The documented exception: the choice is made and kept, and the copy still asks.
    """
    someone = enter(java_script_enabled=False)
    someone.go("/pictures")
    someone.press("reject")

    assert "ckit" in {cookie.get("name") for cookie in someone.context.cookies()}
    someone.go("/pictures")
    assert someone.is_asked
    assert someone.others == []
    assert not someone.page.locator("summary").first.is_visible()


def test_text_size_on_a_copy(enter: Enter) -> None:
    """
    150 % of a reader's cookie is set by script, on text in pixels too, and the bar says so.
    """
    someone = enter()
    someone.context.add_cookies([{"name": "ckit_reader", "value": "150.-", "url": someone.home}])
    someone.go("/sizes")

    assert someone.page.evaluate("getComputedStyle(document.getElementById('px')).fontSize") == "21px"
    assert someone.page.locator("html").get_attribute("data-ckit-text") == "150"
    assert someone.page.locator("[data-ckit-value=text]").inner_text() == "150%"
    assert someone.page.evaluate("document.querySelectorAll('script[src*=\"/text.\"]').length") == 1


@pytest.mark.parametrize("script", [True, False], ids=["script", "no script"])
def test_the_mobile_version_stays_in_the_address(enter: Enter, script: bool) -> None:
    """
    The link leads to an address whose page is everybody's too, and out of it again.
    """
    someone = enter(java_script_enabled=script)
    someone.go("/old")
    someone.press("view")
    assert someone.page.url == f"{someone.home}/old?ckit_view=mobile"
    assert someone.page.locator("html").get_attribute("data-ckit-view") == "mobile"

    someone.press("view")
    assert someone.page.url == f"{someone.home}/old?ckit_view=desktop"
