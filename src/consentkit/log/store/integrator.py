"""The tree grows: entries that were committed are taken into the tiles, and the new size is signed.

This comes after the answer to the visitor, within a second, by whichever process has its turn. Three things are
looked at before a size is signed, and each of them keeps it from being signed: that no entry is missing, that
the tree still begins with what was signed last (as the database remembers it), and that it still begins with what
the key remembers, which lies elsewhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select, update

from consentkit.log import tree
from consentkit.log.checkpoint import Checkpoint, UnreadableNote, parse_checkpoint, parse_note
from consentkit.log.keyring import Keyring
from consentkit.log.store.schema import SIZE, checkpoint_table, entry, tile_table, tree_table
from consentkit.log.tree import Load, Node

#: How many entries one transaction takes in: about 50 ms. Only the log of an older version has so many waiting.
MAX_STEP = 1 << 15


class WentBack(Exception):
    """The database is older than what was signed from it. The message says how that shows."""


class TreeBroken(Exception):
    """The stored tree contradicts itself, so that nothing more is signed. The message says where."""


@dataclass(frozen=True)
class Grown:
    """`size`: how much of the log the tree holds now; `behind`: how many entries wait. `note`: what was signed."""

    size: int
    behind: int
    note: str | None = None
    generation: int = 1


def tiles(on: Connection) -> Load:
    """The tiles of a database, each read once."""
    known: dict[tuple[int, int], bytes] = {}

    def load(level: int, number: int) -> bytes:
        if (level, number) not in known:
            if len(known) > 64:
                known.clear()  # a walk over a large log needs them in order, a few at a time
            asked_for = select(tile_table.c.hashes).where(tile_table.c.level == level, tile_table.c.number == number)
            known[level, number] = on.execute(asked_for).scalar() or b""
        return known[level, number]

    return load


def integrate(on: Connection, keyring: Keyring | None, today: date) -> Grown | None:
    """Take in what was committed, in one transaction; None when another process is doing it.

    Raises WentBack and TreeBroken; then nothing was changed or signed.
    """
    with on.begin():
        row = on.execute(select(tree_table).with_for_update(skip_locked=True)).one_or_none()
        if row is None:
            return None
        head: int = on.execute(SIZE).scalar_one()
        size = min(head, row.size + MAX_STEP)
        if size < row.size:
            raise _behind(keyring, head, row.size)
        load = tiles(on)
        _grow(on, load, row.size, size)
        node = tree.node_of(tiles(on))
        signed = last_checkpoint(on, row.generation)
        _agree(node, signed, size)
        if keyring is None:
            return Grown(size, head - size)
        check_memory(on, keyring, row, node, size)
        if size < head or (signed is not None and signed.size == size):
            return Grown(size, head - size)
        checkpoint = Checkpoint(keyring.origin(row.generation), size, _root(node, size))
        return Grown(size, 0, _sign(on, keyring, checkpoint, row.generation, today), row.generation)


def check_memory(on: Connection, keyring: Keyring, row: Row[Any], node: Node, size: int) -> None:
    """That the log still is what the key remembers to have signed. Raises WentBack."""
    seen = keyring.last_seen()
    if seen is None:
        return
    generation = keyring.generation(seen.origin) or 1
    if generation < row.generation:
        return  # an earlier life; `resume` wrote down what had become of it
    if generation > row.generation:
        raise WentBack(f"it knows nothing of having begun anew as {seen.origin}")
    if seen.size > size:
        head: int = on.execute(SIZE).scalar_one()
        if seen.size > head:
            raise WentBack(f"it has {head} entries, and {seen.size} were signed")
        return  # a part of it is still to be taken in
    try:
        same = tree.root_at(node, seen.size) == seen.root
    except LookupError as problem:
        raise TreeBroken(str(problem)) from None
    if not same:
        raise WentBack(f"its first {seen.size} entries are not those that were signed")


def look_back(on: Connection, keyring: Keyring) -> None:
    """The same question before anything is written. Raises WentBack and TreeBroken."""
    with on.begin():
        row = on.execute(select(tree_table)).one()
        check_memory(on, keyring, row, tree.node_of(tiles(on)), row.size)


def last_checkpoint(on: Connection, generation: int) -> Checkpoint | None:
    """What was signed last, as the database says; its signature is not looked at. Raises TreeBroken."""
    note = last_note(on, generation)
    if note is None:
        return None
    try:
        return parse_checkpoint(parse_note(note).text)
    except UnreadableNote as problem:
        raise TreeBroken(f"the last checkpoint can't be read: {problem}") from None


def last_note(on: Connection, generation: int) -> str | None:
    newest = checkpoint_table.c.size.desc()
    mine = checkpoint_table.c.generation == generation
    note: str | None = on.execute(select(checkpoint_table.c.note).where(mine).order_by(newest).limit(1)).scalar()
    return note


def _behind(keyring: Keyring | None, head: int, size: int) -> Exception:
    sentence = f"it counts {head} entries, and its tree has {size}"
    return TreeBroken(sentence) if keyring is None else WentBack(sentence)


def _grow(on: Connection, load: Load, old: int, new: int) -> None:
    if new == old:
        return
    asked_for = select(entry.c.leaf_hash).where(entry.c.idx >= old, entry.c.idx < new).order_by(entry.c.idx)
    leaves = [row[0] for row in on.execute(asked_for)]
    if len(leaves) != new - old:
        raise TreeBroken(f"of the entries {old} to {new - 1}, {new - old - len(leaves)} are missing")
    try:
        changed = tree.grow(load, old, leaves)
    except LookupError as problem:
        raise TreeBroken(str(problem)) from None
    for (level, number), hashes in changed.items():
        here = (tile_table.c.level == level) & (tile_table.c.number == number)
        if load(level, number):
            on.execute(update(tile_table).where(here).values(hashes=hashes))
        else:
            on.execute(insert(tile_table).values(level=level, number=number, hashes=hashes))
    on.execute(update(tree_table).values(size=new))


def _agree(node: Node, signed: Checkpoint | None, size: int) -> None:
    if signed is None:
        return
    if signed.size > size:
        raise TreeBroken(f"it signed {signed.size} entries, and its tree has {size}")
    try:
        same = tree.root_at(node, signed.size) == signed.root
    except LookupError as problem:
        raise TreeBroken(str(problem)) from None
    if not same:
        raise TreeBroken(f"its first {signed.size} entries are not those of the checkpoint that it signed")


def _root(node: Node, size: int) -> bytes:
    try:
        return tree.root_at(node, size)
    except LookupError as problem:
        raise TreeBroken(str(problem)) from None


def _sign(on: Connection, keyring: Keyring, checkpoint: Checkpoint, generation: int, today: date) -> str:
    note = keyring.sign(checkpoint.text, generation)
    day = today.isoformat()
    # Of a day its last is enough: every earlier one can be shown to be its beginning.
    of_today = (checkpoint_table.c.generation == generation) & (checkpoint_table.c.day == day)
    on.execute(delete(checkpoint_table).where(of_today))
    on.execute(insert(checkpoint_table).values(generation=generation, size=checkpoint.size, day=day, note=note))
    return note
