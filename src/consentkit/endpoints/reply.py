"""What a request to one of our pages is answered with: a `Reply`, or a question that asgi puts to the log first."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import parse_qsl, quote

from consentkit.log.canonical import Json
from consentkit.log.notice import Notice
from consentkit.log.record import Record
from consentkit.response.delivery import Delivery
from consentkit.response.headers import Fields

# A choice of a thousand vendors has about 40 KB; nothing larger is a form of ours.
MAX_FORM = 64 * 1024  # bytes
MAX_FIELDS = 2000

# A visitor who is told to try again does so by hand.
RETRY_AFTER = 60  # seconds

# A token of ours is far shorter; whatever is longer is none.
MAX_TOKEN = 512  # characters

# Our pages load their own files and nothing else, and nobody frames them.
PAGE_POLICY = (
    b"default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self'; "
    b"form-action 'self'; base-uri 'none'; frame-ancestors 'self'"
)
OWN_PAGE: Fields = [
    (b"content-type", b"text/html; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-robots-tag", b"noindex"),
    (b"referrer-policy", b"same-origin"),
    (b"content-security-policy", PAGE_POLICY),
    (b"x-content-type-options", b"nosniff"),
]
# Own pages are files and forms only, whatever the policy of the app's pages says.
BY_FILE = Delivery(style_inline=False, script_inline=False)


@dataclass(frozen=True)
class Reply:
    status: int
    headers: Fields
    body: bytes = b""


@dataclass(frozen=True)
class Fresh:
    """What only the world can give: the time, and ids made of randomness."""

    now: datetime
    record: str
    subject: str


@dataclass(frozen=True)
class ToRecord:
    """A choice that is answered once it is durable.

    `done` gets the record that stands in the log: of a double click that is the first one. `failed` is the answer
    when nothing could be written, with the seconds after which to try again; a refusal is in force even then
    (`counts_anyway`).
    """

    record: Record
    notice: Notice | None
    once: str | None
    done: Callable[[Record], Reply]
    failed: Callable[[int], Reply]
    counts_anyway: bool


@dataclass(frozen=True)
class Health:
    """The question whether the log can be written; asgi knows."""


@dataclass(frozen=True)
class ReceiptAsked:
    """The question for the receipt of a record; asgi asks the log, and `done` makes the answer of it."""

    record: str
    done: Callable[[Mapping[str, Json] | None], Reply]


@dataclass(frozen=True)
class CheckpointAsked:
    """The question for the newest checkpoint."""

    done: Callable[[str | None], Reply]


def fields_of(query: str) -> Mapping[str, str]:
    """The fields of an address; one with more of them than any of ours has none that we look at."""
    try:
        return dict(parse_qsl(query, max_num_fields=MAX_FIELDS))
    except ValueError:
        return {}


def json_reply(status: int, answer: Mapping[str, object], lines: Fields) -> Reply:
    headers = [(b"content-type", b"application/json"), (b"cache-control", b"no-store"), *lines]
    return Reply(status, headers, json.dumps(answer, separators=(",", ":")).encode())


def redirect(target: str, lines: Fields) -> Reply:
    location = quote(target, safe="/:?#[]@!$&'()*+,;=~%").encode("ascii")
    headers = [(b"location", location), (b"cache-control", b"no-store"), (b"referrer-policy", b"same-origin"), *lines]
    return Reply(303, headers)
