"""Which host does the value of an attribute name? As browsers read it (WHATWG URL), not as it is written.

Trackers and careless templates write `//host`, `\\\\host`, `https:host`, `h&#116;tps://host`, `https://me@host:80/`
or put a line break into the middle. All of them load from `host`, so all of them have to be recognised. What
can't name a host (`data:`, `blob:`, `javascript:`, `mailto:`, a relative URL of the page) gives None.
"""

from __future__ import annotations

import html
import re
from base64 import b64decode
from collections.abc import Iterator
from html.entities import html5
from typing import NamedTuple
from urllib.parse import unquote, unquote_to_bytes


class Target(NamedTuple):
    """Where a URL leads: lower-case host without port, and path with query (at least "/")."""

    host: str
    path: str


#: Schemes whose URLs have a host and treat a backslash as a slash (URL, 4.2 "special"; file names no host).
_WITH_HOST = frozenset({"http", "https", "ws", "wss", "ftp"})

_SCHEME = re.compile(r"([a-zA-Z][a-zA-Z0-9+.-]*):")
_LONGEST_HOST = 253  # characters, as DNS has it; the codec below takes quadratic time
_AUTHORITY_END = re.compile(r"[/\\?#]")
_LINE_BREAKS = str.maketrans("", "", "\t\r\n")
_C0_AND_SPACE = "".join(map(chr, range(0x21)))

_REFERENCE = re.compile(r"&(#[xX]?[0-9a-fA-F]+;?|[a-zA-Z][a-zA-Z0-9]*;?)(=?)")

#: A tag without any of these can only hold relative URLs. Two slashes, perhaps with line breaks between them; the end
#: of a scheme (`https:`, `http:`, `ws:`, `ftp:`); or a backslash (an escape of CSS, too) or a reference that may hide
#: either.
MAY_NAME_A_HOST = re.compile(rb"/[\t\r\n]*+[/\\]|\\|&|[sSpP][\t\r\n]*+:")


def decode(value: bytes) -> str:
    """The text of an attribute value: bytes to characters, then its character references resolved.

    The page's charset does not matter to what we ask (ASCII is ASCII in all of them), save for a host name in
    letters beyond ASCII, and for those UTF-8 is the only sensible guess.
    """
    text = value.decode("utf-8", "replace")
    return _REFERENCE.sub(_resolve, text) if "&" in text else text


def _resolve(reference: re.Match[str]) -> str:
    name, equals = reference.groups()
    if name[0] == "#":
        return html.unescape(f"&{name}") + equals
    # In an attribute, a name without semicolon before "=" or a letter is no reference (HTML, 13.2.5.73), so
    # that ?a=1&copy=2 keeps its parameter. The pattern has taken every letter, so only "=" is left to check.
    if name not in html5 or (equals and not name.endswith(";")):
        return reference[0]
    return html5[name] + equals


# The way nearly every URL is written; everything else goes the long way.
_PLAIN = re.compile(r"(?:https?:)?//([a-z0-9-]++(?:\.[a-z0-9-]++)++)(/[^\\#%\s]*+|\Z)")


def target(url: str, base: Target | None = None) -> Target | None:
    """Where a decoded URL leads; None when it names no host, or is relative and the page has no foreign base."""
    plain = _PLAIN.fullmatch(url)
    if plain and "/." not in url:
        return Target(plain[1], plain[2] or "/")
    url = url.strip(_C0_AND_SPACE).translate(_LINE_BREAKS)
    scheme = _SCHEME.match(url)
    if scheme:
        # `https:host` without slashes is relative on an https page and absolute on any other. We do not know
        # the page's scheme, so it counts as absolute.
        return _absolute(url, scheme.end()) if scheme[1].lower() in _WITH_HOST else None
    if url[:2].replace("\\", "/") == "//":
        return _absolute(url, 0)
    return None if base is None or not url or url[0] == "#" else _relative(url, base)


def _absolute(url: str, start: int) -> Target | None:
    while url[start : start + 1] in ("/", "\\"):
        start += 1
    end = _AUTHORITY_END.search(url, start)
    authority = url[start : end.start()] if end else url[start:]
    host = _host(authority)
    return Target(host, _path(url[end.start() :] if end else "")) if host else None


def _host(authority: str) -> str:
    host = authority.rpartition("@")[2]
    if host.startswith("["):
        return host.partition("]")[0].lower() + "]"
    host = host.partition(":")[0]
    if "%" in host:
        host = unquote(host)
    if not host.isascii():
        host = _punycode(host)
    return host.lower().rstrip(".")


def _punycode(host: str) -> str:
    if len(host) > _LONGEST_HOST:
        return host
    try:
        return host.encode("idna").decode("ascii")
    except UnicodeError:
        return host


def _path(rest: str) -> str:
    rest = rest.partition("#")[0]
    path, mark, query = rest.partition("?")
    path = path.replace("\\", "/")
    if "/." in path or "%2" in path:
        path = _without_dot_segments(path)
    return f"{path or '/'}{mark}{query}"


def _without_dot_segments(path: str) -> str:
    kept: list[str] = []
    segments = path.split("/")[1:]
    for place, segment in enumerate(segments):
        plain = segment.replace("%2e", ".").replace("%2E", ".")
        if plain == "..":
            del kept[-1:]
        elif plain != ".":
            kept.append(segment)
            continue
        if place == len(segments) - 1:
            kept.append("")
    return "/" + "/".join(kept)


def _relative(url: str, base: Target) -> Target:
    path = base.path.partition("?")[0]
    if url[0] == "?":
        return Target(base.host, _path(path + url))
    if url[0] not in "/\\":
        url = path.rpartition("/")[0] + "/" + url
    return Target(base.host, _path(url))


_CANDIDATE = re.compile(r"[\t\n\f\r ,]*([^\t\n\f\r ]+)")
_DESCRIPTORS = re.compile(r"[^,(]*+(?:\([^)]*+\)?[^,(]*+)*+,?")


def srcset(value: str) -> Iterator[str]:
    """The URLs of a `srcset` (HTML, 4.8.4.2.1): a URL ends at white space, so those of data: keep their commas."""
    at = 0
    while candidate := _CANDIDATE.match(value, at):
        url = candidate[1].rstrip(",")
        if url:
            yield url
        at = candidate.end()
        if url == candidate[1]:
            descriptors = _DESCRIPTORS.match(value, at)
            at = descriptors.end() if descriptors else at


_REFRESH = re.compile(
    r"""[\t\n\f\r ]*[0-9.]*[\t\n\f\r ]*[;,]?[\t\n\f\r ]*(?:url[\t\n\f\r ]*=[\t\n\f\r ]*)?(["']?)""", re.I
)


def refresh(value: str) -> str:
    """The URL of a `<meta http-equiv=refresh>` (HTML, 4.2.5.3), or "": the page itself."""
    start = _REFRESH.match(value)
    assert start is not None, "every part of it may be missing"
    url = value[start.end() :]
    return url.partition(start[1])[0] if start[1] else url


_DATA = re.compile(r"data:([^,]*),", re.I)
_QUOTED_URL = re.compile(r"""["'`]((?:https?:)?//[^"'`\s\\]++)""", re.I)


def data_script(url: str) -> str | None:
    """The text that stands in a data: URL; None for any other URL, "" when it can't be read.

    Tags are read up to 64 KiB (`LONGEST_WAIT`), so this is bounded.
    """
    url = url.strip(_C0_AND_SPACE).translate(_LINE_BREAKS)
    data = _DATA.match(url)
    if data is None:
        return None
    raw = unquote_to_bytes(url[data.end() :])
    if data[1].lower().rstrip().endswith(";base64"):
        raw = raw.translate(None, b" \t\n\f\r").rstrip(b"=")
        raw = raw[: len(raw) - (len(raw) % 4 == 1)]
        try:
            raw = b64decode(raw + b"=" * (-len(raw) % 4))
        except ValueError:
            return ""
    return raw.decode("utf-8", "replace")


def quoted_urls(script: str) -> Iterator[str]:
    """The absolute URLs that a script has as whole strings, or at the start of one."""
    return (found[1] for found in _QUOTED_URL.finditer(script.replace("\\/", "/")))


def read_with_places(value: bytes) -> tuple[bytes, list[int]]:
    """The bytes of an attribute value, its references resolved, and where each of them stands in it."""
    pieces: list[bytes] = []
    places: list[int] = []
    at = 0
    for found in _REFERENCE.finditer(value.decode("latin-1")):
        pieces.append(value[at : found.start()])
        places += range(at, found.start())
        resolved = _resolve(found).encode("utf-8", "replace")
        pieces.append(resolved)
        places += [found.start()] * len(resolved)
        at = found.end()
    return b"".join((*pieces, value[at:])), [*places, *range(at, len(value) + 1)]
