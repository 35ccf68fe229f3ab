"""Text size in Chromium, on a page sized in px."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Serve, Tabs

pytestmark = pytest.mark.browser

SIZES = """() => [...document.querySelectorAll('body *')].filter(e => !e.closest('[data-ckit-ui], script, style')
  && ([...e.childNodes].some(n => n.nodeType === 3 && n.data.trim()) || e.matches('input')))
  .map(e => [e.localName, parseFloat(getComputedStyle(e).fontSize)])"""
OUTSIDE = """() => { const copy = document.documentElement.cloneNode(true);
  copy.querySelectorAll('[data-ckit-ui], script').forEach(e => e.remove()); return copy.outerHTML }"""
# Layout shifts as browsers count them, from the first paint on.
SHIFTS = """new Promise(done => { let sum = 0;
  new PerformanceObserver(list => list.getEntries().forEach(e => sum += e.value))
  .observe({ type: 'layout-shift', buffered: true }); setTimeout(() => done(sum), 300) })"""


def enlarge(page: Page, times: int) -> None:
    page.click("summary")
    for _ in range(times):
        page.locator("button[data-ckit-action=text-larger]").click()


@pytest.mark.parametrize(("times", "ratio"), [(2, 1.25), (5, 2.0)])
def test_every_text_grows_by_exactly_the_ratio(serve: Serve, tabs: Tabs, times: int, ratio: float) -> None:
    """
    Nested sizes, inline styles, `<font>`, buttons and fields: all by the same ratio, and our own parts too.
    """
    page = tabs.open(serve() + "/px")
    before = page.evaluate(SIZES)
    own = page.locator("summary").evaluate("e => parseFloat(getComputedStyle(e).fontSize)")
    enlarge(page, times)

    assert [[name, pytest.approx(size * ratio, abs=0.02)] for name, size in before] == page.evaluate(SIZES)
    assert page.locator("summary").evaluate("e => parseFloat(getComputedStyle(e).fontSize)") == pytest.approx(
        own * ratio
    )


@pytest.mark.parametrize("width", [1280, 375, 320])
def test_largest_size_clips_and_overflows_nothing(serve: Serve, tabs: Tabs, width: int) -> None:
    """
    At 200 % nothing is cut off that was whole before, and the page is no wider than its window.
    """
    page = tabs.open(serve() + "/px", width=width)
    enlarge(page, 5)
    clipped = page.evaluate(
        "[...document.querySelectorAll('.bar, .box')].filter(e => e.scrollHeight > e.clientHeight + 1).length"
    )

    assert clipped == 0
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_reset_restores_the_page_byte_for_byte(serve: Serve, tabs: Tabs) -> None:
    """
    After Normal text nothing of ours is left in the page's own elements.
    """
    page = tabs.open(serve() + "/px")
    before = page.evaluate(OUTSIDE)
    enlarge(page, 3)
    assert page.evaluate(OUTSIDE) != before
    page.click("button[data-ckit-action=text-reset]")

    assert page.evaluate(OUTSIDE) == before


def test_late_text_grows_too(serve: Serve, tabs: Tabs) -> None:
    """
    What a script writes later has the same size as its surroundings.
    """
    page = tabs.open(serve() + "/px")
    enlarge(page, 3)
    page.evaluate("document.getElementById('late').innerHTML = '<span style=font-size:10px>late</span>'")

    expect(page.locator("#late span")).to_have_css("font-size", "15px")


def test_size_is_remembered_without_a_shift(serve: Serve, tabs: Tabs) -> None:
    """
    On the next page the text has its size before it is painted: nothing moves.
    """
    url = serve()
    page = tabs.open(url + "/px")
    with page.expect_response(lambda response: "/_ckit/reader" in response.url):
        enlarge(page, 1)
    page.goto(url + "/px")

    expect(page.locator("h1")).to_have_css("font-size", "31.36px")
    assert page.evaluate(SHIFTS) == pytest.approx(0, abs=0.001)


def test_links_become_buttons_that_say_what_they_did(serve: Serve, tabs: Tabs) -> None:
    """
    The value is shown and announced; at the end of the scale the button says that it does nothing.
    """
    page = tabs.open(serve() + "/")
    enlarge(page, 1)

    expect(page.locator("[data-ckit-value=text]")).to_have_text("112%")
    expect(page.locator("details [role=status]")).to_have_text("Text size 112%")
    page.click("button[data-ckit-action=text-reset]")
    expect(page.locator("button[data-ckit-action=text-smaller]")).to_have_attribute("aria-disabled", "true")
    expect(page.locator("[data-ckit-value=text]")).to_have_text("100%")


def test_escape_closes_the_panel(serve: Serve, tabs: Tabs) -> None:
    """
    And gives the focus back to what opened it.
    """
    page = tabs.open(serve() + "/")
    enlarge(page, 1)
    page.keyboard.press("Escape")

    expect(page.locator("details[open]")).to_have_count(0)
    expect(page.locator("summary")).to_be_focused()


def test_size_without_script_is_a_link(serve: Serve, tabs: Tabs) -> None:
    """
    The server grows the root: text in rem and % follows.
    """
    page = tabs.open(serve() + "/", java_script_enabled=False)
    page.click("summary")
    page.click("a[data-ckit-action=text-larger]")

    assert page.locator("html").get_attribute("data-ckit-text") == "112"
    expect(page.locator("html")).to_have_css("font-size", "17.92px")
    expect(page.locator("[data-ckit-value=text]")).to_have_text("112%")


@pytest.mark.parametrize("script", [True, False])
def test_mobile_version_of_an_old_page(serve: Serve, tabs: Tabs, script: bool) -> None:
    """
    Fixed widths, floats, absolute columns and a layout table fit a phone, and the link leads back.
    """
    page = tabs.open(
        serve() + "/legacy", width=375, height=667, is_mobile=True, has_touch=True, java_script_enabled=script
    )
    page.click("[data-ckit-action=view]")
    expect(page.locator("html")).to_have_attribute("data-ckit-view", "mobile")

    assert page.evaluate("document.documentElement.scrollWidth") == 375
    expect(page.locator("[data-ckit-action=view]")).to_have_text("Exit mobile version")
    page.click("[data-ckit-action=view]")
    expect(page.locator("html")).to_have_attribute("data-ckit-view", "desktop")
