"""Cookies by name: trackers', necessary ones, and what the database says."""

from __future__ import annotations

import pytest

from consentkit.registry import describe, gated, necessary, registry
from consentkit.registry.gate import GATED, NECESSARY
from consentkit.registry.known import covers_name
from consentkit.vocabulary import BUILT_IN_PURPOSES

#: What frameworks set when nobody configures anything, as their documentation names it.
FRAMEWORK_DEFAULTS = [
    ("sessionid", "Django session"),
    ("csrftoken", "Django forgery protection"),
    ("messages", "Django messages"),
    ("django_language", "Django language"),
    ("session", "Starlette, Flask, Quart, Litestar session"),
    ("remember_token", "Flask-Login remember me"),
    ("fastapiusersauth", "FastAPI-Users sign-in"),
    ("fastapi-csrf-token", "FastAPI forgery protection"),
    ("QUART_AUTH", "Quart-Auth sign-in"),
    ("laravel_session", "Laravel session"),
    ("XSRF-TOKEN", "Laravel forgery protection"),
    ("remember_web_59ba36addc2b2f9401580f014c7f58ea4e30989d", "Laravel remember me"),
    ("PHPSESSID", "PHP session"),
    ("JSESSIONID", "Java session"),
    ("connect.sid", "Express session"),
    ("ASP.NET_SessionId", "ASP.NET session"),
    (".AspNetCore.Antiforgery.w5W7x28NAIs", "ASP.NET forgery protection"),
    ("__Host-session", "a session with a prefix"),
    ("__Secure-next-auth.session-token", "Auth.js with a prefix"),
    ("wordpress_logged_in_0123", "WordPress sign-in"),
    ("__cf_bm", "Cloudflare robots"),
    ("AWSALB", "AWS load balancer"),
    ("_xsrf", "Tornado forgery protection"),
    ("NEXT_LOCALE", "Next.js language"),
]

TRACKERS = [
    ("_ga", "google-analytics"),
    ("_ga_ABC123", "google-analytics"),
    ("_gid", "google-analytics"),
    ("_gat_UA-1-1", "google-analytics"),
    ("_gcl_au", "google-ads"),
    ("_fbp", "meta-pixel"),
    ("_fbc", "meta-pixel"),
    ("_hjSessionUser_123", "hotjar"),
    ("_pk_id.1.1fff", "matomo-cloud"),
    ("_clck", "clarity"),
    ("_clsk", "clarity"),
    ("_uetsid", "microsoft-ads"),
    ("_uetvid", "microsoft-ads"),
    ("_ttp", "tiktok-pixel"),
    ("_pin_unauth", "pinterest-tag"),
    ("__hstc", "hubspot"),
    ("hubspotutk", "hubspot"),
    ("li_fat_id", "linkedin-insight"),
    ("mp_0123abcd_mixpanel", "mixpanel"),
    ("__Secure-_ga", "google-analytics"),
]


def example(pattern: str) -> str:
    return pattern.replace("*", "x1")


@pytest.mark.parametrize("row", GATED, ids=[row.pattern for row in GATED])
def test_each_gated_row(row: object) -> None:
    """
    Each row of the gate is found by its name, leads to a purpose and a vendor, and not by a longer name.
    """
    assert isinstance(row, type(GATED[0]))

    assert gated(example(row.pattern)) == row
    assert row.purpose in BUILT_IN_PURPOSES
    assert row.vendor in registry()
    assert gated("my" + example(row.pattern)) is None


@pytest.mark.parametrize("row", NECESSARY, ids=[f"{row.maker}: {row.pattern}" for row in NECESSARY])
def test_each_necessary_row(row: object) -> None:
    """
    Each necessary cookie is recognised with what it is for, and the gate never holds it.
    """
    assert isinstance(row, type(NECESSARY[0]))

    found = necessary(example(row.pattern))

    assert found is not None
    assert found.use
    assert found.maker
    assert gated(example(row.pattern)) is None


@pytest.mark.parametrize(("name", "what"), FRAMEWORK_DEFAULTS, ids=[what for _, what in FRAMEWORK_DEFAULTS])
def test_framework_defaults_pass(name: str, what: str) -> None:
    """
    Sessions, forgery tokens, messages, languages and remember-me cookies of frameworks pass.
    """
    assert necessary(name) is not None
    assert gated(name) is None


@pytest.mark.parametrize(("name", "vendor"), TRACKERS, ids=[name for name, _ in TRACKERS])
def test_trackers_on_the_sites_own_domain(name: str, vendor: str) -> None:
    """
    Trackers that write to the site's own domain are held by name, for a vendor that can be declared.
    """
    row = gated(name)

    assert row is not None
    assert row.vendor == vendor
    assert necessary(name) is None


@pytest.mark.parametrize("name", ["token", "uid", "locale", "s", "ID", "C", "_s", "_y", "user", "theme", "ckit", ""])
def test_a_name_that_may_be_anyones_is_not_gated(name: str) -> None:
    """
    Names that trackers share with sites are never gated, whatever the database says of them.
    """
    assert gated(name) is None


def test_no_pattern_is_so_short_that_it_hits_others() -> None:
    """
    A pattern spells out at least three characters, and four with a star unless it begins with a mark.
    """
    for row in GATED:
        spelt = row.pattern.replace("*", "")
        assert len(spelt) >= 3, row
        assert "*" not in row.pattern or len(spelt) >= 4 or row.pattern.startswith("_"), row
        assert row.pattern.count("*") <= 1, row


def test_no_row_stands_twice() -> None:
    """
    A cookie has one vendor.
    """
    assert len({row.pattern for row in GATED}) == len(GATED)


def test_the_lists_do_not_meet() -> None:
    """
    No example of one list is covered by the other.
    """
    for row in GATED:
        assert not any(covers_name(need.pattern, example(row.pattern)) for need in NECESSARY), row


def test_the_database_describes() -> None:
    """
    A cookie's name is described with company, purpose, lifetime and text.
    """
    facts = describe("_ga")

    assert [(fact.platform, fact.vendor, fact.purpose) for fact in facts] == [
        ("Google Analytics", "google-analytics", "analytics")
    ]
    assert facts[0].lifetime == "2 years"
    assert facts[0].description


def test_the_database_never_gates() -> None:
    """
    The database takes Django's session for Instagram's; the gate does not.
    """
    assert [fact.platform for fact in describe("sessionid")] == ["Instagram"]
    assert gated("sessionid") is None


@pytest.mark.parametrize(
    ("name", "pattern"),
    [pytest.param("_ga_ABC", "_ga_*", id="a pattern"), pytest.param("__Host-_ga", "_ga", id="a prefix")],
)
def test_a_description_by_pattern(name: str, pattern: str) -> None:
    """
    Patterns describe the names that they cover, and the prefixes of browsers do not matter.
    """
    assert describe(name)[0].name == pattern


def test_a_name_that_nobody_knows() -> None:
    """
    Of an unknown cookie the database says nothing.
    """
    assert describe("courier_edition_1997") == ()


@pytest.mark.parametrize(
    ("pattern", "name", "covered"),
    [
        pytest.param("_ga", "_ga", True, id="equal"),
        pytest.param("_ga", "_gas", False, id="longer"),
        pytest.param("_ga_*", "_ga_", True, id="nothing for the star"),
        pytest.param("mp_*_mixpanel", "mp_1_mixpanel", True, id="a star inside"),
        pytest.param("mp_*_mixpanel", "mp_mixpanel", False, id="the ends may not overlap"),
    ],
)
def test_a_cookie_pattern(pattern: str, name: str, covered: bool) -> None:
    """
    A pattern is compared letter by letter around its one star.
    """
    assert covers_name(pattern, name) is covered
