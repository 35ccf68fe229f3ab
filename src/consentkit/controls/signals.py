"""What the tags of Google and Microsoft are told about consent, in their own words, before they can ask.

Google Consent Mode v2 knows seven types of storage and use, Microsoft's UET one, its Clarity two; each is "granted" or
"denied". A type is granted when all of its companies are agreed to; where none of them is declared, its purpose decides.
Sources: Google, "Set up consent mode on websites" and the consent API of Tag Manager; Microsoft Advertising, "UET
consent mode"; Microsoft Clarity, "Consent API v2".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from consentkit.decide import Decision
from consentkit.settings import Site
from consentkit.settings.site import vendors_of

#: Tool -> signal -> names of purposes and vendors that have to be agreed to; none: always granted.
Signals = Mapping[str, Mapping[str, tuple[str, ...]]]

#: Keys of the registry whose tags read Consent Mode: those that measure, and those that advertise.
GOOGLE_ANALYTICS = ("google-analytics", "google-optimize")
GOOGLE_ADS = ("google-ads", "google-ad-manager", "adsense")
#: Loads the others, so it decides for them where they are not declared.
TAG_MANAGER = "google-tag-manager"
GOOGLE = (*GOOGLE_ANALYTICS, *GOOGLE_ADS, TAG_MANAGER)
UET, CLARITY = "microsoft-ads", "clarity"


def signals(site: Site) -> Signals:
    """What the declared vendors of a site are told; empty when none of them listens."""
    declared = {vendor.name for purpose in site.purposes for vendor in vendors_of(purpose)}
    told: dict[str, Mapping[str, tuple[str, ...]]] = {}
    if site.google and declared.intersection(GOOGLE):
        ads = _names(GOOGLE_ADS, declared, "marketing")
        told["google"] = {
            "ad_storage": ads,
            "ad_user_data": ads,
            "ad_personalization": ads,
            "analytics_storage": _names(
                GOOGLE_ANALYTICS, declared, TAG_MANAGER if TAG_MANAGER in declared else "analytics"
            ),
            "functionality_storage": ("functional",),
            "personalization_storage": ("functional",),
            "security_storage": (),
        }
    if UET in declared:
        told["uet"] = {"ad_storage": (UET,)}
    if CLARITY in declared:
        told["clarity"] = {"ad_Storage": ("marketing",), "analytics_Storage": (CLARITY,)}
    return told


def now(decision: Decision) -> str:
    """The names that are agreed to, as the script reads them."""
    return " ".join(sorted(decision.granted | decision.allowed))


def loads_early(site: Site) -> frozenset[str]:
    """Vendors whose tags load before consent, told that everything is denied: the owner's exception
    (`google="advanced"`), and nobody's otherwise."""
    if site.google != "advanced":
        return frozenset()
    declared = (vendor.name for purpose in site.purposes for vendor in vendors_of(purpose))
    return frozenset(declared).intersection(GOOGLE)


def _names(companies: Iterable[str], declared: set[str], otherwise: str) -> tuple[str, ...]:
    return tuple(name for name in companies if name in declared) or (otherwise,)
