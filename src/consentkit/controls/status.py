"""The sentence about what was chosen: after a choice without script, the page itself has to say it."""

from __future__ import annotations

from datetime import timedelta

from consentkit.decide import Asking, Decision
from consentkit.settings import Site
from consentkit.visit import Visit

# A form is answered by the page at once. Two days, because the one before may have ended in between.
FRESH = timedelta(days=1)


def fresh_status(site: Site, decision: Decision, visit: Visit) -> str:
    """As `status`, for pages of the app: who chose on another day does not come from the form, and is spared it."""
    choice = visit.cookies.choice
    recent = choice is not None and visit.now.date() - choice.day <= FRESH
    return status(site, decision, visit) if recent else ""


def status(site: Site, decision: Decision, visit: Visit) -> str:
    """Its message id, "" when there is nothing to say."""
    asked = site.asked if decision.has_chosen else ()
    if asked and decision.asking is not Asking.PURPOSES:
        granted = [purpose.name in decision.granted for purpose in asked]
        if all(granted):
            return "status.accepted"
        given = visit.cookies.choice
        agreed = given is not None and any(given.vendors.get(v) for v in decision.allowed)
        return "status.saved" if any(granted) or agreed else "status.rejected"
    if decision.accepted:
        return "status.terms"
    closed = visit.cookies.choice is not None and visit.cookies.choice.closed
    return "status.closed" if closed else ""
