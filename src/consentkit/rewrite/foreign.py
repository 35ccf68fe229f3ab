"""SVG and MathML inside HTML: which of the two languages is the next tag read in?

In *foreign* content no element holds raw text, CDATA sections exist and `<script>` loads by href. Some elements
(integration points) switch back to HTML for their content, and some HTML tags end the foreign content. So from
the first `<svg>` or `<math>` on we keep the stack of open elements (HTML, 13.2.6.5). What we do not have is the
stack below it. An end tag that fits nothing here is taken to close an element down there, and the foreign
content with it: right for a page that forgot `</svg>`, wrong for one with a stray `</div>` inside a drawing.
"""

from __future__ import annotations

import enum
from typing import NamedTuple


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
BREAKING_OUT = frozenset(
    b"b big blockquote body br center code dd div dl dt em embed h1 h2 h3 h4 h5 h6 head hr i img li listing menu "
    b"meta nobr ol p pre ruby s small span strong strike sub sup table tt u ul var".split()
)
BREAKING_OUT_FONT = (b"color", b"face", b"size")

_HTML_IN_SVG = frozenset({b"foreignobject", b"desc", b"title"})
_TEXT_IN_MATHML = frozenset({b"mi", b"mo", b"mn", b"ms", b"mtext"})
_VOID = frozenset(
    b"area base basefont bgsound br col embed frame hr image img input keygen link meta param source track wbr".split()
)
#: These end an open <p> (those of 13.2.6.4.7 that occur in text).
_ENDS_P = frozenset(
    b"address article aside blockquote center details dialog dir div dl fieldset figcaption figure footer form h1 "
    b"h2 h3 h4 h5 h6 header hgroup hr li dd dt listing main menu nav ol p plaintext pre search section summary "
    b"table ul xmp".split()
)


#: Browsers nest no deeper than 512. It bounds memory, and the time an end tag may take to find its start.
DEEPEST = 1024


class ForeignContent:
    """The elements that are open since the outermost `<svg>` or `<math>`, which is the first."""

    __slots__ = ("_open",)

    def __init__(self) -> None:
        self._open: list[Open] = []

    def __bool__(self) -> bool:
        return bool(self._open)

    def reads_html(self, tag: bytes = b"") -> bool:
        """Whether this start tag would be read as HTML. Without a tag: whether text here is HTML, so no CDATA."""
        if not self._open:
            return True
        top = self._open[-1]
        if top.language is Language.HTML:
            return True
        if not tag:
            return False
        if top.language is Language.MATHML:
            if top.name in _TEXT_IN_MATHML:
                return tag not in (b"mglyph", b"malignmark")
            if top.name == b"annotation-xml" and tag == b"svg":
                return True
        return top.admits_html

    @property
    def in_svg(self) -> bool:
        return bool(self._open) and self._open[-1].language is Language.SVG

    @property
    def is_drawing(self) -> bool:
        """Whether plain drawing elements leave everything as it is."""
        return bool(self._open) and self._open[-1].language is Language.SVG and not self._open[-1].admits_html

    def start_html(self, name: bytes, *, closes_itself: bool) -> None:
        """A start tag read as HTML; only those that may hold foreign content or are inside it matter."""
        if name in (b"svg", b"math"):
            if not closes_itself:
                self._push(Open(Language.SVG if name == b"svg" else Language.MATHML, name))
            return
        if not self._open or name in _VOID:
            return
        if name in _ENDS_P:
            self._close_in_html(b"p", within=16)
        self._push(Open(Language.HTML, name))

    def start_foreign(self, name: bytes, *, closes_itself: bool, admits_html: bool = False) -> None:
        if closes_itself:
            return
        language = self._open[-1].language
        if language is Language.SVG:
            admits_html = name in _HTML_IN_SVG
        self._push(Open(language, name, admits_html))

    def _push(self, element: Open) -> None:
        if len(self._open) < DEEPEST:
            self._open.append(element)

    def break_out(self) -> None:
        """Close elements until HTML can be read again."""
        while self._open:
            top = self._open[-1]
            if top.language is Language.HTML or top.admits_html:
                return
            if top.language is Language.MATHML and top.name in _TEXT_IN_MATHML:
                return
            self._open.pop()

    def end(self, name: bytes) -> bool:
        """Any end tag. False when it seems to close an element that was open before, which we can't know."""
        if self._open[-1].language is Language.HTML:
            self._close_in_html(name)
            return True
        if name in (b"p", b"br"):
            self.break_out()
            return True
        for at in range(len(self._open) - 1, -1, -1):
            element = self._open[at]
            if element.language is Language.HTML:
                # Not a foreign element: HTML decides, which may close what stands above.
                self._close_in_html(name, at)
                return True
            if element.name == name:
                del self._open[at:]
                return True
        if name in (b"body", b"html"):
            return True  # they close nothing
        self._open.clear()
        return False

    def closes_foreign(self, name: bytes) -> bool:
        """Whether an end tag of this name closes a foreign element."""
        for element in reversed(self._open):
            if element.language is Language.HTML:
                return False
            if element.name == name:
                return True
        return False

    def close_template(self) -> None:
        """`</template>` closes whatever stands in the innermost template, if it began in here."""
        for at in range(len(self._open) - 1, -1, -1):
            if self._open[at] == (Language.HTML, b"template", False):
                del self._open[at:]
                return
        self._open.clear()

    def _close_in_html(self, name: bytes, at: int | None = None, within: int = DEEPEST) -> None:
        place = len(self._open) - 1 if at is None else at
        last = max(0, place - within)
        while place >= last and self._open[place].language is Language.HTML:
            if self._open[place].name == name:
                del self._open[place:]
                return
            place -= 1
