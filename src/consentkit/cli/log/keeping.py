"""The commands that do something to the log. Each leaves an event in it that says who, when and why."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from consentkit.cli.log.opening import keyring_of, officer_of, place_of, site_of
from consentkit.cli.log.output import progress_bar, used_wrongly


def erase(arguments: argparse.Namespace) -> int:
    officer = officer_of(arguments)
    if not arguments.yes and not _agreed("Erasing can't be undone. Type 'erase' to go on: ", "erase"):
        return used_wrongly("nothing was erased; add --yes where nobody can be asked")
    done = officer.erase(arguments.reason, subject=arguments.subject, record_id=arguments.id)
    print(f"Erased {_records(done.records)}; entry {done.index} says so.")
    return 0


def hold(arguments: argparse.Namespace) -> int:
    done = officer_of(arguments).hold(
        arguments.reason, subject=arguments.subject, record_id=arguments.id, release=arguments.release
    )
    word = "Released" if arguments.release else "Held"
    print(f"{word} {_records(done.records)}; entry {done.index} says so.")
    return 0


def prune(arguments: argparse.Namespace) -> int:
    months = arguments.keep
    if months is None:
        if arguments.log is not None:
            return used_wrongly("with --log, write also --keep MONTHS")
        months = site_of(arguments).keep
    officer = officer_of(arguments)
    if arguments.dry_run:
        print(f"{_records(officer.expired(months))} would be erased.")
        return 0
    done = officer.prune(months, progress_bar)
    folded = f", and the first {done.folded:,} entries folded away" if done.folded else ""
    print(f"Erased {_records(done.records)} that had expired{folded}.")
    return 0


def backup(arguments: argparse.Namespace) -> int:
    size = officer_of(arguments).backup(Path(arguments.file))
    print(f"Copied {size:,} bytes to {arguments.file}.")
    return 0


def resume(arguments: argparse.Namespace) -> int:
    keys = keyring_of(arguments)
    if keys is None:
        return used_wrongly("a log without a key never notices that it went back; there is nothing to resume")
    done = officer_of(arguments).resume(arguments.reason, keys)
    print(f"The log goes on; {_records(done.records)} that were signed are missing, and entry {done.index} says so.")
    return 0


def migrate(arguments: argparse.Namespace) -> int:
    from consentkit.log import store
    from consentkit.log.store.schema import SCHEMA

    place = place_of(arguments)
    before = store.version_of(place)
    if before >= SCHEMA:
        print(f"The log is of schema {before}; there is nothing to do.")
        return 0
    store.prepare(place)
    print(f"The log was of schema {before}, and is of schema {SCHEMA} now.")
    return 0


def _records(count: int) -> str:
    return f"{count:,} record{'' if count == 1 else 's'}"


def _agreed(question: str, word: str) -> bool:
    if not sys.stdin.isatty():
        return False
    return input(question).strip() == word
