from __future__ import annotations

import asyncio
import logging
import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from consentkit.errors import LogUnavailable
from consentkit.log import checkpoint as notes
from consentkit.log import committer as writing
from consentkit.log import tree
from consentkit.log.checkpoint import Checkpoint, make_key
from consentkit.log.keyring import Keyring
from consentkit.log.record import Record, State, enter
from consentkit.log.store import Appender, Reader, TreeBroken, WentBack, prepare
from consentkit.log.store import integrator as growing
from consentkit.log.store.schema import SCHEMA
from consentkit.log.tree import root_of
from consentkit.log.writer import Log
from tests.log.samples import NOON, SALT, record

TODAY = NOON.date()


def fill(path: Path, count: int, **changes: Any) -> list[Record]:
    made = [record(**changes) for _ in range(count)]
    appender = Appender(path)
    appender.append([enter(each, SALT) for each in made])
    appender.close()
    return made


def grow(path: Path, keyring: Keyring | None) -> str | None:
    """Let the tree take in everything, as the writer does; answers with what was signed."""
    appender = Appender(path)
    try:
        while (grown := appender.integrate(keyring, TODAY)) and grown.behind:
            pass
    finally:
        appender.close()
    if grown and grown.note and keyring:
        keyring.remember(grown.note)
    return grown.note if grown else None


def leaves(path: Path) -> list[bytes]:
    with closing(sqlite3.connect(path)) as connection:
        return [row[0] for row in connection.execute("SELECT leaf_hash FROM ckit_entry ORDER BY idx")]


def do(path: Path, statement: str, *values: Any) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute(statement, values)


def opened(note: str | None, keyring: Keyring) -> Checkpoint:
    assert note is not None
    return notes.open_checkpoint(note, keyring.verifiers(1))


def test_a_checkpoint_signs_what_is_in_the_log(path: Path, keyring: Keyring) -> None:
    """
    Size and root of a checkpoint are those of all entries, however they came; it is kept in the log and by the key.
    """
    sizes = []
    for count in (1, 3, 252, 300):
        fill(path, count)
        sizes.append(opened(grow(path, keyring), keyring))

    assert [each.size for each in sizes] == [1, 4, 256, 556]
    assert [each.root for each in sizes] == [root_of(leaves(path)[: each.size]) for each in sizes]
    assert Reader(path).checkpoint() == keyring.seen.read_text()
    assert keyring.last_seen() == sizes[-1]


def test_nothing_new_is_not_signed_again(path: Path, keyring: Keyring) -> None:
    """
    Without new entries there is nothing to sign; of one day only the last checkpoint is kept.
    """
    fill(path, 2)
    assert grow(path, keyring)
    assert grow(path, keyring) is None
    fill(path, 2)
    grow(path, keyring)

    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT size FROM ckit_checkpoint").fetchall() == [(4,)]


def test_an_empty_log_is_signed_too(path: Path, keyring: Keyring) -> None:
    """
    The first checkpoint may be of no entry at all.
    """
    assert opened(grow(path, keyring), keyring) == Checkpoint("courier.example/log", 0, tree.EMPTY_ROOT)


def test_without_a_key_the_tree_is_kept_and_nothing_signed(path: Path, keyring: Keyring) -> None:
    """
    A log that gets its key later has signed proofs for what was recorded before.
    """
    made = fill(path, 300)
    assert grow(path, None) is None
    assert Reader(path).status().tree == 300
    proof = Reader(path).proof(made[7].id)
    assert proof is not None
    assert proof.signed == "unsigned"

    assert opened(grow(path, keyring), keyring).size == 300
    proof = Reader(path).proof(made[7].id)
    assert proof is not None
    assert proof.signed == "checkpoint"


def test_a_long_log_is_taken_in_step_by_step(path: Path, keyring: Keyring, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    The log of an older version is taken in by transactions of limited length, and signed when all of it is.
    """
    monkeypatch.setattr(growing, "MAX_STEP", 100)
    fill(path, 350)
    appender = Appender(path)

    steps = [appender.integrate(keyring, TODAY) for _ in range(4)]
    appender.close()

    assert [(each.size, each.behind, each.note is None) for each in steps if each] == [
        (100, 250, True), (200, 150, True), (300, 50, True), (350, 0, False),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("DELETE FROM ckit_entry WHERE idx = 301", "of the entries 300 to 309, 1 are missing"),
        ("UPDATE ckit_tile SET hashes = x'00' WHERE level = 0 AND number = 1", "Tile 0/1 is not whole"),
        ("UPDATE ckit_tile SET hashes = zeroblob(32) WHERE level = 1", "its first 300 entries are not those"),
        ("DELETE FROM ckit_tile WHERE level = 1", "no node 0 of height 8"),
        ("UPDATE ckit_checkpoint SET note = 'x'", "the last checkpoint can't be read"),
    ],
)
def test_a_tree_that_contradicts_itself_is_never_signed(
    path: Path, keyring: Keyring, statement: str, words: str
) -> None:
    """
    A missing entry, a changed node and a changed checkpoint stop the signing, and say where they are.
    """
    fill(path, 300)
    grow(path, keyring)
    before = keyring.seen.read_text()
    fill(path, 10)
    do(path, statement)

    with pytest.raises((TreeBroken, WentBack), match=words):
        grow(path, keyring)
    assert keyring.seen.read_text() == before


def test_a_database_that_was_put_back_is_noticed(path: Path, keyring: Keyring, tmp_path: Path) -> None:
    """
    An older copy of the database is never signed: not when it is shorter, nor when it has grown again differently.
    """
    fill(path, 5)
    grow(path, keyring)
    shutil.copy(path, tmp_path / "yesterday.db")
    fill(path, 5)
    grow(path, keyring)

    shutil.copy(tmp_path / "yesterday.db", path)
    Path(f"{path}-wal").unlink(missing_ok=True)
    with pytest.raises(WentBack, match="it has 5 entries, and 10 were signed"):
        grow(path, keyring)
    fill(path, 5)
    with pytest.raises(WentBack, match="its first 10 entries are not those that were signed"):
        grow(path, keyring)
    fill(path, 20)
    with pytest.raises(WentBack, match="its first 10 entries are not those that were signed"):
        grow(path, keyring)


def test_a_memory_that_says_nothing_is_no_memory(path: Path, keyring: Keyring) -> None:
    """
    A memory that was lost, forged or written for another log stops nothing.
    """
    fill(path, 3)
    other = make_key("other.example/log", bytes(32))
    forged = Checkpoint("courier.example/log", 99, bytes(32)).text
    for text in (
        "",
        "nonsense",
        notes.sign(forged, [other]),
        notes.sign(Checkpoint(other.name, 9, bytes(32)).text, [other]),
    ):
        keyring.seen.write_text(text)
        assert keyring.last_seen() is None
        grow(path, keyring)
        fill(path, 1)


def test_a_memory_that_can_not_be_written_is_told(
    path: Path, keyring: Keyring, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    """
    Where the folder of the key is gone, signing goes on and one line says what is lost.
    """
    Keyring(keyring.keys, tmp_path / "nowhere" / "seen").remember("x")

    assert "What the log signed last can't be kept beside its key" in caplog.text


# In the writer


def log_with(keyring: Keyring, folder: Path) -> Log:
    return Log("sqlite:///consent.db", folder, key=str(keyring.seen.with_suffix("")))


async def append(log: Log, made: Record) -> int:
    return (await log.append(made, salt=os.urandom(32))).index


async def signed(log: Log, size: int) -> Checkpoint:
    """Wait until a checkpoint of this size is there: it follows within a second."""
    while True:
        note = await log.checkpoint()
        if note is not None and int(note.split("\n")[1]) >= size:
            return notes.parse_checkpoint(notes.parse_note(note).text)
        await asyncio.sleep(0.01)


async def test_a_checkpoint_follows_a_record(keyring: Keyring, tmp_path: Path) -> None:
    """
    Nobody has to ask: soon after a record is acknowledged, a checkpoint includes it.
    """
    log = log_with(keyring, tmp_path)
    for count in range(1, 4):
        await append(log, record())
        assert (await signed(log, count)).size == count
    await log.close()


async def test_what_waits_for_the_tree_is_taken_in_at_the_end(keyring: Keyring, tmp_path: Path) -> None:
    """
    A log that is closed leaves nothing outside of its tree.
    """
    log = log_with(keyring, tmp_path)
    await asyncio.gather(*(append(log, record()) for _ in range(50)))
    await log.close()

    assert Reader(tmp_path / "consent.db").status().tree == 50


async def test_a_proof_comes_before_and_after_the_tree(
    keyring: Keyring, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    At once there is a signed promise; when the tree has grown, a proof that the promise was kept.
    """
    monkeypatch.setattr(writing, "TREE_SECONDS", 1000.0)
    log = log_with(keyring, tmp_path)
    log.open()
    await signed(log, 0)
    made = record()
    await append(log, record())
    await append(log, made)

    promise = await log.proof(made.id)
    assert promise is not None
    assert promise.signed == "promise"
    await signed(log, 2)  # the question itself makes the tree grow
    proof = await log.proof(made.id)
    await log.close()

    assert proof is not None
    assert proof.note is not None
    checkpoint = notes.open_checkpoint(proof.note, keyring.verifiers(1))
    assert tree.is_included(proof.leaf, proof.index, checkpoint.size, proof.hashes, checkpoint.root)


async def put_back(log: Log, tmp_path: Path) -> None:
    """Ten records of which the database then knows five."""
    path = tmp_path / "consent.db"
    for _ in range(5):
        await append(log, record())
    await log.close()
    shutil.copy(path, tmp_path / "yesterday.db")
    for _ in range(5):
        await append(log, record())
    await log.close()
    shutil.copy(tmp_path / "yesterday.db", path)


async def test_after_going_back_refusals_are_recorded_and_agreements_not(
    keyring: Keyring, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """
    In a log that went back in time a refusal is recorded; a grant is refused, and the line says what to do.
    """
    log = log_with(keyring, tmp_path)
    await put_back(log, tmp_path)

    with pytest.raises(LogUnavailable, match=r"went back in time \(it has 5 entries, and 10 were signed\)"):
        await append(log, record())
    with pytest.raises(LogUnavailable, match="consentkit log resume"):
        await append(log, record(state=State.ACCEPTED))
    assert await append(log, record(state=State.REFUSED, subject=None)) == 5
    assert await append(log, record(state=State.WITHDRAWN)) == 6
    await log.close()

    assert caplog.text.count("Refusals are recorded, agreements are not") == 1


async def test_a_running_log_notices_that_its_file_was_replaced(keyring: Keyring, tmp_path: Path) -> None:
    """
    The older copy is noticed while the site runs, before another grant is recorded.
    """
    path = tmp_path / "consent.db"
    log = log_with(keyring, tmp_path)
    await append(log, record())
    await log.close()
    shutil.copy(path, tmp_path / "yesterday.db")
    for _ in range(3):
        await append(log, record())
    await signed(log, 4)
    for name in ("consent.db-wal", "consent.db-shm"):
        (tmp_path / name).unlink()
    (tmp_path / "yesterday.db").replace(path)

    with pytest.raises(LogUnavailable, match="it has 1 entries, and 4 were signed"):
        await append(log, record())
    await log.close()


async def test_a_broken_tree_stops_no_record(
    keyring: Keyring, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """
    Somebody who changes a node stops the signing, not the site; one line names `log verify`.
    """
    log = log_with(keyring, tmp_path)
    await append(log, record())
    await log.close()
    do(tmp_path / "consent.db", "UPDATE ckit_tile SET hashes = zeroblob(32)")

    with caplog.at_level(logging.ERROR):
        assert await append(log, record()) == 1
        await log.close()

    assert "The consent log contradicts itself and is not signed any more" in caplog.text or "went back" in caplog.text


async def test_one_warning_names_init(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """
    Without a key the site starts, and one warning says how to make one.
    """
    log = Log("sqlite:///consent.db", tmp_path, key="consentkit.key")
    for _ in range(3):
        await append(log, record())
    await log.close()

    assert caplog.text.count("so the consent log is not signed; `consentkit init` makes one") == 1


def test_a_log_of_the_first_version_is_taken_up(path: Path, keyring: Keyring) -> None:
    """
    A store of schema 1 gets what came since, and its entries their tree.
    """
    made = fill(path, 3)
    for name in (
        "ckit_tree",
        "ckit_tile",
        "ckit_checkpoint",
        "ckit_hold",
        "ckit_policy_text",
        "ckit_anchor",
        "ckit_stamp",
    ):
        do(path, f"DROP TABLE {name}")
    do(path, "UPDATE ckit_schema SET version = 1")

    with pytest.raises(Exception, match='migrate="manual": run `consentkit log migrate`'):
        prepare(path, upgrade=False)
    prepare(path)
    grow(path, keyring)

    proof = Reader(path).proof(made[1].id)
    assert proof is not None
    assert proof.signed == "checkpoint"
    assert Reader(path).status().schema == SCHEMA
