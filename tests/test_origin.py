"""Where a form may come from, and where it may lead."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote, urljoin, urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from consentkit.origin import Sender, safe_next, sender
from tests.response.visits import visit
from tests.settings.sites import courier

# No time is asserted: a shared machine is slow now and then.
law = settings(deadline=None)

SITE = courier()
SHARING = {"cookie_domain": "courier.example"}
LISTING = {"origins": ["https://shop.example"]}


@pytest.mark.parametrize(
    ("options", "site", "origin", "who"),
    [
        # Sec-Fetch-Site decides where it is there.
        pytest.param({}, "same-origin", "https://courier.example", Sender.OURS, id="our page"),
        pytest.param({}, "same-origin", "null", Sender.OURS, id="our page without referrer"),
        pytest.param({}, "same-origin", "", Sender.OURS, id="our page without origin"),
        pytest.param({}, "cross-site", "https://evil.example", Sender.FOREIGN, id="another site"),
        pytest.param({}, "cross-site", "null", Sender.FOREIGN, id="sandboxed frame"),
        pytest.param({}, "cross-site", "", Sender.FOREIGN, id="another site, no origin"),
        pytest.param({}, "none", "", Sender.FOREIGN, id="typed"),
        pytest.param({}, "same-site", "https://www.courier.example", Sender.FOREIGN, id="sibling"),
        pytest.param(SHARING, "same-site", "https://www.courier.example", Sender.OURS, id="sibling, shared choice"),
        pytest.param(SHARING, "cross-site", "https://evil.example", Sender.FOREIGN, id="foreign, shared choice"),
        pytest.param(LISTING, "cross-site", "https://shop.example", Sender.OURS, id="listed"),
        pytest.param(LISTING, "cross-site", "https://shop.example:8443", Sender.FOREIGN, id="listed, other port"),
        pytest.param(LISTING, "cross-site", "http://shop.example", Sender.FOREIGN, id="listed, other scheme"),
        pytest.param(LISTING, "same-site", "https://www.courier.example", Sender.FOREIGN, id="sibling beside a listed"),
        pytest.param({}, "new-value", "https://evil.example", Sender.FOREIGN, id="a value of the future"),
        # Without it Origin must be ours.
        pytest.param({}, "", "https://courier.example", Sender.OURS, id="http, our origin"),
        pytest.param({}, "", "HTTPS://Courier.Example", Sender.OURS, id="http, our origin in capitals"),
        pytest.param({"url": ""}, "", "http://courier.example", Sender.OURS, id="http, origin is host"),
        pytest.param(
            {"url": "https://courier.example/"}, "", "https://courier.example", Sender.OURS, id="slash in url"
        ),
        pytest.param(
            {"url": "https://www.courier.example"}, "", "https://www.courier.example", Sender.OURS, id="proxy, own Host"
        ),
        pytest.param(LISTING, "", "https://SHOP.example", Sender.OURS, id="http, listed"),
        pytest.param({}, "", "https://evil.example", Sender.FOREIGN, id="http, another site"),
        pytest.param({}, "", "https://courier.example.evil.example", Sender.FOREIGN, id="http, our name as a prefix"),
        pytest.param({}, "", "https://evil.example#courier.example", Sender.FOREIGN, id="http, our name behind a hash"),
        pytest.param({}, "", "https://courier.example@evil.example", Sender.FOREIGN, id="http, our name as a user"),
        pytest.param({}, "", "https://evilcourier.example", Sender.FOREIGN, id="http, our name as an end"),
        pytest.param({}, "", "https://courier.example:8443", Sender.FOREIGN, id="http, other port"),
        pytest.param({}, "", "https://courier.example, https://evil.example", Sender.FOREIGN, id="http, two origins"),
        pytest.param({}, "", "courier.example", Sender.FOREIGN, id="http, no origin at all"),
        pytest.param({}, "", "http://[", Sender.FOREIGN, id="http, unreadable"),
        pytest.param({}, "", "http://[::1", Sender.FOREIGN, id="http, half an address"),
        pytest.param({}, "", "", Sender.UNKNOWN, id="http, nothing known"),
        pytest.param({}, "", "null", Sender.UNKNOWN, id="http, no referrer"),
    ],
)
def test_a_form_comes_from_us_or_from_others(options: Mapping[str, Any], site: str, origin: str, who: Sender) -> None:
    """
    Sec-Fetch-Site decides when present; without it Origin must be the site, its host or a listed one.
    """
    headers = {"sec-fetch-site": site, "origin": origin, "host": "Courier.example"}

    assert sender(courier(**options), visit(headers=headers)) is who


def test_without_a_host_no_origin_is_ours() -> None:
    """
    A request that names no host proves nothing by an origin that names none.
    """
    headers = {"host": "", "origin": "garbage"}

    assert sender(courier(url=""), visit(headers=headers)) is Sender.FOREIGN


@law
@given(st.text(st.characters(max_codepoint=255)), st.text(st.characters(max_codepoint=255)))
def test_any_origin_has_an_answer(site: str, origin: str) -> None:
    """
    Whatever the headers say, the answer is one of three and never an error.
    """
    found = sender(SITE, visit(headers={"sec-fetch-site": site, "origin": origin}))

    assert found in set(Sender)
    assert (found is Sender.OURS) <= (site == "same-origin" or origin.lower().endswith("courier.example"))


TRICKS = [
    "//evil.example", "///evil.example", "////evil.example", "/////evil.example", "//evil.example/..",
    "\\\\evil.example", "/\\evil.example", "\\/evil.example", "/\\/evil.example", "//\\evil.example",
    "/\\\\evil.example", "\\evil.example", "/\t/evil.example", "/\n/evil.example", "/\r/evil.example",
    "/\r\n/evil.example", "\t//evil.example", " //evil.example", "\x00//evil.example", "/\x00/evil.example",
    "/\x0b/evil.example", "/\x0c/evil.example", "/ /evil.example", "/\xa0/evil.example", "/\u2028/evil.example",
    "/\u3000/evil.example", "/\uff0fevil.example", "\uff0f\uff0fevil.example", "/\u2044evil.example",
    "http://evil.example", "https://evil.example", "HTTPS://evil.example", "https:evil.example", "https:/evil.example",
    "https:///evil.example", "http:\\\\evil.example", "hTTp:/\\evil.example", "ht\ttps://evil.example",
    "javascript:alert(1)", "java\tscript:alert(1)", "JavaScript://%0aalert(1)", "data:text/html,x", "vbscript:x",
    "file:///etc/passwd", "ftp://evil.example", "mailto:a@evil.example", "blob:https://evil.example/x", "about:blank",
    "@evil.example", "//@evil.example", "//courier.example@evil.example", "https://courier.example@evil.example",
    "https://courier.example.evil.example", "https://courier.example:443@evil.example",
    "//evil.example:80", "//evil.example?x", "//evil.example#x", "//evil%2eexample", "//%65vil.example",
    "//[::1]", "//127.1", "//0x7f000001", "evil.example", "evil.example/path", ".evil.example", "..//evil.example",
    "./evil.example", "?//evil.example", "#//evil.example", ";//evil.example", ":evil.example", "",
    "/./\\evil.example", "/.//evil.example", "/..//evil.example", "/%2e//evil.example", "/%2E%2e//evil.example",
    "/x/..//evil.example", "/x/../../\\evil.example", "/x\r\nLocation: https://evil.example",
    "/x\r\nSet-Cookie: ckit=1", "/x%0d%0aLocation: y z", "/" + "a" * 3000, "/\x7f/evil.example", "/č//evil.example",
]  # fmt: skip

# These stay on the site in every reading; they only look dangerous.
HARMLESS = [
    "/%2f%2fevil.example", "/%5cevil.example", "/%09/evil.example", "/%0d%0aSet-Cookie:x", "/@evil.example",
    "/a//evil.example", "/a?next=//evil.example", "/a?u=https://evil.example", "/https://evil.example", "/:80",
    "/a;//evil.example", "/a&//evil.example", "/a%5c%5cevil.example", "/~evil",
]  # fmt: skip


def as_browser(target: str) -> tuple[str, str]:
    """Scheme and host that a browser ends up at from our page: the WHATWG reading, and not ours.

    Controls and blanks at the ends go, tabs and line breaks anywhere go, a backslash is a slash; then RFC 3986.
    """
    text = target.strip("".join(map(chr, range(0x21))))
    text = text.translate({ord(sign): None for sign in "\t\n\r"}).replace("\\", "/")
    scheme, colon, rest = text.partition(":")
    if colon and scheme.lower() in ("http", "https"):
        # "https:evil" and "https:///evil" name a host too, when the scheme is another one or slashes follow.
        text = f"{scheme}://{rest.lstrip('/')}" if rest.startswith("/") or scheme.lower() != "https" else rest
    elif text.startswith("//"):
        text = f"//{text.lstrip('/')}"
    joined = urlsplit(urljoin("https://courier.example/story/page", text))
    return joined.scheme, joined.netloc


def leads_home(target: str) -> bool:
    return as_browser(target) == ("https", "courier.example")


def test_the_corpus_is_large_and_the_oracle_knows_tricks() -> None:
    """
    The oracle finds most of the corpus dangerous, and nothing of what is harmless.
    """
    foreign = [trick for trick in TRICKS if not leads_home(trick)]

    assert len(TRICKS) >= 80
    assert len(foreign) >= 45
    assert all(map(leads_home, HARMLESS))


@pytest.mark.parametrize("trick", TRICKS, ids=[ascii(trick)[:40] for trick in TRICKS])
def test_no_trick_leads_to_another_site(trick: str) -> None:
    """
    What could be read as another site, or is no plain path of this one, is refused.
    """
    assert safe_next(SITE, visit(), trick) is None


@pytest.mark.parametrize("target", HARMLESS)
def test_what_only_looks_dangerous_leads_home(target: str) -> None:
    """
    Slashes in a query or in escapes are part of a path of this site.
    """
    assert safe_next(SITE, visit(), target) == target


@law
@given(
    st.text(st.sampled_from("/\\\t\n\r .:@?#%2fF5cC0aevil-xh\xa0"), max_size=20)
    | st.text(max_size=20).map(lambda text: f"/{text}")
)
def test_a_target_leads_home_or_nowhere(target: str) -> None:
    """
    Whatever is asked for, a browser that is sent there stays on the site, below its root and outside our own pages.
    """
    found = safe_next(SITE, visit(), target)

    if found is not None:
        assert leads_home(found)
        assert found.startswith("/")
        assert not urlsplit(urljoin("https://courier.example/", unquote(found))).path.startswith("/_ckit/")


@pytest.mark.parametrize(
    ("root_path", "target", "found"),
    [
        ("", "/", "/"),
        ("", "/story", "/story"),
        ("", "/story?a=1&b=%20", "/story?a=1&b=%20"),
        ("", "/story#top", "/story"),
        ("", "/story?a#b?c#d", "/story?a"),
        ("", "/%C4%8Daj", "/%C4%8Daj"),
        ("", "/.well-known/security.txt", "/.well-known/security.txt"),
        ("", "/a/...", "/a/..."),
        ("/app", "/app/", "/app/"),
        ("/app", "/app/story", "/app/story"),
        ("/čaj", "/%C4%8Daj/story", "/%C4%8Daj/story"),
        ("/app", "/", None),
        ("/app", "/application/story", None),
        ("/app", "/app", None),
        ("/app", "/other/story", None),
        ("/app", "/app/../admin", None),
        ("/app", "/app/%2e%2e/admin", None),
    ],
)
def test_a_page_of_the_site_is_returned_to(root_path: str, target: str, found: str | None) -> None:
    """
    A form leads back to the page that it was on, without its fragment, and never out of the app.
    """
    assert safe_next(SITE, visit(root_path=root_path), target) == found


@pytest.mark.parametrize(
    "target",
    [
        "/_ckit", "/_ckit/", "/_ckit/reader?text=200", "/_ckit/choice", "/_ckit?x", "/_ckit#x", "/%5fckit/reader",
        "/_%63kit/reader", "/./_ckit/reader", "/x/../_ckit/reader", "/x/%2e%2e/_ckit/reader", "/.%2e/_ckit/choice",
        "/_ckit%2freader",
    ],
)  # fmt: skip
def test_a_form_never_leads_to_our_own_pages(target: str) -> None:
    """
    Our own pages act on a visit, so nobody is sent to one, however it is spelled.
    """
    assert safe_next(SITE, visit(), target) is None


def test_only_whole_names_are_ours() -> None:
    """
    A page of the site whose path begins like ours is a page of the site.
    """
    assert safe_next(SITE, visit(), "/_ckitten") == "/_ckitten"
