"""`Link` headers and early hints: what a browser fetches or connects to before it has seen a byte of the page."""

from __future__ import annotations

import re
from collections.abc import Callable

from consentkit.rewrite.holding import LOADING_RELS
from consentkit.rewrite.urls import srcset

#: Whether an absolute URL has to wait; relative ones lead to the site itself.
Waits = Callable[[str], bool]

# One link of several: a target in angle brackets, parameters, commas only in quotes (RFC 8288, 3). What is no link is
# read to its comma as well, so that whatever comes is taken apart in linear time.
_LINK = re.compile(r'(?:\s*+<[^>]*+>)?(?:[^,"]++|"(?:[^"\\]++|\\.)*+"?)*+', re.DOTALL)
_TARGET = re.compile(r"\s*<([^>]*)>")
_REL = re.compile(r';\s*rel\s*=\s*(?:"([^"]*)"|([^\s;,"]+))', re.IGNORECASE)
_IMAGES = re.compile(r';\s*imagesrcset\s*=\s*"([^"]*)"', re.IGNORECASE)


def links(value: str, waits: Waits) -> str:
    """What may be said at once of the links in one field; the field itself where all of it may."""
    members = split(value)
    kept = [member for member in members if not _link_waits(member, waits)]
    return value if len(kept) == len(members) else ", ".join(member.strip() for member in kept)


def split(value: str) -> list[str]:
    """The links of a field, as they are written."""
    members, at = [], 0
    while at <= len(value):
        found = _LINK.match(value, at)
        assert found is not None, "nothing at all is a link, too"
        members.append(found[0])
        at = found.end() + 1
    return members


def _link_waits(member: str, waits: Waits) -> bool:
    target, rel = _TARGET.match(member), _REL.search(member)
    if target is None or rel is None or LOADING_RELS.isdisjoint((rel[1] or rel[2] or "").lower().split()):
        return False
    images = _IMAGES.search(member)
    return waits(target[1]) or (images is not None and any(map(waits, srcset(images[1]))))
