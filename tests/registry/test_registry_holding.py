"""Who is held back from a visitor."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consentkit.registry import Holder, Verdict, Whose, holder, registry
from consentkit.registry.holding import MAX_CHOICES
from consentkit.registry.known import MAX_HOSTS
from consentkit.vocabulary import Purpose, Vendor

CITY_MAPS = Vendor("city-maps", title="City maps", hosts=["maps.grad.example", "grad.example/tiles/"])
PURPOSES = [
    Purpose("analytics", vendors=["google-analytics"]),
    Purpose("media", title="Videos", vendors=[registry().vendor("youtube"), CITY_MAPS]),
]
SITE = ["www.courier.example"]
NOBODY: frozenset[str] = frozenset()

GA = Verdict("analytics", "google-analytics")
YOUTUBE = Verdict("media", "youtube")
MAPS = Verdict("media", "city-maps")
UNCLASSIFIED = Verdict("unclassified", None)
HOLDERS = {mode: Holder(purposes=PURPOSES, holding=mode, make=Verdict) for mode in ("observe", "known", "strict")}

TABLE = [
    # address, held under known, held under strict
    pytest.param("www.courier.example/a.js", None, None, id="the site"),
    pytest.param("static.courier.example/a.js", None, None, id="a host of the site"),
    pytest.param("cdn.courier-files.example/a.js", None, None, id="first party"),
    pytest.param("www.google-analytics.com/a.js", GA, GA, id="declared by key"),
    pytest.param("www.googletagmanager.com/gtag/js?id=G-1", GA, GA, id="declared by key, with a path"),
    pytest.param(
        "www.googletagmanager.com/gtm.js",
        Verdict("analytics", None),
        Verdict("analytics", None),
        id="undeclared",
    ),
    pytest.param(
        "www.googletagmanager.com/gtag/js?id=AW-1",
        Verdict("marketing", None),
        Verdict("marketing", None),
        id="its neighbour",
    ),
    pytest.param("www.youtube.com/embed/x", YOUTUBE, YOUTUBE, id="declared as a value"),
    pytest.param("maps.grad.example/x.png", MAPS, MAPS, id="the owner's vendor"),
    pytest.param("tiles.maps.grad.example/x.png", MAPS, MAPS, id="a subdomain of it"),
    pytest.param("grad.example/tiles/1.png", MAPS, MAPS, id="its path"),
    pytest.param("grad.example/logo.png", None, UNCLASSIFIED, id="beside its path"),
    pytest.param("cdn.cookielaw.org/x.js", UNCLASSIFIED, UNCLASSIFIED, id="another consent tool"),
    pytest.param("js.stripe.com/v3", None, None, id="necessary"),
    pytest.param("cdn.jsdelivr.net/x.js", None, None, id="delivery network"),
    pytest.param("apis.google.com/x.js", None, UNCLASSIFIED, id="company known, use not"),
    pytest.param("stranger.example/x.js", None, UNCLASSIFIED, id="unknown"),
    pytest.param("10.0.0.1/x.js", None, UNCLASSIFIED, id="an address"),
    pytest.param("intranet/x.js", None, UNCLASSIFIED, id="a single label"),
]


def ask(address: str, holding: str, allowed: frozenset[str] = NOBODY) -> Verdict | None:
    host, slash, path = address.partition("/")
    return holder(SITE, ["courier-files.example"], PURPOSES, holding, allowed, Verdict)(host, slash + path)


@pytest.mark.parametrize(("address", "known", "strict"), TABLE)
def test_what_is_held(address: str, known: Verdict | None, strict: Verdict | None) -> None:
    """
    `known` holds what needs consent, `strict` all that is not known to be necessary, `observe` nothing.
    """
    assert ask(address, "known") == known
    assert ask(address, "strict") == strict
    assert ask(address, "observe") is None


@pytest.mark.parametrize(("address", "known", "strict"), TABLE)
def test_an_agreed_vendor_is_released_and_nothing_else(
    address: str, known: Verdict | None, strict: Verdict | None
) -> None:
    """
    Consent names vendors: what is undeclared stays held when everything is agreed.
    """
    everything = frozenset({"google-analytics", "youtube", "city-maps"})

    assert ask(address, "known", everything) == (None if known is None or known.vendor else known)
    assert ask(address, "strict", everything) == (None if strict is None or strict.vendor else strict)


def test_observe_can_be_asked_what_would_be_held() -> None:
    """
    Under `observe` nothing is held, and reports learn what `known` would hold.
    """
    watching = Holder(purposes=PURPOSES, holding="observe", make=Verdict)

    assert watching.for_visitor(SITE, NOBODY)("www.google-analytics.com", "/a.js") is None
    assert watching.would_hold(SITE)("www.google-analytics.com", "/a.js") == GA
    assert watching.would_hold(SITE)("stranger.example", "/a.js") is None


def test_a_tracker_behind_a_name_of_the_site_can_be_declared() -> None:
    """
    What the owner writes comes before the site itself.
    """
    stats = Vendor("stats", hosts=["stats.courier.example", "www.courier.example/matomo/"])
    held = holder(SITE, [], [Purpose("analytics", vendors=[stats])], "known", NOBODY, Verdict)

    assert held("stats.courier.example", "/x.js") == Verdict("analytics", "stats")
    assert held("www.courier.example", "/matomo/matomo.js") == Verdict("analytics", "stats")
    assert held("www.courier.example", "/app.js") is None
    assert held("static.courier.example", "/app.js") is None


@pytest.mark.parametrize("pattern", ["www.courier.example", "courier.example", "courier.example/"])
def test_a_site_does_not_hold_itself(pattern: str) -> None:
    """
    A vendor's host that covers a whole host of the site is left out there: a page is never broken.
    """
    purposes = [Purpose("analytics", vendors=[Vendor("us", hosts=[pattern])])]
    held = holder(["www.courier.example:8000"], [], purposes, "strict", NOBODY, Verdict)

    assert held("www.courier.example", "/app.js") is None
    assert held("static.courier.example", "/app.js") is None


def test_first_party_and_vendors_are_weighed_by_length() -> None:
    """
    Of what the owner wrote the most specific pattern wins.
    """
    stats = Vendor("stats", hosts=["files.example/stats/"])
    held = holder(SITE, ["files.example"], [Purpose("analytics", vendors=[stats])], "strict", NOBODY, Verdict)

    assert held("files.example", "/app.js") is None
    assert held("files.example", "/stats/x.js") == Verdict("analytics", "stats")


def test_first_party_comes_before_the_registry() -> None:
    """
    A host that the owner calls its own passes, whatever the registry knows of it.
    """
    assert holder(SITE, ["hotjar.com"], [], "strict", NOBODY, Verdict)("static.hotjar.com", "/x.js") is None


def test_an_owner_may_hold_what_the_registry_lets_pass() -> None:
    """
    A vendor that passes by the table is held once it is declared.
    """
    held = holder(SITE, [], [Purpose("functional", vendors=["recaptcha"])], "known", NOBODY, Verdict)

    assert held("www.google.com", "/recaptcha/api.js") == Verdict("functional", "recaptcha")
    assert held("www.google.com", "/images/x.png") is None


def test_an_owner_may_narrow_a_vendor_of_the_registry() -> None:
    """
    A vendor's hosts are those that the owner declares; the registry's others stay undeclared.
    """
    narrow = Vendor("youtube", hosts=["youtube.com", "video.courier-tv.example"])
    held = holder(SITE, [], [Purpose("media", vendors=[narrow])], "known", frozenset({"youtube"}), Verdict)

    assert held("www.youtube.com", "/embed/x") is None
    assert held("video.courier-tv.example", "/x") is None
    assert held("i.ytimg.com", "/x.jpg") == Verdict("media", None)


def test_the_owners_broad_host_wins_over_the_registry() -> None:
    """
    Hosts that the owner writes by hand are the owner's word, also where the registry knows better.
    """
    google = Vendor("all-of-google", hosts=["google.com"])
    held = holder(SITE, [], [Purpose("media", vendors=[google])], "known", NOBODY, Verdict)

    assert held("www.google.com", "/recaptcha/api.js") == Verdict("media", "all-of-google")


@pytest.mark.parametrize(
    ("site", "host", "own"),
    [
        pytest.param("localhost:8000", "localhost", True, id="localhost"),
        pytest.param("localhost:8000", "analytics.localhost", False, id="a name under localhost"),
        pytest.param("127.0.0.1:8000", "127.0.0.1", True, id="an address"),
        pytest.param("127.0.0.1:8000", "localhost", False, id="its name"),
        pytest.param("intranet", "intranet", True, id="a single label"),
        pytest.param("a.github.io", "b.github.io", False, id="a neighbour under a public suffix"),
        pytest.param("courier.example", "WWW.COURIER.EXAMPLE.", True, id="another spelling"),
        pytest.param("", "", False, id="no host"),
    ],
)
def test_whose_host_is_the_sites_own(site: str, host: str, own: bool) -> None:
    """
    Same-site hosts are the site's own; what has no registrable domain must be equal.
    """
    held = holder([site], [], [], "strict", NOBODY, Verdict)(host, "/x.js")

    assert held == (None if own else UNCLASSIFIED)


@pytest.mark.parametrize(
    ("address", "whose", "vendor"),
    [
        pytest.param("www.courier.example/x", Whose.OWN, None, id="own"),
        pytest.param("cdn.courier-files.example/x", Whose.OWN, None, id="first party"),
        pytest.param("www.youtube.com/x", Whose.DECLARED, "youtube", id="declared"),
        pytest.param("static.hotjar.com/x", Whose.UNDECLARED, None, id="undeclared"),
        pytest.param("js.stripe.com/x", Whose.PASSING, None, id="passing"),
        pytest.param("apis.google.com/x", Whose.UNKNOWN, None, id="company known, use not"),
        pytest.param("stranger.example/x", Whose.UNKNOWN, None, id="unknown"),
    ],
)
def test_reports_learn_whose_an_address_is(address: str, whose: Whose, vendor: str | None) -> None:
    """
    A finding says who answers for an address, in every mode, with the registry's row where there is one.
    """
    host, _, path = address.partition("/")
    kept = Holder(purposes=PURPOSES, holding="observe", make=Verdict, first_party=["courier-files.example"])

    finding = kept.find(host, "/" + path, site_hosts=SITE)

    assert (finding.whose, finding.vendor) == (whose, vendor)
    assert (finding.entry is not None) == (registry().classify(host, "/" + path) is not None)


def test_a_finding_names_the_undeclared_company() -> None:
    """
    For an undeclared company a finding carries the key that would declare it.
    """
    finding = Holder(purposes=[], holding="known", make=Verdict).find("static.hotjar.com", "/x.js")

    assert finding.entry is not None
    assert (finding.purpose, finding.entry.vendor) == ("analytics", "hotjar")


def test_equal_answers_are_one_object() -> None:
    """
    What is handed out is made once for each purpose and vendor.
    """
    made: list[tuple[str, str | None]] = []

    @dataclass(frozen=True)
    class Held:
        purpose: str
        vendor: str | None

    def make(purpose: str, vendor: str | None) -> Held:
        made.append((purpose, vendor))
        return Held(purpose, vendor)

    kept = Holder(purposes=PURPOSES, holding="strict", make=make)
    held = kept.for_visitor(SITE, NOBODY)

    assert held("www.google-analytics.com", "/a") is held("region1.google-analytics.com", "/b")
    assert held("a.example", "/") is held("b.example", "/")
    assert len(made) == len(set(made))


def test_equal_choices_have_one_function() -> None:
    """
    The same site hosts and agreed vendors give the same function, so that caches can be keyed by it.
    """
    kept = Holder(purposes=PURPOSES, holding="known", make=Verdict)

    assert kept.for_visitor(SITE, NOBODY) is kept.for_visitor(list(SITE), frozenset())
    assert kept.for_visitor(SITE, NOBODY) is not kept.for_visitor(SITE, frozenset({"youtube"}))


def test_memory_is_bounded() -> None:
    """
    Neither hosts in pages nor Host headers fill the memory.
    """
    kept = Holder(purposes=PURPOSES, holding="known", make=Verdict)

    for number in range(MAX_HOSTS + 10):
        kept.for_visitor(SITE, NOBODY)(f"h{number}.example", "/")
    for number in range(MAX_CHOICES + 10):
        kept.for_visitor([f"h{number}.example"], NOBODY)

    assert len(kept._plans) <= MAX_HOSTS
    assert len(kept._answers) <= MAX_CHOICES


@given(
    st.text(max_size=40) | st.sampled_from(["www.youtube.com", "www.google.com", "a.example"]),
    st.text(max_size=40),
)
def test_every_address_has_an_answer(host: str, path: str) -> None:
    """
    No host and no path make the answer fail, and what a milder mode holds a stricter one holds too.
    """
    known, strict = (HOLDERS[mode].for_visitor(SITE, NOBODY)(host, path) for mode in ("known", "strict"))

    assert HOLDERS["observe"].for_visitor(SITE, NOBODY)(host, path) is None
    assert known is None or known == strict


def test_a_detour_in_the_path_hides_nothing() -> None:
    """
    A path is judged as the browser will ask for it.
    """
    assert ask("grad.example/x/../tiles/1.png", "known") == MAPS
