"""Which host a value names."""

from __future__ import annotations

import pytest

from consentkit.rewrite.urls import Target, decode, srcset, target

BASE = Target("base.example", "/a/b?c")


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://h.example", ("h.example", "/")),
        ("https://h.example?q", ("h.example", "/?q")),
        ("https://h.example#f", ("h.example", "/")),
        ("//H.Example/A", ("h.example", "/A")),
        ("wss://h.example/s", ("h.example", "/s")),
        ("https://h.example\\a\\b", ("h.example", "/a/b")),
        ("https://h.example/a/%2e%2E/b/.", ("h.example", "/b/")),
        ("https://h.example/..", ("h.example", "/")),
        ("https://h.example/a?b=/../c", ("h.example", "/a?b=/../c")),
        ("https://[2001:DB8::1]:80/x", ("[2001:db8::1]", "/x")),
        ("https://127.0.0.1/x", ("127.0.0.1", "/x")),
        ("https://Straße.example", ("strasse.example", "/")),
        ("https://例え。テスト/", ("xn--r8jz45g.xn--zckzah", "/")),
        ("https://" + "é" * 300, ("é" * 300, "/")),
        ("https://a..é", ("a..é", "/")),
        ("https://@:80/", None),
        ("https://", None),
        ("mailto:a@h.example", None),
        ("blob:https://h.example/1", None),
        ("file://h.example/x", None),
        ("data:text/html,//h.example", None),
    ],
)
def test_absolute_urls(url: str, expected: tuple[str, str] | None) -> None:
    """
    A URL with a host leads there, however it is written; one without leads nowhere.
    """
    assert target(url) == expected
    assert target(url, BASE) == expected


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("x", "/a/x"),
        ("../x", "/x"),
        ("./x", "/a/x"),
        ("/x", "/x"),
        ("\\x", "/x"),
        ("?x", "/a/b?x"),
        ("x/y?z#w", "/a/x/y?z"),
    ],
)
def test_relative_urls_lead_to_a_foreign_base(url: str, expected: str) -> None:
    """
    With a base, relative URLs lead to its host; without, nowhere else.
    """
    assert target(url, BASE) == ("base.example", expected)
    assert target(url) is None


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (b"plain", "plain"),
        (b"?a=1&copy=2&amp;b", "?a=1&copy=2&b"),
        (b"&copy;&copy &notit;", "©© &notit;"),
        (b"&#47;&#x2F;&#X2f", "///"),
        (b"&#0;&nosuch;&", "\ufffd&nosuch;&"),
        ("é".encode(), "é"),
        (b"\xff", "\ufffd"),
    ],
)
def test_values_are_decoded_as_attributes(value: bytes, expected: str) -> None:
    """
    Character references count as in attributes, where a parameter that looks like one is none.
    """
    assert decode(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("a.png", ["a.png"]),
        ("a.png 1x, b.png 2x", ["a.png", "b.png"]),
        (" ,a.png,b.png 2x,", ["a.png,b.png"]),
        ("a.png, b.png", ["a.png", "b.png"]),
        ("data:image/png;base64,xx 1x,//h/c 2x", ["data:image/png;base64,xx", "//h/c"]),
        ("a.png calc(1, 2), b.png", ["a.png", "b.png"]),
        ("", []),
        (",,", []),
    ],
)
def test_candidates_of_a_srcset(value: str, expected: list[str]) -> None:
    """
    A candidate ends at white space or at a comma after it, so a data: URL keeps its commas.
    """
    assert list(srcset(value)) == expected
