"""The site's own pages under `/_ckit`: what a request to them is answered with.

Pure: a request and the time give a `Reply`, or a question that asgi puts to the log before it answers. Nothing
here opens, awaits or raises for what a visitor sent.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from urllib.parse import urlencode

from consentkit.choose import Form
from consentkit.controls import Controls, Shown
from consentkit.cookies import ReaderChoice, Seal, parse_text_size
from consentkit.decide import decide
from consentkit.endpoints.choices import AGAIN, Choices
from consentkit.endpoints.desk import Desk
from consentkit.endpoints.receipts import Receipts
from consentkit.endpoints.reply import (
    BY_FILE,
    OWN_PAGE,
    CheckpointAsked,
    Fresh,
    Health,
    ReceiptAsked,
    Reply,
    ToRecord,
    fields_of,
    redirect,
)
from consentkit.languages import Catalogues
from consentkit.response import moved, our_cookies
from consentkit.response.headers import Fields
from consentkit.response.set_cookie import Gate
from consentkit.settings import Site
from consentkit.visit import CookieReader, Visit

ASSET_LIFE = b"public, max-age=31536000, immutable"  # the name changes with the content


# Global Privacy Control, section 5: a site states that it honours the signal, and since when.
GPC_PATH = "/.well-known/gpc.json"
GPC_ROUTE = "/gpc.json"  # no part of a path after our prefix begins with a slash
GPC_HEADERS: Fields = [(b"content-type", b"application/json"), (b"cache-control", b"max-age=86400")]


class Endpoints:
    """Everything under the prefix of one site."""

    def __init__(
        self,
        site: Site,
        controls: Controls,
        catalogues: Catalogues,
        cookies: CookieReader,
        gate: Gate,
        receipts: Seal,
    ) -> None:
        self.desk = Desk(site, controls, catalogues, cookies, gate, receipts)
        self._receipts = Receipts(self.desk)
        self._gpc_statement = json.dumps({"gpc": True, "lastUpdate": site.gpc_json}).encode()
        self._choices = Choices(self.desk, self._receipts)

    def route(self, visit: Visit) -> str | None:
        """The part of the path after the prefix, or None when the request is the app's."""
        prefix = self.desk.site.prefix
        if self.desk.site.gpc_json and visit.path == GPC_PATH:
            return GPC_ROUTE
        if visit.path == prefix or visit.path.startswith(prefix + "/"):
            return visit.path[len(prefix) + 1 :]
        return None

    def get(self, route: str, visit: Visit, now: datetime) -> Reply | Health | ReceiptAsked | CheckpointAsked:
        """The answer to a GET or HEAD."""
        query = fields_of(visit.query)
        if route == "preferences":
            return self._preferences(visit, query, now)
        if route == "receipt":
            return self._receipts.receipt(visit, query, now)
        if route == "checkpoint" and self.desk.site.checkpoint:
            return self._receipts.checkpoint(visit)
        if route == "reader":
            return self._reader(visit, query)
        if route == GPC_ROUTE:
            return Reply(200, GPC_HEADERS, self._gpc_statement)
        if route == "health":
            return Health()
        if route.startswith("assets/"):
            return self._asset(visit, route.removeprefix("assets/"))
        if route == "choice":
            return self.wrong_method(visit, b"POST")
        return self.not_found(visit)

    def not_found(self, visit: Visit) -> Reply:
        return self.desk.not_found(visit)

    def wrong_method(self, visit: Visit, allowed: bytes) -> Reply:
        return self.desk.wrong_method(visit, allowed)

    def unavailable(self, visit: Visit, seconds: int) -> Reply:
        """The log can't be asked or written now; try again after so many seconds."""
        return self.desk.unavailable(visit, seconds)

    def form(self, visit: Visit, body: bytes) -> Form | None:
        """The posted form."""
        return self._choices.form(visit, body)

    def shown(self, form: Form) -> Shown | None:
        """Which notice the page carried, by its view token; asgi asks the log whether it is known."""
        return self._choices.shown(form)

    def choice(self, visit: Visit, form: Form | None, fresh: Fresh, *, notice_known: bool) -> Reply | ToRecord:
        """The answer to a posted choice."""
        return self._choices.choice(visit, form, fresh, notice_known=notice_known)

    def _preferences(self, visit: Visit, query: Mapping[str, str], now: datetime) -> Reply:
        refused = self._receipts.record_of(query.get("receipt", ""), now)
        decision = decide(self.desk.site, visit)
        target = self.desk.next(visit, query.get("next", ""), quiet=True)
        page = self.desk.controls.preferences(
            decision,
            visit,
            BY_FILE,
            self.desk.hints(visit),
            language=query.get("lang"),
            says=AGAIN.get(query.get("again", "")),
            saved="saved" in query,
            next=target,
            record=refused or (visit.cookies.holder.record if visit.cookies.holder else None),
            receipt=urlencode({"of": query["receipt"]}) if refused else "",
        )
        return Reply(200, [*OWN_PAGE, (b"content-language", page.language.encode())], page.html)

    def _asset(self, visit: Visit, name: str) -> Reply:
        asset = self.desk.controls.assets.get(name)
        if asset is None:
            return self.not_found(visit)
        headers = [
            (b"content-type", asset.content_type.encode()),
            (b"cache-control", ASSET_LIFE),
            (b"x-content-type-options", b"nosniff"),
        ]
        return Reply(200, headers, asset.body)

    def _reader(self, visit: Visit, query: Mapping[str, str]) -> Reply:
        """Text size and view: a link, so that it works without script; idempotent, so that it may be a GET."""
        site = self.desk.site
        lines = our_cookies.reader_cookie(site, visit, _read_again(visit, query)) if _may_set(site, visit) else []
        if visit.destination == "empty":
            return Reply(204, [*lines, (b"cache-control", b"no-store")])
        target = self.desk.next(visit, query.get("next", ""))
        home = moved.way_back(site, visit) if query.get("view") == "desktop" else None
        if home is not None:
            # Here every page is the mobile one, so the choice is kept where it counts.
            onward = urlencode({"view": "desktop", "next": target})
            return redirect(f"{home}{self.desk.address(visit, 'reader')}?{onward}", [])
        return redirect(target, lines)


def _read_again(visit: Visit, query: Mapping[str, str]) -> ReaderChoice:
    """The reader's choice with what the link changes; 100 % and `auto` mean the page's own."""
    present = visit.cookies.reader
    size = parse_text_size(query.get("text", "")) or present.text_size
    view = {"mobile": "mobile", "desktop": "desktop", "auto": None}.get(query.get("view", ""), present.view)
    return ReaderChoice(None if size == 100 else size, view)


def _may_set(site: Site, visit: Visit) -> bool:
    """Not for a prefetch, and not for an image on another site that points here; for our mobile host, if there is one."""
    own = visit.site in ("", "same-origin", "none") or (bool(site.mobile_host) and visit.site == "same-site")
    return own and visit.destination in ("", "document", "empty") and not visit.is_prefetch
