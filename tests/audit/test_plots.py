from __future__ import annotations

import base64
import sys
from xml.etree import ElementTree

import pytest

from consentkit.audit import plots


def drawn(url: str) -> ElementTree.Element:
    head, _, body = url.partition(",")
    assert head == "data:image/svg+xml;base64"
    return ElementTree.fromstring(base64.b64decode(body))


@pytest.mark.parametrize("draw", [plots.stacked, plots.bars])
def test_a_plot_is_a_picture_without_script(draw: object) -> None:
    """
    Nothing in it runs, loads or links, whatever the names are, and it has its own light and dark.
    """
    assert callable(draw)
    picture = drawn(draw(["<script>alert(1)</script>", "b"], {'"><img src=x>': [1, 2], "no": [3, 0]}))
    names = {each.tag.rpartition("}")[2] for each in picture.iter()}
    style = "".join(each.text or "" for each in picture.iter() if each.tag.endswith("style"))

    assert not names & {"script", "image", "a", "foreignObject", "use", "iframe"}
    assert not [name for each in picture.iter() for name in each.attrib if name.startswith("on") or "href" in name]
    assert "prefers-color-scheme:dark" in style
    assert "url(" not in style
    assert "@import" not in style


def test_many_columns_have_few_names() -> None:
    """
    The names below the columns do not lie over each other.
    """
    picture = drawn(plots.stacked([f"11-{n:02}" for n in range(1, 31)], {"yes": list(range(30))}))
    shown = [each.text for each in picture.iter() if (each.text or "").startswith("11-") and each.tag.endswith("text")]

    assert len(shown) <= plots.MAX_LABELS


def test_without_the_extra_there_are_tables() -> None:
    """
    pygal is asked for when a plot is drawn, and never needed for anything else.
    """
    assert plots.is_there()
    assert plots.COMMAND == "pip install 'consentkit[audit]'"


def test_drawing_leaves_no_finder_behind() -> None:
    """
    The library's finder has no `find_spec`; left in place, every later import of the process would warn.
    """
    plots.stacked(["a"], {"x": [1]})

    assert all(hasattr(finder, "find_spec") for finder in sys.meta_path)
