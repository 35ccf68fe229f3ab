"""What the tags of Google and Microsoft are told about consent."""

from __future__ import annotations

import json
import re

import pytest

from consentkit.controls.signals import loads_early, now, signals
from consentkit.response.delivery import Delivery
from consentkit.rewrite import Page
from consentkit.vocabulary import Choice, Purpose
from tests.controls.visitors import RESPONSIVE, decision, sent, site, visit

ANALYTICS = Purpose("analytics", vendors=["google-analytics", "clarity"])
MARKETING = Purpose("marketing", vendors=["google-ads", "microsoft-ads"])
TAGGED = site(purposes=[ANALYTICS, MARKETING, Purpose("functional", vendors=["google-maps"])])


@pytest.mark.parametrize(
    ("vendors", "measured", "advertised"),
    [
        (["google-analytics"], ("google-analytics",), ("marketing",)),
        (["google-tag-manager"], ("google-tag-manager",), ("marketing",)),
        (["google-tag-manager", "google-analytics"], ("google-analytics",), ("marketing",)),
        (["google-ads", "adsense"], ("analytics",), ("google-ads", "adsense")),
    ],
)
def test_each_signal_has_the_companies_that_decide_it(
    vendors: list[str], measured: tuple[str, ...], advertised: tuple[str, ...]
) -> None:
    """
    The declared company that a signal is about, else its purpose; all seven signals are told.
    """
    told = signals(site(purposes=[Purpose("analytics", vendors=vendors)]))["google"]

    assert set(told) == {
        "ad_storage", "ad_user_data", "ad_personalization", "analytics_storage", "functionality_storage",
        "personalization_storage", "security_storage",
    }  # fmt: skip
    assert told["analytics_storage"] == measured
    assert told["ad_storage"] == told["ad_user_data"] == told["ad_personalization"] == advertised
    assert told["security_storage"] == ()


def test_nobody_is_told_who_is_not_declared() -> None:
    """
    A site without tags that listen carries nothing for them; one without Google's can still have Microsoft's.
    """
    assert signals(site()) == {}
    assert sent(site(), visit(), RESPONSIVE).early == b""
    assert set(signals(site(purposes=[MARKETING], google=None))) == {"uet"}


def test_the_script_comes_first_with_what_holds_now() -> None:
    """
    In the page where a policy lets it, else as a file; before every script of the page, so never deferred.
    """
    choice = Choice(
        day=visit().now.date(), expires=visit().now.date().replace(year=2027),
        purposes={"analytics": True, "marketing": False}, vendors={"google-analytics": True, "clarity": True},
    )  # fmt: skip
    inline = sent(TAGGED, visit(choice=choice), RESPONSIVE).early.decode()
    by_file = sent(
        TAGGED, visit(), RESPONSIVE, delivery=Delivery(script_inline=False, style_inline=False)
    ).early.decode()

    assert re.search(r'data-ckit-now="[^"]*\bgoogle-analytics\b', inline)
    assert 'data-ckit-now=""' in by_file
    assert re.search(r'src="/_ckit/assets/signals\.[0-9a-f]{12}\.js"', by_file)
    assert "defer" not in by_file


def test_amp_pages_carry_nothing() -> None:
    """
    AMP pages take no scripts but AMP's.
    """
    assert sent(TAGGED, visit(), Page(amp=True)).early == b""


def test_only_the_named_exception_loads_early() -> None:
    """
    Google's declared vendors under "advanced", and nobody otherwise.
    """
    advanced = site(purposes=[ANALYTICS, MARKETING], google="advanced")

    assert loads_early(TAGGED) == frozenset()
    assert loads_early(advanced) == {"google-analytics", "google-ads"}
    assert now(decision(TAGGED, visit())) == ""
    assert json.dumps(signals(advanced)["google"]) == json.dumps(
        signals(site(purposes=[ANALYTICS, MARKETING]))["google"]
    )
