"""One value, one spelling: canonical JSON by RFC 8785, over which hashes are taken.

Only what our values are made of is spoken: objects, arrays, text, whole numbers, true, false and null. There
are no fractions anywhere in a record, so the hard part of RFC 8785, the shortest form of a float, never
arises; the type `Json` keeps it so.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

Json = Mapping[str, "Json"] | Sequence["Json"] | str | int | bool | None

# JSON.stringify and Python's encoder agree on escapes (RFC 8785, 3.2.2.2): \b \t \n \f \r, \" and \\, other
# control characters as \u00xx in lower case, everything else as it is.
_encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"), sort_keys=True).encode


def encode(value: Json) -> bytes:
    """The canonical bytes of a value. Text is taken as it is, never normalised (RFC 8785, 3.1).

    Raises ValueError for text that has no UTF-8 form (half a surrogate pair).
    """
    text = _encode(value)
    # Keys sort by UTF-16 code units (3.2.3). Python sorts by code points, which is the same order as long as
    # nothing lies above U+FFFF: those are written with surrogates, which sort below U+E000.
    if not text.isascii() and max(text) > "\uffff":
        text = json.dumps(_in_utf16_order(value), ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.encode("utf-8")


def _in_utf16_order(value: Json) -> Json:
    if isinstance(value, Mapping):
        return {key: _in_utf16_order(value[key]) for key in sorted(value, key=_utf16)}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_in_utf16_order(item) for item in value]
    return value


def _utf16(key: str) -> bytes:
    return key.encode("utf-16-be")
