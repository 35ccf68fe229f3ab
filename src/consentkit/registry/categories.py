"""What follows from the category of a third party: which purpose it needs, or that it passes.

The categories are those of third-party-web. A row says what the default mode does with a company that the
owner did not declare; `tools/curated.toml` holds the companies that differ from their category, each with its
reason.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

#: The purpose written on what is held without one: hosts that nobody has described, and other consent tools.
UNCLASSIFIED = "unclassified"

#: The category of other consent tools; whoever meets one warns that two of them run.
CONSENT_PROVIDER = "consent-provider"


@dataclass(frozen=True)
class Category:
    """`purpose`: held until agreed, under this name. `passes`: never held. Neither: `strict` holds it."""

    purpose: str | None
    passes: bool
    reason: str


CATEGORIES: Mapping[str, Category] = MappingProxyType(
    {
        "ad": Category("marketing", False, "Sells, places or measures advertising."),
        "marketing": Category("marketing", False, "Recognises people in order to sell to them."),
        "social": Category("marketing", False, "Social networks learn which pages their members read."),
        "analytics": Category("analytics", False, "Measures what visitors do."),
        "tag-manager": Category(
            "analytics",
            False,
            "Loads other tags, and sends each visitor's address to its maker before any of them runs.",
        ),
        "video": Category("media", False, "Plays media from another company, which learns who watches what."),
        "customer-success": Category("functional", False, "Chat, help and feedback that a page can do without."),
        "content": Category("functional", False, "Content of another company, embedded in the page."),
        "cdn": Category(None, True, "Delivers libraries and files that the page is built from."),
        "hosting": Category(None, True, "Hosts the site's own files or its shop."),
        "utility": Category(None, False, "A tool; its category does not tell whether the page needs it."),
        "other": Category(None, False, "Not described; it may be anything."),
        CONSENT_PROVIDER: Category(UNCLASSIFIED, False, "Another consent tool: two of them contradict each other."),
    }
)
