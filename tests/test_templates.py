"""Templates: what is squeezed, what an owner may replace, and how it is said where one of theirs fails."""

from __future__ import annotations

import logging

import pytest

from consentkit.errors import ConfigurationError
from consentkit.templates import Templates


def replaced(source: str, *, strict: bool = False) -> Templates:
    return Templates("consentkit.controls", {"banner.html": source}, "own", strict=strict)


def test_line_breaks_and_indentation_are_not_sent() -> None:
    """
    They are for whoever reads the template; a space inside a line stays, and so does a text of the owner.
    """
    text = replaced("<p>\n  {{ a }} and\n  {{- b }}\n</p>\n").render("banner.html", a="x\n  y", b="z")

    assert text == "<p>x\n  y andz</p>"


def test_values_are_escaped() -> None:
    """
    What an owner writes into a text can't become markup.
    """
    assert replaced("{{ a }}").render("banner.html", a="<b>") == "&lt;b&gt;"


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("<p>\n{% if a %}\n<b>\n", "own/banner.html, line 3: Unexpected end of template"),
        ("<p>\n\n{{ a b }}", "own/banner.html, line 3: expected token 'end of print statement', got 'b'."),
    ],
    ids=["open block", "two names"],
)
def test_broken_template_names_file_and_line(source: str, said: str) -> None:
    """
    A template that can't be read is a configuration error, with the line as an editor counts it.
    """
    with pytest.raises(ConfigurationError) as raised:
        replaced(source)

    assert raised.value.problems[0].startswith(said)


def test_unknown_template_is_an_error() -> None:
    """
    A misspelt file would do nothing, silently.
    """
    with pytest.raises(ConfigurationError, match=r"own/baner.html: replaces nothing; the templates are banner.html, "):
        Templates("consentkit.controls", {"baner.html": ""}, "own")


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("a\n\n{{ nope }}", "own/banner.html, line 3: 'nope' is undefined."),
        ("a\n{{ a.__class__.__mro__ }}", "line 2: access to attribute '__class__' of 'int' object is unsafe."),
        ("a\n{{ 1 // 0 }}", "line 2: integer division or modulo by zero."),
        ("{% include 'secret.txt' %}", "line 1: secret.txt"),
    ],
    ids=["undefined", "sandbox", "arithmetic", "other file"],
)
def test_failing_template_names_the_line_or_makes_way(source: str, said: str, caplog: pytest.LogCaptureFixture) -> None:
    """
    At start it is an error; while a page is on its way the page gets ours, and the operator hears it once.
    """
    values = {
        "a": 1,
        "gap": {},
        "title": "T",
        "lines": [],
        "answers": [],
        "choose": "",
        "links": [],
        "accept_terms": "",
    }
    with pytest.raises(ConfigurationError) as raised:
        replaced(source, strict=True).render("banner.html", **values)
    with caplog.at_level(logging.ERROR):
        lenient = replaced(source)
        pages = [lenient.render("banner.html", **values) for _ in range(2)]

    assert said in raised.value.problems[0]
    assert all(page.startswith('<section data-ckit-ui="banner"') for page in pages)
    assert [record.getMessage().startswith("A template of yours fails") for record in caplog.records] == [True]
