"""Serve the demo: `python -m demo_app [DIR] [--port 8000] [--data DIR]`.

The first line on stdout is the address, alone, and it is printed when the socket accepts: a program that
starts the demo may read one line and go on.
"""

from __future__ import annotations

import argparse
import os
import socket
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import uvicorn

from . import make_app
from .configuration import DATA, log_in
from .folder import saved_pages

USED_WRONGLY = 2


class UsedWrongly(Exception):
    """What the person at the keyboard should know, in one sentence."""


class Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise UsedWrongly(f"{message[:1].upper()}{message[1:]}; see python -m demo_app --help.")


@dataclass(frozen=True)
class Wish:
    """The command line, understood."""

    folder: Path | None
    port: int
    data: Path


def read(argv: Sequence[str]) -> Wish:
    parser = Parser(prog="python -m demo_app", description="A small newspaper behind consentkit, on this machine only.")
    parser.add_argument("folder", metavar="DIR", nargs="?", help="serve the saved *.html pages in DIR instead")
    parser.add_argument("--port", default="8000", help="8000 unless told; 0 takes any free port")
    parser.add_argument("--data", metavar="DIR", default=str(DATA), help=f"where the consent log is kept: {DATA}")
    arguments = parser.parse_args(argv)
    return Wish(
        folder=read_folder(arguments.folder) if arguments.folder is not None else None,
        port=read_port(arguments.port),
        data=Path(arguments.data),
    )


def read_port(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text) < 65536):
        raise UsedWrongly(f"The port must be a number from 0 to 65535, not {text!r}.")
    return int(text)


def read_folder(text: str) -> Path:
    folder = Path(text)
    # Path("") would be the working folder, which nobody asked for.
    if not text or not folder.is_dir():
        raise UsedWrongly(f"There is no folder {text!r}.")
    if not saved_pages(folder):
        raise UsedWrongly(f"There is no *.html page in {text!r}.")
    return folder


def listen(port: int) -> list[socket.socket]:
    """Sockets on the loopback addresses only, IPv6 too where there is any: browsers try it first."""
    try:
        first = socket.create_server(("127.0.0.1", port))
    except OSError as error:
        raise UsedWrongly(f"Port {port} can't be used: {os.strerror(error.errno or 0)}. Try --port 0.") from None
    try:
        second = socket.create_server(("::1", first.getsockname()[1]), family=socket.AF_INET6)
    except OSError:
        return [first]
    return [first, second]


class Server(uvicorn.Server):
    """A server that says where it is as soon as somebody can come."""

    def __init__(self, config: uvicorn.Config, announcement: Sequence[str]) -> None:
        super().__init__(config)
        self.announcement = announcement

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            say(self.announcement)


def say(lines: Sequence[str]) -> None:
    try:
        for line in lines:
            print(line, flush=True)
    except BrokenPipeError:
        # Whoever started us has read the address and closed the pipe. That is no reason to stop serving; what
        # Python still flushes at its end goes nowhere (as the Python documentation of SIGPIPE advises).
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def announcement(wish: Wish, port: int) -> list[str]:
    here = f"localhost:{port}"
    pages = [
        ("Third parties", " ".join(f"http://{name}.{here}/visits" for name in ("analytics", "video", "ads"))),
        ("Without consentkit", f"http://bare.{here}/"),
        ("Privacy choices", f"http://{here}/_ckit/preferences"),
        ("Consent log", str(wish.data / "consent.db")),
    ]
    if wish.folder is None:
        languages = " ".join(f"http://{here}/{path}/" for path in ("bs", "sr", "sr-latn", "ar"))
        pages[:0] = [
            ("What is held back", f"http://{here}/held"),
            ("Other languages", languages),
            ("A page of 2003", f"http://{here}/archive/2003"),
        ]
    return [f"http://{here}/", *(f"{name + ':':<20}{text}" for name, text in pages), "Ctrl-C stops it."]


def main(argv: Sequence[str]) -> int:
    try:
        wish = read(argv)
        make_folder(wish.data)
        sockets = listen(wish.port)
    except UsedWrongly as error:
        print(error, file=sys.stderr)
        return USED_WRONGLY
    port = sockets[0].getsockname()[1]
    app = make_app(port, folder=wish.folder, log=log_in(wish.data.absolute()))
    # A page of /held that somebody left open must not keep Ctrl-C waiting.
    config = uvicorn.Config(app, log_level="warning", access_log=False, timeout_graceful_shutdown=2)
    server = Server(config, announcement(wish, port))
    # After Ctrl-C uvicorn shuts down in good order and then passes the signal on.
    with suppress(KeyboardInterrupt):
        server.run(sockets=sockets)
    return 0 if server.started else 1


def make_folder(data: Path) -> None:
    try:
        data.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsedWrongly(f"The folder {str(data)!r} can't be made: {os.strerror(error.errno or 0)}.") from None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
