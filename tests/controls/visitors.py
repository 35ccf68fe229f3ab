"""Sites, visits and pages for the tests of controls. Values only; nothing is shared that a test changes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Any

from consentkit.controls import Controls, Hints
from consentkit.cookies import ReaderChoice, Seal
from consentkit.decide import Decision, decide
from consentkit.languages import Catalogues
from consentkit.response.delivery import INLINE, Delivery
from consentkit.rewrite import Held, Page
from consentkit.settings import Site
from consentkit.visit import CookieReader, Cookies, Visit, read
from consentkit.vocabulary import Choice, Policy, Purpose, Vendor

SECRET = "a secret of the tests, which everyone may read"
NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)

PRIVACY = Policy("privacy", url="/privacy", version="1")
TERMS = Policy("terms", url="/terms", version="1", kind="terms", changes="/terms/changes")
COUNTER = Vendor("counter", title="Counter", hosts=["counter.example"], cookies={"_c": "1 year"})
TUBE = Vendor("tube", title="Tube", hosts=["tube.example"], cookies={"v": "2 years", "s": "session"}, country="US")
MAPS = Vendor("maps", title="City maps", hosts=["maps.example"], privacy="https://maps.example/privacy")

RESPONSIVE = Page(lang="en", viewport="width=device-width, initial-scale=1")


def site(**options: Any) -> Site:
    settings: dict[str, Any] = {
        "name": "Drina Courier",
        "controller": "Drina Courier Publishing",
        "contact": "privacy@courier.example",
        "secret": SECRET,
        "policies": [PRIVACY, TERMS],
        "purposes": [Purpose("analytics", vendors=[COUNTER]), Purpose("media", vendors=[TUBE, MAPS])],
    }
    return Site(**{**settings, **options})


def controls(settings: Site) -> Controls:
    return Controls(settings, Catalogues(settings.texts), Seal(settings.keys, "view"))


def visit(
    *,
    path: str = "/story",
    query: bytes = b"",
    host: str = "courier.example",
    root_path: str = "",
    method: str = "GET",
    scheme: str = "http",
    choice: Choice | None = None,
    reader: ReaderChoice | None = None,
    gpc: bool = False,
    agent: str = "",
) -> Visit:
    """A visit of somebody who may have chosen before."""
    headers = [(b"host", host.encode("latin-1")), (b"user-agent", agent.encode())]
    if gpc:
        headers.append((b"sec-gpc", b"1"))
    seal = Seal([SECRET], "choice")
    made = read(
        method=method,
        scheme=scheme,
        root_path=root_path,
        path=path,
        raw_path=None,
        query=query,
        headers=headers,
        cookies=CookieReader("ckit", seal, seal),
        now=NOON,
    )
    return replace(made, cookies=Cookies(choice=choice, reader=reader or ReaderChoice()))


def chosen(*, vendors: dict[str, bool], **more: Any) -> Choice:
    """A choice about the purposes of `site()`."""
    return Choice(
        day=date(2026, 11, 1),
        expires=date(2027, 5, 1),
        purposes={"analytics": vendors["counter"], "media": vendors["tube"] and vendors["maps"]},
        vendors=vendors,
        **more,
    )


REFUSED = chosen(vendors={"counter": False, "tube": False, "maps": False})
AGREED = chosen(vendors={"counter": True, "tube": True, "maps": True})


@dataclass(frozen=True)
class Sent:
    """What went into one page."""

    late: bytes
    body: bytes
    early: bytes = b""

    @property
    def html(self) -> str:
        return (self.early + self.late + self.body).decode("ascii")


def decision(settings: Site, visitor: Visit, restricted: frozenset[str] = frozenset()) -> Decision:
    return decide(settings, visitor, restricted)


def sent(
    settings: Site,
    visitor: Visit | None = None,
    page: Page = RESPONSIVE,
    *,
    delivery: Delivery = INLINE,
    hints: Hints | None = None,
    restricted: frozenset[str] = frozenset(),
) -> Sent:
    """What a visitor of `settings` gets at the end of the head and at the start of the body."""
    visitor = visitor or visit()
    decided = decide(settings, visitor, restricted)
    going_in = controls(settings).insertions(decided, visitor, delivery, hints or Hints())
    early = going_in.early(page)
    return Sent(going_in.late(page), going_in.body(page), early)


def placeholder(
    settings: Site,
    held: Held,
    attributes: dict[str, str] | None = None,
    visitor: Visit | None = None,
    page: Page = RESPONSIVE,
    restricted: frozenset[str] = frozenset(),
) -> str:
    visitor = visitor or visit()
    decided = decide(settings, visitor, restricted)
    going_in = controls(settings).insertions(decided, visitor, INLINE, Hints())
    size = {"width": "560", "height": "315"} if attributes is None else attributes
    return going_in.placeholder(held, "iframe", page, size).decode("ascii")
