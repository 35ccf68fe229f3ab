"""What may be done to a log, and what stays true of it."""

from __future__ import annotations

import os
import shutil
import sqlite3
import stat
from collections.abc import Iterable
from contextlib import closing
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from consentkit.errors import LogUnavailable
from consentkit.log import checkpoint as notes
from consentkit.log import event as events
from consentkit.log import receipt as receipts
from consentkit.log import tree
from consentkit.log.event import Event, Kind, ranges
from consentkit.log.filters import Filter
from consentkit.log.keyring import Keyring, to_verify
from consentkit.log.record import Record, State, enter
from consentkit.log.store import Appender, NotDone, Officer, Reader, audit
from consentkit.log.store.officer import months_before
from consentkit.log.writer import Log
from tests.log.samples import NOON, SALT, new_id, record
from tests.log.test_integrator import append, do, fill, grow, log_with, put_back


def officer(path: Path, now: datetime = NOON) -> Officer:
    return Officer(path, "officer@courier.example", now=lambda: now)


def put(path: Path, made: Iterable[Record]) -> list[Record]:
    made = list(made)
    appender = Appender(path)
    appender.append([enter(each, os.urandom(32)) for each in made])
    appender.close()
    return made


def events_of(path: Path) -> list[Event]:
    with closing(sqlite3.connect(path)) as connection:
        rows = connection.execute("SELECT payload FROM ckit_entry WHERE kind <> 'choice' ORDER BY idx").fetchall()
    return [events.parse(row[0]) for row in rows]


def holds(proof: receipts.Proof, keyring: Keyring) -> bool:
    assert proof.note is not None
    said = notes.open_checkpoint(proof.note, keyring.verifiers(1))
    return tree.is_included(proof.leaf, proof.index, said.size, proof.hashes, said.root)


def subjects(count: int) -> list[str]:
    return [os.urandom(16).hex() for _ in range(count)]


def test_what_is_erased_is_gone_from_the_files(path: Path, keyring: Keyring) -> None:
    """
    After an erasure no byte of subject, id or salt is left: not in the database, its free pages, or beside it.
    """
    who = subjects(400)
    made = put(path, (record(subject=who[number % 400]) for number in range(2_000)))
    grow(path, keyring)
    mine = [each for each in made if each.subject == who[7]]
    with closing(sqlite3.connect(path)) as connection:
        payloads = [
            connection.execute("SELECT payload FROM ckit_entry WHERE id = ?", (each.id,)).fetchone()[0] for each in mine
        ]

    done = officer(path).erase("asked by letter", subject=who[7])

    left = b"".join(file.read_bytes() for file in path.parent.glob("consent.db*"))
    assert done.records == 5
    assert who[7].encode() not in left
    for each, payload in zip(mine, payloads, strict=True):
        assert each.id.encode() not in left
        assert payload[-200:] not in left
        assert payload.split(b'"salt":"')[1][:64] not in left
    assert who[8].encode() in left
    assert Reader(path).get(mine[0].id) is None
    assert len(list(Reader(path).oldest_first(Filter()))) == 1_995


def test_a_file_that_hides_copies_is_rewritten(path: Path, keyring: Keyring) -> None:
    """
    Where SQLite left a copy behind, before it was told to overwrite, the whole file is made anew.
    """
    who = subjects(1)[0]
    put(path, [record(subject=who) for _ in range(3)])
    do(path, "PRAGMA secure_delete=OFF")
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA secure_delete=OFF")
        connection.execute("CREATE TABLE copy AS SELECT * FROM ckit_entry")
        connection.execute("DROP TABLE copy")
    assert path.read_bytes().count(who.encode()) > 4

    assert officer(path).erase("asked", subject=who).rewritten

    assert who.encode() not in path.read_bytes()


def test_old_proofs_hold_after_an_erasure(path: Path, keyring: Keyring) -> None:
    """
    Receipts of others, and the one of the erased record that its person kept, go on to verify; so does the log.
    """
    made = put(path, (record(subject=f"s{number}") for number in range(300)))
    grow(path, keyring)
    reader = Reader(path)
    before = [reader.proof(made[index].id) for index in (3, 4)]
    officer(path).erase("asked", record_id=made[3].id)
    fill(path, 300)
    grow(path, keyring)

    after = reader.proof(made[4].id)

    assert all(each is not None and holds(each, keyring) for each in (*before, after))
    assert reader.proof(made[3].id) is None
    assert audit(path, keyring).problems == []
    assert [(each.kind, each.by, each.reason, each.about) for each in events_of(path)] == [
        ("erase", "officer@courier.example", "asked", {"entries": [[3, 3]]})
    ]


def test_an_erasure_leaves_no_name_in_the_log(path: Path) -> None:
    """
    The event says which places were emptied and who did it, and not whose they were.
    """
    who = subjects(1)[0]
    made = put(path, [record(subject=who)])
    officer(path).erase("asked", subject=who)
    payload = Reader(path)
    with closing(sqlite3.connect(path)) as connection:
        (raw,) = connection.execute("SELECT payload FROM ckit_entry WHERE kind = 'erase'").fetchone()

    assert payload.get(made[0].id) is None
    assert who.encode() not in raw
    assert made[0].id.encode() not in raw


def test_what_is_held_is_not_erased(path: Path, keyring: Keyring) -> None:
    """
    A legal hold of a subject or a record keeps it, also what comes later, until it is released.
    """
    made = put(path, [record(subject="a"), record(subject="b"), record(subject=None, state=State.REFUSED)])
    someone = officer(path)
    someone.hold("court", subject="a")
    someone.hold("court", record_id=made[2].id)
    put(path, [record(subject="a")])

    with pytest.raises(NotDone, match=r"2 of the 2 records are held; `consentkit log hold --release` first"):
        someone.erase("asked", subject="a")
    with pytest.raises(NotDone, match="1 of the 1 records are held"):
        someone.erase("asked", record_id=made[2].id)
    with pytest.raises(NotDone, match="It is held already"):
        someone.hold("court", subject="a")
    someone.erase("asked", subject="b")
    someone.hold("over", subject="a", release=True)
    with pytest.raises(NotDone, match="It is not held"):
        someone.hold("over", subject="a", release=True)
    assert someone.erase("asked", subject="a").records == 2

    assert [each.kind for each in events_of(path)] == ["hold", "hold", "erase", "release", "erase"]
    grow(path, keyring)
    assert audit(path, keyring).problems == []


@pytest.mark.parametrize("what", [{"subject": "nobody"}, {"record_id": "nothing"}])
def test_nothing_is_done_when_nobody_is_meant(path: Path, what: dict[str, Any]) -> None:
    """
    A subject or id that is not in the log changes nothing, and says so.
    """
    for act in (officer(path).erase, officer(path).hold):
        with pytest.raises(NotDone, match="No record in this log is meant by that"):
            act("asked", **what)

    assert events_of(path) == []


# Retention


@pytest.mark.parametrize(
    ("day", "months", "before"),
    [
        (date(2026, 11, 24), 0, date(2026, 11, 24)),
        (date(2026, 11, 24), 36, date(2023, 11, 24)),
        (date(2026, 3, 31), 1, date(2026, 2, 28)),
        (date(2026, 1, 31), 2, date(2025, 11, 30)),
        (date(2024, 2, 29), 12, date(2023, 2, 28)),
        (date(2026, 12, 31), 1, date(2026, 11, 30)),
        (date(2026, 12, 31), 12, date(2025, 12, 31)),
    ],
)
def test_months_are_those_of_the_calendar(day: date, months: int, before: date) -> None:
    """
    So many months earlier is the same day, or the last one of a shorter month.
    """
    assert months_before(day, months) == before


TODAY = NOON.date()


def test_each_record_is_kept_as_long_as_it_may_be(path: Path) -> None:
    """
    A refusal goes when it ends; agreements, withdrawals and terms when the months after their end are over.
    """
    yesterday, long_ago = TODAY - timedelta(days=1), months_before(TODAY, 36) - timedelta(days=1)
    put(
        path,
        [
            record(state=State.REFUSED, expires=yesterday, subject="1"),  # goes
            record(state=State.REFUSED, expires=TODAY, subject="2"),
            record(state=State.GIVEN, expires=yesterday, subject="3"),
            record(state=State.GIVEN, expires=long_ago, subject="4"),  # goes
            record(state=State.WITHDRAWN, expires=long_ago + timedelta(days=1), subject="5"),
            record(state=State.WITHDRAWN, expires=long_ago, subject="6"),  # goes
            record(state=State.ACCEPTED, expires=long_ago, subject="7"),  # goes, but it is held
            record(state=State.GIVEN, expires=None, subject="8"),
        ],
    )
    someone = officer(path)
    someone.hold("court", subject="7")

    assert someone.expired(36) == 3
    assert someone.prune(36).records == 3
    assert someone.expired(36) == 0

    left = [each.subject for each in Reader(path).oldest_first(Filter())]
    assert left == ["2", "3", "5", "7", "8"]
    assert events_of(path)[-1].about == {"entries": [[0, 0], [3, 3], [5, 5]]}


def aged(path: Path, keyring: Keyring) -> tuple[list[Record], list[receipts.Proof]]:
    """700 refusals of which the first 600 are over, and the proofs that their visitors took home."""
    made = put(
        path,
        (
            record(subject=None, state=State.REFUSED, expires=TODAY + timedelta(days=-1 if number < 600 else 10))
            for number in range(700)
        ),
    )
    grow(path, keyring)
    reader = Reader(path)
    return made, [proof for index in (0, 599, 600, 699) if (proof := reader.proof(made[index].id))]


def test_the_beginning_is_folded_away(path: Path, keyring: Keyring) -> None:
    """
    Whole stretches of expired entries leave the database; proofs taken home hold, and new ones are still made.
    """
    made, home = aged(path, keyring)

    done = officer(path).prune(36)
    grow(path, keyring)

    assert (done.records, done.folded) == (600, 512)
    assert Reader(path).status().folded == 512
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT min(idx) FROM ckit_entry").fetchone() == (512,)
        assert connection.execute("SELECT number FROM ckit_tile WHERE level = 0").fetchall() == [(2,)]
    assert all(holds(each, keyring) for each in home)
    new = Reader(path).proof(made[650].id)
    assert new is not None
    assert holds(new, keyring)
    found = audit(path, keyring)
    assert found.problems == []
    assert (found.folded, found.erased, found.records) == (512, 88, 100)


def test_a_folded_log_goes_on_and_is_still_guarded(path: Path, keyring: Keyring) -> None:
    """
    After folding the log grows as before, folds again, and a change is still named.
    """
    aged(path, keyring)
    officer(path).prune(36)
    grow(path, keyring)
    old = keyring.seen.read_text()
    fill(path, 1_000, subject=None, state=State.REFUSED, expires=TODAY + timedelta(days=20))
    grow(path, keyring)
    later = officer(path, NOON + timedelta(days=366 * 4))

    assert later.prune(36).folded == 1536
    grow(path, keyring)
    assert audit(path, keyring, others={"old": old}).problems == []
    do(path, "UPDATE ckit_tile SET hashes = CAST(x'00' || substr(hashes, 2) AS BLOB) WHERE level = 1")
    assert audit(path, keyring).problems != []


def test_what_is_held_is_not_folded(path: Path, keyring: Keyring) -> None:
    """
    A held record at the beginning keeps everything behind it in the database.
    """
    made, _ = aged(path, keyring)
    officer(path).hold("court", record_id=made[10].id)

    assert officer(path).prune(36).folded == 0
    assert Reader(path).get(made[10].id) is not None


def test_nothing_expired_is_nothing_done(path: Path, keyring: Keyring) -> None:
    """
    A log in which nothing has expired is left as it is, without an event.
    """
    fill(path, 3)

    assert officer(path).prune(36).index is None
    assert events_of(path) == []


# Taken up again


async def test_a_log_that_went_back_is_taken_up_again(keyring: Keyring, tmp_path: Path) -> None:
    """
    After `resume` grants are recorded again, under a new name; the event says what was signed before and is missing.
    """
    path = tmp_path / "consent.db"
    log = log_with(keyring, tmp_path)
    await put_back(log, tmp_path)
    with pytest.raises(LogUnavailable):
        await append(log, record())

    done = officer(path).resume("the disk died; restored from Monday", keyring)
    assert await append(log, record()) == 6
    await log.close()

    event = events_of(path)[0]
    assert done.records == 5
    assert (event.kind, event.reason) == (Kind.RESTORED, "the disk died; restored from Monday")
    assert (event.about["signed"], event.about["size"], event.about["origin"]) == (10, 5, "courier.example/log-2")
    assert str(event.about["checkpoint"]).startswith("courier.example/log\n10\n")
    assert audit(path, keyring).problems == []
    seen = keyring.last_seen()
    assert seen is not None
    assert (seen.origin, seen.size) == ("courier.example/log-2", 7)


async def test_a_log_may_go_back_more_than_once(keyring: Keyring, tmp_path: Path) -> None:
    """
    A copy from before the first new beginning is noticed, and begins anew under a third name.
    """
    path = tmp_path / "consent.db"
    log = log_with(keyring, tmp_path)
    await put_back(log, tmp_path)
    officer(path).resume("once", keyring)
    await append(log, record())
    await log.close()
    shutil.copy(tmp_path / "yesterday.db", path)

    assert audit(path, keyring).problems == ["the log went back in time: it knows nothing of courier.example/log-2"]
    officer(path).resume("twice", keyring)
    await append(log, record())
    await log.close()

    seen = keyring.last_seen()
    assert seen is not None
    assert seen.origin == "courier.example/log-3"
    assert audit(path, keyring).problems == []


def test_there_is_nothing_to_resume_in_a_sound_log(path: Path, keyring: Keyring) -> None:
    """
    A log that did not go back is not given another name.
    """
    fill(path, 3)
    grow(path, keyring)

    with pytest.raises(NotDone, match="there is nothing to resume"):
        officer(path).resume("to be sure", keyring)


# Copies


async def test_a_backup_is_a_whole_log(keyring: Keyring, tmp_path: Path) -> None:
    """
    A copy of a log in use opens, verifies, is its owner's only, and is never written over another file.
    """
    log = log_with(keyring, tmp_path)
    for _ in range(20):
        await append(log, record())
    target = tmp_path / "copy.db"

    size = officer(tmp_path / "consent.db").backup(target)
    await log.close()

    assert size == target.stat().st_size
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    found = audit(target, to_verify([key.verifier for key in keyring.keys], Path()))
    assert (found.problems, found.records) == ([], 20)
    with pytest.raises(NotDone, match="is there already"):
        officer(tmp_path / "consent.db").backup(target)
    with pytest.raises(NotDone, match="can't be written"):
        officer(tmp_path / "consent.db").backup(tmp_path / "no" / "copy.db")


# Events


def test_places_are_told_by_the_stretch() -> None:
    """
    Places that follow each other are one stretch, in order.
    """
    assert ranges([5, 1, 2, 3, 9, 8]) == [[1, 3], [5, 5], [8, 9]]
    assert ranges([]) == []


def test_an_event_is_read_back_and_nothing_else() -> None:
    """
    What is no event of this form is refused.
    """
    event = Event(id=new_id(), time=NOON, kind=Kind.EXPORT, by="me", about={"rows": 3})

    assert events.parse(events.canonical(event, SALT)) == event
    with pytest.raises(ValueError, match="32 random bytes"):
        events.canonical(event, b"")
    for payload in (
        b'{"schema":2,"kind":"erase"}',
        b'{"schema":1,"kind":"choice"}',
        b'{"schema":1,"kind":"erase"}',
        b"{}",
    ):
        with pytest.raises(ValueError, match="This"):
            events.parse(payload)


def test_a_log_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    """
    An officer works on a log that exists.
    """
    with pytest.raises(Exception, match="there is no log"):
        officer(tmp_path / "consent.db")


async def test_a_site_goes_on_while_an_officer_works(keyring: Keyring, tmp_path: Path) -> None:
    """
    Records come in while others are erased; nothing is lost, and everything verifies.
    """
    import asyncio

    path = tmp_path / "consent.db"
    log: Log = log_with(keyring, tmp_path)
    await append(log, record(subject="x" * 20))

    async def visitors() -> None:
        for _ in range(100):
            await append(log, record())

    await asyncio.gather(visitors(), asyncio.to_thread(officer(path).erase, "asked", subject="x" * 20))
    await log.close()

    found = audit(path, keyring)
    assert (found.problems, found.records, found.erased, found.size) == ([], 100, 1, 102)
