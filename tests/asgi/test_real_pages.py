"""Sixty saved pages of the wild, served by the demo as `python -m demo_app DIR` does."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import quote

import pytest

from demo_app import make_app
from tests import needs
from tests.asgi.harness import call, scope_of
from tests.rewrite import oracle

NAMED = os.environ.get("CONSENTKIT_TEST_PAGES", "")
PAGES = sorted(Path(NAMED).glob("*.html")) if NAMED else []
NO_PAGES = [Path("no-pages.html")]


@pytest.mark.parametrize("file", PAGES or NO_PAGES, ids=lambda file: file.name)
@pytest.mark.parametrize("scripting", [True, False], ids=["scripting", "no scripting"])
async def test_a_real_page_keeps_its_tree(tmp_path: Path, file: Path, scripting: bool) -> None:
    """
    Every page gets the root once and parses to its own tree plus our parts.
    """
    needs.folder("CONSENTKIT_TEST_PAGES", "saved pages")
    app = make_app(8000, folder=file.parent, log=f"sqlite:///{tmp_path}/consent.db")
    headers = {
        "host": "localhost:8000",
        "accept": "text/html",
        "sec-fetch-mode": "navigate",
        "sec-fetch-dest": "document",
    }
    exchange = await call(app, scope_of("/" + file.name, headers=headers, raw_path=quote("/" + file.name).encode()))
    page = file.read_bytes()

    assert exchange.status == 200
    assert exchange.body.count(b'id="ckit-root"') == 1
    assert oracle.without_ours(oracle.tree(exchange.body, scripting=scripting)) == oracle.without_ours(
        oracle.tree(page, scripting=scripting)
    )
