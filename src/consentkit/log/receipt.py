"""Receipts: what a visitor takes home, and what it takes to check it without us.

A receipt holds the record in the very bytes that were hashed, and one of three things beside it:

- a **proof** (C2SP tlog-proof): its index, the hashes that lead from it to the root, and the signed checkpoint with
  that root. It can be checked offline, for ever, with nothing but the log's public key;
- a **promise**, for the second before the tree has taken it in: index and leaf hash, signed. Whoever holds one can
  ask for the proof later, and can show a broken promise when none comes;
- nothing, when the log has no key: then it says *unsigned*.

Pure: bytes and notes in, text out.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from consentkit.log import tree
from consentkit.log.canonical import Json

#: The first line of a proof (C2SP tlog-proof).
PROOF_HEADER = "c2sp.org/tlog-proof@v1"

#: The form of the receipt itself.
SCHEMA = 1

_NUMBER = re.compile(r"(0|[1-9][0-9]{0,18})\Z", re.ASCII)


@dataclass(frozen=True)
class Proof:
    """What proves one entry: its payload, its index, and either hashes with a checkpoint or a promise or nothing."""

    payload: bytes
    index: int
    hashes: tuple[bytes, ...] = ()
    note: str | None = None
    promise: str | None = None

    @property
    def leaf(self) -> bytes:
        return tree.leaf_hash(self.payload)

    @property
    def signed(self) -> str:
        """ "checkpoint", "promise" or "unsigned"."""
        if self.note is not None:
            return "checkpoint"
        return "promise" if self.promise is not None else "unsigned"

    @property
    def text(self) -> str:
        """The proof as C2SP tlog-proof, or the promise; "" when nothing is signed."""
        return proof_text(self.index, self.hashes, self.note) if self.note is not None else self.promise or ""


class UnreadableReceipt(ValueError):
    """A text that is no receipt or proof. The message says what is wrong with it."""


class NoReceipt(UnreadableReceipt):
    """A text that does not even look like a receipt: something else altogether, such as an export."""


def proof_text(index: int, hashes: Iterable[bytes], note: str) -> str:
    lines = [PROOF_HEADER, f"index {index}", *(base64.b64encode(each).decode() for each in hashes)]
    return "\n".join(lines) + f"\n\n{note}"


def parse_proof(text: str) -> tuple[int, tuple[bytes, ...], str]:
    """The index, the hashes and the checkpoint of a proof. Raises UnreadableReceipt."""
    head, _, note = text.partition("\n\n")
    lines = head.split("\n")
    if lines[0] != PROOF_HEADER or not note:
        raise UnreadableReceipt(f"a proof begins with {PROOF_HEADER} and ends with a checkpoint")
    rest = lines[2:] if len(lines) > 1 and lines[1].startswith("extra ") else lines[1:]
    word, _, number = rest[0].partition(" ") if rest else ("", "", "")
    if word != "index" or not _NUMBER.match(number):
        raise UnreadableReceipt("a proof has a line with its index")
    hashes = tuple(map(_hash, rest[1:]))
    if any(len(each) != tree.HASH_BYTES for each in hashes):
        raise UnreadableReceipt("a hash of the proof has not 32 bytes")
    return int(number), hashes, note


def _hash(line: str) -> bytes:
    try:
        raw = base64.b64decode(line, validate=True)
    except (binascii.Error, ValueError):
        raise UnreadableReceipt("a hash of the proof is no base64") from None
    # The last letter has bits that nobody reads: of all its spellings only one is ours.
    if base64.b64encode(raw).decode() != line:
        raise UnreadableReceipt("a hash of the proof is not spelt as base64 is")
    return raw


def promise_text(origin: str, index: int, leaf: bytes) -> str:
    """What is signed before the tree is. Its second line is no number, so it can never pass for a checkpoint."""
    return f"{origin}\npromised at index {index}\n{base64.b64encode(leaf).decode()}\n"


def receipt(proof: Proof, keys: Iterable[str] = ()) -> dict[str, Json]:
    """The receipt as JSON values. `keys`: the log's public keys, for comparing with those from elsewhere."""
    return {
        "receipt": SCHEMA,
        "signed": proof.signed,
        "record": {**json.loads(proof.payload), "index": proof.index},
        # The bytes that were hashed, as text: an object could be written in many ways.
        "payload": proof.payload.decode(),
        "proof": proof.text,
        "keys": list(keys),
    }


def parse_receipt(text: str) -> Proof:
    """A receipt as it was written. Nothing of it is believed yet. Raises UnreadableReceipt."""
    try:
        named: Any = json.loads(text)
        if not isinstance(named, dict) or "receipt" not in named:
            raise NoReceipt("it is no receipt: it is JSON of another kind")
        if named["receipt"] != SCHEMA:
            raise UnreadableReceipt(f"it is a receipt of form {named['receipt']!r}, and this version knows {SCHEMA}")
        payload, index, proof, signed = (
            str(named["payload"]).encode(), int(named["record"]["index"]), str(named["proof"]), named["signed"],
        )  # fmt: skip
        if {**json.loads(payload), "index": index} != named["record"]:
            raise UnreadableReceipt("its record is not what its payload says")
    except UnreadableReceipt:
        raise
    except json.JSONDecodeError:
        raise NoReceipt("it is no receipt: it is not JSON") from None
    except RecursionError:
        raise NoReceipt("it is no receipt: its JSON is nested too deeply") from None
    except KeyError as missing:
        raise UnreadableReceipt(f"it is no whole receipt: {missing} is missing") from None
    except (ValueError, TypeError, OverflowError):
        raise UnreadableReceipt("it is no whole receipt: a field of it holds what it never holds") from None
    if signed == "checkpoint":
        at, hashes, note = parse_proof(proof)
        if at != index:
            raise UnreadableReceipt(f"its record says index {index}, its proof {at}")
        return Proof(payload, index, hashes, note)
    return Proof(payload, index, promise=proof or None)
