"""What a page says: loads, what is held, links, documents."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from consentkit.scan.page import Load, read_page, read_sheet

URL = "https://courier.example/news/"
HEAD = '<!doctype html><html lang="bs"><title>News</title>'


def loads(markup: str) -> set[tuple[str, str, str, str]]:
    found = read_page(URL, (HEAD + markup).encode()).loads
    return {(load.host, load.way, load.held, load.vendor) for load in found}


@pytest.mark.parametrize(
    ("markup", "host", "way"),
    [
        pytest.param('<script src="https://t.example/a.js"></script>', "t.example", "script", id="script"),
        pytest.param('<script src="//T.example:8443/a.js"></script>', "t.example", "script", id="no scheme, port"),
        pytest.param('<img srcset="/a.png 1x, https://t.example/b.png 2x">', "t.example", "image", id="srcset"),
        pytest.param('<iframe src="https://t.example/"></iframe>', "t.example", "frame", id="frame"),
        pytest.param('<iframe data-src="https://t.example/"></iframe>', "t.example", "frame", id="lazy frame"),
        pytest.param("<iframe srcdoc='<img src=https://t.example/x>'></iframe>", "t.example", "image", id="srcdoc"),
        pytest.param('<video poster="https://t.example/p.png"></video>', "t.example", "media", id="poster"),
        pytest.param('<link rel="STYLESHEET" href="https://t.example/a.css">', "t.example", "style sheet", id="sheet"),
        pytest.param('<link rel="dns-prefetch" href="//t.example">', "t.example", "hint", id="hint"),
        pytest.param('<style>@import "https://t.example/a.css";</style>', "t.example", "style", id="import"),
        pytest.param('<p style="background:url(https://t.example/a)">', "t.example", "style", id="style attribute"),
        pytest.param('<noscript><img src="https://t.example/p"></noscript>', "t.example", "image", id="noscript"),
        pytest.param('<meta http-equiv="refresh" content="5;url=https://t.example/">', "t.example", "refresh", id="refresh"),
        pytest.param('<a href="/" ping="https://t.example/p">', "t.example", "ping", id="ping"),
        pytest.param('<base href="https://t.example/x/"><img src="a.png">', "t.example", "image", id="base"),
        pytest.param(
            "<script src=\"data:text/javascript,import('https://t.example/a.js')\"></script>", "t.example", "script", id="data",
        ),
    ],
)  # fmt: skip
def test_what_loads_is_listed(markup: str, host: str, way: str) -> None:
    """
    Whatever makes a browser ask another host is listed with what it is loaded as.
    """
    assert (host, way, "", "") in loads(markup)


@pytest.mark.parametrize(
    "markup",
    [
        pytest.param('<a href="https://t.example/">', id="link"),
        pytest.param('<link rel="canonical" href="https://t.example/">', id="canonical"),
        pytest.param('<img src="/a.png"><img src="https://courier.example/b.png">', id="own"),
        pytest.param('<!-- <script src="https://t.example/a.js"></script> -->', id="comment"),
        pytest.param('<textarea><img src="https://t.example/"></textarea>', id="text area"),
        pytest.param('<script>var menu = "https://www.googletagmanager.com/";</script>', id="only named"),
        pytest.param("<script type='application/json'>fbq('init', 1)</script>", id="data block"),
        pytest.param('<input src="https://t.example/a.png">', id="input that is no image"),
    ],
)
def test_what_does_not_load_is_not_listed(markup: str) -> None:
    """
    Links, comments, texts and names in scripts load nothing.
    """
    assert loads(markup) == set()


def test_a_snippet_is_known_by_its_code() -> None:
    """
    An inline loader names its vendor although no address stands in the markup.
    """
    assert loads("<script>fbq('init', '1');</script>") == {("", "inline script", "", "meta-pixel")}


def test_what_is_held_is_told_apart() -> None:
    """
    What the middleware holds is listed with its purpose and vendor, scripts without address included.
    """
    markup = (
        '<script data-ckit-purpose="analytics" data-ckit-vendor="hotjar" type="text/plain" data-ckit-src="//h.example/a"></script>'
        '<style data-ckit-purpose="media">p{background:url(data:,#https://i.example/a)}</style>'
        '<script data-ckit-purpose="marketing" type="text/plain">fbq("init", 1)</script>'
        '<img src="/own.png" data-ckit-purpose="media" data-ckit-srcset="https://i.example/b 2x">'
    )

    assert loads(markup) == {
        ("h.example", "script", "analytics", "hotjar"),
        ("i.example", "style", "media", ""),
        ("", "inline script", "marketing", "meta-pixel"),
        ("i.example", "image", "media", ""),
    }


def test_our_own_parts_are_nobody() -> None:
    """
    What the middleware puts into a page is no vendor's snippet, though it prepares their queues.
    """
    assert loads('<script data-ckit-ui="head">window.uetq=window.uetq||[];gtag("js", new Date())</script>') == set()


def test_links_lead_to_pages_of_the_site() -> None:
    """
    Links of the site are followed in order, frames too; other sites, nofollow and files of mail are not.
    """
    body = HEAD + (
        '<a href="/a">A</a><a href="#top">Top</a><a href="https://t.example/">T</a><a href="mailto:x@t.example">M</a>'
        '<a href="/b" rel="nofollow">B</a><map><area href="c"></map><iframe src="/frame"></iframe><a href="/a#x">A</a>'
    )

    reading = read_page(URL, body.encode())

    assert [link.removeprefix("https://courier.example") for link in reading.links] == [
        "/a", "/news/", "/news/c", "/frame",
    ]  # fmt: skip
    assert read_page(URL, b"<meta name=ROBOTS content='noindex, nofollow'><a href=/a>").links == ()


def test_a_page_tells_about_its_site() -> None:
    """
    Language, name, title, controls, sheets, a password field and the documents of the site are found.
    """
    reading = read_page(
        URL,
        (
            HEAD + '<meta property="og:site_name" content="Drina Courier"><link rel=stylesheet href="/a.css">'
            '<ckit-ui data-ckit-ui="root"><section data-ckit-ui="banner"></section></ckit-ui>'
            '<input type="password"><a href="/datenschutz">Datenschutz</a><a href="/t">Terms of Use</a>'
        ).encode(),
    )

    assert (reading.language, reading.site_name, reading.title) == ("bs", "Drina Courier", "News")
    assert reading.has_root
    assert reading.asks
    assert reading.asks_password
    assert reading.sheets == ("https://courier.example/a.css",)
    assert reading.policies == {
        "privacy": "https://courier.example/datenschutz",
        "terms": "https://courier.example/t",
    }


def test_a_sheet_of_the_site_is_read() -> None:
    """
    A style sheet loads what it names, and leads to the sheets of the site that it imports.
    """
    loads, imported = read_sheet(
        "https://courier.example/css/a.css",
        b'@import "b.css"; p{background:url(//i.example/x)} q{background:url(y.png)}',
    )

    assert loads == {Load("i.example", "/x", "style sheet")}
    assert imported == ("https://courier.example/css/b.css",)


@pytest.mark.parametrize("piece", ["<a ", "<!--", "<![CDATA[", "<?", '<a x="', "</a"])
def test_a_page_made_to_be_slow_has_an_end(piece: str) -> None:
    """
    Markup that takes the parser quadratic time is read until its time is over, and that is said.
    """
    reading = read_page(URL, b"<a href=/first>" + (piece * 60_000).encode(), patience=0.5)

    assert reading.links == ("https://courier.example/first",)
    assert reading.notes in ((), ("it is so broken that it was read for 0.5 seconds only",))


def test_a_tower_of_elements_does_not_fall() -> None:
    """
    Elements within elements within elements are no error.
    """
    reading = read_page(URL, b"<div>" * 5000 + b"<img src=https://t.example/a>")

    assert {load.host for load in reading.loads} == {"t.example"}


@settings(deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_are_a_page(body: bytes) -> None:
    """
    No page is too strange to be read.
    """
    read_page(URL, body)
