"""Servers of one test: well-behaved, broken and hostile ones, each on a port of its own."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator

#: What a server does with one connection, once it has read the request: (path, connection).
Behaviour = Callable[[str, socket.socket], None]


@contextlib.contextmanager
def serving(behaviour: Behaviour) -> Iterator[str]:
    """The address of a server that does this with every connection, until the test ends."""
    listener = socket.create_server(("127.0.0.1", 0))
    is_over = threading.Event()

    def answer(connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):
            connection.settimeout(10)
            request = b""
            while b"\r\n\r\n" not in request and request[:4] in (b"", b"GET ") and (data := connection.recv(65536)):
                request += data
            if request:
                behaviour(request.split(b" ", 2)[1].decode() if request.startswith(b"GET ") else "", connection)

    def accept() -> None:
        while not is_over.is_set():
            with contextlib.suppress(OSError):
                connection, _ = listener.accept()
                threading.Thread(target=answer, args=(connection,), daemon=True).start()

    thread = threading.Thread(target=accept, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        is_over.set()
        with contextlib.suppress(OSError):  # wake it up
            socket.create_connection(listener.getsockname(), 1).close()
        thread.join(5)
        listener.close()


def response(body: bytes | str, *headers: str, status: str = "200 OK", kind: str = "text/html; charset=utf-8") -> bytes:
    """A whole response."""
    body = body.encode() if isinstance(body, str) else body
    lines = [f"HTTP/1.1 {status}", f"content-type: {kind}", f"content-length: {len(body)}", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


def pages(**paths: bytes) -> Behaviour:
    """A site of fixed responses by path, `index` for the root; 404 for the rest."""

    def answer(path: str, connection: socket.socket) -> None:
        name = path.strip("/").replace(".", "_").replace("/", "_") or "index"
        connection.sendall(paths.get(name, response("<h1>Nothing here", status="404 Not Found")))

    return answer
