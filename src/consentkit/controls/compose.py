"""Everything that a reader sees of us, behind one door.

Words are set into templates (`typesetter`), notices kept with their tokens (`serving`), parts of the app's pages
remembered (`parts`) and filled for one response (`composed`); our own pages are made anew for each visitor (`pages`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from consentkit.controls import assets as files
from consentkit.controls.assets import Asset
from consentkit.controls.composed import Composed
from consentkit.controls.dark_patterns import DarkPatterns, dark_patterns
from consentkit.controls.facts import Hints, Page, Shown
from consentkit.controls.pages import OwnPages
from consentkit.controls.parts import Parts
from consentkit.controls.serving import Serving
from consentkit.controls.sheets import sheets
from consentkit.controls.typesetter import Typesetter
from consentkit.cookies import Seal
from consentkit.decide import Asking, Decision
from consentkit.languages import Catalogues
from consentkit.log.notice import Notice
from consentkit.response.csp import Hashes
from consentkit.response.delivery import Delivery
from consentkit.settings import Site
from consentkit.templates import Templates
from consentkit.visit import Visit
from consentkit.vocabulary import Layer


class Controls:
    """The controls of one site. Built once.

    `documents`: policy name to its text, for the notice snapshots; a policy without one is named by its version.
    Whoever reads the texts fills it before the first notice is made. `templates`: name to source of those that the
    owner replaces. Raises ConfigurationError when one of them is no template.
    """

    def __init__(
        self,
        site: Site,
        catalogues: Catalogues,
        view_seal: Seal,
        *,
        documents: Mapping[str, str] | None = None,
        templates: Mapping[str, str] | None = None,
    ) -> None:
        self._replaced = templates or {}
        self._sheets = sheets(site)
        self.assets: Mapping[str, Asset] = files.by_name(*self._sheets.assets)
        self.documents: Mapping[str, str] = {} if documents is None else documents
        self._setter = Typesetter(site, catalogues, _templates(site, self._replaced), self._sheets, self.documents)
        self._serving = Serving(self._setter, view_seal)
        self._parts = Parts(self._setter, self._serving)
        self._pages = OwnPages(self._setter, self._serving)

    def dark_patterns(self, language: str) -> DarkPatterns:
        """What the owner's templates, sentences and settings do that no regulator would pass."""
        templates = _templates(self._setter.site, self._replaced, strict=True)
        setter = Typesetter(self._setter.site, self._setter.catalogues, templates, self._sheets, self.documents)
        return dark_patterns(setter, Parts(setter, self._serving), language)

    # In the app's pages

    def insertions(
        self, decision: Decision, visit: Visit, delivery: Delivery, hints: Hints, *, shared: bool = False
    ) -> Composed:
        """What goes into one page. `shared`: it is the same for everyone, and the visit is `visit.of_anyone`."""
        return Composed(self._parts, self._serving, decision, visit, delivery, hints, shared=shared)

    def html_attributes(self, decision: Decision) -> bytes:
        """What the page's `<html>` carries: size and view while these are chosen."""
        size = f' data-ckit-text="{decision.text_size}"' if decision.text_size else ""
        view = f' data-ckit-view="{decision.view}"' if decision.view else ""
        return f"{size}{view}".encode("ascii")

    def hashes(self, decision: Decision, *, shared: bool = False, own: bool = False) -> Hashes:
        """Of exactly the styles and scripts that a page with this decision may carry.

        `shared`: it is the same for everyone. `own`: it stands in for such a one.
        """
        asks = self._setter.question(decision).asking is not Asking.NOTHING
        sheets = self._sheets.inline(decision, asks=asks, shared=shared, own=own)
        return Hashes(*(tuple(sheet.sha256 for sheet in kind) for kind in sheets))

    # Notices and their tokens

    def notice(self, language: str, layer: Layer, asking: Asking) -> Notice:
        """What is shown in a layer and language to a visitor without a signal or a history."""
        return self._serving.notice(language, layer, asking)

    def known_notice(self, digest: str) -> Notice | None:
        """The notice of that digest, if this process composed it."""
        return self._serving.known(digest)

    def token(self, notice: Notice, layer: Layer) -> str:
        """The view token: constant for everyone who saw this notice, without time or nonce."""
        return self._serving.token(notice, layer)

    def read_token(self, value: str) -> Shown | None:
        """What a token says was shown, or None when we did not sign it. Its notice is then a known one."""
        return self._serving.read_token(value)

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

        `record`: number of the visitor's record; `receipt`: the query that opens its receipt, where no cookie does.
        """
        return self._pages.preferences(
            decision,
            visit,
            hints,
            language=language,
            html_attributes=self.html_attributes(decision),
            says=says,
            saved=saved,
            next=next,
            record=record,
            receipt=receipt,
        )

    def message(self, visit: Visit, hints: Hints, *, title: str, text: str, retry: str | None) -> bytes:
        """A small page that says one sentence. `title`, `text`: message ids. `retry`: where the way back leads."""
        return self._pages.message(visit, hints, title=title, text=text, retry=retry)

    def receipt(self, visit: Visit, hints: Hints, receipt: Mapping[str, Any], *, file: str, name: str) -> bytes:
        """The receipt as a page. `file`: the query that gives it as a file of that `name`."""
        return self._pages.receipt(visit, hints, receipt, file=file, name=name)


def _templates(site: Site, replaced: Mapping[str, str], *, strict: bool = False) -> Templates:
    return Templates("consentkit.controls", replaced, site.templates or "templates", strict=strict)
