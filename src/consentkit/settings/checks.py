"""Every reason why a configuration can't be used, a sentence each: what came, what is accepted, what to do.

A sentence starts with the key as TOML spells it (`purposes[1].vendors[0].hosts[0]`), so that it can be found.
"""

from __future__ import annotations

import dataclasses
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, urlsplit

from consentkit.cookies import MAX_VALUE, VIEWS, Seal, offer_hash, write_choice
from consentkit.errors import UnknownVendor, nearest
from consentkit.proxies import REGION, Proxies
from consentkit.registry.sites import same_site
from consentkit.vocabulary import (
    BUILT_IN_PURPOSES,
    ID,
    Basis,
    Choice,
    Holding,
    Policy,
    PolicyKind,
    Purpose,
    Regime,
    Vendor,
)

if TYPE_CHECKING:
    from consentkit.settings.site import Site

# A signature is only as good as its key: 32 characters of a random alphabet hold more than 128 bits.
MIN_SECRET = 32  # characters

# Policies whose title is in every catalogue; others need one of their own.
TITLED_POLICIES = ("privacy", "terms", "cookies")

#: Cookies of other tools (see `imported`).
IMPORTED = ("cc_cookie", "klaro", "tarteaucitron", "cookie_consent", "CookieConsent", "OptanonConsent")

# Of an inline script; a shorter one is in half of them.
SHORTEST_PIECE = 5  # characters

OBJECT = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_][\w.]*")
HEADER = re.compile(r"[A-Za-z0-9-]{1,64}")
COOKIE_NAME = re.compile(r"[A-Za-z0-9_-]{1,32}\Z")
HOST = re.compile(r"(?=.{1,253}\Z)[a-z0-9_-]+(\.[a-z0-9_-]+)*\Z")
ORIGIN = re.compile(r"https?://[A-Za-z0-9.\[\]:_-]+\Z")


def beside(named: Sequence[str], more: Iterable[str]) -> list[str]:
    """The problems of `more` whose key was not named before: what follows from a problem is no second one.

    A wrong member (`secret[0]`) has its list named too, because the list was taken out.
    """
    keys = {problem.partition(":")[0] for problem in named}
    keys |= {key.rpartition("[")[0] for key in keys if key.endswith("]")}
    return [problem for problem in more if problem.partition(":")[0] not in keys]


def unknown_option(where: str, known: Iterable[str]) -> str:
    """The sentence about a key that no option has."""
    names = list(known)
    hint = nearest(where.rpartition(".")[2], names) or f" Accepted: {', '.join(names)}."
    return f"{where}: is not an option.{hint}"


def resolve_vendors(purposes: Sequence[Purpose], problems: list[str]) -> tuple[Purpose, ...]:
    """The purposes with every registry key replaced by its `Vendor`. An unknown key stays, so that places stay too."""
    resolved = []
    for number, purpose in enumerate(purposes):
        vendors: list[str | Vendor] = []
        for place, vendor in enumerate(purpose.vendors):
            try:
                vendors.append(_from_registry(vendor) if isinstance(vendor, str) else vendor)
            except UnknownVendor as error:
                vendors.append(error.name)
                problems.append(
                    f"purposes[{number}].vendors[{place}]: {error.name!r} is not in the registry;"
                    f" search it with `consentkit vendors {error.name}`, or describe the company yourself with"
                    f" hosts and title.{nearest(error.name, error.known)}"
                )
        resolved.append(dataclasses.replace(purpose, vendors=tuple(vendors)))
    return tuple(resolved)


def problems(site: Site) -> list[str]:
    """What is wrong with a site, in the order of its options."""
    rules = (
        _identity, _secret, _log, _log_options, _policies, _purposes, _names_and_paths, _durations, _regimes, _imports, _mobile, _appearance, _size
    )  # fmt: skip
    return [problem for rule in rules for problem in rule(site)]


def _identity(site: Site) -> Iterator[str]:
    if not site.name.strip():
        yield 'name: is empty; write what people call the site, such as name="Drina Courier".'
    if site.url:
        parts = _split(site.url)
        # The same form as an Origin header has, because the two are compared.
        if parts is None or not ORIGIN.match(f"{parts.scheme}://{parts.netloc}"):
            yield f'url: {site.url!r} is not an address; write it like "https://courier.example".'
        elif parts.path not in ("", "/") or parts.query or parts.fragment:
            yield f'url: {site.url!r} has a path; write only "{parts.scheme}://{parts.netloc}".'
    asking = [purpose.name for purpose in site.asked]
    for option, example in (("controller", "legal name and address"), ("contact", "an address to write to")):
        if asking and not getattr(site, option).strip():
            yield (
                f"{option}: is missing; write {example}, because the site asks for consent to"
                f" {', '.join(asking)} (GDPR article 13)."
            )
    if site.audience not in ("", "children"):
        yield f'audience: {site.audience!r} is not known; write "children" or leave it out.'


def _secret(site: Site) -> Iterator[str]:
    if not site.keys or site.keys == ("",):
        yield (
            "secret: is missing; set CONSENTKIT_SECRET to at least 32 random characters,"
            " or run `consentkit init`, which writes one into .env."
        )
        return
    for number, key in enumerate(site.keys):
        if len(key) < MIN_SECRET:
            which = "secret" if len(site.keys) == 1 else f"secret[{number}]"
            yield f"{which}: has {len(key)} characters; at least {MIN_SECRET} random ones are needed."


def _log(site: Site) -> Iterator[str]:
    scheme, found, _ = site.log.partition("://")
    if not found or scheme not in ("sqlite", "postgresql"):
        yield f'log: {site.log!r} is not a log; write a database URL like "sqlite:///consent.db".'


def _log_options(site: Site) -> Iterator[str]:
    if not site.log_key.strip():
        yield 'log_key: is empty; write the path of a file, such as "consentkit.key", whether it is there or not.'
    for number, anchor in enumerate(site.anchors):
        where = "anchor" if isinstance(site.anchor, str) else f"anchor[{number}]"
        address = anchor.removeprefix("rfc3161:")
        is_address = address.startswith(("https://", "http://")) and _split(address) is not None
        if not anchor.strip() or ((address != anchor or "://" in anchor) and not is_address):
            yield (
                f'{where}: {anchor!r} is no place for a copy; write the path of a file, "https://…",'
                ' or "rfc3161:https://…" for a time-stamping authority.'
            )
    if not 0 <= site.keep <= 240:
        yield f"keep: {site.keep!r} is not a number of months from 0 to 240."
    if site.migrate not in ("auto", "manual"):
        yield f'migrate: {site.migrate!r} is not known; accepted: "auto", "manual".'


def _policies(site: Site) -> Iterator[str]:
    yield from _twice("policies", [policy.name for policy in site.policies], "policy")
    for number, policy in enumerate(site.policies):
        yield from _policy(f"policies[{number}]", policy)


def _policy(where: str, policy: Policy) -> Iterator[str]:
    yield from _id(f"{where}.name", policy.name)
    if not policy.url:
        yield f'{where}.url: is missing; write where {policy.name!r} can be read, such as "/{policy.name}".'
    elif not policy.url.startswith(("/", "https://", "http://")) or policy.url.startswith("//"):
        yield f'{where}.url: {policy.url!r} is not an address; write a path like "/privacy" or a full URL.'
    if not policy.version:
        yield f'{where}.version: is missing; write any text that changes with the policy, such as "2026-11-01".'
    elif len(policy.version) > 32:
        yield f"{where}.version: has {len(policy.version)} characters; at most 32 fit into the cookie."
    if policy.kind not in tuple(PolicyKind):
        yield f'{where}.kind: {policy.kind!r} is not known; write "notice" or "terms".'
    if not policy.title and policy.name not in TITLED_POLICIES:
        yield (
            f"{where}.title: is missing; {', '.join(TITLED_POLICIES)} have a title in every language,"
            f" {policy.name!r} needs one."
        )


def _purposes(site: Site) -> Iterator[str]:
    yield from _twice("purposes", [purpose.name for purpose in site.purposes], "purpose")
    owners: dict[str, str] = {}
    for number, purpose in enumerate(site.purposes):
        where = f"purposes[{number}]"
        yield from _purpose(where, purpose)
        for place, vendor in enumerate(purpose.vendors):
            if not isinstance(vendor, Vendor):
                continue
            yield from _vendor(f"{where}.vendors[{place}]", vendor)
            if vendor.name in owners:
                yield (
                    f"{where}.vendors[{place}]: {vendor.name!r} already belongs to purpose"
                    f" {owners[vendor.name]!r}; a vendor belongs to one purpose."
                )
            owners.setdefault(vendor.name, purpose.name)


def _purpose(where: str, purpose: Purpose) -> Iterator[str]:
    yield from _id(f"{where}.name", purpose.name)
    if not purpose.title and purpose.name not in BUILT_IN_PURPOSES:
        yield (
            f"{where}.title: is missing; the built-in purposes are {', '.join(BUILT_IN_PURPOSES)},"
            f" {purpose.name!r} needs a title and a text of its own.{nearest(purpose.name, BUILT_IN_PURPOSES)}"
        )
    if purpose.basis not in tuple(Basis):
        yield f'{where}.basis: {purpose.basis!r} is not known; write "consent" or "exempt".'
    elif purpose.basis == Basis.EXEMPT and not purpose.reason:
        yield f"{where}.reason: is missing; say why {purpose.name!r} may run without asking."


def _vendor(where: str, vendor: Vendor) -> Iterator[str]:
    yield from _id(f"{where}.name", vendor.name)
    for number, host in enumerate(vendor.hosts):
        yield from _host(f"{where}.hosts[{number}]", host)
    if vendor.privacy and _split(vendor.privacy) is None:
        yield f"{where}.privacy: {vendor.privacy!r} is not an address; write a full https:// URL."
    if vendor.country and not re.fullmatch("[A-Z]{2}", vendor.country):
        yield f'{where}.country: {vendor.country!r} is not a country; write two letters, such as "US".'


def _host(where: str, host: str) -> Iterator[str]:
    bare, _, path = host.partition("/")
    if "://" in host:
        bare, _, path = host.partition("://")[2].partition("/")
        yield f'{where}: {host!r} has a scheme; write "{_plain(bare, path)}".'
    elif ":" in bare:
        yield f'{where}: {host!r} has a port; ports are ignored, write "{_plain(bare, path)}".'
    elif bare.startswith(("*.", ".")):
        yield f'{where}: {host!r} has a wildcard; a host covers its subdomains, write "{host.lstrip("*.")}".'
    elif not HOST.match(bare.lower()):
        yield f'{where}: {host!r} is not a host name; write it like "maps.grad.example".'


def _names_and_paths(site: Site) -> Iterator[str]:
    if site.holding not in tuple(Holding):
        yield f'holding: {site.holding!r} is not known; write "observe", "known" or "strict".'
    if not re.fullmatch(r"(/[A-Za-z0-9_.~-]+)+", site.prefix):
        yield f'prefix: {site.prefix!r} is not a path; write it like "/_ckit", without a slash at the end.'
    if not COOKIE_NAME.match(site.cookie_name):
        yield f"cookie_name: {site.cookie_name!r} can't name a cookie; use up to 32 letters, digits, - and _."
    yield from _cookie_domain(site)
    for number, origin in enumerate(site.origins):
        if not ORIGIN.match(origin):
            yield f'origins[{number}]: {origin!r} is not an origin; write it like "https://www.courier.example".'
    for number, host in enumerate(site.first_party):
        yield from _host(f"first_party[{number}]", host)
    yield from _inline(site)
    for number, path in enumerate(site.skip):
        if not path.startswith("/"):
            yield f'skip[{number}]: {path!r} is not a path; write it like "/admin".'
    known = [purpose.name for purpose in site.purposes] + list(BUILT_IN_PURPOSES)
    for number, name in enumerate(site.gpc_purposes):
        if name not in known:
            yield f"gpc_purposes[{number}]: unknown purpose {name!r}; known purposes: {', '.join(known)}."
    for cookie, name in site.cookies.items():
        if name not in known:
            yield f"cookies.{cookie}: unknown purpose {name!r}; known purposes: {', '.join(known)}."


def _inline(site: Site) -> Iterator[str]:
    vendors = [v.name for purpose in site.purposes for v in purpose.vendors if isinstance(v, Vendor)]
    is_table = isinstance(site.inline, Mapping)
    for number, piece in enumerate(site.inline):
        where = f"inline.{piece}" if is_table else f"inline[{number}]"
        if len(piece.strip()) < SHORTEST_PIECE:
            yield f"{where}: {piece!r} is in too many scripts; write at least {SHORTEST_PIECE} characters of code."
        if isinstance(site.inline, Mapping) and site.inline[piece] not in vendors:
            given = site.inline[piece]
            yield f"{where}: {given!r} is no vendor of a purpose.{nearest(given, vendors)}"


def _cookie_domain(site: Site) -> Iterator[str]:
    if not site.cookie_domain:
        return
    wrong = list(_host("cookie_domain", site.cookie_domain))
    yield from wrong
    parts = _split(site.url)
    host = parts.hostname if parts is not None else None
    if host and not wrong and not f".{host}".endswith(f".{site.cookie_domain.lower()}"):
        # Browsers drop such a cookie without a word (RFC 6265, 5.3), so nobody's choice would last.
        yield f"cookie_domain: {site.cookie_domain!r} is not {host!r} or a domain above it; write one of those."


def _durations(site: Site) -> Iterator[str]:
    for option in ("grant_days", "refusal_days"):
        days = getattr(site, option)
        if not isinstance(days, int) or isinstance(days, bool) or not 1 <= days <= 400:
            # Browsers cap a cookie's life at 400 days (RFC 6265bis, 5.6.1).
            yield f"{option}: {days!r} is not a number of days from 1 to 400."
    for option in ("ask_again", "gpc_json"):
        day = getattr(site, option)
        try:
            if day:
                date.fromisoformat(day)
        except ValueError:
            yield f'{option}: {day!r} is not a day; write it like "2026-11-01".'
    for number, kind in enumerate(site.clear_site_data):
        if kind == "cookies":
            yield (
                f'clear_site_data[{number}]: "cookies" would delete the refusal itself and sign everybody out; cookies'
                " of what was refused are deleted one by one, without this option."
            )
        elif kind not in ("cache", "storage"):
            yield f'clear_site_data[{number}]: {kind!r} is not known; accepted: "cache", "storage".'


def _regimes(site: Site) -> Iterator[str]:
    for region, regime in site.regimes.items():
        if not REGION.fullmatch(region):
            yield f'regimes.{region}: is no region; write a country like "US", or a part of it like "US-CA".'
        if regime not in tuple(Regime):
            yield f'regimes.{region}: {regime!r} is not known; accepted: "opt-in", "opt-out", "notice".'
    if site.regimes and not site.country_header:
        yield (
            "country_header: is missing, so nobody's region is known and regimes have no effect; write the header that"
            ' your proxy sets, such as "CF-IPCountry".'
        )
    yield from _proxy_header(site, "country", site.country_header, "CF-IPCountry")
    for number, proxy in enumerate(site.trusted_proxies):
        try:
            Proxies([proxy])
        except ValueError:
            yield (
                f"trusted_proxies[{number}]: {proxy!r} is no address and no network; write it like"
                ' "10.0.0.0/8", or "*" for whoever connects.'
            )


def _proxy_header(site: Site, what: str, name: str, example: str) -> Iterator[str]:
    """A header that only a trusted proxy may write."""
    if name and not HEADER.fullmatch(name):
        yield f'{what}_header: {name!r} is no name of a header; write it like "{example}".'
    if name and not site.trusted_proxies:
        yield (
            f"trusted_proxies: is missing, so anyone could write the {what} header; write the addresses of your proxies,"
            ' or ["*"] if the server can be reached through them alone.'
        )


def _imports(site: Site) -> Iterator[str]:
    for number, name in enumerate(site.import_from):
        if name not in IMPORTED:
            accepted = ", ".join(f'"{each}"' for each in IMPORTED)
            yield f"import_from[{number}]: {name!r} is the cookie of no tool that can be read; accepted: {accepted}."
    if site.import_grants and not site.import_from:
        yield 'import_grants: names agreements, but import_from says in no cookie; add import_from = ["klaro"] or alike.'
    vendors = [v.name for purpose in site.asked for v in purpose.vendors if isinstance(v, Vendor)]
    for name in site.import_grants:
        if name not in vendors:
            yield f"import_grants.{name}: is no vendor of a purpose that asks.{nearest(name, vendors)}"


def _mobile(site: Site) -> Iterator[str]:
    if site.mobile is None:
        for option in ("mobile_remove", "mobile_app", "mobile_host", "mobile_paths"):
            if getattr(site, option):
                yield f'{option}: has no effect, because mobile is off; write mobile = "auto".'
    if isinstance(site.mobile_app, str) and site.mobile_app and not OBJECT.fullmatch(site.mobile_app):
        yield f'mobile_app: {site.mobile_app!r} names no app; write it like "package.module:app".'
    if site.mobile_host:
        yield from _mobile_host(site)
    for path, view in site.mobile_paths.items():
        if not path.startswith("/"):
            yield f'mobile_paths.{path}: {path!r} is no path; write it like "/m".'
        if view not in VIEWS:
            yield f'mobile_paths.{path}: {view!r} is not known; accepted: "mobile", "desktop".'
    yield from _proxy_header(site, "device", site.device_header, "X-Device")


def _mobile_host(site: Site) -> Iterator[str]:
    host, own = site.mobile_host.partition(":")[0], (urlsplit(site.url).hostname or "")
    if not HOST.match(host) or not re.fullmatch(r"[^:]+(:[0-9]{1,5})?", site.mobile_host):
        yield f'mobile_host: {site.mobile_host!r} is no host; write it like "m.courier.example".'
    elif not own:
        yield 'url: is missing, so nobody knows the way back from mobile_host; write it like "https://courier.example".'
    elif host == own:
        yield f"mobile_host: {site.mobile_host!r} is the host of url itself, so every page would be sent to itself."
    elif not same_site(host, own):
        # What was chosen there could never be stored here: browsers keep such sites apart.
        yield f"mobile_host: {site.mobile_host!r} belongs to another site than {own!r}; it has to be below the same domain."


def _appearance(site: Site) -> Iterator[str]:
    accepted: Mapping[str, tuple[object, ...]] = {
        "google": ("basic", "advanced", None),
        "lock": ("", "off", "scripts", "all"),
        "csp": ("edit", "never"),
        "notice_text": ("", "classic", "plain"),
        "text_size": ("any", "article", "root", "zoom", None),
        "mobile": ("auto", "always", "device", None),
        "position": ("bottom", "top", "static"),
        "bar_position": ("start", "end"),
    }
    for option, values in accepted.items():
        value = getattr(site, option)
        if value not in values:
            words = ", ".join("None" if word is None else f'"{word}"' for word in values if word != "")
            yield f"{option}: {value!r} is not known; accepted: {words}."


def _size(site: Site) -> Iterator[str]:
    names = [purpose.name for purpose in site.purposes]
    vendors = [v.name for purpose in site.purposes for v in purpose.vendors if isinstance(v, Vendor)]
    versions = {policy.name: policy.version for policy in site.terms}
    today = datetime.now(UTC).date()
    fullest = Choice(
        day=today,
        expires=today + timedelta(days=400),
        purposes=dict.fromkeys(names, True),
        vendors=dict.fromkeys(vendors, True),
        terms=versions,
        closed=versions,
        insisted=frozenset(site.gpc_purposes),
        offer=offer_hash(names),
    )
    length = len(Seal(["x" * MIN_SECRET], "size").sign(write_choice(fullest)))
    if length >= MAX_VALUE:
        yield (
            f"purposes: the cookie that agrees to everything would have {length} bytes, {MAX_VALUE} are the"
            f" limit; declare fewer of the {len(vendors)} vendors, or give them shorter ids."
        )


def _split(url: str) -> SplitResult | None:
    """The parts of a web address, or None when it is none; `urlsplit` raises for some."""
    try:
        parts = urlsplit(url)
        readable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return None
    return parts if readable else None


def _plain(host: str, path: str) -> str:
    name = host.rpartition("@")[2].partition(":")[0]
    return f"{name}/{path}" if path else name


def _id(where: str, name: str) -> Iterator[str]:
    if not ID.match(name):
        yield f"{where}: {name!r} can't be an id; use up to 32 of a-z, 0-9, - and _, and put other words into title."


def _twice(where: str, names: Sequence[str], noun: str) -> Iterator[str]:
    for name, count in Counter(names).items():
        if count > 1:
            yield f"{where}: {name!r} stands there {count} times; each {noun} needs an id of its own."


def _from_registry(key: str) -> Vendor:
    from consentkit.registry import registry  # 200 KB of data that a site without registry keys never needs

    return registry().vendor(key)
