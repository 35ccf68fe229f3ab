"""Take a content coding off a body and put it on again, piece by piece, with a cap on expansion.

gzip and deflate are here, which the standard library knows; br and zstd come with an extra. A body that lies about
its coding, or would swell beyond reason, raises `BadCoding`; by then nothing of it has been changed, so the caller can
send the original on.
"""

from __future__ import annotations

import zlib
from typing import Protocol

from consentkit.response import extra_codings

# A page that grows more than this is an attack on the decoder, not a page: HTML rarely shrinks below 5 %.
MAX_EXPANSION = 200
ALLOWANCE = 4 * 1024 * 1024  # bytes that any body may grow to, whatever the ratio

# What gzip -6 costs is most of what a compressed page costs; level 6 is what servers use by default.
LEVEL = 6

# The first two bytes tell gzip from what is not, and zlib from raw deflate.
MAGIC = 2  # bytes

_GZIP = 16 + zlib.MAX_WBITS


class Inflater(Protocol):
    """What `zlib.decompressobj` makes; its type has no public name."""

    @property
    def eof(self) -> bool: ...

    @property
    def unused_data(self) -> bytes: ...

    def decompress(self, data: bytes, max_length: int = 0, /) -> bytes: ...

    def flush(self, length: int = ..., /) -> bytes: ...


class BadCoding(Exception):
    """The bytes are not what Content-Encoding said, or expand beyond the cap."""


class Decoding(Protocol):
    """A coding on its way off. Both methods raise `BadCoding`."""

    def feed(self, data: bytes) -> bytes: ...

    def close(self) -> bytes: ...


class Encoding(Protocol):
    """A coding on its way on."""

    def feed(self, data: bytes) -> bytes: ...

    def last(self, data: bytes) -> bytes: ...


#: Codings that can be taken off and put on again here.
READABLE = frozenset({"gzip", "x-gzip", "deflate"}) | extra_codings.available()


def decoding(coding: str) -> Decoding:
    """What takes one of the `READABLE` codings off."""
    return Expander(coding) if coding in extra_codings.MODULES else Decoder(coding)


def encoding(coding: str) -> Encoding:
    """What puts it on again."""
    return extra_codings.Compressor(coding) if coding in extra_codings.MODULES else Encoder(coding)


class Expander:
    """br or zstd off, under the same cap."""

    def __init__(self, coding: str) -> None:
        self._expand = extra_codings.expanding(coding)
        self._read = 0
        self._written = 0

    def feed(self, data: bytes) -> bytes:
        self._read += len(data)
        limit = max(ALLOWANCE, self._read * MAX_EXPANSION)
        plain = []
        try:
            for portion in self._expand(data, ALLOWANCE):
                plain.append(portion)
                self._written += len(portion)
                if self._written > limit:
                    raise BadCoding("the body expands beyond the cap")
        except ValueError as error:
            raise BadCoding(str(error)) from None
        return b"".join(plain)

    def close(self) -> bytes:
        return b""


class Decoder:
    """gzip or deflate off. `deflate` means zlib (RFC 9110, 8.4.1.2), though some servers send it raw."""

    def __init__(self, coding: str) -> None:
        self._is_gzip = coding.endswith("gzip")
        self._inflater: Inflater | None = None  # made when the first bytes have told which kind
        self._undecided = b""
        self._has_member = False
        self._has_ended = False
        self._read = 0
        self._written = 0

    def feed(self, data: bytes) -> bytes:
        self._read += len(data)
        plain = []
        while data and not self._has_ended:
            inflater, data = self._started(data)
            if inflater is None:
                break
            plain.append(self._inflate(inflater, data))
            data = inflater.unused_data
            if inflater.eof:
                # Members may follow each other in gzip (RFC 1952, 2.2); anything else is padding.
                self._inflater, self._has_member, self._has_ended = None, True, not self._is_gzip
        return b"".join(plain)

    def close(self) -> bytes:
        return self._inflater.flush() if self._inflater else b""

    def _started(self, data: bytes) -> tuple[Inflater | None, bytes]:
        """The inflater and what it should read; no inflater yet while too few bytes are known."""
        if self._inflater is not None:
            return self._inflater, data
        data, self._undecided = self._undecided + data, b""
        if len(data) < MAGIC:
            self._undecided = data
            return None, b""
        if self._has_member and not data.startswith(b"\x1f\x8b"):
            self._has_ended = True
            return None, b""
        self._inflater = zlib.decompressobj(self._bits(data))
        return self._inflater, data

    def _bits(self, data: bytes) -> int:
        if self._is_gzip:
            return _GZIP
        # A zlib header is a multiple of 31 that names method 8 (RFC 1950, 2.2); raw deflate never starts so.
        has_header = data[0] & 0x0F == 8 and int.from_bytes(data[:2]) % 31 == 0
        return zlib.MAX_WBITS if has_header else -zlib.MAX_WBITS

    def _inflate(self, inflater: Inflater, data: bytes) -> bytes:
        limit = max(ALLOWANCE, self._read * MAX_EXPANSION) - self._written
        try:
            # One more than may come, because a limit of 0 would mean none.
            plain = inflater.decompress(data, limit + 1)
        except zlib.error as error:
            raise BadCoding(str(error)) from None
        if len(plain) > limit:
            raise BadCoding("the body expands beyond the cap")
        self._written += len(plain)
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
