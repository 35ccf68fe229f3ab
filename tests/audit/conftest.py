from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import settings

from tests.audit.rooms import Room, furnish

# A machine that others use makes a law slow, never wrong.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")


@pytest.fixture
def room(tmp_path: Path) -> Room:
    """A log of its own for each test, and the pages over it."""
    return furnish(tmp_path)
