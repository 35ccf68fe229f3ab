"""What a personal page says to caches, and validators translated both ways."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from consentkit.response.caching import (
    ABOUT_THE_BYTES,
    ALWAYS_READ,
    lowers_a_shared_page,
    not_modified,
    rewritten,
    translated_request,
)
from consentkit.response.headers import Fields, joined, values

# No time is asserted: a shared machine is slow now and then.
law = settings(deadline=None)

STATE, OTHER = "0123456789abcdef", "fedcba9876543210"


def etag(tag: str) -> str:
    """The tag that goes out for the app's tag."""
    return joined(rewritten([(b"etag", tag.encode("latin-1"))], STATE), b"etag")


def asked(tags: str, **more: str) -> dict[str, str]:
    """The request headers that the app sees when a browser sends these."""
    sent: Fields = [(b"if-none-match", tags.encode("latin-1"))]
    sent += [(name.replace("_", "-").encode(), value.encode()) for name, value in more.items()]
    return {name.decode(): value.decode("latin-1") for name, value in translated_request(sent, STATE)}


# Entity tags


@pytest.mark.parametrize(
    ("tag", "out"),
    [
        ('"abc"', f'W/"abc;ckit.s{STATE}"'),
        ('W/"abc"', f'W/"abc;ckit.w{STATE}"'),
        ('""', f'W/";ckit.s{STATE}"'),
        ('"a,b;c"', f'W/"a,b;c;ckit.s{STATE}"'),
        ('"\xe9"', f'W/"\xe9;ckit.s{STATE}"'),
        ("abc", ""),
        ('"abc', ""),
        ('w/"abc"', ""),
        ('"a"b"', ""),
    ],
    ids=["strong", "weak", "empty", "with separators", "latin-1", "no quotes", "half", "small w", "quote inside"],
)
def test_a_tag_of_ours_is_weak_and_carries_the_state(tag: str, out: str) -> None:
    """
    The same page for another state is another entity; a tag that can't carry the state does not go out.
    """
    assert etag(tag) == out


@law
@given(st.text(st.characters(min_codepoint=0x21, max_codepoint=0xFF, exclude_characters='"\x7f')), st.booleans())
def test_the_app_gets_back_the_tag_that_it_gave(text: str, weak: bool) -> None:
    """
    What the app called its page comes back unchanged, strong or weak, in the state that it went out for.
    """
    tag = f'{"W/" * weak}"{text}"'

    assert asked(etag(tag))["if-none-match"] == tag


@pytest.mark.parametrize(
    ("sent", "seen"),
    [
        (f'W/"a;ckit.s{STATE}"', '"a"'),
        (f'W/"a;ckit.w{STATE}"', 'W/"a"'),
        (f'"a;ckit.s{STATE}"', '"a"'),
        (f'W/"a;ckit.s{STATE}", W/"b;ckit.w{STATE}"', '"a", W/"b"'),
        (f'W/"a;ckit.s{STATE}",W/"b;ckit.s{OTHER}"', '"a"'),
        (f'"foreign", W/"a;ckit.s{STATE}", W/"foreign"', '"a"'),
        (f'"with, comma", W/"a,b;ckit.s{STATE}"', '"a,b"'),
        (f'W/"a;ckit.s{OTHER};ckit.w{STATE}"', f'W/"a;ckit.s{OTHER}"'),
        ("*", "*"),
        (" * ", " * "),
        (f'W/"a;ckit.s{OTHER}"', None),
        ('"foreign"', None),
        ("abc", None),
        (f'W/"a;ckit.x{STATE}"', None),
        (f'W/"a;ckit.s{STATE}0"', None),
        (f'W/"a;ckit.s{STATE}', None),
        ('W/"a;ckit.s"', None),
    ],
    ids=[
        "ours, strong", "ours, weak", "ours, made strong on the way", "two of ours", "another state beside",
        "foreign beside", "commas", "ours upon ours", "any", "any with blanks", "another state", "foreign",
        "no quotes", "unknown kind", "longer state", "half", "no state",
    ],
)  # fmt: skip
def test_only_our_tags_of_the_present_state_are_asked_about(sent: str, seen: str | None) -> None:
    """
    Of a list our members of this state are turned back, all others are dropped, and `*` passes.
    """
    assert asked(sent).get("if-none-match") == seen


def test_several_fields_are_one_list() -> None:
    """
    A list may come in two fields.
    """
    sent = [(b"if-none-match", f'W/"{name};ckit.s{STATE}"'.encode()) for name in ("a", "b")]

    assert translated_request(sent, STATE) == [(b"if-none-match", b'"a", "b"')]


@pytest.mark.parametrize(
    ("tags", "stays"),
    [("", False), ('"foreign"', False), (f'W/"a;ckit.s{STATE}"', False), ("*", True)],
    ids=["date alone", "foreign tag", "our tag", "any"],
)
def test_a_date_never_confirms_a_page(tags: str, stays: bool) -> None:
    """
    If-Modified-Since knows nothing of a visitor's state, so it goes.
    """
    seen = asked(tags, if_modified_since="Tue, 24 Nov 2026 12:00:00 GMT")

    assert ("if-modified-since" in seen) is stays


# Other request headers


@pytest.mark.parametrize(
    ("sent", "seen"),
    [
        ("gzip, deflate, compress, exi", "gzip, deflate"),
        ("compress", "identity"),
        ("*", "identity"),
        ("GZIP;q=0.8, exi;q=1, identity;q=0.1", "GZIP;q=0.8, identity;q=0.1"),
        ("x-gzip", "x-gzip"),
        ("gzip;q=0", "gzip;q=0"),
        (", ".join(["gzip"] * 100), ", ".join(["gzip"] * 100)),
        ("gzippy", "identity"),
    ],
)
def test_the_app_is_offered_codings_that_we_can_read(sent: str, seen: str) -> None:
    """
    A coding that we can't take off leaves Accept-Encoding.
    """
    assert translated_request([(b"accept-encoding", sent.encode())], STATE) == [(b"accept-encoding", seen.encode())]


def test_ranges_of_a_page_are_not_asked_for() -> None:
    """
    A range would cut a body that nobody else has; the rest of a request stays as it is, in order.
    """
    sent = [
        (b"cookie", b"a=b"),
        (b"range", b"bytes=0-9"),
        (b"if-range", b'"x"'),
        (b"accept", b"*/*"),
        (b"cookie", b"c"),
    ]

    assert translated_request(sent, STATE) == [(b"cookie", b"a=b"), (b"accept", b"*/*"), (b"cookie", b"c")]


# Response headers


def test_what_described_the_other_bytes_goes() -> None:
    """
    Length, digests, ranges and date described the app's body; everything else stays, repeated and in order.
    """
    kept: Fields = [(b"content-type", b"text/html"), (b"set-cookie", b"a=1"), (b"set-cookie", b"b=2")]

    headers = rewritten([*kept, *((name, b"x") for name in ABOUT_THE_BYTES)], STATE)

    assert headers == [
        *kept,
        (b"vary", b"Cookie, Sec-Fetch-Dest, Sec-GPC, Accept-Language"),
        (b"cache-control", b"private"),
    ]


@pytest.mark.parametrize(
    ("given", "vary"),
    [
        ([], "Cookie, Sec-GPC"),
        ([b"Accept-Encoding"], "Accept-Encoding, Cookie, Sec-GPC"),
        ([b"cookie"], "cookie, Sec-GPC"),
        ([b"Accept", b"COOKIE, sec-gpc"], "Accept, COOKIE, sec-gpc"),
        ([b"*"], "*"),
        ([b"Accept, *"], "Accept, *"),
        ([b""], "Cookie, Sec-GPC"),
    ],
    ids=["none", "another", "one of ours", "two fields", "any", "any in a list", "empty"],
)
def test_vary_grows_by_what_was_read(given: list[bytes], vary: str) -> None:
    """
    A page varies on every header that was read for it, named once; `*` says it all.
    """
    headers = rewritten([(b"vary", value) for value in given], STATE, ["Cookie", "Sec-GPC"])

    assert joined(headers, b"vary") == vary


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (None, "private"),
        ("", "private"),
        ("public", "private"),
        ("public, max-age=600", "private, max-age=600"),
        ("max-age=600, s-maxage=9", "private, max-age=600"),
        ("PUBLIC, S-MaxAge=9, Proxy-Revalidate", "private"),
        ("private", "private"),
        ("Private, max-age=0", "Private, max-age=0"),
        ("no-store", "no-store"),
        ("no-store, public", "no-store"),
        ("private, s-maxage=9", "private"),
        ("no-cache", "private, no-cache"),
        ('private="Set-Cookie", max-age=9', 'private, private="Set-Cookie", max-age=9'),
        ("max-age=600, stale-while-revalidate=9", "private, max-age=600, stale-while-revalidate=9"),
    ],
)
def test_a_personal_page_is_private(given: str | None, says: str) -> None:
    """
    No shared cache may keep a page that was made for one visitor; what else the app says stays.
    """
    headers: Fields = [] if given is None else [(b"cache-control", given.encode())]

    assert joined(rewritten(headers, STATE), b"cache-control") == says


FOR_OTHERS = [b"cdn-cache-control", b"cloudflare-cdn-cache-control", b"surrogate-control", b"x-accel-expires"]


@pytest.mark.parametrize("name", FOR_OTHERS)
def test_no_header_for_shared_caches_overrules_private(name: bytes) -> None:
    """
    CDNs and proxies believe headers of their own against Cache-Control, so these do not go out with a personal page.
    """
    headers: Fields = [(name, b"max-age=600")]

    assert joined(rewritten(headers, STATE), name) == ""
    assert lowers_a_shared_page(headers)


@pytest.mark.parametrize(
    ("says", "lowered"),
    [
        ("public", True),
        ("max-age=1, Public", True),
        ("S-MAXAGE=9", True),
        ("max-age=600", False),
        ("private", False),
        ("", False),
    ],
)
def test_lowering_a_shared_page_is_noticed(says: str, lowered: bool) -> None:
    """
    An owner who called a page cacheable for everyone is told that it is not.
    """
    assert lowers_a_shared_page([(b"cache-control", says.encode())]) is lowered


def test_a_304_says_what_the_200_would() -> None:
    """
    A confirmation carries the same tag, Vary and Cache-Control as the page.
    """
    headers: Fields = [(b"etag", b'"a"'), (b"vary", b"Accept"), (b"cache-control", b"public, max-age=9")]

    assert not_modified(headers, STATE) == rewritten(headers, STATE)
    assert joined(not_modified(headers, STATE), b"etag") == f'W/"a;ckit.s{STATE}"'


NAMES = st.sampled_from([*ABOUT_THE_BYTES, *FOR_OTHERS, b"vary", b"cache-control", b"etag", b"set-cookie", b"link"])
VALUES = st.sampled_from([b"*", b"public", b"private", b'"a"', b"a, b", b"s-maxage=9", b""]) | st.binary(max_size=12)
HEADERS = st.lists(st.tuples(NAMES, VALUES), max_size=8)


@law
@given(HEADERS)
def test_any_headers_become_private_and_stay_so(headers: Fields) -> None:
    """
    Whatever an app says, its personal page is private, varies, and says so the same way when it is done twice.
    """
    headers = [(name, value.replace(b'"', b"")) if name != b"etag" else (name, value) for name, value in headers]

    out = rewritten(headers, STATE)

    caching = [part.strip().lower() for part in joined(out, b"cache-control").split(",")]
    assert {"private", "no-store"} & set(caching)
    assert "public" not in caching
    vary = {part.strip().lower() for part in joined(out, b"vary").split(",")}
    assert "*" in vary or vary >= {name.lower() for name in ALWAYS_READ}
    assert list(values(out, b"set-cookie")) == list(values(headers, b"set-cookie"))
    again = [field for field in out if field[0] != b"etag"]
    assert rewritten(again, STATE) == again


@law
@given(HEADERS | st.lists(st.tuples(st.just(b"if-none-match"), VALUES)))
def test_any_request_is_translated(headers: Fields) -> None:
    """
    Whatever a browser sends, no tag that the app does not know the state of reaches it.
    """
    seen = translated_request(headers, STATE)

    assert ";ckit." not in joined(seen, b"if-none-match")
