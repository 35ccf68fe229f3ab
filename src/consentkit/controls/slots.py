"""Controls in places of the page's own (`Site.slots`): what stands in an empty `<div data-ckit-slot="choices">`.

They are part of the page, so they look like it: no style of ours, no id, and `<div>`s and headings where it has them.
"""

from __future__ import annotations

from dataclasses import dataclass

from consentkit.controls.declared import Block, Heading, Paragraph, Table, declared
from consentkit.controls.preferences import breakable
from consentkit.controls.question import NONE, Question
from consentkit.controls.reader import View, reader_bar
from consentkit.controls.words import Words
from consentkit.decide import Asking

#: The way to one's choices; text size and the other version of the page; and all that is declared, with that way.
NAMES = frozenset({"choices", "reader", "preferences"})


@dataclass(frozen=True)
class Slot:
    """All that changes what stands in a slot, except addresses. What a slot of this name does not show is left out."""

    name: str
    language: str
    denied: frozenset[str] = NONE
    opt_out: bool = False
    text_size: int | None = None
    view: View | None = None


def values(words: Words, slot: Slot) -> dict[str, object] | None:
    """What its template needs; None where there is nothing to show."""
    question = Question(Asking.NOTHING, denied=slot.denied)
    bar = reader_bar(words, question, slot.text_size, slot.view, opt_out=slot.opt_out)
    shows = {"choices": bar["privacy"], "reader": bar["sizes"] or bar["view"], "preferences": True}
    if not shows[slot.name]:
        return None
    return {
        "slot": slot.name,
        "language": words.catalogue.language,
        "reader": bar,
        "blocks": [_shown(block) for block in declared(words)] if slot.name == "preferences" else [],
        "others": words.text("prefs.others") if words.site.purposes else "",
    }


def _shown(block: Block) -> dict[str, object]:
    if isinstance(block, Heading):
        return {"kind": f"h{block.level}", "text": block.text}
    if isinstance(block, Paragraph):
        return {"kind": "p", "text": block.text, "href": block.href}
    assert isinstance(block, Table)
    rows = [{"name": breakable(name), "cells": cells} for name, *cells in block.rows]
    return {"kind": "table", "header": block.header, "rows": rows}
