"""br and zstd off again: all that a body holds, and nothing that is none of it."""

from __future__ import annotations

import struct
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from consentkit.response.coding import ALLOWANCE, BadCoding, decoding, encoding
from consentkit.response.extra_codings import available

needs_zstd = pytest.mark.skipif("zstd" not in available(), reason="the extra `compress` is not installed")
installed = pytest.mark.parametrize("coding", sorted(available()))


def whole(coding: str, data: bytes) -> bytes:
    return encoding(coding).last(data)


def skipped(data: bytes, magic: int = 0) -> bytes:
    """A frame that is no part of the text (RFC 8878, 3.1.2)."""
    return struct.pack("<II", 0x184D2A50 + magic, len(data)) + data


def decoded(coding: str, body: bytes, size: int) -> bytes:
    off = decoding(coding)
    return b"".join(off.feed(body[start : start + size]) for start in range(0, len(body), size)) + off.close()


FRAMES = [
    pytest.param([b"<p>one", b"<p>two", b"<p>three"], id="three frames"),
    pytest.param([None, b"<p>one"], id="a skipped frame first"),
    pytest.param([b"<p>one", None, None, b"<p>two", None], id="skipped frames between and behind"),
    pytest.param([b"", b"<p>one", b""], id="empty frames"),
    pytest.param([b"<p>" + b"row " * 3000] * 4, id="frames longer than a piece"),
    pytest.param([bytes(1024 * 1024)] * 2, id="long runs of one byte"),
    pytest.param([None], id="nothing but a skipped frame"),
]


@needs_zstd
@pytest.mark.parametrize("size", [1, 3, 100_000], ids="{}-byte pieces".format)
@pytest.mark.parametrize("frames", FRAMES)
def test_every_frame_of_zstd_is_read(frames: list[bytes | None], size: int) -> None:
    """
    A body in zstd is a sequence of frames; those that carry no text are passed over.
    """
    body = b"".join(skipped(b"not a page") if frame is None else whole("zstd", frame) for frame in frames)

    assert decoded("zstd", body, size) == b"".join(frame or b"" for frame in frames)


@needs_zstd
@settings(deadline=None)
@given(st.lists(st.tuples(st.booleans(), st.binary(max_size=300), st.integers(0, 15)), max_size=5), st.integers(1, 999))
def test_any_cut_of_zstd_gives_the_same_text(frames: Sequence[tuple[bool, bytes, int]], size: int) -> None:
    """
    Where a server cuts between frames or within them makes no difference.
    """
    body = b"".join(skipped(data, magic) if skip else whole("zstd", data) for skip, data, magic in frames)

    assert decoded("zstd", body, size) == b"".join(data for skip, data, _ in frames if not skip)


@needs_zstd
def test_a_frame_is_read_when_it_has_come() -> None:
    """
    An app that sends each piece of its page as a frame of its own streams.
    """
    off = decoding("zstd")

    assert [off.feed(whole("zstd", piece)) for piece in (b"first", b"second")] == [b"first", b"second"]


@installed
@pytest.mark.parametrize("rest", [b"\n", b"\0\0\0\0", b"<p>unread"])
@pytest.mark.parametrize("size", [1, 3, 100_000], ids="{}-byte pieces".format)
def test_what_follows_the_end_and_is_not_of_the_coding_is_refused(coding: str, rest: bytes, size: int) -> None:
    """
    Bytes that would be lost without a word are an error, in whatever pieces they come.
    """
    with pytest.raises(BadCoding):
        decoded(coding, whole(coding, b"<p>one") + rest, size)


@needs_zstd
@pytest.mark.parametrize("size", [1000, 100_000], ids="{}-byte pieces".format)
def test_frames_together_stay_below_the_cap(size: int) -> None:
    """
    Many frames are no way around the cap.
    """
    bomb = whole("zstd", bytes(ALLOWANCE // 4)) * 5

    with pytest.raises(BadCoding, match="expands beyond the cap"):
        decoded("zstd", bomb, size)


@installed
@pytest.mark.parametrize("size", [1, 100_000], ids="{}-byte pieces".format)
def test_a_truncated_body_gives_what_there_is(coding: str, size: int) -> None:
    """
    Of a body whose end is missing, the beginning is read.
    """
    on = encoding(coding)
    body = on.feed(b"<p>" + bytes(range(256)) * 9) + on.last(b"<p>more")

    assert decoded(coding, body[:-3], size).startswith(b"<p>" + bytes(range(256)) * 9)
