"""What crosses between the rewriter and those who compose what it inserts."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from consentkit.rewrite.rules import Held


class Inserting(enum.Enum):
    """Whether a body is to get insertions."""

    ALWAYS = enum.auto()
    #: Things are only held back.
    NEVER = enum.auto()
    #: As ALWAYS, unless the body turns out to be a fragment: neither doctype, html, head nor body is in the
    #: first 1,024 bytes of its markup.
    UNLESS_FRAGMENT = enum.auto()


@dataclass(frozen=True, slots=True)
class Page:
    """What has been learned of the page so far, when an insertion is asked for."""

    #: `<html lang>`, entities decoded; `xml:lang` counts when `lang` is absent.
    lang: str | None = None
    #: `<meta http-equiv=content-language>`.
    content_language: str | None = None
    #: A `<base>` was seen, so relative URLs and targets of ours would go astray.
    has_base: bool = False
    #: The content of the page's own `<meta name=viewport>`; the last one wins, as in browsers.
    viewport: str | None = None
    #: `<html amp>` or `<html ⚡>`.
    amp: bool = False


class Insertions(Protocol):
    """What goes into the page. Each returns ASCII bytes, b"" for nothing; each of the first three is asked once."""

    def early(self, page: Page) -> bytes:
        """In the head, before its first script, style, link or noscript, else at its end."""

    def late(self, page: Page) -> bytes:
        """At the end of the head. Has to begin with a style, script, noscript, link, meta or template."""

    def body(self, page: Page) -> bytes:
        """At the start of the body."""

    def stubs(self, held: Held, page: Page) -> bytes:
        """Before a held script with `stubs`: a script that makes them."""

    def placeholder(self, held: Held, element: str, page: Page, attributes: Mapping[str, str]) -> bytes:
        """Before a held iframe, video, audio, embed or object. Only phrasing content.

        `attributes`: what is there of width, height, title and src, entities decoded.
        """

    def slot(self, name: str, page: Page) -> bytes:
        """In an empty `<div>` of the page that is a slot of that name (see `Rules.slots`). Flow content without ids."""
