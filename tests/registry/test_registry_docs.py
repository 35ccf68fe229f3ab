"""docs/registry.md says what the registry does."""

from __future__ import annotations

import csv
from pathlib import Path

from consentkit.registry import CATEGORIES, registry
from consentkit.registry.gate import GATED
from tests.needs import folder

PAGE = (Path(__file__).parents[2] / "docs" / "registry.md").read_text(encoding="utf-8")


def test_the_category_table() -> None:
    """
    The page has each category with what it becomes and its reason, word for word.
    """
    for name, row in CATEGORIES.items():
        becomes = "passes" if row.passes else row.purpose or "unknown"
        assert f"| `{name}` | {becomes} | {row.reason} |" in PAGE


def test_the_counts() -> None:
    """
    The numbers on the page are those of the data.
    """
    patterns = sum(len(registry().vendor(key).hosts) for key in registry())

    assert f"{len(registry()):,} companies" in PAGE
    assert f"{patterns:,} hosts and paths" in PAGE
    assert len(GATED) > 300
    assert "some 300 more" in PAGE


def test_the_count_of_cookies() -> None:
    """
    The database has as many rows as the page says.
    """
    path = folder("CONSENTKIT_TEST_DATA", "open-cookie-database.csv") / "open-cookie-database.csv"
    with path.open(encoding="utf-8-sig", newline="") as file:
        assert f"({sum(1 for _ in csv.DictReader(file)):,} rows)" in PAGE


def test_every_key_on_the_page_exists() -> None:
    """
    Keys that the page names can be declared.
    """
    pairs = PAGE.partition("| embedded | measures |")[2].partition("\n\n")[0]

    keys = [part for part in pairs.split("`") if part.strip(" |\n-")]

    assert len(keys) == 12
    assert all(key in registry() for key in keys)
