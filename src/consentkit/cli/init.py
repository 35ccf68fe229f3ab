"""`consentkit init`: the first files of a site, nothing held back yet, no secret in a file that is shared."""

from __future__ import annotations

import argparse
import os
import secrets
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from consentkit.cli.progress import Bar
from consentkit.settings.site import SECRET_VARIABLE

CONFIGURATION = """\
# The site's consent configuration. Every option: docs/configuration.md
name       = {name}
{url_line}
controller = ""                                 # who is responsible: legal name and address
contact    = ""                                 # where people can write to
log        = "sqlite:///consent.db"             # beside this file
holding    = "observe"                          # report only; "known" holds third parties back
language   = {language:35}# when neither page nor browser says one

[[policies]]
name    = "privacy"                             # information: shown and versioned, never "accepted"
url     = {privacy}
version = "{today}"

{terms}
# What needs consent, and who receives the data. Find vendors with: consentkit vendors google
{purposes}
"""

TERMS = """\
[[policies]]
name    = "terms"
kind    = "terms"                               # a contract: asked for on its own
url     = {terms}
version = "{today}"
"""

EXAMPLE = """\
# [[purposes]]
# name    = "analytics"
# vendors = ["google-analytics"]"""

#: Pages read for a first configuration; `consentkit scan` reads more.
PAGES = 10


def add_parser(subparsers: Any) -> None:
    parser = subparsers.add_parser(
        "init",
        help="write consentkit.toml, a secret and the key of the log",
        description="Writes consentkit.toml (no secrets in it), .env with a new CONSENTKIT_SECRET and consentkit.key, "
        "which signs the consent log (both readable by you alone), and lines in .gitignore. With a URL it reads up to "
        f"{PAGES} pages there and declares the companies that it meets. Nothing is held back until you change holding. "
        "Existing files stay as they are.",
    )
    parser.add_argument("url", nargs="?", default="", metavar="URL", help="where the site is reached")
    parser.add_argument("--no-scan", action="store_true", help="do not read the site's pages")
    parser.set_defaults(run=main)


def main(arguments: argparse.Namespace) -> int:
    url = arguments.url.strip()
    if url and not is_address(url):
        print(f"consentkit init: {url!r} is not an address; write it like https://courier.example.", file=sys.stderr)
        return 2
    configuration = Path("consentkit.toml")
    is_new = not configuration.exists()
    facts = _facts(url) if url and is_new and not arguments.no_scan else Facts()
    try:
        if is_new:
            configuration.write_text(_configuration(url, facts), encoding="utf-8")
        wrote_secret = write_secret(Path(".env"))
        wrote_key = write_log_key(Path("consentkit.key"), url)
        _ignore(Path(".gitignore"))
    except OSError as error:
        print(f"consentkit init: {error.filename} can't be written: {error.strerror}.", file=sys.stderr)
        return 2
    for sentence in facts.sentences:
        print(f"consentkit init: {sentence}", file=sys.stderr)
    if not (is_new or wrote_secret or wrote_key):
        print("consentkit init: consentkit.toml is there already and stays as it is.", file=sys.stderr)
        return 2
    print("Wrote consentkit.toml." if is_new else "consentkit.toml is there already and stays as it is.")
    print("Wrote .env with a new secret." if wrote_secret else ".env has a secret already.")
    print("Wrote consentkit.key; keep a copy away from the database." if wrote_key else "The log has a key already.")
    if facts.purposes:
        print("Fill in controller and contact in consentkit.toml: who asks for consent has to say who they are.")
    print("Next: wrap the app with ConsentMiddleware(app, Site.load()), then run: consentkit check")
    return 0


def is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        # Reading the port raises for one that is none.
        return parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 0) >= 0
    except ValueError:
        return False


@dataclass(frozen=True)
class Facts:
    """What a site's pages tell about it. `purposes`: TOML; `sentences`: what its owner should know."""

    name: str = ""
    language: str = ""
    policies: Mapping[str, str] = field(default_factory=dict)
    purposes: str = ""
    sentences: tuple[str, ...] = ()
    was_read: bool = False


def _facts(url: str) -> Facts:
    """Read the site; one that can't be read is no reason not to begin."""
    from consentkit.scan import missing
    from consentkit.scan.fetch import FetchFailed
    from consentkit.scan.show import count
    from consentkit.scan.survey import Wishes, survey

    with Bar(PAGES) as bar:
        try:
            crawl, report = survey(url, None, None, Wishes(pages=PAGES), bar.tell)
        except FetchFailed as error:
            return Facts(
                sentences=(f"{error} So no company is declared yet; consentkit scan --write does that later.",)
            )
    wanted = missing.vendors(report)
    found = count(sum(map(len, wanted.values())), "company")
    return Facts(
        name=next((page.site_name for page in crawl.pages if page.site_name), ""),
        language=_language(next((page.language for page in crawl.pages if page.language), "")),
        policies={
            name: _short(page.policies[name], crawl.start)
            for name in ("privacy", "terms")
            for page in reversed(crawl.pages)
            if name in page.policies
        },
        purposes=missing.as_toml(report, {}),
        sentences=(f"{count(len(crawl.pages), 'page')} read, {found} declared.", *report.warnings, *report.failures),
        was_read=bool(crawl.pages),
    )


def _language(tag: str) -> str:
    from consentkit.languages import Catalogues, match

    return match(tag, Catalogues().tags) or ""


def _short(url: str, start: str) -> str:
    """A path for a page of the site, the whole address for another one."""
    there, here = urlsplit(url), urlsplit(start)
    return there._replace(scheme="", netloc="").geturl() if there.netloc == here.netloc else url


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


def _configuration(url: str, facts: Facts) -> str:
    from datetime import UTC, datetime

    parts = urlsplit(url)
    example = '# url      = "https://courier.example"      # decides https and origin checks'
    today = datetime.now(UTC).date().isoformat()
    terms = TERMS.format(terms=_quoted(facts.policies.get("terms", "/terms")), today=today)
    if facts.was_read and "terms" not in facts.policies:
        # No page links to terms. A contract that is nowhere to be read must not be asked for.
        terms = "".join(f"# {line}\n" for line in terms.splitlines())
    return CONFIGURATION.format(
        name=_quoted(facts.name or parts.hostname or "My site"),
        url_line=f"url        = {_quoted(f'{parts.scheme}://{parts.netloc.lower()}')}" if url else example,
        language=_quoted(facts.language or "en"),
        privacy=_quoted(facts.policies.get("privacy", "/privacy")),
        terms=terms,
        today=today,
        purposes=facts.purposes or EXAMPLE,
    )


def _quoted(text: str) -> str:
    from consentkit.scan.missing import quoted

    return quoted(text)


def _ignore(path: Path) -> None:
    present = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    missing = [line for line in (".env", "consent.db*", "consentkit.key*", "consentkit.audit*") if line not in present]
    if missing:
        with path.open("a", encoding="utf-8") as file:
            file.write("\n".join(missing) + "\n")
