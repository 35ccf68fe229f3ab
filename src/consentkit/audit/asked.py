"""What a request asks for: read from the ASGI scope once, and typed from then on."""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

#: A form of ours has a few hundred bytes; whatever is larger is none.
MAX_FORM = 16 * 1024  # bytes
MAX_FIELDS = 50

#: A value of a filter that is longer finds nothing, and would stand in the log for good.
MAX_VALUE = 200  # characters


@dataclass(frozen=True)
class Asked:
    """`path`: below where the app is mounted, which is `base`. `query`, `form`: the last value of each name."""

    method: str
    path: str
    base: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    cookies: Mapping[str, str]
    client: str
    scheme: str
    now: datetime
    form: Mapping[str, str] = field(default_factory=dict)

    @property
    def seconds(self) -> int:
        return int(self.now.timestamp())

    def link(self, path: str, **query: str | int | None) -> str:
        """The address of one of our pages, percent-encoded. A value that is None is left out."""
        given = {name: value for name, value in query.items() if value is not None}
        return quote(self.base) + path + (f"?{urlencode(given)}" if given else "")

    def with_form(self, body: bytes) -> Asked:
        return replace(self, form=_fields(body.decode("utf-8", "replace")))


def read(scope: MutableMapping[str, Any], now: datetime) -> Asked:
    """The request in this scope. Nothing in it is believed yet."""
    headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
    base = str(scope.get("root_path", "")).rstrip("/")
    path = str(scope["path"])
    # Some frameworks leave the mount in the path (ASGI 2.3 says so), others take it off.
    if base and (path == base or path.startswith(f"{base}/")):
        path = path[len(base) :]
    client = scope.get("client")
    return Asked(
        method=str(scope["method"]),
        path=path or "/",
        base=base,
        query=_fields(scope.get("query_string", b"").decode("latin-1")),
        headers=headers,
        cookies=_cookies(headers.get("cookie", "")),
        client=str(client[0]) if client else "",
        scheme=str(scope.get("scheme", "http")),
        now=now,
    )


def _fields(text: str) -> Mapping[str, str]:
    try:
        pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=MAX_FIELDS)
    except ValueError:
        return {}
    return {name: value.replace("\0", "") for name, value in pairs}


def _cookies(header: str) -> Mapping[str, str]:
    try:
        return {name: morsel.value for name, morsel in SimpleCookie(header).items()}
    except CookieError:
        return {}


def is_from_here(asked: Asked) -> bool:
    """Whether a form was sent from a page of ours. Browsers say so, and no page can make them lie (Fetch Metadata)."""
    site = asked.headers.get("sec-fetch-site")
    if site is not None:
        return site == "same-origin"
    # Plain http beyond this machine has no Sec-Fetch headers.
    host = asked.headers.get("host", "")
    return bool(host) and urlsplit(asked.headers.get("origin", "")).netloc == host
