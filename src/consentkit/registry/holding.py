"""Is this address held back? The owner's word first, then the registry's, then the mode.

In this order, and the first that knows the address decides:

1. hosts that the owner wrote: `first_party` passes, a `Vendor` with hosts of its own is held until agreed;
2. the site itself (same registrable domain) passes;
3. the registry: a host of a vendor that the owner declared by its key is held until agreed; one with a
purpose is
   held, and nobody's choice releases it; one of the table's passing rows passes;
4. nobody knows it: it passes under `known`, and is held as `unclassified` under `strict`.

What the owner wrote comes before the site itself, so that a tracker behind a name of the site
(`stats.courier.example`) can be declared at all. A pattern that covers a whole host of the site is left out:
a site does not hold itself.

Under `observe` nothing is held. `Holder.would_hold` answers for reports what `known` would do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, NamedTuple, TypeVar

from consentkit.registry.categories import UNCLASSIFIED
from consentkit.registry.hosts import Index, Rule, plain_host, plain_path
from consentkit.registry.known import Entry, Registry, is_crooked, remember
from consentkit.registry.sites import site_of, suffixes
from consentkit.vocabulary import Holding, Purpose, Vendor

T = TypeVar("T")

# Sets of agreed vendors for which an answering function is kept. A site with five purposes has 32.
MAX_CHOICES = 256


class Whose(StrEnum):
    """Who answers for an address."""

    #: The site itself, or `first_party`.
    OWN = "own"
    #: A vendor that the owner declares: held until agreed.
    DECLARED = "declared"
    #: The registry knows that it needs consent, and the owner does not declare it.
    UNDECLARED = "undeclared"
    #: The registry knows that the page needs it.
    PASSING = "passing"
    #: Nobody has described it.
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Finding:
    """Whose an address is and why. `entry` is the registry's row, where it has one."""

    whose: Whose
    purpose: str | None = None
    vendor: str | None = None
    entry: Entry | None = None


@dataclass(frozen=True)
class Verdict:
    """Held back: for which purpose, and by which declared vendor it can be released."""

    purpose: str
    vendor: str | None


OWN = Finding(Whose.OWN)
STRANGER = Finding(Whose.UNKNOWN)


class Claim(NamedTuple, Generic[T]):
    """A finding, and what is handed out for it while its vendor is not agreed."""

    finding: Finding
    held: T | None


class Plan(NamedTuple, Generic[T]):
    """What one host needs: its site, the rules that the owner wrote, all rules, and who has the rest."""

    site: str
    written: tuple[Rule[Claim[T]], ...]
    rules: tuple[Rule[Claim[T]], ...]
    rest: Claim[T]


class Holder(Generic[T]):
    """Answers for one configured site. Built once; everything it remembers is bounded.

    `make` builds what is handed out for an address that is held. It is called once for each purpose and
    vendor, so equal answers are one object.
    """

    def __init__(
        self,
        *,
        purposes: Iterable[Purpose],
        holding: str,
        make: Callable[[str, str | None], T],
        first_party: Iterable[str] = (),
        registry: Registry | None = None,
    ) -> None:
        self._registry = registry or Registry.shipped()
        self._holding = Holding(holding)
        self._make = make
        self._made: dict[tuple[str, str | None], T] = {}
        #: Patterns of the registry that a declared vendor has, to its purpose and id.
        self._declared: dict[str, tuple[str, str]] = {}
        written = [(pattern, Claim[T](OWN, None)) for pattern in first_party]
        for purpose in purposes:
            for vendor in purpose.vendors:
                written += self._declare(purpose.name, vendor)
        self._written = Index((plain_pattern(pattern), claim) for pattern, claim in written)
        self._plans: dict[str, Plan[T]] = {}
        # Read the public suffix list now and not during the first visitor's page.
        suffixes()
        self._answers: dict[tuple[frozenset[str], frozenset[str]], Callable[[str, str], T | None]] = {}

    def find(self, host: str, path: str = "/", *, site_hosts: Iterable[str] = ()) -> Finding:
        """Whose an address is, whatever the visitor chose: for reports and the list of the second lock."""
        hosts = frozenset(site_hosts)
        plan = self._plans.get(host) or self._learn(host)
        return self._claim(plan, path, hosts, own_sites(hosts)).finding

    def for_visitor(self, site_hosts: Iterable[str], allowed: frozenset[str]) -> Callable[[str, str], T | None]:
        """The function that answers for one visitor: None passes. `allowed` holds the ids of agreed vendors.

        Equal arguments give the same function, so a cache may be keyed by it.
        """
        if self._holding is Holding.OBSERVE:
            return nothing_held
        return self._answering(frozenset(site_hosts), allowed)

    def would_hold(
        self, site_hosts: Iterable[str], allowed: frozenset[str] = frozenset()
    ) -> Callable[[str, str], T | None]:
        """As `for_visitor`, and under `observe` what `known` would answer."""
        return self._answering(frozenset(site_hosts), allowed)

    def _answering(self, site_hosts: frozenset[str], allowed: frozenset[str]) -> Callable[[str, str], T | None]:
        key = (site_hosts, allowed)
        answer = self._answers.get(key)
        if answer is None:
            if len(self._answers) >= MAX_CHOICES:
                self._answers.clear()
            answer = self._answers[key] = self._answer(site_hosts, allowed)
        return answer

    def _answer(self, site_hosts: frozenset[str], allowed: frozenset[str]) -> Callable[[str, str], T | None]:
        own, plans, learn, claim_of = own_sites(site_hosts), self._plans, self._learn, self._claim

        def held(host: str, path: str) -> T | None:
            claim = claim_of(plans.get(host) or learn(host), path, site_hosts, own)
            return None if claim.finding.vendor in allowed else claim.held

        return held

    def _claim(self, plan: Plan[T], path: str, site_hosts: frozenset[str], own: frozenset[str]) -> Claim[T]:
        rules, rest = plan.rules, plan.rest
        if plan.site in own:
            rules, rest = self._own_rules(plan, site_hosts), Claim[T](OWN, None)
        if rules and rules[0].starts and is_crooked(path):
            path = plain_path(path)
        for starts, whole, _, claim in rules:
            if path.startswith(starts) or path == whole:
                return claim
        return rest

    def _own_rules(self, plan: Plan[T], site_hosts: frozenset[str]) -> tuple[Rule[Claim[T]], ...]:
        # A pattern without a path that covers a host of the site would hold the site's every file.
        kept = [r for r in plan.written if r.has_path or not any(covers_host(r.pattern, h) for h in site_hosts)]
        return tuple(kept)

    def _learn(self, host: str) -> Plan[T]:
        plain = plain_host(host)
        written = self._written.rules(plain)
        registry = [Rule(r.starts, r.whole, r.pattern, self._of_registry(r)) for r in self._registry.rules(plain)]
        held = self._held(UNCLASSIFIED, None) if self._holding is Holding.STRICT else None
        plan = Plan(site_of(plain), written, (*written, *registry), Claim(STRANGER, held))
        remember(self._plans, host, plan)
        return plan

    def _declare(self, purpose: str, vendor: str | Vendor) -> list[tuple[str, Claim[T]]]:
        """Note a vendor's hosts: those of the registry are found by it, the others are the owner's rules."""
        if isinstance(vendor, str):
            vendor = self._registry.vendor(vendor)
        theirs = self._registry.vendor(vendor.name).hosts if vendor.name in self._registry else ()
        finding = Finding(Whose.DECLARED, purpose, vendor.name)
        written = []
        for pattern in vendor.hosts:
            if pattern in theirs:
                self._declared[pattern] = (purpose, vendor.name)
            else:
                written.append((pattern, Claim(finding, self._held(purpose, vendor.name))))
        return written

    def _of_registry(self, found: Rule[Entry]) -> Claim[T]:
        entry = found.value
        declared = self._declared.get(found.pattern)
        if declared is not None:
            purpose, vendor = declared
            return Claim(Finding(Whose.DECLARED, purpose, vendor, entry), self._held(purpose, vendor))
        if entry.purpose is not None:
            return Claim(Finding(Whose.UNDECLARED, entry.purpose, None, entry), self._held(entry.purpose, None))
        if entry.passes:
            return Claim(Finding(Whose.PASSING, entry=entry), None)
        held = self._held(UNCLASSIFIED, None) if self._holding is Holding.STRICT else None
        return Claim(Finding(Whose.UNKNOWN, entry=entry), held)

    def _held(self, purpose: str, vendor: str | None) -> T:
        key = (purpose, vendor)
        if key not in self._made:
            self._made[key] = self._make(purpose, vendor)
        return self._made[key]


def holder(
    site_hosts: Iterable[str],
    first_party: Iterable[str],
    purposes: Iterable[Purpose],
    holding: str,
    allowed: frozenset[str],
    make: Callable[[str, str | None], T],
    registry: Registry | None = None,
) -> Callable[[str, str], T | None]:
    """All of `Holder` in one call, for one visitor. A site keeps a `Holder` instead: it remembers hosts."""
    kept = Holder(purposes=purposes, holding=holding, make=make, first_party=first_party, registry=registry)
    return kept.for_visitor(site_hosts, allowed)


def nothing_held(host: str, path: str) -> None:
    """The answer of `observe`."""


def own_sites(site_hosts: Iterable[str]) -> frozenset[str]:
    return frozenset(map(site_of, site_hosts)) - {""}


def covers_host(pattern: str, host: str) -> bool:
    """Whether a pattern without a path covers a host, given with or without its port."""
    plain = plain_host(host.partition(":")[0])
    return plain == pattern or plain.endswith("." + pattern)


def plain_pattern(pattern: str) -> str:
    host, _, path = pattern.partition("/")
    return f"{plain_host(host)}/{path}" if path else plain_host(host)
