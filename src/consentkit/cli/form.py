"""In which form a command prints: for people on a terminal, for machines in a pipe, or as it is told."""

from __future__ import annotations

import argparse
import sys


def add_form_options(parser: argparse.ArgumentParser, *, table: str = "a table", json: str = "JSON lines") -> None:
    """Add `--table` and `--json`. `table`, `json`: what each form is, for the help."""
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--table", action="store_true", help=f"{table}, also into a pipe")
    form.add_argument("--json", action="store_true", help=f"{json}, also on a terminal")


def as_table(arguments: argparse.Namespace) -> bool:
    """Whether people read it."""
    return bool(arguments.table or (sys.stdout.isatty() and not arguments.json))
