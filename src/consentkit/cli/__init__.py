"""The command line. A subcommand only parses and prints; what it does lives in the library and returns values.

Exit 0: fine. 1: something was found. 2: used wrongly, with one sentence on stderr and no traceback.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from typing import NoReturn

from consentkit.cli import audit, check, init, locales, log, policy_text, preview, scan, serve, vendors
from consentkit.errors import ConsentKitError

DESCRIPTION = "Cookie consent, terms, text size and mobile version for any ASGI app; and the log of every choice."


class Parser(argparse.ArgumentParser):
    """argparse that says what is wrong in one sentence."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message[:1].upper()}{message[1:]}; see `{self.prog} --help`.\n")


def parser() -> argparse.ArgumentParser:
    top = Parser(prog="consentkit", description=DESCRIPTION)
    subparsers = top.add_subparsers(title="commands", metavar="COMMAND", required=True, parser_class=Parser)
    init.add_parser(subparsers)
    check.add_parser(subparsers)
    preview.add_parser(subparsers)
    scan.add_parser(subparsers)
    vendors.add_parser(subparsers)
    policy_text.add_parser(subparsers)
    serve.add_parser(subparsers)
    log.add_parsers(subparsers)
    audit.add_parser(subparsers)
    locales.add_parser(subparsers)
    return top


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    try:
        arguments = parser().parse_args(argv)
        command: Callable[[argparse.Namespace], int] = arguments.run
        return command(arguments)
    except ConsentKitError as error:
        print(f"consentkit: {error}", file=sys.stderr)
        return 2
    except SystemExit as stop:
        return int(stop.code or 0)
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # Whoever read our output has read enough; Python would complain once more when it flushes at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def run() -> None:
    """The entry point of the `consentkit` script."""
    sys.exit(main())
