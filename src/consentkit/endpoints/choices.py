"""A posted choice: who may make it, what becomes of it, and what is answered."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import UTC
from urllib.parse import parse_qsl, urlencode, urlsplit

from consentkit.choose import (
    Form,
    accepts_terms,
    choose,
    grants_something,
    only_reduces,
    parse_form,
    takes_away,
)
from consentkit.controls import Shown
from consentkit.cookies import Holder
from consentkit.decide import regime, standing
from consentkit.endpoints.desk import Desk
from consentkit.endpoints.receipts import Receipts
from consentkit.endpoints.records import choice_record, status_message
from consentkit.endpoints.reply import MAX_FIELDS, OWN_PAGE, Fresh, Reply, ToRecord, fields_of, json_reply, redirect
from consentkit.languages import pick
from consentkit.log.record import Method, Record
from consentkit.origin import Sender, sender
from consentkit.response import our_cookies
from consentkit.response.headers import Fields
from consentkit.response.refused import refused_cookies
from consentkit.settings.site import vendors_of
from consentkit.visit import Visit
from consentkit.vocabulary import Action, Choice

logger = logging.getLogger("consentkit")

WHY_AGAIN = {
    "old": "its view token is missing, forged or of a notice that is not known here.",
    "origin": "neither Sec-Fetch-Site nor Origin tells which site its page is of.",
    "form": "the form has no action that is known, too many fields, or is larger than any form of ours.",
}

AGAIN = {"old": "prefs.again_old", "origin": "prefs.again_origin", "form": "prefs.again_form"}


@dataclass(frozen=True)
class Choices:
    desk: Desk
    receipts: Receipts

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
        return self.desk.controls.read_token(form.shown)

    def choice(self, visit: Visit, form: Form | None, fresh: Fresh, *, notice_known: bool) -> Reply | ToRecord:
        """The answer to a posted choice."""
        wanted = form.next if form else ""
        target = self._back_to_preferences(visit, wanted) or self.desk.next(visit, wanted)
        if form is None:
            return self._again(visit, "form", target, json_status=400)
        who = sender(self.desk.site, visit)
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
        site, today = self.desk.site, fresh.now.astimezone(UTC).date()
        old = standing(site, visit.cookies.choice)
        law = regime(site, visit)
        denied = frozenset(site.gpc_purposes) if visit.gpc else frozenset()
        shown = self.shown(form) if notice_known else None
        new = choose(site, old, form, denied, today, shown.restricted if shown else frozenset(), law)
        holder = self._holder(visit, form, new, fresh)
        subject = holder.subject if holder else (visit.cookies.holder.subject if visit.cookies.holder else None)
        record = self._record(visit, form, new, shown, fresh, subject, old)
        notice = self.desk.controls.known_notice(shown.digest) if shown else None
        status = self._status(visit, form, new, shown)
        reload = takes_away(site, old, new, law)

        def answer(stored: Record | None) -> Reply:
            if not form.keep:
                return self._answered(visit, new, record, stored, target, [], status=status, reload=False)
            receipt = self.receipts.token(stored, fresh.now) if stored is not None and holder is None else ""
            lines = our_cookies.choice_cookies(site, visit, self.desk.cookies, new, today)
            if holder is None or stored is None:
                lines += our_cookies.no_holder(site, visit, self.desk.cookies)
            else:
                kept = Holder(stored.subject or holder.subject, stored.id)
                lines += our_cookies.holder_cookies(site, visit, self.desk.cookies, kept, new.expires, today)
            if reload and site.clear_site_data:
                kinds = ", ".join(f'"{kind}"' for kind in site.clear_site_data)
                lines.append((b"clear-site-data", kinds.encode("ascii")))
            lines += refused_cookies(site, self.desk.gate, visit, new)
            return self._answered(
                visit, new, record, stored, target, lines, status=status, reload=reload, receipt=receipt
            )

        counts_anyway = only_reduces(form) or not (grants_something(new) or accepts_terms(site, form))
        return ToRecord(
            record=record,
            notice=notice,
            once=form.once or None,
            done=answer,
            failed=lambda seconds: answer(None) if counts_anyway else self.desk.unavailable(visit, seconds),
            counts_anyway=counts_anyway,
        )

    def _holder(self, visit: Visit, form: Form, new: Choice, fresh: Fresh) -> Holder | None:
        """Who answers: made only by an answer that grants something or accepts terms."""
        if form.action in (Action.REJECT_ALL, Action.WITHDRAW) or not form.keep:
            return None
        if not grants_something(new) and not accepts_terms(self.desk.site, form):
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
            self.desk.site,
            visit,
            new,
            fresh,
            self.desk.controls.documents,
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
        stored: Record | None,
        target: str,
        lines: Fields,
        *,
        status: str,
        reload: bool,
        receipt: str = "",
    ) -> Reply:
        if visit.wants_json:
            answer: dict[str, object] = {
                # A refusal is in force even when nothing could be written; then there is no record to name.
                "record": stored.id if stored else None,
                "time": (stored or record).time.isoformat().replace("+00:00", "Z"),
                "expires": f"{new.expires.isoformat()}T00:00:00Z",
                "granted": sorted(name for name, given in new.purposes.items() if given),
                "refused": sorted(name for name, given in new.purposes.items() if not given),
                "vendors": dict(sorted(new.vendors.items())),
                "policies": dict(sorted(new.terms.items())),
                "status": status,
                "reload": reload,
            }
            if receipt:
                answer["receipt"] = f"{self.desk.address(visit, 'receipt')}?{urlencode({'of': receipt})}"
            return json_reply(200, answer, lines)
        if receipt and urlsplit(target).path == self.desk.address(visit, "preferences"):
            target += f"{'&' if '?' in target else '?'}{urlencode({'receipt': receipt})}"
        return redirect(f"{target}#ckit-saved", lines)

    def _dismissed(self, visit: Visit, form: Form, fresh: Fresh, target: str) -> Reply:
        today = fresh.now.astimezone(UTC).date()
        new = choose(self.desk.site, standing(self.desk.site, visit.cookies.choice), form, frozenset(), today)
        lines = our_cookies.choice_cookies(self.desk.site, visit, self.desk.cookies, new, today)
        if visit.wants_json:
            return json_reply(200, {"status": self.desk.catalogue(visit).text("status.closed"), "reload": False}, lines)
        return redirect(target, lines)

    def _status(self, visit: Visit, form: Form, new: Choice, shown: Shown | None) -> str:
        catalogue = self.desk.catalogue(visit, shown.language if shown else None)
        if form.action is Action.GRANT:
            titles = [v.title for p in self.desk.site.asked for v in vendors_of(p) if v.name in form.vendors]
            tag = catalogue.language.tag
            return catalogue.text("status.granted", vendor=catalogue.list([pick(t, tag) for t in titles]))
        return catalogue.text(status_message(self.desk.site, form.action, new))

    # What can't count

    def _back_to_preferences(self, visit: Visit, target: str) -> str | None:
        """The preferences page, for a form that wants to show there what was chosen; None for any other target."""
        path, _, query = target.partition("?")
        if path != self.desk.address(visit, "preferences"):
            return None
        kept = {name: value for name, value in fields_of(query).items() if name in ("lang", "next")}
        return f"{path}?{urlencode(kept)}" if kept else path

    def _again(self, visit: Visit, reason: str, target: str, *, json_status: int = 409) -> Reply:
        """A choice that can't count is asked for again on our own page, nothing ticked."""
        logger.warning("A choice was not taken and is asked for again: %s", WHY_AGAIN[reason])
        query = urlencode({"again": reason, "next": target})
        see = self.desk.address(visit, "preferences")
        if visit.wants_json:
            return json_reply(json_status, {"error": reason, "see": f"{see}?{query}"}, [])
        return redirect(f"{see}?{query}", [])

    def _foreign(self, visit: Visit, target: str) -> Reply:
        self._tell_origin(visit)
        see = self.desk.address(visit, "preferences")
        if visit.wants_json:
            return json_reply(403, {"error": "origin", "see": see}, [])
        body = self.desk.controls.message(
            visit, self.desk.hints(visit), title="reader.privacy", text="prefs.again_origin", retry=see
        )
        return Reply(403, OWN_PAGE, body)

    def _tell_origin(self, visit: Visit) -> None:
        origin = visit.origin if visit.origin not in ("", "null") else ""
        line = f'origins = ["{origin}"]' if origin else f'url = "{visit.scheme}://{visit.host}"'
        logger.warning(
            "A choice sent from %r to host %r (Sec-Fetch-Site %r) was not taken; if that is a page of this site,"
            " the configuration line that admits it is: %s",
            visit.origin or "no origin", visit.host, visit.site or "absent", line,
        )  # fmt: skip
