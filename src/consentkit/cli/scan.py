"""`consentkit scan`: what does a site load and set, who is it, and what has the owner not declared?"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from consentkit.asgi import ConsentMiddleware
from consentkit.cli.form import add_form_options, as_table
from consentkit.cli.progress import Bar
from consentkit.cli.site import add_site_options, load_object, load_site
from consentkit.settings import Site
from consentkit.settings.site import vendors_of

MOST_PAGES = 2000
MOST_DEPTH = 20


def add_parser(subparsers: Any) -> None:
    """Add the command to `consentkit`'s parser."""
    parser = subparsers.add_parser(
        "scan",
        help="list what a site loads and sets, and the configuration that is missing",
        description="Reads the pages of a site as a new visitor would and lists third parties and cookies by purpose "
        "and company, what nobody declares, and the lines of configuration that would. Exit 1 when something is "
        "undeclared, or could not be read.",
    )
    parser.add_argument("target", metavar="URL|MODULE:APP", help="a site, or an app in this process, without network")
    add_site_options(parser)
    parser.add_argument("--pages", type=_whole(1, MOST_PAGES), default=25, metavar="N", help="at most so many (25)")
    parser.add_argument("--depth", type=_whole(0, MOST_DEPTH), default=3, metavar="N", help="so many links deep (3)")
    parser.add_argument(
        "--timeout", type=_seconds(0.1), default=10.0, metavar="SECONDS", help="for one page (10)", dest="patience"
    )
    parser.add_argument(
        "--delay", type=_seconds(0), metavar="SECONDS", help="between two requests (1; none on this machine)"
    )
    parser.add_argument("--ignore-robots", action="store_true", help="your own site: read what robots.txt forbids too")
    parser.add_argument(
        "--header", action="append", default=[], type=_header, metavar="'NAME: VALUE'",
        help="send it to the site along with each request, such as the cookie of a session; repeatable",
    )  # fmt: skip
    parser.add_argument(
        "--browser", action="store_true",
        help="also open the first 5 pages in Chromium: before a choice, after refusing, after accepting",
    )  # fmt: skip
    parser.add_argument("--html", metavar="FILE", help="write the report as a page")
    parser.add_argument("--toml", metavar="FILE", help="write the missing configuration into a new file")
    parser.add_argument("--write", action="store_true", help="add the missing vendors to the configuration file")
    add_form_options(parser, table="tables", json="one JSON object")
    parser.set_defaults(run=main)


def main(arguments: argparse.Namespace) -> int:
    """Scan and print; 1 when something is undeclared."""
    from consentkit.scan import missing, show  # bs4 takes 60 ms that other commands need not spend
    from consentkit.scan.survey import Wishes, survey

    problem = _misuse(arguments)
    if problem:
        print(f"consentkit scan: {problem}", file=sys.stderr)
        return 2
    app = None if is_address(arguments.target) else load_object(arguments.target)
    site = site_for(arguments, app)
    wishes = Wishes(
        pages=arguments.pages,
        depth=arguments.depth,
        patience=arguments.patience,
        delay=arguments.delay,
        obey=not arguments.ignore_robots,
        browser=arguments.browser,
        headers=dict(arguments.header),
    )
    with Bar(arguments.pages) as bar:
        _, report = survey(start_of(arguments.target, app, site), app, site, wishes, bar.tell)
    toml = missing.as_toml(report, declared(site))
    if not as_table(arguments):
        print(json.dumps(show.as_json(report, toml), ensure_ascii=False))
    else:
        print("\n".join(show.as_text(report, toml)))
    when = f"Scanned {datetime.now(UTC):%Y-%m-%d %H:%M} UTC with consentkit."
    wrote = [
        *([_new_file(Path(arguments.html), show.as_html(report, toml, when), replace=True)] if arguments.html else []),
        *([_new_file(Path(arguments.toml), toml + "\n" if toml else "", replace=False)] if arguments.toml else []),
        *([_add(Path(arguments.config or "consentkit.toml"), report)] if arguments.write else []),
    ]
    for sentence, _ in wrote:
        print(f"consentkit scan: {sentence}", file=sys.stderr)
    if not all(is_done for _, is_done in wrote):
        return 2
    return 0 if report.is_clean else 1


def is_address(target: str) -> bool:
    return target.startswith(("http://", "https://"))


def start_of(target: str, app: Any, site: Site | None) -> str:
    """Where to begin: the address, or where the app believes to be."""
    if app is None:
        return target
    return (site.url if site and site.url else "http://localhost").rstrip("/") + "/"


def site_for(arguments: argparse.Namespace, app: Any) -> Site | None:
    """The configuration that a scan is judged by; None when there is none and none was named."""
    is_named = arguments.config or arguments.site
    if isinstance(app, ConsentMiddleware) and not is_named:
        return app.site
    if not is_named and not Path("consentkit.toml").exists():
        return None
    return load_site(arguments)


def declared(site: Site | None) -> dict[str, list[str]]:
    """Purpose to the ids of its vendors."""
    purposes = site.purposes if site else ()
    return {purpose.name: [vendor.name for vendor in vendors_of(purpose)] for purpose in purposes}


def _misuse(arguments: argparse.Namespace) -> str:
    target = arguments.target
    if "://" in target and not is_address(target):
        return f"{target!r} is no web address; write it like https://courier.example."
    if is_address(target):
        with suppress(ValueError):
            if urlsplit(target).hostname:
                target = ""
        if target:
            return f"{target!r} names no host; write it like https://courier.example."
    elif ":" not in target:
        return f"{target!r} is neither an address nor an app; write https://courier.example or main:app."
    if arguments.write and arguments.site:
        return "--write changes a file, and --site names an object; give the file with --config."
    if arguments.write and not Path(arguments.config or "consentkit.toml").exists():
        return (
            f"there is no file {arguments.config or 'consentkit.toml'!r} to write to; start one with consentkit init."
        )
    if arguments.toml and Path(arguments.toml).exists():
        return f"{arguments.toml!r} is there already and stays as it is; name a new file, or use --write."
    for option, name in (("--html", arguments.html), ("--toml", arguments.toml)):
        if name and not Path(name).absolute().parent.is_dir():
            return f"{option}: there is no folder {str(Path(name).parent)!r}."
    return ""


def _new_file(path: Path, text: str, *, replace: bool) -> tuple[str, bool]:
    """What was done, and whether it was. A file that somebody wrote meanwhile is left alone."""
    try:
        with path.open("w" if replace else "x", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        return f"{str(path)!r} can't be written: {error.strerror}.", False
    return (f"Wrote {path}." if text else f"Wrote {path}; it is empty, nothing is missing."), True


def _add(path: Path, report: Any) -> tuple[str, bool]:
    from consentkit.scan import missing

    wanted = missing.vendors(report)
    if not wanted:
        return f"{path} stays as it is: no known company is missing.", True
    try:
        before = path.read_bytes().decode("utf-8-sig")  # line ends stay as they are
        after = missing.added(before, report)
        if after is None:
            return f"{path} is laid out in a way that can't be added to without harm; paste the lines yourself.", False
        replace_file(path, after)
    except OSError as error:
        return f"{str(path)!r} can't be written: {error.strerror}.", False
    except ValueError:
        return f"{path} can't be read as TOML in UTF-8.", False
    count = sum(map(len, wanted.values()))
    return f"Added {count} {'company' if count == 1 else 'companies'} to {path}.", True


def replace_file(path: Path, text: str) -> None:
    """A file with new text and its old rights, whole at every moment: who is interrupted loses nothing."""
    path = path.resolve()
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        beside.write_text(text, encoding="utf-8", newline="")
        beside.chmod(path.stat().st_mode & 0o7777)
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def _whole(least: int, most: int) -> Callable[[str], int]:
    def number(text: str) -> int:
        if not (text.isascii() and text.isdigit() and least <= int(text[:9]) <= most):
            raise argparse.ArgumentTypeError(f"{text!r} is not a number from {least} to {most}")
        return int(text)

    return number


def _seconds(least: float) -> Callable[[str], float]:
    def seconds(text: str) -> float:
        with suppress(ValueError):
            if least <= float(text) <= 600:
                return float(text)
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds from {least:g} to 600")

    return seconds


def _header(text: str) -> tuple[str, str]:
    name, colon, value = text.partition(":")
    name, value = name.strip().lower(), value.strip()
    if not colon or not name.replace("-", "").isalnum() or not (name + value).isascii() or not value.isprintable():
        raise argparse.ArgumentTypeError(f"{text!r} is not a header; write 'name: value'")
    return name, value
