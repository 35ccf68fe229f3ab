"""Whose snippet is an inline script? By pieces of code that nothing else has, never by the hosts that it names.

Theory of operation. A hundred fragments looked for one by one cost more than the rest of the page. So a script is cut
at each "(", "_" and ".", and the three bytes beside a cut are a *hint*: a fragment that has such a place can only be
in a script that has its hint. Few scripts have any; for those the fragments are looked for as they stand. All of that
is linear in the script.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import replace

from consentkit.rewrite.rules import Held

_WIDTH = 3  # bytes of a hint

#: Hints that half of all scripts have.
_COMMON = frozenset(
    {
        b"com",
        b"net",
        b"js?",
        b"pus",
        b"src",
        b"app",
        b"get",
        b"loa",
        b"tra",
        b"ini",
        b"ush",
        b"ack",
        b"oad",
        b"nit",
        b"cre",
    }
)

_Row = tuple[int, str, Held, tuple[bytes, ...]]

#: What a script has that does more than tell a vendor something.
_DOES_MORE = re.compile(
    rb"\b(?:function|document|location|addEventListener|jQuery|class|import|require)\b|=>|\$\(|\bon[a-z]+\s*="
)

_WORD = re.compile(rb"[A-Za-z_$][A-Za-z0-9_$]*")

#: What a script has that itself loads or sends something: it may be a snippet that is written in another way.
_LOADS = re.compile(rb"createElement|\.src\b|\bImage\b|sendBeacon|XMLHttpRequest|\bfetch\(|\bimport\(|\.write\b")


class Signatures:
    """Answers for one visitor; give it to `Rules(signatures=…)`, the same object each time.

    `rows`: (vendor, fragments), tried in order; a row matches a script that has all its fragments. `held_by`: what to
    say of that vendor's snippet; None lets it pass. `unclaimed`: asked about a matching script whose `Held` names no
    vendor, with the vendor of the row and the script; None lets it pass. `calls`: fragments that other code has as well,
    because it tells the vendor something; such code runs, with stand-ins for what it calls.
    """

    __slots__ = ("_always", "_calls", "_hinted", "_unclaimed")

    def __init__(
        self,
        rows: Iterable[tuple[str, tuple[bytes, ...]]],
        held_by: Callable[[str], Held | None],
        unclaimed: Callable[[str, bytes], Held | None] | None = None,
        calls: frozenset[bytes] = frozenset(),
    ) -> None:
        #: Rows by the hint that a script must have for them; those without are always tried.
        self._hinted: dict[bytes, list[_Row]] = {}
        self._always: list[_Row] = []
        for number, (vendor, fragments) in enumerate(rows):
            held = held_by(vendor)
            if held is not None:
                hint = _hint(fragments)
                row = (number, vendor, held, fragments)
                (self._hinted.setdefault(hint, []) if hint else self._always).append(row)
        self._unclaimed = unclaimed
        self._calls = calls

    def __call__(self, script: bytes) -> Held | None:
        calls = script.split(b"(")
        hints = {piece[-_WIDTH:] for piece in calls}
        hints.update([piece[:_WIDTH] for piece in calls])
        hints.update([piece[:_WIDTH] for piece in script.split(b"_")])
        hints.update([piece[:_WIDTH] for piece in script.split(b".")])
        hinted = self._hinted
        rows = [row for hint in hints & hinted.keys() for row in hinted[hint]]
        called: Held | None = None
        for _, vendor, held, fragments in sorted([*rows, *self._always], key=lambda row: row[0]):
            if not all(fragment in script for fragment in fragments):
                continue
            found = held if held.vendor or not self._unclaimed else self._unclaimed(vendor, script)
            if not self._calls.issuperset(fragments):
                return found and _named_in(script, found)
            called = called or found
        if called is None:
            return None
        named = _named_in(script, called)
        runs = _DOES_MORE.search(script) and not _LOADS.search(script)
        return replace(named, runs=True) if runs else named


def _named_in(script: bytes, held: Held) -> Held:
    """With the stubs that the script itself speaks of: what it would not have made nobody misses."""
    if not held.stubs:
        return held
    words = frozenset(_WORD.findall(script))
    stubs = " ".join(stub for stub in held.stubs.split() if stub[:-2].encode() in words)
    return held if stubs == held.stubs else replace(held, stubs=stubs)


def _hint(fragments: tuple[bytes, ...]) -> bytes:
    """The least common of the hints of a row, or b"" when it has none."""
    before = [piece[-_WIDTH:] for fragment in fragments for piece in fragment.split(b"(")[:-1]]
    after = [
        piece[:_WIDTH] for fragment in fragments for sign in (b"_", b"(", b".") for piece in fragment.split(sign)[1:]
    ]
    hints = [hint for hint in (*before, *after) if len(hint) == _WIDTH]
    return next((hint for hint in hints if hint not in _COMMON), hints[0] if hints else b"")
