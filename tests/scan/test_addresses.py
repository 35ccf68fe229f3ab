"""Which links are followed, and how endless sites come to an end."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from consentkit.scan.addresses import Frontier, absolute, is_page, place, shape

HERE = "https://courier.example/news/today"


@pytest.mark.parametrize(
    ("link", "leads_to"),
    [
        pytest.param("/a", "https://courier.example/a", id="path"),
        pytest.param("b?x=1#part", "https://courier.example/news/b?x=1", id="fragment goes"),
        pytest.param("#part", "https://courier.example/news/today", id="only a fragment"),
        pytest.param("//cdn.example/x", "https://cdn.example/x", id="another host"),
        pytest.param("HTTPS://Courier.Example:443/A", "https://courier.example/A", id="spelling of a host"),
        pytest.param("/köln wetter", "https://courier.example/k%C3%B6ln%20wetter", id="letters and blanks"),
        pytest.param("http://bücher.example/", "http://xn--bcher-kva.example/", id="international host"),
        pytest.param("/a;jsessionid=12AB?b", "https://courier.example/a?b", id="session in the path"),
        pytest.param("http://[::1]:8000/a", "http://[::1]:8000/a", id="IPv6"),
        pytest.param("mailto:a@courier.example", None, id="mail"),
        pytest.param("tel:+387", None, id="telephone"),
        pytest.param("javascript:void(0)", None, id="script"),
        pytest.param("data:text/html,x", None, id="data"),
        pytest.param("ftp://courier.example/a", None, id="ftp"),
        pytest.param("https://me:secret@courier.example/", None, id="credentials"),
        pytest.param("https://courier.example:99999/", None, id="no port"),
        pytest.param("https://[broken/", None, id="broken"),
        pytest.param("http://" + "ü" * 80 + ".example/", None, id="no host"),
    ],
)
def test_a_link_becomes_what_is_asked_for(link: str, leads_to: str | None) -> None:
    """
    A link is made absolute and clean; what is no page of the web is none.
    """
    assert absolute(link, HERE) == leads_to


@settings(deadline=None)
@given(st.text(max_size=60))
def test_no_link_is_too_strange(link: str) -> None:
    """
    Any text as a link gives an ASCII address or none, and cleaning that again changes nothing.
    """
    found = absolute(link, HERE)

    assert found is None or (found.isascii() and absolute(found, HERE) == found)


@pytest.mark.parametrize(
    ("url", "may"),
    [
        pytest.param("https://a.example/about", True, id="page"),
        pytest.param("https://a.example/index.php", True, id="program"),
        pytest.param("https://a.example/catalogue.pdf", False, id="document"),
        pytest.param("https://a.example/photo.JPEG", False, id="picture"),
        pytest.param("https://a.example/a/a/a/", False, id="a step three times"),
        pytest.param("https://a.example" + "/x1" * 13, False, id="too deep"),
        pytest.param("https://a.example/" + "x" * 2000, False, id="too long"),
    ],
)
def test_what_may_be_a_page(url: str, may: bool) -> None:
    """
    Files and paths that only grow are not asked for.
    """
    assert is_page(url) is may


def test_pages_that_differ_in_numbers_are_one_shape() -> None:
    """
    Numbers and the values of a query do not make another shape; its names do.
    """
    assert shape("https://a.example/calendar/2026/11") == shape("https://a.example/calendar/1999/1")
    assert shape("https://a.example/s?q=1&page=2") == shape("https://a.example/s?page=9&q=x")
    assert shape("https://a.example/s?q=1") != shape("https://a.example/s?r=1")


def test_www_and_https_are_the_same_site() -> None:
    """
    A site is a host and a port, `www.` or not, secure or not.
    """
    assert place("http://www.a.example/x") == place("https://a.example/y")
    assert place("http://a.example:8000/") != place("http://a.example/")


def frontier(**options: int) -> Frontier:
    return Frontier("https://a.example/", **{"pages": 25, "depth": 3, **options}, prefix="/_ckit")


def drained(frontier: Frontier) -> list[str]:
    found = []
    while waiting := frontier.next():
        found.append(waiting[0])
    return found


def test_a_calendar_is_bounded() -> None:
    """
    Of a thousand months, and a thousand filters of one list, a few are read.
    """
    waiting = frontier()
    for number in range(1000):
        waiting.add(f"https://a.example/calendar/{number}", 1)
        waiting.add(f"https://a.example/list?filter={number}", 1)

    assert len(drained(waiting)) == 1 + 5 + 4
    assert waiting.is_cut


def test_who_asks_for_more_pages_gets_more_of_a_shape() -> None:
    """
    The number of pages of one shape grows with the number that is asked for.
    """
    waiting = frontier(pages=500)
    for number in range(1000):
        waiting.add(f"https://a.example/article/{number}", 1)

    assert len(drained(waiting)) == 101


def test_the_nearest_pages_come_first() -> None:
    """
    Pages are read in the order of their distance; other sites, our own pages and distant ones are not.
    """
    waiting = frontier(depth=2)
    for url, depth in (("/far", 2), ("/near", 1), ("/too-far", 3), ("/_ckit/preferences", 1), ("/near", 1)):
        waiting.add(f"https://a.example{url}", depth)
    waiting.add("https://b.example/", 1)

    assert [url.removeprefix("https://a.example") for url in drained(waiting)] == ["/", "/near", "/far"]
