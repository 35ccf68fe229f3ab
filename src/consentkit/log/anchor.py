"""Anchors: where copies of the log's checkpoints go, so that nobody who holds database and key can take them back.

An anchor is one of three, told by how it is written:

- `backups/checkpoints.jsonl`: a file to which each copy is added as a line. It is read again when the log is opened
  and verified, so a database that is older than its last line *went back in time*.
- `https://witness.example/courier`: each copy is posted there as text; any answer of the 2xx kind means that it was
  taken.
- `rfc3161:https://tsa.example/tsr`: a time-stamping authority (RFC 3161) confirms when it saw the copy; see stamp.py.

A copy is one signed note, as `/_ckit/checkpoint` gives it. It says how many entries there are and names nobody.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

from consentkit.log.record import rfc3339

#: How long another host may take to answer.
PATIENCE_SECONDS = 10.0

#: A time stamp with its certificates has 3 to 8 KiB.
MAX_ANSWER = 256 * 1024  # bytes

#: A line of a file has some 400 bytes, a few more with every key that signs.
MAX_LINE = 16 * 1024

_STAMP = "rfc3161:"


class NotAnchored(Exception):
    """A copy could not be left at an anchor. The message says why."""


@dataclass(frozen=True)
class FileAnchor:
    """A file of lines, each `{"time": …, "checkpoint": note}`."""

    path: Path

    @property
    def name(self) -> str:
        return str(self.path)

    def deliver(self, note: str, now: datetime) -> bytes | None:
        line = json.dumps({"time": rfc3339(now), "checkpoint": note}, ensure_ascii=False, separators=(",", ":"))
        try:
            handle = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            try:
                os.write(handle, f"{line}\n".encode())
                os.fsync(handle)
            finally:
                os.close(handle)
        except OSError as problem:
            raise NotAnchored(problem.strerror or str(problem)) from None
        return None

    def notes(self) -> Iterator[tuple[str, str]]:
        """Each copy with the name of its line, oldest first; a line that is none of ours is given as it is."""
        with self.path.open(encoding="utf-8", errors="replace") as file:
            for number, line in enumerate(file, 1):
                note = _note_in(line)
                yield f"{self.path.name}, line {number}", line if note is None else note

    def last(self) -> str | None:
        """The newest copy, None when there is none yet. Reads the end of the file alone."""
        try:
            with self.path.open("rb") as file:
                file.seek(max(0, file.seek(0, os.SEEK_END) - MAX_LINE))
                lines = file.read().splitlines()
        except OSError:
            return None
        return next((note for line in reversed(lines) if (note := _note_in(line)) is not None), None)


def _note_in(line: str | bytes) -> str | None:
    """The copy in a line; None in one that was cut off, or is somebody else's."""
    try:
        note = json.loads(line)["checkpoint"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    return note if isinstance(note, str) else None


@dataclass(frozen=True)
class UrlAnchor:
    url: str

    @property
    def name(self) -> str:
        return _without_secrets(self.url)

    def deliver(self, note: str, now: datetime) -> bytes | None:
        post(self.url, note.encode(), "text/plain; charset=utf-8")
        return None


@dataclass(frozen=True)
class StampAnchor:
    url: str

    @property
    def name(self) -> str:
        return _STAMP + _without_secrets(self.url)

    def deliver(self, note: str, now: datetime) -> bytes | None:
        """The time stamp, as it came."""
        from consentkit.log import stamp  # belongs to an extra

        return stamp.ask(note.encode(), lambda request: post(self.url, request, stamp.QUERY))


Anchor = FileAnchor | UrlAnchor | StampAnchor


def read(given: Sequence[str], folder: Path) -> tuple[Anchor, ...]:
    """The anchors that an owner named; a relative path lies in `folder`."""
    return tuple(_read(each, folder) for each in given)


def _read(given: str, folder: Path) -> Anchor:
    if given.startswith(_STAMP):
        return StampAnchor(given.removeprefix(_STAMP))
    if given.startswith(("https://", "http://")):
        return UrlAnchor(given)
    return FileAnchor(folder / given)


def post(url: str, body: bytes, content_type: str) -> bytes:
    """What a host answers to a POST. Raises NotAnchored."""
    # Half as much again as the rest of the package would take to import, and most logs never speak to a host.
    import urllib.error
    import urllib.request

    headers = {"content-type": content_type, "user-agent": "consentkit"}
    request = urllib.request.Request(url, body, headers, method="POST")  # noqa: S310 - settings admit http and https only
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE_SECONDS) as answer:  # noqa: S310 - the same
            return bytes(answer.read(MAX_ANSWER))
    except urllib.error.HTTPError as problem:
        raise NotAnchored(f"it answered {problem.code}") from None
    except (OSError, ValueError) as problem:
        raise NotAnchored(str(getattr(problem, "reason", problem))) from None


def _without_secrets(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.hostname or ''}{f':{parts.port}' if parts.port else ''}{parts.path}"
