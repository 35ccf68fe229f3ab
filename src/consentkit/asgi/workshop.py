"""What the middleware of one site is made of: built once from the `Site`, shared by all its requests."""

from __future__ import annotations

import hashlib
import logging
import secrets
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, date, datetime
from functools import cached_property

from consentkit import telemetry
from consentkit.asgi import documents, owner_templates
from consentkit.asgi.loop import in_asyncio
from consentkit.asgi.parties import MAX_TOLD, Parties
from consentkit.controls import SLOTS, Controls, DarkPatterns, Hints
from consentkit.controls.signals import loads_early
from consentkit.cookies import Seal
from consentkit.decide import Decision, Decisions
from consentkit.endpoints import Endpoints, Fresh, record_site, signal_record
from consentkit.endpoints.violations import Violation
from consentkit.errors import ConfigurationError, LogUnavailable
from consentkit.imported import Importer
from consentkit.languages import catalogues_of, choose
from consentkit.log.notice import Notice
from consentkit.log.record import SALT_BYTES, uuid7
from consentkit.log.writer import Log
from consentkit.proxies import Proxies
from consentkit.response import caching, csp
from consentkit.response.csp import Hashes
from consentkit.response.delivery import INLINE
from consentkit.response.headers import Fields
from consentkit.response.set_cookie import Gate, gate_of
from consentkit.rewrite import BadSelector, BodyMemory, Judge, Page, Rules, Selector, parse_selector
from consentkit.settings import Site
from consentkit.visit import CookieReader, Visit, of_anyone, read
from consentkit.vocabulary import Holding, Layer

logger = logging.getLogger("consentkit")

# Rules are remembered by what they do; a site of five purposes has 32 sets of vendors and a few sizes and views.
MAX_RULES = 256

# Images that load at once in the mobile version: what is usually in sight on a phone.
EAGER_IMAGES = 2


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
            site.cookie_name,
            Seal(site.keys, f"{site.cookie_name}.choice"),
            Seal(site.keys, f"{site.cookie_name}.id"),
            Importer(site) if site.import_from else None,
        )
        self.proxies = Proxies(site.trusted_proxies)
        self.decisions = Decisions(site)
        self.catalogues = catalogues_of(site)
        #: Policy name to its text, filled when the site is opened.
        self.texts: dict[str, str] = {}
        self.controls = Controls(
            site, self.catalogues, view_seal, documents=self.texts, templates=owner_templates.from_folder(site)
        )
        self.gate: Gate = gate_of(site)
        receipts = Seal(site.keys, f"receipt.{site.name}")
        self.endpoints = Endpoints(site, self.controls, self.catalogues, self.cookies, self.gate, receipts)
        self.log = Log(
            site.log, site.folder, key=site.log_key, anchors=site.anchors, upgrade=site.migrate == "auto"
        )  # fmt: skip
        self.parties = Parties(site)
        self._rules: dict[tuple[object, ...], Rules] = {}
        self.bodies = BodyMemory()
        self._removed = _selectors(site.mobile_remove)
        self._told: set[object] = set()
        self._loads_early = loads_early(site)
        if self._loads_early:
            self.tell_once(
                "advanced", 'google = "advanced": the tags of %s load before anybody has agreed, told that everything is'
                " denied; they contact Google all the same, which authorities in the EEA count as needing consent.",
                ", ".join(sorted(self._loads_early)),
            )  # fmt: skip
        for purpose in site.purposes:
            if not purpose.vendors:
                self.tell_once(
                    ("no vendors", purpose.name),
                    "The purpose %r names no vendors, so there is nobody to agree to; find them with:"
                    " consentkit vendors",
                    purpose.name,
                )

    def open(self) -> None:
        """Everything that has to be there before anything else: the texts of policies that are files, and the log.

        Raises ConfigurationError when one of them cannot be opened.
        """
        telemetry.start()
        self.texts.update(documents.from_files(self.site))
        self.log.open()

    def learn_texts(self) -> None:
        """Tell the log what the policies say today; the operator hears when a version says something new."""
        digests = documents.digests(self.site, self.texts)
        try:
            changed = self.log.learn_texts(digests, self.now().date())
        except LogUnavailable as problem:
            logger.warning("The texts of the policies could not be compared with those in the log: %s", problem)
            return
        for (name, version), day in changed.items():
            logger.warning(documents.CHANGED, name, version, day)

    def warm(self) -> None:
        """Make what the first page is made of. Languages other than the site's are read with the first page that needs
        them. Blocks for half a second. Raises ConfigurationError when no regulator would pass what is asked."""
        self._refuse_dark_patterns()
        visit = self.nobody()
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

    def dark_patterns(self) -> DarkPatterns:
        """What the owner's templates, sentences and settings do that no regulator would pass."""
        return self.controls.dark_patterns(choose((), "", self.site.language, self.catalogues.tags).tag)

    def _refuse_dark_patterns(self) -> None:
        found = self.dark_patterns()
        if found.errors:
            raise ConfigurationError([str(each) for each in found.errors])
        for each in found.warnings:
            self.tell_once(("dark pattern", each.sentence), "A regulator would find: %s", each)

    def nobody(self) -> Visit:
        """A visit that nobody makes: for pages that are made, and texts that are read, at start."""
        return read(
            method="GET", scheme="https", root_path="", path="/", raw_path=None, query=b"",
            headers=[(b"host", b"localhost")], cookies=self.cookies, now=self.now(),
        )  # fmt: skip

    def hashes(self, decision: Decision, visit: Visit, *, shared: bool = False) -> Hashes:
        return self.controls.hashes(decision, shared=shared, own=visit.wants_own)

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
        telemetry.tell(telemetry.ASKED, label=notice.language)
        self.log.count_asked(language=notice.language, day=day, site=record_site(self.site, visit))
        if (notice.digest, day) not in self._kept:
            self._kept.add((notice.digest, day))
            self.log.append_soon(notice, served=day)

    async def note_signal(self, visit: Visit) -> None:
        """Record, once for each choice, that the browser's signal overrides it. A page never fails for this."""
        holder = visit.cookies.holder
        if holder is None or holder.record in self._signalled:
            return
        record = signal_record(self.site, visit, self.fresh(), self.texts)
        if record is None:
            return
        if len(self._signalled) >= MAX_TOLD:
            self._signalled.clear()
        self._signalled.add(holder.record)
        try:
            # Other processes, and this one after a restart, know the same choice by the same key.
            once = f"gpc {holder.record}"
            await in_asyncio(self.log.append(record, salt=self.salt(), notice=None, once=once))
        except (LogUnavailable, ConfigurationError) as error:
            self._signalled.discard(holder.record)
            logger.error("Global Privacy Control was honoured, and that it overrides a choice not recorded: %s", error)

    @cached_property
    def _signalled(self) -> set[str]:
        return set()

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
        hosts, released = self._hosts(visit), self._released(decision)
        judge = self.parties.judge(hosts, released)
        key = (judge, decision.text_size, decision.view, xhtml, native, visit.saves_data)
        rules = self._rules.get(key)
        if rules is None:
            if len(self._rules) >= MAX_RULES:
                self._rules.clear()
            attributes = self.controls.html_attributes(decision)
            signatures = self.parties.signatures(hosts, released) if judge else None
            is_ours = decision.view is not None and not native
            lighter = is_ours and decision.view == "mobile"
            rules = self._rules[key] = Rules(
                judge, attributes, is_ours, xhtml, signatures=signatures,
                remove=self._removed if lighter else (),
                slots=SLOTS if self.site.slots else frozenset(),
                lighten=(0 if visit.saves_data else EAGER_IMAGES) if lighter else None,
            )  # fmt: skip
        return rules

    def judge(self, decision: Decision, visit: Visit) -> Judge | None:
        """What is said of this visitor's URLs; None where nothing is held."""
        return self.parties.judge(self._hosts(visit), self._released(decision))

    def lock(self, decision: Decision, visit: Visit) -> Fields:
        """The second lock for a page of this visitor, as header fields."""
        site, released = self.site, self._released(decision)
        kind = "off" if self.parties.is_agreed(released) else site.locks
        # What is not forbidden can still be reported: that is how an owner learns what scripts of the page pull in.
        only_reports = kind == "off"
        if site.holding == Holding.OBSERVE or (only_reports and not site.csp_reports):
            return []
        policy = self.parties.lock(
            self._hosts(visit), released,
            https=(site.scheme or visit.scheme) == "https", frames=kind == "all" or only_reports,
            report=f"{visit.root_path}{site.prefix}/report" if site.csp_reports else "",
        )  # fmt: skip
        return [(csp.REPORT_ONLY if only_reports else csp.CSP, policy.encode("ascii"))] if policy else []

    def note_violations(self, found: Iterable[Violation], visit: Visit) -> None:
        """Tell the operator what scripts of a page wanted from whom."""
        minute = self.now().replace(second=0, microsecond=0)
        for violation in found:
            self.parties.reported(violation.host, violation.path, violation.directive, self._hosts(visit), minute)

    def observed(self, visit: Visit, decision: Decision) -> Rules | None:
        """Under `observe`: the rules that would hold, for a report; None in the other modes."""
        if self.site.holding != Holding.OBSERVE:
            return None
        return self.parties.observed(self._hosts(visit), self._released(decision))

    def reads(self, decision: Decision) -> tuple[str, ...]:
        """The request headers that a personal page depends on."""
        site = self.site
        read: tuple[str, ...] = caching.ALWAYS_READ
        if site.regimes:
            read += (site.country_header,)
        # Where a version goes by the device, and where the link depends on it.
        if site.mobile in ("always", "device") or decision.view == "desktop":
            read += ("User-Agent", "Sec-CH-UA-Mobile", *filter(None, [site.device_header]))
        if decision.view == "mobile":
            read += ("Save-Data",)
        return read

    def varying(self, decision: Decision) -> Fields:
        """The same for a response of our own that they decide about."""
        return [(b"vary", ", ".join(self.reads(decision)).encode("ascii"))]

    def state(self, decision: Decision, visit: Visit, kind: str = "") -> str:
        """What the bytes of a page depend on, in 16 hex digits: it stands in entity tags.

        The same in every process: a set has another order in each, so its members are sorted.
        """
        decided = [sorted(part) if isinstance(part, frozenset) else part for part in vars(decision).values()]
        parts = (
            self._build, decided, visit.accept_language, visit.asks, visit.hostname, visit.device, visit.saves_data, kind
        )  # fmt: skip
        return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]

    def tell_once(self, key: object, message: str, *values: object) -> None:
        """One line for the operator, once in the life of the process."""
        if key not in self._told and len(self._told) < MAX_TOLD:
            self._told.add(key)
            logger.warning(message, *values)

    @cached_property
    def _build(self) -> str:
        """What changes with the package or the configuration: the names of the assets hold the hashes of both."""
        texts = sorted(documents.digests(self.site, self.texts).items())  # the view token stands for them
        return hashlib.sha256(repr((sorted(self.controls.assets), texts, self.site)).encode()).hexdigest()

    def _hosts(self, visit: Visit) -> list[str]:
        own = self.site.url.partition("://")[2]
        return [host for host in (visit.host, own) if host]

    def _released(self, decision: Decision) -> frozenset[str]:
        """Vendors whose resources load: those that were agreed to, and the owner's exceptions."""
        return decision.allowed | self._loads_early


def _selectors(written: Sequence[str]) -> tuple[Selector, ...]:
    """What the mobile version leaves out. Raises ConfigurationError with every selector that can't be followed."""
    selectors, problems = [], []
    for number, text in enumerate(written):
        try:
            selectors.append(parse_selector(text))
        except BadSelector as problem:
            problems.append(f"mobile_remove[{number}]: {problem}")
    if problems:
        raise ConfigurationError(problems)
    return tuple(selectors)
