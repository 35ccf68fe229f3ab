"""Third parties as they are met on the pages of one site: judged, told to the operator, and kept for the second lock."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import datetime

from consentkit.asgi.snippets import Snippets
from consentkit.registry import Entry, Finding, Holder, Whose, registrable, registry
from consentkit.registry.holding import MAX_CHOICES
from consentkit.response.lock import COMMON, lock
from consentkit.rewrite import Held, Judge, Rules, Signatures
from consentkit.settings import Site
from consentkit.settings.site import vendors_of
from consentkit.vocabulary import Holding

logger = logging.getLogger("consentkit")

# Google requires a certified CMP of publishers in the EEA and UK since 16 January 2024 (AdSense, Ad Manager).
CERTIFIED_ONLY = frozenset({"adsense", "google-ad-manager"})

# Findings that are told once each; a site that meets more hosts than this has other worries.
MAX_TOLD = 10_000

# Far more hosts than fit into the lock, and paths whose pages were read to their end.
MAX_SEEN = 200
MAX_PATHS = 10_000

# Reports that are looked at in a minute. A host is told once, so a few are enough.
MOST_REPORTS = 60

_Choice = tuple[frozenset[str], frozenset[str]]


class Parties:
    """Everything that is known of third parties on one site. `hosts`: the site's own; `allowed`: agreed vendors."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._holder: Holder[Held] = Holder(
            purposes=site.purposes, holding=site.holding, make=Held, first_party=site.first_party
        )
        self._snippets = Snippets(site, self._holder, self._tell_of_snippet)
        self._patterns = {vendor.name: vendor.hosts for purpose in site.purposes for vendor in vendors_of(purpose)}
        self._judges: dict[_Choice, Judge] = {}
        self._met: set[str] = set()
        self._told: set[str] = set()
        #: Where pages load from although nobody has to agree to it; in the order in which it was met.
        self._seen: dict[str, None] = {}
        self._locks: dict[tuple[object, ...], str] = {}
        self._read: set[str] = set()
        self._reports: tuple[datetime | None, int] = (None, 0)

    # What has to wait

    def judge(self, hosts: Iterable[str], allowed: frozenset[str]) -> Judge | None:
        """What is said of a visitor's URLs, the same function for the same arguments; None under `observe`."""
        if self._site.holding == Holding.OBSERVE:
            return None
        choice = (frozenset(hosts), allowed)
        known = self._judges.get(choice)
        if known is None:
            if len(self._judges) >= MAX_CHOICES:
                self._judges.clear()
            known = self._judges[choice] = self._telling(*choice)
        return known

    def signatures(self, hosts: Iterable[str], allowed: frozenset[str]) -> Signatures:
        """What is said of a visitor's inline scripts."""
        return self._snippets.of(hosts, allowed)

    def observed(self, hosts: Iterable[str], allowed: frozenset[str]) -> Rules:
        """What would be held."""
        hosts = frozenset(hosts)
        return Rules(self._holder.would_hold(hosts, allowed), signatures=self.signatures(hosts, allowed))

    def _telling(self, hosts: frozenset[str], allowed: frozenset[str]) -> Judge:
        """The answers of the registry and the owner, and a line for the operator about each host that they don't know."""
        answer = self._holder.for_visitor(hosts, allowed)

        def judge(host: str, path: str) -> Held | None:
            held = self._snippets.with_stubs(answer(host, path), host, path)
            if (held is None or held.vendor is None) and host not in self._met:
                self._meet(host, path, hosts)
            if held is None and host not in self._seen:
                self._see(host, path, hosts)
            return held

        return judge

    # What the operator is told

    def _meet(self, host: str, path: str, hosts: frozenset[str]) -> None:
        if len(self._met) < MAX_TOLD:
            self._met.add(host)
        self.tell(host, self._holder.find(host, path, site_hosts=hosts))

    def tell(self, host: str, finding: Finding) -> None:
        """One line about a host that the configuration does not explain."""
        entry = finding.entry
        if entry is not None:
            _warn_of(host, entry)
            if entry.is_consent_tool:
                return
        if finding.whose is Whose.UNDECLARED and entry is not None:
            _warn_of_undeclared(host, entry.vendor, finding.purpose)
        elif finding.whose is Whose.UNKNOWN:
            verb = "is held back" if self._site.holding == Holding.STRICT else "passes"
            logger.warning(
                '%s is unknown and %s; say what it is for: first_party = ["%s"], or add it to a purpose:'
                ' vendors = [{ name = "…", title = "…", hosts = ["%s"] }]',
                host, verb, host, host,
            )  # fmt: skip

    def _tell_of_snippet(self, vendor: str, purpose: str) -> None:
        if vendor not in self._told:
            self._told.add(vendor)
            _warn_of_undeclared("An inline script", vendor, purpose)

    def reported(self, host: str, path: str, directive: str, hosts: Iterable[str], minute: datetime) -> None:
        """Browsers say that a script of a page wanted something from there. Anybody can say so: it changes nothing."""
        self._reports = (minute, self._reports[1] + 1 if self._reports[0] == minute else 1)
        if self._reports[1] > MOST_REPORTS or host in self._met:
            return
        if len(self._met) < MAX_TOLD:
            self._met.add(host)
        finding = self._holder.find(host, path, site_hosts=hosts)
        # What is declared is meant to be stopped until it is agreed to.
        if finding.whose not in (Whose.OWN, Whose.DECLARED):
            logger.warning("A script of a page wanted to load something from %s (%s).", host, directive)
            self.tell(host, finding)

    # The second lock

    def have_read(self, path: str) -> None:
        """The page at this path was read to its end, so its hosts are known."""
        if len(self._read) < MAX_PATHS:
            self._read.add(path)

    def know(self, path: str) -> bool:
        return path in self._read

    def is_agreed(self, allowed: frozenset[str]) -> bool:
        """Whether there is nothing left that could be agreed to."""
        return bool(self._patterns) and allowed.issuperset(self._patterns)

    def lock(
        self, hosts: Iterable[str], allowed: frozenset[str], *, https: bool, frames: bool, report: str = ""
    ) -> str:
        """The policy that keeps scripts of the page from pulling in what waits; "" when it would be too long."""
        key = (frozenset(hosts), allowed, https, frames, report, len(self._seen))
        known = self._locks.get(key)
        if known is None:
            if len(self._locks) >= MAX_CHOICES:
                self._locks.clear()
            agreed = [host for name, patterns in self._patterns.items() if name in allowed for host in patterns]
            known = self._locks[key] = lock(
                site=self._own_site(key[0], allowed),
                hosts=[*COMMON, *self._seen],
                patterns=[*self._site.first_party, *agreed],
                https=https, frames=frames, report=report,
            )  # fmt: skip
            if not known:
                logger.warning(
                    "The second lock would have more than 2 KiB, so pages go out without it; %d hosts were met that need"
                    " no consent. Name those of the site's own as one domain in first_party, or set lock = \"off\".",
                    len(self._seen),
                )  # fmt: skip
        return known

    def _own_site(self, hosts: frozenset[str], allowed: frozenset[str]) -> str:
        """The domain whose hosts are all the site's own; "" where one of them is a company's that waits."""
        domains = {registrable(host) or "" for host in hosts} - {""}
        domain = domains.pop() if len(domains) == 1 else ""
        waiting = (host for name, patterns in self._patterns.items() if name not in allowed for host in patterns)
        is_shared = any(f".{host.partition('/')[0]}".endswith(f".{domain}") for host in waiting)
        return "" if is_shared else domain

    def _see(self, host: str, path: str, hosts: frozenset[str]) -> None:
        finding = self._holder.find(host, path, site_hosts=hosts)
        # What was agreed to is named by its own patterns, for who has agreed.
        if finding.whose in (Whose.DECLARED, Whose.UNDECLARED) or len(self._seen) >= MAX_SEEN:
            return
        self._seen[_narrowest(finding, host, path)] = None


def _narrowest(finding: Finding, host: str, path: str) -> str:
    """The host, with its path where the registry lets only that pass."""
    if finding.entry is None:
        return host
    patterns = registry().vendor(finding.entry.vendor).hosts
    paths = [pattern.partition("/")[2] for pattern in patterns if pattern.startswith(f"{host}/")]
    found = next((each for each in paths if path.startswith(f"/{each}")), "")
    return f"{host}/{found}" if found and host not in patterns else host


def _warn_of(host: str, entry: Entry) -> None:
    """What an owner should know before a regulator or a network says it."""
    if entry.is_consent_tool:
        logger.warning(
            "%s belongs to another consent tool (%s): two tools would ask the same visitor. It is held back.",
            host, entry.vendor,
        )  # fmt: skip
    if entry.vendor in CERTIFIED_ONLY:
        logger.warning(
            "%s (%s): in the EEA, the UK and Switzerland Google serves publishers personalised ads only through a"
            " certified consent tool that issues TCF strings; this is none.", host, entry.vendor,
        )  # fmt: skip


def _warn_of_undeclared(what: str, vendor: str, purpose: str | None) -> None:
    logger.warning(
        "%s (%s) is held back for %s and no choice releases it, because no purpose declares it;"
        ' to offer it, add to [[purposes]] %r: vendors = ["%s"]',
        what, vendor, purpose, purpose, vendor,
    )  # fmt: skip
