"""What goes into one page of the app (see `rewrite.Insertions`)."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field, replace
from urllib.parse import quote

from consentkit.controls import placeholder
from consentkit.controls.addresses import gap_values, target, without_field
from consentkit.controls.facts import Hints
from consentkit.controls.parts import Parts
from consentkit.controls.reader import View
from consentkit.controls.serving import Serving
from consentkit.controls.sheets import nonce_attribute
from consentkit.controls.status import fresh_status
from consentkit.cookies import VIEWS
from consentkit.decide import Asking, Decision
from consentkit.log.notice import Notice
from consentkit.response.delivery import Delivery
from consentkit.rewrite import Held
from consentkit.rewrite import Page as HostPage
from consentkit.visit import OWN_PARAMETER, VIEW_PARAMETER, Visit
from consentkit.vocabulary import Layer

# Characters that a visitor sent and that a likeness may hold: a process keeps many of these.
MAX_SENT = 400


@dataclass(unsafe_hash=True)
class Likeness:
    """All that the bytes of a composition depend on beside the page: where it is equal, so are they."""

    of: tuple[Hashable, ...]
    #: The notice that was asked with, as in `Composed`, once it is known.
    asked: Notice | None = field(default=None, compare=False)


class Composed:
    """The insertions of one response. Made for it and thrown away with it."""

    def __init__(
        self,
        parts: Parts,
        serving: Serving,
        decision: Decision,
        visit: Visit,
        delivery: Delivery,
        hints: Hints,
        *,
        shared: bool = False,
    ) -> None:
        self._parts = parts
        self._setter = parts.setter
        self._serving = serving
        self._decision = decision
        self._visit = visit
        self._delivery = delivery
        self._hints = hints
        self._shared = shared
        self._values: Mapping[str, bytes] | None = None
        self._styled = False
        self._stubbed: set[tuple[str | None, str]] = set()
        #: The notice that the page asks with, once its body has begun; None when it asks nothing.
        self.asked: Notice | None = None
        self._likeness: Likeness | None = None

    @property
    def likeness(self) -> Likeness | None:
        """None for a composition that is like no other: a nonce is new each time, and a query may be somebody's own."""
        visit, decision = self._visit, self._decision
        sent = len(visit.target) + len(visit.root_path) + len(self._hints.accept_language)
        if self._likeness is None and not self._delivery.nonce and not visit.query and sent <= MAX_SENT:
            place = (visit.target, visit.root_path, visit.scheme, visit.host, visit.method, visit.device)
            status = fresh_status(self._setter.site, decision, visit)
            self._likeness = Likeness((decision, status, place, self._hints, self._delivery, self._shared))
        return self._likeness

    def early(self, page: HostPage) -> bytes:
        """For the start of the head, before its first script."""
        sheets = self._setter.sheets
        if page.amp or not (sheets.shared or sheets.signals):
            return b""
        base = self._gaps(page)["base"]
        told = sheets.tell(self._decision, self._delivery, base)
        if sheets.shared and (self._shared or self._visit.wants_own):
            return sheets.shared.start(self._delivery, base, shared=self._shared) + told
        return told

    def late(self, page: HostPage) -> bytes:
        """For the end of the head."""
        if page.amp:
            return b""
        # What the app laid out for this view itself is not laid out anew.
        decision = replace(self._decision, view=None) if self._hints.native else self._decision
        base = self._gaps(page)["base"]
        return self._parts.head(decision, self._delivery, page.viewport, base, shared=self._shared)

    def body(self, page: HostPage) -> bytes:
        """For the start of the body."""
        if page.amp:
            return b""
        language = self._language(page)
        question = self._setter.question(self._decision)
        if question.asking is not Asking.NOTHING:
            self.asked = self._serving.serve(language, Layer.BANNER, question).notice
            if self._likeness is not None:
                self._likeness.asked = self.asked
        shape = self._parts.shape(self._decision, self._visit, language, page.viewport)
        return self._parts.body(shape).fill({**self._gaps(page), **self._next_view(shape.view)})

    def stubs(self, held: Held, page: HostPage) -> bytes:
        """For the place before a held script whose globals others call; once for each company and set of them."""
        if page.amp or (held.vendor, held.stubs) in self._stubbed:
            return b""
        is_first = not self._stubbed
        self._stubbed.add((held.vendor, held.stubs))
        return self._setter.sheets.stand_in(held, self._delivery, self._gaps(page)["base"], is_first=is_first)

    def placeholder(self, held: Held, element: str, page: HostPage, attributes: Mapping[str, str]) -> bytes:
        """For the place before a held frame or player."""
        size = placeholder.size(attributes)
        if page.amp or not size.is_visible:
            return b""
        asked = self._setter.question(self._decision)
        host = "" if held.vendor else placeholder.host(attributes)
        # The sheet comes with the first of them: pages without held frames need none.
        styled, self._styled = self._styled, True
        return self._parts.placeholder(self._language(page), asked, held, host, size, styled).fill(self._gaps(page))

    def slot(self, name: str, page: HostPage) -> bytes:
        """For an empty `<div>` that the page has for us."""
        if page.amp:
            return b""
        slot = self._parts.slot_of(name, self._decision, self._visit, self._language(page), page.viewport)
        return self._parts.slot(slot).fill({**self._gaps(page), **self._next_view(slot.view)})

    def _language(self, page: HostPage) -> str:
        hints = self._hints
        candidates = (hints.app, page.lang, page.content_language, hints.content_language)
        return self._setter.language(candidates, hints.accept_language)

    def _gaps(self, page: HostPage) -> Mapping[str, bytes]:
        if self._values is None:
            site = self._setter.site
            next = target(self._visit)
            if self._visit.wants_own and site.shared:
                next = without_field(next, OWN_PARAMETER)
            values = gap_values(site, self._visit, next=next, absolute=page.has_base)
            self._values = {**values, "nonce": nonce_attribute(self._delivery)}
        return self._values

    def _next_view(self, view: View | None) -> Mapping[str, bytes]:
        """Where the link to another version leads: a page for everyone is in the version that its address names."""
        if view is None or not self._shared:
            return {}
        next = without_field(target(self._visit), f"{VIEW_PARAMETER}={self._visit.view_parameter}")
        if view.to in VIEWS:
            next += f"{'&' if '?' in next else '?'}{VIEW_PARAMETER}={view.to}"
        return {"view": quote(next, safe="/").encode("ascii")}
