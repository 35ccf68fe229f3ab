"""Everything that a reader sees of us, composed once and remembered, and filled in for each request.

What is shown depends on a handful of things, named by `_Shape`; what differs from request to request are the gaps
of a `Fragment`. So a page costs a look-up and a join, and two visitors with the same shape get the same bytes.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import product
from typing import Any
from urllib.parse import quote

from consentkit.controls import assets as files
from consentkit.controls import banner as banners
from consentkit.controls import notices, placeholder, preferences
from consentkit.controls.addresses import gap_values, target, without_field
from consentkit.controls.assets import Asset
from consentkit.controls.facts import Hints, Page, Shown
from consentkit.controls.fragment import MARKS, Fragment
from consentkit.controls.question import Question, question, standard
from consentkit.controls.reader import View, reader_bar, view_link
from consentkit.controls.sheets import nonce_attribute, sheets
from consentkit.controls.words import Words
from consentkit.cookies import VIEWS, Seal
from consentkit.decide import Asking, Decision
from consentkit.languages import Catalogues, choose
from consentkit.log.notice import Notice, NoticeButton
from consentkit.response.delivery import Delivery
from consentkit.rewrite import Held
from consentkit.rewrite import Page as HostPage
from consentkit.settings import Site
from consentkit.templates import Markup, Templates
from consentkit.visit import OWN_PARAMETER, VIEW_PARAMETER, Visit
from consentkit.vocabulary import Choice, Layer

# Fragments have 2 to 12 KiB, notices about 10. The bounds keep a process below 8 MiB whatever visitors send.
MAX_FRAGMENTS = 256
MAX_NOTICES = 256
MAX_HEADS = 64  # up to 14 KiB each

# A view token of ours is far shorter; whatever is longer is none.
MAX_TOKEN = 512  # characters

_PREFERENCES_IDS = ("prefs.lead", "prefs.purposes", "prefs.necessary_text", "prefs.vendors_hint", "prefs.others")
_PLACEHOLDER_IDS = ("placeholder.title", "placeholder.text", "placeholder.lifetime")


@dataclass(frozen=True)
class _Shape:
    """All that changes what stands at the start of a body, except addresses."""

    language: str
    question: Question
    granted: frozenset[str]
    vendors: frozenset[str]
    text_size: int | None
    view: View | None
    status: str
    answered_post: bool


@dataclass(frozen=True)
class _Served:
    """A notice and the token that stands beside it."""

    notice: Notice
    token: str


class Controls:
    """The controls of one site. Built once.

    `documents`: policy name to its text, for the notice snapshots; a policy without one is named by its version.
    """

    def __init__(
        self, site: Site, catalogues: Catalogues, view_seal: Seal, *, documents: Mapping[str, str] | None = None
    ) -> None:
        self._site = site
        self._catalogues = catalogues
        self._seal = view_seal
        self._documents = dict(documents or {})
        self._templates = Templates("consentkit.controls")
        self._sheets = sheets(site)
        self.assets: Mapping[str, Asset] = files.by_name(*self._sheets.assets)
        self._notices: dict[str, Notice] = {}
        self._words = lru_cache(maxsize=MAX_FRAGMENTS)(self._make_words)
        self._question = lru_cache(maxsize=MAX_FRAGMENTS)(self._ask)
        self._language = lru_cache(maxsize=1024)(self._choose_language)
        self._head = lru_cache(maxsize=MAX_HEADS)(self._compose_head)
        self._body = lru_cache(maxsize=MAX_FRAGMENTS)(self._compose_body)
        self._held = lru_cache(maxsize=MAX_FRAGMENTS)(self._compose_placeholder)
        self._served = lru_cache(maxsize=MAX_NOTICES)(self._serve)

    # In the app's pages

    def insertions(
        self, decision: Decision, visit: Visit, delivery: Delivery, hints: Hints, *, shared: bool = False
    ) -> Composed:
        """What goes into one page. `shared`: it is the same for everyone, and the visit is `visit.of_anyone`."""
        return Composed(self, decision, visit, delivery, hints, shared=shared)

    def html_attributes(self, decision: Decision) -> bytes:
        """What the page's `<html>` carries: size and view while these are chosen."""
        size = f' data-ckit-text="{decision.text_size}"' if decision.text_size else ""
        view = f' data-ckit-view="{decision.view}"' if decision.view else ""
        return f"{size}{view}".encode("ascii")

    def early_hash(self) -> str:
        """Base64 SHA-256 of the script at the start of pages for everyone, and of those that stand in for them."""
        return self._sheets.shared.early.sha256 if self._sheets.shared else ""

    def hashes(self, decision: Decision, *, shared: bool = False) -> tuple[str, str]:
        """Base64 SHA-256 of exactly the style and script that a page with this decision carries."""
        asks = self._question(decision).asking is not Asking.NOTHING
        if shared and self._sheets.shared:
            return self._sheets.shared.styles[asks].sha256, self._sheets.shared.script.sha256
        return self._sheets.style(decision, asks=asks).sha256, self._sheets.scripts[asks].sha256

    # Notices and their tokens

    def notice(self, language: str, layer: Layer, asking: Asking) -> Notice:
        """What is shown in a layer and language to a visitor without a signal or a history."""
        return self._served(language, layer, standard(self._site, asking)).notice

    def known_notice(self, digest: str) -> Notice | None:
        """The notice of that digest, if this process composed it."""
        return self._notices.get(digest)

    def token(self, notice: Notice, layer: Layer) -> str:
        """The view token: constant for everyone who saw this notice, without time or nonce."""
        return self._sign(notice, layer, frozenset())

    def read_token(self, value: str) -> Shown | None:
        """What a token says was shown, or None when we did not sign it.

        A notice that only another process has composed so far is composed here, so that `known_notice` finds it.
        """
        text = self._seal.read(value) if value and len(value) <= MAX_TOKEN else None
        layer, language, digest, restricted = ((text or "").split("~") + [""] * 4)[:4]
        if layer not in tuple(Layer) or language not in self._catalogues.tags:
            return None
        shown = Shown(Layer(layer), language, digest, frozenset(restricted.split(".")) - {""})
        if digest not in self._notices:
            self._compose_alike(shown, shown.restricted)
        return shown

    # Our own pages

    def preferences(
        self,
        decision: Decision,
        visit: Visit,
        delivery: Delivery,
        hints: Hints,
        *,
        language: str | None,
        says: str | None = None,
        saved: bool,
        next: str,
        record: str | None = None,
        receipt: str = "",
    ) -> Page:
        """The whole preferences page. `says`: id of a message on top; then nothing is ticked, for it is asked again.

        `record`: number of the visitor's record; `receipt`: the query that opens its receipt, where no cookie does. The page is made for one visitor, so nothing of it is remembered.
        """
        words = self._words(self._language((language, hints.app, hints.content_language), hints.accept_language))
        asked = self._question(decision)
        served = self._served(words.tag, Layer.PREFERENCES, asked)
        values = self._preferences_values(words, asked, decision, visit.cookies.choice, ask_again=says is not None)
        html = self._templates.render(
            "preferences.html",
            **values,
            html_attributes=Markup(self.html_attributes(decision).decode("ascii")),
            says=words.text(says) if says else "",
            saved=saved,
            status=words.text(self._status(decision, visit)) if self._status(decision, visit) else "",
            record=words.markup("prefs.record", id=record) if record else "",
            receipt=words.text("prefs.receipt") if record else "",
            receipt_query=f"?{receipt}" if receipt else "",
        )
        gaps = {**gap_values(self._site, visit, next=next, absolute=False), "token": served.token.encode("ascii")}
        return Page(Fragment(html).fill(gaps), words.tag)

    def message(self, visit: Visit, hints: Hints, *, title: str, text: str, retry: str | None) -> bytes:
        """A small page that says one sentence. `title`, `text`: message ids. `retry`: where the way back leads."""
        words = self._words(self._language((hints.app, hints.content_language), hints.accept_language))
        html = self._templates.render(
            "message.html",
            gap=MARKS,
            language=words.catalogue.language,
            site=self._site.name,
            title=words.text(title),
            text=words.text(text),
            back=words.text("prefs.back"),
            style=self._sheets.page_style.name,
        )
        values = gap_values(self._site, visit, next=retry or f"{visit.root_path}/", absolute=False)
        return Fragment(html).fill(values)

    def receipt(self, visit: Visit, hints: Hints, receipt: Mapping[str, Any], *, file: str, name: str) -> bytes:
        """The receipt as a page. `file`: the query that gives it as a file of that `name`."""
        words = self._words(self._language((hints.app, hints.content_language), hints.accept_language))
        record: Mapping[str, Any] = receipt["record"]
        html = self._templates.render(
            "receipt.html",
            gap=MARKS,
            language=words.catalogue.language,
            site=self._site.name,
            title=words.text("prefs.receipt"),
            text=words.text("prefs.receipt_text"),
            # The names of the export, in every language: a receipt is read beside the file and the documentation.
            rows=[(field, _in_words(value)) for field, value in record.items() if field != "salt"],
            signed=receipt["signed"],
            proof=receipt["proof"],
            file=file,
            file_name=name,
            back=words.text("prefs.back"),
            style=self._sheets.page_style.name,
        )
        target = f"{visit.root_path}{self._site.prefix}/preferences"
        return Fragment(html).fill(gap_values(self._site, visit, next=target, absolute=False))

    # What a page asks of us

    def _make_words(self, tag: str) -> Words:
        return Words(self._site, self._catalogues.get(tag), self._documents)

    def _choose_language(self, candidates: tuple[str | None, ...], accept_language: str) -> str:
        return choose(candidates, accept_language, self._site.language, self._catalogues.tags).tag

    def _ask(self, decision: Decision) -> Question:
        return question(self._site, decision)

    def _shape(self, decision: Decision, visit: Visit, language: str, viewport: str | None) -> _Shape:
        return _Shape(
            language=language,
            question=self._question(decision),
            granted=decision.granted,
            vendors=decision.allowed,
            text_size=decision.text_size,
            view=view_link(self._site, decision, viewport, visit.device),
            status=self._status(decision, visit),
            answered_post=visit.method not in ("GET", "HEAD"),
        )

    def _status(self, decision: Decision, visit: Visit) -> str:
        """Id of the sentence about what was chosen: after a choice without script, the page itself has to say it."""
        asked = self._site.asked if decision.has_chosen else ()
        if asked and decision.asking is not Asking.PURPOSES:
            granted = [purpose.name in decision.granted for purpose in asked]
            if all(granted):
                return "status.accepted"
            given = visit.cookies.choice
            agreed = given is not None and any(given.vendors.get(v) for v in decision.allowed)
            return "status.saved" if any(granted) or agreed else "status.rejected"
        if decision.accepted:
            return "status.terms"
        closed = visit.cookies.choice is not None and visit.cookies.choice.closed
        return "status.closed" if closed else ""

    def _compose_head(
        self, decision: Decision, delivery: Delivery, viewport: str | None, base: bytes, shared: bool
    ) -> bytes:
        asks = self._question(decision).asking is not Asking.NOTHING
        if shared and self._sheets.shared:
            return self._sheets.shared_head(
                self._sheets.shared, decision, delivery, asks=asks, viewport=viewport, base=base
            )
        return self._sheets.head(decision, delivery, asks=asks, viewport=viewport, base=base)

    def _compose_body(self, shape: _Shape) -> Fragment:
        words = self._words(shape.language)
        asking = shape.question.asking is not Asking.NOTHING
        served = self._served(shape.language, Layer.BANNER, shape.question) if asking else None
        html = self._templates.render(
            "root.html",
            gap=MARKS,
            token=served.token if served else "",
            language=words.catalogue.language,
            granted=" ".join(sorted(shape.granted)),
            vendors=" ".join(sorted(shape.vendors)),
            cookie_name=self._site.cookie_name,
            terms=asking and shape.question.terms_open,
            answered_post=shape.answered_post,
            later=words.text("status.later"),
            banner=Markup(self._banner_html(words, shape.question)),
            reader=reader_bar(words, shape.question, shape.text_size, shape.view),
            status=words.text(shape.status) if shape.status else "",
        )
        return Fragment(html)

    def _banner_html(self, words: Words, asked: Question) -> str:
        shown = banners.banner(words, asked)
        if shown is None:
            return ""
        return self._templates.render(
            "banner.html",
            gap=MARKS,
            title=shown.title,
            lines=shown.lines,
            answers=shown.answers,
            choose=shown.choose,
            links=shown.links,
            accept_terms=shown.accept_terms,
        )

    def _compose_placeholder(
        self, language: str, asked: Question, held: Held, host: str, size: placeholder.Size, styled: bool
    ) -> Fragment:
        words = self._words(language)
        marks = {**MARKS, "token": Markup(self._served(language, Layer.PLACEHOLDER, asked).token)}
        style = "" if styled else self._sheets.placeholder_style.name
        return Fragment(self._placeholder_html(words, asked, held, host, size, marks, style))

    def _placeholder_html(
        self,
        words: Words,
        asked: Question,
        held: Held,
        host: str,
        size: placeholder.Size,
        marks: Mapping[str, Markup],
        style: str = "",
    ) -> str:
        shown = placeholder.placeholder(words, asked, held, host)
        return self._templates.render(
            "placeholder.html",
            gap=marks,
            language=words.catalogue.language,
            label=shown.label,
            style=style,
            lines=shown.lines,
            vendor=shown.vendor,
            load=words.text("action.load"),
            always=shown.always,
            more=shown.more,
            wide=size.wide,
            width=size.width,
            height=size.height,
        )

    # How a page and its snapshot come about

    def _serve(self, language: str, layer: Layer, asked: Question) -> _Served:
        notice = self._compose_notice(self._words(language), layer, asked)
        if len(self._notices) >= MAX_NOTICES:
            self._notices.pop(next(iter(self._notices)))
        self._notices[notice.digest] = notice
        return _Served(notice, self._sign(notice, layer, asked.restricted))

    def _compose_notice(self, words: Words, layer: Layer, asked: Question) -> Notice:
        if layer is Layer.BANNER:
            shown = banners.banner(words, asked) or banners.banner(words, standard(self._site, Asking.NOTICE))
            assert shown is not None
            html = Fragment(self._banner_html(words, asked)).with_named_gaps
            return notices.of_banner(words, asked, shown, html=html, css=self._sheets.styles[True, False].text)
        if layer is Layer.PLACEHOLDER:
            size = placeholder.size({})
            html = "".join(
                self._placeholder_html(words, asked, held, "", size, MARKS)
                for held, _ in placeholder.declared(words, asked)
            )
            buttons = [
                NoticeButton(action="grant", label=words.text("action.always", vendor=words.vendor(vendor)))
                for _, vendor in placeholder.declared(words, asked)
            ]
            return notices.of_page(
                words, asked, layer, ids=_PLACEHOLDER_IDS, buttons=buttons,
                html=Fragment(html).with_named_gaps, css=self._sheets.placeholder_style.body.decode("ascii"),
            )  # fmt: skip
        values = self._preferences_values(words, asked, _nothing_chosen(asked), None, ask_again=True)
        html = self._templates.render(
            "preferences.html",
            **values,
            html_attributes="",
            says="",
            saved=False,
            status="",
            record="",
            receipt="",
            receipt_query="",
        )
        buttons = [
            NoticeButton(action="save", label=words.text("action.save")),
            NoticeButton(action="reject_all", label=words.text("action.reject")),
            NoticeButton(action="accept_all", label=words.text("action.accept")),
        ]
        return notices.of_page(
            words, asked, layer, ids=_PREFERENCES_IDS, buttons=buttons,
            html=Fragment(html).with_named_gaps, css=self._sheets.page_style.body.decode("ascii"),
        )  # fmt: skip

    def _preferences_values(
        self, words: Words, asked: Question, decision: Decision, choice: Choice | None, *, ask_again: bool
    ) -> dict[str, object]:
        site, text = self._site, words.text
        ticked = preferences.Ticks() if ask_again else preferences.ticks(words, decision)
        cookie_words = {"words_cookie": text("prefs.cookie"), "words_kept": text("prefs.kept")}
        offered = preferences.purposes(words, asked, ticked)
        exempt = preferences.exempt(words, ticked)
        questions = self._templates.render(
            "questions.html",
            purposes=[_counted(words, purpose) for purpose in offered],
            exempt=[_counted(words, purpose) for purpose in exempt],
            hint=text("prefs.vendors_hint"),
            no_cookies=text("prefs.no_cookies"),
            object=text("prefs.object"),
            **cookie_words,
        ) if offered or exempt else ""  # fmt: skip
        denied = [purpose for purpose in asked.offered(site) if purpose.name in asked.denied]
        return {
            "gap": MARKS,
            "language": words.catalogue.language,
            "languages": self._catalogues.available,
            "site": site.name,
            "style": self._sheets.page_style.name,
            "script": self._sheets.page_script.name,
            "title": text("reader.privacy"),
            "back": text("prefs.back"),
            "lead": words.markup("prefs.lead", site=site.name),
            "state_title": text("prefs.state"),
            "state": preferences.present(words, asked, choice, decision),
            "gpc": words.markup("prefs.gpc", purposes=words.purposes(denied)) if denied else "",
            "reject": text("action.reject"),
            "withdraw": text("action.withdraw") if decision.has_chosen else "",
            "purposes_title": text("prefs.purposes"),
            "questions": Markup(questions),
            "save": text("action.save"),
            "accept": text("action.accept"),
            "necessary_title": text("prefs.necessary"),
            "necessary_text": text("prefs.necessary_text"),
            "words_why": text("prefs.why"),
            **cookie_words,
            "necessary": list(preferences.necessary(words)),
            "others": text("prefs.others"),
            "documents_title": text("prefs.policies"),
            "policies": preferences.policies(words, decision),
            "accept_terms": text("action.accept_terms") if asked.terms_open else "",
            "receipt_title": text("prefs.receipt"),
            "receipt_text": text("prefs.receipt_text"),
            "language_title": text("prefs.language"),
            "responsible": preferences.responsible(words),
        }

    def _compose_alike(self, shown: Shown, restricted: frozenset[str]) -> None:
        """Every notice of a layer and language that differs by what the visitor's history and browser say."""
        site = self._site
        names = frozenset(purpose.name for purpose in site.asked)
        signals = {frozenset[str](), frozenset(site.gpc_purposes) & names}
        for asking, denied, terms_open in product(_ASKING[shown.layer], signals, {bool(site.terms), False}):
            asked = Question(asking, denied, restricted & names, terms_open)
            if shown.layer is not Layer.APP and self._can_be_asked(asked, shown.layer):
                self._served(shown.language, shown.layer, asked)

    def _can_be_asked(self, asked: Question, layer: Layer) -> bool:
        if layer is not Layer.BANNER:
            return True
        return bool(asked.offered(self._site)) if asked.asking is Asking.PURPOSES else bool(self._site.terms)

    def _sign(self, notice: Notice, layer: Layer, restricted: frozenset[str]) -> str:
        fields = [layer, notice.language, notice.digest, ".".join(sorted(restricted))]
        return self._seal.sign("~".join(fields).rstrip("~"))


class Composed:
    """What goes into one page (see `rewrite.Insertions`)."""

    def __init__(
        self,
        controls: Controls,
        decision: Decision,
        visit: Visit,
        delivery: Delivery,
        hints: Hints,
        *,
        shared: bool = False,
    ) -> None:
        self._shared = shared
        self._controls = controls
        self._decision = decision
        self._visit = visit
        self._delivery = delivery
        self._hints = hints
        self._values: Mapping[str, bytes] | None = None
        self._styled = False
        #: The notice that the page asks with, once its body has begun; None when it asks nothing.
        self.asked: Notice | None = None

    def early(self, page: HostPage) -> bytes:
        start = self._controls._sheets.shared
        if start is None or page.amp or not (self._shared or self._visit.wants_own):
            return b""
        return start.start(self._delivery, self._gaps(page)["base"], shared=self._shared)

    def late(self, page: HostPage) -> bytes:
        if page.amp:
            return b""
        # A nonce is new on each page, so nothing with one in it is remembered.
        head = self._controls._compose_head if self._delivery.nonce else self._controls._head
        # What the app laid out for this view itself is not laid out anew.
        decision = replace(self._decision, view=None) if self._hints.native else self._decision
        return head(decision, self._delivery, page.viewport, self._gaps(page)["base"], self._shared)

    def body(self, page: HostPage) -> bytes:
        if page.amp:
            return b""
        language = self._language(page)
        question = self._controls._question(self._decision)
        if question.asking is not Asking.NOTHING:
            self.asked = self._controls._served(language, Layer.BANNER, question).notice
        shape = self._controls._shape(self._decision, self._visit, language, page.viewport)
        return self._controls._body(shape).fill({**self._gaps(page), **self._next_view(shape.view)})

    def placeholder(self, held: Held, element: str, page: HostPage, attributes: Mapping[str, str]) -> bytes:
        size = placeholder.size(attributes)
        if page.amp or not size.is_visible:
            return b""
        asked = self._controls._question(self._decision)
        host = "" if held.vendor else placeholder.host(attributes)
        # The sheet comes with the first of them: pages without held frames need none.
        styled, self._styled = self._styled, True
        fragment = self._controls._held(self._language(page), asked, held, host, size, styled)
        return fragment.fill(self._gaps(page))

    def _language(self, page: HostPage) -> str:
        hints = self._hints
        candidates = (hints.app, page.lang, page.content_language, hints.content_language)
        return self._controls._language(candidates, hints.accept_language)

    def _gaps(self, page: HostPage) -> Mapping[str, bytes]:
        if self._values is None:
            next = target(self._visit)
            if self._visit.wants_own and self._controls._site.shared:
                next = without_field(next, OWN_PARAMETER)
            values = gap_values(self._controls._site, self._visit, next=next, absolute=page.has_base)
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


# What can be asked in a layer: the banner has three questions, the page and the placeholders have one.
_ASKING: Mapping[Layer, tuple[Asking, ...]] = {
    Layer.BANNER: (Asking.PURPOSES, Asking.NOTICE, Asking.TERMS),
    Layer.PREFERENCES: tuple(Asking),
    Layer.PLACEHOLDER: tuple(Asking),
    Layer.APP: (),
}


def _counted(words: Words, purpose: dict[str, object]) -> dict[str, object]:
    """With the words of its disclosure: how many companies there are."""
    vendors = purpose["vendors"]
    assert isinstance(vendors, list)
    return purpose | {"count": words.catalogue.plural("prefs.vendors", len(vendors))}


def _nothing_chosen(asked: Question) -> Decision:
    """The decision of a visitor who has not chosen: the page as it is kept for evidence."""
    none: frozenset[str] = frozenset()
    return Decision(asked.asking, none, none, none, asked.denied, asked.restricted, None, None, has_chosen=False)


def _in_words(value: object) -> str:
    """A value of a record as it stands in exports."""
    return value if isinstance(value, str) else "" if value is None else json.dumps(value, ensure_ascii=False)
