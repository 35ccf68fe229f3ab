"""What a regulator would find in a site's templates, sentences and settings, for `consentkit check`."""

from __future__ import annotations

from consentkit.asgi.workshop import Workshop
from consentkit.settings import Site


def problems(site: Site) -> list[str]:
    """Errors, with which the site does not start, then warnings. What its pages' style sheets do, `scan.check` says."""
    found = Workshop(site).dark_patterns()
    return [str(each) for each in (*found.errors, *found.warnings)]
