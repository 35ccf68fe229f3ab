"""Delete what trackers of refused purposes wrote to the site's own domain, as far as the request shows it.

Only names that came in this request can be known, and only at Path=/; what other companies keep under their own
addresses can only be deleted in the browser, and the preferences page says so.
"""

from __future__ import annotations

from consentkit.registry import registrable
from consentkit.response.headers import Field, Fields
from consentkit.response.our_cookies import expired
from consentkit.response.set_cookie import Gate
from consentkit.visit import Visit
from consentkit.vocabulary import Choice

# nginx refuses upstream headers above 4 to 8 KiB; the rest goes with the next pages.
MAX_LINES = 4096  # bytes


def refused_cookies(gate: Gate, visit: Visit, choice: Choice) -> Fields:
    """Deleting lines for each cookie of the request that a refused purpose set, at most 4 KiB of them."""
    names = [name for name in sorted(visit.cookies.names) if _is_refused(gate, name, choice)]
    lines: Fields = []
    size = 0
    for line in expired(names, _parents(visit.hostname), visit):
        size += _size(line)
        if size > MAX_LINES:
            break
        lines.append(line)
    return lines


def _is_refused(gate: Gate, name: str, choice: Choice) -> bool:
    waits = gate(name)
    return waits is not None and choice.purposes.get(waits[0]) is False


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
