"""Handing records out: exports and the bundle for a person, as zip files that are made while they are sent."""

from __future__ import annotations

import zipfile
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from consentkit.audit import search
from consentkit.audit.desk import Desk
from consentkit.audit.reply import Reply, download
from consentkit.log import dsar
from consentkit.log import export as exports
from consentkit.log.canonical import Json
from consentkit.log.event import Kind, Places

#: How much is gathered before it is sent.
PIECE = 64 * 1024  # bytes


def export(desk: Desk) -> Reply:
    """Every record that matches, with its signed manifest beside it, in constant memory."""
    asked, format = search.read(desk.asked.form), desk.asked.form.get("format", "")
    if asked.filter is None or format not in exports.FORMATS:
        return desk.problem(400, "form")
    # Written down before it begins and when it ends: one that is cut off leaves the first.
    desk.looked("export", Places(), asked.words | {"format": format})
    counted = exports.Counted(format)
    lines = counted.passing(exports.lines(desk.reader, asked.filter, format, desk.keyring))
    return download(_zip_of(desk, counted, lines, asked.words), "application/zip", "consent-records.zip")


def _zip_of(desk: Desk, counted: exports.Counted, lines: Iterable[str], words: dict[str, Json]) -> Iterator[bytes]:
    def files() -> Iterator[tuple[str, Iterable[bytes]]]:
        name = f"records.{'jsonl' if counted.format == 'receipts' else counted.format}"
        yield name, (line.encode() for line in lines)
        note = exports.manifest(counted, words, desk.by, desk.asked.now, desk.reader.checkpoint(), desk.keyring)
        yield f"{name}.manifest", [note.encode()]
        # Before the last bytes, without which no program opens the file: whoever has it stands in the log.
        desk.officer.tell(Kind.EXPORT, exports.remembered(counted, words))

    return zipped(files(), desk.asked.now)


def bundle(desk: Desk) -> Reply:
    """Everything of the person whose record it is."""
    record = desk.reader.get(desk.asked.form.get("id", ""))
    if record is None:
        return desk.problem(404, "missing")
    theirs = Places(each.index for each in dsar.theirs(desk.reader, record))
    desk.officer.tell(Kind.EXPORT, {"format": "bundle", "rows": theirs.rows, "of": theirs.entries})
    files = ((name, [body]) for name, body in dsar.archive(desk.reader, record, desk.keyring))
    return download(zipped(files, desk.asked.now), "application/zip", "consent-of-one-person.zip")


def zipped(files: Iterable[tuple[str, Iterable[bytes]]], now: datetime) -> Iterator[bytes]:
    """A zip file of these, piece by piece: name and content, of which only what waits to be sent is held."""
    pipe = _Pipe()
    moment = now.astimezone(UTC).timetuple()[:6]
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, parts in files:
            about = zipfile.ZipInfo(name, moment)
            about.compress_type = zipfile.ZIP_DEFLATED
            with archive.open(about, "w", force_zip64=True) as file:
                for part in parts:
                    file.write(part)
                    if pipe.waiting >= PIECE:
                        yield pipe.take()
    yield pipe.take()


class _Pipe:
    """What zipfile writes to: it can't be sought in, so sizes follow their data."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self.waiting = 0

    def write(self, piece: bytes) -> int:
        self._pieces.append(bytes(piece))
        self.waiting += len(piece)
        return len(piece)

    def flush(self) -> None:
        pass

    def close(self) -> None:
        pass

    def take(self) -> bytes:
        taken, self._pieces, self.waiting = b"".join(self._pieces), [], 0
        return taken
