"""What goes to the end of the head: our style and script, the text size, and the view.

Inside the page where its policy lets us, for then nothing has to be fetched before the first paint; else as files.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from consentkit.controls import assets as files
from consentkit.controls.assets import CSS, JS, Asset, Sheet
from consentkit.controls.fragment import to_ascii
from consentkit.controls.reader import is_responsive
from consentkit.controls.signals import now, signals
from consentkit.cookies import TEXT_SIZES
from consentkit.decide import Decision, offer
from consentkit.response.delivery import Delivery
from consentkit.rewrite import Held
from consentkit.settings import Site
from consentkit.settings.site import vendors_of
from consentkit.templates import escape

# A desktop version on a phone: wide enough for the largest common breakpoint, 1200 px; a browser's own 980 px
# does not reach one of 1000. Without initial-scale, which would show a corner of it.
DESKTOP = "width=1280"
MOBILE = "width=device-width, initial-scale=1"

# Text given in rem and % grows with the root. --ckit-root-size is for sites that made their root smaller (62.5%).
_ROOT = "html{chosen}{{font-size:calc(var(--ckit-root-size,100%)*{ratio:g})}}"

# What `text_size="article"` means; of nested ones the outermost.
_ARTICLE = "main,article,[role=main]"
_IN_ARTICLE = f"html{{chosen}} :is({_ARTICLE}):not(:is({_ARTICLE}) *){{{{font-size:{{ratio:g}}em}}}}"

# The body is zoomed and our own part of it is not, for that has a scale of its own.
_ZOOM = "html{chosen} body{{zoom:{ratio:g}}}html{chosen} #ckit-root{{zoom:calc(1/{ratio:g})}}"

# What makes every text grow, in the order in which its parts build on each other.
_TEXT = tuple(
    f"text/{part}" for part in ("marks", "find", "measure", "grow", "relax", "part", "whole", "slices", "watch")
)

_HEAD = b' data-ckit-ui="head"'

# How a page is fetched again. Where it may be the same for everyone its address alone would give that copy again.
_RELOAD = "location.reload()"
_OWN = 'location.href.replace(/(?=#|$)/, (location.search ? "&" : "?") + "ckit=1")'
_OWN_RELOAD = (
    f'if (doc.querySelector("script[data-ckit-anyone]")) history.replaceState(history.state, "", {_OWN});\n{_RELOAD}'
)

# On a page for everyone the size comes by script, so without script the control would change nothing.
_NO_SIZES = "@media (scripting:none){#ckit-root [data-ckit-says]{display:none}}"


@dataclass(frozen=True)
class Shared:
    """What stands in pages that are the same for everyone. `styles`, `script`: at the end of the head. `early`: at its
    start, also in the page that a visitor gets in place of such a one.
    """

    styles: Mapping[bool, Sheet]
    script: Sheet
    early: Sheet
    style_file: Asset
    script_file: Asset
    early_file: Asset

    def start(self, delivery: Delivery, base: bytes, *, shared: bool) -> bytes:
        """The bytes for the start of the head. Not deferred: it has to run before anything is painted."""
        attributes = _HEAD + nonce_attribute(delivery) + b' data-ckit-anyone="' + (base if shared else b"") + b'"'
        if delivery.script_inline:
            return _inline(b"script", attributes, self.early)
        return _file(self.early_file, attributes, base)

    def end(self, delivery: Delivery, base: bytes, *, asks: bool) -> tuple[bytes, bytes]:
        """Style and script for the end of the head."""
        attributes = _HEAD + nonce_attribute(delivery)
        if delivery.style_inline:
            style = _inline(b"style", attributes, self.styles[asks])
        else:
            style = _sheet(self.style_file, attributes, base)
        if delivery.script_inline:
            return style, _inline(b"script", attributes, self.script)
        return style, _file(self.script_file, attributes + b' defer=""', base)


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
    #: The sheet of the mobile version where no style may stand in the page, and the check after it.
    view_file: Asset
    mobile_file: Asset
    #: What stands in for globals of held scripts: the first on a page, and further ones.
    stubs: tuple[Sheet, Sheet]
    stubs_file: Asset
    #: What tags are told about consent, and its file; None where nobody listens.
    signals: tuple[Sheet, Asset] | None
    #: What runs scripts that come alive.
    revive_file: Asset
    #: What keeps typed fields when a page is fetched again.
    keep_file: Asset
    placeholder_style: Asset
    page_style: Asset
    page_script: Asset
    dialog_file: Asset
    grows_by_script: bool
    #: The rule of a size where there is no script to measure.
    plain_size: str
    #: None where no page is the same for everyone.
    shared: Shared | None

    @property
    def assets(self) -> tuple[Asset, ...]:
        return (
            self.style_file,
            self.script_file,
            self.text_file,
            self.view_file,
            self.mobile_file,
            self.stubs_file,
            *((self.signals[1],) if self.signals else ()),
            self.revive_file,
            self.keep_file,
            self.placeholder_style,
            self.page_style,
            self.page_script,
            self.dialog_file,
            *((self.shared.style_file, self.shared.script_file, self.shared.early_file) if self.shared else ()),
        )

    def shared_head(
        self, shared: Shared, decision: Decision, delivery: Delivery, *, asks: bool, viewport: str | None, base: bytes
    ) -> bytes:
        """As `head`, for a page that is the same for everyone; a view is then part of its address."""
        style, script = shared.end(delivery, base, asks=asks)
        return style + self._view(decision, delivery, _HEAD + nonce_attribute(delivery), viewport, base) + script

    def head(self, decision: Decision, delivery: Delivery, *, asks: bool, viewport: str | None, base: bytes) -> bytes:
        """The bytes for the end of the head. `base`: our prefix as an attribute holds it."""
        attributes = _HEAD + nonce_attribute(delivery)
        parts = [
            self._style(decision, delivery, attributes, base, asks),
            self._root_size(decision, delivery, attributes),
            self._view(decision, delivery, attributes, viewport, base),
            self._script(decision, delivery, attributes, base, asks),
        ]
        return b"".join(parts)

    def inline(
        self, decision: Decision, *, asks: bool, shared: bool, own: bool
    ) -> tuple[tuple[Sheet, ...], tuple[Sheet, ...]]:
        """Every style and every script that such a page may carry inside. Which stubs it needs shows only later."""
        everyone = self.shared if shared else None
        styles = [everyone.styles[asks] if everyone else self.style(decision, asks=asks)]
        size = self._plain_size(decision)
        styles += [size] if size and not everyone else []
        styles += [self.view] if decision.view == "mobile" else []
        scripts = [everyone.script if everyone else self.scripts[asks]]
        scripts += [self.shared.early] if self.shared and (shared or own) else []
        scripts += [self.signals[0]] if self.signals else []
        return tuple(styles), (*scripts, *self.stubs)

    def tell(self, decision: Decision, delivery: Delivery, base: bytes) -> bytes:
        """What tells tags about consent, for the start of the head. Not deferred: it comes before every tag."""
        if self.signals is None:
            return b""
        sheet, file = self.signals
        attributes = _HEAD + nonce_attribute(delivery) + to_ascii(f' data-ckit-now="{escape(now(decision))}"')
        return _inline(b"script", attributes, sheet) if delivery.script_inline else _file(file, attributes, base)

    def stand_in(self, held: Held, delivery: Delivery, base: bytes, *, is_first: bool) -> bytes:
        """What stands before a held script, in place of the globals that it would have made."""
        attributes = _HEAD + nonce_attribute(delivery) + to_ascii(f' data-ckit-stubs="{escape(held.stubs)}"')
        if held.vendor:
            attributes += to_ascii(f' data-ckit-of="{escape(held.vendor)}"')
        if delivery.script_inline:
            return _inline(b"script", attributes, self.stubs[not is_first])
        return _file(self.stubs_file, attributes, base)

    def style(self, decision: Decision, *, asks: bool) -> Sheet:
        return self.styles[asks, decision.text_size is not None]

    def _style(self, decision: Decision, delivery: Delivery, attributes: bytes, base: bytes, asks: bool) -> bytes:
        if delivery.style_inline:
            return _inline(b"style", attributes, self.style(decision, asks=asks))
        return _sheet(self.style_file, attributes, base)

    def _root_size(self, decision: Decision, delivery: Delivery, attributes: bytes) -> bytes:
        size = self._plain_size(decision)
        if size is None or not delivery.style_inline:
            return b""
        return b"<noscript" + _HEAD + b">" + _inline(b"style", attributes, size) + b"</noscript>"

    def _plain_size(self, decision: Decision) -> Sheet | None:
        """The rule of a size for browsers without script. With it every text is measured and grows by itself, and the
        root would make it grow twice."""
        if not decision.text_size or not self.grows_by_script:
            return None
        return Sheet(self.plain_size.format(chosen="[data-ckit-text]", ratio=decision.text_size / 100))

    def _view(
        self, decision: Decision, delivery: Delivery, attributes: bytes, viewport: str | None, base: bytes
    ) -> bytes:
        if decision.view is None:
            return b""
        content = MOBILE if decision.view == "mobile" else DESKTOP
        meta = b'<meta name="viewport" content="' + content.encode("ascii") + b'" data-ckit-ui="head"/>'
        if decision.view == "desktop":
            return meta
        inline = delivery.style_inline
        sheet = _inline(b"style", attributes, self.view) if inline else _sheet(self.view_file, attributes, base)
        check = _file(self.mobile_file, attributes + b' defer=""', base)
        return meta + check if is_responsive(viewport) else meta + sheet + check

    def _script(self, decision: Decision, delivery: Delivery, attributes: bytes, base: bytes, asks: bool) -> bytes:
        deferred = attributes + b' defer=""'
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
    grows_by_script = site.text_size in ("any", "article")
    styles = {
        (asks, grows): files.style(*_style_names(site, asks=asks, grows=grows)).plus(_root_rule(site, grows=grows))
        for asks in (True, False)
        for grows in (True, False)
    }
    # A site sized in rem grows by its root, so its file holds the panel alone.
    scope = _ARTICLE if site.text_size == "article" else "html"
    parts = [files.script(*_TEXT).naming(TEXT_SCOPE=scope)] * grows_by_script + [files.script("sizes")]
    text = files.asset("text", JS, Sheet("\n".join(part.text for part in parts)))
    dialog = files.asset("dialog", JS, files.module("ticks", "dialog"))
    revive = files.asset("revive", JS, files.script("revive"))
    keep = files.asset("keep", JS, files.module("keep"))
    stubs = files.script("stubs"), files.script("stubs_more")
    whole = files.script("ckit", "page", "choice").naming(
        TEXT_FILE=text.name,
        REVIVE_FILE=revive.name,
        KEEP_FILE=keep.name,
        **_lock(site),
        DIALOG_FILE=dialog.name,
        RELOAD=_OWN_RELOAD if site.shared else _RELOAD,
    )
    view = files.style("view")
    return Sheets(
        styles=styles,
        scripts={True: whole, False: files.script("ckit")},
        view=view,
        style_file=files.asset("ui", CSS, styles[True, True]),
        script_file=files.asset("ui", JS, whole),
        text_file=text,
        view_file=files.asset("view", CSS, view),
        mobile_file=files.asset("mobile", JS, files.script("mobile")),
        stubs=stubs,
        stubs_file=files.asset("stubs", JS, stubs[0]),
        signals=_signals(site),
        revive_file=revive,
        keep_file=keep,
        placeholder_style=files.asset("placeholder", CSS, files.style("placeholder")),
        page_style=files.asset("preferences", CSS, files.style("preferences", "scale")),
        page_script=files.asset("preferences", JS, files.script("ticks", "preferences")),
        dialog_file=dialog,
        grows_by_script=grows_by_script,
        plain_size=_IN_ARTICLE if site.text_size == "article" else _ROOT,
        shared=_shared(site, styles, text, dialog, revive, keep) if site.shared else None,
    )


def _signals(site: Site) -> tuple[Sheet, Asset] | None:
    told = signals(site)
    if not told:
        return None
    sheet = files.script("signals").naming(SIGNALS=_js(told))
    return sheet, files.asset("signals", JS, sheet)


def _shared(
    site: Site, styles: Mapping[tuple[bool, bool], Sheet], text: Asset, dialog: Asset, revive: Asset, keep: Asset
) -> Shared:
    early = files.script("early").naming(
        NAME=site.cookie_name, GPC=_js(any(p.name in site.gpc_purposes for p in site.asked)), FITS=_fits(site)
    )
    exempt = [[purpose.name, vendor.name] for purpose in site.exempt for vendor in vendors_of(purpose)]
    script = files.script("ckit", "page", "choice", "shared").naming(
        TEXT_FILE=text.name,
        DIALOG_FILE=dialog.name,
        REVIVE_FILE=revive.name,
        KEEP_FILE=keep.name,
        **_lock(site),
        RELOAD=_OWN_RELOAD,
        OWN=_OWN,
        NAME=site.cookie_name,
        EXEMPT=_js(exempt),
        VIEWS=_js(site.mobile is not None),
        SIZES=_js(site.text_size is not None),
        MEASURES=_js(site.text_size in ("any", "article")),
    )
    # Which size a reader wants is not known here, so everything for one is there.
    plain = {asks: styles[asks, True].plus(_NO_SIZES) for asks in (True, False)}
    return Shared(
        styles=plain,
        script=script,
        early=early,
        style_file=files.asset("shared", CSS, plain[True]),
        script_file=files.asset("shared", JS, script),
        early_file=files.asset("early", JS, early),
    )


def _lock(site: Site) -> dict[str, str]:
    """What the second lock forbids in the page, as a selector, and whether frames are among it."""
    forbidden = {"off": ":not(*)", "scripts": "script", "all": "script,iframe,frame,object,embed"}[site.locks]
    return {"LOCKED": forbidden, "LOADS_NONE": _js(site.locks == "all")}


def _fits(site: Site) -> str:
    """A condition in JavaScript: the choice `f` answers what a page for everyone asks. See `decide.must_ask`.

    Where it does not hold the visitor gets a page of their own, so it may be stricter than what the server decides.
    """
    parts = [f"f.o=={_js(offer(site))}"] if site.asked else []
    if site.ask_again:
        parts.append(f"f.d>={(date.fromisoformat(site.ask_again) - date(1970, 1, 1)).days}")
    if site.terms:
        terms = _js("~".join(f"{name}:{version}" for name, version in sorted((p.name, p.version) for p in site.terms)))
        accepted = f"f.t=={terms}"
        if not site.terms_required:
            # Closed is closed; and beside purposes terms are the app's business until they were accepted once.
            accepted = f"(f.t?{accepted}:{'true' if site.asked else f'f.c=={terms}'})"
        parts.append(accepted)
    return "&&".join(parts) or "true"


def _js(value: object) -> str:
    """A value as JavaScript, in ASCII and without what could end a script or begin a reference."""
    text = json.dumps(value, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


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
    yield from ["scale"] * (grows or site.text_size in ("root", "zoom"))


def _root_rule(site: Site, *, grows: bool) -> str:
    if site.text_size == "root":
        return _for_each_size(_ROOT)
    if site.text_size == "zoom":
        return _for_each_size(_ZOOM)
    plain = _IN_ARTICLE if site.text_size == "article" else _ROOT
    return f"@media (scripting:none){{{_for_each_size(plain)}}}" if grows else ""


def _for_each_size(rule: str) -> str:
    sizes = [size for size in TEXT_SIZES if size != 100]
    return "".join(rule.format(chosen=f'[data-ckit-text="{size}"]', ratio=size / 100) for size in sizes)


def nonce_attribute(delivery: Delivery) -> bytes:
    return to_ascii(f' nonce="{escape(delivery.nonce)}"') if delivery.nonce else b""


def _inline(element: bytes, attributes: bytes, sheet: Sheet) -> bytes:
    return b"<" + element + attributes + b">" + sheet.text.encode("ascii") + b"</" + element + b">"


def _sheet(asset: Asset, attributes: bytes, base: bytes) -> bytes:
    href = base + b"/assets/" + asset.name.encode("ascii")
    return b'<link rel="stylesheet" href="' + href + b'"' + attributes + b"/>"


def _file(asset: Asset, attributes: bytes, base: bytes) -> bytes:
    return b'<script src="' + base + b"/assets/" + asset.name.encode("ascii") + b'"' + attributes + b"></script>"
