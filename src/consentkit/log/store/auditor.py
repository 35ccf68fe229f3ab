"""Verify a log: walk over all of it, and name everything that is not as it was signed.

Each entry stands in the store three times: as a payload, as the hash of that payload in its row, and as a leaf in a
tile. Whoever changes one of them is contradicted by the other two, whoever changes all three by the tree above, and
whoever changes that too by a checkpoint: the last one in the database, the one that the key remembers, and those
that were taken home. The walk computes the root in constant memory as it goes, and compares it where a checkpoint
names its size.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection, exc, select

from consentkit.log import checkpoint as notes
from consentkit.log import event as events
from consentkit.log import tree
from consentkit.log.checkpoint import BadSignature, UnreadableNote
from consentkit.log.keyring import Keyring
from consentkit.log.problems import LogUnreadable
from consentkit.log.record import UNKNOWN_NOTICE
from consentkit.log.store.integrator import tiles
from consentkit.log.store.place import Place, engine, reason_of
from consentkit.log.store.schema import (
    CHOICE,
    SIZE,
    checkpoint_table,
    entry,
    notice_table,
    part,
    pattern,
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
    root: str = ""
    unsigned: int = 0
    problems: list[str] = field(default_factory=list)
    more_problems: int = 0

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
    others: Mapping[str, str] | None = None,
    progress: Callable[[int, int], None] = lambda done, all: None,
) -> Audit:
    """Look at everything in the log at this place. Raises LogUnreadable when the database itself can't be read.

    `others`: checkpoints that were kept elsewhere, by name. Without `keyring` no signature can be checked.
    """
    try:
        with engine(place, read_only=True).connect() as on, on.begin():
            return _Walk(on, keyring, others or {}, progress).all()
    except (sqlite3.Error, exc.DBAPIError, OSError) as problem:
        raise LogUnreadable(reason_of(problem)) from problem


class _Walk:
    """One look at one state of the log."""

    def __init__(
        self, on: Connection, keyring: Keyring | None, others: Mapping[str, str], progress: Callable[[int, int], None]
    ) -> None:
        self._on = on
        self._keyring = keyring
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
        self._patterns: dict[int, dict[str, Any]] = {}

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
            seen = self._keyring.last_seen()
            generation = self._keyring.generation(seen.origin) if seen else None
            if seen is None and self._found.checkpoints:
                self._found.problem(f"{self._keyring.seen.name}: what the key signed last is not there, or was changed")
            elif seen is not None and generation == self._generation:
                self._expect("what the key remembers", seen.size, seen.root)
            elif seen is not None and (generation or 0) > self._generation:
                self._found.problem(f"the log went back in time: it knows nothing of {seen.origin}")
        for name, note in self._others.items():
            self._look_at_note(name, note, None, None)

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
        for row in self._entries():
            index = row[0]
            if index != expected:
                self._missing(expected, index)
                expected = index
            self._look_at(row)
            expected += 1
            self._compare(waiting)
            if not expected % STEP:
                self._progress(expected, self._head)
        if expected < self._head:
            self._missing(expected, self._head)
        elif expected > self._head:
            self._found.problem(f"the log counts {self._head} entries, and has {expected}")
        self._compare(waiting)
        self._progress(expected, self._head)

    def _entries(self) -> Iterator[Any]:
        columns = (entry.c.idx, entry.c.kind, entry.c.id, entry.c.time, entry.c.subject, entry.c.pattern,
                   entry.c.expires, entry.c.payload, entry.c.leaf_hash)  # fmt: skip
        asked_for = select(*columns).order_by(entry.c.idx).execution_options(yield_per=1_000)
        yield from self._on.execute(asked_for)

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
            said = json.loads(payload)
            self._look_at_choice(index, row, said) if kind == CHOICE else self._look_at_event(index, row, payload)
        except (ValueError, KeyError, TypeError, AttributeError) as problem:
            self._found.problem(f"entry {index}: its payload can't be read ({problem})")

    def _look_at_emptied(self, row: Any) -> None:
        index = row[0]
        self._found.erased += 1
        if self._emptied and self._emptied[-1][1] == index - 1:
            self._emptied[-1][1] = index
        else:
            self._emptied.append([index, index])
        if any(row[place] is not None for place in (4, 5, 6)):
            self._found.problem(f"entry {index}: its payload was erased, and its columns were not")

    def _look_at_choice(self, index: int, row: Any, said: Mapping[str, Any]) -> None:
        self._found.records += 1
        if said["kind"] != CHOICE:
            self._wrong(index, "kind")
        if row[2] != said["id"]:
            self._wrong(index, "id")
        if row[4] != said["subject"]:
            self._wrong(index, "subject")
        if row[6] != said["expires"]:
            self._wrong(index, "expires")
        # Cheaper than to read the time: what it says in text has to be what the number says.
        if _time(row[3]) != said["time"]:
            self._wrong(index, "time")
        if not _alike(self._pattern(row[5]), said):
            self._wrong(index, "pattern")
        if said["notice"] != UNKNOWN_NOTICE and said["notice"] not in self._notices:
            self._found.problem(f"entry {index}: its notice {said['notice'][:16]} is missing")

    def _look_at_event(self, index: int, row: Any, payload: bytes) -> None:
        self._found.events += 1
        event = events.parse(payload)
        if (row[1], row[2], row[3]) != (event.kind, event.id, int(event.time.timestamp())):
            self._wrong(index, "kind, id or time")
        if event.kind in (events.Kind.ERASE, events.Kind.PRUNE):
            self._explained.extend(events.stretches(event))

    def _wrong(self, index: int, column: str) -> None:
        self._found.problem(f"entry {index}: its column {column} is not what its payload says")

    def _pattern(self, number: int | None) -> dict[str, Any]:
        if number is None:
            return {}
        if number not in self._patterns:
            row = self._on.execute(select(pattern).where(pattern.c.number == number)).one_or_none()
            parts = self._on.execute(select(part).where(part.c.pattern == number)).all()
            self._patterns[number] = {} if row is None else _as_said(row, parts)
        return self._patterns[number]

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
            (row.level, row.number): len(row.hashes) // tree.HASH_BYTES if not len(row.hashes) % tree.HASH_BYTES else -1
            for row in self._on.execute(select(tile_table))
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
            root = tree.perfect_root(tree.hashes_in(self._load(level, number)))
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


def _time(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).replace(tzinfo=None).isoformat() + "Z"


_PLAIN = ("state", "action", "method", "layer", "language", "regime", "site", "device")


def _as_said(row: Any, parts: Sequence[Any]) -> dict[str, Any]:
    """A pattern in the words of a payload."""
    return {name: getattr(row, name) for name in _PLAIN} | {
        "gpc": bool(row.gpc),
        "notice": row.notice or UNKNOWN_NOTICE,
        "purposes": {each.name: bool(each.answer) for each in parts if each.part == "purpose"},
        "vendors": {each.name: bool(each.answer) for each in parts if each.part == "vendor"},
        "policies": {each.name: (each.version, bool(each.answer)) for each in parts if each.part == "policy"},
    }


def _alike(known: Mapping[str, Any], said: Mapping[str, Any]) -> bool:
    policies = {name: (each["version"], each["accepted"]) for name, each in said["policies"].items()}
    return bool(known) and known["policies"] == policies and all(
        said[name] == value for name, value in known.items() if name != "policies"
    )  # fmt: skip
