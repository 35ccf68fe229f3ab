"""A contact sheet: banner and preference page in every language, on a phone and on a desk.

    python -m bench.languages docs/pictures/languages.jpg

To be looked at: tests say whether something is cut off, not whether it reads well. It wants fonts for all scripts
(on Debian: fonts-noto-core and fonts-noto-cjk).
"""

from __future__ import annotations

import argparse
import base64
import tempfile
from html import escape
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from consentkit.languages import Catalogues, Language
from tests import needs
from tests.browser.conftest import ARGUMENTS
from tests.browser.pages import running, site

#: What is shown: name, path with the language in it, width and height of the window, width in the sheet.
VIEWS = (
    ("banner", "/lang/{tag}", 375, 667, 150),
    ("preferences", "/_ckit/preferences?lang={tag}", 375, 667, 150),
    ("banner", "/lang/{tag}", 1280, 720, 300),
    ("preferences", "/_ckit/preferences?lang={tag}", 1280, 720, 300),
)

_STYLE = """
body { margin: 12px; font: 13px system-ui, sans-serif; background: #fff; display: grid; gap: 14px;
       grid-template-columns: repeat(3, 624px) }
figure { margin: 0; display: grid; grid-template-columns: 150px 150px 300px; gap: 6px }
figcaption { grid-column: 1 / -1; font-weight: 600 }
img { display: block; border: 1px solid #bbb; width: 100%; box-sizing: border-box }
img:nth-of-type(n+3) { grid-column: 3 }
img:nth-of-type(-n+2) { grid-row: 2 / 4 }
"""


def cell(browser: Browser, url: str, language: Language) -> str:
    """One language, as HTML."""
    shots = []
    for _, path, width, height, _ in VIEWS:
        page = browser.new_page(viewport={"width": width, "height": height})
        page.goto(url + path.format(tag=language.tag))
        picture = base64.b64encode(page.screenshot(type="jpeg", quality=80)).decode()
        shots.append(f'<img src="data:image/jpeg;base64,{picture}" alt="">')
        page.close()
    title = f"{escape(language.tag)} {escape(language.autonym)}"
    return f"<figure><figcaption>{title}</figcaption>{''.join(shots)}</figure>"


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("output", type=Path, help="a .jpg")
    output: Path = parser.parse_args().output
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=needs.chromium(), args=ARGUMENTS)
        with running(site(Path(folder))) as served:
            cells = [cell(browser, served.url, language) for language in Catalogues().available]
        sheet = browser.new_page(viewport={"width": 1940, "height": 1000})
        sheet.set_content(f"<!doctype html><meta charset=utf-8><style>{_STYLE}</style>{''.join(cells)}")
        output.write_bytes(sheet.screenshot(full_page=True, type="jpeg", quality=55))
        browser.close()


if __name__ == "__main__":
    main()
