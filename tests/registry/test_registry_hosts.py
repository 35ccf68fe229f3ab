"""Host names and the patterns that match them."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from consentkit.registry.hosts import MAX_HOST, Index, is_address, is_name, plain_host, plain_path

labels = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,8}[a-z0-9])?", fullmatch=True)
hosts = st.lists(labels, min_size=1, max_size=3).map(lambda parts: ".".join([*parts, "example"]))


def covers(pattern: str, host: str, path: str = "/") -> bool:
    rules = Index([(pattern, True)]).rules(host)
    return any(path.startswith(rule.starts) or path == rule.whole for rule in rules)


@given(hosts, labels)
def test_a_host_covers_itself_and_its_subdomains(host: str, label: str) -> None:
    """
    A pattern covers its host and every name under it.
    """
    assert covers(host, host)
    assert covers(host, f"{label}.{host}")


@given(hosts, labels)
def test_a_host_never_matches_by_substring(host: str, label: str) -> None:
    """
    A host that only begins or ends with the letters of a pattern is another host.
    """
    assert not covers(host, label + host)
    assert not covers(host, f"{host}.{label}")
    assert not covers(host, host + label)


@given(hosts, hosts)
def test_two_hosts_match_only_by_whole_labels(pattern: str, host: str) -> None:
    """
    A pattern covers exactly the hosts whose last labels are its own.
    """
    theirs, ours = host.split("."), pattern.split(".")

    assert covers(pattern, host) == (theirs[-len(ours) :] == ours)


@given(st.from_regex(r"/[a-z]{1,6}(/[a-z]{1,6})?", fullmatch=True), st.from_regex(r"[a-z]{1,4}", fullmatch=True))
def test_a_path_covers_whole_segments(path: str, more: str) -> None:
    """
    A path covers itself, what lies below it and its queries, and no longer word.
    """
    pattern = "a.example" + path

    assert covers(pattern, "a.example", path)
    assert covers(pattern, "a.example", f"{path}/{more}")
    assert covers(pattern, "a.example", f"{path}?{more}")
    assert not covers(pattern, "a.example", path + more)


@pytest.mark.parametrize(
    ("pattern", "path", "covered"),
    [
        pytest.param("a.example/tr", "/tr", True, id="the path itself"),
        pytest.param("a.example/tr", "/trending", False, id="a longer word"),
        pytest.param("a.example/tr/", "/tr", False, id="a folder is not the file of its name"),
        pytest.param("a.example/tr/", "/tr/x.js", True, id="below a folder"),
        pytest.param("a.example/tr", "/TR", False, id="paths know capitals"),
        pytest.param("a.example/js?id=AW-", "/js?id=AW-1", True, id="into the query"),
        pytest.param("a.example/js?id=AW-", "/js?id=G-1", False, id="another query"),
        pytest.param("a.example/", "/anything", True, id="a lone slash is no path"),
    ],
)
def test_how_a_path_is_compared(pattern: str, path: str, covered: bool) -> None:
    """
    A path is compared by segments, a query letter by letter.
    """
    assert covers(pattern, "a.example", path) is covered


def test_the_longest_host_and_then_the_longest_path_is_tried_first() -> None:
    """
    Of several patterns that cover an address the most specific one wins.
    """
    index = Index([("example", 1), ("a.example", 2), ("a.example/x/", 3), ("a.example/x/y/", 4), ("b.a.example/z", 5)])

    tried = [rule.value for rule in index.rules("b.a.example")]

    assert tried == [5, 4, 3, 2]


def test_an_address_has_no_subdomains() -> None:
    """
    10.0.0.1 is not a name under 0.0.1.
    """
    index = Index([("0.0.1", 1), ("10.0.0.1", 2)])

    assert [rule.value for rule in index.rules("10.0.0.1")] == [2]


@pytest.mark.parametrize(
    ("written", "plain"),
    [
        pytest.param("WWW.Courier.Example", "www.courier.example", id="capitals"),
        pytest.param("courier.example.", "courier.example", id="dot at the end"),
        pytest.param("bücher.example", "xn--bcher-kva.example", id="umlaut"),
        pytest.param("faß.example", "xn--fa-hia.example", id="sharp s stays itself"),
        pytest.param("ＣＯＵＲＩＥＲ．example", "courier.example", id="full width"),
        pytest.param("courier。example", "courier.example", id="ideographic full stop"),
        pytest.param("%63ourier.example", "courier.example", id="percent encoded"),
        pytest.param("a." * 130 + "example", "", id="longer than a name can be"),
        pytest.param("", "", id="nothing"),
    ],
)
def test_the_plain_form_of_a_host(written: str, plain: str) -> None:
    """
    A host is compared in the form in which browsers ask for it.
    """
    assert plain_host(written) == plain


@given(st.text(max_size=80))
def test_every_text_has_a_plain_form(text: str) -> None:
    """
    No text makes the matcher fail, and the plain form of a plain form is the same.
    """
    plain = plain_host(text)
    assume("%" not in plain)

    assert len(plain) <= MAX_HOST
    assert Index([("courier.example", 1)]).rules(plain) == () or plain.endswith("courier.example")


@pytest.mark.parametrize(
    ("host", "address"),
    [
        pytest.param("127.0.0.1", True, id="IPv4"),
        pytest.param("127.1", True, id="short IPv4"),
        pytest.param("a.0x7f", True, id="a hexadecimal last label"),
        pytest.param("::1", True, id="IPv6"),
        pytest.param("[::1]", True, id="IPv6 in brackets"),
        pytest.param("1.example", False, id="a number first"),
        pytest.param("courier.example", False, id="a name"),
    ],
)
def test_what_an_address_is(host: str, address: bool) -> None:
    """
    A host whose last label is a number is an IP address.
    """
    assert is_address(host) is address


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "", "a b.example", "-a.example", "a..example", "ä.example"])
def test_what_no_name_is(host: str) -> None:
    """
    Single labels, addresses and what DNS can't carry are no names.
    """
    assert not is_name(host)


@pytest.mark.parametrize(
    ("written", "asked"),
    [
        pytest.param("/a/../b", "/b", id="one up"),
        pytest.param("/a/./b", "/a/b", id="stay"),
        pytest.param("/../../b", "/b", id="above the root"),
        pytest.param("/a/%2E%2e/b", "/b", id="encoded dots"),
        pytest.param("/a/..", "/", id="dots at the end"),
        pytest.param("/a/b/.", "/a/b/", id="a dot at the end"),
        pytest.param("\\a\\b", "/a/b", id="back slashes"),
        pytest.param("/a?x=/../y", "/a?x=/../y", id="a query is left alone"),
        pytest.param("/a#/../y", "/a#/../y", id="a fragment is left alone"),
        pytest.param("", "/", id="no path"),
        pytest.param("/a//b", "/a//b", id="an empty segment is one"),
    ],
)
def test_the_path_a_browser_asks_for(written: str, asked: str) -> None:
    """
    Dot segments and back slashes are resolved as browsers do, before a path is compared.
    """
    assert plain_path(written) == asked
