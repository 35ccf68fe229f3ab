"""Same site: whose registrable domain is equal by the public suffix list.

The only file that knows `publicsuffixlist`. Its list is read at the first question, not at import: that
costs about 40 ms once in a process.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from consentkit.bounded import remembering
from consentkit.registry.hosts import is_address, is_name, plain_host

if TYPE_CHECKING:
    from publicsuffixlist import PublicSuffixList

PORT = re.compile(r":\d*\Z")


@cache
def suffixes() -> PublicSuffixList:
    from publicsuffixlist import PublicSuffixList

    # A last label that the list does not hold is a public suffix (the list's own rule "*"), so that a name of
    # an intranet or of a reserved domain has a site too.
    return PublicSuffixList(accept_unknown=True)


def registrable(host: str) -> str | None:
    """The registrable domain of a host, as `courier.example` of `www.courier.example:8000`.

    None for what has none: IP addresses, single labels, names under `localhost`, and public suffixes.
    """
    site = site_of(host)
    return site if is_name(site) and not is_local(site) and suffixes().privatesuffix(site) else None


def same_site(a: str, b: str) -> bool:
    """Whether two hosts belong to one site. Ports do not matter; hosts without a domain must be equal."""
    return site_of(a) == site_of(b) != ""


@remembering(most=4096, longest=253)  # characters, as of a whole name (RFC 1035, 2.3.4)
def site_of(host: str) -> str:
    """What two hosts of one site share: the registrable domain, or else the host itself; "" for none."""
    host = plain_host(without_port(host))
    if not is_name(host) or is_local(host):
        return host
    # The list holds both spellings of an international suffix, and answers in the one asked for.
    return suffixes().privatesuffix(host) or host


def without_port(host: str) -> str:
    if host.startswith("["):
        return host.partition("]")[0] + "]"
    # Two colons and no brackets: an IPv6 address that came bare.
    return PORT.sub("", host) if host.count(":") == 1 else host


def is_local(host: str) -> bool:
    # Browsers see analytics.localhost as another site than localhost; so do we, and than each other.
    return host == "localhost" or host.endswith(".localhost")


__all__ = ["is_address", "registrable", "same_site", "site_of"]
