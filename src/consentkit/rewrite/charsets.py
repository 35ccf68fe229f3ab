"""Charsets: may ASCII bytes go in as they are, and if not, how does the page get to a form in which they may?

What we insert is ASCII, and ASCII is itself in every charset that the web allows, with two exceptions:

- UTF-16 has two bytes for a letter. It is recoded to UTF-8 and back. Lone surrogates survive (`surrogatepass`).
- ISO-2022-JP has stretches, between escape sequences, in which bytes that look like ASCII are halves of letters.
  There the high bit is set on the way in and cleared on the way out. Nothing is decoded, so every byte survives.

The rest of the world (UTF-8, windows-125x, ISO 8859, Shift_JIS, EUC, GBK, gb18030, Big5) needs nothing: the second
bytes of its letters are never one of `< > = / " '`.
"""

from __future__ import annotations

import codecs
import re
from typing import Protocol

# Labels of the Encoding Standard.
_UTF_16_LE = "utf-16 utf-16le unicode ucs-2 csunicode iso-10646-ucs-2 unicodefeff"
_UTF_16 = {
    **dict.fromkeys(_UTF_16_LE.split(), "utf-16-le"),
    **dict.fromkeys(("utf-16be", "unicodefffe"), "utf-16-be"),
}
_ISO_2022_JP = frozenset({"iso-2022-jp", "csiso2022jp"})

#: Labels whose pages browsers refuse to decode; they show one replacement character and nothing of ours matters.
REPLACED = frozenset({"iso-2022-kr", "csiso2022kr", "iso-2022-cn", "iso-2022-cn-ext", "hz-gb-2312", "replacement"})


def is_ascii_compatible(charset: str) -> bool:
    """Whether ASCII bytes may be inserted into a page of this charset (a label as in HTTP; "" when unknown)."""
    label = charset.strip("\t\n\f\r \"'").lower()
    return label not in _UTF_16 and label not in _ISO_2022_JP and label not in REPLACED


def charset_by_mark(start: bytes) -> str:
    """The charset that a byte-order mark at the start of a body declares, or "". It outranks every header."""
    if start.startswith(codecs.BOM_UTF8):
        return "utf-8"
    if start.startswith(codecs.BOM_UTF16_LE):
        return "utf-16le"
    return "utf-16be" if start.startswith(codecs.BOM_UTF16_BE) else ""


def may_become_mark(start: bytes) -> bool:
    """Whether more bytes may make a byte-order mark of the start of a body."""
    marks = (codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
    return any(mark.startswith(start) and mark != start for mark in marks)


class Stream(Protocol):
    """Bytes in, bytes out, and an end."""

    def feed(self, data: bytes) -> bytes: ...
    def last(self, data: bytes) -> bytes: ...
    def close(self) -> bytes: ...


def recoded(stream: Stream, charset: str) -> Stream:
    """The stream for pages of this charset: itself, unless the charset hides ASCII."""
    label = charset.strip("\t\n\f\r \"'").lower()
    if label in _UTF_16:
        return Utf16(stream, _UTF_16[label])
    return Iso2022Jp(stream) if label in _ISO_2022_JP else stream


class Utf16:
    """UTF-16 outside, UTF-8 inside."""

    def __init__(self, stream: Stream, codec: str) -> None:
        self._stream = stream
        self._codec = codec
        self._utf_8 = codecs.getincrementaldecoder("utf-8")("surrogatepass")
        self._waiting = b""

    def feed(self, data: bytes) -> bytes:
        data = self._waiting + data
        whole = self._whole(data)
        self._waiting = data[whole:]
        return self._encoded(self._stream.feed(self._inner(data[:whole])))

    def last(self, data: bytes) -> bytes:
        """An odd byte at the end is no letter; it goes out as it came."""
        data = self._waiting + data
        paired = len(data) & ~1
        return self._encoded(self._stream.last(self._inner(data[:paired])), final=True) + data[paired:]

    def close(self) -> bytes:
        return self.last(b"")

    def _whole(self, data: bytes) -> int:
        """How much of it is whole letters: a pair of surrogates stays together, as it is one in UTF-8."""
        size = len(data) & ~1
        if size and 0xD8 <= data[size - 1 if self._codec == "utf-16-le" else size - 2] <= 0xDB:
            size -= 2
        return size

    def _inner(self, data: bytes) -> bytes:
        return data.decode(self._codec, "surrogatepass").encode("utf-8", "surrogatepass")

    def _encoded(self, data: bytes, *, final: bool = False) -> bytes:
        return self._utf_8.decode(data, final).encode(self._codec, "surrogatepass")


#: The escape sequences of the WHATWG decoder, and whether two bytes make a letter after them.
_SHIFTS = {b"\x1b(B": False, b"\x1b(J": False, b"\x1b(I": True, b"\x1b$@": True, b"\x1b$B": True}
_SHIFT = re.compile(rb"\x1b(?:\([BJI]|\$[@B])")
_SET_HIGH = bytes(byte | 0x80 for byte in range(256))
_CLEAR_HIGH = bytes(byte & 0x7F for byte in range(256))


class Iso2022Jp:
    """Letters of more than ASCII are out of sight inside, by their high bits."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self._hide = _Shifted(_SET_HIGH)
        self._show = _Shifted(_CLEAR_HIGH)

    def feed(self, data: bytes) -> bytes:
        return self._show.feed(self._stream.feed(self._hide.feed(data)))

    def last(self, data: bytes) -> bytes:
        return self._show.last(self._stream.last(self._hide.last(data)))

    def close(self) -> bytes:
        return self.last(b"")


class _Shifted:
    """Translates what stands between a shift to letters of two bytes and the shift back."""

    def __init__(self, table: bytes) -> None:
        self._table = table
        self._is_shifted = False
        self._waiting = b""

    def feed(self, data: bytes) -> bytes:
        data = self._waiting + data
        whole = len(data)
        cut = data.rfind(b"\x1b", max(0, whole - 2))
        if cut >= 0 and _SHIFT.match(data, cut) is None:
            whole = cut
        self._waiting = data[whole:]
        return self._translate(data[:whole])

    def last(self, data: bytes) -> bytes:
        data, self._waiting = self._waiting + data, b""
        return self._translate(data)

    def _translate(self, data: bytes) -> bytes:
        pieces: list[bytes] = []
        at = 0
        for shift in _SHIFT.finditer(data):
            pieces += self._piece(data[at : shift.start()]), shift[0]
            self._is_shifted = _SHIFTS[shift[0]]
            at = shift.end()
        return b"".join((*pieces, self._piece(data[at:])))

    def _piece(self, data: bytes) -> bytes:
        return data.translate(self._table) if self._is_shifted else data
