"""`consentkit log …`: look into the consent log, prove what is in it, and do to it what an officer decided.

Looking reads over connections that can't write (looking.py, proving.py). Who looked at records, took them out or
changed something (keeping.py) is told in the log itself.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Callable, Sequence
from typing import Any

from consentkit.cli.form import add_form_options
from consentkit.cli.log import keeping, looking, proving
from consentkit.cli.log.output import used_wrongly
from consentkit.cli.site import add_site_options
from consentkit.errors import ConfigurationError, ConsentKitError
from consentkit.log import filters

Command = Callable[[argparse.Namespace], int]


def add_parsers(subparsers: Any) -> None:
    """Add `log` and its commands to the top-level parser."""
    log = subparsers.add_parser("log", help="search, show, export, count, prove and erase what was chosen")
    commands = log.add_subparsers(title="commands", metavar="COMMAND", required=True)
    _add_looking(commands)
    _add_proving(commands)
    _add_keeping(commands)


def _add_looking(commands: Any) -> None:
    _add(commands, "status", looking.status, "where the log is, how much it holds and has signed, and its public keys")

    find = _add(commands, "find", looking.find, "records, newest first", filtered=True)
    find.add_argument("--limit", type=_count, metavar="N", help="at most N (default in a table: 50)")
    find.add_argument("--older-than", type=int, metavar="INDEX", help="go on below this index")

    show = _add(commands, "show", looking.show, "one record, and the notice that person saw")
    show.add_argument("id", metavar="ID", help="the record's id")

    timeline = _add(commands, "timeline", looking.timeline, "everything that one browser chose, oldest first")
    timeline.add_argument("subject", metavar="SUBJECT|ID", help="the browser, or any of its records")

    _add(commands, "events", looking.events, "what was done to the log: erasures, holds, exports, by whom and why")

    export = _add(commands, "export", looking.export, "records, oldest first", filtered=True, formats=False)
    export.add_argument(
        "--format", choices=["jsonl", "csv", "parquet", "receipts"], default="jsonl",
        help="default: jsonl; receipts: each record with its proof; parquet needs --output and consentkit[parquet]",
    )  # fmt: skip
    export.add_argument("--output", metavar="FILE", help="a new file, instead of stdout, with FILE.manifest beside it")

    stats = _add(commands, "stats", looking.stats, "counts and rates", filtered=True)
    for parser in (find, show, timeline, export, stats):
        _add_by(parser)


def _add_proving(commands: Any) -> None:
    verify = _add(commands, "verify", proving.verify, "look at everything, and name what is not as it was signed")
    verify.add_argument("file", metavar="FILE", nargs="?", help="a receipt or an export, instead of the log")
    verify.add_argument(
        "--key", metavar="KEY", action="append", help="a public key of the log, instead of its own keys"
    )
    verify.add_argument(
        "--tsa-roots", metavar="FILE", help="certificates (PEM) of who is trusted to vouch for time stamps"
    )
    verify.add_argument(
        "--checkpoint", metavar="NOTE", action="append", help="a file with a checkpoint that was kept elsewhere"
    )

    proof = _add(commands, "proof", proving.proof, "the receipt of a record: what proves it to anyone", formats=False)
    proof.add_argument("id", metavar="ID", help="the record's id")
    proof.add_argument("--tlog", action="store_true", help="only the proof, as C2SP tlog-proof")
    proof.add_argument("--bundle", metavar="FILE.zip", help="everything of that person, with how to check it")

    for parser in (verify, proof):
        _add_by(parser)


def _add_keeping(commands: Any) -> None:
    erase = _add_act(commands, "erase", keeping.erase, "erase the records of a person; old proofs go on to hold")
    _add_whose(erase)
    erase.add_argument("--yes", action="store_true", help="do not ask")

    hold = _add_act(commands, "hold", keeping.hold, "keep the records of a person from being erased")
    _add_whose(hold)
    hold.add_argument("--release", action="store_true", help="they may be erased again")

    prune = _add_act(commands, "prune", keeping.prune, "erase the records that have expired", reason=False)
    prune.add_argument("--keep", type=_months, metavar="MONTHS", help="instead of the site's keep")
    prune.add_argument("--dry-run", action="store_true", help="only say how many there are")

    backup = _add_act(commands, "backup", keeping.backup, "copy a log that is in use", reason=False)
    backup.add_argument("file", metavar="FILE", help="a new file")

    _add_act(commands, "resume", keeping.resume, "take up a log again whose database was put back to an older copy")
    _add_act(commands, "migrate", keeping.migrate, "add what a newer version needs", reason=False)


def main(arguments: argparse.Namespace) -> int:
    """Run the `log` command that was parsed: 0 fine, 1 nothing or something wrong was found, 2 used wrongly."""
    command: Command = arguments.log_command
    try:
        code = command(arguments)
        sys.stdout.flush()
        return code
    except (filters.UnreadableFilter, ConfigurationError) as problem:
        return used_wrongly(" ".join(getattr(problem, "problems", [str(problem)])))
    except ConsentKitError as problem:
        print(f"consentkit: {problem}", file=sys.stderr)
        return 1
    except BrokenPipeError:
        # `| head` has seen enough. Python would complain once more when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def _add(
    commands: Any, name: str, command: Command, text: str, *, filtered: bool = False, formats: bool = True
) -> argparse.ArgumentParser:
    # "resolve": two options of the contract are called --site, see `_SiteOption`.
    parser: argparse.ArgumentParser = commands.add_parser(
        name, help=text, description=f"{text[:1].upper()}{text[1:]}.", conflict_handler="resolve"
    )
    parser.add_argument("--log", metavar="URL", help="the log, instead of the site's: sqlite:///consent.db")
    parser.add_argument("--log-key", metavar="FILE", help="its keys, instead of the site's")
    add_site_options(parser)
    if formats:
        add_form_options(parser)
    if filtered:
        _add_filters(parser)
    parser.set_defaults(run=main, log_command=command)
    return parser


def _add_act(commands: Any, name: str, command: Command, text: str, *, reason: bool = True) -> argparse.ArgumentParser:
    parser = _add(commands, name, command, text, formats=False)
    _add_by(parser)
    if reason:
        parser.add_argument("--reason", metavar="TEXT", required=True, help="why; it stays in the log, so name nobody")
    return parser


def _add_by(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--by", metavar="NAME", help="who does it (default: the user of the system)")


def _add_whose(parser: argparse.ArgumentParser) -> None:
    whose = parser.add_mutually_exclusive_group(required=True)
    whose.add_argument("--subject", metavar="ID", help="every record of this browser")
    whose.add_argument("--id", metavar="ID", help="this record alone")


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


def _months(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is no number of months; write 0 or more")
    return int(text)
