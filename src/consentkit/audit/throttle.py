"""How often somebody may try to sign in. Pure: the time is an argument."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from ipaddress import IPv6Address, ip_address

#: So many wrong tokens at once, and one more each time this many seconds have passed.
BURST = 5
SECONDS_EACH = 20

#: How many addresses are remembered; the one that was quiet longest is forgotten first.
MAX_ADDRESSES = 10_000


@dataclass
class Throttle:
    """A bucket of tries for each address; a try takes one out, and one that succeeds fills it."""

    _buckets: OrderedDict[str, tuple[float, float]] = field(default_factory=OrderedDict)

    def wait(self, address: str, now: float) -> int:
        """For how many seconds this address has to wait; 0 when it may try."""
        left = self._left(network(address), now)
        return 0 if left >= 1 else max(1, round((1 - left) * SECONDS_EACH))

    def failed(self, address: str, now: float) -> None:
        name = network(address)
        self._buckets[name] = (max(0.0, self._left(name, now) - 1), now)
        self._buckets.move_to_end(name)
        while len(self._buckets) > MAX_ADDRESSES:
            self._buckets.popitem(last=False)

    def succeeded(self, address: str) -> None:
        """Forget what failed before: whoever has a token is no guesser."""
        self._buckets.pop(network(address), None)

    def _left(self, name: str, now: float) -> float:
        left, since = self._buckets.get(name, (float(BURST), now))
        return min(float(BURST), left + max(0.0, now - since) / SECONDS_EACH)


def network(address: str) -> str:
    """The address, or of IPv6 the first 64 bits, of which one household has all the rest."""
    try:
        read = ip_address(address.partition("%")[0])
    except ValueError:
        return address[:64]
    if isinstance(read, IPv6Address):
        return str(read.ipv4_mapped or IPv6Address(int(read) >> 64 << 64))
    return str(read)
