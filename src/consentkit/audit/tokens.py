"""Access tokens: made once, shown once, and known here by their hash alone.

A token is `NAME.SECRET` with 256 random bits, so nobody finds one by trying. It is hashed all the same, with scrypt
and a salt: whoever gets to read the file can't sign in with what stands in it. One line of the file is one token:

    anna officer scrypt:14:8:1:<salt>:<hash>
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from consentkit.audit.auditor import Role
from consentkit.errors import ConfigurationError

#: Whom a token belongs to. It stands in the token before a dot, and in every event.
NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,31}\Z")

# RFC 7914 calls N=2^14, r=8, p=1 fit for interactive logins: 16 MiB and about 40 ms for each try.
_COST, _BLOCK, _PARALLEL = 14, 8, 1
_SALT_BYTES = 16
_SECRET_BYTES = 32
_HASH_BYTES = 32

#: Far more than a token of ours has; hashing a megabyte would be work that a visitor can make.
MAX_TOKEN = 128  # characters


@dataclass(frozen=True)
class Holder:
    """Whose token it is. `hashed`: as it stands in the file."""

    name: str
    role: Role
    hashed: str

    @property
    def id(self) -> str:
        """What a session is bound to: it ends when the token is taken out or replaced."""
        return hashlib.sha256(self.line.encode()).hexdigest()[:16]

    @property
    def line(self) -> str:
        return f"{self.name} {self.role} {self.hashed}"


def make(name: str, role: Role, secret: bytes, salt: bytes) -> tuple[str, Holder]:
    """A new token in clear, and what may be kept of it. `secret`: 32 random bytes, `salt`: 16."""
    if not NAME.match(name):
        raise ConfigurationError([f"{name!r} can't be the name of a token: up to 32 of a-z, 0-9, '-' and '_'."])
    token = f"{name}.{base64.urlsafe_b64encode(secret).decode().rstrip('=')}"
    return token, Holder(name, role, _hashed(token, salt, _COST, _BLOCK, _PARALLEL))


def fits(token: str, holder: Holder | None) -> bool:
    """Whether this is the token of that holder. For nobody it takes as long, and is never one."""
    hashed = holder.hashed if holder else _NOBODY
    _, cost, block, parallel, salt, _ = hashed.split(":")
    same = hmac.compare_digest(
        _hashed(token, base64.b64decode(salt), int(cost), int(block), int(parallel)).encode(), hashed.encode()
    )
    return same and holder is not None


def _hashed(token: str, salt: bytes, cost: int, block: int, parallel: int) -> str:
    digest = hashlib.scrypt(
        token.encode("utf-8", "surrogatepass"), salt=salt, n=1 << cost, r=block, p=parallel, dklen=_HASH_BYTES,
        maxmem=256 * block * (1 << cost) + (1 << 20),
    )  # fmt: skip
    return f"scrypt:{cost}:{block}:{parallel}:{_base64(salt)}:{_base64(digest)}"


def _base64(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


_NOBODY = f"scrypt:{_COST}:{_BLOCK}:{_PARALLEL}:{_base64(bytes(_SALT_BYTES))}:{_base64(bytes(_HASH_BYTES))}"
_HASHED = re.compile(r"scrypt:(1[0-8]):([1-9]|1[0-6]):([1-4]):([A-Za-z0-9+/=]{8,64}):([A-Za-z0-9+/=]{44})\Z", re.ASCII)


def parse(text: str, where: str) -> dict[str, Holder]:
    """The holders in the text of a token file, by name. Raises ConfigurationError with every line that is none."""
    found: dict[str, Holder] = {}
    problems = []
    for number, line in enumerate(text.splitlines(), 1):
        words = line.split()
        if not words or words[0].startswith("#"):
            continue
        if len(words) != 3 or not NAME.match(words[0]) or words[1] not in list(Role) or not _is_hash(words[2]):
            problems.append(f"{where}, line {number}: no token; make one with `consentkit audit token NAME`.")
        elif words[0] in found:
            problems.append(f"{where}, line {number}: a second token for {words[0]!r}.")
        else:
            found[words[0]] = Holder(words[0], Role(words[1]), words[2])
    if problems:
        raise ConfigurationError(problems)
    return found


def _is_hash(text: str) -> bool:
    parts = _HASHED.match(text)
    if parts is None:
        return False
    try:
        return bool(base64.b64decode(parts[4], validate=True)) and len(base64.b64decode(parts[5])) == _HASH_BYTES
    except binascii.Error:
        return False


class Tokens:
    """The tokens that let somebody in: those of a file, which may change while we run, and some that are given."""

    def __init__(self, path: Path | None, given: tuple[Holder, ...] = ()) -> None:
        self._path = path
        self._given = {holder.name: holder for holder in given}
        self._seen: tuple[int, int] | None = None
        self._read: dict[str, Holder] = {}

    def holders(self) -> dict[str, Holder]:
        """Every holder by name. A file that is not there has none. Raises ConfigurationError."""
        if self._path is not None:
            try:
                status = self._path.stat()
            except FileNotFoundError:
                self._seen, self._read = None, {}
            except OSError as problem:
                raise ConfigurationError([f"{str(self._path)!r} can't be read: {problem.strerror}."]) from None
            else:
                seen = (status.st_mtime_ns, status.st_ino)
                if seen != self._seen:
                    check_private(self._path, status.st_mode)
                    self._read = parse(_text(self._path), str(self._path))
                    self._seen = seen
        return {**self._read, **self._given}

    def recognise(self, token: str) -> Holder | None:
        """Whose token this is."""
        if len(token) > MAX_TOKEN:
            return None
        holder = self.holders().get(token.partition(".")[0])
        return holder if fits(token, holder) else None


def check_private(path: Path, mode: int) -> None:
    if os.name == "posix" and mode & 0o077:
        raise ConfigurationError([f"{str(path)!r} can be read by others on this machine; run `chmod 600 {path}`."])


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as problem:
        raise ConfigurationError([f"{str(path)!r} can't be read: {problem}."]) from None


def issue(path: Path, name: str, role: Role, random: Callable[[int], bytes]) -> str:
    """A new token, written to the file by its hash, in place of an older one of that name. Answers with the token."""
    token, holder = make(name, role, random(_SECRET_BYTES), random(_SALT_BYTES))
    _rewrite(path, name, holder)
    return token


def revoke(path: Path, name: str) -> bool:
    """Take the token of that name out of the file. Answers whether there was one."""
    return _rewrite(path, name, None)


def _rewrite(path: Path, name: str, holder: Holder | None) -> bool:
    try:
        before = path.read_text(encoding="utf-8").splitlines()
        check_private(path, path.stat().st_mode)
    except FileNotFoundError:
        before = []
    except (OSError, UnicodeDecodeError) as problem:
        raise ConfigurationError([f"{str(path)!r} can't be read: {problem}."]) from None
    kept = [line for line in before if line.split()[:1] != [name]]
    lines = [*kept, *([holder.line] if holder else [])]
    beside = path.with_name(f"{path.name}.new")
    try:
        with open(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
            file.write("".join(f"{line}\n" for line in lines))
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except OSError as problem:
        raise ConfigurationError([f"{str(path)!r} can't be written: {problem.strerror}."]) from None
    return len(kept) < len(before)
