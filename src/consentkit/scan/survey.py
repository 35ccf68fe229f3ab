"""Look at a site from all sides: its pages, its headers, and with a browser what its scripts do. Values out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from consentkit.registry import Whose
from consentkit.scan.browser import ACCEPTED, MAX_PAGES, Visits, look
from consentkit.scan.cookies import SetCookie
from consentkit.scan.crawl import Bounds, Crawl, Progress, crawl
from consentkit.scan.fetch import PATIENCE, Fetcher
from consentkit.scan.findings import Declared, Report, report
from consentkit.scan.in_process import App, InProcess
from consentkit.scan.network import Network, is_this_machine
from consentkit.scan.page import Load
from consentkit.scan.serving import served
from consentkit.settings import Site
from consentkit.vocabulary import Basis, Holding

#: Seconds between two requests to somebody else's machine.
POLITE = 1.0


@dataclass(frozen=True, kw_only=True)
class Wishes:
    """What the person at the keyboard wants. `delay`: None is none on this machine and a second elsewhere."""

    pages: int = 25
    depth: int = 3
    patience: float = PATIENCE
    delay: float | None = None
    obey: bool = True
    browser: bool = False
    headers: dict[str, str] = field(default_factory=dict)


def survey(
    start: str,
    app: App | None,
    site: Site | None,
    wishes: Wishes,
    tell: Callable[[Progress], None] = lambda progress: None,
) -> tuple[Crawl, Report]:
    """Read a site and judge it by its configuration. Raises `FetchFailed` and `BrowserMissing`.

    `app`: asked in this process, as if it were at `start`. Without one `start` is asked over the network.
    """
    with ExitStack() as stack:
        fetcher: Fetcher
        if app is None:
            host = urlsplit(start).hostname or ""
            fetcher = Network(patience=wishes.patience, headers=wishes.headers, own=host)
            delay = wishes.delay if wishes.delay is not None else 0.0 if is_this_machine(host) else POLITE
        else:
            fetcher = inside = stack.enter_context(InProcess(app, patience=wishes.patience, headers=wishes.headers))
            delay = 0.0
        bounds = Bounds(
            pages=wishes.pages,
            depth=wishes.depth,
            delay=delay,
            obey=wishes.obey and app is None,
            prefix=site.prefix if site else "/_ckit",
        )
        found = crawl(start, fetcher, bounds, tell=tell)
        if not wishes.browser or not found.pages:
            return found, report(found, site)
        pages = [page.url for page in found.pages[:MAX_PAGES]]
        here = stack.enter_context(served(inside, _origin(start))) if app is not None else ""
        visits = look(
            [here + url.removeprefix(_origin(url)) if here else url for url in pages],
            patience=max(wishes.patience, PATIENCE),
            tell=lambda sentence: tell(Progress(len(found.pages), 0, sentence)),
            offline=app is not None,
            headers=wishes.headers,
        )
    return found, _with_browser(found, site, visits, here, _origin(start))


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def _with_browser(found: Crawl, site: Site | None, visits: Visits, here: str, there: str) -> Report:
    """The report of a crawl with what the browser saw besides. `here`: where it saw what is at `there`."""

    def named(url: str) -> str:
        return there + url.removeprefix(here) if here else url

    declared = Declared(site, urlsplit(found.start).hostname or "")
    more: list[tuple[str, Load]] = []
    scripted: dict[str, tuple[str, SetCookie]] = {}
    stored: dict[str, None] = {}
    unasked = {load.host for visit in visits.visits if visit.state != ACCEPTED for _, load in visit.requests}
    for visit in visits.visits:
        for page, load in visit.requests:
            # What is asked for after accepting alone has waited for it.
            held = "" if load.host in unasked else "agreed"
            more.append((named(page), Load(load.host, load.path, load.way, held)))
        for name, (page, cookie) in visit.cookies.items():
            if name not in found.cookies and name not in visit.by_header:
                scripted.setdefault(name, (named(page), cookie))
            elif name not in found.cookies:
                found.cookies[name] = (named(page), cookie)
        stored.update({key: None for key in visit.stored if not key.startswith("ckit")})
        found.failures += visit.failures
    notes = list(_stored(stored))
    if not visits.was_asked:
        notes.append("The pages have no banner of consentkit to press, so Chromium looked before a choice only.")
    leaks = list(_leaks(visits, declared)) if site is not None and site.holding != Holding.OBSERVE else []
    return report(found, site, more=more, scripted=scripted.values(), leaks=leaks, notes=notes)


def _stored(keys: dict[str, None]) -> Iterator[str]:
    if keys:
        shown = ", ".join(list(keys)[:10]) + (" and others" if len(keys) > 10 else "")
        yield f"Scripts keep values in the browser's storage, which consentkit does not see: {shown}."


def _leaks(visits: Visits, declared: Declared) -> Iterator[str]:
    """What ran although nobody had agreed to it."""
    for visit in visits.visits:
        for _, load in visit.requests:
            finding = declared.whose(load)
            if finding.vendor in declared.early:
                continue  # the owner's named exception, of which a warning tells
            asks = finding.whose is Whose.DECLARED and visit.state != ACCEPTED and _asks(declared, finding.purpose)
            if finding.whose is Whose.UNDECLARED or asks:
                what = f"needs consent to {finding.purpose}" if asks else "is not declared"
                yield f"{load.host} was loaded {visit.state} ({load.way}) and {what}."
        for name in visit.cookies:
            whose, purpose, vendor, _ = declared.cookie(name)
            asks = whose == "declared" and visit.state != ACCEPTED and _asks(declared, purpose)
            if asks or (whose == "undeclared" and vendor):
                yield f"The cookie {name} was set {visit.state} and needs consent to {purpose}."


def _asks(declared: Declared, purpose: str | None) -> bool:
    return any(each.name == purpose and each.basis == Basis.CONSENT for each in declared.purposes)
