"""Which links lead on, and which lead astray? Pure: addresses in, addresses out.

A site may have endless pages: a calendar links to the next month, a filter to every combination of its answers, a
broken template to `/a/a/a/…`. So pages that differ in numbers or in their query alone are one *shape*, and only the
first few of a shape are read.
"""

from __future__ import annotations

import re
from collections import Counter, deque
from urllib.parse import parse_qsl, quote, urljoin, urlsplit

MAX_URL = 2000  # characters
MAX_STEPS = 12  # between the slashes of a path
MAX_WAITING = 5000
#: Pages of one shape: a fifth of all, and a few at least.
PER_SHAPE = 5
#: Queries of one path.
PER_PATH = 4

_NUMBER = re.compile(r"[0-9]+|[0-9a-f]{8}-[0-9a-f-]{27}")
_LOGIN_SESSION = re.compile(r";jsessionid=[^/?]*", re.I)
#: Files that are no pages, by what stands after the last dot.
_FILES = """
    7z avi avif bmp css csv doc docx eot epub exe gif gz ico jpeg jpg js json map mjs mov mp3 mp4 mpeg odt ogg otf pdf png
    ppt pptx rar rss svg tar tgz tif tiff ttf txt wasm wav webm webp woff woff2 xls xlsx xml zip
"""
FILES = frozenset(_FILES.split())


def absolute(link: str, base: str) -> str | None:
    """A link as it is asked for, without its fragment; None for what is no page (`mailto:`, `javascript:` …)."""
    if len(link) > 2 * MAX_URL:
        return None
    try:
        parts = urlsplit(urljoin(base, link.strip()))
        host, port = parts.hostname, parts.port
    except ValueError:
        return None
    if parts.scheme not in ("http", "https") or not host or "@" in parts.netloc:
        return None
    try:
        host = host if host.isascii() else host.encode("idna").decode("ascii")
    except UnicodeError:
        return None
    netloc = f"[{host}]" if ":" in host else host
    if port is not None and port != (443 if parts.scheme == "https" else 80):
        netloc += f":{port}"
    path = quote(_LOGIN_SESSION.sub("", parts.path) or "/", safe="/%:@!$&'()*+,;=~-._")
    query = quote(parts.query, safe="/%:@!$&'()*+,;=~-._?")
    return f"{parts.scheme}://{netloc}{path}" + (f"?{query}" if query else "")


def place(url: str) -> str:
    """What pages of one site share: host and port. `www.` and the change from http to https are no other site."""
    parts = urlsplit(url)
    return parts.netloc.removeprefix("www.")


def shape(url: str) -> str:
    """An address with its numbers and the values of its query taken out."""
    parts = urlsplit(url)
    names = sorted({name for name, _ in parse_qsl(parts.query, keep_blank_values=True, max_num_fields=None)[:50]})
    return _NUMBER.sub("#", parts.path.lower()) + ("?" + "&".join(names) if parts.query else "")


def is_page(url: str) -> bool:
    """Whether an address may be a page that is worth asking for."""
    path = urlsplit(url).path
    steps = path.split("/")
    if len(url) > MAX_URL or len(steps) > MAX_STEPS or any(count > 2 for step, count in Counter(steps).items() if step):
        return False
    return path.rpartition(".")[2].lower() not in FILES


class Frontier:
    """The pages that wait to be read, the nearest first; of one depth, those whose shape was read least."""

    def __init__(self, start: str, *, pages: int, depth: int, prefix: str) -> None:
        self._place = place(start)
        self._depth = depth
        self._prefix = prefix
        self._per_shape = max(PER_SHAPE, pages // 5)
        self._shapes: Counter[str] = Counter()
        self._paths: Counter[str] = Counter()
        self._seen: set[str] = set()
        self._levels: list[deque[str]] = [deque() for _ in range(depth + 1)]
        #: Whether links were left out because they are alike or too many.
        self.is_cut = False
        self.add(start, 0)

    def __len__(self) -> int:
        return sum(map(len, self._levels))

    def add(self, url: str, depth: int) -> None:
        """Let a page wait, unless it is known, far, of another site, or one too many of its shape."""
        if url in self._seen or place(url) != self._place or depth > self._depth or not is_page(url):
            return
        if f"{self._prefix}/" in url:
            return  # our own pages
        path, form = urlsplit(url).path, shape(url)
        if len(self) >= MAX_WAITING or self._paths[path] >= PER_PATH or self._is_common(form):
            self.is_cut = True
            return
        self._seen.add(url)
        self._paths[path] += 1
        self._shapes[form] += 1
        self._levels[depth].append(url)

    def skip(self, url: str) -> None:
        """Note an address as read: others lead to it."""
        self._seen.add(url)

    def next(self) -> tuple[str, int] | None:
        """The page to read now and its depth; None when all are read."""
        for depth, level in enumerate(self._levels):
            if level:
                return level.popleft(), depth
        return None

    def _is_common(self, form: str) -> bool:
        return ("#" in form or "?" in form) and self._shapes[form] >= self._per_shape
