"""A tag that is not all there yet: where does it end, and what if it never does?

`UnfinishedTag` keeps its chunks in a list and walks through them once, remembering in which part of an
attribute it stands. So a megabyte of tag that comes byte by byte costs what a megabyte costs.

`OverlongTag` takes over where a tag outgrows `LONGEST_WAIT`. It lets the bytes go, attribute by attribute, and
still asks about each attribute that may hold a URL; what it can't see to the end is held back.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Callable, Container

from consentkit.rewrite.scanner import LONGEST_WAIT, RAW_TEXT, WS


class Part(enum.Enum):
    """The tokenizer's states inside a tag (HTML, 13.2.5.8 and 13.2.5.32 to 39)."""

    TAG_NAME = enum.auto()
    BETWEEN = enum.auto()
    NAME = enum.auto()
    AFTER_NAME = enum.auto()
    BEFORE_VALUE = enum.auto()
    IN_DOUBLE = enum.auto()
    IN_SINGLE = enum.auto()
    UNQUOTED = enum.auto()
    END = enum.auto()


_TAG_NAME = re.compile(rb"[^%b/>]*+" % WS)
_NAME = re.compile(rb"[^%b/>=]*+" % WS)
_UNQUOTED = re.compile(rb"[^%b>]*+" % WS)
_SPACE = re.compile(rb"[%b]*+" % WS)
_BETWEEN = re.compile(rb"[%b/]*+" % WS)

# Whole attributes of which also the end is certain: a quote, or a byte that can't belong to it.
_WHOLE = re.compile(
    rb"""(?:[%b/]++|[^%b/>][^%b/>=]*+(?:[%b]*+=[%b]*+(?:"[^"]*+"|'[^']*+'|[^%b>"'][^%b>]*+(?=[%b>]))|[%b]*+(?=[^%b=])))*+"""
    % (WS, WS, WS, WS, WS, WS, WS, WS, WS, WS)
)

_DOUBLE, _SINGLE, _EQUALS, _GREATER = b"\"'=>"


def _step(part: Part, data: bytes, at: int) -> tuple[Part, int]:
    """One transition. Stays in the same part only when the data is at its end."""
    size = len(data)
    if part is Part.IN_DOUBLE or part is Part.IN_SINGLE:
        quote = data.find(b'"' if part is Part.IN_DOUBLE else b"'", at)
        return (part, size) if quote < 0 else (Part.BETWEEN, quote + 1)
    at = _RUN[part].match(data, at).end()  # type: ignore[union-attr]
    if at == size:
        return part, at
    byte = data[at]
    if part is Part.BETWEEN:
        # The first byte of a name may be "=" or a quote.
        return (Part.END, at + 1) if byte == _GREATER else (Part.NAME, at + 1)
    if part is Part.NAME:
        return Part.AFTER_NAME, at
    if part is Part.AFTER_NAME:
        return (Part.BEFORE_VALUE, at + 1) if byte == _EQUALS else (Part.BETWEEN, at)
    if part is Part.BEFORE_VALUE:
        return _VALUE_STARTS.get(byte, Part.UNQUOTED), at + (byte in _VALUE_STARTS)
    return Part.BETWEEN, at  # the end of the tag's name or of an unquoted value


_RUN = {
    Part.TAG_NAME: _TAG_NAME,
    Part.BETWEEN: _BETWEEN,
    Part.NAME: _NAME,
    Part.AFTER_NAME: _SPACE,
    Part.BEFORE_VALUE: _SPACE,
    Part.UNQUOTED: _UNQUOTED,
}
_VALUE_STARTS = {_DOUBLE: Part.IN_DOUBLE, _SINGLE: Part.IN_SINGLE, _GREATER: Part.END}

_NOSCRIPT_END = RAW_TEXT["noscript"]
_OVERLAP = len(b"</noscript") + 1


class UnfinishedTag:
    """Collects a tag until it is whole, too long, or (in a noscript) cut off by `</noscript`."""

    __slots__ = ("_in_noscript", "_part", "_pieces", "_size")

    def __init__(self, start: bytes, *, in_noscript: bool) -> None:
        self._in_noscript = in_noscript
        self._pieces = [start[:2]]
        self._size = 2
        self._part = Part.TAG_NAME
        # "<" and a letter, or "</" of which the letter comes next: both are part of the name to the machine.
        self.is_settled(start[2:])

    def is_settled(self, data: bytes) -> bool:
        """Take in more of it; True when there is no use in waiting any longer."""
        before = self._pieces[-1]
        self._pieces.append(data)
        self._size += len(data)
        return self._is_whole(data) or self._size > LONGEST_WAIT or (self._in_noscript and self._is_cut(before, data))

    def _is_whole(self, data: bytes) -> bool:
        part, at, size = self._part, 0, len(data)
        while at < size and part is not Part.END:
            if part is Part.BETWEEN:
                at = _WHOLE.match(data, at).end()  # type: ignore[union-attr]
            part, at = _step(part, data, at)
        self._part = part
        return part is Part.END

    def _is_cut(self, before: bytes, data: bytes) -> bool:
        # Shorter pieces than the overlap are glued on, so that byte by byte finds it too.
        tail = before[-_OVERLAP:]
        if len(before) < _OVERLAP:
            tail = b"".join(self._pieces[-2 - _OVERLAP : -1])[-_OVERLAP:]
        return _NOSCRIPT_END.search(tail + data) is not None

    def bytes(self) -> bytes:
        return b"".join(self._pieces)


#: No name that we watch for is nearly as long.
_LONGEST_NAME = 64  # bytes


class OverlongTag:
    """Lets a tag go that is too long to wait for, and asks about each attribute that may hold a URL.

    `is_held(name, value, whole)` is called with those in `watched`; `whole` is False when the value, too, is
    too long to wait for. `feed` gives the edits to make in `data`, as positions; a position is negative when
    the attribute began in an earlier piece, which is why those bytes are withheld and come in `waiting`.
    """

    __slots__ = ("_is_held", "_name_is_watched", "_part", "_waiting", "_watched")

    def __init__(self, watched: Container[bytes], is_held: Callable[[bytes, bytes, bool], bool]) -> None:
        self._watched = watched
        self._is_held = is_held
        self._part = Part.BETWEEN
        self._waiting: list[bytes] = []
        self._name_is_watched = True

    def feed(self, data: bytes, put: Callable[[bytes], None], hold: Callable[[], None]) -> int:
        """Hand on what is certain by `put`, calling `hold` before an attribute that is held.

        Returns where the tag ends in `data`, or -1 when it goes on.
        """
        at, begin, size = 0, 0, len(data)  # data[begin:at] is neither put nor waiting yet
        part = self._part
        while at < size and part is not Part.END:
            before, (part, at) = part, _step(part, data, at)
            if before is Part.BETWEEN:
                # Between attributes nothing is withheld; a name starts with the byte just read.
                cut = at - 1 if part is Part.NAME else at
                put(data[begin:cut])
                begin, self._name_is_watched = cut, part is Part.NAME
            elif part is Part.BETWEEN or part is Part.END:
                # `b=>`: the ">" is not of the attribute.
                cut = at - 1 if part is Part.END else at
                self._release(data[begin:cut], put, hold, whole=True)
                put(data[cut:at])
                begin = at
            elif before is Part.NAME and part is not Part.NAME:
                name = b"".join(self._waiting) + data[begin:at]
                if self._name_is_watched and name.lower() not in self._watched:
                    self._give_up(data[begin:at], put)
                    begin = at
        self._part = part
        if part is Part.END:
            return at
        self._wait(data[begin:at], put, hold)
        return -1

    def flush(self, put: Callable[[bytes], None], hold: Callable[[], None]) -> None:
        """The input has ended inside the tag."""
        self._release(b"", put, hold, whole=False)

    def _wait(self, piece: bytes, put: Callable[[bytes], None], hold: Callable[[], None]) -> None:
        if not self._name_is_watched:
            put(piece)
            return
        self._waiting.append(piece)
        size = sum(map(len, self._waiting)) if len(self._waiting) < 2 else self._grow(piece)
