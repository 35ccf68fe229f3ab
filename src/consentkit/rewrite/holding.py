"""Which attributes of a tag load something, and may that something be loaded? Tag in, edits out.

What an element loads is data: one table from element to attributes. An edit only ever inserts: `data-ckit-`
before the name of each attribute that has to wait, and the reason right after the name of the element.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from html import escape
from types import MappingProxyType
from typing import NamedTuple

from consentkit.rewrite import css
from consentkit.rewrite.rules import Held
from consentkit.rewrite.scanner import ATTRIBUTE
from consentkit.rewrite.urls import (
    MAY_NAME_A_HOST,
    Target,
    data_script,
    decode,
    quoted_urls,
    read_with_places,
    refresh,
    srcset,
    target,
)

PREFIX = b"data-ckit-"


class Reads(enum.Enum):
    """How a value is read."""

    URL = enum.auto()
    #: Image candidates. One that must wait holds the attribute: what is left would be another picture.
    SRCSET = enum.auto()
    #: URLs between white space.
    LIST = enum.auto()
    #: A document of its own; the frame waits when anything in it would.
    DOCUMENT = enum.auto()
    #: A URL, or a script written into one.
    SCRIPT = enum.auto()
    #: A time, perhaps with a URL to go to.
    REFRESH = enum.auto()


_Attributes = Mapping[bytes, Reads]

#: Scripts of the page copy these into src and srcset.
_LAZY: _Attributes = {
    b"data-src": Reads.URL,
    b"data-lazy-src": Reads.URL,
    b"data-original": Reads.URL,
    b"data-srcset": Reads.SRCSET,
}
_PICTURE: _Attributes = {b"src": Reads.URL, b"srcset": Reads.SRCSET, **_LAZY}
_LINKED: _Attributes = {b"href": Reads.URL, b"xlink:href": Reads.URL}
_BACKGROUND: _Attributes = {b"background": Reads.URL}
_PING: _Attributes = {b"ping": Reads.LIST}

NOTHING: _Attributes = MappingProxyType({})

HTML: Mapping[bytes, _Attributes] = MappingProxyType(
    {
        b"script": {b"src": Reads.SCRIPT, **_LAZY},
        b"iframe": {b"src": Reads.URL, b"srcdoc": Reads.DOCUMENT, **_LAZY},
        b"frame": {b"src": Reads.URL},
        b"img": _PICTURE,
        b"image": _PICTURE,  # the parser reads <image> as <img>
        b"source": _PICTURE,
        b"video": {b"src": Reads.URL, b"poster": Reads.URL, **_LAZY},
        b"audio": {b"src": Reads.URL},
        b"track": {b"src": Reads.URL},
        b"embed": {b"src": Reads.URL},
        b"object": {b"data": Reads.URL},
        b"input": {b"src": Reads.URL},
        b"link": {b"href": Reads.URL, b"imagesrcset": Reads.SRCSET},
        b"meta": {b"content": Reads.REFRESH},
        b"a": _PING,
        b"area": _PING,
        **dict.fromkeys((b"body", b"table", b"thead", b"tbody", b"tfoot", b"tr", b"td", b"th"), _BACKGROUND),
    }
)

SVG: Mapping[bytes, _Attributes] = MappingProxyType({b"script": _LINKED, b"image": _LINKED, b"feimage": _LINKED})

#: In XML one parser reads both vocabularies, and a prefix is no reason to look away.
XML: Mapping[bytes, _Attributes] = MappingProxyType({**HTML, **SVG, b"script": {**HTML[b"script"], **_LINKED}})

#: `<link rel>` whose target is fetched or connected to; canonical, alternate, author and the like only name it.
_LOADING_RELS = """
    stylesheet preload modulepreload prefetch prerender preconnect dns-prefetch compression-dictionary manifest import
    icon apple-touch-icon apple-touch-icon-precomposed apple-touch-startup-image mask-icon fluid-icon
"""
LOADING_RELS = frozenset(_LOADING_RELS.split())
_USUAL_RELS = frozenset({b"stylesheet", b"preload", b"preconnect", b"dns-prefetch", b"icon"})

#: Elements that load something or not, by the value of an attribute.
_DECIDED_BY: Mapping[bytes, bytes] = {b"link": b"rel", b"input": b"type", b"meta": b"http-equiv"}

#: The elements that get a placeholder, and the attributes without which they show nothing.
_SHOWN_BY: Mapping[bytes, frozenset[bytes]] = {
    b"iframe": frozenset({b"src", b"srcdoc", *_LAZY}),
    b"video": frozenset({b"src", b"data-src", b"data-lazy-src", b"data-original"}),
    b"audio": frozenset({b"src"}),
    b"embed": frozenset({b"src"}),
    b"object": frozenset({b"data"}),
}


@dataclass(frozen=True, slots=True)
class Frame:
    """A held element that leaves a hole in the page, for which there may be a placeholder."""

    held: Held
    element: str
    attributes: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What becomes of a tag. `edits`: (position in the tag, bytes inserted there), in order."""

    edits: tuple[tuple[int, bytes], ...] = ()
    #: (purpose, vendor, host), once each.
    held: tuple[tuple[str, str | None, str], ...] = ()
    frame: Frame | None = None
    #: Where in the text of a style, which follows the tag, URLs stand that have to wait.
    inside: tuple[int, ...] = ()
    #: What is said of a script whose globals need stand-ins.
    stubs: Held | None = None

    def and_of(self, text: Verdict) -> Verdict:
        """Together with the verdict on the text that follows the tag; the text says why the element waits."""
        if text is PASS or self is PASS:
            return self if text is PASS else text
        edits = tuple(sorted((*text.edits, *self.edits[1:])))
        return Verdict(edits, (*text.held, *self.held), None, text.inside, text.stubs or self.stubs)


PASS = Verdict()


class Question(NamedTuple):
    """How to ask about URLs of one page."""

    judge: Callable[[str, str], Held | None]
    #: The page's own host: what leads there is not asked about.
    host: str
    #: Where `<base>` makes relative URLs lead; None while that is the page itself.
    base: Target | None
    #: What a document in an attribute would load that has to wait.
    look_into: Callable[[str], tuple[Held, str] | None]

    def url(self, url: str) -> tuple[Held, str] | None:
        """Who has to be agreed to before this URL is loaded, and its host."""
        leads_to = target(url, self.base)
        if leads_to is None:
            return None
        host, path = leads_to
        held = self.judge(host, path) if host != self.host else None
        return None if held is None else (held, host)

    def value(self, value: str, reads: Reads) -> tuple[Held, str] | None:
        if reads is Reads.URL:
            return self.url(value)
        if reads is Reads.DOCUMENT:
            return self.look_into(value)
        if reads is Reads.REFRESH:
            return self.url(refresh(value))
        if reads is Reads.SCRIPT:
            script = data_script(value)
            return self.url(value) if script is None else self.first(quoted_urls(script))
        return self.first(srcset(value) if reads is Reads.SRCSET else value.split())

    def first(self, urls: Iterable[str]) -> tuple[Held, str] | None:
        """What is said of the first that has to wait."""
        for url in urls:
            held = self.url(url)
            if held is not None:
                return held
        return None

    def sheet(self, sheet: bytes) -> list[tuple[int, tuple[Held, str]]]:
        """Where URLs stand in a style sheet that have to wait."""
        if not css.may_load(sheet):
            return []
        waiting = ((at, self.url(url)) for at, url in css.urls(sheet))
        return [(at, held) for at, held in waiting if held is not None]


_CARRIES = re.compile(rb":|[sS][rR][cC][dD][oO][cC]")


def judge_tag(tag: bytes, name: bytes, table: Mapping[bytes, _Attributes], question: Question) -> Verdict:
    """The verdict on a whole start tag. `name`: of the element, lower case."""
    # Scripts and documents inside a tag may be written in ways that hide their addresses.
    is_open = name in (b"script", b"iframe") and _CARRIES.search(tag)
    if question.base is None and not is_open and not MAY_NAME_A_HOST.search(tag):
        return PASS
    return _judge(tag, name, table.get(name, NOTHING), question)


def _judge(tag: bytes, name: bytes, attributes: _Attributes, question: Question) -> Verdict:
    values: dict[bytes, bytes] = {}
    for attribute, double, single, bare in ATTRIBUTE.findall(tag, 1 + len(name), len(tag) - 1):
        attribute = attribute.lower()
        if attribute not in values:  # the first of duplicates counts
            values[attribute] = double or single or bare
    if name in _DECIDED_BY and not may_load(name, values):
        attributes = NOTHING
    waiting: dict[bytes, tuple[Held, str]] = {}
    for attribute, value in values.items():
        reads = attributes.get(attribute)
        if reads is not None:
            held = question.value(decode(value), reads)
            if held is not None:
                waiting[attribute] = held
    painted = _painted(tag, len(name), question) if values.get(b"style") else []
    if not waiting and not painted:
        return PASS
    places, _ = read(tag, 1 + len(name))
    edits = [*_edits(name, places, waiting), *((at, css.NOTHING) for at, _ in painted)]
    held_all = [*waiting.values(), *(held for _, held in painted)]
    return Verdict(
        edits=((1 + len(name), _reason(name, waiting, held_all)), *sorted(edits)),
        held=tuple(dict.fromkeys((held.purpose, held.vendor, host) for held, host in held_all)),
        frame=_frame(name, values, waiting),
        stubs=next((held for held, _ in waiting.values() if held.stubs), None) if name == b"script" else None,
    )


def _painted(tag: bytes, name: int, question: Question) -> list[tuple[int, tuple[Held, str]]]:
    """Where in a tag URLs of its `style` stand that have to wait."""
    found = next(found for found in ATTRIBUTE.finditer(tag, 1 + name, len(tag) - 1) if found[1].lower() == b"style")
    group = next((group for group in (2, 3, 4) if found[group]), 0)
    if not group:
        return []
    sheet, places = read_with_places(found[group])
    return [(found.start(group) + places[at], held) for at, held in question.sheet(sheet)]


def style_waits(value: bytes, question: Question) -> bool:
    """Whether a `style` names a URL that has to wait."""
    return bool(question.sheet(read_with_places(value)[0] if b"&" in value else value))


def judge_sheet(sheet: bytes, question: Question) -> Verdict:
    """The verdict on the text of a `<style>`."""
    waiting = question.sheet(sheet)
    if not waiting:
        return PASS
    return Verdict(
        edits=((len(b"<style"), mark([held for _, (held, _) in waiting])),),
        held=tuple(dict.fromkeys((held.purpose, held.vendor, host) for _, (held, host) in waiting)),
        inside=tuple(at for at, _ in waiting),
    )


#: What a `type` (or, without one, a `language`) has to be for a script to run (HTML, 4.12.1; MIME Sniffing, 4.6).
_RUNS_AS = """
    application/ecmascript application/javascript application/x-ecmascript application/x-javascript text/ecmascript
    text/javascript text/javascript1.0 text/javascript1.1 text/javascript1.2 text/javascript1.3 text/javascript1.4
    text/javascript1.5 text/jscript text/livescript text/x-ecmascript text/x-javascript
"""
_RUNS = frozenset(_RUNS_AS.split())


#: JSON that tells a browser which pages to fetch before anybody asks for them.
_SPECULATION = "speculationrules"


def runs_its_text(tag: bytes) -> bool:
    """Whether a `<script>` does what is in it: not data, not a template, and not something loaded instead."""
    _, values = read(tag, len(b"<script"))
    if b"src" in values:
        return False
    if b"type" in values:
        kind = decode(values[b"type"])
        return not kind or kind.strip("\t\n\f\r ").lower() in _RUNS | {"module", _SPECULATION}
    language = decode(values.get(b"language", b""))
    return not language or f"text/{language.lower()}" in _RUNS


def speculates(tag: bytes) -> bool:
    """Whether a `<script>` holds rules for fetching ahead, no code."""
    _, values = read(tag, len(b"<script"))
    return decode(values.get(b"type", b"")).strip("\t\n\f\r ").lower() == _SPECULATION


def judge_rules(tag: bytes, text: bytes, question: Question) -> Verdict:
    """The verdict on rules for fetching ahead: they wait as a whole when a URL in them does."""
    waiting = question.first(quoted_urls(text.decode("utf-8", "replace")))
    return PASS if waiting is None else hold_script(tag, replace(waiting[0], stubs=""))


def hold_script(tag: bytes, held: Held) -> Verdict:
    """The verdict on a script that has to wait for what is in it. Its edits are for its tag."""
    name = b"script"
    if held.runs:
        return Verdict(stubs=held) if held.stubs else PASS
    places, _ = read(tag, 1 + len(name))
    return Verdict(
        edits=(
            (1 + len(name), mark([held]) + _NO_SCRIPT),
            *((at, PREFIX) for attribute, at in places if attribute == b"type"),
        ),
        held=((held.purpose, held.vendor, ""),),
        stubs=held if held.stubs else None,
    )


def read(tag: bytes, start: int) -> tuple[list[tuple[bytes, int]], dict[bytes, bytes]]:
    """Each attribute's name and place, and the raw values: the first of duplicates counts, as in parsers."""
    places: list[tuple[bytes, int]] = []
    values: dict[bytes, bytes] = {}
    for found in ATTRIBUTE.finditer(tag, start, len(tag) - 1):
        name = found[1].lower()
        places.append((name, found.start(1)))
        values.setdefault(name, found[2] or found[3] or found[4] or b"")
    return places, values


def may_load(name: bytes, values: Mapping[bytes, bytes]) -> bool:
    """Whether a link, an input or a meta fetches anything at all."""
    if name == b"link":
        rel = values.get(b"rel", b"")
        return rel in _USUAL_RELS or not LOADING_RELS.isdisjoint(decode(rel).lower().split())
    if name == b"meta":
        return decode(values.get(b"http-equiv", b"")).lower() == "refresh"
    return decode(values.get(b"type", b"")).lower() == "image"


def watched(name: bytes, tag: bytes, table: Mapping[bytes, _Attributes]) -> _Attributes:
    """The attributes to ask about in the rest of a tag that is too long to wait for; `tag`: what was read of it."""
    _, values = read(tag, 1 + len(name))
    if _DECIDED_BY.get(name) in values and not may_load(name, values):
        return NOTHING
    return table.get(name, NOTHING)


#: Without its src a script's own content, if any, would run.
_NO_SCRIPT = b' type="text/plain"'
_RUN_BY = frozenset({b"src", b"href", b"xlink:href"})


def _edits(
    name: bytes, places: list[tuple[bytes, int]], waiting: Mapping[bytes, tuple[Held, str]]
) -> Iterator[tuple[int, bytes]]:
    renamed = set(waiting)
    if name == b"script" and not renamed.isdisjoint(_RUN_BY):
        renamed.add(b"type")
    # Every duplicate: the second would come alive when the first has another name.
    return ((at, PREFIX) for attribute, at in places if attribute in renamed)


def _reason(name: bytes, waiting: Mapping[bytes, object], held: list[tuple[Held, str]]) -> bytes:
    reason = mark([each for each, _ in held])
    return reason + _NO_SCRIPT if name == b"script" and not _RUN_BY.isdisjoint(waiting) else reason


def mark(waiting: list[Held]) -> bytes:
    """The attributes that say why an element waits."""
    first = waiting[0]
    purpose = b' data-ckit-purpose="%b"' % ascii_text(first.purpose)
    # An element of two vendors belongs to neither: agreeing to one must not bring the other alive.
    if first.vendor is None or any(held.vendor != first.vendor for held in waiting):
        return purpose
    return purpose + b' data-ckit-vendor="%b"' % ascii_text(first.vendor)


def ascii_text(value: str) -> bytes:
    """An attribute value that is safe in any quotes and any charset."""
    return escape(value).encode("ascii", "xmlcharrefreplace")


def _frame(name: bytes, values: Mapping[bytes, bytes], waiting: Mapping[bytes, tuple[Held, str]]) -> Frame | None:
    shown_by = _SHOWN_BY.get(name, frozenset())
    missing = [attribute for attribute in waiting if attribute in shown_by]
    if not missing:
        return None
    described = {key: decode(values[key.encode()]) for key in ("width", "height", "title") if key.encode() in values}
    if missing[0] != b"srcdoc":
        described["src"] = decode(values[missing[0]])
    return Frame(waiting[missing[0]][0], name.decode(), MappingProxyType(described))
