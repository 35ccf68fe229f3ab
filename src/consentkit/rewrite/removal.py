"""Where does an element end that is to be taken out?

Theory of operation. Taking out half an element breaks a page, and once its start tag has gone there is no way back. So
nothing of it goes, either way, until its end has come, and what is waited for is bounded: an element longer than
`LONGEST_REMOVED` stays. It stays as well when its end never comes, or when the markup in it is not balanced (an end tag
in it closes something around it, something in it is still open at its end): then a browser makes another element of
it than it looks like, and taking it out would take a piece of the page along, or leave one behind.

Having looked in vain, we do not look again before the place that was reached, so the work stays linear in the page,
whatever is in it.
"""

from __future__ import annotations

from functools import lru_cache

from consentkit.rewrite.foreign import VOID, ForeignContent, admits_html, breaks_out, closes_itself
from consentkit.rewrite.holding import read
from consentkit.rewrite.output import Output
from consentkit.rewrite.scanner import LONGEST_WAIT, RAW_TEXT, TAG, skip_body_but
from consentkit.rewrite.selectors import ENDING_BY_THEMSELVES, NOT_REMOVED, Selector
from consentkit.rewrite.tokens import Tokens

#: An advertising slot with its inline pictures and scripts is a few KB.
LONGEST_REMOVED = LONGEST_WAIT

#: A second start tag of these closes the first, or is ignored.
_NEVER_NESTED = frozenset(b"a button form h1 h2 h3 h4 h5 h6 nobr select".split())

_SLASH = b"/"[0]


class Remover:
    """Which start tags are meant, and where the body scan has to stop for them."""

    __slots__ = ("_needles", "_selectors", "skip")

    def __init__(self, selectors: tuple[Selector, ...]) -> None:
        self._selectors = selectors
        #: What has to be in a tag for one of them to match, unless a character reference hides it.
        self._needles = tuple({_needle(selector) for selector in selectors})
        self.skip = skip_body_but(
            frozenset(selector.tag.decode() for selector in selectors if selector.tag is not None),
            frozenset(selector.watched.decode() for selector in selectors if selector.tag is None),
        )

    def takes(self, name: bytes, tag: bytes) -> bool:
        if name in NOT_REMOVED or not (b"&" in tag or any(needle in tag for needle in self._needles)):
            return False
        _, values = read(tag, 1 + len(name))
        return any(selector.matches(name, values) for selector in self._selectors)


#: Made once for the rules of a site.
remover = lru_cache(maxsize=32)(Remover)


def _needle(selector: Selector) -> bytes:
    words = [*selector.classes, *(value for _, value in selector.attributes if value is not None)]
    return max(words, key=len, default="").encode()


class ElementEnd(Tokens):
    """Follows an element from its start tag on."""

    __slots__ = ("_foreign", "_name", "_open", "length", "reached")

    def __init__(self, name: bytes) -> None:
        super().__init__(Output(None), is_xml=False)
        self._name = name
        #: The elements that are open, that in question first. In a drawing the last is the drawing.
        self._open: list[bytes] = []
        self._foreign = ForeignContent()
        #: How long the element is, once that is known; 0: it stays.
        self.length = 0
        #: How far one had to look to know that.
        self.reached = 0

    def _decide(self, reached: int, length: int = 0) -> None:
        self.reached, self.length = reached, length
        self._passes = True

    def _read_markup(self, data: bytes, at: int, end: int) -> int:
        at = data.find(b"<", at, end)
        if at < 0:
            return end
        found = TAG.match(data, at, end)
        if found is None:
            return self._not_a_tag(data, at, end)
        name, after = found[1].lower(), self._out.position(found.end())
        if name[0] == _SLASH:
            self._end_tag(name[1:], after)
        else:
            self._start_tag(name, found[0], after)
        return found.end()

    def _start_tag(self, name: bytes, tag: bytes, after: int) -> None:
        foreign = self._foreign
        if foreign and not foreign.reads_html(name):
            if not breaks_out(name, tag):
                foreign.start_foreign(name, closes_itself=closes_itself(tag), admits_html=admits_html(name, tag))
                return
            foreign.break_out()
            if not foreign and not self._leave(after):
                return
        if name == b"svg" or name == b"math":
            self._drawing(name, after, closes_itself=closes_itself(tag))
        elif name == b"plaintext" or (name == self._name and self._open and name in _NEVER_NESTED):
            self._decide(after)
        elif foreign:
            foreign.start_html(name, closes_itself=False)
        elif name not in VOID:
            self._open.append(name)
        if name == b"script":
            self._state = Tokens._script
        elif name in RAW_TEXT:
            self._raw_end = RAW_TEXT[name]
            self._state = Tokens._raw_text

    def _drawing(self, name: bytes, after: int, *, closes_itself: bool) -> None:
        if closes_itself:
            if not self._open:
                self._decide(after, after)
            return
        if not self._foreign:
            self._open.append(name)
        self._foreign.start_html(name, closes_itself=False)

    def _end_tag(self, name: bytes, after: int) -> None:
        foreign = self._foreign
        if foreign:
            fits = foreign.end(name)
            if foreign:
                return
            if fits and name == self._open[-1]:
                self._close(after)
                return
            if not self._leave(after) or fits:
                return
        if name in VOID:
            return
        while self._open[-1] != name and self._open[-1] in ENDING_BY_THEMSELVES:
            self._open.pop()
        if self._open[-1] == name:
            self._close(after)
        else:
            self._decide(after)  # it closes something around, or leaves something open

    def _close(self, after: int) -> None:
        self._open.pop()
        if not self._open:
            self._decide(after, after)

    def _leave(self, after: int) -> bool:
        """A drawing has been ended by something else; False when it was the element in question."""
        self._open.pop()
        if not self._open:
            self._decide(after)
        return bool(self._open)

    def _let_go(self, data: bytes, at: int) -> int:
        self._decide(self._out.position(at) + LONGEST_WAIT)
        return at

    def _reads_ahead(self) -> bool:
        return False

    def _has_cdata(self) -> bool:
        return not self._foreign.reads_html()

    def _end(self, data: bytes, at: int) -> None:
        """Nothing to do: what has not ended stays."""


class RemovedElement:
    """Collects an element until it is whole, too long, or turns out to be none that can be taken out."""

    __slots__ = ("_end", "_pieces", "_room")

    def __init__(self, name: bytes, start: bytes) -> None:
        self._end = ElementEnd(name)
        self._pieces: list[bytes] = []
        self._room = LONGEST_REMOVED
        self.is_settled(start)

    def is_settled(self, data: bytes) -> bool:
        """Take in more of it; True when there is no use in waiting any longer."""
        self._pieces.append(data)
        piece = data[: self._room]
        self._room -= len(piece)
        self._end.feed(piece)
        return self.is_decided

    @property
    def is_decided(self) -> bool:
        return self._end.reached > 0 or not self._room

    @property
    def length(self) -> int:
        """How long the element is, or 0: it stays."""
        return self._end.length

    @property
    def reached(self) -> int:
        """How far it was looked at, however it was cut."""
        return self._end.reached or LONGEST_REMOVED

    def bytes(self) -> bytes:
        return b"".join(self._pieces)
