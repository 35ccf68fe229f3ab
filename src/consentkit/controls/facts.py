"""The small frozen values that cross between controls and those who use them."""

from __future__ import annotations

from dataclasses import dataclass

from consentkit.vocabulary import Layer


@dataclass(frozen=True)
class Hints:
    """What else says in which language a page is. `app`: the app's own word; it wins over `<html lang>`."""

    app: str | None = None
    content_language: str | None = None
    accept_language: str = ""
    #: The app answered in the chosen view itself (`X-View: native`), so its page is not laid out anew.
    native: bool = False


@dataclass(frozen=True)
class Page:
    """A whole page of our own, and the tag of the language that it speaks."""

    html: bytes
    language: str


@dataclass(frozen=True)
class Shown:
    """What a view token says was on the page. `digest` names the notice (see `log.Notice`).

    `restricted`: purposes that the app had taken away there, so that nobody was asked about them.
    """

    layer: Layer
    language: str
    digest: str
    restricted: frozenset[str] = frozenset()
