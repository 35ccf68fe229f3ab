"""Same site: registrable domains by the public suffix list."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consentkit.registry.sites import registrable, same_site


@pytest.mark.parametrize(
    ("a", "b", "same"),
    [
        pytest.param("courier.example", "www.courier.example", True, id="a subdomain"),
        pytest.param("a.courier.example", "b.courier.example", True, id="two subdomains"),
        pytest.param("courier.example", "courier.example.", True, id="a dot at the end"),
        pytest.param("courier.example:8000", "courier.example:9000", True, id="ports"),
        pytest.param("Courier.Example", "courier.example", True, id="capitals"),
        pytest.param("courier.example", "tracker.example", False, id="another domain"),
        pytest.param("courier.co.uk", "tracker.co.uk", False, id="a suffix of two labels"),
        pytest.param("a.github.io", "b.github.io", False, id="a private suffix"),
        pytest.param("github.io", "a.github.io", False, id="a suffix and a site under it"),
        pytest.param("bücher.example", "www.xn--bcher-kva.example", True, id="both spellings of a name"),
        pytest.param("食狮.公司.cn", "www.xn--85x722f.xn--55qx5d.cn", True, id="both spellings of a suffix"),
        pytest.param("localhost", "localhost:8000", True, id="localhost"),
        pytest.param("localhost", "analytics.localhost", False, id="a name under localhost"),
        pytest.param("a.localhost", "b.a.localhost", False, id="two names under localhost"),
        pytest.param("127.0.0.1", "127.0.0.1:8000", True, id="an address"),
        pytest.param("127.0.0.1", "10.0.0.1", False, id="two addresses"),
        pytest.param("[::1]:8000", "[::1]", True, id="IPv6 and its port"),
        pytest.param("[::1]", "[::2]", False, id="two IPv6 addresses"),
        pytest.param("::1", "::1", True, id="IPv6 without brackets"),
        pytest.param("intranet", "intranet", True, id="a single label"),
        pytest.param("intranet", "wiki", False, id="two single labels"),
        pytest.param("wiki.corp", "mail.corp", False, id="an unknown suffix"),
        pytest.param("", "", False, id="nothing is no site"),
    ],
)
def test_same_site(a: str, b: str, same: bool) -> None:
    """
    Two hosts are one site when their registrable domains are equal; what has none must be equal itself.
    """
    assert same_site(a, b) is same
    assert same_site(b, a) is same


@pytest.mark.parametrize(
    ("host", "domain"),
    [
        pytest.param("www.courier.example:8000", "courier.example", id="a subdomain and a port"),
        pytest.param("a.b.github.io", "b.github.io", id="a private suffix"),
        pytest.param("github.io", None, id="a public suffix"),
        pytest.param("com", None, id="a top level"),
        pytest.param("localhost", None, id="localhost"),
        pytest.param("a.localhost", None, id="a name under localhost"),
        pytest.param("127.0.0.1", None, id="IPv4"),
        pytest.param("[::1]:80", None, id="IPv6"),
    ],
)
def test_registrable(host: str, domain: str | None) -> None:
    """
    The registrable domain is the public suffix and one label more, or nothing.
    """
    assert registrable(host) == domain


@given(st.text(max_size=40), st.text(max_size=40))
def test_every_two_texts_have_an_answer(a: str, b: str) -> None:
    """
    Same site is symmetric, and no text makes it fail.
    """
    assert same_site(a, b) == same_site(b, a)
