"""Is it certain that no link, button, label, select or object is open here?

A placeholder has a button and a link in it. Inside another link or button the parser would close that one, and
the page would be another. Keeping the stack of open elements would mean stopping at every tag, so:

- elements that are rare enough to stop at are followed as they come;
- for `<a>`, of which a page has hundreds, only the stretches that were passed over are noted. Once somebody asks,
  they are searched from the end. The last tag of a link says whether one is open.

When in doubt, the answer is no. A `</a>` inside a table does not close a link that was opened outside it, so
after a link that was open at a `<table>` everything is in doubt.
"""

from __future__ import annotations

import re

from consentkit.rewrite.scanner import ATTRIBUTES, BOGUS_COMMENT, NAME_END

#: Elements that hide what is open outside of them from an end tag inside of them (HTML, "has an element in scope").
_SCOPES = frozenset({b"table", b"marquee", b"applet", b"object", b"template"})

_TAG = re.compile(rb"<(?:(/?+[aA])%b%b>|[a-zA-Z/]%b>|%b)" % (NAME_END, ATTRIBUTES, ATTRIBUTES, BOGUS_COMMENT))


# How much of what was passed over may wait to be searched. Most pages end, or hold no frame, before.
_MOST_BYTES = 128 * 1024
_MOST_CHUNKS = 32


class Ancestors:
    """What a placeholder must not be in. Positions are those of the chunk in hand."""

    __slots__ = ("_chunks", "_in_doubt", "_link_is_open", "_open", "_size", "passed")

    def __init__(self) -> None:
        self._open: dict[bytes, int] = {}
        self._in_doubt = False
        self._link_is_open = False
        #: The stretches that were passed over since `_link_is_open` was true, by chunk. The last is in hand.
        self._chunks: list[tuple[bytes, list[tuple[int, int]]]] = []
        self._size = 0
        self.passed: list[tuple[int, int]] = []

    def take(self, chunk: bytes) -> None:
        """Go on with the next chunk."""
        self._size += len(chunk)
        if self._size > _MOST_BYTES or len(self._chunks) >= _MOST_CHUNKS:
            self._settle()
            self._chunks.clear()
            self._size = len(chunk)
        self.passed = []
        self._chunks.append((chunk, self.passed))

    def start(self, name: bytes) -> None:
        """A start tag of an element that is followed as it comes, or of `a`."""
        if name == b"a":
            self._link(is_open=True)
            return
        if name in _SCOPES and (self._settle() or self._is_any_open()):
            self._in_doubt = True
        if name == b"button" or name == b"select":
            self._open[name] = 1  # they close the one before
        elif name != b"table":
            self._open[name] = self._open.get(name, 0) + 1

    def end(self, name: bytes) -> None:
        if name == b"a":
            self._link(is_open=False)
        elif self._open.get(name):
            self._open[name] -= 1

    def doubt(self) -> None:
        """We no longer know what is open."""
        self._in_doubt = True

    def are_none(self) -> bool:
        return not (self._in_doubt or self._is_any_open() or self._settle())

    def _is_any_open(self) -> bool:
        return any(self._open.values())

    def _link(self, *, is_open: bool) -> None:
        self._forget_passed()
        self._link_is_open = is_open

    def _settle(self) -> bool:
        """Whether a link is open, by the last tag of one in what was passed over."""
        last = _last_link(self._chunks)
        if last:
            self._link_is_open = last in b"aA"
        self._forget_passed()
        return self._link_is_open

    def _forget_passed(self) -> None:
        del self._chunks[:-1]
        self.passed.clear()


def _last_link(chunks: list[tuple[bytes, list[tuple[int, int]]]]) -> bytes:
    for data, passed in reversed(chunks):
        for start, end in reversed(passed):
            if _may_have_link(data, start, end):
                links: list[bytes] = list(filter(None, _TAG.findall(data, start, end)))
                if links:
                    return links[-1]
    return b""


def _may_have_link(data: bytes, start: int, end: int) -> bool:
    # Four searches without a look at each byte in Python; from the end, where links are likeliest to be found.
    return any(data.rfind(tag, start, end) >= 0 for tag in (b"</a", b"<a", b"<A", b"</A"))
