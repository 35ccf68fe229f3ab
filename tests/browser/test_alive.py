"""Scripts, styles and frames that were held back, before and after a visitor agrees, in Chromium.

The third parties are played by the browser's router: what they serve is in `THIRD`, and what is asked of them is noted.
The measure of coming alive in place is the page itself: what it does in place has to be what it does when it is fetched
again by a visitor who has agreed, for then nothing of it is held.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import uvicorn
from playwright.sync_api import Browser, BrowserContext, Page, Route

from consentkit import ConsentMiddleware, Purpose, Vendor
from tests.asgi.servers import free_port
from tests.browser.pages import VIEWPORT, article, site

pytestmark = pytest.mark.browser

C = "http://counter.localhost:9"

GTAG = (
    '<script async src="https://www.googletagmanager.com/gtag/js?id=G-1"></script><script>'
    "window.dataLayer = window.dataLayer || [];function gtag(){dataLayer.push(arguments);}"
    "gtag('js', new Date());gtag('config', 'G-1');</script>"
)
PIXEL = (
    "<script>!function(f,b,e,v,n,t,s){if(f.fbq)return;n=f.fbq=function(){n.callMethod?n.callMethod.apply(n,arguments):"
    "n.queue.push(arguments)};if(!f._fbq)f._fbq=n;n.push=n;n.loaded=!0;n.queue=[];t=b.createElement(e);t.async=!0;"
    "t.src=v;s=b.getElementsByTagName(e)[0];s.parentNode.insertBefore(t,s)}(window,document,'script',"
    "'https://connect.facebook.net/en_US/fbevents.js');fbq('init','1');fbq('track','PageView');</script>"
)
MIXPANEL = '<script src="https://cdn.mxpnl.com/libs/mixpanel.js"></script><script>mixpanel.init("token")</script>'
MATOMO = (
    "<script>var _paq=window._paq=window._paq||[];_paq.push(['trackPageView']);(function(){var u='/stats/';"
    "_paq.push(['setTrackerUrl',u+'matomo.php']);var d=document,g=d.createElement('script'),"
    "s=d.getElementsByTagName('script')[0];g.async=true;g.src=u+'matomo.js';s.parentNode.insertBefore(g,s)})();</script>"
)
CALLS = """
window.went = [];
dataLayer.push({ event: "nav", eventCallback: () => went.push("dataLayer") });
const own = function () { dataLayer.push(arguments); };
own("event", "own", { event_callback: () => went.push("own") });
gtag("event", "leave", { event_callback: () => went.push("gtag") });
fbq("track", "Lead");
mixpanel.track("read");
mixpanel.people.set({ plan: "none" });
if (mixpanel.__loaded) throw "it is not";
_paq.push(["trackEvent", "own"]);
"""

# Each notes its name in `ran`; some only when DOMContentLoaded or load comes.
NOTE = "window.ran = window.ran || []; const note = (name) => ran.push(name);"
WAITS = (
    "document.addEventListener('DOMContentLoaded', () => ran.push('{0} ready'));"
    "window.addEventListener('load', () => ran.push('{0} load'));"
)
ORDER = article(
    f"{VIEWPORT}<script>window.ran = []</script>"
    f'<script src="{C}/defer.js" defer></script><script type=module>/* held by */ ran.push("module")</script>'
    f'<script src="{C}/first.js"></script>'
    f'<script>/* held by */ ran.push("inline " + (typeof first)); {WAITS.format("inline")}</script>'
    f'<script src="{C}/never.js" nomodule></script><script>/* held by */ ran.push("last")</script>',
    f'<svg width=1 height=1><script href="{C}/svg.js"></script></svg>'
    "<script>/* held by */ window.onload = () => ran.push('onload')</script>",
)
STYLES = article(
    f"{VIEWPORT}<link rel=stylesheet href='{C}/sheet.css'>"
    f"<link rel=preload as=style href='{C}/late.css' onload=\"this.onload=null;this.rel='stylesheet';document.documentElement.className='fonts'\">"
    f"<link rel=stylesheet href='{C}/print.css' media=print onload=\"this.media='all'\">"
    f"<style>html{{visibility:hidden}}html.fonts{{visibility:visible}}#painted{{background:url({C}/bg.png)}}</style>"
    f"<script src='{C}/lib.js' onerror=\"document.documentElement.dataset.library='missing'\"></script>",
    f"<p id=painted>Painted</p><p id=own style='background:url({C}/own.png)'>Own</p>",
)
WRITES = article(
    VIEWPORT,
    "<form><input id=name name=name><textarea id=words></textarea><input id=secret type=password>"
    f"<select id=pick><option>one<option>two</select><input id=tick type=checkbox></form><script src='{C}/first.js'></script>"
    "<script>/* held by */ document.write('<b id=written>written</b>')</script>",
)
PAGES = {
    "/snippets": (article(f"{VIEWPORT}{GTAG}{PIXEL}{MIXPANEL}{MATOMO}", "<script src=/app.js></script>"), ""),
    "/order": (ORDER, ""),
    "/styles": (STYLES, ""),
    "/writes": (WRITES, ""),
    "/strict": (
        article(
            f"{VIEWPORT}<script nonce=r4nd0m src='{C}/first.js'></script>", "<script nonce=r4nd0m src=/app.js></script>"
        ),
        "script-src 'nonce-r4nd0m' 'strict-dynamic'; object-src 'none'; base-uri 'none'",
    ),
    "/refuses": (
        article(f"{VIEWPORT}<script src='{C}/first.js'></script>"),
        "script-src 'self' 'unsafe-inline'",
    ),
    "/trusted": (
        article(f"{VIEWPORT}<script src='{C}/first.js'></script>"),
        "require-trusted-types-for 'script'; trusted-types 'none'",
    ),
}
PAGES["/inserts"] = (
    article(
        VIEWPORT,
        f"<iframe src='{C}/frame' width=300 height=200></iframe><script src='{C}/first.js'></script>"
        "<script>for (const [name, url] of [['script', 'http://ads.localhost:9/ad.js'], ['iframe',"
        " 'http://ads.localhost:9/ad.html'], ['script', 'https://cdn.jsdelivr.net/lib.js'], ['script', '/app.js?own']])"
        "document.body.append(Object.assign(document.createElement(name), { src: url }));"
        "new Worker(URL.createObjectURL(new Blob(['postMessage(1)']))).onmessage = () => window.worked = eval('1 + 1');"
        "</script>",
    ),
    "",
)
THIRD = {
    "/gtag/js": "window.atTag = dataLayer.map((each) => each[0] || each.event);",
    "/en_US/fbevents.js": "window.atPixel = fbq.queue.length;",
    "/libs/mixpanel.js": (
        "window.mix = []; window.mixpanel = { init: (...all) => mix.push(['init', ...all]),"
        " track: (...all) => mix.push(['track', ...all]), people: { set: (all) => mix.push(['set', all.plan]) } };"
    ),
    "/first.js": f"window.first = 1; (window.ran = window.ran || []).push('first'); {WAITS.format('first')}",
    "/defer.js": f"ran.push('defer'); {WAITS.format('defer')}",
    "/svg.js": "ran.push('svg')",
    "/never.js": "ran.push('never')",
}


async def app(scope: Any, receive: Any, send: Any) -> None:
    page, policy = PAGES.get(scope["path"], (article(), ""))
    kind = b"text/html; charset=utf-8"
    if scope["path"].endswith(".js"):
        page, kind = CALLS if scope["path"] == "/app.js" else "", b"text/javascript"
    headers = [(b"content-type", kind)] + [(b"content-security-policy", policy.encode())] * bool(policy)
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": page.encode()})


def serving(folder: Path, **options: Any) -> Iterator[str]:
    settings = site(
        folder,
        purposes=[
            Purpose(
                "analytics",
                vendors=[
                    Vendor("counter", title="Counter", hosts=["counter.localhost"]),
                    "google-analytics", "meta-pixel", "mixpanel", "matomo-cloud",
                ],
            )
        ],
        inline={"/* held by */": "counter"},
        **options,
    )  # fmt: skip
    port = free_port()
    config = uvicorn.Config(
        ConsentMiddleware(app, settings), host="127.0.0.1", port=port, log_level="error", lifespan="off"
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started and thread.is_alive():
        time.sleep(0.01)
    yield f"http://localhost:{port}"
    server.should_exit = True
    thread.join(timeout=10)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    yield from serving(tmp_path_factory.mktemp("alive"), lock="off")


@pytest.fixture(scope="module")
def locked_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    yield from serving(tmp_path_factory.mktemp("locked"), lock="all", csp_reports=True)


class Visitor:
    """A fresh profile; `asked`: what was asked of third parties, `loads`: how often a page was fetched."""

    def __init__(self, browser: Browser, home: str) -> None:
        self.home = home
        self.context: BrowserContext = browser.new_context()
        self.page: Page = self.context.new_page()
        self.page.set_default_timeout(10_000)
        self.asked: list[str] = []
        self.loads = 0
        self.errors: list[str] = []
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.context.route(lambda url: urlsplit(url).hostname != "localhost", self._third)
        self.context.on("request", self._note)

    def _third(self, route: Route) -> None:
        path = urlsplit(route.request.url).path
        self.asked.append(path)
        body = THIRD.get(path, "")
        kind = "text/css" if path.endswith(".css") else "text/javascript"
        route.fulfill(body=body, content_type=kind, headers={"access-control-allow-origin": "*"})

    def _note(self, request: Any) -> None:
        self.loads += request.is_navigation_request() and request.frame.parent_frame is None

    def go(self, path: str) -> None:
        self.loads = 0
        self.page.goto(self.home + path, wait_until="load")
        self.page.wait_for_timeout(100)

    def accept(self) -> None:
        self.page.locator("[data-ckit-action=accept]").click()

    def ran(self) -> list[str]:
        found: list[str] = self.page.evaluate("window.ran || []")
        return found


@pytest.fixture
def visitor(browser: Browser, home: str) -> Iterator[Visitor]:
    someone = Visitor(browser, home)
    yield someone
    someone.context.close()


def test_calls_meet_stand_ins_and_are_handed_over(visitor: Visitor) -> None:
    """
    What the page's own scripts tell held trackers throws nothing, leads nowhere, holds up no click, and reaches them in
    order, after what their snippets say themselves, once they may run.
    """
    visitor.go("/snippets")
    page = visitor.page
    assert (visitor.errors, visitor.asked) == ([], [])
    assert sorted(page.evaluate("went")) == ["dataLayer", "gtag", "own"]

    visitor.accept()
    page.wait_for_function("window.atTag && window.atPixel && window.mix?.length == 3 && fbq.queue.length == 3")

    assert visitor.errors == []
    assert visitor.loads == 1
    told = page.evaluate("dataLayer.map((each) => each[0] == 'consent' ? each[1] : each[0] || each.event)")
    assert told == ["default", "update", "js", "config", "nav", "event", "event"]
    assert page.evaluate("fbq.queue.map((each) => [...each].join(' '))") == ["init 1", "track PageView", "track Lead"]
    assert page.evaluate("mix") == [["init", "token"], ["track", "read"], ["set", "none"]]
    assert page.evaluate("_paq.map((each) => each[0])") == ["trackPageView", "setTrackerUrl", "trackEvent"]
    assert sorted(page.evaluate("went")) == ["dataLayer", "gtag", "own"]


def test_scripts_run_in_place_as_they_would_have_run(visitor: Visitor) -> None:
    """
    In document order, deferred ones and modules last, each with the events that it waits for: as on the page that is
    fetched by somebody who has agreed.
    """
    visitor.go("/order")
    assert visitor.ran() == []

    visitor.accept()
    visitor.page.wait_for_function("ran.includes('onload')")
    in_place, loads = visitor.ran(), visitor.loads
    visitor.go("/order")
    visitor.page.wait_for_function("ran.includes('onload')")

    # Chromium runs an SVG script that is fetched when it comes, wherever it stands.
    assert [name for name in in_place if name != "svg"] == [name for name in visitor.ran() if name != "svg"]
    assert "svg" in in_place
    assert "inline number" in in_place
    assert "never" not in in_place
    assert loads == 1
    assert visitor.errors == []


def test_styles_come_alive_and_hold_up_nothing(visitor: Visitor) -> None:
    """
    A page that waits for a held style sheet shows itself, one that waits for a script learns that it is missing; after
    Accept sheets and pictures are fetched where they stand.
    """
    visitor.go("/styles")
    page = visitor.page
    assert visitor.asked == []
    assert page.locator("#painted").is_visible()
    assert page.locator("html").get_attribute("data-library") == "missing"

    visitor.accept()
    for path in ("/sheet.css", "/late.css", "/print.css", "/bg.png", "/own.png", "/lib.js"):
        page.wait_for_function(
            "(path) => performance.getEntriesByType('resource').some((each) => each.name.endsWith(path))", arg=path
        )

    assert visitor.loads == 1
    assert visitor.errors == []


def test_a_script_that_writes_gets_a_page_of_its_own(visitor: Visitor) -> None:
    """
    document.write needs a page that is being parsed: it is fetched once more, in the same place, with what was typed.
    """
    visitor.go("/writes")
    page = visitor.page
    page.locator("#name").fill("Amra")
    page.locator("#words").fill("still here")
    page.locator("#secret").fill("hidden")
    page.locator("#pick").select_option("two")
    page.locator("#tick").check()
    page.evaluate("scrollTo(0, 700)")

    visitor.accept()
    page.wait_for_selector("#written", state="attached")
    page.wait_for_function("Math.abs(scrollY - 700) < 50")  # the page is a little shorter without the banner

    assert visitor.loads == 2
    page.wait_for_function("document.querySelector('#name').value == 'Amra'")
    assert page.evaluate("['words', 'secret', 'pick'].map((id) => document.getElementById(id).value)") == [
        "still here", "", "two",
    ]  # fmt: skip
    assert page.locator("#tick").is_checked()
    assert page.evaluate("sessionStorage.length") == 0


@pytest.mark.parametrize(
    ("path", "loads", "comes"),
    [("/strict", 1, True), ("/refuses", 2, False), ("/trusted", 2, True)],
    ids=["its nonce admits them", "they are not admitted", "Trusted Types"],
)
def test_a_policy_decides_whether_they_run_in_place(visitor: Visitor, path: str, loads: int, comes: bool) -> None:
    """
    Where the document's policies do not admit what comes alive, the page is fetched once more, and only once.
    """
    visitor.go(path)
    visitor.errors.clear()

    visitor.accept()
    visitor.page.wait_for_function(
        "(loads) => performance.getEntriesByType('navigation')[0].type == (loads > 1 ? 'reload' : 'navigate')",
        arg=loads,
    )
    visitor.page.wait_for_timeout(500)

    assert visitor.loads == loads
    assert ("first" in visitor.ran()) == comes


def test_the_second_lock(browser: Browser, locked_home: str) -> None:
    """
    Scripts and frames that page scripts insert stay out, libraries and workers run; after Accept the page comes once
    more, and since there is nothing left to agree to, without the lock.
    """
    visitor = Visitor(browser, locked_home)
    visitor.go("/inserts")
    page = visitor.page
    page.wait_for_function("window.worked == 2")
    assert visitor.asked == ["/lib.js"]
    assert not page.locator("[data-ckit-action=load]").is_visible()

    visitor.accept()
    page.wait_for_function("window.first && window.worked == 2")

    assert visitor.loads == 2
    assert {"/first.js", "/frame"} < set(visitor.asked)
    visitor.context.close()
