from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from consentkit.log.writer import Log


@pytest.fixture
async def log(tmp_path: Path) -> AsyncIterator[Log]:
    """A log of its own for each test, closed afterwards."""
    log = Log("sqlite:///consent.db", tmp_path)
    yield log
    await log.close()
