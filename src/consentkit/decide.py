"""What follows from a visit: may this run, must we ask, which size and version. Pure and total.

`decide` has an answer for every visit. The reason for a branch stands beside it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from consentkit.cookies import VIEWS, offer_hash
from consentkit.errors import UnknownVendor
from consentkit.settings import Site
from consentkit.settings.site import vendors_of
from consentkit.visit import Device, Visit, bare_host
from consentkit.vocabulary import Basis, Choice, Purpose, Regime

# A decision takes about 2 KiB; a site of five purposes has 32 sets of grants, on each day that somebody chose.
MAX_DECISIONS = 512


class Asking(StrEnum):
    """Which question stands on the page."""

    NOTHING = "nothing"
    #: The first layer: reject, accept, choose.
    PURPOSES = "purposes"
    #: The plain notice: policies only.
    NOTICE = "notice"
    #: A new version of terms that were accepted before.
    TERMS = "terms"


@dataclass(frozen=True)
class Decision:
    """What one visitor gets. Everything that changes a page's bytes is in here, so it can key what is remembered."""

    asking: Asking
    #: Declared vendors that may run.
    allowed: frozenset[str]
    #: Purposes all of whose vendors may run.
    granted: frozenset[str]
    #: Policies whose present version was accepted.
    accepted: frozenset[str]
    #: Purposes that Global Privacy Control denies here.
    denied: frozenset[str]
    #: Purposes that the app took away for this request.
    restricted: frozenset[str]
    #: What the reader chose; None is the page's own.
    text_size: int | None
    view: str | None
    has_chosen: bool
    #: What the visitor's region asks for.
    regime: Regime = Regime.OPT_IN

    def allows(self, site: Site, purpose: str, vendor: str | None = None) -> bool:
        """Whether a purpose, or one vendor of it, may run. Raises `UnknownPurpose` or `UnknownVendor`."""
        declared = site.purpose(purpose)
        if vendor is None:
            return purpose in self.granted
        names = [declared_vendor.name for declared_vendor in vendors_of(declared)]
        if vendor not in names:
            raise UnknownVendor(vendor, names)
        return vendor in self.allowed


@dataclass(frozen=True)
class Reading:
    """What `reader_of` tells the app."""

    view: str
    text_size: int
    device: Device


def decide(site: Site, visit: Visit, restricted: frozenset[str] = frozenset()) -> Decision:
    """The decision for a visit; `restricted` are purposes that the app denied for this request."""
    choice = standing(site, visit.cookies.choice)
    denied = frozenset(site.gpc_purposes) if visit.gpc else frozenset()
    law = regime(site, visit)
    # Not `site.purposes`: what children are not asked about does not run by what was answered before, either.
    offered = (*site.asked, *site.exempt)
    vendors = frozenset(name for purpose in offered for name in _running(purpose, choice, denied, restricted, law))
    return Decision(
        asking=must_ask(site, choice, restricted, law),
        allowed=vendors,
        granted=frozenset(p.name for p in offered if _is_granted(p, choice, vendors, denied, restricted, law)),
        accepted=accepted(site, choice),
        denied=denied,
        restricted=restricted,
        text_size=_text_size(site, visit),
        view=_view(site, visit),
        has_chosen=choice is not None and choice.answers_purposes,
        regime=law,
    )


class Decisions:
    """`decide` for one site, remembering its answers: most visitors share theirs with many others."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._known: dict[tuple[object, ...], tuple[Choice | None, Decision]] = {}

    def of(self, visit: Visit, restricted: frozenset[str] = frozenset()) -> Decision:
        """The same as `decide`."""
        choice = visit.cookies.choice
        # Everything that `decide` reads of a visit. A choice has no hash; the entry keeps it alive, so that its id
        # stands for it. `visit.read` gives the same object for the same cookie.
        view = _view(self._site, visit)
        key = (id(choice), visit.gpc, restricted, visit.cookies.reader.text_size, view, visit.region)
        found = self._known.get(key)
        if found is None:
            if len(self._known) >= MAX_DECISIONS:
                self._known.clear()
            found = self._known[key] = (choice, decide(self._site, visit, restricted))
        return found[1]


def standing(site: Site, choice: Choice | None) -> Choice | None:
    """The choice, or what stays of it where the owner wants everybody asked again who chose before a day.

    Terms that were accepted stay accepted, they have versions of their own; and an objection stands until it is
    taken back, because what is exempt would run again at once.
    """
    if choice is None or not site.ask_again or choice.day >= date.fromisoformat(site.ask_again):
        return choice
    objected = [purpose.name for purpose in site.exempt if choice.purposes.get(purpose.name) is False]
    return replace(
        choice, purposes=dict.fromkeys(objected, False), vendors={}, closed={}, insisted=frozenset(), offer=""
    )


def regime(site: Site, visit: Visit) -> Regime:
    """What the visitor's region asks for; of a region that is not known, the strictest."""
    country = visit.region.partition("-")[0]
    return Regime(site.regimes.get(visit.region) or site.regimes.get(country) or Regime.OPT_IN)


def must_ask(
    site: Site,
    choice: Choice | None,
    restricted: frozenset[str] = frozenset(),
    regime: Regime = Regime.OPT_IN,
) -> Asking:
    # Elsewhere the way to object is a link on every page, and there is nothing to agree to.
    asks = regime is Regime.OPT_IN
    if asks and any(purpose.name not in restricted for purpose in site.asked) and not covers(site, choice, restricted):
        return Asking.PURPOSES
    if not site.terms:
        # Documents that nobody has to agree to are links in the reader bar.
        return Asking.NOTHING
    seen = {} if choice is None else choice.terms
    if all(seen.get(policy.name) == policy.version for policy in site.terms):
        return Asking.NOTHING
    # Closed is closed, whichever version was accepted before.
    if choice is not None and _closed(site, choice) and not site.terms_required:
        return Asking.NOTHING
    if any(policy.name in seen for policy in site.terms):
        return Asking.TERMS
    # Beside purposes a cookie choice closes the banner; whether terms are accepted is then the app's business.
    if asks and site.asked and not site.terms_required:
        return Asking.NOTHING
    return Asking.NOTICE


def accepted(site: Site, choice: Choice | None) -> frozenset[str]:
    """The terms whose present version was accepted."""
    seen = {} if choice is None else choice.terms
    return frozenset(policy.name for policy in site.terms if seen.get(policy.name) == policy.version)


def reading(decision: Decision, visit: Visit) -> Reading:
    """The version and size that the page is in, for the app."""
    own = "mobile" if visit.device is Device.PHONE else "desktop"
    return Reading(view=decision.view or own, text_size=decision.text_size or 100, device=visit.device)


def offer(site: Site) -> str:
    """The hash of what is offered: purposes and declared vendors, in no language."""
    ids = [purpose.name for purpose in site.asked]
    ids += [f"{purpose.name}/{vendor.name}" for purpose in site.asked for vendor in vendors_of(purpose)]
    return offer_hash(ids)


def covers(site: Site, choice: Choice | None, restricted: frozenset[str] = frozenset()) -> bool:
    """Whether a choice answers everything that is offered now; `restricted` purposes are not."""
    # Never asked, and refused as forged: both look the same from here.
    if choice is None:
        return False
    if choice.offer == offer(site):
        return True
    # Something changed. A removal or a new wording asks nobody; an old "yes" does not cover a new vendor.
    return all(
        purpose.name in choice.purposes and all(vendor.name in choice.vendors for vendor in vendors_of(purpose))
        for purpose in site.asked
        if purpose.name not in restricted
    )


def _running(
    purpose: Purpose, choice: Choice | None, denied: frozenset[str], restricted: frozenset[str], regime: Regime
) -> frozenset[str]:
    """The vendors of a purpose that may run."""
    if purpose.name in restricted or _is_denied(purpose, choice, denied):
        return frozenset()
    names = frozenset(vendor.name for vendor in vendors_of(purpose))
    if purpose.basis == Basis.EXEMPT:
        # An objection is against the purpose, so it covers vendors that were added since.
        return frozenset() if choice is not None and choice.purposes.get(purpose.name) is False else names
    unasked = regime is not Regime.OPT_IN
    return frozenset(name for name in names if ({} if choice is None else choice.vendors).get(name, unasked))


def _is_granted(
    purpose: Purpose,
    choice: Choice | None,
    allowed: frozenset[str],
    denied: frozenset[str],
    restricted: frozenset[str],
    regime: Regime,
) -> bool:
    if purpose.name in restricted or _is_denied(purpose, choice, denied):
        return False
    vendors = vendors_of(purpose)
    if vendors:
        return all(vendor.name in allowed for vendor in vendors)
    answers: Mapping[str, bool] = {} if choice is None else choice.purposes
    return answers.get(purpose.name, purpose.basis == Basis.EXEMPT or regime is not Regime.OPT_IN)


def _is_denied(purpose: Purpose, choice: Choice | None, denied: frozenset[str]) -> bool:
    # Global Privacy Control wins over an earlier yes (11 CCR 7025(c)); only a yes that was given on the preferences
    # page while the signal was there stands against it.
    return purpose.name in denied and (choice is None or purpose.name not in choice.insisted)


def _closed(site: Site, choice: Choice) -> bool:
    return all(choice.closed.get(policy.name) == policy.version for policy in site.terms)


def _text_size(site: Site, visit: Visit) -> int | None:
    if site.text_size is None:
        return None
    size = visit.cookies.reader.text_size
    return None if size == 100 else size


def _view(site: Site, visit: Visit) -> str | None:
    """The version that a page is shown in, whose word is strongest first; None is the page as it is."""
    if site.mobile is None:
        return None
    # A host and a path are what people share and bookmark; the version is part of what they name.
    ruled = fixed_view(site, visit)
    chosen = ruled or visit.view_parameter or visit.cookies.reader.view
    if chosen in VIEWS:
        return chosen
    return "mobile" if site.mobile == "device" and visit.device is Device.PHONE else None


def fixed_view(site: Site, visit: Visit) -> str | None:
    """The version that the owner gave to a host or path, the longest path first."""
    if site.mobile_host and visit.hostname == bare_host(site.mobile_host):
        return "mobile"
    if not site.mobile_paths:
        return None
    path = visit.path + "/"
    named = [fixed for fixed in site.mobile_paths if path.startswith(fixed.rstrip("/") + "/")]
    return site.mobile_paths[max(named, key=len)] if named else None


def check_purposes(site: Site, names: frozenset[str]) -> None:
    """Raises `UnknownPurpose` for a name that the site does not declare."""
    for name in names:
        site.purpose(name)
