"""A tag that is not all there yet: where does it end, and what if it never does?

`UnfinishedTag` keeps its chunks in a list and walks through them once, remembering in which part of an
attribute it stands. So a megabyte of tag that comes byte by byte costs what a megabyte costs.

`OverlongTag` takes over where a tag outgrows `LONGEST_WAIT`. It lets the bytes go, attribute by attribute, and
still asks about each attribute that may hold a URL; what it can't see to the end is held back.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Callable, Mapping

from consentkit.rewrite.holding import HTML, SVG, Reads
from consentkit.rewrite.scanner import ATTRIBUTE, LONGEST_WAIT, RAW_TEXT, TAG_NAME, WS, one_of


class Part(enum.IntEnum):
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


def _whole(unless: str) -> re.Pattern[bytes]:
    """Attributes, but those named in `unless`, of which the end is certain: a quote, or a byte that is not theirs."""
    refused = rb"(?!%b[%b/>=])" % (one_of(unless), WS) if unless else b""
    return re.compile(
        rb"""(?:[%b/]++|%b[^%b/>][^%b/>=]*+(?:[%b]*+=[%b]*+(?:"[^"]*+"|'[^']*+'|[^%b>"'][^%b>]*+(?=[%b>]))|[%b]*+(?=[^%b=])))*+"""
        % (WS, refused, WS, WS, WS, WS, WS, WS, WS, WS, WS)
    )


_WHOLE = _whole("")
#: Only of those that nobody watches for, whatever the element. A name cut off at the end of the data may be one.
_UNWATCHED = _whole(" ".join(sorted({name.decode() for names in (*HTML.values(), *SVG.values()) for name in names})))


def whole_attributes(tag: bytes) -> int:
    """How much of an unfinished tag is its name and attributes of which the end is certain."""
    name = TAG_NAME.match(tag)
    assert name is not None, "a tag begins with its name"
    return _WHOLE.match(tag, name.end()).end()  # type: ignore[union-attr]


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

_NOSCRIPT_END = RAW_TEXT[b"noscript"]
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

    `is_held(value, reads, whole)` is called for the attributes in `watched`; `whole` is False when the value, too,
    is longer than `LONGEST_WAIT` and cut off there. Bytes leave by `put`, and `rename` is called right before
    those of an attribute that is held.
    """

    __slots__ = ("_is_held", "_part", "_put", "_rename", "_size", "_watched", "_watching", "_withheld")

    def __init__(
        self,
        watched: Mapping[bytes, Reads],
        is_held: Callable[[bytes, Reads, bool], bool],
        put: Callable[[bytes], None],
        rename: Callable[[], None],
    ) -> None:
        self._watched = watched
        self._is_held = is_held
        self._put = put
        self._rename = rename
        self._part = Part.BETWEEN
        self._watching = False
        self._withheld: list[bytes] = []
        self._size = 0

    def feed(self, data: bytes) -> int:
        """Returns where the tag ends in `data`, or -1 when it goes on."""
        part, at, begin, size = self._part, 0, 0, len(data)
        skip = _UNWATCHED if self._watched else _WHOLE
        while at < size and part is not Part.END:
            if part is Part.BETWEEN:
                at = skip.match(data, at).end()  # type: ignore[union-attr]
            before = part
            part, at = _step(part, data, at)
            if part is before:
                break
            if before is Part.BETWEEN:
                if part is Part.NAME:
                    self._put(data[begin : at - 1])
                    begin, self._watching = at - 1, True
            elif before is Part.NAME:
                begin = self._name_is_known(data, begin, at)
            elif part is Part.BETWEEN or part is Part.END:
                cut = at - (part is Part.END)
                self._decide(data[begin:cut])
                begin = cut
        self._part = part
        if part is Part.END:
            self._put(data[begin:at])
            return at
        self._keep(data[begin:at])
        return -1

    def close(self) -> None:
        """The input ended inside the tag: parsers drop it, so nothing of it is loaded."""
        for piece in self._withheld:
            self._put(piece)
        self._withheld = []

    def _name_is_known(self, data: bytes, begin: int, at: int) -> int:
        if not self._watching:
            return begin
        name = b"".join(self._withheld) + data[begin:at]
        if name.lower() in self._watched:
            return begin
        self._let_go(data[begin:at])
        return at

    def _keep(self, piece: bytes) -> None:
        if not self._watching:
            self._put(piece)
            return
        self._withheld.append(piece)
        self._size += len(piece)
        if self._part is Part.NAME and self._size > _LONGEST_NAME:
            self._let_go(b"")
        elif self._size > LONGEST_WAIT:
            self._decide(b"")

    def _decide(self, piece: bytes) -> None:
        if not self._watching:
            self._put(piece)
            return
        text = b"".join(self._withheld) + piece
        # Cut off at the same place however the input was cut, and so with the same answer.
        whole = len(text) <= LONGEST_WAIT
        attribute = ATTRIBUTE.match(text if whole else _closed(text[:LONGEST_WAIT]))
        assert attribute is not None, "an attribute starts with a byte of its name"
        value = attribute[2] or attribute[3] or attribute[4] or b""
        if self._is_held(value, self._watched[attribute[1].lower()], whole):
            self._rename()
        self._let_go(piece)

    def _let_go(self, piece: bytes) -> None:
        for withheld in self._withheld:
            self._put(withheld)
        self._put(piece)
        self._withheld = []
        self._size = 0
        self._watching = False


_OPEN_QUOTE = re.compile(rb"""[^%b=]++[%b]*+=[%b]*+(["'])""" % (WS, WS, WS))


def _closed(attribute: bytes) -> bytes:
    """A cut-off attribute with its quote closed, so that it reads as one."""
    quote = _OPEN_QUOTE.match(attribute)
    return attribute + quote[1] if quote else attribute
