"""What was done to the log itself: erasures, holds, exports. Entries like choices, in the same tree.

So nobody can take something out of the log without leaving, in the log, who did it and why. An event never says
whose record it was about: it names places, and what stood there is gone.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from consentkit.log import canonical as jcs
from consentkit.log.canonical import Json
from consentkit.log.record import SALT_BYTES, rfc3339

SCHEMA = 1


class Kind(StrEnum):
    #: Records were erased because their person asked. `about.entries`: their places.
    ERASE = "erase"
    #: Records had expired. `about.entries`: their places; or `about.folded`: how many entries at the beginning are now
    #: known by their hash alone.
    PRUNE = "prune"
    #: Records must not be erased, or may be again. `about.entries`: those that were there.
    HOLD = "hold"
    RELEASE = "release"
    #: The log went back in time and goes on. `about`: what was signed before, and what was left.
    RESTORED = "restored"
    #: Records were given to somebody. `about`: what was asked for, how many they were, the SHA-256 of the file.
    EXPORT = "export"


@dataclass(frozen=True, kw_only=True)
class Event:
    """`id`: UUIDv7. `by`: who did it, as the system knows them. `reason`: in their words."""

    id: str
    time: datetime
    kind: str
    by: str
    reason: str = ""
    about: Mapping[str, Json] = field(default_factory=dict)


def canonical(event: Event, salt: bytes) -> bytes:
    """The payload of an event. Reading it back is `parse`."""
    if len(salt) != SALT_BYTES:
        raise ValueError(f"An event is salted with {SALT_BYTES} random bytes, not {len(salt)}.")
    return jcs.encode({
        "id": event.id, "time": rfc3339(event.time), "kind": str(event.kind), "schema": SCHEMA, "by": event.by,
        "reason": event.reason, "about": event.about, "salt": salt.hex(),
    })  # fmt: skip


def parse(payload: bytes) -> Event:
    """The event that `canonical` wrote. Raises ValueError when it is none of a schema known here."""
    named: dict[str, Any] = json.loads(payload)
    try:
        if named["schema"] != SCHEMA or named["kind"] == "choice":
            raise ValueError(f"This is no event in schema {SCHEMA}: {payload[:80]!r}")
        return Event(
            id=named["id"],
            time=datetime.fromisoformat(named["time"]),
            kind=named["kind"],
            by=named["by"],
            reason=named["reason"],
            about=named["about"],
        )
    except (KeyError, TypeError) as problem:
        raise ValueError(f"This event is not whole ({problem!r}): {payload[:80]!r}") from problem


def exported(event: Event, index: int) -> dict[str, Json]:
    """The event as JSON values, for people."""
    return {
        "index": index, "time": rfc3339(event.time), "kind": str(event.kind), "by": event.by, "reason": event.reason,
        "about": event.about,
    }  # fmt: skip


def ranges(places: Iterable[int]) -> list[list[int]]:
    """Places as [first, last] of each stretch, in order."""
    found: list[list[int]] = []
    for place in sorted(places):
        if found and found[-1][1] == place - 1:
            found[-1][1] = place
        else:
            found.append([place, place])
    return found


def stretches(event: Event) -> Iterator[tuple[int, int]]:
    """The (first, last) places that an event is about."""
    entries = event.about.get("entries")
    if isinstance(entries, list):
        for first, last in entries:
            yield int(first), int(last)
