"""Read the pages of one site: one after the other, no more of them than told, and none that asks to be left alone."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from consentkit.rewrite.urls import target
from consentkit.scan import robots
from consentkit.scan.addresses import Frontier, absolute, place
from consentkit.scan.cookies import SetCookie, read_set_cookie
from consentkit.scan.fetch import Answer, Fetcher, FetchFailed
from consentkit.scan.page import Load, Reading, dresses_us, read_page, read_sheet

MAX_REDIRECTS = 10
MAX_SHEETS = 20
#: After so many failures in a row the site is left in peace.
MAX_FAILURES = 3
MAX_COOKIES = 200


@dataclass(frozen=True, kw_only=True)
class Bounds:
    """How far to go. `delay`: seconds between two requests. `obey`: whether `robots.txt` is asked."""

    pages: int = 25
    depth: int = 3
    delay: float = 0.0
    obey: bool = True
    prefix: str = "/_ckit"


@dataclass(frozen=True)
class Progress:
    """Where the crawl is: pages read, pages that wait, and the address that is asked for now."""

    read: int
    waiting: int
    url: str


@dataclass
class Crawl:
    """What was seen. `failures` are pages that could not be read, `notes` what else is worth knowing; sentences."""

    start: str
    pages: list[Reading] = field(default_factory=list)
    #: (address, what its headers load).
    loads: list[tuple[str, Load]] = field(default_factory=list)
    cookies: dict[str, tuple[str, SetCookie]] = field(default_factory=dict)
    #: The site's style sheets that say something about our parts.
    dresses: list[str] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    statuses: dict[str, int] = field(default_factory=dict)


def crawl(
    start: str,
    fetcher: Fetcher,
    bounds: Bounds,
    *,
    tell: Callable[[Progress], None] = lambda progress: None,
    sleep: Callable[[float], None] = time.sleep,
) -> Crawl:
    """Read a site from `start` on. Raises `FetchFailed` when not even that can be had."""
    return _Crawler(fetcher, bounds, tell, sleep).run(start)


class _Crawler:
    def __init__(
        self, fetcher: Fetcher, bounds: Bounds, tell: Callable[[Progress], None], sleep: Callable[[float], None]
    ) -> None:
        self._fetcher = fetcher
        self._bounds = bounds
        self._tell = tell
        self._sleep = sleep
        self._delay = bounds.delay
        self._asked = False
        self._robots = robots.Robots()
        self._jar: dict[str, str] = {}
        self._found = Crawl("")
        self._sheets: dict[str, bool] = {}
        self._logins: dict[str, set[str]] = {}
        self._forbidden: list[str] = []

    def run(self, start: str) -> Crawl:
        first = absolute(start, start)
        if first is None:
            raise FetchFailed(start, "it is not an http or https address")
        self._found.start = first
        self._tell(Progress(0, 1, first))
        if self._bounds.obey:
            self._read_robots(first)
        answer = self._follow(first)
        if place(answer.url) != place(first):
            raise FetchFailed(first, f"it leads to another site, {answer.url}; scan that one instead")
        frontier = Frontier(answer.url, pages=self._bounds.pages, depth=self._bounds.depth, prefix=self._bounds.prefix)
        frontier.next()
        frontier.skip(first)
        if answer.status >= 400:
            self._found.failures.append(f"{answer.url} answers {answer.status}.")
        self._take(answer, first, 0, frontier)
        if not self._found.pages:
            kind = answer.first("content-type")[:60] or "nothing that it names"
            self._found.failures.append(f"{answer.url} is no page: it is {kind}.")
        self._go_on(frontier)
        self._read_sheets()
        self._sum_up(frontier)
        return self._found

    def _go_on(self, frontier: Frontier) -> None:
        failures = 0
        while len(self._found.pages) < self._bounds.pages and (waiting := frontier.next()):
            url, depth = waiting
            if not self._robots.allow(url):
                self._forbidden.append(url)
                continue
            self._tell(Progress(len(self._found.pages), len(frontier), url))
            try:
                self._take(self._follow(url), url, depth, frontier)
                failures = 0
            except FetchFailed as error:
                self._found.failures.append(str(error))
                failures += 1
                if failures == MAX_FAILURES:
                    left = len(frontier)
                    self._found.failures.append(
                        f"{MAX_FAILURES} pages in a row could not be had; the other {left} were left alone."
                    )
                    return

    def _take(self, answer: Answer, asked: str, depth: int, frontier: Frontier) -> None:
        if answer.url != asked:
            if place(answer.url) != place(self._found.start):
                return  # a link that leads out by a redirect
            if answer.url in self._found.statuses:
                self._logins.setdefault(answer.url, set()).add(asked)
                return
            frontier.skip(answer.url)
        if answer.url in self._found.statuses or not answer.is_html:
            return
        self._found.statuses[answer.url] = answer.status
        reading = read_page(answer.url, answer.body, answer.first("content-type"))
        self._found.pages.append(reading)
        if answer.url != asked:
            self._logins.setdefault(answer.url, set()).add(asked)
        self._found.notes += [f"{answer.url}: {note}." for note in (answer.note, *reading.notes) if note]
        self._sheets.update(dict.fromkeys(filter(None, reading.sheets), True) | self._sheets)
        for link in reading.links:
            frontier.add(link, depth + 1)

    def _follow(self, url: str) -> Answer:
        """The answer at the end of all redirects on this site. What each on the way sets or loads is noted."""
        asked, seen = url, set()
        for _ in range(MAX_REDIRECTS + 1):
            answer = self._get(url)
            self._note_headers(answer)
            leads_to = absolute(answer.leads_to, url) if answer.leads_to else None
            if leads_to is None:
                return answer
            if place(leads_to) != place(asked):
                return Answer(leads_to, answer.status, ())
            state = (leads_to, tuple(self._jar.items()))
            if state in seen:
                raise FetchFailed(asked, f"{REDIRECTS} in a circle ({leads_to} comes again)")
            seen.add(state)
            url = leads_to
        raise FetchFailed(asked, f"{REDIRECTS} more than {MAX_REDIRECTS} times")

    def _get(self, url: str) -> Answer:
        if self._asked and self._delay:
            self._sleep(self._delay)
        self._asked = True
        return self._fetcher.get(url, "; ".join(f"{name}={value}" for name, value in self._jar.items()))

    def _note_headers(self, answer: Answer) -> None:
        for line in answer.all("set-cookie")[:MAX_COOKIES]:
            cookie = read_set_cookie(line)
            if cookie is None:
                continue
            if cookie.deletes:
                self._jar.pop(cookie.name, None)
            elif len(self._jar) < MAX_COOKIES:
                self._jar[cookie.name] = cookie.value
                self._found.cookies.setdefault(cookie.name, (answer.url, cookie))
        self._found.loads += [(answer.url, load) for load in header_loads(answer)]

    def _read_robots(self, start: str) -> None:
        parts = urlsplit(start)
        try:
            answer = self._follow(f"{parts.scheme}://{parts.netloc}/robots.txt")
        except FetchFailed as error:
            if error.reason.startswith(REDIRECTS):
                return  # as if there were none (RFC 9309, 2.3.1.2)
            raise FetchFailed(start, error.reason) from None
        if answer.status >= 500:
            # RFC 9309, 2.3.1.4: who can't be asked has to be taken as refusing.
            raise FetchFailed(start, f"its robots.txt answers {answer.status}, so robots have to stay away; {OWN_SITE}")
        if answer.status < 300:
            self._robots = robots.read(answer.body, "consentkit-scan")
            self._delay = max(self._delay, self._robots.delay)
        if not self._robots.allow(start):
            raise FetchFailed(start, f"its robots.txt forbids it; {OWN_SITE}")

    def _read_sheets(self) -> None:
        read = 0
        waiting = list(self._sheets)
        while waiting and read < MAX_SHEETS:
            url = waiting.pop(0)
            if not self._robots.allow(url):
                continue
            read += 1
            self._tell(Progress(len(self._found.pages), 0, url))
            try:
                answer = self._follow(url)
            except FetchFailed as error:
                self._found.notes.append(str(error))
                continue
            if not answer.is_css or answer.status >= 400:
                continue
            loads, imported = read_sheet(answer.url, answer.body)
            if dresses_us(text := answer.body.decode("utf-8", "replace")):
                self._found.dresses.append(text)
            self._found.loads += [(answer.url, load) for load in loads]
            waiting += [sheet for sheet in imported if sheet not in self._sheets]
            self._sheets.update(dict.fromkeys(imported, True))

    def _sum_up(self, frontier: Frontier) -> None:
        notes = self._found.notes
        for url, asked in self._logins.items():
            page = next((page for page in self._found.pages if page.url == url), None)
            if page is not None and page.asks_password:
                count = f"{len(asked)} addresses lead" if len(asked) > 1 else f"{min(asked)} leads"
                notes.append(
                    f"{count} to {url}, which asks for a password; what lies behind it was not read"
                    " (--header sends a session along)."
                )
        if self._forbidden:
            notes.append(f"{len(self._forbidden)} addresses were left alone because robots.txt forbids them.")
        if len(self._found.pages) >= self._bounds.pages and len(frontier):
            notes.append(f"{len(frontier)} more pages were linked and not read; --pages reads more.")
        if frontier.is_cut:
            notes.append("Of pages that differ only in a number or a query, the first few were read.")


REDIRECTS = "it redirects"
OWN_SITE = "--ignore-robots reads your own site all the same"

_ANGLED = re.compile(r"<([^<>]{1,2000})>([^<]*)")
_QUOTED = re.compile(r"\"((?:https?:)?//[^\"\s]{1,2000})\"", re.I)
_LOADS = re.compile(
    r"\brel\s*=\s*\"?[^\";,]*\b(stylesheet|preload|modulepreload|prefetch|preconnect|dns-prefetch)\b", re.I
)


def header_loads(answer: Answer) -> list[Load]:
    """What the headers of a response make a browser load or tell: `Link`, `Refresh`, reporting, speculation rules."""
    found = []
    own = urlsplit(answer.url).hostname
    for value in answer.all("link"):
        found += [("header Link", url) for url, rest in _ANGLED.findall(value[:16384]) if _LOADS.search(rest[:300])]
    for name in ("reporting-endpoints", "report-to", "speculation-rules"):
        found += [
            (f"header {name.title()}", url) for value in answer.all(name) for url in _QUOTED.findall(value[:16384])
        ]
    found += [("header Refresh", value.partition("=")[2].strip(" \"'")) for value in answer.all("refresh")]
    targets = [(way, target(url)) for way, url in found]
    return [Load(to.host, to.path, way) for way, to in targets if to is not None and to.host != own]
