"""Does it work? A few pages read as a new visitor would, and what the middleware made of them. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from consentkit.controls import of_sheets
from consentkit.registry import Whose
from consentkit.scan.crawl import Crawl
from consentkit.scan.findings import Report, report
from consentkit.settings import Site

MAX_PAGES = 12


@dataclass(frozen=True)
class Findings:
    """What was seen on the pages of a site, and what is wrong, a sentence each."""

    pages: int = 0
    with_root: int = 0
    #: Declared vendors that are held back.
    held: tuple[str, ...] = ()
    #: (host, purpose) of what nobody declares: it never comes alive, or under `observe` never would.
    undeclared: tuple[tuple[str, str], ...] = ()
    #: Other hosts that load at once.
    live: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()


def findings(crawl: Crawl, site: Site) -> Findings:
    """What a crawl says about the middleware."""
    judged = report(crawl, site)
    undeclared = dict.fromkeys(
        (host, party.purpose)
        for party in judged.parties
        if party.whose is Whose.UNDECLARED or (party.whose is Whose.UNKNOWN and party.held != "loads")
        for host in party.hosts or (party.title,)
    )
    loads = {load.host for page in crawl.pages for load in page.loads if load.host and not load.held}
    return Findings(
        pages=len(crawl.pages),
        with_root=len(judged.with_root),
        held=tuple(
            sorted(party.vendor for party in judged.parties if party.whose is Whose.DECLARED and party.held != "loads")
        ),
        undeclared=tuple(sorted(undeclared)),
        live=tuple(sorted(loads)),
        warnings=judged.warnings,
        problems=tuple(_problems(crawl, judged)),
    )


def _problems(crawl: Crawl, judged: Report) -> Iterator[str]:
    yield from crawl.failures
    yield from map(str, of_sheets("\n".join(dict.fromkeys((*crawl.dresses, *(page.dresses for page in crawl.pages))))))
    for page in crawl.pages:
        if not page.has_root:
            yield f"{page.url} has no banner and no reader bar."
    for party in judged.undeclared:
        if party.whose is Whose.UNKNOWN and party.held == "loads":
            continue  # under `known` it passes, and `scan` names it
        for host in party.hosts or (f"An inline script of {party.title}",):
            is_held = "is held back" if party.held != "loads" else "would be held back"
            purpose = party.purpose or "unclassified"
            yield f"{host} {is_held} for {purpose} and no choice releases it: no purpose declares it."
