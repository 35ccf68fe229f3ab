"""Insert our controls into HTML as it streams by, and hold back what has to wait.

Theory of operation. The scanner says where the next tag is that matters; this module knows where in the document
that is (`Place`), what it is in (raw text, a noscript, a template, SVG), and what follows from it: an insertion, a
held attribute, a change of place. Only the tree builder's decisions about html, head and body are followed, since
those are the three places where something goes in; there is no tree.

The invariants:
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
from collections.abc import Callable, Mapping
from typing import Any

from consentkit.rewrite import holding, scanner
from consentkit.rewrite.ancestors import Ancestors
from consentkit.rewrite.foreign import BREAKING_OUT, BREAKING_OUT_FONT, ForeignContent
from consentkit.rewrite.holding import PASS, Question, Reads, Verdict
from consentkit.rewrite.output import Output
from consentkit.rewrite.page import Inserting, Insertions, Page
from consentkit.rewrite.rules import Held, Rules
from consentkit.rewrite.scanner import LONGEST_WAIT, TAG
from consentkit.rewrite.unfinished import OverlongTag, UnfinishedTag, whole_attributes
from consentkit.rewrite.urls import Target, decode, target


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
    PASSING = enum.auto()  # nothing left to insert or hold: chunks go through unread


#: How much of a body is read before it is called a fragment.
FRAGMENT_WINDOW = 1024  # bytes of markup, after leading white space and comments

#: How much of the body is read before it is called one. Real pages show something after 50 to 500 bytes.
READING_AHEAD = 1024  # bytes

_DOCUMENT_TAG = rb"(?:![dD][oO][cC][tT][yY][pP][eE]|%b%b)" % (scanner.one_of("html head body"), scanner.NAME_END)
_WITH_TEXT = "script style title textarea noscript iframe xmp"
#: What a fragment is made of: anything but those four tags, of which comments, attributes and raw text may speak.
_FRAGMENT = re.compile(
    rb"[^<]*+(?:<(?:%b|(?!%b)(?:%b|%b|(?!%b%b)/?+%b%b>|(?=[^a-zA-Z/!?])|/>))[^<]*+)*+"
    % (
        scanner.COMMENT,
        _DOCUMENT_TAG,
        scanner.BOGUS_COMMENT,
        b"|".join(scanner.whole(name) for name in _WITH_TEXT.split()),
        scanner.one_of(_WITH_TEXT),
        scanner.NAME_END,
        scanner.NAME,
        scanner.ATTRIBUTES,
    )
)
_DOCUMENT = re.compile(rb"<" + _DOCUMENT_TAG)
_BEFORE_MARKUP = re.compile(rb"(?:[%b]++|<%b)*+" % (scanner.WS, scanner.COMMENT))

# What leaves a body replaceable ("frameset-ok", HTML 13.2.6.4.7): white space, NUL, comments, and most tags.
_SEEN = (
    "frameset pre listing li dd dt plaintext button applet marquee object table area br embed img image keygen wbr "
    "input hr textarea xmp iframe select body"
)
_UNREAD = "script style noscript title"
_NOTHING_SEEN = re.compile(
    rb"[%b\0]*+(?:<(?:%b|%b|%b|(?!%b%b)/?+%b%b>|/>)[%b\0]*+)*+"
    % (
        scanner.WS,
        scanner.COMMENT,
        scanner.BOGUS_COMMENT,
        b"|".join(scanner.whole(name) for name in _UNREAD.split()),
        scanner.one_of(f"{_SEEN} {_UNREAD}"),
        scanner.NAME_END,
        scanner.NAME,
        scanner.ATTRIBUTES,
        scanner.WS,
    )
)
_FRAMESET = re.compile(rb"<%b%b" % (scanner.either_case("frameset"), scanner.NAME_END))
#: Neither text nor one of the tags that show something: not all of it is there.
_UNCLEAR = re.compile(rb"\Z|<(?:\Z|[!?/]|(?!%b%b)[a-zA-Z])" % (scanner.one_of(_SEEN), scanner.NAME_END))

_BOM = b"\xef\xbb\xbf"  # not text: browsers take it off before they parse

_LESS, _SLASH, _BANG = b"</!"
_LETTERS = frozenset(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")

_IN_HEAD_ELEMENTS = frozenset(
    b"base basefont bgsound link meta title noscript noframes style script template".split()
)
#: They go to the head even after </head>; a noscript there is of the body.
_AFTER_HEAD_ELEMENTS = _IN_HEAD_ELEMENTS - {b"noscript"}
_EARLY_COMES_BEFORE = frozenset({b"script", b"style", b"link", b"noscript"})
_ENDS_THAT_COUNT = frozenset({b"/head", b"/body", b"/html", b"/br"})
_FOLLOWED = frozenset({b"a", b"button", b"label", b"select", b"object", b"table", b"marquee", b"applet"})

#: What may be the beginning of an end tag, a comment's end or a section's end is no longer than this.
_LONGEST_END = len(b"</noscript")


class Rewriter:
    """One response's body: `feed` it as it comes, then `close`.

    `host`: the page's own host, where relative URLs lead; nobody is asked about it. `record`: keep `edits`.
    """

    __slots__ = (
        "_after_overlong", "_ancestors", "_base", "_base_is_known", "_foreign", "_foreign_outside", "_host",
        "_in_noscript", "_insertions", "_inserts", "_is_last", "_known_html", "_known_svg", "_learned", "_out",
        "_overlong", "_place", "_question", "_raw_end", "_rules", "_state", "_templates", "_unfinished", "_waiting",
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
        #: (offset in the input, bytes inserted, number of bytes left out), in order; only when recording.
        self.edits: list[tuple[int, bytes, int]] = []
        self._rules = rules
        self._insertions = insertions
        self._inserts = inserting is not Inserting.NEVER
        self._host = host.lower()
        self._out = Output(self.edits if record else None)

        # What waits for more input: a few bytes, or a tag.
        self._waiting = b""
        self._unfinished: UnfinishedTag | None = None
        self._is_last = False

        # Where the next byte is.
        asks = inserting is Inserting.UNLESS_FRAGMENT and not rules.xhtml  # XML has one root, and that says it
        self._place = Place.UNDECIDED if asks else Place.BEFORE_HTML
        self._state: _State = Rewriter._beginning
        self._raw_end = scanner.RAW_TEXT[b"style"]
        self._foreign = ForeignContent()
        self._foreign_outside = self._foreign  # of the noscript
        self._in_noscript = False
        self._templates = 0
        self._overlong: OverlongTag | None = None
        self._after_overlong: _State = Rewriter._markup
        self._ancestors = Ancestors()

        self._base: Target | None = None
        self._base_is_known = False
        self._ask_about(None)
        if not self._inserts:
            self._enter_body()

    @property
    def page(self) -> Page:
        """What has been learned of the page so far."""
        return Page(**self._learned)

    def feed(self, data: bytes) -> bytes:
        """Take in the next bytes of the page; give what can go out."""
        if self._place is Place.PASSING:
            return data
        if self._unfinished is not None:
            if not self._unfinished.is_settled(data):
                return b""
            data = self._unfinished.bytes()
            self._unfinished = None
        elif self._waiting:
            data = self._waiting + data
            self._waiting = b""
        return self._rewrite(data)

    def close(self) -> bytes:
        """The page has ended; give what still waited, and what has not found a place earlier."""
        if self._place is Place.PASSING:
            return b""
        self._is_last = True
        return self.feed(b"") if self._unfinished is None else self._rewrite(self._take_unfinished())

    def _take_unfinished(self) -> bytes:
        assert self._unfinished is not None
        data = self._unfinished.bytes()
        self._unfinished = None
        return data

    # Running over one chunk.

    def _rewrite(self, data: bytes) -> bytes:
        self._out.take(data)
        if self._question is not None:
            self._ancestors.take(data)
        at = self._run_through(data)
        if self._is_last:
            self._end(data, at)
            at = len(data)
        elif at < len(data):
            self._wait_for_more(data[at:])
        return self._out.give(at)

    def _run_through(self, data: bytes) -> int:
        """Returns how far everything is clear."""
        at, size = 0, len(data)
        while True:
            in_noscript = self._in_noscript
            end, is_closed = self._noscript_until(data, at) if in_noscript else (size, False)
            at = self._run(data, at, end, in_noscript)
            if self._place is Place.PASSING:
                return size
            if in_noscript is self._in_noscript:
                if not is_closed:
                    return at
                # A browser with scripting has read text until here. What is unfinished in it stays as it is.
                self._leave_noscript()
                at = end

    def _run(self, data: bytes, at: int, end: int, in_noscript: bool) -> int:
        while at < end:
            at = self._state(self, data, at, end)
            if at < 0:
                return ~at
            if self._in_noscript is not in_noscript or self._place is Place.PASSING:
                return at
        return at

    def _wait_for_more(self, rest: bytes) -> None:
        is_tag = self._state is Rewriter._markup and (self._rules.xhtml or self._place not in _READING_AHEAD)
        if is_tag and scanner.TAG_NAME.match(rest):
            self._unfinished = UnfinishedTag(rest, in_noscript=self._in_noscript)
        else:
            self._waiting = rest

    def _end(self, data: bytes, at: int) -> None:
        """The input has ended; what follows `at` never became whole."""
        if self._overlong is not None:
            self._overlong.close()
        if self._place in _SETTLED or self._state is not Rewriter._markup:
            return
        if self._templates or self._in_noscript or self._rules.xhtml:
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
        self._state = Rewriter._markup
        at = len(_BOM) if data.startswith(_BOM) else at
        usual = scanner.USUAL_START.match(data, at, end) if self._inserts and not self._rules.xhtml else None
        if usual and usual.end() - at <= LONGEST_WAIT:
            self._place = Place.BEFORE_HTML
            self._html(usual[1], usual.start(1))
            self._place = Place.IN_HEAD
            return usual.end()
        return at

    def _markup(self, data: bytes, at: int, end: int) -> int:
        if self._rules.xhtml:
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
        start = _BEFORE_MARKUP.match(data, at, end).end()  # type: ignore[union-attr]
        if data.startswith(b"<!--", start, end):
            return self._not_a_tag(data, start, end)
        window = min(end, start + FRAGMENT_WINDOW)
        read = _FRAGMENT.match(data, start, window).end()  # type: ignore[union-attr]
        if _DOCUMENT.match(data, read, window):
            self._place = Place.BEFORE_HTML
        elif end - start >= FRAGMENT_WINDOW or self._is_last:
            self._inserts = False
            self._enter_body()
        else:
            return ~start
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
            if self._place > Place.AFTER_HEAD or self._state is not Rewriter._markup or self._is_elsewhere():
                return at
        if at + 1 < end and data[at + 1] not in _LETTERS and data[at + 1 : at + 2] not in (b"/", b"!", b"?"):
            self._imply_body(at)  # a lone "<" is text
            return at
        return self._not_a_tag(data, at, end)

    def _is_elsewhere(self) -> bool:
        return self._in_noscript or self._templates > 0

    def _skip_head(self) -> re.Pattern[bytes]:
        place = self._place
        if place < Place.IN_HEAD:
            return scanner.SKIP_LEADING
        if place is Place.IN_HEAD or self._question is not None:
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
        _, values = holding.read(tag, len(b"<html"))
        lang = values.get(b"lang", values.get(b"xml:lang"))
        if lang is not None:
            self._learned.setdefault("lang", decode(lang))
        if not _AMP.isdisjoint(values):
            self._learned["amp"] = True

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
        window = min(end, at + READING_AHEAD)
        read = _NOTHING_SEEN.match(data, at, window).end()  # type: ignore[union-attr]
        if _FRAMESET.match(data, read, window):
            self._enter_frameset()
            return at
        if not self._is_last and end - at < READING_AHEAD and _UNCLEAR.match(data, read, window):
            return ~at
        self._insert_body(at)
        return at

    def _insert_body(self, at: int) -> None:
        self._out.insert(at, self._insertions.body(self.page))
        self._enter_body()

    def _enter_frameset(self) -> None:
        """There is no body, and a frameset shows nothing but its frames."""
        self._inserts = False
        self._enter_body()

    def _imply_body(self, at: int) -> None:
        """The next token is of the body, and no <body> has come."""
        if self._place is Place.UNDECIDED or self._place is Place.BEFORE_HTML:
            self._insert_html(at)
        if self._place < Place.AFTER_HEAD:
            self._close_head(at)
        self._place = Place.AT_BODY_START

    def _enter_body(self) -> None:
        is_done = self._question is None and not (self._rules.drop_viewport and self._inserts)
        self._place = Place.PASSING if is_done else Place.IN_BODY

    # Markup where html, head and body are settled.

    def _body(self, data: bytes, at: int, end: int) -> int:
        # In a noscript, tags open nothing for browsers with scripting, and there are no placeholders anyway.
        unheeded: list[tuple[int, int]] = []
        note = (unheeded if self._in_noscript else self._ancestors.passed).append
        skip, tag_at = scanner.SKIP_BODY.match, TAG.match
        while True:
            stop = skip(data, at, end).end()  # type: ignore[union-attr]
            note((at, stop))
            if stop == end:
                return end
            found = tag_at(data, stop, end)
            if found is None or found.end() - stop > LONGEST_WAIT:
                return self._not_a_tag(data, stop, end)
            name = found[1].lower()
            at = found.end()
            if name in _SIMPLE:
                self._hold(name, found[0], stop)
            elif name[0] == _SLASH:
                if self._end_tag(name):
                    return at
            else:
                return self._element(name, found[0], stop, at)

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
        if name in holding.HTML:
            self._hold(name, tag, at)
        if name in scanner.RAW_TEXT:
            if name == b"noscript":
                if not self._in_noscript:
                    self._enter_noscript()
            elif name == b"script":
                self._state = Rewriter._script
            else:
                self._raw_end = scanner.RAW_TEXT[name]
                self._state = Rewriter._raw_text
        elif name == b"svg" or name == b"math":
            self._foreign.start_html(name, closes_itself=closes_itself(tag))
        elif name == b"plaintext" and not self._in_noscript:
            self._place = Place.PASSING  # the rest is text, whatever it looks like
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
        elif name in _FOLLOWED:
            self._ancestors.start(name)

    def _read_base(self, tag: bytes) -> None:
        _, values = holding.read(tag, len(b"<base"))
        self._learned["has_base"] = True
        if not self._base_is_known and b"href" in values:
            self._base_is_known = True
            self._ask_about(target(decode(values[b"href"])))

    def _read_meta(self, tag: bytes, at: int, after: int) -> None:
        _, values = holding.read(tag, len(b"<meta"))
        content = values.get(b"content")
        if content is None:
            return
        if decode(values.get(b"http-equiv", b"")).lower() == "content-language":
            self._learned.setdefault("content_language", decode(content).strip())
        if decode(values.get(b"name", b"")).lower() == "viewport":
            self._learned["viewport"] = decode(content)
            stays_well_formed = not self._rules.xhtml or closes_itself(tag)
            if self._rules.drop_viewport and self._inserts and self._overlong is None and stays_well_formed:
                self._out.drop(at, after)

    # Holding back.

    def _ask_about(self, base: Target | None) -> None:
        """Judge by this base from now on."""
        self._base = None if base is not None and base.host == self._host else base
        judge = self._rules.judge
        self._question = None
        if judge is not None:
            self._question = Question(judge, self._host, self._base, self._look_into)
            memory = self._rules.memory
            self._known_html = memory.of(("xml" if self._rules.xhtml else "html", self._host, self._base))
            self._known_svg = memory.of(("svg", self._host, self._base))

    def _look_into(self, document: str) -> tuple[Held, str] | None:
        """The first URL that a document inside an attribute would load and that has to wait."""
        inner = Rewriter(self._rules, self._insertions, Inserting.NEVER, host=self._host)
        inner._ask_about(self._base)  # its relative URLs are those of the page around it
        inner.feed(document.encode())
        inner.close()
        for purpose, vendor, host in inner.held:
            return Held(purpose, vendor), host
        return None

    def _hold(self, name: bytes, tag: bytes, at: int, *, in_svg: bool = False) -> None:
        question = self._question
        if question is None:
            return
        known = self._known_svg if in_svg else self._known_html
        verdict = known.get(tag)
        if verdict is None:
            verdict = holding.judge_tag(tag, name, self._table(in_svg), question)
            self._rules.memory.remember(known, tag, verdict)
        if verdict is not PASS:
            self._apply(verdict, at)

    def _table(self, in_svg: bool) -> Mapping[bytes, Mapping[bytes, Reads]]:
        if self._rules.xhtml:
            return holding.XML
        return holding.SVG if in_svg else holding.HTML

    def _apply(self, verdict: Verdict, at: int) -> None:
        self.held.update(verdict.held)
        frame = verdict.frame
        if frame is not None and self._inserts and self._may_place():
            self._out.insert(
                at, self._insertions.placeholder(frame.held, frame.element, self.page, frame.attributes)
            )
        for place, inserted in verdict.edits:
            self._out.insert(at + place, inserted)

    def _may_place(self) -> bool:
        return not (self._in_noscript or self._templates or self._foreign) and self._ancestors.are_none()

    # Tokens that are no whole tags.

    def _not_a_tag(self, data: bytes, at: int, end: int) -> int:
        """At a "<" that begins something else, or a tag that is not whole or too long. `~at`: wait for more of it."""
        if end - at < 2:
            return ~at
        second = data[at + 1]
        if second in _LETTERS or (second == _SLASH and end - at > 2 and data[at + 2] in _LETTERS):
            return self._let_go(data, at) if end - at > LONGEST_WAIT else ~at
        if second == _BANG:
            return self._declaration(data, at, end)
        if second == _SLASH:
            if end - at < 3:
                return ~at
            if data[at + 2] == 0x3E:
                return at + 3
        elif second != 0x3F:
            return at + 1
        elif self._rules.xhtml:
            self._state = Rewriter._instruction
            return at + 2
        self._state = Rewriter._bogus_comment
        return at + 2

    def _declaration(self, data: bytes, at: int, end: int) -> int:
        comment = scanner.COMMENT_AT.match(data, at, end)
        if comment:
            return comment.end()
        start = data[at : min(end, at + len(_CDATA))]
        if start.startswith(b"<!--"):
            # Two bytes more decide whether it is <!--> or <!--->.
            if end - at < len(b"<!--->"):
                return ~at
            self._state = Rewriter._comment
            return at + len(b"<!--")
        if b"<!--".startswith(start):
            return ~at
        if self._rules.xhtml or not self._foreign.reads_html():
            if start == _CDATA:
                self._state = Rewriter._cdata
                return at + len(_CDATA)
            if _CDATA.startswith(start):
                return ~at
        self._state = Rewriter._bogus_comment
        return at + 2

    def _comment(self, data: bytes, at: int, end: int) -> int:
        found = scanner.COMMENT_END.search(data, at, end)
        if found is None:
            return ~_before(data, at, end, (b"--!", b"--", b"-"))
        self._state = Rewriter._markup
        return found.end()

    def _bogus_comment(self, data: bytes, at: int, end: int) -> int:
        found = data.find(b">", at, end)
        if found < 0:
            return ~end
        self._state = Rewriter._markup
        return found + 1

    def _instruction(self, data: bytes, at: int, end: int) -> int:
        found = data.find(b"?>", at, end)
        if found < 0:
            return ~_before(data, at, end, (b"?",))
        self._state = Rewriter._markup
        return found + 2

    def _cdata(self, data: bytes, at: int, end: int) -> int:
        found = data.find(b"]]>", at, end)
        if found < 0:
            return ~_before(data, at, end, (b"]]", b"]"))
        self._state = Rewriter._markup
        return found + 3

    # Raw text.

    def _raw_text(self, data: bytes, at: int, end: int) -> int:
        found = self._raw_end.search(data, at, end)
        if found is None:
            return ~_before_tag(data, at, end)
        self._state = Rewriter._markup
        return found.start()

    def _script(self, data: bytes, at: int, end: int) -> int:
        found = scanner.SCRIPT_DATA.search(data, at, end)
        if found is None:
            return ~_before_tag(data, at, end)
        if found[0] == b"<!--":
            self._state = Rewriter._escaped_script
            return found.start() + 2  # <!--> is over at once: its dashes count twice
        self._state = Rewriter._markup
        return found.start()

    def _escaped_script(self, data: bytes, at: int, end: int) -> int:
        found = scanner.SCRIPT_ESCAPED.search(data, at, end)
        if found is None:
            return ~min(_before_tag(data, at, end), _before(data, at, end, (b"--", b"-")))
        if found[0] == b"-->":
            self._state = Rewriter._script
        elif found[0][1] == _SLASH:
            self._state = Rewriter._markup
            return found.start()
        else:
            self._state = Rewriter._twice_escaped_script
        return found.end()

    def _twice_escaped_script(self, data: bytes, at: int, end: int) -> int:
        found = scanner.SCRIPT_TWICE.search(data, at, end)
        if found is None:
            return ~min(_before_tag(data, at, end), _before(data, at, end, (b"--", b"-")))
        self._state = Rewriter._script if found[0] == b"-->" else Rewriter._escaped_script
        return found.end()

    # Noscript: markup to some, text to others.

    def _enter_noscript(self) -> None:
        self._in_noscript = True
        self._foreign_outside = self._foreign
        self._foreign = ForeignContent()

    def _leave_noscript(self) -> None:
        self._in_noscript = False
        self._foreign = self._foreign_outside
        self._state = Rewriter._markup
        if self._overlong is not None:
            self._overlong.close()
            self._overlong = None

    def _noscript_until(self, data: bytes, at: int) -> tuple[int, bool]:
        """How far the content of the noscript reaches in this chunk, and whether it ends there."""
        found = scanner.RAW_TEXT[b"noscript"].search(data, at)
        if found:
            return found.start(), True
        return (len(data) if self._is_last else _before_tag(data, at, len(data))), False

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
            elif not foreign.end(name[1:]):
                self._ancestors.doubt()
            return after
        if foreign.reads_html(name):
            if name not in scanner.RAW_TEXT and name != b"plaintext":
                if name == b"svg" or name == b"math":
                    return self._element(name, tag, at, after)
                foreign.start_html(name, closes_itself=False)
            return self._element(name, tag, at, after)
        if name in BREAKING_OUT or (name == b"font" and _has_any(tag, name, BREAKING_OUT_FONT)):
            foreign.break_out()
            return at
        self._hold(name, tag, at, in_svg=foreign.in_svg)
        foreign.start_foreign(name, closes_itself=closes_itself(tag), admits_html=_admits_html(name, tag))
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
        if name in holding.XML:
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
        in_svg = bool(self._foreign) and not self._foreign.reads_html(name) and self._foreign.in_svg
        table = self._table(in_svg)
        self._overlong = OverlongTag(
            holding.watched(name, tag, table) if self._question is not None else {},
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
        if self._rules.xhtml:
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
        assert self._question is not None
        held = self._question.value(decode(value), reads)
        if held is not None:
            self.held[held[0].purpose, held[0].vendor, held[1]] += 1
        elif not whole and (reads is not Reads.URL or not value):
            self.held["unclassified", None, ""] += 1
            return True
        return held is not None


_State = Callable[[Rewriter, bytes, int, int], int]

_READING_AHEAD = (Place.UNDECIDED, Place.AT_BODY_START)
_SETTLED = (Place.UNDECIDED, Place.IN_BODY, Place.PASSING)  # at the end of the input, nothing more goes in
_CDATA = b"<![CDATA["
_AMP = frozenset({b"amp", "⚡".encode(), "⚡\ufe0f".encode()})
#: Elements of which nothing follows but what they load.
_XML_FOLLOWED = _FOLLOWED | {b"svg", b"math", b"noscript"}
_SIMPLE = frozenset(holding.HTML) - {b"script", b"iframe", b"object", b"table", b"a"}


def _before(data: bytes, at: int, end: int, beginnings: tuple[bytes, ...]) -> int:
    """Where the data ends, less what may be the beginning of an end."""
    for beginning in beginnings:
        if data.endswith(beginning, at, end):
            return end - len(beginning)
    return end


def _before_tag(data: bytes, at: int, end: int) -> int:
    less = data.rfind(b"<", max(at, end - _LONGEST_END), end)
    return end if less < 0 else less


def _has_any(tag: bytes, name: bytes, attributes: tuple[bytes, ...]) -> bool:
    _, values = holding.read(tag, 1 + len(name))
    return not values.keys().isdisjoint(attributes)


def _admits_html(name: bytes, tag: bytes) -> bool:
    if name != b"annotation-xml":
        return False
    _, values = holding.read(tag, 1 + len(name))
    return decode(values.get(b"encoding", b"")).lower() in ("text/html", "application/xhtml+xml")


def closes_itself(tag: bytes) -> bool:
    """Whether a start tag ends in "/>" and the slash is not the end of an unquoted value."""
    if not tag.endswith(b"/>"):
        return False
    last = 0
    for attribute in scanner.ATTRIBUTE.finditer(tag, 1, len(tag) - 1):
        last = attribute.end()
    return last < len(tag) - 1
