"""br and zstd, where the extra `compress` is installed: taken off and put on again like gzip, with the same cap.

The sole importer of brotli and zstandard. Neither is imported before a page comes in that coding.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib import import_module
from importlib.util import find_spec
from typing import Any

MODULES = {"br": "brotli", "zstd": "zstandard"}

# A page is compressed while its reader waits: fast settings, whose size is still below that of gzip -6.
BROTLI_QUALITY = 4
ZSTD_LEVEL = 3

# zstandard can't be told how much to put out, and 4 bytes of it may stand for 128 KiB (RFC 8878, 3.1.1.2.2). It is
# fed in pieces, so that the cap is looked at before more than a few MiB have come of one.
PIECE = 128  # bytes


def available() -> frozenset[str]:
    """The codings whose library is installed."""
    return frozenset(coding for coding, module in MODULES.items() if find_spec(module) is not None)


def expanding(coding: str) -> Callable[[bytes, int], Iterator[bytes]]:
    """A function from a piece of a body to what it stands for, in portions of about `limit` bytes at most.

    It raises ValueError for bytes that are not of that coding.
    """
    return _brotli_off() if coding == "br" else _zstd_off()


class Compressor:
    """The coding on again; `flush` after each piece, so that a stream stays a stream."""

    def __init__(self, coding: str) -> None:
        library: Any = import_module(MODULES[coding])
        if coding == "br":
            brotli = library.Compressor(quality=BROTLI_QUALITY)
            self._compress, self._flush, self._finish = brotli.process, brotli.flush, brotli.finish
        else:
            zstd = library.ZstdCompressor(level=ZSTD_LEVEL).compressobj()
            self._compress = zstd.compress
            self._flush = lambda: zstd.flush(library.COMPRESSOBJ_FLUSH_BLOCK)
            self._finish = zstd.flush

    def feed(self, data: bytes) -> bytes:
        if not data:
            return b""
        return bytes(self._compress(data) + self._flush())

    def last(self, data: bytes) -> bytes:
        return bytes(self._compress(data) + self._finish())


def _brotli_off() -> Callable[[bytes, int], Iterator[bytes]]:
    library: Any = import_module(MODULES["br"])
    decompressor = library.Decompressor()

    def expand(data: bytes, limit: int) -> Iterator[bytes]:
        try:
            yield decompressor.process(data, output_buffer_limit=limit)
            while not decompressor.can_accept_more_data() and not decompressor.is_finished():
                yield decompressor.process(b"", output_buffer_limit=limit)
        except library.error as error:
            raise ValueError(str(error)) from None

    return expand


def _zstd_off() -> Callable[[bytes, int], Iterator[bytes]]:
    library: Any = import_module(MODULES["zstd"])
    # One frame may follow another, and frames that are to be skipped may stand anywhere (RFC 8878, 3.1). What
    # follows a frame and starts none is an error, as it is behind the end of br.
    decompressor = library.ZstdDecompressor().decompressobj(read_across_frames=True)

    def expand(data: bytes, limit: int) -> Iterator[bytes]:
        for start in range(0, len(data), PIECE):
            try:
                yield decompressor.decompress(data[start : start + PIECE])
            except library.ZstdError as error:
                raise ValueError(str(error)) from None

    return expand
