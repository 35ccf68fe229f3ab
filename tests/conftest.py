"""The order of the whole suite."""

from __future__ import annotations

import pytest


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests in a browser come last: its driver keeps an event loop running, in which no async test could start."""
    items.sort(key=lambda item: "browser" in item.path.parent.parts)
