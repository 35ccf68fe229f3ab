"""Where our links and forms of one page point to.

They are paths, so that they follow the page to whatever scheme and host a proxy shows it under. Once the page has
a `<base>`, paths would go astray, and the whole address is written out.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from urllib.parse import quote

from consentkit.bounded import remembering
from consentkit.settings import Site
from consentkit.templates import escape
from consentkit.visit import Visit

# Longer addresses are cut short to the site's root: they stand in half a dozen places of the page, and what
# servers take in a request line is 8 KiB.
MAX_NEXT = 2000  # characters

# A Host header that could be more than a host is not written into the page.
_HOST = re.compile(r"[A-Za-z0-9._-]+(?::[0-9]{1,5})?|\[[0-9A-Fa-f:.]+\](?::[0-9]{1,5})?")

_PATH_SAFE = "/:@!$&'()*+,;=~"
_TARGET_SAFE = "/?:@!$&'()*+,;=~%"


def origin(site: Site, visit: Visit) -> str:
    """`https://host`, or "" when the request names no host that can be trusted to be one."""
    if not _HOST.fullmatch(visit.host):
        return ""
    return f"{site.scheme or visit.scheme}://{visit.host}"


def target(visit: Visit) -> str:
    """The page's own address as a browser would send it: a path on this host, ASCII, without a fragment."""
    whole = _target(visit.target)
    return whole if len(whole) <= MAX_NEXT else root_path(visit) + "/"


def root_path(visit: Visit) -> str:
    return _root_path(visit.root_path) if visit.root_path else ""


@remembering(most=512, longest=200)
def _target(shown: str) -> str:
    # Two slashes at the start would name another host.
    return "/" + quote(shown.lstrip("/\\"), safe=_TARGET_SAFE, encoding="latin-1", errors="replace")


@remembering(most=64, longest=200)
def _root_path(mounted: str) -> str:
    path = quote(mounted.strip("/\\"), safe=_PATH_SAFE, errors="replace")
    return f"/{path}" if path else ""


def without_field(address: str, field: str) -> str:
    """An address without that field of its query."""
    path, _, query = address.partition("?")
    kept = "&".join(each for each in query.split("&") if each != field)
    return f"{path}?{kept}" if kept else path


def gap_values(site: Site, visit: Visit, *, next: str, absolute: bool) -> Mapping[str, bytes]:
    """What fills the gaps of a fragment on this request, except the token."""
    root = (origin(site, visit) if absolute else "") + root_path(visit)
    return _values(root, site.prefix, next, absolute)


@remembering(most=512, longest=300)
def _values(root: str, prefix: str, next: str, absolute: bool) -> Mapping[str, bytes]:
    query = quote(next, safe="/").encode("ascii")
    return MappingProxyType({
        "root": _attribute(root),
        "base": _attribute(root + prefix),
        "next": _attribute(next),
        "query": query,
        "view": query,
        "self": b' target="_self"' if absolute else b"",
    })  # fmt: skip


def _attribute(value: str) -> bytes:
    return str(escape(value)).encode("ascii", "xmlcharrefreplace")
