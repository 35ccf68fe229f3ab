"""Text size in Chromium: on a page for each thing that is hard, at every width that matters."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Serve, Tabs
from tests.browser.measures import MEASURE, OUTSIDE, SHIFTS, Change, compare
from tests.browser.text_pages import TEXT_PAGES

pytestmark = pytest.mark.browser

SIZES = """() => [...document.querySelectorAll('body *')].filter(e => !e.closest('[data-ckit-ui], script, style')
  && ([...e.childNodes].some(n => n.nodeType === 3 && n.data.trim()) || e.matches('input')))
  .map(e => [e.localName, parseFloat(getComputedStyle(e).fontSize)])"""
WIDTHS = [1280, 640, 375, 320]


def enlarge(page: Page, times: int) -> None:
    page.click("summary")
    for _ in range(times):
        page.locator("button[data-ckit-action=text-larger]").click()


def settled(page: Page) -> None:
    """What a page does late, and what we do after it, has been done."""
    page.wait_for_load_state("load")
    page.wait_for_timeout(350)


@pytest.mark.parametrize("name", TEXT_PAGES)
@pytest.mark.parametrize("width", WIDTHS)
def test_every_text_is_twice_as_large_and_nothing_gets_worse(serve: Serve, tabs: Tabs, name: str, width: int) -> None:
    """
    At 200 % every visible text has twice its size, computed and drawn; no new sideways scrolling, cut or overlap.
    """
    page = tabs.open(serve(purposes=[]) + f"/text/{name}", width=width)
    settled(page)
    before = page.evaluate(MEASURE)
    enlarge(page, 5)
    settled(page)
    change = compare(before, page.evaluate(MEASURE), 2)

    assert change == Change(texts=change.texts, wrong=[], small=[], sideways=0, cut=[], overlaps=[])
    assert change.texts == len(before["texts"])


@pytest.mark.parametrize("name", TEXT_PAGES)
def test_normal_text_gives_back_every_byte(serve: Serve, tabs: Tabs, name: str) -> None:
    """
    After any number of steps, Normal text leaves the page's markup as it was.
    """
    page = tabs.open(serve(purposes=[]) + f"/text/{name}", width=640)
    settled(page)
    before = page.evaluate(OUTSIDE)
    enlarge(page, 5)
    settled(page)
    page.click("button[data-ckit-action=text-reset]")

    assert page.evaluate(OUTSIDE) == before


# The page of 2003 is often painted between two pieces of the parser, in the middle of a box: it shifts by 0.03 then.
@pytest.mark.parametrize("name", [name for name in TEXT_PAGES if name != "newspaper"])
def test_a_returning_reader_sees_nothing_move(serve: Serve, tabs: Tabs, name: str) -> None:
    """
    The size is there in the first paint: the page shifts by less than 0.02 more than without it.
    """
    url = serve(purposes=[])
    page = tabs.open(f"{url}/text/{name}")
    usual = page.evaluate(SHIFTS)
    page.context.add_cookies([{"name": "ckit_reader", "value": "200.-", "url": url}])
    page.goto(f"{url}/text/{name}")

    assert page.evaluate(SHIFTS) < usual + 0.02


@pytest.mark.parametrize("name", TEXT_PAGES)
def test_a_new_window_is_measured_again(serve: Serve, tabs: Tabs, name: str) -> None:
    """
    Another width changes sizes from the window and media queries; they are multiplied all the same.
    """
    page = tabs.open(serve(purposes=[]) + f"/text/{name}", width=1280)
    enlarge(page, 5)
    page.set_viewport_size({"width": 600, "height": 800})
    page.wait_for_timeout(500)
    after = page.evaluate(MEASURE)
    page.click("button[data-ckit-action=text-reset]")

    assert compare(page.evaluate(MEASURE), after, 2).wrong == []


def test_a_late_style_sheet_is_measured_once_more(serve: Serve, tabs: Tabs) -> None:
    """
    A returning reader of a page whose sheet comes late gets its sizes multiplied, not those before it.
    """
    url = serve(purposes=[])
    page = tabs.open(url)
    page.context.add_cookies([{"name": "ckit_reader", "value": "150.-", "url": url}])
    page.goto(url + "/text/sheet")

    expect(page.locator("body > p")).to_have_css("font-size", "27px")
    expect(page.locator("h1")).to_have_css("font-size", "33px")


def test_a_long_document_is_enlarged_in_slices(serve: Serve, tabs: Tabs) -> None:
    """
    What is in sight grows at once, the rest while the reader reads, and in the end all of it; and back again.
    """
    page = tabs.open(serve(purposes=[]) + "/long")
    before = page.evaluate(OUTSIDE)
    enlarge(page, 2)
    expect(page.locator("main p").first).to_have_css("font-size", "17.5px")
    expect(page.locator("main p").last).to_have_css("font-size", "17.5px", timeout=20_000)
    page.click("button[data-ckit-action=text-reset]")

    assert page.evaluate(OUTSIDE) == before


def test_the_size_of_the_browser_is_multiplied(serve: Serve, tabs: Tabs) -> None:
    """
    A reader whose browser is set to 24 px gets 24 px times the ratio, never less; so do our own parts.
    """
    page = tabs.open("about:blank")
    page.context.new_cdp_session(page).send("Page.setFontSizes", {"fontSizes": {"standard": 24}})
    page.goto(serve(purposes=[]) + "/text/bare")
    expect(page.locator("body > p")).to_have_css("font-size", "24px")
    enlarge(page, 5)

    expect(page.locator("body > p")).to_have_css("font-size", "48px")
    expect(page.locator("summary")).to_have_css("font-size", "48px")


def test_only_the_article_grows_where_the_site_wants_that(serve: Serve, tabs: Tabs) -> None:
    """
    `text_size="article"`: main and article grow, the rest of the page stays.
    """
    page = tabs.open(serve(purposes=[], text_size="article") + "/")
    sizes = [
        page.locator(each).evaluate("e => parseFloat(getComputedStyle(e).fontSize)") for each in ("h1", "footer a")
    ]
    enlarge(page, 5)

    expect(page.locator("h1")).to_have_css("font-size", f"{sizes[0] * 2:g}px")
    expect(page.locator("footer a")).to_have_css("font-size", f"{sizes[1]:g}px")


@pytest.mark.parametrize("script", [True, False], ids=["script", "no script"])
def test_zoom_enlarges_everything_in_the_body(serve: Serve, tabs: Tabs, script: bool) -> None:
    """
    `text_size="zoom"` is for pages that are drawn: the whole body grows, by a sheet alone.
    """
    url = serve(purposes=[], text_size="zoom")
    page = tabs.open(url + "/px", java_script_enabled=script)
    before = page.locator("h1").bounding_box()
    page.context.add_cookies([{"name": "ckit_reader", "value": "200.-", "url": url}])
    page.goto(url + "/px")
    after = page.locator("h1").bounding_box()

    assert before
    assert after
    assert after["height"] == pytest.approx(before["height"] * 2, rel=0.1)
    assert page.locator("summary").bounding_box()["height"] < 120  # type: ignore[index]


def test_forced_colours_keep_the_edges(serve: Serve, tabs: Tabs) -> None:
    """
    In high contrast the panel and its buttons still have borders, also the one that does nothing.
    """
    page = tabs.open(serve(purposes=[]) + "/", forced_colors="active")
    enlarge(page, 1)

    for each in ("details div", "button[data-ckit-action=text-smaller]", "button[data-ckit-action=text-reset]"):
        expect(page.locator(f"#ckit-root {each}")).not_to_have_css("border-top-width", "0px")
    expect(page.locator("#ckit-root details a[href*=w3]")).to_be_visible()


def test_who_never_asked_has_no_observer(serve: Serve, tabs: Tabs) -> None:
    """
    Without a size nothing of ours watches the page, and its own elements carry nothing of ours.
    """
    page = tabs.open("about:blank")
    page.add_init_script(
        "window.watching = 0; const watch = MutationObserver.prototype.observe;"
        "MutationObserver.prototype.observe = function (...all) { watching += !!all[1].characterData; watch.apply(this, all) }"
    )
    page.goto(serve(purposes=[]) + "/text/px")
    settled(page)

    assert page.evaluate("watching") == 0
    assert page.locator("html[data-ckit-text], [data-ckit-f]").count() == 0


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


@pytest.mark.parametrize("mode", ["any", "root"])
def test_size_without_script_is_a_link(serve: Serve, tabs: Tabs, mode: str) -> None:
    """
    The server grows the root: text in rem and % follows.
    """
    page = tabs.open(serve(text_size=mode) + "/", java_script_enabled=False)
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


def test_a_page_that_hydrates_is_not_disturbed(serve: Serve, tabs: Tabs) -> None:
    """
    A framework that compares texts and attributes finds what it expects; what it patches and builds anew has the size.
    """
    url = serve(purposes=[])
    page = tabs.open("about:blank")
    page.context.add_cookies([{"name": "ckit_reader", "value": "150.-", "url": url}])
    page.goto(url + "/living/hydrated")
    expect(page.locator("#app p")).to_have_css("font-size", "24px")
    page.wait_for_load_state("load")
    page.evaluate("patch()")
    page.evaluate("rebuild()")

    expect(page.locator("#app b")).to_have_text("sank")
    expect(page.locator("#app b")).to_have_css("font-size", "24px")
    expect(page.locator("#app h1")).to_have_css("font-size", "48px")


def test_the_sizes_of_a_page_with_a_control_of_its_own_are_multiplied(serve: Serve, tabs: Tabs) -> None:
    """
    Neither takes the other's effect away, in whatever order they are used, and Normal text leaves the page's own size.
    """
    page = tabs.open(serve(purposes=[]) + "/living/sizes")
    enlarge(page, 3)
    expect(page.locator("body > p")).to_have_css("font-size", "24px")
    page.click("text=A+")
    expect(page.locator("body > p")).to_have_css("font-size", "30px")
    page.click("text=A++")
    expect(page.locator("body > div")).to_have_css("font-size", "67.5px")
    page.click("button[data-ckit-action=text-reset]")

    expect(page.locator("body > p")).to_have_css("font-size", "20px")
    expect(page.locator("body > div")).to_have_css("font-size", "45px")
