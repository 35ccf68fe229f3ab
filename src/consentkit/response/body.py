"""The way of a body: its coding off, its charset made ASCII-compatible, rewritten, and both put on again.

The charset is that of the byte-order mark, which browsers believe before anything else (Encoding Standard, 6.1), else
that of the header, else what a `<meta>` in the first 1,024 bytes says. Only charsets that hide ASCII matter here; all
others take our insertions as they are, so a page with a wrong or missing declaration stays whole.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Mapping
from typing import NamedTuple

from consentkit.response.coding import decoding, encoding
from consentkit.rewrite import BodyMemory, Inserting, Insertions, Rewriter, Rewritten, Rules
from consentkit.rewrite.charsets import Stream, charset_by_mark, may_become_mark, recoded

# Where a declaration must stand to be seen (HTML, 4.2.5.5).
DECLARATION_WINDOW = 1024  # bytes

# The only charset that a page can declare in ASCII and that hides ASCII; a <meta> that says UTF-16 means UTF-8 (HTML,
# 13.2.3.2).
_DECLARES = re.compile(rb"<meta[^>]{0,200}charset\s*=\s*[\"']?\s*(?:cs)?iso-?2022-?jp", re.IGNORECASE)
_ESCAPE = b"\x1b"


class Task(NamedTuple):
    """What is to be done to one body. `observed`: the rules that would hold, for a report (see `Body.would_hold`)."""

    rules: Rules
    insertions: Insertions
    inserting: Inserting
    host: str
    coding: str
    charset: str
    observed: Rules | None
    #: It may have been made for one person, and nothing of it may be kept.
    is_personal: bool

    def recalled(self, body: bytes, memory: BodyMemory, likeness: Hashable | None = None) -> Rewritten | None:
        """A whole body as it goes out, if it came before; None when it has to be read. `likeness`: of the insertions."""
        if self.coding or self.observed is not None:
            return None
        return memory.rewrite(
            body, self.rules, self.insertions, self.inserting,
            host=self.host, charset=self.charset, private=self.is_personal, likeness=likeness,
        )  # fmt: skip

    def body(self) -> Body:
        rewriter = Rewriter(self.rules, self.insertions, self.inserting, host=self.host)
        observed = None
        if self.observed is not None:
            observed = Rewriter(self.observed, self.insertions, Inserting.NEVER, host=self.host)
        return Body(rewriter, observed, self.coding, self.charset)


class Body:
    """`feed` it as it comes, then `last` (or `abandon`, when the end never came). Raises `BadCoding`."""

    def __init__(self, rewriter: Rewriter, observer: Rewriter | None, coding: str, charset: str) -> None:
        self._held = rewriter.held
        self._observer = observer
        self._rewriter: Stream = _Both(rewriter, observer) if observer else rewriter
        self._charset = _Charset(charset)
        self._decoder = decoding(coding) if coding else None
        self._encoder = encoding(coding) if coding else None

    def feed(self, data: bytes) -> bytes:
        plain = self._readable(self._decoder.feed(data) if self._decoder else data)
        out = self._rewriter.feed(plain)
        return self._encoder.feed(out) if self._encoder else out

    def last(self, data: bytes) -> bytes:
        plain = self._decoder.feed(data) + self._decoder.close() if self._decoder else data
        out = self._ended(plain)
        return self._encoder.last(out) if self._encoder else out

    def abandon(self) -> bytes:
        """What is still held of a body that has no end."""
        rest = self._ended(b"")
        return self._encoder.feed(rest) if self._encoder else rest

    def held(self) -> Mapping[tuple[str, str | None, str], int]:
        """How often what was held back in it so far: (purpose, vendor, host) to elements."""
        return self._held

    def would_hold(self) -> list[tuple[str, str | None, str]]:
        """Under `observe`: what `known` would have held back in it."""
        return list(self._observer.held) if self._observer else []

    def _readable(self, plain: bytes, *, is_end: bool = False) -> bytes:
        if not self._charset.is_settled:
            plain = self._charset.read(plain, is_end=is_end)
            if self._charset.found:
                self._rewriter = recoded(self._rewriter, self._charset.found)
        return plain

    def _ended(self, plain: bytes) -> bytes:
        plain = self._readable(plain, is_end=True)  # this may change the rewriter
        return self._rewriter.last(plain)


class _Charset:
    """Finds out which charset a body is in, without holding it up.

    Up to the first escape byte a page in ISO-2022-JP is plain ASCII, so the declaration need not be known before.
    """

    def __init__(self, header: str) -> None:
        self._header = header
        self._start = b""
        self.found = ""
        self.is_settled = False
        self._waiting = b""

    def read(self, data: bytes, *, is_end: bool) -> bytes:
        """The bytes that may go on; `found` and `is_settled` tell what is known after them."""
        data, self._waiting = self._waiting + data, b""
        if not self._start and not is_end and may_become_mark(data):
            self._waiting = data  # nothing yet, or a part of a byte-order mark
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

    def last(self, data: bytes) -> bytes:
        self._observer.last(data)
        return self._rewriter.last(data)

    def close(self) -> bytes:
        return self.last(b"")
