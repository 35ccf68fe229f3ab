"""The second lock and the app's own policy, through the whole middleware."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import pytest

from consentkit import Purpose, Vendor
from consentkit.testing import cookies
from tests.asgi.harness import Exchange, answering, call, make_site, scope_of, wrapped

HTML = (b"content-type", b"text/html")
PAGE = (
    b'<!doctype html><html lang="en"><head><script src="https://cdn.other.example/x.js"></script>'
    b'<script src="https://stats.example.net/a.js"></script><script src="https://maxcdn.bootstrapcdn.com/b.js"></script></head>'
    b"<body><p>Hi</p></body></html>"
)
STRICT: dict[str, Any] = {"holding": "strict"}


async def sent(folder: Path, app: Any = None, scope: Any = None, **options: Any) -> Exchange:
    return await call(wrapped(app or answering(PAGE, headers=[HTML]), folder, **options), scope or scope_of())


def locks(found: Exchange) -> list[str]:
    return found.values("content-security-policy")


def agreed(folder: Path, *purposes: str, **options: Any) -> dict[str, str]:
    given = cookies(make_site(folder, **options), granted=list(purposes))
    return {
        "accept": "text/html", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document",
        "cookie": "; ".join(f"{name}={value}" for name, value in given.items()),
    }  # fmt: skip


async def test_strict_locks_scripts(tmp_path: Path) -> None:
    """
    Under `strict` a page comes with a list of the hosts whose scripts may run: its own, and those that need no consent.
    """
    (policy,) = locks(await sent(tmp_path, **STRICT))

    assert policy.startswith("script-src-elem 'self' http://courier.example:* http://*.courier.example:* ")
    assert policy.endswith(" 'unsafe-inline' blob: data:")
    assert "http://cdn.jsdelivr.net:*" in policy
    assert "http://maxcdn.bootstrapcdn.com:*" in policy
    assert "stats.example.net" not in policy
    assert "cdn.other.example" not in policy


@pytest.mark.parametrize(
    ("options", "count"),
    [
        ({"holding": "known"}, 0),
        ({"holding": "observe", "lock": "all"}, 0),
        ({"holding": "strict", "lock": "off"}, 0),
        ({"holding": "known", "lock": "scripts"}, 1),
        ({"holding": "strict", "skip": ["/"]}, 0),
    ],
)
async def test_when_there_is_one(tmp_path: Path, options: dict[str, Any], count: int) -> None:
    """
    By default under `strict` alone; never under `observe`, on skipped paths, or when it is off.
    """
    assert len(locks(await sent(tmp_path, **options))) == count


async def test_all_binds_frames(tmp_path: Path) -> None:
    """
    `lock="all"` keeps frames out, too.
    """
    (policy,) = locks(await sent(tmp_path, lock="all", **STRICT))

    assert "; frame-src 'self' " in policy


async def test_unknown_hosts_of_the_markup_may_run_where_they_pass(tmp_path: Path) -> None:
    """
    What `known` lets pass in the page's own markup is not stopped by the lock of that very page.
    """
    (policy,) = locks(await sent(tmp_path, lock="scripts"))

    assert "http://cdn.other.example:*" in policy


async def test_agreed_vendors_are_listed_until_everything_is_agreed(tmp_path: Path) -> None:
    """
    Who has agreed to some gets their hosts into the list, who has agreed to all gets no lock.
    """
    purposes = [
        Purpose("analytics", vendors=[Vendor("stats", title="Stats", hosts=["stats.example.net"])]),
        Purpose("media", vendors=["youtube"]),
    ]
    some = await sent(
        tmp_path, scope=scope_of(headers=agreed(tmp_path, "analytics", purposes=purposes)), purposes=purposes, **STRICT
    )
    every = await sent(
        tmp_path, scope=scope_of(headers=agreed(tmp_path, "analytics", "media", purposes=purposes)), purposes=purposes, **STRICT
    )  # fmt: skip

    assert "http://stats.example.net:* http://*.stats.example.net:*" in locks(some)[0]
    assert locks(every) == []


async def test_a_company_behind_a_name_of_the_site_is_not_let_in_with_the_site(tmp_path: Path) -> None:
    """
    A declared host below the site's own domain takes the place of the whole domain out of the list.
    """
    purposes = [Purpose("analytics", vendors=[Vendor("stats", title="Stats", hosts=["stats.courier.example"])])]
    (policy,) = locks(await sent(tmp_path, purposes=purposes, **STRICT))

    assert "courier.example" not in policy


async def test_a_stream_is_locked_once_its_hosts_are_known(tmp_path: Path) -> None:
    """
    The header of a streamed page goes before its body, so its first visitor gets no lock that could stop a script of it.
    """
    app = wrapped(answering(PAGE[:150], PAGE[150:], headers=[HTML]), tmp_path, **STRICT)

    assert locks(await call(app, scope_of())) == []
    assert len(locks(await call(app, scope_of()))) == 1


@pytest.mark.parametrize(("method", "status"), [("HEAD", 200), ("GET", 302), ("GET", 404), ("POST", 200)])
async def test_another_answer_at_its_path_tells_no_hosts(tmp_path: Path, method: str, status: int) -> None:
    """
    After a HEAD, a redirect, an error or a form the page itself was not read, so a stream of it is not locked.
    """
    pages = [
        answering(b"<!doctype html>", headers=[HTML], status=status),
        answering(PAGE[:150], PAGE[150:], headers=[HTML]),
    ]

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await pages[1 if scope["method"] == "GET" and scope["query_string"] else 0](scope, receive, send)

    served = wrapped(app, tmp_path, **STRICT)
    await call(served, scope_of(method=method))

    assert locks(await call(served, scope_of(query="stream=1"))) == []


@pytest.mark.parametrize(
    ("headers", "status", "count"),
    [
        ([HTML, (b"cache-control", b"no-transform")], 200, 1),
        ([HTML, (b"content-encoding", b"x-unheard-of")], 200, 1),
        ([(b"etag", b'"1"')], 304, 1),
        ([HTML, (b"x-ckit", b"off")], 200, 0),
        ([(b"content-type", b"application/json")], 200, 0),
        ([HTML, (b"content-disposition", b"attachment")], 200, 0),
    ],
    ids=["not to be changed", "unreadable", "not modified", "switched off", "data", "a download"],
)
async def test_pages_whose_body_is_not_changed(
    tmp_path: Path, headers: list[tuple[bytes, bytes]], status: int, count: int
) -> None:
    """
    The lock is for the pages that markup can't be held back in, above all.
    """
    found = await sent(tmp_path, answering(b"<p>x", status=status, headers=headers), **STRICT)

    assert len(locks(found)) == count


async def test_the_apps_policy_stays_beside_it(tmp_path: Path) -> None:
    """
    Several policies of the app, and one that only reports, stay as they are; ours is one more.
    """
    own = [b"script-src 'nonce-abc' 'strict-dynamic'", b"require-trusted-types-for 'script'; form-action 'none'"]
    fields = [HTML, *((b"Content-Security-Policy", value) for value in own)]
    fields.append((b"Content-Security-Policy-Report-Only", b"default-src 'none'"))

    found = await sent(tmp_path, answering(PAGE, headers=fields), **STRICT)

    assert [value.encode() for value in locks(found)[:2]] == own
    assert len(locks(found)) == 3
    assert found.values("content-security-policy-report-only") == ["default-src 'none'"]


async def test_too_long_a_list_is_left_out_and_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """
    Servers drop responses with long headers.
    """
    hosts = [f"a-rather-long-name-of-a-host-{number}.other.example" for number in range(40)]
    with caplog.at_level(logging.WARNING, "consentkit"):
        found = await sent(tmp_path, first_party=hosts, **STRICT)

    assert locks(found) == []
    assert "The second lock would have more than 2 KiB" in caplog.text


async def test_never_editing_the_policy(tmp_path: Path) -> None:
    """
    `csp="never"` leaves the app's policy as it is, also where it blocks us; the lock is no edit.
    """
    app = answering(PAGE, headers=[HTML, (b"content-security-policy", b"default-src 'sha256-AAAA'")])

    edited, kept = await sent(tmp_path, app), await sent(tmp_path, app, csp="never")

    assert locks(edited)[0].count("sha256-") > 1
    assert locks(kept) == ["default-src 'sha256-AAAA'"]


async def test_a_host_that_passes_for_a_part_of_it_is_listed_with_that_part(tmp_path: Path) -> None:
    """
    The captcha of a company does not let in the rest of its host.
    """
    body = b'<!doctype html><script src="https://www.google.com/recaptcha/api.js"></script>'
    (policy,) = locks(await sent(tmp_path, answering(body, headers=[HTML]), **STRICT))

    assert " http://www.google.com:*/recaptcha/ " in policy
    assert " http://www.google.com:* " not in policy


async def test_hosts_of_the_site_are_listed_as_they_are_met(tmp_path: Path) -> None:
    """
    Where the whole domain can't be listed, those of its hosts are that pages load from.
    """
    purposes = [Purpose("analytics", vendors=[Vendor("stats", title="Stats", hosts=["stats.courier.example"])])]
    body = (
        b'<!doctype html><script src="https://static.courier.example/a.js"></script>'
        b'<script src="https://stats.courier.example/b.js"></script>'
    )
    (policy,) = locks(await sent(tmp_path, answering(body, headers=[HTML]), purposes=purposes, **STRICT))

    assert " http://static.courier.example:* " in policy
    assert "stats.courier.example" not in policy
