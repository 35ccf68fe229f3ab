"""What is asked of one visitor: everything that changes the words of banner, preferences and placeholders."""

from __future__ import annotations

from dataclasses import dataclass, replace

from consentkit.decide import Asking, Decision
from consentkit.settings import Site
from consentkit.vocabulary import Purpose

NONE: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Question:
    """`denied`: by Global Privacy Control. `restricted`: taken away by the app, so not offered at all.

    `terms_open`: there are terms whose present version was not accepted.
    """

    asking: Asking
    denied: frozenset[str] = NONE
    restricted: frozenset[str] = NONE
    terms_open: bool = False

    def offered(self, site: Site) -> tuple[Purpose, ...]:
        return tuple(purpose for purpose in site.asked if purpose.name not in self.restricted)

    def in_accept_all(self, site: Site) -> tuple[Purpose, ...]:
        """What Accept all agrees to: what the browser's signal denies is left out."""
        return tuple(purpose for purpose in self.offered(site) if purpose.name not in self.denied)


def question(site: Site, decision: Decision) -> Question:
    """The question of a decision. What makes no difference here is left out, so that it is composed only once."""
    names = frozenset(purpose.name for purpose in site.asked)
    asked = Question(
        asking=decision.asking,
        denied=decision.denied & names,
        restricted=decision.restricted & names,
        terms_open=any(policy.name not in decision.accepted for policy in site.terms),
    )
    # The app took everything away that could be asked about.
    if asked.asking is Asking.PURPOSES and not asked.offered(site):
        return replace(asked, asking=Asking.NOTHING)
    return asked


def standard(site: Site, asking: Asking) -> Question:
    """The question to a visitor without a signal or a history."""
    return Question(asking, terms_open=bool(site.terms))
