"""What stands in the place of a held frame."""

from __future__ import annotations

import pytest
from bs4 import BeautifulSoup

from consentkit.rewrite import Held
from consentkit.vocabulary import Purpose, Vendor
from tests.controls.visitors import COUNTER, placeholder, site

TUBE = Held("media", "tube")

# Phrasing content (HTML, 3.2.5.2.5) as far as we use it; a link counts when it is a style sheet.
PHRASING = {"span", "strong", "bdi", "button", "a", "canvas", "link"}


@pytest.mark.parametrize(
    "held", [TUBE, Held("unclassified"), Held("marketing")], ids=["declared", "unknown", "undeclared"]
)
def test_only_phrasing_content(held: Held) -> None:
    """
    A form or block would close the page's paragraph and take its buttons' form away.
    """
    html = placeholder(site(), held, {"width": "560", "height": "315", "src": "https://x.example/"})
    before = BeautifulSoup(f"<p>a{html}b</p>", "html.parser").p

    assert before is not None
    assert {tag.name for tag in before.find_all(True)} <= PHRASING
    assert html.isascii()


def test_names_vendor_purpose_and_lifetime() -> None:
    """
    Whose content it is, what for, and how long its cookies stay: the longest of them.
    """
    text = BeautifulSoup(placeholder(site(), TUBE), "html.parser").get_text(" ", strip=True)

    assert "Content of Tube" in text
    assert "Embedded content" in text
    assert "2 years" in text


def test_button_grants_that_vendor_with_a_token_of_this_layer() -> None:
    """
    A button posts one name only, so action and token stand in the address.
    """
    page = BeautifulSoup(placeholder(site(), TUBE), "html.parser")
    (always,) = page.select("[data-ckit-action=always]")

    assert (always["form"], always["name"], always["value"]) == ("ckit-form", "vendor", "tube")
    assert str(always["formaction"]).startswith("/_ckit/choice?action=grant&shown=placeholder~en~")


def test_load_once_waits_for_script() -> None:
    """
    Without script there is no way to show a frame once, so the button is hidden until script shows it.
    """
    (load,) = BeautifulSoup(placeholder(site(), TUBE), "html.parser").select("[data-ckit-action=load]")

    assert load["type"] == "button"
    assert load.has_attr("hidden")


def test_undeclared_company_can_not_be_agreed_to() -> None:
    """
    Nobody has said what it is for, so the sentence names the host and offers nothing.
    """
    page = BeautifulSoup(placeholder(site(), Held("unclassified"), {"src": "https://odd.example/<b>"}), "html.parser")

    assert page.get_text().strip() == (
        "Content of odd.example is held back, because this site has not said what it is for."
    )
    assert not page.select("button, a")


def test_restricted_purpose_is_neither_offered_nor_released() -> None:
    """
    What the app took away from this visitor can't be agreed to here either.
    """
    page = BeautifulSoup(placeholder(site(), TUBE, restricted=frozenset({"media"})), "html.parser")

    assert not page.select("button")


@pytest.mark.parametrize(
    ("attributes", "width", "height", "wide"),
    [
        ({"width": "560", "height": "315"}, "560", "315", False),
        ({}, "300", "150", False),
        ({"width": "100%", "height": "400px"}, "1", "400", True),
        ({"width": "999999", "height": "1e9"}, "4000", "150", False),
        ({"width": "640.5"}, "640", "150", False),
    ],
)
def test_takes_the_size_of_the_frame(attributes: dict[str, str], width: str, height: str, wide: bool) -> None:
    """
    The page keeps its shape; no style attribute is needed for it.
    """
    page = BeautifulSoup(placeholder(site(), TUBE, attributes), "html.parser")
    (canvas,) = page.select("canvas")

    assert (canvas["width"], canvas["height"]) == (width, height)
    assert bool(page.select("[data-ckit-wide]")) is wide
    assert not page.select("[style]")


@pytest.mark.parametrize("attributes", [{"width": "0", "height": "0"}, {"width": "1", "height": "1"}, {"height": "1"}])
def test_invisible_frame_has_no_placeholder(attributes: dict[str, str]) -> None:
    """
    A frame that nobody could see is missed by nobody.
    """
    assert placeholder(site(), TUBE, attributes) == ""


def test_hostile_vendor_stays_text() -> None:
    """
    A company's name never becomes markup.
    """
    evil = Vendor("evil", title='"><img src=x onerror=alert(1)>', hosts=["evil.example"])
    settings = site(purposes=[Purpose("analytics", vendors=[COUNTER]), Purpose("media", vendors=[evil])])

    assert not BeautifulSoup(placeholder(settings, Held("media", "evil")), "html.parser").select("img")
