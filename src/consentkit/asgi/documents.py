"""The texts of the site's policies, as evidence: from their files, or from the app's own pages, read before anyone is
asked.

Of a file the text is all of it, so that its hash is what `sha256sum` says. Of a page it is what a person reads: the
words of its `<main>` (or `<article>`, or else of all of it), without menus, scripts and styles, a line a block. So a
new menu, a nonce or a banner is no new text, and every process finds the same one. Nothing is ever asked of the
network: what lies elsewhere has a text only by `Policy(file=)`.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urljoin, urlsplit

import anyio

from consentkit.errors import ConfigurationError
from consentkit.log.notice import text_digest
from consentkit.settings import Site
from consentkit.vocabulary import Policy

logger = logging.getLogger("consentkit")

Message = MutableMapping[str, Any]
App = Callable[[Message, Callable[[], Awaitable[Message]], Callable[[Message], Awaitable[None]]], Awaitable[None]]

#: A text goes into every notice snapshot; what is longer is no policy that anyone reads.
MAX_TEXT = 1024 * 1024  # bytes

#: How long the start of the app may wait for one of its own pages.
PATIENCE_SECONDS = 5.0

MAX_REDIRECTS = 3

#: What to do when a version says something new: policy, version, and since when the log knows the other text.
CHANGED = (
    "The policy %r says something else than the log knows as version %r since %s: give it a new version, or put the old"
    " text back; otherwise people will have seen two texts under one name."
)


def from_files(site: Site) -> dict[str, str]:
    """The text of each policy that names a file. Raises ConfigurationError with every file that can't be used."""
    texts, problems = {}, []
    for number, policy in enumerate(site.policies):
        if not policy.file:
            continue
        try:
            texts[policy.name] = _read_file(site.folder / policy.file)
        except (OSError, ValueError) as problem:
            reason = getattr(problem, "strerror", None) or str(problem)
            problems.append(f"policies[{number}].file: {policy.file!r} can't be used as the text: {reason}.")
    if problems:
        raise ConfigurationError(problems)
    return texts


def _read_file(path: Path) -> str:
    raw = path.read_bytes()
    if len(raw) > MAX_TEXT:
        raise ValueError(f"it has {len(raw):,} bytes, at most {MAX_TEXT:,} are kept")
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        raise ValueError("it is not UTF-8; name a text, Markdown or HTML file") from None


def digests(site: Site, texts: Mapping[str, str]) -> dict[tuple[str, str], str]:
    """(policy, version) to the SHA-256 of its text."""
    return {
        (policy.name, policy.version): text_digest(texts[policy.name])
        for policy in site.policies
        if policy.name in texts
    }


async def from_pages(app: App, site: Site, extra: Message | None = None) -> dict[str, str]:
    """The text of each policy that names no file and is a page of this app. One that can't be read is told and left
    out: its version is recorded without a hash.

    `app`: without the middleware around it. `extra`: what its requests carry besides.
    """
    texts = {}
    for policy in site.policies:
        path = own_path(site, policy)
        if path is None:
            continue
        try:
            text = await _read_page(app, site, path, extra or {})
        except Exception as problem:
            text, reason = None, f"{type(problem).__name__}: {problem}"
        else:
            reason = "it is not answered with a page" if text is None else ""
        if text:
            texts[policy.name] = text
        else:
            logger.warning(
                "The text of the policy %r at %s can't be read (%s), so records name its version and no hash;"
                " name its text with file =.", policy.name, policy.url, reason or "it is empty",
            )  # fmt: skip
    return texts


def own_path(site: Site, policy: Policy) -> str | None:
    """Where the policy is a page of this site and has to be read there, as path and query."""
    if policy.file:
        return None
    if policy.url.startswith("/"):
        return policy.url
    parts = urlsplit(policy.url)
    is_own = bool(site.url) and f"{parts.scheme}://{parts.netloc}" == site.url.rstrip("/")
    return (parts.path or "/") + (f"?{parts.query}" if parts.query else "") if is_own else None


async def _read_page(app: App, site: Site, path: str, extra: Message) -> str | None:
    base = site.url.rstrip("/") or "http://localhost"
    address = base + path
    for _ in range(1 + MAX_REDIRECTS):
        status, headers, body = await _get(app, address, site.language, extra)
        if status in (301, 302, 303, 307, 308):
            address = urljoin(address, headers.get(b"location", b"").decode("latin-1"))
            if not address.startswith(f"{base}/"):
                return None
            continue
        kind, _, parameters = headers.get(b"content-type", b"").decode("latin-1").partition(";")
        if status != 200 or body is None or kind.strip().lower() not in _KINDS:
            return None
        _, found, charset = parameters.lower().partition("charset=")
        text = body.decode(charset.strip(" \"'") if found else "utf-8", errors="replace")
        return text if kind.strip().lower() == "text/plain" else text_of(text)
    return None


_KINDS = ("text/html", "application/xhtml+xml", "text/plain")


async def _get(app: App, address: str, language: str, extra: Message) -> tuple[int, dict[bytes, bytes], bytes | None]:
    """A page of the app, asked in this process; its body is None when it is too long, or did not come in time."""
    parts = urlsplit(address)
    scope: Message = {
        "type": "http", "asgi": {"version": "3.0", "spec_version": "2.4"}, "http_version": "1.1", "method": "GET",
        "scheme": parts.scheme, "path": unquote(parts.path), "raw_path": parts.path.encode(), "root_path": "",
        "query_string": parts.query.encode(), "server": (parts.hostname, parts.port or 80), "client": ("127.0.0.1", 0),
        "headers": [
            (b"host", parts.netloc.encode()), (b"accept", b"text/html"), (b"accept-language", language.encode()),
            (b"user-agent", b"consentkit"), (b"x-forwarded-proto", parts.scheme.encode()),
        ],
        "state": {}, **extra,
    }  # fmt: skip
    status, headers, pieces, size, whole = 0, {}, [], 0, False
    asked = False

    async def receive() -> Message:
        nonlocal asked
        if asked:
            await anyio.sleep_forever()
        asked = True
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        nonlocal status, headers, size, whole
        if message["type"] == "http.response.start":
            status = message["status"]
            headers = {bytes(name).lower(): bytes(value) for name, value in message.get("headers", ())}
        elif message["type"] == "http.response.body":
            size += len(message.get("body", b""))
            if size <= MAX_TEXT:
                pieces.append(bytes(message.get("body", b"")))
            whole = not message.get("more_body", False)

    with anyio.move_on_after(PATIENCE_SECONDS):
        await app(scope, receive, send)
    return status, headers, b"".join(pieces) if whole and size <= MAX_TEXT else None


def text_of(html: str) -> str:
    """What a person reads of a page, a line a block."""
    words = _Words()
    words.feed(html)
    words.close()
    return words.text


# What is around the document, or is not read.
_AROUND = frozenset(
    {
        "script",
        "style",
        "template",
        "noscript",
        "nav",
        "header",
        "footer",
        "aside",
        "form",
        "svg",
        "head",
        "title",
        "ckit-ui",
    }
)
_BLOCKS = frozenset({
    "address", "article", "blockquote", "br", "caption", "dd", "div", "dl", "dt", "figure", "h1", "h2", "h3", "h4", "h5",
    "h6", "hr", "li", "main", "ol", "p", "pre", "section", "table", "td", "th", "tr", "ul",
})  # fmt: skip
_WITHIN = ("main", "article")


class _Words(HTMLParser):
    """Collects the words of the body, of every `<main>` and of every `<article>`; the innermost that has any wins."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._lines: dict[str, list[str]] = {"main": [], "article": [], "body": []}
        self._open: dict[str, int] = dict.fromkeys((*_WITHIN, *_AROUND), 0)

    @property
    def text(self) -> str:
        for place in ("main", "article", "body"):
            lines = (" ".join(line.split()) for line in "".join(self._lines[place]).split("\n"))
            found = "\n".join(line for line in lines if line)
            if found:
                return found
        return ""

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        if tag in self._open:
            self._open[tag] += 1
        if tag == "body":
            self._open["head"] = 0  # its end tag may be left out
        if tag in _BLOCKS:
            self._add("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in _BLOCKS:
            self._add("\n")
        if self._open.get(tag):
            self._open[tag] -= 1

    def handle_data(self, data: str) -> None:
        # Line breaks of the source are blanks to a reader.
        self._add(data.replace("\n", " ").replace("\r", " "))

    def _add(self, text: str) -> None:
        if any(self._open[tag] for tag in _AROUND):
            return
        self._lines["body"].append(text)
        for tag in _WITHIN:
            if self._open[tag]:
                self._lines[tag].append(text)
