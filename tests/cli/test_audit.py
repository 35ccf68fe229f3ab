"""`consentkit audit`: tokens are made and taken back, and nothing is served where it should not be."""

from __future__ import annotations

import sys
import types
from pathlib import Path
from typing import Any

import pytest

from consentkit.audit import AuditApp
from consentkit.audit.tokens import Tokens
from consentkit.cli import main
from consentkit.cli.audit import is_this_machine


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A site to look into, and the folder that it lies in."""
    (tmp_path / "consentkit.toml").write_text('name = "Drina Courier"\n', encoding="utf-8")
    monkeypatch.setenv("CONSENTKIT_SECRET", "a-secret-of-the-tests-which-everyone-may-read")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> list[tuple[AuditApp, dict[str, Any]]]:
    """What uvicorn was told to serve, in place of serving it."""
    calls: list[tuple[AuditApp, dict[str, Any]]] = []
    server = types.ModuleType("uvicorn")
    server.run = lambda app, **options: calls.append((app, options))  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "uvicorn", server)
    return calls


def test_a_token_is_printed_once_and_kept_as_a_hash(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """
    The token alone goes to stdout; its file lies beside the configuration and lets it in until it is taken back.
    """
    assert main(["audit", "token", "anna", "--role", "officer"]) == 0
    token, path = capsys.readouterr().out.strip(), folder / "consentkit.audit"

    assert token not in path.read_text()
    assert (found := Tokens(path).recognise(token)) is not None
    assert (found.name, found.role) == ("anna", "officer")
    assert main(["audit", "token", "anna", "--revoke"]) == 0
    assert main(["audit", "token", "anna", "--revoke"]) == 1
    assert Tokens(path).recognise(token) is None
    assert main(["audit", "token", "Anna"]) == 2


def test_it_serves_this_machine_with_a_token_for_this_run(
    served: list[tuple[AuditApp, dict[str, Any]]], capsys: pytest.CaptureFixture[str]
) -> None:
    """
    Where nobody has a token yet, one is printed; searches stand in no access log.
    """
    assert main(["audit", "serve"]) == 0

    _, options = served[0]
    assert options == {"host": "127.0.0.1", "port": 8010, "log_level": "warning", "access_log": False}
    assert "for this run sign in with: " in capsys.readouterr().err


def test_beyond_this_machine_takes_two_words(
    served: list[tuple[AuditApp, dict[str, Any]]], capsys: pytest.CaptureFixture[str]
) -> None:
    """
    An address that others reach needs the option that says so, and a token that was made before.
    """
    assert main(["audit", "serve", "--host", "0.0.0.0"]) == 2
    assert main(["audit", "serve", "--host", "0.0.0.0", "--beyond-this-machine"]) == 2
    assert main(["audit", "token", "anna", "--tokens", "others"]) == 0
    assert main(["audit", "serve", "--host", "0.0.0.0", "--beyond-this-machine", "--tokens", "others"]) == 0

    said = capsys.readouterr().err
    assert "can be reached by others" in said
    assert "make one with `consentkit audit token NAME`" in said
    assert len(served) == 1


def test_without_a_server_it_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """
    The pages need no server of ours; serving them here does.
    """
    monkeypatch.setitem(sys.modules, "uvicorn", None)

    assert main(["audit", "serve"]) == 2
    assert "pip install 'consentkit[audit]'" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("127.0.0.1", True), ("127.8.8.8", True), ("::1", True), ("localhost", True), ("0.0.0.0", False), ("::", False),
        ("", False), ("192.0.2.1", False), ("audit.example", False), ("localhost.evil.example", False),
    ],
)  # fmt: skip
def test_only_the_loop_is_this_machine(host: str, expected: bool) -> None:
    """
    A name may lead anywhere; only one is known to lead nowhere else.
    """
    assert is_this_machine(host) is expected
