"""Choice <-> signed text: what stands in the cookies, and how it is trusted again.

A value is plain ASCII that a page's script can read with `URLSearchParams`, followed by "." and a signature:

    v=1&d=20782&e=20962&o=5f0c…&g=analytics&gv=google-analytics&r=media&rv=youtube&t=terms:2026-11-01.SIGNATURE

Days are counted from 1970-01-01. There is no time stamp and no identifier in it, so everybody who chose the
same on the same day holds the same bytes. Whatever can't be trusted reads as *no choice*; the reason is told
beside it, for a counter. This file is the only one that imports itsdangerous.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from urllib.parse import parse_qsl, quote, unquote

from itsdangerous import BadSignature, Signer

from consentkit.vocabulary import Choice

SCHEMA = "1"

# The fullest cookie of a site stays under this, so that the request headers of every page stay small. A browser
# must store 4,096 bytes for name, value and attributes together (RFC 6265, 6.1); servers allow 8 KiB for all headers.
MAX_VALUE = 1024  # bytes

# Servers of one site may disagree on the time a little; a choice further in the future was not made by us.
CLOCK_SKEW = timedelta(minutes=5)

# Reader choices are enumerations, so a value can be told from garbage without a signature.
TEXT_SIZES = (100, 112, 125, 150, 175, 200)  # percent
VIEWS = ("mobile", "desktop")

_EPOCH = date(1970, 1, 1)


class Trust(StrEnum):
    """How a cookie was received: only `GOOD` counts, the rest is told to the operator as a number."""

    ABSENT = "absent"
    GOOD = "good"
    FORGED = "forged"
    MALFORMED = "malformed"
    EXPIRED = "expired"
    FUTURE = "future"
    #: Not ours: read from the cookie of another tool (`imported`).
    IMPORTED = "imported"


class Seal:
    """Signs and reads texts for one use.

    `keys`: oldest to newest; the newest signs, all are accepted (the order itsdangerous expects). `use` becomes the
    salt, so that a value signed for one use is refused in another.
    """

    def __init__(self, keys: Sequence[str], use: str) -> None:
        self._signer = Signer(
            list(keys), salt=f"consentkit.{use}.v1", sep=".", key_derivation="hmac", digest_method=hashlib.sha256
        )

    def sign(self, text: str) -> str:
        return self._signer.sign(text).decode("ascii")

    def read(self, value: str) -> str | None:
        """The text that was signed, or None when it was not signed by one of our keys for this use."""
        try:
            return self._signer.unsign(value).decode("ascii")
        except (BadSignature, UnicodeError):
            return None


@dataclass(frozen=True)
class Holder:
    """What `ckit_id` holds: a random subject and the id of the last record. Exists only after an agreement."""

    subject: str
    record: str


@dataclass(frozen=True)
class ReaderChoice:
    """What `ckit_reader` holds. None: not set, so the page's own size or version."""

    text_size: int | None = None
    view: str | None = None

    @property
    def is_unset(self) -> bool:
        return self.text_size is None and self.view is None


def write_choice(choice: Choice) -> str:
    """The text of a choice, ready to be signed: the same choice always gives the same bytes."""
    fields = {
        "v": SCHEMA,
        "d": str((choice.day - _EPOCH).days),
        "e": str((choice.expires - _EPOCH).days),
        "o": choice.offer,
        "g": _ids(choice.purposes, answer=True),
        "gv": _ids(choice.vendors, answer=True),
        "r": _ids(choice.purposes, answer=False),
        "rv": _ids(choice.vendors, answer=False),
        "i": ".".join(sorted(choice.insisted)),
        "t": _versions(choice.terms),
        "c": _versions(choice.closed),
    }
    return "&".join(f"{key}={value}" for key, value in fields.items() if value)


def read_choice(value: str | None, seal: Seal, now: datetime) -> tuple[Choice | None, Trust]:
    """The choice in a cookie value, and why there is none. Never raises: a visitor can send anything."""
    if not value:
        return None, Trust.ABSENT
    text = seal.read(value) if len(value) <= MAX_VALUE else None
    if text is None:
        return None, Trust.FORGED
    choice = _parse_choice(text)
    if choice is None:
        return None, Trust.MALFORMED
    if choice.day > (now + CLOCK_SKEW).astimezone(UTC).date():
        return None, Trust.FUTURE
    if choice.expires <= now.astimezone(UTC).date():
        return None, Trust.EXPIRED
    return choice, Trust.GOOD


def write_holder(holder: Holder) -> str:
    return f"s={holder.subject}&r={holder.record}"


def read_holder(value: str | None, seal: Seal) -> Holder | None:
    text = seal.read(value) if value and len(value) <= MAX_VALUE else None
    if text is None:
        return None
    fields = dict(parse_qsl(text))
    if not fields.get("s") or not fields.get("r"):
        return None
    return Holder(fields["s"], fields["r"])


def write_reader(choice: ReaderChoice) -> str:
    """`150.mobile`; "-" stands for unset."""
    return f"{choice.text_size or '-'}.{choice.view or '-'}"


def read_reader(value: str | None) -> ReaderChoice:
    size, _, view = (value or "").partition(".")
    return ReaderChoice(parse_text_size(size), view if view in VIEWS else None)


def parse_text_size(value: str) -> int | None:
    """A text size in percent, when it is one of ours; nothing else is ever believed."""
    return int(value) if value in _SIZE_NAMES else None


def offer_hash(ids: Iterable[str]) -> str:
    """64 bits over what is offered. Language and wording do not enter, so rewording asks nobody again."""
    return hashlib.sha256("\n".join(sorted(ids)).encode()).hexdigest()[:16]


_SIZE_NAMES = frozenset(str(size) for size in TEXT_SIZES)
_DIGITS = re.compile(r"[0-9]{1,6}\Z")


def _ids(answers: Mapping[str, bool], *, answer: bool) -> str:
    return ".".join(sorted(name for name, given in answers.items() if given is answer))


def _versions(versions: Mapping[str, str]) -> str:
    return "~".join(f"{name}:{_quoted(version)}" for name, version in sorted(versions.items()))


def _quoted(version: str) -> str:
    # "~" separates versions here, and quote() never encodes it (RFC 3986, 2.3).
    return quote(version, safe="").replace("~", "%7E")


def _parse_choice(text: str) -> Choice | None:
    fields = dict(part.partition("=")[::2] for part in text.split("&"))
    day, expires = fields.get("d", ""), fields.get("e", "")
    if fields.get("v") != SCHEMA or not _DIGITS.match(day) or not _DIGITS.match(expires):
        return None
    return Choice(
        day=_EPOCH + timedelta(days=int(day)),
        expires=_EPOCH + timedelta(days=int(expires)),
        purposes=_answers(fields.get("g"), fields.get("r")),
        vendors=_answers(fields.get("gv"), fields.get("rv")),
        terms=_parse_versions(fields.get("t")),
        closed=_parse_versions(fields.get("c")),
        insisted=frozenset(name for name in fields.get("i", "").split(".") if name),
        offer=fields.get("o", ""),
    )


def _answers(granted: str | None, refused: str | None) -> dict[str, bool]:
    answers = {name: True for name in (granted or "").split(".") if name}
    # A name in both lists can't come from us; the stricter reading wins.
    answers.update({name: False for name in (refused or "").split(".") if name})
    return answers


def _parse_versions(text: str | None) -> dict[str, str]:
    pairs = (part.partition(":") for part in (text or "").split("~") if part)
    return {name: unquote(version) for name, _, version in pairs}
