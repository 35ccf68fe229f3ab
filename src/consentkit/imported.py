"""What visitors chose in another consent tool, read from its cookie for as long as they have chosen nothing here.

Theory of operation. The cookies of other tools carry no signature, and what they say was asked in other words. So

- a refusal counts: taking a no for a no harms nobody, and asking somebody again who has refused does;
- a yes counts only for vendors that the owner lists in `import_grants` with the name they had in the other tool,
  because consent names its vendors (GDPR article 7(1): it has to be demonstrated, and the proof lies there);
- what is neither stays open, and the visitor is asked;
- day and end are the other tool's, and never later than a choice made here would last.

No cookie is written and nothing is recorded: the answer is read again with every request, until there is one of ours.
The forms were read off the tools' own code and documentation (vanilla-cookieconsent 2 and 3, Klaro 0.7,
tarteaucitron 1.34, django-cookie-consent 1.0, Cookiebot, OneTrust). Whatever can't be read is no choice.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from urllib.parse import parse_qsl, unquote

from consentkit.cookies import CLOCK_SKEW
from consentkit.settings import Site
from consentkit.settings.site import vendors_of
from consentkit.vocabulary import Choice, Purpose

# A browser keeps at most 4,096 bytes for a cookie, and what has been read is remembered.
MAX_COOKIE = 4096  # characters
MAX_REMEMBERED = 256

#: Set by OneTrust when its banner was closed; without it the groups are only its defaults.
ONETRUST_CLOSED = "OptanonAlertBoxClosed"

#: What other tools call the purposes that we know, lower case.
CALLED: Mapping[str, frozenset[str]] = {
    "analytics": frozenset({"analytics", "statistics", "performance", "measurement", "c0002"}),
    "marketing": frozenset({"marketing", "advertising", "advertisement", "ads", "targeting", "c0004"}),
    "functional": frozenset({"functional", "functionality", "preferences", "preference", "c0003"}),
    "media": frozenset({"media", "social", "video", "videos", "embeds", "c0005"}),
}
NECESSARY = frozenset({"necessary", "strictly-necessary", "strictly_necessary", "essential", "required", "c0001"})


@dataclass(frozen=True)
class Answers:
    """What a cookie of another tool says. `given`: name of a category or service, lower case, to yes or no."""

    given: Mapping[str, bool]
    #: Only what was agreed to is listed, so whatever is missing was refused.
    lists_grants: bool = False
    time: datetime | None = None
    expires: datetime | None = None

    def of(self, name: str) -> bool | None:
        return self.given.get(name.lower(), False if self.lists_grants else None)

    @property
    def refuse_everything(self) -> bool:
        optional = [given for name, given in self.given.items() if name not in NECESSARY]
        return not any(optional) and (self.lists_grants or bool(optional))


@dataclass(frozen=True)
class Importer:
    """Reads the cookies that `Site.import_from` names."""

    site: Site
    _known: Callable[[str, str, bool, date], Choice | None] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_known", lru_cache(maxsize=MAX_REMEMBERED)(self._read))

    def choice(self, jar: Mapping[str, str], now: datetime) -> Choice | None:
        """The choice made elsewhere, or None; the first cookie that says something counts."""
        today = (now + CLOCK_SKEW).astimezone(UTC).date()
        for name in self.site.import_from:
            value = jar.get(name)
            if value and len(value) <= MAX_COOKIE:
                choice = self._known(name, value, ONETRUST_CLOSED in jar, today)
                if choice is not None:
                    return choice
        return None

    def _read(self, name: str, value: str, is_closed: bool, today: date) -> Choice | None:
        if name == "OptanonConsent" and not is_closed:
            return None
        try:
            answers = TOOLS[name](value)
        except (ValueError, OverflowError, RecursionError, AttributeError, TypeError):
            return None  # of another form than the tool writes
        return None if answers is None else choice_of(self.site, answers, today)


def choice_of(site: Site, answers: Answers, today: date) -> Choice | None:
    """The answers as a choice of this site, or None when they answer nothing that is asked here."""
    vendors: dict[str, bool] = {}
    purposes: dict[str, bool] = {}
    for purpose in site.asked:
        said = {vendor.name: _said(site, purpose, vendor.name, answers) for vendor in vendors_of(purpose)}
        vendors |= {name: given for name, given in said.items() if given is not None}
        if said and None not in said.values():
            purposes[purpose.name] = all(said.values())
        elif not said and answers.refuse_everything:
            purposes[purpose.name] = False
    if not vendors and not purposes:
        return None
    day = answers.time.astimezone(UTC).date() if answers.time else today
    longest = site.grant_days if any(vendors.values()) else site.refusal_days
    expires = day + timedelta(days=longest)
    if answers.expires is not None:
        expires = min(expires, answers.expires.astimezone(UTC).date())
    if day > today or expires <= today:
        return None
    return Choice(day=day, expires=expires, purposes=purposes, vendors=vendors)


def _said(site: Site, purpose: Purpose, vendor: str, answers: Answers) -> bool | None:
    """What was said of one vendor: a yes only under the name that the owner gives."""
    if answers.refuse_everything:
        return False
    listed = site.import_grants.get(vendor)
    said = answers.of(listed) if listed is not None else None
    if said is not None:
        return said
    names = {purpose.name, vendor, vendor.replace("-", ""), *CALLED.get(purpose.name, ())}
    # Nobody knows whom a yes to a whole category named; a no to it names everyone.
    return False if any(answers.given.get(name) is False for name in names) else None


# One function for each tool: the value of its cookie -> what it says, or None when nothing was answered.


def _vanilla(value: str) -> Answers | None:
    said = _json(value)
    categories = said.get("categories", said.get("level"))
    if not isinstance(categories, list):
        return None
    names = [str(name).lower() for name in categories]
    services = said.get("services")
    if isinstance(services, dict):
        names += [str(name).lower() for names in services.values() if isinstance(names, list) for name in names]
    times = [time for key in _VANILLA_TIMES if isinstance(time := said.get(key), str)]
    until = said.get("expirationTime")
    return Answers(
        dict.fromkeys(names, True),
        lists_grants=True,
        time=_iso(times[0]) if times else None,
        expires=datetime.fromtimestamp(until / 1000, UTC) if isinstance(until, int | float) and until else None,
    )


def _klaro(value: str) -> Answers | None:
    given = {name.lower(): yes for name, yes in _json(value).items() if isinstance(yes, bool)}
    return Answers(given) if given else None


def _tarteaucitron(value: str) -> Answers | None:
    given = {name.lower(): yes == "true" for name, yes in _TARTEAUCITRON.findall(unquote(value))}
    return Answers(given) if given else None


def _django(value: str) -> Answers | None:
    pairs = (part.partition("=") for part in unquote(value.strip('"')).split("|"))
    # A version is the time at which the owner last changed the group; when the visitor answered is not told.
    given = {name.lower(): version != "-1" for name, found, version in pairs if found}
    return Answers(given) if given else None


def _cookiebot(value: str) -> Answers | None:
    text = unquote(value)
    given = {name: yes == "true" for name, yes in _COOKIEBOT.findall(text)}
    method = _COOKIEBOT_METHOD.search(text)
    if not given or method is None or method[1] != "explicit":
        return None  # "implied" is what it writes for who has not answered
    stamp = _COOKIEBOT_TIME.search(text)
    return Answers(given, time=datetime.fromtimestamp(int(stamp[1]) / 1000, UTC) if stamp else None)


def _onetrust(value: str) -> Answers | None:
    fields = dict(parse_qsl(value, max_num_fields=100))
    pairs = (pair.partition(":") for pair in fields.get("groups", "").split(",") if ":" in pair)
    given = {name.lower(): yes == "1" for name, _, yes in pairs}
    # "Tue Nov 24 2026 10:00:00 GMT+0100 (Central European Standard Time)"
    stamp = " ".join(fields.get("datestamp", "").split(" ")[:6])
    time = datetime.strptime(stamp, "%a %b %d %Y %H:%M:%S GMT%z") if stamp else None
    return Answers(given, time=time) if given else None


TOOLS: Mapping[str, Callable[[str], Answers | None]] = {
    "cc_cookie": _vanilla,
    "klaro": _klaro,
    "tarteaucitron": _tarteaucitron,
    "cookie_consent": _django,
    "CookieConsent": _cookiebot,
    "OptanonConsent": _onetrust,
}

_VANILLA_TIMES = ("lastConsentTimestamp", "consentTimestamp", "last_consent_update", "consent_date")
_TARTEAUCITRON = re.compile(r"!([^=!]{1,64})=(true|false)(?=!|\Z)")
_COOKIEBOT = re.compile(r"\b(necessary|preferences|statistics|marketing):(true|false)\b")
_COOKIEBOT_METHOD = re.compile(r"\bmethod:'([a-z]+)'")
_COOKIEBOT_TIME = re.compile(r"\butc:([0-9]{1,14})\b")


def _json(value: str) -> dict[str, object]:
    said = json.loads(unquote(value))
    if not isinstance(said, dict):
        raise ValueError("a table was expected")
    return said


def _iso(text: str) -> datetime:
    time = datetime.fromisoformat(text)
    return time if time.tzinfo else time.replace(tzinfo=UTC)
