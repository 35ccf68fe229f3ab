"""The page's own places for controls of ours: filled while they are empty, wherever a page may have them."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from consentkit.rewrite import BodyMemory, Budget, Inserting, Rewriter, Rules, parse_selector
from consentkit.rewrite.scanner import LONGEST_WAIT
from consentkit.rewrite.slots import LONGEST_GAP
from tests.rewrite.oracle import (
    HOLDING,
    SLOT,
    Markers,
    judge,
    means_the_same,
    rewrite,
    rewritten,
    signatures,
    undone,
)
from tests.rewrite.soup import FRAMES, PIECES

NAMES = frozenset({"choices", "reader"})
FILLING = Rules(slots=NAMES)
ALSO_HOLDING = Rules(judge, b' data-ckit-text="150"', signatures=signatures, slots=NAMES)
LIGHTER = Rules(judge, remove=(parse_selector(".ad"),), lighten=1, slots=NAMES)
XHTML = Rules(judge, xhtml=True, slots=NAMES)
ALL_RULES = {"filling": FILLING, "also holding": ALSO_HOLDING, "lighter": LIGHTER}

OPEN = '<div data-ckit-slot="choices">'
EMPTY = f"{OPEN}</div>"

SLOT_PIECES = [
    b'<div data-ckit-slot="choices"></div>', b"<DIV class=a DATA-CKIT-SLOT='reader'>\n </DIV>", b"<div data-ckit-slot=choices>",
    b'<div data-ckit-slot="other"></div>', b"data-ckit-slot", b'<p data-ckit-slot="choices"></p>', b"  </div", b"\n",
]  # fmt: skip

#: Pages of soup with slots in it.
pages = st.builds(
    lambda pieces, frame: frame[0] + b"".join(pieces) + frame[1],
    st.lists(st.one_of(st.sampled_from(SLOT_PIECES), st.sampled_from(PIECES)), max_size=20),
    st.sampled_from(FRAMES),
)


def soup(chance: random.Random) -> bytes:
    before, after = chance.choice(FRAMES)
    pieces = chance.choices(PIECES, k=chance.choice([3, 8, 15])) + chance.choices(SLOT_PIECES, k=3)
    chance.shuffle(pieces)
    return before + b"".join(pieces) + after


def filled(body: str, rules: Rules = ALSO_HOLDING, inserting: Inserting = Inserting.ALWAYS) -> list[str]:
    """What is filled in a page with this body, however it comes."""
    page = f"<!doctype html><title>T</title><body>{body}".encode()
    markers = Markers()
    whole = rewrite(page, rules, inserting, markers=markers)
    assert rewrite(page, rules, inserting, cuts=range(len(page))) == whole
    assert Rewriter(rules, Markers(), inserting).last(page) == whole
    assert whole.count(SLOT) == len(markers.filled)
    return markers.filled


FILLED = {
    "empty": EMPTY,
    "blank": f"{OPEN} \t\n</div>",
    "in any case and with more": "<DIV id=x class='a b' Data-Ckit-Slot=choices title=y></DIV >",
    "a character reference": '<div data-ckit-slot="&#99;hoices"></div>',
    "in the middle of a page": f"<main><p>1<p>2<footer>{EMPTY}</footer></main><p>3",
    "in a cell": f"<table><tr><td>{EMPTY}</table>",
    "after a drawing": f"<svg><path d='M0'/></svg>{EMPTY}",
    "after what speaks of it": f"data-ckit-slot <!-- data-ckit-slot --> <p title='data-ckit-slot'>{EMPTY}",
    "after a link": f"<a href=x>1</a>{EMPTY}",
    "after something that is held": f"<img src=//tracker.example/>{EMPTY}",
}


@pytest.mark.parametrize("body", FILLED.values(), ids=FILLED)
@pytest.mark.parametrize("rules", ALL_RULES.values(), ids=ALL_RULES)
def test_an_empty_slot_is_filled(body: str, rules: Rules) -> None:
    """
    With and without anything to hold back, and wherever the page was cut.
    """
    assert filled(body, rules) == ["choices"]
    assert filled(body * 2, rules) == ["choices", "choices"]
    assert filled(body + "<p>And so on.</p>" * 200, rules) == ["choices"]


LEFT = {
    "with text": f"{OPEN}x</div>",
    "with an element": f"{OPEN}<br></div>",
    "with a comment": f"{OPEN}<!-- --></div>",
    "with another end tag": f"{OPEN}</divx></div>",
    "with a great gap": f"{OPEN}{' ' * LONGEST_GAP}</div>",
    "never ended": OPEN,
    "of another name": '<div data-ckit-slot="others"></div><div data-ckit-slot></div><div data-ckit-slots=choices></div>',
    "the second of duplicates": '<div data-ckit-slot="x" data-ckit-slot="choices"></div>',
    "another element": '<p data-ckit-slot="choices"></p><section data-ckit-slot="choices"></section>',
    "in a script": f"<script>'{EMPTY}'</script><script><!-- {EMPTY} --></script>",
    "in a style": f"<style>{EMPTY}</style>",
    "in a text area": f"<textarea>{EMPTY}</textarea>",
    "in a frame": f"<iframe>{EMPTY}</iframe>",
    "in a comment": f"<!-- {EMPTY} --><!x {EMPTY[:-1]}>",
    "in an attribute": f"<p title='{EMPTY}'>x</p>",
    "in a template": f"<template>{EMPTY}<b></b></template>",
    "in a noscript": f"<noscript>{EMPTY}</noscript>",
    "in a drawing": f"<svg><foreignObject>{EMPTY}</foreignObject></svg>",
    "in the title of a drawing": f"<svg><title>{EMPTY}</title></svg>",
    "in a link": f"<a href=x>{EMPTY}</a>",
    "in a button": f"<button>{EMPTY}</button>",
    "in a label": f"<label>{EMPTY}</label>",
    "in a select": f"<select>{EMPTY}</select>",
    "in text to the end": f"<plaintext>{EMPTY}",
    "too long": f"<div data-ckit-slot=choices title='{'x' * LONGEST_WAIT}'></div>",
}


@pytest.mark.parametrize("body", LEFT.values(), ids=LEFT)
@pytest.mark.parametrize("rules", ALL_RULES.values(), ids=ALL_RULES)
def test_anything_else_is_left_alone(body: str, rules: Rules) -> None:
    """
    What is not empty, not a slot, not markup, or where our links would close something of the page.
    """
    if len(body) > LONGEST_WAIT:
        markers = Markers()
        rewrite(b"<body>" + body.encode(), rules, markers=markers, cuts=range(0, len(body), 5000))
        assert markers.filled == []
    else:
        assert filled(body, rules) == []


@pytest.mark.parametrize("rules", ALL_RULES.values(), ids=ALL_RULES)
def test_without_controls_no_slot_is_filled(rules: Rules) -> None:
    """
    Frames, fragments and framesets get no controls, and so none in slots.
    """
    assert filled(EMPTY, rules, Inserting.NEVER) == []
    fragment = EMPTY.encode() * 60
    assert rewrite(fragment, rules, Inserting.UNLESS_FRAGMENT) == fragment
    assert SLOT not in rewrite(b"<html><frameset></frameset><noframes>" + EMPTY.encode(), rules)


def test_without_the_option_nothing_is_filled() -> None:
    """
    A page may have slots that nobody asked to be filled.
    """
    assert filled(EMPTY, HOLDING) == []
    assert filled(EMPTY, Rules()) == []


def test_it_goes_in_right_after_the_start_tag() -> None:
    """
    What the page has in it, white space, stays behind ours.
    """
    assert rewrite(f"<body>{OPEN} </div>".encode(), FILLING).endswith(OPEN.encode() + SLOT + b" </div>")


def test_a_slot_that_the_mobile_version_leaves_out_is_not_filled() -> None:
    """
    What is taken out is taken out with its slots.
    """
    assert filled(f"<section class=ad>{EMPTY}</section>{EMPTY}", LIGHTER) == ["choices"]
    assert filled(f"<section class=ad>{EMPTY}", LIGHTER) == ["choices"]


def test_xhtml_has_slots_too() -> None:
    """
    An empty element of two tags; one that closes itself has no inside, and drawings have other elements.
    """
    around = "<html><head><title>T</title></head><body>{}</body></html>"
    for body, expected in (
        (EMPTY, 1),
        ('<div data-ckit-slot="choices"/><p></p>', 0),
        (f'<div data-ckit-slot="choices"/></div>{EMPTY}', 1),
        (f"<svg><g>{EMPTY}</g></svg><noscript>{EMPTY}</noscript><![CDATA[{EMPTY}]]>{EMPTY}", 1),
    ):
        page = around.format(body).encode()
        markers = Markers()
        whole = rewrite(page, XHTML, markers=markers)
        assert len(markers.filled) == expected, body
        assert rewrite(page, XHTML, cuts=range(len(page))) == whole


@settings(deadline=None, max_examples=150)
@given(pages, st.sets(st.integers(0, 600), max_size=12), st.sampled_from([*ALL_RULES.values(), XHTML]))
def test_any_cut_of_soup_is_filled_alike(page: bytes, cuts: set[int], rules: Rules) -> None:
    """
    Any cut, and an end that is known before, give the same page; the edits undone give the page as it came.
    """
    output, rewriter = rewritten(page, rules)

    assert rewrite(page, rules, cuts=cuts) == output
    assert rewrite(page, rules, cuts=range(len(page))) == output
    assert Rewriter(rules, Markers()).last(page) == output
    assert undone(output, rewriter.edits, page) == page


@settings(deadline=None, max_examples=100)
@given(pages)
def test_a_remembered_page_is_filled_anew(page: bytes) -> None:
    """
    The plan of a page has a point for each slot.
    """
    memory = BodyMemory(Budget())
    plain = Markers()
    expected = rewrite(page, ALSO_HOLDING, markers=plain)

    assert memory.rewrite(page, ALSO_HOLDING, Markers(), private=False) is None
    markers = Markers()
    made = memory.rewrite(bytes(bytearray(page)), ALSO_HOLDING, markers, private=False)
    assert made is not None
    assert made.body == expected
    assert markers.filled == plain.filled


def test_filled_soup_means_the_same() -> None:
    """
    A spec parser finds the page as it was around ours, in all but one of a hundred pages of soup.
    """
    chance = random.Random(20261126)
    soups = [soup(chance) for _ in range(1000)]

    outputs = [rewrite(page, FILLING) for page in soups]
    different = [
        page for page, output in zip(soups, outputs, strict=True) if not means_the_same(page, output, scripting=True)
    ]

    assert sum(output.count(SLOT) for output in outputs) > 300
    assert len(different) <= 10, different[:3]
