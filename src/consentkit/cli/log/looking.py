"""The commands that look into the log."""

from __future__ import annotations

import argparse
import getpass
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from consentkit.cli.form import as_table
from consentkit.cli.log.opening import filter_of, filter_words, keyring_of, reader_of, tell
from consentkit.cli.log.output import (
    Progress,
    new_file,
    nothing_found,
    pieces_of,
    print_fields,
    print_json,
    print_lines,
    print_notice,
    print_table,
    shown,
    used_wrongly,
)
from consentkit.log import export as exports
from consentkit.log import parquet, reports
from consentkit.log.event import Kind, Places, looked_at
from consentkit.log.event import exported as exported_event
from consentkit.log.filters import Filter
from consentkit.log.record import UNKNOWN_NOTICE, Record, exported, rfc3339

if TYPE_CHECKING:
    from consentkit.log.canonical import Json
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
        "anchors": [{"anchor": name, "size": size, "time": rfc3339(since)} for name, size, since in status.anchors],
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
    seen = Places()
    found = _seen(_newest_first(reader, filter, arguments.older_than, limit), seen)
    if not table:
        try:
            return print_lines(reports.jsonl(found))
        finally:  # also when whoever reads the pipe has seen enough
            tell(arguments, Kind.LOOKUP, looked_at("find", _words(arguments), seen))
    records = list(found)
    tell(arguments, Kind.LOOKUP, looked_at("find", _words(arguments), seen))
    print_table(["index", "time", "id", "state", "action", "language", "subject"], map(exported, records))
    if records and len(records) == limit:
        print(f"Older ones: --older-than {records[-1].index}", file=sys.stderr)
    return nothing_found() if not records else 0


def _seen(records: Iterator[Record], seen: Places) -> Iterator[Record]:
    for record in records:
        seen.add(record.index)
        yield record


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
    tell(arguments, Kind.LOOKUP, looked_at("show", {}, Places([record.index])))
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
    tell(arguments, Kind.LOOKUP, looked_at("timeline", {}, Places(each.index for each in found)))
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


def export(arguments: argparse.Namespace) -> int:
    reader, filter = reader_of(arguments), filter_of(arguments)
    keys = keyring_of(arguments)
    counted = exports.Counted(arguments.format)
    if arguments.format == "parquet":
        parquet.check()
        if arguments.output is None:
            return used_wrongly("--format parquet is no text; write also --output FILE")
    bar = Progress(reader.status().size)
    lines = counted.passing(exports.lines(reader, filter, arguments.format, keys, bar.tell))
    if arguments.output is None:
        sys.stdout.writelines(lines)
    else:
        target = Path(arguments.output)
        try:
            with new_file(target) as file, new_file(Path(f"{target}.manifest")) as beside:
                if arguments.format == "parquet":
                    rows = parquet.write(exports.telling(reader.oldest_first(filter), bar.tell), target)
                    counted.took(pieces_of(target), rows)
                else:
                    file.writelines(lines)
                bar.done()
                by, now = arguments.by or getpass.getuser(), datetime.now(UTC)
                beside.write(exports.manifest(counted, _words(arguments), by, now, reader.checkpoint(), keys))
        except FileExistsError as problem:
            return used_wrongly(f"{problem.filename!r} is there already; name a new file")
        except OSError as problem:
            return used_wrongly(f"{arguments.output!r} can't be written: {problem.strerror}")
    tell(arguments, Kind.EXPORT, exports.remembered(counted, _words(arguments)))
    return 0 if counted.rows > 0 else nothing_found()


def _words(arguments: argparse.Namespace) -> dict[str, Json]:
    return {name: word for name, word in filter_words(arguments).items() if word is not None}


def stats(arguments: argparse.Namespace) -> int:
    reader, filter = reader_of(arguments), filter_of(arguments)
    counted = reports.stats(reader.tallies(filter), reader.asked(filter))
    rows = list(reports.figures(counted))
    tell(arguments, Kind.LOOKUP, looked_at("stats", _words(arguments), Places()))
    if as_table(arguments):
        print_table(["by", "value", "answer", "count", "share"], rows)
    else:
        for row in rows:
            print_json(row)
    return 0 if counted.records or counted.asked else nothing_found()
