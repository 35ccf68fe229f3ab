"""The controls in pages that do as they like: that swap themselves, come out of a cache, or lie in another tab."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Serve, Tabs

pytestmark = pytest.mark.browser

BANNER = "[data-ckit-ui=banner]"
REJECT = f"{BANNER} [data-ckit-action=reject]"
SAVED = "#ckit-root #ckit-saved"

# Stand-ins that do to the document what these libraries do; none of the libraries is loaded.
SWAPS = {
    # Turbo Drive: a page is fetched by script, and its body takes the place of the body.
    "turbo": """async () => {
      const there = new DOMParser().parseFromString(await (await fetch("/p1")).text(), "text/html");
      document.documentElement.replaceChild(document.adoptNode(there.body), document.body);
    }""",
    # htmx with hx-boost: what is in the body is replaced, as innerHTML does.
    "hx-boost": """async () => {
      const there = new DOMParser().parseFromString(await (await fetch("/p1")).text(), "text/html");
      document.body.replaceChildren(...there.body.childNodes);
    }""",
    # React 18 after a mismatch in a document that it hydrates whole: the document is emptied and made anew.
    "react 18": """() => {
      const html = document.createElement("html");
      document.removeChild(document.documentElement);
      html.append(document.createElement("head"), document.createElement("body"));
      html.lastChild.append(Object.assign(document.createElement("p"), { textContent: "Made in the browser" }));
      document.append(html);
    }""",
    # React 19: html, head and body stay, what is in them goes, style sheets and scripts left out.
    "react 19": """() => {
      for (const each of [...document.head.children]) if (!each.matches("script,style,link")) each.remove();
      document.body.replaceChildren(Object.assign(document.createElement("p"), { textContent: "Made in the browser" }));
    }""",
}


@pytest.mark.parametrize("path", ["/", "/transformed"])
@pytest.mark.parametrize("swap", SWAPS.values(), ids=SWAPS)
def test_banner_survives_and_works(serve: Serve, tabs: Tabs, swap: str, path: str) -> None:
    """
    It is there again, once, dressed, first in the body; and Reject still closes it without leaving the page.
    """
    page = tabs.open(serve() + path)
    page.evaluate(swap)
    expect(page.locator(REJECT)).to_be_in_viewport(ratio=1)
    assert page.locator("#ckit-root").count() == 1
    assert page.evaluate("document.body.firstElementChild.id") == "ckit-root"
    assert page.locator("#ckit-root").evaluate("e => getComputedStyle(e).position") == "fixed"
    page.click(REJECT)

    expect(page.locator(SAVED)).to_contain_text("You rejected")
    expect(page.locator(BANNER)).to_have_count(0)


def answer_elsewhere(page: Page, url: str, action: str) -> None:
    other = page.context.new_page()
    other.goto(url)
    other.click(f"{BANNER} [data-ckit-action={action}]")
    expect(other.locator(BANNER)).to_have_count(0)
    other.close()


@pytest.mark.parametrize(
    "event",
    ["new Event('focus')", "new PageTransitionEvent('pageshow', { persisted: true })"],
    ids=["other tab", "back/forward cache"],
)
def test_what_was_answered_elsewhere_is_not_asked_here(serve: Serve, tabs: Tabs, event: str) -> None:
    """
    A tab that is looked at again, and a page that "back" brings out of the cache, show the present state.
    """
    url = serve()
    page = tabs.open(url + "/")
    answer_elsewhere(page, url + "/p1", "accept")
    page.evaluate(f"dispatchEvent({event})")

    expect(page.locator(BANNER)).to_have_count(0)
    expect(page.locator("iframe")).to_be_visible()


def test_status_survives_a_reload_for_scripts(serve: Serve, tabs: Tabs) -> None:
    """
    Where scripts need the page again, the page that comes says what was chosen.
    """
    page = tabs.open(serve() + "/scripts")
    page.context.route("http://counter.localhost:9/**", lambda route: route.abort())
    page.evaluate("window.before = true")
    # A script that writes into the document can't come alive in it.
    page.evaluate("document.querySelector('script[data-ckit-vendor]').text = 'document.write(1)'")
    page.click(f"{BANNER} [data-ckit-action=accept]")

    page.wait_for_function("window.before === undefined")
    expect(page.locator(SAVED)).to_be_visible()
    expect(page.locator(SAVED)).to_contain_text("You accepted")


def test_smallest_phone_shows_all_of_the_text(serve: Serve, tabs: Tabs) -> None:
    """
    On 320x568 the words of the banner need no scrolling, and the buttons are in sight.
    """
    page = tabs.open(serve() + "/", width=320, height=568)
    sizes = page.locator("[data-ckit-part=text]").evaluate("e => [e.scrollHeight, e.clientHeight]")

    assert sizes[0] <= sizes[1] + 1
    expect(page.locator(REJECT)).to_be_in_viewport(ratio=1)


def test_cookie_names_are_broken_at_their_joints(serve: Serve, tabs: Tabs) -> None:
    """
    In the table of a narrow window each line of a name ends at a joint.
    """
    page = tabs.open(
        serve(necessary={"application_session_identifier": "Keeps you signed in"}) + "/_ckit/preferences", width=320
    )
    lines = page.locator("code").evaluate_all(
        """all => all.flatMap(code => {
          const range = document.createRange(), lines = [];
          for (const text of code.childNodes) for (let at = 0; at < (text.length || 0); at++) {
            range.setStart(text, at); range.setEnd(text, at + 1);
            const top = Math.round(range.getBoundingClientRect().top);
            if (!lines.length || Math.abs(lines.at(-1)[0] - top) > 4) lines.push([top, ""]);
            lines.at(-1)[1] += text.data[at];
          }
          return lines.slice(0, -1).map(line => line[1]);
        })"""
    )

    assert [line for line in lines if not line.endswith(("_", "-", "."))] == []
    assert page.evaluate("document.documentElement.scrollWidth") == 320
