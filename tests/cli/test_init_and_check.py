"""`consentkit init` and `check`, as an owner uses them on the first day."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from consentkit.cli import main


def run(folder: Path, *arguments: str, environment: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """The command in a process of its own, without a secret in its environment."""
    variables = {name: value for name, value in os.environ.items() if name != "CONSENTKIT_SECRET"}
    return subprocess.run(
        [sys.executable, "-m", "consentkit.cli", *arguments],
        cwd=folder, env={**variables, **(environment or {})}, capture_output=True, text=True, check=False,
    )  # fmt: skip


APP = """\
from consentkit import ConsentMiddleware, Site

async def bare(scope, receive, send):
    page = b'<!doctype html><html lang="en"><title>A</title><a href="/b">b</a>'
    page += b'<script src="https://www.googletagmanager.com/gtag/js?id=G-1"></script>'
    page += b'<script src="https://connect.facebook.net/en_US/fbevents.js"></script>'
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/html")]})
    await send({"type": "http.response.body", "body": page})

app = ConsentMiddleware(bare, Site.load())
"""


def test_init_writes_what_check_accepts(tmp_path: Path) -> None:
    """
    After init the configuration loads with its own secret, nothing is held back, and nothing secret is in the TOML.
    """
    wrote = run(tmp_path, "init", "https://courier.example")
    checked = run(tmp_path, "check", "--table")
    secret = (tmp_path / ".env").read_text().partition("=")[2].strip()

    assert wrote.returncode == 0, wrote.stderr
    assert stat.S_IMODE((tmp_path / ".env").stat().st_mode) == 0o600
    assert len(secret) >= 32
    assert secret not in (tmp_path / "consentkit.toml").read_text()
    ignored = (tmp_path / ".gitignore").read_text().splitlines()
    assert ignored == [".env", "consent.db*", "consentkit.key*", "consentkit.audit*"]
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert "log writable, no record yet" in checked.stdout


def test_init_overwrites_nothing(tmp_path: Path) -> None:
    """
    A second init leaves every file as it is and says so.
    """
    run(tmp_path, "init")
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    again = run(tmp_path, "init")

    assert again.returncode == 2
    assert "consentkit.toml is there already" in again.stderr
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_init_keeps_an_env_file_that_has_a_secret(tmp_path: Path) -> None:
    """
    Other variables and a secret that is there already stay.
    """
    (tmp_path / ".env").write_text("OTHER=1\nCONSENTKIT_SECRET=kept-kept-kept-kept-kept-kept-kept-kept\n")
    run(tmp_path, "init")

    assert (tmp_path / ".env").read_text() == ("OTHER=1\nCONSENTKIT_SECRET=kept-kept-kept-kept-kept-kept-kept-kept\n")


def test_check_reads_the_pages_of_an_app(tmp_path: Path) -> None:
    """
    With an app, check reads its pages as a new visitor would and ends with one sentence.
    """
    run(tmp_path, "init", "https://courier.example")
    configuration = tmp_path / "consentkit.toml"
    configuration.write_text(
        configuration.read_text()
        .replace('holding    = "observe"', 'holding    = "known"')
        .replace('controller = ""', 'controller = "Example Ltd"')
        .replace('contact    = ""', 'contact = "a@example.org"')
        + '\n[[purposes]]\nname = "analytics"\nvendors = ["google-analytics"]\n'
    )
    (tmp_path / "shop.py").write_text(APP)

    checked = run(tmp_path, "check", "shop:app", "--table")
    as_json = run(tmp_path, "check", "shop:app", "--json")

    assert checked.returncode == 1
    assert checked.stdout.splitlines()[-1].startswith(
        "Not working yet: banner on 4 of 4 pages, 1 vendor held back, 1 undeclared, log writable"
    )
    assert "connect.facebook.net is held back for marketing" in checked.stdout
    assert json.loads(as_json.stdout)["vendors_held"] == ["google-analytics"]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        pytest.param(["check"], "There is no file 'consentkit.toml'", id="no configuration"),
        pytest.param(["check", "nowhere:app"], "there is no module 'nowhere' here", id="no such app"),
        pytest.param(["check", "app"], "names no object", id="no name"),
        pytest.param(["init", "courier.example"], "is not an address", id="no scheme"),
        pytest.param(["chekc"], "invalid choice", id="misspelt"),
        pytest.param([], "required", id="nothing"),
    ],
)
def test_wrong_use_is_one_sentence(tmp_path: Path, arguments: list[str], says: str) -> None:
    """
    Used wrongly, a command says so in one message, without a traceback, and exits with 2.
    """
    ran = run(tmp_path, *arguments)

    assert ran.returncode == 2
    assert says in ran.stderr
    assert "Traceback" not in ran.stderr


def test_a_log_that_cannot_be_written_is_found(tmp_path: Path) -> None:
    """
    check says that the log can't be written, and exits with 1.
    """
    run(tmp_path, "init")
    (tmp_path / "consent.db").mkdir()
    checked = run(tmp_path, "check", "--table")

    assert checked.returncode == 1
    assert "is a directory" in checked.stdout


def test_every_command_explains_itself(capsys: pytest.CaptureFixture[str]) -> None:
    """
    Each command that is offered has a help of its own.
    """
    assert main(["--help"]) == 0
    top = capsys.readouterr().out
    for command in ("init", "check", "scan", "vendors", "log", "locales"):
        assert command in top
        assert main([command, "--help"]) == 0
        assert len(capsys.readouterr().out) > 200
