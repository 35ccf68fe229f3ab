"""The preferences page: every purpose and company, the documents, the present choice, and the way to take it back.

It is a page of its own, so that it works without script and under any policy of the app's pages.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from consentkit.controls.question import Question
from consentkit.controls.reader import REMEMBERED
from consentkit.controls.words import Words
from consentkit.decide import Decision
from consentkit.settings.site import vendors_of
from consentkit.templates import Markup, escape
from consentkit.vocabulary import Choice, Purpose, Regime, Vendor

# Where a cookie's name may be broken in a narrow column: after a joint, and in what has none at all, somewhere.
_JOINT = re.compile(r"(?<=[^\W_])([-_.]+)(?=[^\W_])|([^\W_]{20})(?=[^\W_])")

_ADDRESS = re.compile(r"[^\s@<>\"?&]+@[^\s@<>\"?&]+")


@dataclass(frozen=True)
class Ticks:
    """What is ticked: purposes and vendors that the visitor agreed to, and exempt purposes objected to."""

    purposes: frozenset[str] = frozenset()
    vendors: frozenset[str] = frozenset()
    objections: frozenset[str] = frozenset()


def ticks(words: Words, decision: Decision) -> Ticks:
    """The present choice as ticks. A purpose of which some vendors are allowed is ticked with those."""
    asked = words.site.asked
    return Ticks(
        purposes=frozenset(
            purpose.name
            for purpose in asked
            if purpose.name in decision.granted
            or any(vendor.name in decision.allowed for vendor in vendors_of(purpose))
        ),
        vendors=decision.allowed,
        objections=frozenset(
            purpose.name
            for purpose in words.site.exempt
            if decision.has_chosen and purpose.name not in decision.granted
        ),
    )


def purposes(words: Words, question: Question, ticked: Ticks) -> list[dict[str, object]]:
    """The purposes that are offered, each with its companies."""
    return [
        _purpose(words, purpose)
        | {"ticked": purpose.name in ticked.purposes, "vendors": _vendors(words, purpose, ticked)}
        for purpose in question.offered(words.site)
    ]


def exempt(words: Words, ticked: Ticks) -> list[dict[str, object]]:
    """The purposes that run without asking, each with its reason and a box to object."""
    return [
        _purpose(words, purpose)
        | {
            "reason": words.markup("prefs.exempt", reason=words.own(purpose.reason)),
            "objected": purpose.name in ticked.objections,
            "vendors": _vendors(words, purpose, ticked),
        }
        for purpose in words.site.exempt
    ]


def necessary(words: Words) -> Iterator[dict[str, object]]:
    """The cookies that the site can't do without: ours first, then the owner's."""
    site, duration = words.site, words.catalogue.duration
    bound = "__Host-" if site.scheme == "https" and not site.cookie_domain else ""
    stem, kept = site.cookie_name, duration(max(site.grant_days, site.refusal_days))
    yield {"name": breakable(f"{bound}{stem}"), "why": words.text("cookie.choice"), "kept": kept}
    yield {
        "name": breakable(f"{bound}{stem}_id"),
        "why": words.text("cookie.record"),
        "kept": duration(site.grant_days),
    }
    if site.text_size or site.mobile:
        yield {"name": breakable(f"{stem}_reader"), "why": words.text("cookie.reader"), "kept": duration(REMEMBERED)}
    for name, reason in site.necessary.items():
        yield {"name": breakable(name), "why": words.own(reason), "kept": "\N{EN DASH}"}


def breakable(name: str) -> Markup:
    """A cookie's name that may go over two lines, but not in the middle of a word."""
    return Markup(_JOINT.sub(r"\1\2<wbr/>", str(escape(name))))


def present(words: Words, question: Question, choice: Choice | None, decision: Decision) -> list[Markup]:
    """What was chosen before, in sentences."""
    lines: list[Markup] = []
    if choice is not None and decision.has_chosen:
        day, expires = words.catalogue.date(choice.day), words.catalogue.date(choice.expires)
        lines.append(words.markup("prefs.state_since", date=day, expires=expires))
    elif decision.regime is Regime.OPT_IN:
        return [words.markup("prefs.state_none")]
    asked = question.offered(words.site)
    allowed = [_amount(words, purpose, decision) for purpose in asked if _runs(purpose, decision)]
    refused = [words.purpose(purpose) for purpose in asked if not _runs(purpose, decision)]
    if allowed:
        lines.append(words.markup("prefs.allowed", purposes=words.catalogue.list(allowed)))
    if refused:
        lines.append(words.markup("prefs.refused", purposes=words.catalogue.list(refused)))
    return lines


def policies(words: Words, decision: Decision) -> list[dict[str, object]]:
    return [
        {
            "link": words.link(policy),
            "version": words.text("prefs.version", version=policy.version),
            "accepted": words.text("prefs.terms_accepted") if policy.name in decision.accepted else "",
            "changes": words.anchor(policy.changes, words.text("terms.changes")) if policy.changes else "",
        }
        for policy in words.site.policies
    ]


def responsible(words: Words) -> list[Markup]:
    """Who answers for the site, as a link where one can write to it."""
    site = words.site
    lines = [words.markup("prefs.controller", controller=site.controller)] if site.controller else []
    if site.contact:
        lines.append(words.markup("prefs.contact", contact=_contact(site.contact)))
    return lines


def _contact(contact: str) -> Markup | str:
    if _ADDRESS.fullmatch(contact):
        return Markup('<a href="mailto:{0}">{0}</a>').format(contact)
    return contact


def _purpose(words: Words, purpose: Purpose) -> dict[str, object]:
    return {"id": purpose.name, "title": words.purpose(purpose), "text": words.purpose_text(purpose)}


def _vendors(words: Words, purpose: Purpose, ticked: Ticks) -> list[dict[str, object]]:
    return [_vendor(words, vendor) | {"ticked": vendor.name in ticked.vendors} for vendor in vendors_of(purpose)]


def _vendor(words: Words, vendor: Vendor) -> dict[str, object]:
    title = words.vendor(vendor)
    return {
        "id": vendor.name,
        "title": title,
        "text": words.vendor_text(vendor),
        "privacy": vendor.privacy,
        "privacy_label": words.text("prefs.vendor_privacy", vendor=title),
        "country": _country(words, vendor.country),
        "cookies": [{"name": breakable(name), "kept": words.lifetime(kept)} for name, kept in vendor.cookies.items()],
    }


def _country(words: Words, code: str) -> str:
    return words.text("prefs.country", country=words.catalogue.country(code)) if code else ""


def _runs(purpose: Purpose, decision: Decision) -> bool:
    return purpose.name in decision.granted or any(v.name in decision.allowed for v in vendors_of(purpose))


def _amount(words: Words, purpose: Purpose, decision: Decision) -> str:
    title, vendors = words.purpose(purpose), vendors_of(purpose)
    if purpose.name in decision.granted:
        return title
    granted = sum(vendor.name in decision.allowed for vendor in vendors)
    return f"{title} ({words.text('prefs.partly', granted=granted, total=len(vendors))})"
