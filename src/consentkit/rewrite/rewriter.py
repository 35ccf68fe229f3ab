"""Insert our controls into HTML as it streams by, and hold back what has to wait.

Theory of operation. The scanner says where the next tag is that matters; this module knows where in the document
that is (`Place`), what it is in (raw text, a noscript, a template, SVG), and what follows from it: an insertion, a
held attribute, a change of place. Only the tree builder's decisions about html, head and body are followed, since
those are the three places where something goes in; there is no tree.

The rest of the theory is in `scanner` (where tags are), `tokens` (how chunks are run over) and `holding` (what a tag
would load). The invariants:
- Take the edits out of the output and you have the input, byte for byte. We never re-encode; an edit inserts
  bytes, and the only bytes ever left out are the page's own `<meta name=viewport>`, when the rules say so.
- Any cut of the input gives the same output. What waits for more input is a token whose end was not seen.
- The work is linear in the input, and what waits is bounded: a few bytes of text, or one tag (`LONGEST_WAIT`).

When the page is stranger than what we follow, the original bytes go out.
"""

from __future__ import annotations

import enum
import re
from collections import Counter
from functools import lru_cache, partial
from typing import Any

from consentkit.rewrite import ahead, css, holding, lighter, scanner
from consentkit.rewrite.ancestors import Ancestors
from consentkit.rewrite.foreign import VOID, ForeignContent, admits_html, breaks_out, closes_itself
from consentkit.rewrite.holding import PASS, Reads, Verdict
from consentkit.rewrite.output import Output
from consentkit.rewrite.page import Inserting, Insertions, Page
from consentkit.rewrite.removal import LONGEST_REMOVED, RemovedElement, remover
from consentkit.rewrite.rest import last_change
from consentkit.rewrite.rules import Held, Rules
from consentkit.rewrite.scanner import LONGEST_WAIT, TAG
from consentkit.rewrite.slots import Slots, is_empty
from consentkit.rewrite.text import LONGEST_TEXT, Text, text_end
from consentkit.rewrite.tokens import State, Tokens
from consentkit.rewrite.unfinished import OverlongTag, whole_attributes
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

_BOM = b"\xef\xbb\xbf"  # not text: browsers take it off before they parse

_LESS, _SLASH = b"</"
_NO_TEXT = frozenset(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ/!?")  # after a "<"

_IN_HEAD_ELEMENTS = frozenset(b"base basefont bgsound link meta title noscript noframes style script template".split())
#: They go to the head even after </head>; a noscript there is of the body.
_AFTER_HEAD_ELEMENTS = _IN_HEAD_ELEMENTS - {b"noscript"}
_EARLY_COMES_BEFORE = frozenset({b"script", b"style", b"link", b"noscript"})
_ENDS_THAT_COUNT = frozenset({b"/head", b"/body", b"/html", b"/br"})
_FOLLOWED = frozenset({b"a", b"button", b"label", b"select", b"object", b"table", b"marquee", b"applet"})


class Rewriter(Tokens):
    """One response's body: `feed` it as it comes, then `close`.

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
        self._state = Rewriter._beginning
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

    @property
    def page(self) -> Page:
        """What has been learned of the page so far."""
        if self._page is None:
            self._page = Page(**self._learned)
        return self._page

    def _learn(self, **facts: Any) -> None:
        self._learned |= facts
        self._page = None

    def _end(self, data: bytes, at: int) -> None:
        """The input has ended; what follows `at` never became whole."""
        if self._overlong is not None:
            self._overlong.close()
        if self._passes or self._place in _SETTLED or self._state is not Tokens._markup:
            return
        if self._templates or self._in_noscript or self._is_xml:
            return
        # A start tag that breaks off is dropped and a lone "<" is text, so both come after our insertions.
        if self._place is Place.AT_BODY_START:
            self._insert_body(at)
        elif not scanner.BROKEN_IN_PLACE.match(data, at):
            self._imply_body(at)
            self._insert_body(at)

    # The places of a document.

    def _beginning(self, data: bytes, at: int, end: int) -> int:
        if len(data) < len(_BOM) and _BOM.startswith(data) and not self._is_last:
            return ~at
        self._state = Tokens._markup
        at = len(_BOM) if data.startswith(_BOM) else at
        usual = scanner.USUAL_START.match(data, at, end) if self._inserts and not self._is_xml else None
        if usual and usual.end() - at <= LONGEST_WAIT:
            self._place = Place.BEFORE_HTML
            self._html(usual[1], usual.start(1))
            self._place = Place.IN_HEAD
            return usual.end()
        return at

    def _take(self, data: bytes) -> None:
        super()._take(data)
        self._until = None
        if self._verdicts is not None or self._slots is not None:
            self._ancestors.take(data)
        if self._slots is not None:
            self._slots.take(data)

    def _looks_ahead(self) -> tuple[bool, bool]:
        if self._unfinished is not None:
            return False, True
        state = self._state
        if state is Tokens._markup:
            return self._place is Place.IN_BODY and not self._waiting, False
        if state is Tokens._raw_text:
            return not self._waiting, False
        return False, state in _HIDDEN

    def _reads_ahead(self) -> bool:
        return not self._is_xml and self._place in _READING_AHEAD

    def _has_cdata(self) -> bool:
        return self._is_xml or not self._foreign.reads_html()

    def _read_markup(self, data: bytes, at: int, end: int) -> int:
        if self._is_xml:
            return self._xml(data, at, end)
        if self._foreign:
            return self._foreign_markup(data, at, end)
        place = self._place
        if place is Place.IN_BODY or self._templates or self._in_noscript:
            return self._body(data, at, end)
        if place is Place.AT_BODY_START:
            return self._start_body(data, at, end)
        if place is Place.UNDECIDED:
            return self._decide(data, at, end)
        return self._head(data, at, end)

    def _decide(self, data: bytes, at: int, end: int) -> int:
        """Is it a document?"""
        start = ahead.markup_begins(data, at, end)
        if data.startswith(b"<!--", start, end):
            return self._not_a_tag(data, start, end)
        is_document = ahead.is_document(data, start, end, is_last=self._is_last)
        if is_document is None:
            return ~start
        if is_document:
            self._place = Place.BEFORE_HTML
        else:
            self._inserts = False
            self._slots = None
            self._enter_body()
        return start

    def _head(self, data: bytes, at: int, end: int) -> int:
        while True:
            at = self._skip_head().match(data, at, end).end()  # type: ignore[union-attr]
            if at == end:
                return at
            if data[at] != _LESS:
                self._imply_body(at)
                return at
            found = TAG.match(data, at, end)
            if found is None or found.end() - at > LONGEST_WAIT:
                break
            name = found[1].lower()
            if name == b"link" and self._place is Place.LATER_IN_HEAD:
                self._hold(name, found[0], at)
                at = found.end()
                continue
            at = self._head_tag(name, found[0], at, found.end())
            if self._place > Place.AFTER_HEAD or self._state is not Tokens._markup or self._is_elsewhere():
                return at
        if at + 1 < end and data[at + 1] not in _NO_TEXT:
            self._imply_body(at)  # a lone "<" is text
            return at
        return self._not_a_tag(data, at, end)

    def _is_elsewhere(self) -> bool:
        return self._in_noscript or self._templates > 0

    def _skip_head(self) -> re.Pattern[bytes]:
        place = self._place
        if place < Place.IN_HEAD:
            return scanner.SKIP_LEADING
        if place is Place.IN_HEAD or self._verdicts is not None:
            return scanner.SKIP_EARLY_HEAD
        return scanner.SKIP_HEAD if place is Place.LATER_IN_HEAD else scanner.SKIP_AFTER_HEAD

    def _head_tag(self, name: bytes, tag: bytes, at: int, after: int) -> int:
        """Returns `at` when the tag has changed the place and has to be read again there."""
        place = self._place
        if name == b"html":
            self._html(tag, at)
            return after
        if name[0] == _SLASH and name not in _ENDS_THAT_COUNT:
            return after  # ignored by the parser, too
        if place is Place.BEFORE_HTML:
            self._insert_html(at)
            return at
        if place is Place.BEFORE_HEAD:
            self._place = Place.IN_HEAD
            return after if name == b"head" else at
        if name == b"head":
            return after
        if place is Place.AFTER_HEAD:
            return self._after_head_tag(name, tag, at, after)
        if place is Place.IN_HEAD and name in _EARLY_COMES_BEFORE:
            self._insert_early(at)
        if name in _IN_HEAD_ELEMENTS:
            return self._element(name, tag, at, after)
        self._close_head(at)
        return after if name == b"/head" else at

    def _after_head_tag(self, name: bytes, tag: bytes, at: int, after: int) -> int:
        if name in _AFTER_HEAD_ELEMENTS:
            return self._element(name, tag, at, after)
        if name == b"/head":
            return after
        if name == b"body":
            self._hold(name, tag, at)
            self._place = Place.AT_BODY_START
            return after
        if name == b"frameset":
            self._enter_frameset()
            return after
        self._place = Place.AT_BODY_START
        return at

    def _html(self, tag: bytes, at: int) -> None:
        if self._place is Place.BEFORE_HTML:
            self._out.insert(at + len(b"<html"), self._rules.html_attributes)
            self._place = Place.BEFORE_HEAD
        if _HAS_STYLE.search(tag):
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

    def _start_body(self, data: bytes, at: int, end: int) -> int:
        """Insert at the start of the body, once it is sure to stay the body.

        A <frameset> replaces a body in which nothing is to be seen yet, but not one with our controls in it. So a
        few tags are read ahead.
        """
        is_replaced = ahead.is_frameset(data, at, end, is_last=self._is_last)
        if is_replaced is None:
            return ~at
        if is_replaced:
            self._enter_frameset()
        else:
            self._insert_body(at)
        return at

    def _insert_body(self, at: int) -> None:
        self._out.insert(at, self._insertions.body(self.page))
        self._enter_body()

    def _enter_frameset(self) -> None:
        """There is no body, and a frameset shows nothing but its frames."""
        self._inserts = False
        self._slots = None
        self._enter_body()

    def _imply_body(self, at: int) -> None:
        """The next token is of the body, and no <body> has come."""
        if self._place is Place.UNDECIDED or self._place is Place.BEFORE_HTML:
            self._insert_html(at)
        if self._place < Place.AFTER_HEAD:
            self._close_head(at)
        self._place = Place.AT_BODY_START

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

    # Markup where html, head and body are settled.

    def _body(self, data: bytes, at: int, end: int) -> int:
        until = self._until
        if until is None:
            until = self._until = self._last_change(data, at)
        if at > until:
            self._passes = True
            return at
        # In a noscript, tags open nothing for browsers with scripting, and there are no placeholders anyway.
        unheeded: list[tuple[int, int]] = []
        note = (unheeded if self._in_noscript else self._ancestors.passed).append
        remover = None if self._is_elsewhere() else self._remover
        skip, tag_at = (remover.skip if remover else scanner.SKIP_BODY).match, TAG.match
        limit = end if self._slots is None else self._slots.before(at, end)
        near = min(until, limit)
        while True:
            stop = skip(data, at, limit).end()  # type: ignore[union-attr]
            note((at, stop))
            if stop == limit:
                return limit
            found = tag_at(data, stop, end)
            if found is None or found.end() - stop > LONGEST_WAIT:
                return self._not_a_tag(data, stop, end)
            name = found[1].lower()
            at = found.end()
            if remover is not None and remover.takes(name, found[0]) and self._out.position(stop) >= self._stays_until:
                return self._take_out(name, data, stop, at)
            if name in _SIMPLE:
                self._hold(name, found[0], stop)
                if at > near:
                    self._passes = at > until
                    return at
            elif name[0] == _SLASH:
                if self._end_tag(name) or at > limit:
                    return at
            else:
                return self._element(name, found[0], stop, at)

    def _last_change(self, data: bytes, at: int) -> int:
        """Behind which place the page may go out unread. In a page that goes on that is nowhere."""
        if not self._is_last or self._place is not Place.IN_BODY:
            return len(data)
        if self._remover is not None or self._images_left is not None or self._rules.drop_viewport:
            return len(data)
        until = last_change(data, at, self._verdicts) if self._verdicts is not None else -1
        return until if self._slots is None else max(until, self._slots.last)

    # The text of scripts and styles, which decides about their tags.

    def _reads_text(self, name: bytes, tag: bytes) -> bool:
        if self._overlong is not None:
            return False
        if name == b"style":
            return self._verdicts is not None
        # In a template or a noscript it does not run, or runs by another script's hand.
        return self._rules.signatures is not None and not self._is_elsewhere() and holding.runs_its_text(tag)

    def _begin_text(self, name: bytes, tag: bytes, at: int, after: int) -> int:
        data = self._out.chunk
        end = text_end(name, data, after, in_noscript=self._in_noscript)
        if end >= 0:
            self._judge_text(name, tag, at, after, end)
            if self._in_noscript:
                return after
            self._state = Tokens._markup
            return end
        text = Text(name, tag, in_noscript=self._in_noscript)
        is_settled = text.begin(data, at, after)
        if is_settled or self._is_last:
            return self._judge_text(name, tag, at, after, after + text.length)
        self._text = text
        self._state = Rewriter._text_has_come
        return ~at

    def _text_has_come(self, data: bytes, at: int, end: int) -> int:
        text, self._text = self._text, None
        assert text is not None
        self._state = Tokens._markup
        after = at + len(text.tag)
        return self._judge_text(text.name, text.tag, at, after, after + text.length)

    def _judge_text(self, name: bytes, tag: bytes, at: int, after: int, end: int) -> int:
        of_text = PASS
        if 0 <= end - after <= LONGEST_TEXT:
            assert self._verdicts is not None
            of_text = self._verdicts.on_text(name, tag, self._out.chunk[after:end])
        return self._open_element(name, tag, at, after, of_text)

    # Taking elements out.

    def _take_out(self, name: bytes, data: bytes, at: int, after: int) -> int:
        if name in VOID:
            self._out.drop(at, after)
            return after
        self._removal = RemovedElement(name, data[at : at + LONGEST_REMOVED])
        self._state = Rewriter._removing
        return at if self._removal.is_decided or self._is_last else ~at

    def _removing(self, data: bytes, at: int, end: int) -> int:
        removal, self._removal = self._removal, None
        assert removal is not None
        self._state = Tokens._markup
        if removal.length:
            self._out.drop(at, at + removal.length)
        else:
            self._stays_until = self._out.position(at) + removal.reached
        return at + removal.length

    def _wait_for_more(self, rest: bytes) -> None:
        self._unfinished = self._removal or self._text
        if self._unfinished is None:
            super()._wait_for_more(rest)

    def _end_tag(self, name: bytes) -> bool:
        """Returns whether it changed how markup is read."""
        if name == b"/template":
            if self._templates and not self._in_noscript:
                self._templates -= 1
            return True
        if not self._in_noscript:
            self._ancestors.end(name[1:])
        return False

    def _element(self, name: bytes, tag: bytes, at: int, after: int) -> int:
        """A start tag in HTML. Returns where to go on."""
        if (name == b"script" or name == b"style") and self._reads_text(name, tag):
            return self._begin_text(name, tag, at, after)
        return self._open_element(name, tag, at, after, PASS)

    def _open_element(self, name: bytes, tag: bytes, at: int, after: int, of_text: Verdict) -> int:
        if name in holding.HTML or of_text is not PASS or _HAS_STYLE.search(tag):
            self._hold(name, tag, at, of_text=of_text)
            for place in of_text.inside:
                self._out.insert(after + place, css.NOTHING)
        if name in scanner.RAW_TEXT:
            if name == b"noscript":
                if not self._in_noscript:
                    self._enter_noscript()
            elif self._overlong is None and self._out.chunk.startswith(b"</%b>" % name, after):
                pass  # most scripts and frames that are loaded have no text
            elif name == b"script":
                self._state = Tokens._script
            else:
                self._raw_end = scanner.RAW_TEXT[name]
                self._state = Tokens._raw_text
        elif name == b"svg" or name == b"math":
            self._foreign.start_html(name, closes_itself=closes_itself(tag))
        elif name == b"plaintext" and not self._in_noscript:
            self._passes = True  # the rest is text, whatever it looks like
        elif not self._in_noscript:
            self._followed(name, tag, at, after)
        return after

    def _followed(self, name: bytes, tag: bytes, at: int, after: int) -> None:
        if name == b"template":
            self._templates += 1
        elif self._templates:
            pass
        elif name == b"base":
            self._read_base(tag)
        elif name == b"meta":
            self._read_meta(tag, at, after)
        elif name in (_XML_FOLLOWED if self._is_xml else _FOLLOWED):
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
            self._state = Rewriter._in_slot

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
            look_into = partial(_look_into, rules, self._insertions, self._host, base, self._depth + 1)
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

    # Noscript: its content is a document in a document.

    def _enter_noscript(self) -> None:
        super()._enter_noscript()
        self._foreign_outside = self._foreign
        self._foreign = ForeignContent()

    def _leave_noscript(self) -> None:
        super()._leave_noscript()
        self._foreign = self._foreign_outside
        if self._overlong is not None:
            self._overlong.close()
            self._overlong = None

    # SVG and MathML.

    def _foreign_markup(self, data: bytes, at: int, end: int) -> int:
        foreign = self._foreign
        skip = scanner.SKIP_DRAWING if foreign.is_drawing else scanner.SKIP_TEXT
        at = skip.match(data, at, end).end()  # type: ignore[union-attr]
        if at == end:
            return end
        found = TAG.match(data, at, end)
        if found is None or found.end() - at > LONGEST_WAIT:
            return self._not_a_tag(data, at, end)
        return self._foreign_tag(found[1].lower(), found[0], at, found.end())

    def _foreign_tag(self, name: bytes, tag: bytes, at: int, after: int) -> int:
        foreign = self._foreign
        if name[0] == _SLASH:
            if name == b"/template" and not foreign.closes_foreign(b"template"):
                if self._templates and not self._in_noscript:
                    self._templates -= 1
                    foreign.close_template()
            else:
                if foreign.reads_html():
                    self._ancestors.end(name[1:])
                if not foreign.end(name[1:]):
                    self._ancestors.doubt()
            return after
        if foreign.reads_html(name):
            if name != b"svg" and name != b"math":
                foreign.start_html(name, closes_itself=False)
            return self._element(name, tag, at, after)
        if breaks_out(name, tag):
            foreign.break_out()
            return at
        if foreign.in_svg:  # nothing of MathML is loaded
            self._hold(name, tag, at, in_svg=True)
        foreign.start_foreign(name, closes_itself=closes_itself(tag), admits_html=admits_html(name, tag))
        return after

    # XML: every element has its tags, none holds raw text, and names are what they are.

    def _xml(self, data: bytes, at: int, end: int) -> int:
        if self._place is Place.AT_BODY_START:
            self._insert_body(at)
            return at
        at = data.find(b"<", at, end)
        if at < 0:
            return end
        found = TAG.match(data, at, end)
        if found is None or found.end() - at > LONGEST_WAIT:
            return self._not_a_tag(data, at, end)
        return self._xml_tag(found[1], found[0], at, found.end())

    def _xml_tag(self, name: bytes, tag: bytes, at: int, after: int) -> int:
        if self._place < Place.AFTER_HEAD:
            self._xml_head(name, tag, at)
        if name in holding.XML or (name != b"html" and _HAS_STYLE.search(tag)):
            self._hold(name, tag, at)
        if name == b"body" and self._place is Place.AFTER_HEAD and not closes_itself(tag):
            self._place = Place.AT_BODY_START
        elif name == b"template" and not closes_itself(tag):
            self._templates += 1
        elif name == b"/template":
            self._templates -= self._templates > 0
        elif name[0] == _SLASH:
            self._ancestors.end(name[1:])
        elif not closes_itself(tag) or name not in _XML_FOLLOWED:
            self._followed(name, tag, at, after)
        return after

    def _xml_head(self, name: bytes, tag: bytes, at: int) -> None:
        place = self._place
        if name == b"html":
            self._html(tag, at)
        elif name == b"head" and place is Place.BEFORE_HEAD and not closes_itself(tag):
            self._place = Place.IN_HEAD
        elif name == b"/head" and place >= Place.IN_HEAD:
            self._close_head(at)
        elif name == b"body" and place is Place.BEFORE_HEAD:
            # No head, or an empty one: what belongs there would not be valid anywhere else.
            self._place = Place.AFTER_HEAD
        elif place is Place.IN_HEAD and name in _EARLY_COMES_BEFORE:
            self._insert_early(at)

    # A tag that is too long.

    def _let_go(self, data: bytes, at: int) -> int:
        """Read what has come of it as if it were all, then let the rest out attribute by attribute."""
        cut = whole_attributes(data[at : at + LONGEST_WAIT])
        tag = data[at : at + cut] + b">"
        found = TAG.match(tag)
        assert found is not None, "a name and whole attributes make a tag"
        name = found[1].lower()
        is_foreign = bool(self._foreign) and not self._foreign.reads_html(name)
        self._overlong = OverlongTag(
            self._verdicts.watched(name, tag, in_svg=is_foreign) if self._verdicts is not None else {},
            self._holds,
            self._out.put,
            lambda: self._out.put_inserted(holding.PREFIX),
        )
        after = at + cut
        reached = self._any_tag(name, tag, at, after)
        if reached == at:
            self._overlong = None  # its place has changed; it is read again there
            return at
        self._after_overlong, self._state = self._state, Rewriter._rest_of_overlong
        self._out.start_putting(after)
        return after

    def _any_tag(self, name: bytes, tag: bytes, at: int, after: int) -> int:
        if self._is_xml:
            return self._xml_tag(name, tag, at, after)
        if self._foreign:
            return self._foreign_tag(name, tag, at, after)
        if self._place is not Place.IN_BODY and not self._templates and not self._in_noscript:
            return self._head_tag(name, tag, at, after)
        if name[0] == _SLASH:
            self._end_tag(name)
            return after
        return self._element(name, tag, at, after)

    def _rest_of_overlong(self, data: bytes, at: int, end: int) -> int:
        assert self._overlong is not None
        self._out.flush(at)
        ended = self._overlong.feed(data[at:end])
        if ended < 0:
            self._out.skip(end)
            return ~end
        self._out.skip(at + ended)
        self._overlong = None
        self._state = self._after_overlong
        return at + ended

    def _holds(self, value: bytes, reads: Reads, whole: bool) -> bool:
        """Whether an attribute of an overlong tag has to wait. What can't be read to its end does, when in doubt."""
        assert self._verdicts is not None
        assert self._verdicts.question is not None, "else nothing is watched"
        held = self._verdicts.question.value(decode(value), reads)
        if held is not None:
            self.held[held[0].purpose, held[0].vendor, held[1]] += 1
        elif not whole and (reads not in _READ_BY_START or not value):
            self.held["unclassified", None, ""] += 1
            return True
        return held is not None


#: Only a ">" ends them.
_HIDDEN = frozenset(
    {
        Tokens._comment,
        Tokens._bogus_comment,
        Tokens._script,
        Tokens._escaped_script,
        Tokens._twice_escaped_script,
        Rewriter._rest_of_overlong,
    }
)

#: The start of a value says where it leads; of a script there is more to read, but none may be read for ever.
_READ_BY_START = (Reads.URL, Reads.SCRIPT)
_READING_AHEAD = (Place.UNDECIDED, Place.AT_BODY_START)
_SETTLED = (Place.UNDECIDED, Place.IN_BODY)  # at the end of the input, nothing more goes in
_AMP = frozenset({b"amp", "⚡".encode(), "⚡\ufe0f".encode()})
#: Elements of which nothing follows but what they load.
_XML_FOLLOWED = _FOLLOWED | {b"svg", b"math", b"noscript"}
_SIMPLE = frozenset(holding.HTML) - {b"script", b"iframe", b"object", b"table", b"a", b"meta"}
_HAS_STYLE = re.compile(rb"[sS][tT][yY][lL][eE]")


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
    rules: Rules, insertions: Insertions, host: str, base: Target | None, depth: int, document: str
) -> tuple[Held, str] | None:
    """The first URL that a document inside an attribute would load and that has to wait.

    It does not know the rewriter that asks: the two would keep each other, and every page its body, until a collection.
    """
    if depth > DEEPEST_DOCUMENT:
        return Held("unclassified"), ""  # nobody nests so deep who has nothing to hide
    inner = Rewriter(rules, insertions, Inserting.NEVER, host=host)
    inner._depth = depth
    inner._ask_about(base)  # its relative URLs are those of the page around it
    inner.feed(document.encode())
    inner.close()
    for purpose, vendor, host_held in inner.held:
        return Held(purpose, vendor), host_held
    return None
