"""Which elements are meant? `tag`, `.class`, `#id`, `[attribute]` and `[attribute=value]`, in any combination.

Only what a single start tag answers: no descendants, siblings or positions, because there is no tree to ask.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from consentkit.rewrite.urls import decode

#: Elements whose end tag may be left out, so that where they end is a matter of what follows; and those that are
#: the page itself.
ENDING_BY_THEMSELVES = frozenset(
    b"p li dd dt option optgroup tr td th thead tbody tfoot caption colgroup rb rt rtc rp".split()
)
NOT_REMOVED = ENDING_BY_THEMSELVES | frozenset(b"html head body frameset frame base meta title plaintext".split())

_TAG = r"[a-zA-Z][-_a-zA-Z0-9]*"
_ATTRIBUTE = r"[a-zA-Z_:@][-_:@.a-zA-Z0-9]*"
_NAME = r"(?:[-_a-zA-Z0-9]|[^\x00-\x7f]|\\[^0-9a-fA-F\n])+"
_PART = re.compile(
    rf"(?P<any>\*)|(?P<tag>{_TAG})|\.(?P<class>{_NAME})|#(?P<id>{_NAME})"
    rf"""|\[\s*(?P<attribute>{_ATTRIBUTE})\s*(?:=\s*(?:"(?P<double>[^"]*)"|'(?P<single>[^']*)'|(?P<bare>{_NAME}))\s*)?\]"""
)
_ESCAPED = re.compile(r"\\(.)")
_UNDERSTOOD = 'a selector is a tag, .class, #id and [attribute=value] in any combination, as in "aside.ads[role=note]"'


class BadSelector(ValueError):
    """A selector that can't be followed. `selector` is what was written."""

    def __init__(self, selector: str, why: str) -> None:
        self.selector = selector
        super().__init__(f"Selector {selector!r}: {why}")


@dataclass(frozen=True, slots=True)
class Selector:
    """What a start tag must have. `classes` are single words; a value of None: the attribute is there."""

    tag: bytes | None = None
    classes: frozenset[str] = frozenset()
    attributes: tuple[tuple[bytes, str | None], ...] = ()

    @property
    def watched(self) -> bytes:
        """The attribute without which it can't match; b"" where the tag alone says it."""
        return b"class" if self.classes else self.attributes[0][0] if self.attributes else b""

    def matches(self, name: bytes, values: Mapping[bytes, bytes]) -> bool:
        """Whether it means the element of this name (lower case) with these raw attribute values."""
        if self.tag is not None and self.tag != name:
            return False
        # White space of HTML, not of Unicode.
        if not self.classes.issubset(re.split("[\t\n\f\r ]+", decode(values.get(b"class", b"")))):
            return False
        return all(
            attribute in values and (wanted is None or decode(values[attribute]) == wanted)
            for attribute, wanted in self.attributes
        )


def parse(text: str) -> Selector:
    """The selector that a text means. Raises `BadSelector`, which says what is understood."""
    selector = text.strip()
    if not selector:
        raise BadSelector(text, f"it is empty; {_UNDERSTOOD}.")
    tag: str | None = None
    classes: list[str] = []
    attributes: list[tuple[bytes, str | None]] = []
    for at, part in _parts(text, selector):
        kind = part.lastgroup
        if kind == "tag" or kind == "any":
            if at:
                raise BadSelector(text, f"a tag comes first, not at {selector[at:]!r}; {_UNDERSTOOD}.")
            tag = part["tag"].lower() if part["tag"] else None
        elif kind == "class":
            classes.append(_plain(part["class"]))
        elif kind == "id":
            attributes.append((b"id", _plain(part["id"])))
        else:
            attributes.append((part["attribute"].lower().encode(), _value(part)))
    if tag is None and not classes and not attributes:
        raise BadSelector(text, f"it means every element; {_UNDERSTOOD}.")
    if tag is not None and tag.encode() in NOT_REMOVED:
        raise BadSelector(text, f"<{tag}> can't be taken out, because {_why_not(tag.encode())}; name what is in it.")
    return Selector(tag.encode() if tag else None, frozenset(classes), tuple(attributes))


def _parts(text: str, selector: str) -> Iterator[tuple[int, re.Match[str]]]:
    at = 0
    while at < len(selector):
        part = _PART.match(selector, at)
        if part is None:
            raise BadSelector(text, f"{selector[at:]!r} is not understood; {_UNDERSTOOD}.")
        yield at, part
        at = part.end()


def _plain(name: str) -> str:
    return _ESCAPED.sub(r"\1", name)


def _value(part: re.Match[str]) -> str | None:
    if part["bare"] is not None:
        return _plain(part["bare"])
    return part["single"] if part["double"] is None else part["double"]


def _why_not(tag: bytes) -> str:
    return "its end tag may be left out" if tag in ENDING_BY_THEMSELVES else "it belongs to the page itself"
