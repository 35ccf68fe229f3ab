"""The facts of one request: what it can become, who asks, and that nothing a visitor sends is an error."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from urllib.parse import unquote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from consentkit.cookies import Holder, ReaderChoice, Seal, Trust, write_choice
from consentkit.visit import (
    MAX_REMEMBERED,
    Asks,
    CookieReader,
    Device,
    Visit,
    bare_host,
    device_told,
    may_be_page,
    read,
)
from consentkit.vocabulary import Choice
from tests.response.visits import NOON, READER, TODAY, visit

# No time is asserted: a shared machine is slow now and then.
law = settings(deadline=None)

HTML = {"accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
ANY = {"accept": "*/*"}
JSON = {"accept": "application/json"}
# What Chromium asks for when it prefetches.
EXCHANGE = {"accept": "application/signed-exchange;v=b3;q=0.7,*/*;q=0.8"}


def fetched(mode: str, destination: str) -> dict[str, str]:
    return {"sec-fetch-mode": mode, "sec-fetch-dest": destination}


@pytest.mark.parametrize(
    ("headers", "asks"),
    [
        pytest.param(HTML | fetched("navigate", "document"), Asks.PAGE, id="a click"),
        pytest.param(HTML | fetched("navigate", "empty"), Asks.PAGE, id="service worker passes a navigation on"),
        pytest.param(HTML | fetched("navigate", ""), Asks.PAGE, id="navigation without destination"),
        pytest.param(HTML | {"sec-fetch-mode": "navigate"}, Asks.PAGE, id="mode alone"),
        pytest.param({"sec-fetch-dest": "document"}, Asks.PAGE, id="destination alone"),
        pytest.param(
            HTML | fetched("navigate", "document") | {"sec-purpose": "prefetch;prerender"}, Asks.PAGE, id="prerender"
        ),
        pytest.param(HTML | fetched("navigate", "iframe"), Asks.PART, id="iframe"),
        pytest.param(HTML | fetched("navigate", "frame"), Asks.PART, id="frame"),
        pytest.param(HTML | fetched("navigate", "embed"), Asks.PART, id="embed"),
        pytest.param(HTML | fetched("navigate", "object"), Asks.PART, id="object"),
        pytest.param(
            HTML | fetched("navigate", "iframe") | {"sec-purpose": "prefetch"}, Asks.PART, id="prefetch for a frame"
        ),
        pytest.param(ANY | fetched("cors", "empty"), Asks.PART, id="fetch()"),
        pytest.param(HTML | fetched("cors", "empty"), Asks.PART, id="Turbo Drive"),
        pytest.param(ANY | fetched("same-origin", "empty"), Asks.PART, id="service worker fills its cache"),
        pytest.param(ANY | fetched("no-cors", "script"), Asks.PART, id="script"),
        pytest.param(ANY | fetched("no-cors", "image"), Asks.PART, id="image"),
        pytest.param(EXCHANGE | fetched("no-cors", "empty") | {"sec-purpose": "prefetch"}, Asks.PERHAPS, id="prefetch"),
        pytest.param(HTML | fetched("no-cors", "empty") | {"purpose": "prefetch"}, Asks.PERHAPS, id="older prefetch"),
        pytest.param(ANY | {"x-moz": "prefetch"}, Asks.PERHAPS, id="Firefox prefetch over http"),
        pytest.param(
            HTML | fetched("cors", "empty") | {"sec-purpose": "prefetch", "hx-request": "true"},
            Asks.PART,
            id="htmx preload",
        ),
        pytest.param(HTML, Asks.PERHAPS, id="plain http, or Safari before 16.4"),
        pytest.param(ANY, Asks.PERHAPS, id="curl"),
        pytest.param({"accept": " */* "}, Asks.PERHAPS, id="curl with blanks"),
        pytest.param({}, Asks.PERHAPS, id="no Accept"),
        pytest.param(JSON, Asks.PART, id="JSON over http"),
        pytest.param({"accept": "image/webp,*/*"}, Asks.PART, id="image over http"),
        pytest.param(HTML | {"hx-request": "true"}, Asks.PART, id="htmx"),
        pytest.param(HTML | {"hx-request": "true", "hx-boosted": "true"}, Asks.PERHAPS, id="hx-boost over http"),
        pytest.param(
            ANY | fetched("cors", "empty") | {"hx-request": "true", "hx-boosted": "true"}, Asks.PART, id="hx-boost"
        ),
        pytest.param(HTML | {"turbo-frame": "list"}, Asks.PART, id="Turbo frame"),
        pytest.param(HTML | {"x-requested-with": "XMLHttpRequest"}, Asks.PART, id="jQuery"),
        pytest.param(HTML | {"x-pjax": "true"}, Asks.PART, id="pjax"),
        pytest.param(
            HTML | fetched("navigate", "document") | {"x-requested-with": "com.example.app"}, Asks.PAGE, id="WebView"
        ),
        pytest.param({"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}, Asks.PAGE, id="names in capitals"),
    ],
)
def test_headers_tell_what_a_request_can_become(headers: Mapping[str, str], asks: Asks) -> None:
    """
    Controls go into pages in a window; into what may be a page only if its body is one; into nothing else.
    """
    assert visit(headers=headers).asks is asks


@pytest.mark.parametrize(
    ("headers", "can"),
    [
        pytest.param(HTML | fetched("navigate", "document"), True, id="a click"),
        pytest.param(fetched("navigate", "iframe"), True, id="iframe"),
        pytest.param(fetched("navigate", "frame"), True, id="frame"),
        pytest.param(fetched("no-cors", "embed"), True, id="embed"),
        pytest.param(fetched("no-cors", "object"), True, id="object"),
        pytest.param(HTML | fetched("cors", "empty"), True, id="fetch() that names HTML"),
        pytest.param(HTML, True, id="plain http"),
        pytest.param(ANY | fetched("cors", "empty"), False, id="fetch() of JSON"),
        pytest.param(ANY, False, id="curl"),
        pytest.param({}, False, id="nothing"),
        pytest.param({"accept": "text/css,*/*;q=0.1"} | fetched("no-cors", "style"), False, id="style sheet"),
        pytest.param(HTML | fetched("no-cors", "style"), False, id="style sheet that names HTML"),
        pytest.param(ANY | fetched("no-cors", "script"), False, id="script"),
        pytest.param({"accept": "image/avif,*/*"} | fetched("no-cors", "image"), False, id="image"),
    ],
)
def test_only_what_can_become_a_page_has_its_request_touched(headers: Mapping[str, str], can: bool) -> None:
    """
    Style sheets, images and JSON keep their validators and their codings.
    """
    assert visit(headers=headers).can_be_page is can


HEADERS = st.dictionaries(
    st.sampled_from(
        ["sec-fetch-mode", "sec-fetch-dest", "accept", "cookie", "host", "user-agent", "sec-gpc", "origin", "purpose"]
    ),
    st.one_of(
        st.text(st.characters(max_codepoint=255), max_size=60),
        st.sampled_from(["navigate", "document", "iframe", "empty", "text/html", "*/*", "1", "ckit=", "ckit_id=a.b"]),
    ),
)


def lenient(headers: Mapping[str, str], query: bytes, path: str, raw_path: bytes | None) -> Visit:
    return read(
        method="GET",
        scheme="http",
        root_path="",
        path=path,
        raw_path=raw_path,
        query=query,
        headers=[(name.encode(), value.encode("latin-1")) for name, value in headers.items()],
        cookies=READER,
        now=NOON,
    )


@law
@given(HEADERS, st.binary(max_size=80), st.text(max_size=30), st.none() | st.binary(max_size=30))
def test_every_request_is_a_visit(headers: Mapping[str, str], query: bytes, path: str, raw: bytes | None) -> None:
    """
    Whatever a visitor sends is read without an error, and no forged cookie is a choice.
    """
    found = lenient(headers, query, "/" + path, raw)

    assert found.cookies.choice is None
    assert found.view_parameter is None


@law
@given(HEADERS)
def test_a_frame_never_gets_controls(headers: Mapping[str, str]) -> None:
    """
    Nothing that else is sent makes a page in a window of a frame.
    """
    found = visit(headers={**headers, "cookie": "", "sec-fetch-dest": "iframe"})

    assert found.asks is Asks.PART


@law
@given(st.text(st.characters(max_codepoint=255, exclude_characters=";=")), st.text(st.characters(max_codepoint=255)))
def test_any_cookie_header_is_read(name: str, value: str) -> None:
    """
    A cookie of the application that makes no sense to us leaves our own readable.
    """
    found = visit(choice=REFUSAL, cookie=f"{name}={value}".replace("ckit", "c"))

    assert found.cookies.choice == REFUSAL


@pytest.mark.parametrize("fields", [101, 5000])
def test_an_address_may_have_any_number_of_fields(fields: int) -> None:
    """
    A long query is no error, and the view it asks for is found at its end.
    """
    query = b"&".join([b"a=1"] * fields + [b"ckit_view=mobile"])

    assert visit(query=query).view_parameter == "mobile"


@pytest.mark.parametrize(
    ("query", "view"),
    [
        (b"", None),
        (b"ckit_view=mobile", "mobile"),
        (b"a=b&ckit_view=desktop&c", "desktop"),
        (b"ckit_view=mobile&ckit_view=desktop", "desktop"),
        (b"ckit_view=tablet", None),
        (b"ckit_view", None),
        (b"xckit_view=mobile", None),
        (b"ckit_view=mobile%00", None),
        (b"\xff\xfe&ckit_view=\xff", None),
    ],
)
def test_a_view_in_the_address_is_one_of_two(query: bytes, view: str | None) -> None:
    """
    `?ckit_view=` names the mobile or the desktop version, or nothing.
    """
    assert visit(query=query).view_parameter == view


REFUSAL = Choice(
    day=TODAY, expires=TODAY + timedelta(days=180), purposes={"analytics": False, "media": False},
    vendors={"counter": False, "tube": False}, offer="0123456789abcdef",
)  # fmt: skip
AGREEMENT = replace(
    REFUSAL,
    purposes={"analytics": True, "media": True},
    vendors={"counter": True, "tube": True},
    insisted=frozenset({"media"}),
)


def both(bound: Choice, plain: Choice) -> str:
    """A Cookie header with two choices, as after a move to https."""
    pairs = (("__Host-ckit", bound), ("ckit", plain))
    return "; ".join(f"{name}={READER.choice_seal.sign(write_choice(choice))}" for name, choice in pairs)


@pytest.mark.parametrize(
    ("bound", "plain"), [(AGREEMENT, REFUSAL), (REFUSAL, AGREEMENT)], ids=["plain refuses", "bound refuses"]
)
def test_of_two_choices_the_stricter_wins(bound: Choice, plain: Choice) -> None:
    """
    Where `__Host-ckit` and `ckit` differ, whatever either refuses is refused.
    """
    found = visit(cookie=both(bound, plain)).cookies

    assert found.choice == REFUSAL
    assert found.trust is Trust.GOOD


def test_two_choices_that_differ_grant_what_both_grant() -> None:
    """
    Of two choices that grant different things neither grants alone.
    """
    one = replace(AGREEMENT, vendors={"counter": True, "tube": False}, purposes={"analytics": True, "media": False})
    other = replace(AGREEMENT, vendors={"counter": False, "tube": True}, purposes={"analytics": False, "media": True})

    choice = visit(cookie=both(one, other)).cookies.choice

    assert choice is not None
    assert choice.purposes == {"analytics": False, "media": False}
    assert choice.vendors == {"counter": False, "tube": False}


def test_what_only_one_of_two_choices_answers_is_asked_again() -> None:
    """
    An agreement that the other cookie knows nothing of is neither granted nor refused.
    """
    terms = replace(REFUSAL, purposes={}, vendors={}, offer="", terms={"terms": "1"})

    choice = visit(cookie=both(terms, AGREEMENT)).cookies.choice

    assert choice == terms


def test_two_equal_choices_are_one() -> None:
    """
    A choice under both names is that choice.
    """
    assert visit(cookie=both(AGREEMENT, AGREEMENT)).cookies.choice == AGREEMENT


def test_a_forged_cookie_beside_a_good_one_does_not_count() -> None:
    """
    What another host of the domain plants under the plain name changes nothing.
    """
    good = f"__Host-ckit={READER.choice_seal.sign(write_choice(AGREEMENT))}"

    found = visit(cookie=f"ckit=forged.value; {good}").cookies

    assert (found.choice, found.trust) == (AGREEMENT, Trust.GOOD)


@pytest.mark.parametrize(
    ("cookie", "trust"),
    [
        ("", Trust.ABSENT),
        ("a=b", Trust.ABSENT),
        ("ckit", Trust.ABSENT),
        ("ckit=", Trust.ABSENT),
        ("ckit=x", Trust.FORGED),
        ("CKIT=x", Trust.ABSENT),
        ("__Host-ckit=x", Trust.FORGED),
        ("__Host-ckit=; ckit=x", Trust.FORGED),
    ],
)
def test_why_there_is_no_choice_is_kept(cookie: str, trust: Trust) -> None:
    """
    The reason why a cookie was refused is kept for the operator's counter.
    """
    found = visit(cookie=cookie).cookies

    assert (found.choice, found.trust) == (None, trust)


def test_the_first_of_two_cookies_of_one_name_counts() -> None:
    """
    Browsers send the cookie of the most specific path first (RFC 6265, 5.4), and that one is read.
    """
    assert visit(cookie="ckit_reader=150.-; ckit_reader=200.mobile").cookies.reader == ReaderChoice(150)


def test_repeated_cookie_headers_are_one() -> None:
    """
    HTTP/2 may split a Cookie header into several.
    """
    found = read(
        method="GET", scheme="https", root_path="", path="/", raw_path=None, query=b"",
        headers=[(b"Cookie", b"a=b"), (b"cookie", b"ckit_reader=150.mobile"), (b"accept", b"a"), (b"accept", b"b")],
        cookies=READER, now=NOON,
    )  # fmt: skip

    assert found.cookies.reader == ReaderChoice(150, "mobile")
    assert found.cookies.names == {"a", "ckit_reader"}
    assert found.accept == "a, b"


def test_a_holder_is_read_under_either_name() -> None:
    """
    The holder of a choice is found under the plain and the bound name.
    """
    holder = Holder("5f0c", "0190")
    value = READER.holder_seal.sign("s=5f0c&r=0190")

    assert visit(holder=holder).cookies.holder == holder
    assert visit(cookie=f"__Host-ckit_id={value}").cookies.holder == holder
    assert visit(cookie="ckit_id=x.y").cookies.holder is None


@pytest.mark.parametrize(
    ("root_path", "path", "raw_path", "query", "target"),
    [
        pytest.param("", "/story", b"/story", b"", "/story", id="plain"),
        pytest.param("", "/story", b"/story", b"a=%20&b", "/story?a=%20&b", id="query as sent"),
        pytest.param("", "/story", b"/story?a=1", b"a=1", "/story?a=1", id="raw path with its query"),
        pytest.param("", "/a b", b"/a%20b", b"", "/a%20b", id="raw path kept"),
        pytest.param("", "/a/b", b"/a%2Fb", b"", "/a%2Fb", id="encoded slash kept"),
        pytest.param("", "/čaj", None, b"", "/%C4%8Daj", id="encoded where the server gives no raw path"),
        pytest.param("", "/a?b#c", None, b"", "/a%3Fb%23c", id="signs that would end the path"),
        pytest.param("", "/story", b"/other", b"", "/story", id="raw path of something else"),
        pytest.param("", "/story", b"", b"", "/story", id="empty raw path"),
        pytest.param("/app", "/a/b", b"/app/a%2Fb", b"", "/app/a%2Fb", id="root path in the raw path"),
        pytest.param("/app", "/a/b", b"/a%2Fb", b"q", "/app/a%2Fb?q", id="root path stripped by a proxy"),
        pytest.param("/app", "/a", None, b"", "/app/a", id="root path, no raw path"),
        pytest.param("/čaj", "/a", b"/a", b"", "/%C4%8Daj/a", id="root path encoded"),
    ],
)
def test_the_target_is_what_the_browser_shows(
    root_path: str, path: str, raw_path: bytes | None, query: bytes, target: str
) -> None:
    """
    Links back to a page use the address that the browser has, whatever a proxy or server made of it.
    """
    assert visit(path, root_path=root_path, raw_path=raw_path, query=query).target == target


@law
@given(st.text(st.characters(codec="utf-8"), max_size=20), st.none() | st.binary(max_size=20))
def test_the_target_leads_to_the_path(path: str, raw_path: bytes | None) -> None:
    """
    The address shown is always one that leads back to the path of this request.
    """
    target = visit("/" + path, raw_path=raw_path).target

    assert unquote(target) == "/" + path
    assert "?" not in target


@pytest.mark.parametrize(
    ("host", "bare"),
    [
        ("courier.example", "courier.example"),
        ("courier.example:8000", "courier.example"),
        ("Courier.Example.:80", "courier.example"),
        ("127.0.0.1:8000", "127.0.0.1"),
        ("[::1]", "[::1]"),
        ("[::1]:8000", "[::1]"),
        ("[2001:DB8::1]", "[2001:db8::1]"),
        ("localhost", "localhost"),
        ("", ""),
        (":8000", ":8000"),
    ],
)
def test_a_host_without_its_port(host: str, bare: str) -> None:
    """
    The port goes, the brackets of an IPv6 address stay, and a final dot means nothing.
    """
    assert bare_host(host) == bare
    assert visit(headers={"host": host}).hostname == bare


@pytest.mark.parametrize(
    ("agent", "mobile", "device"),
    [
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) Mobile/15E148 Safari/604.1", "", Device.PHONE),
        ("Mozilla/5.0 (iPad; CPU OS 12_2 like Mac OS X) Mobile/15E148 Safari/604.1", "", Device.TABLET),
        ("Mozilla/5.0 (Linux; Android 14; Pixel 8) Chrome/130.0 Mobile Safari/537.36", "", Device.PHONE),
        ("Mozilla/5.0 (Linux; Android 14; SM-X910) Chrome/130.0 Safari/537.36", "", Device.TABLET),
        ("Mozilla/5.0 (Android 13; Tablet; rv:130.0) Gecko/130.0 Firefox/130.0", "", Device.TABLET),
        ("Mozilla/5.0 (Linux; Android 13; CUBOT X70) Chrome/130.0 Mobile Safari/537.36", "", Device.PHONE),
        ("Mozilla/5.0 (X11; Linux x86_64) Chrome/156.0 Safari/537.36", "?0", Device.DESKTOP),
        ("Mozilla/5.0 (Linux; Android 10; K) Chrome/156.0 Safari/537.36", "?1", Device.PHONE),
        ("Mozilla/5.0 (Linux; Android 6.0.1; Nexus 5X) Mobile (compatible; Googlebot/2.1)", "", Device.ROBOT),
        ("facebookexternalhit/1.1", "", Device.ROBOT),
        ("Opera/9.80 (J2ME/MIDP; Opera Mini/7.1) Presto/2.8", "", Device.PHONE),
        ("curl/8.5.0", "", Device.DESKTOP),
        ("", "", Device.UNKNOWN),
    ],
    ids=["iPhone", "iPad", "Android phone", "Android tablet", "Firefox tablet", "Cubot", "desktop", "hint", "Googlebot",
         "Facebook", "Opera Mini", "curl", "nothing"],
)  # fmt: skip
def test_a_device_is_told_coarsely(agent: str, mobile: str, device: Device) -> None:
    """
    Phone, tablet, desktop or robot: nothing finer is ever said about a machine.
    """
    assert visit(headers={"user-agent": agent, "sec-ch-ua-mobile": mobile}).device is device


@pytest.mark.parametrize(
    ("sent", "counts"), [("1", True), (" 1 ", True), ("0", False), ("true", False), ("", False), ("1, 1", False)]
)
def test_privacy_control_is_one_exactly(sent: str, counts: bool) -> None:
    """
    Global Privacy Control is on when the header says 1 and nothing else.
    """
    assert visit(headers={"sec-gpc": sent}).gpc is counts


def test_a_program_asks_for_json() -> None:
    """
    An answer is JSON when Accept names it.
    """
    assert visit(headers=JSON).wants_json
    assert not visit(headers=HTML).wants_json


def test_the_plain_facts_are_as_sent() -> None:
    """
    What nobody has to interpret is kept as it came.
    """
    found = visit(
        "/story",
        headers={"accept-language": "bs", "sec-fetch-site": "none", "sec-fetch-dest": "document", "origin": "null"},
        query=b"a=\xff",
        scheme="http",
    )

    assert (found.method, found.scheme, found.path, found.query) == ("GET", "http", "/story", "a=\xff")
    assert (found.accept_language, found.site, found.destination, found.origin) == ("bs", "none", "document", "null")
    assert (found.is_prefetch, found.now) == (False, NOON)


@law
@given(HEADERS)
def test_a_glance_never_misses_a_page(headers: Mapping[str, str]) -> None:
    """
    What a glance at the bytes calls no page is none.
    """
    fields = [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]

    assert may_be_page(fields, dict(fields)) or not visit(headers=headers).can_be_page


@pytest.mark.parametrize(
    ("headers", "may"),
    [
        (HTML | fetched("navigate", "document"), True),
        (fetched("navigate", "iframe"), True),
        (HTML | fetched("cors", "empty"), True),
        (HTML, True),
        (ANY | fetched("cors", "empty"), False),
        (HTML | fetched("no-cors", "style"), False),
        ({}, False),
    ],
    ids=["a click", "iframe", "fetch() that names HTML", "plain http", "fetch()", "style sheet", "nothing"],
)
def test_most_requests_are_no_pages_at_a_glance(headers: dict[str, str], may: bool) -> None:
    """
    Files and data are told from pages by one header.
    """
    fields = [(name.encode(), value.encode()) for name, value in headers.items()]

    assert may_be_page(fields, dict(fields)) is may


@pytest.mark.parametrize(
    ("word", "device"),
    [
        ("true", Device.PHONE),
        ("false", Device.DESKTOP),
        ("Mobile", Device.PHONE),
        ("mobile-iphone", Device.PHONE),
        ("tablet-ipad", Device.TABLET),
        (" pc ", Device.DESKTOP),
        ("bot", Device.ROBOT),
        ("", None),
        ("toaster", None),
        ("1", None),
    ],
)
def test_a_proxy_calls_a_device_by_one_of_a_few_words(word: str, device: Device | None) -> None:
    """
    CloudFront says true and false, Varnish and Fastly say a kind and a make.
    """
    assert device_told(word) is device


@pytest.mark.parametrize(("value", "saves"), [("on", True), ("On ", True), ("off", False), ("", False)])
def test_who_pays_for_every_byte_says_so(value: str, saves: bool) -> None:
    """
    `Save-Data: on` is the only value that the field has.
    """
    assert visit(headers={"save-data": value}).saves_data is saves


@pytest.mark.parametrize(
    ("headers", "known"),
    [({"authorization": "Basic eDp5"}, True), ({"x-forwarded-user": "jana"}, True), ({"cookie": "a=b"}, False)],
    ids=["authorization", "proxy", "cookie"],
)
def test_credentials_are_noticed(headers: dict[str, str], known: bool) -> None:
    """
    A header that proves who asks is seen, and its value nowhere kept.
    """
    assert visit(headers=headers).has_credentials is known


def test_values_are_remembered_within_bounds() -> None:
    """
    More cookies than are remembered are all read rightly, and what is no cookie of ours is not kept.
    """
    seal = Seal(["a key of the tests that is long enough"], "choice")
    reader = CookieReader("ckit", seal, seal)
    values = [
        seal.sign(write_choice(replace(REFUSAL, expires=TODAY + timedelta(days=1 + days))))
        for days in range(MAX_REMEMBERED + 1)
    ]

    for value in [*values, *values]:
        assert reader.read({"ckit": value, "ckit_id": value}, NOON).trust is Trust.GOOD
    assert reader.read({"ckit": "x" * 5000, "ckit_id": "x" * 5000}, NOON).trust is Trust.FORGED


def test_a_remembered_choice_still_expires() -> None:
    """
    A value that was read once is no choice any more when its time is over.
    """
    good = visit(choice=REFUSAL)
    late = visit(choice=REFUSAL, now=NOON + timedelta(days=180))

    assert (good.cookies.trust, late.cookies.trust) == (Trust.GOOD, Trust.EXPIRED)
    assert late.cookies.choice is None


def test_a_very_long_agent_is_told_too() -> None:
    """
    A user agent that is too long to be remembered is read all the same.
    """
    assert visit(headers={"user-agent": "x" * 600 + " iPhone"}).device is Device.PHONE


@pytest.mark.parametrize(("length", "kept"), [(260, True), (261, False)])
def test_what_is_longer_than_any_host_is_none(length: int, kept: bool) -> None:
    """
    A host stands in the keys of what is remembered, so nobody can make it long.
    """
    assert bool(visit(headers={"host": "h" * length}).host) is kept
