"""Verify a log: walk over all of it, and name everything that is not as it was signed.

Each entry stands in the store three times: as a payload, as the hash of that payload in its row, and as a leaf in a
tile. Whoever changes one of them is contradicted by the other two, whoever changes all three by the tree above, and
whoever changes that too by a checkpoint: the last one in the database, the one that the key remembers, and those
that were taken home. The walk computes the root in constant memory as it goes, and compares it where a checkpoint
names its size.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import groupby
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, exc, func, select

from consentkit.log import checkpoint as notes
from consentkit.log import event as events
from consentkit.log import tree
from consentkit.log.canonical import Json
from consentkit.log.checkpoint import BadSignature, UnreadableNote
from consentkit.log.keyring import Keyring
from consentkit.log.problems import LogUnreadable
from consentkit.log.store.columns import Columns
from consentkit.log.store.integrator import tiles
from consentkit.log.store.place import Place, engine, reason_of
from consentkit.log.store.schema import (
    CHOICE,
    SIZE,
    anchor_table,
    checkpoint_table,
    entry,
    notice_table,
    stamp_table,
    tile_table,
    tree_table,
)
from consentkit.log.tree import TILE_WIDTH, Frontier

#: More problems than this are counted and not listed: the first ones say what happened.
MAX_LISTED = 1_000

#: How often progress is told, in entries.
STEP = 10_000


@dataclass
class Audit:
    """What was looked at, and every problem as a sentence. `erased`: entries of which only the hash is left."""

    size: int = 0
    records: int = 0
    events: int = 0
    erased: int = 0
    folded: int = 0
    notices: int = 0
    checkpoints: int = 0
    anchored: int = 0
    stamped: int = 0
    root: str = ""
    unsigned: int = 0
    signatures_checked: bool = False
    problems: list[str] = field(default_factory=list)
    more_problems: int = 0

    @property
    def summary(self) -> dict[str, Json]:
        """What the event of a verification says about it."""
        return {
            "size": self.size, "root": self.root, "erased": self.erased, "folded": self.folded,
            "unsigned": self.unsigned, "problems": len(self.problems) + self.more_problems,
        }  # fmt: skip

    def problem(self, sentence: str) -> None:
        if len(self.problems) < MAX_LISTED:
            self.problems.append(sentence)
        else:
            self.more_problems += 1


@dataclass(frozen=True)
class Signed:
    """A root that somebody signed, and where that was found."""

    where: str
    size: int
    root: bytes


def audit(
    place: Place,
    keyring: Keyring | None = None,
    *,
    memory: Path | None = None,
    others: Mapping[str, str] | None = None,
    stamp: Callable[[bytes, bytes], str | None] | None = None,
    progress: Callable[[int, int], None] = lambda done, all: None,
) -> Audit:
    """Look at everything in the log at this place. Raises LogUnreadable when the database itself can't be read.

    `others`: checkpoints that were kept elsewhere, by name. `stamp`: says what is wrong with a time stamp over these
    bytes. Without `keyring` no signature can be checked, and no anchor is known; where the log has checkpoints, or
    there is a `memory` of a key that is gone, that is a problem.
    """
    try:
        with engine(place, read_only=True).connect() as on, on.begin():
            try:
                return _Walk(on, keyring, memory, others or {}, stamp, progress).all()
            except Exception:
                # SQLite reads a page that was overwritten as if it were one, with nothing where something must be.
                damage = _damage(on)
                if damage is None:
                    raise
                raise LogUnreadable(damage) from None
    except (sqlite3.Error, exc.DBAPIError, OSError) as problem:
        raise LogUnreadable(reason_of(problem)) from problem


def _damage(on: Connection) -> str | None:
    """What is broken in the file itself, None when nothing is."""
    if on.dialect.name != "sqlite":
        return None  # a server looks after its own files
    said = str(on.exec_driver_sql("PRAGMA quick_check(1)").scalar())
    return None if said == "ok" else f"the file is damaged: {said.splitlines()[-1]}"


class _Walk:
    """One look at one state of the log."""

    def __init__(
        self,
        on: Connection,
        keyring: Keyring | None,
        memory: Path | None,
        others: Mapping[str, str],
        stamp: Callable[[bytes, bytes], str | None] | None,
        progress: Callable[[int, int], None],
    ) -> None:
        self._on = on
        self._keyring = keyring
        self._memory = memory
        self._stamp = stamp
        self._progress = progress
        self._found = Audit()
        self._load = tiles(on)
        row = on.execute(select(tree_table)).one()
        self._grown, self._folded, self._generation = int(row.size), int(row.folded), int(row.generation)
        self._head: int = on.execute(SIZE).scalar_one()
        self._signed: list[Signed] = []
        self._others = others
        self._rows = Frontier()  # what the entries say
        self._nodes: Frontier | None = None  # what the tiles say, from the first entry on in which they differ
        self._differ: list[tuple[int, bytes, bytes]] = []  # index, hash by the entry, hash by its tile
        self._judged: dict[int, bool] = {}  # whether the entries were right at the size of a checkpoint
        self._emptied: list[list[int]] = []
        self._explained: list[tuple[int, int]] = []
        self._notices: set[str] = set()
        self._columns = Columns(on, self._notices)
        self._tile_roots: dict[int, bytes] = {}  # of tiles whose entries were all right

    def all(self) -> Audit:
        found = self._found
        found.size, found.folded = self._head, self._folded
        self._look_at_notices()
        self._look_at_checkpoints()
        self._start()
        self._look_at_entries()
        self._look_at_tiles()
        self._tell_differences()
        self._tell_unexplained()
        found.unsigned = self._head - max((each.size for each in self._signed), default=0)
        found.root = self._rows.root.hex()
        return found

    # What stands beside the entries

    def _look_at_notices(self) -> None:
        for row in self._on.execute(select(notice_table.c.sha256, notice_table.c.payload)):
            self._found.notices += 1
            self._notices.add(row.sha256)
            if sha256(row.payload).hexdigest() != row.sha256:
                self._found.problem(f"notice {row.sha256[:16]}: its text was changed")

    def _look_at_checkpoints(self) -> None:
        for row in self._on.execute(select(checkpoint_table).order_by(checkpoint_table.c.size)):
            self._found.checkpoints += 1
            self._look_at_note(f"checkpoint {row.size}", row.note, row.generation, row.size)
        if self._keyring is not None:
            seen = self._keyring.remembered()
            generation = self._keyring.generation(seen.origin) if seen else None
            # Whoever looks with a public key alone may look at a copy, far from what the key remembers.
            remembers = bool(self._keyring.keys) or self._keyring.seen.is_file()
            if seen is None and self._found.checkpoints and remembers:
                self._found.problem(f"{self._keyring.seen.name}: what the key signed last is not there, or was changed")
            elif seen is not None and generation == self._generation:
                self._expect("what the key remembers", seen.size, seen.root)
            elif seen is not None and (generation or 0) > self._generation:
                self._found.problem(f"the log went back in time: it knows nothing of {seen.origin}")
            self._look_at_anchors(self._keyring)
            self._found.signatures_checked = True
        else:
            self._tell_unchecked()
        self._look_at_stamps()
        for name, note in self._others.items():
            self._look_at_note(name, note, None, None)

    def _tell_unchecked(self) -> None:
        """A log that was signed once, and no key: whoever took the key away may have changed anything."""
        if self._found.checkpoints:
            why = f"the log has checkpoints ({self._found.checkpoints:,})"
        elif self._memory is not None and self._memory.exists():
            why = f"there is {self._memory.name}"
        else:
            return
        self._found.problem(f"signatures were not checked: {why}, and no key was found to check them with")

    def _look_at_anchors(self, keyring: Keyring) -> None:
        left = {row.name: row.size for row in self._on.execute(select(anchor_table))}
        for anchor in keyring.anchors:
            try:
                for where, note in anchor.notes():
                    self._found.anchored += 1
                    self._look_at_note(where, note, None, None)
            except FileNotFoundError:
                if left.get(anchor.name):
                    self._found.problem(
                        f"the anchor {anchor.name} is gone: {left[anchor.name]} entries were left there"
                    )
            except OSError as problem:
                self._found.problem(f"the anchor {anchor.name} can't be read: {problem.strerror}")

    def _look_at_stamps(self) -> None:
        for row in self._on.execute(select(stamp_table).order_by(stamp_table.c.size)):
            self._found.stamped += 1
            where = f"the time stamp of {row.day} over {row.size} entries"
            wrong = None if self._stamp is None else self._stamp(row.token, row.note.encode())
            if wrong is not None:
                self._found.problem(f"{where}: {wrong}")
            self._look_at_note(where, row.note, row.generation, row.size)

    def _look_at_note(self, where: str, note: str, generation: int | None, size: int | None) -> None:
        try:
            parsed = notes.parse_note(note)
            said = notes.parse_checkpoint(parsed.text)
            if self._keyring is not None:
                if generation is None:
                    generation = self._keyring.generation(said.origin) or 0
                notes.open_checkpoint(note, self._keyring.verifiers(generation or 1))
        except (UnreadableNote, BadSignature) as problem:
            self._found.problem(f"{where}: {problem}")
            return
        if size is not None and said.size != size:
            self._found.problem(f"{where}: it is filed under {size} entries, and says {said.size}")
        elif generation is None or generation == self._generation:
            self._expect(where, said.size, said.root)

    def _expect(self, where: str, size: int, root: bytes) -> None:
        if size > self._head:
            self._found.problem(f"the log went back in time: it has {self._head} entries, and {where} has {size}")
        else:
            self._signed.append(Signed(where, size, root))

    # The entries

    def _start(self) -> None:
        """Begin where the folded entries end, from the nodes that are left of them."""
        if self._grown > self._head:
            self._found.problem(f"the tree has {self._grown} entries, and the log {self._head}")
        self._signed.sort(key=lambda each: each.size)
        node = tree.node_of(self._load)
        try:
            for height, number in tree.subtrees(0, self._folded):
                self._rows.append_subtree(node(height, number), height)
        except LookupError as problem:
            self._found.problem(f"the beginning that was folded away: {problem}")
            self._rows.size = self._folded
        early = [each for each in self._signed if each.size < self._folded]
        self._signed = [each for each in self._signed if each.size >= self._folded]
        for each in early:
            try:
                if tree.root_at(node, each.size) != each.root:
                    self._found.problem(f"{each.where}: its first {each.size} entries were others")
            except LookupError:
                pass  # within a stretch of which one hash is left; later checkpoints cover it

    def _look_at_entries(self) -> None:
        expected, waiting = self._folded, list(self._signed)
        self._compare(waiting)
        for rows in self._entries():
            before = expected
            if self._are_right(rows, expected, waiting):
                expected += TILE_WIDTH
            else:
                expected = self._look_at_each(rows, expected, waiting)
            self._compare(waiting)
            if expected // STEP > before // STEP:
                self._progress(expected, self._head)
        if expected < self._head:
            self._missing(expected, self._head)
        elif expected > self._head:
            self._found.problem(f"the log counts {self._head} entries, and has {expected}")
        self._compare(waiting)
        self._progress(expected, self._head)

    def _look_at_each(self, rows: Sequence[Any], expected: int, waiting: list[Signed]) -> int:
        for row in rows:
            index = row[0]
            if index != expected:
                self._missing(expected, index)
                expected = index
            self._look_at(row)
            expected += 1
            self._compare(waiting)
        return expected

    def _are_right(self, rows: Sequence[Any], first: int, waiting: Sequence[Signed]) -> bool:
        """Whether these are choices that fill one tile, and everything about them is right: nearly all of a log, and
        three times faster than to look at each. What is not so is looked at again, and then it is said what is wrong.
        """
        after, number = first + TILE_WIDTH, first // TILE_WIDTH
        if len(rows) != TILE_WIDTH or rows[0][0] != first or rows[-1][0] != after - 1 or first % TILE_WIDTH:
            return False
        if after > self._grown or self._rows.size != first or self._nodes is not None:
            return False
        if waiting and waiting[0].size < after:
            return False  # the root is asked for in between
        leaves, fit = [], self._columns.fit
        for _, kind, id, seconds, subject, pattern, expires, payload, stored in rows:
            if kind != CHOICE or payload is None:
                return False
            if not fit(payload, id, seconds, subject, pattern, expires) and self._is_wrong(
                payload, id, seconds, subject, pattern, expires
            ):
                return False
            leaf = sha256(b"\x00" + payload).digest()
            if leaf != stored:
                return False
            leaves.append(leaf)
        if b"".join(leaves) != self._load(0, number):
            return False
        root = self._tile_roots[number] = tree.perfect_root(leaves)
        self._rows.append_subtree(root, tree.TILE_HEIGHT)
        self._found.records += TILE_WIDTH
        return True

    def _is_wrong(self, *columns: Any) -> bool:
        try:
            return any(True for _ in self._columns.problems(*columns))
        except (ValueError, OverflowError, RecursionError):
            return True

    def _entries(self) -> Iterator[list[Any]]:
        """All entries in order, those of a tile together."""
        columns = (entry.c.idx, entry.c.kind, entry.c.id, entry.c.time, entry.c.subject, entry.c.pattern,
                   entry.c.expires, entry.c.payload, entry.c.leaf_hash)  # fmt: skip
        asked_for = select(*columns).order_by(entry.c.idx).execution_options(yield_per=4 * TILE_WIDTH)
        for _, rows in groupby(self._on.execute(asked_for), key=lambda row: row[0] // TILE_WIDTH):
            yield list(rows)

    def _missing(self, first: int, after: int) -> None:
        """Entries that are gone: the walk goes on with what the tiles say of them."""
        which = f"entry {first} is" if after == first + 1 else f"entries {first} to {after - 1} are"
        self._found.problem(f"{which} missing")
        for index in range(first, after):
            leaf = self._leaf_in_tile(index)
            self._add(index, b"\x00" * tree.HASH_BYTES if leaf is None else leaf, leaf)

    def _look_at(self, row: Any) -> None:
        index, kind, payload, stored = row[0], row[1], row[7], row[8]
        tile = self._leaf_in_tile(index)
        if payload is None:
            self._look_at_emptied(row)
            self._add(index, stored, tile)
            return
        leaf = sha256(b"\x00" + payload).digest()
        if leaf != stored:
            if tile == stored:
                self._found.problem(f"entry {index}: its payload was changed")
            elif tile == leaf or tile is None:
                self._found.problem(f"entry {index}: its leaf hash was changed")
            else:
                self._found.problem(f"entry {index}: payload and leaf hash were changed")
            self._add(index, leaf if tile == leaf else stored, tile)
        else:
            self._add(index, leaf, tile)
        try:
            if kind == CHOICE:
                self._look_at_choice(index, row)
            else:
                self._look_at_event(index, row, payload)
        except (ValueError, OverflowError, RecursionError) as problem:
            self._found.problem(f"entry {index}: its payload can't be read ({problem})")

    def _look_at_choice(self, index: int, row: Any) -> None:
        self._found.records += 1
        _, _, id, seconds, subject, pattern, expires, payload, _ = row
        if not self._columns.fit(payload, id, seconds, subject, pattern, expires):
            for problem in self._columns.problems(payload, id, seconds, subject, pattern, expires):
                self._found.problem(f"entry {index}: {problem}")

    def _look_at_emptied(self, row: Any) -> None:
        index = row[0]
        self._found.erased += 1
        if self._emptied and self._emptied[-1][1] == index - 1:
            self._emptied[-1][1] = index
        else:
            self._emptied.append([index, index])
        if any(row[place] is not None for place in (4, 5, 6)):
            self._found.problem(f"entry {index}: its payload was erased, and its columns were not")

    def _look_at_event(self, index: int, row: Any, payload: bytes) -> None:
        self._found.events += 1
        event = events.parse(payload)
        if (row[1], row[2], row[3]) != (event.kind, event.id, int(event.time.timestamp())):
            self._found.problem(f"entry {index}: its column kind, id or time is not what its payload says")
        if event.kind in (events.Kind.ERASE, events.Kind.PRUNE):
            self._explained.extend(events.stretches(event))

    # The tree

    def _leaf_in_tile(self, index: int) -> bytes | None:
        if index >= self._grown:
            return None  # not taken in yet
        start = index % TILE_WIDTH * tree.HASH_BYTES
        return self._load(0, index // TILE_WIDTH)[start : start + tree.HASH_BYTES]

    def _add(self, index: int, leaf: bytes, tile: bytes | None) -> None:
        if tile is not None and tile != leaf:
            if self._nodes is None:
                self._nodes = Frontier(self._rows.size, list(self._rows.hashes))
            if len(self._differ) < MAX_LISTED:
                self._differ.append((index, leaf, tile))
        self._rows.append(leaf)
        if self._nodes is not None:
            self._nodes.append(leaf if tile is None or len(tile) != tree.HASH_BYTES else tile)

    def _compare(self, waiting: list[Signed]) -> None:
        while waiting and waiting[0].size <= self._rows.size:
            signed = waiting.pop(0)
            by_rows = self._rows.root == signed.root
            by_nodes = (self._nodes or self._rows).root == signed.root
            self._judged[signed.size] = by_rows
            if not by_rows and not by_nodes:
                self._found.problem(f"{signed.where}: the first {signed.size} entries are not those that were signed")

    def _look_at_tiles(self) -> None:
        """Each level against the one below it, and nothing that does not belong."""
        wanted = set(_places(self._grown, self._folded))
        there = {
            (level, number): width // tree.HASH_BYTES if not width % tree.HASH_BYTES else -1
            for level, number, width in self._on.execute(
                select(tile_table.c.level, tile_table.c.number, func.length(tile_table.c.hashes))
            )
        }
        for level, number in sorted(wanted - set(there)):
            self._found.problem(f"tile {level}/{number} is missing")
        for level, number in sorted(set(there) - wanted):
            self._found.problem(f"tile {level}/{number} does not belong to a tree of {self._grown} entries")
        for (level, number), width in sorted(there.items()):
            full = min(TILE_WIDTH, (self._grown >> (tree.TILE_HEIGHT * level)) - number * TILE_WIDTH)
            if (level, number) in wanted and width != full:
                self._found.problem(f"tile {level}/{number} has {width} nodes, not {full}")
                continue
            if width != TILE_WIDTH:
                continue
            above = self._load(level + 1, number // TILE_WIDTH)
            start = number % TILE_WIDTH * tree.HASH_BYTES
            root = self._tile_roots.get(number) if level == 0 else None
            root = root or tree.perfect_root(tree.hashes_in(self._load(level, number)))
            changed_below = level == 0 and any(index // TILE_WIDTH == number for index, _, _ in self._differ)
            if above[start : start + tree.HASH_BYTES] != root and not changed_below:
                self._found.problem(f"tile {level + 1}/{number // TILE_WIDTH}: node {number % TILE_WIDTH} was changed")

    def _tell_differences(self) -> None:
        """Where entry and tile differ, the first checkpoint over both says which of them was changed."""
        belongs = {tile: index for index, _, tile in self._differ}
        for index, leaf, _ in self._differ:
            later = [right for size, right in sorted(self._judged.items()) if size > index]
            if later and later[0]:
                self._found.problem(f"tile 0/{index // TILE_WIDTH}: the node of entry {index} was changed")
            elif leaf in belongs:
                self._found.problem(
                    f"entry {index} is not the one that was signed there: it belongs to {belongs[leaf]}"
                )
            elif later:
                self._found.problem(f"entry {index} is not the one that was signed there")
            else:
                self._found.problem(f"entry {index} and its node in tile 0/{index // TILE_WIDTH} differ")

    def _tell_unexplained(self) -> None:
        """Every emptied entry needs an event that says who emptied it."""
        explained = sorted(self._explained)
        for first, last in self._emptied:
            index = first
            for begin, end in explained:
                if begin <= index <= end:
                    index = end + 1
            if index <= last:
                which = f"entry {index}" if index == last else f"entries {index} to {last}"
                self._found.problem(f"{which}: the payload is gone, and no event says who erased it")


def _places(size: int, folded: int) -> Iterator[tuple[int, int]]:
    level, first, count = 0, folded // TILE_WIDTH, size
    while count:
        for number in range(first, -(-count // TILE_WIDTH)):
            yield level, number
        level, first, count = level + 1, 0, count // TILE_WIDTH
