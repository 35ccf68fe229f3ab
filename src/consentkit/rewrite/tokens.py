"""Run over a page token by token, however it was cut, and tell markup from text.

Theory of operation. What the next byte is in is a state, and a state is a function: from the chunk and a position
to the position where it is done, having named the next state. Where it can't go on without more input it returns
the complement of the position (`~at`): from there on the bytes wait and are put in front of the next chunk. Only
states where little can be undecided wait, so that is a few bytes; an unfinished tag, which can be long, waits in an
`UnfinishedTag`.

What markup means is not known here; that is for the class that derives from this one.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, Protocol

from consentkit.rewrite import scanner
from consentkit.rewrite.output import Output
from consentkit.rewrite.unfinished import UnfinishedTag

_SLASH, _BANG, _QUESTION, _LESS, _GREATER = b"/!?<>"
_LETTERS = frozenset(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
_CDATA = b"<![CDATA["

#: Crumbs of a tag, a comment or a script are swept together: as nobody sees anything of them before they end, waiting
#: for a few more makes nothing late, and a page that comes byte by byte costs a fraction.
_CRUMB = 8  # bytes, less than
_MOST_CRUMBS = 64

#: What may be the beginning of the end of raw text is no longer than this.
_LONGEST_END = len(b"</noscript")

State = Callable[[Any, bytes, int, int], int]


class Waiting(Protocol):
    """Something that is not all there yet."""

    def is_settled(self, data: bytes) -> bool:
        """Take in more of it; True when there is no use in waiting any longer."""

    def bytes(self) -> bytes:
        """All that has come."""


class Tokens(ABC):
    """Feeds a page through its states. To derive from."""

    __slots__ = (
        "_crumbs",
        "_flows",
        "_hides",
        "_in_noscript",
        "_is_last",
        "_is_xml",
        "_out",
        "_passes",
        "_raw_end",
        "_state",
        "_unfinished",
        "_waiting",
    )

    def __init__(self, out: Output, *, is_xml: bool) -> None:
        self._out = out
        self._is_xml = is_xml
        #: Nothing is left to do: chunks go through unread.
        self._passes = False
        self._is_last = False
        self._waiting = b""
        self._crumbs: list[bytes] = []
        self._flows = False  # nothing happens before a "<" has come
        self._hides = False  # nothing is to be seen before a ">" has come
        self._unfinished: Waiting | None = None
        self._state: State = Tokens._markup
        self._raw_end = scanner.RAW_TEXT[b"style"]
        self._in_noscript = False

    def feed(self, data: bytes) -> bytes:
        """Take in the next bytes of the page; give what can go out."""
        if self._passes:
            return data
        if self._flows and b"<" not in data:
            self._out.pass_by(data)
            return data
        if len(data) < _CRUMB and (self._hides or (self._flows and data[0] == _LESS)) and b">" not in data:
            self._crumbs.append(data)
            if len(self._crumbs) < _MOST_CRUMBS:
                self._hides, self._flows = True, False
                return b""
            data = b""
        if self._crumbs:
            data = self._with_crumbs(data)
        if self._unfinished is not None:
            if not self._unfinished.is_settled(data):
                return b""
            data = self._unfinished.bytes()
            self._unfinished = None
        elif self._waiting:
            data = self._waiting + data
            self._waiting = b""
        return self._rewrite(data)

    def last(self, data: bytes) -> bytes:
        """Take in the end of the page: `feed` and `close` in one."""
        if self._passes:
            return data
        self._is_last = True
        if self._crumbs:
            data = self._with_crumbs(data)
        if self._unfinished is not None:
            self._unfinished.is_settled(data)
            data = self._unfinished.bytes()
            self._unfinished = None
        elif self._waiting:
            data = self._waiting + data
            self._waiting = b""
        return self._rewrite(data)

    def close(self) -> bytes:
        """The page has ended; give what still waited, and what has not found a place earlier."""
        return self.last(b"")

    def _with_crumbs(self, data: bytes) -> bytes:
        data = b"".join((*self._crumbs, data))
        self._crumbs.clear()
        return data

    # Running over one chunk.

    def _rewrite(self, data: bytes) -> bytes:
        self._take(data)
        at = self._run_through(data)
        if self._is_last:
            self._end(data, at)
            at = len(data)
        else:
            if at < len(data):
                self._wait_for_more(data[at:])
            self._flows, self._hides = self._looks_ahead()
        return self._out.give(at)

    def _run_through(self, data: bytes) -> int:
        """Returns how far everything is clear."""
        at, size = 0, len(data)
        while True:
            in_noscript = self._in_noscript
            end, is_closed = self._noscript_until(data, at) if in_noscript else (size, False)
            at = self._run(data, at, end, in_noscript)
            if self._passes:
                return size
            if in_noscript is self._in_noscript:
                if not is_closed:
                    return at
                # A browser with scripting has read text until here. What is unfinished in it stays as it is.
                self._leave_noscript()
                at = end

    def _run(self, data: bytes, at: int, end: int, in_noscript: bool) -> int:
        markup = Tokens._markup
        while at < end:
            state = self._state
            # The most frequent state is spared a step.
            at = self._read_markup(data, at, end) if state is markup else state(self, data, at, end)
            if at < 0:
                return ~at
            if self._in_noscript is not in_noscript or self._passes:
                return at
        return at

    def _wait_for_more(self, rest: bytes) -> None:
        if self._state is Tokens._markup and not self._reads_ahead() and scanner.TAG_NAME.match(rest):
            self._unfinished = UnfinishedTag(rest, in_noscript=self._in_noscript)
        else:
            self._waiting = rest

    # What a deriving class knows.

    def _looks_ahead(self) -> tuple[bool, bool]:
        """Whether all goes through that comes before the next "<", and whether nobody misses it before the next ">"."""
        return False, False

    def _take(self, data: bytes) -> None:
        """A chunk is taken in hand; with what waited, it begins where the one before was clear."""
        self._out.take(data)

    @abstractmethod
    def _read_markup(self, data: bytes, at: int, end: int) -> int:
        """Go on in markup."""

    @abstractmethod
    def _let_go(self, data: bytes, at: int) -> int:
        """A tag has come that is too long to wait for its end."""

    @abstractmethod
    def _reads_ahead(self) -> bool:
        """Whether what waits is more than one tag."""

    @abstractmethod
    def _has_cdata(self) -> bool:
        """Whether "<![CDATA[" begins a section here, and not a comment."""

    @abstractmethod
    def _end(self, data: bytes, at: int) -> None:
        """The input has ended; what follows `at` never became whole."""

    def _markup(self, data: bytes, at: int, end: int) -> int:
        return self._read_markup(data, at, end)

    # Tokens that are no whole tags.

    def _not_a_tag(self, data: bytes, at: int, end: int) -> int:
        """At a "<" that begins something else, or a tag that is not whole or too long. `~at`: wait for more of it."""
        if end - at < 2:
            return ~at
        second = data[at + 1]
        if second in _LETTERS or (second == _SLASH and end - at > 2 and data[at + 2] in _LETTERS):
            return self._let_go(data, at) if end - at > scanner.LONGEST_WAIT else ~at
        if second == _BANG:
            return self._declaration(data, at, end)
        if second == _SLASH:
            if end - at < 3:
                return ~at
            if data[at + 2] == _GREATER:
                return at + 3
        elif second != _QUESTION:
            return at + 1
        elif self._is_xml:
            self._state = Tokens._instruction
            return at + 2
        self._state = Tokens._bogus_comment
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
            self._state = Tokens._comment
            return at + len(b"<!--")
        if b"<!--".startswith(start):
            return ~at
        if self._has_cdata():
            if start == _CDATA:
                self._state = Tokens._cdata
                return at + len(_CDATA)
            if _CDATA.startswith(start):
                return ~at
        self._state = Tokens._bogus_comment
        return at + 2

    def _comment(self, data: bytes, at: int, end: int) -> int:
        found = scanner.COMMENT_END.search(data, at, end)
        if found is None:
            return ~_before(data, at, end, (b"--!", b"--", b"-"))
        self._state = Tokens._markup
        return found.end()

    def _bogus_comment(self, data: bytes, at: int, end: int) -> int:
        found = data.find(b">", at, end)
        if found < 0:
            return ~end
        self._state = Tokens._markup
        return found + 1

    def _instruction(self, data: bytes, at: int, end: int) -> int:
        found = data.find(b"?>", at, end)
        if found < 0:
            return ~_before(data, at, end, (b"?",))
        self._state = Tokens._markup
        return found + 2

    def _cdata(self, data: bytes, at: int, end: int) -> int:
        found = data.find(b"]]>", at, end)
        if found < 0:
            return ~_before(data, at, end, (b"]]", b"]"))
        self._state = Tokens._markup
        return found + 3

    # Raw text.

    def _raw_text(self, data: bytes, at: int, end: int) -> int:
        found = self._raw_end.search(data, at, end)
        if found is None:
            return ~_before_tag(data, at, end)
        self._state = Tokens._markup
        return found.start()

    def _script(self, data: bytes, at: int, end: int) -> int:
        found = scanner.SCRIPT_DATA.search(data, at, end)
        if found is None:
            return ~_before_tag(data, at, end)
        if found[0] == b"<!--":
            self._state = Tokens._escaped_script
            return found.start() + 2  # <!--> is over at once: its dashes count twice
        self._state = Tokens._markup
        return found.start()

    def _escaped_script(self, data: bytes, at: int, end: int) -> int:
        found = scanner.SCRIPT_ESCAPED.search(data, at, end)
        if found is None:
            return ~min(_before_tag(data, at, end), _before(data, at, end, (b"--", b"-")))
        if found[0] == b"-->":
            self._state = Tokens._script
        elif found[0][1] == _SLASH:
            self._state = Tokens._markup
            return found.start()
        else:
            self._state = Tokens._twice_escaped_script
        return found.end()

    def _twice_escaped_script(self, data: bytes, at: int, end: int) -> int:
        found = scanner.SCRIPT_TWICE.search(data, at, end)
        if found is None:
            return ~min(_before_tag(data, at, end), _before(data, at, end, (b"--", b"-")))
        self._state = Tokens._script if found[0] == b"-->" else Tokens._escaped_script
        return found.end()

    # Noscript: markup to some, text to others.

    def _enter_noscript(self) -> None:
        self._in_noscript = True

    def _leave_noscript(self) -> None:
        self._in_noscript = False
        self._state = Tokens._markup

    def _noscript_until(self, data: bytes, at: int) -> tuple[int, bool]:
        """How far the content of the noscript reaches in this chunk, and whether it ends there."""
        found = scanner.RAW_TEXT[b"noscript"].search(data, at)
        if found:
            return found.start(), True
        return (len(data) if self._is_last else _before_tag(data, at, len(data))), False


def _before(data: bytes, at: int, end: int, beginnings: tuple[bytes, ...]) -> int:
    """Where the data ends, less what may be the beginning of an end."""
    for beginning in beginnings:
        if data.endswith(beginning, at, end):
            return end - len(beginning)
    return end


def _before_tag(data: bytes, at: int, end: int) -> int:
    less = data.rfind(b"<", max(at, end - _LONGEST_END), end)
    return end if less < 0 else less
