"""A judge of another family: a spec parser says what a page means, before and after.

`tree` gives a document as nested tuples. `without_ours` takes our elements and attributes out of such a tree; what
is left has to be the tree of the page as it came.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from itertools import pairwise
from typing import Any

import turbohtml

from consentkit.rewrite import Held, Inserting, Page, Rewriter, Rules

Tree = tuple[Any, ...]

EARLY = b'<script data-ckit-ui="head">1</script>'
LATE = b'<style data-ckit-ui="head">i{}</style><script data-ckit-ui="head">2</script>'
BODY = b'<ckit-ui data-ckit-ui="root"><button form="ckit-form">Yes</button> <a href="/x">?</a></ckit-ui>'
STUBS = b'<script data-ckit-ui="head">3</script>'
PLACEHOLDER = (
    b'<span data-ckit-ui="placeholder">Video <button form="ckit-form">Show</button><a href="/_ckit">Why</a></span>'
)
SLOT = b'<div data-ckit-ui="slot"><h3>Us</h3><p><a href="/x">?</a></p><details><summary>!</summary></details></div>'


class Markers:
    """Insertions of the kind that ours are: elements in the head, one root in the body, phrasing before a frame."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, Page]] = []
        self.frames: list[tuple[str, Held, Mapping[str, str]]] = []
        self.stubbed: list[Held] = []
        self.filled: list[str] = []

    def early(self, page: Page) -> bytes:
        self.asked.append(("early", page))
        return EARLY

    def late(self, page: Page) -> bytes:
        self.asked.append(("late", page))
        return LATE

    def body(self, page: Page) -> bytes:
        self.asked.append(("body", page))
        return BODY

    def stubs(self, held: Held, page: Page) -> bytes:
        self.stubbed.append(held)
        return STUBS

    def placeholder(self, held: Held, element: str, page: Page, attributes: Mapping[str, str]) -> bytes:
        self.frames.append((element, held, dict(attributes)))
        return PLACEHOLDER

    def slot(self, name: str, page: Page) -> bytes:
        self.filled.append(name)
        return SLOT


def judge(host: str, path: str) -> Held | None:
    """Holds every host with "tracker" in its name: declared ones of analytics, and of an unknown kind."""
    if "tracker" not in host:
        return None
    return Held("analytics", "counter") if host.endswith("tracker.example") else Held("unclassified")


def judge_foreign(host: str, path: str) -> Held | None:
    """Holds every host there is, as a page of the wild names many."""
    return Held("marketing", "everyone")


def signatures(script: bytes) -> Held | None:
    """Holds what calls "track(", as a snippet does."""
    return Held("analytics", "counter", "track()") if b"track(" in script else None


HOLDING = Rules(judge, b' data-ckit-text="150"', signatures=signatures)
INSERTING = Rules(None, b' data-ckit-text="150"')


def rewrite(
    page: bytes,
    rules: Rules = HOLDING,
    inserting: Inserting = Inserting.ALWAYS,
    *,
    cuts: Iterable[int] = (),
    host: str = "",
    markers: Markers | None = None,
) -> bytes:
    """The page as it goes out, fed in the pieces that `cuts` make of it."""
    return rewritten(page, rules, inserting, cuts=cuts, host=host, markers=markers)[0]


def rewritten(
    page: bytes,
    rules: Rules = HOLDING,
    inserting: Inserting = Inserting.ALWAYS,
    *,
    cuts: Iterable[int] = (),
    host: str = "",
    markers: Markers | None = None,
) -> tuple[bytes, Rewriter]:
    """The same, with the rewriter, which knows what it did."""
    rewriter = Rewriter(rules, markers or Markers(), inserting, host=host, record=True)
    places = [0, *sorted(cut for cut in cuts if 0 < cut < len(page)), len(page)]
    pieces = [rewriter.feed(page[start:end]) for start, end in pairwise(places)]
    return b"".join([*pieces, rewriter.close()]), rewriter


def undone(output: bytes, edits: list[tuple[int, bytes, int]], page: bytes) -> bytes:
    """The output with its edits taken back; bytes that were left out come from the page."""
    pieces = []
    at = read = 0
    for offset, inserted, left_out in edits:
        pieces.append(output[at : at + offset - read])
        at += offset - read
        assert output[at : at + len(inserted)] == inserted
        at += len(inserted)
        pieces.append(page[offset : offset + left_out])
        read = offset + left_out
    return b"".join([*pieces, output[at:]])


def tree(page: bytes, *, scripting: bool) -> Tree:
    return _node(turbohtml.parse(page.decode("latin-1"), positions=False, scripting=scripting), scripting)


def _node(node: Any, scripting: bool) -> Tree:
    kind = type(node).__name__
    if kind in ("Text", "Comment", "CData", "ProcessingInstruction"):
        return (kind, node.data)
    if kind == "Doctype":
        return (kind, str(node))
    children = tuple(_node(child, scripting) for child in node.children)
    if kind != "Element":
        return (kind, children)
    attributes = {name: value if isinstance(value, str) else " ".join(value) for name, value in node.attrs.items()}
    shadow = node.shadow_root
    if shadow is not None:
        children = (("shadow", tuple(_node(child, scripting) for child in shadow.children)), *children)
    return ("Element", str(node.namespace), node.tag, attributes, children)


_MARKS = re.compile(r' data-ckit-purpose="[^"]*"(?: data-ckit-vendor="[^"]*")?(?: type="text/plain")?')


def without_ours(node: Tree) -> Tree:
    """The tree without our elements, and with its attributes as the page has them."""
    kind = node[0]
    if kind == "Element":
        _, namespace, name, attributes, children = node
        return (kind, namespace, name, _own(attributes), _cleaned(children, name))
    if kind in ("Text", "Comment", "Doctype", "CData", "ProcessingInstruction"):
        return node
    return (kind, _cleaned(node[1], ""))


def _own(attributes: Mapping[str, str]) -> dict[str, str]:
    own: dict[str, str] = {}
    was_held = "data-ckit-purpose" in attributes
    for name, value in attributes.items():
        if name in ("data-ckit-purpose", "data-ckit-vendor", "data-ckit-text"):
            continue
        if was_held and name == "type" and value == "text/plain":
            continue
        own[name.removeprefix("data-ckit-")] = value.replace("data:,#", "") if was_held and name == "style" else value
    return own


def _is_ours(node: Tree) -> bool:
    return node[0] == "Element" and ("data-ckit-ui" in node[3])


def _cleaned(children: Iterable[Tree], parent: str) -> tuple[Tree, ...]:
    kept: list[Tree] = []
    for child in children:
        if _is_ours(child):
            continue
        cleaned = without_ours(child)
        if cleaned[0] == "Text":
            text = cleaned[1]
            if parent == "noscript":
                text = _MARKS.sub("", text).replace("data-ckit-", "").replace("data:,#", "")
            elif parent == "style":
                text = text.replace("data:,#", "")
            if kept and kept[-1][0] == "Text":
                kept[-1] = ("Text", kept[-1][1] + text)
                continue
            cleaned = ("Text", text)
        kept.append(cleaned)
    return tuple(kept)


def normalised(node: Tree) -> Tree:
    """Attributes in one order, since moving ours in front of the others is no change."""
    if node[0] == "Element":
        _, namespace, name, attributes, children = node
        return ("Element", namespace, name, tuple(sorted(attributes.items())), tuple(map(normalised, children)))
    if len(node) == 2 and isinstance(node[1], tuple):
        return (node[0], tuple(map(normalised, node[1])))
    return node


def means_the_same(page: bytes, output: bytes, *, scripting: bool) -> bool:
    before = normalised(without_ours(tree(page, scripting=scripting)))
    after = normalised(without_ours(tree(output, scripting=scripting)))
    return before == after


def placed(output: bytes, *, scripting: bool) -> dict[str, str]:
    """Where our parts are in the tree of the output: part to the name of its parent, "first of body" for the root."""
    found: dict[str, str] = {}

    def look(node: Tree, parent: str, is_first: bool) -> None:
        if _is_ours(node):
            part = node[3]["data-ckit-ui"]
            found[part + node[2]] = parent + (" first" if is_first else "")
        elif node[0] == "Element":
            for at, child in enumerate(node[4]):
                look(child, node[2], at == 0)
        elif isinstance(node[1], tuple):
            for child in node[1]:
                look(child, "", False)

    look(tree(output, scripting=scripting), "", False)
    return found
