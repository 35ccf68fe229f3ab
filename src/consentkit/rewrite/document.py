"""What is known of one document, what goes into it, and what of it has to wait.

How its markup is read, token by token, is for the classes that derive from this one: it only says what follows from a
tag. Only the tree builder's decisions about html, head and body are followed, since those are the three places where
something goes in; there is no tree.
"""

from __future__ import annotations

import enum
import re
from abc import abstractmethod
from collections import Counter
from functools import lru_cache, partial
from typing import Any

from consentkit.rewrite import holding, lighter
from consentkit.rewrite.ancestors import Ancestors
from consentkit.rewrite.foreign import ForeignContent, closes_itself
from consentkit.rewrite.holding import PASS, Verdict
from consentkit.rewrite.output import Output
from consentkit.rewrite.page import Inserting, Insertions, Page
from consentkit.rewrite.removal import RemovedElement, remover
from consentkit.rewrite.rules import Held, Rules
from consentkit.rewrite.slots import Slots, is_empty
from consentkit.rewrite.text import Text
from consentkit.rewrite.tokens import State, Tokens
from consentkit.rewrite.unfinished import OverlongTag
from consentkit.rewrite.urls import Target, decode, target
from consentkit.rewrite.verdicts import Verdicts


class Place(enum.IntEnum):
    """How far the document is, as far as it matters to insertions (compare the insertion modes of HTML, 13.2.6.4).

    Ordered, and of integers because it is asked for at every tag.
    """

    UNDECIDED = enum.auto()  # a document or a fragment?
    BEFORE_HTML = enum.auto()
    BEFORE_HEAD = enum.auto()
    IN_HEAD = enum.auto()  # before its first script, style, link or noscript
    LATER_IN_HEAD = enum.auto()
    AFTER_HEAD = enum.auto()
    AT_BODY_START = enum.auto()  # right after <body>
    IN_BODY = enum.auto()


#: How many documents inside attributes of documents are looked into.
DEEPEST_DOCUMENT = 4

#: The early insertion goes in before the first of these.
EARLY_COMES_BEFORE = frozenset({b"script", b"style", b"link", b"noscript"})

_FOLLOWED = frozenset({b"a", b"button", b"label", b"select", b"object", b"table", b"marquee", b"applet"})
#: Elements of which nothing follows but what they load. In HTML the drawings are followed one by one.
XML_FOLLOWED = _FOLLOWED | {b"svg", b"math", b"noscript"}

HAS_STYLE = re.compile(rb"[sS][tT][yY][lL][eE]")
_AMP = frozenset({b"amp", "⚡".encode(), "⚡\ufe0f".encode()})


class Document(Tokens):
    """One response's body. To derive from.

    `host`: the page's own host, where relative URLs lead; nobody is asked about it. `record`: keep `edits`.
    """

    __slots__ = (
        "_after_overlong", "_ancestors", "_base_is_known", "_depth", "_foreign", "_foreign_outside", "_host",
        "_images_left", "_insertions", "_inserts", "_learned", "_overlong", "_page", "_place", "_removal", "_remover", "_rules",
        "_slots", "_stays_until", "_templates", "_text", "_until", "_verdicts",
        "edits", "held",
    )  # fmt: skip

    def __init__(
        self,
        rules: Rules,
        insertions: Insertions,
        inserting: Inserting = Inserting.ALWAYS,
        *,
        host: str = "",
        record: bool = False,
    ) -> None:
        #: How often what was held back: (purpose, vendor, host) to number of elements.
        self.held: Counter[tuple[str, str | None, str]] = Counter()
        self._learned: dict[str, Any] = {}
        self._page: Page | None = None
        #: (offset in the input, bytes inserted, number of bytes left out), in order; only when recording.
        self.edits: list[tuple[int, bytes, int]] = []
        self._rules = rules
        self._insertions = insertions
        self._inserts = inserting is not Inserting.NEVER
        self._host = host.lower()
        super().__init__(Output(self.edits if record else None), is_xml=rules.xhtml)

        # Where the next byte is.
        asks = inserting is Inserting.UNLESS_FRAGMENT and not rules.xhtml  # XML has one root, and that says it
        self._place = Place.UNDECIDED if asks else Place.BEFORE_HTML
        self._state = type(self)._beginning
        self._foreign = ForeignContent()
        self._foreign_outside = self._foreign  # of the noscript
        self._templates = 0
        self._overlong: OverlongTag | None = None
        self._after_overlong: State = Tokens._markup
        self._ancestors = Ancestors()

        self._text: Text | None = None  # of which the end has not come
        self._images_left = rules.lighten  # that load at once
        self._remover = remover(rules.remove) if rules.remove and not rules.xhtml else None
        self._removal: RemovedElement | None = None  # that may be taken out, and has not ended yet
        self._stays_until = 0  # elements that begin before this place in the input stay
        self._slots = Slots(rules.slots) if rules.slots and self._inserts else None

        self._depth = 0  # of documents inside attributes
        self._base_is_known = False
        self._until: int | None = None  # nothing changes in the rest of the last chunk; None: not known
        self._verdicts: Verdicts | None = None  # nobody is asked
        self._ask_about(None)
        if not self._inserts:
            self._enter_body()

    @abstractmethod
    def _beginning(self, data: bytes, at: int, end: int) -> int:
        """The first bytes."""

    @property
    def page(self) -> Page:
        """What has been learned of the page so far."""
        if self._page is None:
            self._page = Page(**self._learned)
        return self._page

    def _learn(self, **facts: Any) -> None:
        self._learned |= facts
        self._page = None

    def _take(self, data: bytes) -> None:
        super()._take(data)
        self._until = None
        if self._verdicts is not None or self._slots is not None:
            self._ancestors.take(data)
        if self._slots is not None:
            self._slots.take(data)

    def _is_elsewhere(self) -> bool:
        return self._in_noscript or self._templates > 0

    # Insertions, and the places that they go to.

    def _html(self, tag: bytes, at: int) -> None:
        if self._place is Place.BEFORE_HTML:
            self._out.insert(at + len(b"<html"), self._rules.html_attributes)
            self._place = Place.BEFORE_HEAD
        if HAS_STYLE.search(tag):
            self._hold(b"html", tag, at)
        lang, is_amp = (_said_by_html if len(tag) < _LONGEST_SAID else _said_by_html.__wrapped__)(tag)
        if lang is not None and "lang" not in self._learned:
            self._learn(lang=lang)
        if is_amp:
            self._learn(amp=True)

    def _insert_html(self, at: int) -> None:
        if self._rules.html_attributes:
            self._out.insert(at, b"<html" + self._rules.html_attributes + b">")
        self._place = Place.BEFORE_HEAD

    def _insert_early(self, at: int) -> None:
        self._out.insert(at, self._insertions.early(self.page))
        self._place = Place.LATER_IN_HEAD

    def _close_head(self, at: int) -> None:
        if self._place is not Place.LATER_IN_HEAD:
            self._insert_early(at)
        self._out.insert(at, self._insertions.late(self.page))
        self._place = Place.AFTER_HEAD

    def _insert_body(self, at: int) -> None:
        self._out.insert(at, self._insertions.body(self.page))
        self._enter_body()

    def _enter_frameset(self) -> None:
        """There is no body, and a frameset shows nothing but its frames."""
        self._inserts = False
        self._slots = None
        self._enter_body()

    def _enter_body(self) -> None:
        self._place = Place.IN_BODY
        self._until = None
        self._passes = not (
            self._verdicts is not None
            or self._remover is not None
            or self._images_left is not None
            or self._slots is not None
            or (self._rules.drop_viewport and self._inserts)
        )

    # What follows from a tag.

    def _followed(self, name: bytes, tag: bytes, at: int, after: int) -> None:
        if name == b"template":
            self._templates += 1
        elif self._templates:
            pass
        elif name == b"base":
            self._read_base(tag)
        elif name == b"meta":
            self._read_meta(tag, at, after)
        elif name in (XML_FOLLOWED if self._is_xml else _FOLLOWED):
            self._ancestors.start(name)
        elif name == b"div" and self._slots is not None:
            self._begin_slot(self._slots, tag)

    def _read_base(self, tag: bytes) -> None:
        _, values = holding.read(tag, len(b"<base"))
        self._learn(has_base=True)
        if not self._base_is_known and b"href" in values:
            self._base_is_known = True
            self._ask_about(target(decode(values[b"href"])))

    def _read_meta(self, tag: bytes, at: int, after: int) -> None:
        language, viewport, may_load = (_said_by_meta if len(tag) < _LONGEST_SAID else _said_by_meta.__wrapped__)(tag)
        if language is not None and "content_language" not in self._learned:
            self._learn(content_language=language)
        if viewport is not None:
            self._learn(viewport=viewport)
            stays_well_formed = not self._is_xml or closes_itself(tag)
            is_plain = self._overlong is None and not may_load
            if self._rules.drop_viewport and self._inserts and is_plain and stays_well_formed:
                self._out.drop(at, after)

    # The page's own places for controls.

    def _begin_slot(self, slots: Slots, tag: bytes) -> None:
        if self._overlong is not None or (self._is_xml and closes_itself(tag)):
            return
        if self._place is Place.IN_BODY and slots.begin(tag) and self._may_place():
            self._state = Document._in_slot

    def _in_slot(self, data: bytes, at: int, end: int) -> int:
        """Right behind the start tag of a slot."""
        is_free = is_empty(data, at, end, is_last=self._is_last)
        if is_free is None:
            return ~at
        self._state = Tokens._markup
        if is_free:
            assert self._slots is not None
            self._out.insert(at, self._insertions.slot(self._slots.name, self.page))
        return at

    # Holding back.

    def _ask_about(self, base: Target | None) -> None:
        """Judge by this base from now on."""
        rules = self._rules
        if rules.judge is not None or rules.signatures is not None:
            look_into = partial(_look_into, type(self), rules, self._insertions, self._host, base, self._depth + 1)
            self._verdicts = Verdicts(rules, self._host, base, look_into)
        self._until = None

    def _hold(self, name: bytes, tag: bytes, at: int, *, in_svg: bool = False, of_text: Verdict = PASS) -> None:
        later = b"" if self._images_left is None or in_svg else self._later(name, tag)
        verdict = PASS if self._verdicts is None else self._verdicts.on_tag(name, tag, in_svg=in_svg)
        if of_text is not PASS:
            verdict = verdict.and_of(of_text)
        if verdict is not PASS or later:
            self._apply(verdict, at, at + 1 + len(name), later)

    def _later(self, name: bytes, tag: bytes) -> bytes:
        """What makes an element load later, when it need not be there at once."""
        if name not in lighter.LIGHTENED or self._place is not Place.IN_BODY or self._is_elsewhere():
            return b""
        if self._overlong is not None:
            return b""  # who knows what attributes are still to come
        if name == b"img":
            assert self._images_left is not None
            self._images_left -= 1
            if self._images_left >= 0:
                return b""
        return lighter.later(name, tag)

    def _apply(self, verdict: Verdict, at: int, after_name: int, later: bytes) -> None:
        for each in verdict.held:
            self.held[each] += 1
        frame = verdict.frame
        if frame is not None and self._inserts and self._may_place():
            self._out.insert(at, self._insertions.placeholder(frame.held, frame.element, self.page, frame.attributes))
        if verdict.stubs is not None and self._inserts and not (self._is_elsewhere() or self._foreign):
            self._out.insert(at, self._insertions.stubs(verdict.stubs, self.page))
        if later:
            self._out.insert(after_name, later)
        for place, inserted in verdict.edits:
            self._out.insert(at + place, inserted)

    def _may_place(self) -> bool:
        return not (self._in_noscript or self._templates or self._foreign) and self._ancestors.are_none()


#: Pages of one site say the same; what is longer is not remembered.
_LONGEST_SAID = 256  # bytes


@lru_cache(maxsize=128)
def _said_by_html(tag: bytes) -> tuple[str | None, bool]:
    """Its language, and whether it is AMP."""
    _, values = holding.read(tag, len(b"<html"))
    lang = values.get(b"lang", values.get(b"xml:lang"))
    return None if lang is None else decode(lang), not _AMP.isdisjoint(values)


@lru_cache(maxsize=128)
def _said_by_meta(tag: bytes) -> tuple[str | None, str | None, bool]:
    """Language, viewport, and whether it loads something."""
    _, values = holding.read(tag, len(b"<meta"))
    if b"content" not in values:
        return None, None, False
    content = decode(values[b"content"])
    is_language = decode(values.get(b"http-equiv", b"")).lower() == "content-language"
    is_viewport = decode(values.get(b"name", b"")).lower() == "viewport"
    may_load = holding.may_load(b"meta", values)
    return content.strip() if is_language else None, content if is_viewport else None, may_load


def _look_into(
    kind: type[Document],
    rules: Rules,
    insertions: Insertions,
    host: str,
    base: Target | None,
    depth: int,
    document: str,
) -> tuple[Held, str] | None:
    """The first URL that a document inside an attribute would load and that has to wait.

    It does not know the rewriter that asks: the two would keep each other, and every page its body, until a collection.
    """
    if depth > DEEPEST_DOCUMENT:
        return Held("unclassified"), ""  # nobody nests so deep who has nothing to hide
    inner = kind(rules, insertions, Inserting.NEVER, host=host)
    inner._depth = depth
    inner._ask_about(base)  # its relative URLs are those of the page around it
    inner.feed(document.encode())
    inner.close()
    for purpose, vendor, host_held in inner.held:
        return Held(purpose, vendor), host_held
    return None
