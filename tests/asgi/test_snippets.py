"""Inline loader snippets through the whole middleware: whose they are, when they wait, what stands in for them."""

from __future__ import annotations

import logging
import re
from pathlib import Path
from typing import Any

import pytest

from consentkit import Purpose, Vendor
from consentkit.testing import cookies
from tests.asgi.harness import answering, call, make_site, scope_of, wrapped

GTAG = (
    "<script>window.dataLayer=window.dataLayer||[];function gtag(){}gtag('js',new Date());gtag('config','G-1')</script>"
)
PIXEL = "<script>fbq('init','1')</script>"
MATOMO = (
    "<script>var _paq=window._paq=window._paq||[];var u='//stats.example.net/';_paq.push(['trackPageView'])</script>"
)
OWN_MATOMO = "<script>var _paq=window._paq||[];var u='/matomo/';_paq.push(['trackPageView'])</script>"


def page(*parts: str) -> bytes:
    return f'<!doctype html><html lang="en"><head><title>T</title>{"".join(parts)}</head><body><p>Hi</p></body></html>'.encode()


async def sent(folder: Path, *parts: str, headers: dict[str, str] | None = None, **options: Any) -> str:
    """The page as it goes out to a first visitor, without our own head and root."""
    found = await call(wrapped(answering(page(*parts)), folder, **options), scope_of(headers=headers))
    return re.sub(r"(?s)<style data-ckit.*?</style>|<ckit-ui.*?</ckit-ui>", "", found.body.decode())


def marks(html: str) -> list[tuple[str, str | None]]:
    """Purpose and vendor of each held script."""
    found = re.findall(r'<script data-ckit-purpose="([^"]*)"(?: data-ckit-vendor="([^"]*)")? type="text/plain"', html)
    return [(purpose, vendor or None) for purpose, vendor in found]


ANALYTICS = [
    Purpose("analytics", vendors=["google-analytics", Vendor("stats", title="Stats", hosts=["stats.example.net"])])
]


async def test_a_declared_snippet_waits_for_its_vendor(tmp_path: Path) -> None:
    """
    The snippet of a declared vendor waits for that vendor, that of another company for its owner.
    """
    html = await sent(tmp_path, GTAG, PIXEL, purposes=ANALYTICS)

    assert marks(html) == [("analytics", "google-analytics"), ("marketing", None)]


async def test_who_has_agreed_gets_the_snippet_as_it_is(tmp_path: Path) -> None:
    """
    Agreed snippets are untouched, and nothing stands in for them.
    """
    site = make_site(tmp_path, purposes=ANALYTICS)
    given = "; ".join(f"{name}={value}" for name, value in cookies(site, granted=["analytics"]).items())

    html = await sent(
        tmp_path, GTAG, MATOMO, purposes=ANALYTICS,
        headers={"accept": "text/html", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document", "cookie": given},
    )  # fmt: skip

    assert marks(html) == []
    assert GTAG + MATOMO in html


async def test_a_self_hosted_tracker_belongs_to_the_vendor_of_its_host(tmp_path: Path) -> None:
    """
    A snippet whose company nobody declares is that of a declared vendor whose host it names.
    """
    html = await sent(tmp_path, MATOMO, OWN_MATOMO, purposes=ANALYTICS)

    assert marks(html) == [("analytics", "stats"), ("analytics", None)]


async def test_what_nobody_can_release_is_told_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """
    An undeclared snippet is held, and the operator gets the line that declares it.
    """
    with caplog.at_level(logging.WARNING, "consentkit"):
        await sent(tmp_path, PIXEL, PIXEL + "<!-- -->", purposes=ANALYTICS)

    told = [record.getMessage() for record in caplog.records if "inline script" in record.getMessage()]
    assert len(told) == 1
    assert told[0].startswith("An inline script (meta-pixel) is held back for marketing")
    assert 'vendors = ["meta-pixel"]' in told[0]


@pytest.mark.parametrize(
    "tag",
    [
        '<script type="application/json">',
        '<script type="importmap">',
        "<template><script>",
        '<script type="text/x-tpl">',
    ],
)
async def test_what_does_not_run_is_left(tmp_path: Path, tag: str) -> None:
    """
    JSON, import maps and templates hold code as text; it runs nowhere.
    """
    html = await sent(tmp_path, f"{tag}fbq('init','1')</script>", purposes=ANALYTICS)

    assert f"{tag}fbq('init','1')</script>" in html


async def test_owners_patterns(tmp_path: Path) -> None:
    """
    An owner's piece of code is held for the vendor beside it; one from a list belongs to nobody.
    """
    own, other = "<script>initCounter(1)</script>", "<script>somethingElse()</script>"

    named = await sent(tmp_path, own, other, inline={"initCounter(": "stats"})
    listed = await sent(tmp_path, own, other, inline=["initCounter("])

    assert marks(named) == [("analytics", "stats")]
    assert marks(listed) == [("unclassified", None)]
    assert other in named


async def test_observing_tells_and_changes_nothing(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """
    Under `observe` the snippet runs, and the log says what would be held.
    """
    with caplog.at_level(logging.WARNING, "consentkit"):
        html = await sent(tmp_path, PIXEL, holding="observe")

    assert PIXEL in html
    assert "observe: an inline script would be held back for marketing." in caplog.text


async def test_stand_ins_come_before_what_they_stand_for(tmp_path: Path) -> None:
    """
    Before a held snippet stands a script that makes its globals, only those that it speaks of, and once.
    """
    html = await sent(tmp_path, "<script>var own=1</script>", GTAG, GTAG, PIXEL, purposes=ANALYTICS)

    stubs = re.findall(r'<script data-ckit-ui="head" data-ckit-stubs="([^"]*)"(?: data-ckit-of="([^"]*)")?>', html)
    assert stubs == [("dataLayer[] gtag()", "google-analytics"), ("fbq()", "")]
    assert html.index("var own=1") < html.index("data-ckit-stubs") < html.index("gtag('js'")


async def test_no_stand_ins_without_snippets(tmp_path: Path) -> None:
    """
    A page whose scripts all run, or make no globals, gets none; nor does a fragment, a frame or an AMP page.
    """
    assert "data-ckit-stubs" not in await sent(tmp_path, '<script src="https://stats.example.net/1.js"></script>')
    assert "data-ckit-stubs" not in await sent(
        tmp_path, PIXEL, headers={"accept": "text/html", "sec-fetch-dest": "iframe"}
    )
    amp = page(PIXEL).replace(b"<html ", b"<html amp ")
    assert b"data-ckit-stubs" not in (await call(wrapped(answering(amp), tmp_path), scope_of())).body


async def test_a_library_with_an_object_gets_it_too(tmp_path: Path) -> None:
    """
    What a library makes that is loaded by its address is stood in for, too.
    """
    html = await sent(tmp_path, '<script src="https://cdn.mxpnl.com/libs/mixpanel.js"></script>')

    assert 'data-ckit-stubs="mixpanel{}"' in html


@pytest.mark.parametrize(
    ("policy", "has"),
    [
        ("script-src 'nonce-abc'", ' nonce="abc" data-ckit-stubs='),
        ("script-src 'self'; style-src 'self'", 'src="/_ckit/assets/stubs.'),
        ("script-src 'unsafe-inline'; style-src 'self'", 'data-ckit-ui="head" data-ckit-stubs='),
    ],
    ids=["nonce", "file", "inline"],
)
async def test_stand_ins_come_the_way_that_the_policy_leaves(tmp_path: Path, policy: str, has: str) -> None:
    """
    They reach a page as the rest of our scripts does.
    """
    headers = [(b"content-type", b"text/html"), (b"content-security-policy", policy.encode())]
    found = await call(wrapped(answering(page(PIXEL), headers=headers), tmp_path), scope_of())

    assert has in found.body.decode()
    assert found.values("content-security-policy") == [policy]


async def test_a_policy_of_hashes_gets_theirs(tmp_path: Path) -> None:
    """
    Where only hashes are admitted, exactly those of our scripts are added.
    """
    headers = [(b"content-type", b"text/html"), (b"content-security-policy", b"script-src 'sha256-AAAA'")]
    app = wrapped(answering(page(PIXEL, GTAG), headers=headers), tmp_path)
    found = await call(app, scope_of())

    policy = found.values("content-security-policy")[0]
    assert all(
        f"'sha256-{digest}'" in policy for digest in (sheet.sha256 for sheet in app._workshop.controls._sheets.stubs)
    )


async def test_code_of_the_page_that_reports_runs_with_a_stand_in(tmp_path: Path) -> None:
    """
    A form's own code is not held for the report in it: what it calls is stood in for, and is not missed.
    """
    own = "<script>function send(form){fbq('track','Lead');form.submit()}</script>"

    html = await sent(tmp_path, own)

    assert 'data-ckit-stubs="fbq()">' in html
    assert html.index("data-ckit-stubs") < html.index(own)
    assert marks(html) == []
