"""Our own pages: preferences, a receipt, and the small ones that say one sentence. Each is made for one visitor."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from consentkit.controls import preferences_page
from consentkit.controls.addresses import gap_values
from consentkit.controls.facts import Hints, Page
from consentkit.controls.fragment import MARKS, Fragment
from consentkit.controls.serving import Serving
from consentkit.controls.status import status
from consentkit.controls.typesetter import Typesetter
from consentkit.controls.words import Words
from consentkit.decide import Decision
from consentkit.templates import Markup
from consentkit.visit import Visit
from consentkit.vocabulary import Layer


class OwnPages:
    """Nothing of them is remembered."""

    def __init__(self, setter: Typesetter, serving: Serving) -> None:
        self._setter = setter
        self._serving = serving

    def preferences(
        self,
        decision: Decision,
        visit: Visit,
        hints: Hints,
        *,
        language: str | None,
        html_attributes: bytes,
        says: str | None,
        saved: bool,
        next: str,
        record: str | None,
        receipt: str,
    ) -> Page:
        """See `Controls.preferences`. `html_attributes`: what stands in its `<html>`."""
        setter = self._setter
        words = self._words(hints, language)
        asked = setter.question(decision)
        served = self._serving.serve(words.tag, Layer.PREFERENCES, asked)
        said = status(setter.site, decision, visit)
        html = setter.render(
            "preferences.html",
            **preferences_page.values(setter, words, asked, decision, visit.cookies.choice, ask_again=says is not None),
            html_attributes=Markup(html_attributes.decode("ascii")),
            says=words.text(says) if says else "",
            saved=saved,
            status=words.text(said) if said else "",
            record=words.markup("prefs.record", id=record) if record else "",
            receipt=words.text("prefs.receipt") if record else "",
            receipt_query=f"?{receipt}" if receipt else "",
        )
        gaps = {**gap_values(setter.site, visit, next=next, absolute=False), "token": served.token.encode("ascii")}
        return Page(Fragment(html).fill(gaps), words.tag)

    def message(self, visit: Visit, hints: Hints, *, title: str, text: str, retry: str | None) -> bytes:
        """See `Controls.message`."""
        words = self._words(hints)
        html = self._setter.render("message.html", **self._frame(words), title=words.text(title), text=words.text(text))
        values = gap_values(self._setter.site, visit, next=retry or f"{visit.root_path}/", absolute=False)
        return Fragment(html).fill(values)

    def receipt(self, visit: Visit, hints: Hints, receipt: Mapping[str, Any], *, file: str, name: str) -> bytes:
        """See `Controls.receipt`."""
        words = self._words(hints)
        record: Mapping[str, Any] = receipt["record"]
        html = self._setter.render(
            "receipt.html",
            **self._frame(words),
            title=words.text("prefs.receipt"),
            text=words.text("prefs.receipt_text"),
            # The names of the export, in every language: a receipt is read beside the file and the documentation.
            rows=[(field, _in_words(value)) for field, value in record.items() if field != "salt"],
            signed=receipt["signed"],
            proof=receipt["proof"],
            file=file,
            file_name=name,
        )
        site = self._setter.site
        target = f"{visit.root_path}{site.prefix}/preferences"
        return Fragment(html).fill(gap_values(site, visit, next=target, absolute=False))

    def _frame(self, words: Words) -> dict[str, object]:
        """What the head and the header of a small page need."""
        return {
            "gap": MARKS,
            "language": words.catalogue.language,
            "site": self._setter.site.name,
            "back": words.text("prefs.back"),
            "style": self._setter.sheets.page_style.name,
        }

    def _words(self, hints: Hints, *first: str | None) -> Words:
        candidates = (*first, hints.app, hints.content_language)
        return self._setter.words(self._setter.language(candidates, hints.accept_language))


def _in_words(value: object) -> str:
    """A value of a record as it stands in exports."""
    return value if isinstance(value, str) else "" if value is None else json.dumps(value, ensure_ascii=False)
