"""The page's own places for controls of ours: `<div data-ckit-slot="choices"></div>`, filled while they are empty.

The scan of the body passes over a `<div>`, and is to go on doing so. So it is only made to end where the attribute's
name stands in the chunk: what it has not passed over there is looked at, and may turn out to be anything, a comment
that speaks of slots as well. In a chunk without the name nothing changes.
"""

from __future__ import annotations

import re
from bisect import bisect_right

from consentkit.rewrite.holding import read
from consentkit.rewrite.scanner import NAME_END, WS, either_case
from consentkit.rewrite.urls import decode

_ATTRIBUTE = b"data-ckit-slot"

#: White space and `</div` are looked for in so much of what follows the start tag. What has more in it is not empty.
LONGEST_GAP = 256  # bytes

_EMPTY = re.compile(rb"[%b]*+</%b%b" % (WS, either_case("div"), NAME_END))
_MAY_BE_EMPTY = re.compile(rb"[%b]*+(?:<(?:/(?:[dD](?:[iI][vV]?+)?+)?+)?+)?+\Z" % WS)


class Slots:
    """Which slots are filled, and where in the chunk in hand they may be."""

    __slots__ = ("_names", "_places", "name")

    def __init__(self, names: frozenset[str]) -> None:
        self._names = names
        self._places: list[int] = []
        #: Of the slot whose start tag was read last.
        self.name = ""

    def take(self, chunk: bytes) -> None:
        """Go on with the next chunk."""
        self._places.clear()
        lower = chunk.lower()
        at = lower.find(_ATTRIBUTE)
        while at >= 0:
            self._places.append(at)
            at = lower.find(_ATTRIBUTE, at + 1)

    def before(self, at: int, end: int) -> int:
        """How far the scan may go from here, at the beginning of a token, without passing over a slot."""
        following = bisect_right(self._places, at)
        return min(self._places[following], end) if following < len(self._places) else end

    @property
    def last(self) -> int:
        """Behind which place in the chunk there is none; -1: there is none in it."""
        return self._places[-1] if self._places else -1

    def begin(self, tag: bytes) -> bool:
        """Whether this start tag of a `<div>` is that of a slot that is filled."""
        _, values = read(tag, len(b"<div"))
        self.name = decode(values.get(_ATTRIBUTE, b""))
        return self.name in self._names


def is_empty(data: bytes, at: int, end: int, *, is_last: bool) -> bool | None:
    """Whether a `<div>` whose start tag ends here has nothing in it; None: wait for more."""
    window = min(end, at + LONGEST_GAP)
    if _EMPTY.match(data, at, window):
        return True
    is_unclear = not is_last and end - at < LONGEST_GAP and _MAY_BE_EMPTY.match(data, at, window)
    return None if is_unclear else False
