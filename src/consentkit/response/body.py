"""The way of a body: its coding off, its charset made ASCII-compatible, rewritten, and both put on again.

The charset is that of the byte-order mark, which browsers believe before anything else (Encoding Standard, 6.1), else
that of the header, else what a `<meta>` in the first 1,024 bytes says. Only charsets that hide ASCII matter here; all
others take our insertions as they are, so a page with a wrong or missing declaration stays whole.
"""

from __future__ import annotations

import re

from consentkit.response.coding import decoding, encoding
from consentkit.rewrite import Rewriter
from consentkit.rewrite.charsets import Stream, charset_by_mark, recoded

# Where a declaration must stand to be seen (HTML, 4.2.5.5).
DECLARATION_WINDOW = 1024  # bytes

# The only charset that a page can declare in ASCII and that hides ASCII; a <meta> that says UTF-16 means UTF-8 (HTML,
# 13.2.3.2).
_DECLARES = re.compile(rb"<meta[^>]{0,200}charset\s*=\s*[\"']?\s*(?:cs)?iso-?2022-?jp", re.IGNORECASE)
_ESCAPE = b"\x1b"

_MARK_STARTS = (b"\xfe", b"\xff")


class Body:
    """`feed` it as it comes, then `last` (or `abandon`, when the end never came). Raises `BadCoding`."""

    def __init__(self, rewriter: Rewriter, observer: Rewriter | None, coding: str, charset: str) -> None:
        self._observer = observer
        self._rewriter: Stream = _Both(rewriter, observer) if observer else rewriter
        self._charset = _Charset(charset)
        self._decoder = decoding(coding) if coding else None
        self._encoder = encoding(coding) if coding else None

    def feed(self, data: bytes) -> bytes:
        out = self._rewrite(self._decoder.feed(data) if self._decoder else data)
        return self._encoder.feed(out) if self._encoder else out

    def last(self, data: bytes) -> bytes:
        plain = self._decoder.feed(data) + self._decoder.close() if self._decoder else data
        out = self._rewrite(plain) + self._close()
        return self._encoder.last(out) if self._encoder else out

    def abandon(self) -> bytes:
        """What is still held of a body that has no end."""
        rest = self._close()
        return self._encoder.feed(rest) if self._encoder else rest

    def would_hold(self) -> list[tuple[str, str | None, str]]:
        """Under `observe`: what `known` would have held back in it."""
        return list(self._observer.held) if self._observer else []

    def _rewrite(self, plain: bytes) -> bytes:
        if not self._charset.is_settled:
            plain = self._charset.read(plain)
            if self._charset.found:
                self._rewriter = recoded(self._rewriter, self._charset.found)
        return self._rewriter.feed(plain)

    def _close(self) -> bytes:
        waiting = self._charset.waiting
        self._charset.waiting = b""
        return (self._rewriter.feed(waiting) if waiting else b"") + self._rewriter.close()


class _Charset:
    """Finds out which charset a body is in, without holding it up.

    Up to the first escape byte a page in ISO-2022-JP is plain ASCII, so the declaration need not be known before.
    """

    def __init__(self, header: str) -> None:
        self._header = header
        self._start = b""
        self.found = ""
        self.is_settled = False
        self.waiting = b""

    def read(self, data: bytes) -> bytes:
        """The bytes that may go on; `found` and `is_settled` tell what is known after them."""
        data, self.waiting = self.waiting + data, b""
        if not self._start and len(data) == 1 and data in _MARK_STARTS:
            self.waiting = data  # half a byte-order mark
            return b""
        mark = charset_by_mark(data) if not self._start else ""
        if mark or self._header:
            self.found, self.is_settled = mark or self._header, True
            return data
        self._start += data[: DECLARATION_WINDOW - len(self._start)]
        if _ESCAPE in data or len(self._start) >= DECLARATION_WINDOW:
            self.is_settled = _ESCAPE in data or not _DECLARES.search(self._start)
            self.found = "iso-2022-jp" if _ESCAPE in data and _DECLARES.search(self._start) else ""
        return data


class _Both:
    """A second rewriter reads along; what it puts out is dropped."""

    def __init__(self, rewriter: Rewriter, observer: Rewriter) -> None:
        self._rewriter = rewriter
        self._observer = observer

    def feed(self, data: bytes) -> bytes:
        self._observer.feed(data)
        return self._rewriter.feed(data)

    def close(self) -> bytes:
        self._observer.close()
        return self._rewriter.close()
