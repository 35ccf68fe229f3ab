"""Does it work? A few pages fetched as a new visitor would, and what the middleware made of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from consentkit.errors import ConsentKitError
from consentkit.scan.fetch import Fetched
from consentkit.scan.page import PageReport, read_page

MAX_PAGES = 12


@dataclass
class Findings:
    """What was seen, page by page, and what went wrong."""

    pages: list[PageReport] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)

    @property
    def with_root(self) -> int:
        return sum(page.has_root for page in self.pages)

    @property
    def vendors(self) -> set[str]:
        """Declared vendors that were held back."""
        return {vendor for page in self.pages for _, vendor, _ in page.held if vendor}

    @property
    def undeclared(self) -> set[tuple[str, str]]:
        """(host, purpose) of what is held back although nobody declares it."""
        return {(host, purpose) for page in self.pages for purpose, vendor, host in page.held if not vendor}

    @property
    def live(self) -> set[str]:
        """Other hosts that load before a choice."""
        return {host for page in self.pages for host in page.live}


def check(start: str, fetch: Callable[[str], Fetched], *, prefix: str) -> Findings:
    """Read pages from `start` on, following links of the same site but those to our own pages, at most 12 of them."""
    findings = Findings()
    waiting, seen = [start], {start}
    while waiting and len(findings.pages) < MAX_PAGES:
        url = waiting.pop(0)
        try:
            fetched = fetch(url)
        except ConsentKitError as error:
            findings.failures.append(str(error))
            continue
        if fetched.status >= 400 and url == start:
            findings.failures.append(f"{url} answers {fetched.status}.")
        if not fetched.is_html or fetched.status >= 300:
            continue
        page = read_page(fetched.url, fetched.body)
        findings.pages.append(page)
        for link in page.links:
            if link not in seen and len(seen) < 50 and f"{prefix}/" not in link:
                seen.add(link)
                waiting.append(link)
    return findings
