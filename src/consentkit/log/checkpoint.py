"""Checkpoints: the log's signed word on how large it is and what its root hash is.

A checkpoint is a *signed note* (C2SP signed-note, tlog-checkpoint): some lines of text, an empty line, and one line
for each signature. So people can read it, other implementations can check it, and a key is rotated by letting two
sign for a while. Each key is one line of text as the Go implementation writes it, private ones in the `log_key`
file and public ones ("vkeys") for whoever verifies:

    PRIVATE+KEY+courier.example/log+6f2b41a0+AQ…        courier.example/log+6f2b41a0+AQ…

This file alone imports cryptography, but for stamp.py, which reads certificates.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from consentkit.errors import ConfigurationError
from consentkit.log.tree import HASH_BYTES

#: The signature type of signed notes for Ed25519. Others may sign beside us; what we do not know is passed over.
ED25519 = b"\x01"

_PRIVATE = "PRIVATE+KEY+"
_NAME = re.compile(r"[^\s+]+\Z")
_SIZE = re.compile(r"(0|[1-9][0-9]{0,18})\Z", re.ASCII)

#: Far more than we write; a note of this size is nothing that a log said.
MAX_NOTE = 64 * 1024  # characters


class UnreadableNote(ValueError):
    """A text that is no signed note, no checkpoint or no key. The message says what is wrong with it."""


class BadSignature(ValueError):
    """A note that none of the known keys signed, or whose signature does not fit its text."""


@dataclass(frozen=True)
class VerifierKey:
    """A public key with the name of its log."""

    name: str
    public: bytes

    @cached_property
    def id(self) -> bytes:
        """The four bytes by which signatures name their key."""
        return hashlib.sha256(self.name.encode() + b"\n" + ED25519 + self.public).digest()[:4]

    def __str__(self) -> str:
        return f"{self.name}+{self.id.hex()}+{_encoded(ED25519 + self.public)}"

    def renamed(self, name: str) -> VerifierKey:
        """The same key as it signs under another name: for a log that had to begin anew."""
        return VerifierKey(name, self.public)


@dataclass(frozen=True)
class SigningKey:
    """A private key with the name of its log."""

    name: str
    private: bytes

    @cached_property
    def verifier(self) -> VerifierKey:
        return VerifierKey(self.name, self._key.public_key().public_bytes_raw())

    def sign(self, text: str) -> bytes:
        return self._key.sign(text.encode())

    def renamed(self, name: str) -> SigningKey:
        return SigningKey(name, self.private)

    def __str__(self) -> str:
        return f"{_PRIVATE}{self.name}+{self.verifier.id.hex()}+{_encoded(ED25519 + self.private)}"

    def __repr__(self) -> str:
        return f"SigningKey({self.name!r})"  # a key has no place in a traceback

    @cached_property
    def _key(self) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes(self.private)


@dataclass(frozen=True)
class Checkpoint:
    """How large a log is and what its root hash is. `origin`: the name of the log, for ever."""

    origin: str
    size: int
    root: bytes

    @property
    def text(self) -> str:
        return f"{self.origin}\n{self.size}\n{_encoded(self.root)}\n"


@dataclass(frozen=True)
class Note:
    """A text and who signed it: name, the four bytes of the key, and the signature."""

    text: str
    signatures: tuple[tuple[str, bytes, bytes], ...]


def sign(text: str, keys: Sequence[SigningKey]) -> str:
    """A signed note. `text` ends in a newline."""
    lines = [f"— {key.name} {_encoded(key.verifier.id + key.sign(text))}\n" for key in keys]
    return f"{text}\n{''.join(lines)}"


def parse_note(note: str) -> Note:
    """The text of a note and its signatures, none of them checked yet. Raises UnreadableNote."""
    text, gap, signatures = note.rpartition("\n\n")
    if len(note) > MAX_NOTE or not gap or not signatures.endswith("\n") or re.search(r"[\x00-\x09\x0b-\x1f]", note):
        raise UnreadableNote("This is no signed note: a text, an empty line, and lines of signatures.")
    return Note(text + "\n", tuple(map(_parse_signature, signatures.splitlines())))


def signers(note: Note, keys: Iterable[VerifierKey]) -> list[VerifierKey]:
    """Those of the keys that signed the note, at least one. Raises BadSignature.

    A signature that names a known key and does not fit spoils the note, whoever else signed it.
    """
    known = {(key.name, key.id): key for key in keys}
    found = []
    for name, id, signature in note.signatures:
        key = known.get((name, id))
        if key is None:
            continue
        try:
            Ed25519PublicKey.from_public_bytes(key.public).verify(signature, note.text.encode())
        except InvalidSignature:
            raise BadSignature(f"The signature of {name} does not fit: text or signature was changed.") from None
        found.append(key)
    if not found:
        names = ", ".join(sorted({name for name, _, _ in note.signatures}))
        raise BadSignature(f"No known key signed this; it was signed by {names}.")
    return found


def parse_checkpoint(text: str) -> Checkpoint:
    """A checkpoint from the text of its note. Raises UnreadableNote."""
    lines = text.split("\n")
    if len(lines) < 4 or lines[-1] or not all(lines[:-1]) or not _SIZE.match(lines[1]):
        raise UnreadableNote("This is no checkpoint: a name, a size and a root hash, a line each.")
    root = _decoded(lines[2])
    if len(root) != HASH_BYTES:
        raise UnreadableNote(f"The root hash of a checkpoint has {HASH_BYTES} bytes, not {len(root)}.")
    return Checkpoint(lines[0], int(lines[1]), root)


def open_checkpoint(note: str, keys: Iterable[VerifierKey]) -> Checkpoint:
    """The checkpoint in a note that one of the keys signed. Raises UnreadableNote and BadSignature."""
    parsed = parse_note(note)
    signed = signers(parsed, keys)
    checkpoint = parse_checkpoint(parsed.text)
    if checkpoint.origin not in {key.name for key in signed}:
        raise BadSignature(f"This checkpoint is of {checkpoint.origin}, and another log signed it.")
    return checkpoint


def named_for(origin: str, keys: Iterable[VerifierKey]) -> list[VerifierKey]:
    """The keys under the name by which a log signs that had to begin anew: courier.example/log-2."""
    return [
        key.renamed(origin) if re.fullmatch(re.escape(key.name) + r"-[1-9][0-9]{0,5}", origin) else key for key in keys
    ]


# Keys as text


def make_key(name: str, private: bytes) -> SigningKey:
    """A signing key from 32 random bytes. `name`: of the log, such as courier.example/log."""
    if not _NAME.match(name) or len(private) != HASH_BYTES:
        raise ValueError(f"{name!r} can't name a log, or the key has not 32 bytes: no blanks and no plus.")
    return SigningKey(name, private)


def parse_signing_key(line: str) -> SigningKey:
    """A line of a log key file. Raises UnreadableNote, which never repeats what came: it may be a secret."""
    if not line.startswith(_PRIVATE):
        raise UnreadableNote(f"A line of a log key begins with {_PRIVATE}")
    name, id, private = _key_parts(line.removeprefix(_PRIVATE), "log key")
    key = SigningKey(name, private)
    if key.verifier.id.hex() != id:
        raise UnreadableNote("A log key does not fit its own check digits; a character of it was changed")
    return key


def parse_verifier_key(line: str) -> VerifierKey:
    """A public key as `consentkit log status` prints it. Raises UnreadableNote."""
    name, id, public = _key_parts(line, "public key")
    key = VerifierKey(name, public)
    if key.id.hex() != id:
        raise UnreadableNote("This public key does not fit its own check digits; a character of it was changed")
    return key


def load_keys(path: Path) -> tuple[SigningKey, ...]:
    """The keys of a log key file, oldest first; none when there is no file. Raises ConfigurationError.

    All of them sign. Empty lines and lines that begin with # say nothing.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return ()
    except (OSError, UnicodeDecodeError) as problem:
        raise ConfigurationError([f"log_key: {str(path)!r} can't be read: {problem}."]) from None
    try:
        keys = tuple(parse_signing_key(line.strip()) for line in lines if line.strip() and line.strip()[0] != "#")
    except UnreadableNote as problem:
        raise ConfigurationError([f"log_key: {str(path)!r}: {problem}."]) from None
    if len({key.name for key in keys}) > 1:
        names = ", ".join(sorted({key.name for key in keys}))
        raise ConfigurationError([f"log_key: {str(path)!r} has keys of several logs ({names}); keep one name."])
    return keys


def write_key(path: Path, key: SigningKey) -> None:
    """A new key file that only its owner can read. Raises FileExistsError: a key is never written over."""
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(f"{key}\n")


def _key_parts(text: str, noun: str) -> tuple[str, str, bytes]:
    name, _, rest = text.partition("+")
    id, _, encoded = rest.partition("+")
    key = _decoded(encoded)
    if not _NAME.match(name) or len(key) != 1 + HASH_BYTES or key[:1] != ED25519:
        raise UnreadableNote(f"A {noun} is name+digits+base64 of an Ed25519 key")
    return name, id, key[1:]


def _parse_signature(line: str) -> tuple[str, bytes, bytes]:
    dash, _, rest = line.partition(" ")
    name, _, encoded = rest.partition(" ")
    signature = _decoded(encoded)
    if dash != "—" or not _NAME.match(name) or len(signature) < 5:
        raise UnreadableNote("A line of a signature is a dash, a name, and base64 of key and signature.")
    return name, signature[:4], signature[4:]


def _encoded(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


def _decoded(text: str) -> bytes:
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return b""
    # One value, one spelling: base64 leaves up to four bits of its last letter unread.
    return raw if _encoded(raw) == text else b""
