"""`consentkit log …`: look into the consent log. Reads only, over connections that can't write."""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from consentkit.cli.site import add_site_options, load_site
from consentkit.errors import ConfigurationError, ConsentKitError
from consentkit.log import filters, reports
from consentkit.log.filters import Filter
from consentkit.log.notice import Notice, canonical
from consentkit.log.record import UNKNOWN_NOTICE, Record, exported, rfc3339

if TYPE_CHECKING:
    from consentkit.log.store import Reader

#: How many records a table shows, when not told.
TABLE_LIMIT = 50


def add_parsers(subparsers: Any) -> None:
    """Add `log` and its commands to the top-level parser."""
    log = subparsers.add_parser("log", help="search, show, export and count what was chosen")
    commands = log.add_subparsers(title="commands", metavar="COMMAND", required=True)

    _add(commands, "status", _status, "where the log is, how many entries it holds, and the newest")

    find = _add(commands, "find", _find, "records, newest first", filtered=True)
    find.add_argument("--limit", type=_count, metavar="N", help="at most N (default in a table: 50)")
    find.add_argument("--older-than", type=int, metavar="INDEX", help="go on below this index")

    show = _add(commands, "show", _show, "one record, and the notice that person saw")
    show.add_argument("id", metavar="ID", help="the record's id")

    export = _add(commands, "export", _export, "records, oldest first", filtered=True, formats=False)
    export.add_argument("--format", choices=["jsonl", "csv"], default="jsonl", help="default: jsonl")
    export.add_argument("--output", metavar="FILE", help="a new file, instead of stdout")

    _add(commands, "stats", _stats, "counts and rates", filtered=True)


def main(arguments: argparse.Namespace) -> int:
    """Run the `log` command that was parsed: 0 fine, 1 nothing found, 2 used wrongly."""
    command: Callable[[argparse.Namespace], int] = arguments.log_command
    try:
        code = command(arguments)
        sys.stdout.flush()
        return code
    except (filters.UnreadableFilter, ConfigurationError) as problem:
        return _used_wrongly(" ".join(getattr(problem, "problems", [str(problem)])))
    except ConsentKitError as problem:
        print(f"consentkit: {problem}", file=sys.stderr)
        return 1
    except BrokenPipeError:
        # `| head` has seen enough. Python would complain once more when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def _add(
    commands: Any,
    name: str,
    command: Callable[[argparse.Namespace], int],
    text: str,
    *,
    filtered: bool = False,
    formats: bool = True,
) -> argparse.ArgumentParser:
    # "resolve": two options of the contract are called --site, see `_SiteOption`.
    parser: argparse.ArgumentParser = commands.add_parser(
        name, help=text, description=f"{text[:1].upper()}{text[1:]}.", conflict_handler="resolve"
    )
    parser.add_argument("--log", metavar="URL", help="the log, instead of the site's: sqlite:///consent.db")
    add_site_options(parser)
    if formats:
        form = parser.add_mutually_exclusive_group()
        form.add_argument("--table", action="store_true", help="a table, also into a pipe")
        form.add_argument("--json", action="store_true", help="JSON lines, also on a terminal")
    if filtered:
        _add_filters(parser)
    parser.set_defaults(run=main, log_command=command)
    return parser


def _add_filters(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("which records (all of these must hold)")
    group.add_argument("--subject", metavar="ID", help="of this browser")
    group.add_argument("--since", metavar="TIME", help="a UTC day (2026-11-01) or a time of RFC 3339")
    group.add_argument("--until", metavar="TIME", help="likewise, and included")
    group.add_argument("--action", metavar="NAME", help="what was pressed: accept_all, reject_all, save, …")
    group.add_argument("--purpose", metavar="NAME[=yes|no]", help="answered this purpose, or answered so")
    group.add_argument("--vendor", metavar="NAME[=yes|no]", help="likewise for a vendor")
    group.add_argument("--policy", metavar="NAME[@VERSION]", help="saw or accepted this policy")
    group.add_argument("--notice", metavar="HASH", help="saw this notice (8 digits or more), or 'unknown'")
    group.add_argument("--language", metavar="TAG", help="was asked in this language")
    group.add_argument(
        "--site",
        action=_SiteOption,
        metavar="NAME",
        help="made on the site of this name; MODULE:NAME instead says whose log to read; may be given twice",
    )
    parser.set_defaults(site=None, of_site=None)


class _SiteOption(argparse.Action):
    """`--site shop.main:site` is a Site object, as for every command; `--site "Drina Courier"` a filter."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: str | Sequence[Any] | None,
        option_string: str | None = None,
    ) -> None:
        is_object = re.fullmatch(r"[\w.]+:[\w.]+", str(values))
        setattr(namespace, "site" if is_object else "of_site", values)


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of records; write 1 or more")
    return int(text)


# The commands


def _status(arguments: argparse.Namespace) -> int:
    status = _reader(arguments).status()
    values = {
        "place": status.place,
        "size": status.size,
        "bytes": status.bytes,
        "notices": status.notices,
        "schema": status.schema,
        "first": None if status.first is None else rfc3339(status.first),
        "last": None if status.last is None else rfc3339(status.last),
    }
    if _as_table(arguments):
        _print_fields(values)
    else:
        _print_json(values)
    return 0


def _find(arguments: argparse.Namespace) -> int:
    reader, filter = _reader(arguments), _filter(arguments)
    as_table = _as_table(arguments)
    limit: int | None = arguments.limit or (TABLE_LIMIT if as_table else None)
    found = _newest_first(reader, filter, arguments.older_than, limit)
    if not as_table:
        return _print_lines(reports.jsonl(found))
    records = list(found)
    _print_table(["index", "time", "id", "state", "action", "language", "subject"], map(exported, records))
    if records and len(records) == limit:
        print(f"Older ones: --older-than {records[-1].index}", file=sys.stderr)
    return _nothing_found() if not records else 0


def _newest_first(
    reader: Reader, filter: Filter, older_than: int | None, limit: int | None
) -> Iterator[Record]:
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


def _show(arguments: argparse.Namespace) -> int:
    reader = _reader(arguments)
    record = reader.get(arguments.id)
    if record is None:
        print(f"consentkit: There is no record {arguments.id!r} in this log.", file=sys.stderr)
        return 1
    notice = None if record.notice == UNKNOWN_NOTICE else reader.notice(record.notice)
    if not _as_table(arguments):
        _print_json({**exported(record), "shown": None if notice is None else _shown(notice)})
        return 0
    _print_fields(exported(record))
    print()
    print("What this person saw is not known." if notice is None else "What this person saw:")
    if notice is not None:
        _print_notice(notice)
    return 0


def _export(arguments: argparse.Namespace) -> int:
    found = _reader(arguments).oldest_first(_filter(arguments))
    lines = reports.csv_lines(found) if arguments.format == "csv" else reports.jsonl(found)
    if arguments.output is None:
        return _print_lines(lines, header=arguments.format == "csv")
    try:
        with _new_file(Path(arguments.output)) as file:
            return _print_lines(lines, header=arguments.format == "csv", file=file)
    except FileExistsError:
        return _used_wrongly(f"{arguments.output!r} is there already; name a new file")
    except OSError as problem:
        return _used_wrongly(f"{arguments.output!r} can't be written: {problem.strerror}")


def _stats(arguments: argparse.Namespace) -> int:
    reader, filter = _reader(arguments), _filter(arguments)
    stats = reports.stats(reader.tallies(filter), reader.asked(filter))
    rows = list(reports.figures(stats))
    if _as_table(arguments):
        _print_table(["by", "value", "answer", "count", "share"], rows)
    else:
        for row in rows:
            _print_json(row)
    return 0 if stats.records or stats.asked else _nothing_found()


# What they have in common


def _reader(arguments: argparse.Namespace) -> Reader:
    # sqlalchemy takes longer to import than the rest of the command line.
    from consentkit.log import store

    path = store.locate(*_place(arguments))
    store.check(path)
    return store.Reader(path)


def _place(arguments: argparse.Namespace) -> tuple[str, Path]:
    if arguments.log is not None:
        return arguments.log, Path.cwd()
    loader = getattr(arguments, "site_loader", None)
    site = load_site(arguments) if loader is None else loader()
    return site.log, site.folder


def _filter(arguments: argparse.Namespace) -> Filter:
    return filters.read(
        subject=arguments.subject,
        since=arguments.since,
        until=arguments.until,
        action=arguments.action,
        purpose=arguments.purpose,
        vendor=arguments.vendor,
        policy=arguments.policy,
        notice=arguments.notice,
        language=arguments.language,
        site=arguments.of_site,
    )


def _as_table(arguments: argparse.Namespace) -> bool:
    return bool(arguments.table or (sys.stdout.isatty() and not arguments.json))


def _used_wrongly(sentence: str) -> int:
    print(f"consentkit: {sentence.rstrip('.')}.", file=sys.stderr)
    return 2


def _nothing_found() -> int:
    print("consentkit: No record matches.", file=sys.stderr)
    return 1


@contextmanager
def _new_file(path: Path) -> Iterator[TextIO]:
    # Records are personal data: for the owner only, and never over something that is there.
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with open(handle, "w", encoding="utf-8", newline="") as file:
        yield file


def _print_lines(lines: Iterable[str], *, header: bool = False, file: TextIO | None = None) -> int:
    out = file or sys.stdout
    count = -1 if header else 0
    for line in lines:
        out.write(line)
        count += 1
    return 0 if count > 0 else _nothing_found()


def _print_json(values: Mapping[str, Any]) -> None:
    print(json.dumps(values, ensure_ascii=False, separators=(",", ":")))


def _print_fields(values: Mapping[str, Any]) -> None:
    width = max(map(len, values))
    for name, value in values.items():
        print(f"{name:<{width}}  {_text(value)}")


def _print_table(columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> None:
    lines = [list(columns), *([_text(row.get(column)) for column in columns] for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(columns))]
    for line in lines:
        print("  ".join(f"{cell:<{width}}" for cell, width in zip(line, widths, strict=True)).rstrip())


def _print_notice(notice: Notice) -> None:
    for text in notice.texts.values():
        print(f"  {_text(text)}")
    for button in notice.buttons:
        print(f"  [ {_text(button.label)} ]  {button.action}")
    for purpose in notice.purposes:
        print(f"  Purpose {purpose.name}: {_text(purpose.title)}. {_text(purpose.text)}".rstrip())
        for vendor in notice.vendors:
            if vendor.purpose == purpose.name:
                cookies = ", ".join(f"{name} ({lifetime})" for name, lifetime in vendor.cookies.items())
                print(f"    Vendor {vendor.name}: {_text(vendor.title)}; cookies: {_text(cookies)}")
    for policy in notice.policies:
        print(f"  Policy {policy.name}@{_text(policy.version)}: {_text(policy.url)}")


def _shown(notice: Notice) -> Any:
    return json.loads(canonical(notice))


def _text(value: Any) -> str:
    """A value on a terminal, where a control character in a record must not do anything."""
    if value is None or value == "":
        return "-"
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return "".join(character if character.isprintable() else "\ufffd" for character in text)
