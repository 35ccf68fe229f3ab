"""What a press of a button makes of the present choice. Pure: the old choice, the form and the day give the new one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from consentkit.decide import offer
from consentkit.settings import Site
from consentkit.settings.site import vendors_of
from consentkit.vocabulary import Action, Choice, Purpose

#: Actions that can only take away: they take effect whatever else fails.
REDUCING = frozenset({Action.REJECT_ALL, Action.WITHDRAW, Action.DISMISS})


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


def parse_form(fields: Sequence[tuple[str, str]]) -> Form | None:
    """A form from its fields, or None when its action is not one of ours. Ids that nobody declared are kept out later."""
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
    )


def choose(site: Site, old: Choice | None, form: Form, denied: frozenset[str], today: date) -> Choice:
    """The choice after this form. `denied`: purposes that Global Privacy Control denies in this browser."""
    before = old or Choice(day=today, expires=today)
    action = form.action
    if action is Action.ACCEPT_ALL and not site.asked:
        action = Action.ACCEPT_POLICIES
    if action is Action.ACCEPT_POLICIES:
        return _renewed(site, replace(before, terms={policy.name: policy.version for policy in site.terms}), today)
    if action is Action.DISMISS:
        return _renewed(site, replace(before, closed={policy.name: policy.version for policy in site.terms}), today)
    answers = _answers(site, before, form, action, denied)
    return _renewed(site, answers, today)


def grants_something(choice: Choice) -> bool:
    return any(choice.purposes.values()) or any(choice.vendors.values())


def takes_away(old: Choice | None, new: Choice) -> bool:
    """Whether something ran before that may not run any more: what is in the page must then go."""
    if old is None:
        return False
    return any(given and not new.vendors.get(name) for name, given in old.vendors.items()) or any(
        given and not new.purposes.get(name) for name, given in old.purposes.items()
    )


def _answers(site: Site, before: Choice, form: Form, action: Action, denied: frozenset[str]) -> Choice:
    granted = _granted(site, before, form, action, denied)
    purposes: dict[str, bool] = {}
    vendors: dict[str, bool] = {}
    for purpose in site.asked:
        names = [vendor.name for vendor in vendors_of(purpose)]
        chosen = granted.get(purpose.name)
        if chosen is None:  # a placeholder asks about one vendor; what it does not ask about stays unanswered
            continue
        vendors.update({name: name in chosen for name in names if action is not Action.GRANT or name in chosen})
        if action is not Action.GRANT or chosen.issuperset(names):
            purposes[purpose.name] = bool(chosen) and chosen.issuperset(names)
    if action is Action.GRANT:
        purposes, vendors = {**before.purposes, **purposes}, {**before.vendors, **vendors}
    insisted = {name for name in denied if purposes.get(name) and action in (Action.SAVE, Action.GRANT)}
    return replace(
        before,
        purposes={**purposes, **_exempt(site, before, form, action)[0]},
        vendors={**vendors, **_exempt(site, before, form, action)[1]},
        insisted=frozenset(insisted) | (before.insisted if action is Action.GRANT else frozenset()),
    )


def _granted(
    site: Site, before: Choice, form: Form, action: Action, denied: frozenset[str]
) -> Mapping[str, frozenset[str]]:
    """Purpose -> the vendors agreed to (its own name where it has none). A purpose that is missing was not asked."""
    if action is Action.ACCEPT_ALL:
        return {p.name: frozenset() if p.name in denied else _everything(p) for p in site.asked}
    if action is Action.SAVE:
        return {purpose.name: _ticked(purpose, form) for purpose in site.asked}
    if action is Action.GRANT:
        asked = {purpose.name: _ticked_alone(purpose, form) for purpose in site.asked}
        return {name: chosen for name, chosen in asked.items() if chosen}
    return {purpose.name: frozenset() for purpose in site.asked}


def _ticked(purpose: Purpose, form: Form) -> frozenset[str]:
    """Not listed: refused with all its vendors. Listed with none of its vendors: all. With some: those."""
    if purpose.name not in form.purposes:
        return frozenset()
    return _everything(purpose) & form.vendors or _everything(purpose)


def _ticked_alone(purpose: Purpose, form: Form) -> frozenset[str]:
    chosen = _everything(purpose) & form.vendors
    return chosen or (_everything(purpose) if purpose.name in form.purposes else frozenset())


def _everything(purpose: Purpose) -> frozenset[str]:
    return frozenset(vendor.name for vendor in vendors_of(purpose)) or frozenset({purpose.name})


def _exempt(
    site: Site, before: Choice, form: Form, action: Action
) -> tuple[dict[str, bool], dict[str, bool]]:
    """Exempt purposes run until objected to; only the preferences page has that switch."""
    purposes: dict[str, bool] = {}
    vendors: dict[str, bool] = {}
    for purpose in site.exempt:
        runs = purpose.name not in form.objections if action is Action.SAVE else before.purposes.get(purpose.name)
        if runs is not None:
            purposes[purpose.name] = runs
            vendors.update({vendor.name: runs for vendor in vendors_of(purpose)})
    return purposes, vendors


def _renewed(site: Site, choice: Choice, today: date) -> Choice:
    days = site.grant_days if grants_something(choice) or choice.terms else site.refusal_days
    answered = all(purpose.name in choice.purposes for purpose in site.asked)
    return replace(
        choice,
        day=today,
        expires=today + timedelta(days=days),
        offer=offer(site) if answered and site.asked else "",
    )


def _named(fields: Sequence[tuple[str, str]], name: str) -> frozenset[str]:
    return frozenset(value for field, value in fields if field == name)
