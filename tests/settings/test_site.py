"""`Site`: what a good configuration becomes."""

from __future__ import annotations

import copy
from dataclasses import FrozenInstanceError, replace
from pathlib import Path

import pytest

from consentkit.errors import UnknownPolicy, UnknownPurpose
from consentkit.settings import Site
from consentkit.settings.site import SECRET_VARIABLE, vendors_of
from consentkit.vocabulary import Policy, Purpose, Vendor
from tests.settings.sites import AUDIENCE, COUNTER, MAPS, SECRET, TUBE, courier, settings

OLD, NEW = "an old secret of the tests, long enough", "a new secret of the tests, long enough"


def test_ten_lines_make_a_site() -> None:
    """
    A name and a secret are enough for a site that asks for nothing.
    """
    site = Site(name="Drina Courier", secret=SECRET)

    assert (site.asked, site.exempt, site.terms, site.notices) == ((), (), (), ())
    assert site.keys == (SECRET,)
    assert site.scheme == ""


def test_a_registry_key_becomes_its_vendor() -> None:
    """
    A vendor named by its key carries the hosts, cookies and title of the registry.
    """
    site = courier(purposes=[Purpose("analytics", vendors=["google-analytics"])])

    (vendor,) = vendors_of(site.purposes[0])

    assert vendor.name == "google-analytics"
    assert vendor.title == "Google Analytics"
    assert "www.google-analytics.com" in vendor.hosts or "google-analytics.com" in vendor.hosts
    assert "_ga" in vendor.cookies


def test_lists_may_be_reused_by_their_owner() -> None:
    """
    A site keeps copies, so that a list changed later changes nothing.
    """
    hosts, vendors, origins, cookies = ["a.example"], [COUNTER], ["https://www.courier.example"], {"theme": "analytics"}
    purposes = [Purpose("analytics", vendors=vendors), Purpose("media", vendors=[Vendor("x", hosts=hosts)])]
    site = courier(purposes=purposes, origins=origins, cookies=cookies)

    hosts.append("b.example")
    vendors.clear()
    origins.clear()
    cookies.clear()

    assert [vendor.hosts for vendor in vendors_of(site.purposes[1])] == [("a.example",)]
    assert [vendor.name for vendor in vendors_of(site.purposes[0])] == ["counter"]
    assert site.origins == ("https://www.courier.example",)
    assert site.cookies == {"theme": "analytics"}


def test_a_site_does_not_change() -> None:
    """
    A built site can be relied on.
    """
    with pytest.raises(FrozenInstanceError):
        courier().name = "Other"  # type: ignore[misc]


def test_a_secret_is_never_shown() -> None:
    """
    A site in a log line or a traceback keeps its keys to itself.
    """
    assert SECRET not in repr(courier())


def test_keys_are_listed_oldest_to_newest() -> None:
    """
    Several secrets may be given while keys change.
    """
    assert courier(secret=[OLD, NEW]).keys == (OLD, NEW)


def test_secrets_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Without an option the variable is read, several keys separated by blanks.
    """
    old, new = OLD.replace(" ", "_"), NEW.replace(" ", "_")
    monkeypatch.setenv(SECRET_VARIABLE, f"{old}  {new}\n")

    assert courier(secret="").keys == (old, new)


def test_an_option_wins_over_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    A secret that is given is the secret.
    """
    monkeypatch.setenv(SECRET_VARIABLE, OLD)

    assert courier().keys == (SECRET,)


@pytest.mark.parametrize(
    ("url", "scheme"),
    [
        ("https://courier.example", "https"),
        ("http://localhost:8000", "http"),
        ("", ""),
        ("HTTPS://Courier.Example/", "https"),
    ],
)
def test_the_address_decides_the_scheme(url: str, scheme: str) -> None:
    """
    The scheme is that of `url`; without it the request decides.
    """
    assert courier(url=url).scheme == scheme


def test_purposes_are_told_apart_by_their_basis() -> None:
    """
    Only purposes that need consent are asked for.
    """
    site = courier(purposes=[Purpose("analytics", vendors=[COUNTER]), AUDIENCE])

    assert [purpose.name for purpose in site.asked] == ["analytics"]
    assert [purpose.name for purpose in site.exempt] == ["audience"]


def test_children_are_asked_nothing() -> None:
    """
    A site for children offers nothing optional, so it needs no controller for consent either.
    """
    site = courier(audience="children", controller="", contact="")

    assert site.asked == ()


def test_policies_are_told_apart_by_their_kind() -> None:
    """
    Terms are asked for, notices are linked.
    """
    site = courier()

    assert [policy.name for policy in site.terms] == ["terms"]
    assert [policy.name for policy in site.notices] == ["privacy"]


def test_what_is_declared_is_found_by_its_id() -> None:
    """
    Purposes, policies and vendors are found by id.
    """
    site = courier()

    assert site.purpose("media").name == "media"
    assert site.policy("terms").kind == "terms"
    assert site.purpose_of("tube") == site.purpose("media")
    assert site.purpose_of("nobody") is None
    assert vendors_of(site.purpose("media")) == (
        replace(TUBE, hosts=("tube.example",)),
        replace(MAPS, hosts=("maps.example",)),
    )


def test_what_is_not_declared_is_named() -> None:
    """
    An id that the site does not know raises, and the known ones stand in the message.
    """
    site = courier()

    with pytest.raises(UnknownPurpose, match="known purposes: analytics, marketing, media"):
        site.purpose("analytic")
    with pytest.raises(UnknownPolicy, match="known policies: privacy, terms"):
        site.policy("imprint")


def test_equal_options_make_equal_sites() -> None:
    """
    A site is a value: built twice, given as lists or tuples, copied or changed back, it is the same.
    """
    site = courier()

    assert site == courier(purposes=tuple(settings()["purposes"]), policies=tuple(settings()["policies"]))
    assert copy.copy(site) == site
    assert replace(site, name="Other") != site
    assert replace(replace(site, name="Other"), name=site.name) == site


def test_a_folder_is_no_option(tmp_path: Path) -> None:
    """
    Where relative paths start is set by whoever loads the file.
    """
    assert courier(folder=tmp_path).folder == tmp_path
    assert "folder" not in Site.options()
    assert "name" in Site.options()


@pytest.mark.parametrize(
    "policy",
    [
        Policy("imprint", url="https://courier.example/imprint", version="1", title="Imprint"),
        Policy("imprint", url="/imprint", version="x" * 32, title={"en": "Imprint", "de": "Impressum"}),
    ],
    ids=["full address", "titles by language"],
)
def test_an_own_policy_needs_a_title(policy: Policy) -> None:
    """
    A policy that no catalogue knows carries its own title, one for all languages or one for each.
    """
    assert courier(policies=[policy]).policy("imprint").url == policy.url


@pytest.mark.parametrize(
    "options",
    [
        {"cookie_domain": "courier.example"},
        {"cookie_domain": "example", "url": "https://a.example"},
        {"cookie_domain": "courier.example", "url": "https://www.Courier.example"},
        {"cookie_domain": "courier.example", "url": ""},
        {"origins": ["http://localhost:8000", "https://[::1]:8000"]},
        {"first_party": ["cdn.other.example", "a_b.example"]},
        {"prefix": "/privacy/_ckit"},
        {"ask_again": "2026-11-01"},
        {"text_size": None, "mobile": None},
        {"gpc_purposes": []},
        {"gpc_purposes": ["analytics"]},
        {"cookies": {"theme*": "functional"}},
        {"necessary": {"cart": {"en": "Your cart", "de": "Warenkorb"}}},
        {"texts": {"en": {"banner.title": "Cookies"}}},
        {"skip": ["/admin", "/docs/"]},
        {"grant_days": 1, "refusal_days": 400},
        {"log": "sqlite:////var/lib/consent.db"},
    ],
    ids=str,
)
def test_what_is_right_is_taken(options: dict[str, object]) -> None:
    """
    A sensible value of every option builds a site.
    """
    site = courier(**options)

    for name, value in options.items():
        assert getattr(site, name) in (value, tuple(value) if isinstance(value, list) else value)
