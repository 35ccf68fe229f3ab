"""Where a browser sends reports about a page: to another company, and with the address of the page."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from consentkit.response.headers import Fields, values
from consentkit.response.links import Waits
from consentkit.rewrite.urls import quoted_urls

REPORT_TO, ENDPOINTS, NEL = b"report-to", b"reporting-endpoints", b"nel"

_ENDPOINT = re.compile(r'\s*([^=,"\s]+)\s*=\s*"([^"]*)"[^,]*')


def reports(headers: Fields, waits: Waits) -> Fields:
    """The headers without reporting endpoints that have to wait, and without the NEL policies that use them."""
    gone: set[str] = set()
    kept: Fields = []
    for name, value in headers:
        text = value.decode("latin-1")
        left = text
        if name == ENDPOINTS:
            left = _endpoints(text, waits)
        elif name == REPORT_TO:
            left = _groups(text, waits, gone)
        if left:
            kept.append((name, value if left == text else left.encode("latin-1")))
    if gone and any(_group(value) in gone for value in values(kept, NEL)):
        kept = [field for field in kept if field[0] != NEL or _group(field[1]) not in gone]
    return kept


def _endpoints(text: str, waits: Waits) -> str:
    """`Reporting-Endpoints`: a dictionary of names and URLs (RFC 9651, 3.2)."""
    members = list(_ENDPOINT.finditer(text))
    kept = [found[0].strip() for found in members if not waits(found[2])]
    return text if len(kept) == len(members) else ", ".join(kept)


def _groups(text: str, waits: Waits, gone: set[str]) -> str:
    """`Report-To`: JSON objects between commas. A group with an endpoint that has to wait goes as a whole."""
    try:
        groups = json.loads(f"[{text}]")
    except ValueError:
        # Browsers ignore it, or read it in a way that we don't.
        return "" if any(map(waits, quoted_urls(text))) else text
    kept = []
    for group in groups:
        if any(map(waits, _urls(group))):
            gone.add(str(group.get("group", "default")))
        else:
            kept.append(group)
    return text if len(kept) == len(groups) else ", ".join(json.dumps(group) for group in kept)


def _urls(group: object) -> Iterator[str]:
    endpoints = group.get("endpoints") if isinstance(group, dict) else None
    for endpoint in endpoints if isinstance(endpoints, list) else ():
        if isinstance(endpoint, dict) and isinstance(endpoint.get("url"), str):
            yield endpoint["url"]


def _group(value: bytes) -> str:
    """The group that a NEL policy reports to."""
    try:
        policy = json.loads(value)
    except ValueError:
        return ""
    return str(policy.get("report_to", "")) if isinstance(policy, dict) else ""
