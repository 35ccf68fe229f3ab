"""Read a finished page as a visitor's browser gets it: what it loads, what is held, where it leads.

The only file that imports BeautifulSoup: it is slow and forgiving, right for a report and wrong for a response. It is
also another reader than the one that rewrites pages, so that neither hides the other's mistakes. Its parser takes
quadratic time on some broken pages, so it stops when its time is over and what it has read until then counts.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from bs4 import BeautifulSoup, Tag
from bs4.builder._htmlparser import BeautifulSoupHTMLParser, HTMLParserTreeBuilder

from consentkit.registry.signatures import SIGNATURES
from consentkit.rewrite import css
from consentkit.rewrite.rules import Held
from consentkit.rewrite.signatures import Signatures
from consentkit.rewrite.urls import Target, data_script, quoted_urls, refresh, srcset, target
from consentkit.scan.addresses import absolute, place
from consentkit.scan.text import decode

#: Seconds for one page; an ordinary one takes a tenth of one.
PATIENCE = 8.0

#: Links of one page; more of them are a hostile page's or an index's, whose first ones lead everywhere.
MAX_LINKS = 3000

HELD = "data-ckit-"

#: What a browser loads by itself when it meets the element: attributes, and what people call it.
LOADING: dict[str, tuple[tuple[str, ...], str]] = {
    "script": (("src", "href", "xlink:href", "data-src"), "script"),
    "iframe": (("src", "data-src", "data-lazy-src"), "frame"),
    "frame": (("src",), "frame"),
    "img": (("src", "srcset", "data-src", "data-srcset", "data-lazy-src", "data-original"), "image"),
    "image": (("src", "href", "xlink:href"), "image"),
    "feimage": (("href", "xlink:href"), "image"),
    "source": (("src", "srcset", "data-src", "data-srcset"), "media"),
    "video": (("src", "poster", "data-src"), "media"),
    "audio": (("src",), "media"),
    "track": (("src",), "media"),
    "embed": (("src",), "object"),
    "object": (("data",), "object"),
    "input": (("src",), "image"),
    "link": (("href", "imagesrcset"), "link"),
    "a": (("ping",), "ping"),
    "area": (("ping",), "ping"),
    **dict.fromkeys(("body", "table", "td", "th", "tr"), (("background",), "image")),
}
#: What the `rel` of a link that loads is called.
RELS = {
    "stylesheet": "style sheet", "icon": "icon", "apple-touch-icon": "icon", "mask-icon": "icon",
    "manifest": "manifest", "preload": "hint", "modulepreload": "hint", "prefetch": "hint", "prerender": "hint",
    "preconnect": "hint", "dns-prefetch": "hint",
}  # fmt: skip
#: What is text in there, whatever it looks like; the parser of older Pythons makes elements of it.
RAW = ("textarea", "title", "xmp", "iframe", "noembed", "noframes")

_RUNS = re.compile(r"\s*(?:(?:text|application)/(?:x-)?(?:java|ecma)script|module)?\s*(?:;.*)?\Z", re.I)
_MARKED_URL = css.NOTHING.decode()

#: Whose snippet a script is, whoever declares it.
_WHOSE = Signatures(SIGNATURES, lambda vendor: Held("", vendor))

_PRIVACY = re.compile(r"privacy|datenschutz|privat|confidentialit|integritet|personvern|tietosuoja|gizlilik", re.I)
_TERMS = re.compile(r"\bterms|nutzungsbedingungen|\bagb\b|conditions-g|uslovi|warunki|t[eé]rminos|termini", re.I)


@dataclass(frozen=True)
class Load:
    """One thing that a page loads from elsewhere. `held`: the purpose it waits for, "" while it loads at once.

    `vendor`: known from the snippet itself or from the mark of what is held. An inline script has no host.
    """

    host: str
    path: str
    way: str
    held: str = ""
    vendor: str = ""


@dataclass(frozen=True)
class Reading:
    """What one page says. `links`: pages of the same site; `sheets`: its own style sheets."""

    url: str
    has_root: bool = False
    asks: bool = False
    loads: frozenset[Load] = frozenset()
    links: tuple[str, ...] = ()
    sheets: tuple[str, ...] = ()
    #: What its style elements say about our parts, our own left out.
    dresses: str = ""
    title: str = ""
    site_name: str = ""
    language: str = ""
    asks_password: bool = False
    #: Policy id to the address of what looks like it.
    policies: dict[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def read_page(url: str, body: bytes, content_type: str = "text/html", *, patience: float = PATIENCE) -> Reading:
    """The reading of a page that was fetched from `url`."""
    text, note = decode(body, content_type)
    builder = _Patient(patience)
    soup = BeautifulSoup(text, builder=builder)
    notes = [note] if note else []
    if builder.is_late:
        notes.append(f"it is so broken that it was read for {patience:g} seconds only")
    title = soup.title.get_text(" ", strip=True)[:200] if soup.title else ""
    for raw in soup.find_all(RAW):
        raw.clear()
    base = _base(soup, url)
    links = tuple(dict.fromkeys(_links(soup, base)))
    own = place(url)
    name = soup.find("meta", property="og:site_name")
    language = soup.find("html", lang=True)
    reading = Reading(
        url=url,
        has_root=soup.select_one("[data-ckit-ui=root]") is not None,
        asks=soup.select_one("[data-ckit-ui=banner]") is not None,
        loads=frozenset(load for load in _loads(soup, target(base)) if load.host != (urlsplit(url).hostname or "")),
        links=tuple(link for link in links if place(link) == own),
        sheets=tuple(sheet for sheet in _sheets(soup, base) if place(sheet) == own),
        dresses="\n".join(
            text for style in soup.select("style:not([data-ckit-ui])") if dresses_us(text := style.get_text())
        ),
        title=title,
        site_name=str(name.get("content") or "").strip()[:80] if isinstance(name, Tag) else "",
        language=str(language["lang"]).strip()[:20] if isinstance(language, Tag) else "",
        asks_password=soup.find("input", type="password") is not None,
        policies=_policies(soup, base),
        notes=tuple(notes),
    )
    # A tree is full of circles; taken apart now it need not wait for a collection.
    soup.decompose()
    return reading


def dresses_us(sheet: str) -> bool:
    """Whether a style sheet sets our properties, or has rules for our buttons."""
    return "--ckit-" in sheet or "data-ckit-action" in sheet


def read_sheet(url: str, sheet: bytes) -> tuple[frozenset[Load], tuple[str, ...]]:
    """What a style sheet of the site loads from elsewhere, and the sheets of the site that it imports."""
    base, own = target(url), urlsplit(url).hostname or ""
    loads, own_sheets = set(), []
    for _, link in css.urls(sheet) if css.may_load(sheet) else ():
        leads_to = target(link, base)
        if leads_to is not None and leads_to.host != own:
            loads.add(Load(*leads_to, "style sheet"))
        path = urlsplit(absolute(link, url) or "").path
        if path.endswith(".css") and leads_to is not None and leads_to.host == own:
            own_sheets.append(absolute(link, url) or "")
    return frozenset(loads), tuple(own_sheets)


class _TooLate(Exception):
    pass


class _Patient(HTMLParserTreeBuilder):
    """BeautifulSoup's own builder, with an end."""

    def __init__(self, patience: float) -> None:
        super().__init__()
        self.is_late = False
        self._deadline = time.monotonic() + patience

    def feed(self, markup: Any, _parser_class: Any = None) -> None:
        deadline = self._deadline

        class Parser(BeautifulSoupHTMLParser):
            """Looks at the clock at each step: what is slow about a broken page is the number of its steps."""

            def updatepos(self, i: int, j: int) -> int:
                if time.monotonic() > deadline:
                    raise _TooLate
                return super().updatepos(i, j)

        try:
            super().feed(markup, Parser)
        except _TooLate:
            self.is_late = True


def _base(soup: BeautifulSoup, url: str) -> str:
    element = soup.find("base", href=True)
    return (absolute(str(element["href"]), url) if isinstance(element, Tag) else None) or url


def _loads(soup: BeautifulSoup, base: Target | None, depth: int = 0) -> Iterator[Load]:
    # What the middleware itself put into the page loads nothing of others, whatever it speaks of.
    ours = {
        id(each) for part in soup.find_all(True, attrs={"data-ckit-ui": True}) for each in (part, *part.find_all(True))
    }
    for element in soup.find_all(True):
        if id(element) in ours:
            continue
        held, vendor = str(element.get("data-ckit-purpose") or ""), str(element.get("data-ckit-vendor") or "")
        for way, url, waits in _urls(element):
            leads_to = target(url, base)
            if leads_to is not None:
                yield Load(*leads_to, way, held if waits else "", vendor if waits else "")
        if element.name == "script":
            yield from _snippet(element, held, vendor)
        document = element.get("srcdoc") or element.get(HELD + "srcdoc")
        if element.name == "iframe" and document and depth < 2:
            inner = BeautifulSoup(str(document), builder=_Patient(PATIENCE / 4))
            for load in _loads(inner, base, depth + 1):
                yield Load(load.host, load.path, load.way, load.held or held, load.vendor or vendor)


def _urls(element: Tag) -> Iterator[tuple[str, str, bool]]:
    """(way, URL, whether it waits) of an element: attributes, `style=` and the text of a `<style>`."""
    attributes, way = LOADING.get(element.name, ((), ""))
    if element.name == "link":
        way = next((RELS[rel] for rel in _words(element, "rel") if rel in RELS), "")
    if element.name == "input" and "image" not in _words(element, "type"):
        way = ""
    for attribute in attributes if way else ():
        for name in (attribute, HELD + attribute):
            for url in _split(str(element.get(name) or ""), attribute):
                yield way, url, name != attribute
    if element.name == "meta" and "refresh" in _words(element, "http-equiv"):
        for name in ("content", HELD + "content"):
            yield "refresh", refresh(str(element.get(name) or "")), name != "content"
    sheets = [str(element.get("style") or "")] + ([element.get_text()] if element.name == "style" else [])
    for sheet in sheets:
        raw = sheet.encode("utf-8", "replace")
        for _, url in css.urls(raw) if css.may_load(raw) else ():
            yield "style", url.removeprefix(_MARKED_URL), url.startswith(_MARKED_URL)


def _split(value: str, attribute: str) -> Iterator[str]:
    if attribute.endswith("srcset"):
        yield from srcset(value)
    elif attribute == "ping":
        yield from value.split()
    elif value:
        script = data_script(value) if attribute == "src" and value.lstrip()[:5].lower() == "data:" else None
        yield from [value] if script is None else quoted_urls(script)


def _words(element: Tag, attribute: str) -> list[str]:
    value = element.get(attribute) or ""
    return (value if isinstance(value, str) else " ".join(value)).lower().split()


def _snippet(element: Tag, held: str, vendor: str) -> Iterator[Load]:
    """The snippet of a vendor in an inline script, if it is one and would run."""
    if element.get("src") or element.get(HELD + "src"):
        return
    kind = str(element.get(HELD + "type" if held else "type") or "")
    if not _RUNS.match(kind[:200]):
        return
    found = _WHOSE(element.get_text().encode("utf-8", "replace"))
    if found is not None or held:
        yield Load("", "", "inline script", held, vendor or (found.vendor or "" if found else ""))


def _links(soup: BeautifulSoup, base: str) -> Iterator[str]:
    robots = soup.find("meta", attrs={"name": re.compile(r"^robots$", re.I)})
    if isinstance(robots, Tag) and {"nofollow", "none"} & set(re.split(r"[\s,]+", str(robots.get("content")).lower())):
        return
    for element in soup.find_all(["a", "area", "iframe", "frame"], limit=MAX_LINKS):
        if "nofollow" not in _words(element, "rel"):
            link = absolute(str(element.get("href") or element.get("src") or ""), base)
            if link and (element.get("href") or element.get("src")):
                yield link


def _sheets(soup: BeautifulSoup, base: str) -> Iterator[str]:
    for element in soup.find_all("link", href=True):
        if "stylesheet" in _words(element, "rel"):
            yield absolute(str(element["href"]), base) or ""


def _policies(soup: BeautifulSoup, base: str) -> dict[str, str]:
    """Where the site's documents seem to be, by what their links say."""
    found: dict[str, str] = {}
    for element in soup.find_all("a", href=True, limit=MAX_LINKS):
        link = absolute(str(element["href"]), base)
        if link is None or place(link) != place(base):
            continue
        said = f"{urlsplit(link).path} {element.get_text(' ', strip=True)[:80]}"
        for name, pattern in (("privacy", _PRIVACY), ("terms", _TERMS)):
            if pattern.search(said):
                found.setdefault(name, link)
    return found
