"""Those who read the page for a person: tools that refuse, and screen readers."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from consentkit import Policy
from tests.browser.conftest import Serve, Tabs

pytestmark = pytest.mark.browser

RULE = json.loads((Path(__file__).parents[2] / "docs" / "autoconsent-rule.json").read_text(encoding="utf-8"))
TERMS = Policy("terms", url="/terms", version="1", kind="terms")

#: What a screen reader meets in our part of the page, in this order.
TRANSCRIPTS = Path(__file__).parent / "transcripts"


def run(page: Page, steps: Sequence[Mapping[str, Any]]) -> bool:
    """The steps of a rule as DuckDuckGo's autoconsent defines them; whether each of them was met."""
    return all(step(page, each) for each in steps)


def step(page: Page, one: Mapping[str, Any]) -> bool:
    if "if" in one:
        return run(page, one["then"] if step(page, one["if"]) else one.get("else", []))
    if "exists" in one:
        return page.locator(one["exists"]).count() > 0
    if "visible" in one:
        found = page.locator(one["visible"]).all()
        return bool(found) and all(each.is_visible() for each in found)
    if "waitForVisible" in one:
        page.locator(one["waitForVisible"]).first.wait_for(
            state="hidden" if one.get("check") == "none" else "visible", timeout=one.get("timeout", 10_000)
        )
        return True
    page.locator(one.get("waitForThenClick") or one["click"]).first.click()
    return True


@pytest.mark.parametrize(
    ("wanted", "said"), [("optOut", "You rejected"), ("optIn", "You accepted")], ids=["refuses", "agrees"]
)
def test_rule_answers_for_the_reader(serve: Serve, tabs: Tabs, wanted: str, said: str) -> None:
    """
    The rule in docs finds the banner, answers it, and sees that it is gone.
    """
    page = tabs.open(serve() + "/")

    assert run(page, RULE["detectCmp"])
    assert run(page, RULE["detectPopup"])
    assert run(page, RULE[wanted])
    assert run(page, RULE["test"])
    expect(page.locator("#ckit-saved")).to_contain_text(said)
    assert not run(page, RULE["detectCmp"])


def test_rule_closes_the_plain_notice(serve: Serve, tabs: Tabs) -> None:
    """
    Where nothing is asked but the terms, refusing is closing.
    """
    page = tabs.open(serve(purposes=[], policies=[TERMS], holding="observe") + "/")

    assert run(page, RULE["optOut"])
    assert run(page, RULE["test"])


def test_button_says_to_a_heuristic_what_it_does(serve: Serve, tabs: Tabs) -> None:
    """
    Without a rule such tools look for one button whose words are a known refusal, in a box about cookies.
    """
    page = tabs.open(serve() + "/")
    words = page.locator("#ckit-root [data-ckit-ui=banner] button").all_inner_texts()

    assert "cookies" in page.locator("#ckit-root [data-ckit-ui=banner]").inner_text().lower()
    assert [each for each in words if each.strip().lower() in ("reject all", "reject", "decline", "deny all")] == [
        "Reject all"
    ]


@pytest.mark.parametrize(("name", "path"), [("banner", "/"), ("banner-de", "/de")])
def test_what_a_screen_reader_meets(serve: Serve, tabs: Tabs, name: str, path: str) -> None:
    """
    Roles and names in order: a region with a heading, its text, the answers, the rest; then the bar. Short and plain.
    """
    page = tabs.open(serve(policies=[Policy("privacy", url="/privacy", version="1"), TERMS]) + path)
    heard = page.locator("#ckit-root").aria_snapshot().replace(page.url.split("/")[2], "courier.example")

    assert heard + "\n" == (TRANSCRIPTS / f"{name}.yaml").read_text(encoding="utf-8")
