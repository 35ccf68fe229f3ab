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
from consentkit.vocabulary import Holding

#: Name of a cookie -> the purpose and vendor that it waits for, or None when it may pass.
Gate = Callable[[str], tuple[str, str | None] | None]

# A date of the last century, in four digits or two (RFC 6265, 5.1.1), is past without looking at a clock.
_LONG_AGO = re.compile(rb"\b19[0-9]{2}\b|-[7-9][0-9]\b")
_NOT_POSITIVE = re.compile(rb"-[0-9]+\Z|0+\Z")


def gate_of(site: Site) -> Gate:
    """The gate of one site: the owner's entries first, then what frameworks need, then the curated trackers.

    Under `strict` a name that nobody knows waits too; the owner says what it is in `necessary` or `cookies`.
    """
    strict = site.holding == Holding.STRICT

    def waits(name: str) -> tuple[str, str | None] | None:
        for pattern, purpose in site.cookies.items():
            if fnmatchcase(name, pattern):
                return purpose, None
        if name in site.necessary or registry.necessary(name) is not None:
            return None
        row = registry.gated(name)
        if row is not None:
            return row.purpose, row.vendor
        return (registry.UNCLASSIFIED, None) if strict else None

    return waits


def undeclared(site: Site, headers: Fields) -> list[str]:
    """Names of cookies that are set and that nobody has said anything about: neither the owner nor a list of ours."""
    names = (_cookie_name(field) for field in headers if field[0] == b"set-cookie" and not _deletes(field[1]))
    return [name for name in names if name and not _is_explained(site, name)]


def _is_explained(site: Site, name: str) -> bool:
    if name in site.necessary or registry.necessary(name) is not None or registry.gated(name) is not None:
        return True
    stems = (site.cookie_name, f"{site.cookie_name}_id", f"{site.cookie_name}_reader")
    return registry.bare(name) in stems or any(fnmatchcase(name, pattern) for pattern in site.cookies)


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
    """Whether a line takes a cookie away. Max-Age wins over Expires (RFC 6265, 5.3); an empty value tracks nobody."""
    pair, *attributes = value.split(b";")
    said = {name.strip().lower(): text.strip() for name, _, text in (each.partition(b"=") for each in attributes)}
    if not pair.partition(b"=")[2].strip(b' "'):
        return True
    if b"max-age" in said:
        return _NOT_POSITIVE.match(said[b"max-age"]) is not None
    return _LONG_AGO.search(said.get(b"expires", b"")) is not None
