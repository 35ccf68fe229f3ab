"""Nothing before consent, from the browser's own requests, on saved pages of real sites with the network closed.

What is written in the markup is told apart from what scripts write into it by taking JavaScript away: what the parser
asks for then was there. A handful of pages with many third parties; `bench.proof` does the same with all of them, both variants and every state.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from bench.proof import DECLARED, Seen, cookies_for, counted, kind_of, measure, running, serving, site
from consentkit import ConsentMiddleware
from consentkit.registry import registry
from tests import needs

pytestmark = pytest.mark.browser

FOLDER = Path(os.environ.get("CONSENTKIT_TEST_PAGES", "no-pages"))
NAMES = ["cnn.html", "deadspin.com.html", "ehow.html"]


@pytest.fixture(scope="module")
def names() -> list[str]:
    needs.folder("CONSENTKIT_TEST_PAGES", "saved pages")
    there = [name for name in NAMES if (FOLDER / name).exists()]
    return there or sorted(file.name for file in FOLDER.glob("*.html"))[:3]


@pytest.fixture(scope="module")
def bare(browser: Browser, names: list[str]) -> Iterator[dict[str, Seen]]:
    """What the pages ask for without us: there is something to hold."""
    with running(serving(FOLDER, shared=False)) as home:
        yield measure(browser, home, names, script=True, given={})


def seen(
    browser: Browser, folder: Path, names: list[str], holding: str, state: str, *, script: bool
) -> dict[str, Seen]:
    settings = site(folder, holding=holding)
    with running(ConsentMiddleware(serving(FOLDER, shared=False), settings)) as home:
        return measure(browser, home, names, script=script, given=cookies_for(settings, state))


@pytest.mark.parametrize("script", [True, False], ids=["script", "no script"])
def test_strict_asks_nobody(
    browser: Browser, tmp_path: Path, names: list[str], bare: dict[str, Seen], script: bool
) -> None:
    """
    Under `strict` nothing written in the pages reaches another host but those that need no consent, no script of a page
    gets another one in, and every page still loads without an error that it did not have before.
    """
    pages = seen(browser, tmp_path, names, "strict", "before", script=script)
    found = counted(pages)

    assert sum(counted(bare).values()) > 20
    who = "inserted script" if script else "markup"
    assert {column for column in found if column[0] == who and column[1] != "passing"} == set()
    assert all(page.loaded for page in pages.values())
    assert {
        error
        for name, page in pages.items()
        for error in set(page.errors) - set(bare[name].errors)
        if "is not defined" in error
    } == set()


@pytest.mark.parametrize("state", ["before", "reject"])
def test_known_asks_no_tracker(browser: Browser, tmp_path: Path, names: list[str], state: str) -> None:
    """
    Under `known` nothing written in the pages reaches a company that the registry holds, before a choice or after
    Reject.
    """
    found = counted(seen(browser, tmp_path, names, "known", state, script=False))

    assert found["markup", "declared"] == found["markup", "tracker"] == 0


def test_accept_asks_those_that_are_declared(browser: Browser, tmp_path: Path, names: list[str]) -> None:
    """
    After Accept every declared company that the page has in its markup is asked, and no other that waits.
    """
    with running(serving(FOLDER, shared=False)) as home:
        bare = measure(browser, home, names, script=False, given={})
    pages = seen(browser, tmp_path, names, "known", "accept", script=False)

    assert vendors(bare) == vendors(pages) != set()
    assert counted(pages)["markup", "tracker"] == 0


def vendors(pages: dict[str, Seen]) -> set[tuple[str, str]]:
    """(page, declared company) of each request that its markup made."""
    return {
        (name, entry.vendor)
        for name, page in pages.items()
        for who, _, host, path in page.requests
        if who == "markup" and kind_of(host, path) == "declared"
        and (entry := registry().classify(host, path)) is not None and entry.vendor in DECLARED
    }  # fmt: skip
