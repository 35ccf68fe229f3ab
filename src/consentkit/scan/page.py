"""Read a finished page as a visitor's browser gets it: which of our parts are there, what is held, what is live.

The only file that imports BeautifulSoup: it is slow and forgiving, right for a report and wrong for a response.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit

from bs4 import BeautifulSoup, Tag

# What a browser loads by itself when it meets the element.
LOADING = {
    "script": ("src",),
    "iframe": ("src",),
    "img": ("src", "srcset"),
    "source": ("src", "srcset"),
    "video": ("src", "poster"),
    "audio": ("src",),
    "embed": ("src",),
    "object": ("data",),
    "link": ("href",),
}
LOADING_LINKS = frozenset({"stylesheet", "preload", "modulepreload", "prefetch", "preconnect", "dns-prefetch", "icon"})


@dataclass(frozen=True)
class PageReport:
    """One page. `held`: (purpose, vendor, host) of each element that waits; `live`: hosts that load at once."""

    url: str
    has_root: bool
    asks: bool
    held: frozenset[tuple[str, str, str]]
    live: frozenset[str]
    links: tuple[str, ...]


def read_page(url: str, html: bytes) -> PageReport:
    """The report of a page that was fetched from `url`."""
    soup = BeautifulSoup(html, "html.parser")
    own = urlsplit(url).netloc
    return PageReport(
        url=url,
        has_root=soup.select_one("[data-ckit-ui=root]") is not None,
        asks=soup.select_one("[data-ckit-ui=banner]") is not None,
        held=frozenset(_held(soup, url)),
        live=frozenset(host for host in _live(soup, url) if host and host != own),
        links=tuple(dict.fromkeys(_links(soup, url, own))),
    )


def _held(soup: BeautifulSoup, url: str) -> Iterator[tuple[str, str, str]]:
    for element in soup.select("[data-ckit-purpose]"):
        waiting = [str(value) for name, value in element.attrs.items() if name.startswith("data-ckit-")]
        host = next((urlsplit(urljoin(url, text)).netloc for text in waiting if "//" in text), "")
        yield str(element["data-ckit-purpose"]), str(element.get("data-ckit-vendor") or ""), host


def _live(soup: BeautifulSoup, url: str) -> Iterator[str]:
    for element in soup.find_all(list(LOADING)):
        if element.name == "link" and not LOADING_LINKS & {rel.lower() for rel in _relations(element)}:
            continue
        for attribute in LOADING[element.name]:
            value = element.get(attribute)
            if isinstance(value, str) and value:
                yield urlsplit(urljoin(url, value.split()[0])).netloc


def _relations(element: Tag) -> list[str]:
    relations = element.get("rel") or ""
    return relations.split() if isinstance(relations, str) else list(relations)


def _links(soup: BeautifulSoup, url: str, own: str) -> Iterator[str]:
    for element in soup.find_all("a", href=True):
        target = urlsplit(urljoin(url, str(element["href"])))
        if target.netloc == own and target.scheme in ("http", "https"):
            yield target._replace(fragment="").geturl()
