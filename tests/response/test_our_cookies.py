"""The Set-Cookie lines that we write ourselves."""

from __future__ import annotations

from datetime import timedelta
from http.cookies import SimpleCookie
from typing import Any

import pytest

from consentkit.cookies import Holder, ReaderChoice
from consentkit.response import our_cookies
from consentkit.response.headers import Fields
from consentkit.vocabulary import Choice
from tests.response.visits import READER, TODAY, visit
from tests.settings.sites import courier

CHOICE = Choice(day=TODAY, expires=TODAY + timedelta(days=180), purposes={"analytics": True})
HOLDER = Holder("5f0c", "0190")


def attributes(lines: Fields) -> dict[str, dict[str, str]]:
    """Name of each cookie -> its attributes that say something, read by the standard library."""
    jar: SimpleCookie = SimpleCookie()
    for name, value in lines:
        assert name == b"set-cookie"
        jar.load(value.decode("ascii"))
    return {name: {key: str(value) for key, value in morsel.items() if value} for name, morsel in jar.items()}


def choice_lines(cookie: str = "", scheme: str = "https", **options: Any) -> dict[str, dict[str, str]]:
    asking = visit(scheme=scheme, cookie=cookie)
    return attributes(our_cookies.choice_cookies(courier(**options), asking, READER, CHOICE, TODAY))


BOUND = {"path": "/", "max-age": "15552000", "samesite": "Lax", "secure": "True"}
PLAIN = {"path": "/", "max-age": "15552000", "samesite": "Lax"}


@pytest.mark.parametrize(
    ("options", "scheme", "lines"),
    [
        ({}, "https", {"__Host-ckit": BOUND}),
        ({}, "http", {"__Host-ckit": BOUND}),
        ({"url": ""}, "https", {"__Host-ckit": BOUND}),
        ({"url": ""}, "http", {"ckit": PLAIN}),
        ({"url": "http://localhost:8000"}, "https", {"ckit": PLAIN}),
        ({"cookie_domain": "courier.example"}, "https", {"ckit": BOUND | {"domain": "courier.example"}}),
    ],
    ids=["https", "behind a proxy", "the request decides", "development", "http by the site's word", "shared domain"],
)
def test_a_choice_is_bound_to_its_host_over_https(
    options: dict[str, Any], scheme: str, lines: dict[str, dict[str, str]]
) -> None:
    """
    Over https the cookie is `__Host-` and Secure, unless several hosts share it; the site's own address decides.
    """
    assert choice_lines(scheme=scheme, **options) == lines


def test_an_older_cookie_of_the_other_name_goes() -> None:
    """
    A site that moved to https or to a cookie domain leaves no second choice behind.
    """
    moved = choice_lines("ckit=old")
    shared = choice_lines("__Host-ckit=old", cookie_domain="courier.example")

    assert moved["ckit"]["max-age"] == "0"
    assert moved["__Host-ckit"]["max-age"] == "15552000"
    assert shared["__Host-ckit"] == {"path": "/", "max-age": "0", "samesite": "Lax", "secure": "True"}


def test_script_may_read_the_choice_and_not_its_holder() -> None:
    """
    The choice is read by the page's script; subject and record are HttpOnly.
    """
    lines = our_cookies.holder_cookies(courier(), visit(), READER, HOLDER, CHOICE.expires, TODAY)

    (line,) = attributes(lines).items()
    assert line == ("__Host-ckit_id", BOUND | {"httponly": "True"})
    assert "httponly" not in choice_lines()["__Host-ckit"]


def test_what_is_written_is_read_again() -> None:
    """
    The next request brings the same choice and the same holder.
    """
    lines = our_cookies.choice_cookies(courier(), visit(), READER, CHOICE, TODAY)
    lines += our_cookies.holder_cookies(courier(), visit(), READER, HOLDER, CHOICE.expires, TODAY)
    sent = "; ".join(value.decode().partition(";")[0] for _, value in lines)

    found = visit(cookie=sent).cookies

    assert (found.choice, found.holder) == (CHOICE, HOLDER)


@pytest.mark.parametrize(
    ("cookie", "names"),
    [
        ("", set()),
        ("ckit_id=x", {"ckit_id"}),
        ("__Host-ckit_id=x; ckit_id=y", {"__Host-ckit_id", "ckit_id"}),
    ],
    ids=["none sent", "plain", "both"],
)
def test_a_holder_is_taken_back_by_the_names_that_were_sent(cookie: str, names: set[str]) -> None:
    """
    Reject and Withdraw expire `ckit_id` under every name that the browser holds it by, and nothing else.
    """
    lines = attributes(our_cookies.no_holder(courier(), visit(cookie=cookie), READER))

    assert lines.keys() == names
    assert all(line["max-age"] == "0" and line["httponly"] for line in lines.values())


def test_a_bound_cookie_stays_secure_when_it_goes() -> None:
    """
    Browsers ignore a line for a `__Host-` name that is not Secure, even one that deletes it.
    """
    lines = our_cookies.no_holder(courier(url=""), visit(scheme="http", cookie="__Host-ckit_id=x"), READER)

    assert attributes(lines)["__Host-ckit_id"]["secure"]


@pytest.mark.parametrize(
    ("choice", "line"),
    [
        (ReaderChoice(150, "mobile"), b"ckit_reader=150.mobile; Path=/; Max-Age=15552000; SameSite=Lax; Secure"),
        (ReaderChoice(), b"ckit_reader=; Path=/; Max-Age=0; SameSite=Lax; Secure"),
    ],
    ids=["set", "unset"],
)
def test_the_reader_cookie_is_plain(choice: ReaderChoice, line: bytes) -> None:
    """
    Text size and view are read by script under one name, for 180 days, and go when both are unset.
    """
    assert our_cookies.reader_cookie(courier(), visit(), choice) == [(b"set-cookie", line)]


def test_two_apps_on_one_host_have_their_own_cookies() -> None:
    """
    `cookie_name` replaces the stem.
    """
    lines = our_cookies.reader_cookie(courier(cookie_name="shop"), visit(), ReaderChoice(150))

    assert lines[0][1].startswith(b"shop_reader=150.-;")


def test_others_cookies_are_expired_wherever_they_may_stand() -> None:
    """
    A foreign cookie is deleted host-only and on each domain, plain and partitioned: nobody knows how it was set.
    """
    lines = [value.decode() for _, value in our_cookies.expired(["_ga"], ["courier.example"], is_https=True)]

    assert lines == [
        "_ga=; Path=/; Max-Age=0",
        "_ga=; Path=/; Max-Age=0; Secure; SameSite=None; Partitioned",
        "_ga=; Path=/; Domain=courier.example; Max-Age=0",
        "_ga=; Path=/; Domain=courier.example; Max-Age=0; Secure; SameSite=None; Partitioned",
    ]


def test_nothing_is_partitioned_without_https() -> None:
    """
    Over http no cookie can be Secure, so none can be partitioned.
    """
    lines = list(our_cookies.expired(["_ga"], [], is_https=False))

    assert lines == [(b"set-cookie", b"_ga=; Path=/; Max-Age=0")]
