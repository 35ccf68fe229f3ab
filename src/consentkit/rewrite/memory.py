"""Remember what was said of a tag.

Pages of one site repeat their tags, and judging one costs thirty times as much as looking it up. A verdict
depends on the bytes of the tag and on the *situation* it is read in (page host, `<base>`, HTML or SVG), so the
situation is part of the key: the same `<script href=… src=…>` means two different things in HTML and in SVG.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from consentkit.rewrite.holding import Verdict

#: A news page has 44 different tags with an absolute URL (102 at most) of about 150 bytes, so this is enough
#: for a few hundred templates, and eight states of consent stay within the 8 MiB that the design allows.
MAX_BYTES = 1024 * 1024

#: Longer tags carry a data: URL or a state of the page; they hardly ever come back.
LONGEST_TAG = 2048  # bytes

# What an entry costs beside the bytes of its tag, measured with tracemalloc: a place in a dict and the head of
# a bytes object; a verdict that is not simply "pass" has its edits too.
_ENTRY = 130  # bytes
_EDITED = 900  # bytes


class TagMemory:
    """Verdicts by situation and tag; when it is full it forgets everything and starts anew."""

    __slots__ = ("_max_bytes", "_situations", "_size")

    def __init__(self, max_bytes: int = MAX_BYTES) -> None:
        self._max_bytes = max_bytes
        self._size = 0
        self._situations: dict[Hashable, dict[bytes, Verdict]] = {}

    def of(self, situation: Hashable) -> dict[bytes, Verdict]:
        """The tags seen in one situation, to look up directly; add to them only by `remember`."""
        known = self._situations.get(situation)
        if known is None:
            known = {}
            self._grow()
            self._situations[situation] = known
        return known

    def remember(self, known: dict[bytes, Verdict], tag: bytes, verdict: Verdict) -> None:
        if len(tag) > LONGEST_TAG:
            return
        self._grow(len(tag) + (_EDITED if verdict.edits else 0))
        known[tag] = verdict

    def _grow(self, size: int = 0) -> None:
        self._size += size + _ENTRY
        if self._size > self._max_bytes:
            # Clearing the inner dicts too: a rewriter that is still at work holds one of them.
            for known in self._situations.values():
                known.clear()
            self._situations.clear()
            self._size = size + _ENTRY
