"""What companies do, as kinds of service."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from consentkit.registry import registry, service_of
from consentkit.registry.services import SERVICES
from consentkit.vocabulary import Vendor
from tests.test_locales import english, texts

PAGE = (Path(__file__).parents[2] / "docs" / "registry.md").read_text(encoding="utf-8")

# The purposes for which the registry may hold who does this. None: it passes, or its use is not known.
PURPOSES: dict[str, set[str | None]] = {
    "audience": {"analytics"},
    "tags": {"analytics"},
    "recordings": {"analytics"},
    "experiments": {"analytics"},
    "ads": {"marketing"},
    "ad_interests": {"marketing"},
    "ad_results": {"marketing"},
    "ad_pixel": {"marketing"},
    "video": {"media"},
    "audio": {"media"},
    "maps": {"functional"},
    "social": {"marketing"},
    "chat": {"functional", "marketing"},
    "fonts": {"functional"},
    "forms": {"functional", "analytics", None},
    "email": {"marketing"},
    "contacts": {"marketing", "analytics"},
    "push": {"functional", "marketing"},
    "comments": {"functional", "marketing"},
    "errors": {"analytics", None},
    "booking": {"functional"},
    "bots": {None},
}


@pytest.mark.parametrize("kind", SERVICES)
def test_a_kind_fits_what_the_registry_holds_its_companies_for(kind: str) -> None:
    """
    Every company is in the registry, and nobody who shows videos is held as advertising.
    """
    misfits = {key: registry().entry(key).purpose for key in SERVICES[kind]}

    assert {key: purpose for key, purpose in misfits.items() if purpose not in PURPOSES[kind]} == {}


def test_each_company_is_of_one_kind() -> None:
    """
    It has one sentence; the kinds are listed in order, so that a second mention is seen.
    """
    keys = [key for listed in SERVICES.values() for key in listed]

    assert len(keys) == len(set(keys))
    assert all(list(listed) == sorted(listed) for listed in SERVICES.values())


def test_every_kind_is_a_message_and_the_other_way_round() -> None:
    """
    No sentence is missing, and none is translated for nobody.
    """
    assert {id for id in texts("en") if id.startswith("kind.")} == {f"kind.{kind}" for kind in SERVICES}


def test_the_page_says_each_kind() -> None:
    """
    The page of docs has every kind with its sentence, and names companies that are of it.
    """
    for kind, keys in SERVICES.items():
        (line,) = [line for line in PAGE.splitlines() if line.startswith(f"| `{kind}` | {english(f'kind.{kind}')} |")]
        named = line.split("|")[3].replace("`", "").replace(",", " ").split()

        assert named
        assert set(named) <= set(keys)


HOTJAR = registry().vendor("hotjar")


@pytest.mark.parametrize(
    ("vendor", "kind"),
    [
        (HOTJAR, "recordings"),
        (replace(HOTJAR, title="Hotjar Ltd", hosts=["hotjar.com"]), "recordings"),
        (Vendor("x", title="House ten", hosts=["ten.example"]), ""),
        (Vendor("x", title="House ten"), ""),
        (Vendor("counter", hosts=["hotjar.com"]), ""),
        (registry().vendor("15gifts"), ""),
    ],
    ids=["by key", "described", "another of that id", "without hosts", "not known", "of no kind"],
)
def test_a_kind_is_only_said_of_the_company_meant(vendor: Vendor, kind: str) -> None:
    """
    A key brings its kind; a vendor of the owner's that has its id by chance does not.
    """
    assert service_of(vendor) == kind
