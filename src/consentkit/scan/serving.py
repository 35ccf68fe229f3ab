"""Serve an app of this process to the browser of this machine, on the loopback address only.

The app believes that it is reached where its site is: the host of each request is written anew, and so are the
addresses to which it redirects.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

from consentkit.scan.fetch import FetchFailed
from consentkit.scan.in_process import InProcess

MAX_BODY = 1024 * 1024  # bytes of a request; a browser that presses a button sends a few hundred

#: What belongs to one connection and not to the message (RFC 9110, 7.6.1), and what is written anew.
_LEFT_OUT = frozenset({"connection", "keep-alive", "transfer-encoding", "content-length", "content-encoding", "date"})


@contextmanager
def served(app: InProcess, site: str) -> Iterator[str]:
    """The address at which the app can be reached while this lasts. `site`: where it believes to be."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(app, site.rstrip("/")))
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _handler(app: InProcess, site: str) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer(b"")

        do_HEAD = do_GET

        def do_POST(self) -> None:
            size = self.headers.get("content-length", "0")
            self._answer(self.rfile.read(min(int(size), MAX_BODY)) if size.isdigit() else b"")

        def log_message(self, *given: Any) -> None:
            """Nothing: what was asked for stands in the report."""

        def _answer(self, body: bytes) -> None:
            # A browser takes what comes packed; whoever reads it here would have to unpack it.
            given = [(name, value) for name, value in self.headers.items() if name.lower() != "accept-encoding"]
            try:
                answer = app.ask(self.command, site + self.path, given, body)
            except FetchFailed as error:
                self.send_error(502, error.reason.encode("ascii", "replace").decode()[:100])
                return
            self.send_response_only(answer.status)
            for name, value in answer.headers:
                if name not in _LEFT_OUT:
                    self.send_header(name, self._here(value) if name == "location" else value)
            self.send_header("content-length", str(len(answer.body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(answer.body)

        def _here(self, location: str) -> str:
            parts = urlsplit(location)
            return (
                parts._replace(scheme="", netloc="").geturl()
                if f"{parts.scheme}://{parts.netloc}" == site
                else location
            )

    return Handler
