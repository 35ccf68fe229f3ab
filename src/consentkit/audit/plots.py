"""Plots, drawn on the server: the only file that imports pygal, which belongs to the extra `audit`.

A plot is shown as a picture (`<img>` with its bytes in a data URL). There nothing in it can run or load, whatever the
names in it are; the policy of the page needs no exception for its style; and it follows light and dark by itself. The
same numbers stand in a table below, so the picture carries nothing that is not said in words.
"""

from __future__ import annotations

import base64
import sys
from collections.abc import Mapping, Sequence
from functools import lru_cache
from importlib.util import find_spec
from typing import Any
from xml.etree.ElementTree import Element

#: How to get what plots need.
COMMAND = "pip install 'consentkit[audit]'"

# Told apart by people who see no red or no green, and at least 3:1 on white and on the dark ground (WCAG 1.4.11).
COLOURS = ("#2b7fc4", "#d07c12", "#8a8f99", "#c0508e", "#2f9e83")

_WIDTH = 760

#: How many names fit beside each other below the columns.
MAX_LABELS = 10

# A picture has no font and no colour of the page around it, so it names its own, light and dark.
_STYLE = """
.pygal-chart text { fill: #1d2129 !important; font-family: system-ui, sans-serif !important }
.pygal-chart .axis .line { stroke: #8a919c !important; stroke-dasharray: none !important; stroke-width: .5px }
.pygal-chart .reactive { fill-opacity: 1 !important; stroke-opacity: 1 !important; stroke-width: 0 !important }
@media (prefers-color-scheme: dark) { .pygal-chart text { fill: #eef0f3 !important } }
"""


def is_there() -> bool:
    """Whether plots can be drawn here."""
    return find_spec("pygal") is not None


def stacked(labels: Sequence[str], series: Mapping[str, Sequence[int]]) -> str:
    """Columns, one for each label, in which the series stand on each other. Answers with a data URL."""
    return _drawn("StackedBar", labels, series, height=340)


def bars(labels: Sequence[str], series: Mapping[str, Sequence[int]]) -> str:
    """A bar for each label, from above, in which the series follow each other."""
    return _drawn("HorizontalStackedBar", labels[::-1], {n: list(v)[::-1] for n, v in series.items()},
                  height=120 + 34 * len(labels))  # fmt: skip


def _drawn(kind: str, labels: Sequence[str], series: Mapping[str, Sequence[int]], *, height: int) -> str:
    pygal = _pygal()
    chart: Any = getattr(pygal, kind)(_config(height))
    chart.x_labels = list(labels)
    if kind == "StackedBar" and len(labels) > MAX_LABELS:
        # They would lie over each other; some of them are enough to find one's way.
        chart.x_labels_major_every = -(-len(labels) // MAX_LABELS)
        chart.show_minor_x_labels = False
    for name, values in series.items():
        chart.add(name, list(values))
    chart.add_xml_filter(_without_script)
    return "data:image/svg+xml;base64," + base64.b64encode(chart.render()).decode()


def _pygal() -> Any:
    """The library, without the finder that it leaves behind: it has no `find_spec`, and Python 3.11 warns of that at
    every later import of anything."""
    import pygal

    sys.meta_path[:] = [finder for finder in sys.meta_path if hasattr(finder, "find_spec")]
    return pygal


def _config(height: int) -> Any:
    _pygal()
    from pygal import Config
    from pygal.style import Style

    ground = {"background": "transparent", "plot_background": "transparent"}
    style = Style(**ground, colors=COLOURS, label_font_size=13, major_label_font_size=13, legend_font_size=14)
    return Config(
        style=style, width=_WIDTH, height=height, js=[], css=["file://style.css", "file://graph.css", f"inline:{_STYLE}"],
        legend_at_bottom=True, legend_box_size=14, margin=10, spacing=8, print_values=False, show_legend=True,
        x_label_rotation=0, formatter=lambda value: f"{value:,.0f}".replace(",", "\u202f"), truncate_legend=30,
        truncate_label=24, min_scale=2, max_scale=6,
    )  # fmt: skip


def _without_script(root: Element) -> Element:
    # pygal writes its configuration into the picture for scripts of its own, which no picture runs.
    for parent in list(root.iter()):
        for child in list(parent):
            if str(child.tag).rpartition("}")[2] == "script":
                parent.remove(child)
    return root


@lru_cache(maxsize=64)
def cached(kind: str, labels: tuple[str, ...], series: tuple[tuple[str, tuple[int, ...]], ...]) -> str:
    """A plot as it was drawn for the same numbers."""
    return (stacked if kind == "stacked" else bars)(labels, dict(series))
