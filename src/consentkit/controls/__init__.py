"""What readers see of us: banner, reader bar, status, placeholders, and our own pages. Values in, bytes out."""

from consentkit.controls.assets import Asset
from consentkit.controls.compose import Controls
from consentkit.controls.composed import Composed, Likeness
from consentkit.controls.dark_patterns import DarkPatterns, Finding, of_sheets
from consentkit.controls.facts import Hints, Page, Shown
from consentkit.controls.slots import NAMES as SLOTS

__all__ = [
    "SLOTS",
    "Asset",
    "Composed",
    "Controls",
    "DarkPatterns",
    "Finding",
    "Hints",
    "Likeness",
    "Page",
    "Shown",
    "of_sheets",
]
