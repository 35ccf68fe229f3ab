"""Which attributes of a tag load something, and may that something be loaded? Tag in, edits out.

What an element loads is data: one table from element to attributes. An edit only ever inserts: `data-ckit-`
before the name of each attribute that has to wait, and the reason right after the name of the element.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from html import escape
from types import MappingProxyType

from consentkit.rewrite.rules import Held
from consentkit.rewrite.scanner import ATTRIBUTE
from consentkit.rewrite.urls import MAY_NAME_A_HOST, Target, decode, srcset, target

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
        b"script": {b"src": Reads.URL, **_LAZY},
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

#: Elements that load something or not, by the value of an attribute.
_DECIDED_BY: Mapping[bytes, bytes] = {b"link": b"rel", b"input": b"type"}

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


PASS = Verdict()


@dataclass(frozen=True, slots=True)
class Question:
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
        if leads_to is None or leads_to.host == self.host:
            return None
        held = self.judge(*leads_to)
        return None if held is None else (held, leads_to.host)

    def value(self, value: str, reads: Reads) -> tuple[Held, str] | None:
        if reads is Reads.URL:
            return self.url(value)
        if reads is Reads.DOCUMENT:
            return self.look_into(value)
        for url in srcset(value) if reads is Reads.SRCSET else value.split():
            held = self.url(url)
            if held is not None:
                return held
        return None


def judge_tag(tag: bytes, name: bytes, table: Mapping[bytes, _Attributes], question: Question) -> Verdict:
    """The verdict on a whole start tag. `name`: of the element, lower case."""
    attributes = table.get(name)
    if attributes is None or (question.base is None and not MAY_NAME_A_HOST.search(tag)):
        return PASS
    return _judge(tag, name, attributes, question)


def _judge(tag: bytes, name: bytes, attributes: _Attributes, question: Question) -> Verdict:
    if name in _DECIDED_BY and not may_load(name, read(tag, 1 + len(name))[1]):
        return PASS
    waiting: dict[bytes, tuple[Held, str]] = {}
    seen = set()
    for attribute, *quoted in ATTRIBUTE.findall(tag, 1 + len(name), len(tag) - 1):
        attribute = attribute.lower()
        reads = attributes.get(attribute)
        # The first of duplicates counts.
        if reads is None or attribute in seen:
            continue
        seen.add(attribute)
        held = question.value(decode(quoted[0] or quoted[1] or quoted[2]), reads)
        if held is not None:
            waiting[attribute] = held
    if not waiting:
        return PASS
    places, values = read(tag, 1 + len(name))
    return Verdict(
        edits=_edits(name, places, waiting),
        held=tuple(dict.fromkeys((held.purpose, held.vendor, host) for held, host in waiting.values())),
        frame=_frame(name, values, waiting),
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
    """Whether a link or an input fetches anything at all."""
    if name == b"link":
        return not LOADING_RELS.isdisjoint(decode(values.get(b"rel", b"")).lower().split())
    return decode(values.get(b"type", b"")).lower() == "image"


def watched(name: bytes, tag: bytes, table: Mapping[bytes, _Attributes]) -> _Attributes:
    """The attributes to ask about in the rest of a tag that is too long to wait for; `tag`: what was read of it."""
    _, values = read(tag, 1 + len(name))
    if _DECIDED_BY.get(name) in values and not may_load(name, values):
        return NOTHING
    return table.get(name, NOTHING)


def _edits(
    name: bytes, places: list[tuple[bytes, int]], waiting: Mapping[bytes, tuple[Held, str]]
) -> tuple[tuple[int, bytes], ...]:
    reason = mark([held for held, _ in waiting.values()])
    renamed = set(waiting)
    if name == b"script" and not renamed.isdisjoint((b"src", b"href", b"xlink:href")):
        # Without its src the script's own content, if any, would run.
        reason += b' type="text/plain"'
        renamed.add(b"type")
    # Every duplicate: the second would come alive when the first has another name.
    return ((1 + len(name), reason), *((at, PREFIX) for attribute, at in places if attribute in renamed))


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
