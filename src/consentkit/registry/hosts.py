"""Host names and the patterns that match them.

A pattern is a host and an optional path: `hotjar.com`, `www.google.com/recaptcha/`, `facebook.com/tr`. Its
host covers its subdomains, label by label, never by substring: `hotjar.com` covers `static.hotjar.com` and
neither `nothotjar.com` nor `hotjar.com.example`. Its path covers whole segments in the same way: `/tr` covers
`/tr` and `/tr/x` and not `/trending`; a path that ends in a slash covers what lies below it. A path with a
question mark goes on into the query (`/gtag/js?id=AW-`) and is then compared letter by letter.

Of several patterns that cover an address the longest host wins, and among its paths the longest.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from typing import Generic, NamedTuple, TypeVar
from urllib.parse import unquote

V = TypeVar("V")

# The longest name that DNS can carry (RFC 1035, 2.3.4). A longer one loads nothing, so it is nobody's.
MAX_HOST = 253  # characters

NUMBER = re.compile(r"\d+\Z|0x[0-9a-f]*\Z")
LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?\Z")


def plain_host(host: str) -> str:
    """The form in which browsers ask for a host: lower case, `xn--` labels, no dot at the end; or "" if none.

    Unlike the standard library's IDNA codec this keeps `ß` apart from `ss`, as browsers do (UTS 46,
    non-transitional).
    """
    if "%" in host:
        host = unquote(host)
    if not host.isascii():
        host = unicodedata.normalize("NFKC", host).lower().replace("\u3002", ".")
        host = ".".join(
            label if label.isascii() else "xn--" + label.encode("punycode").decode() for label in host.split(".")
        )
    host = host.lower().removesuffix(".")
    return host if len(host) <= MAX_HOST else ""


def is_address(host: str) -> bool:
    """Whether a plain host is an IP address. A last label that is a number makes one (WHATWG URL, 3.5)."""
    return ":" in host or "[" in host or NUMBER.match(host.rpartition(".")[2]) is not None


def is_name(host: str) -> bool:
    """Whether a plain host is a name with at least two labels: what a pattern can cover."""
    return "." in host and not is_address(host) and all(map(LABEL.match, host.split(".")))


def plain_path(path: str) -> str:
    """The path that a browser asks for: dot segments resolved, back slashes turned, the query as it came."""
    end = min((at for at in (path.find("?"), path.find("#")) if at >= 0), default=len(path))
    steps, rest = path[:end].replace("\\", "/"), path[end:]
    out: list[str] = []
    segments = steps.split("/")[1:]
    for number, segment in enumerate(segments):
        dots = segment.lower().replace("%2e", ".")
        if dots in (".", ".."):
            if dots == ".." and out:
                out.pop()
            if number == len(segments) - 1:
                out.append("")
        else:
            out.append(segment)
    return "/" + "/".join(out) + rest


class Rule(NamedTuple, Generic[V]):
    """One pattern as it is tried on a path: `path.startswith(starts) or path == whole`."""

    starts: str | tuple[str, ...]
    whole: str
    pattern: str
    value: V

    @property
    def has_path(self) -> bool:
        return bool(self.starts)


def rule(pattern: str, value: V) -> Rule[V]:
    """The rule of a pattern."""
    slash = pattern.find("/")
    path = pattern[slash:] if slash >= 0 else ""
    if path in ("", "/"):
        return Rule("", "", pattern, value)
    if path.endswith("/") or "?" in path:
        return Rule(path, path, pattern, value)
    return Rule((path + "/", path + "?", path + ";", path + "#"), path, pattern, value)


class Index(Generic[V]):
    """Patterns by host. `rules(host)` are those that cover a host, in the order in which they are tried."""

    def __init__(self, patterns: Iterable[tuple[str, V]]) -> None:
        self._by_host: dict[str, list[tuple[str, V]]] = {}
        for pattern, value in patterns:
            slash = pattern.find("/")
            host = pattern if slash < 0 else pattern[:slash]
            self._by_host.setdefault(host, []).append((pattern, value))

    def rules(self, host: str) -> tuple[Rule[V], ...]:
        """Rules for a plain host: the longest host, then the longest path first, up to one without a path."""
        found: list[Rule[V]] = []
        covers_subdomains = not is_address(host)
        while host:
            level = self._by_host.get(host)
            if level:
                found += [rule(pattern, value) for pattern, value in sorted(level, key=lambda pair: -len(pair[0]))]
                if not found[-1].has_path:
                    break
            host = host.partition(".")[2] if covers_subdomains else ""
        return tuple(found)
