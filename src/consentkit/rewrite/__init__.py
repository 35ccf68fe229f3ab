"""Insert our controls into HTML and hold third parties back, while it streams by. Bytes in, bytes out."""

from consentkit.rewrite.memory import SHARED, Budget
from consentkit.rewrite.page import Inserting, Insertions, Page
from consentkit.rewrite.remembered import BodyMemory, Rewritten
from consentkit.rewrite.rewriter import Rewriter
from consentkit.rewrite.rules import Held, Judge, Rules
from consentkit.rewrite.selectors import BadSelector, Selector
from consentkit.rewrite.selectors import parse as parse_selector
from consentkit.rewrite.signatures import Signatures

__all__ = [
    "SHARED",
    "BadSelector",
    "BodyMemory",
    "Budget",
    "Held",
    "Inserting",
    "Insertions",
    "Judge",
    "Page",
    "Rewriter",
    "Rewritten",
    "Rules",
    "Selector",
    "Signatures",
    "parse_selector",
]
