"""What a request to our own pages is answered with, before anything is written."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from consentkit.choose import Form, choose
from consentkit.controls import Controls, Hints
from consentkit.cookies import Holder, ReaderChoice, Seal
from consentkit.decide import decide
from consentkit.endpoints import MAX_FIELDS, Endpoints, Fresh, Health, Reply, ToRecord, status_message
from consentkit.languages import Catalogues
from consentkit.log.record import State
from consentkit.response.delivery import INLINE
from consentkit.response.set_cookie import gate_of
from consentkit.settings import Site
from consentkit.visit import Visit
from consentkit.vocabulary import Action, Choice, Layer, Purpose
from tests.response.visits import NOON, READER, TODAY, visit
from tests.settings.sites import ANALYTICS, AUDIENCE, MARKETING, SECRET, courier

NONE: frozenset[str] = frozenset()
FRESH = Fresh(now=NOON, record="0190-new", subject="fresh")
HERE = {"sec-fetch-site": "same-origin"}
ELSEWHERE = {"sec-fetch-site": "cross-site", "origin": "https://evil.example"}
NOWHERE = {"origin": "null"}
JSON = {"accept": "application/json"}
SITE = courier()
DOCUMENTS = courier(purposes=[])
COUNTING = courier(purposes=[AUDIENCE], policies=[])


def endpoints(site: Site = SITE) -> Endpoints:
    catalogues = Catalogues(site.texts)
    controls = Controls(site, catalogues, Seal(site.keys, "view"))
    return Endpoints(site, controls, catalogues, READER, gate_of(site), Seal([SECRET], "receipt"))


ENDPOINTS = endpoints()


def token(made: Endpoints, restricted: frozenset[str] = NONE) -> str:
    """The view token of a page that this site sent, whose notice is known."""
    body = made.desk.controls.preferences(
        decide(made.desk.site, visit(), restricted),
        visit(),
        INLINE,
        Hints(),
        language=None,
        says=None,
        saved=False,
        next="/",
        record=None,
    ).html.decode()
    return body.partition('name="shown" value="')[2].partition('"')[0]


def posted(
    action: str,
    made: Endpoints = ENDPOINTS,
    *,
    headers: Mapping[str, str] = HERE,
    known: bool = True,
    choice: Choice | None = None,
    holder: Holder | None = None,
    cookie: str = "",
    restricted: frozenset[str] = NONE,
    **fields: Any,
) -> Reply | ToRecord:
    """The answer to a form."""
    asking = visit("/_ckit/choice", headers=headers, choice=choice, holder=holder, cookie=cookie)
    body = urlencode({"action": action, "next": "/story?a=1", "shown": token(made, restricted), **fields}, doseq=True)
    return made.choice(asking, made.form(asking, body.encode()), FRESH, notice_known=known)


def to_record(action: str, made: Endpoints = ENDPOINTS, **more: Any) -> ToRecord:
    answer = posted(action, made, **more)
    assert isinstance(answer, ToRecord)
    return answer


def replied(action: str, made: Endpoints = ENDPOINTS, **more: Any) -> Reply:
    answer = posted(action, made, **more)
    assert isinstance(answer, Reply)
    return answer


def header(reply: Reply, name: bytes) -> str:
    return ", ".join(value.decode() for field, value in reply.headers if field == name)


def cookies(reply: Reply) -> dict[str, str]:
    """Name of each cookie that is set -> its value, empty for those that go."""
    lines = [value.decode() for name, value in reply.headers if name == b"set-cookie"]
    return {name: value for name, _, value in (line.partition(";")[0].partition("=") for line in lines)}


def kept(reply: Reply) -> Choice | None:
    """The choice that the next request brings."""
    sent = "; ".join(f"{name}={value}" for name, value in cookies(reply).items() if value)
    return visit(cookie=sent).cookies.choice


# Routes


@pytest.mark.parametrize(
    ("path", "route"),
    [
        ("/_ckit", ""),
        ("/_ckit/", ""),
        ("/_ckit/choice", "choice"),
        ("/_ckit/assets/a.css", "assets/a.css"),
        ("/_ckitten", None),
        ("/story/_ckit/choice", None),
        ("/", None),
    ],
)
def test_only_what_lies_below_the_prefix_is_ours(path: str, route: str | None) -> None:
    """
    Every other request is the app's.
    """
    assert ENDPOINTS.route(visit(path)) == route


def got(route: str, made: Endpoints = ENDPOINTS, **request: Any) -> Reply:
    answer = made.get(route, visit(f"/_ckit/{route}", **request), NOON)
    assert isinstance(answer, Reply)
    return answer


@pytest.mark.parametrize(
    ("route", "status"),
    [("preferences", 200), ("", 404), ("other", 404), ("assets/none.css", 404), ("assets/", 404), ("choice", 405)],
)
def test_our_pages_are_never_stored_or_indexed(route: str, status: int) -> None:
    """
    Each of our pages is private to the moment, not for robots, sends no referrer away and runs nothing foreign.
    """
    page = got(route)

    assert page.status == status
    assert header(page, b"cache-control") == "no-store"
    assert header(page, b"x-robots-tag") == "noindex"
    assert header(page, b"referrer-policy") == "same-origin"
    assert header(page, b"content-security-policy").startswith("default-src 'none';")
    assert page.body.startswith(b"<!doctype html>") or page.body.startswith(b"<!DOCTYPE html>")


def test_a_wrong_method_names_the_right_one() -> None:
    """
    A choice is posted, and the answer says so.
    """
    assert header(got("choice"), b"allow") == "POST"
    assert header(ENDPOINTS.wrong_method(visit(), b"GET, HEAD"), b"allow") == "GET, HEAD"


def test_health_is_a_question_for_the_log() -> None:
    """
    Whether the log can be written is known outside.
    """
    assert isinstance(ENDPOINTS.get("health", visit(), NOON), Health)


def test_assets_are_kept_for_ever() -> None:
    """
    An asset is named by its content, so it may be cached by everyone for a year.
    """
    name = next(iter(ENDPOINTS.desk.controls.assets))

    asset = got(f"assets/{name}")

    assert asset.status == 200
    assert header(asset, b"cache-control") == "public, max-age=31536000, immutable"
    assert header(asset, b"x-content-type-options") == "nosniff"
    assert asset.body


@pytest.mark.parametrize(
    "query", [b"lang=de", b"lang=xx&lang", b"lang=../../etc/passwd", b"again=%00&next=//evil.example"]
)
def test_preferences_answer_any_address(query: bytes) -> None:
    """
    The preferences page is there whatever the address says, and says in which language it is.
    """
    page = got("preferences", query=query)

    assert page.status == 200
    assert header(page, b"content-language") == ("de" if query == b"lang=de" else "en")
    assert b"//evil.example" not in page.body


@pytest.mark.parametrize("route", ["preferences", "reader"])
def test_an_address_with_too_many_fields_is_no_error(route: str) -> None:
    """
    An address with more fields than any of ours is read as one without.
    """
    page = got(route, query=b"&".join([b"text=200"] * (MAX_FIELDS + 1)))

    assert page.status in (200, 303)
    assert cookies(page).get("ckit_reader", "") == ""


# Text size and view


@pytest.mark.parametrize(
    ("query", "cookie", "value"),
    [
        (b"text=150", "", "150.-"),
        (b"view=mobile", "", "-.mobile"),
        (b"text=150", "ckit_reader=200.mobile", "150.mobile"),
        (b"text=100", "ckit_reader=200.mobile", "-.mobile"),
        (b"text=7", "ckit_reader=200.mobile", "200.mobile"),
        (b"view=auto", "ckit_reader=200.mobile", "200.-"),
        (b"view=tablet", "ckit_reader=200.mobile", "200.mobile"),
        (b"", "ckit_reader=200.mobile", "200.mobile"),
        (b"text=100", "ckit_reader=200.-", ""),
        (b"view=auto", "ckit_reader=-.mobile", ""),
    ],
)
def test_a_link_changes_what_it_names(query: bytes, cookie: str, value: str) -> None:
    """
    Text size and view are changed one by one; what is the page's own again is unset, and the cookie goes with both.
    """
    reply = got("reader", query=query + b"&next=/story", cookie=cookie)

    assert cookies(reply) == {"ckit_reader": value}
    assert (reply.status, header(reply, b"location")) == (303, "/story")
    assert header(reply, b"cache-control") == "no-store"


@pytest.mark.parametrize(
    "headers",
    [
        {"sec-fetch-site": "cross-site", "sec-fetch-dest": "image"},
        {"sec-fetch-site": "cross-site", "sec-fetch-dest": "document"},
        {"sec-fetch-site": "same-site", "sec-fetch-dest": "document"},
        {"sec-fetch-site": "same-origin", "sec-fetch-dest": "image"},
        {"sec-fetch-site": "same-origin", "sec-fetch-dest": "iframe"},
        {"sec-fetch-site": "same-origin", "sec-fetch-dest": "document", "sec-purpose": "prefetch"},
        {"purpose": "prefetch"},
    ],
    ids=["image elsewhere", "link elsewhere", "sibling", "image", "iframe", "prefetch", "older prefetch"],
)
def test_nobody_else_changes_the_readers_view(headers: dict[str, str]) -> None:
    """
    A prefetch, a picture or another site leads to the page and changes nothing.
    """
    reply = got("reader", query=b"text=200&next=/story", headers=headers)

    assert cookies(reply) == {}
    assert (reply.status, header(reply, b"location")) == (303, "/story")


def test_script_changes_the_view_without_leaving() -> None:
    """
    A `fetch()` of our script gets no page.
    """
    reply = got("reader", query=b"text=200", headers={"sec-fetch-site": "same-origin", "sec-fetch-dest": "empty"})

    assert (reply.status, reply.body) == (204, b"")
    assert cookies(reply) == {"ckit_reader": "200.-"}


# Forms that mean nothing, and forms from elsewhere


@pytest.mark.parametrize(
    "body",
    [b"", b"\xff\xfe", b"action=delete", b"action", b"&".join([b"a=1"] * (MAX_FIELDS + 1)), b"{}"],
    ids=["empty", "not UTF-8", "unknown action", "no action", "too many fields", "json"],
)
def test_a_form_that_means_nothing_is_asked_for_again(body: bytes) -> None:
    """
    Garbage is no error page: it leads to the preferences, or says 400 to a program.
    """
    asking, program = visit(headers=HERE), visit(headers=HERE | JSON)

    page = ENDPOINTS.choice(asking, ENDPOINTS.form(asking, body), FRESH, notice_known=False)
    answer = ENDPOINTS.choice(program, ENDPOINTS.form(program, body), FRESH, notice_known=False)

    assert isinstance(page, Reply)
    assert isinstance(answer, Reply)
    assert page.status == 303
    assert header(page, b"location").startswith("/_ckit/preferences?again=form")
    assert (answer.status, json.loads(answer.body)["error"]) == (400, "form")


def test_action_and_token_may_stand_in_the_address() -> None:
    """
    A button can name only one value, so the form's address may carry the others.
    """
    asking = visit(query=b"action=grant&shown=token")

    assert ENDPOINTS.form(asking, b"vendor=tube") == Form(Action.GRANT, vendors=frozenset({"tube"}), shown="token")


@pytest.mark.parametrize("action", list(Action))
def test_another_sites_form_changes_nothing(action: Action, caplog: pytest.LogCaptureFixture) -> None:
    """
    A form from another site is refused whatever it asks for, and the owner is told which line would admit it.
    """
    page = replied(action, headers=ELSEWHERE)
    answer = replied(action, headers=ELSEWHERE | JSON)

    assert (page.status, answer.status) == (403, 403)
    assert json.loads(answer.body) == {"error": "origin", "see": "/_ckit/preferences"}
    assert cookies(page) == cookies(answer) == {}
    assert 'origins = ["https://evil.example"]' in caplog.text


@pytest.mark.parametrize(
    ("action", "passes"),
    [
        ("reject_all", True),
        ("withdraw", True),
        ("dismiss", True),
        ("accept_all", False),
        ("save", False),
        ("grant", False),
        ("accept_policies", False),
    ],
)
def test_from_who_knows_where_only_refusals_pass(action: str, passes: bool, caplog: pytest.LogCaptureFixture) -> None:
    """
    Where no header tells the sender, what can only take away takes effect; a grant is asked for on our own page.
    """
    answer = posted(action, headers=NOWHERE, purpose="media")

    again = isinstance(answer, Reply) and header(answer, b"location").startswith("/_ckit/preferences?again=origin")
    assert again is not passes
    assert ('url = "https://courier.example"' in caplog.text) is not passes


@pytest.mark.parametrize(
    ("action", "passes"), [("reject_all", True), ("withdraw", True), ("accept_all", False), ("grant", False)]
)
def test_a_grant_needs_a_notice_that_we_know(action: str, passes: bool) -> None:
    """
    Without a good token a refusal is recorded with an unknown notice, and a grant is asked for again.
    """
    answer = posted(action, known=False, purpose="media")

    if passes:
        assert isinstance(answer, ToRecord)
        assert (answer.record.notice, answer.record.layer, answer.notice) == ("unknown", "unknown", None)
    else:
        assert isinstance(answer, Reply)
        assert header(answer, b"location") == "/_ckit/preferences?again=old&next=%2Fstory%3Fa%3D1"


def test_a_program_is_told_why_its_grant_does_not_count() -> None:
    """
    With JSON a grant that can't count is 409 and names the page that asks again.
    """
    answer = replied("accept_all", known=False, headers=HERE | JSON)

    assert answer.status == 409
    assert json.loads(answer.body)["error"] == "old"
    assert urlsplit(json.loads(answer.body)["see"]).path == "/_ckit/preferences"


# Choices


def test_accepting_all_is_recorded_and_then_answered() -> None:
    """
    The record says what was seen and chosen; once it is durable the visitor gets both cookies and is led back.
    """
    asked = to_record("accept_all")

    record, reply = asked.record, asked.done(asked.record)

    assert (record.id, record.subject, record.state, record.action) == ("0190-new", "fresh", State.GIVEN, "accept_all")
    assert record.purposes == {"analytics": True, "media": True, "marketing": True}
    assert record.vendors == {"counter": True, "tube": True, "maps": True, "ads": True}
    assert record.policies["terms"].accepted is False
    assert (record.layer, record.language, record.site) == (Layer.PREFERENCES, "en", "courier.example")
    assert asked.notice is not None
    assert record.notice == asked.notice.digest
    assert not asked.counts_anyway
    assert (reply.status, header(reply, b"location")) == (303, "/story?a=1#ckit-saved")
    assert cookies(reply).keys() == {"__Host-ckit", "__Host-ckit_id"}
    assert kept(reply) == choose(SITE, None, Form(Action.ACCEPT_ALL), NONE, TODAY)


def test_of_a_double_click_the_first_record_counts() -> None:
    """
    The holder names the record that stands in the log, which may be the one of the first click.
    """
    asked = to_record("accept_all", once="abc")

    reply = asked.done(replace(asked.record, id="0190-first", subject="first"))

    assert asked.once == "abc"
    sent = "; ".join(f"{name}={value}" for name, value in cookies(reply).items())
    assert visit(cookie=sent).cookies.holder == Holder("first", "0190-first")


@pytest.mark.parametrize("action", ["reject_all", "withdraw"])
def test_a_refusal_has_no_subject(action: str) -> None:
    """
    A browser without `ckit_id` that refuses gets none, and its record belongs to nobody.
    """
    asked = to_record(action)

    reply = asked.done(asked.record)

    assert asked.record.subject is None
    assert asked.record.state is State.REFUSED
    assert asked.counts_anyway
    assert cookies(reply).keys() == {"__Host-ckit"}


@pytest.mark.parametrize("action", ["reject_all", "withdraw"])
def test_a_withdrawal_ends_its_subject(action: str) -> None:
    """
    Who holds `ckit_id` and refuses is recorded under it one last time, and holds it no more.
    """
    yes = choose(SITE, None, Form(Action.ACCEPT_ALL), NONE, TODAY)

    asked = to_record(action, choice=yes, holder=Holder("before", "0190-old"))
    reply = asked.done(asked.record)

    assert (asked.record.subject, asked.record.previous) == ("before", "0190-old")
    assert asked.record.state is State.WITHDRAWN
    assert cookies(reply)["ckit_id"] == ""


def test_a_second_choice_keeps_its_subject() -> None:
    """
    Whoever agrees again is the same subject, and the record names the one before.
    """
    asked = to_record("save", purpose="media", holder=Holder("before", "0190-old"))

    assert (asked.record.subject, asked.record.previous) == ("before", "0190-old")
    assert asked.record.state is State.PARTLY


def test_saving_nothing_is_a_refusal() -> None:
    """
    Save with nothing ticked makes no subject and is in force whatever fails.
    """
    asked = to_record("save")

    assert asked.record.subject is None
    assert asked.counts_anyway
    assert kept(asked.failed(60)) == choose(SITE, None, Form(Action.SAVE), NONE, TODAY)


def test_a_grant_that_could_not_be_recorded_is_not_in_force() -> None:
    """
    When the log fails a grant is answered 503 and sets nothing; a refusal is in force all the same.
    """
    page = to_record("accept_all").failed(60)
    answer = to_record("accept_all", headers=HERE | JSON).failed(7)
    refusal = to_record("reject_all").failed(60)

    assert (page.status, answer.status, refusal.status) == (503, 503, 303)
    assert header(answer, b"retry-after") == "7"
    assert json.loads(answer.body)["error"] == "log"
    assert cookies(page) == cookies(answer) == {}
    assert kept(refusal) == choose(SITE, None, Form(Action.REJECT_ALL), NONE, TODAY)
    assert json.loads(to_record("reject_all", headers=HERE | JSON).failed(60).body)["record"] is None


def test_json_answers_with_what_holds() -> None:
    """
    A program reads the record, the dates and the state of every purpose and vendor.
    """
    asked = to_record("save", headers=HERE | JSON, purpose="media", vendor=["tube"])

    reply = asked.done(asked.record)

    answer = json.loads(reply.body)
    assert (reply.status, header(reply, b"content-type")) == (200, "application/json")
    assert answer["record"] == "0190-new"
    assert answer["time"] == "2026-11-24T12:00:00Z"
    assert answer["expires"] == f"{(TODAY + timedelta(days=180)).isoformat()}T00:00:00Z"
    assert (answer["granted"], answer["refused"]) == ([], ["analytics", "marketing", "media"])
    assert answer["vendors"] == {"ads": False, "counter": False, "maps": False, "tube": True}
    assert answer["policies"] == {}
    assert answer["reload"] is False


def test_taking_away_asks_the_page_to_go() -> None:
    """
    After consent was taken away the page has to be loaded anew.
    """
    yes = choose(SITE, None, Form(Action.ACCEPT_ALL), NONE, TODAY)
    asked = to_record("reject_all", headers=HERE | JSON, choice=yes)

    assert json.loads(asked.done(asked.record).body)["reload"] is True


def test_loading_once_leaves_no_trace_in_the_browser() -> None:
    """
    A grant for this page only is recorded, and no cookie keeps it.
    """
    asked = to_record("grant", vendor="tube", keep="no", headers=HERE | JSON)

    assert asked.record.subject is None
    assert cookies(asked.done(asked.record)) == {}


def test_closing_a_notice_is_not_recorded() -> None:
    """
    Close sets a choice without grants, makes no record, and leads back.
    """
    page = replied("dismiss", endpoints(DOCUMENTS))
    answer = replied("dismiss", endpoints(DOCUMENTS), headers=HERE | JSON)

    closed = kept(page)
    assert closed is not None
    assert closed.closed == {"terms": "2026-11-01"}
    assert (page.status, header(page, b"location")) == (303, "/story?a=1")
    assert json.loads(answer.body)["reload"] is False


@pytest.mark.parametrize("action", ["accept_policies", "accept_all"])
def test_accepting_terms_is_a_contract(action: str) -> None:
    """
    In a plain notice Accept records the terms and no purpose, under a subject.
    """
    asked = to_record(action, endpoints(DOCUMENTS))

    assert asked.record.state is State.ACCEPTED
    assert asked.record.policies["terms"].accepted
    assert (asked.record.purposes, asked.record.subject) == ({}, "fresh")
    assert not asked.counts_anyway


def test_terms_beside_purposes_answer_no_purpose() -> None:
    """
    Accept terms on a page that also asks about purposes records the terms alone.
    """
    asked = to_record("accept_policies")

    assert (asked.record.state, asked.record.purposes, asked.record.vendors) == (State.ACCEPTED, {}, {})


@pytest.mark.parametrize("action", ["reject_all", "withdraw"])
def test_refusing_where_nothing_is_asked_accepts_nothing(action: str) -> None:
    """
    A refusal on a site of documents is recorded as one, and never as accepted terms.
    """
    asked = to_record(action, endpoints(DOCUMENTS))

    assert asked.record.state is State.REFUSED
    assert not asked.record.policies["terms"].accepted


@pytest.mark.parametrize(
    ("objections", "recorded"), [(["audience"], {"audience": False}), ([], {})], ids=["objects", "does not"]
)
def test_an_objection_is_recorded(objections: list[str], recorded: dict[str, bool]) -> None:
    """
    An objection to an exempt purpose is a no in the record; not to object is no yes, and makes no subject.
    """
    asked = to_record("save", endpoints(COUNTING), object=objections)

    assert asked.record.purposes == recorded
    assert asked.record.state is State.REFUSED
    assert asked.record.subject is None


def test_with_the_signal_accepting_all_leaves_marketing_out() -> None:
    """
    The record says that the signal was there, and that marketing was refused.
    """
    asked = to_record("accept_all", headers=HERE | {"sec-gpc": "1"})

    assert asked.record.gpc
    assert asked.record.purposes == {"analytics": True, "media": True, "marketing": False}


def test_nobody_agrees_to_what_the_app_took_away() -> None:
    """
    The token says what was offered; what was not is not agreed to by Accept all.
    """
    asked = to_record("accept_all", restricted=frozenset({"marketing"}))

    choice = kept(asked.done(asked.record))

    assert choice is not None
    assert "marketing" not in choice.purposes
    assert choice.purposes["media"] is True


def test_refused_cookies_go_with_the_answer() -> None:
    """
    What trackers of refused purposes wrote here is deleted, as far as the request shows it.
    """
    asked = to_record("reject_all", cookie="_fbp=1; sessionid=2")

    lines = [value for name, value in asked.done(asked.record).headers if name == b"set-cookie"]

    assert any(line.startswith(b"_fbp=;") for line in lines)
    assert not any(line.startswith(b"sessionid") for line in lines)


@pytest.mark.parametrize(
    ("target", "location"),
    [
        ("/story?a=1#top", "/story?a=1#ckit-saved"),
        ("//evil.example", "/#ckit-saved"),
        ("/_ckit/reader", "/#ckit-saved"),
        ("", "/#ckit-saved"),
    ],
)
def test_a_form_leads_back_to_its_page(target: str, location: str, caplog: pytest.LogCaptureFixture) -> None:
    """
    A missing or refused target is the root of the site; a refused one is logged.
    """
    with caplog.at_level(logging.WARNING):
        asked = to_record("reject_all", next=target)

    assert header(asked.done(asked.record), b"location") == location
    assert ("not a page of this site" in caplog.text) is (location == "/#ckit-saved" and target != "")


def test_below_a_root_path_everything_stays_below_it() -> None:
    """
    Redirects and addresses carry the path that the app is mounted at, encoded.
    """
    asking = visit("/_ckit/choice", root_path="/čaj", headers=HERE)

    again = ENDPOINTS.choice(asking, None, FRESH, notice_known=False)
    refused = ENDPOINTS.choice(asking, Form(Action.REJECT_ALL), FRESH, notice_known=False)

    assert isinstance(again, Reply)
    assert isinstance(refused, ToRecord)
    assert header(again, b"location").startswith("/%C4%8Daj/_ckit/preferences?again=form&next=%2F%C4%8Daj%2F")
    assert header(refused.done(refused.record), b"location") == "/%C4%8Daj/#ckit-saved"
    assert parse_qs(urlsplit(header(again, b"location")).query)["next"] == ["/čaj/"]


# What is said


@pytest.mark.parametrize(
    ("site", "form", "sentence"),
    [
        (SITE, Form(Action.ACCEPT_ALL), "status.accepted"),
        (SITE, Form(Action.REJECT_ALL), "status.rejected"),
        (SITE, Form(Action.SAVE), "status.rejected"),
        (SITE, Form(Action.SAVE, purposes=frozenset({"media"})), "status.saved"),
        (SITE, Form(Action.SAVE, purposes=frozenset({"media"}), vendors=frozenset({"tube"})), "status.saved"),
        (SITE, Form(Action.WITHDRAW), "status.withdrawn"),
        (SITE, Form(Action.ACCEPT_POLICIES), "status.terms"),
        (DOCUMENTS, Form(Action.ACCEPT_ALL), "status.terms"),
        (COUNTING, Form(Action.SAVE, objections=frozenset({"audience"})), "status.rejected"),
        (courier(purposes=[Purpose("media")]), Form(Action.ACCEPT_ALL), "status.accepted"),
        (
            courier(purposes=[ANALYTICS, MARKETING]),
            Form(Action.SAVE, purposes=frozenset({"analytics"})),
            "status.saved",
        ),
    ],
)
def test_the_status_says_what_was_chosen(site: Site, form: Form, sentence: str) -> None:
    """
    Each outcome has its own sentence.
    """
    choice = choose(site, None, form, NONE, TODAY)

    assert status_message(site, form.action, choice) == sentence


def test_a_placeholder_names_whom_it_let_in() -> None:
    """
    After a grant the status names the company.
    """
    asked = to_record("grant", vendor="tube", headers=HERE | JSON)

    assert "Tube" in json.loads(asked.done(asked.record).body)["status"]


def test_a_reader_choice_is_no_choice() -> None:
    """
    Text size and view say nothing about consent.
    """
    asking: Visit = visit(cookie="ckit_reader=150.mobile")

    assert asking.cookies.reader == ReaderChoice(150, "mobile")
    assert asking.cookies.choice is None
