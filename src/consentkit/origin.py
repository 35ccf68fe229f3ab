"""Where may a form come from, and where may it lead: the two checks that keep other sites out."""

from __future__ import annotations

import re
from enum import StrEnum
from urllib.parse import unquote

from consentkit.settings import Site
from consentkit.visit import Visit


class Sender(StrEnum):
    """Whose page a form was sent from."""

    OURS = "ours"
    #: Neither header tells. A refusal can only reduce, so it passes; a grant is asked for again on our own page.
    UNKNOWN = "unknown"
    FOREIGN = "foreign"


def sender(site: Site, visit: Visit) -> Sender:
    """Who sent a post. Sec-Fetch-Site decides where it is there; no page can forge it (Fetch Metadata, 2)."""
    listed = visit.origin.lower() in _listed(site)
    if visit.site == "same-origin" or listed:
        return Sender.OURS
    if visit.site == "same-site":
        return Sender.OURS if site.cookie_domain else Sender.FOREIGN
    if visit.site:
        return Sender.FOREIGN
    # Plain http sends no Sec-Fetch headers; a page with Referrer-Policy: no-referrer then sends "null".
    if visit.origin in ("", "null"):
        return Sender.UNKNOWN
    host = _host_of(visit.origin)
    return Sender.OURS if host and host == visit.host.lower() else Sender.FOREIGN


def safe_next(site: Site, visit: Visit, target: str) -> str | None:
    """A target of this site that is not one of our own pages, or None.

    Browsers read a backslash as a slash and drop tabs and line breaks, so none of them may be in it.
    """
    prefix = visit.root_path + site.prefix
    if not _PATH.match(target):
        return None
    # What the server will take it for: escapes are undone there, and dot segments already in the browser.
    path = unquote(target.partition("?")[0].partition("#")[0])
    if _DOTS.intersection(path.split("/")) or not path.startswith(visit.root_path + "/"):
        return None
    if path == prefix or path.startswith(prefix + "/"):
        return None
    return target.partition("#")[0]


# A path: one slash, then no slash; printable ASCII without a backslash. Longer ones are no page of anybody's.
_PATH = re.compile(r"/(?!/)[!-\[\]-~]{0,2000}\Z")

# An address that a browser shows has none of these; one that has them leads elsewhere than it looks.
_DOTS = frozenset({".", ".."})


def _listed(site: Site) -> set[str]:
    own = {site.url.rstrip("/").lower()} if site.url else set()
    if site.mobile_host:
        own.add(f"{site.scheme}://{site.mobile_host.lower()}")
    return own | {origin.rstrip("/").lower() for origin in site.origins}


def _host_of(origin: str) -> str:
    return origin.partition("://")[2].lower()
