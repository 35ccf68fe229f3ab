"""`consentkit preview`: every state that the site has, each a page of the real middleware."""

from __future__ import annotations

from pathlib import Path

import httpx2
import pytest
from bs4 import BeautifulSoup

from consentkit.cli.preview import STATES, Preview, address
from tests.controls.visitors import PRIVACY, TERMS, site

# What has to be on the picture of a state, in English.
SHOWS = {
    "first": "Reject all",
    "gpc": "We honour that",
    "notice": "Accept",
    "terms": "terms",
    "accepted": "You accepted all",
    "rejected": "You rejected",
    "saved": "Your choices are saved",
    "dialog": "ckit.open()",
    "preferences": "Withdraw",
    "asked again": "The page you came from was out of date, so nothing was switched on",
    "receipt": "reject_all",
    "size": "150%",
    "no receipt": "receipt",
    "not found": "not",
}


def client(app: Preview) -> httpx2.AsyncClient:
    return httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://localhost")


@pytest.mark.parametrize("tag", ["en", "ar"])
async def test_every_state_is_a_page_of_the_middleware(tmp_path: Path, tag: str) -> None:
    """
    The overview names each, and its frame shows it, in the language, direction and theme that was asked for.
    """
    app = Preview(site(gpc_purposes=["media"]), tmp_path)
    async with client(app) as asked:
        overview = BeautifulSoup((await asked.get(f"/?lang={tag}&theme=paper&scheme=dark")).text, "html.parser")
        frames = [str(frame["src"]) for frame in overview.select("iframe")]
        pages = {state: (await asked.get(address(state, lang=tag, theme="paper", scheme="dark"))) for state in STATES}
    await app._sites[""]._workshop.log.close()

    assert frames == [address(state, theme="paper", scheme="dark", lang=tag) for state in STATES]
    for state, answer in pages.items():
        page = BeautifulSoup(answer.text, "html.parser")
        assert page.html is not None
        assert (page.html["lang"], page.html["dir"]) == (tag, "rtl" if tag == "ar" else "ltr"), state
        assert "#221f1a" in answer.text, state
        assert tag == "ar" or SHOWS[state].lower() in answer.text.lower(), state


def test_states_that_a_site_does_not_have_are_left_out(tmp_path: Path) -> None:
    """
    Without purposes there is no choice to show; without terms none of them can be new.
    """
    assert "terms" not in Preview(site(policies=[PRIVACY]), tmp_path).states
    assert Preview(site(purposes=[], policies=[TERMS]), tmp_path).states == [
        "notice",
        "terms",
        "size",
        "no receipt",
        "not found",
    ]


async def test_records_go_nowhere(tmp_path: Path) -> None:
    """
    A choice that is made in the preview lies in a file that is thrown away, and its address is this machine's.
    """
    settings = site(url="https://courier.example", log=f"sqlite:///{tmp_path / 'real.db'}")
    app = Preview(settings, tmp_path)
    async with client(app) as asked:
        answer = await asked.post(
            "/_ckit/choice", data={"action": "reject_all"}, headers={"sec-fetch-site": "same-origin"}
        )
    await app._sites[""]._workshop.log.close()

    assert answer.status_code == 303
    assert "__Host-" not in str(answer.headers)
    assert not (tmp_path / "real.db").exists()
