"""What readers see of us: banner, reader bar, status, placeholders, and our own pages. Values in, bytes out."""

from consentkit.controls.assets import Asset
from consentkit.controls.compose import Composed, Controls
from consentkit.controls.facts import Hints, Page, Shown

__all__ = ["Asset", "Composed", "Controls", "Hints", "Page", "Shown"]
