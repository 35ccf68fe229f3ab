"""Whose snippet is an inline script? By pieces of code that nothing else has, never by the hosts that it names.

The matcher is linear: each fragment is looked for once, as it stands. A row matches when it has all its fragments.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from consentkit.rewrite.rules import Held


class Signatures:
    """Answers for one visitor; give it to `Rules(signatures=…)`.

    `rows`: (vendor, fragments), tried in order. `held_by`: what to say of that vendor's snippet; None lets it pass.
    """

    __slots__ = ("_rows",)

    def __init__(self, rows: Iterable[tuple[str, tuple[bytes, ...]]], held_by: Callable[[str], Held | None]) -> None:
        said = ((held_by(vendor), fragments) for vendor, fragments in rows)
        self._rows = tuple((held, fragments) for held, fragments in said if held is not None)

    def __call__(self, script: bytes) -> Held | None:
        for held, fragments in self._rows:
            if all(fragment in script for fragment in fragments):
                return held
        return None
