"""Known third parties and cookies: the data, and who is held back.

registry().classify("static.hotjar.com", "/c/hotjar.js")     whose is it?
registry().vendor("youtube")                                 what its owner need not write
Holder(purposes=…, holding="known", make=Held)               what is held from this visitor
gated("_ga")    necessary("csrftoken")    describe("_ga")    cookies
same_site("www.courier.example", "cdn.courier.example")
service_of(vendor)                                           what does it do?
"""

from consentkit.registry.categories import CATEGORIES, CONSENT_PROVIDER, UNCLASSIFIED, Category
from consentkit.registry.gate import CookieFact, GatedCookie, NecessaryCookie, bare, describe, gated, necessary
from consentkit.registry.holding import Finding, Holder, Verdict, Whose, holder
from consentkit.registry.known import Entry, Found, Registry
from consentkit.registry.services import service_of
from consentkit.registry.sites import registrable, same_site

#: The registry in the package.
registry = Registry.shipped

__all__ = [
    "CATEGORIES",
    "CONSENT_PROVIDER",
    "UNCLASSIFIED",
    "Category",
    "CookieFact",
    "Entry",
    "Finding",
    "Found",
    "GatedCookie",
    "Holder",
    "NecessaryCookie",
    "Registry",
    "Verdict",
    "Whose",
    "bare",
    "describe",
    "gated",
    "holder",
    "necessary",
    "registrable",
    "registry",
    "same_site",
    "service_of",
]
