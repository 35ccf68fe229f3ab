"""Who is before us, and what they may do."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Role(StrEnum):
    #: May look, count, verify and export.
    READER = "reader"
    #: May also erase, hold and release.
    OFFICER = "officer"


@dataclass(frozen=True)
class Auditor:
    """Somebody who was recognised. `name`: how the log calls them in "who did what"; `role`: a `Role` or its name.

    Raises ValueError for another role, so that a guard with a typo lets nobody in.
    """

    name: str
    role: str = Role.READER
    #: What a form of theirs is bound to beside the name; empty under a guard.
    session: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "role", Role(self.role))
        if not self.name or len(self.name) > MAX_NAME or not self.name.isprintable():
            raise ValueError(f"An auditor has a name of 1 to {MAX_NAME} printable characters, not {self.name!r}.")

    @property
    def may_act(self) -> bool:
        return self.role == Role.OFFICER


#: Longer names are no names; one stands in every event.
MAX_NAME = 100  # characters

#: The owner's own way to say who is asking: an ASGI scope in, an `Auditor` out, or None for everybody else.
Guard = Callable[[MutableMapping[str, Any]], Auditor | Awaitable[Auditor | None] | None]
