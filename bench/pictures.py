"""The pictures of docs/theming.md: `python -m bench.pictures`. They come from the preview of the demo's questions.

WebP by way of the browser itself, so that no picture library is needed.
"""

from __future__ import annotations

import asyncio
import base64
import sys
import tempfile
import threading
from pathlib import Path
from typing import Any

import uvicorn
from playwright.sync_api import Browser, Page, ViewportSize, sync_playwright

from consentkit import Policy, Purpose, Site, Vendor
from consentkit.cli.preview import Preview, address

FOLDER = Path(__file__).resolve().parent.parent / "docs" / "pictures"

#: Name to state, and what else is asked for: width, height, theme, scheme, lang, media.
PICTURES: dict[str, tuple[str, dict[str, Any]]] = {
    "first": ("first", {}),
    "first-phone": ("first", {"width": 375, "height": 667}),
    "dialog": ("dialog", {"height": 720}),
    "rejected": ("rejected", {"height": 500}),
    "arabic": ("first", {"lang": "ar", "scheme": "dark"}),
    "forced": ("first", {"forced_colors": "active"}),
    "terms": ("terms", {"height": 500}),
    "notice": ("notice", {"height": 500}),
    "preferences": ("preferences", {"height": 900}),
}
THEMES = ("paper", "harbour", "slate")

#: Two pictures side by side, as WebP.
_WEBP = """async ([quality, ...urls]) => {
  const images = await Promise.all(urls.map(async (url) => createImageBitmap(await (await fetch(url)).blob())));
  const canvas = new OffscreenCanvas(images.reduce((sum, each) => sum + each.width, 0), images[0].height);
  const context = canvas.getContext("2d");
  let at = 0;
  for (const each of images) { context.drawImage(each, at, 0); at += each.width; }
  const blob = await canvas.convertToBlob({ type: "image/webp", quality });
  return new Promise((done) => {
    const reader = new FileReader();
    reader.onload = () => done(reader.result.split(",")[1]);
    reader.readAsDataURL(blob);
  });
}"""


def site(folder: Path) -> Site:
    return Site(
        name="Drina Courier",
        controller="Drina Courier Publishing, 4 Water Street, Vrbograd",
        contact="privacy@courier.example",
        secret="a secret of the pictures, which everyone may read",
        folder=folder,
        policies=[
            Policy("privacy", url="/privacy", version="1"),
            Policy("terms", url="/terms", version="2", kind="terms", changes="/terms/changes"),
        ],
        purposes=[
            Purpose("analytics", vendors=[Vendor("counter", title="Counter", hosts=["counter.example"], cookies={"_c": "1 year"})]),
            Purpose("media", vendors=[Vendor("tube", title="Tube", hosts=["video.example"], cookies={"visitor": "2 years"})]),
        ],
    )  # fmt: skip


def shot(browser: Browser, url: str, state: str, asked: dict[str, Any]) -> bytes:
    looks = {
        key: asked.get(key, default) for key, default in (("theme", "system"), ("scheme", "light"), ("lang", "en"))
    }
    size = ViewportSize(width=asked.get("width", 960), height=asked.get("height", 600))
    context = browser.new_context(viewport=size, forced_colors=asked.get("forced_colors", "none"))
    page = context.new_page()
    page.goto(url + address(state, **looks))
    page.wait_for_timeout(300)
    taken = page.screenshot()
    context.close()
    return taken


def write(page: Page, name: str, *pictures: bytes) -> int:
    urls = ["data:image/png;base64," + base64.b64encode(each).decode() for each in pictures]
    packed = base64.b64decode(page.evaluate(_WEBP, [0.82, *urls]))
    (FOLDER / f"{name}.webp").write_bytes(packed)
    return len(packed)


def main() -> int:
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as driver:
        config = uvicorn.Config(Preview(site(Path(folder)), Path(folder)), port=0, log_level="error")
        server = uvicorn.Server(config)
        thread = threading.Thread(target=asyncio.run, args=(server.serve(),), daemon=True)
        thread.start()
        while not server.started:
            thread.join(0.05)
        url = f"http://localhost:{server.servers[0].sockets[0].getsockname()[1]}"
        browser = driver.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        canvas = browser.new_page()
        canvas.goto("about:blank")
        sizes = {name: write(canvas, name, shot(browser, url, *asked)) for name, asked in PICTURES.items()}
        for theme in THEMES:
            both = [
                shot(browser, url, "first", {"theme": theme, "scheme": scheme, "width": 640, "height": 500})
                for scheme in ("light", "dark")
            ]
            sizes[theme] = write(canvas, theme, *both)
        browser.close()
        server.should_exit = True
        thread.join(10)
    for name, size in sizes.items():
        print(f"{name:<14}{size / 1024:8.1f} KiB")
    print(f"{'all':<14}{sum(sizes.values()) / 1024:8.1f} KiB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
