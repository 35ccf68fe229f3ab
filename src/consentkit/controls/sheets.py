"""What goes to the end of the head: our style and script, the text size, and the view.

Inside the page where its policy lets us, for then nothing has to be fetched before the first paint; else as files.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
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


_HEAD = b' data-ckit-ui="head"'


@dataclass(frozen=True)
class Sheets:
    """What stands in the page. `styles`: by whether something is asked, and by whether a text size is active.

    `scripts`: by whether something is asked.
    """

    styles: Mapping[tuple[bool, bool], Sheet]
    scripts: Mapping[bool, Sheet]
    view: Sheet
    style_file: Asset
    script_file: Asset
    text_file: Asset
    placeholder_style: Asset
    page_style: Asset
    page_script: Asset
    grows_by_script: bool

    @property
    def assets(self) -> tuple[Asset, ...]:
        return (
            self.style_file,
            self.script_file,
            self.text_file,
            self.placeholder_style,
            self.page_style,
            self.page_script,
        )

    def head(self, decision: Decision, delivery: Delivery, *, asks: bool, viewport: str | None, base: bytes) -> bytes:
        """The bytes for the end of the head. `base`: our prefix as an attribute holds it."""
        attributes = _HEAD + nonce_attribute(delivery)
        parts = [
            self._style(decision, delivery, attributes, base, asks),
            self._root_size(decision, delivery, attributes),
            self._view(decision, delivery, attributes, viewport),
            self._script(decision, delivery, attributes, base, asks),
        ]
        return b"".join(parts)

    def style(self, decision: Decision, *, asks: bool) -> Sheet:
        return self.styles[asks, decision.text_size is not None]

    def _style(self, decision: Decision, delivery: Delivery, attributes: bytes, base: bytes, asks: bool) -> bytes:
        if delivery.style_inline:
            return _inline(b"style", attributes, self.style(decision, asks=asks))
        href = base + b"/assets/" + self.style_file.name.encode("ascii")
        return b'<link rel="stylesheet" href="' + href + b'"' + attributes + b"/>"

    def _root_size(self, decision: Decision, delivery: Delivery, attributes: bytes) -> bytes:
        # With script every text is measured and grows by itself; the root would make it grow twice.
        if not (decision.text_size and self.grows_by_script and delivery.style_inline):
            return b""
        size = f"html[data-ckit-text]{{font-size:calc(var(--ckit-root-size,100%)*{decision.text_size / 100:g})}}"
        return b"<noscript" + _HEAD + b">" + _inline(
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
        deferred = attributes + b' defer="defer"'
        # Not deferred: it has to be there before the first text is parsed. Who has a size active has it in the cache.
        grows = decision.text_size is not None
        parts = [_file(self.text_file, attributes, base)] if grows else []
        if delivery.script_inline:
            parts.append(_inline(b"script", attributes, self.scripts[asks]))
        # A banner works at once, so its script stands in the page; later the file comes out of the cache.
        if not (asks and delivery.script_inline):
            parts.append(_file(self.script_file, deferred, base))
        return b"".join(parts)


def sheets(site: Site) -> Sheets:
    """Everything that `site` needs and nothing else, read and named once."""
    grows_by_script = site.text_size == "any"
    styles = {
        (asks, grows): files.style(*_style_names(site, asks=asks, grows=grows)).plus(_root_rule(site, grows=grows))
        for asks in (True, False)
        for grows in (True, False)
    }
    # A site sized in rem grows by its root, so its file holds the panel alone.
    parts = [files.script("text")] * grows_by_script + [files.script("sizes")]
    text = files.asset("text", JS, Sheet("\n".join(part.text for part in parts)))
    whole = files.script("ckit", "page", "choice").naming(TEXT_FILE=text.name)
    view = files.style("view")
    return Sheets(
        styles=styles,
        scripts={True: whole, False: files.script("ckit")},
        view=view,
        style_file=files.asset("ui", CSS, styles[True, True].plus(view.text)),
        script_file=files.asset("ui", JS, whole),
        text_file=text,
        placeholder_style=files.asset("placeholder", CSS, files.style("placeholder")),
        page_style=files.asset("preferences", CSS, files.style("preferences", "scale")),
        page_script=files.asset("preferences", JS, files.script("preferences")),
        grows_by_script=grows_by_script,
    )


def _style_names(site: Site, *, asks: bool, grows: bool) -> Iterator[str]:
    fixed = site.position != "static"
    yield "reader"
    yield from ["fixed"] * fixed
    yield from ["end"] * (site.bar_position == "end")
    if asks:
        yield "banner"
        yield from ["banner_fixed"] * fixed
        yield from ["top"] * (site.position == "top")
    # Another size than the one that the page came with is set by script, which brings the others along.
    yield from ["scale"] * (grows or site.text_size == "root")


def _root_rule(site: Site, *, grows: bool) -> str:
    if site.text_size == "root":
        return _ROOT
    return f"@media (scripting:none){{{_ROOT}}}" if grows else ""


def nonce_attribute(delivery: Delivery) -> bytes:
    return to_ascii(f' nonce="{escape(delivery.nonce)}"') if delivery.nonce else b""


def _inline(element: bytes, attributes: bytes, sheet: Sheet) -> bytes:
    return b"<" + element + attributes + b">" + sheet.text.encode("ascii") + b"</" + element + b">"


def _file(asset: Asset, attributes: bytes, base: bytes) -> bytes:
    return b'<script src="' + base + b"/assets/" + asset.name.encode("ascii") + b'"' + attributes + b"></script>"
