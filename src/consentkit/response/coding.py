"""Take a content coding off a body and put it on again, piece by piece, with a cap on expansion.

Only gzip and deflate are here, which the standard library knows. A body that lies about its coding, or would swell
beyond reason, raises `BadCoding`; by then nothing of it has been changed, so the caller can send the original on.
"""

from __future__ import annotations

import zlib

# A page that grows more than this is an attack on the decoder, not a page: HTML rarely shrinks below 5 %.
MAX_EXPANSION = 200
ALLOWANCE = 4 * 1024 * 1024  # bytes that any body may grow to, whatever the ratio

# What gzip -6 costs is most of what a compressed page costs; level 6 is what servers use by default.
LEVEL = 6

_GZIP = 16 + zlib.MAX_WBITS


class BadCoding(Exception):
    """The bytes are not what Content-Encoding said, or expand beyond the cap."""


class Decoder:
    """gzip or deflate off. `deflate` means zlib (RFC 9110, 8.4.1.2), though some servers send it raw."""

    def __init__(self, coding: str) -> None:
        self._is_gzip = coding.endswith("gzip")
        self._inflater = zlib.decompressobj(_GZIP if self._is_gzip else zlib.MAX_WBITS)
        self._read = 0
        self._written = 0

    def feed(self, data: bytes) -> bytes:
        first = not self._read
        self._read += len(data)
        try:
            plain = self._inflate(data)
        except zlib.error as error:
            if self._is_gzip or not first:
                raise BadCoding(str(error)) from None
            self._inflater = zlib.decompressobj(-zlib.MAX_WBITS)
            plain = self._raw(data)
        return plain

    def close(self) -> bytes:
        return self._inflater.flush()

    def _raw(self, data: bytes) -> bytes:
        try:
            return self._inflate(data)
        except zlib.error as error:
            raise BadCoding(str(error)) from None

    def _inflate(self, data: bytes) -> bytes:
        limit = max(ALLOWANCE, self._read * MAX_EXPANSION) - self._written
        plain = self._inflater.decompress(data, limit)
        self._written += len(plain)
        # Members may follow each other in gzip (RFC 1952, 2.2).
        while self._is_gzip and self._inflater.eof and self._inflater.unused_data and len(plain) < limit:
            rest = self._inflater.unused_data
            self._inflater = zlib.decompressobj(_GZIP)
            more = self._inflater.decompress(rest, limit - len(plain))
            self._written += len(more)
            plain += more
        if self._inflater.unconsumed_tail:
            raise BadCoding("the body expands beyond the cap")
        return plain


class Encoder:
    """The same coding on again; flushed piece by piece, so that a stream stays a stream."""

    def __init__(self, coding: str) -> None:
        bits = _GZIP if coding.endswith("gzip") else zlib.MAX_WBITS
        self._deflater = zlib.compressobj(LEVEL, zlib.DEFLATED, bits)

    def feed(self, data: bytes) -> bytes:
        if not data:
            return b""
        return self._deflater.compress(data) + self._deflater.flush(zlib.Z_SYNC_FLUSH)

    def last(self, data: bytes) -> bytes:
        return self._deflater.compress(data) + self._deflater.flush()
