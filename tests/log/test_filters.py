from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consentkit.log.filters import Filter, UnreadableFilter, read


def at(day: int, hour: int = 0, minute: int = 0, second: int = 0) -> datetime:
    return datetime(2026, 11, day, hour, minute, second, tzinfo=UTC)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, Filter()),
        ({"since": "2026-11-01", "until": "2026-11-29"}, Filter(since=at(1), before=at(30))),
        (
            {"since": "2026-11-01T08:30:00Z", "until": "2026-11-01T10:00:00+01:00"},
            Filter(since=at(1, 8, 30), before=at(1, 9, 0, 1)),
        ),
        ({"purpose": "analytics"}, Filter(purpose="analytics")),
        ({"purpose": "analytics=no"}, Filter(purpose="analytics", purpose_answer=False)),
        ({"vendor": "youtube=yes"}, Filter(vendor="youtube", vendor_answer=True)),
        ({"policy": "terms"}, Filter(policy="terms")),
        ({"policy": "terms@2026-11-01"}, Filter(policy="terms", policy_version="2026-11-01")),
        ({"policy": "terms@a@b"}, Filter(policy="terms", policy_version="a@b")),
        ({"notice": "0123abcd"}, Filter(notice="0123abcd")),
        ({"notice": "unknown"}, Filter(notice="unknown")),
    ],
    ids=repr,
)
def test_a_filter_reads_the_words_of_the_command_line(given: dict[str, str], expected: Filter) -> None:
    """
    Days are whole and UTC, both ends of a span are included, and answers and versions can be asked for.
    """
    assert read(**given) == expected


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"since": "yesterday"}, "--since 'yesterday' can't be read; write a UTC day such as 2026-11-01"),
        ({"until": "2026-02-30"}, "--until '2026-02-30' can't be read"),
        ({"since": "2026-11-01T08:30:00"}, "a time with its zone"),
        ({"until": "9999-12-31"}, "--until '9999-12-31' can't be read"),
        ({"purpose": "analytics=maybe"}, "write NAME, NAME=yes or NAME=no"),
        ({"vendor": "=yes"}, "--vendor '=yes' can't be read"),
        ({"policy": "@2026"}, "write NAME or NAME@VERSION"),
        ({"policy": "terms@"}, "write NAME or NAME@VERSION"),
        ({"notice": "xyz"}, "write 8 or more hex digits of its hash"),
    ],
    ids=repr,
)
def test_an_unreadable_filter_says_what_to_write(given: dict[str, str], words: str) -> None:
    """
    A filter that can't be read names its option, what came and what is accepted.
    """
    with pytest.raises(UnreadableFilter, match=words):
        read(**given)


@given(st.sampled_from(["since", "until", "purpose", "vendor", "policy", "notice"]), st.text(max_size=20))
def test_any_text_is_a_filter_or_a_clear_refusal(name: str, text: str) -> None:
    """
    No text of a caller leads to anything but a filter or an UnreadableFilter.
    """
    words: dict[str, Any] = {name: text}

    with suppress(UnreadableFilter):
        assert isinstance(read(**words), Filter)
