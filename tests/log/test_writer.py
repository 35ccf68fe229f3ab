from __future__ import annotations

import asyncio
import os
import resource
import sqlite3
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from consentkit.errors import ConfigurationError, LogUnavailable
from consentkit.log import committer, event, store, writer
from consentkit.log.checkpoint import make_key, write_key
from consentkit.log.filters import Filter
from consentkit.log.problems import LogBusy, LogUnreadable
from consentkit.log.record import Record, Stored
from consentkit.log.store import Reader, alone, audit
from consentkit.log.store import place as places
from consentkit.log.writer import Log
from tests.log.samples import NOON, NOTICE, new_id, record


def place(log: Log) -> Path:
    return log.folder / "consent.db"


def everything_in(log: Log) -> list[Record]:
    return list(Reader(place(log)).oldest_first(Filter()))


async def append(log: Log, made: Record, once: str | None = None) -> Stored:
    return await log.append(made, salt=os.urandom(32), once=once)


@contextmanager
def another_process_writing(path: Path) -> Iterator[None]:
    """Hold the lock as another process would: in a thread, so that the event loop goes on."""
    held, done = threading.Event(), threading.Event()

    def hold() -> None:
        with alone(path):
            held.set()
            done.wait()

    thread = threading.Thread(target=hold)
    thread.start()
    held.wait()
    try:
        yield
    finally:
        done.set()
        thread.join()


async def all_queued(log: Log, count: int) -> None:
    """Until `count` appends wait for the lock."""
    assert log._writer is not None
    while len(log._writer._queue) < count:  # noqa: ASYNC110  # the writer is a thread and knows no events of a loop
        await asyncio.sleep(0)


async def test_an_acknowledged_record_is_in_the_log(log: Log) -> None:
    """
    After an append returns, the record can be read under its id, at the place that was answered.
    """
    made = record()

    stored = await append(log, made)

    assert stored == Stored(id=made.id, index=0, time=made.time)
    assert await log.get(made.id) == replace(made, index=0)


async def test_an_unknown_id_is_no_record(log: Log) -> None:
    """
    Asking for an id that was never recorded gives nothing.
    """
    assert await log.get(new_id()) is None


async def test_indices_have_no_gaps(log: Log) -> None:
    """
    However many records come at a time, their indices are 0, 1, 2, … and none is given twice.
    """
    stored = await asyncio.gather(*(append(log, record()) for _ in range(2_500)))

    assert sorted(each.index for each in stored) == list(range(2_500))
    assert [each.index for each in everything_in(log)] == list(range(2_500))


async def test_two_processes_share_one_row_of_indices(log: Log) -> None:
    """
    Two writers on one file never give an index twice.
    """
    other = Log(log.url, log.folder)

    stored = await asyncio.gather(*(append(each, record()) for _ in range(200) for each in (log, other)))
    await other.close()

    assert sorted(each.index for each in stored) == list(range(400))


async def test_a_double_click_records_once(log: Log) -> None:
    """
    Appends with the same key make one record, and all of them are told where it lies.
    """
    made = [record() for _ in range(5)]

    log.open()  # from here on they come in their order
    stored = await asyncio.gather(*(append(log, each, once="key") for each in made))
    later = await append(log, record(), once="key")

    first = Stored(id=made[0].id, index=0, time=NOON)
    assert [*stored, later] == [first] + [replace(first, again=True)] * 5
    assert [each.id for each in everything_in(log)] == [made[0].id]


async def test_a_key_may_be_anything(log: Log) -> None:
    """
    Whatever a form sends as its key is a key: long, empty, or no proper text.
    """
    for once in ("x" * 100_000, "", "\ud800"):
        first, second = await append(log, record(), once=once), await append(log, record(), once=once)
        assert (second.id, second.again) == (first.id, True)


async def test_records_without_a_key_are_all_made(log: Log) -> None:
    """
    Two equal choices without a key are two records.
    """
    await append(log, record())
    await append(log, record())

    assert len(everything_in(log)) == 2


async def test_a_refused_row_costs_only_itself(log: Log) -> None:
    """
    A record that the database refuses does not take the others of its batch with it, and leaves no gap.
    """
    log.open()
    twice = new_id()
    made = [record(), record(id=twice), record(id=twice), record(notice="f" * 64), record()]

    with another_process_writing(place(log)):
        appends = [asyncio.ensure_future(append(log, each)) for each in made]
        await all_queued(log, len(made))
    outcomes = await asyncio.gather(*appends, return_exceptions=True)

    assert [each.index for each in outcomes if isinstance(each, Stored)] == [0, 1, 2]
    assert [str(each) for each in outcomes if isinstance(each, LogUnavailable)] == [
        f"The consent log can't be written: the record {twice} was refused: UNIQUE constraint failed: "
        "ckit_entry.id. Nothing was recorded; a grant is not in force.",
        f"The consent log can't be written: the record {made[3].id} was refused: its notice {'f' * 64} is not in "
        "the log, and was not given with it. Nothing was recorded; a grant is not in force.",
    ]


async def test_a_visitor_who_hangs_up_is_still_recorded(log: Log) -> None:
    """
    Cancelling an append does not take its record back.
    """
    log.open()
    made = record()

    with another_process_writing(place(log)):
        task = asyncio.ensure_future(append(log, made))
        await all_queued(log, 1)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    await log.close()

    assert [each.id for each in everything_in(log)] == [made.id]


async def test_a_full_queue_says_when_to_try_again(tmp_path: Path) -> None:
    """
    Beyond its limit the queue takes no more; what waited before is written all the same.
    """
    log = Log("sqlite:///consent.db", tmp_path, max_waiting=2)
    log.open()

    with another_process_writing(place(log)):
        waiting = [asyncio.ensure_future(append(log, record())) for _ in range(2)]
        await all_queued(log, 2)
        with pytest.raises(LogBusy, match="2 records wait for the disk; try again in 1 second") as refusal:
            await append(log, record())
    stored = await asyncio.gather(*waiting)
    await log.close()

    assert refusal.value.retry_after_seconds == 1
    assert [each.index for each in stored] == [0, 1]


async def test_what_does_not_get_its_turn_is_withdrawn(log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    A record whose visitor was told that it was not recorded is not recorded later.
    """
    monkeypatch.setattr(writer, "PATIENCE_SECONDS", 0.05)
    log.open()

    with another_process_writing(place(log)), pytest.raises(LogUnavailable, match=r"not come within 0\.05 seconds"):
        await append(log, record())
    await log.close()

    assert everything_in(log) == []


async def test_a_locked_database_fails_what_waits_and_nothing_after(log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    While a program that does not know our lock holds the database, appends fail; afterwards they succeed.
    """
    monkeypatch.setattr(places, "BUSY_SECONDS", 0.05)
    await append(log, record())
    await log.close()
    shell = sqlite3.connect(place(log), isolation_level=None)

    shell.execute("BEGIN IMMEDIATE")
    with pytest.raises(LogUnavailable, match="database is locked"):
        await append(log, record())
    shell.execute("ROLLBACK")
    shell.close()

    assert (await append(log, record())).index == 1


async def test_a_full_disk_fails_what_waits_and_nothing_before(log: Log) -> None:
    """
    When the disk takes no more, the records that wait are refused; those before and after are kept, without a gap.
    """
    made = [record() for _ in range(100)]
    stored = [await append(log, record())]
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    size = os.stat(f"{place(log)}-wal").st_size  # a test may wait for a disk
    resource.setrlimit(resource.RLIMIT_FSIZE, (size + 50_000, limits[1]))
    try:
        outcomes = [(await asyncio.gather(append(log, each), return_exceptions=True))[0] for each in made]
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    stored += [each for each in outcomes if isinstance(each, Stored)]
    stored.append(await append(log, record()))

    assert 2 < len(stored) < 100
    assert [each.index for each in stored] == list(range(len(stored)))
    assert [each.id for each in everything_in(log)] == [each.id for each in stored]


async def test_a_log_that_was_moved_away_is_not_written(log: Log) -> None:
    """
    When the file is gone nothing is acknowledged and nothing new is made; when it is back the log goes on.
    """
    await append(log, record())
    await log.close()
    elsewhere = log.folder / "elsewhere.db"
    log.open()
    place(log).rename(elsewhere)

    with pytest.raises(LogUnavailable, match=r"consent\.db"):
        await append(log, record())
    assert not place(log).exists()
    elsewhere.rename(place(log))

    assert (await append(log, record())).index == 1


async def test_a_log_that_was_deleted_while_open_is_not_written(log: Log) -> None:
    """
    Nothing is acknowledged into a file that has no name any more.
    """
    await append(log, record())
    place(log).unlink()

    with pytest.raises(LogUnavailable):
        await append(log, record())


async def test_a_closed_log_opens_again(log: Log) -> None:
    """
    After `close()` the next append opens the log again, and the index goes on.
    """
    await append(log, record())
    await log.close()

    assert (await append(log, record())).index == 1


async def test_closing_writes_what_waits(log: Log) -> None:
    """
    Records that wait when the log is closed are written and acknowledged.
    """
    log.open()

    with another_process_writing(place(log)):
        waiting = [asyncio.ensure_future(append(log, record())) for _ in range(10)]
        await all_queued(log, 10)
        closing = asyncio.ensure_future(log.close())
        await asyncio.sleep(0)
    await closing

    assert [each.index for each in await asyncio.gather(*waiting)] == list(range(10))


async def test_a_log_serves_several_event_loops(log: Log) -> None:
    """
    Threads with event loops of their own can share one log.
    """
    answers: list[Stored] = []

    def in_a_thread() -> None:
        answers.append(asyncio.run(append(log, record())))

    threads = [threading.Thread(target=in_a_thread) for _ in range(4)]
    for thread in threads:
        thread.start()
    await asyncio.gather(*(asyncio.to_thread(thread.join) for thread in threads))

    assert sorted(each.index for each in answers) == [0, 1, 2, 3]


async def test_a_notice_is_kept_once(log: Log) -> None:
    """
    The snapshot that came with the first record need not come with the next ones.
    """
    await log.append(record(notice=NOTICE.digest), salt=os.urandom(32), notice=NOTICE)
    await log.append(record(notice=NOTICE.digest), salt=os.urandom(32))
    await log.append(record(notice=NOTICE.digest, language="de"), salt=os.urandom(32))

    assert await log.notice(NOTICE.digest) == NOTICE
    assert (await log.status()).notices == 1


async def test_a_served_notice_is_known_until_it_is_old(log: Log) -> None:
    """
    A notice is known from the moment it is served, and the day on which it was served last decides how long.
    """
    today, tomorrow = NOON.date(), NOON.date() + timedelta(days=1)

    assert not await log.knows_notice(NOTICE.digest)
    log.append_soon(NOTICE, served=today)
    assert await log.knows_notice(NOTICE.digest, served_since=today)
    assert not await log.knows_notice(NOTICE.digest, served_since=tomorrow)
    await log.close()
    log.append_soon(NOTICE, served=tomorrow)
    await log.close()

    assert await log.knows_notice(NOTICE.digest, served_since=tomorrow)
    assert await log.notice(NOTICE.digest) == NOTICE


async def test_a_notice_that_could_not_be_kept_is_told_again(log: Log) -> None:
    """
    A served notice whose writing failed is not taken for known.
    """
    log.open()
    elsewhere = log.folder / "elsewhere.db"
    place(log).rename(elsewhere)
    log.append_soon(NOTICE, served=NOON.date())
    with pytest.raises(LogUnavailable):
        await append(log, record())
    elsewhere.rename(place(log))

    assert not await log.knows_notice(NOTICE.digest)
    log.append_soon(NOTICE, served=NOON.date())
    await log.close()
    assert await log.notice(NOTICE.digest) == NOTICE


async def test_being_asked_is_a_number_and_nobody(log: Log) -> None:
    """
    Notices shown are added up by day, language and site, across processes.
    """
    other = Log(log.url, log.folder)
    for each in (log, other):
        each.count_asked(2, language="en", day=date(2026, 11, 24), site="a")
        each.count_asked(language="de", day=date(2026, 11, 25))
        await each.close()

    counted = Reader(place(log)).asked(Filter())

    assert [(each.day.day, each.language, each.site, each.count) for each in counted] == [
        (24, "en", "a", 4),
        (25, "de", "", 2),
    ]


async def test_only_the_owner_can_read_the_files(log: Log) -> None:
    """
    The database and all that lies beside it are readable and writable for their owner only.
    """
    await append(log, record())
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in log.folder.iterdir()}

    assert modes == {
        "consent.db": 0o600,
        "consent.db-wal": 0o600,
        "consent.db-shm": 0o600,
        "consent.db.lock": 0o600,
    }


async def test_nothing_is_opened_before_it_is_needed(log: Log) -> None:
    """
    A log that is only made touches nothing.
    """
    assert list(log.folder.iterdir()) == []


async def test_what_is_wrong_with_the_place_is_a_configuration_error(tmp_path: Path) -> None:
    """
    A log that can't be opened is the owner's to mend, at start or at the first request.
    """
    log = Log("sqlite:///missing/consent.db", tmp_path)

    with pytest.raises(ConfigurationError, match="does not exist"):
        log.open()
    with pytest.raises(ConfigurationError, match="does not exist"):
        await append(log, record())


async def test_a_log_that_can_not_be_read_is_said_so(log: Log) -> None:
    """
    A question to a log that vanished is an error of its own, also for those who only know LogUnavailable.
    """
    log.open()
    place(log).unlink()

    with pytest.raises(LogUnavailable, match="can't be read: unable to open database file") as problem:
        await log.get(new_id())
    assert isinstance(problem.value, LogUnreadable)


async def test_entries_of_others_are_signed_while_nobody_chooses(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    A command or an auditor's page adds an event and tells nobody here; a site without visitors signs it all the same.
    """
    monkeypatch.setattr(committer, "IDLE_SECONDS", 0.05)
    write_key(tmp_path / "consentkit.key", make_key("courier.example/log", bytes(range(32))))
    log = Log("sqlite:///consent.db", tmp_path, key="consentkit.key")
    await append(log, record())
    await signed(log, 1)
    store.Officer(tmp_path / "consent.db", "auditor").tell(event.Kind.LOOKUP, {})
    await signed(log, 2)
    await log.close()


async def signed(log: Log, size: int) -> None:
    """Until a checkpoint covers so many entries."""
    async with asyncio.timeout(60):
        while f"\n{size}\n" not in (await log.checkpoint() or ""):  # noqa: ASYNC110 - a thread signs, and tells nobody
            await asyncio.sleep(0.02)


def run(program: str, folder: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "tests.log.programs", program, str(folder)]
    return subprocess.Popen(command, stdout=subprocess.PIPE)


def test_kill_9_loses_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    """
    Two processes are killed while they write: every acknowledged record is in the log at its index, without a gap.
    """
    acknowledged: dict[int, str] = {}
    for _ in range(3):
        processes = [run("write_for_ever", tmp_path) for _ in range(2)]
        said = [process.stdout.readline() for _ in range(150) for process in processes if process.stdout]
        for process in processes:
            process.kill()
        for process in processes:
            said += process.communicate()[0].splitlines(keepends=True)
        for line in said:
            if line.endswith(b"\n"):  # the last may have been cut off by the kill
                id_, index = line.decode().split()
                acknowledged[int(index)] = id_

    kept = {each.index: each.id for each in Reader(tmp_path / "consent.db").oldest_first(Filter())}
    assert sorted(index for index in kept if index is not None) == list(range(len(kept)))
    assert acknowledged.items() <= kept.items()
    assert audit(tmp_path / "consent.db").problems == []


def test_a_fork_of_an_open_log_loses_nothing(tmp_path: Path) -> None:
    """
    A process that forks while its log is open, and its child, both write; also after one of them has closed it.
    """
    process = run("fork_while_open", tmp_path)
    process.communicate()
    assert process.returncode == 0

    found = [each.subject for each in Reader(tmp_path / "consent.db").oldest_first(Filter())]

    assert {name: found.count(name) for name in set(found)} == {"before": 20, "parent": 100, "child": 120}


def test_a_process_that_ends_without_closing_writes_what_waits(tmp_path: Path) -> None:
    """
    Without lifespan events, notices and counters are written when the process ends.
    """
    process = run("end_without_closing", tmp_path)
    process.communicate()
    assert process.returncode == 0

    reader = Reader(tmp_path / "consent.db")
    assert [each.count for each in reader.asked(Filter())] == [3]
    assert reader.notice(NOTICE.digest) == NOTICE


def test_the_database_is_imported_only_when_a_log_is_opened() -> None:
    """
    Importing the log does not import sqlalchemy.
    """
    script = "import sys, consentkit.log.writer, consentkit.log.reports; sys.exit('sqlalchemy' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
