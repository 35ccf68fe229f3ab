"""Remember what was done to a body, for bodies that come in one piece and come again.

Theory of operation. Where the edits of a page go depends on its bytes and on the rules, not on who is looking. So a
page that was rewritten once can be rewritten again without being read: compare it with the one that is kept, and
put the insertions where they went. That takes a seventieth of the time.

- **By comparison.** A hash that somebody can collide would put edits into the wrong page. The key (rules, length, both
  ends) only says which body to compare with; `==` decides, and a wrong guess is a miss.
- **A plan, not the output.** What the controls look like is not kept: a plan has the *points* where early, late, body,
  stubs, placeholders and slots go in, with what was known of the page there, and they are asked for anew each time. So
  no visitor gets the language, token or nonce of another. Only for insertions that say themselves that they are alike,
  the last few outputs are kept as they went out.
- **At second sight.** A page with a token of its own never comes again. The first time only a fingerprint is noted,
  and only a body with a known one is kept.
- **Nothing private.** Kept bodies outlive their response, so what was made for one person must not be here.

The law: what comes out is, byte for byte, what `Rewriter` makes of the same body.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from itertools import islice
from types import MappingProxyType
from typing import NamedTuple

from consentkit.rewrite.charsets import charset_by_mark, is_ascii_compatible
from consentkit.rewrite.memory import SHARED, Budget
from consentkit.rewrite.page import Inserting, Insertions, Page
from consentkit.rewrite.rewriter import Rewriter
from consentkit.rewrite.rules import Held, Rules

#: Larger bodies are read each time: a few of them would leave no room for anything else.
LONGEST_BODY = 1024 * 1024  # bytes

#: Both ends of a body tell it from most others of its length: titles stand at the start, tokens at the end.
_START, _END = 64, 256  # bytes

#: Fingerprints of bodies that came once. A site with more pages that come by turns does not profit.
_MOST_SEEN = 4096
_SEEN_BYTES = 120  # a number and its place in a dict

# What is kept beside the bytes of a body, and for each edit of its plan, measured with tracemalloc.
_KEPT_BYTES = 1700
_EDIT_BYTES = 250

# Outputs that are kept of one body: a few languages, before and after a choice. And what each costs beside its bytes.
_MOST_MADE = 4
_MADE_BYTES = 1000

_ESCAPE = b"\x1b"


class Rewritten(NamedTuple):
    """A body as it goes out, and how often what was held back in it: (purpose, vendor, host) to elements.

    `likeness`: that of the insertions that were asked, which may be those of an earlier response.
    """

    body: bytes
    held: Mapping[tuple[str, str | None, str], int]
    likeness: Hashable | None = None


class _Key(NamedTuple):
    """Which of the bodies that are kept this one may be."""

    rules: Rules
    inserting: Inserting
    host: str
    length: int
    start: bytes
    end: bytes


class _Point(bytes):
    """Stands in a plan for an insertion that is asked for each time."""

    ask: Callable[[Insertions], bytes]


def _point(ask: Callable[[Insertions], bytes]) -> _Point:
    point = _Point(b"?")  # were it empty, it would be no edit
    point.ask = ask
    return point


class _Points:
    """Insertions that leave points behind."""

    def early(self, page: Page) -> bytes:
        return _point(lambda insertions: insertions.early(page))

    def late(self, page: Page) -> bytes:
        return _point(lambda insertions: insertions.late(page))

    def body(self, page: Page) -> bytes:
        return _point(lambda insertions: insertions.body(page))

    def stubs(self, held: Held, page: Page) -> bytes:
        return _point(lambda insertions: insertions.stubs(held, page))

    def placeholder(self, held: Held, element: str, page: Page, attributes: Mapping[str, str]) -> bytes:
        return _point(lambda insertions: insertions.placeholder(held, element, page, attributes))

    def slot(self, name: str, page: Page) -> bytes:
        return _point(lambda insertions: insertions.slot(name, page))


@dataclass(slots=True)
class _Kept:
    """A body and its plan: (offset, inserted, number of bytes left out), in order."""

    body: bytes
    edits: tuple[tuple[int, bytes, int], ...]
    held: Mapping[tuple[str, str | None, str], int]
    #: Came again since somebody looked for what to forget.
    is_used: bool = False
    #: The last outputs, by the likeness of what was inserted.
    made: dict[Hashable, Rewritten] = field(default_factory=dict)

    @property
    def size(self) -> int:
        outputs = sum(_MADE_BYTES + len(made.body) for made in self.made.values())
        return _KEPT_BYTES + len(self.body) + _EDIT_BYTES * len(self.edits) + outputs

    def keep(self, made: Rewritten) -> None:
        if len(self.made) >= _MOST_MADE:
            self.made.pop(next(iter(self.made)))
        self.made[made.likeness] = made

    def rewritten(self, insertions: Insertions, likeness: Hashable | None) -> Rewritten:
        body, at = memoryview(self.body), 0
        pieces: list[bytes | memoryview] = []
        for offset, inserted, left_out in self.edits:
            pieces += body[at:offset], inserted.ask(insertions) if type(inserted) is _Point else inserted
            at = offset + left_out
        return Rewritten(b"".join((*pieces, body[at:])) if pieces else self.body, self.held, likeness)


class BodyMemory:
    """Bodies that came at least twice. One for a process is best: they share its budget."""

    __slots__ = ("__weakref__", "_budget", "_kept", "_seen", "size")

    def __init__(self, budget: Budget = SHARED) -> None:
        self._budget = budget
        #: In the order in which they came; what is used again is moved to the end before it would be forgotten.
        self._kept: dict[_Key, _Kept] = {}
        self._seen: dict[int, None] = {}
        self.size = 0
        budget.join(self)

    def rewrite(
        self,
        body: bytes,
        rules: Rules,
        insertions: Insertions,
        inserting: Inserting = Inserting.ALWAYS,
        *,
        host: str = "",
        charset: str = "",
        private: bool,
        likeness: Hashable | None = None,
    ) -> Rewritten | None:
        """What `Rewriter` would make of a whole body, or None: feed it to one.

        `charset`: as it was found in the header or the page; one that hides ASCII gives None. `private`: the body was
        made for one person (`Cache-Control: private` or `no-store`, an answer that sets cookies, a request that was
        authorised); neither it nor a trace of it is kept, but it may be one that everybody gets. `likeness`: equal for
        insertions that put the same bytes into the same page; None when they are to be asked each time.
        """
        if len(body) > LONGEST_BODY or not is_ascii_compatible(charset):
            return None
        key = _Key(rules, inserting, host, len(body), body[:_START], body[-_END:])
        kept = self._kept.get(key)
        if kept is not None and kept.body == body:
            kept.is_used = True
        elif private or not self._has_come_before(key, body):
            return None
        else:
            kept = self._keep(key, body)
        made = kept.made.get(likeness)
        if made is not None:
            return made
        made = kept.rewritten(insertions, likeness)
        if likeness is not None and not private:
            before = kept.size
            kept.keep(made)
            self._grow(kept.size - before)
        return made

    def forget(self) -> None:
        """Let go of half of the bodies, those that were not asked for lately first."""
        self._seen.clear()
        for key in [key for key, kept in self._kept.items() if kept.is_used]:
            kept = self._kept[key] = self._kept.pop(key)
            kept.is_used = False
        for key in list(islice(self._kept, (len(self._kept) + 1) // 2)):
            del self._kept[key]
        self.size = sum(kept.size for kept in self._kept.values())

    def _has_come_before(self, key: _Key, body: bytes) -> bool:
        # An escape byte may begin a letter of ISO-2022-JP, and a mark says UTF-16; what is kept has neither.
        if _ESCAPE in body or not is_ascii_compatible(charset_by_mark(body)):
            return False
        fingerprint = hash((key, body))
        if fingerprint in self._seen:
            self._seen.pop(fingerprint)
            self.size -= _SEEN_BYTES
            return True
        if len(self._seen) >= _MOST_SEEN:
            self._seen.pop(next(iter(self._seen)))
            self.size -= _SEEN_BYTES
        self._seen[fingerprint] = None
        self._grow(_SEEN_BYTES)
        return False

    def _keep(self, key: _Key, body: bytes) -> _Kept:
        rewriter = Rewriter(key.rules, _Points(), key.inserting, host=key.host, record=True)
        rewriter.feed(body)
        rewriter.close()
        kept = _Kept(body, tuple(rewriter.edits), MappingProxyType(dict(rewriter.held)))
        before = self._kept.pop(key, None)
        self.size -= before.size if before else 0
        self._kept[key] = kept
        self._grow(kept.size)
        return kept

    def _grow(self, size: int) -> None:
        self.size += size
        self._budget.add(size)
