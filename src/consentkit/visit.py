"""The facts of one request, read once and typed: who asks for what, what they chose before, what they can show.

Everything a visitor can send meets its one parse function here. Nothing is decided in this file.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from functools import cached_property
from typing import TypeVar
from urllib.parse import quote, unquote

from consentkit.client import PAGE_DESTINATIONS, client
from consentkit.client import Asks as Asks
from consentkit.client import Device as Device
from consentkit.client import device_told as device_told
from consentkit.cookies import (
    CLOCK_SKEW,
    MAX_VALUE,
    VIEWS,
    Holder,
    ReaderChoice,
    Seal,
    Trust,
    read_choice,
    read_holder,
    read_reader,
)
from consentkit.imported import Importer
from consentkit.vocabulary import Choice

Headers = Iterable[tuple[bytes, bytes]]
Key = TypeVar("Key")
Value = TypeVar("Value")

# Cookie values of ours that are remembered with what they say, about 1 KiB each at the most.
MAX_REMEMBERED = 512

# A name of 253 characters (RFC 1035, 2.3.4) and a port.
MAX_HOST = 260

#: The query parameter that shows one view for one request, with precedence over the cookie.
VIEW_PARAMETER = "ckit_view"

#: Asks for the page of this visitor where the address alone gives the one for everyone (`Site.shared`).
OWN_PARAMETER = "ckit=1"

# With these a client proves who it is, or a proxy that has asked says so to the app behind it.
CREDENTIALS = frozenset({
    b"authorization", b"remote-user", b"x-remote-user", b"x-forwarded-user", b"x-auth-request-user",
    b"x-forwarded-email", b"cf-access-jwt-assertion", b"x-goog-iap-jwt-assertion", b"x-amzn-oidc-data",
    b"x-ms-client-principal",
})  # fmt: skip

NO_READER = ReaderChoice()


@dataclass(frozen=True)
class Cookies:
    """The three cookies of the site, already read, and the names of all that came."""

    choice: Choice | None = None
    trust: Trust = Trust.ABSENT
    holder: Holder | None = None
    reader: ReaderChoice = NO_READER
    names: frozenset[str] = frozenset()


NO_COOKIES = Cookies()


@dataclass(frozen=True)
class Visit:
    """One request. `path`: what follows `root_path`, decoded; `target`: what the browser shows, encoded, with query."""

    method: str
    scheme: str
    host: str
    root_path: str
    path: str
    target: str
    query: str
    asks: Asks
    can_be_page: bool
    cookies: Cookies
    device: Device
    gpc: bool
    accept: str
    accept_language: str
    destination: str
    site: str
    origin: str
    view_parameter: str | None
    is_prefetch: bool
    now: datetime
    #: Where the visitor is, as a trusted proxy says ("US", "US-CA"); "" when nobody who knows has told.
    region: str = ""
    #: A header proves who asks.
    has_credentials: bool = False
    #: `Save-Data: on`: the reader pays for every byte.
    saves_data: bool = False

    @cached_property
    def hostname(self) -> str:
        """The host without its port, lower-cased."""
        return bare_host(self.host)

    @property
    def wants_own(self) -> bool:
        """Whether the address asks for the page of this visitor, on a site whose pages may be for everyone."""
        return OWN_PARAMETER in self.query and OWN_PARAMETER in self.query.split("&")

    @property
    def wants_json(self) -> bool:
        return "application/json" in self.accept


@dataclass(frozen=True)
class CookieReader:
    """How this site's cookies are called and trusted. Built once."""

    stem: str
    choice_seal: Seal
    holder_seal: Seal
    #: Reads what was chosen in another tool.
    importer: Importer | None = None

    def names(self, use: str = "") -> tuple[str, str]:
        """Both names of a cookie: host-bound over https, plain otherwise."""
        name = f"{self.stem}{use}"
        return f"__Host-{name}", name

    def read(self, jar: Mapping[str, str], now: datetime) -> Cookies:
        # Both names are read; where they differ, the one that allows less counts.
        choices = [self._choice(value, now) for name in self._choice_names if (value := jar.get(name))]
        found = [choice for choice, _ in choices if choice is not None]
        elsewhere = None if choices or self.importer is None else self.importer.choice(jar, now)
        holders = [self._holder(value) for name in self._holder_names if (value := jar.get(name))]
        return Cookies(
            choice=elsewhere or _strictest(found),
            trust=Trust.GOOD if found else choices[0][1] if choices else Trust.IMPORTED if elsewhere else Trust.ABSENT,
            holder=next((holder for holder in holders if holder is not None), None),
            reader=read_reader(jar.get(self._reader_name)),
            names=frozenset(jar),
        )

    def _choice(self, value: str, now: datetime) -> tuple[Choice | None, Trust]:
        # Of the time `read_choice` looks at two days only: this one, and the one it is where clocks run ahead.
        key = (value, now.astimezone(UTC).date(), (now + CLOCK_SKEW).astimezone(UTC).date())
        found = self._choices.get(key)
        if found is None:
            found = _remember(self._choices, key, read_choice(value, self.choice_seal, now), len(value))
        return found

    def _holder(self, value: str) -> Holder | None:
        if value not in self._holders:
            return _remember(self._holders, value, read_holder(value, self.holder_seal), len(value))
        return self._holders[value]

    # Checking a signature and parsing cost ten times a look-up, and a browser sends the same value with each request.

    @cached_property
    def _choices(self) -> dict[tuple[str, date, date], tuple[Choice | None, Trust]]:
        return {}

    @cached_property
    def _holders(self) -> dict[str, Holder | None]:
        return {}

    @cached_property
    def all_names(self) -> frozenset[str]:
        """Every name under which a cookie of ours can come."""
        return frozenset({*self._choice_names, *self._holder_names, self._reader_name})

    @cached_property
    def _choice_names(self) -> tuple[str, str]:
        return self.names()

    @cached_property
    def _holder_names(self) -> tuple[str, str]:
        return self.names("_id")

    @cached_property
    def _reader_name(self) -> str:
        return f"{self.stem}_reader"


def read(
    *,
    method: str,
    scheme: str,
    root_path: str,
    path: str,
    raw_path: bytes | None,
    query: bytes,
    headers: Headers,
    cookies: CookieReader,
    now: datetime,
    region: str = "",
    device: Device | None = None,
) -> Visit:
    """A `Visit` from the parts of a request.

    `path` is decoded and without `root_path`, `raw_path` is as it was sent, with or without it, as servers differ;
    headers are as the server gave them. `region`: as `proxies.region` has it. `device`: as a trusted proxy says.
    """
    given = _fields(headers)
    cookie = given.get(b"cookie")
    sender = client(given)
    asked = query.decode("latin-1")
    return Visit(
        method=method,
        scheme=scheme,
        host=_host(given.get(b"host", b"")),
        root_path=root_path,
        path=path,
        target=_target(root_path, path, raw_path, asked),
        query=asked,
        asks=sender.asks,
        can_be_page=sender.can_be_page,
        cookies=cookies.read(_jar(cookie.decode("latin-1")), now) if cookie else NO_COOKIES,
        device=device or sender.device,
        gpc=sender.gpc,
        accept=sender.accept,
        accept_language=sender.accept_language,
        destination=sender.destination,
        site=sender.site,
        origin=sender.origin,
        view_parameter=_view_parameter(asked) if asked else None,
        is_prefetch=sender.is_prefetch,
        now=now,
        region=region,
        has_credentials=not CREDENTIALS.isdisjoint(given),
        saves_data=sender.saves_data,
    )


def of_anyone(visit: Visit) -> Visit:
    """The visit with everything gone that one visitor brings and another does not: what is left is the address.

    Whoever asks for it first, as a page or by `fetch()`, asks for all others too, so the body alone tells whether
    controls go in. A tablet, because that is offered the way out of every view.
    """
    return replace(
        visit, cookies=NO_COOKIES, asks=Asks.PERHAPS, can_be_page=True, device=Device.TABLET, gpc=False, accept="",
        accept_language="", destination="", site="", origin="", is_prefetch=False, region="", has_credentials=False,
        saves_data=False,
    )  # fmt: skip


def may_be_page(headers: Sequence[tuple[bytes, bytes]], given: Mapping[bytes, bytes]) -> bool:
    """Whether a request could be one with `can_be_page`, told from a glance at the bytes. `given`: `dict(headers)`.

    False is certain. Most requests are for files and data, and of those nothing else has to be read.
    """
    destination = given.get(b"sec-fetch-dest", b"")
    if destination in (b"", b"empty"):
        # A dict holds the last of several Accept fields.
        return b"text/html" in given.get(b"accept", b"") or (
            len(given) < len(headers) and any(b"text/html" in value for _, value in headers)
        )
    return destination.decode("latin-1") in PAGE_DESTINATIONS


def bare_host(host: str) -> str:
    """A Host header without its port: `[::1]:8000` -> `[::1]`, `Example.COM.:80` -> `example.com`."""
    name = host if host.endswith("]") else host.rpartition(":")[0] or host
    return name.lower().rstrip(".")


def _host(said: bytes) -> str:
    # It stands in keys of what is remembered, and a longer one is none.
    return said.decode("latin-1") if len(said) <= MAX_HOST else ""


def _fields(headers: Headers) -> dict[bytes, bytes]:
    """Lower-cased names; of a repeated header the values are joined, cookies by "; " (RFC 6265, 4.2.1)."""
    fields = [(name.lower(), value) for name, value in headers]
    given = dict(fields)
    if len(given) == len(fields):  # nearly always: none is repeated
        return given
    given.clear()
    for name, value in fields:
        if name in given:
            value = given[name] + (b"; " if name == b"cookie" else b", ") + value
        given[name] = value
    return given


def _jar(header: str) -> dict[str, str]:
    """Names and values of a Cookie header; of a repeated name the first counts, which is the most specific path."""
    jar: dict[str, str] = {}
    for pair in header.split(";"):
        name, found, value = pair.strip().partition("=")
        if found:
            jar.setdefault(name, value)
    return jar


def _target(root_path: str, path: str, raw_path: bytes | None, query: str) -> str:
    """Path and query as the browser shows them: the raw path where the server gives it, else encoded again."""
    raw = (raw_path or b"").partition(b"?")[0].decode("latin-1")
    if raw == root_path + path and "%" not in raw:  # most pages
        shown = raw
    else:
        # A proxy may have stripped root_path before the server saw the path.
        known = (raw, _encoded(root_path) + raw) if raw else ()
        shown = next((each for each in known if unquote(each) == root_path + path), _encoded(root_path + path))
    return f"{shown}?{query}" if query else shown


def _encoded(path: str) -> str:
    return quote(path, safe="/:@!$&'()*+,;=~")


def _view_parameter(query: str) -> str | None:
    """The view that the address asks for; the last one counts. No limit on fields, so nothing to exceed."""
    named = [field.partition("=")[2] for field in query.split("&") if field.startswith(f"{VIEW_PARAMETER}=")]
    return named[-1] if named and named[-1] in VIEWS else None


def _strictest(found: list[Choice]) -> Choice | None:
    """The choice that grants least, and of its grants only those that every other one gives as well."""
    if len(found) < 2:
        return found[0] if found else None
    least = min(found, key=_granted)
    return replace(
        least,
        purposes=_agreed([choice.purposes for choice in found]),
        vendors=_agreed([choice.vendors for choice in found]),
        insisted=frozenset.intersection(*(choice.insisted for choice in found)),
        offer=least.offer if all(choice.offer == least.offer for choice in found) else "",
    )


def _agreed(answers: list[Mapping[str, bool]]) -> dict[str, bool]:
    """One no is a no; a yes needs everybody's; what only some were asked is left open, so that it is asked again."""
    named = {name: [given[name] for given in answers if name in given] for given in answers for name in given}
    return {name: all(said) for name, said in named.items() if len(said) == len(answers) or not all(said)}


def _remember(known: dict[Key, Value], key: Key, value: Value, size: int) -> Value:
    """Values that are too long for a cookie of ours are not kept, and when there are too many all are forgotten."""
    if size <= MAX_VALUE:
        if len(known) >= MAX_REMEMBERED:
            known.clear()
        known[key] = value
    return value


def _granted(choice: Choice) -> int:
    return sum(choice.purposes.values()) + sum(choice.vendors.values())
