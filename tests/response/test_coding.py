"""Content codings off and on again, in any pieces."""

from __future__ import annotations

import gzip
import random
import zlib
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from consentkit.response.coding import ALLOWANCE, MAX_EXPANSION, BadCoding, Decoder, Encoder

# No time is asserted: a shared machine is slow now and then.
law = settings(deadline=None)

PAGE = b"<!doctype html><title>\xc4\x8caj</title><p>" + b"Lorem ipsum. " * 50


def gzipped(data: bytes) -> bytes:
    return gzip.compress(data, mtime=0)


def raw(data: bytes) -> bytes:
    """Deflate without its zlib header, as some servers send it."""
    deflater = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return deflater.compress(data) + deflater.flush()


def pieces(data: bytes, cuts: Sequence[int]) -> list[bytes]:
    places = sorted(cut % (len(data) + 1) for cut in cuts)
    return [data[start:end] for start, end in zip([0, *places], [*places, len(data)], strict=True)]


def decoded(coding: str, parts: Sequence[bytes]) -> bytes:
    decoder = Decoder(coding)
    return b"".join(decoder.feed(part) for part in parts) + decoder.close()


BODIES = [
    pytest.param("gzip", gzipped(PAGE), PAGE, id="gzip"),
    pytest.param("x-gzip", gzipped(PAGE), PAGE, id="x-gzip"),
    pytest.param("deflate", zlib.compress(PAGE), PAGE, id="deflate"),
    pytest.param("deflate", zlib.compress(PAGE, 0), PAGE, id="deflate, stored"),
    pytest.param("deflate", raw(PAGE), PAGE, id="raw deflate"),
    pytest.param("deflate", raw(random.Random(1).randbytes(900)), random.Random(1).randbytes(900), id="raw, stored"),
    pytest.param("gzip", gzipped(PAGE) + gzipped(b"more"), PAGE + b"more", id="two members"),
    pytest.param("gzip", gzipped(b"") + gzipped(PAGE), PAGE, id="empty member first"),
    pytest.param("gzip", gzipped(b"a") + gzipped(b"b") + gzipped(b"c"), b"abc", id="three members"),
    pytest.param("gzip", gzipped(PAGE) + b"\0" * 9, PAGE, id="padding"),
    pytest.param("gzip", gzipped(b"") + b"padding", b"", id="padding after nothing"),
    pytest.param("gzip", gzipped(PAGE) + b"\x1f", PAGE, id="one byte too many"),
    pytest.param("gzip", gzipped(PAGE) + b"\0\0" + gzipped(b"more"), PAGE, id="a member behind padding"),
    pytest.param("deflate", zlib.compress(PAGE) + b"trailing", PAGE, id="deflate, trailing bytes"),
    pytest.param("gzip", gzipped(b""), b"", id="nothing"),
    pytest.param("gzip", b"", b"", id="no bytes"),
    pytest.param("deflate", b"", b"", id="no bytes of deflate"),
]


@pytest.mark.parametrize(("coding", "body", "plain"), BODIES)
def test_a_coding_is_taken_off_in_any_pieces(coding: str, body: bytes, plain: bytes) -> None:
    """
    A body gives the same text whole and byte by byte, in every form that servers send.
    """
    assert decoded(coding, [body]) == plain
    assert decoded(coding, [bytes([byte]) for byte in body]) == plain
    assert decoded(coding, [b"", body, b""]) == plain


FORMS = st.sampled_from([("gzip", gzipped), ("deflate", zlib.compress), ("deflate", raw)])


@law
@given(FORMS, st.lists(st.binary(max_size=400), min_size=1, max_size=3), st.lists(st.integers(0, 2000), max_size=8))
def test_any_cut_gives_the_same_text(form: tuple[str, object], members: list[bytes], cuts: list[int]) -> None:
    """
    How a server slices an encoded body does not change it.
    """
    coding, encode = form
    assert callable(encode)
    members = members if coding == "gzip" else members[:1]
    body = b"".join(encode(member) for member in members)

    assert decoded(coding, pieces(body, cuts)) == b"".join(members)


@law
@given(
    st.sampled_from(["gzip", "x-gzip", "deflate"]), st.binary(max_size=2000), st.lists(st.integers(0, 2000), max_size=8)
)
def test_what_is_encoded_again_can_be_read_by_others(coding: str, body: bytes, cuts: list[int]) -> None:
    """
    The standard library, and so a browser, reads what we encode.
    """
    *rest, last = pieces(body, cuts)
    encoder = Encoder(coding)

    sent = b"".join(encoder.feed(part) for part in rest) + encoder.last(last)

    assert (zlib.decompress(sent) if coding == "deflate" else gzip.decompress(sent)) == body


def test_a_stream_stays_a_stream() -> None:
    """
    What was fed can be read at once, before the next piece comes.
    """
    encoder, decoder = Encoder("gzip"), Decoder("gzip")

    assert decoder.feed(encoder.feed(b"first")) == b"first"
    assert decoder.feed(encoder.feed(b"second")) == b"second"
    assert encoder.feed(b"") == b""
    assert decoder.feed(encoder.last(b"")) == b""


@pytest.mark.parametrize("coding", ["gzip", "deflate"])
def test_a_truncated_body_gives_what_there_is(coding: str) -> None:
    """
    Of a body whose end is missing, the beginning is read.
    """
    body = (gzipped if coding == "gzip" else zlib.compress)(random.Random(2).randbytes(5000))

    found = decoded(coding, [body[:3000]])

    assert random.Random(2).randbytes(5000).startswith(found)
    assert len(found) > 2000


@pytest.mark.parametrize(
    ("coding", "body"),
    [
        ("gzip", PAGE),
        ("gzip", zlib.compress(PAGE)),
        ("gzip", gzipped(PAGE)[:-8] + b"\0" * 8),
        ("gzip", gzipped(PAGE) + b"\x1f\x8bno member"),
        ("deflate", PAGE),
        ("deflate", gzipped(PAGE)),
        ("deflate", zlib.compress(PAGE)[:-4] + b"\0\0\0\0"),
    ],
    ids=["plain as gzip", "deflate as gzip", "wrong checksum", "broken member", "plain as deflate", "gzip as deflate",
         "wrong deflate checksum"],
)  # fmt: skip
def test_a_body_that_lies_about_its_coding_is_refused(coding: str, body: bytes) -> None:
    """
    Bytes that are not what Content-Encoding said raise, so that the original can go out.
    """
    with pytest.raises(BadCoding):
        decoded(coding, [body])


def test_a_lie_is_found_before_anything_is_given_out() -> None:
    """
    A plain body that calls itself gzip gives out nothing, however it is cut.
    """
    decoder = Decoder("gzip")

    assert decoder.feed(PAGE[:1]) == b""
    with pytest.raises(BadCoding, match="header"):
        decoder.feed(PAGE[1:])


@pytest.mark.parametrize("coding", ["gzip", "deflate"])
@pytest.mark.parametrize("size", [50, 100_000])
def test_a_bomb_is_refused_in_any_pieces(coding: str, size: int) -> None:
    """
    A body that expands beyond the cap raises, and no more than the cap was given out by then.
    """
    bomb = (gzipped if coding == "gzip" else zlib.compress)(b"\0" * (ALLOWANCE * 2))
    parts = [bomb[start : start + size] for start in range(0, len(bomb), size)]
    given_out: list[bytes] = []
    decoder = Decoder(coding)

    with pytest.raises(BadCoding, match="beyond the cap"):
        given_out.extend(map(decoder.feed, parts))

    assert sum(map(len, given_out)) <= ALLOWANCE


def test_members_together_stay_below_the_cap() -> None:
    """
    Many small members are no way around the cap.
    """
    bomb = gzipped(b"\0" * (ALLOWANCE // 4)) * 5

    with pytest.raises(BadCoding, match="beyond the cap"):
        decoded("gzip", [bomb])


def test_a_body_that_reaches_the_cap_exactly_stops_there() -> None:
    """
    At the cap nothing more is let through, and not everything.
    """
    member = gzipped(b"\0" * ALLOWANCE)
    decoder = Decoder("gzip")

    assert len(decoder.feed(member)) == ALLOWANCE
    with pytest.raises(BadCoding, match="beyond the cap"):
        decoder.feed(member)


def test_a_large_page_that_shrinks_well_is_no_bomb() -> None:
    """
    The cap grows with what was read, so a long table of equal rows passes.
    """
    page = b"".join(b"<tr><td>%d</td></tr>" % row for row in range(600_000))

    assert len(page) > ALLOWANCE * 2
    assert decoded("gzip", [gzipped(page)]) == page
    assert len(page) / len(gzipped(page)) < MAX_EXPANSION
