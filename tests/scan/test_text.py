"""The letters of a page."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from consentkit.scan.text import codec_of, decode

META = b'<!doctype html><meta charset="%b"><p>'


@pytest.mark.parametrize(
    ("body", "header", "text"),
    [
        pytest.param("<p>ž".encode(), "text/html; charset=utf-8", "<p>ž", id="header"),
        pytest.param("<p>ž".encode("cp1250"), 'text/html; charset="windows-1250"', "<p>ž", id="quoted header"),
        pytest.param("<p>ü".encode("latin-1"), "text/html; charset=ISO-8859-1", "<p>ü", id="latin"),
        pytest.param("<p>€".encode("cp1252"), "text/html; charset=latin1", "<p>€", id="latin means windows"),
        pytest.param("\ufeff<p>ž".encode(), "text/html; charset=latin1", "\ufeff<p>ž", id="mark wins"),
        pytest.param("\ufeff<p>ž".encode("utf-16-le"), "text/html", "\ufeff<p>ž", id="utf-16 by mark"),
        pytest.param("<p>ž".encode(), "text/html", "<p>ž", id="utf-8 undeclared"),
        pytest.param("<p>ü".encode("latin-1"), "text/html", "<p>ü", id="windows-1252 undeclared"),
    ],
)
def test_a_page_is_read_as_browsers_read_it(body: bytes, header: str, text: str) -> None:
    """
    A mark outranks the header, the header a meta, and what fits comes last.
    """
    assert decode(body, header)[0] == text


def test_a_meta_counts_where_the_header_says_nothing() -> None:
    """
    The charset of a meta is used; one of two bytes a letter can't be true.
    """
    assert decode(META % b"windows-1251" + "Я".encode("cp1251"), "text/html")[0].endswith("Я")
    assert decode(META % b"utf-16" + "Я".encode(), "text/html")[0].endswith("Я")


def test_a_lie_is_told() -> None:
    """
    Letters that are not of the declared charset are counted; the page is read all the same.
    """
    text, note = decode("<p>Grüße".encode("latin-1"), "text/html; charset=utf-8")

    assert text.startswith("<p>Gr")
    assert note == "its letters are not the utf-8 that it declares: 2 can't be read"


def test_a_charset_that_does_not_exist_is_told() -> None:
    """
    An unknown charset is passed over with a sentence.
    """
    assert decode(b"<p>a", "text/html; charset=klingon") == (
        "<p>a",
        "it declares a charset that no browser knows ('klingon')",
    )


@pytest.mark.parametrize("label", ["punycode", "unicode_escape", "hex", "rot13", "idna", "utf-7", "zlib", "", "a" * 99])
def test_no_codec_of_python_alone_reads_a_page(label: str) -> None:
    """
    Codecs that no browser has are none here.
    """
    assert codec_of(label) is None


@settings(deadline=None)
@given(st.binary(max_size=200), st.text(max_size=40))
def test_any_bytes_are_read(body: bytes, header: str) -> None:
    """
    Any bytes under any header give text.
    """
    assert isinstance(decode(body, f"text/html; charset={header}")[0], str)
