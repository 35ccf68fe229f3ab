"""`consentkit audit …`: serve the auditors' pages, and make or take back the tokens that let people in."""

from __future__ import annotations

import argparse
import getpass
import ipaddress
import os
import re
import sys
from pathlib import Path
from typing import Any

from consentkit.audit import AuditApp, Role
from consentkit.audit.app import TOKENS
from consentkit.audit.tokens import NAME, Holder, Tokens, issue, make, revoke
from consentkit.cli.site import add_site_options, load_site
from consentkit.settings import Site


def add_parser(subparsers: Any) -> None:
    """Add `audit` and its commands to the top-level parser."""
    audit = subparsers.add_parser("audit", help="look into the consent log in a browser")
    commands = audit.add_subparsers(title="commands", metavar="COMMAND", required=True)
    _add_serve(commands)
    _add_token(commands)


def _add_serve(commands: Any) -> None:
    parser = commands.add_parser(
        "serve",
        help="serve the auditors' pages",
        description="Serve the auditors' pages, on this machine alone unless told otherwise. Whoever has a token may "
        "sign in; where there is none yet, one for this run is printed. Needs: pip install 'consentkit[audit]'.",
    )
    add_site_options(parser)
    _add_file(parser)
    parser.add_argument("--host", default="127.0.0.1", help="default: 127.0.0.1")
    parser.add_argument("--port", type=int, default=8010, help="default: 8010")
    parser.add_argument(
        "--beyond-this-machine",
        action="store_true",
        help="needed for a --host that others can reach: tokens and records would cross the network unencrypted, "
        "unless a proxy with TLS stands in front",
    )
    parser.set_defaults(run=serve)


def _add_token(commands: Any) -> None:
    parser = commands.add_parser(
        "token",
        help="make a token for an auditor, or take one back",
        description="Make a token for an auditor. It is printed once; what is kept is its hash. A token of that name "
        "that was there before is no longer good, and its sessions end.",
    )
    parser.add_argument("name", metavar="NAME", help="whose: up to 32 of a-z, 0-9, '-' and '_'; it stands in the log")
    parser.add_argument(
        "--role", choices=[role.value for role in Role], default=Role.READER.value,
        help="reader (default): look and export; officer: also erase and hold",
    )  # fmt: skip
    parser.add_argument("--revoke", action="store_true", help="take the token of that name back instead")
    add_site_options(parser)
    _add_file(parser)
    parser.set_defaults(run=token)


def _add_file(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--tokens", metavar="FILE", help=f"the file of hashes (default: {TOKENS} beside the site's)")


def token(arguments: argparse.Namespace) -> int:
    """Make or revoke a token; 1 when there is none to revoke."""
    path = _file(arguments, load_site(arguments))
    if arguments.revoke:
        if not revoke(path, arguments.name):
            print(f"consentkit: There is no token {arguments.name!r} in {path}.", file=sys.stderr)
            return 1
        print(f"The token of {arguments.name} is no longer good.")
        return 0
    made = issue(path, arguments.name, Role(arguments.role), os.urandom)
    print(made)
    print(f"This is shown once; {path} keeps its hash. Role: {arguments.role}.", file=sys.stderr)
    return 0


def _file(arguments: argparse.Namespace, site: Site) -> Path:
    # As on any command line, a file that is named lies in the working folder; the usual one beside the site's.
    return Path(arguments.tokens).absolute() if arguments.tokens else site.folder / TOKENS


def serve(arguments: argparse.Namespace) -> int:
    """Serve until stopped; 2 when that would be unsafe, or there is nothing to serve with."""
    site = load_site(arguments)
    beyond = not is_this_machine(arguments.host)
    if beyond and not arguments.beyond_this_machine:
        return _refused(
            f"--host {arguments.host} can be reached by others, and the log would be open to whoever has a token or "
            "listens on the way; add --beyond-this-machine if a proxy with TLS stands in front"
        )
    path = _file(arguments, site)
    given: tuple[Holder, ...] = ()
    if not Tokens(path).holders():
        if beyond:
            return _refused(f"there is no token in {path} yet; make one with `consentkit audit token NAME`")
        secret, holder = make(_own_name(), Role.OFFICER, os.urandom(32), os.urandom(16))
        print(f"No tokens yet; for this run sign in with: {secret}", file=sys.stderr)
        given = (holder,)
    try:
        import uvicorn  # of the extra `audit`; who mounts the pages has a server of their own
    except ModuleNotFoundError:
        return _refused("this needs a server; install one with: pip install 'consentkit[audit]'")
    host = f"[{arguments.host}]" if ":" in arguments.host else arguments.host
    print(f"http://{host}:{arguments.port}/  (stop with Ctrl+C)", file=sys.stderr)
    # What was searched for stands in addresses, so no access log is written.
    app = AuditApp(site, tokens=path, given=given)
    uvicorn.run(app, host=arguments.host, port=arguments.port, log_level="warning", access_log=False)
    return 0


def is_this_machine(host: str) -> bool:
    """Whether an address is reached from this machine alone."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _own_name() -> str:
    name = re.sub(r"[^a-z0-9_-]+", "-", getpass.getuser().lower()).strip("-_")[:32]
    return name if NAME.match(name) else "operator"


def _refused(sentence: str) -> int:
    print(f"consentkit audit serve: {sentence}.", file=sys.stderr)
    return 2
