"""A site is read page after page, within bounds."""

from __future__ import annotations

import pytest

from consentkit.scan.crawl import Bounds, Crawl, Progress, crawl, header_loads
from consentkit.scan.fetch import Answer, FetchFailed
from consentkit.scan.network import Network
from tests.scan.servers import pages, response, serving

HOST = "https://courier.example"
HTML = (("content-type", "text/html"),)


class Shelf:
    """Fixed answers by path, and what was asked for."""

    def __init__(self, **answers: Answer | str) -> None:
        self.answers = answers
        self.asked: list[str] = []
        self.cookies: list[str] = []

    def get(self, url: str, cookies: str = "") -> Answer:
        self.asked.append(url.removeprefix(HOST))
        self.cookies.append(cookies)
        found = self.answers.get(url.removeprefix(HOST).strip("/").replace(".", "_") or "index")
        if found is None:
            return Answer(url, 404, HTML, b"<h1>Nothing")
        if isinstance(found, Answer):
            return Answer(url, found.status, found.headers, found.body)
        return Answer(url, 200, HTML, found.encode())


def redirect(to: str, *headers: tuple[str, str]) -> Answer:
    return Answer("", 302, (("location", to), *headers))


def read(shelf: Shelf, *, start: str = f"{HOST}/", **bounds: object) -> Crawl:
    return crawl(start, shelf, Bounds(**bounds), sleep=lambda seconds: None)  # type: ignore[arg-type]


def urls(found: Crawl) -> list[str]:
    return [page.url.removeprefix(HOST) for page in found.pages]


def test_a_site_is_read_in_breadth() -> None:
    """
    Pages are read in the order of their distance, each once, at most so many and so deep.
    """
    shelf = Shelf(index="<a href=/a><a href=/b>", a="<a href=/c><a href=/>", b="<a href=/a>", c="<a href=/d>", d="")

    assert urls(read(shelf)) == ["/", "/a", "/b", "/c", "/d"]
    assert urls(read(shelf, pages=2)) == ["/", "/a"]
    assert urls(read(shelf, depth=1)) == ["/", "/a", "/b"]


def test_what_is_left_over_is_told() -> None:
    """
    Pages that were linked and not read are counted.
    """
    found = read(Shelf(index="<a href=/a><a href=/b><a href=/c>", a=""), pages=2)

    assert found.notes == ["2 more pages were linked and not read; --pages reads more."]


def test_robots_are_obeyed() -> None:
    """
    What robots.txt forbids is not asked for, and that is said; the owner can read it all the same.
    """
    robots = Answer("", 200, (("content-type", "text/plain"),), b"User-agent: *\nDisallow: /a\n")
    shelf = Shelf(robots_txt=robots, index="<a href=/a><a href=/b>", a="", b="")

    assert urls(found := read(shelf)) == ["/", "/b"]
    assert found.notes == ["1 addresses were left alone because robots.txt forbids them."]
    assert urls(read(shelf, obey=False)) == ["/", "/a", "/b"]


@pytest.mark.parametrize(
    ("robots", "reason"),
    [
        pytest.param(Answer("", 200, (), b"User-agent: *\nDisallow: /"), "its robots.txt forbids it", id="forbids"),
        pytest.param(Answer("", 503, ()), "its robots.txt answers 503, so robots have to stay away", id="broken"),
    ],
)
def test_who_forbids_everything_is_left_alone(robots: Answer, reason: str) -> None:
    """
    A site that wants no robots is not read, and the sentence says how its owner can.
    """
    with pytest.raises(FetchFailed, match=reason) as caught:
        read(Shelf(robots_txt=robots, index=""))

    assert "--ignore-robots" in str(caught.value)


def test_between_two_requests_is_a_pause() -> None:
    """
    Each request but the first waits, as long as we or robots.txt want, whichever is longer.
    """
    robots = Answer("", 200, (), b"User-agent: *\nCrawl-delay: 3\n")
    pauses: list[float] = []
    crawl(f"{HOST}/", Shelf(robots_txt=robots, index="<a href=/a>", a=""), Bounds(delay=1), sleep=pauses.append)

    assert pauses == [3, 3]


@pytest.mark.parametrize(
    ("answers", "reason"),
    [
        pytest.param({"index": redirect("/")}, "it redirects in a circle", id="to itself"),
        pytest.param({"index": redirect("/a"), "a": redirect("/b"), "b": redirect("/a")}, "in a circle", id="circle"),
        pytest.param({"index": redirect("https://t.example/")}, "it leads to another site, https://t.example/", id="away"),
        pytest.param({"index": redirect("mailto:a@b")}, "", id="nowhere"),
    ],
)  # fmt: skip
def test_redirects_end(answers: dict[str, Answer | str], reason: str) -> None:
    """
    Redirects in circles and to other sites are one sentence.
    """
    if not reason:
        assert read(Shelf(**answers)).failures == [f"{HOST}/ is no page: it is nothing that it names."]
        return
    with pytest.raises(FetchFailed, match=reason):
        read(Shelf(**answers))


def test_redirects_for_ever_end() -> None:
    """
    A site that redirects to a new address each time is given up after ten.
    """

    class Endless:
        asked = 0

        def get(self, url: str, cookies: str = "") -> Answer:
            self.asked += 1
            return Answer(url, 302, (("location", f"/{self.asked}"),))

    endless = Endless()
    with pytest.raises(FetchFailed, match="it redirects more than 10 times"):
        crawl(f"{HOST}/", endless, Bounds(obey=False))

    assert endless.asked == 11


def test_a_cookie_that_a_redirect_sets_is_sent_back_and_noted() -> None:
    """
    A site that sets a cookie before it lets anyone in is read, and the cookie is in the report.
    """

    class Gate:
        def get(self, url: str, cookies: str = "") -> Answer:
            if "seen=1" in cookies:
                return Answer(url, 200, HTML, b"<p>in")
            return Answer(url, 302, (("location", "/"), ("set-cookie", "seen=1; Max-Age=86400")))

    found = crawl(f"{HOST}/", Gate(), Bounds(obey=False))

    assert urls(found) == ["/"]
    assert found.cookies["seen"][1].lifetime == "1 day"


def test_a_deleted_cookie_is_not_in_the_report() -> None:
    """
    A deletion sets nothing.
    """
    page = Answer("", 200, (*HTML, ("set-cookie", "a=; Max-Age=0"), ("set-cookie", "b=1")), b"<p>")

    assert list(read(Shelf(index=page)).cookies) == ["b"]


def test_what_lies_behind_a_login_is_told() -> None:
    """
    Pages that lead to a login are counted, and the sentence says how to get in.
    """
    shelf = Shelf(
        index="<a href=/a><a href=/b>", a=redirect("/login"), b=redirect("/login"), login="<input type=password>"
    )
    found = read(shelf)

    assert urls(found) == ["/", "/login"]
    assert found.notes == [
        f"2 addresses lead to {HOST}/login, which asks for a password; what lies behind it was not read"
        " (--header sends a session along)."
    ]


def test_links_of_other_kinds_are_not_followed() -> None:
    """
    Mail, scripts, fragments, files and other sites are never asked for.
    """
    shelf = Shelf(
        index='<a href="mailto:a@b"><a href="#x"><a href="javascript:x()"><a href="/a.pdf"><a href="https://t.example/">'
        '<a href="/_ckit/preferences"><a href="//t.example/x">'
    )
    read(shelf)

    assert shelf.asked == ["/robots.txt", "/"]


def test_a_calendar_is_read_for_a_few_months_only() -> None:
    """
    A page that links to ever new pages of its kind ends after a few.
    """

    class Calendar:
        asked = 0

        def get(self, url: str, cookies: str = "") -> Answer:
            self.asked += 1
            month = int(url.rpartition("=")[2]) if "=" in url else 0
            links = "".join(f"<a href='/c?month={month + n}'><a href='/{month + n}/x'>" for n in range(1, 50))
            return Answer(url, 200, HTML, links.encode())

    calendar = Calendar()
    found = crawl(f"{HOST}/", calendar, Bounds(pages=500, depth=20, obey=False))

    assert calendar.asked < 120
    assert "Of pages that differ only in a number or a query, the first few were read." in found.notes


def test_a_site_that_stops_answering_is_left_in_peace() -> None:
    """
    After three failures in a row the rest is not tried, and each failure is told.
    """

    class Dying(Shelf):
        def get(self, url: str, cookies: str = "") -> Answer:
            if url.endswith("/") or "robots" in url:
                return super().get(url, cookies)
            raise FetchFailed(url, "no answer within 10 seconds")

    found = read(Dying(index="".join(f"<a href=/{name}>" for name in "abcdefgh")))

    assert len(found.failures) == 4
    assert found.failures[-1] == "3 pages in a row could not be had; the other 5 were left alone."


def test_an_error_page_is_read_and_told_where_it_is_the_first() -> None:
    """
    A 404 is a page with controls like others; as the start it is a failure too.
    """
    assert read(Shelf(index="<a href=/gone>")).failures == []
    assert read(Shelf(), start=f"{HOST}/gone").failures == [f"{HOST}/gone answers 404."]


def test_style_sheets_of_the_site_are_read() -> None:
    """
    What the site's own style sheets load is listed, those that they import included.
    """
    css = (("content-type", "text/css"),)
    shelf = Shelf(
        index="<link rel=stylesheet href=/a.css>",
        a_css=Answer("", 200, css, b"@import url(/b.css);"),
        b_css=Answer("", 200, css, b"@import url(https://fonts.example/f.css);"),
    )
    found = read(shelf)

    assert [(url, load.host) for url, load in found.loads] == [(f"{HOST}/b.css", "fonts.example")]


@pytest.mark.parametrize(
    ("header", "found"),
    [
        pytest.param(("link", "<https://t.example/a.css>; rel=preload; as=style"), ["t.example"], id="preload"),
        pytest.param(("link", '<//a.example>; rel="preconnect", <//b.example>; rel=dns-prefetch'), ["a.example", "b.example"], id="two"),
        pytest.param(("link", "<https://t.example/>; rel=canonical"), [], id="canonical"),
        pytest.param(("link", "</own.css>; rel=preload"), [], id="own"),
        pytest.param(("refresh", "0; url=https://t.example/"), ["t.example"], id="refresh"),
        pytest.param(("report-to", '{"endpoints":[{"url":"https://t.example/r"}]}'), ["t.example"], id="report-to"),
        pytest.param(("reporting-endpoints", 'main="https://t.example/r"'), ["t.example"], id="reporting"),
    ],
)  # fmt: skip
def test_headers_load_too(header: tuple[str, str], found: list[str]) -> None:
    """
    Hosts in Link, Refresh and reporting headers are listed.
    """
    assert [load.host for load in header_loads(Answer(f"{HOST}/", 200, (header,)))] == found


def test_the_bar_is_told_where_we_are() -> None:
    """
    Before each request it is said how many pages were read and how many wait.
    """
    told: list[Progress] = []
    crawl(f"{HOST}/", Shelf(index="<a href=/a><a href=/b>", a="", b=""), Bounds(obey=False), tell=told.append)

    assert [(each.read, each.waiting) for each in told] == [(0, 1), (1, 1), (2, 0)]


def test_a_real_server_is_read() -> None:
    """
    Over HTTP the same happens as from a shelf.
    """
    site = pages(index=response('<a href="/a">A</a>', "set-cookie: _ga=1; Max-Age=63072000"), a=response("<p>a"))
    with serving(site) as url:
        found = crawl(url, Network(patience=5), Bounds())

    assert [page.url for page in found.pages] == [f"{url}/", f"{url}/a"]
    assert found.cookies["_ga"][1].lifetime == "2 years"


@pytest.mark.parametrize("start", ["ftp://courier.example/", "courier.example", "https://", "http://a:b:c/"])
def test_what_is_no_address_is_told(start: str) -> None:
    """
    A start that is no web address is a sentence.
    """
    with pytest.raises(FetchFailed, match="it is not an http or https address"):
        crawl(start, Shelf(), Bounds())
