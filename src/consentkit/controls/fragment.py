"""A rendering with gaps: composed once, filled for each request.

What differs from one request to the next (addresses, where to go back to, the view token) is left out of a
rendering, so that everything else can be remembered. The gaps have names, and a notice snapshot shows the names.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from consentkit.templates import Markup

#: `root`: origin, if needed, and root_path. `base`: the same with our prefix. `next`: where to go back to, as it
#: stands in an attribute; `query`: the same, percent-encoded for a query; `view`: where the link to another version
#: leads, the same way. `token`: the view token. `nonce`: the page's, as an attribute, or nothing.
#: `self`: the target of links and form where the page's <base> may name another, or nothing.
GAPS = ("root", "base", "next", "query", "view", "token", "nonce", "self")

# Control characters that HTML does not allow (13.2.3.5 calls them parse errors), so that no text can hold them.
_GAP = re.compile("\x1a(" + "|".join(GAPS) + ")\x1b")

#: What a template gets under these names.
MARKS: Mapping[str, Markup] = {name: Markup(f"\x1a{name}\x1b") for name in GAPS}


class Fragment:
    """ASCII bytes with gaps. Whatever is not ASCII became character references, so any charset can hold it."""

    def __init__(self, html: str) -> None:
        self._html = html
        literals_and_names = _GAP.split(html)
        self._literals = [to_ascii(literal) for literal in literals_and_names[::2]]
        self._names = literals_and_names[1::2]

    def fill(self, values: Mapping[str, bytes]) -> bytes:
        """The bytes, each gap filled with the value of its name."""
        parts = [self._literals[0]]
        for name, literal in zip(self._names, self._literals[1:], strict=True):
            parts += (values[name], literal)
        return b"".join(parts)

    @property
    def with_named_gaps(self) -> str:
        """The text as it is kept in a notice snapshot: `{{next}}` where something differs from page to page."""
        return _GAP.sub(r"{{\1}}", self._html)


def to_ascii(text: str) -> bytes:
    return text.encode("ascii", "xmlcharrefreplace")
