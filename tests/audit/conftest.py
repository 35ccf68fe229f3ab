from __future__ import annotations

from pathlib import Path

import pytest

from tests.audit.rooms import Room, furnish


@pytest.fixture
def room(tmp_path: Path) -> Room:
    """A log of its own for each test, and the pages over it."""
    return furnish(tmp_path)
