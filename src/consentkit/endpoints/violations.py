"""What browsers report about the second lock: of each report the host and the directive, and nothing else.

A report names the page, the reader's browser and a sample of code; none of that is looked at. Anybody can send one, so
it is only ever a hint for the operator.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import NamedTuple

from consentkit.rewrite.urls import target

#: The directives of the lock (see `response.lock`).
DIRECTIVES = ("script-src-elem", "frame-src")

# A browser sends a few at once; whoever sends more is no browser.
MOST_AT_ONCE = 20

_HOST = re.compile(r"[a-z0-9-]{1,63}(\.[a-z0-9-]{1,63}){1,8}")


class Violation(NamedTuple):
    """Something was stopped that a page wanted from this host."""

    host: str
    path: str
    directive: str


def violations(body: bytes) -> list[Violation]:
    """What a posted report says, in the form of `report-uri` or that of the Reporting API; nothing when it is neither."""
    try:
        given = json.loads(body)
    except (ValueError, RecursionError):
        return []
    return [found for report in _reports(given) if (found := _violation(report)) is not None]


def _reports(given: object) -> Iterator[dict[str, object]]:
    for each in (given if isinstance(given, list) else [given])[:MOST_AT_ONCE]:
        report = each.get("csp-report", each.get("body")) if isinstance(each, dict) else None
        if isinstance(report, dict):
            yield report


def _violation(report: dict[str, object]) -> Violation | None:
    url = report.get("blocked-uri", report.get("blockedURL"))
    directive = report.get("effective-directive", report.get("effectiveDirective", report.get("violated-directive")))
    # Older browsers give the whole directive there.
    name = directive.partition(" ")[0] if isinstance(directive, str) else ""
    leads_to = target(url) if isinstance(url, str) and len(url) < 4096 else None
    if leads_to is None or name not in DIRECTIVES or not _HOST.fullmatch(leads_to.host):
        return None
    # The path decides who a host belongs to, and goes no further than that.
    return Violation(leads_to.host, leads_to.path, name)
