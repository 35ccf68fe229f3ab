"""The facts of one request, read once and typed: who asks for what, what they chose before, what they can show.

Everything a visitor can send meets its one parse function here. Nothing is decided in this file.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from enum import StrEnum
from functools import cached_property, lru_cache
from typing import TypeVar
from urllib.parse import quote, unquote

from consentkit.cookies import (
    CLOCK_SKEW,
    MAX_VALUE,
    VIEWS,
    Holder,
    ReaderChoice,
    Seal,
    Trust,
    read_choice,
    read_holder,
    read_reader,
)
from consentkit.vocabulary import Choice

Headers = Iterable[tuple[bytes, bytes]]
Key = TypeVar("Key")
Value = TypeVar("Value")

# Cookie values of ours that are remembered with what they say, about 1 KiB each at the most.
MAX_REMEMBERED = 512

#: The query parameter that shows one view for one request, with precedence over the cookie.
VIEW_PARAMETER = "ckit_view"

#: Asks for the page of this visitor where the address alone gives the one for everyone (`Site.shared`).
OWN_PARAMETER = "ckit=1"

# What the destinations of Sec-Fetch-Dest that become a page in a window or frame are called (Fetch standard, 2.2.7).
PAGE_DESTINATIONS = frozenset({"document", "iframe", "frame", "embed", "object"})
FRAME_DESTINATIONS = PAGE_DESTINATIONS - {"document"}

# Libraries that ask for a piece of a page say so: htmx, Turbo, jQuery and friends, pjax.
FRAGMENT_HEADERS = ("turbo-frame", "x-requested-with", "x-pjax")
PREFETCH_HEADERS = ("sec-purpose", "purpose", "x-moz")

# Phones say "Mobi", and so does an iPad; an Android without it is a tablet. Sec-CH-UA-Mobile is asked first where it
# is sent. Cubot is a maker of phones, not a robot.
PHONE = re.compile(r"Mobi|iPhone|iPod|Opera Mini|IEMobile", re.ASCII)
IPAD = re.compile(r"iPad", re.ASCII)
TABLET = re.compile(r"Tablet|Android|Kindle|Silk/", re.ASCII)
ROBOT = re.compile(r"(?<!cu)bot\b|crawl|spider|slurp|facebookexternalhit", re.ASCII | re.IGNORECASE)


class Device(StrEnum):
    """What kind of machine asks, as coarsely as it can be said."""

    PHONE = "phone"
    TABLET = "tablet"
    DESKTOP = "desktop"
    ROBOT = "robot"
    UNKNOWN = "unknown"


class Asks(StrEnum):
    """What the request can become, as far as its headers tell."""

    #: A page in a window: controls go in.
    PAGE = "page"
    #: A page, if its body is one: nothing says that it is, and nothing says that it is not.
    PERHAPS = "perhaps"
    #: A frame, a fragment, a `fetch()`: third parties are held back, nothing else.
    PART = "part"


NO_READER = ReaderChoice()


@dataclass(frozen=True)
class Cookies:
    """The three cookies of the site, already read, and the names of all that came."""

    choice: Choice | None = None
    trust: Trust = Trust.ABSENT
    holder: Holder | None = None
    reader: ReaderChoice = NO_READER
    names: frozenset[str] = frozenset()


NO_COOKIES = Cookies()


@dataclass(frozen=True)
class Visit:
    """One request. `path`: what follows `root_path`, decoded; `target`: what the browser shows, encoded, with query."""

    method: str
    scheme: str
    host: str
    root_path: str
    path: str
    target: str
    query: str
    asks: Asks
    can_be_page: bool
    cookies: Cookies
    device: Device
    gpc: bool
    accept: str
    accept_language: str
    destination: str
    site: str
    origin: str
    view_parameter: str | None
    is_prefetch: bool
    now: datetime

    @property
    def hostname(self) -> str:
        """The host without its port, lower-cased."""
        return bare_host(self.host)

    @property
    def wants_own(self) -> bool:
        """Whether the address asks for the page of this visitor, on a site whose pages may be for everyone."""
        return OWN_PARAMETER in self.query and OWN_PARAMETER in self.query.split("&")

    @property
    def wants_json(self) -> bool:
        return "application/json" in self.accept


@dataclass(frozen=True)
class CookieReader:
    """How this site's cookies are called and trusted. Built once."""

    stem: str
    choice_seal: Seal
    holder_seal: Seal

    def names(self, use: str = "") -> tuple[str, str]:
        """Both names of a cookie: host-bound over https, plain otherwise."""
        name = f"{self.stem}{use}"
        return f"__Host-{name}", name

    def read(self, jar: Mapping[str, str], now: datetime) -> Cookies:
        # Both names are read; where they differ, the one that allows less counts.
        choices = [self._choice(value, now) for name in self._choice_names if (value := jar.get(name))]
        found = [choice for choice, _ in choices if choice is not None]
        holders = [self._holder(value) for name in self._holder_names if (value := jar.get(name))]
        return Cookies(
            choice=_strictest(found),
            trust=Trust.GOOD if found else choices[0][1] if choices else Trust.ABSENT,
            holder=next((holder for holder in holders if holder is not None), None),
            reader=read_reader(jar.get(f"{self.stem}_reader")),
            names=frozenset(jar),
        )

    def _choice(self, value: str, now: datetime) -> tuple[Choice | None, Trust]:
        # Of the time `read_choice` looks at two days only: this one, and the one it is where clocks run ahead.
        key = (value, now.astimezone(UTC).date(), (now + CLOCK_SKEW).astimezone(UTC).date())
        found = self._choices.get(key)
        if found is None:
            found = _remember(self._choices, key, read_choice(value, self.choice_seal, now), len(value))
        return found

    def _holder(self, value: str) -> Holder | None:
        if value not in self._holders:
            return _remember(self._holders, value, read_holder(value, self.holder_seal), len(value))
        return self._holders[value]

    # Checking a signature and parsing cost ten times a look-up, and a browser sends the same value with each request.

    @cached_property
    def _choices(self) -> dict[tuple[str, date, date], tuple[Choice | None, Trust]]:
        return {}

    @cached_property
    def _holders(self) -> dict[str, Holder | None]:
        return {}

    @cached_property
    def _choice_names(self) -> tuple[str, str]:
        return self.names()

    @cached_property
    def _holder_names(self) -> tuple[str, str]:
        return self.names("_id")


def read(
    *,
    method: str,
    scheme: str,
    root_path: str,
    path: str,
    raw_path: bytes | None,
    query: bytes,
    headers: Headers,
    cookies: CookieReader,
    now: datetime,
) -> Visit:
    """A `Visit` from the parts of a request.

    `path` is decoded and without `root_path`, `raw_path` is as it was sent, with or without it, as servers differ;
    headers are as the server gave them.
    """
    given = _headers(headers)
    cookie = given.get("cookie")
    return Visit(
        method=method,
        scheme=scheme,
        host=given.get("host", ""),
        root_path=root_path,
        path=path,
        target=_target(root_path, path, raw_path, query),
        query=query.decode("latin-1"),
        asks=_asks(given),
        can_be_page=_can_be_page(given),
        cookies=cookies.read(_jar(cookie), now) if cookie else NO_COOKIES,
        device=_device(given),
        gpc=given.get("sec-gpc", "").strip() == "1",
        accept=given.get("accept", ""),
        accept_language=given.get("accept-language", ""),
        destination=given.get("sec-fetch-dest", ""),
        site=given.get("sec-fetch-site", ""),
        origin=given.get("origin", ""),
        view_parameter=_view_parameter(query.decode("latin-1")),
        is_prefetch=_is_prefetch(given),
        now=now,
    )


def of_anyone(visit: Visit) -> Visit:
    """The visit with everything gone that one visitor brings and another does not: what is left is the address.

    Whoever asks for it first, as a page or by `fetch()`, asks for all others too, so the body alone tells whether
    controls go in. A tablet, because that is offered the way out of every view.
    """
    return replace(
        visit, cookies=NO_COOKIES, asks=Asks.PERHAPS, can_be_page=True, device=Device.TABLET, gpc=False, accept="",
        accept_language="", destination="", site="", origin="", is_prefetch=False,
    )  # fmt: skip


def may_be_page(headers: Sequence[tuple[bytes, bytes]]) -> bool:
    """Whether a request could be one with `can_be_page`, told from a glance at the bytes.

    False is certain. Most requests are for files and data, and of those nothing else has to be read.
    """
    given = dict(headers)
    destination = given.get(b"sec-fetch-dest", b"")
    if destination in (b"", b"empty"):
        # A dict holds the last of several Accept fields.
        return b"text/html" in given.get(b"accept", b"") or (
            len(given) < len(headers) and any(b"text/html" in value for _, value in headers)
        )
    return destination.decode("latin-1") in PAGE_DESTINATIONS


def bare_host(host: str) -> str:
    """A Host header without its port: `[::1]:8000` -> `[::1]`, `Example.COM.:80` -> `example.com`."""
    name = host if host.endswith("]") else host.rpartition(":")[0] or host
    return name.lower().rstrip(".")


def _headers(headers: Headers) -> dict[str, str]:
    """Lower-cased names; of a repeated header the values are joined, cookies by "; " (RFC 6265, 4.2.1)."""
    fields = list(headers)
    given = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in fields}
    if len(given) == len(fields):  # nearly always: none is repeated
        return given
    given.clear()
    for raw_name, raw_value in fields:
        name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1")
        if name in given:
            value = f"{given[name]}{'; ' if name == 'cookie' else ', '}{value}"
        given[name] = value
    return given


def _jar(header: str) -> dict[str, str]:
    """Names and values of a Cookie header; of a repeated name the first counts, which is the most specific path."""
    jar: dict[str, str] = {}
    for pair in header.split(";"):
        name, found, value = pair.strip().partition("=")
        if found:
            jar.setdefault(name, value)
    return jar


def _target(root_path: str, path: str, raw_path: bytes | None, query: bytes) -> str:
    """Path and query as the browser shows them: the raw path where the server gives it, else encoded again."""
    raw = (raw_path or b"").partition(b"?")[0].decode("latin-1")
    if not query and raw == root_path + path and "%" not in raw:  # most pages
        return raw
    # A proxy may have stripped root_path before the server saw the path.
    known = (raw, _encoded(root_path) + raw) if raw else ()
    shown = next((each for each in known if unquote(each) == root_path + path), _encoded(root_path + path))
    return f"{shown}?{query.decode('latin-1')}" if query else shown


def _encoded(path: str) -> str:
    return quote(path, safe="/:@!$&'()*+,;=~")


def _view_parameter(query: str) -> str | None:
    """The view that the address asks for; the last one counts. No limit on fields, so nothing to exceed."""
    named = [field.partition("=")[2] for field in query.split("&") if field.startswith(f"{VIEW_PARAMETER}=")]
    return named[-1] if named and named[-1] in VIEWS else None


def _asks(given: Mapping[str, str]) -> Asks:
    mode, destination = given.get("sec-fetch-mode", ""), given.get("sec-fetch-dest", "")
    if destination in FRAME_DESTINATIONS:
        return Asks.PART
    if mode == "navigate" or destination == "document":
        return Asks.PAGE
    if _is_prefetch(given) and not _is_fragment(given):
        # <link rel=prefetch> and speculation rules do not say what they expect; what they fetch may be shown as a page.
        return Asks.PERHAPS
    if mode or destination or _is_fragment(given) or not _may_be_html(given):
        return Asks.PART
    # Plain http to a real host and old Safari send no Sec-Fetch headers at all: the body has to tell.
    return Asks.PERHAPS


def _can_be_page(given: Mapping[str, str]) -> bool:
    """Whether request headers may be touched for it: a stylesheet keeps its 304 and its brotli."""
    destination = given.get("sec-fetch-dest", "")
    return destination in PAGE_DESTINATIONS or (destination in ("", "empty") and _names_html(given))


def _is_fragment(given: Mapping[str, str]) -> bool:
    htmx_part = "hx-request" in given and "hx-boosted" not in given
    return htmx_part or any(name in given for name in FRAGMENT_HEADERS)


def _names_html(given: Mapping[str, str]) -> bool:
    return "text/html" in given.get("accept", "")


def _may_be_html(given: Mapping[str, str]) -> bool:
    accept = given.get("accept", "").strip()
    return not accept or accept == "*/*" or "text/html" in accept


def _is_prefetch(given: Mapping[str, str]) -> bool:
    return any("prefetch" in given[name] for name in PREFETCH_HEADERS if name in given)


def _device(given: Mapping[str, str]) -> Device:
    agent, says_mobile = given.get("user-agent", ""), given.get("sec-ch-ua-mobile") == "?1"
    # Longer ones are nobody's browser, and would fill the memory.
    return _known_device(agent, says_mobile) if len(agent) <= 512 else _device_of(agent, says_mobile)


def _device_of(agent: str, says_mobile: bool) -> Device:
    if ROBOT.search(agent):
        return Device.ROBOT
    if IPAD.search(agent):
        return Device.TABLET
    if says_mobile or PHONE.search(agent):
        return Device.PHONE
    if TABLET.search(agent):
        return Device.TABLET
    return Device.DESKTOP if agent else Device.UNKNOWN


_known_device = lru_cache(maxsize=512)(_device_of)


def _strictest(found: list[Choice]) -> Choice | None:
    """The choice that grants least, and of its grants only those that every other one gives as well."""
    if len(found) < 2:
        return found[0] if found else None
    least = min(found, key=_granted)
    return replace(
        least,
        purposes=_agreed([choice.purposes for choice in found]),
        vendors=_agreed([choice.vendors for choice in found]),
        insisted=frozenset.intersection(*(choice.insisted for choice in found)),
        offer=least.offer if all(choice.offer == least.offer for choice in found) else "",
    )


def _agreed(answers: list[Mapping[str, bool]]) -> dict[str, bool]:
    """One no is a no; a yes needs everybody's; what only some were asked is left open, so that it is asked again."""
    named = {name: [given[name] for given in answers if name in given] for given in answers for name in given}
    return {name: all(said) for name, said in named.items() if len(said) == len(answers) or not all(said)}


def _remember(known: dict[Key, Value], key: Key, value: Value, size: int) -> Value:
    """Values that are too long for a cookie of ours are not kept, and when there are too many all are forgotten."""
    if size <= MAX_VALUE:
        if len(known) >= MAX_REMEMBERED:
            known.clear()
        known[key] = value
    return value


def _granted(choice: Choice) -> int:
    return sum(choice.purposes.values()) + sum(choice.vendors.values())
