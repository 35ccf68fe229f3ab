"""What was seen, beside what is declared."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from consentkit import Purpose, Site, Vendor
from consentkit.registry import Whose
from consentkit.scan.check import findings
from consentkit.scan.cookies import SetCookie
from consentkit.scan.crawl import Crawl
from consentkit.scan.findings import Report, report
from consentkit.scan.page import read_page

URL = "https://courier.example/"
TAGS = {
    "google": '<script src="https://www.googletagmanager.com/gtag/js?id=G-1"></script>',
    "pixel": "<script>fbq('init', '1');</script>",
    "cdn": '<script src="https://cdn.jsdelivr.net/npm/x"></script>',
    "stranger": '<img src="https://pixel.stranger.example/p">',
    "cmp": '<script src="https://cdn.cookielaw.org/consent/x.js"></script>',
    "adsense": '<script src="https://pagead2.googlesyndication.com/pagead/js/adsbygoogle.js"></script>',
    "own": '<script src="https://static.courier.example/a.js"></script>',
}


@pytest.fixture
def site() -> Callable[..., Site]:
    def make(**options: object) -> Site:
        return Site(
            **{
                "name": "Courier",
                "url": URL,
                "controller": "C",
                "contact": "c@c.example",
                "secret": "x" * 32,
                **options,
            }  # type: ignore[arg-type]
        )

    return make


def seen(*tags: str, cookies: tuple[str, ...] = (), root: bool = True) -> Crawl:
    """A crawl of one page with these tags."""
    controls = '<ckit-ui data-ckit-ui="root"></ckit-ui>' if root else ""
    page = read_page(URL, (controls + "".join(TAGS.get(tag, tag) for tag in tags)).encode())
    found = Crawl(URL, pages=[page])
    found.cookies = {name: (URL, SetCookie(name)) for name in cookies}
    return found


def whose(found: Report) -> dict[str, Whose]:
    return {party.vendor or party.hosts[0]: party.whose for party in found.parties}


def test_without_a_configuration_everything_is_undeclared() -> None:
    """
    Known companies are undeclared, hosts that nobody knows too; content networks pass, the site itself is nobody.
    """
    found = report(seen(*TAGS), None)

    assert whose(found) == {
        "adsense": Whose.UNDECLARED,
        "google-analytics": Whose.UNDECLARED,
        "meta-pixel": Whose.UNDECLARED,
        "onetrust": Whose.UNDECLARED,
        "pixel.stranger.example": Whose.UNKNOWN,
        "jsdelivr-cdn": Whose.PASSING,
    }
    assert not found.is_clean


def test_what_is_declared_is_no_finding(site: Callable[..., Site]) -> None:
    """
    Declared vendors, described hosts and first parties leave nothing to do.
    """
    strange = Vendor("stranger", title="Stranger", hosts=["stranger.example"], privacy="https://stranger.example/p")
    declared = site(
        purposes=[
            Purpose("analytics", vendors=["google-analytics"]),
            Purpose("marketing", vendors=["meta-pixel", strange]),
        ]
    )
    found = report(seen("google", "pixel", "stranger", "cdn"), declared)

    assert found.is_clean
    assert [party.purpose for party in found.parties if party.vendor == "stranger"] == ["marketing"]
    assert report(seen("stranger"), site(first_party=["stranger.example"])).parties == ()


def test_cookies_are_sorted_by_what_they_are_for(site: Callable[..., Site]) -> None:
    """
    The owner's word first, then what frameworks need, then trackers; our own are ours; the rest nobody knows.
    """
    declared = site(
        purposes=[Purpose("analytics", vendors=["google-analytics"])],
        necessary={"basket": "keeps what you chose"},
        cookies={"ab_*": "analytics"},
    )
    names = ("basket", "ab_test", "sessionid", "_ga", "_fbp", "__Host-ckit", "zebra")
    found = {cookie.name: cookie for cookie in report(seen(cookies=names), declared).cookies}

    assert {name: (found[name].whose, found[name].purpose, found[name].vendor) for name in names} == {
        "basket": ("necessary", "", ""),
        "ab_test": ("declared", "analytics", ""),
        "sessionid": ("necessary", "", ""),
        "_ga": ("declared", "analytics", "google-analytics"),
        "_fbp": ("undeclared", "marketing", "meta-pixel"),
        "__Host-ckit": ("necessary", "", ""),
        "zebra": ("undeclared", "", ""),
    }
    assert found["basket"].reason == "keeps what you chose"


def test_what_visitors_are_not_told_is_listed(site: Callable[..., Site]) -> None:
    """
    A declared company without a policy, or with a cookie without a lifetime, is named; that alone fails nothing.
    """
    vague = Vendor("vague", title="Vague", hosts=["stranger.example"], cookies={"v": ""})
    found = report(seen("stranger"), site(purposes=[Purpose("media", vendors=[vague])]))

    assert [(party.title, party.lacks) for party in found.incomplete] == [
        ("Vague", ("a privacy policy", "the lifetime of v"))
    ]
    assert found.is_clean


def test_the_owner_is_warned_of_what_no_line_mends(site: Callable[..., Site]) -> None:
    """
    Another consent tool, and advertising that needs a certified one, are warnings; also when it is declared.
    """
    undeclared = report(seen("cmp", "adsense"), None).warnings
    declared = report(seen(), site(purposes=[Purpose("marketing", vendors=["adsense"])])).warnings
    early = site(purposes=[Purpose("analytics", vendors=["google-analytics"])], google="advanced")

    assert any("is another consent tool (cdn.cookielaw.org)" in warning for warning in undeclared)
    assert any("Google AdSense: in the EEA" in warning for warning in undeclared)
    assert any("Google AdSense: in the EEA" in warning for warning in declared)
    assert "Google Analytics may load before anybody has agreed" in report(seen(), early).warnings[0]


def test_held_and_loading_are_told_apart() -> None:
    """
    A company of which one tag waits and one loads is held in part.
    """
    held = '<iframe data-ckit-purpose="media" data-ckit-src="https://www.youtube.com/embed/1"></iframe>'
    live = '<iframe src="https://www.youtube.com/embed/1"></iframe>'

    def state(*tags: str) -> list[str]:
        return [party.held for party in report(seen(*tags), None).parties]

    assert state(held) == ["held"]
    assert state(live) == ["loads"]
    assert state(held, live) == ["partly"]


def test_a_check_says_what_observing_would_hold(site: Callable[..., Site]) -> None:
    """
    Under observe nothing is held, and what nobody declares is counted all the same; strangers are the scan's.
    """
    declared = site(holding="observe", purposes=[Purpose("analytics", vendors=["google-analytics"])])
    found = findings(seen("google", "pixel", "stranger"), declared)

    assert found.held == ()
    assert [purpose for _, purpose in found.undeclared] == ["marketing"]
    assert len(found.problems) == 1
    assert "would be held back for marketing and no choice releases it" in found.problems[0]


def test_a_check_names_pages_without_controls(site: Callable[..., Site]) -> None:
    """
    A page that the middleware did not reach is a problem.
    """
    found = findings(seen(root=False), site())

    assert found.problems == (f"{URL} has no banner and no reader bar.",)
    assert (found.pages, found.with_root) == (1, 0)
