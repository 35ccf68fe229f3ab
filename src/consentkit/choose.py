"""What a press of a button makes of the present choice. Pure: the old choice, the form and the day give the new one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from consentkit.decide import covers, offer
from consentkit.settings import Site
from consentkit.settings.site import vendors_of
from consentkit.vocabulary import Action, Choice, Purpose, Regime

#: Actions that can only take away: they take effect whatever else fails.
REDUCING = frozenset({Action.REJECT_ALL, Action.WITHDRAW, Action.DISMISS})

#: No browser keeps a cookie for longer (RFC 6265bis, 5.6.1); in California nobody who has objected may be asked to
#: agree again for twelve months (Civil Code 1798.135(c)(4)).
LONGEST_OBJECTION = 400  # days

NONE: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Form:
    """A posted choice. `purposes` and `vendors` are the ticked ids, `objections` those of exempt purposes."""

    action: Action
    purposes: frozenset[str] = frozenset()
    vendors: frozenset[str] = frozenset()
    objections: frozenset[str] = frozenset()
    shown: str = ""
    next: str = ""
    once: str = ""
    #: False: agreed to for this page only, so the record is made and no cookie keeps it ("Load once").
    keep: bool = True


def parse_form(fields: Sequence[tuple[str, str]]) -> Form | None:
    """A form from its fields, or None when its action is not one of ours. What nobody declared is kept out later."""
    single = dict(reversed(fields))
    try:
        action = Action(single.get("action", ""))
    except ValueError:
        return None
    return Form(
        action=action,
        purposes=_named(fields, "purpose"),
        vendors=_named(fields, "vendor"),
        objections=_named(fields, "object"),
        shown=single.get("shown", ""),
        next=single.get("next", ""),
        once=single.get("once", "")[:64],
        keep=single.get("keep") != "no",
    )


def choose(
    site: Site,
    old: Choice | None,
    form: Form,
    denied: frozenset[str],
    today: date,
    restricted: frozenset[str] = NONE,
    regime: Regime = Regime.OPT_IN,
) -> Choice:
    """The choice after this form.

    `denied`: purposes that Global Privacy Control denies in this browser. `restricted`: purposes that the app had taken
    away where this was asked, so that nobody answered them: they stay as they were, unless everything is refused.
    """
    before = Choice(day=today, expires=today) if old is None else _declared(site, old)
    versions = {policy.name: policy.version for policy in site.terms}
    action = form.action
    if accepts_terms(site, form):
        return _extended(site, replace(before, terms=versions, closed={}), before, today)
    if action is Action.DISMISS:
        return _extended(site, replace(before, closed=versions), before, today)
    if action is Action.GRANT:
        return _extended(site, _granted(site, before, form, denied, restricted), before, today)
    kept = restricted if action in (Action.ACCEPT_ALL, Action.SAVE) else NONE
    return _renewed(site, _answered(site, before, form, action, denied, kept), today, regime)


def only_reduces(form: Form) -> bool:
    """Whether a form can grant nothing: it then takes effect whatever is known of where it came from."""
    return form.action in REDUCING or (form.action is Action.SAVE and not form.purposes)


def accepts_terms(site: Site, form: Form) -> bool:
    """Whether a form accepts the terms: in a plain notice Accept means the same as Accept terms."""
    return form.action is Action.ACCEPT_POLICIES or (form.action is Action.ACCEPT_ALL and not site.asked)


def grants_something(choice: Choice) -> bool:
    return any(choice.purposes.values()) or any(choice.vendors.values())


def takes_away(site: Site, old: Choice | None, new: Choice, regime: Regime = Regime.OPT_IN) -> bool:
    """Whether something ran before that may not run any more: what is in the page must then go."""
    before = Choice(day=new.day, expires=new.expires) if old is None else old
    if any(before.purposes.get(p.name, True) and not new.purposes.get(p.name, True) for p in site.exempt):
        return True
    runs = regime is not Regime.OPT_IN  # what nobody was asked about
    asked = site.asked if runs else ()
    purposes = {purpose.name for purpose in asked} | before.purposes.keys() - {p.name for p in site.exempt}
    vendors = {name for purpose in asked for name in _vendor_names(purpose)} | before.vendors.keys()
    return any(before.vendors.get(name, runs) and not new.vendors.get(name, runs) for name in vendors) or any(
        before.purposes.get(name, runs) and not new.purposes.get(name, runs) for name in purposes
    )


def _answered(
    site: Site, before: Choice, form: Form, action: Action, denied: frozenset[str], kept: frozenset[str]
) -> Choice:
    """Every purpose answered anew, but for those that are kept. What is not agreed to is refused."""
    purposes: dict[str, bool] = {}
    vendors: dict[str, bool] = {}
    for purpose in site.asked:
        if purpose.name in kept:
            names = _vendor_names(purpose)
            purposes |= {name: given for name, given in before.purposes.items() if name == purpose.name}
            vendors |= {name: given for name, given in before.vendors.items() if name in names}
            continue
        listed = _is_listed(purpose, form, action, denied)
        names = _vendor_names(purpose)
        # Listed with none of its vendors: all of them.
        chosen = (action is Action.SAVE and form.vendors & names) or names if listed else NONE
        vendors.update({name: name in chosen for name in names})
        purposes[purpose.name] = listed and chosen == names
    insisted = {p.name for p in site.asked if action is Action.SAVE and p.name in (form.purposes & denied) - kept}
    return replace(
        before,
        purposes=purposes | _objections(site, before, form, action),
        vendors=vendors,
        insisted=frozenset(insisted) | (before.insisted & kept),
    )


def _is_listed(purpose: Purpose, form: Form, action: Action, denied: frozenset[str]) -> bool:
    if action is Action.ACCEPT_ALL:
        # What the browser's signal denies can be switched on alone, on the preferences page.
        return purpose.name not in denied
    return action is Action.SAVE and purpose.name in form.purposes


def _objections(site: Site, before: Choice, form: Form, action: Action) -> dict[str, bool]:
    """Exempt purposes run until objected to; only the preferences page has that switch.

    Only the objection is kept: not to object is no agreement, and must not turn into one when the owner asks later.
    """
    if action is Action.SAVE:
        objected = [purpose.name for purpose in site.exempt if purpose.name in form.objections]
    else:
        objected = [purpose.name for purpose in site.exempt if purpose.name in before.purposes]
    return dict.fromkeys(objected, False)


def _granted(site: Site, before: Choice, form: Form, denied: frozenset[str], restricted: frozenset[str]) -> Choice:
    """What was chosen before, and more. What it does not ask about stays as it was, answered or not."""
    purposes, vendors, insisted = dict(before.purposes), dict(before.vendors), set(before.insisted)
    for purpose in site.asked:
        names = _vendor_names(purpose)
        chosen = form.vendors & names or (names if purpose.name in form.purposes else NONE)
        if purpose.name in restricted or not (chosen or purpose.name in form.purposes):
            continue
        if purpose.name in denied - insisted:
            # The signal denied the purpose until now: what is insisted on is this, not what was agreed to before it.
            vendors.update(dict.fromkeys(names & vendors.keys(), False))
            insisted.add(purpose.name)
        vendors.update(dict.fromkeys(chosen, True))
        if all(vendors.get(name) for name in names):
            purposes[purpose.name] = True
    purposes = _consistent(site, purposes, vendors)
    return replace(before, purposes=purposes, vendors=vendors, insisted=frozenset(insisted))


def _declared(site: Site, old: Choice) -> Choice:
    """An old choice without what the owner does not offer any more, so that a cookie never outgrows its site."""
    asked = {name for purpose in site.asked for name in _vendor_names(purpose)}
    vendors = {name: given for name, given in old.vendors.items() if name in asked}
    purposes = {name: False for name in (p.name for p in site.exempt) if old.purposes.get(name) is False}
    purposes |= {p.name: old.purposes[p.name] for p in site.asked if p.name in old.purposes}
    terms = {policy.name for policy in site.terms}
    return replace(
        old,
        purposes=_consistent(site, purposes, vendors),
        vendors=vendors,
        terms={name: version for name, version in old.terms.items() if name in terms},
        closed={name: version for name, version in old.closed.items() if name in terms},
        insisted=old.insisted & {purpose.name for purpose in site.asked},
    )


def _consistent(site: Site, purposes: Mapping[str, bool], vendors: Mapping[str, bool]) -> dict[str, bool]:
    """A purpose that was answered counts as granted when all its vendors are."""
    answers = dict(purposes)
    for purpose in site.asked:
        if purpose.name in answers and purpose.vendors:
            answers[purpose.name] = all(vendors.get(name) for name in _vendor_names(purpose))
    return answers


def _extended(site: Site, choice: Choice, before: Choice, today: date) -> Choice:
    """More than before, and not for longer: what is said about one thing does not renew what was said of others."""
    asked = {purpose.name for purpose in site.asked}
    if before.vendors or asked & before.purposes.keys():
        return replace(choice, offer=offer(site) if covers(site, choice) else "")
    return _renewed(site, choice, today)


def _renewed(site: Site, choice: Choice, today: date, regime: Regime = Regime.OPT_IN) -> Choice:
    days = site.grant_days if grants_something(choice) or choice.terms else site.refusal_days
    if regime is not Regime.OPT_IN and not all(choice.vendors.values()):
        # When an objection is forgotten, everything runs again; it holds as long as a browser keeps it.
        days = LONGEST_OBJECTION
    return replace(
        choice,
        day=today,
        expires=today + timedelta(days=days),
        offer=offer(site) if site.asked and covers(site, choice) else "",
    )


def _vendor_names(purpose: Purpose) -> frozenset[str]:
    return frozenset(vendor.name for vendor in vendors_of(purpose))


def _named(fields: Sequence[tuple[str, str]], name: str) -> frozenset[str]:
    return frozenset(value for field, value in fields if field == name)
