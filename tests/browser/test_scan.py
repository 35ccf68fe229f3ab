"""`consentkit scan --browser`: what only a browser sees, before a choice, after refusing, after accepting."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests import needs

APP = """\
from starlette.applications import Starlette
from starlette.responses import HTMLResponse
from starlette.routing import Route
from consentkit import ConsentMiddleware, Policy, Purpose, Site

SCRIPT = '''<script>
document.cookie = "written_by_script=1; max-age=86400";
localStorage.setItem("visits", "1");
const image = new Image(); image.src = "https://www.facebook.com/" + "tr?id=1";
</script>'''
VIDEO = '<iframe src="https://www.youtube.com/embed/1"></iframe>'

async def home(request):
    response = HTMLResponse(f"<!doctype html><html lang=en><title>Home</title><h1>Home</h1>{SCRIPT}{VIDEO}")
    response.set_cookie("sessionid", "1")
    return response

site = Site(name="C", url="https://shop.example", controller="C", contact="c@c.example", secret="x" * 32,
    policies=[Policy("privacy", url="/privacy", version="1")],
    purposes=[Purpose("media", vendors=["youtube"])])
app = ConsentMiddleware(Starlette(routes=[Route("/", home)]), site)
"""


@pytest.mark.browser
def test_a_browser_finds_what_no_reading_finds(tmp_path: Path) -> None:
    """
    An app in this process is opened in Chromium in all three states, its third parties recorded and not reached.
    """
    needs.chromium()
    (tmp_path / "shop.py").write_text(APP)
    ran = subprocess.run(
        [sys.executable, "-m", "consentkit.cli", "scan", "shop:app", "--browser", "--pages", "1", "--html", "report.html"],
        cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(tmp_path)}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert ran.stdout, ran.stderr
    found = json.loads(ran.stdout)
    cookies = {cookie["name"]: (cookie["by"], cookie["whose"], cookie["lifetime"]) for cookie in found["cookies"]}
    parties = {party["vendor"]: (party["whose"], party["held"]) for party in found["third_parties"]}

    assert ran.returncode == 1
    assert found["failures"] == []
    assert cookies["written_by_script"] == ("script", "undeclared", "1 day")
    assert cookies["sessionid"] == ("header", "necessary", "session")
    # Agreed to and asked for only then; the pixel that a script of the page makes is nobody's to hold.
    assert parties["youtube"] == ("declared", "held")
    assert parties["meta-pixel"] == ("undeclared", "loads")
    assert found["leaks"] == [
        "www.facebook.com was loaded before a choice (image) and is not declared.",
        "www.facebook.com was loaded after refusing (image) and is not declared.",
        "www.facebook.com was loaded after accepting (image) and is not declared.",
    ]
    assert "Scripts keep values in the browser's storage, which consentkit does not see: visits." in found["notes"]
