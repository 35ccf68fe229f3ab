"""Which URLs would a style sheet load? Its bytes in, the places of its URLs out.

A CSS tokenizer as far as it matters (CSS Syntax, 4.3): comments and strings are passed over, names are read with their
escapes (`u\\72l(` is `url(`), and of the functions only those that load are known. In front of a URL that waits goes
`data:,#`: what was a URL becomes the fragment of an empty document, which loads nothing, and the sheet stays as long
as it was otherwise.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

#: Loads nothing, whatever follows.
NOTHING = b"data:,#"

#: Longer URLs carry their content. Their host stands at the start, so the start decides.
LONGEST_URL = 4096  # bytes

_ESCAPE = rb"\\(?:[0-9a-fA-F]{1,6}(?:\r\n|[ \t\n\r\f])?|[^\n\r\f0-9a-fA-F])"
_DOUBLE = rb'"([^"\\\n\r\f]*+(?:\\(?s:.)[^"\\\n\r\f]*+)*+)'
_SINGLE = rb"'([^'\\\n\r\f]*+(?:\\(?s:.)[^'\\\n\r\f]*+)*+)"
_NAME = rb"(?:[-_a-zA-Z0-9\x80-\xff]|%b)++" % _ESCAPE

#: Comments and strings; a name with what follows it; at-rules. Anything else means nothing here.
_TOKEN = re.compile(rb"/\*[^*]*+(?:\*(?!/)[^*]*+)*+(?:\*/|\Z)|%b[\"]?|%b[']?|(@?%b)([(]?)" % (_DOUBLE, _SINGLE, _NAME))
_SPACE = rb"[ \t\n\r\f]"
_COMMENT = rb"/\*[^*]*+(?:\*(?!/)[^*]*+)*+(?:\*/|\Z)"
_QUOTED = rb"(?:%b[\"]?|%b[']?)" % (_DOUBLE, _SINGLE)
#: What stands in url(), and what @import may be followed by.
_URL = re.compile(rb"%b*+(?:%b|([^ \t\n\r\f\"'()\\]*+(?:%b[^ \t\n\r\f\"'()\\]*+)*+))" % (_SPACE, _QUOTED, _ESCAPE))
_IMPORTED = re.compile(rb"(?:%b++|%b)*+(?:%b|())" % (_SPACE, _COMMENT, _QUOTED))
_CLOSES = re.compile(rb"[^()\"']*+(?:%b[\"]?[^()\"']*+|%b[']?[^()\"']*+)*+[)]?" % (_DOUBLE, _SINGLE))

_URLS = frozenset({b"url", b"src", b"url-prefix"})
#: Their strings are URLs as well.
_IMAGES = frozenset({b"image-set", b"-webkit-image-set"})

#: A sheet without any of these loads nothing. Without the second it names no host.
_MAY_LOAD = re.compile(rb"[uU][rR][lL][(]|@[iI][mM][pP]|-[sS][eE][tT][(]|[sS][rR][cC][(]|\\")
_MAY_NAME = re.compile(rb"[/\\]|:")

_AT = b"@"[0]

_UNESCAPE = re.compile(rb"\\(?:([0-9a-fA-F]{1,6})(?:\r\n|[ \t\n\r\f])?|(\r\n|[\n\r\f])|((?s:.)))")


def may_load(sheet: bytes) -> bool:
    """Whether it is worth reading; quick, and never wrong when it says no."""
    return _MAY_LOAD.search(sheet) is not None and _MAY_NAME.search(sheet) is not None


def urls(sheet: bytes) -> Iterator[tuple[int, str]]:
    """Where each URL that would be loaded begins, and what it says."""
    at = 0
    images_until = -1
    while found := _TOKEN.search(sheet, at):
        at = found.end()
        string = 1 if found[1] is not None else 2 if found[2] is not None else 0
        if string and found.start() < images_until:
            yield found.start(string), _text(found[string])
        if found[3] is None:
            continue
        name = _unescaped(found[3]).lower() if b"\\" in found[3] else found[3].lower()
        if found[4] and name in _IMAGES:
            images_until = _CLOSES.match(sheet, at).end()  # type: ignore[union-attr]
        elif (found[4] and name in _URLS) or (name == b"@import" and found[3][0] == _AT):
            value = (_URL if found[4] else _IMPORTED).match(sheet, at)
            assert value is not None, "every part of it may be missing"
            group = next(group for group in (1, 2, 3) if value[group] is not None)
            if value[group]:
                at = value.end()
                yield value.start(group), _text(value[group])


def _text(value: bytes) -> str:
    value = value[:LONGEST_URL]
    return (_unescaped(value) if b"\\" in value else value).decode("utf-8", "replace")


def _unescaped(value: bytes) -> bytes:
    return _UNESCAPE.sub(_resolve, value)


def _resolve(escape: re.Match[bytes]) -> bytes:
    if escape[1]:
        number = int(escape[1], 16)
        is_letter = 0 < number < 0x110000 and not 0xD800 <= number < 0xE000
        return (chr(number) if is_letter else "\ufffd").encode()
    return escape[3] or b""
