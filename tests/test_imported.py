"""What another tool's cookie is worth here: a no always, a yes only for whom the owner lists, garbage nothing."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, timedelta
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consentkit.cookies import Trust
from consentkit.decide import Asking, decide, must_ask
from consentkit.imported import MAX_COOKIE, TOOLS, Importer
from consentkit.settings import Site, checks
from consentkit.visit import Visit
from consentkit.vocabulary import Choice
from tests.response.visits import NOON, READER, TODAY, visit
from tests.settings.sites import courier, problems_of

SITE = courier(
    import_from=["cc_cookie", "klaro", "tarteaucitron", "cookie_consent", "CookieConsent", "OptanonConsent"],
    import_grants={"counter": "analytics", "tube": "youtube", "ads": "C0004"},
)
WEEK_AGO = NOON - timedelta(days=7)
ISO = WEEK_AGO.isoformat().replace("+00:00", "Z")


def vanilla(*categories: str, **more: object) -> str:
    return quote(json.dumps({"categories": categories, "lastConsentTimestamp": ISO, **more}))


def cookiebot(statistics: str, marketing: str, method: str = "explicit") -> str:
    utc = int(WEEK_AGO.timestamp() * 1000)
    return quote(
        f"{{stamp:'x==',necessary:true,preferences:false,statistics:{statistics},marketing:{marketing},"
        f"method:'{method}',ver:1,utc:{utc},region:'de'}}"
    )


def onetrust(groups: str, closed: str = "; OptanonAlertBoxClosed=2026-11-17T10:00:00Z") -> str:
    stamp = quote("Tue Nov 17 2026 10:00:00 GMT+0000 (Coordinated Universal Time)").replace("%20", "+")
    return f"isGpcEnabled=0&datestamp={stamp}&version=202401.2.0&groups={quote(groups)}{closed}"


REFUSED = {"analytics": False, "media": False, "marketing": False}


@pytest.mark.parametrize(
    ("cookie", "purposes", "vendors"),
    [
        pytest.param(f"cc_cookie={vanilla('necessary')}", REFUSED, None, id="vanilla: all refused"),
        pytest.param(f"cc_cookie={vanilla('necessary', 'analytics')}", {"analytics": True},
                     {"counter": True, "tube": False, "ads": False}, id="vanilla: a category"),
        pytest.param(f"cc_cookie={vanilla('necessary', services={'media': ['youtube']})}", {"analytics": False},
                     {"counter": False, "tube": True, "ads": False}, id="vanilla: a service"),
        pytest.param("cc_cookie=" + quote(json.dumps({"level": ["necessary"], "revision": 0})), REFUSED, None,
                     id="vanilla 2"),
        pytest.param("klaro=" + quote('{"youtube":false,"matomo":false}'), REFUSED, None, id="klaro: all refused"),
        pytest.param("klaro=" + quote('{"youtube":true,"maps":false}'), {"media": False},
                     {"tube": True, "maps": False}, id="klaro: one of two"),
        pytest.param("tarteaucitron=!gtag=false!youtube=false", REFUSED, None, id="tarteaucitron: all refused"),
        pytest.param("tarteaucitron=!youtube=true!maps=wait!ads=false", {"marketing": False},
                     {"tube": True, "ads": False}, id="tarteaucitron: waits for an answer"),
        pytest.param("cookie_consent=analytics=2020-01-01T00:00:00|social=-1",
                     {"analytics": True, "media": False}, {"counter": True, "maps": False},
                     id="django-cookie-consent"),
        pytest.param('cookie_consent="analytics=-1|social=-1"', REFUSED, None, id="django-cookie-consent, quoted"),
        pytest.param(f"CookieConsent={cookiebot('false', 'false')}", REFUSED, None, id="Cookiebot: all refused"),
        pytest.param(f"CookieConsent={cookiebot('true', 'false')}", {"marketing": False}, {"ads": False},
                     id="Cookiebot: a yes to a name that the owner does not list"),
        pytest.param("OptanonConsent=" + onetrust("C0001:1,C0002:0,C0004:0"), REFUSED, None, id="OneTrust: refused"),
        pytest.param("OptanonConsent=" + onetrust("C0001:1,C0002:0,C0004:1"), {"marketing": True},
                     {"ads": True}, id="OneTrust: a yes"),
    ],
)  # fmt: skip
def test_what_was_said_elsewhere_is_read(
    cookie: str, purposes: dict[str, bool], vendors: dict[str, bool] | None
) -> None:
    """
    A refusal of everything answers everything; else every vendor has its own answer, or none.
    """
    choice = chosen(cookie)

    assert choice is not None
    expected = dict.fromkeys(("counter", "tube", "maps", "ads"), False) if vendors is None else vendors
    assert {name: choice.vendors.get(name) for name in expected} == expected
    assert {name: choice.purposes.get(name) for name in purposes} == purposes


@pytest.mark.parametrize(
    "cookie",
    [
        pytest.param(f"CookieConsent={cookiebot('true', 'true', 'implied')}", id="Cookiebot: nobody answered"),
        pytest.param("CookieConsent=-1", id="Cookiebot: not asked in this region"),
        pytest.param("OptanonConsent=" + onetrust("C0001:1,C0004:0", closed=""), id="OneTrust: banner still open"),
        pytest.param("tarteaucitron=!youtube=wait", id="tarteaucitron: banner still open"),
        pytest.param("klaro=[]", id="klaro: a list"),
        pytest.param("klaro=" + "[" * 4000, id="klaro: nested without end"),
        pytest.param("cc_cookie=" + quote('{"categories": 7}'), id="vanilla: a number"),
        pytest.param(f"cc_cookie={vanilla('necessary', lastConsentTimestamp='yesterday')}", id="vanilla: no time"),
        pytest.param(f"cc_cookie={vanilla('necessary', expirationTime=1e300)}", id="vanilla: the end of time"),
        pytest.param("cc_cookie=" + vanilla("necessary") + "x" * MAX_COOKIE, id="longer than a cookie can be"),
        pytest.param(f"cc_cookie={vanilla('necessary', lastConsentTimestamp='2030-01-01T00:00:00Z')}", id="future"),
        pytest.param(f"cc_cookie={vanilla('necessary', lastConsentTimestamp='2020-01-01T00:00:00Z')}", id="long ago"),
    ],
)
def test_what_is_no_answer_is_none(cookie: str) -> None:
    """
    Defaults, open banners and garbage are no choice.
    """
    assert chosen(cookie) is None


def test_day_and_end_are_kept() -> None:
    """
    An answer is as old as it is, and lasts no longer than there, nor longer than one given here.
    """
    short = chosen(f"cc_cookie={vanilla('necessary', expirationTime=(NOON.timestamp() + 86400) * 1000)}")
    long = chosen(f"cc_cookie={vanilla('necessary', expirationTime=(NOON.timestamp() + 400 * 86400) * 1000)}")

    assert short is not None
    assert long is not None
    assert (short.day, short.expires) == (date(2026, 11, 17), date(2026, 11, 25))
    assert long.expires == date(2026, 11, 17) + timedelta(days=SITE.refusal_days)


def test_an_answer_of_ours_comes_first() -> None:
    """
    As soon as there is a cookie of ours, whatever it says, nobody asks the other tool's any more.
    """
    own = Choice(day=TODAY, expires=TODAY + timedelta(days=1), vendors={"counter": True})
    both = visit_with(f"cc_cookie={vanilla('necessary')}", choice=own)
    forged = visit_with(f"cc_cookie={vanilla('necessary')}; ckit=v=1&forged")

    assert both.cookies.choice == own
    assert (forged.cookies.choice, forged.cookies.trust) == (None, Trust.FORGED)


def test_who_refused_there_is_not_asked_here_and_who_agreed_in_general_is() -> None:
    """
    A refusal of everything closes the question; a yes that names nobody leaves it open.
    """
    refused = visit_with(f"cc_cookie={vanilla('necessary')}")
    agreed = visit_with(f"CookieConsent={cookiebot('true', 'true')}")

    assert refused.cookies.trust is Trust.IMPORTED
    assert must_ask(replace_terms(SITE), refused.cookies.choice) is Asking.NOTHING
    assert decide(SITE, refused).allowed == frozenset()
    assert must_ask(SITE, agreed.cookies.choice) is Asking.PURPOSES
    assert decide(SITE, agreed).allowed == frozenset()


def test_without_the_option_nothing_is_read() -> None:
    """
    The cookies of other tools are nobody's business by default.
    """
    assert visit(cookie=f"cc_cookie={vanilla('necessary')}").cookies.choice is None


@given(st.sampled_from(sorted(TOOLS)), st.text(max_size=200), st.booleans())
def test_nothing_raises_and_nothing_is_granted_by_garbage(name: str, value: str, encoded: bool) -> None:
    """
    A visitor can send anything.
    """
    jar = {name: quote(value) if encoded else value, "OptanonAlertBoxClosed": "x"}
    choice = Importer(SITE).choice(jar, NOON)

    assert choice is None or set(choice.vendors) <= {"counter", "tube", "maps", "ads"}


def test_a_wrong_configuration_is_told() -> None:
    """
    Tools that can't be read, vendors that nobody asks about.
    """
    wrong = problems_of(lambda: courier(import_from=["osano"], import_grants={"nobody": "x"}))
    alone = problems_of(lambda: courier(import_grants={"counter": "x"}))

    assert [problem.partition(":")[0] for problem in wrong] == ["import_from[0]", "import_grants.nobody"]
    assert [problem.partition(":")[0] for problem in alone] == ["import_grants"]
    assert tuple(TOOLS) == checks.IMPORTED


def chosen(cookie: str) -> Choice | None:
    return visit_with(cookie).cookies.choice


def visit_with(cookie: str, choice: Choice | None = None) -> Visit:
    """A visit to the site that imports."""
    plain = visit(cookie=cookie, choice=choice)
    jar = dict(pair.partition("=")[::2] for pair in cookie.split("; "))
    if choice is not None:
        return plain
    return replace(plain, cookies=replace(READER, importer=Importer(SITE)).read(jar, NOON))


def replace_terms(site: Site) -> Site:
    return courier(import_from=list(site.import_from), policies=[])
