"""Insert our controls into HTML and hold third parties back, while it streams by. Bytes in, bytes out."""

from consentkit.rewrite.page import Inserting, Insertions, Page
from consentkit.rewrite.rewriter import Rewriter
from consentkit.rewrite.rules import Held, Judge, Rules

__all__ = ["Held", "Inserting", "Insertions", "Judge", "Page", "Rewriter", "Rules"]
