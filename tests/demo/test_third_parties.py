"""The three companies: they count who comes, hand out two cookies each, and show what they know."""

from __future__ import annotations

import pytest
import turbohtml
from starlette.testclient import TestClient

from demo_app import make_app

COUNTED = [
    ("analytics", "/collect.js", "text/javascript"),
    ("analytics", "/hit?page=/", None),
    ("analytics", "/pixel.gif", "image/gif"),
    ("video", "/embed/footbridge", "text/html"),
    ("video", "/poster/footbridge.svg", "image/svg+xml"),
    ("ads", "/ad.js", "text/javascript"),
    ("ads", "/creative.svg", "image/svg+xml"),
    ("ads", "/frame", "text/html"),
    ("ads", "/pixel.gif", "image/gif"),
]
counted = pytest.mark.parametrize(("party", "path", "kind"), COUNTED, ids=[f"{p}{path}" for p, path, _ in COUNTED])


@pytest.fixture
def web() -> TestClient:
    return TestClient(make_app(8000, wrapped=False), base_url="http://localhost:8000")


def at(party: str, path: str) -> str:
    return f"http://{party}.localhost:8000{path}"


@counted
def test_each_visit_is_counted(web: TestClient, party: str, path: str, kind: str | None) -> None:
    """
    A request to a script, frame, picture or pixel counts once, with its path and the site it came from.
    """
    answer = web.get(at(party, path), headers={"referer": "http://news.example/today"})

    visits = web.get(at(party, "/visits.json")).json()
    assert answer.status_code in (200, 204)
    assert (answer.headers.get("content-type") or "").partition(";")[0] == (kind or "")
    assert visits["host"] == f"{party}.localhost"
    assert visits["total"] == 1
    assert visits["paths"] == {path.partition("?")[0]: 1}
    assert visits["sites"] == {"news.example": 1}


@counted
def test_each_visit_sets_both_cookies(web: TestClient, party: str, path: str, kind: str | None) -> None:
    """
    Each answer sets one cookie that browsers keep apart by site and one that they do not.
    """
    kept, partitioned = web.get(at(party, path)).headers.get_list("set-cookie")

    assert kept.startswith(f"{party}_id=")
    assert kept.endswith("SameSite=None; Secure; HttpOnly")
    assert partitioned.startswith(f"{party}_partitioned=")
    assert partitioned.endswith("SameSite=None; Secure; HttpOnly; Partitioned")


def test_somebody_who_brings_a_cookie_back_is_recognised(web: TestClient) -> None:
    """
    The counter tells visits by somebody known, and the identifier stays the same.
    """
    answer = web.get(at("ads", "/pixel.gif"), headers={"cookie": "ads_id=0123456789abcdef"})

    assert "ads_id=0123456789abcdef" in answer.headers["set-cookie"]
    assert web.get(at("ads", "/visits.json")).json()["recognised"] == 1


@counted
def test_any_site_may_load_and_time_it(web: TestClient, party: str, path: str, kind: str | None) -> None:
    """
    The headers are those of a service made for embedding: readable with cookies, timeable, never cached.
    """
    headers = web.get(at(party, path), headers={"origin": "http://localhost:8000"}).headers

    assert headers["access-control-allow-origin"] == "http://localhost:8000"
    assert headers["access-control-allow-credentials"] == "true"
    assert headers["timing-allow-origin"] == "*"
    assert headers["cross-origin-resource-policy"] == "cross-origin"
    assert headers["cache-control"] == "no-store"


@pytest.mark.parametrize("party", ["analytics", "video", "ads"])
def test_the_list_of_visits_is_a_page_and_json(web: TestClient, party: str) -> None:
    """
    /visits is a page for people and JSON for who asks for it; looking counts nothing and sets nothing.
    """
    page = web.get(at(party, "/visits"))
    data = web.get(at(party, "/visits"), headers={"accept": "application/json"})

    assert turbohtml.parse(page.content, strict=True).select_one("#total")
    assert data.json()["total"] == 0
    assert "set-cookie" not in page.headers


def test_the_list_of_visits_can_be_emptied(web: TestClient) -> None:
    """
    A POST sets everything to zero: a person comes back to the page, a program gets the empty list.
    """
    web.get(at("ads", "/pixel.gif"))
    emptied = web.post(at("ads", "/visits"), headers={"accept": "application/json"}).json()
    back = web.post(at("ads", "/visits"), follow_redirects=False)

    assert (emptied["total"], emptied["visits"]) == (0, [])
    assert (back.status_code, back.headers["location"]) == (303, "/visits")


def test_only_the_newest_visits_are_kept_one_by_one(web: TestClient) -> None:
    """
    The counter goes on, the list ends at a hundred.
    """
    for _ in range(105):
        web.get(at("ads", "/pixel.gif"))

    visits = web.get(at("ads", "/visits.json")).json()
    assert (visits["total"], len(visits["visits"])) == (105, 100)


def test_a_poster_counts_for_the_page_that_embeds_the_player(web: TestClient) -> None:
    """
    The player passes on who embeds it, so its poster is not counted for the player itself.
    """
    frame = web.get(at("video", "/embed/regatta"), headers={"referer": "http://localhost:8000/"})

    assert 'src="/poster/regatta.svg?site=localhost"' in frame.text


@pytest.mark.parametrize("path", ["/embed/nothing", "/poster/nothing.svg", "/nothing"])
def test_an_unknown_film_is_not_counted(web: TestClient, path: str) -> None:
    """
    What does not exist answers 404 and counts nothing.
    """
    assert web.get(at("video", path)).status_code == 404
    assert web.get(at("video", "/visits.json")).json()["total"] == 0
