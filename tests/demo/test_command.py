"""`python -m demo_app`: what it prints, when, and how it says no."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.request import urlopen

import pytest

from demo_app.__main__ import main

ROOT = Path(__file__).parents[2]


@contextmanager
def running(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    """The demo as a process of its own; it is gone afterwards."""
    command = [sys.executable, "-m", "demo_app", *arguments]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        for pipe in (process.stdout, process.stderr):
            if pipe:
                pipe.close()


def test_the_first_line_is_the_address_and_it_answers(tmp_path: Path) -> None:
    """
    The first line on stdout is the address alone, printed when it accepts; Ctrl-C ends it in good order.
    """
    with running("--port", "0", "--data", str(tmp_path)) as process:
        assert process.stdout
        assert process.stderr
        address = process.stdout.readline().removesuffix("\n")
        with urlopen(address + "privacy", timeout=10) as answer:
            assert answer.status == 200
        process.send_signal(signal.SIGINT)
        rest, errors = process.stdout.read(), process.stderr.read()
        process.wait(timeout=20)

    port = address.removeprefix("http://localhost:").removesuffix("/")
    assert port.isdigit()
    assert address == f"http://localhost:{port}/"
    assert f"http://analytics.localhost:{port}/visits" in rest
    assert f"http://localhost:{port}/_ckit/preferences" in rest
    assert f"http://bare.localhost:{port}/" in rest
    assert str(tmp_path / "consent.db") in rest
    # What consentkit tells the operator (an undeclared company is held back) may stand there, an accident not.
    assert "Traceback" not in errors
    assert process.returncode == 0


def test_it_goes_on_when_nobody_reads_on(tmp_path: Path) -> None:
    """
    Who reads one line and closes the pipe keeps a demo that serves and ends well.
    """
    with running("--port", "0", "--data", str(tmp_path)) as process:
        assert process.stdout
        assert process.stderr
        address = process.stdout.readline().strip()
        process.stdout.close()
        with urlopen(address + "privacy", timeout=10) as answer:
            assert answer.status == 200
        process.send_signal(signal.SIGINT)
        errors = process.stderr.read()

        assert process.wait(timeout=20) == 0
        assert "Traceback" not in errors
        assert "BrokenPipe" not in errors


def test_it_listens_on_this_machine_only(tmp_path: Path) -> None:
    """
    The demo accepts on loopback addresses and on no other.
    """
    with running("--port", "0", "--data", str(tmp_path)) as process:
        assert process.stdout
        port = int(process.stdout.readline().rpartition(":")[2].rstrip("/\n"))

        with socket.create_connection(("127.0.0.1", port), timeout=5):
            pass
        with pytest.raises(OSError, match="refused"):
            socket.create_connection((other_address(), port), timeout=5)


def other_address() -> str:
    """An address of this machine that is not 127.0.0.1; all of 127/8 is this machine."""
    return "127.0.0.2"


def test_a_folder_of_saved_pages_is_served(tmp_path: Path) -> None:
    """
    With a folder the first page lists what is in it.
    """
    (tmp_path / "page.html").write_text("<title>A saved page</title>")

    with running(str(tmp_path), "--port", "0", "--data", str(tmp_path / "data")) as process:
        assert process.stdout
        with urlopen(process.stdout.readline().strip(), timeout=10) as answer:
            assert "page.html" in answer.read().decode()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--port", "eighty"], "The port must be a number from 0 to 65535, not 'eighty'."),
        (["--port", "65536"], "The port must be a number from 0 to 65535, not '65536'."),
        (["--port", "-1"], "The port must be a number from 0 to 65535, not '-1'."),
        (["--port", "８０"], "The port must be a number from 0 to 65535, not '８０'."),
        (["no such folder"], "There is no folder 'no such folder'."),
        ([""], "There is no folder ''."),
        (["--colour", "red"], "Unrecognized arguments: --colour"),
        (["--port"], "Argument --port: expected one argument"),
    ],
    ids=str,
)
def test_a_wrong_command_line_is_one_sentence(
    arguments: list[str], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """
    Used wrongly, the demo says what is wrong in one line on stderr and ends with 2.
    """
    assert main(arguments) == 2

    out, errors = capsys.readouterr()
    assert out == ""
    assert errors.startswith(says)
    assert errors.count("\n") == 1


def test_a_folder_without_pages_is_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """
    A folder without any *.html is refused by name.
    """
    assert main([str(tmp_path)]) == 2

    assert capsys.readouterr().err == f"There is no *.html page in {str(tmp_path)!r}.\n"


def test_a_busy_port_is_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """
    A port that somebody else has is named, with a way out.
    """
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert main(["--port", str(port), "--data", str(tmp_path)]) == 2

    assert capsys.readouterr().err == f"Port {port} can't be used: Address already in use. Try --port 0.\n"


def test_a_log_folder_that_cannot_be_made_is_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """
    Where a file stands no folder can be made.
    """
    (tmp_path / "file").write_text("")

    assert main(["--data", str(tmp_path / "file" / "data")]) == 2
    assert capsys.readouterr().err.endswith("can't be made: Not a directory.\n")
