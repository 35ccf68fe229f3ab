"""What robots.txt asks of us, by RFC 9309."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from consentkit.scan.robots import MAX_ROBOTS, covers, read

RULES = b"""\xef\xbb\xbf# for all
User-agent: *
Disallow: /private # not for you
Disallow: /*.json$
Allow: /private/open
Crawl-delay: 2

User-agent: Other-Bot
User-agent: another
Disallow: /
"""


@pytest.mark.parametrize(
    ("path", "may"),
    [
        pytest.param("/", True, id="root"),
        pytest.param("/private/a", False, id="forbidden"),
        pytest.param("/private/open/a", True, id="the longer rule wins"),
        pytest.param("/a/b.json", False, id="wildcard"),
        pytest.param("/a/b.json?x", True, id="end of the pattern"),
        pytest.param("/%70rivate", False, id="spelled otherwise"),
    ],
)
def test_a_rule_for_everyone(path: str, may: bool) -> None:
    """
    Patterns with `*` and `$` are understood, the longest one decides, and comments say nothing.
    """
    assert read(RULES, "consentkit-scan").allow(f"https://a.example{path}") is may


def test_a_group_for_us_replaces_that_for_everyone() -> None:
    """
    Who is named in a group keeps to that one alone; groups may have several names.
    """
    ours = read(
        b"User-agent: *\nDisallow: /\n\nUser-agent: x\nUser-agent: ConsentKit-Scan\nDisallow: /a\n", "consentkit-scan"
    )

    assert ours.allow("https://a.example/")
    assert not ours.allow("https://a.example/a")
    assert not read(RULES, "other-bot").allow("https://a.example/")


def test_the_delay_is_bounded() -> None:
    """
    A delay is honoured up to ten seconds; nonsense is none.
    """
    assert read(RULES, "consentkit-scan").delay == 2
    assert read(b"User-agent: *\nCrawl-delay: 86400\n", "x").delay == 10
    assert read(b"User-agent: *\nCrawl-delay: soon\n", "x").delay == 0


@settings(deadline=None)
@given(st.binary(max_size=300))
def test_any_file_is_read(body: bytes) -> None:
    """
    Garbage is no rule and no error.
    """
    read(body, "consentkit-scan").allow("https://a.example/a?b")


def test_a_pattern_of_many_stars_takes_no_longer() -> None:
    """
    Each piece of a pattern is looked for once, so a thousand stars do not multiply.
    """
    assert not covers("/" + "a*" * 1000 + "b$", "/" + "a" * 5000)
    assert read(b"User-agent: *\nDisallow: /\n" + b"#" * MAX_ROBOTS, "x").rules == [("/", False)]
