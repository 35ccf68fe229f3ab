"""skeleton"""
from __future__ import annotations

from collections.abc import Mapping

from consentkit.controls.assets import Asset
from consentkit.controls.facts import Hints, Page, Shown
from consentkit.cookies import Seal
from consentkit.decide import Asking, Decision
from consentkit.languages import Catalogues
from consentkit.log.notice import Notice
from consentkit.response.delivery import Delivery
from consentkit.rewrite import Insertions
from consentkit.settings import Site
from consentkit.visit import Visit
from consentkit.vocabulary import Layer


class Controls:
    def __init__(self, site: Site, catalogues: Catalogues, view_seal: Seal, *, documents: Mapping[str, str] | None = None) -> None:
        self.site, self.catalogues, self._seal = site, catalogues, view_seal
        self.assets: Mapping[str, Asset] = {}

    def insertions(self, decision: Decision, visit: Visit, delivery: Delivery, hints: Hints) -> Insertions:
        raise NotImplementedError

    def html_attributes(self, decision: Decision) -> bytes:
        return b""

    def style_hash(self, decision: Decision) -> str:
        return ""

    def script_hash(self, decision: Decision) -> str:
        return ""

    def preferences(self, decision: Decision, visit: Visit, delivery: Delivery, hints: Hints, *, language: str | None, says: str | None = None, saved: bool, next: str, record: str | None = None) -> Page:
        raise NotImplementedError

    def message(self, visit: Visit, hints: Hints, *, title: str, text: str, retry: str | None) -> bytes:
        raise NotImplementedError

    def notice(self, language: str, layer: Layer, asking: Asking) -> Notice:
        raise NotImplementedError

    def known_notice(self, digest: str) -> Notice | None:
        return None

    def token(self, notice: Notice, layer: Layer) -> str:
        return self._seal.sign(f"{layer}~{notice.language}~{notice.digest}")

    def read_token(self, value: str) -> Shown | None:
        return None
