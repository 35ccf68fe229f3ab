"""The site's own pages under `/_ckit`: what a request to them is answered with.

Pure: a request and the time give a `Reply`, or a `ToRecord` that asgi makes durable before it answers. Nothing
here opens, awaits or raises for what a visitor sent.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from consentkit.choose import (
    REDUCING,
    Form,
    accepts_terms,
    choose,
    grants_something,
    only_reduces,
    parse_form,
    takes_away,
)
from consentkit.controls import Controls, Hints, Shown
from consentkit.cookies import Holder, ReaderChoice, Seal, parse_text_size
from consentkit.decide import decide, standing
from consentkit.languages import Catalogue, Catalogues, pick
from consentkit.languages import choose as choose_language
from consentkit.log.canonical import Json
from consentkit.log.notice import Notice
from consentkit.log.record import Method, PolicyAnswer, Record, state_of
from consentkit.origin import Sender, safe_next, sender
from consentkit.response import our_cookies
from consentkit.response.delivery import Delivery
from consentkit.response.headers import Field, Fields
from consentkit.response.refused import refused_cookies
from consentkit.response.set_cookie import Gate
from consentkit.settings import Site
from consentkit.settings.site import vendors_of
from consentkit.visit import CookieReader, Visit
from consentkit.vocabulary import Action, Choice

logger = logging.getLogger("consentkit")

# A choice of a thousand vendors has about 40 KB; nothing larger is a form of ours.
MAX_FORM = 64 * 1024  # bytes
MAX_FIELDS = 2000

# A visitor who is told to try again does so by hand.
RETRY_AFTER = 60  # seconds

# How long the address of a receipt is good for who holds no identifier.
RECEIPT_LIFE = 60 * 60  # seconds
RECEIPT_NAME = "receipt.json"

# A token of ours is far shorter; whatever is longer is none.
MAX_TOKEN = 512  # characters

# Our pages load their own files and nothing else, and nobody frames them.
PAGE_POLICY = (
    b"default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self'; "
    b"form-action 'self'; base-uri 'none'; frame-ancestors 'self'"
)
OWN_PAGE: Fields = [
    (b"content-type", b"text/html; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-robots-tag", b"noindex"),
    (b"referrer-policy", b"same-origin"),
    (b"content-security-policy", PAGE_POLICY),
    (b"x-content-type-options", b"nosniff"),
]
# Own pages are files and forms only, whatever the policy of the app's pages says.
BY_FILE = Delivery(style_inline=False, script_inline=False)

ASSET_LIFE = b"public, max-age=31536000, immutable"  # the name changes with the content

WHY_AGAIN = {
    "old": "its view token is missing, forged or of a notice that is not known here.",
    "origin": "neither Sec-Fetch-Site nor Origin tells which site its page is of.",
    "form": "the form has no action that is known, too many fields, or is larger than any form of ours.",
}

AGAIN = {"old": "prefs.again_old", "origin": "prefs.again_origin", "form": "prefs.again_form"}


@dataclass(frozen=True)
class Reply:
    status: int
    headers: Fields
    body: bytes = b""


@dataclass(frozen=True)
class Fresh:
    """What only the world can give: the time, and ids made of randomness."""

    now: datetime
    record: str
    subject: str


@dataclass(frozen=True)
class ToRecord:
    """A choice that is answered once it is durable.

    `done` gets the record that stands in the log: of a double click that is the first one. `failed` is the answer
    when nothing could be written, with the seconds after which to try again; a refusal is in force even then
    (`counts_anyway`).
    """

    record: Record
    notice: Notice | None
    once: str | None
    done: Callable[[Record], Reply]
    failed: Callable[[int], Reply]
    counts_anyway: bool


@dataclass(frozen=True)
class Health:
    """The question whether the log can be written; asgi knows."""


@dataclass(frozen=True)
class ReceiptAsked:
    """The question for the receipt of a record; asgi asks the log, and `done` makes the answer of it."""

    record: str
    done: Callable[[Mapping[str, Json] | None], Reply]


@dataclass(frozen=True)
class CheckpointAsked:
    """The question for the newest checkpoint."""

    done: Callable[[str | None], Reply]


@dataclass(frozen=True)
class Endpoints:
    """Everything under the prefix of one site."""

    site: Site
    controls: Controls
    catalogues: Catalogues
    cookies: CookieReader
    gate: Gate
    receipts: Seal

    def route(self, visit: Visit) -> str | None:
        """The part of the path after the prefix, or None when the request is the app's."""
        if visit.path == self.site.prefix or visit.path.startswith(self.site.prefix + "/"):
            return visit.path[len(self.site.prefix) + 1 :]
        return None

    def get(self, route: str, visit: Visit, now: datetime) -> Reply | Health | ReceiptAsked | CheckpointAsked:
        """The answer to a GET or HEAD."""
        query = _fields(visit.query)
        if route == "preferences":
            return self._preferences(visit, query, now)
        if route == "receipt":
            return self._receipt(visit, query, now)
        if route == "checkpoint" and self.site.checkpoint:
            return CheckpointAsked(lambda note: self._checkpoint(visit, note))
        if route == "reader":
            return self._reader(visit, query)
        if route == "health":
            return Health()
        if route.startswith("assets/"):
            return self._asset(visit, route.removeprefix("assets/"))
        if route == "choice":
            return self._message(visit, 405, "reader.privacy", "error.method_text", [(b"allow", b"POST")])
        return self._message(visit, 404, "error.lost_title", "error.lost_text")

    def not_found(self, visit: Visit) -> Reply:
        return self._message(visit, 404, "error.lost_title", "error.lost_text")

    def wrong_method(self, visit: Visit, allowed: bytes) -> Reply:
        return self._message(visit, 405, "reader.privacy", "error.method_text", [(b"allow", allowed)])

    def form(self, visit: Visit, body: bytes) -> Form | None:
        """The posted form. `action` and `shown` may stand in the address, where a button can name only one value."""
        try:
            fields = parse_qsl(body.decode("utf-8"), keep_blank_values=True, max_num_fields=MAX_FIELDS)
            fields += parse_qsl(visit.query, max_num_fields=MAX_FIELDS)
        except (UnicodeDecodeError, ValueError):
            return None
        return parse_form(fields)

    def shown(self, form: Form) -> Shown | None:
        """Which notice the page carried, by its view token; asgi asks the log whether it is known."""
        return self.controls.read_token(form.shown)

    def choice(self, visit: Visit, form: Form | None, fresh: Fresh, *, notice_known: bool) -> Reply | ToRecord:
        """The answer to a posted choice."""
        wanted = form.next if form else ""
        target = self._back_to_preferences(visit, wanted) or self._next(visit, wanted)
        if form is None:
            return self._again(visit, "form", target, json_status=400)
        who = sender(self.site, visit)
        if who is Sender.FOREIGN:
            return self._foreign(visit, target)
        if form.action is Action.DISMISS:
            return self._dismissed(visit, form, fresh, target)
        if not only_reduces(form):
            if who is Sender.UNKNOWN:
                self._tell_origin(visit)
                return self._again(visit, "origin", target)
            if not notice_known:
                return self._again(visit, "old", target)
        return self._to_record(visit, form, fresh, target, notice_known=notice_known)

    # What a choice becomes

    def _to_record(
        self, visit: Visit, form: Form, fresh: Fresh, target: str, *, notice_known: bool
    ) -> Reply | ToRecord:
        site, today = self.site, fresh.now.astimezone(UTC).date()
        old = standing(site, visit.cookies.choice)
        denied = frozenset(site.gpc_purposes) if visit.gpc else frozenset()
        shown = self.shown(form) if notice_known else None
        new = choose(site, old, form, denied, today, shown.restricted if shown else frozenset())
        holder = self._holder(visit, form, new, fresh)
        subject = holder.subject if holder else (visit.cookies.holder.subject if visit.cookies.holder else None)
        record = self._record(visit, form, new, shown, fresh, subject, old)
        notice = self.controls.known_notice(shown.digest) if shown else None
        status = self._status(visit, form, new, shown)
        reload = takes_away(site, old, new)

        def answer(stored: Record | None) -> Reply:
            if not form.keep:
                return self._answered(visit, new, stored or record, target, [], status=status, reload=False)
            receipt = self._receipt_token(stored, fresh.now) if stored is not None and holder is None else ""
            lines = our_cookies.choice_cookies(site, visit, self.cookies, new, today)
            if holder is None or stored is None:
                lines += our_cookies.no_holder(site, visit, self.cookies)
            else:
                kept = Holder(stored.subject or holder.subject, stored.id)
                lines += our_cookies.holder_cookies(site, visit, self.cookies, kept, new.expires, today)
            lines += self._refused_cookies(visit, new)
            return self._answered(
                visit, new, stored or record, target, lines, status=status, reload=reload, receipt=receipt
            )

        counts_anyway = form.action in REDUCING or not (grants_something(new) or accepts_terms(site, form))
        return ToRecord(
            record=record,
            notice=notice,
            once=form.once or None,
            done=answer,
            failed=lambda seconds: answer(None) if counts_anyway else self.unavailable(visit, seconds),
            counts_anyway=counts_anyway,
        )

    def _holder(self, visit: Visit, form: Form, new: Choice, fresh: Fresh) -> Holder | None:
        """Who answers: made only by an answer that grants something or accepts terms."""
        if form.action in (Action.REJECT_ALL, Action.WITHDRAW) or not form.keep:
            return None
        if not grants_something(new) and not accepts_terms(self.site, form):
            return None
        before = visit.cookies.holder
        return Holder(before.subject if before else fresh.subject, fresh.record)

    def _record(
        self,
        visit: Visit,
        form: Form,
        new: Choice,
        shown: Shown | None,
        fresh: Fresh,
        subject: str | None,
        old: Choice | None,
    ) -> Record:
        return choice_record(
            self.site,
            visit,
            new,
            fresh,
            action=form.action,
            method=Method.JSON if visit.wants_json else Method.FORM,
            layer=shown.layer if shown else "unknown",
            notice=shown.digest if shown else "unknown",
            language=shown.language if shown else "",
            subject=subject,
            granted_before=old is not None and grants_something(old),
        )

    def _answered(
        self,
        visit: Visit,
        new: Choice,
        record: Record,
        target: str,
        lines: Fields,
        *,
        status: str,
        reload: bool,
        receipt: str = "",
    ) -> Reply:
        if visit.wants_json:
            answer: dict[str, object] = {
                "record": record.id,
                "time": record.time.isoformat().replace("+00:00", "Z"),
                "expires": new.expires.isoformat(),
                "granted": sorted(name for name, given in new.purposes.items() if given),
                "refused": sorted(name for name, given in new.purposes.items() if not given),
                "vendors": dict(sorted(new.vendors.items())),
                "policies": dict(sorted(new.terms.items())),
                "status": status,
                "reload": reload,
            }
            if receipt:
                answer["receipt"] = f"{visit.root_path}{self.site.prefix}/receipt?{urlencode({'of': receipt})}"
            return _json(200, answer, lines)
        if receipt and urlsplit(target).path == f"{visit.root_path}{self.site.prefix}/preferences":
            target += f"{'&' if '?' in target else '?'}{urlencode({'receipt': receipt})}"
        return _redirect(f"{target}#ckit-saved", lines)

    # Receipts

    def _receipt_token(self, record: Record, now: datetime) -> str:
        """What opens the receipt of a record for an hour: a browser that refused holds no identifier to ask with."""
        return self.receipts.sign(f"{record.id}~{int(now.timestamp()) + RECEIPT_LIFE}")

    def _receipt_of(self, token: str, now: datetime) -> str | None:
        text = self.receipts.read(token) if 0 < len(token) <= MAX_TOKEN else None
        record, _, until = (text or "").partition("~")
        return record if until.isdecimal() and int(until) >= now.timestamp() else None

    def _receipt(self, visit: Visit, query: Mapping[str, str], now: datetime) -> Reply | ReceiptAsked:
        """The visitor's own record and what proves it: by `ckit_id`, or by the address given to who refused."""
        holder = visit.cookies.holder
        record = self._receipt_of(query["of"], now) if "of" in query else (holder.record if holder else None)
        if record is None:
            return self._message(visit, 404, "error.receipt_title", "error.receipt_text")
        return ReceiptAsked(record, lambda receipt: self._receipt_answer(visit, query, receipt))

    def _receipt_answer(self, visit: Visit, query: Mapping[str, str], receipt: Mapping[str, Json] | None) -> Reply:
        if receipt is None:
            return self._message(visit, 404, "error.receipt_title", "error.receipt_text")
        if "file" in query or visit.wants_json:
            name = f'attachment; filename="{RECEIPT_NAME}"'.encode()
            more = [(b"content-disposition", name)] if "file" in query else []
            body = json.dumps(receipt, ensure_ascii=False, indent=1).encode()
            return Reply(200, [(b"content-type", b"application/json"), *OWN_PAGE[1:], *more], body)
        file = urlencode({"file": "1"} | ({"of": query["of"]} if "of" in query else {}))
        body = self.controls.receipt(visit, self._hints(visit), receipt, file=file, name=RECEIPT_NAME)
        return Reply(200, OWN_PAGE, body)

    def _checkpoint(self, visit: Visit, note: str | None) -> Reply:
        if note is None:
            return self.not_found(visit)
        headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"cache-control", b"no-cache")]
        return Reply(200, headers, note.encode())

    def _dismissed(self, visit: Visit, form: Form, fresh: Fresh, target: str) -> Reply:
        today = fresh.now.astimezone(UTC).date()
        new = choose(self.site, standing(self.site, visit.cookies.choice), form, frozenset(), today)
        lines = our_cookies.choice_cookies(self.site, visit, self.cookies, new, today)
        if visit.wants_json:
            return _json(200, {"status": self._catalogue(visit).text("status.closed"), "reload": False}, lines)
        return _redirect(target, lines)

    def _refused_cookies(self, visit: Visit, new: Choice) -> Fields:
        """Lines that delete what trackers of refused purposes wrote to this site, as far as the request shows it."""
        return refused_cookies(self.site, self.gate, visit, new)

    def _status(self, visit: Visit, form: Form, new: Choice, shown: Shown | None) -> str:
        catalogue = self._catalogue(visit, shown.language if shown else None)
        if form.action is Action.GRANT:
            titles = [v.title for p in self.site.asked for v in vendors_of(p) if v.name in form.vendors]
            tag = catalogue.language.tag
            return catalogue.text("status.granted", vendor=catalogue.list([pick(t, tag) for t in titles]))
        return catalogue.text(status_message(self.site, form.action, new))

    # Pages

    def _preferences(self, visit: Visit, query: Mapping[str, str], now: datetime) -> Reply:
        refused = self._receipt_of(query.get("receipt", ""), now)
        decision = decide(self.site, visit)
        target = self._next(visit, query.get("next", ""), quiet=True)
        page = self.controls.preferences(
            decision,
            visit,
            BY_FILE,
            self._hints(visit),
            language=query.get("lang"),
            says=AGAIN.get(query.get("again", "")),
            saved="saved" in query,
            next=target,
            record=refused or (visit.cookies.holder.record if visit.cookies.holder else None),
            receipt=urlencode({"of": query["receipt"]}) if refused else "",
        )
        return Reply(200, [*OWN_PAGE, (b"content-language", page.language.encode())], page.html)

    def _message(self, visit: Visit, status: int, title: str, text: str, more: Fields | None = None) -> Reply:
        body = self.controls.message(visit, self._hints(visit), title=title, text=text, retry=None)
        return Reply(status, [*OWN_PAGE, *(more or [])], body)

    def _asset(self, visit: Visit, name: str) -> Reply:
        asset = self.controls.assets.get(name)
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
        lines = our_cookies.reader_cookie(self.site, visit, _read_again(visit, query)) if _may_set(visit) else []
        if visit.destination == "empty":
            return Reply(204, [*lines, (b"cache-control", b"no-store")])
        return _redirect(self._next(visit, query.get("next", "")), lines)

    # Ways out

    def _back_to_preferences(self, visit: Visit, target: str) -> str | None:
        """The preferences page, for a form that wants to show there what was chosen; None for any other target."""
        path, _, query = target.partition("?")
        if path != f"{visit.root_path}{self.site.prefix}/preferences":
            return None
        kept = {name: value for name, value in _fields(query).items() if name in ("lang", "next")}
        return f"{path}?{urlencode(kept)}" if kept else path

    def _next(self, visit: Visit, target: str, *, quiet: bool = False) -> str:
        safe = safe_next(self.site, visit, target)
        if not target and not quiet:
            logger.info("A form named no page to go back to; sent to the site's root.")
        if safe is None and target and not quiet:
            logger.warning("A form asked to go to %.200r, which is not a page of this site; sent to its root.", target)
        return safe or f"{visit.root_path}/"

    def _again(self, visit: Visit, reason: str, target: str, *, json_status: int = 409) -> Reply:
        """A choice that can't count is asked for again on our own page, nothing ticked."""
        logger.warning("A choice was not taken and is asked for again: %s", WHY_AGAIN[reason])
        query = urlencode({"again": reason, "next": target})
        see = f"{visit.root_path}{self.site.prefix}/preferences"
        if visit.wants_json:
            return _json(json_status, {"error": reason, "see": f"{see}?{query}"}, [])
        return _redirect(f"{see}?{query}", [])

    def _foreign(self, visit: Visit, target: str) -> Reply:
        self._tell_origin(visit)
        see = f"{visit.root_path}{self.site.prefix}/preferences"
        if visit.wants_json:
            return _json(403, {"error": "origin", "see": see}, [])
        body = self.controls.message(
            visit, self._hints(visit), title="reader.privacy", text="prefs.again_origin", retry=see
        )
        return Reply(403, OWN_PAGE, body)

    def unavailable(self, visit: Visit, seconds: int) -> Reply:
        retry = [(b"retry-after", str(seconds).encode())]
        if visit.wants_json:
            return _json(503, {"error": "log", "see": f"{visit.root_path}{self.site.prefix}/preferences"}, retry)
        return self._message(visit, 503, "error.log_title", "error.log_text", retry)

    def _tell_origin(self, visit: Visit) -> None:
        origin = visit.origin if visit.origin not in ("", "null") else ""
        line = f'origins = ["{origin}"]' if origin else f'url = "{visit.scheme}://{visit.host}"'
        logger.warning(
            "A choice sent from %r to host %r (Sec-Fetch-Site %r) was not taken; if that is a page of this site,"
            " the configuration line that admits it is: %s",
            visit.origin or "no origin", visit.host, visit.site or "absent", line,
        )  # fmt: skip

    def _hints(self, visit: Visit) -> Hints:
        return Hints(app=None, content_language=None, accept_language=visit.accept_language)

    def _catalogue(self, visit: Visit, tag: str | None = None) -> Catalogue:
        available = [language.tag for language in self.catalogues.available]
        chosen = choose_language([tag], visit.accept_language, self.site.language, available)
        return self.catalogues.get(chosen.tag)


def choice_record(
    site: Site,
    visit: Visit,
    new: Choice,
    fresh: Fresh,
    *,
    action: Action,
    method: Method,
    layer: str,
    notice: str,
    language: str,
    subject: str | None,
    granted_before: bool,
) -> Record:
    """The record of a choice: every purpose and vendor that was asked about, and every policy that was shown.

    An objection to an exempt purpose is a no; that nobody objected is no yes, so it is not recorded as one.
    """
    about_terms = accepts_terms(site, Form(action))
    purposes = {purpose.name: new.purposes.get(purpose.name, False) for purpose in site.asked}
    purposes |= {purpose.name: False for purpose in site.exempt if purpose.name in new.purposes}
    vendors = {v.name: new.vendors.get(v.name, False) for purpose in site.asked for v in vendors_of(purpose)}
    # A refusal where nothing was asked is a refusal all the same; without any answer a record speaks of terms.
    answers = [] if about_terms else [*purposes.values(), *vendors.values()] or [False]
    return Record(
        id=fresh.record,
        time=fresh.now.astimezone(UTC).replace(microsecond=0),
        subject=subject,
        state=state_of(answers, granted_before=granted_before),
        action=action,
        method=method,
        layer=layer,
        purposes={} if about_terms else purposes,
        vendors={} if about_terms else vendors,
        policies={
            policy.name: PolicyAnswer(version=policy.version, accepted=new.terms.get(policy.name) == policy.version)
            for policy in site.policies
        },
        notice=notice,
        language=language,
        regime="opt-in",
        site=record_site(site, visit),
        gpc=visit.gpc,
        expires=new.expires,
        device=visit.device,
        previous=visit.cookies.holder.record if subject and visit.cookies.holder else None,
    )


def record_site(site: Site, visit: Visit) -> str:
    """How a record names the site: the host of its URL, or without one the host that was asked."""
    return urlsplit(site.url).netloc or visit.host


def status_message(site: Site, action: Action, new: Choice) -> str:
    """The id of the sentence that says what was chosen."""
    if accepts_terms(site, Form(action)):
        return "status.terms"
    if action is Action.WITHDRAW:
        return "status.withdrawn"
    asked = [new.purposes.get(purpose.name, False) for purpose in site.asked]
    if asked and all(asked):
        return "status.accepted"
    return "status.saved" if grants_something(new) else "status.rejected"


def _fields(query: str) -> Mapping[str, str]:
    """The fields of an address; one with more of them than any of ours has none that we look at."""
    try:
        return dict(parse_qsl(query, max_num_fields=MAX_FIELDS))
    except ValueError:
        return {}


def _read_again(visit: Visit, query: Mapping[str, str]) -> ReaderChoice:
    """The reader's choice with what the link changes; 100 % and `auto` mean the page's own."""
    present = visit.cookies.reader
    size = parse_text_size(query.get("text", "")) or present.text_size
    view = {"mobile": "mobile", "desktop": "desktop", "auto": None}.get(query.get("view", ""), present.view)
    return ReaderChoice(None if size == 100 else size, view)


def _may_set(visit: Visit) -> bool:
    """Not for a prefetch, and not for an image on another site that points here."""
    own = visit.site in ("", "same-origin", "none")
    return own and visit.destination in ("", "document", "empty") and not visit.is_prefetch


def _json(status: int, answer: Mapping[str, object], lines: list[Field]) -> Reply:
    headers = [(b"content-type", b"application/json"), (b"cache-control", b"no-store"), *lines]
    return Reply(status, headers, json.dumps(answer, separators=(",", ":")).encode())


def _redirect(target: str, lines: list[Field]) -> Reply:
    location = quote(target, safe="/:?#[]@!$&'()*+,;=~%").encode("ascii")
    headers = [(b"location", location), (b"cache-control", b"no-store"), (b"referrer-policy", b"same-origin"), *lines]
    return Reply(303, headers)
