"""What goes to the end of the head: our style and script, the text size, and the view.

Inside the page where its policy lets us, for then nothing has to be fetched before the first paint; else as files.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from consentkit.controls import assets as files
from consentkit.controls.assets import CSS, JS, Asset, Sheet
from consentkit.controls.fragment import to_ascii
from consentkit.controls.reader import is_responsive
from consentkit.decide import Decision
from consentkit.response.delivery import Delivery
from consentkit.settings import Site
from consentkit.templates import escape

# A desktop version on a phone: wide enough for the largest common breakpoint, 1200 px; a browser's own 980 px
# does not reach one of 1000. Without initial-scale, which would show a corner of it.
DESKTOP = "width=1280"
MOBILE = "width=device-width, initial-scale=1"

# Text given in rem and % grows with the root. --ckit-root-size is for sites that made their root smaller (62.5%).
_ROOT = "html[data-ckit-text]{font-size:calc(var(--ckit-root-size,100%)*var(--ckit-scale))}"


@dataclass(frozen=True)
class Sheets:
    """`styles`: by whether something is asked. `scripts`: by that, and by whether a size is active."""

    styles: Mapping[bool, Sheet]
    scripts: Mapping[tuple[bool, bool], Sheet]
    view: Sheet
    style_file: Asset
    script_file: Asset
    text_file: Asset
    page_style: Asset
    page_script: Asset
    grows_by_script: bool

    @property
    def assets(self) -> tuple[Asset, ...]:
        return (self.style_file, self.script_file, self.text_file, self.page_style, self.page_script)

    def script(self, asks: bool, text_size: int | None) -> Sheet:
        return self.scripts[asks, bool(text_size) and self.grows_by_script]

    def head(self, decision: Decision, delivery: Delivery, *, asks: bool, viewport: str | None, base: bytes) -> bytes:
        """The bytes for the end of the head. `base`: our prefix as an attribute holds it."""
        nonce = f' nonce="{escape(delivery.nonce)}"' if delivery.nonce else ""
        attributes = to_ascii(f' data-ckit-ui="head"{nonce}')
        parts = [
            self._style(delivery, attributes, base, asks),
            self._root_size(decision, delivery, attributes),
            self._view(decision, delivery, attributes, viewport),
            self._script(decision, delivery, attributes, base, asks),
        ]
        return b"".join(parts)

    def _style(self, delivery: Delivery, attributes: bytes, base: bytes, asks: bool) -> bytes:
        if delivery.style_inline:
            return _inline(b"style", attributes, self.styles[asks])
        href = base + b"/assets/" + self.style_file.name.encode("ascii")
        return b'<link rel="stylesheet" href="' + href + b'"' + attributes + b"/>"

    def _root_size(self, decision: Decision, delivery: Delivery, attributes: bytes) -> bytes:
        # With script every text is measured and grows by itself; the root would make it grow twice.
        if not (decision.text_size and self.grows_by_script and delivery.style_inline):
            return b""
        size = f"html[data-ckit-text]{{font-size:calc(var(--ckit-root-size,100%)*{decision.text_size / 100:g})}}"
        return b"<noscript" + attributes[: len(b' data-ckit-ui="head"')] + b">" + _inline(
            b"style", attributes, Sheet(size)
        ) + b"</noscript>"  # fmt: skip

    def _view(self, decision: Decision, delivery: Delivery, attributes: bytes, viewport: str | None) -> bytes:
        if decision.view is None:
            return b""
        content = MOBILE if decision.view == "mobile" else DESKTOP
        meta = b'<meta name="viewport" content="' + content.encode("ascii") + b'" data-ckit-ui="head"/>'
        if decision.view == "mobile" and not is_responsive(viewport) and delivery.style_inline:
            return meta + _inline(b"style", attributes, self.view)
        return meta

    def _script(self, decision: Decision, delivery: Delivery, attributes: bytes, base: bytes, asks: bool) -> bytes:
        if delivery.script_inline:
            return _inline(b"script", attributes, self.script(asks, decision.text_size))
        script = _file(self.script_file, attributes + b' defer="defer"', base)
        if decision.text_size and self.grows_by_script:
            # Not deferred: it has to be there before the first text is parsed.
            return _file(self.text_file, attributes, base) + script
        return script


def sheets(site: Site) -> Sheets:
    """Everything that `site` needs, read and named once."""
    grows_by_script = site.text_size == "any"
    root = Sheet("" if site.text_size is None else f"@media (scripting:none){{{_ROOT}}}" if grows_by_script else _ROOT)
    styles = {
        asks: Sheet(files.style("reader", *(["banner"] if asks else [])).text + root.text) for asks in (True, False)
    }
    whole, later, text = ("ckit", "choice", "sizes"), ("ckit", "later"), files.script("text")
    scripts = {
        (asks, active): Sheet(files.script(*(whole if asks else later)).text + ("\n" + text.text if active else ""))
        for asks in (True, False)
        for active in (True, False)
    }
    view = files.style("view")
    return Sheets(
        styles=styles,
        scripts=scripts,
        view=view,
        style_file=files.asset("ui", CSS, Sheet(styles[True].text + view.text)),
        script_file=files.asset("ui", JS, files.script(*whole)),
        text_file=files.asset("text", JS, text),
        page_style=files.asset("preferences", CSS, files.style("preferences")),
        page_script=files.asset("preferences", JS, files.script("preferences")),
        grows_by_script=grows_by_script,
    )


def _inline(element: bytes, attributes: bytes, sheet: Sheet) -> bytes:
    return b"<" + element + attributes + b">" + sheet.text.encode("ascii") + b"</" + element + b">"


def _file(asset: Asset, attributes: bytes, base: bytes) -> bytes:
    return b'<script src="' + base + b"/assets/" + asset.name.encode("ascii") + b'"' + attributes + b"></script>"
