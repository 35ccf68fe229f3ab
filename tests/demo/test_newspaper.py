"""The newspaper as a site: every page stands, every link leads somewhere, every form answers."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urldefrag, urljoin, urlsplit

import pytest
import turbohtml
from starlette.testclient import TestClient

from consentkit import LogUnavailable
from demo_app import articles, make_app, newspaper
from demo_app.editions import EDITIONS

HOME = "http://localhost:8000"
ARTICLE = articles.ARTICLES[0].path
MODERN = [
    "/",
    *(f"/{slug}" for slug in articles.SECTIONS),
    *articles.BY_PATH,
    *(f"/{path}/" for path in EDITIONS),
    *(edition.story_path for edition in EDITIONS.values()),
    "/about",
    "/privacy",
    "/terms",
    "/held",
    "/newsletter",
    "/sign-in",
]


@pytest.fixture
def bare() -> TestClient:
    """A reader of the newspaper without consentkit."""
    return TestClient(make_app(8000, wrapped=False), base_url=HOME)


@pytest.fixture
def reader(tmp_path: Path) -> Iterator[TestClient]:
    """A reader of the newspaper behind consentkit, with a consent log of their own."""
    with TestClient(make_app(8000, log=f"sqlite:///{tmp_path / 'consent.db'}"), base_url=HOME) as client:
        yield client


@pytest.mark.parametrize("path", MODERN)
def test_every_page_is_a_whole_html_document(bare: TestClient, path: str) -> None:
    """
    Every page parses without an error and has a language, a title, one main heading and a way past the menu.
    """
    answer = bare.get(path)
    page = turbohtml.parse(answer.content, strict=True)

    assert answer.status_code == 200
    assert page.select_one("html[lang]")
    assert page.select_one("head > title")
    assert len(page.select("h1")) == 1
    assert page.select_one("body > a.skip[href='#main']")
    assert page.select_one("main#main")


@pytest.mark.parametrize("path", MODERN)
def test_pictures_frames_and_fields_have_names(bare: TestClient, path: str) -> None:
    """
    Each picture has an alternative, each frame a title and each field a label; nothing is handled inline.
    """
    page = turbohtml.parse(bare.get(path).content)

    assert not page.select("img:not([alt])")
    assert not page.select("iframe:not([title])")
    for field in page.select("input, textarea"):
        assert page.select_one(f"label[for='{field.attrs['id']}']")
    assert not [e for e in page.select("*") if any(str(name).startswith("on") for name in e.attrs)]


@pytest.mark.parametrize("path", MODERN)
def test_every_page_carries_its_owners_tags(bare: TestClient, path: str) -> None:
    """
    Each page carries a statistics script, its pixel and a tag manager: the app itself holds nothing.
    """
    page = turbohtml.parse(bare.get(path).content)

    assert page.select_one("head > script[src='http://analytics.localhost:8000/collect.js']")
    assert page.select_one("head > script[src^='https://www.googletagmanager.com/gtag/js']")
    assert page.select_one("noscript iframe[src^='https://www.googletagmanager.com/ns.html']")
    assert page.select_one("noscript img[src^='http://analytics.localhost:8000/pixel.gif']")
    assert page.select_one("body > img[src^='http://analytics.localhost:8000/pixel.gif']")


@pytest.mark.parametrize(
    ("path", "embedded"),
    [
        pytest.param("/", "script[src='http://ads.localhost:8000/ad.js']", id="ad on the front page"),
        pytest.param(ARTICLE, "iframe[src='http://video.localhost:8000/embed/footbridge']", id="film"),
        pytest.param(
            "/culture/accordion-school",
            "iframe[src^='https://www.youtube-nocookie.com/embed/']",
            id="YouTube",
        ),
    ],
)
def test_pages_embed_films_and_ads(bare: TestClient, path: str, embedded: str) -> None:
    """
    Films stand in the articles that tell of them, ads beside the text.
    """
    assert turbohtml.parse(bare.get(path).content).select_one(embedded)


@pytest.mark.parametrize(
    ("path", "language", "direction"),
    [("/bs/", "bs", "ltr"), ("/sr/", "sr", "ltr"), ("/sr-latn/", "sr-Latn", "ltr"), ("/ar/", "ar", "rtl")],
)
def test_each_edition_speaks_its_language(bare: TestClient, path: str, language: str, direction: str) -> None:
    """
    A page says which language it is in and which way it runs.
    """
    root = turbohtml.parse(bare.get(path).content).select_one("html")

    assert root is not None
    assert (root.attrs["lang"], root.attrs["dir"]) == (language, direction)


def test_every_link_on_the_site_leads_to_a_page(bare: TestClient) -> None:
    """
    Whoever follows any link, picture, style sheet or script of the site from the front page finds something.
    """
    waiting, seen = deque(["/"]), {"/"}

    while waiting:
        path = waiting.popleft()
        answer = bare.get(path)
        assert answer.status_code == 200, path
        if answer.headers["content-type"].startswith("text/html"):
            fresh = own_addresses(answer.content, path) - seen
            seen |= fresh
            waiting.extend(sorted(fresh))

    assert set(MODERN) <= seen
    assert {"/archive/2003", "/archive/2003/guestbook", "/feed.xml"} <= seen


def own_addresses(html: bytes, path: str) -> set[str]:
    """The paths on the newspaper's own host that a page links or embeds."""
    elements = turbohtml.parse(html).select("[href], [src]")
    urls = (urljoin(HOME + path, str(e.attrs.get("href") or e.attrs.get("src"))) for e in elements)
    parts = (urlsplit(urldefrag(url).url) for url in urls)
    return {part.path for part in parts if part.netloc == "localhost:8000"}


@pytest.mark.parametrize("path", MODERN)
def test_every_anchor_has_a_place_to_land(bare: TestClient, path: str) -> None:
    """
    A link to a part of the same page finds that part.
    """
    page = turbohtml.parse(bare.get(path).content)
    named = {str(element.attrs["id"]) for element in page.select("[id]")}

    assert {str(a.attrs["href"])[1:] for a in page.select("a[href^='#']")} <= named
    assert len(named) == len(page.select("[id]"))


def test_an_unknown_address_is_a_page_of_the_paper(bare: TestClient) -> None:
    """
    A wrong address answers 404 with the way back to the front page.
    """
    answer = bare.get("/river/no-such-article")

    assert answer.status_code == 404
    assert turbohtml.parse(answer.content).select_one("main a[href='/']")


def test_the_page_of_2003_is_as_old_as_it_says(bare: TestClient) -> None:
    """
    It has no viewport and no charset in the header, is written in windows-1250 and lies in nested tables.
    """
    answer = bare.get("/archive/2003")
    page = turbohtml.parse(answer.content)

    assert answer.headers["content-type"] == "text/html"
    assert "Čedo Šarić" in answer.content.decode("cp1250")
    assert not page.select("meta[name=viewport]")
    assert page.select("table table table")
    assert page.select("font")
    assert page.select("div.ads")


def test_the_page_of_2003_has_a_mobile_version_without_its_advertisements(reader: TestClient) -> None:
    """
    In the version for phones the column of advertisements is taken out on the server, and every word of the paper stays.
    """
    large = turbohtml.parse(reader.get("/archive/2003", headers={"accept": "text/html"}).content)
    small = turbohtml.parse(
        reader.get("/archive/2003", headers={"accept": "text/html", "cookie": "ckit_reader=-.mobile"}).content
    )

    assert large.select("div.ads")
    assert not small.select("div.ads")
    assert [column.text for column in small.select("#left, #middle, #right")] == [
        column.text for column in large.select("#left, #middle, #right")
    ]
    assert small.select_one("meta[name=viewport]")


def test_a_comment_stands_under_its_article(bare: TestClient) -> None:
    """
    A comment appears at once, as text and never as markup.
    """
    bare.post(f"{ARTICLE}/comments", data={"name": "Ana", "text": "<b>Lovely</b> bridge"})

    page = turbohtml.parse(bare.get(ARTICLE).content)
    last = page.select(".comment-list li")[-1]
    assert "<b>Lovely</b> bridge" in last.text
    assert last.select_one("bdi") is not None


@pytest.mark.parametrize(
    "form",
    [
        pytest.param({"name": "", "text": "Hello"}, id="no name"),
        pytest.param({"name": "Ana", "text": "  "}, id="no text"),
        pytest.param({"name": "Ana", "text": "x" * 1501}, id="too long"),
        pytest.param({}, id="nothing"),
    ],
)
def test_a_comment_that_cannot_stand_is_given_back(bare: TestClient, form: dict[str, str]) -> None:
    """
    The form comes back with what was typed and a sentence that says what to mend.
    """
    answer = bare.post(f"{ARTICLE}/comments", data=form)

    page = turbohtml.parse(answer.content)
    assert answer.status_code == 422
    assert page.select_one("#comment-problem[role=alert]")
    assert page.select_one(f"#comment-name[value='{form.get('name', '')}']")


def test_a_form_larger_than_any_of_ours_is_refused(bare: TestClient) -> None:
    """
    The paper reads no more than 16 KiB of a form.
    """
    assert bare.post("/newsletter", content=b"email=" + b"x" * 20_000).status_code == 413


def test_a_reaction_counts_and_an_unknown_one_does_not(bare: TestClient) -> None:
    """
    A pressed reaction counts one up; a made-up one changes nothing.
    """
    before = counts(bare)
    bare.post(f"{ARTICLE}/reactions", data={"reaction": "useful"})
    bare.post(f"{ARTICLE}/reactions", data={"reaction": "made up"})

    assert counts(bare) == {**before, "useful": before["useful"] + 1}


def counts(client: TestClient) -> dict[str, int]:
    buttons = turbohtml.parse(client.get(ARTICLE).content).select("#reactions button")
    return {str(button.attrs["value"]): int(button.select(".count")[0].text) for button in buttons}


@pytest.mark.parametrize(
    ("email", "status"),
    [
        ("ana@courier.example", 200),
        ("", 422),
        ("ana", 422),
        ("ana@courier", 422),
        ("a na@courier.example", 422),
    ],
)
def test_the_newsletter_wants_an_address(bare: TestClient, email: str, status: int) -> None:
    """
    Something that is no e-mail address is given back with a sentence, anything else is thanked for.
    """
    assert bare.post("/newsletter", data={"email": email}).status_code == status


def test_nobody_signs_in_without_the_terms(bare: TestClient) -> None:
    """
    Without the tick nobody is signed in, and the name that was typed is kept.
    """
    answer = bare.post("/sign-in", data={"name": "Ana"})

    assert answer.status_code == 422
    assert turbohtml.parse(answer.content).select_one("#signin-name[value=Ana]")


def test_signing_in_and_out(bare: TestClient) -> None:
    """
    Whoever signs in is greeted on every page until they sign out.
    """
    bare.post("/sign-in", data={"name": "Ana", "terms": "yes"})
    assert "Hello, <bdi>Ana</bdi>" in bare.get("/about").text

    bare.post("/sign-out")
    assert "Hello," not in bare.get("/about").text


def test_the_unprotected_copy_says_what_it_is(bare: TestClient) -> None:
    """
    Without the middleware nothing is known of the reader, and the footer and /held say so.
    """
    line = turbohtml.parse(bare.get("/").content).select_one("#reader-line")

    assert line is not None
    assert "without consentkit" in line.text
    assert "without consentkit" in bare.get("/held").text


def test_the_footer_tells_readers_what_is_known_of_them(reader: TestClient) -> None:
    """
    Before any choice: desktop version, 100 %, nothing agreed.
    """
    page = turbohtml.parse(reader.get("/").content)

    assert {str(e.attrs["data-reader"]): e.text for e in page.select("[data-reader]")} == {
        "view": "desktop",
        "text": "100 %",
        "statistics": "not agreed",
        "videos": "not agreed",
        "terms": "not accepted",
    }


def test_the_tick_in_the_sign_in_form_accepts_the_terms(reader: TestClient) -> None:
    """
    Signing in with the tick records the terms; the form then asks for no tick any more.
    """
    reader.post("/sign-in", data={"name": "Ana", "terms": "yes"})

    page = turbohtml.parse(reader.get("/sign-in").content)
    terms = page.select_one("[data-reader=terms]")
    assert terms is not None
    assert terms.text == "accepted"
    assert not page.select("#signin-terms")


def test_nobody_is_signed_in_when_the_log_cannot_be_written(bare: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    When acceptance can't be recorded the form comes back with 503, and nobody is signed in.
    """

    async def accept(request: object, policy: str) -> None:
        raise LogUnavailable("disk full")

    monkeypatch.setattr(newspaper, "accept", accept)

    answer = bare.post("/sign-in", data={"name": "Ana", "terms": "yes"})
    assert answer.status_code == 503
    assert "courier_session" not in bare.cookies


def test_behind_consentkit_the_third_parties_are_held(reader: TestClient) -> None:
    """
    No script, frame or picture of another company is live in the page that a first visitor gets.
    """
    for path in ("/", ARTICLE, "/culture/accordion-school", "/ar/jisr-muallaq"):
        page = turbohtml.parse(reader.get(path, headers={"accept": "text/html"}).content)
        live = page.select("script[src^=http], iframe[src^=http], img[src^=http], link[rel=preconnect][href]")
        assert not live, path


def test_held_counts_both_copies_apart(bare: TestClient) -> None:
    """
    /held.json tells how often each third party was called, and from which site.
    """
    pixel = "http://analytics.localhost:8000/pixel.gif"
    bare.get(pixel, headers={"referer": "http://localhost:8000/"})
    bare.get(pixel, headers={"referer": "http://bare.localhost:8000/"})

    counted = bare.get("/held.json").json()
    assert counted["analytics.localhost"]["sites"] == {"localhost": 1, "bare.localhost": 1}
    assert counted["video.localhost"]["total"] == 0

    bare.post("/held")
    assert bare.get("/held.json").json()["analytics.localhost"]["total"] == 0


def test_the_third_parties_answer_where_the_request_came_to() -> None:
    """
    Without a port of its own the app points to the port in the request's Host header.
    """
    client = TestClient(make_app(wrapped=False), base_url="http://localhost:9123")

    assert "http://analytics.localhost:9123/collect.js" in client.get("/").text
