"""The demo in Chromium, as its readers use it: what leaves, what is remembered, what happens without JavaScript.

Requests are the evidence: every request that the browser attempts to one of the third parties is noted, whether it
would get an answer or not.
"""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Playwright

from tests import needs
from tests.asgi.servers import Server, free_port, serving
from tests.browser.conftest import ARGUMENTS

pytestmark = pytest.mark.browser

DECLARED = ("analytics.localhost", "video.localhost")
UNDECLARED = ("ads.localhost", "www.googletagmanager.com", "www.youtube.com", "www.youtube-nocookie.com")
PHONE = {"width": 375, "height": 667}


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("demo")
    port = free_port()
    command = ["demo_app", "--port", str(port), "--data", str(folder)]
    with serving(command, port, {}, folder / "demo.log") as server:
        yield server


class Visitor:
    """A fresh browser profile, and every other host that it asked."""

    def __init__(self, browser: Browser, demo: Server, *, script: bool, **options: object) -> None:
        self.home = f"http://localhost:{demo.port}"
        self.context: BrowserContext = browser.new_context(java_script_enabled=script, **options)  # type: ignore[arg-type]
        self.page: Page = self.context.new_page()
        self.asked: list[str] = []
        self.errors: list[str] = []
        self.context.on("request", lambda request: self.asked.append(request.url))
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))

    def go(self, path: str = "/") -> None:
        """Go to a page and wait until it is quiet; what it asked for is noted from here on."""
        self.asked.clear()
        self.page.goto(self.home + path, wait_until="load")
        self.page.wait_for_timeout(300)

    def hosts(self) -> set[str]:
        """Other hosts that were asked since the last `go`."""
        names = {urlsplit(url).hostname or "" for url in self.asked if url.startswith("http")}
        return names - {"localhost"}

    def press(self, action: str) -> None:
        self.page.locator(f"[data-ckit-action={action}]:visible").first.click()
        self.page.wait_for_load_state("load")
        self.page.wait_for_timeout(600)

    def cookies(self) -> dict[str, str]:
        """Cookies of the site itself."""
        return {c["name"]: c["value"] for c in self.context.cookies(self.home)}

    @property
    def is_asked(self) -> bool:
        return self.page.locator("[data-ckit-ui=banner]").count() > 0


@pytest.fixture(params=[True, False], ids=["script", "no script"])
def visitor(request: pytest.FixtureRequest, browser: Browser, demo: Server) -> Iterator[Visitor]:
    someone = Visitor(browser, demo, script=request.param)
    yield someone
    someone.context.close()


PAGES = ["/", "/held", "/bs/", "/sr/", "/sr-latn/", "/ar/", "/archive/2003"]


def pages_with_third_parties(visitor: Visitor) -> list[str]:
    """The front page and every article that it links."""
    visitor.go("/")
    links = visitor.page.eval_on_selector_all("main a[href]", "all => all.map(a => a.getAttribute('href'))")
    return sorted({link for link in links if re.fullmatch(r"/[a-z-]+/[a-z0-9-]+", link)})


def test_nothing_leaves_before_a_choice(visitor: Visitor) -> None:
    """
    On a first visit no page asks a third party for anything.
    """
    for path in [*PAGES, *pages_with_third_parties(visitor)]:
        visitor.go(path)
        assert visitor.hosts() == set(), path


def test_after_accept_the_declared_are_asked_and_the_undeclared_are_not(visitor: Visitor) -> None:
    """
    Accept all releases the declared vendors on every page, and nobody else.
    """
    paths = pages_with_third_parties(visitor)
    visitor.go("/")
    visitor.press("accept")
    asked: set[str] = set(visitor.hosts())
    for path in paths:
        visitor.go(path)
        asked |= visitor.hosts()

    assert asked.issuperset(DECLARED)
    assert asked.isdisjoint(UNDECLARED)
    assert not visitor.is_asked


def test_after_withdrawing_they_stop(visitor: Visitor) -> None:
    """
    Withdraw stops what Accept had released, on this page and on the next.
    """
    paths = pages_with_third_parties(visitor)
    visitor.go("/")
    visitor.press("accept")
    visitor.go("/_ckit/preferences")
    visitor.press("withdraw")

    for path in ["/", *paths]:
        visitor.go(path)
        assert visitor.hosts() == set(), path
    assert "ckit_id" not in visitor.cookies()


def test_reject_is_remembered_and_names_nobody(browser: Browser, demo: Server) -> None:
    """
    Reject all never asks again; two visitors who refuse hold the same bytes and no other cookie.
    """
    jars = []
    for script in (True, False):
        someone = Visitor(browser, demo, script=script)
        someone.go("/")
        someone.press("reject")
        someone.go("/about")
        assert not someone.is_asked
        jars.append(someone.cookies())
        someone.context.close()

    assert jars[0] == jars[1]
    assert set(jars[0]) == {"ckit"}


def test_a_tampered_cookie_asks_again(visitor: Visitor) -> None:
    """
    A choice that somebody changed is no choice.
    """
    visitor.go("/")
    visitor.press("accept")
    value = visitor.cookies()["ckit"]
    visitor.context.add_cookies([{"name": "ckit", "value": value.replace("media", "medic"), "url": visitor.home}])

    visitor.go("/")

    assert visitor.is_asked
    assert visitor.hosts() == set()


def text_height(page: Page, selector: str) -> float:
    """The height of the first letter that is drawn inside an element."""
    return float(
        page.evaluate(
            """selector => {
                const element = document.querySelector(selector);
                const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
                let node; while ((node = walker.nextNode()) && !node.data.trim());
                const range = document.createRange();
                const start = node.data.search(/\\S/);
                range.setStart(node, start); range.setEnd(node, start + 1);
                return range.getBoundingClientRect().height;
            }""",
            selector,
        )
    )


def test_text_size_survives_a_reload(visitor: Visitor) -> None:
    """
    A reader who wants 150 % gets it on the next page too, without script on pages sized in rem.
    """
    visitor.go("/about")
    before = text_height_by_box(visitor)
    visitor.go("/_ckit/reader?text=150&next=/about")
    enlarged = text_height_by_box(visitor)
    visitor.page.reload()
    visitor.page.wait_for_timeout(300)
    again = text_height_by_box(visitor)

    assert enlarged / before == pytest.approx(1.5, abs=0.06)
    assert again == pytest.approx(enlarged, abs=0.5)
    assert visitor.page.locator("html").get_attribute("data-ckit-text") == "150"


def text_height_by_box(visitor: Visitor) -> float:
    # Playwright evaluates in its own world, so this works with the page's script turned off.
    return text_height(visitor.page, "main p")


def test_text_size_reaches_text_in_pixels(browser: Browser, demo: Server) -> None:
    """
    With script the old page, sized in px, grows by exactly the ratio as well.
    """
    someone = Visitor(browser, demo, script=True)
    someone.go("/archive/2003")
    before = text_height(someone.page, "body p, body td")
    someone.go("/_ckit/reader?text=150&next=/archive/2003")

    assert text_height(someone.page, "body p, body td") / before == pytest.approx(1.5, abs=0.08)
    someone.context.close()


@pytest.mark.parametrize("script", [True, False], ids=["script", "no script"])
def test_the_mobile_version_survives_a_reload(browser: Browser, demo: Server, script: bool) -> None:
    """
    On a phone the old page can be switched to a mobile version, which stays after a reload.
    """
    someone = Visitor(browser, demo, script=script, viewport=PHONE, is_mobile=True, has_touch=True)
    someone.go("/archive/2003")
    someone.press("reject")
    assert someone.page.evaluate("window.innerWidth") > 900
    someone.page.locator("[data-ckit-action=view]").first.click()
    someone.page.wait_for_load_state("load")
    someone.page.reload()

    assert someone.page.evaluate("window.innerWidth") == PHONE["width"]
    assert someone.page.locator("html").get_attribute("data-ckit-view") == "mobile"
    assert urlsplit(someone.page.url).path == "/archive/2003"
    assert "ckit_view" not in someone.page.url
    someone.context.close()


def test_an_arabic_page_has_a_mirrored_arabic_banner(visitor: Visitor) -> None:
    """
    The banner speaks the page's language, not the browser's, and is laid out from the right.
    """
    visitor.go("/ar/")
    root = visitor.page.locator("#ckit-root")
    reject = visitor.page.locator("[data-ckit-action=reject]").bounding_box()
    accept = visitor.page.locator("[data-ckit-action=accept]").bounding_box()

    assert root.get_attribute("lang") == "ar"
    assert root.get_attribute("dir") == "rtl"
    assert re.search(r"[\u0600-\u06ff]", visitor.page.locator("[data-ckit-ui=banner]").inner_text())
    assert reject is not None
    assert accept is not None
    assert reject["x"] > accept["x"] or reject["y"] < accept["y"]


@pytest.mark.parametrize(
    ("path", "tag"), [("/bs/", "bs"), ("/sr/", "sr"), ("/sr-latn/", "sr-Latn"), ("/", "en")], ids=lambda v: str(v)
)
def test_the_banner_speaks_the_pages_language(browser: Browser, demo: Server, path: str, tag: str) -> None:
    """
    The page's own language wins over a browser that prefers German.
    """
    someone = Visitor(browser, demo, script=False, locale="de-DE")
    someone.go(path)

    assert someone.page.locator("#ckit-root").get_attribute("lang") == tag
    someone.context.close()


def test_third_party_cookies_come_with_the_bare_app_only(
    playwright_driver: Playwright, demo: Server, tmp_path: Path
) -> None:
    """
    The same browser takes the third parties' cookies from the bare app, and none from the wrapped one.
    """
    preferences = tmp_path / "profile" / "Default"
    preferences.mkdir(parents=True)
    (preferences / "Preferences").write_text('{"profile": {"cookie_controls_mode": 0}}')
    context = playwright_driver.chromium.launch_persistent_context(
        str(tmp_path / "profile"), executable_path=needs.chromium(), args=ARGUMENTS
    )
    page = context.pages[0]
    page.goto(f"http://localhost:{demo.port}/", wait_until="load")
    page.wait_for_timeout(500)
    wrapped = third_party_cookies(context)
    page.goto(f"http://bare.localhost:{demo.port}/", wait_until="load")
    page.wait_for_timeout(1500)
    bare = third_party_cookies(context)
    context.close()

    assert wrapped == set()
    assert {("analytics.localhost", True), ("analytics.localhost", False)} <= bare


def third_party_cookies(context: BrowserContext) -> set[tuple[str, bool]]:
    """(domain, whether it is partitioned) of every cookie of another site."""
    return {
        (str(c.get("domain")), bool(c.get("partitionKey")))
        for c in context.cookies()
        if str(c.get("domain")) in (*DECLARED, *UNDECLARED)
    }


def test_a_choice_survives_a_killed_server(tmp_path: Path) -> None:
    """
    kill -9 right after the answer loses nothing: the record is in the log.
    """
    port = free_port()
    with serving(["demo_app", "--port", str(port), "--data", str(tmp_path)], port, {}, tmp_path / "log") as server:
        page = server.ask("/", headers={"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"})
        shown = re.search(rb'name="shown" value="([^"]+)"', page.body)
        assert shown
        form = [("action", "accept_all"), ("shown", shown[1].decode()), ("next", "/")]
        answer = server.ask("/_ckit/choice", form=form, headers={"Accept": "application/json"})
        server.process.send_signal(signal.SIGKILL)
        server.process.wait()

    found = subprocess.run(
        [sys.executable, "-m", "consentkit.cli", "log", "find", "--log", f"sqlite:///{tmp_path}/consent.db", "--json"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    record = json.loads(answer.body)["record"]

    assert answer.status == 200
    assert [json.loads(line)["id"] for line in found.stdout.splitlines()] == [record]
