"""What all our own pages need: the site and its controls, small pages that say one sentence, and the way back."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from consentkit.controls import Controls, Hints
from consentkit.cookies import Seal
from consentkit.endpoints.reply import OWN_PAGE, Reply, json_reply
from consentkit.languages import Catalogue, Catalogues, choose
from consentkit.origin import safe_next
from consentkit.response.headers import Fields
from consentkit.response.set_cookie import Gate
from consentkit.settings import Site
from consentkit.visit import CookieReader, Visit

logger = logging.getLogger("consentkit")


@dataclass(frozen=True)
class Desk:
    """The tools of one site's own pages."""

    site: Site
    controls: Controls
    catalogues: Catalogues
    cookies: CookieReader
    gate: Gate
    receipts: Seal

    def address(self, visit: Visit, route: str) -> str:
        return f"{visit.root_path}{self.site.prefix}/{route}"

    def message(self, visit: Visit, status: int, title: str, text: str, more: Fields | None = None) -> Reply:
        body = self.controls.message(visit, self.hints(visit), title=title, text=text, retry=None)
        return Reply(status, [*OWN_PAGE, *(more or [])], body)

    def not_found(self, visit: Visit) -> Reply:
        return self.message(visit, 404, "error.lost_title", "error.lost_text")

    def wrong_method(self, visit: Visit, allowed: bytes) -> Reply:
        return self.message(visit, 405, "reader.privacy", "error.method_text", [(b"allow", allowed)])

    def unavailable(self, visit: Visit, seconds: int) -> Reply:
        retry = [(b"retry-after", str(seconds).encode())]
        if visit.wants_json:
            return json_reply(503, {"error": "log", "see": self.address(visit, "preferences")}, retry)
        return self.message(visit, 503, "error.log_title", "error.log_text", retry)

    def next(self, visit: Visit, target: str, *, quiet: bool = False) -> str:
        """Where a form or link leads afterwards: a page of this site, or its root."""
        safe = safe_next(self.site, visit, target)
        if not target and not quiet:
            logger.info("A form named no page to go back to; sent to the site's root.")
        if safe is None and target and not quiet:
            logger.warning("A form asked to go to %.200r, which is not a page of this site; sent to its root.", target)
        return safe or f"{visit.root_path}/"

    def hints(self, visit: Visit) -> Hints:
        return Hints(app=None, content_language=None, accept_language=visit.accept_language)

    def catalogue(self, visit: Visit, tag: str | None = None) -> Catalogue:
        chosen = choose([tag], visit.accept_language, self.site.language, self.catalogues.tags)
        return self.catalogues.get(chosen.tag)
