"""A small site behind the real middleware, with the pages that controls have to live in."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import uvicorn

from consentkit import ConsentMiddleware, Policy, Purpose, Site, Vendor
from tests.asgi.servers import free_port
from tests.browser.text_pages import LIVING_PAGES, TEXT_PAGES

SECRET = "a secret of the tests, which everyone may read"

PARAGRAPHS = "".join(
    f"<p>{number}. The river rose again in the night, and the ferry stayed on the <a href='/p{number}'>other bank</a>"
    " until noon.</p>"
    for number in range(60)
)
FRAME = '<iframe src="http://video.localhost:9/embed/1" width="560" height="315" title="The ferry"></iframe>'
VIEWPORT = '<meta name="viewport" content="width=device-width, initial-scale=1">'


def article(head: str = VIEWPORT, body: str = "", *, html: str = 'lang="en"') -> str:
    return (
        f"<!DOCTYPE html><html {html}><head><meta charset=utf-8>{head}<title>The river</title>"
        "<style>body{max-width:44rem;margin:0 auto;padding:1rem;font:1.1rem/1.6 Georgia,serif}</style></head>"
        f"<body><header><a href='#main'>Skip to the story</a></header><main id=main><h1>The river</h1>{body}"
        f"{PARAGRAPHS}</main><footer><a id=imprint href='/imprint'>Imprint</a></footer></body></html>"
    )


PX_STYLE = (
    "<style>body{margin:0;font:14px/18px Verdana,sans-serif;width:auto}h1{font-size:28px;line-height:32px}"
    ".bar{height:40px;line-height:40px;overflow:hidden;background:#eee;padding:0 10px}.note{font-size:11px}"
    ".box{height:60px;overflow:hidden;width:220px}td{font-size:13px}.em{font-size:1.5em}</style>"
)
PX = (
    f"<!DOCTYPE html><html lang=en><head><meta charset=utf-8>{PX_STYLE}{VIEWPORT}</head><body>"
    "<div class=bar><b>Bar</b> <a href=/>Home</a></div><h1 style='color:red'>Sizes in pixels</h1>"
    "<p>A <span class=em>nested <i class=em>twice</i></span> text.</p><div class=note>Small print</div>"
    "<div class=box>This box has a fixed height and would cut what it holds when it grows a lot more.</div>"
    "<table><tr><td>Cell<td><font size=4>Font</font></table><button style='font-size:13px'>Send</button>"
    "<input value=name style='font-size:13px;height:22px'><p id=late></p></body></html>"
)
LEGACY = (
    "<!DOCTYPE html><html lang=en><head><meta charset=utf-8><title>Old</title><style>body{width:980px;margin:0 auto;"
    "font:12px Arial}#left{float:left;width:640px}#right{position:absolute;left:700px;width:280px}"
    "nav a{margin:2px}</style></head><body><nav><a href=/a>News</a> <a href=/b>Sport</a></nav>"
    "<table width=980><tr><td width=640 valign=top><div id=left><h1>Old paper</h1><p>Text of the article, long"
    f" enough to wrap.</p>{PARAGRAPHS}</div></td><td width=300><div id=right>Aside</div></td></tr></table>"
    "</body></html>"
)

# More text than is worked through in one go.
LONG = (
    f"<!DOCTYPE html><html lang=en><head><meta charset=utf-8>{VIEWPORT}<title>Long</title>"
    "<style>p{font-size:14px}</style></head><body><main>"
    + "".join(f"<section>{'<p>A line of <b>text</b></p>' * 50}</section>" for _ in range(60))
    + "</main></body></html>"
)

PIXEL = "data:image/gif;base64,R0lGODlhAQABAAAAACw="
# Made for a desk: fixed widths in the sheet, in attributes, a grid, data and code that can't be narrower.
WIDE = (
    "<!DOCTYPE html><html lang=en><head><meta charset=utf-8><title>Wide</title><style>#page{width:980px;font:11px Arial}"
    "#page #side{position:absolute!important;left:760px;width:200px!important}.grid{display:grid;grid-template-columns:"
    "repeat(3,320px)}.row{display:flex;width:960px}.row div{width:320px;white-space:nowrap}</style></head><body><div id=page>"
    "<div class=grid><p>One column</p><p>Another column</p><p>The third column</p></div><div class=row><div>A line that does"
    " not wrap at all by itself</div><div>Next to it</div></div><div id=side>The side</div><table class=layout width=980>"
    "<tr><td width=400><img src='data:image/gif;base64,R0lGODlhAQABAAAAACw=' width=900 height=40 alt=''>Left<td>Right</table>"
    f"<table class=data border=1><tr>{''.join(f'<th>Column{n}' for n in range(12))}<tr>{''.join(f'<td>{n}.00' for n in range(12))}"
    f"</table><pre>{'code ' * 40}</pre><form name=f action=/send><input name=q value=1 size=60><input type=checkbox name=c checked>"
    "<select name=s><option>one</select><button name=b value=1>Send</button></form></div></body></html>"
)
MENU = (
    "<!DOCTYPE html><html lang=en><head><meta charset=utf-8><title>Menu</title><style>#menu{width:980px;height:22px;"
    "overflow:hidden}#menu a{float:left;width:96px;font-size:10px;line-height:22px}</style></head><body><div id=menu>"
    f"{''.join(f'<a href=/{n}>SECTION {n}</a>' for n in range(10))}</div><ul class=nav>"
    f"{''.join(f'<li><a href=/{n}>Page {n}</a>' for n in range(9))}</ul><p>Text</p></body></html>"
)
STUBBORN = (
    "<!DOCTYPE html><html lang=en><head><meta charset=utf-8><title>Stubborn</title></head><body><p>Text</p>"
    "<div id=d style='width:900px!important;min-width:900px!important'><p>Wide</p></div></body></html>"
)

# Made for phones, but for what an editor has put in. The drawer waits outside to be pushed in.
RESPONSIVE = (
    f"<!DOCTYPE html><html lang=en><head><meta charset=utf-8>{VIEWPORT}<title>Wide parts</title><style>body{{margin:0;"
    "overflow-x:visible}small{font-size:12px}#drawer{position:absolute;top:0;left:120%;width:200px}#bar{position:sticky;"
    "top:0}</style></head><body><div id=bar><small>Small print</small></div><div id=embed style='width:728px!important'>"
    f"<p>An embed</p></div><img src='{PIXEL}' width=900 height=300 alt=''><pre>{'code ' * 40}</pre><table border=1><tr>"
    f"{''.join(f'<th>Column{n}' for n in range(12))}</table><p>https://courier.example/{'a' * 120}</p><div id=drawer>Menu"
    "</div></body></html>"
)

PAGES: dict[str, str] = {
    "/wide": WIDE,
    "/old/menu": MENU,
    "/stubborn": STUBBORN,
    "/long": LONG,
    "/": article(body=FRAME),
    "/dark": article(VIEWPORT + '<meta name="color-scheme" content="light dark">', FRAME),
    "/rtl": article(body=FRAME, html='lang="ar" dir="rtl"'),
    "/de": article(body=FRAME, html='lang="de"'),
    "/px": PX,
    "/legacy": LEGACY,
    "/scripts": article(
        f"{VIEWPORT}<script src='http://counter.localhost:9/1.js'></script>",
        "<script src='http://counter.localhost:9/2.js' defer></script>",
    ),
    "/transformed": article(VIEWPORT + "<style>body{transform:translateX(0)}</style>"),
    "/hostile": article(
        VIEWPORT + "<style>*{color:red!important;letter-spacing:3px}body>*{display:none;opacity:.5}"
        "button{position:absolute;font-size:40px;width:500px}a{display:block;color:pink;font-size:3px}"
        "section{padding:100px}form{display:block}html{font-size:62.5%}</style>"
    ),
    "/important": article(
        VIEWPORT + "<style>*{color:#c00!important;background:#ff0!important;font:3px/1 serif!important;margin:9px"
        "!important;padding:9px!important;transform:rotate(1deg)!important;letter-spacing:3px!important}</style>"
    ),
    "/scroller": article(
        VIEWPORT + "<style>html,body{height:100%;overflow:hidden;margin:0}#main{height:100%;overflow:auto}</style>"
    ),
    **{f"/text/{name}": page for name, page in TEXT_PAGES.items()},
    **{f"/living/{name}": page for name, page in LIVING_PAGES.items()},
    "/responsive": RESPONSIVE,
    "/slots": article(
        body="".join(f'<div data-ckit-slot="{name}"></div>' for name in ("choices", "reader", "preferences"))
    ),
}


def site(folder: Path, **options: Any) -> Site:
    """The settings of the small site; `options` replace single ones."""
    settings: dict[str, Any] = {
        "name": "Drina Courier",
        "controller": "Drina Courier Publishing, 4 Water Street, Vrbograd",
        "contact": "privacy@courier.example",
        "secret": SECRET,
        "log": f"sqlite:///{folder / 'consent.db'}",
        "policies": [Policy("privacy", url="/privacy", version="1")],
        "purposes": [
            Purpose(
                "analytics",
                vendors=[Vendor("counter", title="Counter", hosts=["counter.localhost"], cookies={"_c": "1 year"})],
            ),
            Purpose(
                "media",
                vendors=[
                    Vendor(
                        "tube",
                        title="Tube",
                        hosts=["video.localhost"],
                        cookies={"visitor": "2 years", "session": "session"},
                        privacy="https://video.example/privacy",
                        country="US",
                    ),
                    Vendor("maps", title="City maps", hosts=["maps.localhost"]),
                ],
            ),
        ],
        "holding": "strict",
    }
    return Site(**{**settings, **options})


async def pages(scope: Any, receive: Any, send: Any) -> None:
    """The app: one page for each path, and a page for every other."""
    if scope["type"] != "http":
        return
    language = scope["path"].removeprefix("/lang/")
    page = PAGES.get(scope["path"]) or article(
        body=FRAME, html=f'lang="{language}"' if "/lang/" in scope["path"] else 'lang="en"'
    )
    body = page.encode()
    headers = [(b"content-type", b"text/html; charset=utf-8"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


@dataclass(frozen=True)
class Running:
    url: str


@contextlib.contextmanager
def running(settings: Site) -> Iterator[Running]:
    """The small site on a free port of this machine, until the block ends."""
    with serving(ConsentMiddleware(pages, settings)) as here:
        yield here


@contextlib.contextmanager
def serving(app: Any) -> Iterator[Running]:
    """An app on a free port of this machine, until the block ends."""
    port = free_port()
    config = uvicorn.Config(app, host="127.0.0.1", port=port, log_level="error", lifespan="off")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started and thread.is_alive():
        time.sleep(0.01)
    try:
        yield Running(f"http://localhost:{port}")
    finally:
        server.should_exit = True
        thread.join(timeout=10)
