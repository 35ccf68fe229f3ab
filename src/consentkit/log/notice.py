"""The notice snapshot: everything that a person had before them when they chose, addressed by its content.

A record points here by SHA-256. Two people who saw the same notice share one snapshot, and a changed comma
makes a new one. The HTML is what was shown, with the parts that differ per request left as named gaps by
whoever composes it (token, nonce, `next`, prefix): they say nothing to the reader and would make every page a
new notice.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from functools import cached_property, lru_cache
from typing import Any, cast

from consentkit.log import canonical as jcs
from consentkit.log.canonical import Json

SCHEMA = 1


@dataclass(frozen=True, kw_only=True)
class NoticeButton:
    """`action`: what it posts or opens (`reject_all`, `choose`). `label`: its words."""

    action: str
    label: str


@dataclass(frozen=True, kw_only=True)
class NoticePurpose:
    """A purpose in the words that were shown."""

    name: str
    title: str
    text: str = ""
    basis: str = "consent"
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class NoticeVendor:
    """A vendor as it was shown. `cookies`: name to lifetime in words. `text`: what it does, in a sentence."""

    name: str
    title: str
    purpose: str
    cookies: Mapping[str, str] = field(default_factory=dict)
    privacy: str = ""
    country: str = ""
    text: str = ""


@dataclass(frozen=True, kw_only=True)
class NoticePolicy:
    """A document that the notice links. `text` and its `sha256` are None when it could not be read."""

    name: str
    version: str
    url: str
    kind: str = "notice"
    sha256: str | None = None
    text: str | None = None


@lru_cache(maxsize=256)
def text_digest(text: str) -> str:
    """SHA-256 of the text of a policy, in lower-case hex."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


@dataclass(frozen=True, kw_only=True)
class Notice:
    """What was shown. `kind`: what it asks ("consent", "terms", "plain"); `layer`: a value of
    `vocabulary.Layer`.

    `texts`: message id to the sentence as shown; `buttons`: in the order of sight; `version`: of this
    package.
    """

    language: str
    layer: str
    kind: str = "consent"
    texts: Mapping[str, str] = field(default_factory=dict)
    buttons: tuple[NoticeButton, ...] = ()
    purposes: tuple[NoticePurpose, ...] = ()
    vendors: tuple[NoticeVendor, ...] = ()
    policies: tuple[NoticePolicy, ...] = ()
    controller: str = ""
    contact: str = ""
    html: str = ""
    css: str = ""
    version: str = ""

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the canonical JSON, in lower-case hex: the name by which records call this notice."""
        return hashlib.sha256(canonical(self)).hexdigest()


def canonical(notice: Notice) -> bytes:
    """The bytes that are stored and hashed. Reading them back is `parse`."""
    return jcs.encode({**_plain(notice), "schema": SCHEMA})


def _plain(part: Notice | NoticeButton | NoticePurpose | NoticeVendor | NoticePolicy) -> dict[str, Json]:
    plain = {each.name: _json(getattr(part, each.name)) for each in fields(part)}
    if isinstance(part, NoticeVendor) and not part.text:
        # Notices of before vendors had a text lack it; read back, they must give the bytes that were hashed then.
        del plain["text"]
    return plain


def _json(value: Any) -> Json:
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, tuple):
        return [_plain(part) for part in value]
    return cast(Json, value)


def parse(payload: bytes) -> Notice:
    """The notice that `canonical` wrote. Raises ValueError when it is no notice of a schema known here."""
    named: dict[str, Any] = json.loads(payload)
    if not isinstance(named, dict) or named.pop("schema", None) != SCHEMA:
        raise ValueError(f"This is no notice snapshot in schema {SCHEMA}: {payload[:80]!r}")
    try:
        return _from_names(named)
    except (KeyError, TypeError, AttributeError) as problem:
        raise ValueError(f"This notice snapshot is not whole ({problem!r}): {payload[:80]!r}") from problem


def _from_names(named: Mapping[str, Any]) -> Notice:
    parts = {
        "buttons": tuple(NoticeButton(**button) for button in named["buttons"]),
        "purposes": tuple(NoticePurpose(**purpose) for purpose in named["purposes"]),
        "vendors": tuple(NoticeVendor(**vendor) for vendor in named["vendors"]),
        "policies": tuple(NoticePolicy(**policy) for policy in named["policies"]),
    }
    return Notice(**{**named, **parts})
