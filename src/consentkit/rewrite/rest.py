"""Is anything left to do in the rest of a page? Where the last thing stands that may have to change.

Theory of operation. What becomes of a tag depends on its bytes alone, from its `<` to its `>`. So without knowing what
is markup and what is text, every place that *looks* like a tag can be judged as if it were one: what has to change is
among these. Searching for them is far cheaper than reading the page token by token, and whatever lies behind the last
of them need not be read at all. What only looks like a tag (in a comment, a value, a script) costs time, never a byte.

- From the end. Where pixels stand at the bottom of the page the search is over at once, so no page is both searched
  and read.
- In doubt, yes: a tag that is too long, a text whose end is not plain, a `<base>` (it changes what is behind it).
- Overlapping: a tag that is none may hide one that is, between its quotes. So that this stays linear, the tags that
  are looked at may not be longer, together, than the page.

Only for a page that has come to its end: behind it nothing may follow.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from consentkit.rewrite.holding import PASS, runs_its_text
from consentkit.rewrite.scanner import TAG, WS
from consentkit.rewrite.text import text_end
from consentkit.rewrite.verdicts import Verdicts

#: How much is searched at a time: small at first, since much that is held stands at the very end.
_FIRST_WINDOW, _WINDOW = 2 * 1024, 16 * 1024  # bytes

#: Less is read as quickly as it is searched.
_LEAST = 1024  # bytes

#: Longer tags and values are not looked at, but taken for such as have to change.
_LONGEST = 4 * 1024  # bytes

# In lower case, as what is searched is.
_NAMED = re.compile(
    rb"<(i(?:mg|frame|mage|nput)|s(?:cript|tyle|ource)|link|meta|base|video|audio|track|embed|object|f(?:rame|eimage))"
    rb"(?=[%b/>])" % WS
)
#: Attributes that any element may have. A "=" is quickly found; white space before it may hide another name.
_ANYWHERE = (b"style", b"ping", b"background")
_EQUALS = re.compile(rb"=(?:(?<=style=)|(?<=ping=)|(?<=background=)|(?<=[edg%b][%b]=))" % (WS, WS))
_LONGEST_ATTRIBUTE = len(b"background")
#: How far one looks back from a "=" for a name and the byte before it.
_LONGEST_BEFORE = 64  # bytes
_OVERLAP = 16  # bytes; no name is longer
_BEFORE_ATTRIBUTE = frozenset(b"\t\n\f\r /\"'")
_VALUE = re.compile(rb"""=[%b]*+(?:"([^"]*+)"|'([^']*+)'|(?=>)|([^%b>"'][^%b>]*+)(?=[%b>]))""" % (WS, WS, WS, WS))
#: Of the elements that are named here, those that load by other attributes in SVG.
_DRAWN = frozenset({b"script", b"image", b"feimage"})


def last_change(data: bytes, start: int, verdicts: Verdicts) -> int:
    """Behind which place in the data, from `start` on, nothing has to change: at least there every change begins."""
    return _Search(data, verdicts).back_to(start) if len(data) - start > _LEAST else len(data)


class _Search:
    """From the end of the data."""

    __slots__ = ("_data", "_room", "_verdicts")

    def __init__(self, data: bytes, verdicts: Verdicts) -> None:
        self._data = data
        self._verdicts = verdicts
        self._room = len(data)

    def back_to(self, start: int) -> int:
        data, end, window = self._data, len(self._data), _FIRST_WINDOW
        while end > start:
            begin = max(start, end - window)
            # What is on the edge is seen whole.
            skipped = max(0, begin - _OVERLAP)
            lower = data[skipped : end + _OVERLAP].lower()
            found = max(
                self._last_tag(_NAMED.finditer(lower, begin - skipped), skipped, end),
                self._last_attribute(_EQUALS.finditer(lower, begin - skipped, end - skipped), skipped),
            )
            if found >= 0:
                return found
            end, window = begin, _WINDOW
        return -1

    def _last_tag(self, names: Iterator[re.Match[bytes]], skipped: int, end: int) -> int:
        data, tag_at = self._data, TAG.match
        for found in reversed(list(names)):
            at = skipped + found.start()
            if at >= end:
                continue  # seen in the window before
            tag = tag_at(data, at, at + _LONGEST)
            if tag is None or self._may_change(found[1], tag[0], tag.end()):
                return len(data) if found[1] == b"base" else at
        return -1

    def _may_change(self, name: bytes, tag: bytes, after: int) -> bool:
        verdicts = self._verdicts
        self._room -= len(tag)
        if name == b"base" or self._room < 0 or verdicts.on_tag(name, tag) is not PASS:
            return True
        if name in _DRAWN and verdicts.on_tag(name, tag, in_svg=True) is not PASS:
            return True
        return (name == b"script" or name == b"style") and self._text_may_change(name, tag, after)

    def _text_may_change(self, name: bytes, tag: bytes, after: int) -> bool:
        if name == b"script" and (self._verdicts.signatures is None or not runs_its_text(tag)):
            return False
        end = text_end(name, self._data, after, in_noscript=False)
        self._room -= end - after
        if end < 0 or self._room < 0:
            return True
        text = self._data[after:end]
        # In a noscript a style may end earlier than it looks.
        is_certain = name == b"script" or b"<" not in text
        return not is_certain or self._verdicts.on_text(name, tag, text) is not PASS

    def _last_attribute(self, equals: Iterator[re.Match[bytes]], skipped: int) -> int:
        for found in reversed(list(equals)):
            at = skipped + found.start()
            before = self._data[max(0, at - _LONGEST_BEFORE) : at].rstrip().lower()
            if len(before) <= _LONGEST_ATTRIBUTE:
                return at  # who knows
            name = next((name for name in _ANYWHERE if before.endswith(name)), b"")
            if name and before[-len(name) - 1] in _BEFORE_ATTRIBUTE and self._value_may_change(name, at):
                return at
        return -1

    def _value_may_change(self, name: bytes, at: int) -> bool:
        value = _VALUE.match(self._data, at)
        if value is None:
            return True
        self._room -= value.end() - at
        text = value[1] or value[2] or value[3]
        return bool(text) and (self._room < 0 or self._verdicts.on_value(name, text))
