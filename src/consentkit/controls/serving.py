"""Which notice stands in a page, and the token that proves it later.

A notice is composed when it is first shown and kept by its digest, so that an answer can be matched with what was
asked. A token is the same for everyone who saw that notice: no time, no nonce.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import product

from consentkit.controls import banner as banners
from consentkit.controls import notices, placeholder, preferences_page
from consentkit.controls.facts import Shown
from consentkit.controls.fragment import Fragment
from consentkit.controls.question import Question, standard
from consentkit.controls.typesetter import Typesetter
from consentkit.controls.words import Words
from consentkit.cookies import Seal
from consentkit.decide import Asking
from consentkit.log.notice import Notice, NoticeButton
from consentkit.vocabulary import Layer

# About 10 KiB each. The bound keeps a process below 8 MiB whatever visitors send.
MAX_NOTICES = 256

# A view token of ours is far shorter; whatever is longer is none.
MAX_TOKEN = 512  # characters

_PREFERENCES_IDS = ("prefs.lead", "prefs.purposes", "prefs.necessary_text", "prefs.vendors_hint", "prefs.others")
_PLACEHOLDER_IDS = ("placeholder.title", "placeholder.text", "placeholder.lifetime")

# What can be asked in a layer: the banner has three questions, the page and the placeholders have one.
_ASKING: Mapping[Layer, tuple[Asking, ...]] = {
    Layer.BANNER: (Asking.PURPOSES, Asking.NOTICE, Asking.TERMS),
    Layer.PREFERENCES: tuple(Asking),
    Layer.PLACEHOLDER: tuple(Asking),
    Layer.APP: (),
}


@dataclass(frozen=True)
class Served:
    """A notice and the token that stands beside it."""

    notice: Notice
    token: str


class Serving:
    """The notices of one site."""

    def __init__(self, setter: Typesetter, seal: Seal) -> None:
        self._setter = setter
        self._seal = seal
        self._notices: dict[str, Notice] = {}
        #: Notice and token of a layer, in the language of a tag, for a question.
        self.serve = lru_cache(maxsize=MAX_NOTICES)(self._serve)

    def notice(self, language: str, layer: Layer, asking: Asking) -> Notice:
        """What is shown in a layer and language to a visitor without a signal or a history."""
        return self.serve(language, layer, standard(self._setter.site, asking)).notice

    def known(self, digest: str) -> Notice | None:
        """The notice of that digest, if this process composed it."""
        return self._notices.get(digest)

    def token(self, notice: Notice, layer: Layer, restricted: frozenset[str] = frozenset()) -> str:
        fields = [layer, notice.language, notice.digest, ".".join(sorted(restricted))]
        return self._seal.sign("~".join(fields).rstrip("~"))

    def read_token(self, value: str) -> Shown | None:
        """What a token says was shown, or None when we did not sign it.

        A notice that only another process has composed so far is composed here, so that `known` finds it.
        """
        text = self._seal.read(value) if value and len(value) <= MAX_TOKEN else None
        layer, language, digest, restricted = ((text or "").split("~") + [""] * 4)[:4]
        if layer not in tuple(Layer) or language not in self._setter.catalogues.tags:
            return None
        shown = Shown(Layer(layer), language, digest, frozenset(restricted.split(".")) - {""})
        if digest not in self._notices:
            self._compose_alike(shown)
        return shown

    def _serve(self, language: str, layer: Layer, asked: Question) -> Served:
        notice = self._compose(self._setter.words(language), layer, asked)
        if len(self._notices) >= MAX_NOTICES:
            self._notices.pop(next(iter(self._notices)))
        self._notices[notice.digest] = notice
        return Served(notice, self.token(notice, layer, asked.restricted))

    def _compose(self, words: Words, layer: Layer, asked: Question) -> Notice:
        if layer is Layer.BANNER:
            return self._of_banner(words, asked)
        if layer is Layer.PLACEHOLDER:
            return self._of_placeholders(words, asked)
        return self._of_preferences(words, asked)

    def _of_banner(self, words: Words, asked: Question) -> Notice:
        setter = self._setter
        shown = banners.banner(words, asked) or banners.banner(words, standard(setter.site, Asking.NOTICE))
        assert shown is not None
        html = Fragment(setter.banner(words, asked)).with_named_gaps
        return notices.of_banner(words, asked, shown, html=html, css=setter.sheets.styles[True, False].text)

    def _of_placeholders(self, words: Words, asked: Question) -> Notice:
        setter, size = self._setter, placeholder.size({})
        declared = placeholder.declared(words, asked)
        html = "".join(setter.placeholder(words, asked, held, "", size) for held, _ in declared)
        buttons = [
            NoticeButton(action="grant", label=words.text("action.always", vendor=words.vendor(vendor)))
            for _, vendor in declared
        ]
        return notices.of_page(
            words,
            asked,
            Layer.PLACEHOLDER,
            ids=_PLACEHOLDER_IDS,
            buttons=buttons,
            html=Fragment(html).with_named_gaps,
            css=setter.sheets.placeholder_style.body.decode("ascii"),
        )

    def _of_preferences(self, words: Words, asked: Question) -> Notice:
        html = preferences_page.as_evidence(self._setter, words, asked)
        buttons = [
            NoticeButton(action="save", label=words.text("action.save")),
            NoticeButton(action="reject_all", label=words.text("action.reject")),
            NoticeButton(action="accept_all", label=words.text("action.accept")),
        ]
        return notices.of_page(
            words,
            asked,
            Layer.PREFERENCES,
            ids=_PREFERENCES_IDS,
            buttons=buttons,
            html=Fragment(html).with_named_gaps,
            css=self._setter.sheets.page_style.body.decode("ascii"),
        )

    def _compose_alike(self, shown: Shown) -> None:
        """Every notice of a layer and language that differs by what the visitor's history and browser say."""
        site = self._setter.site
        names = frozenset(purpose.name for purpose in site.asked)
        signals = {frozenset[str](), frozenset(site.gpc_purposes) & names}
        for asking, denied, terms_open in product(_ASKING[shown.layer], signals, {bool(site.terms), False}):
            asked = Question(asking, denied, shown.restricted & names, terms_open)
            if shown.layer is not Layer.APP and self._can_be_asked(asked, shown.layer):
                self.serve(shown.language, shown.layer, asked)

    def _can_be_asked(self, asked: Question, layer: Layer) -> bool:
        if layer is not Layer.BANNER:
            return True
        site = self._setter.site
        return bool(asked.offered(site)) if asked.asking is Asking.PURPOSES else bool(site.terms)
