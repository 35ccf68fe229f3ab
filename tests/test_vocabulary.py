"""The nouns: what an id may look like, and what they say by themselves."""

from __future__ import annotations

from datetime import date

import pytest

from consentkit.vocabulary import ID, Choice, Policy, Purpose, Vendor

DAY = date(2026, 11, 24)


@pytest.mark.parametrize("name", ["a", "google-analytics", "city_maps", "4", "x" * 32])
def test_an_id_is_short_and_plain(name: str) -> None:
    """
    An id holds up to 32 of a-z, 0-9, - and _.
    """
    assert ID.match(name)


@pytest.mark.parametrize(
    "name",
    ["", "x" * 33, "Maps", "city maps", "a.b", "a~b", "a&b", "maps\n", "č", "a:b", "a=b"],
    ids=["empty", "long", "capital", "blank", "dot", "tilde", "ampersand", "line break", "letter", "colon", "equals"],
)
def test_an_id_holds_nothing_that_separates(name: str) -> None:
    """
    What separates ids in cookies and forms can't be part of one.
    """
    assert not ID.match(name)


def test_purposes_ask_and_policies_inform_unless_told() -> None:
    """
    A purpose needs consent and a policy is information, unless the owner says otherwise.
    """
    assert Purpose("analytics").basis == "consent"
    assert Policy("privacy").kind == "notice"
    assert Vendor("maps").hosts == ()


@pytest.mark.parametrize(
    ("choice", "answers"),
    [
        (Choice(day=DAY, expires=DAY), False),
        (Choice(day=DAY, expires=DAY, terms={"terms": "1"}), False),
        (Choice(day=DAY, expires=DAY, purposes={"analytics": False}), True),
        (Choice(day=DAY, expires=DAY, purposes={"analytics": True}), True),
    ],
    ids=["nothing", "terms only", "a refusal", "an agreement"],
)
def test_a_refusal_is_an_answer_too(choice: Choice, answers: bool) -> None:
    """
    A choice answers purposes when it holds any answer about one; accepted terms are none.
    """
    assert choice.answers_purposes is answers
