"""The Drina Courier: a small regional newspaper to try consentkit on.

`app` is the newspaper behind consentkit, `bare` the same newspaper without it, `site` its settings.
`python -m demo_app` serves it; so does any ASGI server: `uvicorn demo_app:app`.
"""

from __future__ import annotations

from pathlib import Path

from starlette.types import ASGIApp

from consentkit import ConsentMiddleware, Site

from .configuration import DATA, courier, log_in
from .folder import SavedPages
from .hosts import ByHost
from .newspaper import Newspaper
from .third_parties import ThirdParties

__all__ = ["app", "bare", "make_app", "site"]


def make_app(
    port: int | None = None,
    folder: Path | None = None,
    wrapped: bool = True,
    log: str | None = None,
) -> ASGIApp:
    """The whole demo as one app: newspaper, unprotected copy and three third parties, told apart by Host.

    `port`: where the third parties answer; by default the port that each request came to.
    `folder`: serve the saved pages in it instead of the newspaper.
    `wrapped`: whether the newspaper (or the folder) stands behind consentkit; `bare.localhost` never does.
    `log`: database URL of the consent log; by default in `consentkit-demo` in the system's temporary folder.
    """
    third_parties = ThirdParties()
    pages: ASGIApp = SavedPages(folder).app() if folder else Newspaper(third_parties, port=port).app()
    hosts: dict[str, ASGIApp] = {party.host: party.app() for party in third_parties}
    return ByHost(
        {**hosts, "bare.localhost": pages},
        otherwise=ConsentMiddleware(pages, courier(log or default_log())) if wrapped else pages,
    )


def default_log() -> str:
    DATA.mkdir(parents=True, exist_ok=True)
    return log_in(DATA)


app: ASGIApp
bare: ASGIApp
site: Site


def __getattr__(name: str) -> ASGIApp | Site:
    """Build `app`, `bare` and `site` when first asked for: importing alone makes no folder."""
    if name == "app":
        made: ASGIApp | Site = make_app()
    elif name == "bare":
        made = make_app(wrapped=False)
    elif name == "site":
        made = courier(default_log())
    else:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = made
    return made
