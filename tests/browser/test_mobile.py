"""The mobile version of pages that have none, and the desktop version on a phone, in Chromium."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Serve, Tabs

pytestmark = pytest.mark.browser

AGENT = "Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/146.0 Mobile Safari/537.36"
PHONE: dict[str, Any] = {"height": 667, "is_mobile": True, "has_touch": True, "user_agent": AGENT}

WORDS = """() => [...document.querySelectorAll('body *')]
  .filter(e => !e.closest('[data-ckit-ui], script, style, noscript'))
  .flatMap(e => [...e.childNodes].filter(n => n.nodeType === 3 && n.data.trim()).map(n => n.data.trim().replace(/\\s+/g, ' ')))"""
SMALL_TEXT = """() => [...document.querySelectorAll('body *')].filter(e => !e.closest('[data-ckit-ui], script, style')
  && e.checkVisibility() && [...e.childNodes].some(n => n.nodeType === 3 && n.data.trim())
  && parseFloat(getComputedStyle(e).fontSize) < 16).map(e => e.outerHTML.slice(0, 80))"""
SMALL_TARGETS = """() => [...document.querySelectorAll('a[href], button, input, select, textarea')].filter(e => {
  const r = e.getBoundingClientRect();
  return !e.closest('[data-ckit-ui]') && e.checkVisibility() && r.height && r.height < 24 }).map(e => e.outerHTML.slice(0, 80))"""
OUT = """() => [...document.querySelectorAll('body *')].filter(e => { const r = e.getBoundingClientRect();
  for (let b = e.parentElement; b; b = b.parentElement) if (/auto|scroll/.test(getComputedStyle(b).overflowX)) return false;
  return r.width && r.right > innerWidth + 1 && !e.closest('[data-ckit-ui]') }).map(e => e.outerHTML.slice(0, 80))"""


def to_mobile(page: Page) -> None:
    page.click("[data-ckit-action=view]")
    expect(page.locator("html")).to_have_attribute("data-ckit-view", "mobile")


@pytest.mark.parametrize("script", [True, False], ids=["script", "no script"])
@pytest.mark.parametrize("width", [375, 320])
@pytest.mark.parametrize("path", ["/legacy", "/wide", "/old/menu", "/text/newspaper"])
def test_a_page_made_for_a_desk_fits_a_phone(serve: Serve, tabs: Tabs, path: str, width: int, script: bool) -> None:
    """
    Nothing to scroll sideways, no text under 16 px, room for a thumb, and every word still there.
    """
    page = tabs.open(serve(purposes=[]) + path, width=width, java_script_enabled=script, **PHONE)
    words = page.evaluate(WORDS)
    to_mobile(page)

    assert page.evaluate("[document.documentElement.scrollWidth, innerWidth]") == [width, width]
    assert page.evaluate(OUT) == []
    assert page.evaluate(SMALL_TEXT) == []
    assert page.evaluate(SMALL_TARGETS) == []
    assert page.evaluate(WORDS) == words


def test_data_scrolls_inside_and_layout_does_not(serve: Serve, tabs: Tabs) -> None:
    """
    A wide table of data and code keep their lines; a table that only laid out the page becomes blocks.
    """
    page = tabs.open(serve(purposes=[]) + "/wide", width=375, **PHONE)
    to_mobile(page)
    scrolls = "e => [getComputedStyle(e).overflowX, e.scrollWidth > e.clientWidth]"

    assert page.locator("table.data").evaluate(scrolls) == ["auto", True]
    assert page.locator("pre").evaluate(scrolls) == ["auto", True]
    expect(page.locator("table.layout > tbody > tr > td").first).to_have_css("display", "block")
    expect(page.locator("table.data td").first).to_have_css("display", "table-cell")


def test_what_a_sheet_cannot_know_is_mended_once(serve: Serve, tabs: Tabs) -> None:
    """
    A width that script sets with `!important` in the attribute still fits, and nothing loops.
    """
    page = tabs.open(serve(purposes=[]) + "/stubborn", width=375, **PHONE)
    to_mobile(page)
    page.wait_for_timeout(200)

    assert page.evaluate("document.documentElement.scrollWidth") == 375


def test_a_responsive_page_is_only_mended(serve: Serve, tabs: Tabs) -> None:
    """
    What makes it scroll sideways is made to fit or scrolls inside; sizes, places and what waits outside stay.
    """
    url = serve(purposes=[])
    page = tabs.open("about:blank", width=375, **PHONE)
    page.context.add_cookies([{"name": "ckit_reader", "value": "-.mobile", "url": url}])
    page.goto(url + "/responsive")
    page.wait_for_load_state("load")
    boxes = page.locator("#embed, img, pre, table, body > p")

    assert max(boxes.evaluate_all("all => all.map(e => e.getBoundingClientRect().right)")) <= 375
    assert page.locator("img").evaluate("e => [e.offsetWidth, e.offsetHeight]") == [375, 125]
    assert page.locator("pre").evaluate("e => e.scrollWidth > e.clientWidth")
    expect(page.locator("small")).to_have_css("font-size", "12px")
    expect(page.locator("#bar")).to_have_css("position", "sticky")
    expect(page.locator("#drawer")).to_have_css("left", "450px")


def test_a_form_sends_the_same_in_both_versions(serve: Serve, tabs: Tabs) -> None:
    """
    Fields, values and address are those of the page.
    """
    page = tabs.open(serve(purposes=[]) + "/wide", width=375, **PHONE)
    data = "() => [document.forms.f.action, ...new FormData(document.forms.f)].join()"
    before = page.evaluate(data)
    to_mobile(page)

    assert page.evaluate(data) == before


def test_there_and_back_keeps_the_place(serve: Serve, tabs: Tabs) -> None:
    """
    Desktop, mobile, desktop: path, query and fragment stay, one cookie is left, and no parameter.
    """
    url = serve(purposes=[]) + "/legacy?q=1&r=%C5%A1#left"
    page = tabs.open(url, width=375, **PHONE)
    to_mobile(page)
    assert page.url == url
    page.click("[data-ckit-action=view]")
    expect(page.locator("html")).to_have_attribute("data-ckit-view", "desktop")

    assert page.url == url
    assert [(each.get("name"), each.get("value")) for each in page.context.cookies()] == [("ckit_reader", "-.desktop")]


@pytest.mark.parametrize("script", [True, False], ids=["script", "no script"])
def test_the_desktop_version_on_a_phone_is_that_of_a_desk(serve: Serve, tabs: Tabs, script: bool) -> None:
    """
    The page is 1280 px wide there, so that its own media queries see a large screen.
    """
    page = tabs.open(serve(purposes=[], mobile="always") + "/", width=375, java_script_enabled=script, **PHONE)
    page.click("[data-ckit-action=view]")
    expect(page.locator("html")).to_have_attribute("data-ckit-view", "desktop")

    assert page.evaluate("[innerWidth, matchMedia('(min-width: 1200px)').matches]") == [1280, True]


@pytest.mark.parametrize("width", [375, 320])
def test_large_text_in_the_mobile_version(serve: Serve, tabs: Tabs, width: int) -> None:
    """
    Both controls together: twice the mobile size, and still nothing to scroll sideways.
    """
    page = tabs.open(serve(purposes=[]) + "/legacy", width=width, **PHONE)
    to_mobile(page)
    page.click("summary")
    for _ in range(5):
        page.locator("button[data-ckit-action=text-larger]").click()

    expect(page.locator("p").first).to_have_css("font-size", "32px")
    assert page.evaluate("document.documentElement.scrollWidth") == width
