"""A body in every coding and charset: rewritten, and otherwise the same."""

from __future__ import annotations

import codecs
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consentkit.response.body import Body
from consentkit.response.coding import ALLOWANCE, READABLE, BadCoding, decoding, encoding
from consentkit.rewrite import Held, Page, Rewriter, Rules

ROOT = b'<ckit-ui data-ckit-ui="root"></ckit-ui>'

TEXTS = {
    "utf-8": "Zażółć gęślą jaźń – <Ünï> ☃",
    "windows-1250": "Příliš žluťoučký kůň",
    "windows-1251": "Съешь же ещё этих булок",
    "windows-1252": "naïve café – déjà vu",
    "shift_jis": "表示能力ソ日本語",
    "gb18030": "简体中文 㐂",
    "euc-kr": "한국어 문서",
    "iso-2022-jp": "日本語の文章です。",
    "utf-16-le": "Unicode ☃ 𝄞",
    "utf-16-be": "Unicode ☃ 𝄞",
}


class Parts:
    def early(self, page: Page) -> bytes:
        return b""

    def late(self, page: Page) -> bytes:
        return b""

    def body(self, page: Page) -> bytes:
        return ROOT

    def stubs(self, held: Held, page: Page) -> bytes:
        return b""

    def placeholder(self, held: Held, element: str, page: Page, attributes: Mapping[str, str]) -> bytes:
        return b""

    def slot(self, name: str, page: Page) -> bytes:
        return b""


def judge(host: str, path: str) -> Held | None:
    return Held("analytics", "tracker") if host == "tracker.example" else None


def body(charset: str = "", coding: str = "") -> Body:
    return Body(Rewriter(Rules(judge), Parts()), None, coding, charset)


def pieces(data: bytes, size: int) -> list[bytes]:
    return [data[start : start + size] for start in range(0, len(data), size)] or [b""]


def rewritten(way: Body, data: bytes, size: int) -> bytes:
    *before, last = pieces(data, size)
    return b"".join([*(way.feed(piece) for piece in before), way.last(last)])


def page_in(text: str, declared: str = "") -> str:
    meta = f'<meta charset="{declared}">' if declared else ""
    return (
        f'<!doctype html><html lang="en"><head>{meta}<title>{text}</title></head><body><p>{text}</p>'
        f'<img alt="{text}" src="https://tracker.example/{text}"></body></html>'
    )


@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000], ids="{}-byte pieces".format)
@pytest.mark.parametrize("charset", sorted(TEXTS))
def test_a_page_of_any_charset_says_what_it_said(charset: str, size: int) -> None:
    """
    In each charset of the web the root goes in, the tracker is held, and every letter is still there.
    """
    page = page_in(TEXTS[charset])
    out = rewritten(body(charset.replace("utf-16-", "utf-16")), page.encode(charset), size).decode(charset)

    assert out.count(ROOT.decode()) == 1
    assert out.count(TEXTS[charset]) == page.count(TEXTS[charset])
    assert 'data-ckit-src="https://tracker.example' in out
    assert ROOT.decode() not in page


MARKS = {"utf-8": codecs.BOM_UTF8, "utf-16-le": codecs.BOM_UTF16_LE, "utf-16-be": codecs.BOM_UTF16_BE}


@pytest.mark.parametrize("cut", [0, 1, 2, 3, 4, 5, 1000], ids="first piece of {}".format)
@pytest.mark.parametrize("header", ["", "windows-1252", "utf-8", "utf-16", "utf-16be"])
@pytest.mark.parametrize("charset", sorted(MARKS))
def test_a_byte_order_mark_outranks_the_header(charset: str, header: str, cut: int) -> None:
    """
    What the mark says is true whatever the header says and wherever the server cut, and it stays where it was.
    """
    data = MARKS[charset] + page_in("☃").encode(charset)
    way, bytewise = body(header), body(header)

    out = way.feed(data[:cut]) + way.last(data[cut:])

    assert out.startswith(MARKS[charset])
    text = out.removeprefix(MARKS[charset]).decode(charset)
    assert text.count(ROOT.decode()) == 1
    assert 'data-ckit-src="https://tracker.example' in text
    assert out == bytewise.feed(b"") + rewritten(bytewise, data, 1)


@pytest.mark.parametrize("header", ["", "utf-16", "utf-16be"])
@pytest.mark.parametrize("data", [b"", b"\xef", b"\xef\xbb", b"\xfe", b"\xff"])
def test_what_only_began_like_a_mark_is_not_lost(data: bytes, header: str) -> None:
    """
    A body that ends where its mark would go on comes out as in one piece; so it does when its end never comes.
    """
    whole, cut, broken = body(header), body(header), body(header)
    expected = whole.last(data)

    assert data in expected
    assert cut.feed(data) + cut.last(b"") == expected
    assert broken.feed(data) + broken.abandon() == expected


@pytest.mark.parametrize("size", [1, 2, 64, 5000], ids="{}-byte pieces".format)
def test_a_charset_that_only_the_page_declares_counts(size: int) -> None:
    """
    ISO-2022-JP declared in a <meta> hides bytes that look like tags; they are not taken for tags.
    """
    # Between its escape sequences "<" is half of a letter; these contain the bytes of "<img".
    page = page_in("以上、日本語。" * 30, declared="iso-2022-jp")
    out = rewritten(body(), page.encode("iso-2022-jp"), size).decode("iso-2022-jp")

    assert out.replace(ROOT.decode(), "").count("以上、日本語。") == page.count("以上、日本語。")
    assert out.count(ROOT.decode()) == 1


@pytest.mark.parametrize("declared", ["", "utf-8", "nonsense", "utf-16"])
def test_a_wrong_or_missing_declaration_leaves_the_page_whole(declared: str) -> None:
    """
    Bytes that are not of the charset that is declared go out as they came.
    """
    data = page_in("X", declared).encode() + bytes(range(128, 256)) + b"\x1b$B\x1b("
    out = rewritten(body(declared if declared != "utf-16" else ""), data, 11)

    assert out.replace(ROOT, b"").endswith(data[-140:])


@pytest.mark.parametrize("size", [1, 13, 100_000], ids="{}-byte pieces".format)
@pytest.mark.parametrize("coding", sorted(READABLE - {"x-gzip"}))
def test_a_coding_is_taken_off_and_put_on_again(coding: str, size: int) -> None:
    """
    Each coding that is installed is read in any pieces, and what goes out is in the same coding.
    """
    page = page_in("text " * 500).encode()
    out = rewritten(body("utf-8", coding), encoding(coding).last(page), size)
    plain = decoding(coding)

    assert (plain.feed(out) + plain.close()).replace(ROOT, b"") == page.replace(
        b' src="https', b' data-ckit-src="https'
    ).replace(b"<img ", b'<img data-ckit-purpose="analytics" data-ckit-vendor="tracker" ')


@given(st.lists(st.binary(max_size=3000), max_size=5), st.sampled_from(sorted(READABLE)))
def test_each_piece_can_be_read_when_it_has_come(data: list[bytes], coding: str) -> None:
    """
    After each piece that goes out encoded the browser can decode all that was sent: a stream stays a stream.
    """
    on, off = encoding(coding), decoding(coding)

    for piece in data:
        assert off.feed(on.feed(piece)) == piece
    assert off.feed(on.last(b"")) + off.close() == b""


@pytest.mark.parametrize("coding", sorted(READABLE))
def test_a_body_that_swells_beyond_reason_is_refused(coding: str) -> None:
    """
    A few kilobytes that stand for a quarter of a gigabyte are an attack, in whatever coding.
    """
    zeros, on = bytes(8 * 1024 * 1024), encoding(coding)
    bomb = b"".join([*(on.feed(zeros) for _ in range(31)), on.last(zeros)])

    off = decoding(coding)
    assert len(bomb) < ALLOWANCE
    with pytest.raises(BadCoding, match="expands beyond the cap"):
        b"".join(map(off.feed, pieces(bomb, 1000)))


@pytest.mark.parametrize("coding", sorted(READABLE - {"deflate"}))
def test_what_is_not_of_the_coding_is_refused(coding: str) -> None:
    """
    Plain HTML that says it is compressed is told from a compressed page at its first piece.
    """
    with pytest.raises(BadCoding):
        decoding(coding).feed(b"<!doctype html><p>Not compressed at all, and long enough to be sure of it.")
