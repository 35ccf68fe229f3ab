"""`Site`: everything the owner says about a site, in Python or in TOML, spelled the same way.

A `Site` refuses nonsense when it is built and names every problem at once. After that it can be relied on:
purposes hold `Vendor` values, paths are absolute, and the secret is a list of keys.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from consentkit.errors import ConfigurationError, UnknownPolicy, UnknownPurpose
from consentkit.settings import checks, kinds
from consentkit.vocabulary import Basis, Holding, Policy, PolicyKind, Purpose, Text, Vendor

SECRET_VARIABLE = "CONSENTKIT_SECRET"  # noqa: S105 - the name of a variable, not a secret


@dataclass(frozen=True, kw_only=True)
class Site:
    """One site. Every option is a keyword; the same names stand in `consentkit.toml`.

    Raises `ConfigurationError`, whose `problems` is a list of sentences, one for each thing that is wrong.
    """

    #: What people call the site: "Cookies on {name}".
    name: str
    #: Where it is reached, such as "https://courier.example". Decides https, cookie names and origin checks; without it
    #: the request decides, which is right for development only.
    url: str = ""
    #: Who is responsible (name and address) and where to write. Required once a purpose asks: GDPR 13(1)(a).
    controller: str = ""
    contact: str = ""
    #: At least 32 characters, or a list oldest to newest. Default: $CONSENTKIT_SECRET, several separated by blanks.
    secret: str | Sequence[str] = field(default="", repr=False)
    #: Where records go: an SQLAlchemy URL. A relative path starts at `folder`.
    log: str = "sqlite:///consent.db"
    #: The file with the keys that sign the log; a relative path starts at `folder`. `consentkit init` makes it.
    log_key: str = "consentkit.key"
    #: Where copies of the signed checkpoints go, so that nobody can take them back: a file, an https address, or
    #: "rfc3161:https://…" for a time-stamping authority; one or several.
    anchor: str | Sequence[str] = ()
    #: For how many months after its last day an agreement, a withdrawal or accepted terms are kept, for `log prune`.
    keep: int = 36
    #: Whether anyone may fetch the newest signed checkpoint of the log.
    checkpoint: bool = True
    #: "auto" | "manual": whether the log of an older version is upgraded at start, or by `consentkit log migrate`.
    migrate: str = "auto"
    policies: Sequence[Policy] = ()
    purposes: Sequence[Purpose] = ()
    #: "observe" | "known" | "strict": how much is held back before consent.
    holding: str = Holding.KNOWN
    #: Path of our own pages under the app's root_path.
    prefix: str = "/_ckit"
    #: A parent domain that several sites share one choice on; without it the cookie belongs to the host alone.
    cookie_domain: str = ""
    #: The stem of all three cookies, for two apps on one host.
    cookie_name: str = "ckit"
    #: The language when neither page nor browser says one.
    language: str = "en"
    #: Further origins whose forms count as ours, such as "https://www.courier.example".
    origins: Sequence[str] = ()
    #: Hosts that are the site's own though their domain differs.
    first_party: Sequence[str] = ()
    #: "off" | "scripts" | "all": a policy of ours that keeps scripts of the page from pulling in scripts, or frames too, of
    #: who waits. Default: scripts under `strict`, off otherwise, because it stops what is not known, too.
    lock: str = ""
    #: "edit" | "never": whether the app's own Content-Security-Policy may be edited where it would block us.
    csp: str = "edit"
    #: Whether browsers report at /_ckit/report what the second lock stops, or would stop where it is off.
    csp_reports: bool = False
    #: Pieces of code by which inline scripts are known that have to wait: a table from piece to vendor, or a list, whose
    #: scripts nobody's choice releases. The loader snippets of some fifty companies are known without it.
    inline: Sequence[str] | Mapping[str, str] = ()
    #: How long an agreement and a refusal last, in days. CNIL 2020-092 calls six months good practice for both.
    grant_days: int = 180
    refusal_days: int = 180
    #: A day (YYYY-MM-DD): who chose before it is asked again.
    ask_again: str = ""
    #: What Global Privacy Control denies.
    gpc_purposes: Sequence[str] = ("marketing",)
    #: "basic" | "advanced" | None: Google Consent Mode for declared vendors of Google. Basic: their tags wait for
    #: consent like any other. Advanced: they load before it, told that everything is denied.
    google: str | None = "basic"
    #: The day (YYYY-MM-DD) since which the site says, at /.well-known/gpc.json, that it honours the signal.
    gpc_json: str = ""
    #: What a browser throws away when consent is withdrawn, beside cookies: "cache", "storage" (Clear-Site-Data).
    clear_site_data: Sequence[str] = ()
    #: Cookies the site can't do without: name to reason.
    necessary: Mapping[str, Text] = field(default_factory=dict)
    #: The site's own cookies that need a purpose: name or pattern to purpose.
    cookies: Mapping[str, str] = field(default_factory=dict)
    #: What the law asks for elsewhere: region ("US", "US-CA") to "opt-in", "opt-out" or "notice". Opt-in where nothing
    #: is said and where the region is not known.
    regimes: Mapping[str, str] = field(default_factory=dict)
    #: The header in which a proxy tells the visitor's country, such as "CF-IPCountry".
    country_header: str = ""
    #: Whose word counts: addresses and networks of proxies, or "*" where the server is reached through them alone.
    trusted_proxies: Sequence[str] = ()
    #: Cookies of other consent tools whose refusals count here: "cc_cookie", "klaro", "tarteaucitron", "cookie_consent",
    #: "CookieConsent", "OptanonConsent".
    import_from: Sequence[str] = ()
    #: Vendors whose use has not changed since, so that an agreement given there counts: id here to the name of the
    #: category or service there.
    import_grants: Mapping[str, str] = field(default_factory=dict)
    #: A folder of catalogues of your own, shaped like ours: `<tag>/consentkit.po`. It may add a language or replace
    #: single sentences; a relative path starts at `folder`.
    locales: str = ""
    #: Own sentences by language and message id: {"en": {"banner.title": "…"}}.
    texts: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    #: A folder with templates of your own, each in place of ours of that name; a relative path starts at `folder`.
    templates: str = ""
    #: "classic" | "plain": the sentence about policies. Default: classic without purposes, plain beside them.
    notice_text: str = ""
    #: Whether the notice stays until the terms are accepted.
    terms_required: bool = False
    #: "any" | "article" | "root" | "zoom" | None: how text grows. "any" measures every text by script, "article" that
    #: of the article alone, "root" is for sites sized in rem, "zoom" for pages that are drawn rather than written.
    text_size: str | None = "any"
    #: "auto" | "always" | "device" | None: when the link to the mobile version is offered; with "device" as with "auto",
    #: and phones get the mobile version unless their reader chose another.
    mobile: str | None = "auto"
    #: What the mobile version leaves out: selectors of single elements, such as ".ads" or "aside#promo".
    mobile_remove: Sequence[str] = ()
    #: The ASGI app that answers in the mobile version, or where it is: "package.module:app".
    mobile_app: str | Callable[..., Any] = field(default="", repr=False)
    #: The host of the mobile version, such as "m.courier.example". Pages in that version are sent there.
    mobile_host: str = ""
    #: Paths whose version is fixed, with everything below them: {"/m": "mobile", "/editor": "desktop"}.
    mobile_paths: Mapping[str, str] = field(default_factory=dict)
    #: The header in which a proxy tells what kind of device asks, such as "CloudFront-Is-Mobile-Viewer".
    device_header: str = ""
    #: "bottom" | "top" | "static": where the banner stands.
    position: str = "bottom"
    #: "start" | "end": the side of the reader bar.
    bar_position: str = "start"
    #: Whether an empty `<div data-ckit-slot="choices">` of a page is filled, with "reader" and "preferences" alike. Off,
    #: because pages are then read as far as their last slot even where nothing is held back.
    slots: bool = False
    #: "children": nothing optional is offered.
    audience: str = ""
    #: Whether pages that the app calls `public` are the same for everyone, so that a CDN may keep them. Off, because
    #: without JavaScript such a page keeps asking, and the app must not make it for one visitor.
    shared: bool = False
    #: Paths that are left alone, with everything below them.
    skip: Sequence[str] = ()
    #: Where relative paths start. Set by `Site.load`; otherwise the working folder.
    folder: Path = field(default_factory=Path.cwd)

    def __new__(cls, **options: object) -> Site:
        unknown = [name for name in options if name not in (*cls.options(), "folder")]
        if not unknown:
            return super().__new__(cls)
        problems = [checks.unknown_option(name, cls.options()) for name in unknown]
        try:
            cls(**{name: value for name, value in options.items() if name not in unknown})  # type: ignore[arg-type]
        except ConfigurationError as error:
            problems += error.problems
        raise ConfigurationError(problems)

    def __post_init__(self) -> None:
        problems: list[str] = []
        for name, value in kinds.sound_fields(self, problems).items():
            self._set(name, value)
        self._set("secret", _keys(self.secret))
        self._set("purposes", checks.resolve_vendors(self.purposes, problems))
        problems += checks.beside(problems, checks.problems(self))
        if problems:
            raise ConfigurationError(problems)

    @classmethod
    def load(cls, path: str | Path = "consentkit.toml") -> Site:
        """The site described in a TOML file. Variables that are not set are read from `.env` beside it.

        Raises `ConfigurationError` naming the file, and each key that is wrong.
        """
        from consentkit.settings import toml  # the file form is only read where it is used

        return toml.load(Path(path))

    @classmethod
    def options(cls) -> tuple[str, ...]:
        """The names an owner may write."""
        return tuple(option.name for option in fields(cls) if option.name != "folder")

    @property
    def keys(self) -> tuple[str, ...]:
        """Signing keys, oldest to newest."""
        return (self.secret,) if isinstance(self.secret, str) else tuple(self.secret)

    @property
    def anchors(self) -> tuple[str, ...]:
        return (self.anchor,) if isinstance(self.anchor, str) else tuple(self.anchor)

    @property
    def scheme(self) -> str:
        """ "https", "http", or "" when the request decides."""
        return urlsplit(self.url).scheme

    @property
    def locks(self) -> str:
        """ "off", "scripts" or "all"."""
        return self.lock or ("scripts" if self.holding == Holding.STRICT else "off")

    @property
    def asked(self) -> tuple[Purpose, ...]:
        """The purposes that need a yes."""
        return () if self.audience == "children" else self._with_basis(Basis.CONSENT)

    @property
    def exempt(self) -> tuple[Purpose, ...]:
        """The purposes that run until the visitor objects."""
        return self._with_basis(Basis.EXEMPT)

    @property
    def terms(self) -> tuple[Policy, ...]:
        return tuple(policy for policy in self.policies if policy.kind == PolicyKind.TERMS)

    @property
    def notices(self) -> tuple[Policy, ...]:
        return tuple(policy for policy in self.policies if policy.kind == PolicyKind.NOTICE)

    def purpose(self, name: str) -> Purpose:
        """The purpose of that id; raises `UnknownPurpose`."""
        for purpose in self.purposes:
            if purpose.name == name:
                return purpose
        raise UnknownPurpose(name, [purpose.name for purpose in self.purposes])

    def policy(self, name: str) -> Policy:
        """The policy of that id; raises `UnknownPolicy`."""
        for policy in self.policies:
            if policy.name == name:
                return policy
        raise UnknownPolicy(name, [policy.name for policy in self.policies])

    def purpose_of(self, vendor: str) -> Purpose | None:
        """The purpose that a declared vendor belongs to."""
        for purpose in self.purposes:
            if any(declared.name == vendor for declared in vendors_of(purpose)):
                return purpose
        return None

    def _with_basis(self, basis: Basis) -> tuple[Purpose, ...]:
        return tuple(purpose for purpose in self.purposes if purpose.basis == basis)

    def _set(self, name: str, value: object) -> None:
        object.__setattr__(self, name, value)


def vendors_of(purpose: Purpose) -> tuple[Vendor, ...]:
    """The vendors of a purpose of a built `Site`, where every key has become a `Vendor`."""
    return tuple(vendor for vendor in purpose.vendors if isinstance(vendor, Vendor))


def _keys(secret: str | Sequence[str]) -> str | tuple[str, ...]:
    given = secret or os.environ.get(SECRET_VARIABLE, "").split()
    return given if isinstance(given, str) else tuple(given)
