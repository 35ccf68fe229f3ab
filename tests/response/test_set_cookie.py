"""The Set-Cookie gate: trackers on the site's own domain wait, everything that a site needs passes."""

from __future__ import annotations

from typing import Any

import pytest

from consentkit.response.headers import Fields
from consentkit.response.set_cookie import gate_of, gated
from tests.settings.sites import courier


def passed(lines: list[str], *, granted: frozenset[str] = frozenset(), **options: Any) -> tuple[list[str], list[str]]:
    """The lines that go out, and the names that are held. `granted`: purposes and vendors that may run."""
    headers: Fields = [(b"content-type", b"text/html"), *((b"set-cookie", line.encode("latin-1")) for line in lines)]
    kept, held = gated(
        headers, gate_of(courier(**options)), lambda purpose, vendor: {purpose, vendor} & granted != set()
    )
    assert kept[0] == headers[0]
    return [value.decode("latin-1") for _, value in kept[1:]], held


@pytest.mark.parametrize(
    ("line", "holds"),
    [
        ("_ga=GA1.1.1.1; Path=/; Max-Age=63072000", True),
        ("_ga_ABC123=GS1; Path=/", True),
        ("_gid=GA1.1.1.1", True),
        ("_fbp=fb.1.1.1; Domain=courier.example", True),
        ("_hjSessionUser_1=x", True),
        ("_pk_id.1.1fff=x", True),
        ("_gcl_au=1.1.1", True),
        ("__utma=1.2.3", True),
        ("_ga=GA1; Secure; SameSite=None; Partitioned", True),
        ("__Secure-_ga=GA1; Secure", True),
        (" _ga = GA1", True),
        ("_GA=GA1", False),
        ("_gather=berries", False),
        ("sessionid=abc; HttpOnly", False),
        ("csrftoken=abc", False),
        ("__Host-session=abc; Secure; Path=/", False),
        ("theme=dark; Max-Age=31536000", False),
        ("messages=x", False),
        ("=nameless", False),
        ("_ga", True),
        ("", False),
        ("caf\xe9=1", False),
    ],
)
def test_only_curated_trackers_wait(line: str, holds: bool) -> None:
    """
    Names that can be nobody's but a tracker's are held until agreed; sessions and unknown names pass.
    """
    kept, held = passed([line])

    if line == "_ga":
        # Without "=" a browser stores a nameless cookie, and an empty value tracks nobody.
        holds = False
    assert kept == ([] if holds else [line])
    assert bool(held) is holds


@pytest.mark.parametrize(
    ("line", "deletes"),
    [
        ("_ga=; Path=/", True),
        ('_ga=""; Path=/', True),
        ("_ga=x; Max-Age=0", True),
        ("_ga=deleted; max-age = -1", True),
        ("_ga=x; MAX-AGE=00", True),
        ("_ga=x; Expires=Thu, 01 Jan 1970 00:00:00 GMT", True),
        ("_ga=x; Expires=Thu, 01-Jan-1970 00:00:01 GMT; Path=/", True),
        ("_ga=x; expires=Thursday, 01-Jan-70 00:00:00 GMT", True),
        ("_ga=x; Max-Age=0; Expires=Thu, 01 Jan 2099 00:00:00 GMT", True),
        ("_ga=x; Max-Age=600; Expires=Thu, 01 Jan 1970 00:00:00 GMT", False),
        ("_ga=x; Max-Age=1", False),
        ("_ga=x; Max-Age=010", False),
        ("_ga=x; Max-Age=", False),
        ("_ga=x; Expires=Thu, 01 Jan 2099 00:00:00 GMT", False),
        ("_ga=x; Expires=Fri, 20-Nov-26 19:15:00 GMT", False),
        ("_ga=1970; Path=/", False),
        ("_ga=max-age=0", False),
    ],
)
def test_a_deletion_always_passes(line: str, deletes: bool) -> None:
    """
    A line that takes a tracker's cookie away goes out; Max-Age wins over Expires.
    """
    kept, _ = passed([line])

    assert kept == ([line] if deletes else [])


def test_repeated_lines_are_judged_one_by_one() -> None:
    """
    Of several cookies only those that wait are held, in any order, and each is named.
    """
    kept, held = passed(["a=1", "_ga=1", "sessionid=2", "_fbp=1", "a=2", "_ga=; Max-Age=0"])

    assert kept == ["a=1", "sessionid=2", "a=2", "_ga=; Max-Age=0"]
    assert held == ["_ga", "_fbp"]


@pytest.mark.parametrize(
    ("granted", "kept"),
    [
        (frozenset({"analytics"}), ["_ga=1"]),
        (frozenset({"google-analytics"}), ["_ga=1"]),
        (frozenset({"meta-pixel"}), ["_fbp=1"]),
        (frozenset({"analytics", "marketing"}), ["_ga=1", "_fbp=1"]),
        (frozenset({"media"}), []),
    ],
    ids=["purpose", "vendor", "another vendor", "both", "something else"],
)
def test_what_was_agreed_to_is_set(granted: frozenset[str], kept: list[str]) -> None:
    """
    A cookie waits for its own purpose and vendor.
    """
    assert passed(["_ga=1", "_fbp=1"], granted=granted)[0] == kept


def test_an_owner_names_cookies_of_a_purpose() -> None:
    """
    `cookies` makes names and patterns wait for a purpose, before anything else is asked.
    """
    options: dict[str, Any] = {"cookies": {"shop_*": "marketing", "sessionid": "analytics"}}

    assert passed(["shop_x=1", "shop=1", "sessionid=1"], **options) == (["shop=1"], ["shop_x", "sessionid"])
    assert passed(["shop_x=1"], granted=frozenset({"marketing"}), **options)[0] == ["shop_x=1"]
    assert gate_of(courier(**options))("shop_x") == ("marketing", None)


def test_an_owner_names_necessary_cookies() -> None:
    """
    `necessary` lets a name pass that the list would hold.
    """
    assert passed(["_ga=1", "_gid=1"], necessary={"_ga": "Our own counter is called so."}) == (["_ga=1"], ["_gid"])


def test_strict_holds_what_nobody_knows() -> None:
    """
    Under `strict` a name that nobody described waits; what frameworks need and the owner names passes.
    """
    lines = [
        "theme=dark",
        "sessionid=1",
        "__Host-session=1",
        "csrftoken=1",
        "django_language=bs",
        "cart=1",
        "theme=; Max-Age=0",
    ]

    kept, held = passed(lines, holding="strict", necessary={"cart": "Your cart"})

    assert kept == [line for line in lines if line != "theme=dark"]
    assert held == ["theme"]


def test_no_choice_releases_what_nobody_described() -> None:
    """
    Consent names its vendors, so what has none is not released by any choice.
    """
    everything = frozenset({"analytics", "media", "marketing", "functional"})

    assert passed(["theme=dark"], holding="strict", granted=everything)[1] == ["theme"]


def test_other_headers_are_no_cookies() -> None:
    """
    A header that looks like one of ours by its value passes.
    """
    headers: Fields = [(b"x-note", b"_ga=1"), (b"cookie", b"_ga=1")]

    assert gated(headers, gate_of(courier()), lambda purpose, vendor: False) == (headers, [])
