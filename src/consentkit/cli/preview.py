"""`consentkit preview`: everything that readers see of us, in each state, theme, language and direction, side by side.

Each picture is a frame with a page that went through the real middleware as some visitor would ask for it. The log is a
file that is thrown away, and only this machine can reach the server.
"""

from __future__ import annotations

import argparse
import dataclasses
import html
import json
import sys
import tempfile
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode

from consentkit.asgi import ConsentMiddleware
from consentkit.cli.site import add_site_options, load_site
from consentkit.cookies import Seal, write_choice
from consentkit.decide import offer
from consentkit.errors import ConfigurationError
from consentkit.languages import Catalogues
from consentkit.settings import Site
from consentkit.settings.site import vendors_of
from consentkit.testing import cookies
from consentkit.vocabulary import Choice, Vendor

Message = MutableMapping[str, Any]
Send = Callable[[Message], Awaitable[None]]

PORT = 8765

#: Beside the system's own colours. They lie in consentkit/controls/themes.
THEMES = ("system", "paper", "harbour", "slate")
SCHEMES = ("light", "dark")

#: State to what it shows.
STATES = {
    "first": "First visit",
    "gpc": "First visit with Global Privacy Control",
    "notice": "The plain notice about policies",
    "terms": "New terms after a choice",
    "accepted": "After Accept all",
    "rejected": "After Reject all",
    "saved": "After Save with the first purpose",
    "dialog": "Preferences over the page (with script)",
    "preferences": "Preferences as a page",
    "asked again": "Preferences, asked again",
    "size": "Text size 150 %",
    "receipt": "A receipt",
    "no receipt": "A receipt that is not there",
    "not found": "A page of ours that is not there",
}

_SHEET = """body{margin:0 auto;max-width:42rem;padding:1rem;font:1rem/1.6 system-ui,sans-serif;background:Canvas;color:CanvasText}
iframe{max-width:100%}"""

_INDEX_SHEET = """:root{color-scheme:light dark}body{margin:1rem;font:1rem/1.5 system-ui,sans-serif}
form{display:flex;flex-wrap:wrap;gap:.5rem 1.5rem;align-items:end;margin:0 0 1rem}select,button{font:inherit;min-height:44px}
main{display:grid;gap:1.5rem;grid-template-columns:repeat(auto-fill,minmax(min(100%,24rem),1fr))}
figure{margin:0}iframe{width:100%;height:34rem;border:1px solid GrayText;border-radius:8px}"""


def add_parser(subparsers: Any) -> None:
    parser = subparsers.add_parser(
        "preview",
        help="show every state, theme and language side by side",
        description="Serves a page on this machine that shows banner, notices, placeholders, preferences and messages of "
        "the site, in every state, theme, language and direction. Nothing is recorded.",
    )
    parser.add_argument("--port", type=int, default=PORT, metavar="N", help=f"the port (default: {PORT})")
    add_site_options(parser)
    parser.set_defaults(run=main)


def main(arguments: argparse.Namespace) -> int:
    site = load_site(arguments)
    try:
        import uvicorn  # of the extra `demo`; who deploys has a server of their own
    except ImportError:
        print("consentkit preview: needs a server; install one with: pip install uvicorn", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory() as folder:
        app = Preview(site, Path(folder))
        print(f"http://localhost:{arguments.port}/ (Ctrl+C ends it)", flush=True)
        uvicorn.run(app, host="127.0.0.1", port=arguments.port, log_level="warning", access_log=False)
    return 0


class Preview:
    """An ASGI app: the overview at `/`, a picture at `/frame`, and our own pages where they are always."""

    def __init__(self, site: Site, folder: Path) -> None:
        # On this machine it is http, and records go nowhere.
        log = f"sqlite:///{folder / 'preview.db'}"
        self._site = dataclasses.replace(
            site, url="", cookie_domain="", skip=(), trusted_proxies=(), log=log, log_key=str(folder / "none.key")
        )
        self._catalogues = Catalogues(site.texts)
        self._sites = {"": ConsentMiddleware(_sample, self._site)}
        if site.policies:
            alone = dataclasses.replace(self._site, purposes=(), cookies={})
            self._sites["notice"] = ConsentMiddleware(_sample, alone)

    @property
    def states(self) -> list[str]:
        """Those that the site has: without purposes there is no choice, without terms none of them are new."""
        missing: set[str] = set()
        if not self._site.asked:
            missing |= {
                "first", "gpc", "accepted", "rejected", "saved", "dialog", "preferences", "asked again", "receipt"
            }  # fmt: skip
        if not any(purpose.name in self._site.gpc_purposes for purpose in self._site.asked):
            missing.add("gpc")
        if not self._site.terms:
            missing |= {"terms", "notice"}
        if not self._site.text_size:
            missing.add("size")
        return [state for state in STATES if state not in missing]

    async def __call__(self, scope: Message, receive: Callable[[], Awaitable[Message]], send: Send) -> None:
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self._lifespan(receive, send)
            return
        query = {name: values[0] for name, values in parse_qs(scope["query_string"].decode("latin-1")).items()}
        if scope["path"] == "/":
            await _answer(send, self._index(query))
        elif scope["path"] == "/frame":
            await _answer(send, await self._frame(query))
        else:
            await self._sites[""](scope, receive, send)

    async def _lifespan(self, receive: Callable[[], Awaitable[Message]], send: Send) -> None:
        await receive()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        for app in self._sites.values():
            await app._workshop.log.close()
        await send({"type": "lifespan.shutdown.complete"})

    def _index(self, query: dict[str, str]) -> str:
        chosen = {
            "theme": query.get("theme", "system"),
            "scheme": query.get("scheme", "light"),
            "lang": query.get("lang", self._site.language),
        }
        choices = {
            "theme": [(name, name) for name in THEMES],
            "scheme": [(name, name) for name in SCHEMES],
            "lang": [(each.tag, f"{each.autonym} ({each.tag})") for each in self._catalogues.available],
        }
        fields = "".join(
            f"<label>{name}<br><select name={name}>{_options(values, chosen[name])}</select></label>"
            for name, values in choices.items()
        )
        frames = "".join(
            f"<figure><figcaption>{html.escape(STATES[state])}</figcaption>"
            f'<iframe loading="lazy" title="{html.escape(STATES[state])}" src="{html.escape(address(state, **chosen))}">'
            "</iframe></figure>"
            for state in self.states
        )
        return (
            f"<!DOCTYPE html><html lang=en><head><meta charset=utf-8><meta name=viewport content='width=device-width'>"
            f"<title>Preview: {html.escape(self._site.name)}</title><style>{_INDEX_SHEET}</style></head><body>"
            f"<h1>Preview: {html.escape(self._site.name)}</h1><form>{fields}<button>Show</button></form>"
            f"<main>{frames}</main></body></html>"
        )

    async def _frame(self, query: dict[str, str]) -> str:
        state = query.get("state", "first")
        language = self._catalogues.get(query.get("lang", self._site.language)).language
        looks = _looks(query.get("theme", "system"), query.get("scheme", "light"))
        app = self._sites.get(state, self._sites[""])
        path, fields = await self._receipt() if state == "receipt" else self._path(state, language.tag)
        scope = {
            "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "GET", "scheme": "http",
            "path": path, "raw_path": path.encode(), "query_string": fields.encode(), "root_path": "",
            "server": ("localhost", 80), "headers": [*self._headers(state), (b"accept-language", language.tag.encode())],
            "preview": (language, looks, self._held()),
        }  # fmt: skip
        page = await _asked(app, scope)
        if path.startswith(self._site.prefix):
            page = page.replace("</head>", f"<style>{looks}</style></head>", 1)
        return page.replace("</body>", f"{_SCRIPTS.get(state, '')}</body>", 1)

    async def _receipt(self) -> tuple[str, str]:
        """Path and query of the receipt of a refusal that is made for this picture."""
        headers = [(b"host", b"localhost"), (b"sec-fetch-site", b"same-origin"), (b"accept", b"application/json"),
                   (b"content-type", b"application/x-www-form-urlencoded")]  # fmt: skip
        scope = {
            "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "POST", "scheme": "http",
            "path": f"{self._site.prefix}/choice", "query_string": b"", "root_path": "", "headers": headers,
        }  # fmt: skip
        said = json.loads(await _asked(self._sites[""], scope, b"action=reject_all"))
        path, _, query = str(said["receipt"]).partition("?")
        return path, query

    def _path(self, state: str, tag: str) -> tuple[str, str]:
        prefix = self._site.prefix
        if state == "preferences":
            return f"{prefix}/preferences", urlencode({"lang": tag, "next": "/"})
        if state == "asked again":
            return f"{prefix}/preferences", urlencode({"lang": tag, "next": "/", "again": "old"})
        if state == "no receipt":
            return f"{prefix}/receipt", ""
        return (f"{prefix}/nothing", "") if state == "not found" else ("/", "")

    def _headers(self, state: str) -> Iterable[tuple[bytes, bytes]]:
        yield b"host", b"localhost"
        yield b"sec-fetch-dest", b"document"
        yield b"sec-fetch-mode", b"navigate"
        if state == "gpc":
            yield b"sec-gpc", b"1"
        jar = self._jar(state)
        if jar:
            yield b"cookie", "; ".join(f"{name}={value}" for name, value in jar.items()).encode()

    def _jar(self, state: str) -> dict[str, str]:
        """The cookies of who is in that state."""
        site, names = self._site, [purpose.name for purpose in self._site.asked]
        if state in ("accepted", "preferences"):
            return cookies(site, granted=names, accepted_terms=True)
        if state == "rejected":
            return cookies(site, accepted_terms=True)
        if state == "saved":
            return cookies(site, granted=names[:1], accepted_terms=True)
        if state == "size":
            return {**cookies(site, accepted_terms=True), f"{site.cookie_name}_reader": "150.-"}
        if state == "terms":
            return {site.cookie_name: Seal(site.keys, f"{site.cookie_name}.choice").sign(write_choice(self._of_old()))}
        return {}

    def _of_old(self) -> Choice:
        """A choice under terms that have changed since."""
        site, today = self._site, datetime.now(UTC).date()
        vendors = [vendor.name for purpose in site.asked for vendor in vendors_of(purpose)]
        return Choice(
            day=today,
            expires=today + timedelta(days=30),
            purposes={purpose.name: False for purpose in site.asked},
            vendors=dict.fromkeys(vendors, False),
            terms={policy.name: "of old" for policy in site.terms},
            offer=offer(site) if site.asked else "",
        )

    def _held(self) -> str:
        """A frame of the first company that is asked for and has a host, so that its placeholder can be seen."""
        declared: Iterable[Vendor] = (v for purpose in self._site.asked for v in vendors_of(purpose) if v.hosts)
        vendor = next(iter(declared), None)
        host = vendor.hosts[0].partition("/")[0] if vendor else ""
        return f'<iframe src="https://{host}/embed" width=560 height=240 title="A video"></iframe>' if host else ""


#: What a state needs to be seen at once.
_SCRIPTS = {
    "dialog": "<script>addEventListener('load', () => ckit.open())</script>",
    **dict.fromkeys(
        ("accepted", "rejected", "saved"),
        "<script>history.replaceState(null, '', '#'); location.hash = 'ckit-saved'</script>",
    ),
}


def address(state: str, **looks: str) -> str:
    """Where the picture of a state is. `looks`: theme, scheme, lang."""
    return f"/frame?{urlencode({'state': state, **looks})}"


def _looks(theme: str, scheme: str) -> str:
    """The rules of a theme in a page that is light or dark."""
    if theme not in THEMES or scheme not in SCHEMES:
        raise ConfigurationError([f"There is no theme {theme!r} in {scheme!r}."])
    lies = files("consentkit.controls") / "themes" / f"{theme}.css"
    return f":root:root{{color-scheme:{scheme}}}" + ("" if theme == "system" else lies.read_text(encoding="utf-8"))


async def _sample(scope: Message, receive: Callable[[], Awaitable[Message]], send: Send) -> None:
    """The owner's page, as far as it matters here."""
    language, looks, held = scope.get("preview", (None, "", ""))
    spoken = f'lang="{language.tag}" dir="{language.direction}"' if language else "lang=en"
    paragraphs = "<p>The river rose again in the night, and the ferry stayed on the other bank until noon.</p>" * 9
    page = (
        f"<!DOCTYPE html><html {spoken}><head><meta charset=utf-8><title>A page</title>"
        "<meta name=viewport content='width=device-width, initial-scale=1'>"
        f"<style>{_SHEET}{looks}</style></head><body><h1>The river</h1>{held}{paragraphs}</body></html>"
    )
    await _answer(send, page)


async def _asked(app: ConsentMiddleware, scope: Message, body: bytes = b"") -> str:
    """The body of an answer, asked for in this process."""
    parts: list[bytes] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Message) -> None:
        parts.append(bytes(message.get("body", b"")))

    await app(scope, receive, send)
    return b"".join(parts).decode("utf-8")


async def _answer(send: Send, page: str) -> None:
    headers = [(b"content-type", b"text/html; charset=utf-8"), (b"cache-control", b"no-store")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": page.encode()})


def _options(values: Iterable[tuple[str, str]], chosen: str) -> str:
    return "".join(
        f'<option value="{html.escape(value)}"{" selected" if value == chosen else ""}>{html.escape(label)}</option>'
        for value, label in values
    )
