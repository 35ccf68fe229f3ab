"""Bodies are taken within bounds, whatever they are packed in."""

from __future__ import annotations

import gzip
import hashlib
import time
import zlib

import pytest

from consentkit.scan.fetch import MAX_BODY, Answer, is_read, take

#: What no packing makes shorter.
NOISE = b"".join(hashlib.sha256(bytes([n])).digest() for n in range(100))
LATER = time.monotonic() + 600


@pytest.mark.parametrize(
    ("body", "coding"),
    [
        pytest.param(b"<p>a", "", id="plain"),
        pytest.param(b"<p>a", "Identity", id="identity"),
        pytest.param(gzip.compress(b"<p>a"), "gzip", id="gzip"),
        pytest.param(zlib.compress(b"<p>a"), " deflate", id="deflate"),
    ],
)
def test_a_body_is_unpacked(body: bytes, coding: str) -> None:
    """
    However it is packed and cut, the body is what the app wrote.
    """
    assert take([body[:3], body[3:]], coding, LATER) == (b"<p>a", "")


def test_a_bomb_is_defused() -> None:
    """
    A body that unpacks to a gigabyte is cut at the limit, and never made.
    """
    bomb = gzip.compress(bytes(64 * 1024 * 1024))

    body, note = take([bomb], "gzip", LATER)

    assert len(body) == MAX_BODY
    assert note == "only its first 4 MB were read"


def test_a_long_body_is_cut() -> None:
    """
    What lies beyond the limit is not asked for.
    """
    asked = []

    def endless() -> object:
        while True:
            asked.append(1)
            yield bytes(1024 * 1024)

    body, note = take(endless(), "", LATER)  # type: ignore[arg-type]

    assert (len(body), len(asked), note) == (MAX_BODY, 5, "only its first 4 MB were read")


@pytest.mark.parametrize(
    ("body", "coding", "taken", "note"),
    [
        pytest.param(b"x", "br", b"", "its body is packed as 'br', which was not asked for, and was not read", id="br"),
        pytest.param(
            b"no gzip", "gzip", b"", "its body is not the gzip that it says; what could be unpacked was read", id="lie"
        ),
        pytest.param(gzip.compress(b"<p>" + NOISE)[:-20], "gzip", b"<p>", "", id="cut"),
    ],
)
def test_a_broken_body_is_told(body: bytes, coding: str, taken: bytes, note: str) -> None:
    """
    What can't be unpacked is said in a sentence, and what could be is used.
    """
    found, said = take([body], coding, LATER)

    assert found.startswith(taken)
    assert said == note


def test_a_body_has_its_time() -> None:
    """
    A body that comes drop by drop ends with the time.
    """
    assert take([b"a", b"b"], "", time.monotonic() - 1) == (
        b"a",
        "its body did not end in time; what came until then was read",
    )


def test_only_pages_and_sheets_are_read() -> None:
    """
    Of pictures and files the headers are enough; a redirect leads on, a 200 with Location does not.
    """
    assert is_read([("content-type", "text/html")])
    assert not is_read([("content-type", "image/png")])
    assert is_read([])
    assert Answer("http://a", 200, (), b" <p>").is_html
    assert not Answer("http://a", 200, (), b"GIF89a").is_html
    assert Answer("http://a", 302, (("location", "/b"),)).leads_to == "/b"
    assert Answer("http://a", 200, (("location", "/b"),)).leads_to == ""
