"""Figures for the operator: to Prometheus, to OpenTelemetry, or to nobody.

Neither is a dependency. What is installed when the site is opened gets the figures; with neither, a call here is a loop
over nothing. `prometheus_client` is given them in its default registry, OpenTelemetry through its API, so that the app's
own exporter and meter provider carry them. Labels are ids out of the configuration and the vocabulary, never anything
that a visitor sent.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from functools import cache
from threading import Lock
from typing import Any


class Kind(Enum):
    COUNTER = auto()
    GAUGE = auto()
    HISTOGRAM = auto()


@dataclass(frozen=True, eq=False)  # looked up with each page: by identity, there is one of each
class Metric:
    """`name`: in the words of Prometheus, with its unit. `label`: the one that it has, or ""."""

    name: str
    kind: Kind
    help: str
    label: str = ""


ASKED = Metric("consentkit_asked", Kind.COUNTER, "Pages that carried a question", "language")
CHOICES = Metric("consentkit_choices", Kind.COUNTER, "Choices that were recorded", "action")
FAILED = Metric("consentkit_choices_failed", Kind.COUNTER, "Choices that could not be recorded", "action")
HELD = Metric("consentkit_held", Kind.COUNTER, "Elements that were held back", "purpose")
UNREWRITTEN = Metric("consentkit_unrewritten", Kind.COUNTER, "HTML responses that went out without controls", "reason")
QUEUE = Metric("consentkit_log_queue", Kind.GAUGE, "Records that waited when a batch was taken")
COMMIT = Metric("consentkit_log_commit_seconds", Kind.HISTOGRAM, "Time until a batch was on disk")
LAG = Metric("consentkit_log_unsigned", Kind.GAUGE, "Entries that no checkpoint covers yet")

METRICS = (ASKED, CHOICES, FAILED, HELD, UNREWRITTEN, QUEUE, COMMIT, LAG)

#: From a tenth of a millisecond (an idle SSD) to ten seconds (when visitors are told that it failed).
BUCKETS = (0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0)

Sink = Callable[[Metric, float, str], None]

_sinks: tuple[Sink, ...] = ()
_started = False
_starting = Lock()


def start() -> None:
    """Look for what is installed, once in the life of a process. Until then figures go nowhere."""
    global _sinks, _started
    with _starting:
        if not _started:
            _sinks = tuple(sink for make in (_prometheus, _opentelemetry) if (sink := make()) is not None)
            _started = True


def tell(metric: Metric, value: float = 1, label: str = "") -> None:
    """Add to a counter, set a gauge, or put a value into a histogram."""
    for sink in _sinks:
        sink(metric, value, label)


def fields(event: str, **values: Any) -> Mapping[str, Any]:
    """What a line of the log carries besides its words, for handlers that write JSON: `extra=fields("choice", …)`."""
    return {"ckit_event": event, **{f"ckit_{name}": value for name, value in values.items()}}


def _prometheus(registry: Any = None) -> Sink | None:
    """`registry`: its default one, unless another is named."""
    try:
        import prometheus_client as prometheus
    except ImportError:
        return None
    into: dict[str, Any] = {"registry": registry or prometheus.REGISTRY}

    def made(metric: Metric) -> Any:
        labels = [metric.label] if metric.label else []
        if metric.kind is Kind.COUNTER:
            return prometheus.Counter(metric.name, metric.help, labels, **into)
        if metric.kind is Kind.GAUGE:
            # With several processes (PROMETHEUS_MULTIPROC_DIR) what waits is the sum of those that live.
            return prometheus.Gauge(metric.name, metric.help, labels, multiprocess_mode="livesum", **into)
        return prometheus.Histogram(metric.name, metric.help, labels, buckets=BUCKETS, **into)

    known = {metric: made(metric) for metric in METRICS}

    @cache  # finding the one of a label takes longer than counting; labels are ids of the configuration
    def labelled(metric: Metric, label: str) -> Any:
        return known[metric].labels(label) if metric.label else known[metric]

    def sink(metric: Metric, value: float, label: str) -> None:
        one = labelled(metric, label)
        if metric.kind is Kind.COUNTER:
            one.inc(value)
        elif metric.kind is Kind.GAUGE:
            one.set(value)
        else:
            one.observe(value)

    return sink


def _opentelemetry() -> Sink | None:
    try:
        from opentelemetry import metrics
    except ImportError:
        return None
    meter = metrics.get_meter("consentkit")

    def made(metric: Metric) -> Callable[..., None]:
        name = metric.name.replace("consentkit_", "consentkit.").removesuffix("_seconds")
        if metric.kind is Kind.COUNTER:
            return meter.create_counter(name, description=metric.help).add
        if metric.kind is Kind.GAUGE:
            return meter.create_gauge(name, description=metric.help).set
        return meter.create_histogram(
            name, unit="s", description=metric.help, explicit_bucket_boundaries_advisory=list(BUCKETS)
        ).record

    try:
        known = {metric: made(metric) for metric in METRICS}
    except (AttributeError, TypeError):  # an API from before 2024-09, which has no gauges or no advice
        return None

    def sink(metric: Metric, value: float, label: str) -> None:
        known[metric](value, {metric.label: label} if metric.label else {})

    return sink
