from __future__ import annotations

import hashlib
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consentkit.log import tree
from consentkit.log.tree import Frontier, grow, leaf_hash, node_of, root_of
from tests.needs import missing

#: The eight leaves of the reference trees of certificate transparency, and the roots of their first 0 to 8.
LEAVES = [
    bytes.fromhex(each)
    for each in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
]
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


def leaves_of(count: int) -> list[bytes]:
    return [leaf_hash(str(number).encode()) for number in range(count)]


def by_definition(leaves: list[bytes]) -> bytes:
    """MTH(D[n]) as RFC 6962, 2.1 writes it."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return tree.node_hash(by_definition(leaves[:split]), by_definition(leaves[split:]))


class Tiles(dict[tuple[int, int], bytes]):
    """Tiles in memory, grown by pieces."""

    def __init__(self, leaves: list[bytes], cuts: list[int] | None = None) -> None:
        places = sorted({0, len(leaves), *(cut % (len(leaves) + 1) for cut in cuts or [])})
        for start, end in pairwise(places):
            self.update(grow(self.load, start, leaves[start:end]))

    def load(self, level: int, number: int) -> bytes:
        return self.get((level, number), b"")


@pytest.mark.parametrize("size", range(9))
def test_roots_are_those_of_the_specification(size: int) -> None:
    """
    The reference trees of certificate transparency have the published roots.
    """
    leaves = [leaf_hash(each) for each in LEAVES[:size]]

    assert root_of(leaves).hex() == ROOTS[size]
    assert tree.root_at(node_of(Tiles(leaves).load), size).hex() == ROOTS[size]


@pytest.mark.parametrize(
    ("index", "size", "proof"),
    [
        (0, 1, []),
        (
            0,
            8,
            [
                "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
                "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
                "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
            ],
        ),
        (
            5,
            8,
            [
                "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
                "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
                "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
            ],
        ),
        (2, 3, ["fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"]),
    ],
)
def test_inclusion_proofs_are_those_of_the_specification(index: int, size: int, proof: list[str]) -> None:
    """
    The published inclusion proofs of the reference trees are made and accepted.
    """
    leaves = [leaf_hash(each) for each in LEAVES[:size]]
    made = tree.inclusion_proof(node_of(Tiles(leaves).load), index, size)

    assert [each.hex() for each in made] == proof
    assert tree.is_included(leaves[index], index, size, made, bytes.fromhex(ROOTS[size]))


@pytest.mark.parametrize(
    ("old", "new", "proof"),
    [
        (1, 1, []),
        (
            1,
            8,
            [
                "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
                "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
                "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
            ],
        ),
        (
            6,
            8,
            [
                "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
                "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
                "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
            ],
        ),
        (
            2,
            5,
            [
                "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
                "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
            ],
        ),
    ],
)
def test_consistency_proofs_are_those_of_the_specification(old: int, new: int, proof: list[str]) -> None:
    """
    The published consistency proofs of the reference trees are made and accepted.
    """
    leaves = [leaf_hash(each) for each in LEAVES[:new]]
    made = tree.consistency_proof(node_of(Tiles(leaves).load), old, new)

    assert [each.hex() for each in made] == proof
    assert tree.is_extended(old, bytes.fromhex(ROOTS[old]), new, bytes.fromhex(ROOTS[new]), made)


sizes = st.integers(1, 700)


@given(st.integers(0, 70))
def test_a_root_is_what_the_definition_says(size: int) -> None:
    """
    Leaves one by one give the same root as the recursion of RFC 6962.
    """
    assert root_of(leaves_of(size)) == by_definition(leaves_of(size))


@given(sizes, st.lists(st.integers(0, 700), max_size=4), st.data())
def test_tiles_hold_every_earlier_root(size: int, cuts: list[int], data: st.DataObject) -> None:
    """
    However a tree grew, its tiles give the root that it had at every earlier size.
    """
    leaves = leaves_of(size)
    earlier = data.draw(st.integers(0, size))

    assert tree.root_at(node_of(Tiles(leaves, cuts).load), earlier) == root_of(leaves[:earlier])


@given(sizes, st.data())
def test_every_leaf_can_be_proven_and_no_other(size: int, data: st.DataObject) -> None:
    """
    A proof holds for its leaf, index, size and root, and for none that differs in one of them.
    """
    leaves = leaves_of(size)
    index = data.draw(st.integers(0, size - 1))
    root = root_of(leaves)
    proof = tree.inclusion_proof(node_of(Tiles(leaves).load), index, size)
    other = data.draw(st.integers(0, size - 1))

    assert tree.is_included(leaves[index], index, size, proof, root)
    assert not tree.is_included(leaf_hash(b"other"), index, size, proof, root)
    assert not tree.is_included(leaves[index], index, size, [*proof, root], root)
    assert not tree.is_included(leaves[index], index, size, proof, EMPTY)
    assert tree.is_included(leaves[index], other, size, proof, root) is (other == index)
    for place in range(len(proof)):
        broken = [*proof[:place], leaf_hash(b"other"), *proof[place + 1 :]]
        assert not tree.is_included(leaves[index], index, size, broken, root)
        assert not tree.is_included(leaves[index], index, size, proof[:place], root)


EMPTY = tree.EMPTY_ROOT


@given(sizes, st.data())
def test_growth_can_be_proven_and_nothing_else(size: int, data: st.DataObject) -> None:
    """
    A consistency proof holds for its two sizes and roots, and not for a tree that was changed.
    """
    leaves = leaves_of(size)
    old = data.draw(st.integers(0, size))
    roots = root_of(leaves[:old]), root_of(leaves)
    proof = tree.consistency_proof(node_of(Tiles(leaves).load), old, size)

    assert tree.is_extended(old, roots[0], size, roots[1], proof)
    assert not tree.is_extended(old, leaf_hash(b"x"), size, roots[1], proof)
    assert not tree.is_extended(old, roots[0], size, leaf_hash(b"x"), proof) or old == 0
    assert not tree.is_extended(old, roots[0], size, roots[1], [*proof, roots[0]])
    assert not tree.is_extended(size + 1, roots[1], size, roots[1], proof)
    if proof:
        assert not tree.is_extended(old, roots[0], size, roots[1], proof[:-1])


@given(st.integers(0, 600), st.integers(0, 600))
def test_subtrees_cover_a_stretch_once(begin: int, end: int) -> None:
    """
    A stretch of leaves is cut into subtrees that follow each other without gap or overlap.
    """
    covered = [
        leaf for height, number in tree.subtrees(begin, end) for leaf in range(number << height, (number + 1) << height)
    ]

    assert covered == list(range(begin, end))


@given(sizes, st.data())
def test_leaves_may_be_given_by_the_subtree(size: int, data: st.DataObject) -> None:
    """
    A root can be computed from some leaves and the roots of the subtrees between them.
    """
    leaves = leaves_of(size)
    begin = data.draw(st.integers(0, size))
    end = data.draw(st.integers(begin, size))
    node = node_of(Tiles(leaves).load)

    frontier = Frontier()
    for leaf in leaves[:begin]:
        frontier.append(leaf)
    for height, number in tree.subtrees(begin, end):
        frontier.append_subtree(node(height, number), height)
    for leaf in leaves[end:]:
        frontier.append(leaf)

    assert frontier.root == root_of(leaves)


def test_what_can_not_be_is_refused() -> None:
    """
    Proofs about leaves and sizes that a tree never had, and growth on a broken tile, are errors.
    """
    tiles = Tiles(leaves_of(3))
    node = node_of(tiles.load)

    with pytest.raises(ValueError, match="A tree of 3 leaves has no leaf 3"):
        tree.inclusion_proof(node, 3, 3)
    with pytest.raises(ValueError, match="A tree of 3 leaves never had 4"):
        tree.consistency_proof(node, 4, 3)
    with pytest.raises(ValueError, match="No subtree of 4 leaves begins at 3"):
        Frontier(3, leaves_of(2)).append_subtree(EMPTY, 2)
    with pytest.raises(LookupError, match="no node 0 of height 3: tile 0/0"):
        tree.root_at(node, 8)
    with pytest.raises(LookupError, match="Tile 0/0 is not whole"):
        grow(tiles.load, 4, leaves_of(1))
    assert not tree.is_included(EMPTY, 3, 3, [], EMPTY)
    assert not tree.is_extended(3, EMPTY, 4, EMPTY, [])


def test_a_tile_that_ran_ahead_is_cut_back() -> None:
    """
    Growing from an earlier size forgets what stood behind it.
    """
    tiles = Tiles(leaves_of(5))
    tiles.update(grow(tiles.load, 2, [EMPTY]))

    assert tree.hashes_in(tiles.load(0, 0)) == [*leaves_of(2), EMPTY]


def in_pymerkle(leaves: list[bytes]) -> Any:
    try:
        from pymerkle import InmemoryTree
    except ImportError:
        missing("pymerkle", "pip install 'consentkit[test]'")
    other = InmemoryTree(algorithm="sha256")
    for leaf in leaves:
        other.append_entry(leaf)
    return other


@pytest.mark.parametrize("size", [1, 2, 3, 7, 8, 255, 256, 257, 300, 512, 600])
def test_another_implementation_agrees(size: int) -> None:
    """
    pymerkle, written by others, has the same roots, and the same hashes in its proofs.
    """
    payloads = [str(number).encode() for number in range(size)]
    other = in_pymerkle(payloads)
    leaves = [leaf_hash(each) for each in payloads]
    node = node_of(Tiles(leaves).load)

    assert other.get_root() == root_of(leaves)
    for index in {0, size // 3, size - 1}:
        path = other.prove_inclusion(index + 1).path
        assert path[1:] == tree.inclusion_proof(node, index, size)
    for old in {1, size // 2, size} - {0}:
        assert other.get_root(old) == tree.root_at(node, old)
