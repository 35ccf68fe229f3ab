"""Reports of the second lock: what is read of them, and what becomes of it."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

import pytest

from consentkit.endpoints.violations import Violation, violations
from tests.asgi.harness import answering, call, scope_of, wrapped


def report(**fields: object) -> bytes:
    return json.dumps({"csp-report": fields}).encode()


NEW = [
    {"type": "csp-violation", "body": {"blockedURL": "https://ads.example/x?id=1", "effectiveDirective": "frame-src"}}
]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (
            report(**{"blocked-uri": "https://Ads.example:8443/x.js", "effective-directive": "script-src-elem"}),
            [Violation("ads.example", "/x.js", "script-src-elem")],
        ),
        (
            report(**{"blocked-uri": "//ads.example", "violated-directive": "script-src-elem 'self'"}),
            [Violation("ads.example", "/", "script-src-elem")],
        ),
        (json.dumps(NEW).encode(), [Violation("ads.example", "/x?id=1", "frame-src")]),
        (report(**{"blocked-uri": "inline", "effective-directive": "script-src-elem"}), []),
        (report(**{"blocked-uri": "https://ads.example", "effective-directive": "style-src"}), []),
        (report(**{"blocked-uri": "https://a b\\n.example", "effective-directive": "frame-src"}), []),
        (report(**{"blocked-uri": "https://192.0.2.1", "effective-directive": "frame-src"}), [Violation("192.0.2.1", "/", "frame-src")]),
        (report(**{"blocked-uri": ["x"], "effective-directive": 5}), []),
        (json.dumps(NEW * 500).encode(), [Violation("ads.example", "/x?id=1", "frame-src")] * 20),
        (b'[{"body": 1}, 2, {"csp-report": []}]', []),
        (b"", []),
        (b"[" * 100_000, []),
        (b"\xff", []),
    ],
    ids=["a report", "an old one", "a new one", "inline code", "another directive", "no host", "an address", "other kinds",
         "too many", "nothing in them", "empty", "deep", "no text"],
)  # fmt: skip
def test_only_host_and_directive_are_read(body: bytes, expected: list[Violation]) -> None:
    """
    Both forms are understood; what is none is nothing, and nothing else of a report is looked at.
    """
    assert violations(body) == expected


def posting(*, site: str = "same-origin") -> Any:
    return scope_of(
        "/_ckit/report", method="POST", headers={"sec-fetch-site": site, "content-type": "application/csp-report"}
    )


async def test_a_report_becomes_a_line_of_the_log(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """
    The operator learns once of each host that the configuration does not explain, and how to explain it.
    """
    app = wrapped(answering(b"<p>x"), tmp_path, csp_reports=True)
    fields = {"effective-directive": "script-src-elem", "document-uri": "https://courier.example/private"}
    with caplog.at_level(logging.WARNING, "consentkit"):
        for url in (
            "https://static.hotjar.com/x.js",
            "https://cdn.unknown.example/",
            "https://stats.example.net/",
            "https://courier.example/x",
        ):
            assert (await call(app, posting(), report(**{"blocked-uri": url}, **fields))).status == 204
            assert (await call(app, posting(), report(**{"blocked-uri": url}, **fields))).status == 204

    told = [record.getMessage() for record in caplog.records if record.name == "consentkit"]
    told = [line for line in told if "hotjar" in line or "unknown.example" in line or "stats" in line]
    assert [line.partition(";")[0] for line in told] == [
        "A script of a page wanted to load something from static.hotjar.com (script-src-elem).",
        "static.hotjar.com (hotjar) is held back for analytics and no choice releases it, because no purpose declares it",
        "A script of a page wanted to load something from cdn.unknown.example (script-src-elem).",
        "cdn.unknown.example is unknown and passes",
    ]
    assert "private" not in caplog.text


async def test_reports_of_others_and_floods_are_not_heard(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """
    Other sites can't make the log speak, and nobody can fill it: the answer is the same, and nothing is written.
    """
    app = wrapped(answering(b"<p>x"), tmp_path, csp_reports=True)
    with caplog.at_level(logging.WARNING, "consentkit"):
        body = report(**{"blocked-uri": "https://foreign.example/", "effective-directive": "frame-src"})
        assert (await call(app, posting(site="cross-site"), body)).status == 204
        for number in range(10):
            many = [
                {"body": {"blockedURL": f"https://h{number}-{n}.example/", "effectiveDirective": "frame-src"}}
                for n in range(20)
            ]
            assert (await call(app, posting(), json.dumps(many).encode())).status == 204

    lines = [record.getMessage() for record in caplog.records if "wanted to load" in record.getMessage()]
    assert not any("foreign" in line for line in lines)
    assert 0 < len(lines) <= 120  # 60 a minute, and a minute may end meanwhile


async def test_there_is_no_such_page_by_default(tmp_path: Path) -> None:
    """
    Reports are off until the owner wants them.
    """
    assert (await call(wrapped(answering(b"<p>x"), tmp_path), posting(), b"{}")).status == 404


@pytest.mark.parametrize(
    ("options", "header"),
    [
        ({"holding": "strict"}, "content-security-policy"),
        ({"holding": "known"}, "content-security-policy-report-only"),
    ],
)
async def test_pages_say_where_to_report(tmp_path: Path, options: dict[str, Any], header: str) -> None:
    """
    The lock names the address; where there is no lock a policy that only reports does.
    """
    found = await call(wrapped(answering(b"<!doctype html><p>x"), tmp_path, csp_reports=True, **options), scope_of())

    assert found.values(header)[0].endswith("; report-uri /_ckit/report")
