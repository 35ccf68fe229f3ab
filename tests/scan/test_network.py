"""Servers that misbehave: each is one sentence, and none keeps us."""

from __future__ import annotations

import gzip
import socket
import ssl
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from consentkit.scan.browser import BrowserMissing, look
from consentkit.scan.fetch import MAX_BODY, FetchFailed
from consentkit.scan.network import Network, is_this_machine
from tests.scan.servers import Behaviour, response, serving

PATIENCE = 0.5


def sends(*pieces: bytes) -> Behaviour:
    def behave(path: str, connection: socket.socket) -> None:
        for piece in pieces:
            connection.sendall(piece)

    return behave


def hangs(path: str, connection: socket.socket) -> None:
    connection.recv(1)


def drips_headers(path: str, connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\n")
    while True:
        connection.sendall(b"x")
        time.sleep(0.1)


def drips_body(path: str, connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-type: text/html\r\n\r\n<p>begin")
    while True:
        connection.sendall(b".")
        time.sleep(0.1)


def never_ends(path: str, connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: 104857600\r\n\r\n")
    for _ in range(100):
        connection.sendall(bytes(1024 * 1024))


@pytest.mark.parametrize(
    ("behaviour", "reason"),
    [
        pytest.param(hangs, "no answer within 0.5 seconds", id="hangs"),
        pytest.param(drips_headers, "no answer within 1 second", id="drips headers"),
        pytest.param(sends(), "the connection was closed without an answer", id="closes"),
        pytest.param(sends(b"SSH-2.0-OpenSSH\r\n"), "what answers does not speak HTTP", id="another protocol"),
        pytest.param(
            sends(b"HTTP/1.1 200 OK\r\n", b"x: y\r\n" * 200, b"\r\n"), "its headers can't be read (got more than 100 headers)",
            id="too many headers",
        ),
        pytest.param(
            sends(b"HTTP/1.1 200 OK\r\nx: " + b"y" * 70000 + b"\r\n\r\n"),
            "its headers can't be read (got more than 65536 bytes when reading header line)", id="long header",
        ),
    ],
)  # fmt: skip
def test_who_does_not_answer_is_a_sentence(behaviour: Behaviour, reason: str) -> None:
    """
    A server that gives no page is told in one sentence, in bounded time.
    """
    with serving(behaviour) as url, pytest.raises(FetchFailed) as caught:
        # Whoever does nothing has little time; the others have enough on a busy machine.
        Network(patience=PATIENCE if "no answer" in reason else 10).get(url)

    assert caught.value.reason == reason


@pytest.mark.parametrize(
    ("behaviour", "body", "note"),
    [
        pytest.param(never_ends, bytes(MAX_BODY), "only its first 4 MB were read", id="100 MB"),
        pytest.param(
            sends(response(gzip.compress(bytes(32 * 1024 * 1024)), "content-encoding: gzip")), bytes(MAX_BODY),
            "only its first 4 MB were read", id="gzip bomb",
        ),
        pytest.param(
            sends(response("<p>" * 9)[:-20]), b"<p><p>",
            "the connection was closed in its middle; what came until then was read", id="closes mid-body",
        ),
        pytest.param(
            sends(b"HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ntransfer-encoding: chunked\r\n\r\n3\r\n<p>\r\nzz"), b"<p>",
            "the connection broke in its middle; what came until then was read", id="broken chunk",
        ),
        pytest.param(
            sends(b"HTTP/1.1 200 OK\r\n\x00\xff: y\r\nContent-Length: many\r\ncontent-type: text/html\r\n\r\n<p>"), b"<p>", "",
            id="garbage headers",
        ),
    ],
)  # fmt: skip
def test_half_a_page_is_read_as_far_as_it_goes(behaviour: Behaviour, body: bytes, note: str) -> None:
    """
    What came counts, and what is missing is said.
    """
    with serving(behaviour) as url:
        answer = Network(patience=20).get(url)

    assert answer.body.startswith(body)
    assert answer.note == note


def test_a_page_that_drips_ends_with_the_time() -> None:
    """
    A page that comes drop by drop is read until its time is over.
    """
    with serving(drips_body) as url:
        answer = Network(patience=PATIENCE).get(url)

    assert answer.body.startswith(b"<p>begin")
    assert answer.note == "its body did not end in time; what came until then was read"


def test_nobody_is_told_in_words() -> None:
    """
    A port where nobody listens and a name that nobody has are two sentences.
    """
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(FetchFailed, match="nobody listens there"):
        Network(patience=20).get(f"http://127.0.0.1:{port}/")


def test_we_say_who_we_are_and_keep_headers_to_the_site() -> None:
    """
    The user agent names us; headers of the person at the keyboard go to the scanned host alone.
    """
    heard: list[bytes] = []
    listener = socket.create_server(("127.0.0.1", 0))

    def listen() -> None:
        for _ in range(2):
            connection, _ = listener.accept()
            with connection:
                heard.append(connection.recv(65536).lower())
                connection.sendall(response("<p>"))

    thread = threading.Thread(target=listen, daemon=True)
    thread.start()
    network = Network(headers={"authorization": "Basic eA==", "cookie": "mine=1"}, own="127.0.0.1")
    port = listener.getsockname()[1]
    network.get(f"http://127.0.0.1:{port}/", "a=1")
    network.get(f"http://other.localhost:{port}/", "a=1")
    thread.join(5)
    listener.close()

    assert b"user-agent: consentkit-scan/" in heard[0]
    assert b"authorization: basic ea==" in heard[0]
    assert b"cookie: mine=1; a=1" in heard[0]
    assert b"host: other.localhost:" in heard[1]
    assert b"authorization" not in heard[1]
    assert b"cookie:" not in heard[1]


def test_a_certificate_that_cannot_be_trusted_is_told(tmp_path: Path) -> None:
    """
    A self-signed certificate is refused in a sentence that says so.
    """
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    made = subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "1",
         "-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", certificate],
        capture_output=True, check=False,
    )  # fmt: skip
    assert made.returncode == 0, made.stderr
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)

    def behave(path: str, connection: socket.socket) -> None:
        raise AssertionError("the request must not come through")

    listener = socket.create_server(("127.0.0.1", 0))

    def accept() -> None:
        connection, _ = listener.accept()
        with connection, pytest.raises(OSError):  # noqa: PT011 - any end of the handshake
            context.wrap_socket(connection, server_side=True)

    thread = threading.Thread(target=accept, daemon=True)
    thread.start()
    with pytest.raises(FetchFailed, match=r"its certificate can't be trusted \(self.signed certificate\)"):
        Network(patience=20).get(f"https://127.0.0.1:{listener.getsockname()[1]}/")
    thread.join(5)
    listener.close()


def test_plain_http_behind_https_is_told() -> None:
    """
    An https address whose server speaks http is a sentence too.
    """
    with serving(sends(response("<p>"))) as url, pytest.raises(FetchFailed, match="there is no secure connection"):
        Network(patience=20).get(url.replace("http:", "https:"))


@pytest.mark.parametrize(
    ("host", "is_ours"),
    [("localhost", True), ("shop.localhost", True), ("127.0.0.1", True), ("::1", True), ("a.example", False), ("10.0.0.1", False)],
)  # fmt: skip
def test_this_machine_is_known(host: str, is_ours: bool) -> None:
    """
    Only the loopback names and addresses are this machine, which need not be spared.
    """
    assert is_this_machine(host) is is_ours


def test_a_missing_browser_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Without playwright the sentence says how to get it.
    """
    monkeypatch.setitem(sys.modules, "playwright.sync_api", None)

    with pytest.raises(BrowserMissing, match=r"pip install 'consentkit\[browser\]', then: playwright install chromium"):
        look(["https://a.example/"], patience=1, tell=lambda sentence: None)
