"""Figures for the operator: to whoever is installed, at no cost to those who have nobody."""

from __future__ import annotations

import logging
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from consentkit import ConsentMiddleware, telemetry
from consentkit.telemetry import METRICS, Kind, Metric
from tests.asgi.harness import PAGE, answering, call, make_site, scope_of

DEPLOYING = Path(__file__).parents[1] / "docs" / "deploying.md"


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Metric, float, str]]:
    """Everything that is told while the test runs."""
    found: list[tuple[Metric, float, str]] = []
    monkeypatch.setattr(telemetry, "_sinks", (lambda *one: found.append(one),))
    monkeypatch.setattr(telemetry, "_started", True)
    return found


async def test_what_happens_is_counted(tmp_path: Path, told: list[Any], caplog: pytest.LogCaptureFixture) -> None:
    """
    A page that asks, what it holds back, a choice, its commit, and HTML that could not be changed are figures.
    """
    caplog.set_level(logging.INFO)
    middleware = ConsentMiddleware(answering(PAGE), make_site(tmp_path))
    page = (await call(middleware, scope_of())).body.decode()
    token = page.split('name="shown" value="', 1)[1].split('"', 1)[0]
    headers = {"sec-fetch-site": "same-origin", "accept": "application/json", "host": "courier.example"}
    form = f"action=accept_all&shown={token}".encode()
    assert (await call(middleware, scope_of("/_ckit/choice", method="POST", headers=headers), form)).status == 200
    await call(middleware, scope_of())
    await middleware._workshop.log.close()
    unreadable = ConsentMiddleware(
        answering(b"?", headers=[(b"content-type", b"text/html"), (b"content-encoding", b"x")]), make_site(tmp_path)
    )
    await call(unreadable, scope_of())
    await unreadable._workshop.log.close()

    counted = {(metric.name, label) for metric, _, label in told}
    assert {
        ("consentkit_asked", "en"), ("consentkit_held", "analytics"), ("consentkit_choices", "accept_all"),
        ("consentkit_log_queue", ""), ("consentkit_log_commit_seconds", ""), ("consentkit_log_unsigned", ""),
    } <= counted  # fmt: skip
    assert any(metric is telemetry.UNREWRITTEN for metric, _, _ in told)
    line = next(each for each in caplog.records if each.getMessage() == "A choice was recorded: accept_all.")
    said = {name: value for name, value in vars(line).items() if name.startswith("ckit_")}
    assert said == {
        "ckit_event": "choice", "ckit_action": "accept_all", "ckit_state": "given", "ckit_language": "en",
        "ckit_index": 0,
    }  # fmt: skip


async def test_a_choice_that_fails_is_counted_apart(tmp_path: Path, told: list[Any]) -> None:
    """
    What could not be recorded is a figure of its own, whether it is in force or not.
    """
    middleware = ConsentMiddleware(answering(PAGE), make_site(tmp_path))
    await call(middleware, scope_of())
    await middleware._workshop.log.close()
    for path in tmp_path.glob("consent.db*"):
        path.unlink()
    (tmp_path / "consent.db").mkdir()
    headers = {"sec-fetch-site": "same-origin", "accept": "application/json", "host": "courier.example"}
    answer = await call(middleware, scope_of("/_ckit/choice", method="POST", headers=headers), b"action=reject_all")

    assert answer.status == 200
    assert (telemetry.FAILED, 1, "reject_all") in told


def test_prometheus_gets_every_figure() -> None:
    """
    With prometheus_client each metric stands in a registry, under the names of the documentation.
    """
    prometheus = pytest.importorskip("prometheus_client")
    registry = prometheus.CollectorRegistry()  # the default one may hold those of other tests
    sink = telemetry._prometheus(registry)
    assert sink is not None
    for metric in METRICS:
        sink(metric, 2, "x" if metric.label else "")
    said = prometheus.generate_latest(registry).decode()

    for metric in METRICS:
        end = {Kind.COUNTER: "_total", Kind.GAUGE: "", Kind.HISTOGRAM: "_sum"}[metric.kind]
        label = f'{{{metric.label}="x"}}' if metric.label else ""
        assert f"\n{metric.name}{end}{label} 2.0\n" in said


def test_opentelemetry_takes_every_figure() -> None:
    """
    With OpenTelemetry's API each metric is an instrument; without a provider it goes nowhere, as that API promises.
    """
    pytest.importorskip("opentelemetry.metrics")
    sink = telemetry._opentelemetry()

    assert sink is not None
    for metric in METRICS:
        sink(metric, 2, "x" if metric.label else "")


def test_with_neither_nothing_is_imported_and_nothing_happens() -> None:
    """
    Without the two libraries a call does nothing; and none of them is imported before a site is opened.
    """
    script = (
        "import sys, consentkit\n"
        "from consentkit import telemetry\n"
        "assert not {'prometheus_client', 'opentelemetry'} & set(sys.modules)\n"
        "sys.modules['prometheus_client'] = sys.modules['opentelemetry'] = None\n"
        "telemetry.start()\n"
        "assert telemetry._sinks == ()\n"
        "telemetry.tell(telemetry.ASKED, label='en')\n"
    )

    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0


def test_every_figure_is_documented() -> None:
    """
    The table of docs/deploying.md names each metric with its label, and no other.
    """
    table = DEPLOYING.read_text(encoding="utf-8").split("## Figures and lines", 1)[1].split("\n## ", 1)[0]
    documented = set(re.findall(r"^\| `(consentkit_\w+)` \| (?:`(\w+)`)?", table, re.MULTILINE))

    assert documented == {(m.name + ("_total" if m.kind is Kind.COUNTER else ""), m.label) for m in METRICS}
