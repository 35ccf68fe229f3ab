"""Attributes with which an element loads later, where the page has none of its own."""

from __future__ import annotations

from consentkit.rewrite.holding import read

_LATER: dict[bytes, tuple[tuple[bytes, bytes], ...]] = {
    b"img": ((b"loading", b' loading="lazy"'), (b"decoding", b' decoding="async"')),
    b"iframe": ((b"loading", b' loading="lazy"'),),
    b"video": ((b"preload", b' preload="none"'),),
}

LIGHTENED = frozenset(_LATER)


def later(name: bytes, tag: bytes) -> bytes:
    """What goes behind the name of a start tag of these elements."""
    attributes = _LATER[name]
    lower = tag.lower()
    if any(attribute in lower for attribute, _ in attributes):
        _, values = read(tag, 1 + len(name))
        attributes = tuple(pair for pair in attributes if pair[0] not in values)
    return b"".join(added for _, added in attributes)
