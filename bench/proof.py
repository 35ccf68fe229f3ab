"""What leaves the browser: `python -m bench.proof --pages FOLDER [--states before,accept,reject] [--limit N]`.

Serves saved pages (*.html) through the middleware, opens each in Chromium with the network closed, and counts what is
attempted: every request to another host is noted, then refused. Both modes, JavaScript on and off, personal and shared,
before a choice, after Accept and after Reject. A last round asks with `lock="all"`. The tables are those of
docs/holding.md; the bare pages are measured in the same run.

Who asked is told by the browser: the parser (markup, its style sheets, and hints) or a script. What a policy stops is
never attempted, so it does not count.
"""

from __future__ import annotations

import argparse
import contextlib
import logging
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote, urlsplit

import uvicorn
from playwright.sync_api import Browser, BrowserContext, Page, Route, sync_playwright
from playwright.sync_api import Error as BrowserError

from consentkit import ConsentMiddleware, Policy, Purpose, Site
from consentkit.registry import registry
from consentkit.registry.signatures import CALLS, SIGNATURES
from consentkit.rewrite import Held, Inserting, Rewriter, Rules, Signatures
from consentkit.rewrite import Page as HostPage
from consentkit.testing import cookies
from tests import needs
from tests.asgi.servers import free_port

ANALYTICS = ("google-analytics", "google-tag-manager", "comscore", "chartbeat", "quantcast", "new-relic")
MARKETING = ("facebook", "x", "google-ad-manager", "addthis", "outbrain")
MEDIA = ("youtube", "vimeo")
DECLARED = frozenset({*ANALYTICS, *MARKETING, *MEDIA})

SETTLE = 250  # ms after load, for what scripts do then
LOAD = 15_000  # ms

INITIATOR = {"parser": "markup", "preload": "markup", "script": "script"}


def site(folder: Path, **options: Any) -> Site:
    settings: dict[str, Any] = {
        "name": "Proof",
        "controller": "Example Ltd",
        "contact": "privacy@example.org",
        "secret": "a secret of the proof, which protects nothing",
        "log": f"sqlite:///{folder / 'proof.db'}",
        "folder": folder,
        "policies": [Policy("privacy", url="/privacy", version="1")],
        "purposes": [
            Purpose("analytics", vendors=list(ANALYTICS)),
            Purpose("marketing", vendors=list(MARKETING)),
            Purpose("media", vendors=list(MEDIA)),
        ],
    }
    return Site(**{**settings, **options})


def serving(folder: Path, *, shared: bool) -> Callable[..., Any]:
    """The pages of a folder, as files of no known charset."""
    pages = {f"/{file.name}": file.read_bytes() for file in folder.glob("*.html")}

    async def app(scope: Mapping[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        body = pages.get(unquote(scope["path"]))
        headers = [(b"content-type", b"text/html" if body is not None else b"text/plain")]
        headers += [(b"cache-control", b"public, s-maxage=60")] * shared
        await send({"type": "http.response.start", "status": 200 if body is not None else 404, "headers": headers})
        await send({"type": "http.response.body", "body": body or b"-"})

    return app


@contextlib.contextmanager
def running(app: Any) -> Iterator[str]:
    port = free_port()
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=port, log_level="error", lifespan="off"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started and thread.is_alive():
        time.sleep(0.01)
    try:
        yield f"http://localhost:{port}"
    finally:
        server.should_exit = True
        thread.join(timeout=10)


@dataclass
class Seen:
    """One page: (who asked, kind of resource, host, path) of each request that was attempted."""

    requests: list[tuple[str, str, str, str]] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    loaded: bool = False


class Watch:
    """One profile with its one tab, in which pages are opened one after the other."""

    def __init__(self, browser: Browser, home: str, *, script: bool, given: Mapping[str, str]) -> None:
        self._home = home
        self._context: BrowserContext = browser.new_context(java_script_enabled=script)
        self._context.add_cookies([{"name": name, "value": value, "url": home} for name, value in given.items()])
        self._context.route(lambda url: urlsplit(url).hostname != "localhost", self._refuse)
        self._seen = Seen()
        self._asked: dict[str, str] = {}
        self._refused: list[tuple[str, str]] = []

    def open(self, name: str) -> Seen:
        self._seen, self._asked, self._refused = Seen(), {}, []
        page: Page = self._context.new_page()
        session = self._context.new_cdp_session(page)
        session.send("Network.enable")
        session.on("Network.requestWillBeSent", self._note)
        page.on("pageerror", lambda error: self._seen.errors.append(str(error).splitlines()[0][:120]))
        page.on("dialog", lambda dialog: dialog.dismiss())
        with contextlib.suppress(BrowserError):
            page.goto(f"{self._home}/{quote(name)}", wait_until="load", timeout=LOAD)
            self._seen.loaded = True
            page.wait_for_timeout(SETTLE)
        page.close()
        # Only now: who asked is told at about the same time as that it was asked for.
        for url, resource in self._refused:
            parts = urlsplit(url)
            who = INITIATOR.get(self._asked.get(url.partition("#")[0], ""), "other")
            self._seen.requests.append((who, resource, parts.hostname or "", parts.path or "/"))
        return self._seen

    def close(self) -> None:
        self._context.close()

    def _note(self, event: Mapping[str, Any]) -> None:
        self._asked.setdefault(event["request"]["url"].partition("#")[0], event["initiator"]["type"])

    def _refuse(self, route: Route) -> None:
        if urlsplit(route.request.url).scheme in ("http", "https"):
            self._refused.append((route.request.url, route.request.resource_type))
        route.abort()


def kind_of(host: str, path: str) -> str:
    """Who a host is: `declared`, `tracker` (the registry holds it), `passing`, or `unknown`."""
    entry = registry().classify(host, path)
    if entry is None or (entry.purpose is None and not entry.passes):
        return "unknown"
    if entry.passes:
        return "passing"
    return "declared" if entry.vendor in DECLARED else "tracker"


def measure(
    browser: Browser, home: str, names: Iterable[str], *, script: bool, given: Mapping[str, str]
) -> dict[str, Seen]:
    watch = Watch(browser, home, script=script, given=given)
    seen = {name: watch.open(name) for name in names}
    watch.close()
    return seen


def counted(seen: Mapping[str, Seen]) -> Counter[tuple[str, str]]:
    """(who asked, whose the host is) to attempts; scripts and frames that a script put in stand on their own as well."""
    found: Counter[tuple[str, str]] = Counter()
    for page in seen.values():
        for who, resource, host, path in page.requests:
            found[who, kind_of(host, path)] += 1
            if who == "script" and resource in ("script", "document"):
                found[f"inserted {resource}", kind_of(host, path)] += 1
    return found


COLUMNS = (
    ("markup", "declared"), ("markup", "tracker"), ("markup", "unknown"), ("markup", "passing"),
    ("inserted script", "declared"), ("inserted script", "tracker"), ("inserted script", "unknown"),
    ("inserted script", "passing"), ("inserted document", "declared"), ("inserted document", "tracker"),
    ("inserted document", "unknown"), ("script", "declared"), ("script", "tracker"), ("script", "unknown"),
)  # fmt: skip


def row(label: str, seen: Mapping[str, Seen], bare: Mapping[str, Seen]) -> str:
    found = counted(seen)
    new = sum(len(set(page.errors) - set(bare[name].errors)) for name, page in seen.items())
    loaded = sum(page.loaded for page in seen.values())
    return f"| {label} | {' | '.join(str(found[column]) for column in COLUMNS)} | {loaded}/{len(seen)} | {new} |"


def inline(folder: Path, names: Iterable[str]) -> None:
    """How many inline scripts are held, and for which company's snippet."""
    reasons: Counter[str] = Counter()
    pages = set()
    for name in names:
        rewriter = Rewriter(
            Rules(signatures=Signatures(SIGNATURES, lambda vendor: Held("-", vendor, "-()"), None, CALLS)),
            Nothing(),
            Inserting.NEVER,
        )
        rewriter.feed((folder / name).read_bytes())
        rewriter.close()
        for (_, vendor, _), number in rewriter.held.items():
            reasons[str(vendor)] += number
            pages.add(name)
    print(f"\nInline scripts held: {sum(reasons.values())} on {len(pages)} pages: ", end="")
    print(", ".join(f"{vendor} {number}" for vendor, number in reasons.most_common()))


class Nothing:
    """Insertions of a page that gets none."""

    def early(self, page: HostPage) -> bytes:
        return b""

    late = body = early

    def stubs(self, held: Held, page: HostPage) -> bytes:
        return b""

    def placeholder(self, held: Held, element: str, page: HostPage, attributes: Mapping[str, str]) -> bytes:
        return b""

    def slot(self, name: str, page: HostPage) -> bytes:
        return b""


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.proof", description=__doc__)
    parser.add_argument("--pages", type=Path, required=True, help="a folder with saved pages")
    parser.add_argument("--states", default="before,accept,reject")
    parser.add_argument("--holding", default="known,strict")
    parser.add_argument("--variants", default="personal,shared")
    parser.add_argument("--script", default="on,off")
    parser.add_argument("--limit", type=int, default=0, help="only so many pages")
    given = parser.parse_args(argv)
    logging.getLogger("consentkit").setLevel(logging.CRITICAL)
    names = sorted(file.name for file in given.pages.glob("*.html"))[: given.limit or None]
    inline(given.pages, names)
    print("\n| | " + " | ".join(f"{who}: {kind}" for who, kind in COLUMNS) + " | loaded | new errors |")
    print("| --- |" + " --- |" * (len(COLUMNS) + 2))
    passed: Counter[str] = Counter()
    with sync_playwright() as driver, tempfile.TemporaryDirectory() as folder:
        browser = driver.chromium.launch(executable_path=needs.chromium(), args=["--no-sandbox", "--disable-gpu"])
        bare: dict[bool, dict[str, Seen]] = {}
        with running(serving(given.pages, shared=False)) as home:
            for script in (each == "on" for each in given.script.split(",")):
                bare[script] = measure(browser, home, names, script=script, given={})
                print(row(f"bare, script {'on' if script else 'off'}", bare[script], bare[script]), flush=True)
        rounds = [
            (holding, variant, lock)
            for holding in given.holding.split(",")
            for variant in given.variants.split(",")
            for lock in (["", "all"] if (holding, variant) == ("strict", "personal") else [""])
        ]
        for holding, variant, lock in rounds:
            settings = site(Path(folder), holding=holding, shared=variant == "shared", lock=lock)
            app = ConsentMiddleware(serving(given.pages, shared=variant == "shared"), settings)
            with running(app) as home:
                for script in bare:
                    for state in given.states.split(",") if not lock else ["before"]:
                        seen = measure(browser, home, names, script=script, given=cookies_for(settings, state))
                        label = f"{holding}{', lock=' + lock if lock else ''}, {variant}, script {'on' if script else 'off'}, {state}"
                        print(row(label, seen, bare[script]), flush=True)
                        for name, page in seen.items():
                            for _, _, host, path in page.requests:
                                if holding == "strict" and state != "accept" and kind_of(host, path) == "passing":
                                    passed[host] += 1
                            if script and state == "before":
                                for error in set(page.errors) - set(bare[script][name].errors):
                                    print(f"  new error on {name}: {error}", file=sys.stderr)
        browser.close()
    print("\nPassed under strict: " + ", ".join(f"{host} {number}" for host, number in passed.most_common()))
    return 0


def cookies_for(settings: Site, state: str) -> Mapping[str, str]:
    if state == "before":
        return {}
    granted = [purpose.name for purpose in settings.asked] if state == "accept" else []
    return cookies(settings, granted=granted)


if __name__ == "__main__":
    sys.exit(main())
