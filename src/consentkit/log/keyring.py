"""The log's keys as a process holds them, and what it last signed with them.

The newest checkpoint is kept a second time, in `<log_key>.seen` beside the key and away from the database: when the
database is put back to an older copy, by accident or on purpose, the two disagree, and that is noticed before
anything else is signed. Anchors that are files are read for the same reason.
"""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from consentkit.log import checkpoint as notes
from consentkit.log.anchor import Anchor, FileAnchor
from consentkit.log.checkpoint import BadSignature, Checkpoint, SigningKey, UnreadableNote, VerifierKey

logger = logging.getLogger("consentkit")


@dataclass(frozen=True)
class Keyring:
    """The keys of one log, at least one. `seen`: the file that remembers what was signed last; `anchors`: files with
    copies of what was signed. `public`: keys that verify and can't sign, for whoever only looks at a log."""

    keys: tuple[SigningKey, ...]
    seen: Path
    anchors: tuple[FileAnchor, ...] = ()
    public: tuple[VerifierKey, ...] = ()

    @property
    def name(self) -> str:
        return self.keys[0].name if self.keys else self.public[0].name

    def origin(self, generation: int) -> str:
        """The name under which a log signs. One that went back in time goes on under another: two different trees
        of one size and one name would be what a checkpoint promises never to be."""
        return self.name if generation == 1 else f"{self.name}-{generation}"

    def generation(self, origin: str) -> int | None:
        """Which generation of this log an origin means; None when it is another log's."""
        if origin == self.name:
            return 1
        found = re.fullmatch(re.escape(self.name) + r"-([1-9][0-9]{0,5})", origin)
        return int(found[1]) if found else None

    def verifiers(self, generation: int) -> list[VerifierKey]:
        known = (*(key.verifier for key in self.keys), *self.public)
        return [key.renamed(self.origin(generation)) for key in known]

    def sign(self, text: str, generation: int) -> str:
        return notes.sign(text, [key.renamed(self.origin(generation)) for key in self.keys])

    def remember(self, note: str) -> None:
        """Keep what was signed. Failing is told and does no harm but to the memory."""
        beside = self.seen.with_name(f"{self.seen.name}.new")
        try:
            with open(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
                file.write(note)
            beside.replace(self.seen)
        except OSError as problem:
            logger.warning("What the log signed last can't be kept beside its key: %s", problem)

    def last_seen(self) -> Checkpoint | None:
        """What was signed last, as far as anything outside of the database knows."""
        found = [self.remembered(), *(self._opened(note) for each in self.anchors if (note := each.last()))]
        return max(filter(None, found), key=self._age, default=None)

    def remembered(self) -> Checkpoint | None:
        """What the file beside the key remembers; None when it says nothing that we signed."""
        with suppress(OSError, UnicodeDecodeError):
            return self._opened(self.seen.read_text(encoding="utf-8"))
        return None

    def _opened(self, note: str) -> Checkpoint | None:
        with suppress(UnreadableNote, BadSignature):
            generation = self.generation(note.partition("\n")[0])
            if generation is not None:
                return notes.open_checkpoint(note, self.verifiers(generation))
        return None

    def _age(self, checkpoint: Checkpoint) -> tuple[int, int]:
        return self.generation(checkpoint.origin) or 0, checkpoint.size


def load(path: Path, anchors: Iterable[Anchor] = ()) -> Keyring | None:
    """The keys in this file; None when there is none. Raises ConfigurationError."""
    keys = notes.load_keys(path)
    files = tuple(each for each in anchors if isinstance(each, FileAnchor))
    return Keyring(keys, memory_of(path), files) if keys else None


def to_verify(public: Iterable[VerifierKey], seen: Path, anchors: Iterable[Anchor] = ()) -> Keyring:
    """Public keys, at least one, in place of the file. `seen`: as in Keyring; there need not be one."""
    return Keyring((), seen, tuple(each for each in anchors if isinstance(each, FileAnchor)), tuple(public))


def memory_of(path: Path) -> Path:
    """Where the keys in this file remember what they signed last."""
    return path.with_name(f"{path.name}.seen")
