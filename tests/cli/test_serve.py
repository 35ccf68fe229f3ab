"""`consentkit run MODULE:APP`: an app that knows nothing of us, served with the banner."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from urllib.request import Request, urlopen

import pytest

from consentkit.cli import main
from tests.asgi.servers import free_port
from tests.settings.sites import SECRET

APP = """
async def app(scope, receive, send):
    if scope["type"] == "http":
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/html")]})
        await send({"type": "http.response.body", "body": b"<!doctype html><title>T</title><p>Hello"})
"""
TOML = """
name = "Courier"
[[policies]]
name = "terms"
kind = "terms"
url = "/terms"
version = "1"
"""


def test_an_app_is_served_with_the_banner(tmp_path: Path) -> None:
    """
    The address is printed once it can be opened, and the page there asks.
    """
    (tmp_path / "plain.py").write_text(APP, encoding="utf-8")
    (tmp_path / "consentkit.toml").write_text(TOML, encoding="utf-8")
    command = [sys.executable, "-m", "consentkit.cli", "run", "plain:app", "--port", str(free_port())]
    served = subprocess.Popen(
        command,
        cwd=tmp_path,
        env={**os.environ, "CONSENTKIT_SECRET": SECRET.replace(" ", "-")},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        assert served.stdout is not None
        address = re.match(r"http://\S+", served.stdout.readline())
        assert address
        with urlopen(Request(address[0], headers={"accept": "text/html"}), timeout=30) as answer:
            page = answer.read().decode()
    finally:
        served.terminate()
        served.communicate(timeout=20)

    assert 'data-ckit-ui="banner"' in page


@pytest.mark.parametrize(
    ("app", "sentence"),
    [("os:sep", "is a str, not an ASGI app"), ("nowhere:app", "there is no module"), ("app", "names no object")],
)
def test_what_is_no_app_is_told(
    app: str, sentence: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    One sentence, and exit code 2.
    """
    monkeypatch.setenv("CONSENTKIT_SECRET", SECRET.replace(" ", "-"))
    config = tmp_path / "consentkit.toml"
    config.write_text(TOML, encoding="utf-8")

    assert main(["run", app, "--config", str(config)]) == 2
    assert sentence in capsys.readouterr().err
