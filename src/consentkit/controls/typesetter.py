"""One site's words set into templates: what everything that a reader sees of us is made with."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from consentkit.bounded import remembering
from consentkit.controls import banner as banners
from consentkit.controls import placeholder
from consentkit.controls.fragment import MARKS
from consentkit.controls.question import Question, question
from consentkit.controls.sheets import Sheets
from consentkit.controls.words import Words
from consentkit.decide import Decision
from consentkit.languages import Catalogues, choose
from consentkit.rewrite import Held
from consentkit.settings import Site
from consentkit.templates import Markup, Templates

# Words and questions are small; the bound is for visitors who send ever new ones.
MAX_REMEMBERED = 256
MAX_LANGUAGES = 1024
LONGEST_LANGUAGES = 250  # characters of the candidates and of Accept-Language; browsers send up to a hundred


class Typesetter:
    """Site, languages, templates and sheets together. Everything here gives the same HTML for the same arguments."""

    def __init__(
        self, site: Site, catalogues: Catalogues, templates: Templates, sheets: Sheets, documents: Mapping[str, str]
    ) -> None:
        self.site = site
        self.catalogues = catalogues
        self.sheets = sheets
        self.templates = templates
        self._documents = documents
        #: The words in the language of a tag.
        self.words = lru_cache(maxsize=MAX_REMEMBERED)(self._words)
        #: What a decision asks.
        self.question = lru_cache(maxsize=MAX_REMEMBERED)(self._question)
        #: The tag of the language of a page: candidates, most trusted first, and `Accept-Language`.
        self.language = remembering(most=MAX_LANGUAGES, longest=LONGEST_LANGUAGES)(self._language)

    def render(self, name: str, **values: Any) -> str:
        return self.templates.render(name, **values)

    def banner(self, words: Words, asked: Question) -> str:
        """The banner's HTML, "" when nothing is asked."""
        shown = banners.banner(words, asked)
        if shown is None:
            return ""
        return self.render(
            "banner.html",
            gap=MARKS,
            language=words.catalogue.language,
            title=shown.title,
            lines=shown.lines,
            answers=shown.answers,
            choose=shown.choose,
            links=shown.links,
            accept_terms=shown.accept_terms,
        )

    def placeholder(
        self,
        words: Words,
        asked: Question,
        held: Held,
        host: str,
        size: placeholder.Size,
        marks: Mapping[str, Markup] = MARKS,
        style: str = "",
    ) -> str:
        """What stands in the place of a held frame. `style`: the name of its sheet, where it has to bring it along."""
        shown = placeholder.placeholder(words, asked, held, host)
        return self.render(
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

    def _words(self, tag: str) -> Words:
        return Words(self.site, self.catalogues.get(tag), self._documents)

    def _language(self, candidates: tuple[str | None, ...], accept_language: str) -> str:
        return choose(candidates, accept_language, self.site.language, self.catalogues.tags).tag

    def _question(self, decision: Decision) -> Question:
        return question(self.site, decision)
