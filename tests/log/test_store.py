from __future__ import annotations

import multiprocessing
import os
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import event

from consentkit.errors import ConfigurationError
from consentkit.log.event import Kind
from consentkit.log.filters import Filter
from consentkit.log.problems import LogUnreadable
from consentkit.log.record import UNKNOWN_NOTICE, PolicyAnswer, Record, State, enter
from consentkit.log.store import Appender, Officer, Reader, check, locate, prepare
from consentkit.log.store import appender as appending
from consentkit.log.store import reader as reading
from consentkit.log.store.schema import SCHEMA
from consentkit.log.tree import leaf_hash
from tests.log.samples import NOON, NOTICE, SALT, record
from tests.log.samples import records as any_records


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "consent.db"
    prepare(path)
    return path


def fill(path: Path, made: list[Record]) -> None:
    appender = Appender(path)
    appender.append([enter(each, SALT, notice=NOTICE if each.notice == NOTICE.digest else None) for each in made])
    appender.close()


def ids(found: Iterable[Record]) -> list[str]:
    return [each.id for each in found]


# Where it lies


def test_a_relative_log_lies_in_its_folder(tmp_path: Path) -> None:
    """
    Three slashes are a path relative to the folder of the configuration, four an absolute one.
    """
    assert locate("sqlite:///consent.db", tmp_path) == tmp_path / "consent.db"
    assert locate("sqlite:////var/lib/site/consent.db", tmp_path) == Path("/var/lib/site/consent.db")


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("consent.db", "'consent.db' is no database URL; write \"sqlite:///consent.db\""),
        ("mysql://localhost/log", "'mysql' databases are not supported"),
        ("sqlite://", "names no file, and a log in memory is gone"),
        ("sqlite:///:memory:", "names no file, and a log in memory is gone"),
        ("sqlite://consent.db", "more than a path"),
        ("sqlite:///consent.db?mode=ro", "more than a path"),
    ],
)
def test_a_url_that_can_not_be_a_log_says_what_to_write(url: str, words: str, tmp_path: Path) -> None:
    """
    A URL that names no file is refused with one that would do.
    """
    with pytest.raises(ConfigurationError, match=words) as problem:
        locate(url, tmp_path)
    assert len(problem.value.problems) == 1


def test_a_place_that_can_not_hold_a_log_says_why(tmp_path: Path) -> None:
    """
    A missing folder, a directory, a file of another kind, another program's database and a newer log are told apart.
    """
    directory = tmp_path / "directory"
    directory.mkdir()
    text = tmp_path / "text.db"
    text.write_text("This is not a database, whatever its name says. " * 20)
    foreign = tmp_path / "app.db"
    with closing(sqlite3.connect(foreign, isolation_level=None)) as connection:
        connection.execute("CREATE TABLE auth_user (id)")
    newer = tmp_path / "newer.db"
    prepare(newer)
    with closing(sqlite3.connect(newer, isolation_level=None)) as connection:
        connection.execute("UPDATE ckit_schema SET version = 9, needed = 9")

    for path, words in {
        tmp_path / "missing" / "consent.db": "the folder '.*missing' does not exist; make it",
        text / "consent.db": "text.db' is not a folder",
        directory: "directory' is a directory; name a file in it",
        text: "can't be opened: file is not a database",
        foreign: r"database of another program \(its tables: auth_user\); give the log a file of its own",
        newer: r"newer consentkit \(schema 9, this version knows 3\); upgrade consentkit",
    }.items():
        with pytest.raises(ConfigurationError, match=words):
            prepare(path)


@contextmanager
def as_nobody() -> Iterator[None]:
    """As a user who may only do what file modes allow; root may do everything."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.mark.skipif(os.name == "nt", reason="file modes are of POSIX")
def test_a_place_without_permission_says_so() -> None:
    """
    A folder or a file that this user may not write is named, before SQLite stumbles over it.
    """
    with TemporaryDirectory() as folder:  # pytest's own is hidden from other users
        path = Path(folder, "consent.db")
        prepare(path)

        path.chmod(0o400)
        path.parent.chmod(0o777)
        with as_nobody(), pytest.raises(ConfigurationError, match=r"consent\.db' is not writable by this user"):
            prepare(path)
        path.parent.chmod(0o555)
        with as_nobody(), pytest.raises(ConfigurationError, match=r"the folder .* is not writable by this user"):
            prepare(path)
        path.chmod(0)
        with as_nobody(), pytest.raises(ConfigurationError, match=r"can't be read by this user"):
            check(path)
        path.parent.chmod(0o700)


def test_looking_into_what_is_no_log_says_so(tmp_path: Path) -> None:
    """
    A file of another kind is refused by those who only look, too.
    """
    path = tmp_path / "text.db"
    path.write_text("This is not a database, whatever its name says. " * 20)

    with pytest.raises(ConfigurationError, match="can't be opened: file is not a database"):
        check(path)


def test_a_newer_log_that_still_fits_is_used(path: Path) -> None:
    """
    A log of a newer version is used as long as that version says that this one may.
    """
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("UPDATE ckit_schema SET version = 4, needed = 3")

    prepare(path)
    check(path)


def test_looking_at_a_log_makes_none(tmp_path: Path) -> None:
    """
    `check` says that there is no log yet, and leaves it so.
    """
    path = tmp_path / "consent.db"

    with pytest.raises(ConfigurationError, match=r"no log at .* yet; it is made when the site starts"):
        check(path)
    assert list(tmp_path.iterdir()) == []
    path.touch()
    with pytest.raises(ConfigurationError, match="is empty"):
        check(path)
    with pytest.raises(ConfigurationError, match="is a directory"):
        check(tmp_path)


def test_a_creation_that_was_cut_off_is_taken_up_again(tmp_path: Path) -> None:
    """
    An empty file, as a crash during creation leaves it, becomes a log.
    """
    path = tmp_path / "consent.db"
    path.touch()

    prepare(path)

    check(path)


def test_processes_that_start_together_make_one_log(tmp_path: Path) -> None:
    """
    However many workers open the log for the first time at once, none of them fails.
    """
    path = tmp_path / "consent.db"
    with multiprocessing.get_context("spawn").Pool(4) as pool:
        pool.map(prepare, [path] * 8)
        pool.close()
        pool.join()

    assert Reader(path).status().size == 0


def test_the_log_waits_for_the_disk(path: Path) -> None:
    """
    The database is in write-ahead mode, and columns hold only what they are declared to hold.
    """
    connection = sqlite3.connect(path)

    assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    with pytest.raises(sqlite3.IntegrityError, match="cannot store TEXT value in INTEGER column"):
        connection.execute("INSERT INTO ckit_head VALUES (2, 'many')")


# What was written is found


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50, deadline=None)
@given(st.lists(any_records(), min_size=1, max_size=8, unique_by=lambda each: each.id))
def test_what_was_recorded_is_read_back(tmp_path: Path, made: list[Record]) -> None:
    """
    Every record comes back as it was given, whatever is in it, under the hash of its stored payload.
    """
    path = tmp_path / f"{os.urandom(8).hex()}.db"
    prepare(path)
    made = [replace(each, notice=UNKNOWN_NOTICE) for each in made]

    fill(path, made)

    found = list(Reader(path).oldest_first(Filter()))
    assert found == [replace(each, index=index) for index, each in enumerate(made)]
    with closing(sqlite3.connect(path)) as connection:
        rows = connection.execute("SELECT payload, leaf_hash FROM ckit_entry").fetchall()
    assert [leaf_hash(payload) for payload, _ in rows] == [stored for _, stored in rows]


def test_entries_with_the_same_answers_share_a_pattern(path: Path) -> None:
    """
    A thousand visitors who answer alike add one row to what is searched, not a thousand.
    """
    fill(path, [record(subject=f"subject-{number}") for number in range(1_000)])
    fill(path, [record(), record(purposes={"media": True, "analytics": True}), record(language="de")])

    with closing(sqlite3.connect(path)) as connection:
        (count,) = connection.execute("SELECT count(*) FROM ckit_pattern").fetchone()
    assert count == 2


some_records = st.builds(
    record,
    time=st.integers(0, 3 * 24).map(lambda hours: NOON + timedelta(hours=hours)),
    subject=st.sampled_from([None, "a", "b"]),
    state=st.sampled_from(State),
    action=st.sampled_from(["accept_all", "save"]),
    purposes=st.dictionaries(st.sampled_from(["analytics", "media"]), st.booleans()),
    vendors=st.dictionaries(st.sampled_from(["youtube", "matomo"]), st.booleans()),
    policies=st.dictionaries(
        st.sampled_from(["terms", "privacy"]),
        st.builds(PolicyAnswer, version=st.sampled_from(["1", "2"]), accepted=st.booleans()),
    ),
    notice=st.sampled_from([UNKNOWN_NOTICE, NOTICE.digest]),
    language=st.sampled_from(["en", "de"]),
    site=st.sampled_from(["one", "two"]),
    gpc=st.booleans(),
)


def filter_of(fields: dict[str, Any]) -> Filter:
    return Filter(**fields)


some_filters = st.fixed_dictionaries(
    {},
    optional={
        "subject": st.sampled_from(["a", "c"]),
        "since": st.just(NOON + timedelta(hours=20)),
        "before": st.just(NOON + timedelta(hours=40)),
        "action": st.just("save"),
        "purpose": st.just("media"),
        "purpose_answer": st.none() | st.booleans(),
        "vendor": st.just("youtube"),
        "vendor_answer": st.none() | st.booleans(),
        "policy": st.just("terms"),
        "policy_version": st.none() | st.just("2"),
        "notice": st.sampled_from([UNKNOWN_NOTICE, NOTICE.digest[:8], NOTICE.digest, "0" * 64]),
        "language": st.just("de"),
        "site": st.just("two"),
    },
).map(filter_of)


def matches(filter: Filter, made: Record) -> bool:
    """The same question, asked of a record without a database."""
    policy = made.policies.get(filter.policy or "")
    return all(
        (
            filter.subject in (None, made.subject),
            filter.since is None or made.time >= filter.since,
            filter.before is None or made.time < filter.before,
            filter.action in (None, made.action),
            filter.purpose is None or filter.purpose in made.purposes,
            not filter.purpose
            or filter.purpose_answer is None
            or made.purposes.get(filter.purpose) is filter.purpose_answer,
            filter.vendor is None or filter.vendor in made.vendors,
            not filter.vendor
            or filter.vendor_answer is None
            or made.vendors.get(filter.vendor) is filter.vendor_answer,
            filter.policy is None or policy is not None,
            policy is None or filter.policy_version in (None, policy.version),
            filter.notice is None or made.notice.startswith(filter.notice),
            filter.language in (None, made.language),
            filter.site in (None, made.site),
        )
    )


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=100, deadline=None)
@given(st.lists(some_records, min_size=1, max_size=20), st.lists(some_filters, min_size=1, max_size=5))
def test_a_search_finds_what_matches_and_nothing_else(
    tmp_path: Path, made: list[Record], filters: list[Filter]
) -> None:
    """
    Every way to look into the log finds exactly the records for which the filter holds.
    """
    path = tmp_path / f"{os.urandom(8).hex()}.db"
    prepare(path)
    fill(path, made)
    reader = Reader(path)

    for filter in filters:
        expected = [each.id for each in made if matches(filter, each)]
        assert ids(reader.oldest_first(filter)) == expected
        assert ids(reader.newest(filter, limit=100)) == expected[::-1]
        assert sum(tally.count for tally in reader.tallies(filter)) == len(expected)


def test_pages_follow_each_other_without_gap_or_overlap(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Reading page by page, in either direction, gives every record once; near the newest and further back.
    """
    monkeypatch.setattr(reading, "PAGE", 7)
    monkeypatch.setattr(reading, "NEAR", 11)
    made = [record(language="de" if number % 3 else "en") for number in range(50)]
    fill(path, made)
    reader, german = Reader(path), [each.id for each in made if each.language == "de"]

    backwards: list[Record] = []
    while page := reader.newest(Filter(language="de"), limit=4, older_than=backwards[-1].index if backwards else None):
        backwards += page

    assert ids(backwards) == german[::-1]
    assert ids(reader.oldest_first(Filter(language="de"))) == german


def test_what_was_done_takes_no_place_among_the_records(path: Path) -> None:
    """
    A page of records is full, however many events lie between them, and whichever were erased.
    """
    officer = Officer(path, "dpo")
    for letter in "abcdef":
        appender = Appender(path)
        appender.append([enter(record(subject=letter * 32), os.urandom(32))])
        appender.close()
        officer.tell(Kind.LOOKUP, {"what": "find"})
    officer.erase("asked", subject="f" * 32)
    reader = Reader(path)

    assert [each.index for each in reader.newest(Filter(), limit=3)] == [8, 6, 4]
    assert [each.index for each in reader.newest(Filter(language="en"), limit=3, older_than=6)] == [4, 2, 0]


def test_events_are_read_page_by_page_from_the_newest(path: Path) -> None:
    """
    Each once, whatever the clock did, of one kind or of all.
    """
    fill(path, [record(), record()])
    for seconds in (0, 5, 5, 3):
        officer = Officer(path, "dpo", now=lambda seconds=seconds: NOON + timedelta(seconds=seconds))  # type: ignore[misc]
        officer.tell(Kind.LOOKUP if seconds else Kind.VERIFY, {})
    reader, place, seen = Reader(path), None, []
    while page := reader.happened_before(place, limit=1):
        seen += [index for index, _ in page]
        place = int(page[-1][1].time.timestamp()), page[-1][0]

    assert seen == [4, 3, 5, 2]
    assert [index for index, _ in reader.happened_before(limit=9, kind=Kind.VERIFY)] == [2]


@pytest.mark.parametrize(
    ("question", "index"),
    [
        (lambda reader: reader.newest(Filter(subject="a"), limit=50), "ckit_entry_subject"),
        (lambda reader: reader._newest(reading._conditions(Filter(action="grant")), 50, None), "ckit_entry_pattern"),
        (lambda reader: reader.newest(Filter(), limit=50), "PRIMARY KEY"),
        (lambda reader: reader.happened_before(limit=50), "ckit_entry_pattern"),
        (lambda reader: list(reader.tallies(Filter(since=NOON))), "COVERING INDEX ckit_entry_pattern"),
    ],
    ids=["subject", "action", "all", "events", "statistics"],
)
def test_a_question_is_answered_from_an_index(
    path: Path, monkeypatch: pytest.MonkeyPatch, question: Callable[[Reader], object], index: str
) -> None:
    """
    No page reads the whole log, and no order is made by sorting all of it: SQLite's own plan says so.
    """
    fill(path, [record()])
    reader = Reader(path)
    asked: list[tuple[str, Any]] = []

    def remember(on: Any, cursor: Any, statement: str, values: Any, *rest: Any) -> None:
        asked.append((statement, values))

    event.listen(reader._engine, "before_cursor_execute", remember)
    question(reader)
    event.remove(reader._engine, "before_cursor_execute", remember)
    with closing(sqlite3.connect(path)) as on:
        plans = [
            " / ".join(row[3] for row in on.execute(f"EXPLAIN QUERY PLAN {statement}", values))
            for statement, values in asked
            if "ckit_entry" in statement and statement.startswith("SELECT")
        ]

    assert any(index in plan for plan in plans)
    for plan in plans:
        # "SCAN ckit_entry" from its newest end with a limit is how the newest are found.
        assert "SCAN ckit_entry" not in plan or index == "PRIMARY KEY"


def test_records_that_come_while_reading_are_left_for_the_next_time(path: Path) -> None:
    """
    An export ends, however fast records come in: it holds what was there when it began.
    """
    fill(path, [record() for _ in range(3)])
    found = Reader(path).oldest_first(Filter())

    first = next(found)
    fill(path, [record()])

    assert [first.index, *(each.index for each in found)] == [0, 1, 2]


def test_a_reader_can_not_write(path: Path) -> None:
    """
    What looks into the log has no way to change it.
    """
    with pytest.raises(LogUnreadable, match="readonly database"), Reader(path)._asking() as on:
        on.exec_driver_sql("DELETE FROM ckit_entry")


def test_the_status_says_how_the_log_stands(path: Path) -> None:
    """
    Size, place, notices and the first and last time are told, also of an empty log.
    """
    assert Reader(path).status().last is None
    fill(path, [record(notice=NOTICE.digest), record(time=NOON + timedelta(hours=1))])

    status = Reader(path).status()

    assert (status.place, status.size, status.notices, status.schema) == (str(path), 2, 1, SCHEMA)
    assert (status.first, status.last) == (NOON, NOON + timedelta(hours=1))


def test_a_flood_of_made_up_answers_does_not_fill_the_memory(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    What the writer remembers is bounded, and records stay right when it forgets.
    """
    monkeypatch.setattr(appending, "MAX_REMEMBERED", 3)
    appender = Appender(path)
    for number in range(20):
        appender.append([enter(record(purposes={f"made-up-{number % 7}": True}), SALT)])
        assert len(appender._patterns) <= 3
    appender.close()

    assert ids(Reader(path).oldest_first(Filter(purpose="made-up-6"))) == [
        each.id for each in Reader(path).oldest_first(Filter()) if "made-up-6" in each.purposes
    ]
