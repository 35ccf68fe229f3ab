"""Remember what was said of a tag, and let all that is remembered share one budget.

Pages of one site repeat their tags, and judging one costs thirty times as much as looking it up. A verdict
depends on the bytes of the tag and on the *situation* it is read in (page host, `<base>`, HTML or SVG), so the
situation is part of the key: the same `<script href=… src=…>` means two different things in HTML and in SVG.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import TYPE_CHECKING, Protocol
from weakref import WeakSet

if TYPE_CHECKING:
    from consentkit.rewrite.holding import Verdict

#: All memories of the rewriter in one process. The design allows 8 MiB for everything that a process remembers;
#: the rest is for texts, hosts and notices.
MOST_BYTES = 6 * 1024 * 1024

#: A news page has 44 different tags with an absolute URL (102 at most) of about 150 bytes, so this is enough
#: for a few hundred templates.
MOST_TAG_BYTES = 1024 * 1024

#: Longer tags carry a data: URL or a state of the page; they hardly ever come back. A `srcset` has 3 KB at times.
LONGEST_TAG = 4096  # bytes

#: Snippets and critical styles are in every page of a site; longer texts are states and whole programs.
LONGEST_TEXT = 16 * 1024  # bytes

# What an entry costs beside the bytes of its tag, measured with tracemalloc: a place in a dict and the head of
# a bytes object; a verdict that is not simply "pass" has its edits too.
_ENTRY = 130  # bytes
_EDITED = 900  # bytes


class Forgetful(Protocol):
    """Something that remembers and can do without."""

    @property
    def size(self) -> int:
        """How many bytes it holds."""

    def forget(self) -> None:
        """Let go of half of that or more."""


class Budget:
    """How much several memories may hold together. When it is used up, the largest of them forgets."""

    __slots__ = ("_counted", "_memories", "max_bytes")

    def __init__(self, max_bytes: int = MOST_BYTES) -> None:
        self.max_bytes = max_bytes
        self._memories: WeakSet[Forgetful] = WeakSet()
        #: Not less than they hold. What is forgotten is noticed when it matters, so that adding costs an addition.
        self._counted = 0

    def join(self, memory: Forgetful) -> None:
        self._memories.add(memory)

    def add(self, size: int) -> None:
        """A memory has grown by so many bytes."""
        self._counted += size
        if self._counted > self.max_bytes:
            self._make_room()

    def _make_room(self) -> None:
        memories = list(self._memories)
        self._counted = sum(memory.size for memory in memories)
        # Well below, so that the next does not come here at once.
        while self._counted > self.max_bytes * 3 // 4:
            largest = max(memories, key=lambda memory: memory.size)
            before = largest.size
            largest.forget()
            self._counted -= before - largest.size


#: The budget of this process. Set its `max_bytes` for another one.
SHARED = Budget()


class TagMemory:
    """Verdicts by situation and tag; when it is full it forgets everything and starts anew."""

    __slots__ = ("__weakref__", "_budget", "_max_bytes", "_situations", "size")

    def __init__(self, max_bytes: int = MOST_TAG_BYTES, budget: Budget = SHARED) -> None:
        self._max_bytes = max_bytes
        self._budget = budget
        self._situations: dict[Hashable, dict[bytes, Verdict]] = {}
        self.size = 0
        budget.join(self)

    def of(self, situation: Hashable) -> dict[bytes, Verdict]:
        """The tags seen in one situation, to look up directly; add to them only by `remember`."""
        known = self._situations.get(situation)
        if known is None:
            known = {}
            self._grow(0)
            self._situations[situation] = known
        return known

    def remember(self, known: dict[bytes, Verdict], tag: bytes, verdict: Verdict, longest: int = LONGEST_TAG) -> None:
        if len(tag) > longest:
            return
        self._grow(len(tag) + (_EDITED if verdict.edits else 0))
        known[tag] = verdict

    def forget(self) -> None:
        # Clearing the inner dicts too: a rewriter that is still at work holds one of them.
        for known in self._situations.values():
            known.clear()
        self._situations.clear()
        self.size = 0

    def _grow(self, size: int) -> None:
        if self.size + size + _ENTRY > self._max_bytes:
            self.forget()
        self.size += size + _ENTRY
        self._budget.add(size + _ENTRY)
