"""Which cookies of the request are deleted after a refusal."""

from __future__ import annotations

from typing import Any

import pytest

from consentkit.response.refused import MAX_LINES, refused_cookies
from consentkit.response.set_cookie import gate_of
from consentkit.settings import Site
from consentkit.vocabulary import Choice, Purpose, Vendor
from tests.response.visits import TODAY, visit
from tests.settings.sites import courier

GOOGLE = Vendor("google-analytics", title="Google Analytics")
HOTJAR = Vendor("hotjar", title="Hotjar")
PURPOSES = [Purpose("analytics", vendors=[GOOGLE, HOTJAR]), Purpose("marketing")]


def deleted(site: Site, cookie: str, host: str = "courier.example", **answers: Any) -> list[str]:
    """The lines that delete something, for a visitor who answered so."""
    choice = Choice(day=TODAY, expires=TODAY, **answers)
    lines = refused_cookies(site, gate_of(site), visit(cookie=cookie, headers={"host": host}), choice)
    return [value.decode() for _, value in lines]


def names(lines: list[str]) -> set[str]:
    return {line.partition("=")[0] for line in lines}


NO: dict[str, Any] = {
    "purposes": {"analytics": False, "marketing": False},
    "vendors": {"google-analytics": False, "hotjar": False},
}
YES: dict[str, Any] = {
    "purposes": {"analytics": True, "marketing": True},
    "vendors": {"google-analytics": True, "hotjar": True},
}


@pytest.mark.parametrize(
    ("answers", "gone"),
    [
        (NO, {"_ga", "_hjid", "_fbp"}),
        (YES, set()),
        ({}, set()),
        ({"purposes": {"marketing": False}}, {"_fbp"}),
        (
            {"purposes": {"analytics": False}, "vendors": {"google-analytics": True, "hotjar": False}},
            {"_hjid"},
        ),
    ],
    ids=["everything refused", "everything agreed", "nothing answered", "one purpose", "one of two vendors"],
)  # fmt: skip
def test_cookies_of_what_was_refused_go(answers: dict[str, Any], gone: set[str]) -> None:
    """
    A refusal deletes the cookies of what it refuses; what was agreed to, or never asked, keeps its own.
    """
    site = courier(purposes=PURPOSES)

    assert names(deleted(site, "_ga=1; _hjid=2; _fbp=3; sessionid=4; theme=5", **answers)) == gone


def test_an_objection_deletes_too() -> None:
    """
    After an objection the cookies of an exempt purpose go.
    """
    counting = Purpose("audience", title="A", basis="exempt", reason="R", vendors=[GOOGLE])

    assert names(deleted(courier(purposes=[counting]), "_ga=1", purposes={"audience": False})) == {"_ga"}


def test_an_owners_cookies_go_with_their_purpose() -> None:
    """
    What `cookies` gives to a purpose is deleted with it.
    """
    site = courier(purposes=PURPOSES, cookies={"shop_*": "marketing"})

    assert names(deleted(site, "shop_a=1; shop=2", **NO)) == {"shop_a"}


@pytest.mark.parametrize(
    ("host", "domains"),
    [
        ("courier.example", ["courier.example"]),
        ("www.news.courier.example:8000", ["www.news.courier.example", "news.courier.example", "courier.example"]),
        ("courier.co.uk", ["courier.co.uk"]),
        ("localhost", []),
        ("127.0.0.1:8000", []),
        ("[::1]:8000", []),
        ("", []),
    ],
)
def test_a_cookie_may_stand_on_any_domain_of_the_site(host: str, domains: list[str]) -> None:
    """
    A cookie is deleted on the host and on each domain above it, up to the registrable one and never beyond.
    """
    lines = deleted(courier(purposes=PURPOSES), "_ga=1", host, **NO)

    asked = [line.partition("Domain=")[2].partition(";")[0] for line in lines if "Domain=" in line]
    assert list(dict.fromkeys(asked)) == domains
    assert any("Domain=" not in line for line in lines)


def test_headers_stay_small_enough_for_every_proxy() -> None:
    """
    At most 4 KiB of lines go out; the rest goes with the next pages.
    """
    cookie = "; ".join(f"_hj{number:03}=1" for number in range(300))

    lines = deleted(courier(purposes=PURPOSES), cookie, **NO)

    assert 0 < sum(len("set-cookie") + len(line) + 4 for line in lines) <= MAX_LINES
    assert len(names(lines)) > 5
