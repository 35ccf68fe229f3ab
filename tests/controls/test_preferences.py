"""The preferences page and the small pages for errors."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from bs4 import BeautifulSoup

from consentkit.controls import Hints
from consentkit.languages import Catalogues
from consentkit.response.delivery import INLINE
from consentkit.visit import Visit
from consentkit.vocabulary import Choice, Purpose, Vendor
from tests.controls.visitors import AGREED, COUNTER, REFUSED, TUBE, chosen, controls, decision, site, visit

SOME = chosen(vendors={"counter": False, "tube": True, "maps": False})


def page(visitor: Visit | None = None, settings: Any = None, **options: Any) -> BeautifulSoup:
    visitor, settings = visitor or visit(), settings or site()
    given: dict[str, Any] = {"language": None, "saved": False, "next": "/story?a=1", **options}
    made = controls(settings).preferences(decision(settings, visitor), visitor, INLINE, Hints(), **given)
    return BeautifulSoup(made.html, "html.parser")


def ticked(within: BeautifulSoup) -> list[str]:
    return [str(box["value"]) for box in within.select("input[type=checkbox][checked]")]


def test_fresh_form_has_nothing_ticked() -> None:
    """
    Nothing optional is pre-set (Planet49), and what is necessary is text.
    """
    fresh = page()

    assert [str(box["value"]) for box in fresh.select("input[type=checkbox]")] == ["analytics", "media", "tube", "maps"]
    assert ticked(fresh) == []


@pytest.mark.parametrize(
    ("choice", "expected"),
    [(REFUSED, []), (AGREED, ["analytics", "media", "tube", "maps"]), (SOME, ["media", "tube"])],
    ids=["refused", "agreed", "some"],
)
def test_present_choice_is_ticked(choice: Choice, expected: list[str]) -> None:
    """
    The form sent back unchanged gives the same choice.
    """
    assert ticked(page(visit(choice=choice))) == expected


def test_asked_again_has_nothing_ticked() -> None:
    """
    A choice that could not count is asked for again, nothing ticked, with one sentence why.
    """
    again = page(visit(choice=AGREED), says="prefs.again_old")

    assert ticked(again) == []
    assert again.select("[role=alert]")[0].get_text().startswith("The page you came from was out of date")


def test_present_choice_is_said_with_its_dates() -> None:
    """
    When it was made, until when it counts, what is allowed and what is not.
    """
    text = page(visit(choice=SOME)).select("[data-ckit-part=state]")[0].get_text()

    assert "November 1, 2026" in text or "1 November 2026" in text
    assert "Allowed: 1 of 2" in text
    assert "Refused: Statistics" in text


def test_refusing_and_withdrawing_stand_on_top() -> None:
    """
    Taking consent away is at most two acts from every page.
    """
    actions = [str(each["data-ckit-action"]) for each in page(visit(choice=AGREED)).select("[data-ckit-action]")]

    assert actions == ["reject", "withdraw", "save", "accept", "policies"]


def test_nobody_withdraws_what_was_never_given() -> None:
    """
    Before a choice there is nothing to withdraw.
    """
    assert not page().select("[data-ckit-action=withdraw]")


def test_vendors_have_cookies_with_lifetimes() -> None:
    """
    Who gets the data, for how long, and where it goes.
    """
    tube = page().select("[data-ckit-part=vendor]")[1]

    rows = [[cell.get_text() for cell in row.select("th, td")] for row in tube.select("tbody tr")]
    assert rows == [["v", "2 years"], ["s", "until you close the browser"]]
    assert "United States" in tube.get_text()


SAYS = Vendor("maps", title="City maps", hosts=["maps.example"], text={"en": "Shows <where>.", "bs": "Prikazuje gdje."})


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", ["Plays videos on the site.", "Shows <where>.", None]),
        ("bs", ["Prikazuje videosnimke na stranici.", "Prikazuje gdje.", None]),
    ],
)
def test_each_company_says_what_it_does(language: str, said: list[str | None]) -> None:
    """
    In the reader's language: the owner's words, else the sentence of its kind, else nothing. It describes the box.
    """
    settings = site(purposes=[Purpose("media", vendors=["youtube", SAYS, TUBE])])
    companies = page(settings=settings, language=language).select("[data-ckit-part=vendor]")

    found = []
    for company in companies:
        (box,) = company.select("input")
        lines = company.find_all("p", id=box.get("aria-describedby") or "nothing")
        found.append(lines[0].get_text() if lines else None)
        assert box.has_attr("aria-describedby") == bool(lines)
    assert found == said


def test_own_cookies_are_listed_as_necessary() -> None:
    """
    Ours and the owner's, each with its reason.
    """
    table = page(settings=site(necessary={"session": {"en": "keeps you signed in"}})).select("#ckit-necessary ~ table")[
        0
    ]

    assert [name.get_text() for name in table.select("code")] == ["ckit", "ckit_id", "ckit_reader", "session"]
    assert "keeps you signed in" in table.get_text()


def test_exempt_purpose_can_be_objected_to() -> None:
    """
    It runs without asking, says why, and has a box to say no; Accept all has nothing to do with it.
    """
    own = Purpose("own-stats", title="Own statistics", vendors=[COUNTER], basis="exempt", reason="the law allows it")
    form = page(settings=site(purposes=[own]))

    (box,) = form.select("input[name=object]")
    assert box["value"] == "own-stats"
    assert not box.has_attr("checked")
    assert "because: the law allows it" in form.get_text()


def test_objection_stays_ticked() -> None:
    """
    Who objected before finds the box ticked.
    """
    own = Purpose("own-stats", title="Own statistics", vendors=[COUNTER], basis="exempt", reason="the law allows it")
    choice = replace(REFUSED, purposes={"own-stats": False}, vendors={"counter": False})

    assert ticked(page(visit(choice=choice), settings=site(purposes=[own]))) == ["own-stats"]


def test_signal_is_named() -> None:
    """
    What the browser's signal denies is off, and the page says how to switch it on.
    """
    text = page(visit(gpc=True), settings=site(gpc_purposes=("media",))).get_text()

    assert "Global Privacy Control" in text


def test_receipt_names_the_record() -> None:
    """
    The number of the record stands there, when there is one.
    """
    assert "Record number: 0190-abc" in page(record="0190-abc").get_text()
    assert "Record number" not in page().get_text()


@pytest.mark.parametrize("tag", Catalogues().tags)
def test_every_language_renders(tag: str) -> None:
    """
    `?lang=` decides, whatever the browser asks for.
    """
    html = page(language=tag).html

    assert html is not None
    assert (html["lang"], html["dir"]) == (tag, "rtl" if tag in ("ar", "he", "fa") else "ltr")


def test_all_languages_are_linked() -> None:
    """
    Each by its own name, and the way back is kept.
    """
    links = page().select("[data-ckit-part=languages] a")

    assert [link["hreflang"] for link in links] == list(Catalogues().tags)
    assert all("next=/story%3Fa%3D1" in str(link["href"]) for link in links)


def test_page_needs_no_inline_code() -> None:
    """
    Its own policy forbids everything but files of ours.
    """
    whole = page(visit(choice=AGREED))

    assert not whole.select("style, [style], script:not([src]), [onclick]")
    assert str(whole.select("link[rel=stylesheet]")[0]["href"]).startswith("/_ckit/assets/preferences.")


@pytest.mark.parametrize("next", ['/"><script>x</script>', "/a'b", "/a&b<c"])
def test_way_back_can_not_break_out(next: str) -> None:
    """
    It comes from the address, so it is escaped here although it was checked before.
    """
    assert len(page(next=next).select("script")) == 1


def test_site_without_purposes_shows_its_documents() -> None:
    """
    The page of a site that asks for nothing optional still lists cookies and documents.
    """
    plain = page(settings=site(purposes=[]))

    assert not plain.select("fieldset, [data-ckit-action=reject]")
    assert [link.get_text() for link in plain.select("main li a")][:2] == ["Privacy Policy", "Terms of Use"]


def test_message_says_one_sentence_and_the_way_back() -> None:
    """
    An error page in the reader's language, with a link out of it.
    """
    made = controls(site()).message(
        visit(root_path="/paper"),
        Hints(accept_language="de"),
        title="error.lost_title",
        text="error.lost_text",
        retry=None,
    )
    whole = BeautifulSoup(made, "html.parser")

    assert whole.html is not None
    assert whole.html["lang"] == "de"
    assert [link["href"] for link in whole.select("[data-ckit-part=back]")] == ["/paper/"]
    assert len(whole.select("main p")) == 2
