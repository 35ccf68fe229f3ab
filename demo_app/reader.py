"""What the newspaper knows about the reader of a request, and only because consentkit says so.

The unprotected copy runs without the middleware: nothing is known there, and its pages say so.
"""

from __future__ import annotations

from dataclasses import dataclass

from starlette.requests import Request

from consentkit import MiddlewareMissing, consent_of, reader_of


@dataclass(frozen=True)
class Reader:
    #: "mobile" or "desktop".
    view: str
    #: In per cent of what the browser would show.
    text_size: int
    statistics: bool
    videos: bool
    terms: bool


def read(request: Request) -> Reader | None:
    try:
        consent, reader = consent_of(request), reader_of(request)
    except MiddlewareMissing:
        return None
    return Reader(
        view=reader.view,
        text_size=reader.text_size,
        statistics=consent.allows("analytics"),
        videos=consent.allows("media"),
        terms=consent.accepted("terms"),
    )
