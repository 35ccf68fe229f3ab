"""Let a tag go that is too long to wait for its end.

What has come of it is read as if it were all; the rest goes out attribute by attribute (see `OverlongTag`).
"""

from __future__ import annotations

from abc import abstractmethod

from consentkit.rewrite import holding
from consentkit.rewrite.holding import Reads
from consentkit.rewrite.scanner import LONGEST_WAIT, TAG
from consentkit.rewrite.unfinished import OverlongTag, whole_attributes
from consentkit.rewrite.urls import decode
from consentkit.rewrite.xml_markup import XmlMarkup

#: The start of a value says where it leads; of a script there is more to read, but none may be read for ever.
_READ_BY_START = (Reads.URL, Reads.SCRIPT)


class LongTags(XmlMarkup):
    """A document in which tags may be of any length. To derive from."""

    __slots__ = ()

    @abstractmethod
    def _any_tag(self, name: bytes, tag: bytes, at: int, after: int) -> int:
        """Read a tag wherever it stands. Returns `at` when it has changed the place and has to be read again there."""

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
        self._after_overlong, self._state = self._state, LongTags._rest_of_overlong
        self._out.start_putting(after)
        return after

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
