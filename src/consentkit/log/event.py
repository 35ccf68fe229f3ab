"""What was done to the log itself: erasures, holds, exports, look-ups. Entries like choices, in the same tree.

So nobody can take something out of the log, or look into it, without leaving in the log who did it and why. An event never says
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
    #: Somebody looked at records. `about`: on which page or by which command, what was asked for, and `entries`.
    LOOKUP = "lookup"
    #: All of the log was looked at. `about`: its size and root, and how many problems were found.
    VERIFY = "verify"


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


#: More stretches than this are not listed one by one.
MAX_STRETCHES = 200


class Places:
    """Which entries somebody was shown, counted as they go by, in either order.

    Of more than `MAX_STRETCHES` stretches the last is widened until it covers the rest, so that a look at a million
    records is remembered in constant space and never as less than it was.
    """

    def __init__(self, places: Iterable[int | None] = ()) -> None:
        self.rows = 0
        self._stretches: list[list[int]] = []
        for place in places:
            self.add(place)

    def add(self, place: int | None) -> None:
        self.rows += 1
        if place is None:
            return
        last = self._stretches[-1] if self._stretches else None
        if last and (last[0] - 1 <= place <= last[1] + 1 or len(self._stretches) == MAX_STRETCHES):
            last[:] = [min(last[0], place), max(last[1], place)]
        else:
            self._stretches.append([place, place])

    @property
    def entries(self) -> list[Json]:
        return [[first, last] for first, last in sorted(self._stretches)]


def looked_at(what: str, words: Mapping[str, Json], seen: Places) -> dict[str, Json]:
    """What the event of a look-up says: on which page or by which command, what was asked for, and what was shown.

    Whose records somebody asked for has to be erasable, so a subject is not named; the places of its records are.
    """
    return {"what": what, "filters": without_names(words), "rows": seen.rows, "entries": seen.entries}


def without_names(words: Mapping[str, Json]) -> dict[str, Json]:
    """What was asked for, as an event may hold it: that it was one person, and not who."""
    return {name: "…" if name == "subject" else word for name, word in words.items() if word is not None}
