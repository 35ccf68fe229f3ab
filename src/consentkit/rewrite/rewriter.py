"""Insert our controls into HTML as it streams by, and hold back what has to wait.

Theory of operation. The scanner says where the next tag is that matters; this module knows where in the document
that is (`Place`), what it is in (raw text, a noscript, a template, SVG), and what follows from it: an insertion, a
held attribute, a change of place. What is the same for HTML and XML is in `document`, what XML alone needs in
`xml_markup`, and what is done about endless tags in `long_tags`.

The rest of the theory is in `scanner` (where tags are), `tokens` (how chunks are run over) and `holding` (what a tag
would load). The invariants:
- Take the edits out of the output and you have the input, byte for byte. We never re-encode; an edit inserts
  bytes, and the only bytes ever left out are the page's own `<meta name=viewport>`, when the rules say so.
- Any cut of the input gives the same output. What waits for more input is a token whose end was not seen.
- The work is linear in the input, and what waits is bounded: a few bytes of text, or one tag (`LONGEST_WAIT`).

When the page is stranger than what we follow, the original bytes go out.
"""

from __future__ import annotations

import re

from consentkit.rewrite import ahead, css, holding, scanner
from consentkit.rewrite.document import EARLY_COMES_BEFORE, HAS_STYLE, Place
from consentkit.rewrite.foreign import VOID, ForeignContent, admits_html, breaks_out, closes_itself
from consentkit.rewrite.holding import PASS, Verdict
from consentkit.rewrite.long_tags import LongTags
from consentkit.rewrite.removal import LONGEST_REMOVED, RemovedElement
from consentkit.rewrite.rest import last_change
from consentkit.rewrite.scanner import LONGEST_WAIT, TAG
from consentkit.rewrite.text import LONGEST_TEXT, Text, text_end
from consentkit.rewrite.tokens import Tokens

_BOM = b"\xef\xbb\xbf"  # not text: browsers take it off before they parse

_LESS, _SLASH = b"</"
_NO_TEXT = frozenset(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ/!?")  # after a "<"

_IN_HEAD_ELEMENTS = frozenset(b"base basefont bgsound link meta title noscript noframes style script template".split())
#: They go to the head even after </head>; a noscript there is of the body.
_AFTER_HEAD_ELEMENTS = _IN_HEAD_ELEMENTS - {b"noscript"}
_ENDS_THAT_COUNT = frozenset({b"/head", b"/body", b"/html", b"/br"})


class Rewriter(LongTags):
    """One response's body: `feed` it as it comes, then `close`.

    `host`: the page's own host, where relative URLs lead; nobody is asked about it. `record`: keep `edits`.
    """

    __slots__ = ()

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
        if place is Place.IN_HEAD and name in EARLY_COMES_BEFORE:
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

    def _imply_body(self, at: int) -> None:
        """The next token is of the body, and no <body> has come."""
        if self._place is Place.UNDECIDED or self._place is Place.BEFORE_HTML:
            self._insert_html(at)
        if self._place < Place.AFTER_HEAD:
            self._close_head(at)
        self._place = Place.AT_BODY_START

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

    # Tags.

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
        if name in holding.HTML or of_text is not PASS or HAS_STYLE.search(tag):
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

    # Anywhere.

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


#: Only a ">" ends them.
_HIDDEN = frozenset(
    {
        Tokens._comment,
        Tokens._bogus_comment,
        Tokens._script,
        Tokens._escaped_script,
        Tokens._twice_escaped_script,
        LongTags._rest_of_overlong,
    }
)

_READING_AHEAD = (Place.UNDECIDED, Place.AT_BODY_START)
_SETTLED = (Place.UNDECIDED, Place.IN_BODY)  # at the end of the input, nothing more goes in
_SIMPLE = frozenset(holding.HTML) - {b"script", b"iframe", b"object", b"table", b"a", b"meta"}
