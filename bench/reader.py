"""What the reader controls cost and do: `python -m bench.reader [--pages FOLDER] [--widths 1280,640,375,320]`.

Without a folder: the time of the first apply and of a step on documents of 2,000, 10,000 and 40,000 elements, and the
longest task after it, all in one Chromium. With a folder of saved pages (*.html): each page is enlarged to 200 % at
each width and compared with itself, restored, reloaded with the size remembered, and shown in its mobile version.
Nothing is downloaded: requests to other hosts fail, so a saved page without its style sheets is read without them.
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
  each.duration))).observe({ type: "longtask" }) }"""
MOBILE = """() => { const own = (e) => e.closest("[data-ckit-ui], script, style, noscript");
  const shown = (e) => !own(e) && e.checkVisibility() && e.getBoundingClientRect().height > 0;
  const texts = [...document.querySelectorAll("body *")].filter((e) => shown(e) && [...e.childNodes].some((n) =>
    n.nodeType === 3 && n.data.trim()) && e.getBoundingClientRect().width > 2);
  const targets = [...document.querySelectorAll("a[href], button, input, select")].filter(shown);
  return { sideways: document.documentElement.scrollWidth - document.documentElement.clientWidth, texts: texts.length,
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
    size, and the longest task after the first screen."""
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    page = context.new_page()
    page.goto(url)
    ready(page)
    first = page.evaluate(SET_SIZE, 150)
    page.wait_for_timeout(100)
    page.evaluate(TASKS)
    start = time.perf_counter()
    page.wait_for_function(DONE.format(size=21), timeout=120_000, polling=50)
    whole = first + (time.perf_counter() - start) * 1000
    page.wait_for_timeout(200)
    task = max(page.evaluate("tasks"), default=0)
    step = page.evaluate(SET_SIZE, 175)
    context.close()
    return first, step, whole, task


def report(browser: Browser, folder: Path, widths: list[int]) -> None:
    pages = {path.name: path.read_bytes() for path in sorted(folder.glob("*.html"))}
    kinds: Counter[str] = Counter()
    with served(pages) as url:
        for name in pages:
            for width in widths:
                try:
                    faults = enlarged(browser, url, name, width)
                except Exception as error:  # a page that never comes to rest is told, and the rest is still measured
                    faults = [f"not measured: {str(error).splitlines()[0]}"]
                kinds.update({fault.partition(" ")[0] for fault in faults} or {"nothing"})
                if faults:
                    print(f"{name[:44]:44} {width:>5}  {', '.join(faults)}", flush=True)
        print(
            f"\n200 %: {len(pages)} pages at {widths}: " + ", ".join(f"{kind} {n}" for kind, n in kinds.most_common())
        )
        mobile(browser, url, list(pages))


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


def mobile(browser: Browser, url: str, names: list[str], width: int = 375) -> None:
    """Before and after, on a phone: pixels too wide, texts under 16 px, targets under 24 px."""
    print(f"\nmobile version at {width} px{'':22} {'sideways':>14} {'small texts':>14} {'small targets':>14}")
    totals: Counter[str] = Counter()
    for name in names:
        context = browser.new_context(viewport={"width": width, "height": 667}, is_mobile=True, has_touch=True)
        with contextlib.closing(context):
            only(context, url)
            page = context.new_page()
            try:
                page.goto(f"{url}/{name}")
                before = page.evaluate(MOBILE)
                context.add_cookies([{"name": "ckit_reader", "value": "-.mobile", "url": url}])
                page.goto(f"{url}/{name}")
                after = page.evaluate(MOBILE)
            except Exception as error:
                print(f"{name[:44]:44} not measured: {str(error).splitlines()[0]}")
                continue
        columns = [f"{before[key]:>6} -> {after[key]:<4}" for key in ("sideways", "small", "tight")]
        print(f"{name[:44]:44} {' '.join(f'{column:>14}' for column in columns)}", flush=True)
        for when, found in (("before", before), ("after", after)):
            totals[f"too wide {when}"] += found["sideways"] > 0
            totals[f"small texts {when}"] += found["small"]
            totals[f"small targets {when}"] += found["tight"]
    print(", ".join(f"{what} {count}" for what, count in totals.items()))


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--pages", type=Path, metavar="FOLDER", help="saved pages to enlarge and to show on a phone")
    parser.add_argument("--widths", default="1280,640,375,320")
    arguments = parser.parse_args(argv)
    logging.disable(logging.WARNING)
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=needs.chromium(), args=["--no-sandbox", "--disable-gpu"])
        if arguments.pages:
            report(browser, arguments.pages, [int(width) for width in arguments.widths.split(",")])
        else:
            times(browser)
        browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
