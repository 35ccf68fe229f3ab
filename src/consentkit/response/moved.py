"""Where a page is when the mobile version has a host of its own: one redirect there, one link back, and no circles.

Pages are sent from the host of `Site.url` to `mobile_host` and from nowhere else, so that neither host, nor a proxy
that shows the app under a third name, can send anybody in a circle. By default there is no such host: one address for
both versions is what can be shared, and what search engines ask for.
"""

from __future__ import annotations

from urllib.parse import quote, urlsplit

from consentkit.response.headers import Fields
from consentkit.settings import Site
from consentkit.visit import VIEW_PARAMETER, Asks, Visit, bare_host

# What an address may hold in a header; the rest is escaped. Angle brackets would end it in Link.
_SAFE = "/:?#[]@!$&'()*+,;=~%"

# Which screens the mobile address is for, as Google's documentation on separate addresses has it.
_SMALL = "only screen and (max-width: 640px)"


def sent_to(site: Site, visit: Visit, view: str | None) -> str | None:
    """The address on `mobile_host` that a reader of the mobile version is sent to, or None: it is answered here."""
    if not site.mobile_host or view != "mobile" or not _is_home(site, visit):
        return None
    # What a page asks for itself stays where the page is, and a prefetch has not gone anywhere.
    if visit.method not in ("GET", "HEAD") or visit.asks is not Asks.PAGE or visit.is_prefetch:
        return None
    return _on(site, site.mobile_host, visit)


def way_back(site: Site, visit: Visit) -> str | None:
    """The origin of `Site.url` for who leaves the mobile version on `mobile_host`; None anywhere else."""
    if not is_on_mobile_host(site, visit):
        return None
    return f"{site.scheme}://{_home(site)}"


def is_on_mobile_host(site: Site, visit: Visit) -> bool:
    return bool(site.mobile_host) and visit.hostname == bare_host(site.mobile_host)


def pair(site: Site, visit: Visit) -> Fields:
    """The two addresses of a page, told to search engines: each host names the other's."""
    if not site.mobile_host or visit.method not in ("GET", "HEAD"):
        return []
    if is_on_mobile_host(site, visit):
        return [(b"link", f'<{_on(site, _home(site), visit)}>; rel="canonical"'.encode("ascii"))]
    if _is_home(site, visit):
        address = _on(site, site.mobile_host, visit)
        return [(b"link", f'<{address}>; rel="alternate"; media="{_SMALL}"'.encode("ascii"))]
    return []


def _is_home(site: Site, visit: Visit) -> bool:
    return visit.hostname == bare_host(_home(site))


def _home(site: Site) -> str:
    return urlsplit(site.url).netloc


def _on(site: Site, host: str, visit: Visit) -> str:
    """This page's address there, without our parameter. The scheme is that of the site."""
    path, _, query = visit.target.partition("?")
    kept = "&".join(field for field in query.split("&") if not field.startswith(f"{VIEW_PARAMETER}="))
    # Two slashes at the start would be the end of a host.
    shown = "/" + path.lstrip("/\\") + (f"?{kept}" if kept else "")
    return f"{site.scheme}://{host}" + quote(shown, safe=_SAFE, encoding="latin-1", errors="replace")
