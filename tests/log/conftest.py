from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from hypothesis import settings

from consentkit.log.checkpoint import make_key, write_key
from consentkit.log.keyring import Keyring, load
from consentkit.log.store import prepare
from consentkit.log.writer import Log

# A disk that others use makes a law slow, never wrong.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")


@pytest.fixture
async def log(tmp_path: Path) -> AsyncIterator[Log]:
    """A log of its own for each test, closed afterwards."""
    log = Log("sqlite:///consent.db", tmp_path)
    yield log
    await log.close()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """An empty store."""
    path = tmp_path / "consent.db"
    prepare(path)
    return path


@pytest.fixture
def keyring(tmp_path: Path) -> Keyring:
    """A key, and what it remembers, in a folder of their own."""
    (tmp_path / "keys").mkdir()
    write_key(tmp_path / "keys" / "consentkit.key", make_key("courier.example/log", bytes(range(32))))
    keys = load(tmp_path / "keys" / "consentkit.key")
    assert keys is not None
    return keys
