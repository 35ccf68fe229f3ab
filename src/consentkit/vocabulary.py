"""The nouns of the field: purpose, vendor, policy, choice. Frozen values that know nothing of HTTP.

A *purpose* is what data is used for, a *vendor* is the company that uses it, a *policy* is a document of the
site, and a *choice* is what one visitor answered. Everything else in the package speaks in these words.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from types import MappingProxyType

#: What an id may look like: it stands in cookies, form fields and records, so it stays short and plain.
ID = re.compile(r"[a-z0-9_-]{1,32}\Z")

#: A text that people read: one string for every language, or one string per language tag.
Text = str | Mapping[str, str]

#: The purposes that have a title and a text in every language of the catalogues.
BUILT_IN_PURPOSES = ("functional", "analytics", "marketing", "media")

NOTHING: Mapping[str, str] = MappingProxyType({})


class Basis(StrEnum):
    """Why a purpose may be pursued at all."""

    CONSENT = "consent"
    #: The site's own audience measurement where the law exempts it: it runs until the visitor objects.
    EXEMPT = "exempt"


class PolicyKind(StrEnum):
    #: Information under GDPR articles 13 and 14: shown and versioned, never "accepted".
    NOTICE = "notice"
    #: A contract: asked for on its own and recorded on its own.
    TERMS = "terms"


class Holding(StrEnum):
    """How much is kept back before consent."""

    #: Nothing; what would be held is reported.
    OBSERVE = "observe"
    #: Everything that the registry knows to need consent.
    KNOWN = "known"
    #: Every third party that is not known to be necessary.
    STRICT = "strict"


class Action(StrEnum):
    """What the visitor pressed: the values of the form field `action`."""

    ACCEPT_ALL = "accept_all"
    REJECT_ALL = "reject_all"
    SAVE = "save"
    WITHDRAW = "withdraw"
    GRANT = "grant"
    ACCEPT_POLICIES = "accept_policies"
    DISMISS = "dismiss"


class Regime(StrEnum):
    """What the law of the visitor's region asks for (`Site.regimes`)."""

    #: Nothing runs before a yes: GDPR and ePrivacy, LGPD, Quebec's Law 25, and wherever nothing is known.
    OPT_IN = "opt-in"
    #: What is declared runs until it is refused, and a link says so: the privacy laws of states of the US.
    OPT_OUT = "opt-out"
    #: What is declared runs, and the visitor is told.
    NOTICE = "notice"


class Layer(StrEnum):
    """Where the visitor was asked."""

    BANNER = "banner"
    PREFERENCES = "preferences"
    PLACEHOLDER = "placeholder"
    #: The app's own form, through `consentkit.accept`.
    APP = "app"


@dataclass(frozen=True)
class Vendor:
    """A company that receives data when its purpose is agreed.

    `hosts`: host names without scheme or port; each covers its subdomains and may carry a path prefix
    (`"www.google.com/recaptcha/"`). `cookies`: name to lifetime as people read it (`{"_ga": "2 years"}`).
    `privacy`: URL of the vendor's own policy. `country`: ISO 3166 code of where the data goes. `text`: what it does,
    in a sentence; without one, what the registry says of its kind.
    """

    name: str
    title: Text = ""
    hosts: Sequence[str] = ()
    cookies: Mapping[str, str] = field(default_factory=dict)
    privacy: str = ""
    country: str = ""
    text: Text = ""


@dataclass(frozen=True)
class Purpose:
    """What data is used for. `vendors` are registry keys (strings) or `Vendor` values.

    Built-in purposes need neither `title` nor `text`. `reason` is mandatory with `basis="exempt"`.
    """

    name: str
    title: Text = ""
    text: Text = ""
    vendors: Sequence[str | Vendor] = ()
    basis: str = Basis.CONSENT
    reason: Text = ""


@dataclass(frozen=True)
class Policy:
    """A document of the site. `version` is any short string that changes when the text does.

    `kind="notice"` is linked and versioned; `kind="terms"` is asked for. `file`: where the text lies, when it
    should not be read from the app. `changes`: URL of "What changed", linked when a new version is asked for.
    """

    name: str
    url: str = ""
    version: str = ""
    kind: str = PolicyKind.NOTICE
    title: Text = ""
    file: str = ""
    changes: str = ""


@dataclass(frozen=True)
class Choice:
    """What one visitor answered: state and nothing else. No identifier, and no finer time than the day.

    `purposes` and `vendors` hold an answer for each id that was offered then; an id that is missing was not
    offered, so nobody agreed to it. `terms`: policy name to the version accepted. `closed`: policy name to the
    version whose plain notice was closed without an answer. `insisted`: purposes agreed to one by one although the
    browser sent Global Privacy Control. `offer`: hash of what was offered (see `decide`).
    """

    day: date
    expires: date
    purposes: Mapping[str, bool] = field(default_factory=dict)
    vendors: Mapping[str, bool] = field(default_factory=dict)
    terms: Mapping[str, str] = field(default_factory=dict)
    closed: Mapping[str, str] = field(default_factory=dict)
    insisted: frozenset[str] = frozenset()
    offer: str = ""

    @property
    def answers_purposes(self) -> bool:
        """Whether the visitor was asked about purposes at all (a plain notice asks about none)."""
        return bool(self.purposes)
