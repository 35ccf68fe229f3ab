"""A site to test with. Values only; nothing is shared that a test changes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from consentkit.errors import ConfigurationError
from consentkit.settings import Site
from consentkit.vocabulary import Policy, Purpose, Vendor

SECRET = "a secret of the tests, which everyone may read"

PRIVACY = Policy("privacy", url="/privacy", version="2026-11-01")
TERMS = Policy("terms", url="/terms", version="2026-11-01", kind="terms")

COUNTER = Vendor("counter", title="Counter", hosts=["counter.example"])
TUBE = Vendor("tube", title="Tube", hosts=["tube.example"])
MAPS = Vendor("maps", title="City maps", hosts=["maps.example"])
ADS = Vendor("ads", title="Ads", hosts=["ads.example"])

ANALYTICS = Purpose("analytics", vendors=[COUNTER])
MEDIA = Purpose("media", vendors=[TUBE, MAPS])
MARKETING = Purpose("marketing", vendors=[ADS])
AUDIENCE = Purpose("audience", title="Audience", basis="exempt", reason="Counted by us alone.")


def settings(**options: Any) -> Mapping[str, Any]:
    """The options of a site that asks for three purposes and for its terms, with changes."""
    given: dict[str, Any] = {
        "name": "Drina Courier",
        "url": "https://courier.example",
        "controller": "Example Courier Ltd, 1 Example Street",
        "contact": "privacy@courier.example",
        "secret": SECRET,
        "policies": [PRIVACY, TERMS],
        "purposes": [ANALYTICS, MEDIA, MARKETING],
    }
    return given | options


def courier(**options: Any) -> Site:
    return Site(**settings(**options))


def problems_of(build: Callable[[], object]) -> list[str]:
    """The problems that building something is refused for."""
    with pytest.raises(ConfigurationError) as refused:
        build()
    return refused.value.problems
