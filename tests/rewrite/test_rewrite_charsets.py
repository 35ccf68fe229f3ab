"""Charsets in which ASCII bytes can't go in as they are."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from consentkit.rewrite import Rewriter
from consentkit.rewrite.charsets import charset_by_mark, is_ascii_compatible, may_become_mark, recoded
from tests.rewrite.oracle import BODY, HOLDING, Markers, rewrite
from tests.rewrite.soup import pages


class Untouched:
    """A stream that changes nothing."""

    def feed(self, data: bytes) -> bytes:
        return data

    def last(self, data: bytes) -> bytes:
        return data

    def close(self) -> bytes:
        return b""


def through(page: bytes, charset: str, cuts: range, *, untouched: bool = False) -> bytes:
    stream = recoded(Untouched() if untouched else Rewriter(HOLDING, Markers()), charset)
    starts = [0, *cuts]
    pieces = [stream.feed(page[start:end]) for start, end in zip(starts, [*starts[1:], len(page)], strict=True)]
    return b"".join([*pieces, stream.close()])


@pytest.mark.parametrize(
    ("label", "expected"),
    [
        ("", True),
        ("utf-8", True),
        ("windows-1250", True),
        ("Shift_JIS", True),
        ("gb18030", True),
        (' "UTF-16" ', False),
        ("utf-16be", False),
        ("ISO-2022-JP", False),
        ("iso-2022-kr", False),
    ],
)
def test_which_charsets_take_ascii(label: str, expected: bool) -> None:
    """
    ASCII is itself in every charset of the web but UTF-16 and those that shift.
    """
    assert is_ascii_compatible(label) is expected


@pytest.mark.parametrize(
    ("start", "expected"),
    [(b"\xef\xbb\xbfx", "utf-8"), (b"\xff\xfex", "utf-16le"), (b"\xfe\xff", "utf-16be"), (b"x", "")],
)
def test_a_mark_tells_the_charset(start: bytes, expected: str) -> None:
    """
    A byte-order mark outranks what a header says.
    """
    assert charset_by_mark(start) == expected


@pytest.mark.parametrize("start", [b"", b"\xef", b"\xef\xbb", b"\xff", b"\xfe"])
def test_a_part_of_a_mark_may_become_one(start: bytes) -> None:
    """
    Nothing is known of a charset while its mark may still be on its way.
    """
    assert may_become_mark(start)


@pytest.mark.parametrize("start", [b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff", b"<", b"\xef<", b"\xef\xbb<", b"\xff\0"])
def test_a_whole_mark_and_other_bytes_are_waited_for_no_longer(start: bytes) -> None:
    """
    A mark that is there is read, and what is none is not held up.
    """
    assert not may_become_mark(start)


@pytest.mark.parametrize("charset", ["utf-16le", "utf-16be"])
@pytest.mark.parametrize("mark", ["", "\ufeff"], ids=["no mark", "mark"])
def test_utf_16_pages_are_rewritten(charset: str, mark: str) -> None:
    """
    A UTF-16 page gets what its UTF-8 twin gets, and keeps its mark.
    """
    page = mark + "<!doctype html><html><body>Ђорђе 😀<img src=//tracker.example/x>"
    expected = rewrite(page.encode()).decode().encode(charset)

    came = page.encode(charset)

    assert through(came, charset, range(1, 1)) == expected
    assert through(came, charset, range(1, len(came))) == expected


@settings(deadline=None)
@given(st.binary(max_size=60), st.sampled_from(["utf-16le", "utf-16be", "iso-2022-jp"]))
def test_recoding_loses_no_byte(data: bytes, charset: str) -> None:
    """
    Also of what is no text in its charset, every byte comes out again.
    """
    if charset == "iso-2022-jp":
        data = bytes(byte & 0x7F for byte in data)

    assert through(data, charset, range(1, 1), untouched=True) == data
    assert through(data, charset, range(1, max(1, len(data))), untouched=True) == data


def test_iso_2022_jp_letters_are_no_markup() -> None:
    """
    Between escape sequences, bytes that look like a tag are letters.
    """
    page = "<!doctype html><html><head><title>ヽ</title></head><body>日本語<p>".encode("iso-2022-jp")
    letters = b"\x1b$B<img src=//tracker.example/x>\x1b(B"  # an even number of bytes that mean something else

    output = through(page + letters, "iso-2022-jp", range(1, len(page) + len(letters)))

    assert output.endswith(letters)
    assert output.replace(BODY, b"").count(b"\x1b") == page.count(b"\x1b") + 2
    assert b"<body>" + BODY in output
    assert output == through(page + letters, "iso-2022-jp", range(1, 1))


@settings(deadline=None)
@given(pages)
def test_iso_2022_jp_holds_as_ascii_does(page: bytes) -> None:
    """
    A page without escapes comes out as in any other charset.
    """
    page = page.replace(b"\xc3\xa9", b"e")

    assert through(page, "iso-2022-jp", range(1, 1)) == rewrite(page)
