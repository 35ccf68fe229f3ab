"""The commands that look into the log."""

from __future__ import annotations

import argparse
import getpass
import hashlib
import json
import sys
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from consentkit.cli.log.opening import filter_of, filter_words, keyring_of, officer_of, reader_of
from consentkit.cli.log.output import (
    as_table,
    new_file,
    nothing_found,
    print_fields,
    print_json,
    print_lines,
    print_notice,
    print_table,
    shown,
    used_wrongly,
)
from consentkit.errors import ConfigurationError, LogUnavailable
from consentkit.log import receipt as receipts
from consentkit.log import reports
from consentkit.log.event import Kind
from consentkit.log.event import exported as exported_event
from consentkit.log.filters import Filter
from consentkit.log.record import UNKNOWN_NOTICE, Record, exported, rfc3339

if TYPE_CHECKING:
    from consentkit.log.canonical import Json
    from consentkit.log.keyring import Keyring
    from consentkit.log.store import Reader

#: How many records a table shows, when not told.
TABLE_LIMIT = 50


def status(arguments: argparse.Namespace) -> int:
    status = reader_of(arguments).status()
    keys = keyring_of(arguments)
    values = {
        "place": status.place,
        "size": status.size,
        "bytes": status.bytes,
        "notices": status.notices,
        "schema": status.schema,
        "first": None if status.first is None else rfc3339(status.first),
        "last": None if status.last is None else rfc3339(status.last),
        "tree": status.tree,
        "folded": status.folded,
        "signed": None if status.checkpoint is None else int(status.checkpoint.split("\n")[1]),
        "keys": [str(key.verifier) for key in keys.keys] if keys else [],
    }
    if as_table(arguments):
        print_fields(values)
    else:
        print_json(values)
    return 0


def find(arguments: argparse.Namespace) -> int:
    reader, filter = reader_of(arguments), filter_of(arguments)
    table = as_table(arguments)
    limit: int | None = arguments.limit or (TABLE_LIMIT if table else None)
    found = _newest_first(reader, filter, arguments.older_than, limit)
    if not table:
        return print_lines(reports.jsonl(found))
    records = list(found)
    print_table(["index", "time", "id", "state", "action", "language", "subject"], map(exported, records))
    if records and len(records) == limit:
        print(f"Older ones: --older-than {records[-1].index}", file=sys.stderr)
    return nothing_found() if not records else 0


def _newest_first(reader: Reader, filter: Filter, older_than: int | None, limit: int | None) -> Iterator[Record]:
    left = limit
    while left is None or left > 0:
        page = reader.newest(filter, limit=min(left or PAGE, PAGE), older_than=older_than)
        yield from page
        if not page:
            return
        older_than = page[-1].index
        left = None if left is None else left - len(page)


#: How many records are fetched at a time when no limit is given.
PAGE = 500


def show(arguments: argparse.Namespace) -> int:
    reader = reader_of(arguments)
    record = reader.get(arguments.id)
    if record is None:
        print(f"consentkit: There is no record {arguments.id!r} in this log.", file=sys.stderr)
        return 1
    notice = None if record.notice == UNKNOWN_NOTICE else reader.notice(record.notice)
    if not as_table(arguments):
        print_json({**exported(record), "shown": None if notice is None else shown(notice)})
        return 0
    print_fields(exported(record))
    print()
    print("What this person saw is not known." if notice is None else "What this person saw:")
    if notice is not None:
        print_notice(notice)
    return 0


def timeline(arguments: argparse.Namespace) -> int:
    """Everything of one browser, oldest first; named by its subject or by any of its records."""
    reader = reader_of(arguments)
    record = reader.get(arguments.subject)
    subject = arguments.subject if record is None else record.subject
    # A refusal belongs to nobody, so it is a timeline of its own.
    alone = [] if record is None or subject is not None else [record]
    found = alone or list(reader.oldest_first(Filter(subject=subject)))
    if not as_table(arguments):
        return print_lines(reports.jsonl(found))
    columns = ["time", "action", "state", "purposes", "terms", "notice", "expires", "id"]
    print_table(columns, ({**exported(each), **_of_timeline(each)} for each in found))
    return 0 if found else nothing_found()


def _of_timeline(record: Record) -> dict[str, str]:
    accepted = [f"{name}@{each.version}" for name, each in record.policies.items() if each.accepted]
    answers = [f"{'+' if yes else '-'}{name}" for name, yes in record.purposes.items()]
    return {"purposes": " ".join(answers), "terms": " ".join(accepted), "notice": record.notice[:16]}


def events(arguments: argparse.Namespace) -> int:
    """What was done to the log."""
    found = [exported_event(event, index) for index, event in reader_of(arguments).happened()]
    if as_table(arguments):
        print_table(["index", "time", "kind", "by", "reason", "about"], found)
    else:
        for each in found:
            print_json(each)
    return 0 if found else nothing_found()


class _Counted:
    """A text file that knows what was written to it."""

    def __init__(self, file: TextIO) -> None:
        self._file = file
        self.digest = hashlib.sha256()
        self.bytes = 0
        self.lines = 0

    def write(self, text: str) -> int:
        raw = text.encode()
        self.digest.update(raw)
        self.bytes += len(raw)
        self.lines += 1
        return self._file.write(text)


def export(arguments: argparse.Namespace) -> int:
    reader, filter = reader_of(arguments), filter_of(arguments)
    keys = keyring_of(arguments)
    lines = _lines(reader, filter, arguments.format, keys)
    header = 1 if arguments.format == "csv" else 0
    if arguments.output is None:
        counted = _Counted(sys.stdout)
        _write(lines, counted)
    else:
        target = Path(arguments.output)
        try:
            with new_file(target) as file, new_file(Path(f"{target}.manifest")) as beside:
                counted = _Counted(file)
                _write(lines, counted)
                beside.write(_manifest(arguments, counted, counted.lines - header, reader, keys))
        except FileExistsError as problem:
            return used_wrongly(f"{problem.filename!r} is there already; name a new file")
        except OSError as problem:
            return used_wrongly(f"{arguments.output!r} can't be written: {problem.strerror}")
    rows = counted.lines - header
    _tell(arguments, rows, counted.digest.hexdigest())
    return 0 if rows > 0 else nothing_found()


def _lines(reader: Reader, filter: Filter, format: str, keys: Keyring | None) -> Iterator[str]:
    if format == "csv":
        return reports.csv_lines(reader.oldest_first(filter))
    if format == "receipts":
        public = [str(key.verifier) for key in keys.keys] if keys else []
        return (
            json.dumps(receipts.receipt(proof, public), ensure_ascii=False, separators=(",", ":")) + "\n"
            for proof in reader.proofs(filter)
        )
    return reports.jsonl(reader.oldest_first(filter))


def _write(lines: Iterable[str], out: _Counted) -> None:
    for line in lines:
        out.write(line)


def _manifest(arguments: argparse.Namespace, counted: _Counted, rows: int, reader: Reader, keys: Keyring | None) -> str:
    from consentkit.log import verify

    checkpoint = reader.checkpoint()
    filters: dict[str, Json] = {name: word for name, word in filter_words(arguments).items() if word is not None}
    manifest = verify.Manifest(
        format=arguments.format, rows=rows, bytes=counted.bytes, sha256=counted.digest.hexdigest(), filters=filters,
        by=arguments.by or getpass.getuser(), time=rfc3339(datetime.now(UTC).replace(microsecond=0)),
        checkpoint=checkpoint,
    )  # fmt: skip
    generation = keys.generation(checkpoint.partition("\n")[0]) if keys and checkpoint else None
    return verify.sign_manifest(manifest, keys.sign(manifest.text, generation or 1) if keys else None)


def _tell(arguments: argparse.Namespace, rows: int, digest: str) -> None:
    """Every export is written down in the log itself; one that reads a copy which can't be written says so."""
    filters: dict[str, Json] = {name: word for name, word in filter_words(arguments).items() if word is not None}
    if "subject" in filters:
        filters["subject"] = "…"  # whose it was has to be erasable; that it was one person's need not be
    try:
        officer_of(arguments).tell(
            Kind.EXPORT, {"rows": rows, "sha256": digest, "format": arguments.format, "filters": filters}
        )
    except (LogUnavailable, ConfigurationError) as problem:
        print(f"consentkit: This export could not be written down in the log: {problem}", file=sys.stderr)


def stats(arguments: argparse.Namespace) -> int:
    reader, filter = reader_of(arguments), filter_of(arguments)
    counted = reports.stats(reader.tallies(filter), reader.asked(filter))
    rows = list(reports.figures(counted))
    if as_table(arguments):
        print_table(["by", "value", "answer", "count", "share"], rows)
    else:
        for row in rows:
            print_json(row)
    return 0 if counted.records or counted.asked else nothing_found()
