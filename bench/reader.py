"""What the reader controls cost and do: `python -m bench.reader [--pages FOLDER] [--part text|mobile] [--widths 640,320]`.

Without a folder: the time of the first apply and of a step on documents of 2,000, 10,000 and 40,000 elements, and the
longest task after it, all in one Chromium. With a folder of saved pages (*.html): each page is enlarged to 200 % at
each width and compared with itself, restored, reloaded with the size remembered, and shown in its mobile version on a
phone; the tables at the end are those of docs/reader-controls.md. Nothing is downloaded: requests to other hosts fail,
so a saved page without its style sheets is read without them.
"""

from __future__ import annotations

import argparse
import contextlib
import logging
import statistics
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import uvicorn
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from consentkit import ConsentMiddleware, Policy, Site
from tests import needs
from tests.asgi.servers import free_port
from tests.browser.measures import MEASURE, OUTSIDE, SHIFTS, compare

SIZES = (2_000, 10_000, 40_000)
ROUNDS = 3

SET_SIZE = """(size) => { const page = document.documentElement; const start = performance.now();
  if (size) page.dataset.ckitText = size; else page.removeAttribute("data-ckit-text");
  document.dispatchEvent(new Event("ckit:text")); document.body.offsetHeight; return performance.now() - start }"""
DONE = (
    "() => getComputedStyle(document.querySelector('body > section:last-of-type p:last-child')).fontSize === '{size}px'"
)
TASKS = """() => { window.tasks = []; new PerformanceObserver((list) => tasks.push(...list.getEntries().map((each) =>
  [each.startTime, each.duration]))).observe({ type: "longtask" }) }"""
MOBILE = """() => { const own = (e) => e.closest("[data-ckit-ui], script, style, noscript");
  const shown = (e) => !own(e) && e.checkVisibility() && e.getBoundingClientRect().height > 0;
  const texts = [...document.querySelectorAll("body *")].filter((e) => shown(e) && [...e.childNodes].some((n) =>
    n.nodeType === 3 && n.data.trim()) && e.getBoundingClientRect().width > 2);
  const targets = [...document.querySelectorAll("a[href], button, input, select")].filter(shown);
  return { sideways: document.documentElement.scrollWidth - document.documentElement.clientWidth, texts: texts.length,
    adapted: [...document.querySelectorAll("style[data-ckit-ui]")].some((e) => e.textContent.includes("data-ckit-view=")),
    small: texts.filter((e) => parseFloat(getComputedStyle(e).fontSize) < 16).length, targets: targets.length,
    tight: targets.filter((e) => e.getBoundingClientRect().height < 24).length } }"""


def document(elements: int) -> str:
    """Sections of paragraphs with a link and an emphasis in each, as a long report or a forum has them."""
    paragraph = "<p>The river rose <a href='#'>again</a> in the night, and the ferry <b>stayed</b>.</p>"
    section = f"<section><h2>A heading</h2>{paragraph * 33}</section>"  # 101 elements
    style = "<style>body{font:14px/20px Arial}h2{font-size:20px}a{font-size:13px}</style>"
    return f"<!doctype html><html lang=en><head>{style}</head><body>{section * (elements // 101)}</body></html>"


@contextlib.contextmanager
def served(pages: Mapping[str, bytes]) -> Iterator[str]:
    """The pages behind the middleware, until the block ends."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        body = pages.get(scope["path"].lstrip("/"))
        headers = [(b"content-type", b"text/html; charset=utf-8")]
        await send({"type": "http.response.start", "status": 200 if body else 404, "headers": headers})
        await send({"type": "http.response.body", "body": body or b""})

    with tempfile.TemporaryDirectory() as folder:
        site = Site(
            name="Bench", secret="a secret of the bench, which everyone may read", log=f"sqlite:///{folder}/log.db",
            policies=[Policy("privacy", url="/privacy", version="1")],
        )  # fmt: skip
        port = free_port()
        config = uvicorn.Config(ConsentMiddleware(app, site), port=port, log_level="error", lifespan="off")
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, daemon=True)
        thread.start()
        while not server.started and thread.is_alive():
            time.sleep(0.01)
        yield f"http://localhost:{port}"
        server.should_exit = True
        thread.join(timeout=10)


def ready(page: Page) -> None:
    """The panel opened once, so that the script for sizes is there."""
    page.evaluate("document.querySelector('#ckit-root details').open = true")
    page.wait_for_selector("button[data-ckit-action=text-larger]", state="attached")


def times(browser: Browser) -> None:
    print(
        f"{'elements':>9} {'first apply':>12} {'a step':>9} {'all done':>9} {'longest task after':>19}   (ms, medians)"
    )
    pages = {str(size): document(size).encode() for size in SIZES}
    with served(pages) as url:
        for size in SIZES:
            found = [timed(browser, f"{url}/{size}") for _ in range(ROUNDS)]
            first, step, whole, task = (statistics.median(column) for column in zip(*found, strict=True))
            print(f"{size:>9,} {first:12.0f} {step:9.0f} {whole:9.0f} {task:19.0f}", flush=True)


def timed(browser: Browser, url: str) -> tuple[float, float, float, float]:
    """First apply and a step until the call returns (the screen in sight is done then), until everything has its
    size, and the longest task over 50 ms after the first screen (browsers tell of no others)."""
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    page = context.new_page()
    page.goto(url)
    ready(page)
    page.evaluate(TASKS)
    first = page.evaluate(SET_SIZE, 150)
    done = page.evaluate("performance.now()")
    start = time.perf_counter()
    page.wait_for_function(DONE.format(size=21), timeout=120_000, polling=50)
    whole = first + (time.perf_counter() - start) * 1000
    page.wait_for_timeout(200)
    task = max((length for begun, length in page.evaluate("tasks") if begun >= done), default=0)
    step = page.evaluate(SET_SIZE, 175)
    context.close()
    return first, step, whole, task


def saved(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.glob("*.html"))}


def enlarge(browser: Browser, url: str, pages: Mapping[str, bytes], widths: list[int]) -> None:
    """A line for each page that falls short, then a table of how many do, for each width and in each way."""
    counted = {width: Counter[str]() for width in widths}
    for name in pages:
        for width in widths:
            try:
                faults = enlarged(browser, url, name, width)
            except Exception as error:  # a page that never comes to rest is told, and the rest is still measured
                faults = [f"unmeasured: {str(error).splitlines()[0]}"]
            counted[width].update({fault.partition(" ")[0] for fault in faults} or {"faultless"})
            if faults:
                print(f"{name[:44]:44} {width:>5}  {', '.join(faults)}", flush=True)
    kinds = list(dict.fromkeys(["faultless", *(kind for found in counted.values() for kind in found)]))
    table(
        [f"200 %, of {len(pages)} pages", *kinds],
        [[f"{width} px", *(str(counted[width][kind]) for kind in kinds)] for width in widths],
    )


def table(head: list[str], rows: list[list[str]]) -> None:
    """As Markdown, for the documentation."""
    print()
    for row in (head, ["---"] * len(head), *rows):
        print(f"| {' | '.join(row)} |")
    print(flush=True)


def only(context: BrowserContext, url: str) -> None:
    context.route("**/*", lambda route: route.continue_() if route.request.url.startswith(url) else route.abort())


def enlarged(browser: Browser, url: str, name: str, width: int) -> list[str]:
    """What is wrong with a page at 200 %, a word and a number each."""
    context = browser.new_context(viewport={"width": width, "height": 800})
    with contextlib.closing(context):
        only(context, url)
        page = context.new_page()
        page.goto(f"{url}/{name}")
        usual = page.evaluate(SHIFTS)
        markup, before = page.evaluate(OUTSIDE), page.evaluate(MEASURE)
        ready(page)
        page.evaluate(SET_SIZE, 200)
        page.wait_for_timeout(300 if len(before["texts"]) < 1500 else 5000)
        change = compare(before, page.evaluate(MEASURE), 2)
        page.evaluate(SET_SIZE, 0)
        same = page.evaluate(OUTSIDE) == markup
        context.add_cookies([{"name": "ckit_reader", "value": "200.-", "url": url}])
        page.goto(f"{url}/{name}")
        shifts = page.evaluate(SHIFTS) - usual
    counted = {"size": change.wrong, "glyphs": change.small, "cut": change.cut, "overlaps": change.overlaps}
    faults = [f"{kind} {len(found)}" for kind, found in counted.items() if found]
    if change.sideways > 1:
        faults.append(f"{'wider' if before['wide'] > width else 'sideways'} {change.sideways:.0f}")
    if shifts >= 0.02:
        faults.append(f"shifts {shifts:.2f}")
    return faults if same else [*faults, "reset 1"]


def mobile(browser: Browser, url: str, pages: Mapping[str, bytes], widths: list[int]) -> None:
    """Before and after, on a phone: pixels too wide, texts under 16 px, targets under 24 px."""
    rows = []
    for width in widths:
        sums = {True: Counter[str](), False: Counter[str]()}
        for name in pages:
            try:
                before, after = (shown(browser, f"{url}/{name}", width, view) for view in ("", "-.mobile"))
            except Exception as error:
                print(f"{name[:44]:44} {width:>5} not measured: {str(error).splitlines()[0]}")
                continue
            columns = [f"{before[key]:>6} -> {after[key]:<4}" for key in ("sideways", "small", "tight")]
            print(f"{name[:44]:44} {width:>5} {' '.join(f'{column:>14}' for column in columns)}", flush=True)
            kind = sums[not after["adapted"]]
            kind["pages"] += 1
            for when, found in (("before", before), ("after", after)):
                kind[f"sideways {when}"] += found["sideways"] > 1
                kind[f"small {when}"] += found["small"]
                kind[f"tight {when}"] += found["tight"]
        for responsive, found in sums.items():
            title = f"{width} px, {found['pages']} {'responsive pages' if responsive else 'pages made for a desk'}"
            rows.append([title, *(f"{found[f'{key} before']} → {found[f'{key} after']}" for key in KEYS)])
    table(["mobile version", "pages that scroll sideways", "texts under 16 px", "targets under 24 px"], rows)


KEYS = ("sideways", "small", "tight")


def shown(browser: Browser, url: str, width: int, reader: str) -> Mapping[str, int]:
    context = browser.new_context(viewport={"width": width, "height": 667}, is_mobile=True, has_touch=True)
    with contextlib.closing(context):
        only(context, url.rpartition("/")[0])
        if reader:
            context.add_cookies([{"name": "ckit_reader", "value": reader, "url": url}])
        page = context.new_page()
        page.goto(url)
        found: Mapping[str, int] = page.evaluate(MOBILE)
        return found


def widths(text: str) -> list[int]:
    return [int(width) for width in text.split(",")]


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--pages", type=Path, metavar="FOLDER", help="saved pages to enlarge and to show on a phone")
    parser.add_argument("--part", choices=["text", "mobile"], help="only one of the two; with --pages")
    parser.add_argument(
        "--widths", type=widths, help="default 1280,640,375,320 for text, 375,320 for the mobile version"
    )
    arguments = parser.parse_args(argv)
    logging.disable(logging.WARNING)
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=needs.chromium(), args=["--no-sandbox", "--disable-gpu"])
        if arguments.pages:
            pages = saved(arguments.pages)
            with served(pages) as url:
                if arguments.part != "mobile":
                    enlarge(browser, url, pages, arguments.widths or [1280, 640, 375, 320])
                if arguments.part != "text":
                    mobile(browser, url, pages, arguments.widths or [375, 320])
        else:
            times(browser)
        browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
