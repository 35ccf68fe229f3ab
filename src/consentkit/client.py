"""Who sends a request and what for, as far as its headers tell, apart from cookies and address.

Most visitors of a site say what many others say, so what follows from it is remembered.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from consentkit.bounded import remembering

# What browsers say of themselves, remembered with what it means: a few hundred bytes, and those of a site's visitors
# differ by little. Longer ones are nobody's browser, and would fill the memory.
MAX_CLIENTS = 256
MAX_CLIENT = 1024  # bytes

# What the destinations of Sec-Fetch-Dest that become a page in a window or frame are called (Fetch standard, 2.2.7).
PAGE_DESTINATIONS = frozenset({"document", "iframe", "frame", "embed", "object"})
FRAME_DESTINATIONS = PAGE_DESTINATIONS - {"document"}

# Libraries that ask for a piece of a page say so: htmx, Turbo, jQuery and friends, pjax.
FRAGMENT_HEADERS = ("turbo-frame", "x-requested-with", "x-pjax")
PREFETCH_HEADERS = ("sec-purpose", "purpose", "x-moz")

# The fields that a `Client` is read from.
CLIENT_HEADERS = (
    "sec-fetch-mode", "sec-fetch-dest", "sec-fetch-site", "origin", "accept", "accept-language", "user-agent",
    "sec-ch-ua-mobile", "sec-gpc", "save-data", "hx-request", "hx-boosted", *FRAGMENT_HEADERS, *PREFETCH_HEADERS,
)  # fmt: skip
_CLIENT_HEADERS = [name.encode("ascii") for name in CLIENT_HEADERS]

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


@dataclass(frozen=True)
class Client:
    """What the headers of a request say of who sends it and what for, apart from cookies and address."""

    asks: Asks
    can_be_page: bool
    device: Device
    gpc: bool
    accept: str
    accept_language: str
    destination: str
    site: str
    origin: str
    is_prefetch: bool
    saves_data: bool


def client(given: Mapping[bytes, bytes]) -> Client:
    """The client that sends these fields, by their lower-cased names."""
    # No value holds a line break: no server lets one through, and of one that did only this request is read amiss.
    return _read(b"\n".join([given.get(name, b"") for name in _CLIENT_HEADERS]))


@remembering(most=MAX_CLIENTS, longest=MAX_CLIENT)
def _read(said: bytes) -> Client:
    """The client that says this in `CLIENT_HEADERS`, a line for each; an empty field says nothing."""
    lines = said.decode("latin-1").split("\n")
    given = {name: value for name, value in zip(CLIENT_HEADERS, lines, strict=False) if value}
    return Client(
        asks=_asks(given),
        can_be_page=_can_be_page(given),
        device=_device(given.get("user-agent", ""), says_mobile=given.get("sec-ch-ua-mobile") == "?1"),
        gpc=given.get("sec-gpc", "").strip() == "1",
        accept=given.get("accept", ""),
        accept_language=given.get("accept-language", ""),
        destination=given.get("sec-fetch-dest", ""),
        site=given.get("sec-fetch-site", ""),
        origin=given.get("origin", ""),
        is_prefetch=_is_prefetch(given),
        saves_data=given.get("save-data", "").strip().lower() == "on",
    )


def device_told(word: str) -> Device | None:
    """A device as a proxy calls it: "mobile", "tablet-ipad", "pc", "bot"; or "true" and "false" for a phone."""
    kind = re.match(r"[a-z]*", word.strip().lower())
    return _TOLD.get(kind[0] if kind else "")


_TOLD = {
    **dict.fromkeys(("true", "mobile", "phone", "smartphone"), Device.PHONE),
    **dict.fromkeys(("false", "desktop", "pc"), Device.DESKTOP),
    **dict.fromkeys(("bot", "robot", "crawler"), Device.ROBOT),
    "tablet": Device.TABLET,
}


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


def _device(agent: str, *, says_mobile: bool) -> Device:
    if ROBOT.search(agent):
        return Device.ROBOT
    if IPAD.search(agent):
        return Device.TABLET
    if says_mobile or PHONE.search(agent):
        return Device.PHONE
    if TABLET.search(agent):
        return Device.TABLET
    return Device.DESKTOP if agent else Device.UNKNOWN
