"""What stands in the page's own places for controls."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from bs4 import BeautifulSoup

from consentkit.controls import Hints
from consentkit.cookies import ReaderChoice
from consentkit.response.delivery import INLINE
from consentkit.rewrite import Page
from consentkit.visit import Visit
from consentkit.vocabulary import Purpose
from tests.controls.test_dark_patterns import edited, found
from tests.controls.visitors import AGREED, RESPONSIVE, controls, decision, sent, site, visit

NAMES = ("choices", "reader", "preferences")


def raw(name: str, visitor: Visit | None = None, page: Page = RESPONSIVE, **options: Any) -> bytes:
    settings, visitor = site(slots=True, **options), visitor or visit()
    going_in = controls(settings).insertions(decision(settings, visitor), visitor, INLINE, Hints())
    return going_in.slot(name, page)


def slot(name: str, visitor: Visit | None = None, page: Page = RESPONSIVE, **options: Any) -> BeautifulSoup:
    return BeautifulSoup(raw(name, visitor, page, **options), "html.parser")


@pytest.mark.parametrize("name", NAMES)
def test_it_is_one_element_in_the_language_of_the_page(name: str) -> None:
    """
    ASCII, with the language and direction of the catalogue, and nothing in it that a page can have only once.
    """
    made = slot(name, page=Page(lang="ar"))
    (root,) = made.find_all(True, recursive=False)

    assert raw(name, page=Page(lang="ar")).isascii()
    assert (root["data-ckit-ui"], root["lang"], root["dir"]) == ("slot", "ar", "rtl")
    assert made.select("[id], [style], script, form") == []


@pytest.mark.parametrize("choice", [None, AGREED], ids=["asking", "chosen"])
def test_choices_leads_where_the_bar_leads(choice: Any) -> None:
    """
    The same words and address, also while the banner asks and the bar hides its link.
    """
    visitor = visit(choice=choice)
    body = BeautifulSoup(sent(site(), visitor).body, "html.parser")
    (bar,) = body.select("[data-ckit-ui=reader] a[href*='/preferences?']")
    (link,) = slot("choices", visitor).select("a")

    assert (link.get_text(), link["href"]) == (bar.get_text(), bar["href"])
    assert link["data-ckit-action"] == "choose"
    assert not link.has_attr("hidden")


@pytest.mark.parametrize("name", ["choices", "preferences"])
@pytest.mark.parametrize("gpc", [False, True], ids=["", "signal"])
def test_where_the_law_is_opt_out_the_link_says_what_it_is_for(name: str, gpc: bool) -> None:
    """
    In the words of California's law, and those about the signal once it was honoured.
    """
    options: dict[str, Any] = {"regimes": {"US": "opt-out"}, "country_header": "CF-IPCountry", "trusted_proxies": ["*"]}
    visitor = replace(visit(gpc=gpc), region="US-CA")
    settings = site(slots=True, **options)
    body = BeautifulSoup(sent(settings, visitor).body, "html.parser")
    (bar,) = body.select("[data-ckit-ui=reader] a[href*='/preferences?']")
    (link,) = slot(name, visitor, **options).select("a[data-ckit-action=choose]")

    assert link.get_text() == bar.get_text() != "Privacy choices"


def test_reader_has_what_the_bar_has() -> None:
    """
    Text sizes from the present one on, and the link to the other version where the bar has one.
    """
    visitor, wide = visit(reader=ReaderChoice(text_size=150)), Page(lang="en")
    body = BeautifulSoup(sent(site(), visitor, wide).body, "html.parser").select_one("[data-ckit-ui=reader]")
    made = slot("reader", visitor, wide)

    assert body is not None
    for part in ("[data-ckit-action^=text-]", "[data-ckit-action=view]", "[data-ckit-value=text]"):
        assert [each.get_text() for each in made.select(part)] == [each.get_text() for each in body.select(part)]
        assert [each.get("href") for each in made.select(part)] == [each.get("href") for each in body.select(part)]
    assert [each["data-ckit-says"] for each in made.select("details")] == ["Text size {percent}"]
    assert made.select("[data-ckit-action=choose]") == []
    assert slot("reader").select("[data-ckit-action=view]") == []


def test_preferences_has_all_that_is_declared() -> None:
    """
    Necessary cookies with their reasons, purposes with companies, cookies and lifetimes, and the way to choose.
    """
    made = slot("preferences", necessary={"basket": "Remembers what you buy"})

    assert [heading.get_text() for heading in made.select("h3, h4")] == [
        "Necessary", "Statistics", "Counter", "Embedded content", "Tube", "City maps",
    ]  # fmt: skip
    rows = {
        row.th.get_text(): [cell.get_text() for cell in row.select("td")] for row in made.select("tbody tr") if row.th
    }
    assert rows["basket"][0] == "Remembers what you buy"
    assert (rows["_c"], rows["v"]) == (["1 year"], ["2 years"])
    assert [link["href"] for link in made.select("a")] == [
        "https://maps.example/privacy",
        "/_ckit/preferences?lang=en&next=/story",
    ]


def test_nothing_stands_where_there_is_nothing_to_show() -> None:
    """
    No purposes, no controls for readers, an AMP page.
    """
    assert raw("choices", purposes=[]) == b""
    assert raw("reader", text_size=None, mobile=None) == b""
    assert [raw(name, page=Page(amp=True)) for name in NAMES] == [b"", b"", b""]
    without = slot("preferences", purposes=[])
    assert [heading.get_text() for heading in without.select("h3")] == ["Necessary"]
    assert without.select("a") == []


def test_under_a_base_it_leads_to_us_all_the_same() -> None:
    """
    Whole addresses, and no other window.
    """
    for name in NAMES:
        for link in slot(name, page=Page(lang="en", has_base=True)).select("a[href]"):
            assert str(link["href"]).startswith(("http://courier.example/_ckit/", "https://"))
            assert link["target"] == "_self"


def test_a_reason_to_run_unasked_stands_there_too() -> None:
    """
    A purpose that is exempt says why.
    """
    made = slot("preferences", purposes=[Purpose("audience", title="Audience", basis="exempt", reason="Own counting.")])

    assert "Own counting." in made.get_text()


ERRORS = {
    "no way to choose": ('data-ckit-action="choose"', "", 'the slot "choices" has no link data-ckit-action="choose"'),
    "another element": ('<span data-ckit-ui="slot"', "<span", 'the slot "choices" has to be one element'),
    "an id": ("<h3>", '<h3 id="x">', 'id="x" would stand twice'),
    "a style": ("<h4>", '<h4 style="color:red">', "<h4> has style inline"),
}


@pytest.mark.parametrize(("old", "new", "said"), ERRORS.values(), ids=ERRORS)
def test_error_in_a_template_of_the_owner(old: str, new: str, said: str) -> None:
    """
    Checked at start where slots are filled; our own, as a copy, passes.
    """
    templates = edited("slot.html", old, new)

    assert any(said in each.sentence for each in found(site(slots=True), templates).errors)
    assert found(site(), templates).errors == ()
    assert found(site(slots=True), edited("slot.html", old, old)).errors == ()
