"""Pages that are the same for everyone: what a CDN may keep holds nothing of whoever asked for it first."""

from __future__ import annotations

import gzip
import hashlib
import logging
import re
from base64 import b64encode
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from consentkit import ConsentMiddleware, Purpose, Vendor, accept, consent_of, reader_of, restrict
from consentkit.testing import cookies
from tests.asgi.harness import (
    NAVIGATION,
    PAGE,
    App,
    Exchange,
    Message,
    Receive,
    Send,
    answering,
    call,
    make_site,
    scope_of,
)
from tests.response.visits import visit

TYPE = (b"content-type", b"text/html")
PUBLIC = (b"cache-control", b"public, max-age=60")
TAG = (b"etag", b'"abc"')
SHARED = [TYPE, PUBLIC, TAG]

FRENCH = {"accept-language": "fr"}
GPC = {"sec-gpc": "1"}
PHONE = {"user-agent": "Mozilla/5.0 (iPhone) Mobile"}


def site_of(folder: Path, **options: Any) -> Any:
    return make_site(folder, **{"shared": True, **options})


def app_of(folder: Path, *pieces: bytes, headers: Any = SHARED, **options: Any) -> ConsentMiddleware:
    return ConsentMiddleware(answering(*(pieces or (PAGE,)), headers=headers), site_of(folder, **options))


def jar(site: Any, *, granted: list[str] | None, reader: str = "", more: str = "") -> dict[str, str]:
    """The Cookie header of somebody who has chosen, or (None) has not."""
    pairs = {} if granted is None else dict(cookies(site, granted=granted))
    if reader:
        pairs["ckit_reader"] = reader
    text = "; ".join([*(f"{name}={value}" for name, value in pairs.items()), *([more] if more else [])])
    return {"cookie": text} if text else {}


visitors = st.fixed_dictionaries({
    "granted": st.sampled_from([None, [], ["analytics"]]),
    "reader": st.sampled_from(["", "150.-", "-.mobile", "200.desktop", "garbage"]),
    "more": st.sampled_from(["", "sessionid=1", "ckit=forged.x", "_ga=1; ckit_id=x"]),
    "headers": st.fixed_dictionaries({}, optional={
        "accept-language": st.sampled_from(["fr", "ar, en;q=0.5", "de-AT"]),
        "sec-gpc": st.just("1"),
        "user-agent": st.sampled_from(["Mozilla/5.0 (iPhone) Mobile", "Googlebot", "Mozilla/5.0 (X11)"]),
        "save-data": st.just("on"),
    }),
    "asks": st.sampled_from([
        NAVIGATION, {"accept": "*/*"}, {}, {"accept": "text/html"},
        {"sec-fetch-dest": "empty", "sec-fetch-mode": "cors"},
        {"sec-fetch-dest": "iframe", "sec-fetch-mode": "navigate"}, {"sec-purpose": "prefetch"}, {"hx-request": "true"},
    ]),
})  # fmt: skip


async def told(app: App, **scope: Any) -> Exchange:
    return await call(app, scope_of(**scope))


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> tuple[ConsentMiddleware, Any]:
    folder = tmp_path_factory.mktemp("shared")
    options: dict[str, Any] = {"mobile": "always", "slots": True}
    places = b"".join(b'<div data-ckit-slot="%b"></div>' % name for name in (b"choices", b"reader", b"preferences"))
    app = app_of(folder, PAGE.replace(b"</body>", places + b"</body>"), **options)
    return app, app.site


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(who=visitors, query=st.sampled_from(["", "ckit_view=mobile", "a=1&ckit_view=desktop"]))
async def test_everyone_gets_the_same_bytes_and_headers(
    shared: tuple[ConsentMiddleware, Any], who: dict[str, Any], query: str
) -> None:
    """
    No cookie, signal, language or device of a visitor changes a byte or a header of such a page.
    """
    app, site = shared
    brought = jar(site, granted=who["granted"], reader=who["reader"], more=who["more"])
    headers = {**who["asks"], **who["headers"], **brought}

    first = await told(app, query=query)
    other = await told(app, query=query, headers=headers)

    assert other.body == first.body
    assert other.start["headers"] == first.start["headers"]


async def test_it_holds_back_and_asks(tmp_path: Path) -> None:
    """
    It is the page of a first visit, with a script at its start, whoever asks.
    """
    app = app_of(tmp_path)
    answer = await told(app, headers={**NAVIGATION, **jar(app.site, granted=["analytics"])})

    assert b'data-ckit-src="https://stats.example.net/p.gif"' in answer.body
    assert b'data-ckit-ui="banner"' in answer.body
    assert answer.body.index(b'data-ckit-anyone="') < answer.body.index(b"<style")
    assert b'<p id="ckit-saved"></p>' in answer.body
    assert b'name="next" value="/"' in answer.body


async def test_the_script_at_its_start_is_under_one_kib(tmp_path: Path) -> None:
    """
    It stands in each page, so it is short.
    """
    body = (await told(app_of(tmp_path))).body
    script = body.partition(b'data-ckit-anyone="')[2].partition(b">")[2].partition(b"</script>")[0]

    assert 0 < len(script) < 1024


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        pytest.param([PUBLIC], {"cache-control": "public, max-age=60", "vary": None}, id="public"),
        pytest.param([(b"cache-control", b"s-maxage=9")], {"cache-control": "s-maxage=9", "vary": None}, id="s-maxage"),
        pytest.param([PUBLIC, (b"vary", b"Accept-Encoding")], {"vary": "Accept-Encoding"}, id="its own Vary"),
        pytest.param([PUBLIC, (b"cdn-cache-control", b"max-age=9")], {"cdn-cache-control": "max-age=9"}, id="CDN"),
        pytest.param(
            [PUBLIC, (b"last-modified", b"Tue, 24 Nov 2026 00:00:00 GMT")], {"last-modified": None}, id="date"
        ),
        pytest.param(
            [PUBLIC, (b"content-length", b"%d" % len(PAGE))], {"cache-control": "public, max-age=60"}, id="length"
        ),
        pytest.param([PUBLIC, (b"set-cookie", b"_ga=1")], {"set-cookie": None}, id="a tracker's cookie"),
        pytest.param([], {"cache-control": "private"}, id="nothing said"),
        pytest.param([(b"cache-control", b"max-age=60")], {"cache-control": "private, max-age=60"}, id="no word"),
        pytest.param([(b"cache-control", b"private, s-maxage=9")], {"cache-control": "private"}, id="private"),
        pytest.param([(b"cache-control", b"public, no-store")], {"cache-control": "no-store"}, id="no-store"),
        pytest.param([(b"cdn-cache-control", b"max-age=9")], {"cdn-cache-control": None}, id="CDN alone"),
    ],
)
async def test_what_the_app_says_to_caches(
    tmp_path: Path, given: list[tuple[bytes, bytes]], expected: dict[str, str | None]
) -> None:
    """
    `public` or `s-maxage`, with nothing against it, stays as the app says it; all else is one visitor's page.
    """
    answer = await told(app_of(tmp_path, headers=[TYPE, *given]))

    assert {name: answer.header(name) for name in expected} == expected
    assert (b'data-ckit-anyone="' in answer.body) is (answer.header("vary") in (None, "Accept-Encoding"))


@pytest.mark.parametrize(
    "more", [pytest.param({"query": "ckit=1"}, id="ckit=1"), pytest.param({"method": "POST"}, id="a form")]
)
async def test_what_is_for_one_visitor_stays_private(tmp_path: Path, more: dict[str, Any]) -> None:
    """
    The page that `ckit=1` asks for is this visitor's own, and so is an answer to a form.
    """
    app = app_of(tmp_path)
    answer = await told(app, headers={**NAVIGATION, **jar(app.site, granted=["analytics"])}, **more)

    assert (answer.header("cache-control") or "").startswith("private")
    assert "Cookie" in (answer.header("vary") or "")
    assert b'<img src="https://stats.example.net/p.gif">' in answer.body
    assert b"ckit=1" not in answer.body.partition(b"<body")[2]


async def test_off_by_default(tmp_path: Path) -> None:
    """
    Without the option every page is for one visitor, and the parameter means nothing.
    """
    answer = await told(app_of(tmp_path, shared=False), query="ckit=1")

    assert (answer.header("cache-control") or "").startswith("private")
    assert b'data-ckit-anyone="' not in answer.body
    assert b'name="next" value="/?ckit=1"' in answer.body


async def saying(what: str, scope: Message) -> None:
    if what == "restrict":
        restrict(scope, ["analytics"])
    elif what == "accept":
        await accept(scope, "terms")
    elif what == "consent_of":
        consent_of(scope)
    else:
        reader_of(scope)


@pytest.mark.parametrize("what", ["restrict", "accept", "consent_of", "reader_of"])
async def test_an_app_that_looks_at_its_visitor_gets_a_private_page(
    tmp_path: Path, what: str, caplog: pytest.LogCaptureFixture
) -> None:
    """
    Who asks or says something about a visitor makes a page for them: private, with one line for the operator.
    """

    async def app(scope: Message, receive: Receive, send: Send) -> None:
        await saying(what, scope)
        await answering(PAGE, headers=SHARED)(scope, receive, send)

    wrapped = ConsentMiddleware(app, site_of(tmp_path))
    with caplog.at_level(logging.WARNING, "consentkit"):
        answers = [await told(wrapped) for _ in range(2)]
    await wrapped._workshop.log.close()

    assert all((answer.header("cache-control") or "").startswith("private") for answer in answers)
    assert all(b'data-ckit-anyone="' not in answer.body for answer in answers)
    assert sum("asked or said something" in record.message for record in caplog.records) == 1


async def test_a_copy_is_confirmed_for_everyone(tmp_path: Path) -> None:
    """
    The tag holds one state for all; the app gets its own back, and its 304 says what the 200 said.
    """
    seen: list[bytes | None] = []

    async def app(scope: Message, receive: Receive, send: Send) -> None:
        asked = dict(scope["headers"]).get(b"if-none-match")
        seen.append(asked)
        fresh = asked == b'"abc"'
        await answering(*([b""] if fresh else [PAGE]), status=304 if fresh else 200, headers=SHARED)(
            scope, receive, send
        )

    wrapped = ConsentMiddleware(app, site_of(tmp_path))
    first = await told(wrapped)
    tag = first.header("etag") or ""
    chosen = {**NAVIGATION, **jar(wrapped.site, granted=["analytics"])}
    again = await told(wrapped, headers={**chosen, "if-none-match": tag})
    own = await told(wrapped, headers={**chosen, "if-none-match": tag}, query="ckit=1")

    assert again.status == 304
    assert (again.header("etag"), again.header("cache-control"), again.header("vary")) == (
        tag,
        "public, max-age=60",
        None,
    )
    assert own.status == 200
    assert seen == [None, b'"abc"', None]


async def test_a_304_without_cache_control_confirms_what_it_was_asked_for(tmp_path: Path) -> None:
    """
    Not every app repeats its Cache-Control on a 304; the tag tells that the copy is everybody's.
    """
    tag = (await told(app_of(tmp_path))).header("etag") or ""
    short = ConsentMiddleware(answering(b"", status=304, headers=[TAG]), site_of(tmp_path))

    answer = await told(short, headers={**NAVIGATION, "if-none-match": tag})

    assert (answer.header("etag"), answer.header("cache-control"), answer.header("vary")) == (tag, None, None)


async def test_head_says_what_get_says(tmp_path: Path) -> None:
    """
    A HEAD has the headers of the GET, without a length, and no body.
    """
    app = app_of(tmp_path)
    got, asked = await told(app), await told(app, method="HEAD")

    assert asked.body == b""
    assert [f for f in asked.start["headers"] if f[0] != b"content-length"] == [
        f for f in got.start["headers"] if f[0] != b"content-length"
    ]


async def test_a_compressed_page_is_the_same_inside(tmp_path: Path) -> None:
    """
    gzip is taken off and put on again; what is inside is what everybody gets.
    """
    plain = await told(app_of(tmp_path))
    packed = app_of(tmp_path, gzip.compress(PAGE), headers=[*SHARED, (b"content-encoding", b"gzip")])
    answers = [await told(packed, headers={**NAVIGATION, **more}) for more in ({}, FRENCH, GPC, PHONE)]

    assert {gzip.decompress(answer.body) for answer in answers} == {plain.body}
    assert {answer.header("cache-control") for answer in answers} == {"public, max-age=60"}


@pytest.mark.parametrize(
    ("status", "more"),
    [(200, (b"content-encoding", b"x-unknown")), (206, (b"content-range", b"bytes 0-9/99"))],
    ids=["unknown coding", "a part"],
)
async def test_what_could_not_be_changed_is_kept_by_nobody(
    tmp_path: Path, status: int, more: tuple[bytes, bytes]
) -> None:
    """
    A client that asks for what can't be rewritten does not fill the cache of all others with it.
    """
    app = ConsentMiddleware(answering(PAGE, status=status, headers=[*SHARED, more]), site_of(tmp_path))

    assert ((await told(app)).header("cache-control") or "").startswith("private")


async def test_a_view_is_part_of_the_address(tmp_path: Path) -> None:
    """
    The link to the mobile version keeps it in the address; the page there leads out again, and is everybody's too.
    """
    app = app_of(tmp_path)
    here, there = await told(app, query="a=1"), await told(app, query="a=1&ckit_view=mobile")

    assert b"/_ckit/reader?view=mobile&amp;next=/%3Fa%3D1%26ckit_view%3Dmobile" in here.body
    assert b"/_ckit/reader?view=desktop&amp;next=/%3Fa%3D1%26ckit_view%3Ddesktop" in there.body
    assert b'data-ckit-view="mobile"' in there.body
    assert there.header("cache-control") == "public, max-age=60"


@pytest.mark.parametrize(
    ("query", "seen"),
    [("", None), ("ckit_view=mobile", b"mobile"), ("ckit=1", b"desktop")],
    ids=["cookie", "address", "own"],
)
async def test_the_app_is_told_of_a_view_by_the_address(tmp_path: Path, query: str, seen: bytes | None) -> None:
    """
    What the app makes for everyone can't depend on a cookie; what it makes for one visitor can.
    """
    views: list[bytes | None] = []

    async def app(scope: Message, receive: Receive, send: Send) -> None:
        views.append(dict(scope["headers"]).get(b"x-view"))
        await answering(PAGE, headers=SHARED)(scope, receive, send)

    await told(
        ConsentMiddleware(app, site_of(tmp_path)),
        headers={**NAVIGATION, "cookie": "ckit_reader=-.desktop"},
        query=query,
    )

    assert views == [seen]


@pytest.mark.parametrize(
    ("policy", "where"),
    [
        ("script-src 'nonce-r4nd0m'; style-src 'nonce-r4nd0m'", b'nonce="r4nd0m" data-ckit-anyone'),
        ("default-src 'self'", b'<script src="/_ckit/assets/early.'),
        ("script-src https://cdn.example", b"<script data-ckit-ui"),
    ],
    ids=["nonce", "files", "hashes"],
)
async def test_its_script_comes_as_the_policy_lets_it(tmp_path: Path, policy: str, where: bytes) -> None:
    """
    The script at the start comes the way that the app's policy leaves open, as our other parts do.
    """
    app = app_of(tmp_path, headers=[*SHARED, (b"content-security-policy", policy.encode())])
    answer = await told(app)

    said = answer.header("content-security-policy") or ""
    scripts = (
        re.findall(rb"<script data-ckit-ui[^>]*>(.*?)</script>", answer.body, re.DOTALL) if "cdn" in policy else []
    )
    hashes = [b64encode(hashlib.sha256(script).digest()).decode() for script in scripts]

    assert where in answer.body
    assert all(f"'sha256-{digest}'" in said for digest in hashes)
    assert len(hashes) == (2 if "cdn" in policy else 0)
    # Of ours alone, and of nothing that such a page never carries.
    admitted = set(re.findall(r"'sha256-([^']+)'", said))
    may_carry = app._workshop.hashes(app._workshop.for_anyone(visit()), visit(), shared=True).scripts
    assert admitted == (set(may_carry) if "cdn" in policy else set())


async def test_what_runs_until_somebody_objects_waits_there(tmp_path: Path) -> None:
    """
    Such a page can't know who has objected, so what is exempt is held for all until script has looked.
    """
    audience = Purpose(
        "audience", title="Counting", basis="exempt", reason="Our own count.",
        vendors=[Vendor("stats", title="Stats", hosts=["stats.example.net"])],
    )  # fmt: skip
    shared, own = [await told(app_of(tmp_path, purposes=[audience]), query=query) for query in ("", "ckit=1")]

    assert b'data-ckit-src="https://stats.example.net/p.gif"' in shared.body
    assert b'[["audience","stats"]]' in shared.body
    assert b'<img src="https://stats.example.net/p.gif">' in own.body
