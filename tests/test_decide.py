"""What follows from a visit: what may run, what is asked, which size and version."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from consentkit.choose import Form, choose
from consentkit.decide import (
    MAX_DECISIONS,
    Asking,
    Decision,
    Decisions,
    check_purposes,
    covers,
    decide,
    must_ask,
    offer,
    reading,
    standing,
)
from consentkit.errors import UnknownPurpose, UnknownVendor
from consentkit.settings import Site
from consentkit.visit import Device
from consentkit.vocabulary import Action, Choice, Policy, Purpose, Vendor
from tests.response.visits import TODAY, visit
from tests.settings.sites import ANALYTICS, AUDIENCE, COUNTER, MAPS, MARKETING, MEDIA, PRIVACY, TERMS, TUBE, courier

# No time is asserted: a shared machine is slow now and then.
law = hypothesis_settings(deadline=None)

NONE: frozenset[str] = frozenset()
GPC = {"sec-gpc": "1"}
SITE = courier()
NEW_TERMS = courier(policies=[PRIVACY, replace(TERMS, version="2027-01-01")])
WITH_AUDIENCE = courier(purposes=[ANALYTICS, replace(AUDIENCE, vendors=[TUBE])])
DOCUMENTS = courier(purposes=[])


def chosen(site: Site, action: Action, old: Choice | None = None, **ticks: Any) -> Choice:
    return choose(site, old, Form(action, **ticks), NONE, TODAY)


YES = chosen(SITE, Action.ACCEPT_ALL)
NO = chosen(SITE, Action.REJECT_ALL)
SOME = chosen(SITE, Action.SAVE, purposes=frozenset({"media"}), vendors=frozenset({"tube"}))


def decided(site: Site, choice: Choice | None, restricted: frozenset[str] = NONE, **request: Any) -> Decision:
    return decide(site, visit(choice=choice, **request), restricted)


@pytest.mark.parametrize(
    ("choice", "allowed", "granted", "asking"),
    [
        (None, set(), set(), Asking.PURPOSES),
        (YES, {"counter", "tube", "maps", "ads"}, {"analytics", "media", "marketing"}, Asking.NOTHING),
        (NO, set(), set(), Asking.NOTHING),
        (SOME, {"tube"}, set(), Asking.NOTHING),
    ],
    ids=["never asked", "accepted", "refused", "one vendor"],
)
def test_only_what_was_agreed_to_runs(
    choice: Choice | None, allowed: set[str], granted: set[str], asking: Asking
) -> None:
    """
    Nothing runs before an answer; then what was agreed to does, and a purpose counts when all its vendors may.
    """
    decision = decided(SITE, choice)

    assert decision.allowed == allowed
    assert decision.granted == granted
    assert decision.asking is asking
    assert decision.has_chosen is (choice is not None)


def test_an_expired_or_forged_choice_runs_nothing() -> None:
    """
    A choice that can't be trusted is no choice, so everything is held and asked again.
    """
    later = decide(SITE, visit(choice=YES, now=visit().now + timedelta(days=200)))
    forged = decide(SITE, visit(cookie="ckit=v=1&g=analytics.forged"))

    for decision in (later, forged):
        assert (decision.allowed, decision.asking) == (NONE, Asking.PURPOSES)


def test_an_old_yes_does_not_cover_a_new_vendor() -> None:
    """
    A choice made before a vendor was added is asked for again, and the new vendor waits meanwhile.
    """
    larger = courier(purposes=[replace(ANALYTICS, vendors=[COUNTER, Vendor("video", title="V")]), MEDIA, MARKETING])

    decision = decided(larger, YES)

    assert decision.asking is Asking.PURPOSES
    assert "counter" in decision.allowed
    assert "video" not in decision.allowed
    assert "analytics" not in decision.granted


def test_an_old_yes_does_not_cover_a_new_purpose() -> None:
    """
    A choice made before a purpose was added is asked for again.
    """
    larger = courier(purposes=[ANALYTICS, MEDIA, MARKETING, Purpose("functional")])

    decision = decided(larger, YES)

    assert decision.asking is Asking.PURPOSES
    assert "functional" not in decision.granted


@pytest.mark.parametrize(
    "changed",
    [
        courier(purposes=[ANALYTICS, MEDIA]),
        courier(purposes=[ANALYTICS, replace(MEDIA, vendors=[TUBE]), MARKETING]),
        courier(purposes=[replace(ANALYTICS, title="Counting", text="We count."), MEDIA, MARKETING]),
        courier(purposes=[MARKETING, MEDIA, ANALYTICS]),
        courier(name="Other name", language="bs", texts={"en": {"banner.title": "Biscuits"}}),
    ],
    ids=["purpose removed", "vendor removed", "reworded", "reordered", "texts changed"],
)
@pytest.mark.parametrize("choice", [YES, NO], ids=["yes", "no"])
def test_a_removal_or_a_new_wording_asks_nobody(changed: Site, choice: Choice) -> None:
    """
    Only what is added asks again; a removal, another order or other words do not.
    """
    decision = decided(changed, choice)

    assert decision.asking is Asking.NOTHING
    assert decision.granted == ({purpose.name for purpose in changed.asked} if choice is YES else set())


def test_the_offer_knows_purposes_and_vendors_only() -> None:
    """
    The hash of the offer changes with ids, and a vendor that changes its purpose changes it too.
    """
    moved = courier(purposes=[replace(ANALYTICS, vendors=[COUNTER, MAPS]), replace(MEDIA, vendors=[TUBE]), MARKETING])

    assert offer(SITE) == offer(courier(name="Other", language="bs"))
    assert offer(SITE) != offer(moved)


@pytest.mark.parametrize(
    ("day", "asking"),
    [("2026-11-23", Asking.NOTHING), ("2026-11-24", Asking.NOTHING), ("2026-11-25", Asking.PURPOSES)],
    ids=["before the choice", "on its day", "after it"],
)
def test_an_owner_can_ask_everybody_again(day: str, asking: Asking) -> None:
    """
    Who chose before `ask_again` is asked again, and until then nothing runs by the old choice.
    """
    decision = decided(courier(ask_again=day), YES)

    assert decision.asking is asking
    assert bool(decision.allowed) is (asking is Asking.NOTHING)


def test_asking_again_keeps_terms_and_objections() -> None:
    """
    `ask_again` is about consent: accepted terms have versions of their own, and an objection stands till taken back.
    """
    again = replace(WITH_AUDIENCE, ask_again="2026-12-01")
    objecting = chosen(
        WITH_AUDIENCE, Action.SAVE, purposes=frozenset({"analytics"}), objections=frozenset({"audience"})
    )
    choice = chosen(WITH_AUDIENCE, Action.ACCEPT_POLICIES, objecting)

    decision = decided(again, choice)

    assert decision.asking is Asking.PURPOSES
    assert decision.accepted == {"terms"}
    assert (decision.allowed, decision.granted) == (NONE, NONE)


def test_no_choice_stands_for_nothing() -> None:
    """
    Without a choice there is nothing to ask again.
    """
    assert standing(courier(ask_again="2026-11-25"), None) is None


# Global Privacy Control


@pytest.mark.parametrize("choice", [None, YES, NO], ids=["never asked", "yes", "no"])
def test_privacy_control_denies_marketing_before_anything_is_sent(choice: Choice | None) -> None:
    """
    With GPC marketing does not run, whatever was agreed to before the signal was there.
    """
    decision = decided(SITE, choice, headers=GPC)

    assert decision.denied == {"marketing"}
    assert "ads" not in decision.allowed
    assert "marketing" not in decision.granted


def test_privacy_control_leaves_other_purposes_alone() -> None:
    """
    What GPC does not mean stays as it was chosen.
    """
    decision = decided(SITE, YES, headers=GPC)

    assert decision.granted == {"analytics", "media"}


def test_privacy_control_denies_what_the_owner_says() -> None:
    """
    `gpc_purposes` says which purposes the signal means; a purpose without vendors is denied as well.
    """
    site = courier(purposes=[ANALYTICS, Purpose("functional")], gpc_purposes=["functional"])

    decision = decided(site, chosen(site, Action.ACCEPT_ALL), headers=GPC)

    assert decision.granted == {"analytics"}


def test_who_insists_is_heard_above_the_signal() -> None:
    """
    A purpose agreed to one by one while the signal was there runs.
    """
    form = Form(Action.SAVE, purposes=frozenset({"marketing"}))
    choice = choose(SITE, None, form, frozenset({"marketing"}), TODAY)

    decision = decided(SITE, choice, headers=GPC)

    assert decision.granted == {"marketing"}


def test_without_the_signal_nothing_is_denied() -> None:
    """
    GPC is what the browser says with each request.
    """
    assert decided(SITE, YES).denied == set()


# Exempt purposes


@pytest.mark.parametrize(
    ("objections", "allowed"), [(NONE, {"tube"}), (frozenset({"audience"}), set())], ids=["no objection", "objection"]
)
def test_an_exempt_purpose_runs_until_objected_to(objections: frozenset[str], allowed: set[str]) -> None:
    """
    What the law exempts runs without asking, until the visitor objects.
    """
    before = decided(WITH_AUDIENCE, None)
    after = decided(WITH_AUDIENCE, chosen(WITH_AUDIENCE, Action.SAVE, objections=objections))

    assert before.allowed == {"tube"}
    assert after.allowed == allowed
    assert ("audience" in after.granted) is bool(allowed)


def test_rejecting_all_is_no_objection() -> None:
    """
    Reject all answers what was asked; what is exempt was not.
    """
    decision = decided(WITH_AUDIENCE, chosen(WITH_AUDIENCE, Action.REJECT_ALL))

    assert decision.granted == {"audience"}


def test_an_objection_covers_vendors_that_come_later() -> None:
    """
    An objection is against the purpose, so a vendor added to it later does not run either.
    """
    objection = chosen(WITH_AUDIENCE, Action.SAVE, objections=frozenset({"audience"}))
    larger = courier(purposes=[ANALYTICS, replace(AUDIENCE, vendors=[TUBE, MAPS])])

    decision = decided(larger, objection)

    assert decision.allowed == set()


def test_not_to_object_is_no_consent() -> None:
    """
    When an owner begins to ask for what was exempt, nobody has agreed to it yet.
    """
    saved = chosen(WITH_AUDIENCE, Action.SAVE, purposes=frozenset({"analytics"}))
    asking = courier(purposes=[ANALYTICS, replace(AUDIENCE, basis="consent", vendors=[TUBE])])

    decision = decided(asking, saved)

    assert decision.asking is Asking.PURPOSES
    assert decision.granted == {"analytics"}


def test_a_refusal_outlives_the_question() -> None:
    """
    When an owner declares exempt what a visitor had refused, the refusal is an objection.
    """
    exempt = courier(purposes=[ANALYTICS, MEDIA, replace(MARKETING, basis="exempt", reason="R", title="M")])

    decision = decided(exempt, NO)

    assert decision.allowed == set()


# What the app takes away, and children


def test_what_the_app_takes_away_does_not_run() -> None:
    """
    A restricted purpose neither runs nor counts as granted, for this request.
    """
    decision = decided(SITE, YES, frozenset({"marketing"}))

    assert decision.restricted == {"marketing"}
    assert decision.granted == {"analytics", "media"}
    assert "ads" not in decision.allowed


def test_exempt_purposes_can_be_taken_away_too() -> None:
    """
    The app's word counts for what needs no consent as well, with and without vendors.
    """
    decision = decided(courier(purposes=[AUDIENCE]), None, frozenset({"audience"}))

    assert decision.granted == set()


@pytest.mark.parametrize(
    ("restricted", "asking"),
    [
        (frozenset({"marketing"}), Asking.PURPOSES),
        (frozenset({"analytics", "media", "marketing"}), Asking.NOTHING),
    ],
    ids=["one of three", "all"],
)
def test_nobody_is_asked_about_what_was_taken_away(restricted: frozenset[str], asking: Asking) -> None:
    """
    The question goes on for what is left, and is not asked when nothing is.
    """
    site = courier(policies=[])

    assert decided(site, None, restricted).asking is asking


def test_who_answered_what_is_left_is_not_asked_again() -> None:
    """
    A choice made where a purpose was taken away counts there; where it is offered, it is asked for.
    """
    restricted = frozenset({"marketing"})
    choice = choose(SITE, None, Form(Action.ACCEPT_ALL), NONE, TODAY, restricted)

    assert decided(SITE, choice, restricted).asking is Asking.NOTHING
    assert decided(SITE, choice).asking is Asking.PURPOSES


def test_children_are_offered_nothing_and_nothing_runs() -> None:
    """
    On a site for children an agreement given before it became one counts no more.
    """
    decision = decided(courier(audience="children"), YES)

    assert (decision.allowed, decision.granted) == (NONE, NONE)
    assert decision.asking is not Asking.PURPOSES


# Terms


def test_documents_that_nobody_accepts_ask_nothing() -> None:
    """
    Without terms and purposes there is no question.
    """
    site = courier(purposes=[], policies=[PRIVACY])

    assert decided(site, None).asking is Asking.NOTHING


@pytest.mark.parametrize(
    ("action", "asking", "accepted"),
    [
        (None, Asking.NOTICE, set()),
        (Action.ACCEPT_POLICIES, Asking.NOTHING, {"terms"}),
        (Action.ACCEPT_ALL, Asking.NOTHING, {"terms"}),
        (Action.DISMISS, Asking.NOTHING, set()),
    ],
    ids=["never asked", "accepted", "accept all", "closed"],
)
def test_a_site_of_documents_shows_the_plain_notice(action: Action | None, asking: Asking, accepted: set[str]) -> None:
    """
    With terms and no purposes the plain notice stands until it is accepted or closed; only Accept accepts.
    """
    decision = decided(DOCUMENTS, chosen(DOCUMENTS, action) if action else None)

    assert decision.asking is asking
    assert decision.accepted == accepted
    assert not decision.has_chosen


def test_a_closed_notice_comes_back_with_a_new_version() -> None:
    """
    Closing lasts until a terms version changes.
    """
    newer = courier(purposes=[], policies=[replace(TERMS, version="2027-01-01")])

    assert decided(newer, chosen(DOCUMENTS, Action.DISMISS)).asking is Asking.NOTICE


@pytest.mark.parametrize("action", [Action.ACCEPT_ALL, Action.REJECT_ALL, Action.SAVE])
def test_any_cookie_choice_closes_the_banner(action: Action) -> None:
    """
    Beside purposes the terms are the app's business: a cookie choice does not accept them, and ends the question.
    """
    decision = decided(SITE, chosen(SITE, action))

    assert (decision.asking, decision.accepted) == (Asking.NOTHING, NONE)


def test_required_terms_stay_after_a_cookie_choice() -> None:
    """
    With `terms_required` the notice stays until the terms are accepted, and can't be closed.
    """
    site = courier(terms_required=True)
    closed = chosen(site, Action.DISMISS, YES)

    assert decided(site, YES).asking is Asking.NOTICE
    assert decided(site, closed).asking is Asking.NOTICE
    assert decided(site, chosen(site, Action.ACCEPT_POLICIES, YES)).asking is Asking.NOTHING


def test_new_terms_are_asked_for_alone() -> None:
    """
    Who accepted an older version is asked for the new one, and for nothing else; until then it is not accepted.
    """
    choice = chosen(SITE, Action.ACCEPT_POLICIES, YES)

    decision = decided(NEW_TERMS, choice)

    assert decision.asking is Asking.TERMS
    assert decision.accepted == set()
    assert decision.granted == {"analytics", "media", "marketing"}


def test_closing_the_question_for_new_terms_closes_it() -> None:
    """
    Close means closed: not asked again in this browser until the version changes once more.
    """
    choice = chosen(NEW_TERMS, Action.DISMISS, chosen(SITE, Action.ACCEPT_POLICIES, YES))
    newest = courier(policies=[replace(TERMS, version="2028-01-01")])

    assert decided(NEW_TERMS, choice).asking is Asking.NOTHING
    assert decided(newest, choice).asking is Asking.TERMS


def test_required_new_terms_stay_when_closed() -> None:
    """
    Terms that are required are asked for until they are accepted.
    """
    required = replace(NEW_TERMS, terms_required=True)
    choice = chosen(required, Action.DISMISS, chosen(SITE, Action.ACCEPT_POLICIES, YES))

    assert decided(required, choice).asking is Asking.TERMS


def test_every_terms_has_to_be_accepted() -> None:
    """
    One of two accepted is asked for the other; a notice is never accepted.
    """
    shop = Policy("shop", url="/shop", version="1", kind="terms", title="Shop")
    site = courier(purposes=[], policies=[PRIVACY, TERMS, shop])
    choice = chosen(DOCUMENTS, Action.ACCEPT_POLICIES)

    decision = decided(site, choice)

    assert (decision.asking, decision.accepted) == (Asking.TERMS, frozenset({"terms"}))


def test_a_new_purpose_comes_before_new_terms() -> None:
    """
    When both changed, the first layer asks; it carries the terms too.
    """
    site = replace(NEW_TERMS, purposes=[*NEW_TERMS.purposes, Purpose("functional")])

    assert must_ask(site, chosen(SITE, Action.ACCEPT_POLICIES, YES)) is Asking.PURPOSES


# Asking the decision


def test_a_decision_answers_by_purpose_and_vendor() -> None:
    """
    `allows` tells for a purpose and for one vendor of it.
    """
    decision = decided(SITE, SOME)

    assert decision.allows(SITE, "media", "tube")
    assert not decision.allows(SITE, "media", "maps")
    assert not decision.allows(SITE, "media")
    assert decided(SITE, YES).allows(SITE, "media")


def test_an_unknown_name_is_never_a_silent_no() -> None:
    """
    A misspelt purpose or vendor raises, and so does a vendor of another purpose.
    """
    decision = decided(SITE, YES)

    with pytest.raises(UnknownPurpose, match="known purposes: analytics, marketing, media"):
        decision.allows(SITE, "medias")
    with pytest.raises(UnknownVendor, match="Unknown vendor 'ads'; known vendors: maps, tube"):
        decision.allows(SITE, "media", "ads")
    with pytest.raises(UnknownPurpose, match="Unknown purpose 'sale'"):
        check_purposes(SITE, frozenset({"sale"}))


def test_known_names_pass() -> None:
    """
    Declared purposes can be taken away.
    """
    check_purposes(SITE, frozenset({"media", "analytics"}))

    assert covers(SITE, YES)


# Text size and view


@pytest.mark.parametrize(
    ("cookie", "options", "size"),
    [
        ("ckit_reader=150.-", {}, 150),
        ("ckit_reader=100.-", {}, None),
        ("ckit_reader=151.-", {}, None),
        ("", {}, None),
        ("ckit_reader=150.-", {"text_size": None}, None),
    ],
    ids=["chosen", "the page's own", "not offered", "unset", "switched off"],
)
def test_the_text_size_is_what_the_reader_chose(cookie: str, options: Mapping[str, Any], size: int | None) -> None:
    """
    A chosen size counts where the site offers sizes; 100 % is the page's own.
    """
    assert decided(courier(**options), None, cookie=cookie).text_size == size


@pytest.mark.parametrize(
    ("cookie", "query", "options", "view"),
    [
        ("ckit_reader=-.mobile", b"", {}, "mobile"),
        ("ckit_reader=-.mobile", b"ckit_view=desktop", {}, "desktop"),
        ("ckit_reader=-.tablet", b"", {}, None),
        ("", b"", {}, None),
        ("ckit_reader=-.mobile", b"ckit_view=mobile", {"mobile": None}, None),
    ],
    ids=["chosen", "address wins", "unknown", "unset", "switched off"],
)
def test_the_view_is_what_the_reader_chose(
    cookie: str, query: bytes, options: Mapping[str, Any], view: str | None
) -> None:
    """
    A view in the address wins over the cookie, where the site offers views.
    """
    assert decided(courier(**options), None, cookie=cookie, query=query).view == view


@pytest.mark.parametrize(
    ("agent", "cookie", "view", "size"),
    [
        ("iPhone", "", "mobile", 100),
        ("iPhone", "ckit_reader=-.desktop", "desktop", 100),
        ("", "ckit_reader=175.mobile", "mobile", 175),
        ("X11", "", "desktop", 100),
    ],
)
def test_the_app_is_told_what_the_page_is_in(agent: str, cookie: str, view: str, size: int) -> None:
    """
    Without a choice the view is what suits the device, and the size is 100 %.
    """
    asked = visit(headers={"user-agent": agent}, cookie=cookie)

    told = reading(decide(SITE, asked), asked)

    assert (told.view, told.text_size) == (view, size)
    assert told.device in (Device.PHONE, Device.DESKTOP, Device.UNKNOWN)


# Laws

IDS = st.sampled_from(["analytics", "media", "marketing", "audience", "counter", "tube", "maps", "ads", "nobody"])
ANSWERS = st.dictionaries(IDS, st.booleans())
VERSIONS = st.dictionaries(st.sampled_from(["terms", "privacy"]), st.sampled_from(["2026-11-01", "1"]))
CHOICES = st.builds(
    Choice,
    day=st.dates(date(2026, 10, 1), TODAY),
    expires=st.dates(TODAY + timedelta(days=1), date(2027, 5, 1)),
    purposes=ANSWERS,
    vendors=ANSWERS,
    terms=VERSIONS,
    closed=VERSIONS,
    insisted=st.frozensets(IDS, max_size=3),
    offer=st.sampled_from(["", offer(SITE), "0123456789abcdef"]),
)
SITES = st.sampled_from(
    [
        SITE, DOCUMENTS, NEW_TERMS, WITH_AUDIENCE, courier(audience="children"), courier(policies=[]),
        courier(ask_again="2026-11-20"), courier(terms_required=True), courier(gpc_purposes=["analytics", "media"]),
        courier(purposes=[Purpose("analytics"), AUDIENCE]),
    ]
)  # fmt: skip


@law
@given(SITES, st.none() | CHOICES, st.booleans(), st.frozensets(IDS, max_size=3))
def test_there_is_a_decision_for_every_visit(
    site: Site, choice: Choice | None, gpc: bool, restricted: frozenset[str]
) -> None:
    """
    Every visit of every site is decided, and nothing runs that was refused, denied, taken away or never agreed to.
    """
    given_choice = replace(visit().cookies, choice=choice)
    asked = replace(visit(headers=GPC if gpc else {}), cookies=given_choice)

    decision = decide(site, asked, restricted)

    exempt = {vendor.name for p in site.exempt for vendor in p.vendors if isinstance(vendor, Vendor)}
    agreed = {name for name, yes in (choice.vendors if choice else {}).items() if yes}
    assert decision.allowed <= agreed | exempt
    assert not decision.granted & restricted
    assert decision.granted <= {purpose.name for purpose in (*site.asked, *site.exempt)}
    assert not decision.granted & decision.denied - (choice.insisted if choice else NONE)
    assert (decision.asking is Asking.NOTHING) or site.asked or site.terms


@law
@given(SITES, CHOICES, st.frozensets(IDS, max_size=3))
def test_taking_away_never_gives(site: Site, choice: Choice, restricted: frozenset[str]) -> None:
    """
    With the signal, or with purposes taken away, never more runs than without.
    """
    cookies = replace(visit().cookies, choice=choice)
    free = decide(site, replace(visit(), cookies=cookies))

    signalled = decide(site, replace(visit(headers=GPC), cookies=cookies))
    taken = decide(site, replace(visit(), cookies=cookies), restricted)

    for lesser in (signalled, taken):
        assert lesser.allowed <= free.allowed
        assert lesser.granted <= free.granted


@law
@given(SITES, st.lists(st.tuples(st.none() | CHOICES, st.booleans(), st.frozensets(IDS, max_size=3)), max_size=4))
def test_a_remembered_decision_is_the_decision(
    site: Site, visits: list[tuple[Choice | None, bool, frozenset[str]]]
) -> None:
    """
    Remembering changes no answer, in whatever order visitors come.
    """
    decisions = Decisions(site)

    for choice, gpc, restricted in [*visits, *visits]:
        asked = visit(headers=GPC if gpc else {}, cookie="ckit_reader=150.mobile" if gpc else "")
        asked = replace(asked, cookies=replace(asked.cookies, choice=choice))
        assert decisions.of(asked, restricted) == decide(site, asked, restricted)


def test_decisions_are_remembered_within_bounds() -> None:
    """
    More kinds of visitors than are remembered are all decided rightly.
    """
    decisions = Decisions(SITE)
    expiries = [TODAY + timedelta(days=1 + days) for days in range(MAX_DECISIONS + 1)]

    for expires in expiries:
        asked = replace(visit(), cookies=replace(visit().cookies, choice=replace(YES, expires=expires)))
        assert decisions.of(asked).granted == {"analytics", "media", "marketing"}
    assert decisions.of(visit()).granted == set()
