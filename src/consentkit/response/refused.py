"""Delete what trackers of refused purposes wrote to the site's own domain, as far as the request shows it.

Only names that came in this request can be known, and only at Path=/; what other companies keep under their own
addresses can only be deleted in the browser, and the preferences page says so.
"""

from __future__ import annotations

from consentkit.registry import registrable
from consentkit.response.headers import Field, Fields
from consentkit.response.our_cookies import expired, is_https
from consentkit.response.set_cookie import Gate
from consentkit.settings import Site
from consentkit.visit import Visit
from consentkit.vocabulary import Choice

# nginx refuses upstream headers above 4 to 8 KiB; the rest goes with the next pages.
MAX_LINES = 4096  # bytes


def refused_cookies(site: Site, gate: Gate, visit: Visit, choice: Choice) -> Fields:
    """Deleting lines for each cookie of the request that a refused purpose set, at most 4 KiB of them."""
    names = [name for name in sorted(visit.cookies.names) if _is_refused(site, gate(name), choice)]
    if not names:
        return []
    lines: Fields = []
    size = 0
    for line in expired(names, _parents(visit.hostname), is_https=is_https(site, visit)):
        size += _size(line)
        if size > MAX_LINES:
            break
        lines.append(line)
    return lines


def _is_refused(site: Site, waits: tuple[str, str | None] | None, choice: Choice) -> bool:
    if waits is None:
        return False
    purpose, vendor = waits
    owner = site.purpose_of(vendor) if vendor is not None else None
    if vendor is not None and owner is not None:
        # A purpose with one refused vendor counts as refused; the cookies of its agreed vendors stay. An objection to
        # an exempt purpose has no vendors.
        return choice.vendors.get(vendor, choice.purposes.get(owner.name)) is False
    return choice.purposes.get(purpose) is False


def _parents(host: str) -> list[str]:
    """The domains above a host that a cookie can stand on: courier.example for www.courier.example."""
    top = registrable(host)
    if not top or host.startswith("["):
        return []
    labels = host.split(".")
    domains = [".".join(labels[start:]) for start in range(len(labels))]
    return [domain for domain in domains if domain == top or domain.endswith("." + top)]


def _size(line: Field) -> int:
    return len(line[0]) + len(line[1]) + 4
