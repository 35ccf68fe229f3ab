"""What stands in the app's pages, composed once and remembered.

What is shown depends on a handful of things, named by `Shape`; what differs from request to request are the gaps
of a `Fragment`. So a page costs a look-up and a join, and two visitors with the same shape get the same bytes.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from consentkit.controls import placeholder
from consentkit.controls.fragment import MARKS, Fragment
from consentkit.controls.question import NONE, Question
from consentkit.controls.reader import View, reader_bar, view_link
from consentkit.controls.serving import Serving
from consentkit.controls.slots import Slot
from consentkit.controls.slots import values as slot_values
from consentkit.controls.status import fresh_status
from consentkit.controls.typesetter import Typesetter
from consentkit.decide import Asking, Decision
from consentkit.response.delivery import Delivery
from consentkit.rewrite import Held
from consentkit.templates import Markup
from consentkit.visit import Visit
from consentkit.vocabulary import Layer, Regime

# Fragments have 2 to 12 KiB. The bounds keep a process below 8 MiB whatever visitors send.
MAX_FRAGMENTS = 256
MAX_HEADS = 64  # up to 14 KiB each
MAX_SLOTS = 64  # all that a site with fifty companies declares has 30 KiB


@dataclass(frozen=True)
class Shape:
    """All that changes what stands at the start of a body, except addresses."""

    language: str
    question: Question
    granted: frozenset[str]
    vendors: frozenset[str]
    text_size: int | None
    view: View | None
    status: str
    answered_post: bool
    #: Declared companies run until they are refused here, and a link on every page has to say so.
    opt_out: bool = False


class Parts:
    """The parts of one site."""

    def __init__(self, setter: Typesetter, serving: Serving) -> None:
        self.setter = setter
        self._serving = serving
        self._head = lru_cache(maxsize=MAX_HEADS)(self._compose_head)
        #: The start of the body.
        self.body = lru_cache(maxsize=MAX_FRAGMENTS)(self._compose_body)
        #: What stands in the place of a held frame. Its last argument: the sheet of these is there already.
        self.placeholder = lru_cache(maxsize=MAX_FRAGMENTS)(self._compose_placeholder)
        #: What stands in a place of the page's own.
        self.slot = lru_cache(maxsize=MAX_SLOTS)(self._compose_slot)

    def head(self, decision: Decision, delivery: Delivery, viewport: str | None, base: bytes, *, shared: bool) -> bytes:
        """The end of the head."""
        # A nonce is new on each page, so nothing with one in it is remembered.
        compose = self._compose_head if delivery.nonce else self._head
        return compose(decision, delivery, viewport, base, shared)

    def shape(self, decision: Decision, visit: Visit, language: str, viewport: str | None) -> Shape:
        site = self.setter.site
        return Shape(
            language=language,
            question=self.setter.question(decision),
            granted=decision.granted,
            vendors=decision.allowed,
            text_size=decision.text_size,
            view=view_link(site, decision, viewport, visit.device),
            status=fresh_status(site, decision, visit),
            answered_post=visit.method not in ("GET", "HEAD"),
            opt_out=decision.regime is Regime.OPT_OUT,
        )

    def slot_of(self, name: str, decision: Decision, visit: Visit, language: str, viewport: str | None) -> Slot:
        """What makes a difference in the slot of that name."""
        if name == "reader":
            view = view_link(self.setter.site, decision, viewport, visit.device)
            return Slot(name, language, text_size=decision.text_size, view=view)
        # The words of the link say more where what is declared runs until it is refused.
        opt_out = decision.regime is Regime.OPT_OUT
        return Slot(name, language, self.setter.question(decision).denied if opt_out else NONE, opt_out)

    def _compose_head(
        self, decision: Decision, delivery: Delivery, viewport: str | None, base: bytes, shared: bool
    ) -> bytes:
        sheets = self.setter.sheets
        asks = self.setter.question(decision).asking is not Asking.NOTHING
        if shared and sheets.shared:
            return sheets.shared_head(sheets.shared, decision, delivery, asks=asks, viewport=viewport, base=base)
        return sheets.head(decision, delivery, asks=asks, viewport=viewport, base=base)

    def _compose_body(self, shape: Shape) -> Fragment:
        setter = self.setter
        words = setter.words(shape.language)
        asking = shape.question.asking is not Asking.NOTHING
        served = self._serving.serve(shape.language, Layer.BANNER, shape.question) if asking else None
        html = setter.render(
            "root.html",
            gap=MARKS,
            token=served.token if served else "",
            language=words.catalogue.language,
            granted=" ".join(sorted(shape.granted)),
            vendors=" ".join(sorted(shape.vendors)),
            cookie_name=setter.site.cookie_name,
            terms=asking and shape.question.terms_open,
            answered_post=shape.answered_post,
            later=words.text("status.later"),
            banner=Markup(setter.banner(words, shape.question)),
            reader=reader_bar(words, shape.question, shape.text_size, shape.view, opt_out=shape.opt_out),
            status=words.text(shape.status) if shape.status else "",
        )
        return Fragment(html)

    def _compose_placeholder(
        self, language: str, asked: Question, held: Held, host: str, size: placeholder.Size, styled: bool
    ) -> Fragment:
        token = self._serving.serve(language, Layer.PLACEHOLDER, asked).token
        style = "" if styled else self.setter.sheets.placeholder_style.name
        words = self.setter.words(language)
        return Fragment(
            self.setter.placeholder(words, asked, held, host, size, {**MARKS, "token": Markup(token)}, style)
        )

    def _compose_slot(self, slot: Slot) -> Fragment:
        shown = slot_values(self.setter.words(slot.language), slot)
        return Fragment("" if shown is None else self.setter.render("slot.html", gap=MARKS, **shown))
