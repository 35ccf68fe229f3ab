"""`consentkit init`: the first files of a site, nothing held back yet, no secret in a file that is shared."""

from __future__ import annotations

import argparse
import os
import secrets
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from consentkit.settings.site import SECRET_VARIABLE

CONFIGURATION = """\
# The site's consent configuration. Every option: docs/configuration.md
name       = {name}
{url_line}
controller = ""                                 # who is responsible: legal name and address
contact    = ""                                 # where people can write to
log        = "sqlite:///consent.db"             # beside this file
holding    = "observe"                          # report only; "known" holds third parties back
language   = "en"                               # when neither page nor browser says one

[[policies]]
name    = "privacy"                             # information: shown and versioned, never "accepted"
url     = "/privacy"
version = "{today}"

[[policies]]
name    = "terms"
kind    = "terms"                               # a contract: asked for on its own
url     = "/terms"
version = "{today}"

# What needs consent, and who receives the data. Find vendors with: consentkit vendors google
# [[purposes]]
# name    = "analytics"
# vendors = ["google-analytics"]
"""


def add_parser(subparsers: Any) -> None:
    parser = subparsers.add_parser(
        "init",
        help="write consentkit.toml, a secret and the key of the log",
        description="Writes consentkit.toml (no secrets in it), .env with a new CONSENTKIT_SECRET and consentkit.key, "
        "which signs the consent log (both readable by you alone), and lines in .gitignore. Nothing is held back until "
        "you change holding. Existing files stay as they are.",
    )
    parser.add_argument("url", nargs="?", default="", metavar="URL", help="where the site is reached")
    parser.set_defaults(run=main)


def main(arguments: argparse.Namespace) -> int:
    url = arguments.url.rstrip("/")
    if url and urlsplit(url).scheme not in ("http", "https"):
        print(f"consentkit init: {url!r} is not an address; write it like https://courier.example.", file=sys.stderr)
        return 2
    configuration = Path("consentkit.toml")
    is_new = not configuration.exists()
    try:
        if is_new:
            configuration.write_text(_configuration(url), encoding="utf-8")
        wrote_secret = write_secret(Path(".env"))
        wrote_key = write_log_key(Path("consentkit.key"), url)
        _ignore(Path(".gitignore"))
    except OSError as error:
        print(f"consentkit init: {error.filename} can't be written: {error.strerror}.", file=sys.stderr)
        return 2
    if not (is_new or wrote_secret or wrote_key):
        print("consentkit init: consentkit.toml is there already and stays as it is.", file=sys.stderr)
        return 2
    print("Wrote consentkit.toml." if is_new else "consentkit.toml is there already and stays as it is.")
    print("Wrote .env with a new secret." if wrote_secret else ".env has a secret already.")
    print("Wrote consentkit.key; keep a copy away from the database." if wrote_key else "The log has a key already.")
    print("Next: wrap the app with ConsentMiddleware(app, Site.load()), then run: consentkit check")
    return 0


def write_secret(path: Path) -> bool:
    """A secret of 256 bits in an .env file that only its owner can read; False when one is there."""
    present = path.read_text(encoding="utf-8") if path.exists() else ""
    if f"{SECRET_VARIABLE}=" in present:
        return False
    if present and not present.endswith("\n"):
        present += "\n"
    # Created unreadable for others; writing first and closing it later would leave a moment in between.
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        file.write(f"{present}{SECRET_VARIABLE}={secrets.token_urlsafe(32)}\n")
    path.chmod(0o600)
    return True


def write_log_key(path: Path, url: str) -> bool:
    """A key for the log in a file that only its owner can read; False when there is one.

    The log's name is for ever, so it is the site's host where that is known, and otherwise made up.
    """
    from consentkit.log import checkpoint  # cryptography is only needed where something is signed

    host = urlsplit(url).hostname
    name = f"{host}/log" if host else f"log-{secrets.token_hex(8)}"
    try:
        checkpoint.write_key(path, checkpoint.make_key(name, secrets.token_bytes(32)))
    except FileExistsError:
        return False
    return True


def _configuration(url: str) -> str:
    from datetime import UTC, datetime

    host = urlsplit(url).hostname or "My site"
    example = '# url      = "https://courier.example"      # decides https and origin checks'
    line = f'url        = "{url}"' if url else example
    return CONFIGURATION.format(name=_quoted(host), url_line=line, today=datetime.now(UTC).date().isoformat())


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _ignore(path: Path) -> None:
    present = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    missing = [line for line in (".env", "consent.db*", "consentkit.key*") if line not in present]
    if missing:
        with path.open("a", encoding="utf-8") as file:
            file.write("\n".join(missing) + "\n")
