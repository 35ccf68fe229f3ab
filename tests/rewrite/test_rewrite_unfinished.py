"""Tags that come in pieces, and tags that never end."""

from __future__ import annotations

import tracemalloc

import pytest

from consentkit.rewrite import Inserting, Rewriter
from consentkit.rewrite.scanner import LONGEST_WAIT
from tests.rewrite.oracle import BODY, HOLDING, Markers, rewrite, rewritten, undone

LONG = LONGEST_WAIT + 1000
CUTS = {"whole": (), "in halves": (40_000,), "in pieces": range(0, 10**6, 4096)}
cut = pytest.mark.parametrize("cuts", CUTS.values(), ids=CUTS)


@cut
@pytest.mark.parametrize(
    ("tag", "is_held"),
    [
        (b'<img alt="%s" src=//tracker.example/x>', True),
        (b'<img src=//tracker.example/x alt="%s">', True),
        (b'<img alt="%s" src=/own.png>', False),
        (b'<img src="/own.png" alt="%s" srcset="//tracker.example/x 2x">', True),
        (b'<img src="//tracker.example/%s">', True),
        (b'<img src="data:image/png;base64,%s">', False),
        (b'<img src="data:image/png;base64,%s" data-src=//tracker.example/x>', True),
        (b'<p title="%s" src=//tracker.example/x>', False),
        (b"<svg><script x='%s' href=//tracker.example/x />", True),
        (b"<link x='%s' rel=preload href=//tracker.example/x>", True),
        (b"<link rel=canonical x='%s' href=//tracker.example/x>", False),
        (b"<img x=%s src=//tracker.example/x>", True),
        (b"<img %s src=//tracker.example/x>", True),
        (b"<img %s=1 src=//tracker.example/x>", True),
        (b"<img src=//tracker.example/x%s>", True),
        (b"<noscript><img alt='%s' src=//tracker.example/x></noscript>", True),
    ],
)
def test_an_overlong_tag_still_holds(tag: bytes, is_held: bool, cuts: tuple[int, ...]) -> None:
    """
    A tag over the limit goes out as it comes, but its URLs are judged one by one.
    """
    page = tag % (b"a" * LONG) + b"<p>after</p>"

    output, rewriter = rewritten(page, inserting=Inserting.NEVER, cuts=cuts)

    assert (b"data-ckit-" in output) is is_held
    assert output == rewrite(page, inserting=Inserting.NEVER)
    assert undone(output, rewriter.edits, page) == page
    assert rewriter.held.total() == is_held


@cut
def test_a_value_that_can_not_be_read_to_its_end_is_held(cuts: tuple[int, ...]) -> None:
    """
    Nobody knows who else is in a list of images that is too long to wait for, so it waits.
    """
    page = b'<img alt="%s" srcset="%s">' % (b"a" * LONG, b"/own.png 1x, " * 10_000)

    output, rewriter = rewritten(page, inserting=Inserting.NEVER, cuts=cuts)

    assert b" data-ckit-srcset=" in output
    assert dict(rewriter.held) == {("unclassified", None, ""): 1}


@cut
@pytest.mark.parametrize("tag", ["html", "head", "body", "p", "svg", "script", "title"])
def test_insertions_find_their_place_around_an_overlong_tag(tag: str, cuts: tuple[int, ...]) -> None:
    """
    The length of a tag changes nothing about what it means.
    """
    short = f"<{tag} title=''>".encode()
    long = f"<{tag} title='{'a' * LONG}'>".encode()
    rest = b"x</script></title></svg><p>y"

    assert rewrite(long + rest, cuts=cuts).replace(b"a" * LONG, b"") == rewrite(short + rest)


def test_what_waits_is_bounded() -> None:
    """
    At most 64 KiB of an unfinished tag are kept back.
    """
    rewriter = Rewriter(HOLDING, Markers())

    sent = sum(len(rewriter.feed(b"a" * 1000)) for _ in range(1) for _ in [rewriter.feed(b"<p>x<img alt='")])
    sent += sum(len(rewriter.feed(b"a" * 1000)) for _ in range(200))

    assert sent > 200 * 1000 - 2 * LONGEST_WAIT


def test_memory_is_bounded() -> None:
    """
    A megabyte of hostile input in small chunks leaves less than half of one behind.
    """
    chunk = b"<a><svg><math x='" * 100
    rewriter = Rewriter(HOLDING, Markers())
    rewriter.feed(b"<body>x" + chunk)
    tracemalloc.start()
    try:
        for _ in range(600):
            rewriter.feed(chunk)
        left, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert left < 512 * 1024


@pytest.mark.parametrize("end", [b"<", b"</", b"<p", b"<p a", b"<p a=", b"<p a='", b"<!", b"<!-", b"<!--", b"<!-- -"])
def test_what_breaks_off_goes_out(end: bytes) -> None:
    """
    A page that breaks off in the middle of something keeps what it had.
    """
    page = b"<body>x" + end

    assert rewrite(page).endswith(BODY + b"x" + end)
    assert rewrite(page, cuts=range(len(page))) == rewrite(page)


@pytest.mark.parametrize(
    "page",
    [
        "<noscript><img alt='</noscript><img src=//tracker.example/x>",
        "<noscript><!--</noscript><img src=//tracker.example/x>",
        "<noscript><style></noscript><img src=//tracker.example/x>",
        "<noscript><svg></noscript><img src=//tracker.example/x>",
        "<noscript><plaintext></noscript><img src=//tracker.example/x>",
        "<noscript></ </noscript><img src=//tracker.example/x>",
        "<noscript><script><!--</noscript><img src=//tracker.example/x>",
    ],
)
def test_nothing_in_a_noscript_hides_what_follows(page: str) -> None:
    """
    To a browser with scripting a noscript ends at the first </noscript>, so what follows is live.
    """
    came = page.encode()

    assert b"<img data-ckit-purpose=" in rewrite(came)
    assert rewrite(came, cuts=range(len(came))) == rewrite(came)


@cut
@pytest.mark.parametrize(
    "page",
    [
        b"<img alt='%s' src=//tracker.exam",
        b"<img alt='%s' sr",
        b"<noscript><img alt='%s' src=//tracker.exam</noscript><p>",
        b"<noscript><img alt='%s</noscript><p>",
        b"</p title='%s'><p>",
        b"<svg><path d='%s'/></svg><p>",
        b"<img alt='%s' " + b"n" * 100 + b"=x>",
    ],
)
def test_an_overlong_tag_that_loads_nothing_goes_out_as_it_came(page: bytes, cuts: tuple[int, ...]) -> None:
    """
    A tag that breaks off is dropped by parsers, so nothing in it has to wait.
    """
    page %= b"a" * LONG

    assert rewrite(page, inserting=Inserting.NEVER, cuts=cuts) == page
    assert rewrite(page, inserting=Inserting.NEVER, cuts=range(LONG, len(page))) == page
