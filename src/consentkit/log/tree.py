"""The Merkle tree over the log: RFC 6962 hashes, proofs, and how they are checked.

Pure: hashes in, hashes out. A tree of n leaves is never held as a whole. It is kept as *tiles*: 256 hashes
that stand beside each other, 32 bytes each. Level 0 holds the hashes of the leaves; a tile that is full gives
one hash to the level above. From tiles every root and every proof of every earlier size can be made again, and
each takes a few tiles only (the layout is that of C2SP tlog-tiles).

Two views of one tree meet here: `Frontier` computes a root from leaves as they come, in constant memory, and
`node_of` finds any node in the tiles. What the one says must be what the other says; `verify` compares them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import sha256

HASH_BYTES = 32

#: Hashes in a full tile, and the levels of the tree that one tile spans.
TILE_WIDTH = 256
TILE_HEIGHT = 8
TILE_BYTES = TILE_WIDTH * HASH_BYTES

#: The root of a tree without leaves (RFC 6962, 2.1).
EMPTY_ROOT = hashlib.sha256(b"").digest()

#: Which perfect subtree: `node(height, number)` has the leaves from number << height up to the next one.
Node = Callable[[int, int], bytes]
#: Where tiles are kept: `load(level, number)` gives its hashes one after the other, b"" when there is none.
Load = Callable[[int, int], bytes]


def leaf_hash(payload: bytes) -> bytes:
    """The 32 bytes by which a payload stands in the tree. The prefix keeps a leaf from passing for a node."""
    return hashlib.sha256(b"\x00" + payload).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


@dataclass
class Frontier:
    """A tree that grows at its right end: of each perfect subtree along that end, the root. At most 64 hashes."""

    size: int = 0
    hashes: list[bytes] = field(default_factory=list)

    def append(self, leaf: bytes) -> None:
        self.append_subtree(leaf, 0)

    def append_subtree(self, root: bytes, height: int) -> None:
        """Add 2**height leaves at once, known by their root only. They must begin where such a subtree can."""
        if self.size % (1 << height):
            raise ValueError(f"No subtree of {1 << height} leaves begins at {self.size}.")
        self.hashes.append(root)
        # As many pairs became whole as there are ones at the end of the size in units of the subtree.
        pairs = self.size >> height
        while pairs & 1:
            right, left = self.hashes.pop(), self.hashes.pop()
            self.hashes.append(node_hash(left, right))
            pairs >>= 1
        self.size += 1 << height

    @property
    def root(self) -> bytes:
        """The hash of the whole tree as it is now (RFC 6962, 2.1)."""
        if not self.hashes:
            return EMPTY_ROOT
        root = self.hashes[-1]
        for left in reversed(self.hashes[:-1]):
            root = node_hash(left, root)
        return root


def root_of(leaves: Iterable[bytes]) -> bytes:
    frontier = Frontier()
    for leaf in leaves:
        frontier.append(leaf)
    return frontier.root


# Tiles


def hashes_in(tile: bytes) -> list[bytes]:
    return [tile[start : start + HASH_BYTES] for start in range(0, len(tile), HASH_BYTES)]


def perfect_root(hashes: Sequence[bytes]) -> bytes:
    """The root over 1, 2, 4, … nodes of one height that stand beside each other."""
    row = list(hashes)
    while len(row) > 1:
        # Spelt out, for a verifier spends a fifth of its time here: node_hash of each pair.
        row = [sha256(b"\x01" + left + right).digest() for left, right in zip(row[::2], row[1::2], strict=True)]
    return row[0]


def node_of(load: Load) -> Node:
    """Look nodes up in tiles. Raises LookupError for a node that they do not hold."""

    def node(height: int, number: int) -> bytes:
        level, above = divmod(height, TILE_HEIGHT)
        first = number << above
        tile = load(level, first // TILE_WIDTH)
        start = first % TILE_WIDTH * HASH_BYTES
        held = tile[start : start + (HASH_BYTES << above)]
        if len(held) != HASH_BYTES << above:
            raise LookupError(f"There is no node {number} of height {height}: tile {level}/{first // TILE_WIDTH}.")
        return perfect_root(hashes_in(held)) if above else held

    return node


def grow(load: Load, size: int, leaves: Iterable[bytes]) -> dict[tuple[int, int], bytes]:
    """The tiles that change when leaves are added to a tree of `size`, by level and number."""
    tiles: dict[tuple[int, int], bytearray] = {}
    for position, leaf in enumerate(leaves, size):
        level, number, hash = 0, position, leaf
        while True:
            place = (level, number // TILE_WIDTH)
            tile = tiles.get(place)
            if tile is None:
                # Only what stands before this hash counts: a longer tile was left by a future that did not last.
                tile = tiles[place] = bytearray(load(*place)[: number % TILE_WIDTH * HASH_BYTES])
            if len(tile) != number % TILE_WIDTH * HASH_BYTES:
                raise LookupError(f"Tile {level}/{number // TILE_WIDTH} is not whole; the tree can't grow on it.")
            tile += hash
            if len(tile) < TILE_BYTES:
                break
            hash = perfect_root(hashes_in(bytes(tile)))
            level, number = level + 1, number // TILE_WIDTH
    return {place: bytes(tile) for place, tile in tiles.items()}


# Roots and proofs, in the words of RFC 6962


def root_at(node: Node, size: int) -> bytes:
    """The root of the tree as it was at `size`."""
    return _over(node, 0, size) if size else EMPTY_ROOT


def inclusion_proof(node: Node, index: int, size: int) -> list[bytes]:
    """PATH(index, D[size]) of RFC 6962, 2.1.1: what has to be hashed with a leaf to get the root."""
    if not 0 <= index < size:
        raise ValueError(f"A tree of {size} leaves has no leaf {index}.")
    return list(_path(node, index, 0, size))


def consistency_proof(node: Node, old: int, new: int) -> list[bytes]:
    """PROOF(old, D[new]) of RFC 6962, 2.1.2: what shows that the old tree is the beginning of the new one."""
    if not 0 <= old <= new:
        raise ValueError(f"A tree of {new} leaves never had {old}.")
    return list(_subproof(node, old, 0, new, whole=True)) if old else []


def subtrees(begin: int, end: int) -> Iterator[tuple[int, int]]:
    """The fewest perfect subtrees that leaves begin … end are made of, from left to right: (height, number)."""
    while begin < end:
        height = (end - begin).bit_length() - 1
        if begin:
            height = min(height, (begin & -begin).bit_length() - 1)
        yield height, begin >> height
        begin += 1 << height


def _path(node: Node, index: int, begin: int, end: int) -> Iterator[bytes]:
    if end - begin == 1:
        return
    middle = begin + _split(end - begin)
    if index < middle:
        yield from _path(node, index, begin, middle)
        yield _over(node, middle, end)
    else:
        yield from _path(node, index, middle, end)
        yield _over(node, begin, middle)


def _subproof(node: Node, old: int, begin: int, end: int, *, whole: bool) -> Iterator[bytes]:
    """`old`: the end of the old tree. `whole`: whether begin … old is all of it, which its owner knows."""
    if old == end:
        if not whole:
            yield _over(node, begin, end)
        return
    middle = begin + _split(end - begin)
    if old <= middle:
        yield from _subproof(node, old, begin, middle, whole=whole)
        yield _over(node, middle, end)
    else:
        yield from _subproof(node, old, middle, end, whole=False)
        yield _over(node, begin, middle)


def _over(node: Node, begin: int, end: int) -> bytes:
    """The hash over leaves begin … end, where begin is a place at which the tree splits."""
    roots = [node(height, number) for height, number in subtrees(begin, end)]
    root = roots[-1]
    for left in reversed(roots[:-1]):
        root = node_hash(left, root)
    return root


def _split(count: int) -> int:
    """The largest power of two below the number of leaves."""
    return 1 << ((count - 1).bit_length() - 1)


# Checking


def root_by_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes]) -> bytes:
    """The root that a tree must have in which this proof holds (RFC 9162, 2.1.3.2). Raises ValueError."""
    if not 0 <= index < size:
        raise ValueError(f"A tree of {size} leaves has no leaf {index}.")
    number, last, root = index, size - 1, leaf
    for hash in proof:
        if not last:
            raise ValueError("The proof has more hashes than the tree has levels.")
        if number & 1 or number == last:
            root = node_hash(hash, root)
            while not number & 1 and number:
                number, last = number >> 1, last >> 1
        else:
            root = node_hash(root, hash)
        number, last = number >> 1, last >> 1
    if last:
        raise ValueError("The proof has fewer hashes than the tree has levels.")
    return root


def is_included(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """Whether the proof shows that this leaf stands at this index under this root."""
    try:
        return root_by_inclusion(leaf, index, size, proof) == root
    except ValueError:
        return False


def is_extended(old: int, old_root: bytes, new: int, new_root: bytes, proof: Sequence[bytes]) -> bool:
    """Whether the proof shows that the new tree begins with the old one (RFC 9162, 2.1.4.2)."""
    if old == new:
        return not proof and old_root == new_root
    if not 0 <= old < new:
        return False
    if old == 0:
        return not proof and old_root == EMPTY_ROOT
    hashes = list(proof) if old & (old - 1) else [old_root, *proof]
    if not hashes:
        return False
    number, last = old - 1, new - 1
    while number & 1:
        number, last = number >> 1, last >> 1
    first, second = hashes[0], hashes[0]
    for hash in hashes[1:]:
        if not last:
            return False
        if number & 1 or number == last:
            first, second = node_hash(hash, first), node_hash(hash, second)
            while not number & 1 and number:
                number, last = number >> 1, last >> 1
        else:
            second = node_hash(second, hash)
        number, last = number >> 1, last >> 1
    return not last and first == old_root and second == new_root
