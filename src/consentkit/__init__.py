"""Cookie consent, terms acceptance, text size and mobile version for any ASGI app.

from consentkit import ConsentMiddleware, Site

app = ConsentMiddleware(app, Site.load("consentkit.toml"))
"""

from consentkit.asgi import ConsentMiddleware
from consentkit.errors import (
    ConfigurationError,
    LogUnavailable,
    MiddlewareMissing,
    UnknownPolicy,
    UnknownPurpose,
    UnknownVendor,
)
from consentkit.inside import accept, consent_of, reader_of, restrict
from consentkit.settings import Site
from consentkit.vocabulary import Policy, Purpose, Vendor

__all__ = [
    "ConfigurationError",
    "ConsentMiddleware",
    "LogUnavailable",
    "MiddlewareMissing",
    "Policy",
    "Purpose",
    "Site",
    "UnknownPolicy",
    "UnknownPurpose",
    "UnknownVendor",
    "Vendor",
    "accept",
    "consent_of",
    "reader_of",
    "restrict",
]
