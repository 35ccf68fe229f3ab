"""The record of one choice: an event, never an update, with one canonical form in bytes.

What the record does not hold is part of its design: no address, no path, no user agent, and no time finer
than the second. Everything here is pure: ids, salts and the time are made by the caller.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Any

from consentkit.log import canonical as jcs
from consentkit.log.canonical import Json
from consentkit.log.notice import Notice
from consentkit.log.tree import leaf_hash

#: The form of the payload. It only changes with a meaning; a name that is added does not change it.
SCHEMA = 1

#: What `Record.notice` says when nobody can tell which notice the visitor had before them.
UNKNOWN_NOTICE = "unknown"

#: 256 bits: enough that a leaf hash whose payload and salt were erased can't be guessed back.
SALT_BYTES = 32

#: The names under which a record is exported, in this order, in every format.
EXPORTED = (
    "id", "time", "subject", "state", "action", "method", "layer", "purposes", "vendors", "policies",
    "notice", "language", "regime", "site", "gpc", "expires", "device", "previous", "index",
)  # fmt: skip


class State(StrEnum):
    """What holds after the choice. Beside each the status of the Data Privacy Vocabulary (W3C DPVCG)."""

    #: Everything that was asked was agreed to. dpv:ConsentGiven
    GIVEN = "given"
    #: Some of it was, and some was not: `purposes` and `vendors` say which. dpv:ConsentGiven for those
    PARTLY = "partly"
    #: Nothing was, and nothing had been in force before. dpv:ConsentRefused
    REFUSED = "refused"
    #: Nothing is any more: what had been agreed was taken back. dpv:ConsentWithdrawn
    WITHDRAWN = "withdrawn"
    #: Terms were accepted and no purpose was asked about. A contract, nowhere called consent; no DPV status.
    ACCEPTED = "accepted"


class Method(StrEnum):
    """How the choice reached the server."""

    #: A form, answered by a redirect; works without JavaScript.
    FORM = "form"
    #: The same form sent by script.
    JSON = "json"
    #: The app's own form, through `consentkit.accept`.
    APP = "app"
    #: A signal of the browser (Global Privacy Control), not a press of a button.
    SIGNAL = "signal"
    #: Taken over from the cookie of another consent tool.
    IMPORT = "import"


@dataclass(frozen=True, kw_only=True)
class PolicyAnswer:
    """A document of the site as it stood at the choice.

    `accepted`: true for terms that were accepted, false for what was only shown. `sha256`: hex digest of its
    text, or "" when the text could not be read.
    """

    version: str
    accepted: bool
    sha256: str = ""


@dataclass(frozen=True, kw_only=True)
class Record:
    """One choice of one visitor. Its field names are the exported names.

    `id`: UUIDv7 (see `uuid7`). `time`: aware, UTC, whole seconds. `subject`: random pseudonym of the browser,
    None for a refusal by a browser that holds none. `state`, `method`: values of `State` and `Method`;
    `action`, `layer`: of `vocabulary.Action` and `vocabulary.Layer`; all four are plain text so that a record
    written by a later version can still be read. `purposes` and `vendors`: an answer for everything that was
    asked, the refused ones too. `notice`: SHA-256 of the snapshot that was shown, or "unknown". `language`:
    tag of the catalogue that was shown. `expires`: the last day on which the choice holds. `device`: a class
    ("phone", "desktop"), never a model. `previous`: id of this subject's record before. `index`: place in the
    log, None until it is stored.
    """

    id: str
    time: datetime
    subject: str | None
    state: str
    action: str
    method: str
    layer: str
    purposes: Mapping[str, bool] = field(default_factory=dict)
    vendors: Mapping[str, bool] = field(default_factory=dict)
    policies: Mapping[str, PolicyAnswer] = field(default_factory=dict)
    notice: str = UNKNOWN_NOTICE
    language: str = ""
    regime: str = ""
    site: str = ""
    gpc: bool = False
    expires: date | None = None
    device: str = ""
    previous: str | None = None
    schema: int = SCHEMA
    index: int | None = None

    def __post_init__(self) -> None:
        if self.time.tzinfo is not UTC or self.time.microsecond:
            raise ValueError(f"A record's time is UTC in whole seconds, not {self.time!r}")
        if self.notice != UNKNOWN_NOTICE and not is_sha256(self.notice):
            raise ValueError(f"A record's notice is a SHA-256 in hex or 'unknown', not {self.notice!r}")


@dataclass(frozen=True, kw_only=True)
class Stored:
    """Where a record lies, once the disk has it. `again`: its `once` was known, so this is the record made
    first."""

    id: str
    index: int
    time: datetime
    again: bool = False


@dataclass(frozen=True)
class Entry:
    """A record on its way into the store: its payload is fixed, its index is not. Made by `enter`."""

    record: Record
    payload: bytes
    leaf_hash: bytes
    notice: Notice | None = None
    once: str | None = None


def enter(record: Record, salt: bytes, *, notice: Notice | None = None, once: str | None = None) -> Entry:
    """What the store is given. From here on nothing about the record can change or fail to be written.

    `notice`: the snapshot that `record.notice` names, unless the log is known to have it.
    `once`: a key under which this choice is recorded at most once. It comes from the visitor's form and may be
    of any length, so only its hash is kept. Raises ValueError.
    """
    if notice is not None and notice.digest != record.notice:
        raise ValueError(f"The record names notice {record.notice}, but was given {notice.digest}.")
    payload = canonical(record, salt)
    key = None if once is None else hashlib.sha256(once.encode("utf-8", "surrogatepass")).hexdigest()
    return Entry(record, payload, leaf_hash(payload), notice, key)


def state_of(answers: Iterable[bool], *, granted_before: bool) -> State:
    """What holds after a choice, from every answer to a purpose or vendor that asks for consent.

    `granted_before`: whether anything asked for had been in force until now; a refusal is then a withdrawal.
    """
    given = set(answers)
    if not given:
        return State.ACCEPTED
    if given == {True}:
        return State.GIVEN
    if given == {True, False}:
        return State.PARTLY
    return State.WITHDRAWN if granted_before else State.REFUSED


def to_the_second(now: datetime) -> datetime:
    """An aware time as records hold it: UTC, whole seconds."""
    return now.astimezone(UTC).replace(microsecond=0)


def uuid7(now: datetime, random_bytes: bytes) -> str:
    """A record id: UUIDv7 (RFC 9562, 5.7) from a time and at least 10 random bytes.

    Its 48 bits of time count whole seconds only: an id that told the millisecond would undo a time
    that does not. The log's index says which of two records of one second came first.
    """
    if len(random_bytes) < 10:
        raise ValueError(f"A UUIDv7 takes 10 random bytes, not {len(random_bytes)}.")
    milliseconds = int(now.timestamp()) * 1000
    number = milliseconds << 80 | int.from_bytes(random_bytes[:10], "big")
    number = number & ~(0xF << 76) | 0x7 << 76  # the version
    number = number & ~(0x3 << 62) | 0x2 << 62  # the variant
    return str(uuid.UUID(int=number))


def canonical(record: Record, salt: bytes) -> bytes:
    """The payload: the bytes that are stored, hashed and proven. Reading them back is `parse`.

    `salt`: 32 random bytes. They stand inside, so that once payload and salt are deleted nobody can find out
    by trying which choice the remaining hash stood for.
    """
    if len(salt) != SALT_BYTES:
        raise ValueError(f"A record is salted with {SALT_BYTES} random bytes, not {len(salt)}.")
    named = exported(record)
    # Where the record lies is not part of what it says: the leaf index is fixed after these bytes are.
    del named["index"]
    # `kind` tells a visitor's choice from what officers do (erase, export), which will stand in the same log.
    return jcs.encode({**named, "kind": "choice", "schema": record.schema, "salt": salt.hex()})


def exported(record: Record) -> dict[str, Json]:
    """The record under its exported names, made of nothing but JSON values."""
    return {
        "id": record.id,
        "time": rfc3339(record.time),
        "subject": record.subject,
        "state": str(record.state),
        "action": str(record.action),
        "method": str(record.method),
        "layer": str(record.layer),
        "purposes": dict(record.purposes),
        "vendors": dict(record.vendors),
        "policies": {
            name: {"version": answer.version, "accepted": answer.accepted, "sha256": answer.sha256}
            for name, answer in record.policies.items()
        },
        "notice": record.notice,
        "language": record.language,
        "regime": record.regime,
        "site": record.site,
        "gpc": record.gpc,
        "expires": record.expires.isoformat() if record.expires else None,
        "device": record.device,
        "previous": record.previous,
        "index": record.index,
    }


def parse(payload: bytes, *, index: int | None = None) -> Record:
    """The record that `canonical` wrote. Names that a later version added are passed over.

    Raises ValueError when it is no record of a schema that this version knows.
    """
    named: dict[str, Any] = json.loads(payload)
    if not isinstance(named, dict) or named.get("kind") != "choice" or named.get("schema") != SCHEMA:
        raise ValueError(f"This is no record of a choice in schema {SCHEMA}: {payload[:80]!r}")
    try:
        return _from_names(named, index)
    except (KeyError, TypeError, AttributeError) as problem:
        raise ValueError(f"This record of a choice is not whole ({problem!r}): {payload[:80]!r}") from problem


def _from_names(named: Mapping[str, Any], index: int | None) -> Record:
    return Record(
        id=named["id"],
        time=datetime.fromisoformat(named["time"]),
        subject=named["subject"],
        state=named["state"],
        action=named["action"],
        method=named["method"],
        layer=named["layer"],
        purposes=named["purposes"],
        vendors=named["vendors"],
        policies={
            name: PolicyAnswer(version=each["version"], accepted=each["accepted"], sha256=each["sha256"])
            for name, each in named["policies"].items()
        },
        notice=named["notice"],
        language=named["language"],
        regime=named["regime"],
        site=named["site"],
        gpc=named["gpc"],
        expires=date.fromisoformat(named["expires"]) if named["expires"] else None,
        device=named["device"],
        previous=named["previous"],
        schema=named["schema"],
        index=index,
    )


def rfc3339(time: datetime) -> str:
    """`2026-11-24T12:00:00Z`, always with four digits of year (strftime's %Y is not)."""
    return time.replace(tzinfo=None).isoformat(timespec="seconds") + "Z"


def is_sha256(text: str) -> bool:
    return len(text) == 64 and not text.strip("0123456789abcdef")
