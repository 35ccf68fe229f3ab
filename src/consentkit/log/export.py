"""Exports: what leaves the log, what is signed about it, and what the log itself remembers of it.

The same for the command line and for the auditors' pages. Lines are made and counted one by one, so a log of any
length is exported in constant memory.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, TypeVar

from consentkit.log import receipt as receipts
from consentkit.log import reports, verify
from consentkit.log.canonical import Json
from consentkit.log.event import without_names
from consentkit.log.filters import Filter
from consentkit.log.receipt import Proof
from consentkit.log.record import Record, rfc3339, to_the_second

if TYPE_CHECKING:
    from consentkit.log.keyring import Keyring
    from consentkit.log.store import Reader

#: What records can be exported as, line by line. `receipts`: each record with its proof.
FORMATS = ("jsonl", "csv", "receipts")


def lines(
    reader: Reader,
    filter: Filter,
    format: str,
    keyring: Keyring | None,
    tell: Callable[[int | None], None] = lambda index: None,
) -> Iterator[str]:
    """The records that match, oldest first, as lines of text in one of `FORMATS`. `tell`: how far it is."""
    if format == "csv":
        return reports.csv_lines(telling(reader.oldest_first(filter), tell))
    if format == "receipts":
        public = [str(key.verifier) for key in keyring.keys] if keyring else []
        return (
            json.dumps(receipts.receipt(proof, public), ensure_ascii=False, separators=(",", ":")) + "\n"
            for proof in telling(reader.proofs(filter), tell)
        )
    return reports.jsonl(telling(reader.oldest_first(filter), tell))


Found = TypeVar("Found", Record, Proof)


def telling(found: Iterable[Found], tell: Callable[[int | None], None]) -> Iterator[Found]:
    """The same records, and the place of each is told before it passes."""
    for each in found:
        tell(each.index)
        yield each


class Counted:
    """Counts the lines of an export while they pass."""

    def __init__(self, format: str) -> None:
        self._header = 1 if format == "csv" else 0
        self._digest = hashlib.sha256()
        self._lines = 0
        self.format = format
        self.bytes = 0

    def passing(self, lines: Iterable[str]) -> Iterator[str]:
        for line in lines:
            raw = line.encode()
            self._digest.update(raw)
            self.bytes += len(raw)
            self._lines += 1
            yield line

    def took(self, pieces: Iterable[bytes], rows: int) -> None:
        """A file that is no text was written; these are its bytes."""
        for piece in pieces:
            self._digest.update(piece)
            self.bytes += len(piece)
        self._lines = rows

    @property
    def rows(self) -> int:
        """How many records passed."""
        return max(0, self._lines - self._header)

    @property
    def sha256(self) -> str:
        return self._digest.hexdigest()


def manifest(
    counted: Counted, words: Mapping[str, Json], by: str, now: datetime, checkpoint: str | None, keyring: Keyring | None
) -> str:
    """What stands in the file beside an export, signed where there is a key. `words`: what was asked for."""
    said = verify.Manifest(
        format=counted.format, rows=counted.rows, bytes=counted.bytes, sha256=counted.sha256, filters=words, by=by,
        time=rfc3339(to_the_second(now)), checkpoint=checkpoint,
    )  # fmt: skip
    generation = keyring.generation(checkpoint.partition("\n")[0]) if keyring and checkpoint else None
    return verify.sign_manifest(said, keyring.sign(said.text, generation or 1) if keyring else None)


def remembered(counted: Counted, words: Mapping[str, Json]) -> dict[str, Json]:
    """What the event of an export says about it."""
    return {
        "rows": counted.rows, "sha256": counted.sha256, "format": counted.format, "filters": without_names(words),
    }  # fmt: skip
