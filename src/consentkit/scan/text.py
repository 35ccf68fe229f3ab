"""The letters of a page, as browsers find them: by mark, header, meta, and then by what fits. Pure."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator

from consentkit.rewrite.charsets import charset_by_mark

#: Charsets of the web, as Python's codecs call them. Its other codecs (punycode, unicode_escape …) read no page.
_WEB = """
    utf-8 utf-16 utf-16-le utf-16-be cp866 iso8859-2 iso8859-3 iso8859-4 iso8859-5 iso8859-6 iso8859-7 iso8859-8
    iso8859-10 iso8859-13 iso8859-14 iso8859-15 iso8859-16 koi8-r koi8-u mac-roman cp874 cp1250 cp1251 cp1252 cp1253
    cp1254 cp1255 cp1256 cp1257 cp1258 gbk gb18030 big5 big5hkscs euc_jp iso2022_jp shift_jis cp932 euc_kr cp949
"""
WEB = frozenset(_WEB.split())

#: What browsers read instead of what is declared (Encoding Standard, 4.2).
_MEANT = {"ascii": "cp1252", "iso8859-1": "cp1252", "iso8859-9": "cp1254", "gb2312": "gbk", "shift_jis": "cp932"}

_IN_HEADER = re.compile(r"charset\s*=\s*[\"']?\s*([^\s\"';,]+)", re.I)
_IN_META = re.compile(rb"<meta[^>]{0,500}?charset\s{0,9}=\s{0,9}[\"']?\s{0,9}([a-zA-Z0-9_:.+-]{1,40})", re.I)
#: Where browsers look for a meta; the standard says 1,024, and they go on a little.
_META_WITHIN = 4096  # bytes


def decode(body: bytes, content_type: str) -> tuple[str, str]:
    """The text of a page, and a sentence about its charset when that is not what is declared, or ""."""
    declared = list(_declared(body, content_type))
    for label in declared:
        codec = codec_of(label)
        if codec is None:
            continue
        # A page that was cut may end within a letter, which is no mistake of its author's.
        text = codecs.getincrementaldecoder(codec)("replace").decode(body)
        wrong = text.count("\ufffd") - body.count(b"\xef\xbf\xbd")
        said = f"its letters are not the {label} that it declares: {wrong} can't be read" if wrong > 0 else ""
        return text, said
    unknown = f"it declares a charset that no browser knows ({declared[0][:40]!r})" if declared else ""
    try:
        return body.decode("utf-8"), unknown
    except UnicodeDecodeError:
        return body.decode("cp1252", "replace"), unknown


def _declared(body: bytes, content_type: str) -> Iterator[str]:
    mark = charset_by_mark(body[:4])
    if mark:
        yield mark
    header = _IN_HEADER.search(content_type)
    if header:
        yield header[1]
    meta = _IN_META.search(body[:_META_WITHIN])
    if meta:
        label = meta[1].decode("ascii")
        # A meta that can be read as ASCII is in no page of two bytes a letter (HTML, 13.2.3.2).
        yield "utf-8" if label.lower().startswith("utf-16") else label


def codec_of(label: str) -> str | None:
    """Python's codec for a label of the web, or None."""
    try:
        name = codecs.lookup(label).name
    except (LookupError, ValueError):
        return None
    name = _MEANT.get(name, name)
    return name if name in WEB else None
