"""What goes to the end of the head: style, script, text size, view."""

from __future__ import annotations

import base64
import hashlib
import re

import pytest
from bs4 import BeautifulSoup

from consentkit.controls import Hints
from consentkit.cookies import ReaderChoice
from consentkit.response.delivery import Delivery
from consentkit.rewrite import Page
from consentkit.vocabulary import Choice
from tests.controls.visitors import REFUSED, RESPONSIVE, controls, decision, sent, site, visit

BIG = ReaderChoice(text_size=150)


def head(*args: object, **options: object) -> BeautifulSoup:
    return BeautifulSoup(sent(*args, **options).late, "html.parser")  # type: ignore[arg-type]


def test_first_visit_needs_no_request() -> None:
    """
    Style and script stand in the page, so the banner is there in the first paint and works at once.
    """
    assert not head(site()).select("[src], [href]")


def test_later_visits_take_the_script_from_the_cache() -> None:
    """
    Only window.ckit stands in the page then; the file does not delay it.
    """
    scripts = head(site(), visit(choice=REFUSED)).select("script")

    assert "window.ckit" in scripts[0].get_text()
    assert scripts[1].has_attr("defer")


def test_policy_without_inline_gets_files() -> None:
    """
    Where a policy allows no inline code, everything comes as a file of ours.
    """
    found = head(site(), delivery=Delivery(style_inline=False, script_inline=False))
    names = set(controls(site()).assets)

    assert [tag.name for tag in found.find_all(True)] == ["link", "script"]
    assert {
        str(tag.get("href") or tag.get("src")).removeprefix("/_ckit/assets/") for tag in found.find_all(True)
    } <= names


def test_nonce_is_on_everything() -> None:
    """
    A page's own nonce admits our parts.
    """
    found = head(site(), visit(reader=BIG), delivery=Delivery(nonce="r4nd0m"))

    assert all(tag.get("nonce") == "r4nd0m" for tag in found.select("style, script"))
    assert all(tag.get("data-ckit-ui") == "head" for tag in found.find_all(True, recursive=False))


@pytest.mark.parametrize("choice", [None, REFUSED], ids=["asking", "chosen"])
@pytest.mark.parametrize("size", [None, 150])
@pytest.mark.parametrize("view", [None, "mobile", "desktop"])
def test_hashes_are_those_of_what_stands_in_the_page(choice: Choice | None, size: int | None, view: str | None) -> None:
    """
    A policy that lists the hashes admits exactly these styles and these scripts, and those of the stand-ins, of which
    the body tells later whether they are needed.
    """
    made, visitor = controls(site()), visit(choice=choice, reader=ReaderChoice(text_size=size, view=view))
    found = head(site(), visitor, Page(lang="en"))
    hashes = made.hashes(decision(site(), visitor))

    # What browsers without script read stands as text for those with it, so it is parsed as markup here.
    assert set(hashes.styles) == {sha256(style.get_text()) for style in found.select("style")}
    scripts = {sha256(script.get_text()) for script in found.select("script:not([src])")}
    assert set(hashes.scripts) == scripts | {stub.sha256 for stub in made._sheets.stubs}


def sha256(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def test_assets_are_named_by_their_content_and_neutrally() -> None:
    """
    Ad blockers hide what is called consent or cookie.
    """
    assets = controls(site()).assets

    assert {re.sub(r"\.[0-9a-f]{12}\.", ".", name) for name in assets} == {
        "ui.css",
        "ui.js",
        "text.js",
        "view.css",
        "mobile.js",
        "dialog.js",
        "stubs.js",
        "revive.js",
        "keep.js",
        "placeholder.css",
        "preferences.css",
        "preferences.js",
    }
    assert not any(word in name for name in assets for word in ("consent", "cookie"))
    assert all(hashlib.sha256(asset.body).hexdigest().startswith(name.split(".")[1]) for name, asset in assets.items())


def test_size_without_script_is_the_root_size() -> None:
    """
    Text given in px needs script; rem and % grow without it.
    """
    found = head(site(), visit(reader=BIG))

    assert "font-size:calc(var(--ckit-root-size,100%)*1.5)" in found.select("noscript style")[0].get_text()
    assert [
        script
        for script in found.select("script[src]")
        if "/text." in str(script["src"]) and not script.has_attr("defer")
    ]


def test_site_in_rem_grows_by_its_root_alone() -> None:
    """
    `text_size="root"` needs no measuring, with or without script.
    """
    found = head(site(text_size="root"), visit(reader=BIG))

    assert not found.select("noscript")
    assert (
        'html[data-ckit-text="150"]{font-size:calc(var(--ckit-root-size,100%)*1.5)}'
        in found.select("style")[0].get_text()
    )


def test_usual_size_costs_nothing() -> None:
    """
    Who never asked for another size gets no part of it.
    """
    found = head(site(), visit(choice=REFUSED))

    assert not found.select("noscript")
    assert not [script for script in found.select("script[src]") if "/text." in str(script["src"])]


@pytest.mark.parametrize(
    ("view", "viewport", "content", "reflows"),
    [
        ("mobile", None, "width=device-width, initial-scale=1", True),
        ("mobile", "width=device-width", "width=device-width, initial-scale=1", False),
        ("desktop", "width=device-width", "width=1280", False),
        ("desktop", None, "width=1280", False),
    ],
)
def test_view_sets_the_viewport(view: str, viewport: str | None, content: str, reflows: bool) -> None:
    """
    The desktop version is as wide as a desk; the mobile one of an old page is laid out anew.
    """
    found = head(site(), visit(reader=ReaderChoice(view=view)), Page(lang="en", viewport=viewport))

    assert [meta["content"] for meta in found.select("meta[name=viewport]")] == [content]
    assert (len(found.select("style")) == 2) is reflows


@pytest.mark.parametrize(
    ("reader", "expected"),
    [
        (ReaderChoice(), b""),
        (BIG, b' data-ckit-text="150"'),
        (ReaderChoice(text_size=100), b""),
        (ReaderChoice(125, "mobile"), b' data-ckit-text="125" data-ckit-view="mobile"'),
    ],
)
def test_html_carries_size_and_view(reader: ReaderChoice, expected: bytes) -> None:
    """
    Only while they are chosen.
    """
    assert controls(site()).html_attributes(decision(site(), visit(reader=reader))) == expected


@pytest.mark.parametrize("position", ["bottom", "top", "static"])
@pytest.mark.parametrize("side", ["start", "end"])
def test_position_decides_the_sheet(position: str, side: str) -> None:
    """
    A banner that lies in the flow takes no rule that holds it in the window.
    """
    style = head(site(position=position, bar_position=side)).select("style")[0].get_text()

    assert ("position:fixed" in style) is (position != "static")


def test_one_global() -> None:
    """
    The scripts stand in blocks of their own, so that only window.ckit is added to the page; a module has its own scope.
    """
    for name, asset in controls(site()).assets.items():
        if name.endswith(".js") and not name.startswith(("preferences", "dialog", "keep")):
            lines = asset.body.decode().replace("//<![CDATA[\n", "").replace("\n//]]>", "").splitlines()
            assert (lines[0], lines[-1]) == ("{", "}")


def test_nothing_evaluates_text() -> None:
    """
    No eval in any form, and no style attribute in the markup.
    """
    code = b"".join(asset.body for asset in controls(site()).assets.values())

    assert not re.search(rb"\beval\(|new Function|innerHTML|document\.write\(", code)
    assert ' style="' not in sent(site(), visit(reader=BIG), RESPONSIVE, hints=Hints()).html
