"""What a press of a button makes of the present choice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from consentkit.choose import (
    REDUCING,
    Form,
    accepts_terms,
    choose,
    grants_something,
    parse_form,
    takes_away,
)
from consentkit.cookies import MAX_VALUE, Seal, write_choice
from consentkit.decide import covers, decide, offer
from consentkit.settings import Site
from consentkit.vocabulary import Action, Choice, Policy, Purpose, Vendor
from tests.response.visits import TODAY, visit
from tests.settings.sites import ADS, ANALYTICS, AUDIENCE, COUNTER, MARKETING, MEDIA, SECRET, TERMS, TUBE, courier

# No time is asserted: a shared machine is slow now and then.
law = hypothesis_settings(deadline=None)

NONE: frozenset[str] = frozenset()
SIGNAL = frozenset({"marketing"})
SITE = courier()
WITH_AUDIENCE = courier(purposes=[ANALYTICS, replace(AUDIENCE, vendors=[TUBE])])
DOCUMENTS = courier(purposes=[])
LATER = TODAY + timedelta(days=30)


def form(action: Action, purposes: Sequence[str] = (), vendors: Sequence[str] = (), **more: Any) -> Form:
    return Form(action, purposes=frozenset(purposes), vendors=frozenset(vendors), **more)


def chosen(
    site: Site, sent: Form, old: Choice | None = None, denied: frozenset[str] = NONE, today: date = TODAY
) -> Choice:
    return choose(site, old, sent, denied, today)


YES = chosen(SITE, form(Action.ACCEPT_ALL))
NO = chosen(SITE, form(Action.REJECT_ALL))


# The form


def test_a_form_is_read_from_its_fields() -> None:
    """
    Purposes, vendors and objections may be repeated; of the others the first counts.
    """
    fields = [
        ("action", "save"), ("action", "accept_all"), ("purpose", "media"), ("purpose", "analytics"),
        ("vendor", "tube"), ("object", "audience"), ("shown", "token"), ("next", "/story"), ("once", "x" * 80),
    ]  # fmt: skip

    assert parse_form(fields) == Form(
        Action.SAVE,
        purposes=frozenset({"media", "analytics"}),
        vendors=frozenset({"tube"}),
        objections=frozenset({"audience"}),
        shown="token",
        next="/story",
        once="x" * 64,
    )


@pytest.mark.parametrize("action", ["", "ACCEPT_ALL", "accept", "delete", "accept_all "])
def test_an_action_that_is_not_ours_is_no_form(action: str) -> None:
    """
    A form without one of the seven actions means nothing.
    """
    assert parse_form([("action", action)]) is None
    assert parse_form([]) is None


@pytest.mark.parametrize(("sent", "keeps"), [([], True), ([("keep", "no")], False), ([("keep", "yes")], True)])
def test_a_grant_may_be_for_this_page_only(sent: list[tuple[str, str]], keeps: bool) -> None:
    """
    "Load once" asks that no cookie keeps the answer.
    """
    read = parse_form([("action", "grant"), *sent])

    assert read is not None
    assert read.keep is keeps


# Saving: the table of what a form means


@pytest.mark.parametrize(
    ("purposes", "vendors", "granted", "agreed"),
    [
        ([], [], set(), set()),
        ([], ["tube"], set(), set()),
        (["media"], [], {"media"}, {"tube", "maps"}),
        (["media"], ["tube"], set(), {"tube"}),
        (["media"], ["tube", "maps"], {"media"}, {"tube", "maps"}),
        (["media"], ["counter"], {"media"}, {"tube", "maps"}),
        (["media", "analytics"], ["maps"], {"analytics"}, {"maps", "counter"}),
        (["media", "analytics"], [], {"media", "analytics"}, {"counter", "tube", "maps"}),
        (["nobody"], ["nothing"], set(), set()),
    ],
    ids=[
        "nothing", "a vendor without its purpose", "a purpose", "one of two vendors", "both vendors",
        "another purpose's vendor", "two purposes, one in part", "two purposes", "unknown ids",
    ],
)  # fmt: skip
def test_saving_means_what_is_ticked(
    purposes: list[str], vendors: list[str], granted: set[str], agreed: set[str]
) -> None:
    """
    Not listed: refused with all its vendors. Listed with none of its vendors: all. Listed with some: those.
    """
    choice = chosen(SITE, form(Action.SAVE, purposes, vendors))

    assert choice.purposes == {name: name in granted for name in ("analytics", "media", "marketing")}
    assert choice.vendors == {name: name in agreed for name in ("counter", "tube", "maps", "ads")}


def test_saving_replaces_what_was_chosen() -> None:
    """
    What was agreed to and is not ticked any more is refused.
    """
    choice = chosen(SITE, form(Action.SAVE, ["analytics"]), YES)

    assert choice.purposes == {"analytics": True, "media": False, "marketing": False}
    assert choice.vendors == {"counter": True, "tube": False, "maps": False, "ads": False}


def test_a_purpose_without_vendors_is_agreed_to_by_its_own_name() -> None:
    """
    A purpose may have no vendors; a vendor that happens to be called like it says nothing about it.
    """
    site = courier(purposes=[Purpose("media"), Purpose("functional", vendors=[Vendor("media", title="M")])])

    saved = chosen(site, form(Action.SAVE, ["media"]))
    granted = chosen(site, form(Action.GRANT, vendors=["media"]))

    assert saved.purposes == {"media": True, "functional": False}
    assert granted.purposes == {"functional": True}


# The other buttons


def test_accepting_all_agrees_to_everything_that_is_asked() -> None:
    """
    Accept all is every purpose and every vendor, and not the terms.
    """
    assert YES.purposes == dict.fromkeys(["analytics", "media", "marketing"], True)
    assert YES.vendors == dict.fromkeys(["counter", "tube", "maps", "ads"], True)
    assert YES.terms == {}
    assert YES.offer == offer(SITE)


@pytest.mark.parametrize("action", [Action.REJECT_ALL, Action.WITHDRAW])
def test_rejecting_and_withdrawing_refuse_everything(action: Action) -> None:
    """
    After Reject all and Withdraw everything is refused, accepted terms are not touched, and nobody is asked again.
    """
    accepted = chosen(SITE, form(Action.ACCEPT_POLICIES), YES)

    choice = chosen(SITE, form(action, ["media"], ["tube"]), accepted)

    assert not grants_something(choice)
    assert choice.terms == {"terms": "2026-11-01"}
    assert covers(SITE, choice)


def test_granting_one_vendor_adds_it() -> None:
    """
    A placeholder asks about one vendor: what it does not ask about stays unanswered, so the banner still asks.
    """
    choice = chosen(SITE, form(Action.GRANT, vendors=["tube"]))

    assert (choice.purposes, choice.vendors) == ({}, {"tube": True})
    assert not covers(SITE, choice)


def test_granting_after_a_refusal_keeps_the_rest_refused() -> None:
    """
    One vendor agreed to after Reject all is the only one.
    """
    choice = chosen(SITE, form(Action.GRANT, vendors=["tube"]), NO)

    assert {name for name, yes in choice.vendors.items() if yes} == {"tube"}
    assert choice.purposes == NO.purposes
    assert covers(SITE, choice)


def test_the_last_vendor_completes_its_purpose() -> None:
    """
    A purpose counts as granted when all its vendors are, however they came to be.
    """
    first = chosen(SITE, form(Action.GRANT, vendors=["tube"]), NO)

    choice = chosen(SITE, form(Action.GRANT, vendors=["maps"]), first)

    assert choice.purposes["media"] is True


def test_granting_a_purpose_grants_all_its_vendors() -> None:
    """
    A grant may name a purpose.
    """
    choice = chosen(SITE, form(Action.GRANT, ["media"]))

    assert (choice.purposes, choice.vendors) == ({"media": True}, {"tube": True, "maps": True})


def test_granting_what_nobody_declared_grants_nothing() -> None:
    """
    Unknown ids change nothing.
    """
    choice = chosen(SITE, form(Action.GRANT, ["nobody"], ["nothing"]), NO)

    assert choice == NO


def test_granting_does_not_answer_for_a_vendor_added_meanwhile() -> None:
    """
    A grant of one vendor leaves the question about a new one open.
    """
    larger = courier(purposes=[replace(ANALYTICS, vendors=[COUNTER, Vendor("video", title="V")]), MEDIA, MARKETING])

    choice = chosen(larger, form(Action.GRANT, vendors=["tube"]), YES)

    assert choice.purposes["analytics"] is False
    assert not covers(larger, choice)


@pytest.mark.parametrize("action", [Action.ACCEPT_POLICIES, Action.DISMISS])
def test_terms_do_not_answer_for_a_vendor_added_meanwhile(action: Action) -> None:
    """
    Accepting terms, or closing their notice, keeps the purposes as they were and leaves new questions open.
    """
    larger = courier(purposes=[ANALYTICS, MEDIA, MARKETING, Purpose("functional")])

    choice = chosen(larger, form(action), YES)

    assert choice.purposes == YES.purposes
    assert choice.vendors == YES.vendors
    assert not covers(larger, choice)


def test_accepting_policies_accepts_terms_alone() -> None:
    """
    Only terms are accepted, in the version that is in force, and no purpose is answered by it.
    """
    choice = chosen(SITE, form(Action.ACCEPT_POLICIES))

    assert choice.terms == {"terms": "2026-11-01"}
    assert (choice.purposes, choice.vendors, choice.offer) == ({}, {}, "")


def test_closing_the_notice_accepts_nothing() -> None:
    """
    Close remembers the version that was closed, and grants and accepts nothing.
    """
    choice = chosen(DOCUMENTS, form(Action.DISMISS))

    assert choice.closed == {"terms": "2026-11-01"}
    assert choice.terms == {}
    assert not grants_something(choice)


def test_accepting_ends_a_closed_notice() -> None:
    """
    Who closes a notice and accepts it later has accepted it.
    """
    choice = chosen(DOCUMENTS, form(Action.ACCEPT_POLICIES), chosen(DOCUMENTS, form(Action.DISMISS)))

    assert (choice.terms, choice.closed) == ({"terms": "2026-11-01"}, {})


@pytest.mark.parametrize(
    ("site", "action", "accepts"),
    [
        (SITE, Action.ACCEPT_POLICIES, True),
        (SITE, Action.ACCEPT_ALL, False),
        (DOCUMENTS, Action.ACCEPT_ALL, True),
        (DOCUMENTS, Action.DISMISS, False),
    ],
    ids=["accept terms", "accept all", "accept all in a plain notice", "close"],
)
def test_in_a_plain_notice_accept_is_accept(site: Site, action: Action, accepts: bool) -> None:
    """
    Where no purpose is asked about, Accept all accepts the terms; elsewhere it never does.
    """
    assert accepts_terms(site, form(action)) is accepts
    assert bool(chosen(site, form(action)).terms) is accepts


def test_only_refusals_always_take_effect() -> None:
    """
    What can only take away is marked as such.
    """
    assert {Action.REJECT_ALL, Action.WITHDRAW, Action.DISMISS} == REDUCING


# Global Privacy Control


def test_accepting_all_leaves_out_what_the_signal_denies() -> None:
    """
    With GPC Accept all agrees to everything else.
    """
    choice = chosen(SITE, form(Action.ACCEPT_ALL), denied=SIGNAL)

    assert choice.purposes == {"analytics": True, "media": True, "marketing": False}
    assert choice.vendors["ads"] is False
    assert choice.insisted == set()


@pytest.mark.parametrize(
    "sent", [form(Action.SAVE, ["marketing"]), form(Action.GRANT, ["marketing"]), form(Action.GRANT, vendors=["ads"])],
    ids=["save", "grant", "always"],
)  # fmt: skip
def test_what_the_signal_denies_can_be_switched_on_alone(sent: Form) -> None:
    """
    A purpose that is agreed to by itself is remembered as insisted on, and only then.
    """
    assert chosen(SITE, sent, denied=SIGNAL).insisted == {"marketing"}
    assert chosen(SITE, sent).insisted == set()


def test_insisting_on_part_of_a_purpose_is_heard() -> None:
    """
    One of two vendors switched on under the signal runs, and the other one does not.
    """
    site = courier(purposes=[replace(MARKETING, vendors=[ADS, TUBE])])

    for sent in (form(Action.SAVE, ["marketing"], ["ads"]), form(Action.GRANT, vendors=["ads"])):
        choice = chosen(site, sent, denied=SIGNAL)
        assert decide(site, visit(headers={"sec-gpc": "1"}, choice=choice)).allowed == {"ads"}


def test_insisting_on_one_vendor_does_not_revive_the_others() -> None:
    """
    What was agreed to before the signal stays denied when one vendor of its purpose is insisted on.
    """
    site = courier(purposes=[replace(MARKETING, vendors=[ADS, TUBE])])
    before = chosen(site, form(Action.ACCEPT_ALL))

    choice = chosen(site, form(Action.GRANT, vendors=["ads"]), before, SIGNAL)

    assert choice.vendors == {"ads": True, "tube": False}
    assert choice.purposes == {"marketing": False}


def test_who_insisted_may_go_on_granting() -> None:
    """
    A second vendor of a purpose that was insisted on is added to the first.
    """
    site = courier(purposes=[replace(MARKETING, vendors=[ADS, TUBE])])
    first = chosen(site, form(Action.GRANT, vendors=["ads"]), denied=SIGNAL)

    choice = chosen(site, form(Action.GRANT, vendors=["tube"]), first, SIGNAL)

    assert choice.vendors == {"ads": True, "tube": True}
    assert choice.purposes == {"marketing": True}


@pytest.mark.parametrize("action", [Action.REJECT_ALL, Action.ACCEPT_ALL, Action.WITHDRAW])
def test_a_new_answer_ends_insisting(action: Action) -> None:
    """
    Whoever answers everything anew insists on nothing any more.
    """
    insisted = chosen(SITE, form(Action.SAVE, ["marketing"]), denied=SIGNAL)

    assert chosen(SITE, form(action), insisted, SIGNAL).insisted == set()


# Exempt purposes


def test_an_objection_is_kept_and_can_be_taken_back() -> None:
    """
    The preferences page objects and takes back; other buttons leave an objection as it is.
    """
    objecting = chosen(WITH_AUDIENCE, form(Action.SAVE, objections=frozenset({"audience"})))

    assert objecting.purposes == {"analytics": False, "audience": False}
    for action in (Action.ACCEPT_ALL, Action.REJECT_ALL, Action.WITHDRAW, Action.ACCEPT_POLICIES):
        assert chosen(WITH_AUDIENCE, form(action), objecting).purposes["audience"] is False
    assert "audience" not in chosen(WITH_AUDIENCE, form(Action.SAVE), objecting).purposes


def test_what_is_exempt_is_never_granted() -> None:
    """
    Not to object is no agreement: it makes no grant, so it makes no identifier either.
    """
    choice = chosen(WITH_AUDIENCE, form(Action.SAVE, ["audience"], ["tube"]))

    assert choice.purposes == {"analytics": False}
    assert choice.vendors == {"counter": False}
    assert not grants_something(choice)


def test_only_what_is_exempt_can_be_objected_to() -> None:
    """
    An objection to a purpose that asks for consent means nothing.
    """
    choice = chosen(SITE, form(Action.SAVE, ["media"], objections=frozenset({"media", "nobody"})))

    assert choice.purposes == {"analytics": False, "media": True, "marketing": False}


# What the app had taken away


@pytest.mark.parametrize(
    "sent", [form(Action.ACCEPT_ALL), form(Action.SAVE, ["media", "marketing"]), form(Action.GRANT, ["marketing"])],
    ids=["accept all", "save", "grant"],
)  # fmt: skip
def test_nobody_agrees_to_what_was_not_offered(sent: Form) -> None:
    """
    A purpose that the app took away where this was asked is not answered by it.
    """
    choice = choose(SITE, None, sent, NONE, TODAY, SIGNAL)

    assert "marketing" not in choice.purposes
    assert "ads" not in choice.vendors


def test_what_was_not_offered_stays_as_it_was() -> None:
    """
    An answer given elsewhere is neither changed nor lost.
    """
    insisted = chosen(SITE, form(Action.SAVE, ["marketing"]), denied=SIGNAL)

    choice = choose(SITE, insisted, form(Action.ACCEPT_ALL), SIGNAL, TODAY, SIGNAL)

    assert choice.purposes["marketing"] is True
    assert choice.vendors["ads"] is True
    assert choice.insisted == {"marketing"}


@pytest.mark.parametrize("action", [Action.REJECT_ALL, Action.WITHDRAW])
def test_rejecting_reaches_what_was_not_offered(action: Action) -> None:
    """
    Reject all and Withdraw mean everything.
    """
    choice = choose(SITE, YES, form(action), NONE, TODAY, SIGNAL)

    assert not grants_something(choice)


# How long a choice lasts


@pytest.mark.parametrize(
    ("sent", "days"),
    [
        (form(Action.ACCEPT_ALL), 90),
        (form(Action.SAVE, ["media"]), 90),
        (form(Action.ACCEPT_POLICIES), 90),
        (form(Action.GRANT, vendors=["tube"]), 90),
        (form(Action.REJECT_ALL), 60),
        (form(Action.SAVE), 60),
        (form(Action.WITHDRAW), 60),
        (form(Action.DISMISS), 60),
    ],
    ids=["accept all", "save some", "accept terms", "grant", "reject all", "save nothing", "withdraw", "close"],
)
def test_agreements_and_refusals_last_as_configured(sent: Form, days: int) -> None:
    """
    A choice lasts from today for the days of an agreement or of a refusal.
    """
    site = courier(grant_days=90, refusal_days=60)

    choice = chosen(site, sent)

    assert (choice.day, choice.expires) == (TODAY, TODAY + timedelta(days=days))


@pytest.mark.parametrize("action", [Action.ACCEPT_ALL, Action.REJECT_ALL, Action.SAVE, Action.WITHDRAW])
def test_a_new_answer_lasts_anew(action: Action) -> None:
    """
    Answering everything begins a new period.
    """
    choice = chosen(SITE, form(action), YES, today=LATER)

    assert (choice.day, choice.expires) == (LATER, LATER + timedelta(days=180))


@pytest.mark.parametrize(
    "sent",
    [form(Action.ACCEPT_POLICIES), form(Action.DISMISS), form(Action.GRANT, vendors=["tube"])],
    ids=["accept terms", "close", "grant"],
)
@pytest.mark.parametrize("old", [YES, NO], ids=["yes", "no"])
def test_saying_one_thing_does_not_renew_the_others(sent: Form, old: Choice) -> None:
    """
    A consent lasts as long as it was given for; pressing another button does not prolong it.
    """
    choice = chosen(SITE, sent, old, today=LATER)

    assert (choice.day, choice.expires) == (old.day, old.expires)


def test_terms_alone_are_renewed_by_accepting_them() -> None:
    """
    Where no purpose was answered there is nothing that could be prolonged.
    """
    old = chosen(SITE, form(Action.ACCEPT_POLICIES))

    assert chosen(SITE, form(Action.ACCEPT_POLICIES), old, today=LATER).day == LATER


# What goes from the page


@pytest.mark.parametrize(
    ("old", "new", "gone"),
    [
        (None, NO, False),
        (None, YES, False),
        (YES, YES, False),
        (NO, YES, False),
        (YES, NO, True),
        (YES, chosen(SITE, form(Action.SAVE, ["analytics", "media", "marketing"], ["tube"])), True),
        (chosen(SITE, form(Action.GRANT, vendors=["tube"])), NO, True),
        (chosen(courier(purposes=[Purpose("media")]), form(Action.ACCEPT_ALL)), NO, True),
    ],
    ids=["first no", "first yes", "same", "more", "all", "one vendor", "a single grant", "purpose without vendors"],
)
def test_taking_consent_away_is_noticed(old: Choice | None, new: Choice, gone: bool) -> None:
    """
    When something may run no more that ran before, what is in the page has to go.
    """
    assert takes_away(SITE, old, new) is gone


@pytest.mark.parametrize("old", [None, chosen(WITH_AUDIENCE, form(Action.REJECT_ALL))], ids=["first visit", "later"])
def test_an_objection_takes_something_away(old: Choice | None) -> None:
    """
    What is exempt ran before it was objected to, even if nothing was chosen before.
    """
    new = chosen(WITH_AUDIENCE, form(Action.SAVE, objections=frozenset({"audience"})), old)

    assert takes_away(WITH_AUDIENCE, old, new)
    assert not takes_away(WITH_AUDIENCE, new, new)


# A site that changes


def test_what_is_not_declared_any_more_leaves_the_choice() -> None:
    """
    Ids that the owner took out are forgotten at the next press, so that a cookie never outgrows its site.
    """
    accepted = chosen(SITE, form(Action.ACCEPT_POLICIES), YES)
    smaller = courier(purposes=[replace(MEDIA, vendors=[TUBE])], policies=[])

    choice = chosen(smaller, form(Action.GRANT, vendors=["tube"]), accepted)

    assert (choice.purposes, choice.vendors, choice.terms) == ({"media": True}, {"tube": True}, {})


def test_a_removed_vendor_completes_its_purpose() -> None:
    """
    When the only refused vendor is taken out, what is left of the purpose is granted.
    """
    some = chosen(SITE, form(Action.SAVE, ["media"], ["tube"]))
    smaller = courier(purposes=[ANALYTICS, replace(MEDIA, vendors=[TUBE]), MARKETING])

    choice = chosen(smaller, form(Action.ACCEPT_POLICIES), some)

    assert choice.purposes["media"] is True


# Laws

IDS = st.sampled_from(
    ["analytics", "media", "marketing", "audience", "counter", "tube", "maps", "ads", "nobody", "", "a~b", "x" * 40]
)
FORMS = st.builds(
    Form,
    action=st.sampled_from(list(Action)),
    purposes=st.frozensets(IDS),
    vendors=st.frozensets(IDS),
    objections=st.frozensets(IDS),
)
SITES = st.sampled_from(
    [
        SITE, DOCUMENTS, WITH_AUDIENCE, courier(audience="children"), courier(purposes=[Purpose("analytics"), MEDIA]),
        courier(policies=[TERMS, Policy("shop", url="/shop", version="č~ž", kind="terms", title="Shop")]),
    ]
)  # fmt: skip
SIGNALS = st.sampled_from([NONE, SIGNAL, frozenset({"analytics", "media"})])
HISTORIES = st.lists(st.tuples(SITES, FORMS, SIGNALS), max_size=4)


def lived(history: Sequence[tuple[Site, Form, frozenset[str]]]) -> Choice | None:
    """The choice after a history of presses, on a site that changed meanwhile."""
    choice = None
    for site, sent, denied in history:
        choice = choose(site, choice, sent, denied, TODAY)
    return choice


@law
@given(HISTORIES, SITES, SIGNALS, st.sampled_from([Action.REJECT_ALL, Action.WITHDRAW]), FORMS)
def test_rejecting_anything_gives_no_grants(
    history: list[tuple[Site, Form, frozenset[str]]], site: Site, denied: frozenset[str], action: Action, ticks: Form
) -> None:
    """
    Whatever was chosen before and whatever is ticked, after a refusal nothing is granted.
    """
    choice = choose(site, lived(history), replace(ticks, action=action), denied, TODAY)

    assert not grants_something(choice)


@law
@given(HISTORIES, SITES, FORMS)
def test_granting_never_takes_away(history: list[tuple[Site, Form, frozenset[str]]], site: Site, ticks: Form) -> None:
    """
    After a grant everything runs that ran before, and perhaps more.
    """
    old = lived(history)

    new = choose(site, old, replace(ticks, action=Action.GRANT), NONE, TODAY)

    before, after = (decide(site, replace(visit(), cookies=replace(visit().cookies, choice=c))) for c in (old, new))
    assert before.allowed <= after.allowed
    assert before.granted <= after.granted
    assert not takes_away(site, choose(site, old, form(Action.ACCEPT_POLICIES), NONE, TODAY), new)


@law
@given(HISTORIES, SITES, FORMS, SIGNALS)
def test_unknown_ids_never_enter(
    history: list[tuple[Site, Form, frozenset[str]]], site: Site, sent: Form, denied: frozenset[str]
) -> None:
    """
    Whatever is posted, a choice holds ids that the site declares and nothing else.
    """
    choice = choose(site, lived(history), sent, denied, TODAY)

    declared = {p.name for p in (*site.asked, *site.exempt)}
    assert choice.purposes.keys() <= declared
    assert choice.vendors.keys() <= {v.name for p in site.asked for v in p.vendors if isinstance(v, Vendor)}
    assert choice.insisted <= declared
    assert choice.terms.keys() | choice.closed.keys() <= {policy.name for policy in site.terms}


@law
@given(HISTORIES, SITES, FORMS, SIGNALS)
def test_every_choice_fits_into_its_cookie(
    history: list[tuple[Site, Form, frozenset[str]]], site: Site, sent: Form, denied: frozenset[str]
) -> None:
    """
    No history of presses makes a cookie that we would not read again.
    """
    choice = choose(site, lived(history), sent, denied, TODAY)

    assert len(Seal([SECRET], "choice").sign(write_choice(choice))) < MAX_VALUE


@law
@given(HISTORIES, SITES, FORMS, SIGNALS)
def test_a_purpose_is_granted_when_all_its_vendors_are(
    history: list[tuple[Site, Form, frozenset[str]]], site: Site, sent: Form, denied: frozenset[str]
) -> None:
    """
    Purposes and vendors of a choice never contradict each other.
    """
    choice = choose(site, lived(history), sent, denied, TODAY)

    for purpose in site.asked:
        names = [vendor.name for vendor in purpose.vendors if isinstance(vendor, Vendor)]
        if purpose.name in choice.purposes and names:
            assert choice.purposes[purpose.name] is all(choice.vendors.get(name) for name in names)


@law
@given(HISTORIES, SITES, FORMS, SIGNALS)
def test_pressing_twice_is_pressing_once(
    history: list[tuple[Site, Form, frozenset[str]]], site: Site, sent: Form, denied: frozenset[str]
) -> None:
    """
    The same form posted again changes nothing.
    """
    once = choose(site, lived(history), sent, denied, TODAY)

    assert choose(site, once, sent, denied, TODAY) == once


@law
@given(st.lists(st.tuples(st.sampled_from(["action", "purpose", "vendor", "next", "x"]), IDS | st.text(max_size=5))))
def test_any_fields_are_read(fields: list[tuple[str, str]]) -> None:
    """
    Whatever fields are posted, they are a form with one of our actions or none at all.
    """
    read = parse_form(fields)

    assert read is None or read.action in set(Action)


def test_the_tables_agree_with_the_form() -> None:
    """
    Every action of the contract can be posted.
    """
    named: Mapping[str, Form | None] = {action: parse_form([("action", action)]) for action in Action}

    assert all(read is not None and read.action == name for name, read in named.items())
