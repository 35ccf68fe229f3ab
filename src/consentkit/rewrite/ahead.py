"""What kind of page is it? Two questions that a few bytes ahead answer, before ours go out.

Both answers depend on the bytes of a window, never on how much of it has come: as long as more could change the
answer, it is None.
"""

from __future__ import annotations

import re

from consentkit.rewrite.scanner import (
    ATTRIBUTES,
    BOGUS_COMMENT,
    COMMENT,
    NAME,
    NAME_END,
    WS,
    either_case,
    one_of,
    whole,
)

#: How much of a body is read before it is called a fragment.
FRAGMENT_WINDOW = 1024  # bytes of markup, after leading white space and comments

#: How much of the body is read before it is called one. Real pages show something after 50 to 500 bytes.
READING_AHEAD = 1024  # bytes

_DOCUMENT_TAG = rb"(?:![dD][oO][cC][tT][yY][pP][eE]|%b%b)" % (one_of("html head body"), NAME_END)
_WITH_TEXT = "script style title textarea noscript iframe xmp"
#: What a fragment is made of: anything but those four tags, of which comments, attributes and raw text may speak.
_FRAGMENT = re.compile(
    rb"[^<]*+(?:<(?:%b|(?!%b)(?:%b|%b|(?!%b%b)/?+%b%b>|(?=[^a-zA-Z/!?])|/>))[^<]*+)*+"
    % (
        COMMENT,
        _DOCUMENT_TAG,
        BOGUS_COMMENT,
        b"|".join(whole(name) for name in _WITH_TEXT.split()),
        one_of(_WITH_TEXT),
        NAME_END,
        NAME,
        ATTRIBUTES,
    )
)
_DOCUMENT = re.compile(rb"<" + _DOCUMENT_TAG)
_BEFORE_MARKUP = re.compile(rb"(?:[%b]++|<%b)*+" % (WS, COMMENT))

# What leaves a body replaceable ("frameset-ok", HTML 13.2.6.4.7): white space, NUL, comments, and most tags.
_SEEN = (
    "frameset pre listing li dd dt plaintext button applet marquee object table area br embed img image keygen wbr "
    "input hr textarea xmp iframe select body"
)
_UNREAD = "script style noscript title"
_NOTHING_SEEN = re.compile(
    rb"[%b\0]*+(?:<(?:%b|%b|%b|(?!%b%b)/?+%b%b>|/>)[%b\0]*+)*+"
    % (
        WS,
        COMMENT,
        BOGUS_COMMENT,
        b"|".join(whole(name) for name in _UNREAD.split()),
        one_of(f"{_SEEN} {_UNREAD}"),
        NAME_END,
        NAME,
        ATTRIBUTES,
        WS,
    )
)
_FRAMESET = re.compile(rb"<%b%b" % (either_case("frameset"), NAME_END))
#: Neither text nor one of the tags that show something: not all of it is there.
_UNCLEAR = re.compile(rb"\Z|<(?:\Z|[!?/]|(?!%b%b)[a-zA-Z])" % (one_of(_SEEN), NAME_END))


def markup_begins(data: bytes, at: int, end: int) -> int:
    """Where white space and whole comments are over."""
    return _BEFORE_MARKUP.match(data, at, end).end()  # type: ignore[union-attr]


def is_document(data: bytes, at: int, end: int, *, is_last: bool) -> bool | None:
    """Whether doctype, html, head or body is among the first tags; False for a fragment."""
    window = min(end, at + FRAGMENT_WINDOW)
    read = _FRAGMENT.match(data, at, window).end()  # type: ignore[union-attr]
    if _DOCUMENT.match(data, read, window):
        return True
    return False if is_last or end - at >= FRAGMENT_WINDOW else None


def is_frameset(data: bytes, at: int, end: int, *, is_last: bool) -> bool | None:
    """Whether a frameset will replace the body that begins here."""
    window = min(end, at + READING_AHEAD)
    read = _NOTHING_SEEN.match(data, at, window).end()  # type: ignore[union-attr]
    if _FRAMESET.match(data, read, window):
        return True
    is_unclear = not is_last and end - at < READING_AHEAD and _UNCLEAR.match(data, read, window)
    return None if is_unclear else False
