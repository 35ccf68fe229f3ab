"""`consentkit check`: is the configuration right, does the middleware reach the pages, can the log be written?"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from datetime import UTC, datetime
from typing import Any

from consentkit.asgi import ConsentMiddleware
from consentkit.cli.site import add_site_options, load_object, load_site
from consentkit.errors import ConsentKitError
from consentkit.log.writer import Log
from consentkit.scan.check import Findings, check
from consentkit.scan.fetch import from_address, from_app
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
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--table", action="store_true", help="sentences, also into a pipe")
    form.add_argument("--json", action="store_true", help="one JSON object, also on a terminal")
    parser.set_defaults(run=main)


def main(arguments: argparse.Namespace) -> int:
    target = arguments.target or ""
    app = None
    if target and not target.startswith(("http://", "https://")):
        app = load_object(target)
    named = arguments.config or arguments.site
    site = app.site if isinstance(app, ConsentMiddleware) and not named else load_site(arguments)
    log_sentence, log_works = _log(site)
    findings = _pages(site, target, app)
    problems = _problems(findings, log_works, log_sentence)
    if arguments.json or not (arguments.table or sys.stdout.isatty()):
        print(json.dumps(_as_json(findings, problems, log_sentence)))
    else:
        for problem in problems:
            print(f"- {problem}")
        print(_sentence(site, findings, log_sentence, works=not problems, had_target=bool(target)))
    return 1 if problems else 0


def _pages(site: Site, target: str, app: Any) -> Findings:
    if not target:
        return Findings()
    if app is None:
        return check(target, from_address, prefix=site.prefix)
    wrapped = app if isinstance(app, ConsentMiddleware) else ConsentMiddleware(app, site)
    start = (site.url or "http://localhost").rstrip("/") + "/"
    return check(start, lambda url: from_app(wrapped, url), prefix=site.prefix)


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
            return f"{_count(seconds // size, unit)} ago"
    return "less than a minute ago"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _problems(findings: Findings, log_works: bool, log_sentence: str) -> list[str]:
    problems = [] if log_works else [log_sentence]
    problems += findings.failures
    problems += [f"{page.url} has no banner and no reader bar." for page in findings.pages if not page.has_root]
    problems += [
        f"{host or 'an element'} is held back for {purpose} and no choice releases it: no purpose declares it."
        for host, purpose in sorted(findings.undeclared)
    ]
    return problems


def _sentence(site: Site, findings: Findings, log_sentence: str, *, works: bool, had_target: bool) -> str:
    word = "Working" if works else "Not working yet"
    if works and site.holding == Holding.OBSERVE:
        word = "Working, observing only (nothing is held back)"
    if not had_target:
        return f"{word}: the configuration is right, {log_sentence}."
    return (
        f"{word}: banner on {findings.with_root} of {_count(len(findings.pages), 'page')},"
        f" {_count(len(findings.vendors), 'vendor')} held back, {len(findings.undeclared)} undeclared, {log_sentence}."
    )


def _as_json(findings: Findings, problems: list[str], log_sentence: str) -> dict[str, Any]:
    return {
        "pages": len(findings.pages),
        "with_banner": findings.with_root,
        "vendors_held": sorted(findings.vendors),
        "undeclared": [{"host": host, "purpose": purpose} for host, purpose in sorted(findings.undeclared)],
        "other_hosts": sorted(findings.live),
        "log": log_sentence,
        "problems": problems,
    }
