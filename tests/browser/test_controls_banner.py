"""The banner in Chromium: where it stands, what it covers, and what a press of a button does."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from consentkit import Policy
from tests.browser.conftest import Serve, Tabs

pytestmark = pytest.mark.browser

TERMS = [Policy("privacy", url="/privacy", version="1"), Policy("terms", url="/terms", version="1", kind="terms")]
BANNER = "[data-ckit-ui=banner]"
SAVED = "#ckit-saved"

# What a third party sends here: it says that it ran, and waits for the document.
COUNTS = """(window.ran = window.ran || []).push(new URL(document.currentScript.src).pathname);
document.addEventListener("DOMContentLoaded", () => window.ran.push("ready"));"""

SCREENS = [(1280, 800), (375, 667), (320, 568)]


def box(page: Page, selector: str) -> dict[str, float]:
    found = page.locator(selector).bounding_box()
    assert found is not None, selector
    return {"x": found["x"], "y": found["y"], "width": found["width"], "height": found["height"]}


def action(name: str) -> str:
    return f"[data-ckit-action={name}]"


# Where it stands


@pytest.mark.parametrize(
    ("path", "options", "most"),
    [
        ("/", {}, 0.30),
        ("/de", {}, 0.40),
        ("/rtl", {}, 0.40),
        ("/", {"policies": TERMS}, 0.45),
        ("/de", {"policies": TERMS}, 0.45),
    ],
    ids=["en", "de", "ar", "en terms", "de terms"],
)
def test_banner_leaves_most_of_a_phone_to_the_page(
    serve: Serve, tabs: Tabs, path: str, options: dict[str, Any], most: float
) -> None:
    """
    At most 30 % of a small phone in English, 40 % in any language, 45 % with terms; the buttons always in sight.
    """
    page = tabs.open(serve(**options) + path, width=375, height=667)
    banner = box(page, BANNER)

    assert banner["width"] * banner["height"] <= most * 375 * 667 + 1
    for name in ("reject", "accept", "choose"):
        expect(page.locator(f"{BANNER} {action(name)}")).to_be_in_viewport(ratio=1)


@pytest.mark.parametrize(("width", "height"), SCREENS)
def test_accept_and_reject_look_the_same(serve: Serve, tabs: Tabs, width: int, height: int) -> None:
    """
    The same size, colours, weight and border: the difference is 0 px.
    """
    page = tabs.open(serve() + "/", width=width, height=height)
    reject, accept = (
        page.locator(f"{BANNER} {action(name)}").evaluate(
            "e => { const s = getComputedStyle(e), b = e.getBoundingClientRect();"
            "return [b.width, b.height, s.color, s.backgroundColor, s.font, s.border, s.padding, s.opacity] }"
        )
        for name in ("reject", "accept")
    )

    assert reject == accept


@pytest.mark.parametrize(("width", "height"), SCREENS)
def test_targets_are_large_and_apart(serve: Serve, tabs: Tabs, width: int, height: int) -> None:
    """
    44 px each, and 8 px between Reject and Accept.
    """
    page = tabs.open(serve(policies=TERMS) + "/", width=width, height=height)
    heights = page.locator(f"{BANNER} :is(a, button), [data-ckit-ui=reader] > a:not([hidden]), summary").evaluate_all(
        "all => all.map(e => e.getBoundingClientRect().height)"
    )
    reject, accept = box(page, f"{BANNER} {action('reject')}"), box(page, f"{BANNER} {action('accept')}")
    gap = max(accept["x"] - reject["x"] - reject["width"], accept["y"] - reject["y"] - reject["height"])

    assert min(heights) >= 44
    assert gap >= 8


def test_low_window_has_it_in_the_flow(serve: Serve, tabs: Tabs) -> None:
    """
    At 400 % zoom nothing is covered: it lies at the top and scrolls away.
    """
    page = tabs.open(serve(policies=TERMS) + "/", width=320, height=256)

    assert page.evaluate("getComputedStyle(document.getElementById('ckit-root')).position") == "static"
    assert page.evaluate("document.documentElement.scrollWidth") == 320


@pytest.mark.parametrize("path", ["/transformed", "/hostile"])
def test_page_can_not_carry_it_away(serve: Serve, tabs: Tabs, path: str) -> None:
    """
    Neither a transformed body nor rules for everything in it.
    """
    page = tabs.open(serve() + path)
    reject = page.locator(f"{BANNER} {action('reject')}")

    expect(reject).to_be_in_viewport(ratio=1)
    assert box(page, BANNER)["height"] < 200
    reject.click()
    expect(page.locator(BANNER)).to_have_count(0)


def test_forced_colours_keep_edges_and_words(serve: Serve, tabs: Tabs) -> None:
    """
    Borders stay, and the words of a button are not painted in the colour of its ground.
    """
    page = tabs.open(serve() + "/", forced_colors="active")
    colours = page.locator(f"{BANNER} {action('reject')}").evaluate(
        "e => { const s = getComputedStyle(e);return [s.color, s.backgroundColor, s.borderTopWidth, s.borderTopStyle] }"
    )

    assert colours[0] != colours[1]
    assert colours[2:] == ["1px", "solid"]


@pytest.mark.parametrize(("page_says", "expected"), [("/", "rgb(255, 255, 255)"), ("/dark", "rgb(18, 18, 18)")])
def test_page_decides_light_or_dark(serve: Serve, tabs: Tabs, page_says: str, expected: str) -> None:
    """
    On a dark system a page that is only light keeps a light banner.
    """
    page = tabs.open(serve() + page_says, color_scheme="dark")

    assert page.locator(BANNER).evaluate("e => getComputedStyle(e).backgroundColor") == expected


def test_print_leaves_it_out(serve: Serve, tabs: Tabs) -> None:
    """
    Nobody wants it on paper.
    """
    page = tabs.open(serve() + "/")
    page.emulate_media(media="print")

    expect(page.locator("#ckit-root")).to_be_hidden()


def test_footer_can_be_reached(serve: Serve, tabs: Tabs) -> None:
    """
    The imprint must be clickable while the banner asks.
    """
    page = tabs.open(serve(policies=TERMS) + "/", width=375, height=667)
    page.evaluate("scrollTo(0, document.documentElement.scrollHeight)")

    page.click("#imprint")
    expect(page).to_have_url(page.url.partition("/imprint")[0] + "/imprint")


# Keyboard


def test_reject_is_an_early_stop(serve: Serve, tabs: Tabs) -> None:
    """
    At most the second stop from the top; nothing steals the focus before.
    """
    page = tabs.open(serve() + "/")
    assert page.evaluate("document.activeElement === document.body")
    for _ in range(2):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.dataset.ckitAction") == "reject":
            break

    assert page.evaluate("document.activeElement.dataset.ckitAction") == "reject"


@pytest.mark.parametrize(("width", "height"), [(1280, 800), (375, 667), (640, 480)])
@pytest.mark.parametrize("path", ["/", "/scroller"])
def test_focus_is_never_hidden(serve: Serve, tabs: Tabs, path: str, width: int, height: int) -> None:
    """
    Whatever has the focus can be seen, in the page and in its own scrollers.
    """
    page = tabs.open(serve() + path, width=width, height=height)
    hidden = []
    for _ in range(70):
        page.keyboard.press("Tab")
        covered = page.evaluate(
            "() => { const e = document.activeElement, root = document.getElementById('ckit-root');"
            "if (!e || e === document.body || root.contains(e)) return '';"
            "const b = e.getBoundingClientRect();"
            "const at = [[b.left + 2, b.top + 2], [b.right - 2, b.bottom - 2], [b.left + 2, b.bottom - 2]];"
            "const ours = ([x, y]) => root.contains(document.elementFromPoint(x, y));"
            "return at.some(ours)"
            "? e.textContent : '' }"
        )
        if covered:
            hidden.append(covered)

    assert hidden == []


def test_escape_is_no_answer(serve: Serve, tabs: Tabs) -> None:
    """
    Putting the banner away without an answer is not offered, so Escape does nothing.
    """
    page = tabs.open(serve() + "/")
    page.locator(f"{BANNER} {action('reject')}").focus()
    page.keyboard.press("Escape")

    expect(page.locator(BANNER)).to_be_visible()


# What a press does


@pytest.mark.parametrize(("name", "words"), [("reject", "You rejected"), ("accept", "You accepted")])
def test_answer_without_leaving_the_page(serve: Serve, tabs: Tabs, name: str, words: str) -> None:
    """
    The banner goes, the status says what was chosen, and focus that was in the banner goes there.
    """
    page = tabs.open(serve() + "/")
    page.evaluate("window.stayed = true")
    page.locator(f"{BANNER} {action(name)}").focus()
    page.keyboard.press("Enter")

    expect(page.locator(SAVED)).to_contain_text(words)
    expect(page.locator(SAVED)).to_be_focused()
    expect(page.locator(BANNER)).to_have_count(0)
    expect(page.get_by_role("link", name="Privacy choices")).to_be_visible()
    assert page.evaluate("window.stayed")


@pytest.mark.parametrize(("name", "words"), [("reject", "You rejected"), ("accept", "You accepted")])
def test_answer_without_script(serve: Serve, tabs: Tabs, name: str, words: str) -> None:
    """
    A form and a redirect do the same; the page that comes back says what was chosen.
    """
    url = serve()
    page = tabs.open(url + "/", java_script_enabled=False)
    page.click(f"{BANNER} {action(name)}")

    expect(page).to_have_url(url + "/#ckit-saved")
    expect(page.locator(SAVED)).to_be_visible()
    expect(page.locator(SAVED)).to_contain_text(words)
    expect(page.locator(BANNER)).to_have_count(0)


def test_frame_comes_alive_in_place(serve: Serve, tabs: Tabs) -> None:
    """
    After Accept the frame has its address back and the placeholder is gone; nothing else of it changed.
    """
    page = tabs.open(serve() + "/")
    expect(page.locator("iframe")).to_be_hidden()
    page.click(f"{BANNER} {action('accept')}")

    expect(page.locator("iframe")).to_be_visible()
    expect(page.locator("[data-ckit-ui=placeholder]")).to_have_count(0)
    assert page.locator("iframe").evaluate("e => [...e.attributes].map(a => a.name).sort()") == [
        "height",
        "src",
        "title",
        "width",
    ]


def test_scripts_come_alive_in_order(serve: Serve, tabs: Tabs) -> None:
    """
    Held scripts of what was agreed run where they stand, one after the other, and get the events that they wait for.
    """
    page = tabs.open(serve() + "/scripts")
    page.context.route(
        "http://counter.localhost:9/**", lambda route: route.fulfill(body=COUNTS, content_type="text/javascript")
    )
    assert page.evaluate("window.ran") is None
    page.click(f"{BANNER} {action('accept')}")

    page.wait_for_function("window.ran && window.ran.length === 4")
    assert page.evaluate("window.ran") == ["/1.js", "/2.js", "ready", "ready"]
    assert page.locator("script[data-ckit-vendor]").count() == 0


def test_load_once_shows_it_on_this_page_only(serve: Serve, tabs: Tabs) -> None:
    """
    The frame is shown, the next page holds it back again.
    """
    url = serve()
    page = tabs.open(url + "/")
    page.click(action("load"))
    expect(page.locator("iframe")).to_be_visible()
    page.goto(url + "/")

    expect(page.locator("[data-ckit-ui=placeholder]")).to_be_visible()


def test_always_agrees_to_that_company_alone(serve: Serve, tabs: Tabs) -> None:
    """
    The button of a placeholder grants its vendor; the banner keeps asking about the rest.
    """
    page = tabs.open(serve() + "/")
    page.click(action("always"))

    expect(page.locator("iframe")).to_be_visible()
    assert page.evaluate("[ckit.allows('media', 'tube'), ckit.allows('media', 'maps'), ckit.allows('media')]") == [
        True,
        False,
        False,
    ]


def test_always_works_without_script(serve: Serve, tabs: Tabs) -> None:
    """
    A button posts one name; action and token stand in its address.
    """
    page = tabs.open(serve() + "/", java_script_enabled=False)
    page.click(action("always"))

    expect(page.locator("iframe")).to_be_visible()


def test_change_is_told_to_the_page(serve: Serve, tabs: Tabs) -> None:
    """
    `ckit.on("change", fn)` and the event on the document carry what was chosen.
    """
    page = tabs.open(serve() + "/")
    page.evaluate("ckit.on('change', (change) => window.told = change)")
    page.click(f"{BANNER} {action('reject')}")
    expect(page.locator(BANNER)).to_have_count(0)

    assert page.evaluate("window.told") == {
        "granted": [],
        "refused": ["analytics", "media"],
        "vendors": {"counter": False, "maps": False, "tube": False},
    }


def test_broken_network_falls_back_to_the_form(serve: Serve, tabs: Tabs) -> None:
    """
    Where `fetch` is forbidden the form goes its own way.
    """
    url = serve()
    page = tabs.open(url + "/")
    page.evaluate("() => { window.fetch = () => Promise.reject(new TypeError('forbidden')) }")
    page.click(f"{BANNER} {action('accept')}")

    expect(page).to_have_url(url + "/#ckit-saved")
    expect(page.locator(BANNER)).to_have_count(0)


def test_what_another_tab_took_away_goes_here_too(serve: Serve, tabs: Tabs) -> None:
    """
    Withdrawn in one tab, the other fetches its page again when it is looked at.
    """
    url = serve()
    page = tabs.open(url + "/")
    page.click(f"{BANNER} {action('accept')}")
    expect(page.locator("iframe")).to_be_visible()
    other = page.context.new_page()
    other.goto(url + "/_ckit/preferences")
    other.click(action("withdraw"))
    page.bring_to_front()
    page.evaluate("dispatchEvent(new Event('focus'))")

    expect(page.locator("[data-ckit-ui=placeholder]")).to_have_count(1)


def test_swapped_body_keeps_the_controls(serve: Serve, tabs: Tabs) -> None:
    """
    Libraries that swap the body throw us out; we come back.
    """
    page = tabs.open(serve() + "/")
    page.evaluate("document.body = Object.assign(document.createElement('body'), { innerHTML: '<p>new' })")

    expect(page.locator(BANNER)).to_be_visible()
    assert page.evaluate("document.body.firstElementChild.id") == "ckit-root"


def test_notice_is_closed_without_an_answer(serve: Serve, tabs: Tabs) -> None:
    """
    Close puts the plain notice away, also on the next page.
    """
    url = serve(policies=TERMS, purposes=[], holding="observe")
    page = tabs.open(url + "/")
    page.click(action("dismiss"))
    expect(page.locator(BANNER)).to_have_count(0)
    page.goto(url + "/px")

    expect(page.locator(BANNER)).to_have_count(0)
