"""The same pages in Firefox: another engine measures, lays out and draws."""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests import needs
from tests.browser.conftest import Serve
from tests.browser.measures import MEASURE, OUTSIDE, Change, compare
from tests.browser.text_pages import TEXT_PAGES

pytestmark = pytest.mark.browser

CHOOSE = """
  document.querySelector("#ckit-root details").open = true;
  const done = arguments[arguments.length - 1];
  const press = () => {
    const button = document.querySelector(`button[data-ckit-action=${arguments[0]}]`);
    if (!button) return setTimeout(press, 20);
    for (let n = 0; n < arguments[1]; n++) button.click();
    setTimeout(done, 400);
  };
  press();
"""


@pytest.fixture(scope="module")
def firefox() -> Iterator[Any]:
    webdriver = pytest.importorskip("selenium.webdriver", reason="needs selenium: pip install selenium")
    browser, driver = needs.firefox()
    if not os.access(driver, os.X_OK):
        Path(driver).chmod(Path(driver).stat().st_mode | stat.S_IXUSR)
    options = webdriver.FirefoxOptions()
    options.add_argument("-headless")
    options.binary_location = browser
    started = webdriver.Firefox(options=options, service=webdriver.FirefoxService(executable_path=driver))
    yield started
    started.quit()


def opened(firefox: Any, url: str, width: int) -> None:
    firefox.set_window_size(width, 900)
    firefox.get(url)
    firefox.delete_all_cookies()
    time.sleep(0.3)


@pytest.mark.parametrize("name", TEXT_PAGES)
@pytest.mark.parametrize("width", [1280, 520])
def test_every_text_is_twice_as_large_in_firefox_too(serve: Serve, firefox: Any, name: str, width: int) -> None:
    """
    At 200 % every visible text has twice its size, nothing gets worse, and Normal text gives every byte back.
    """
    opened(firefox, serve(purposes=[]) + f"/text/{name}", width)
    markup, before = firefox.execute_script(f"return [{OUTSIDE}, {MEASURE}]")
    firefox.execute_async_script(CHOOSE, "text-larger", 5)
    change = compare(before, firefox.execute_script(f"return {MEASURE.strip()}"), 2)
    firefox.execute_async_script(CHOOSE, "text-reset", 1)

    assert change == Change(texts=change.texts, wrong=[], small=[], sideways=0, cut=[], overlaps=[])
    assert change.texts == len(before["texts"])
    assert firefox.execute_script(f"return {OUTSIDE.strip()}") == markup
