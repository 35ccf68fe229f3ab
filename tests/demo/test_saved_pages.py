"""A folder of saved pages: each goes out as it lies there, and nothing beside the folder does."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import turbohtml
from starlette.testclient import TestClient

from demo_app import make_app
from demo_app.folder import find, saved_pages

OLD = '<html><head><meta charset="windows-1250"><title>Čačak</title></head><body>Čačak</body></html>'.encode("cp1250")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with pages, beside a secret."""
    (tmp_path / "secret.html").write_text("secret")
    pages = tmp_path / "pages"
    (pages / "deep").mkdir(parents=True)
    (pages / "old.html").write_bytes(OLD)
    (pages / "deep" / "naïve page.html").write_text("<title>deep</title>", encoding="utf-8")
    (pages / "style.css").write_text("p { color: red }")
    (pages / ".env").write_text("secret")
    (pages / "link out.html").symlink_to(tmp_path / "secret.html")
    (pages / "away").symlink_to(tmp_path)
    (pages / "same.html").symlink_to(pages / "old.html")
    return pages


@pytest.fixture
def web(folder: Path) -> Iterator[TestClient]:
    with TestClient(make_app(folder=folder, wrapped=False), base_url="http://localhost:8000") as client:
        yield client


def test_the_first_page_lists_every_page(web: TestClient) -> None:
    """
    Each *.html in the folder and below it is linked, and each link answers.
    """
    page = turbohtml.parse(web.get("/").content, strict=True)
    links = [str(a.attrs["href"]) for a in page.select("#saved-pages a")]

    assert links == ["/deep/na%C3%AFve%20page.html", "/old.html", "/same.html"]
    assert [web.get(link).status_code for link in links] == [200, 200, 200]


def test_a_page_goes_out_as_it_was_saved(web: TestClient) -> None:
    """
    The bytes are those of the file, and no charset in the header overrules the page's own.
    """
    answer = web.get("/old.html")

    assert answer.content == OLD
    assert answer.headers["content-type"] == "text/html"


def test_other_files_of_the_folder_go_out_too(web: TestClient) -> None:
    """
    Style sheets and pictures of a saved page are served with their type.
    """
    assert web.get("/style.css").headers["content-type"] == "text/css"


def test_the_policies_of_the_banner_are_there(web: TestClient, folder: Path) -> None:
    """
    The documents that the banner links answer in this mode as well, unless the folder has its own.
    """
    assert "What we learn about you" in web.get("/privacy").text
    assert "Reading is free" in web.get("/terms").text

    (folder / "terms").write_text("ours")
    assert web.get("/terms").text == "ours"


OUTSIDE = [
    "/../secret.html",
    "/%2e%2e/secret.html",
    "/..%2fsecret.html",
    "/%2e%2e%2fsecret.html",
    "/deep/../../secret.html",
    "/deep/%2e%2e/%2e%2e/secret.html",
    "/..%5csecret.html",
    "/link%20out.html",
    "/away/secret.html",
    "/away/pages/../secret.html",
    "/.env",
    "/old.html%00.css",
    "/nothing.html",
    "/deep",
    "/deep/",
]


@pytest.mark.parametrize("path", OUTSIDE)
def test_nothing_beside_the_folder_goes_out(web: TestClient, path: str) -> None:
    """
    Dots, percent signs, links and hidden names lead nowhere.
    """
    answer = web.get(path)

    assert answer.status_code == 404
    assert "secret" not in answer.text


@pytest.mark.parametrize(
    "path",
    [
        "../secret.html",
        "../pages/../secret.html",
        "a/../../secret.html",
        "..\\secret.html",
        "x\0",
        "",
        "/",
        ".",
    ],
)
def test_no_spelling_finds_a_file_outside(folder: Path, path: str) -> None:
    """
    The same holds for a path that no client has tidied up before.
    """
    assert find(folder, path) is None


def test_an_absolute_path_is_a_path_in_the_folder(folder: Path) -> None:
    """
    A path with slashes in front means the folder, not the machine's root.
    """
    assert find(folder, str(folder.parent / "secret.html")) is None
    assert find(folder, "//old.html") == folder / "old.html"


def test_a_page_linked_from_outside_is_not_listed(folder: Path) -> None:
    """
    The list shows only what can be opened.
    """
    assert "link out.html" not in saved_pages(folder)


def test_saved_pages_are_wrapped_too(folder: Path, tmp_path: Path) -> None:
    """
    Behind consentkit a saved page gets its controls; without it, none.
    """
    log = f"sqlite:///{tmp_path / 'consent.db'}"
    with TestClient(make_app(folder=folder, log=log), base_url="http://localhost:8000") as client:
        assert b'id="ckit-root"' in client.get("/old.html").content
        assert client.get("http://bare.localhost:8000/old.html").content == OLD
