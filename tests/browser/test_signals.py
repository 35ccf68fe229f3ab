"""What tags of Google and Microsoft find in their queues: before consent, after it, and on the next page."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Page

from consentkit import Purpose
from tests.browser.conftest import Serve, Tabs

TAGGED: dict[str, Any] = {
    "purposes": [
        Purpose("analytics", vendors=["google-analytics", "clarity"]),
        Purpose("marketing", vendors=["google-ads", "microsoft-ads"]),
    ]
}
DENIED = {
    "ad_storage": "denied", "ad_user_data": "denied", "ad_personalization": "denied", "analytics_storage": "denied",
    "functionality_storage": "denied", "personalization_storage": "denied", "security_storage": "granted",
}  # fmt: skip
ADS = {"ad_storage": "granted", "ad_user_data": "granted", "ad_personalization": "granted"}


def queue(page: Page, name: str) -> list[list[Any]]:
    return page.evaluate(f"[...(window.{name} || [])].map(call => [...call])")  # type: ignore[no-any-return]


def test_tags_hear_of_the_choice_before_they_can_ask(serve: Serve, tabs: Tabs) -> None:
    """
    Denied by default; an update after Accept, without a reload; and on the next page the real state from the start.
    """
    url = serve(**TAGGED)
    page = tabs.open(url)

    assert queue(page, "dataLayer") == [["consent", "default", DENIED]]
    assert page.evaluate("Object.prototype.toString.call(dataLayer[0])") == "[object Arguments]"
    assert [*page.evaluate("uetq")] == ["consent", "default", {"ad_storage": "denied"}]
    assert page.evaluate("typeof clarity") == "undefined"

    page.click("[data-ckit-action=accept]")
    page.wait_for_function("dataLayer.length > 1")
    granted = DENIED | ADS | {"analytics_storage": "granted"}
    assert queue(page, "dataLayer")[1] == ["consent", "update", granted]
    assert page.evaluate("uetq.slice(3)") == ["consent", "update", {"ad_storage": "granted"}]

    page.goto(f"{url}/px")
    assert queue(page, "dataLayer") == [["consent", "default", granted]]
    assert page.evaluate("[...clarity.q[0]]") == [
        "consentv2",
        {"ad_Storage": "granted", "analytics_Storage": "granted"},
    ]


def test_tags_hear_of_a_part(serve: Serve, tabs: Tabs) -> None:
    """
    Who agreed to measuring alone is not advertised to.
    """
    page = tabs.open(serve(**TAGGED) + "/_ckit/preferences?next=/px")
    page.check("input[value=analytics]")
    page.click("[data-ckit-action=save]")
    page.goto(page.url.partition("/_ckit")[0] + "/px")

    assert queue(page, "dataLayer") == [["consent", "default", DENIED | {"analytics_storage": "granted"}]]
