"""Read XML: every element has its tags, none holds raw text, none is implied, and names are what they are."""

from __future__ import annotations

from consentkit.rewrite import holding
from consentkit.rewrite.document import EARLY_COMES_BEFORE, HAS_STYLE, XML_FOLLOWED, Document, Place
from consentkit.rewrite.foreign import closes_itself
from consentkit.rewrite.scanner import LONGEST_WAIT, TAG

_SLASH = b"/"[0]


class XmlMarkup(Document):
    """A document as XML. To derive from."""

    __slots__ = ()

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
        if name in holding.XML or (name != b"html" and HAS_STYLE.search(tag)):
            self._hold(name, tag, at)
        if name == b"body" and self._place is Place.AFTER_HEAD and not closes_itself(tag):
            self._place = Place.AT_BODY_START
        elif name == b"template" and not closes_itself(tag):
            self._templates += 1
        elif name == b"/template":
            self._templates -= self._templates > 0
        elif name[0] == _SLASH:
            self._ancestors.end(name[1:])
        elif not closes_itself(tag) or name not in XML_FOLLOWED:
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
        elif place is Place.IN_HEAD and name in EARLY_COMES_BEFORE:
            self._insert_early(at)
