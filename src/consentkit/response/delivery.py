"""How our style and script may reach a page: what the app's own Content-Security-Policy leaves open."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Delivery:
    """`nonce`: the page's own, put on our elements. A piece that may not stand in the page comes as a file."""

    nonce: str = ""
    style_inline: bool = True
    script_inline: bool = True


INLINE = Delivery()
