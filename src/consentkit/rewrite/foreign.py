"""SVG and MathML inside HTML: which of the two languages is the next tag read in?

In *foreign* content no element holds raw text, CDATA sections exist and `<script>` loads by href. Some elements
(integration points) switch back to HTML for their content, and some HTML tags end the foreign content. So from
the first `<svg>` or `<math>` on we keep the stack of open elements (HTML, 13.2.6.5). What we do not have is the
stack below it. An end tag that fits nothing here is taken to close an element down there, and the foreign
content with it: right for a page that forgot `</svg>`, wrong for one with a stray `</div>` inside a drawing.
"""

from __future__ import annotations

import enum
from collections import Counter
from typing import NamedTuple

from consentkit.rewrite.holding import read
from consentkit.rewrite.scanner import ATTRIBUTE
from consentkit.rewrite.urls import decode


class Language(enum.Enum):
    HTML = enum.auto()
    SVG = enum.auto()
    MATHML = enum.auto()


class Open(NamedTuple):
    """An open element; `admits_html`: its content is HTML again."""

    language: Language
    name: bytes
    admits_html: bool = False


#: Start tags that can't be in foreign content; they close it (HTML, 13.2.6.5). font: only with certain attributes.
_BREAKING_OUT = frozenset(
    b"b big blockquote body br center code dd div dl dt em embed h1 h2 h3 h4 h5 h6 head hr i img li listing menu "
    b"meta nobr ol p pre ruby s small span strong strike sub sup table tt u ul var".split()
)
_BREAKING_OUT_FONT = (b"color", b"face", b"size")

_HTML_IN_SVG = frozenset({b"foreignobject", b"desc", b"title"})
_TEXT_IN_MATHML = frozenset({b"mi", b"mo", b"mn", b"ms", b"mtext"})
VOID = frozenset(
    b"area base basefont bgsound br col embed frame hr image img input keygen link meta param source track wbr".split()
)
#: These end an open <p> (those of 13.2.6.4.7 that occur in text).
_ENDS_P = frozenset(
    b"address article aside blockquote center details dialog dir div dl fieldset figcaption figure footer form h1 "
    b"h2 h3 h4 h5 h6 header hgroup hr li dd dt listing main menu nav ol p plaintext pre search section summary "
    b"table ul xmp".split()
)


#: Browsers nest no deeper than 512; deeper elements are not followed, which bounds memory.
DEEPEST = 1024


class Run:
    """Elements that follow each other in the stack and are either all HTML or all foreign.

    What a name can't close is answered by its count, so that an end tag costs no walk through the stack.
    """

    __slots__ = ("counts", "elements", "is_html")

    def __init__(self, *, is_html: bool) -> None:
        self.is_html = is_html
        self.elements: list[Open] = []
        self.counts: Counter[bytes] = Counter()

    def push(self, element: Open) -> None:
        self.elements.append(element)
        self.counts[element.name] += 1

    def pop(self) -> Open:
        element = self.elements.pop()
        self.counts[element.name] -= 1
        if not self.counts[element.name]:
            del self.counts[element.name]  # a page may make up names without end
        return element


class ForeignContent:
    """The elements that are open since the outermost `<svg>` or `<math>`, which is the first."""

    __slots__ = ("_depth", "_runs")

    def __init__(self) -> None:
        self._runs: list[Run] = []
        self._depth = 0

    def __bool__(self) -> bool:
        return bool(self._runs)

    @property
    def _top(self) -> Open:
        return self._runs[-1].elements[-1]

    def reads_html(self, tag: bytes = b"") -> bool:
        """Whether this start tag would be read as HTML. Without a tag: whether text here is HTML, so no CDATA."""
        if not self._runs or self._runs[-1].is_html:
            return True
        if not tag:
            return False
        top = self._top
        if top.language is Language.MATHML:
            if top.name in _TEXT_IN_MATHML:
                return tag not in (b"mglyph", b"malignmark")
            if top.name == b"annotation-xml" and tag == b"svg":
                return True
        return top.admits_html

    @property
    def in_svg(self) -> bool:
        return bool(self._runs) and self._top.language is Language.SVG

    @property
    def is_drawing(self) -> bool:
        """Whether plain drawing elements leave everything as it is."""
        return self.in_svg and not self._top.admits_html

    def start_html(self, name: bytes, *, closes_itself: bool) -> None:
        """A start tag read as HTML; only those that may hold foreign content or are inside it matter."""
        if name in (b"svg", b"math"):
            if not closes_itself:
                self._push(Open(Language.SVG if name == b"svg" else Language.MATHML, name))
            return
        if name in VOID:
            return
        if name in _ENDS_P and self._runs[-1].is_html:
            self._close(b"p")
        self._push(Open(Language.HTML, name))

    def start_foreign(self, name: bytes, *, closes_itself: bool, admits_html: bool = False) -> None:
        if closes_itself:
            return
        language = self._top.language
        if language is Language.SVG:
            admits_html = name in _HTML_IN_SVG
        self._push(Open(language, name, admits_html))

    def break_out(self) -> None:
        """Close elements until HTML can be read again."""
        while self._runs and not self._runs[-1].is_html:
            top = self._top
            if top.admits_html or (top.language is Language.MATHML and top.name in _TEXT_IN_MATHML):
                return
            self._pop()

    def end(self, name: bytes) -> bool:
        """Any end tag. False when it seems to close an element that was open before, which we can't know."""
        if self._runs[-1].is_html:
            self._close(name)
        elif name in (b"p", b"br"):
            self.break_out()
        elif self._runs[-1].counts[name]:
            self._close(name)
        elif len(self._runs) > 1:
            # Not a foreign element: HTML decides, which may close what stands above.
            if self._runs[-2].counts[name]:
                self._pop_run()
                self._close(name)
        elif name not in (b"body", b"html"):  # they close nothing
            self._clear()
            return False
        return True

    def closes_foreign(self, name: bytes) -> bool:
        """Whether an end tag of this name closes a foreign element."""
        return not self._runs[-1].is_html and self._runs[-1].counts[name] > 0

    def close_template(self) -> None:
        """`</template>` closes whatever stands in the innermost template, if it began in here."""
        while self._runs:
            if self._runs[-1].is_html and self._runs[-1].counts[b"template"]:
                self._close(b"template")
                return
            self._pop_run()

    def _push(self, element: Open) -> None:
        if self._depth >= DEEPEST:
            return
        self._depth += 1
        is_html = element.language is Language.HTML
        if not self._runs or self._runs[-1].is_html is not is_html:
            self._runs.append(Run(is_html=is_html))
        self._runs[-1].push(element)

    def _pop(self) -> Open:
        self._depth -= 1
        element = self._runs[-1].pop()
        if not self._runs[-1].elements:
            del self._runs[-1]
        return element

    def _pop_run(self) -> None:
        self._depth -= len(self._runs.pop().elements)

    def _close(self, name: bytes) -> None:
        """Close the innermost element of this name in the run on top, if there is one, and what stands above it."""
        if self._runs[-1].counts[name]:
            while self._pop().name != name:
                pass

    def _clear(self) -> None:
        self._runs.clear()
        self._depth = 0


def breaks_out(name: bytes, tag: bytes) -> bool:
    """Whether a start tag can't be in foreign content and closes it."""
    if name == b"font":
        return not read(tag, 1 + len(name))[1].keys().isdisjoint(_BREAKING_OUT_FONT)
    return name in _BREAKING_OUT


def admits_html(name: bytes, tag: bytes) -> bool:
    """Whether the content of a foreign element is HTML because an attribute says so."""
    if name != b"annotation-xml":
        return False
    _, values = read(tag, 1 + len(name))
    return decode(values.get(b"encoding", b"")).lower() in ("text/html", "application/xhtml+xml")


def closes_itself(tag: bytes) -> bool:
    """Whether a start tag ends in "/>" and the slash is not the end of an unquoted value."""
    if not tag.endswith(b"/>"):
        return False
    last = 0
    for attribute in ATTRIBUTE.finditer(tag, 1, len(tag) - 1):
        last = attribute.end()
    return last < len(tag) - 1
