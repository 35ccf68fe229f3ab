"""What is not read at all: the rest of a page in which nothing has to change, and crumbs before they are swept."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from consentkit.rewrite import Inserting, Rewriter, Rules
from consentkit.rewrite.rest import last_change
from consentkit.rewrite.verdicts import Verdicts
from tests.rewrite.oracle import HOLDING, Markers, rewrite, rewritten
from tests.rewrite.soup import PIECES, pages, soup
from tests.rewrite.test_rewrite_laws import EVERYTHING, parser_tests, saved_pages

#: Longer than what is read rather than searched.
STORY = b"<p class=story>A story of some length, with a <a href='//other.example/'>link</a>.</p>\n" * 20


def is_as_read(page: bytes, rules: Rules, inserting: Inserting = Inserting.ALWAYS) -> bool:
    """Whether a page that comes in one piece, known to be all, is what it is when its end is not known."""
    plain_markers, markers = Markers(), Markers()
    plain, read = rewritten(page, rules, inserting, markers=plain_markers)
    rewriter = Rewriter(rules, markers, inserting, record=True)
    return (
        rewriter.last(page) == plain
        and rewriter.edits == read.edits
        and rewriter.held == read.held
        and (markers.asked, markers.frames) == (plain_markers.asked, plain_markers.frames)
    )


@settings(deadline=None, max_examples=200)
@given(pages, st.sampled_from(Inserting), st.integers(0, 2))
def test_what_is_not_read_is_as_it_would_be_read(page: bytes, inserting: Inserting, stories: int) -> None:
    """
    Leaving the rest of a page unread changes neither its bytes nor what is told of it.
    """
    assert is_as_read(page + STORY * stories, HOLDING, inserting)
    assert is_as_read(STORY * stories + page + STORY, HOLDING, inserting)


def test_so_it_is_with_thousands_of_soups_and_the_pages_of_html5lib() -> None:
    """
    The same over generated soup, short and long, and the documents of the parser tests.
    """
    chance = random.Random(20261125)
    soups = [soup(chance) for _ in range(600)]
    long = [b"".join(chance.choices([*PIECES, STORY], k=40)) for _ in range(300)]

    for page in (*soups, *long, *(page for _, page in parser_tests())):
        assert is_as_read(page, HOLDING), page
        assert is_as_read(STORY + page, EVERYTHING, Inserting.UNLESS_FRAGMENT), page


def test_so_it_is_with_real_pages() -> None:
    """
    The same over pages of the wild, cut at any place: a page that breaks off has a rest as well.
    """
    chance = random.Random(61)
    for file in saved_pages():
        page = file.read_bytes()
        assert is_as_read(page, HOLDING), file.name
        assert is_as_read(page[: chance.randrange(len(page))], EVERYTHING), file.name


@pytest.mark.parametrize("size", [1, 7, 64])
def test_an_end_may_have_come_before(size: int) -> None:
    """
    The last of many pieces leaves its rest unread, whatever waited before it.
    """
    chance = random.Random(size)
    for page in (soup(chance) for _ in range(200)):
        rewriter = Rewriter(HOLDING, Markers(), record=True)
        cut = min(len(page), size)
        out = b"".join(rewriter.feed(page[at : at + 1]) for at in range(cut))

        assert out + rewriter.last(page[cut:] + STORY) == rewrite(page + STORY), page


def found(rest: bytes, rules: Rules = HOLDING) -> bytes:
    """What begins where the last change may be, in a page that ends like that."""
    verdicts = Verdicts(rules, "own.example", None, lambda document: None)
    at = last_change(STORY + rest + STORY, len(STORY), verdicts)
    return b"" if at < 0 else (STORY + rest + STORY)[at : at + 5]


@pytest.mark.parametrize(
    "rest",
    [
        b"",
        b"<img src=/own.png><script src=//other.example/x.js></script>",
        b"<a href=//x.tracker.example/>a link is not loaded</a>",
        b"<p style='background:url(//other.example/)'>",
        b"<p style=color:red ping=//other.example/ background=own.png>",
        b"<style>a{b:url(own.png)}</style><script>f(1)</script>",
        b"<script type=a/b>track(1)</script>",
        b"<link rel=canonical href=//x.tracker.example/>",
        b"xstyle='url(//x.tracker.example/)' data-ping=//x.tracker.example/",
        b"<svg><image href=//other.example/x></svg>",
    ],
)
def test_nothing_to_change(rest: bytes) -> None:
    """
    Where nothing has to change, nothing is found.
    """
    assert found(rest) == b""


@pytest.mark.parametrize(
    ("rest", "begins"),
    [
        (b"<img src=//x.tracker.example/>", b"<img "),
        (b"<IMG\nSRC=//x.tracker.example/>", b"<IMG\n"),
        (b"<!-- <img src=//x.tracker.example/> -->", b"<img "),  # it can't be told from one that is read
        (b"<b title='<img src=//x.tracker.example/>'>", b"<img "),
        (b"<img alt='<img src=//x.tracker.example/>' src=a>", b"<img "),
        (b"<svg><script href=//x.tracker.example/></svg>", b"<scri"),
        (b"<svg><feImage xlink:href=//x.tracker.example/></svg>", b"<feIm"),
        (b"<meta http-equiv=refresh content='0;url=//x.tracker.example/'>", b"<meta"),
        (b"<link rel='x preload' href=//x.tracker.example/>", b"<link"),
        (b"<script>track(1)</script>", b"<scri"),
        (b"<script><!-- f(1) --></script>", b"<scri"),  # where it ends is another question
        (b"<style>a{b:url(//x.tracker.example/)}</style>", b"<styl"),
        (b"<style>a{} </noscript> </style>", b"<styl"),
        (b"<style>a{}", b"<styl"),
        (b"<p style='a:url(//x.tracker.example/)'>", b"='a:u"),
        (b"<p STYLE = 'a:url(&quot;//x.tracker.example/&quot;)'>", b"= 'a:"),
        (b"<p/style='a:url(//x.tracker.example/)'>", b"='a:u"),
        (b"<td background=//x.tracker.example/>", b"=//x."),
        (b"<a ping='/own //x.tracker.example/' href=x>", b"='/ow"),
        (b"<p style" + b" " * 100 + b"=a>", b"=a><p"),  # too far away to be sure
        (b'<p style="a', b'="a<p'),  # of which the end is not in sight
        (b"<img src='" + b"a" * 5000 + b"'>", b"<img "),  # too long to be looked at
    ],
)
def test_the_last_that_may_change(rest: bytes, begins: bytes) -> None:
    """
    The last place is found that may have to change; what only looks like a tag counts, too.
    """
    assert found(rest) == begins


def test_a_base_puts_everything_in_doubt() -> None:
    """
    Behind a <base> relative URLs lead elsewhere, so the page is read to its end.
    """
    verdicts = Verdicts(HOLDING, "own.example", None, lambda document: None)
    page = STORY + b"<base href=/x/>" + STORY

    assert last_change(page, 0, verdicts) == len(page)
    assert b"data-ckit-src=own.png" in Rewriter(HOLDING, Markers()).last(
        b"<body>" + STORY + b"<base href=//x.tracker.example/>" + STORY + b"<img src=own.png>" + STORY
    )


def test_tags_in_tags_are_not_searched_for_ever() -> None:
    """
    Of tags that hide in each other's values no more is read, together, than the page is long.
    """
    verdicts = Verdicts(HOLDING, "own.example", None, lambda document: None)
    page = b"<img title='" + b"<img alt=" * 5000 + b"'>"

    assert last_change(page, 0, verdicts) > 0


@pytest.mark.parametrize(
    "piece",
    [
        b"<p>a",
        b"< ",
        b"<!-->",
        b"a",
        b"<!-- a -->",
        b"<script>a</script >",
        b"</p </b ",
        b"<img src=//x.tracker.example/>",
    ],
)
@pytest.mark.parametrize("start", [b"<body>", b"<head>", b"<body><noscript>", b"<body><svg>", b"<body><textarea>"])
def test_crumbs_are_swept_up(start: bytes, piece: bytes) -> None:
    """
    A page that comes in crumbs, and breaks off anywhere, comes out as a whole.
    """
    for length in (1, 5, len(piece) * 70 + 3):
        page = start + (piece * 71)[:length]
        assert rewrite(page, cuts=range(len(page))) == rewrite(page)
        assert rewrite(page, cuts=range(0, len(page), 3)) == rewrite(page)


def test_text_is_never_late() -> None:
    """
    What a reader can see goes out with the piece it came in, be it a single letter.
    """
    rewriter = Rewriter(HOLDING, Markers())
    rewriter.feed(b"<body><p>x")

    letters = [b"H", b"i", b" ", b">", b" ", b"y", b"o", b"u"]

    assert [rewriter.feed(letter) for letter in letters] == letters


def test_a_lone_less_than_sign_waits_for_a_few_crumbs_only() -> None:
    """
    Whether "<" begins a tag is said by what follows; no more than a few hundred bytes wait for it.
    """
    rewriter = Rewriter(HOLDING, Markers())
    rewriter.feed(b"<body><p>x")

    out = b"".join(rewriter.feed(b"<" if at == 0 else b" 1") for at in range(100))

    assert len(out) > 100
