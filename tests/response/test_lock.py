"""The second lock: what it says, what it can't say, and that it never grows too long."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from consentkit.registry import registry
from consentkit.response.lock import COMMON, MOST, lock


def sources(**given: object) -> list[str]:
    """The hosts of the directive for script elements."""
    policy = lock(**{"site": "", "hosts": [], "patterns": [], "https": True, "frames": False, **given})  # type: ignore[arg-type]
    name, *found = policy.split("; ")[0].split(" ")
    assert name == "script-src-elem"
    return found


def test_it_names_hosts_and_leaves_inline_code_alone() -> None:
    """
    Inline code, blob: and data: stay allowed; no nonce, no hash, and never script-src.
    """
    assert sources() == ["'self'", "'unsafe-inline'", "blob:", "data:"]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"site": "courier.example"}, ["https://courier.example:*", "https://*.courier.example:*"]),
        ({"site": "courier.example", "https": False}, ["http://courier.example:*", "http://*.courier.example:*"]),
        ({"hosts": ["cdn.example"]}, ["https://cdn.example:*"]),
        ({"hosts": ["www.google.com/recaptcha/"]}, ["https://www.google.com:*/recaptcha/"]),
        ({"patterns": ["stats.example"]}, ["https://stats.example:*", "https://*.stats.example:*"]),
        ({"patterns": ["t.example/gtag/"]}, ["https://t.example:*/gtag/", "https://*.t.example:*/gtag/"]),
        ({"patterns": ["192.0.2.1"]}, ["https://192.0.2.1:*"]),
        ({"hosts": ["[2001:db8::1]"]}, []),
        ({"hosts": ["a.example", "a.example"]}, ["https://a.example:*"]),
    ],
)
def test_sources(given: dict[str, object], expected: list[str]) -> None:
    """
    A host comes with its scheme and any port, a pattern with its subdomains, an address in brackets not at all.
    """
    assert sources(**given)[1:-3] == expected


def test_frames_and_reports() -> None:
    """
    `lock="all"` binds frames, too; reports go where they are wanted.
    """
    policy = lock(site="", hosts=["a.example"], patterns=[], https=True, frames=True, report="/_ckit/report")

    assert policy.split("; ")[1:] == [
        "frame-src 'self' https://a.example:* blob: data:",
        "report-uri /_ckit/report",
    ]


@given(
    st.lists(
        st.from_regex(re.compile(r"[a-z0-9-]{1,40}\.[a-z]{2,10}(/[a-z]{1,20})?", re.ASCII), fullmatch=True), max_size=80
    )
)
@settings(deadline=None)
def test_it_is_left_out_rather_than_too_long(hosts: list[str]) -> None:
    """
    Servers drop responses with long headers, so there is none beyond 2 KiB, and no half of one.
    """
    policy = lock(site="courier.example", hosts=hosts, patterns=hosts, https=True, frames=True)

    assert len(policy) <= MOST
    assert policy == "" or policy.count("'self'") == 2


@pytest.mark.parametrize("common", COMMON)
def test_common_hosts_need_no_consent(common: str) -> None:
    """
    What the lock always lets pass is what the registry lets pass.
    """
    host, _, path = common.partition("/")
    entry = registry().classify(host, f"/{path}")

    assert entry is not None
    assert entry.passes
