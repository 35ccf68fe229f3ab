"""What the middleware of one site is made of: built once from the `Site`, shared by all its requests."""

from __future__ import annotations

import hashlib
import logging
import secrets
from collections.abc import Callable
from datetime import UTC, date, datetime
from functools import cached_property

from consentkit.controls import Controls, Hints
from consentkit.cookies import Seal
from consentkit.decide import Decision, Decisions
from consentkit.endpoints import Endpoints, Fresh, record_site
from consentkit.languages import Catalogues, choose
from consentkit.log.notice import Notice
from consentkit.log.record import SALT_BYTES, uuid7
from consentkit.log.writer import Log
from consentkit.registry import Entry, Holder
from consentkit.registry.holding import Whose
from consentkit.response.csp import Hashes
from consentkit.response.delivery import INLINE
from consentkit.response.set_cookie import Gate, gate_of
from consentkit.rewrite import Held, Judge, Page, Rules
from consentkit.settings import Site
from consentkit.visit import CookieReader, Visit, of_anyone, read
from consentkit.vocabulary import Holding, Layer

logger = logging.getLogger("consentkit")

# Rules are remembered by what they do; a site of five purposes has 32 sets of vendors and a few sizes and views.
MAX_RULES = 256

# Google requires a certified CMP of publishers in the EEA and UK since 16 January 2024 (AdSense, Ad Manager).
CERTIFIED_ONLY = frozenset({"adsense", "google-ad-manager"})

# Findings that are told once each; a site that meets more hosts than this has other worries.
MAX_TOLD = 10_000


class Workshop:
    """The tools of one site. `now` and `random` are the only ways to the world, so that tests can hold them still."""

    def __init__(
        self,
        site: Site,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        random: Callable[[int], bytes] = secrets.token_bytes,
    ) -> None:
        self.site = site
        self.now = now
        self.random = random
        view_seal = Seal(site.keys, f"view.{site.name}")
        self.cookies = CookieReader(
            site.cookie_name, Seal(site.keys, f"{site.cookie_name}.choice"), Seal(site.keys, f"{site.cookie_name}.id")
        )
        self.decisions = Decisions(site)
        self.catalogues = Catalogues(site.texts)
        self.controls = Controls(site, self.catalogues, view_seal)
        self.gate: Gate = gate_of(site)
        receipts = Seal(site.keys, f"receipt.{site.name}")
        self.endpoints = Endpoints(site, self.controls, self.catalogues, self.cookies, self.gate, receipts)
        self.log = Log(site.log, site.folder, key=site.log_key, upgrade=site.migrate == "auto")
        self._holder: Holder[Held] = Holder(
            purposes=site.purposes, holding=site.holding, make=Held, first_party=site.first_party
        )
        self._rules: dict[tuple[object, ...], Rules] = {}
        self._told: set[object] = set()
        for purpose in site.purposes:
            if not purpose.vendors:
                self.tell_once(
                    ("no vendors", purpose.name),
                    "The purpose %r names no vendors, so there is nobody to agree to; find them with:"
                    " consentkit vendors",
                    purpose.name,
                )

    def open(self) -> None:
        """Everything that has to be read from disk: the log, and what the first page is made of.

        Languages other than the site's are read with the first page that needs them. Blocks for half a second.
        Raises ConfigurationError when the log cannot be opened.
        """
        self.log.open()
        visit = read(
            method="GET", scheme="https", root_path="", path="/", raw_path=None, query=b"",
            headers=[(b"host", b"localhost")], cookies=self.cookies, now=self.now(),
        )  # fmt: skip
        decision = self.decisions.of(visit)
        language = choose((), "", self.site.language, self.catalogues.tags).tag
        hints = Hints(app=language, content_language=None, accept_language="")
        page = self.controls.insertions(decision, visit, INLINE, hints)
        page.late(Page())
        page.body(Page())
        self.endpoints.get("preferences", visit, self.now())
        self.endpoints.not_found(visit)
        if self.site.asked:
            self.controls.notice(language, Layer.PLACEHOLDER, decision.asking)

    def hashes(self, decision: Decision, visit: Visit, *, shared: bool = False) -> Hashes:
        style, script = self.controls.hashes(decision, shared=shared)
        return Hashes(style, script, self.controls.early_hash() if shared or visit.wants_own else "")

    def for_anyone(self, visit: Visit) -> Decision:
        """What a page gets that is the same for everyone: the decision of a visitor who has not chosen.

        What runs until somebody objects waits there as well, because the page can't know who has.
        """
        return self.decisions.of(of_anyone(visit), self._exempt)

    @cached_property
    def _exempt(self) -> frozenset[str]:
        return frozenset(purpose.name for purpose in self.site.exempt)

    def shared_state(self, visit: Visit) -> str:
        """As `state`, for a page that is the same for everyone: one for each version and address."""
        return self.state(self.for_anyone(visit), of_anyone(visit), "shared")

    def served(self, notice: Notice, visit: Visit) -> None:
        """A page asked with this notice: it is counted, and the log keeps the notice from its first day on."""
        day = self.now().date()
        self.log.count_asked(language=notice.language, day=day, site=record_site(self.site, visit))
        if (notice.digest, day) not in self._kept:
            self._kept.add((notice.digest, day))
            self.log.append_soon(notice, served=day)

    @cached_property
    def _kept(self) -> set[tuple[str, date]]:
        return set()

    def fresh(self) -> Fresh:
        """The time, and ids for a new record and a new subject."""
        now = self.now()
        return Fresh(now=now, record=uuid7(now, self.random(10)), subject=self.random(16).hex())

    def salt(self) -> bytes:
        return self.random(SALT_BYTES)

    def rules(self, decision: Decision, visit: Visit, *, xhtml: bool, native: bool = False) -> Rules:
        """What is held back from this visitor, and how the page is shown. `native`: the app answered in that view."""
        judge = self._judge(visit, decision.allowed)
        key = (judge, decision.text_size, decision.view, xhtml, native)
        rules = self._rules.get(key)
        if rules is None:
            if len(self._rules) >= MAX_RULES:
                self._rules.clear()
            attributes = self.controls.html_attributes(decision)
            rules = self._rules[key] = Rules(judge, attributes, decision.view is not None and not native, xhtml)
        return rules

    def observed(self, visit: Visit, decision: Decision) -> Rules | None:
        """Under `observe`: the rules that would hold, for a report; None in the other modes."""
        if self.site.holding != Holding.OBSERVE:
            return None
        return Rules(self._holder.would_hold(self._hosts(visit), decision.allowed))

    def state(self, decision: Decision, visit: Visit, kind: str = "") -> str:
        """What the bytes of a page depend on, in 16 hex digits: it stands in entity tags."""
        parts = (self._build, decision, visit.accept_language, visit.asks, visit.hostname, kind)
        return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]

    def tell_once(self, key: object, message: str, *values: object) -> None:
        """One line for the operator, once in the life of the process."""
        if key not in self._told and len(self._told) < MAX_TOLD:
            self._told.add(key)
            logger.warning(message, *values)

    @cached_property
    def _build(self) -> str:
        """What changes with the package or the configuration: the names of the assets hold the hashes of both."""
        return hashlib.sha256(repr((sorted(self.controls.assets), self.site)).encode()).hexdigest()

    def _hosts(self, visit: Visit) -> list[str]:
        own = self.site.url.partition("://")[2]
        return [host for host in (visit.host, own) if host]

    def _judge(self, visit: Visit, allowed: frozenset[str]) -> Judge | None:
        if self.site.holding == Holding.OBSERVE:
            return None
        hosts = self._hosts(visit)
        answer = self._holder.for_visitor(hosts, allowed)
        known = self._judges.get(answer)
        if known is None:
            if len(self._judges) >= MAX_RULES:
                self._judges.clear()
            known = self._judges[answer] = self._telling(answer, hosts)
        return known

    @cached_property
    def _judges(self) -> dict[Judge, Judge]:
        return {}

    def _telling(self, answer: Judge, hosts: list[str]) -> Judge:
        """The same answers, and a line for the operator about each host that the configuration does not know."""

        def judge(host: str, path: str) -> Held | None:
            held = answer(host, path)
            if (held is None or held.vendor is None) and host not in self._met:
                self._meet(host, path, hosts)
            return held

        return judge

    @cached_property
    def _met(self) -> set[str]:
        return set()

    def _meet(self, host: str, path: str, hosts: list[str]) -> None:
        if len(self._met) < MAX_TOLD:
            self._met.add(host)
        finding = self._holder.find(host, path, site_hosts=hosts)
        if finding.entry is not None:
            self._warn_of(host, finding.entry)
        if finding.entry is not None and finding.entry.is_consent_tool:
            return
        if finding.whose is Whose.UNDECLARED and finding.entry is not None:
            logger.warning(
                "%s (%s) is held back for %s and no choice releases it, because no purpose declares it;"
                ' to offer it, add to [[purposes]] %r: vendors = ["%s"]',
                host, finding.entry.vendor, finding.purpose, finding.purpose, finding.entry.vendor,
            )  # fmt: skip
        elif finding.whose is Whose.UNKNOWN:
            verb = "is held back" if self.site.holding == Holding.STRICT else "passes"
            logger.warning(
                '%s is unknown and %s; say what it is for: first_party = ["%s"], or add it to a purpose:'
                ' vendors = [{ name = "…", title = "…", hosts = ["%s"] }]',
                host, verb, host, host,
            )  # fmt: skip

    def _warn_of(self, host: str, entry: Entry) -> None:
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
