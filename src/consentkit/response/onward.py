"""Headers that make a browser call others, before or beside the page itself.

What they name is judged as the page's own URLs are. They go with any response, for a browser follows them whatever the
body is.
"""

from __future__ import annotations

import re

from consentkit.response.headers import Fields
from consentkit.response.links import Waits, links
from consentkit.response.reporting import ENDPOINTS, NEL, REPORT_TO, reports
from consentkit.rewrite import Judge
from consentkit.rewrite.urls import refresh, target

LINK, REFRESH, SPECULATION = b"link", b"refresh", b"speculation-rules"

#: The fields that are looked at.
ONWARD = frozenset({LINK, REFRESH, SPECULATION, REPORT_TO, ENDPOINTS, NEL})

_STRING = re.compile(r'\s*"([^"]*)"[^,]*')


def waiting(judge: Judge, host: str) -> Waits:
    """Whether a URL in a header of a response from this host has to wait."""

    def waits(url: str) -> bool:
        leads_to = target(url)
        return leads_to is not None and leads_to.host != host and judge(*leads_to) is not None

    return waits


def held_back(headers: Fields, waits: Waits) -> Fields:
    """The headers without what has to wait."""
    kept: Fields = []
    for name, value in headers:
        left = _left(name, value.decode("latin-1"), waits)
        if left is None:
            kept.append((name, value))
        elif left:
            kept.append((name, left.encode("latin-1")))
    return reports(kept, waits)


def _left(name: bytes, value: str, waits: Waits) -> str | None:
    """What is left of a field; None: it is none of these."""
    if name == LINK:
        return links(value, waits)
    if name == REFRESH:
        return "" if waits(refresh(value)) else value
    if name == SPECULATION:
        return _rules(value, waits)
    return None


def _rules(value: str, waits: Waits) -> str:
    """`Speculation-Rules`: a list of strings, each the URL of a file with rules."""
    members = list(_STRING.finditer(value))
    kept = [found[0].strip() for found in members if not waits(found[1])]
    return value if len(kept) == len(members) else ", ".join(kept)
