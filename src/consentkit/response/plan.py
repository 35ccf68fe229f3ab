"""May this response be touched? One table of cases: status, type, disposition, coding, what the request can become.

Where a body can't be changed the reason is kept, so that HTML that goes out unrewritten is never a silent failure.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from consentkit.response.coding import READABLE
from consentkit.response.headers import Fields, first, joined, members
from consentkit.rewrite import Inserting
from consentkit.visit import Asks, Visit

HTML = frozenset({"text/html", "application/xhtml+xml"})
XHTML = "application/xhtml+xml"

#: Fields that can keep a page with a body from being rewritten.
DECISIVE = frozenset({b"content-disposition", b"cache-control", b"content-encoding"})

# Informational, no content, reset content, partial content, not modified: no body, or not the whole of one.
BODILESS = frozenset({204, 205, 206, 304})


class Untouched(StrEnum):
    """Why a response passes as it is."""

    NOT_HTML = "not html"
    NO_BODY = "no body"
    ATTACHMENT = "attachment"
    NO_TRANSFORM = "no-transform"
    CODING = "unknown coding"
    SKIPPED = "switched off"


#: Reasons that mean a page went out without controls although it is one; they are told to the operator.
LOUD = frozenset({Untouched.NO_TRANSFORM, Untouched.CODING})


#: Pages, or parts of them, whose body nobody looks into.
UNREAD_PAGES = frozenset({Untouched.NO_BODY, *LOUD})


@dataclass(frozen=True)
class Plan:
    """What happens to a response. `untouched` is None when the body is rewritten."""

    untouched: Untouched | None = None
    inserting: Inserting = Inserting.NEVER
    coding: str = ""
    charset: str = ""
    xhtml: bool = False


def plan(visit: Visit, status: int, headers: Fields, *, skipped: bool = False) -> Plan:
    """The plan for a response with these headers, before any of its body is known."""
    media_type, charset = content_type(first(headers, b"content-type") or b"")
    reason = _reason(status, headers, media_type, skipped=skipped)
    if reason is not None:
        return Plan(untouched=reason)
    return _rewriting(visit.asks, next(iter(codings(headers)), ""), charset, media_type == XHTML)


@lru_cache(maxsize=256)  # of what apps say, not visitors
def _rewriting(asks: Asks, coding: str, charset: str, xhtml: bool) -> Plan:
    return Plan(inserting=_inserting(asks), coding=coding, charset=charset, xhtml=xhtml)


def is_html(headers: Fields) -> bool:
    return content_type(first(headers, b"content-type") or b"")[0] in HTML


@lru_cache(maxsize=256)  # of what apps say, not visitors
def content_type(value: bytes) -> tuple[str, str]:
    """Media type and charset parameter, both lower-cased; empty where they are not said."""
    media_type, *parameters = value.decode("latin-1").split(";")
    for parameter in parameters:
        name, _, charset = parameter.strip().partition("=")
        if name.lower() == "charset":
            return media_type.strip().lower(), charset.strip("\"' ").lower()
    return media_type.strip().lower(), ""


def codings(headers: Fields) -> list[str]:
    return [coding for coding in members(headers, b"content-encoding") if coding != "identity"]


def _reason(status: int, headers: Fields, media_type: str, *, skipped: bool) -> Untouched | None:
    if media_type not in HTML:
        return Untouched.NOT_HTML
    if status < 200 or status in BODILESS or first(headers, b"content-range") is not None:
        return Untouched.NO_BODY
    if skipped:
        return Untouched.SKIPPED
    if DECISIVE.isdisjoint(dict(headers)):  # most pages
        return None
    if joined(headers, b"content-disposition").lower().lstrip().startswith("attachment"):
        return Untouched.ATTACHMENT
    if "no-transform" in members(headers, b"cache-control"):
        return Untouched.NO_TRANSFORM
    applied = codings(headers)
    if len(applied) > 1 or not READABLE.issuperset(applied):
        return Untouched.CODING
    return None


def _inserting(asks: Asks) -> Inserting:
    if asks is Asks.PAGE:
        return Inserting.ALWAYS
    if asks is Asks.PERHAPS:
        return Inserting.UNLESS_FRAGMENT
    return Inserting.NEVER
