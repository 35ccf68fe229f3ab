"""For the owner's own tests: a visitor who has chosen, and a middleware that stands aside.

client.cookies.update(testing.cookies(site, granted=["analytics"]))
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from consentkit.asgi import ConsentMiddleware
from consentkit.choose import Form, choose
from consentkit.cookies import Seal, write_choice
from consentkit.errors import UnknownVendor
from consentkit.settings import Site
from consentkit.settings.site import vendors_of
from consentkit.vocabulary import Action


def cookies(
    site: Site, *, granted: Iterable[str] = (), vendors: Iterable[str] = (), accepted_terms: bool = False
) -> dict[str, str]:
    """The cookies of a visitor who granted these purposes (or only these vendors) today and refused the rest.

    Raises `UnknownPurpose` and `UnknownVendor` for what the site does not declare.
    """
    names = frozenset(vendors)
    purposes = frozenset(site.purpose(name).name for name in granted) | {_owner(site, name) for name in names}
    today = datetime.now(UTC).date()
    choice = choose(site, None, Form(Action.SAVE, purposes=purposes, vendors=names), frozenset(), today)
    if accepted_terms:
        choice = choose(site, choice, Form(Action.ACCEPT_POLICIES), frozenset(), today)
    name = f"__Host-{site.cookie_name}" if site.scheme == "https" and not site.cookie_domain else site.cookie_name
    return {name: Seal(site.keys, f"{site.cookie_name}.choice").sign(write_choice(choice))}


def _owner(site: Site, vendor: str) -> str:
    purpose = site.purpose_of(vendor)
    if purpose is None:
        raise UnknownVendor(vendor, [declared.name for each in site.purposes for declared in vendors_of(each)])
    return purpose.name


class Off(ConsentMiddleware):
    """A middleware that changes nothing in the page, for tests of the app alone; `consent_of` still answers."""

    def _is_skipped(self, visit: object) -> bool:
        return True


__all__ = ["Off", "cookies"]
