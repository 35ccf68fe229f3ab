"""What comes back when a page is asked for, and how much of it is taken: the bounds that both ways of asking share.

Whoever is scanned may be broken or hostile: it may answer slowly, for ever, with a gigabyte, or with a kilobyte that
unpacks to one. So a body is cut at `MAX_BODY`, whatever it was packed in, and the time is limited by who asks.
"""

from __future__ import annotations

import time
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

from consentkit.errors import ConsentKitError

#: The longest pages of the web that are written by people have about 3 MB.
MAX_BODY = 4 * 1024 * 1024  # bytes, unpacked
PATIENCE = 10.0  # seconds for one page

#: What a browser sends when somebody types an address.
NAVIGATION = {
    "accept": "text/html,application/xhtml+xml,text/css;q=0.9,*/*;q=0.1",
    "accept-encoding": "gzip",
    "sec-fetch-dest": "document",
    "sec-fetch-mode": "navigate",
    "sec-fetch-site": "none",
}

#: What is read for links and loads; of anything else only the headers matter.
_READ = ("html", "text/css", "text/plain")


class FetchFailed(ConsentKitError):
    """The page can't be had; `reason` says why."""

    def __init__(self, url: str, reason: str) -> None:
        self.url = url
        self.reason = reason
        super().__init__(f"{url} can't be fetched: {reason}.")


@dataclass(frozen=True)
class Answer:
    """One response, no redirect followed. `note`: a sentence about what is missing from the body, or ""."""

    url: str
    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes = b""
    note: str = ""

    def all(self, name: str) -> list[str]:
        """The values of a header, in order."""
        return [value for key, value in self.headers if key == name]

    def first(self, name: str) -> str:
        return next(iter(self.all(name)), "")

    @property
    def is_html(self) -> bool:
        kind = self.first("content-type").lower()
        # Browsers look into a body that nobody has named.
        return "html" in kind if kind else self.body[:1024].lstrip()[:1] == b"<"

    @property
    def is_css(self) -> bool:
        return self.first("content-type").lower().startswith("text/css")

    @property
    def leads_to(self) -> str:
        """Where a redirect points, as written; "" for anything else."""
        return self.first("location") if self.status in (301, 302, 303, 307, 308) else ""


class Fetcher(Protocol):
    """One question, one answer: over the network, or from an app in this process."""

    def get(self, url: str, cookies: str = "") -> Answer:
        """The answer to a GET. Raises `FetchFailed`."""
        ...


def is_read(headers: Iterable[tuple[str, str]]) -> bool:
    """Whether the body of a response with these headers is wanted at all."""
    kind = next((value.lower() for name, value in headers if name == "content-type"), "")
    return not kind or any(wanted in kind for wanted in _READ)


def with_cookies(headers: Mapping[str, str], cookies: str) -> dict[str, str]:
    """Headers with the site's cookies; those that the person at the keyboard sends along come first."""
    said = "; ".join(filter(None, (headers.get("cookie", ""), cookies)))
    return {**headers, "cookie": said} if said else dict(headers)


def within(seconds: float) -> str:
    """A limit as people say it."""
    return f"within {seconds:g} second" if seconds == 1 else f"within {seconds:g} seconds"


def take(chunks: Iterable[bytes], coding: str, deadline: float) -> tuple[bytes, str]:
    """As much of a body as is wanted, unpacked, and a note on what is missing. `deadline`: on the monotonic clock."""
    unpack = _unpacker(coding)
    if unpack is None:
        return b"", f"its body is packed as {coding[:40]!r}, which was not asked for, and was not read"
    taken = bytearray()
    try:
        for chunk in chunks:
            taken += unpack(chunk, MAX_BODY + 1 - len(taken))
            if len(taken) > MAX_BODY:
                return bytes(taken[:MAX_BODY]), f"only its first {MAX_BODY // 1024 // 1024} MB were read"
            if time.monotonic() > deadline:
                return bytes(taken), "its body did not end in time; what came until then was read"
    except zlib.error:
        return bytes(taken), f"its body is not the {coding[:40]} that it says; what could be unpacked was read"
    return bytes(taken), ""


class _Unpack(Protocol):
    def __call__(self, data: bytes, at_most: int, /) -> bytes: ...


def _unpacker(coding: str) -> _Unpack | None:
    coding = coding.strip().lower()
    if coding in ("", "identity"):
        return lambda data, at_most: data[:at_most]
    if coding not in ("gzip", "x-gzip", "deflate"):
        return None
    # 47: a gzip or zlib header, whichever comes. What is unpacked beyond the limit is never made.
    return zlib.decompressobj(47).decompress
