"""The Set-Cookie gate: trackers that write to the site's own domain wait for consent like any other.

Only a curated list gates, and the owner's own entries; the cookie database describes and never decides, because by
its names Django's `sessionid` belongs to an advertiser. Deletions always pass.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from fnmatch import fnmatchcase

from consentkit import registry
from consentkit.response.headers import Field, Fields
from consentkit.settings import Site

#: Name of a cookie -> the purpose and vendor that it waits for, or None when it may pass.
Gate = Callable[[str], tuple[str, str | None] | None]

_EXPIRED = re.compile(rb"max-age\s*=\s*(-\d+|0+)\s*(;|\Z)|expires\s*=[^;]*\b19[0-9]{2}\b", re.IGNORECASE)


def gate_of(site: Site) -> Gate:
    """The gate of one site: the owner's entries first, then what frameworks need, then the curated trackers."""

    def waits(name: str) -> tuple[str, str | None] | None:
        for pattern, purpose in site.cookies.items():
            if fnmatchcase(name, pattern):
                return purpose, None
        if name in site.necessary or registry.necessary(name) is not None:
            return None
        row = registry.gated(name)
        return (row.purpose, row.vendor) if row is not None else None

    return waits


def gated(headers: Fields, gate: Gate, allows: Callable[[str, str | None], bool]) -> tuple[Fields, list[str]]:
    """The headers without the cookies that may not be set yet, and the names of those."""
    kept: Fields = []
    suppressed: list[str] = []
    for field in headers:
        name = _cookie_name(field)
        waits = gate(name) if name else None
        if waits is None or _deletes(field[1]) or allows(*waits):
            kept.append(field)
        else:
            suppressed.append(name)
    return kept, suppressed


def _cookie_name(field: Field) -> str:
    if field[0] != b"set-cookie":
        return ""
    return field[1].partition(b";")[0].partition(b"=")[0].strip().decode("latin-1")


def _deletes(value: bytes) -> bool:
    return _EXPIRED.search(value.partition(b";")[2]) is not None
