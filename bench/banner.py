"""What a banner costs the page, ours beside others: `python -m bench.banner --peers FOLDER [--rounds 9]`.

FOLDER holds the others as npm lays them out:

    npm install --prefix FOLDER --ignore-scripts vanilla-cookieconsent@3 klaro@0.7 tarteaucitronjs@1 cookieconsent@3

One news page of about 60 KB (a style sheet, a deferred script, a picture that is its largest element) is loaded without
any, with ours as a first and as a later visit, and with each of the others as their documentation recommends, served
from the same origin with gzip. All in turn, in a fresh profile without a cache; medians. The third row of figures comes
from loads without our probe in the page, because a probe costs something too.
"""

from __future__ import annotations

import argparse
import gzip
import mimetypes
import statistics
import sys
import tempfile
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, CDPSession, sync_playwright

from consentkit import ConsentMiddleware, Site
from consentkit.testing import cookies
from tests import needs
from tests.browser.pages import serving
from tests.browser.pages import site as small_site

ROUNDS = 9

SLOW = {"latency": 562.5, "downloadThroughput": 1.44e6 / 8, "uploadThroughput": 0.675e6 / 8, "offline": False}

STORY = "".join(
    f"<article><h2><a href='/s{n}'>{n}. The river rose again in the night</a></h2><p>The ferry stayed on the other bank"
    f" until noon, said the harbour master, who had counted {n * 7} boats; {n * 3} of them came from the north.</p></article>"
    for n in range(250)
)
PICTURE = (
    "<svg xmlns='http://www.w3.org/2000/svg' width='1000' height='420'><rect width='1000' height='420' fill='#357'/>"
    "<circle cx='500' cy='210' r='160' fill='#9bd'/></svg>"
)
STYLE = "body{margin:0 auto;max-width:60rem;font:1.1rem/1.6 Georgia,serif}img{width:100%;height:auto}a{color:#04c}"


@dataclass(frozen=True)
class Peer:
    """`head`, `end`: what its documentation puts into the page. `banner`: its box."""

    banner: str
    head: str = ""
    end: str = ""


def _file(path: str) -> str:
    return f"/peer/{path}"


PEERS: Mapping[str, Peer] = {
    "vanilla-cookieconsent": Peer(
        "#cc-main .cm",
        f"<link rel=stylesheet href={_file('vanilla-cookieconsent/dist/cookieconsent.css')}>",
        "<script type=module src=/peer-config/vcc.js></script>",
    ),
    "klaro": Peer(
        ".klaro .cookie-notice",
        f"<script defer src=/peer-config/klaro.js></script><script defer src={_file('klaro/dist/klaro.js')}></script>",
    ),
    "tarteaucitronjs": Peer(
        "#tarteaucitronAlertBig",
        f"<script src={_file('tarteaucitronjs/tarteaucitron.min.js')}></script><script src=/peer-config/tac.js></script>",
        "<script src=/peer-config/tac-jobs.js></script>",
    ),
    "cookieconsent (Osano)": Peer(
        ".cc-window",
        f"<link rel=stylesheet href={_file('cookieconsent/build/cookieconsent.min.css')}>",
        f"<script src={_file('cookieconsent/build/cookieconsent.min.js')}></script><script src=/peer-config/osano.js></script>",
    ),
}
CONFIGS = {
    "vcc.js": f"""import * as C from "{_file("vanilla-cookieconsent/dist/cookieconsent.esm.js")}";
C.run({{ hideFromBots: false, categories: {{ necessary: {{ readOnly: true }}, analytics: {{}} }}, language: {{ default: "en",
translations: {{ en: {{ consentModal: {{ title: "Cookies on Drina Courier", description: "With your consent we measure visits.",
acceptAllBtn: "Accept all", acceptNecessaryBtn: "Reject all", showPreferencesBtn: "Choose" }}, preferencesModal: {{ title: "x",
acceptAllBtn: "Accept all", acceptNecessaryBtn: "Reject all", savePreferencesBtn: "Save", sections: [] }} }} }} }} }});""",
    "klaro.js": """var klaroConfig = { acceptAll: true, translations: { en: { purposes: { analytics: "Analytics" } } },
services: [{ name: "matomo", purposes: ["analytics"] }] };""",
    "tac.js": """tarteaucitron.init({ orientation: "bottom", DenyAllCta: true, AcceptAllCta: true, highPrivacy: true,
showIcon: false, hashtag: "#tac", cookieName: "tac" });""",
    "tac-jobs.js": "tarteaucitron.user.gtagUa = 'G-1'; (tarteaucitron.job = tarteaucitron.job || []).push('gtag');",
    "osano.js": """cookieconsent.initialise({ type: "opt-in", palette: { popup: { background: "#fff", text: "#000" },
button: { background: "#000", text: "#fff" } } });""",
}

PROBE = """(() => { const seen = window.__seen = { cls: 0, long: 0 };
const watch = (type, tell) => new PerformanceObserver((list) => list.getEntries().forEach(tell)).observe({ type, buffered: true });
watch("paint", (e) => { if (e.name === "first-contentful-paint") seen.fcp = e.startTime });
watch("largest-contentful-paint", (e) => { seen.lcp = e.startTime });
watch("layout-shift", (e) => { if (!e.hadRecentInput) seen.cls += e.value });
watch("longtask", (e) => { seen.long = Math.max(seen.long, e.duration) });
const look = () => { const box = document.querySelector(%r); const b = box && box.getBoundingClientRect();
if (b && b.height && b.bottom > 0 && b.top < innerHeight && +getComputedStyle(box).opacity > .1) seen.banner = performance.now();
else requestAnimationFrame(look) }; requestAnimationFrame(look) })()"""


class Lab:
    """The page, bare and with each peer, as an ASGI app that compresses what it sends."""

    def __init__(self, folder: Path, settings: Site) -> None:
        self._folder = folder
        self._ours = ConsentMiddleware(self._page, settings)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        path = scope["path"]
        if path.startswith(("/ours", "/_ckit/")):
            await self._packed(self._ours, scope, receive, send)
        elif path.startswith("/peer/"):
            await self._packed(self._file, scope, receive, send)
        else:
            await self._packed(self._page, scope, receive, send)

    async def _packed(self, app: Any, scope: Any, receive: Any, send: Any) -> None:
        messages: list[Any] = []

        async def keep(message: Any) -> None:
            messages.append(message)

        await app(scope, receive, keep)
        body = gzip.compress(b"".join(message.get("body", b"") for message in messages), 9)
        headers = [field for field in messages[0]["headers"] if field[0] != b"content-length"]
        headers += [(b"content-encoding", b"gzip"), (b"content-length", str(len(body)).encode())]
        await send({**messages[0], "headers": headers})
        await send({"type": "http.response.body", "body": body})

    async def _file(self, scope: Any, receive: Any, send: Any) -> None:
        path = self._folder / "node_modules" / scope["path"].removeprefix("/peer/")
        await _send(
            send, path.read_bytes() if path.is_file() else b"", mimetypes.guess_type(path.name)[0] or "text/plain"
        )

    async def _page(self, scope: Any, receive: Any, send: Any) -> None:
        path = scope["path"]
        if path.startswith("/peer-config/"):
            await _send(send, CONFIGS[path.rpartition("/")[2]].encode(), "text/javascript")
        elif path in ("/style.css", "/app.js", "/hero.svg"):
            kinds = {"/style.css": (STYLE, "text/css"), "/app.js": ("'use strict';", "text/javascript")}
            text, kind = kinds.get(path, (PICTURE, "image/svg+xml"))
            await _send(send, text.encode(), kind)
        else:
            name = scope["query_string"].decode().replace("%20", " ")
            peer = PEERS.get(name, Peer(""))
            page = (
                "<!DOCTYPE html><html lang=en><head><meta charset=utf-8><title>The river</title>"
                "<meta name=viewport content='width=device-width, initial-scale=1'><link rel=stylesheet href=/style.css>"
                f"<script defer src=/app.js></script>{peer.head}</head><body><h1>The river</h1>"
                f"<img src=/hero.svg width=1000 height=420 alt='The river'>{STORY}{peer.end}</body></html>"
            )
            await _send(send, page.encode(), "text/html; charset=utf-8")


async def _send(send: Any, body: bytes, kind: str) -> None:
    headers = [(b"content-type", kind.encode()), (b"cache-control", b"no-store")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


@dataclass(frozen=True)
class Case:
    """One row: where the page is, the banner's box, and the cookies of who comes."""

    address: str
    banner: str = "#nothing"
    cookies: Mapping[str, str] | None = None


def cases(settings: Site) -> dict[str, Case]:
    ours = {
        "no banner": Case("/"),
        "consentkit": Case("/ours", "[data-ckit-ui=banner]"),
        "consentkit, later": Case("/ours", cookies=cookies(settings)),
    }
    return ours | {name: Case(f"/?{name}", peer.banner) for name, peer in PEERS.items()}


def load(browser: Browser, url: str, case: Case, *, slow: bool, probe: bool) -> dict[str, float]:
    """One load in a fresh profile. Without the probe: what the main thread did."""
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    if case.cookies:
        context.add_cookies([{"name": name, "value": value, "url": url} for name, value in case.cookies.items()])
    page = context.new_page()
    session = context.new_cdp_session(page)
    sent = {"requests": 0.0, "bytes": 0.0}
    _count(session, sent)
    session.send("Network.setCacheDisabled", {"cacheDisabled": True})
    if slow:
        session.send("Network.emulateNetworkConditions", SLOW)
    if probe:
        page.add_init_script(PROBE % case.banner)
    else:
        session.send("Performance.enable", {"timeDomain": "threadTicks"})
    page.goto(url + case.address.replace(" ", "%20"), wait_until="load")
    page.wait_for_timeout(1200)
    if probe:
        found = page.evaluate("window.__seen")
        seen = {"fcp": found.get("fcp", 0), "lcp": found.get("lcp", 0), "cls": found["cls"], "long": found["long"]}
        if "banner" in found:
            seen["after"] = found["banner"] - found.get("fcp", 0)
    else:
        metrics = {each["name"]: each["value"] for each in session.send("Performance.getMetrics")["metrics"]}
        seen = {"script": metrics["ScriptDuration"] * 1000, "task": metrics["TaskDuration"] * 1000}
    context.close()
    return seen | sent


def _count(session: CDPSession, sent: dict[str, float]) -> None:
    def request(_: Any) -> None:
        sent["requests"] += 1

    def finished(event: Any) -> None:
        sent["bytes"] += event["encodedDataLength"]

    session.on("Network.requestWillBeSent", request)
    session.on("Network.loadingFinished", finished)
    session.send("Network.enable")


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--peers", type=Path, required=True, help="where npm installed the others")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    arguments = parser.parse_args(argv)
    runs: dict[str, dict[str, list[dict[str, float]]]] = {}
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        settings = small_site(folder)
        url = stack.enter_context(serving(Lab(arguments.peers, settings))).url
        driver = stack.enter_context(sync_playwright())
        browser = driver.chromium.launch(executable_path=needs.chromium(), args=["--no-sandbox"])
        rows = cases(settings)
        for turn in range(arguments.rounds):
            order = list(rows)[turn % len(rows) :] + list(rows)[: turn % len(rows)]
            for name in order:
                for condition, slow, probe in (("fast", False, True), ("slow 4G", True, True), ("plain", False, False)):
                    seen = load(browser, url, rows[name], slow=slow, probe=probe)
                    runs.setdefault(name, {}).setdefault(condition, []).append(seen)
        browser.close()
    print(table(runs))
    return 0


def table(runs: Mapping[str, Mapping[str, list[dict[str, float]]]]) -> str:
    """Markdown: each row as what is added to the page without a banner."""

    def of(name: str, condition: str, key: str) -> float | None:
        values = [run[key] for run in runs[name][condition] if key in run]
        return statistics.median(values) if values else None

    def more(name: str, condition: str, key: str, form: str = "{:+.0f}") -> str:
        here, bare = of(name, condition, key), of("no banner", condition, key)
        return "–" if here is None or bare is None else form.format(here - bare)

    lines = [
        "| | KiB | requests | banner after first paint, ms: fast, slow 4G | script, ms | tasks, ms | longest task, ms | CLS | LCP, ms: fast, slow 4G |",
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for name in runs:
        if name == "no banner":
            continue
        size = of(name, "plain", "bytes") or 0
        bare = of("no banner", "plain", "bytes") or 0
        after = [of(name, condition, "after") for condition in ("fast", "slow 4G")]
        lines.append(
            f"| {name} | {(size - bare) / 1024:+.1f} | {more(name, 'plain', 'requests')} |"
            f" {', '.join('–' if each is None else f'{each:.0f}' for each in after)} |"
            f" {more(name, 'plain', 'script', '{:+.1f}')} | {more(name, 'plain', 'task')} | {of(name, 'fast', 'long') or 0:.0f} |"
            f" {of(name, 'fast', 'cls') or 0:.3f} | {more(name, 'fast', 'lcp')}, {more(name, 'slow 4G', 'lcp')} |"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
