"""The preferences over the page in Chromium: how they open, what they do, and when the page of them is the better way."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import Serve, Tabs
from tests.browser.test_controls_banner import TERMS

pytestmark = pytest.mark.browser

BANNER = "[data-ckit-ui=banner]"
DIALOG = "#ckit-root dialog"
SAVED = "#ckit-root #ckit-saved"
CHOOSE = "#ckit-root [data-ckit-action=choose]"

# A policy under which strings can't become markup, scripts or their addresses, and only our own files and hashes run.
STRICT = (
    "default-src 'none'; script-src 'nonce-r4nd0m'; style-src 'nonce-r4nd0m'; img-src 'self'; connect-src 'self';"
    " require-trusted-types-for 'script'; form-action 'self'; base-uri 'none'"
)


def under(page: Page, policy: str) -> None:
    """Every page of the app is sent with this policy, as the app itself would send it."""

    def with_policy(route: Route) -> None:
        answer = route.fetch()
        body = answer.text()
        if "/_ckit/" not in route.request.url:
            # What the middleware does where the app has a nonce: our own elements carry it.
            for name in ("<script ", "<style "):
                body = body.replace(f'{name}data-ckit-ui="head"', f'{name}nonce="r4nd0m" data-ckit-ui="head"')
            body = body.replace('href="/_ckit/assets/', 'nonce="r4nd0m" href="/_ckit/assets/')
            route.fulfill(response=answer, body=body, headers={**answer.headers, "content-security-policy": policy})
        else:
            route.fulfill(response=answer)

    page.route("**/*", with_policy)


def close(page: Page) -> None:
    page.locator(f"{DIALOG} [data-ckit-part=top] button").click()


def test_choose_opens_it_and_escape_gives_the_focus_back(serve: Serve, tabs: Tabs) -> None:
    """
    A dialog with a name over the page; Escape and Close put it away, and the focus is where it was.
    """
    page = tabs.open(serve() + "/")
    url = page.url
    page.locator(CHOOSE).focus()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name="Privacy choices")
    expect(dialog).to_be_visible()
    assert page.evaluate(
        "document.querySelector('#ckit-root ckit-ui').shadowRoot.querySelector('dialog').matches(':modal')"
    )
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect(page.locator(CHOOSE)).to_be_focused()
    page.locator(CHOOSE).click()
    close(page)

    expect(dialog).to_have_count(0)
    expect(page.locator(CHOOSE)).to_be_focused()
    expect(page.locator(BANNER)).to_be_visible()
    assert page.url == url


@pytest.mark.parametrize(("width", "height"), [(375, 667), (320, 480), (1280, 800)])
def test_it_lies_inside_the_window(serve: Serve, tabs: Tabs, width: int, height: int) -> None:
    """
    Its edges can be seen on every side, and nothing in it is wider than it is.
    """
    page = tabs.open(serve() + "/", width=width, height=height)
    page.click("[data-ckit-action=choose]")
    page.wait_for_selector("dialog[open]")
    left, top, right, bottom, over = page.evaluate(
        "() => { const it = document.querySelector('#ckit-root ckit-ui').shadowRoot.querySelector('dialog'),"
        " box = it.getBoundingClientRect();"
        " return [box.left, box.top, box.right, box.bottom, it.scrollWidth - it.clientWidth]; }"
    )

    assert 0 <= left < right <= width
    assert 0 <= top < bottom <= height
    assert over == 0


def test_saved_without_leaving_the_page(serve: Serve, tabs: Tabs) -> None:
    """
    What is saved in the dialog comes alive in the page; banner and dialog go, and the status has the focus.
    """
    page = tabs.open(serve() + "/")
    page.evaluate("window.stayed = true")
    page.locator(CHOOSE).click()
    page.locator(f"{DIALOG} [value=media]").check()
    assert page.locator(f"{DIALOG} [value=tube]").is_checked()
    page.locator(f"{DIALOG} [data-ckit-action=save]").click()

    expect(page.locator(SAVED)).to_be_focused()
    expect(page.locator(BANNER)).to_have_count(0)
    expect(page.locator(DIALOG)).to_have_count(0)
    expect(page.locator("iframe")).to_be_visible()
    assert page.evaluate("[window.stayed, ckit.allows('media'), ckit.allows('analytics')]") == [True, True, False]


def test_every_way_to_them_and_back_out_of_consent(serve: Serve, tabs: Tabs) -> None:
    """
    The bar's link, any link of the owner's, and `ckit.open()`; withdrawing there is a full post that comes back here.
    """
    url = serve()
    page = tabs.open(url + "/de?x=1")
    page.click(f"{BANNER} [data-ckit-action=accept]")
    expect(page.locator(BANNER)).to_have_count(0)
    page.evaluate(
        "document.querySelector('h1').innerHTML = '<a id=own href=/_ckit/preferences>x</a><a id=lang href=\"/_ckit/preferences?lang=en\">y</a>'"
    )
    for opening in ("#ckit-root a:has-text('Datenschutz')", "#own", "#lang"):
        page.click(opening)
        expect(page.locator(f"{DIALOG} [data-ckit-action=withdraw]")).to_be_visible()
        assert page.locator(DIALOG).get_attribute("lang") == ("en" if opening == "#lang" else "de")
        page.keyboard.press("Escape")
        expect(page.locator(DIALOG)).to_have_count(0)
    page.evaluate("ckit.open()")
    page.locator(f"{DIALOG} [data-ckit-action=withdraw]").click()

    page.wait_for_url(url + "/de?x=1#ckit-saved")
    expect(page.locator(SAVED)).to_contain_text("abgelehnt")
    expect(page.locator("[data-ckit-ui=placeholder]")).to_be_visible()


def test_other_language_in_place(serve: Serve, tabs: Tabs) -> None:
    """
    The links to other languages change the dialog, and Escape still gives the focus back.
    """
    page = tabs.open(serve() + "/")
    page.locator(CHOOSE).click()
    page.locator(f"{DIALOG} a[hreflang=ar]").click()

    expect(page.locator(f"{DIALOG}[dir=rtl]")).to_be_visible()
    assert page.locator("ckit-ui[data-ckit-ui=dialog]").count() == 1


@pytest.mark.parametrize("path", ["/hostile", "/important", "/transformed"])
def test_no_rule_of_the_page_reaches_it(serve: Serve, tabs: Tabs, path: str) -> None:
    """
    Resets for everything, `!important` ones too: it looks as on a page without any.
    """
    looks = (
        "e => { const s = getComputedStyle(e), b = e.getBoundingClientRect();"
        " return [s.color, s.backgroundColor, s.fontSize, s.letterSpacing, s.padding, s.transform, b.width] }"
    )
    url = serve()
    seen = []
    for each in ("/", path):
        page = tabs.open(url + each)
        page.evaluate("ckit.open()")
        expect(page.locator(f"{DIALOG} h1")).to_be_visible()
        seen.append(
            [page.locator(f"{DIALOG} {part}".strip()).first.evaluate(looks) for part in ("", "h1", "button", "p")]
        )

    assert seen[0] == seen[1]


def test_strict_policy_with_trusted_types(serve: Serve, tabs: Tabs) -> None:
    """
    Under nonces and Trusted Types it opens, is dressed, and saves; nothing of ours is reported.
    """
    page = tabs.open(serve() + "/imprint")
    under(page, STRICT)
    page.add_init_script(
        "window.blocked = []; addEventListener('securitypolicyviolation', (e) => blocked.push(e.violatedDirective + ' ' + e.blockedURI + e.sample))"
    )
    page.goto(page.url.replace("imprint", "plain"))
    page.click(CHOOSE)
    expect(page.locator(f"{DIALOG} h1")).to_be_visible()
    assert page.locator(DIALOG).evaluate("e => getComputedStyle(e).position") == "fixed"
    page.locator(f"{DIALOG} [value=analytics]").check()
    page.locator(f"{DIALOG} [data-ckit-action=save]").click()

    expect(page.locator(BANNER)).to_have_count(0)
    # The host page's own <style> has no nonce.
    assert [each for each in page.evaluate("window.blocked") if "style-src-elem inline" not in each] == []


@pytest.mark.parametrize("missing", ["**/assets/dialog.*", "**/assets/preferences.*.css", "**/_ckit/preferences?*"])
def test_page_where_the_dialog_can_not_be(serve: Serve, tabs: Tabs, missing: str) -> None:
    """
    Whatever can't be fetched, the link leads to the page.
    """
    page = tabs.open(serve() + "/")
    page.route(missing, lambda route: route.continue_() if route.request.is_navigation_request() else route.abort())
    page.click(CHOOSE)

    page.wait_for_url(re.compile(r"/_ckit/preferences\?lang=en&next="))
    expect(page.locator("main #ckit-form")).to_be_attached()


def test_terms_accepted_there_leave_the_question(serve: Serve, tabs: Tabs) -> None:
    """
    Accepting the terms answers nothing else: the banner keeps asking, without that button.
    """
    page = tabs.open(serve(policies=TERMS) + "/")
    page.click(CHOOSE)
    page.locator(f"{DIALOG} [data-ckit-action=policies]").click()

    expect(page.locator(SAVED)).to_be_visible()
    expect(page.locator(f"{BANNER} [data-ckit-action=reject]")).to_be_visible()
    expect(page.locator(f"{BANNER} [data-ckit-action=policies]")).to_have_count(0)


def test_slots_of_the_page_work_as_our_own_controls_do(serve: Serve, tabs: Tabs) -> None:
    """
    The link there opens the dialog and gets the focus back; a size chosen in one panel is told by the other, and what
    stands in a slot grows with the page.
    """
    page = tabs.open(serve(slots=True) + "/slots")
    link = page.locator("[data-ckit-slot=choices] [data-ckit-action=choose]")
    link.click()
    expect(page.get_by_role("dialog", name="Privacy choices")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator(DIALOG)).to_have_count(0)
    expect(link).to_be_focused()

    size = "parseFloat(getComputedStyle(document.querySelector('[data-ckit-slot=preferences] h4')).fontSize)"
    before = page.evaluate(size)
    page.locator("[data-ckit-slot=reader] summary").click()
    page.locator("[data-ckit-slot=reader] button[data-ckit-action=text-larger]").click()
    expect(page.locator("[data-ckit-value=text]")).to_have_text(["112%", "112%"])
    page.wait_for_function(f"Math.abs({size} / {before} - 1.12) < .01")
