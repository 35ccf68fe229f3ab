"""The text of a script or a style, all of it: what is said of it goes into its start tag.

So the start tag waits for the end of the text, as long as that is not too far. A browser can't use half of either, so
nothing is late. This is the one place where more than `LONGEST_WAIT` may wait, and only for text that is in pieces.
"""

from __future__ import annotations

import re

from consentkit.rewrite.output import Output
from consentkit.rewrite.scanner import NAME_END, RAW_TEXT, SCRIPT_DATA, either_case
from consentkit.rewrite.tokens import Tokens

#: Longer texts pass without a look. A server's state in a script has a megabyte at times.
LONGEST_TEXT = 1280 * 1024  # bytes

_STYLE_IN_NOSCRIPT = re.compile(rb"</(?:%b|%b)%b" % (either_case("style"), either_case("noscript"), NAME_END))


def text_end(name: bytes, data: bytes, after: int, *, in_noscript: bool) -> int:
    """Where the text ends that begins in this chunk; -1 when the chunk does not say it at a glance."""
    if name == b"script":
        found = SCRIPT_DATA.search(data, after)
        return found.start() if found and found[0] != b"<!--" else -1
    found = (_STYLE_IN_NOSCRIPT if in_noscript else RAW_TEXT[b"style"]).search(data, after)
    return found.start() if found else -1


class TextEnd(Tokens):
    """Follows a text to its end. `length` is -1 until that has come."""

    __slots__ = ("length",)

    def __init__(self, name: bytes, *, in_noscript: bool) -> None:
        super().__init__(Output(None), is_xml=False)
        self.length = -1
        if name == b"script":
            self._state = Tokens._script
        else:
            self._raw_end = _STYLE_IN_NOSCRIPT if in_noscript else RAW_TEXT[b"style"]
            self._state = Tokens._raw_text

    def _read_markup(self, data: bytes, at: int, end: int) -> int:
        self.length = self._out.position(at)
        self._passes = True
        return at

    # A text has no tags, so nobody asks about them.

    def _let_go(self, data: bytes, at: int) -> int:  # pragma: no cover - see above
        raise AssertionError("no tag is read here")

    def _reads_ahead(self) -> bool:  # pragma: no cover - see above
        return True

    def _has_cdata(self) -> bool:  # pragma: no cover - see above
        return False

    def _end(self, data: bytes, at: int) -> None:
        """Nothing to do: a text without end is none."""


class Text:
    """Collects an element of text from its start tag until the end of the text has come, or too much."""

    __slots__ = ("_end", "_pieces", "_size", "name", "tag")

    def __init__(self, name: bytes, tag: bytes, *, in_noscript: bool) -> None:
        self.name = name
        self.tag = tag
        self._end = TextEnd(name, in_noscript=in_noscript)
        self._pieces: list[bytes] = []
        self._size = 0

    @property
    def length(self) -> int:
        """Of the text; -1 while it is not known."""
        return self._end.length

    def begin(self, data: bytes, at: int, after: int) -> bool:
        """Read the first chunk, in which the tag lies between these places; True when that is enough."""
        step = 1024
        while after < len(data) and not self._is_settled():
            self._read(data[after : after + step])
            after += step
            step *= 2  # what is copied stays in proportion to what is read
        if self._is_settled():
            return True
        self._pieces = [data[at:]]
        return False

    def is_settled(self, data: bytes) -> bool:
        """Take in more of it; True when there is no use in waiting any longer."""
        self._pieces.append(data)
        self._read(data)
        return self._is_settled()

    def _read(self, data: bytes) -> None:
        self._size += len(data)
        self._end.feed(data)

    def _is_settled(self) -> bool:
        return self._end.length >= 0 or self._size > LONGEST_TEXT + 16

    def bytes(self) -> bytes:
        return b"".join(self._pieces)
