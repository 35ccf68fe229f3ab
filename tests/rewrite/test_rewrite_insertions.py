"""Where the insertions go, and what the rewriter tells those who compose them."""

from __future__ import annotations

import pytest

from consentkit.rewrite import Inserting, Page, Rewriter, Rules
from tests.rewrite.oracle import BODY, EARLY, INSERTING, LATE, Markers, placed, rewrite, rewritten

HTML = b'<html data-ckit-text="150">'


def marked(page: str) -> bytes:
    """`«` stands for the early insertion, `»` for the late one, `●` for that of the body."""
    signs = {"«": EARLY, "»": LATE, "●": BODY, "◆": HTML}
    return b"".join(signs.get(letter, letter.encode()) for letter in page)


PLACES = {
    "a whole page": '<!doctype html><html data-ckit-text="150"><head><title>x</title>«»</head><body>●<p></body></html>',
    "meta and base stay before the early one": "◆<head><meta charset=utf-8><base href=/>«<script>1</script>»</head>●x",
    "before a style": "◆<head>«<style>a{}</style>»</head>●x",
    "before a link": "◆<head>«<link rel=icon href=x>»</head>●x",
    "before a noscript": "◆<head>«<noscript><link></noscript>»</head>●x",
    "a comment is not in the way": '<!--a--><html data-ckit-text="150"><!--b--><head><!--c-->«»</head><!--d-->●x',
    "no head": "◆«»●<p>x",
    "no head, title": "◆<title>x</title>«»●<p>y",
    "no head, script": "◆«<script>1</script>»●<p>y",
    "text alone": "◆«»●hello",
    "space before text": " \n◆«»●hello",
    "body without head": "◆«»<body>●x",
    "a script after the head": "◆<head>«»</head><script>1</script><body>●x",
    "a noscript after the head is of the body": "◆<head>«»</head>●<noscript>x</noscript>",
    "stray end tags are ignored": "</p></b>◆<head></p>«»</head></div><body>●",
    "an end tag that implies a body": "◆«»●</br>",
    "body in an attribute": '◆<head><title a="<body>">x</title>«»</head><body title="<body>">●x',
    "body in a comment": "<!--<head><body>-->◆«»●x",
    "body in a script": "◆<head>«<script>'<body>'</script>»<body>●x",
    "a script with an escaped end": "◆«<script><!--<script></script>--></script>»●x",
    "a template in the head": "◆<head><template><body><p></template>«»</head>●x",
    "in a table": "◆«»●<table><td>x",
    "before a select": "◆«»●<select><option>x",
    "a byte-order mark": "\ufeff<!doctype html>◆«»●x",
    "upper case": "<!DOCTYPE HTML>◆<HEAD><TITLE>x</TITLE>«»</HEAD><BODY>●x",
    "an unfinished tag at the end": "◆«»●<p class=",
    "a less-than sign at the end": "◆«»●<",
}


@pytest.mark.parametrize("page", PLACES.values(), ids=PLACES)
def test_insertions_have_their_places(page: str) -> None:
    """
    Early comes before the first script, style, link or noscript of the head, late at its end, body at its start.
    """
    expected = marked(page)
    came = expected
    for part in (EARLY, LATE, BODY, b' data-ckit-text="150"'):
        came = came.replace(part, b"")
    if HTML in expected and "<html" not in page:
        came = came.replace(b"<html>", b"")

    assert rewrite(came) == expected
    assert rewrite(came, INSERTING) == expected


@pytest.mark.parametrize(
    "page",
    [
        "<frameset><frame></frameset>",
        "<head></head><frameset>",
        "<p><frameset><frame>",
        "<body> <!--x--><div><frameset>",
        "<noscript>x</noscript><frameset>",
    ],
)
def test_framesets_get_no_controls(page: str) -> None:
    """
    Nothing is inserted where a frameset is or will be the body.
    """
    output = rewrite(page.encode())

    assert BODY not in output
    assert LATE in output


@pytest.mark.parametrize("page", ["", "<title>x", "<script>1", "<head><script><!--<script></script>", "<!--x"])
def test_a_page_that_never_reaches_its_body_gets_none(page: str) -> None:
    """
    A page that ends in a comment or in raw text has no place left, so it goes out without controls.
    """
    assert BODY not in rewrite(page.encode())


def test_what_is_known_of_the_page_is_told() -> None:
    """
    Each insertion is asked for with what has been seen until then, entities decoded.
    """
    markers = Markers()
    page = (
        b'<html xml:lang=de lang="sr&#45;Latn" amp><head><meta http-equiv=Content-Language content=sr><base target=x>'
        b'<meta content="width=device-width" name=Viewport><link rel=icon></head><body>'
    )

    rewrite(page, markers=markers)

    known = Page("sr-Latn", "sr", True, "width=device-width", True)
    assert markers.asked == [("early", known), ("late", known), ("body", known)]


def test_xml_lang_counts_where_lang_is_absent() -> None:
    """
    The language of an XHTML page is read from xml:lang.
    """
    markers = Markers()

    rewrite(b"<html xml:lang=bs><head></head>", markers=markers)

    assert markers.asked[0][1].lang == "bs"


@pytest.mark.parametrize("attribute", ["amp", "⚡", "⚡4=x amp"])
def test_amp_pages_are_recognised(attribute: str) -> None:
    """
    An AMP page says so on its html element.
    """
    markers = Markers()

    rewrite(f"<html {attribute}><body>x".encode(), markers=markers)

    assert markers.asked[0][1].amp


def test_early_knows_nothing_of_what_comes_later() -> None:
    """
    A base after the first script is not known to the early insertion, but to those after it.
    """
    markers = Markers()

    rewrite(b"<script>1</script><base href=/x/><p>", markers=markers)

    assert [page.has_base for _, page in markers.asked] == [False, True, True]


@pytest.mark.parametrize(
    ("page", "gets_controls"),
    [
        ("<!doctype html><p>x", True),
        ("<html><p>x", True),
        ("<p>x</p><body>", True),
        ("<!-- a comment --> <head>", True),
        ("<!--" + "x" * 3000 + "--><!doctype html>x", True),
        ("<p>x</p>" * 3, False),
        ("", False),
        ("  ", False),
        ("text", False),
        ("<!--<body>--><p>x", False),
        ("<p title='<body>'>x", False),
        ("<script>'<body>'</script>", False),
        ("<bodyguard>", False),
        ("<p>" + "x" * 1100 + "<body>", False),
    ],
)
def test_a_fragment_is_told_from_a_page(page: str, gets_controls: bool) -> None:
    """
    A body with neither doctype, html, head nor body in its first 1,024 bytes of markup is a fragment.
    """
    came = page.encode()

    output = rewrite(came, inserting=Inserting.UNLESS_FRAGMENT)

    assert (BODY in output) is gets_controls
    assert gets_controls or output == came
    assert rewrite(came, inserting=Inserting.UNLESS_FRAGMENT, cuts=range(len(came))) == output


def test_in_a_fragment_things_are_held_back() -> None:
    """
    A fragment gets no insertions, but what has to wait in it waits.
    """
    output, rewriter = rewritten(b'<p><iframe src="//tracker.example">', inserting=Inserting.UNLESS_FRAGMENT)

    assert output == (
        b'<p><iframe data-ckit-purpose="analytics" data-ckit-vendor="counter" data-ckit-src="//tracker.example">'
    )
    assert rewriter.held.total() == 1


def test_never_only_holds_back() -> None:
    """
    With NEVER even a whole page gets nothing but edits of what is held.
    """
    page = b"<!doctype html><html><head><title>x</title></head><body><img src=//tracker.example></body>"

    output = rewrite(page, inserting=Inserting.NEVER)

    assert (
        output.replace(b' data-ckit-purpose="analytics" data-ckit-vendor="counter"', b"").replace(b"data-ckit-", b"")
        == page
    )


def test_after_the_last_insertion_chunks_pass_unread() -> None:
    """
    With nothing to hold back, what follows the start of the body is handed on, not copied.
    """
    rewriter = Rewriter(Rules(), Markers())
    rewriter.feed(b"<!doctype html><body>Hello")
    chunk = b"<p>" * 1000

    assert rewriter.feed(chunk) is chunk


def test_the_first_output_leaves_with_the_first_chunk() -> None:
    """
    A page is not collected before it is sent.
    """
    rewriter = Rewriter(Rules(), Markers())

    assert rewriter.feed(b"<!doctype html><html><head><title>x</title>") != b""


@pytest.mark.parametrize("where", ["<head>{}</head><body>x", "{}<p>x", "<body>x{}"])
def test_the_viewport_is_left_out(where: str) -> None:
    """
    When a view brings its own viewport, each of the page's goes, wherever it stands.
    """
    viewport = '<meta content="a" NAME="Viewport">'
    page = where.format(viewport).encode()

    output, rewriter = rewritten(page, Rules(drop_viewport=True))

    assert b"Viewport" not in output
    assert rewriter.page.viewport == "a"


def test_the_page_keeps_its_viewport_in_its_own_view() -> None:
    """
    Without that rule nothing of the page is left out.
    """
    assert b"<meta name=viewport content=x>" in rewrite(b"<meta name=viewport content=x><p>")


@pytest.mark.parametrize("scripting", [True, False])
def test_the_root_is_first_in_the_body(scripting: bool) -> None:
    """
    A parser puts early and late into the head, and the root first into the body.
    """
    output = rewrite(b"<title>x</title>\n<p>Hello", INSERTING)

    assert placed(output, scripting=scripting) == {
        "headscript": "head",
        "headstyle": "head",
        "rootckit-ui": "body first",
    }


def test_a_byte_order_mark_may_come_in_pieces() -> None:
    """
    The mark is no text, even when its bytes come one by one.
    """
    page = b"\xef\xbb\xbf<title>x</title>"

    assert rewrite(page, cuts=(1, 2)) == rewrite(page)
    assert rewrite(page).startswith(b"\xef\xbb\xbf" + HTML)
