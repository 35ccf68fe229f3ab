"""`consentkit check`: is the configuration right, does the middleware reach the pages, can the log be written?"""

from __future__ import annotations

import argparse
import asyncio
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from consentkit.asgi import ConsentMiddleware
from consentkit.cli import patterns, policies
from consentkit.cli.form import add_form_options, as_table
from consentkit.cli.progress import Bar
from consentkit.cli.site import add_site_options, load_object, load_site
from consentkit.errors import ConsentKitError
from consentkit.log.writer import Log
from consentkit.scan.check import MAX_PAGES, Findings, findings
from consentkit.scan.crawl import Bounds, Progress, crawl
from consentkit.scan.fetch import Fetcher, FetchFailed
from consentkit.scan.in_process import InProcess
from consentkit.scan.network import Network
from consentkit.scan.show import count, printable
from consentkit.settings import Site
from consentkit.vocabulary import Holding


def add_parser(subparsers: Any) -> None:
    parser = subparsers.add_parser(
        "check",
        help="say whether it works, on the pages of a site",
        description="Checks the configuration and the log, and with a target reads up to 12 pages as a new visitor "
        "would: is the banner there, what is held back, what is undeclared. Exit 1 when something was found.",
    )
    parser.add_argument("target", nargs="?", metavar="URL|MODULE:APP", help="a running site, or an app in this process")
    add_site_options(parser)
    add_form_options(parser, table="sentences", json="one JSON object")
    parser.set_defaults(run=main)


def main(arguments: argparse.Namespace) -> int:
    target = arguments.target or ""
    app = None
    if target and not target.startswith(("http://", "https://")):
        app = load_object(target)
    named = arguments.config or arguments.site
    site = app.site if isinstance(app, ConsentMiddleware) and not named else load_site(arguments)
    log_sentence, log_works = _log(site)
    changed = policies.problems(site, target, app) if log_works else []
    with Bar(MAX_PAGES) as bar:
        seen = _pages(site, target, app, bar.tell)
    problems = [*([] if log_works else [log_sentence]), *patterns.problems(site), *changed, *seen.problems]
    if not as_table(arguments):
        print(json.dumps(_as_json(seen, problems, log_sentence)))
    else:
        for sentence in (*problems, *seen.warnings):
            print(f"- {printable(sentence, 400)}")
        print(_sentence(site, seen, log_sentence, works=not problems, had_target=bool(target)))
    return 1 if problems else 0


def _pages(site: Site, target: str, app: Any, tell: Callable[[Progress], None]) -> Findings:
    if not target:
        return Findings()
    if app is None:
        return _read(target, Network(), site, tell)
    wrapped = app if isinstance(app, ConsentMiddleware) else ConsentMiddleware(app, site)
    wrapped.learns_texts = False  # what is only checked is not in use yet
    try:
        with InProcess(wrapped) as inside:
            return _read((site.url or "http://localhost").rstrip("/") + "/", inside, site, tell)
    except FetchFailed as error:
        return Findings(problems=(str(error),))


def _read(start: str, fetcher: Fetcher, site: Site, tell: Callable[[Progress], None]) -> Findings:
    # The owner looks at a site that is theirs, so nobody has to be asked and nobody is kept waiting.
    bounds = Bounds(pages=MAX_PAGES, obey=False, prefix=site.prefix)
    try:
        return findings(crawl(start, fetcher, bounds, tell=tell), site)
    except FetchFailed as error:
        return Findings(problems=(str(error),))


def _log(site: Site) -> tuple[str, bool]:
    async def look() -> str:
        log = Log(site.log, site.folder, key=site.log_key, upgrade=site.migrate == "auto")
        log.open()
        try:
            status = await log.status()
        finally:
            await log.close()
        return "no record yet" if status.last is None else f"last record {_ago(status.last)}"

    try:
        return f"log writable, {asyncio.run(look())}", True
    except ConsentKitError as error:
        return str(error), False


def _ago(then: datetime) -> str:
    seconds = max(0, int((datetime.now(UTC) - then).total_seconds()))
    for unit, size in (("day", 86400), ("hour", 3600), ("minute", 60)):
        if seconds >= size:
            return f"{count(seconds // size, unit)} ago"
    return "less than a minute ago"


def _sentence(site: Site, seen: Findings, log_sentence: str, *, works: bool, had_target: bool) -> str:
    word = "Working" if works else "Not working yet"
    if not had_target:
        return f"{word}: the configuration is right, {log_sentence}."
    observes = " (it only observes)" if site.holding == Holding.OBSERVE else ""
    return (
        f"{word}: banner on {seen.with_root} of {count(seen.pages, 'page')},"
        f" {count(len(seen.held), 'vendor')} held back{observes}, {len(seen.undeclared)} undeclared, {log_sentence}."
    )


def _as_json(seen: Findings, problems: list[str], log_sentence: str) -> dict[str, Any]:
    return {
        "pages": seen.pages,
        "with_banner": seen.with_root,
        "vendors_held": list(seen.held),
        "undeclared": [{"host": host, "purpose": purpose} for host, purpose in seen.undeclared],
        "other_hosts": list(seen.live),
        "log": log_sentence,
        "problems": problems,
        "warnings": list(seen.warnings),
    }
