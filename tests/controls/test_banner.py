"""The banner and everything around it in the page: the contract of design 2.3, read with another parser."""

from __future__ import annotations

import gzip
from dataclasses import replace
from datetime import timedelta

import pytest
from bs4 import BeautifulSoup, Tag

from consentkit.controls import Hints
from consentkit.cookies import ReaderChoice
from consentkit.languages import Catalogues
from consentkit.rewrite import Page
from consentkit.vocabulary import Choice, Policy, Purpose
from tests.controls.visitors import (
    AGREED,
    NOON,
    PRIVACY,
    REFUSED,
    RESPONSIVE,
    TERMS,
    Sent,
    chosen,
    sent,
    site,
    visit,
)


def soup(what: Sent) -> BeautifulSoup:
    return BeautifulSoup(what.html, "html.parser")


def one(within: BeautifulSoup | Tag, selector: str) -> Tag:
    found = within.select(selector)
    assert len(found) == 1, f"{selector}: {len(found)}"
    return found[0]


def order(within: Tag) -> list[str]:
    """The `data-ckit-action`s in the order of the document."""
    return [str(element["data-ckit-action"]) for element in within.select("[data-ckit-action]")]


# The root


def test_root_holds_banner_reader_status_and_form_in_this_order() -> None:
    """
    One root, and in it the banner, the reader bar, the status and the one form.
    """
    root = one(soup(sent(site())), "ckit-ui#ckit-root[data-ckit-ui=root]")

    assert [child.get("data-ckit-ui") or child["id"] for child in root.find_all(recursive=False)] == [
        "banner",
        "reader",
        "status",
        "ckit-form",
    ]
    assert (root["lang"], root["dir"]) == ("en", "ltr")


def test_first_layer_refuses_first_and_asks_for_terms_apart() -> None:
    """
    Reject, Accept, Choose, and after the links the terms alone.
    """
    banner = one(soup(sent(site())), "[data-ckit-ui=banner]")

    assert order(banner) == ["reject", "accept", "choose", "policies"]
    assert banner.name == "section"
    assert one(banner, "h2#ckit-title").get_text() == "Cookies on Drina Courier"
    assert banner["aria-labelledby"] == "ckit-title"
    assert not banner.select("[data-ckit-part=text] a")
    assert len(one(banner, "[data-ckit-part=text]").get_text().split()) <= 60


def test_accept_and_reject_are_alike() -> None:
    """
    But for name, value and words, both buttons are the same.
    """
    banner = one(soup(sent(site())), "[data-ckit-ui=banner]")
    reject, accept = (one(banner, f"button[data-ckit-action={name}]") for name in ("reject", "accept"))

    assert reject.parent is accept.parent
    assert set(reject.attrs) == set(accept.attrs)
    assert (reject["value"], accept["value"]) == ("reject_all", "accept_all")
    assert reject["name"] == accept["name"] == "action"
    assert reject["form"] == accept["form"] == "ckit-form"


def test_form_carries_token_and_way_back() -> None:
    """
    The form posts the view token and the page's own address.
    """
    form = one(soup(sent(site(), visit(query=b"a=1&b=%3C"))), "form#ckit-form")

    assert (form["method"], form["action"]) == ("post", "/_ckit/choice")
    assert one(form, "input[name=next]")["value"] == "/story?a=1&b=%3C"
    assert str(one(form, "input[name=shown]")["value"]).startswith("banner~en~")


def test_token_is_the_same_for_everyone() -> None:
    """
    Two visitors on two pages carry the same token: it says what was shown, not to whom.
    """
    first = one(soup(sent(site(), visit(path="/a"))), "input[name=shown]")["value"]
    second = one(soup(sent(site(), visit(path="/b", agent="Mobile"))), "input[name=shown]")["value"]

    assert first == second


@pytest.mark.parametrize("notice_text", ["", "plain"])
def test_plain_notice_has_accept_and_close(notice_text: str) -> None:
    """
    Without purposes there is a notice with the policies as links, Accept and Close.
    """
    banner = one(soup(sent(site(purposes=[], notice_text=notice_text))), "[data-ckit-ui=banner]")

    assert order(banner) == ["accept", "dismiss"]
    assert one(banner, "[data-ckit-action=accept]")["value"] == "accept_policies"
    assert [link["href"] for link in banner.select("p a")] == ["/privacy", "/terms"]


def test_classic_notice_says_the_classic_sentence() -> None:
    """
    By using this site, you agree to the Privacy Policy and Terms of Use.
    """
    banner = one(soup(sent(site(purposes=[]))), "[data-ckit-ui=banner]")

    assert one(banner, "p").get_text().strip() == (
        "By using this site, you agree to the Privacy Policy and Terms of Use."
    )


def test_new_terms_are_asked_for_alone_and_leave_the_way_to_withdraw() -> None:
    """
    A new version of the terms links what changed, and Privacy choices stays in the bar.
    """
    settings = site(policies=[PRIVACY, replace(TERMS, version="2")])
    choice = replace(AGREED, terms={"terms": "1"})
    page = soup(sent(settings, visit(choice=choice)))

    assert order(one(page, "[data-ckit-ui=banner]")) == ["accept", "dismiss"]
    assert one(page, "[data-ckit-ui=banner] a[href='/terms/changes']").get_text() == "What changed"
    assert not one(page, "[data-ckit-ui=reader] [data-ckit-action=choose]").has_attr("hidden")


def test_required_terms_have_no_close_that_would_not_close() -> None:
    """
    With `terms_required` the notice comes back at once, so it offers no Close.
    """
    banner = one(soup(sent(site(purposes=[], terms_required=True))), "[data-ckit-ui=banner]")

    assert order(banner) == ["accept"]


def test_accepted_terms_are_not_asked_for_again_in_the_first_layer() -> None:
    """
    Who accepted the terms before sees no Accept terms beside the question about purposes.
    """
    old = replace(chosen(vendors={"counter": True, "tube": True, "maps": True}), terms={"terms": "1"}, vendors={})
    banner = one(soup(sent(site(), visit(choice=replace(old, purposes={})))), "[data-ckit-ui=banner]")

    assert order(banner) == ["reject", "accept", "choose"]


def test_signal_is_said_to_be_honoured() -> None:
    """
    With Global Privacy Control the first layer says so, and names only what Accept all would agree to.
    """
    settings = site(gpc_purposes=("analytics",))
    text = one(soup(sent(settings, visit(gpc=True))), "[data-ckit-part=text]").get_text()

    assert "We honour that." in text
    assert "Statistics" not in text


def test_restricted_purpose_is_not_offered() -> None:
    """
    What the app took away for this request is not in the question; without anything left nothing is asked.
    """
    text = one(soup(sent(site(), restricted=frozenset({"analytics"}))), "[data-ckit-part=text]").get_text()
    nothing = soup(sent(site(), restricted=frozenset({"analytics", "media"})))

    assert "Statistics" not in text
    assert not nothing.select("[data-ckit-ui=banner]")


# Who has chosen


def test_who_has_chosen_sees_the_reader_bar_alone() -> None:
    """
    After a choice there is no banner, and the way to one's choices stands in the bar.
    """
    page = soup(sent(site(), visit(choice=REFUSED)))

    assert not page.select("[data-ckit-ui=banner]")
    assert one(page, "[data-ckit-action=choose]").get_text() == "Privacy choices"
    assert one(page, "[data-ckit-action=choose]")["href"] == "/_ckit/preferences?lang=en&next=/story"


@pytest.mark.parametrize(
    ("choice", "words"),
    [
        (REFUSED, "You rejected"),
        (AGREED, "You accepted all"),
        (chosen(vendors={"counter": True, "tube": False, "maps": False}), "Your choices are saved"),
        (chosen(vendors={"counter": False, "tube": True, "maps": False}), "Your choices are saved"),
    ],
    ids=["rejected", "accepted", "saved", "one vendor"],
)
def test_status_says_what_was_chosen(choice: Choice, words: str) -> None:
    """
    The page itself says what was chosen, for `#ckit-saved` shows it where no script runs.
    """
    today = replace(choice, day=NOON.date())
    status = one(soup(sent(site(), visit(choice=today))), "[data-ckit-ui=status][role=status] #ckit-saved")

    assert status.get_text().startswith(words)
    assert status["tabindex"] == "-1"


def test_what_was_chosen_on_another_day_is_not_said_again() -> None:
    """
    A form is answered at once, so later pages are spared the sentence; one may pass midnight on the way.
    """
    said = [
        one(soup(sent(site(), visit(choice=replace(REFUSED, day=NOON.date() - timedelta(days=ago))))), "#ckit-saved")
        for ago in (1, 2)
    ]

    assert [bool(each.get_text()) for each in said] == [True, False]


def test_state_stands_on_the_root_for_script() -> None:
    """
    What may run is written by the server; script reads it there.
    """
    root = one(soup(sent(site(), visit(choice=AGREED))), "#ckit-root")

    assert root["data-ckit-granted"] == "analytics media"
    assert root["data-ckit-vendors"] == "counter maps tube"


# The reader bar


def stops(bar: Tag) -> int:
    """Tab stops of a bar whose disclosures are closed."""
    inside = [
        link for link in bar.select("a, button") if not link.find_parent("details") and not link.has_attr("hidden")
    ]
    return len(inside) + len(bar.select("summary"))


@pytest.mark.parametrize("asking", [True, False], ids=["asking", "chosen"])
@pytest.mark.parametrize("policies", [[], [PRIVACY], [PRIVACY, replace(PRIVACY, name="cookies", url="/cookies")]])
@pytest.mark.parametrize("with_purposes", [True, False])
def test_bar_costs_at_most_three_stops(asking: bool, policies: list[Policy], with_purposes: bool) -> None:
    """
    Text size, the mobile link, and one more: whatever the site has.
    """
    settings = site(policies=policies) if with_purposes else site(policies=policies, purposes=[])
    visitor = visit() if asking else visit(choice=REFUSED)
    bar = one(soup(sent(settings, visitor, Page(lang="en"))), "[data-ckit-ui=reader]")

    assert stops(bar) <= 3
    assert one(bar, "[data-ckit-action=view]")


def test_policies_are_links_where_nothing_is_asked() -> None:
    """
    A site with documents only asks nothing, and links them in the bar.
    """
    page = soup(sent(site(purposes=[], policies=[PRIVACY])))

    assert not page.select("[data-ckit-ui=banner]")
    assert one(page, "[data-ckit-ui=reader] a[href='/privacy']").get_text() == "Privacy Policy"


def test_text_sizes_are_links() -> None:
    """
    Without script each step is a link; at the end of the scale it is none.
    """
    visitor = visit(reader=ReaderChoice(text_size=150))
    bar = one(soup(sent(site(), visitor)), "[data-ckit-ui=reader]")
    links = {str(link["data-ckit-action"]): link.get("href") for link in bar.select("details [data-ckit-action]")}

    assert links == {
        "text-smaller": "/_ckit/reader?text=125&next=/story",
        "text-larger": "/_ckit/reader?text=175&next=/story",
        "text-reset": "/_ckit/reader?text=100&next=/story",
    }
    assert one(bar, "[data-ckit-value=text]").get_text() == "150%"


def test_largest_size_has_no_larger() -> None:
    """
    A step that does not exist is disabled, not missing: the panel does not jump.
    """
    bar = one(soup(sent(site(), visit(reader=ReaderChoice(text_size=200)))), "[data-ckit-ui=reader]")
    larger = one(bar, "[data-ckit-action=text-larger]")

    assert not larger.has_attr("href")
    assert larger["aria-disabled"] == "true"


PHONE = "Mozilla/5.0 (iPhone) Mobile"


@pytest.mark.parametrize(
    ("viewport", "mobile", "view", "agent", "expected"),
    [
        ("width=device-width", "auto", None, "", None),
        ("WIDTH = Device-Width", "auto", None, "", None),
        (None, "auto", None, "", "mobile"),
        ("width=980", "auto", None, PHONE, "mobile"),
        (None, None, None, "", None),
        (None, "auto", "mobile", "", "desktop"),
        ("width=device-width", "auto", "mobile", "", "desktop"),
        ("width=device-width", "auto", "desktop", PHONE, "auto"),
        ("width=device-width", "auto", "desktop", "Firefox", None),
        (None, "auto", "desktop", PHONE, "mobile"),
        ("width=device-width", "always", None, PHONE, "desktop"),
        ("width=device-width", "always", None, "Firefox", "mobile"),
    ],
)
def test_other_version_is_offered_where_it_makes_a_difference(
    viewport: str | None, mobile: str | None, view: str | None, agent: str, expected: str | None
) -> None:
    """
    A page that fits every screen needs no link to a mobile version.
    """
    visitor = visit(reader=ReaderChoice(view=view), agent=agent)
    bar = one(soup(sent(site(mobile=mobile), visitor, Page(lang="en", viewport=viewport))), "[data-ckit-ui=reader]")
    links = bar.select("[data-ckit-action=view]")

    assert [link["href"] for link in links] == ([f"/_ckit/reader?view={expected}&next=/story"] if expected else [])
    assert all(link["rel"] == ["nofollow"] for link in links)


# Addresses


def test_base_makes_addresses_whole() -> None:
    """
    In a page with `<base>` a path would lead elsewhere.
    """
    page = sent(site(), visit(host="courier.example:8000"), replace(RESPONSIVE, has_base=True))
    addresses = [
        str(tag.get("href") or tag.get("action"))
        for tag in soup(page).select("[href]:not([href*='//www.w3.org/']), form")
    ]

    assert addresses
    assert all(address.startswith("http://courier.example:8000/") for address in addresses)


def test_site_decides_the_scheme() -> None:
    """
    Behind a TLS proxy the request says http; the configured address knows better.
    """
    settings = site(url="https://courier.example")
    form = one(soup(sent(settings, visit(), replace(RESPONSIVE, has_base=True))), "form")

    assert form["action"] == "https://courier.example/_ckit/choice"


def test_mounted_app_has_its_own_prefix() -> None:
    """
    Everything lies under root_path, the owner's policies too.
    """
    page = soup(sent(site(), visit(root_path="/paper")))

    assert one(page, "form")["action"] == "/paper/_ckit/choice"
    assert one(page, "input[name=next]")["value"] == "/paper/story"
    assert page.select("a[href='/paper/privacy']")


HOSTILE = [
    '"><script>alert(1)</script>',
    "'onmouseover='x",
    "</ckit-ui><img src=x>",
    "&lt;b&gt;",
    "\x1anext\x1b",
    "{{next}}",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_texts_stay_text(text: str) -> None:
    """
    Names of the site, its documents and companies are shown as they are and never become markup.
    """
    settings = site(
        name=text,
        controller=text,
        policies=[replace(PRIVACY, title=text, url="/a?b=" + text)],
        purposes=[Purpose("own", title=text, text=text, vendors=())],
    )
    page = soup(sent(settings))

    assert not page.select("ckit-ui script, ckit-ui img, ckit-ui [onmouseover]")
    assert len(page.select("ckit-ui")) == 1


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("has_base", [True, False])
def test_hostile_requests_stay_in_their_attribute(text: str, has_base: bool) -> None:
    """
    Path, query and host of a request can't break out of the page, nor lead to another site.
    """
    visitor = visit(path="/" + text, query=text.encode(), host=text)
    page = soup(sent(site(), visitor, replace(RESPONSIVE, has_base=has_base)))

    assert not page.select("ckit-ui script, ckit-ui img, ckit-ui [onmouseover]")
    assert str(one(page, "form")["action"]) == "/_ckit/choice"
    assert str(one(page, "input[name=next]")["value"]).startswith("/")


@pytest.mark.parametrize("path", ["//evil.example/", "/\\evil.example", "///evil.example"])
def test_way_back_stays_on_this_host(path: str) -> None:
    """
    Two slashes would name another host.
    """
    value = str(one(soup(sent(site(), visit(path=path))), "input[name=next]")["value"])

    assert value.startswith("/")
    assert not value.startswith(("//", "/\\"))


def test_endless_address_is_cut_short() -> None:
    """
    A page whose address is too long to stand in it six times goes back to the root.
    """
    assert one(soup(sent(site(), visit(query=b"a" * 5000))), "input[name=next]")["value"] == "/"


# Languages


@pytest.mark.parametrize("tag", Catalogues().tags)
@pytest.mark.parametrize("choice", [None, REFUSED], ids=["asking", "chosen"])
def test_every_language_renders_in_ascii(tag: str, choice: Choice | None) -> None:
    """
    Whatever the page's charset, ours can be read: ASCII with character references.
    """
    page = sent(site(), visit(choice=choice), Page(lang=tag, viewport=RESPONSIVE.viewport))
    root = one(soup(page), "#ckit-root")

    assert root["lang"] == tag
    assert root["dir"] == ("rtl" if tag in ("ar", "he", "fa") else "ltr")
    assert page.html.isascii()


def test_app_has_the_first_word_on_language() -> None:
    """
    The app's word, the page, its headers, the browser: in this order.
    """
    hints = Hints(app="fr", content_language="bs", accept_language="de")

    assert one(soup(sent(site(), page=Page(lang="hr"), hints=hints)), "#ckit-root")["lang"] == "fr"
    assert one(soup(sent(site(), page=Page(lang="hr"), hints=replace(hints, app=None))), "#ckit-root")["lang"] == "hr"
    assert one(soup(sent(site(), page=Page(), hints=replace(hints, app=None))), "#ckit-root")["lang"] == "bs"


def test_amp_page_gets_nothing() -> None:
    """
    A single element of ours would make an AMP page invalid.
    """
    page = sent(site(), page=replace(RESPONSIVE, amp=True))

    assert (page.late, page.body) == (b"", b"")


def test_markup_is_well_formed() -> None:
    """
    The same bytes go into XHTML.
    """
    import xml.etree.ElementTree as ElementTree

    for choice in (None, REFUSED):
        page = sent(site(), visit(choice=choice, reader=ReaderChoice(text_size=150, view="mobile")), Page(lang="en"))
        ElementTree.fromstring(f"<x>{page.html}</x>")


# What it weighs (design 7)

FIRST_VISIT = 6 * 1024  # bytes of gzip
LATER = 1536  # bytes of gzip
STORY = (
    b'<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>The river</title><style>body{margin:0 auto;'
    b"max-width:44rem;padding:1rem;font:1.1rem/1.6 Georgia,serif;color:#222}a{color:#04c}</style></head>"
    b"<body>"
    + b"".join(
        b'<article class="story"><h2><a href="/story/%d">The river rose again in the night</a></h2><p>%d boats and the'
        b" ferry stayed on the other bank until noon, said the harbour master.</p></article>" % (number, number * 7)
        for number in range(60)
    )
    + b"</body></html>"
)


def weight(page: Sent) -> int:
    """What our parts add to a page that is sent with gzip."""
    whole = STORY.replace(b"</head>", page.late + b"</head>").replace(b"<body>", b"<body>" + page.body)
    return len(gzip.compress(whole, 6)) - len(gzip.compress(STORY, 6))


@pytest.mark.parametrize("tag", Catalogues().tags)
def test_first_visit_weighs_at_most_six_kibibytes(tag: str) -> None:
    """
    Banner, style and script of a first visit, in any language.
    """
    assert weight(sent(site(), page=replace(RESPONSIVE, lang=tag))) <= FIRST_VISIT


@pytest.mark.parametrize("tag", Catalogues().tags)
def test_later_visits_weigh_a_quarter_of_that(tag: str) -> None:
    """
    Who has chosen, on another day, gets the reader bar and little else; in any language.
    """
    settings, page = site(url="https://courier.example"), replace(RESPONSIVE, lang=tag)

    assert max(weight(sent(settings, visit(choice=choice), page)) for choice in (REFUSED, AGREED)) <= LATER
