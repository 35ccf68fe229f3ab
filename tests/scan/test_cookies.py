"""Set-Cookie lines, as a report tells them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from consentkit.scan.cookies import lasting, read_set_cookie

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("line", "lifetime", "deletes"),
    [
        pytest.param("a=1", "session", False, id="session"),
        pytest.param("a=1; Max-Age=63072000; Path=/", "2 years", False, id="two years"),
        pytest.param("a=1; Max-Age=34128000", "13 months", False, id="13 months"),
        pytest.param("a=1; Max-Age=3600", "1 hour", False, id="an hour"),
        pytest.param("a=1; Max-Age=5", "less than a minute", False, id="seconds"),
        pytest.param("a=1; Expires=Thu, 26 Nov 2026 12:00:00 GMT", "1 day", False, id="expires"),
        pytest.param("a=1; Max-Age=86400; Expires=Thu, 01 Jan 1970 00:00:00 GMT", "1 day", False, id="max-age wins"),
        pytest.param("a=; Expires=Thu, 01 Jan 1970 00:00:00 GMT", "less than a minute", True, id="deletion"),
        pytest.param("a=1; Max-Age=0", "less than a minute", True, id="deletion by age"),
        pytest.param("a=1; Max-Age=soon; Expires=later", "session", False, id="nonsense"),
        pytest.param("a=1; Max-Age=" + "9" * 5000, f"{round(float('9' * 15) / 31536000)} years", False, id="for ever"),
    ],
)
def test_how_long_a_cookie_lasts(line: str, lifetime: str, deletes: bool) -> None:
    """
    A lifetime is told as people say it, and a deletion is known.
    """
    cookie = read_set_cookie(line, NOON)

    assert cookie is not None
    assert (cookie.name, cookie.lifetime, cookie.deletes) == ("a", lifetime, deletes)


def test_what_belongs_to_a_cookie() -> None:
    """
    Domain and HttpOnly are read whatever their case; what browsers ignore is none.
    """
    cookie = read_set_cookie("__Host-id=x=y; HTTPONLY; domain=.a.example", NOON)

    assert cookie is not None
    assert (cookie.name, cookie.value, cookie.http_only, cookie.domain) == ("__Host-id", "x=y", True, "a.example")
    assert read_set_cookie("no pair", NOON) is None
    assert read_set_cookie("=x", NOON) is None


@settings(deadline=None)
@given(st.text(max_size=100))
def test_any_line_is_read(line: str) -> None:
    """
    Garbage is a cookie or none, never an error.
    """
    read_set_cookie(line, NOON)


@settings(deadline=None)
@given(st.floats(min_value=0, max_value=1e12))
def test_every_number_of_seconds_has_words(seconds: float) -> None:
    """
    Every lifetime is said in one unit.
    """
    assert lasting(seconds)
