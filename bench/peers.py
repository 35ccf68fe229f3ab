"""Other ways to change HTML from Python, given the same work as far as they can do it: insert at the end of the head
and at the start of the body, and hold back the scripts, frames and pictures that the same judge names."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any
from urllib.parse import urlsplit

from consentkit.rewrite import Judge

Work = Callable[[bytes], object]

# A hundred times slower than the rest: a few rounds tell enough.
SLOW, SLOW_ROUNDS = frozenset({"BeautifulSoup"}), 3

WITH_SRC = "script[src], iframe[src], img[src]"


def found(judge: Judge, *, late: bytes, body: bytes) -> dict[str, Work]:
    """What is installed, by name."""
    held = _held(judge)
    works: dict[str, Work] = {}
    for make in (_lolhtml, _turbohtml, _selectolax, _lxml, _beautiful_soup):
        try:
            works.update(make(held, late.decode(), body.decode()))
        except ImportError:
            continue
    return works


def _held(judge: Judge) -> Callable[[str | None], bool]:
    def held(url: str | None) -> bool:
        try:
            parts = urlsplit(url or "")
        except ValueError:
            return False
        return bool(parts.hostname) and judge(parts.hostname or "", parts.path) is not None

    return held


def _lolhtml(held: Callable[[str | None], bool], late: str, body: str) -> dict[str, Work]:
    lolhtml = import_module("lolhtml")  # none of them is needed to check the types of this file
    html = lolhtml.ContentType.HTML

    class Head:
        def element(self, element: Any) -> None:
            element.append(late, html)

    class Body:
        def element(self, element: Any) -> None:
            element.prepend(body, html)

    class Source:
        def element(self, element: Any) -> None:
            source = element.get_attribute("src")
            if held(source):
                element.set_attribute("data-ckit-src", source)
                element.remove_attribute("src")

    def insert(page: bytes) -> bytes:
        return run(page, ("head", Head()), ("body", Body()))

    def hold(page: bytes) -> bytes:
        return run(page, ("head", Head()), ("body", Body()), (WITH_SRC, Source()))

    def run(page: bytes, *handlers: tuple[str, object]) -> bytes:
        output = bytearray()
        rewriter = lolhtml.HTMLRewriter(output.extend)
        for selector, handler in handlers:
            rewriter.on(selector, handler)
        rewriter.write(page)
        rewriter.end()
        return bytes(output)

    return {"python-lolhtml, insert": insert, "python-lolhtml, insert and hold": hold}


def _turbohtml(held: Callable[[str | None], bool], late: str, body: str) -> dict[str, Work]:
    from turbohtml.rewrite import rewrite

    def head(element: Any) -> None:
        element.append(late, html=True)

    def start(element: Any) -> None:
        element.prepend(body, html=True)

    def source(element: Any) -> None:
        url = element.get("src")
        if held(url):
            element.set_attribute("data-ckit-src", url)
            element.remove_attribute("src")

    return {
        "turbohtml.rewrite, insert": lambda page: rewrite(
            page.decode("latin-1"), elements=[("head", head), ("body", start)]
        ).encode("latin-1"),
        "turbohtml.rewrite, insert and hold": lambda page: rewrite(
            page.decode("latin-1"), elements=[("head", head), ("body", start), (WITH_SRC, source)]
        ).encode("latin-1"),
    }


def _selectolax(held: Callable[[str | None], bool], late: str, body: str) -> dict[str, Work]:
    LexborHTMLParser = import_module("selectolax.lexbor").LexborHTMLParser

    def hold(page: bytes) -> object:
        tree = LexborHTMLParser(page)
        for node in tree.css(WITH_SRC):
            if held(node.attributes.get("src")):
                node.attrs["data-ckit-src"] = node.attributes["src"]
                del node.attrs["src"]
        return tree.html  # without the insertions, which it has no short way for

    return {"selectolax, held and written": hold}


def _lxml(held: Callable[[str | None], bool], late: str, body: str) -> dict[str, Work]:
    html = import_module("lxml.html")

    def hold(page: bytes) -> object:
        tree = html.document_fromstring(page)
        for node in tree.iter("script", "iframe", "img"):
            if held(node.get("src")):
                node.set("data-ckit-src", node.attrib.pop("src"))
        return html.tostring(tree)

    return {"lxml, held and written": hold}


def _beautiful_soup(held: Callable[[str | None], bool], late: str, body: str) -> dict[str, Work]:
    from bs4 import BeautifulSoup

    return {"BeautifulSoup": lambda page: str(BeautifulSoup(page, "html.parser"))}
