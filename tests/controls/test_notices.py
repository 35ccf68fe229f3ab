"""Notice snapshots and view tokens."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from consentkit.controls import Hints, Shown
from consentkit.cookies import Seal
from consentkit.decide import Asking
from consentkit.log.notice import canonical, parse
from consentkit.response.delivery import INLINE
from consentkit.vocabulary import Layer, Purpose
from tests.controls.visitors import MAPS, RESPONSIVE, SECRET, controls, decision, sent, site, visit

LAYERS = (Layer.BANNER, Layer.PREFERENCES, Layer.PLACEHOLDER)


def test_banner_notice_is_what_was_sent() -> None:
    """
    But for the named gaps, the snapshot holds the banner as it stood in the page.
    """
    notice = controls(site()).notice("en", Layer.BANNER, Asking.PURPOSES)
    body = sent(site()).html

    filled = notice.html
    for gap, value in (("{{base}}", "/_ckit"), ("{{root}}", ""), ("{{query}}", "/story"), ("{{self}}", "")):
        filled = filled.replace(gap, value)
    assert filled in body
    assert notice.css in sent(site()).html


def test_notice_names_everything_that_was_asked() -> None:
    """
    Purposes, companies with their cookies, documents, buttons in the order of sight, who is responsible.
    """
    notice = controls(site()).notice("de", Layer.BANNER, Asking.PURPOSES)

    assert notice.language == "de"
    assert [purpose.name for purpose in notice.purposes] == ["analytics", "media"]
    assert [vendor.name for vendor in notice.vendors] == ["counter", "tube", "maps"]
    assert [button.action for button in notice.buttons] == ["reject_all", "accept_all", "choose", "accept_policies"]
    assert [(policy.name, policy.version) for policy in notice.policies] == [("privacy", "1"), ("terms", "1")]
    assert notice.controller == "Drina Courier Publishing"
    assert notice.vendors[0].cookies == {"_c": "1 Jahr"}


def test_notice_says_what_each_company_does() -> None:
    """
    What stood under its name is part of what was shown, in that language.
    """
    settings = site(purposes=[Purpose("media", vendors=["youtube", replace(MAPS, text="Shows where.")])])
    notice = controls(settings).notice("de", Layer.PREFERENCES, Asking.PURPOSES)

    assert [vendor.text for vendor in notice.vendors] == ["Spielt Videos auf der Website ab.", "Shows where."]
    assert all(vendor.text in notice.html for vendor in notice.vendors)


@pytest.mark.parametrize("layer", LAYERS)
def test_notice_survives_its_canonical_form(layer: Layer) -> None:
    """
    What is stored reads back as what was shown.
    """
    notice = controls(site()).notice("en", layer, Asking.PURPOSES)

    assert parse(canonical(notice)) == notice


@pytest.mark.parametrize(
    ("asking", "kind"), [(Asking.PURPOSES, "consent"), (Asking.NOTICE, "plain"), (Asking.TERMS, "terms")]
)
def test_notice_says_what_kind_it_is(asking: Asking, kind: str) -> None:
    """
    Agreement to terms is nowhere called consent.
    """
    notice = controls(site()).notice("en", Layer.BANNER, asking)

    assert notice.kind == kind
    assert bool(notice.purposes) is (kind == "consent")


def test_digest_is_the_same_in_every_process() -> None:
    """
    A token that one worker wrote is understood by all others.
    """
    program = (
        "from tests.controls.visitors import *; from consentkit.decide import Asking;"
        "from consentkit.vocabulary import Layer;"
        "print(*[controls(site()).notice('en', layer, Asking.PURPOSES).digest"
        " for layer in (Layer.BANNER, Layer.PREFERENCES, Layer.PLACEHOLDER)])"
    )
    theirs = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.split()

    assert theirs == [controls(site()).notice("en", layer, Asking.PURPOSES).digest for layer in LAYERS]


def test_the_state_of_a_page_is_the_same_in_every_process(tmp_path: Path) -> None:
    """
    It stands in entity tags, so a copy that one worker gave is confirmed by all others, and after a restart.
    """
    program = (
        "import sys, pathlib; from tests.asgi.harness import make_site; from consentkit.asgi.workshop import Workshop;"
        "from tests.controls.visitors import visit, chosen;"
        "from consentkit.vocabulary import Purpose, Vendor;"
        "folder = pathlib.Path(sys.argv[1]);"
        "asked = [Purpose('analytics', vendors=[Vendor(f'v{n}', title='V', hosts=[f'v{n}.example']) for n in range(9)])];"
        "workshop = Workshop(make_site(folder, purposes=asked));"
        "choice = chosen(vendors={'counter': True, 'tube': True, 'maps': True} | {f'v{n}': True for n in range(9)});"
        "who = visit(choice=choice);"
        "print(workshop.state(workshop.decisions.of(who), who))"
    )
    states = {
        subprocess.run(
            [sys.executable, "-c", program, str(tmp_path)],
            env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True, text=True, check=True,
        ).stdout
        for seed in ("1", "2", "3")
    }  # fmt: skip

    assert len(states) == 1


def test_token_reads_back() -> None:
    """
    Layer, language and digest, for everyone the same.
    """
    made = controls(site())
    notice = made.notice("hr", Layer.BANNER, Asking.PURPOSES)
    token = made.token(notice, Layer.BANNER)

    assert made.read_token(token) == Shown(Layer.BANNER, "hr", notice.digest)
    assert made.known_notice(notice.digest) == notice


@pytest.mark.parametrize("value", ["", "x", "banner~en~abc.def", "a" * 100_000, "banner~en~\udcff.x", "~~~.~"])
def test_forged_token_is_none(value: str) -> None:
    """
    A visitor can send anything.
    """
    assert controls(site()).read_token(value) is None


@pytest.mark.parametrize("text", ["odd~en~00", "banner~xx~00", "banner", ""])
def test_signed_nonsense_is_none(text: str) -> None:
    """
    A text that we signed for something else in an older version names no layer or language of ours.
    """
    assert controls(site()).read_token(Seal([SECRET], "view").sign(text)) is None


@pytest.mark.parametrize("gpc", [False, True], ids=["plain", "gpc"])
@pytest.mark.parametrize("restricted", [frozenset(), frozenset({"analytics"})], ids=["all", "restricted"])
def test_what_another_worker_showed_is_known(gpc: bool, restricted: frozenset[str]) -> None:
    """
    The notice of any visitor can be composed again from the token alone.
    """
    settings = site(gpc_purposes=("media",))
    visitor = visit(gpc=gpc)
    page = sent(settings, visitor, restricted=restricted).html
    token = page.split('name="shown" value="')[1].split('"')[0]
    other = controls(settings)
    shown = other.read_token(token)

    assert shown is not None
    notice = other.known_notice(shown.digest)
    assert notice is not None
    assert ("analytics" in [purpose.name for purpose in notice.purposes]) is (not restricted)


def test_unknown_digest_is_unknown() -> None:
    """
    A token of last month's notice is ours, but its notice has to come from the log.
    """
    made = controls(site())
    shown = made.read_token(Seal([SECRET], "view").sign(f"banner~en~{'0' * 64}"))

    assert shown == Shown(Layer.BANNER, "en", "0" * 64)
    assert made.known_notice("0" * 64) is None


def test_preferences_page_carries_a_token_of_its_own() -> None:
    """
    A choice on the preferences page is evidence of that page.
    """
    made, visitor = controls(site()), visit()
    page = made.preferences(
        decision(site(), visitor), visitor, INLINE, Hints(), language=None, saved=False, next="/story"
    )
    token = page.html.decode().split('name="shown" value="')[1].split('"')[0]

    assert made.read_token(token) == Shown(
        Layer.PREFERENCES, "en", made.notice("en", Layer.PREFERENCES, Asking.PURPOSES).digest
    )
    assert RESPONSIVE.lang == page.language
