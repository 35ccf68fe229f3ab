"""Whose word about the visitor counts, and what a word has to look like."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consentkit.proxies import Proxies, peer, region


@pytest.mark.parametrize(
    ("named", "client", "trusted"),
    [
        (["10.0.0.0/8"], "10.1.2.3", True),
        (["10.0.0.0/8"], "11.1.2.3", False),
        (["192.0.2.7"], "192.0.2.7", True),
        (["192.0.2.7"], "::ffff:192.0.2.7", True),
        (["2001:db8::/32"], "2001:db8::1%eth0", True),
        (["2001:db8::/32"], "192.0.2.7", False),
        (["10.0.0.0/8"], None, False),
        (["10.0.0.0/8"], "testclient", False),
        (["*"], None, True),
        (["*"], "testclient", True),
        ([], "127.0.0.1", False),
    ],
)
def test_only_named_peers_are_believed(named: list[str], client: str | None, trusted: bool) -> None:
    """
    Addresses, networks, or everybody; a peer without an address is nobody that was named.
    """
    assert Proxies(named).trusts(client) is trusted


@pytest.mark.parametrize("name", ["proxy.example", "10.0.0.1/8", "", "10.0.0.0/99"])
def test_what_is_no_network_is_refused(name: str) -> None:
    """
    A host name, or an address that is not the first of its network, is a mistake.
    """
    with pytest.raises(ValueError, match=r"does not appear|has host bits"):
        Proxies([name])


@pytest.mark.parametrize(
    ("value", "found"),
    [("US", "US"), (" us-ca ", "US-CA"), ("DE", "DE"), ("XX", ""), ("T1", ""), ("", ""), ("USA", ""), ("U1", "")],
)
def test_a_region_is_a_country_or_a_part_of_one(value: str, found: str) -> None:
    """
    ISO 3166; what a proxy writes for "unknown" is no region.
    """
    assert region(value) == found


@given(st.text())
def test_nothing_that_is_sent_raises(value: str) -> None:
    """
    Whatever stands in a header or an address.
    """
    assert region(value) == region(value).upper()
    assert Proxies(["10.0.0.0/8"]).trusts(value) in (True, False)


def test_a_socket_has_no_address() -> None:
    """
    A Unix socket has no client in its scope.
    """
    assert (peer(None), peer(("192.0.2.7", 80))) == (None, "192.0.2.7")
