"""Every language where it is read: nothing is cut off, and nothing stands in the code that no translator can reach."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

from consentkit.languages import Catalogues
from tests.browser.conftest import Serve, Tabs
from tests.settings.sites import SECRET
from tests.tools import tool

#: What is the owner's or nobody's to translate: names, addresses, versions, cookies, what a language calls itself.

NAMES = (
    "Drina Courier Publishing, 4 Water Street, Vrbograd", "privacy@courier.example", "Drina Courier", "Counter", "Tube",
    "City maps", "_c", "visitor", "session", "__Host-", "ckit_reader", "English", "العربية", "ckit_id", "ckit", "receipt.json",
)  # fmt: skip

#: What CLDR says and not the catalogue (dates, countries, "and" in a list), and the numbers of records.
CLDR = re.compile(r"[A-Z][a-z]+ \d+, \d{4}|United States|(?<=\]) and (?=\[)|[0-9a-f]{8}-[0-9a-f-]{27}")

#: Text of ours that somebody can see, a line for each element that has some of its own.
LINES = """
() => {
  const ours = document.querySelectorAll("[data-ckit-ui], dialog[data-ckit-ui]");
  const roots = ours.length ? ours : [document.body];
  const lines = new Set();
  for (const root of roots) for (const each of root.querySelectorAll("*")) {
    if (each.closest("script, style, [lang]:not([lang|=en-XA], [lang|=ar-XB])")) continue;
    const own = [...each.childNodes].filter((node) => node.nodeType === 3).map((node) => node.data).join(" ").trim();
    if (own) lines.add((each.closest("p, li, h1, h2, h3, summary, label, legend, a, button, td, th, dt, dd, span") || each).textContent.trim());
  }
  return [...lines];
}
"""

#: What has more text than room: the text would be cut, not scrolled.
CLIPPED = """
() => [...document.querySelectorAll("#ckit-root *, [data-ckit-ui] *, main *")].filter((each) => {
  const style = getComputedStyle(each), box = each.getBoundingClientRect();
  if (!box.width || style.visibility === "hidden" || each.closest("[hidden]") || style.clipPath !== "none") return false;
  const cut = ["hidden", "clip"].includes(style.overflowX) && each.scrollWidth > each.clientWidth + 1;
  const own = [...each.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
  const out = own && (box.left < -1 || box.right > innerWidth + 1);
  return cut || out;
}).map((each) => each.outerHTML.slice(0, 120))
"""


@pytest.fixture(scope="module")
def pseudo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the two pseudo-languages."""
    folder = tmp_path_factory.mktemp("pseudo")
    tool("pseudo").write(folder)
    return folder


def untranslated(page: Page) -> list[str]:
    """Lines with a word in them that no catalogue says, or with a sentence that is cut off.

    Every letter of a pseudo-language has an accent, so two without one in a row are of another text.
    """
    wrong = []
    for line in page.evaluate(LINES):
        rest = CLDR.sub("", line)
        for name in NAMES:
            rest = rest.replace(name, "")
        if re.search(r"[A-Za-z]{2,}", rest) or rest.count("[") != rest.count("]"):
            wrong.append(line)
    return wrong


@pytest.mark.parametrize(("tag", "direction"), [("en-XA", "ltr"), ("ar-XB", "rtl")])
def test_nothing_stands_in_the_code(serve: Serve, tabs: Tabs, pseudo: Path, tag: str, direction: str) -> None:
    """
    In a language made of accents every word of ours has some: banner, placeholder, dialog, status, page, receipt, errors.
    """
    url = serve(locales=str(pseudo), secret=SECRET)
    page = tabs.open(f"{url}/lang/{tag}", width=375, height=667)
    wrong: dict[str, list[str]] = {"banner": untranslated(page)}

    assert page.locator("#ckit-root").get_attribute("dir") == direction
    page.click("[data-ckit-action=choose]")
    page.wait_for_selector("dialog[open]")
    wrong["dialog"] = untranslated(page)
    page.keyboard.press("Escape")
    page.click("[data-ckit-action=accept]")
    page.wait_for_selector("[data-ckit-ui=banner]", state="detached")
    wrong["status"] = untranslated(page)
    for name, path in {
        "preferences": f"/_ckit/preferences?lang={tag}",
        "asked again": f"/_ckit/preferences?lang={tag}&again=old",
    }.items():
        page.goto(url + path)
        wrong[name] = untranslated(page)
    spoken = tabs.open("about:blank", extra_http_headers={"accept-language": tag})
    for path in ("/_ckit/nowhere", "/_ckit/receipt"):
        spoken.goto(url + path)
        wrong[path] = untranslated(spoken)

    assert {state: lines for state, lines in wrong.items() if lines} == {}


@pytest.mark.parametrize("tag", ["en-XA", "ar-XB"])
def test_a_third_more_text_fits(serve: Serve, tabs: Tabs, pseudo: Path, tag: str) -> None:
    """
    A language that needs a third more room is not cut off, on a phone and on a desk.
    """
    url = serve(locales=str(pseudo), secret=SECRET)
    page = tabs.open(f"{url}/lang/{tag}")
    assert clipped(page, url, tag) == {}


def test_no_language_is_cut_off(serve: Serve, tabs: Tabs) -> None:
    """
    Banner and preference page of every language, on a phone and on a desk.
    """
    url = serve(secret=SECRET)
    page = tabs.open(f"{url}/lang/en")
    wrong: dict[str, Any] = {}
    for tag in Catalogues().tags:
        page.goto(f"{url}/lang/{tag}")
        assert page.locator("#ckit-root").get_attribute("lang") == tag
        wrong |= {f"{tag} {state}": found for state, found in clipped(page, url, tag).items()}

    assert wrong == {}


def clipped(page: Page, url: str, tag: str) -> dict[str, list[str]]:
    """What is cut off, by state; the page is at the banner and ends at the preferences."""
    found: dict[str, list[str]] = {}
    for where in ("banner", "preferences"):
        if where == "preferences":
            page.goto(f"{url}/_ckit/preferences?lang={tag}")
        for width in (375, 1280):
            page.set_viewport_size({"width": width, "height": 667})
            lines = page.evaluate(CLIPPED)
            if lines:
                found[f"{where} {width}"] = lines
    return found
