"""axe-core finds nothing, in any state, theme, direction and width."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from consentkit import Policy
from tests.browser.conftest import Serve, Tabs

pytestmark = pytest.mark.browser

TERMS = [Policy("privacy", url="/privacy", version="1"), Policy("terms", url="/terms", version="1", kind="terms")]


def asking(page: Page) -> None:
    pass


def chosen(page: Page) -> None:
    page.click("[data-ckit-action=reject]")
    page.locator("#ckit-saved").wait_for()


def panel(page: Page) -> None:
    chosen(page)
    page.click("summary")
    page.locator("button[data-ckit-action=text-larger]").click()


def preferences(page: Page) -> None:
    page.goto(str(page.locator("[data-ckit-action=choose]").evaluate("e => e.href")))
    unfold(page, "summary")


def dialog(page: Page) -> None:
    page.click("[data-ckit-action=choose]")
    page.locator("#ckit-root dialog h1").wait_for()
    unfold(page, "#ckit-root dialog summary")


def unfold(page: Page, summaries: str) -> None:
    for summary in page.locator(summaries).all():
        summary.click()


@pytest.mark.parametrize("state", [asking, chosen, panel, preferences, dialog], ids=lambda state: str(state.__name__))
@pytest.mark.parametrize("path", ["/", "/dark", "/rtl"], ids=["light", "dark", "rtl"])
@pytest.mark.parametrize("width", [1280, 375, 320])
def test_axe_finds_nothing(serve: Serve, tabs: Tabs, state: Callable[[Page], None], path: str, width: int) -> None:
    """
    WCAG and best practice, on everything that is ours.
    """
    scheme = "dark" if path == "/dark" else "light"
    page = tabs.open(serve(policies=TERMS) + path, width=width, height=667, color_scheme=scheme)
    state(page)
    ours = [["#ckit-root"], ["[data-ckit-ui=placeholder]"]] if "/_ckit/" not in page.url else [["body"]]
    include = [selectors for selectors in ours if page.locator(selectors[0]).count()]
    result = Axe().run(page, context={"include": include})

    assert [(found["id"], found["nodes"][0]["html"]) for found in result.response["violations"]] == []


@pytest.mark.parametrize("width", [375, 320])
def test_preferences_fit_a_narrow_window(serve: Serve, tabs: Tabs, width: int) -> None:
    """
    One column, nothing to scroll sideways, every box and button large enough for a thumb.
    """
    page = tabs.open(serve(policies=TERMS) + "/_ckit/preferences", width=width, height=667)
    for summary in page.locator("summary").all():
        summary.click()

    assert page.evaluate("document.documentElement.scrollWidth") == width
    assert min(page.locator("button, label, summary").evaluate_all("a => a.map(e => e.offsetHeight)")) >= 44


def test_company_and_purpose_go_together(serve: Serve, tabs: Tabs) -> None:
    """
    Ticking one company ticks the purpose; taking the last one away takes it away.
    """
    page = tabs.open(serve() + "/_ckit/preferences")
    page.locator("summary").last.click()
    media, tube = page.locator("[value=media]"), page.locator("[value=tube]")
    tube.check()
    assert media.is_checked()
    tube.uncheck()

    assert not media.is_checked()


@pytest.mark.parametrize("script", [True, False], ids=["script", "no script"])
def test_saving_some_of_the_companies(serve: Serve, tabs: Tabs, script: bool) -> None:
    """
    A purpose with one of its companies: that one may run, and the page says so.
    """
    url = serve()
    page = tabs.open(url + "/_ckit/preferences?next=/", java_script_enabled=script)
    page.locator("summary").last.click()
    page.locator("[value=tube]").check()
    page.locator("[value=media]").check()
    if script:
        page.locator("[value=maps]").uncheck()
    page.click("[data-ckit-action=save]")
    page.goto(url + "/_ckit/preferences")

    assert "Allowed: 1 of 2" in page.locator("main").inner_text()
    assert page.locator("[value=tube]").is_checked()
    assert not page.locator("[value=maps]").is_checked()
