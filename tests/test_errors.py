"""Errors carry their evidence, and their words say what to do."""

from __future__ import annotations

import pytest

from consentkit.errors import (
    ConfigurationError,
    ConsentKitError,
    LogUnavailable,
    MiddlewareMissing,
    UnknownPolicy,
    UnknownPurpose,
    UnknownVendor,
    nearest,
)


def test_one_problem_is_named_in_the_singular() -> None:
    """
    A configuration error counts its problems and lists each.
    """
    error = ConfigurationError(["name: is empty."])

    assert str(error) == "1 problem in the configuration:\n- name: is empty."


def test_several_problems_stand_together_below_their_file() -> None:
    """
    All problems are in one error, which names the file that they are in.
    """
    error = ConfigurationError(("name: is empty.", "url: has a path."), source="consentkit.toml")

    assert error.problems == ["name: is empty.", "url: has a path."]
    assert error.source == "consentkit.toml"
    assert str(error) == "consentkit.toml: 2 problems in the configuration:\n- name: is empty.\n- url: has a path."


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (
            UnknownPurpose("analitics", ["media", "analytics"]),
            "Unknown purpose 'analitics'; known purposes: analytics, media. Did you mean 'analytics'?",
        ),
        (UnknownPurpose("x", []), "Unknown purpose 'x'; known purposes: none."),
        (UnknownVendor("utube", ["tube"]), "Unknown vendor 'utube'; known vendors: tube. Did you mean 'tube'?"),
        (UnknownPolicy("imprint", ["terms"]), "Unknown policy 'imprint'; known policies: terms."),
    ],
    ids=["misspelt", "none known", "vendor", "policy"],
)
def test_an_unknown_name_offers_the_known_ones(error: ConsentKitError, words: str) -> None:
    """
    An unknown name is answered with the names that are known, and with the nearest of them.
    """
    assert str(error) == words
    assert isinstance(error, LookupError)


def test_an_unknown_name_can_be_read_by_a_program() -> None:
    """
    The name and the known names are attributes.
    """
    error = UnknownPurpose("x", ["b", "a"])

    assert (error.name, error.known) == ("x", ["a", "b"])


def test_a_missing_middleware_is_told_with_the_line_that_adds_it() -> None:
    """
    Without the middleware the error says how to wrap the app.
    """
    assert "app = ConsentMiddleware(app, site)" in str(MiddlewareMissing())


def test_an_unavailable_log_says_that_the_grant_is_not_in_force() -> None:
    """
    A log that can't be written gives its reason, and what follows for the visitor.
    """
    error = LogUnavailable("disk full")

    assert error.reason == "disk full"
    assert str(error) == "The consent log can't be written: disk full. Nothing was recorded; a grant is not in force."


@pytest.mark.parametrize(
    ("name", "hint"), [("purpses", " Did you mean 'purposes'?"), ("zzz", "")], ids=["close", "far"]
)
def test_only_a_close_name_is_offered(name: str, hint: str) -> None:
    """
    A name that resembles nothing gets no suggestion.
    """
    assert nearest(name, ["purposes", "policies"]) == hint
