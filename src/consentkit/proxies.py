"""Whose word about the visitor counts: headers that a proxy sets, and anybody else can write."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

#: Stands for "whoever connects": the server can't be reached but through the proxy.
EVERYBODY = "*"

# ISO 3166-1, and a part of a country as ISO 3166-2 has it: "US", "US-CA".
REGION = re.compile(r"[A-Z]{2}(-[A-Z0-9]{1,3})?")

MAX_REMEMBERED = 1024


class Proxies:
    """The proxies that are trusted. `named`: addresses and networks ("10.0.0.0/8"), or "*".

    Raises ValueError for a text that is none of these.
    """

    def __init__(self, named: Iterable[str]) -> None:
        names = list(named)
        self._everybody = EVERYBODY in names
        self._networks: list[IPv4Network | IPv6Network] = [ip_network(name) for name in names if name != EVERYBODY]
        #: Whether the word of this peer counts; None is a peer without an address, as of a Unix socket.
        self.trusts = lru_cache(maxsize=MAX_REMEMBERED)(self._trusts)

    def _trusts(self, peer: str | None) -> bool:
        if self._everybody:
            return True
        try:
            address = ip_address((peer or "").partition("%")[0])
        except ValueError:
            return False
        known = getattr(address, "ipv4_mapped", None) or address
        return any(known in network for network in self._networks)


def region(value: str) -> str:
    """A region as a proxy tells it, upper case; "" for what is none (and for Cloudflare's XX and T1, which are not
    any region)."""
    found = value.strip().upper()
    return found if REGION.fullmatch(found) and found not in ("XX", "T1") else ""


def peer(client: Sequence[object] | None) -> str | None:
    """The address in `scope["client"]`."""
    return str(client[0]) if client else None
