"""What a real Chromium loads and stores: before any choice, after refusing, after accepting.

The only file that imports playwright, which is an extra: `pip install 'consentkit[browser]'`. It finds what no reading
of pages can: what scripts fetch, and the cookies and stored values that they write.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from consentkit.errors import ConsentKitError
from consentkit.registry import same_site
from consentkit.scan.cookies import SetCookie, lasting, read_set_cookie
from consentkit.scan.page import Load

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Page, Request

#: Pages that a browser opens in each of the three states.
MAX_PAGES = 5
MAX_REQUESTS = 5000
#: Seconds for scripts to do what they do once a page has loaded.
SETTLE = 2.0

BEFORE, REFUSED, ACCEPTED = "before a choice", "after refusing", "after accepting"

#: As what a browser loads something, in the words of the other readers.
_WAYS = {
    "script": "script", "stylesheet": "style sheet", "image": "image", "media": "media", "font": "font",
    "document": "frame", "ping": "ping", "beacon": "ping", "manifest": "manifest", "websocket": "socket",
}  # fmt: skip

#: Chromium refuses to run for root in its sandbox; everybody else keeps it.
_AS_ROOT = ["--no-sandbox"] if getattr(os, "geteuid", lambda: 1)() == 0 else []

_STORED = "() => [...Object.keys(localStorage), ...Object.keys(sessionStorage)]"


class BrowserMissing(ConsentKitError):
    """Chromium can't be started here; the message says how to get what is missing."""


@dataclass
class Visit:
    """One state on a few pages. `requests`: (page, what was asked for elsewhere)."""

    state: str
    requests: list[tuple[str, Load]] = field(default_factory=list)
    cookies: dict[str, tuple[str, SetCookie]] = field(default_factory=dict)
    by_header: set[str] = field(default_factory=set)
    stored: dict[str, str] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)


@dataclass
class Visits:
    """All states. `was_asked`: whether our controls were there to be pressed."""

    visits: list[Visit] = field(default_factory=list)
    was_asked: bool = False


def look(
    pages: list[str], *, patience: float, tell: Callable[[str], None], offline: bool = False, headers: dict[str, str] | None = None
) -> Visits:  # fmt: skip
    """Visit pages of one site in a new profile for each state. `offline`: nothing of other sites is really loaded.

    Raises `BrowserMissing`.
    """
    with _chromium() as browser:
        found = Visits()
        for state, action in ((BEFORE, ""), (REFUSED, "reject"), (ACCEPTED, "accept")):
            if action and not found.was_asked:
                break
            visit = Visit(state)
            context = browser.new_context(viewport={"width": 1280, "height": 800})
            try:
                _Watch(context, visit, pages[0], patience, offline, headers or {}).run(pages, action, found, tell)
            finally:
                with suppress(Exception):
                    context.close()
            found.visits.append(visit)
        return found


@contextmanager
def _chromium() -> Iterator[Any]:
    try:
        from playwright.sync_api import Error, sync_playwright
    except ImportError:
        raise BrowserMissing(
            "--browser needs playwright: pip install 'consentkit[browser]', then: playwright install chromium."
        ) from None
    installed = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    with sync_playwright() as driver:
        try:
            browser = driver.chromium.launch(executable_path=installed, args=["--disable-quic", *_AS_ROOT])
        except Error as error:
            reason = next(iter(str(error).splitlines()), "no reason given")[:200]
            raise BrowserMissing(f"Chromium does not start ({reason}); playwright install chromium gets one.") from None
        try:
            yield browser
        finally:
            browser.close()


class _Watch:
    """One context: what is asked for, what is set and stored."""

    def __init__(
        self, context: BrowserContext, visit: Visit, start: str, patience: float, offline: bool, headers: dict[str, str]
    ) -> None:
        self._context = context
        self._visit = visit
        self._host = urlsplit(start).hostname or ""
        self._patience = patience
        self._now = ""
        self._headers = headers
        context.set_default_timeout(patience * 1000)
        context.on("request", self._on_request)
        context.on("response", self._on_response)
        if offline or headers:
            context.route("**/*", lambda route, request: self._route(route, request, offline))

    def run(self, pages: list[str], action: str, found: Visits, tell: Callable[[str], None]) -> None:
        page = self._context.new_page()
        page.on("dialog", lambda dialog: dialog.dismiss())
        if action:
            # What was asked for before the press belongs to the state before.
            self._open(page, pages[0], tell)
            self._visit.requests.clear()
            if not self._press(page, action):
                self._visit.failures.append(f"{pages[0]}: the control {action!r} could not be pressed.")
                return
        for url in pages:
            self._open(page, url, tell)
        if not action:
            found.was_asked = self._has_controls(page, pages[0], tell)
        now = time.time()
        for cookie in self._context.cookies():
            if same_site(str(cookie.get("domain", "")).lstrip("."), self._host):
                expires = float(cookie.get("expires", -1))
                name = str(cookie["name"])
                lifetime = lasting(expires - now if expires > 0 else None)
                seen = SetCookie(name, "", lifetime, http_only=bool(cookie.get("httpOnly")))
                self._visit.cookies[name] = (self._visit.cookies.get(name, (pages[0], seen))[0], seen)

    def _open(self, page: Page, url: str, tell: Callable[[str], None]) -> None:
        from playwright.sync_api import Error

        tell(f"{url} in Chromium, {self._visit.state}")
        self._now = url
        try:
            page.goto(url, wait_until="load", timeout=self._patience * 1000)
        except Error as error:
            reason = str(error).splitlines()[0][:160]
            self._visit.failures.append(f"{url} in Chromium, {self._visit.state}: {reason}")
        with suppress(Error):
            page.wait_for_load_state("networkidle", timeout=SETTLE * 1000)
        with suppress(Error):
            for key in page.evaluate(_STORED):
                self._visit.stored.setdefault(str(key)[:100], url)

    def _has_controls(self, page: Page, url: str, tell: Callable[[str], None]) -> bool:
        controls = "[data-ckit-ui=banner] [data-ckit-action=reject]"
        if page.locator(controls).count():
            return True
        self._open(page, url, tell)
        return page.locator(controls).count() > 0

    def _press(self, page: Page, action: str) -> bool:
        from playwright.sync_api import Error

        control = page.locator(f"[data-ckit-ui=banner] [data-ckit-action={action}]").first
        try:
            with page.expect_response(
                lambda response: response.request.method == "POST", timeout=self._patience * 1000
            ):
                control.click()
            page.wait_for_load_state("load")
        except Error:
            return False
        return True

    def _route(self, route: Any, request: Request, offline: bool) -> None:
        host = urlsplit(request.url).hostname or ""
        if host == self._host:
            route.continue_(headers={**request.headers, **self._headers})
        elif offline:
            route.abort()
        else:
            route.continue_()

    def _on_request(self, request: Request) -> None:
        parts = urlsplit(request.url)
        host = parts.hostname or ""
        if parts.scheme not in ("http", "https", "ws", "wss") or host == self._host or not host:
            return
        if len(self._visit.requests) < MAX_REQUESTS:
            path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
            way = _WAYS.get(request.resource_type, "request of a script")
            self._visit.requests.append((self._now, Load(host, path, way)))

    def _on_response(self, response: Any) -> None:
        if not same_site(urlsplit(response.url).hostname or "", self._host):
            return
        with suppress(Exception):  # the page has gone on; nobody can be asked any more
            for header in response.headers_array():
                if header["name"].lower() == "set-cookie":
                    self._visit.by_header.update(
                        cookie.name for line in header["value"].split("\n") if (cookie := read_set_cookie(line))
                    )
