"""The site's configuration: what the owner may say, and every reason why it can't be used."""

from consentkit.settings.site import Site

__all__ = ["Site"]
