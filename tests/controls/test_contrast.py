"""Contrast of an owner's colours, and rules that dress one answer alone."""

from __future__ import annotations

from importlib.resources import files

import pytest

from consentkit.controls import contrast, of_sheets

THEMES = ["harbour", "paper", "slate"]


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [("#000", "#fff", 21.0), ("#777777", "white", 4.48), ("rgb(118, 118, 118)", "#ffffff", 4.54), ("red", "red", 1.0)],
)
def test_ratio_is_that_of_wcag(one: str, other: str, expected: float) -> None:
    """
    Known pairs: #777 on white misses 4.5 by a hair, #767676 reaches it.
    """
    first, second = contrast.colour(one, "light"), contrast.colour(other, "light")

    assert first is not None
    assert second is not None
    assert round(contrast.ratio(first, second), 2) == expected


@pytest.mark.parametrize(
    ("text", "scheme", "expected"),
    [
        ("#0b5", "light", "#00bb55"),
        ("hsl(120deg 100% 25%)", "light", "#008000"),
        ("hsl(0, 0%, 100%)", "dark", "#ffffff"),
        ("light-dark(rgb(1, 2, 3), #fff)", "light", "rgb(1 2 3)"),
        ("light-dark(rgb(1, 2, 3), #fff)", "dark", "white"),
        (" Black !important", "light", "#000"),
    ],
)
def test_colours_are_read_as_browsers_do(text: str, scheme: str, expected: str) -> None:
    """
    Hex, names, rgb, hsl, and light-dark() by the page's scheme.
    """
    found, wanted = contrast.colour(text, scheme), contrast.colour(expected, scheme)

    assert found is not None
    assert wanted is not None
    assert [round(part, 2) for part in found] == [round(part, 2) for part in wanted]


@pytest.mark.parametrize("text", ["var(--brand)", "color-mix(in srgb, red, blue)", "light-dark(red)", "#12345", ""])
def test_what_takes_a_browser_is_not_judged(text: str) -> None:
    """
    A guess would be worse than silence.
    """
    assert contrast.colour(text, "light") is None
    assert contrast.poor(f"html {{ --ckit-button: {text} }}") == []


def test_poor_colours_are_named_for_the_scheme_in_which_they_are_poor() -> None:
    """
    White on a light green, in a light page only; a dark value of its own may mend or spoil it.
    """
    css = """html { --ckit-button: #6c6; --ckit-button-text: #fff; /* --ckit-edge: #fff */ }
    @media (prefers-color-scheme: dark) { html { --ckit-button: #050 } }"""

    assert [(each.front, each.scheme) for each in contrast.poor(css)] == [("--ckit-button-text", "light")]
    assert contrast.poor("html { --ckit-edge: #eee }")[0].needed == 3.0
    assert contrast.poor("html { --ckit-background: #fffdf7; --ckit-text: #222; --ckit-edge: #767676 }") == []


def test_system_colours_stand_for_what_is_not_set() -> None:
    """
    A ground alone meets the words of the system, which turn white in dark pages.
    """
    assert [each.scheme for each in contrast.poor("html { --ckit-background: #fff; --ckit-edge: #777 }")] == ["dark"]


@pytest.mark.parametrize("theme", THEMES)
def test_ready_themes_can_be_read(theme: str) -> None:
    """
    Words at 4.5:1, edges at 3:1, light and dark.
    """
    css = (files("consentkit.controls") / "themes" / f"{theme}.css").read_text(encoding="utf-8")

    assert "--ckit-button-text" in css
    assert contrast.poor(css) == []


def test_rule_for_one_answer_alone_is_named_with_its_source() -> None:
    """
    A regulator looks at size, weight and colour of both.
    """
    alone = "#ckit-root [data-ckit-action=accept] { font-size: 2em }"
    both = "[data-ckit-action='accept'], [data-ckit-action=\"reject\"] { margin: 0 }"
    findings = of_sheets(alone + both + "[data-ckit-action=choose] { color: red }")

    assert [str(each) for each in findings] == [
        "The rule #ckit-root [data-ckit-action=accept] dresses one of Accept and Reject alone; both have to look the"
        " same. (EDPB Cookie Banner Taskforce report, types D and E; OLG Köln 6 U 80/23; 11 CCR 7004(a)(2))"
    ]
