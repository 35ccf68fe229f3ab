"""`verify` finds every change, and says where it is."""

from __future__ import annotations

import os
import re
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from consentkit.log.checkpoint import Checkpoint, make_key
from consentkit.log.keyring import Keyring, to_verify
from consentkit.log.record import Record, enter
from consentkit.log.store import Appender, Audit, Officer, audit
from tests.log.samples import NOTICE, SALT, record
from tests.log.test_integrator import do, fill, grow

SIZE = 600


@pytest.fixture
def whole(path: Path, keyring: Keyring) -> Path:
    """A log of 600 records in a signed tree, and 3 more that wait for it."""
    made = [record(notice=NOTICE.digest, subject=f"s{number}") for number in range(SIZE)]
    appender = Appender(path)
    appender.append([enter(each, os.urandom(32), notice=NOTICE) for each in made])
    appender.close()
    grow(path, keyring)
    fill(path, 3)
    return path


def problems(path: Path, keyring: Keyring | None, **more: Any) -> list[str]:
    return audit(path, keyring, **more).problems


def test_an_untouched_log_is_as_it_was_signed(whole: Path, keyring: Keyring) -> None:
    """
    Everything is looked at, and nothing is found.
    """
    told: list[tuple[int, int]] = []
    found = audit(whole, keyring, progress=lambda done, all: told.append((done, all)))

    assert found.problems == []
    assert (found.size, found.records, found.notices, found.checkpoints, found.unsigned) == (603, 603, 1, 1, 3)
    assert told[-1] == (603, 603)
    assert found.signatures_checked


def test_a_signed_log_without_its_key_is_a_finding(path: Path, keyring: Keyring) -> None:
    """
    Where something was signed and no key is there, nobody is told that all is well. A public key is enough.
    """
    fill(path, 3)
    assert problems(path, None) == []
    assert problems(path, None, memory=keyring.seen) == []
    keyring.seen.write_text("anything")
    assert problems(path, None, memory=keyring.seen) == [
        "signatures were not checked: there is consentkit.key.seen, and no key was found to check them with"
    ]
    grow(path, keyring)

    found = audit(path, None)

    assert not found.signatures_checked
    assert found.problems == [
        "signatures were not checked: the log has checkpoints (1), and no key was found to check them with"
    ]
    public = [key.verifier for key in keyring.keys]
    assert audit(path, to_verify(public, Path())).problems == []
    assert audit(path, to_verify(public, Path())).signatures_checked
    other = [make_key("courier.example/log", bytes(32)).verifier]
    assert any("No known key signed this" in each for each in problems(path, to_verify(other, Path())))


def test_a_public_key_is_held_against_the_memory(path: Path, keyring: Keyring) -> None:
    """
    The key is gone and its memory is there: a public key reads it, and a database put back is named.
    """
    fill(path, 3)
    grow(path, keyring)
    public = to_verify([key.verifier for key in keyring.keys], keyring.seen)
    assert problems(path, public) == []
    fill(path, 2)
    keyring.remember(keyring.sign(Checkpoint(keyring.name, 9, bytes(32)).text, 1))

    assert problems(path, public) == ["the log went back in time: it has 5 entries, and what the key remembers has 9"]


#: What somebody does to the log, and what is said about it.
CHANGES: dict[str, tuple[str, str]] = {
    "a byte of a payload": (
        "UPDATE ckit_entry SET payload = CAST(replace(CAST(payload AS TEXT), 'accept_all', 'accept_alL') AS BLOB) "
        "WHERE idx = 17",
        r"^entry 17: its payload was changed$",
    ),
    "a byte of a salt": (
        "UPDATE ckit_entry SET payload = CAST(replace(CAST(payload AS TEXT), '\"salt\":\"', '\"salt\":\"0') AS BLOB) "
        "WHERE idx = 300",
        r"^entry 300: its payload was changed$",
    ),
    "a leaf hash": ("UPDATE ckit_entry SET leaf_hash = zeroblob(32) WHERE idx = 5", r"^entry 5: its leaf hash was changed$"),
    "payload and leaf hash": (
        "UPDATE ckit_entry SET leaf_hash = zeroblob(32), payload = x'7b7d' WHERE idx = 5",
        r"^entry 5: payload and leaf hash were changed$",
    ),
    "a leaf hash that waits for the tree": (
        "UPDATE ckit_entry SET leaf_hash = zeroblob(32) WHERE idx = 601", r"^entry 601: its leaf hash was changed$",
    ),
    "an id": ("UPDATE ckit_entry SET id = 'x' WHERE idx = 5", r"^entry 5: its column id is not"),
    "a time": ("UPDATE ckit_entry SET time = time + 1 WHERE idx = 5", r"^entry 5: its column time is not"),
    "a subject": ("UPDATE ckit_entry SET subject = 'x' WHERE idx = 5", r"^entry 5: its column subject is not"),
    "an expiry": ("UPDATE ckit_entry SET expires = '2099-01-01' WHERE idx = 5", r"^entry 5: its column expires is not"),
    "a kind": ("UPDATE ckit_entry SET kind = 'export' WHERE idx = 5", r"^entry 5: its payload can't be read"),
    "a pattern": ("UPDATE ckit_pattern SET language = 'de' WHERE number = 1", r"^entry 0: its column pattern is not"),
    "an answer": (
        "UPDATE ckit_pattern_part SET answer = 1 - answer WHERE pattern = 1 AND name = 'media'",
        r"^entry 0: its column pattern is not",
    ),
    "an index": ("UPDATE ckit_entry SET idx = 700 WHERE idx = 602", r"^entries 602 to 699 are missing$"),
    "a row removed": ("DELETE FROM ckit_entry WHERE idx = 40", r"^entry 40 is missing$"),
    "rows removed": ("DELETE FROM ckit_entry WHERE idx BETWEEN 40 AND 49", r"^entries 40 to 49 are missing$"),
    "the last row removed": ("DELETE FROM ckit_entry WHERE idx = 602", r"^entry 602 is missing$"),
    "a row added": (
        "INSERT INTO ckit_entry (idx, kind, id, time, payload, leaf_hash) VALUES (603, 'choice', 'x', 0, x'7b7d', x'00')",
        r"^the log counts 603 entries, and has 604$",
    ),
    "an erasure that nobody tells of": (
        "UPDATE ckit_entry SET payload = NULL, subject = NULL, pattern = NULL, expires = NULL WHERE idx IN (7, 8, 20)",
        r"^entries 7 to 8: the payload is gone, and no event says who erased it$",
    ),
    "a leaf in a tile": (
        "UPDATE ckit_tile SET hashes = CAST(substr(hashes, 1, 320) || x'00' || substr(hashes, 322) AS BLOB) "
        "WHERE level = 0 AND number = 1",
        r"^tile 0/1: the node of entry 266 was changed$",
    ),
    "a node above": (
        "UPDATE ckit_tile SET hashes = CAST(x'00' || substr(hashes, 2) AS BLOB) WHERE level = 1",
        r"^tile 1/0: node 0 was changed$",
    ),
    "a tile removed": ("DELETE FROM ckit_tile WHERE level = 1", r"^tile 1/0 is missing$"),
    "a tile too short": ("UPDATE ckit_tile SET hashes = substr(hashes, 1, 32) WHERE level = 1", r"^tile 1/0 has 1 nodes, not 2$"),
    "a tile added": ("INSERT INTO ckit_tile VALUES (2, 0, zeroblob(32))", r"^tile 2/0 does not belong to a tree of 600"),
    "the size of the tree": ("UPDATE ckit_tree SET size = 900", r"^the tree has 900 entries, and the log 603$"),
    "a notice": ("UPDATE ckit_notice SET payload = x'7b7d'", r"^notice [0-9a-f]{16}: its text was changed$"),
    "the root of a checkpoint": (
        "UPDATE ckit_checkpoint SET note = replace(note, char(10) || '600' || char(10), char(10) || '599' || char(10))",
        r"^checkpoint 600: The signature of courier.example/log does not fit",
    ),
    "the size of a checkpoint": ("UPDATE ckit_checkpoint SET size = 599", r"^checkpoint 599: it is filed under 599"),
    "a checkpoint replaced by nothing": ("UPDATE ckit_checkpoint SET note = ''", r"^checkpoint 600: This is no signed note"),
    "the count of entries": ("UPDATE ckit_head SET size = 500", r"^the log went back in time: it has 500 entries"),
}  # fmt: skip


@pytest.mark.parametrize(("statement", "words"), CHANGES.values(), ids=CHANGES.keys())
def test_a_change_is_named(whole: Path, keyring: Keyring, statement: str, words: str) -> None:
    """
    Whatever is changed, added or taken out, verify says what it is and where.
    """
    do(whole, "PRAGMA foreign_keys=OFF")
    do(whole, statement)

    found = problems(whole, keyring)

    assert any(re.search(words, each) for each in found), found


def test_two_rows_swapped_are_named(whole: Path, keyring: Keyring) -> None:
    """
    Two whole entries that changed places are found, and each is said where it belongs.
    """
    for old, new in ((7, 10_000), (300, 7), (10_000, 300)):
        do(whole, "UPDATE ckit_entry SET idx = ? WHERE idx = ?", new, old)

    assert problems(whole, keyring) == [
        "entry 7 is not the one that was signed there: it belongs to 300",
        "entry 300 is not the one that was signed there: it belongs to 7",
    ]


def rewrite(path: Path, index: int, made: Record) -> None:
    """What somebody does who knows how entries are hashed: payload, leaf and columns fit each other."""
    other = enter(made, SALT)
    do(
        path, "UPDATE ckit_entry SET payload = ?, leaf_hash = ?, id = ?, subject = ? WHERE idx = ?",
        other.payload, other.leaf_hash, made.id, made.subject, index,
    )  # fmt: skip


def test_a_forger_of_entries_is_contradicted_by_the_tree(whole: Path, keyring: Keyring) -> None:
    """
    An entry that was made anew with its hash is not the one that was signed.
    """
    rewrite(whole, 100, record(notice=NOTICE.digest, subject="somebody else"))

    assert problems(whole, keyring) == ["entry 100 is not the one that was signed there"]


def forge(path: Path) -> None:
    """Somebody changes an entry and makes the whole tree anew; only a key they do not have."""
    rewrite(path, 100, record(notice=NOTICE.digest, subject="somebody else"))
    do(path, "DELETE FROM ckit_tile")
    do(path, "DELETE FROM ckit_checkpoint")
    do(path, "UPDATE ckit_tree SET size = 0")
    grow(path, None)


def test_a_forger_of_the_tree_is_contradicted_by_the_key(whole: Path, keyring: Keyring, tmp_path: Path) -> None:
    """
    A tree that was made anew is not what the key remembers, nor what anyone took home.
    """
    taken_home = keyring.seen.read_text()
    forge(whole)

    assert problems(whole, keyring) == ["what the key remembers: the first 600 entries are not those that were signed"]
    keyring.seen.unlink()
    assert problems(whole, keyring) == []  # who holds database and key, and nobody has a checkpoint
    assert problems(whole, keyring, others={"monday.txt": taken_home}) == [
        "monday.txt: the first 600 entries are not those that were signed"
    ]
    assert problems(whole, keyring, others={"junk.txt": "junk"}) == [
        "junk.txt: This is no signed note: a text, an empty line, and lines of signatures."
    ]


def test_yesterdays_database_is_named(whole: Path, keyring: Keyring, tmp_path: Path) -> None:
    """
    A database that was put back to an older copy is older than what the key remembers.
    """
    shutil.copy(whole, tmp_path / "yesterday.db")
    fill(whole, 10)
    grow(whole, keyring)
    shutil.copy(tmp_path / "yesterday.db", whole)
    for name in ("-wal", "-shm"):
        Path(f"{whole}{name}").unlink(missing_ok=True)

    assert problems(whole, keyring) == [
        "the log went back in time: it has 603 entries, and what the key remembers has 613"
    ]


def test_a_memory_that_is_gone_is_told(whole: Path, keyring: Keyring) -> None:
    """
    Without what the key signed last, a log that went back in time could not be told, so that is a finding.
    """
    keyring.seen.write_text(keyring.seen.read_text().replace("600", "599", 1))

    assert problems(whole, keyring) == ["consentkit.key.seen: what the key signed last is not there, or was changed"]


def test_any_byte_of_any_blob_is_named(path: Path, keyring: Keyring) -> None:
    """
    A byte of payload, leaf hash, tile, notice or checkpoint, wherever it is, changed, is a finding.
    """
    made = record(notice=NOTICE.digest)
    appender = Appender(path)
    appender.append([enter(made, SALT, notice=NOTICE)])
    appender.close()
    fill(path, 1)
    grow(path, keyring)
    columns = {"ckit_entry": ("payload", "leaf_hash"), "ckit_tile": ("hashes",), "ckit_notice": ("payload",),
               "ckit_checkpoint": ("note",)}  # fmt: skip

    with sqlite3.connect(path, isolation_level=None) as on:
        for table, names in columns.items():
            for name in names:
                (raw,) = on.execute(f"SELECT CAST({name} AS BLOB) FROM {table} LIMIT 1").fetchone()
                for place in range(0, len(raw), 41):
                    other = raw[:place] + bytes([raw[place] ^ 1]) + raw[place + 1 :]
                    value = other.decode("utf-8", "replace") if name == "note" else other
                    on.execute(
                        f"UPDATE {table} SET {name} = ? WHERE rowid = (SELECT min(rowid) FROM {table})", (value,)
                    )
                    assert problems(path, keyring), f"{table}.{name}[{place}]"
                same = raw.decode() if name == "note" else raw
                on.execute(f"UPDATE {table} SET {name} = ? WHERE rowid = (SELECT min(rowid) FROM {table})", (same,))
    assert problems(path, keyring) == []


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_bit_of_any_entry_is_named_with_its_place(whole: Path, keyring: Keyring, data: st.DataObject) -> None:
    """
    One bit of a payload, its salt, a leaf hash or a node of the tree, anywhere in the log, changed: its entry is named.
    """
    index = data.draw(st.integers(0, SIZE + 2), label="index")
    column = data.draw(st.sampled_from(["payload", "leaf_hash", "hashes"]), label="column")
    table, where, start, width = ("ckit_entry", f"idx = {index}", 0, 0)
    if column == "hashes":
        index = min(index, SIZE - 1)
        table, where, start, width = ("ckit_tile", f"level = 0 AND number = {index // 256}", index % 256 * 32, 32)
    with closing(sqlite3.connect(whole, isolation_level=None)) as on:
        (raw,) = on.execute(f"SELECT {column} FROM {table} WHERE {where}").fetchone()
        place = start + data.draw(st.integers(0, (width or len(raw)) - 1), label="byte")
        bit = 1 << data.draw(st.integers(0, 7), label="bit")
        on.execute(f"UPDATE {table} SET {column} = ? WHERE {where}",
                   (raw[:place] + bytes([raw[place] ^ bit]) + raw[place + 1 :],))  # fmt: skip
        found = problems(whole, keyring)
        on.execute(f"UPDATE {table} SET {column} = ? WHERE {where}", (raw,))

    assert any(re.search(rf"\bentry {index}\b", each) for each in found), found


def test_many_problems_are_counted(whole: Path, keyring: Keyring, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    The first problems are listed, the rest is a number.
    """
    monkeypatch.setattr("consentkit.log.store.auditor.MAX_LISTED", 10)
    do(whole, "UPDATE ckit_entry SET time = 1")

    found = audit(whole, keyring)

    assert len(found.problems) == 10
    assert found.more_problems == 593


Change = Callable[[Officer], object]


def test_lawful_changes_are_no_findings(whole: Path, keyring: Keyring) -> None:
    """
    What an officer erased is counted, and explained by its event.
    """
    officer = Officer(whole, "officer")
    officer.erase("asked", subject="s7")
    officer.hold("court", subject="s9")
    grow(whole, keyring)

    found: Audit = audit(whole, keyring)

    assert found.problems == []
    assert (found.erased, found.events, found.records) == (1, 2, 602)
