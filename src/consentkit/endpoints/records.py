"""A choice as the log keeps it, and the sentence that says it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC
from urllib.parse import urlsplit

from consentkit.choose import Form, accepts_terms, grants_something
from consentkit.decide import regime, standing
from consentkit.endpoints.reply import Fresh
from consentkit.log.notice import text_digest
from consentkit.log.record import UNKNOWN_NOTICE, Method, PolicyAnswer, Record, state_of
from consentkit.settings import Site
from consentkit.settings.site import vendors_of
from consentkit.visit import Visit
from consentkit.vocabulary import Action, Choice

#: What the browser said by itself, in the place of a button and of a layer.
SIGNAL = "gpc"


def choice_record(
    site: Site,
    visit: Visit,
    new: Choice,
    fresh: Fresh,
    texts: Mapping[str, str],
    *,
    action: str,
    method: Method,
    layer: str,
    notice: str,
    language: str,
    subject: str | None,
    granted_before: bool,
) -> Record:
    """The record of a choice: every purpose and vendor that was asked about, and every policy that was shown.

    `texts`: policy name to its text, as far as it could be read.

    An objection to an exempt purpose is a no; that nobody objected is no yes, so it is not recorded as one.
    """
    about_terms = action in tuple(Action) and accepts_terms(site, Form(Action(action)))
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
            policy.name: PolicyAnswer(
                version=policy.version,
                accepted=new.terms.get(policy.name) == policy.version,
                sha256=text_digest(texts[policy.name]) if policy.name in texts else "",
            )
            for policy in site.policies
        },
        notice=notice,
        language=language,
        regime=regime(site, visit),
        site=record_site(site, visit),
        gpc=visit.gpc,
        expires=new.expires,
        device=visit.device,
        previous=visit.cookies.holder.record if subject and visit.cookies.holder else None,
    )


def signal_record(site: Site, visit: Visit, fresh: Fresh, texts: Mapping[str, str]) -> Record | None:
    """The event that Global Privacy Control overrides an earlier yes; None while it overrides nothing.

    Only of who holds an identifier: who agreed to something does, and nobody gets one for a signal.
    """
    choice, holder = standing(site, visit.cookies.choice), visit.cookies.holder
    if not visit.gpc or choice is None or holder is None:
        return None
    denied = {name for name in site.gpc_purposes if name not in choice.insisted}
    silenced = {vendor.name for p in site.asked if p.name in denied for vendor in vendors_of(p)}
    if not any(choice.vendors.get(name) for name in silenced) and not any(map(choice.purposes.get, denied)):
        return None
    left = replace(
        choice,
        purposes={name: given and name not in denied for name, given in choice.purposes.items()},
        vendors={name: given and name not in silenced for name, given in choice.vendors.items()},
    )
    return choice_record(
        site, visit, left, fresh, texts, action=SIGNAL, method=Method.SIGNAL, layer=SIGNAL,
        notice=UNKNOWN_NOTICE, language="", subject=holder.subject, granted_before=True,
    )  # fmt: skip


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
