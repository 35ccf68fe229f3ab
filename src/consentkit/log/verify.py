"""Check what left the log: receipts, exports and their manifests. Needs the file and a public key, and no database.

Pure: text and bytes in, findings out. docs/verify.md does the same in sixty lines without this package.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from consentkit.log import canonical as jcs
from consentkit.log import checkpoint as notes
from consentkit.log import tree
from consentkit.log.canonical import Json
from consentkit.log.checkpoint import BadSignature, Checkpoint, UnreadableNote, VerifierKey
from consentkit.log.receipt import NoReceipt, Proof, UnreadableReceipt, parse_receipt, promise_text

#: The first line of a manifest; the second is JSON, so it can never pass for a checkpoint.
MANIFEST_HEADER = "consentkit export 1"


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """What an export was. `sha256`, `bytes`, `rows`: of its file. `checkpoint`: the newest one at that time."""

    format: str
    rows: int
    bytes: int
    sha256: str
    filters: Mapping[str, Json]
    by: str
    time: str
    checkpoint: str | None

    @property
    def text(self) -> str:
        return f"{MANIFEST_HEADER}\n{jcs.encode(dict(vars(self))).decode()}\n"


class Unproven(ValueError):
    """A file that is not what somebody signed. The message says in which way."""


class NotSigned(Unproven):
    """A file that is no receipt at all. Perhaps an export, which is nothing without its manifest."""


def check_receipt(text: str, keys: Iterable[VerifierKey]) -> tuple[Proof, Checkpoint | None]:
    """A receipt and the checkpoint that it is under, None for one that is only promised. Raises Unproven."""
    try:
        proof = parse_receipt(text)
        if proof.note is not None:
            return proof, _checkpoint_over(proof, list(keys))
        if proof.promise is None:
            raise Unproven("it is unsigned: the log that made it had no key")
        _check_promise(proof, list(keys))
        return proof, None
    except NoReceipt as problem:
        raise NotSigned(str(problem)) from None
    except (UnreadableReceipt, UnreadableNote, BadSignature) as problem:
        raise Unproven(str(problem).rstrip(".")) from None


def _checkpoint_over(proof: Proof, keys: list[VerifierKey]) -> Checkpoint:
    assert proof.note is not None
    checkpoint = notes.open_checkpoint(proof.note, notes.named_for(proof.note.partition("\n")[0], keys))
    if not tree.is_included(proof.leaf, proof.index, checkpoint.size, proof.hashes, checkpoint.root):
        raise Unproven(f"its proof does not lead from this record to the root of {checkpoint.size} entries")
    return checkpoint


def _check_promise(proof: Proof, keys: list[VerifierKey]) -> None:
    assert proof.promise is not None
    note = notes.parse_note(proof.promise)
    origin = note.text.partition("\n")[0]
    notes.signers(note, notes.named_for(origin, keys))
    if note.text != promise_text(origin, proof.index, proof.leaf):
        raise Unproven("what was promised is another record")


def check_receipts(lines: Iterable[str], keys: Iterable[VerifierKey]) -> Iterator[tuple[int, str]]:
    """Of an export of receipts every line that is not proven: its number, counted from 1, and why."""
    known = list(keys)
    before = -1
    for number, line in enumerate(lines, 1):
        try:
            proof, _ = check_receipt(line, known)
        except Unproven as problem:
            yield number, str(problem)
            continue
        if proof.index <= before:
            yield number, f"its index {proof.index} does not follow {before}"
        before = proof.index


def sign_manifest(manifest: Manifest, signed: str | None) -> str:
    """The manifest as it is written; `signed`: its note, where there is a key."""
    return signed or f"{manifest.text}\n"


def read_manifest(note: str, keys: Iterable[VerifierKey]) -> Manifest:
    """A manifest that one of the keys signed. Raises Unproven."""
    try:
        parsed = notes.parse_note(note)
        names = {name for name, _, _ in parsed.signatures}
        notes.signers(parsed, [key for name in names for key in notes.named_for(name, keys)])
        header, _, rest = parsed.text.partition("\n")
        if header != MANIFEST_HEADER:
            raise Unproven("its manifest is of another kind")
        named: dict[str, Any] = json.loads(rest)
        return Manifest(**named)
    except RecursionError:
        raise Unproven("its manifest: its JSON is nested too deeply") from None
    except (UnreadableNote, BadSignature, ValueError, TypeError) as problem:
        raise Unproven(f"its manifest: {problem}".rstrip(".")) from None


def check_export(manifest: Manifest, pieces: Iterable[bytes]) -> Iterator[str]:
    """In which ways the bytes of a file are not those of the manifest."""
    digest, size, lines = hashlib.sha256(), 0, 0
    for piece in pieces:
        digest.update(piece)
        size += len(piece)
        lines += piece.count(b"\n")
    if digest.hexdigest() == manifest.sha256:
        return
    yield f"its bytes are not those that were exported: SHA-256 {digest.hexdigest()}, signed was {manifest.sha256}"
    if size != manifest.bytes:
        yield f"it has {size} bytes, {manifest.bytes} were exported"
    if manifest.format in ("jsonl", "receipts") and lines != manifest.rows:
        yield f"it has {lines} records, {manifest.rows} were exported"
