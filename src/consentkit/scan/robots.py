"""What `robots.txt` asks of us (RFC 9309). Pure: its text in, yes or no out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

MAX_ROBOTS = 500 * 1024  # bytes, the least that a crawler must read (RFC 9309, 2.5)
LONGEST_DELAY = 10.0  # seconds; who asks for an hour between pages gets few of them read instead


@dataclass
class Robots:
    """The rules for one crawler: (path pattern, whether it may), and the seconds between two requests."""

    rules: list[tuple[str, bool]] = field(default_factory=list)
    delay: float = 0.0

    def allow(self, url: str) -> bool:
        """Whether an address may be asked for: the longest pattern that covers it decides, and of two the kinder."""
        parts = urlsplit(url)
        path = unquote(parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        matching = [(len(pattern), may) for pattern, may in self.rules if covers(pattern, path)]
        return max(matching, default=(0, True))[1]


def read(body: bytes, agent: str) -> Robots:
    """The rules for a crawler by its name; those for everyone (`*`) where none are for it."""
    mine, everyones = Robots(), Robots()
    named = False
    present: list[Robots] = []
    in_names = False
    for key, value in _lines(body):
        if key == "user-agent":
            if not in_names:
                present = []
            in_names = True
            if value == "*":
                present.append(everyones)
            elif value and agent.lower().startswith(value.lower()):
                named = True
                present.append(mine)
            continue
        in_names = False
        for rules in present:
            if key in ("allow", "disallow") and value:
                rules.rules.append((unquote(value), key == "allow"))
            elif key == "crawl-delay":
                rules.delay = _seconds(value)
    return mine if named else everyones


def _lines(body: bytes) -> Iterable[tuple[str, str]]:
    for line in body[:MAX_ROBOTS].decode("utf-8-sig", "replace").splitlines():
        key, colon, value = line.partition("#")[0].partition(":")
        if colon:
            yield key.strip().lower(), value.strip()


def _seconds(value: str) -> float:
    try:
        return min(max(float(value), 0.0), LONGEST_DELAY)
    except ValueError:
        return 0.0


def covers(pattern: str, path: str) -> bool:
    """Whether a pattern with `*` and a `$` at its end covers a path. Linear: each piece is looked for once."""
    is_whole = pattern.endswith("$")
    first, *rest = pattern.removesuffix("$").split("*")
    if not path.startswith(first):
        return False
    if not rest:
        return not is_whole or path == first
    at = len(first)
    for piece in rest[:-1]:
        found = path.find(piece, at)
        if found < 0:
            return False
        at = found + len(piece)
    if is_whole:
        return path.endswith(rest[-1]) and len(path) - len(rest[-1]) >= at
    return path.find(rest[-1], at) >= 0
