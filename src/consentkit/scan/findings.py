"""What a site loads and sets, put beside what its owner declares: whose it is, what for, and what is missing.

Pure: a crawl and a configuration in, a `Report` out. Without a configuration everything is undeclared.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from urllib.parse import urlsplit

from consentkit.controls.signals import loads_early
from consentkit.registry import UNCLASSIFIED, Entry, Finding, Holder, Whose, describe, gated, necessary, registry
from consentkit.registry.known import covers_name
from consentkit.scan.cookies import SetCookie
from consentkit.scan.crawl import Crawl
from consentkit.scan.page import Load
from consentkit.settings import Site
from consentkit.settings.site import vendors_of
from consentkit.vocabulary import Holding, Purpose, Text, Vendor

#: Companies whose publishers need a certified consent tool in the EEA, the UK and Switzerland.
CERTIFIED_ONLY = ("adsense", "google-ad-manager")


@dataclass(frozen=True)
class Party:
    """A company that pages load from, or a host that nobody has described.

    `vendor`: its id, "" for such a host. `purpose`: what it needs consent for, "" where it needs none or nobody knows.
    `ways`: as what it is loaded. `held`: "held", "loads", or "partly" while some of it is held. `lacks`: what the
    preference page can't tell about it.
    """

    vendor: str
    title: str
    whose: Whose
    purpose: str
    hosts: tuple[str, ...]
    ways: tuple[str, ...]
    held: str
    pages: tuple[str, ...]
    reason: str = ""
    lacks: tuple[str, ...] = ()

    @property
    def is_undeclared(self) -> bool:
        return self.whose in (Whose.UNDECLARED, Whose.UNKNOWN)


@dataclass(frozen=True)
class CookieFound:
    """A cookie of the site's own domain. `whose`: "declared", "necessary", "undeclared". `by`: header or script."""

    name: str
    whose: str
    purpose: str
    vendor: str
    lifetime: str
    by: str
    page: str
    reason: str = ""

    @property
    def is_undeclared(self) -> bool:
        return self.whose == "undeclared"


@dataclass(frozen=True)
class Report:
    """What a scan found. `leaks`: sentences on what ran although the visitor had not agreed (from a browser)."""

    start: str
    pages: tuple[str, ...]
    with_root: tuple[str, ...]
    parties: tuple[Party, ...]
    cookies: tuple[CookieFound, ...]
    failures: tuple[str, ...]
    notes: tuple[str, ...]
    warnings: tuple[str, ...]
    leaks: tuple[str, ...] = ()
    observes: bool = False

    @property
    def undeclared(self) -> tuple[Party, ...]:
        return tuple(party for party in self.parties if party.is_undeclared)

    @property
    def undeclared_cookies(self) -> tuple[CookieFound, ...]:
        return tuple(cookie for cookie in self.cookies if cookie.is_undeclared)

    @property
    def incomplete(self) -> tuple[Party, ...]:
        """Declared companies of which the preference page can't say everything."""
        return tuple(party for party in self.parties if party.lacks and party.whose is Whose.DECLARED)

    @property
    def is_clean(self) -> bool:
        return not (self.undeclared or self.undeclared_cookies or self.failures or self.leaks)


@dataclass
class _Seen:
    """Everything that was seen of one party."""

    finding: Finding
    title: str
    hosts: dict[str, None] = field(default_factory=dict)
    ways: dict[str, None] = field(default_factory=dict)
    pages: dict[str, None] = field(default_factory=dict)
    held: int = 0
    loads: int = 0


class Declared:
    """What an owner declares, asked about addresses, snippets and cookies. `None`: nothing."""

    def __init__(self, site: Site | None, host: str) -> None:
        self.site = site
        self.purposes: tuple[Purpose, ...] = tuple(site.purposes) if site else ()
        #: Vendors that the owner lets load before consent.
        self.early = loads_early(site) if site else frozenset()
        hosts = {host, urlsplit(site.url).hostname or ""} if site else {host}
        self._hosts = frozenset(hosts - {""})
        self._holder = Holder[bool](
            purposes=self.purposes,
            holding=Holding.KNOWN,
            make=lambda purpose, vendor: True,
            first_party=site.first_party if site else (),
        )
        self.vendors: Mapping[str, tuple[Purpose, Vendor]] = {
            vendor.name: (purpose, vendor) for purpose in self.purposes for vendor in vendors_of(purpose)
        }

    def whose(self, load: Load) -> Finding:
        """Whose something is that a page loads."""
        if load.host:
            return self._holder.find(load.host, load.path, site_hosts=self._hosts)
        if load.vendor in self.vendors:
            return Finding(Whose.DECLARED, self.vendors[load.vendor][0].name, load.vendor, _entry(load.vendor))
        entry = _entry(load.vendor)
        if entry is None:
            # An inline script that the owner's pattern holds, or one held for more than one vendor.
            return Finding(Whose.UNDECLARED, load.held or UNCLASSIFIED)
        return Finding(Whose.UNDECLARED, entry.purpose or UNCLASSIFIED, None, entry)

    def cookie(self, name: str) -> tuple[str, str, str, str]:
        """(whose, purpose, vendor, reason) of a cookie of the site's own domain."""
        if self.site is not None and self._is_ours(name):
            return "necessary", "", "", "remembers the choice or the text size (consentkit)"
        if self.site is not None and name in self.site.necessary:
            return "necessary", "", "", _english(self.site.necessary[name])
        for pattern, purpose in self.site.cookies.items() if self.site is not None else ():
            if fnmatchcase(name, pattern):
                return "declared", purpose, "", ""
        needed = necessary(name)
        if needed is not None:
            return "necessary", "", "", f"{needed.use} ({needed.maker})"
        row = gated(name)
        for vendor, (its, declared) in self.vendors.items():
            if (row is not None and row.vendor == vendor) or any(covers_name(each, name) for each in declared.cookies):
                return "declared", its.name, vendor, ""
        if row is not None:
            return "undeclared", row.purpose, row.vendor, f"a tracker of {title_of(row.vendor)}"
        fact = next(iter(describe(name)), None)
        hint = f"others use this name for: {fact.platform}, {fact.purpose}" if fact is not None else ""
        return "undeclared", "", "", hint

    def _is_ours(self, name: str) -> bool:
        assert self.site is not None
        stem = self.site.cookie_name
        return name.removeprefix("__Host-") in (stem, f"{stem}_id", f"{stem}_reader")


def report(
    crawl: Crawl,
    site: Site | None,
    *,
    more: Iterable[tuple[str, Load]] = (),
    scripted: Iterable[tuple[str, SetCookie]] = (),
    leaks: Iterable[str] = (),
    notes: Iterable[str] = (),
) -> Report:
    """The report of a crawl. `more`, `scripted`, `leaks`, `notes`: what a browser saw beyond the markup."""
    declared = Declared(site, urlsplit(crawl.start).hostname or "")
    loads = [(page.url, load) for page in crawl.pages for load in page.loads]
    parties = tuple(_parties([*loads, *crawl.loads, *more], declared))
    by_header = {name: (page, cookie, "header") for name, (page, cookie) in crawl.cookies.items()}
    by_script = {cookie.name: (page, cookie, "script") for page, cookie in scripted}
    cookies = tuple(
        CookieFound(name, whose, purpose, vendor, cookie.lifetime, by, page, reason)
        for name, (page, cookie, by) in sorted((by_script | by_header).items())
        for whose, purpose, vendor, reason in [declared.cookie(name)]
    )
    return Report(
        start=crawl.start,
        pages=tuple(page.url for page in crawl.pages),
        with_root=tuple(page.url for page in crawl.pages if page.has_root),
        parties=parties,
        cookies=cookies,
        failures=tuple(dict.fromkeys(crawl.failures)),
        notes=tuple(dict.fromkeys([*crawl.notes, *notes])),
        warnings=tuple(warnings(parties, declared)),
        leaks=tuple(dict.fromkeys(leaks)),
        observes=site is not None and site.holding == Holding.OBSERVE,
    )


def _parties(loads: Iterable[tuple[str, Load]], declared: Declared) -> Iterator[Party]:
    seen: dict[tuple[str, str], _Seen] = {}
    for page, load in loads:
        finding = declared.whose(load)
        if finding.whose is Whose.OWN:
            continue
        vendor = finding.vendor or (finding.entry.vendor if finding.entry else "")
        key = (vendor or load.host, finding.purpose or "")
        one = seen.setdefault(key, _Seen(finding, _title(vendor, declared) or load.host or "an inline script"))
        one.hosts.update({load.host: None} if load.host else {})
        one.ways[load.way] = None
        one.pages[page] = None
        one.held += bool(load.held)
        one.loads += not load.held
    order = [Whose.UNDECLARED, Whose.UNKNOWN, Whose.DECLARED, Whose.PASSING]
    found = [_party(key[0], one, declared) for key, one in seen.items()]
    yield from sorted(found, key=lambda party: (order.index(party.whose), party.purpose, party.title.lower()))


def _party(key: str, one: _Seen, declared: Declared) -> Party:
    finding = one.finding
    vendor = finding.vendor or (finding.entry.vendor if finding.entry else "")
    return Party(
        vendor=vendor,
        title=one.title,
        whose=finding.whose,
        purpose=finding.purpose or "",
        hosts=tuple(sorted(one.hosts)),
        ways=tuple(sorted(one.ways)),
        held="partly" if one.held and one.loads else "held" if one.held else "loads",
        pages=tuple(one.pages),
        reason=finding.entry.reason if finding.entry else "",
        lacks=tuple(_lacks(vendor, declared)),
    )


def _lacks(vendor: str, declared: Declared) -> Iterator[str]:
    if vendor in declared.vendors:
        known = declared.vendors[vendor][1]
    elif vendor in registry():
        known = registry().vendor(vendor)
    else:
        return
    if not known.privacy:
        yield "a privacy policy"
    without = [name for name, lifetime in known.cookies.items() if not lifetime]
    if without:
        yield f"the lifetime of {', '.join(without[:5])}" + (" and others" if len(without) > 5 else "")


def warnings(parties: Iterable[Party], declared: Declared) -> Iterator[str]:
    """What no line of configuration mends."""
    parties = list(parties)
    for party in parties:
        entry = _entry(party.vendor)
        if entry is not None and entry.is_consent_tool:
            yield (
                f"{party.title} is another consent tool ({', '.join(party.hosts)}): two of them ask twice and contradict"
                " each other. Take its tag out of the pages."
            )
    if declared.early:
        yield (
            f'google = "advanced": {", ".join(sorted(map(title_of, declared.early)))} may load before anybody has agreed,'
            " told that everything is denied."
        )
    ads = {party.vendor for party in parties} | set(declared.vendors)
    for vendor in CERTIFIED_ONLY:
        if vendor in ads:
            yield (
                f"{title_of(vendor)}: in the EEA, the UK and Switzerland Google asks its publishers for a certified"
                " consent tool that issues IAB TCF strings. consentkit issues none."
            )


def _entry(vendor: str) -> Entry | None:
    return registry().entry(vendor) if vendor in registry() else None


def title_of(vendor: str) -> str:
    """What a registry key is called."""
    return _english(registry().vendor(vendor).title) if vendor in registry() else vendor


def _title(vendor: str, declared: Declared) -> str:
    if vendor in declared.vendors:
        return _english(declared.vendors[vendor][1].title) or title_of(vendor)
    return title_of(vendor)


def _english(text: Text) -> str:
    if isinstance(text, str):
        return text
    return text.get("en") or next(iter(text.values()), "")
