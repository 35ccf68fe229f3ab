"""Headers that make a browser call others: what is left of each when some of it has to wait."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from consentkit.response.headers import Fields, copied
from consentkit.response.links import links, split
from consentkit.response.onward import held_back, waiting
from consentkit.rewrite import Held


def judge(host: str, path: str) -> Held | None:
    return Held("analytics") if host.endswith("tracker.example") else None


waits = waiting(judge, "courier.example")

T = "https://tracker.example"


def left(name: str, *values: str) -> list[str]:
    """What is left of a header with these values."""
    out = held_back(copied([(name.encode(), value.encode("latin-1")) for value in values]), waits)
    return [value.decode("latin-1") for _, value in out]


LINKS = {
    "preload": (f"<{T}/a.js>; rel=preload; as=script", ""),
    "preconnect": (f'<{T}>; rel="preconnect"; crossorigin', ""),
    "dns-prefetch among others": (f"</own.css>; rel=preload; as=style, <{T}>; rel=dns-prefetch", "</own.css>; rel=preload; as=style"),
    "several words": (f'<{T}/a.js>; REL="next Preload"', ""),
    "rel without meaning": (f"<{T}/page>; rel=canonical", f"<{T}/page>; rel=canonical"),
    "no rel": (f"<{T}/a.js>; as=script", f"<{T}/a.js>; as=script"),
    "commas in quotes": (
        f'</a>; rel=preload; title="one, <{T}>; rel=preload", <//tracker.example/b>; rel=preload',
        f'</a>; rel=preload; title="one, <{T}>; rel=preload"',
    ),
    "commas in a URL": (f"<{T}/a,b>; rel=preload, </c>; rel=preload", "</c>; rel=preload"),
    "backslashes": ("<\\\\tracker.example/a.js>; rel=preload", ""),
    "pictures": (f'</a.png>; rel=preload; as=image; imagesrcset="/a.png 1x, {T}/b.png 2x"', ""),
    "own host": ("<https://courier.example/a.js>; rel=preload", "<https://courier.example/a.js>; rel=preload"),
    "nobody's": ("<https://other.example/a.js>;rel=preload", "<https://other.example/a.js>;rel=preload"),
    "no link": ("whatever, it is", "whatever, it is"),
    "empty": ("", ""),
}  # fmt: skip


@pytest.mark.parametrize(("value", "expected"), LINKS.values(), ids=LINKS)
def test_links(value: str, expected: str) -> None:
    """
    A link whose target would be fetched and has to wait is left out; the others stay as they are.
    """
    assert links(value, waits) == expected


OTHERS = {
    "Refresh to a tracker": ("Refresh", f"0; url={T}/", []),
    "Refresh in quotes": ("Refresh", f"5;URL='{T}/'", []),
    "Refresh of the page": ("Refresh", "30", ["30"]),
    "Refresh to a page of the site": ("Refresh", "0; url=/next", ["0; url=/next"]),
    "Reporting-Endpoints": (
        "Reporting-Endpoints",
        f'main="/reports", other="{T}/r?a=1,2"; x=1, third="https://else.example/"',
        ['main="/reports", third="https://else.example/"'],
    ),
    "Reporting-Endpoints of the site": ("Reporting-Endpoints", 'main="/reports"', ['main="/reports"']),
    "Reporting-Endpoints of a tracker": ("Reporting-Endpoints", f'main="{T}"', []),
    "Report-To": (
        "Report-To",
        f'{{"group":"a","endpoints":[{{"url":"{T}"}}]}}, {{"group":"b","endpoints":[{{"url":"/r"}}]}}',
        ['{"group": "b", "endpoints": [{"url": "/r"}]}'],
    ),
    "Report-To that is no JSON": ("Report-To", f'{{"group":"a","endpoints":[{{"url":"{T}"', []),
    "Report-To of another kind": ("Report-To", '1, {"endpoints": 5}, {"endpoints": [2]}', ['1, {"endpoints": 5}, {"endpoints": [2]}']),
    "Speculation-Rules": ("Speculation-Rules", f'"/rules.json", "{T}/rules.json"', ['"/rules.json"']),
    "Speculation-Rules of the site": ("Speculation-Rules", '"/rules.json"', ['"/rules.json"']),
}  # fmt: skip


@pytest.mark.parametrize(("name", "value", "expected"), OTHERS.values(), ids=OTHERS)
def test_other_headers(name: str, value: str, expected: list[str]) -> None:
    """
    What would call a company that waits is left out, and a header of which nothing is left goes.
    """
    assert left(name, value) == expected


def test_a_policy_of_network_errors_goes_with_its_group() -> None:
    """
    NEL is only left out when the group that it reports to was.
    """
    group = json.dumps({"group": "cf", "max_age": 1, "endpoints": [{"url": T}]})
    policy = json.dumps({"report_to": "cf", "max_age": 1})
    other = json.dumps({"report_to": "own", "max_age": 1})
    headers = copied(
        [(b"Report-To", group.encode()), (b"NEL", policy.encode()), (b"NEL", other.encode()), (b"NEL", b"}")]
    )

    assert held_back(headers, waits) == [(b"nel", other.encode()), (b"nel", b"}")]


def test_other_headers_are_not_looked_at() -> None:
    """
    A redirect is the reader's way, and what is none of these headers stays.
    """
    headers: Fields = [(b"content-type", b"text/html"), (b"location", f"{T}/".encode())]

    assert held_back(headers, waits) == headers


@given(st.lists(st.text(alphabet='<>",;= rel\\preload/a', max_size=30), max_size=4))
@settings(deadline=None)
def test_whatever_a_link_is_nothing_of_it_is_lost(parts: list[str]) -> None:
    """
    A field in which nothing waits stays as it is, however it is written.
    """
    value = ",".join(parts)

    assert ",".join(split(value)) == value
    assert links(value, waits) == value
