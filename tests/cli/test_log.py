from __future__ import annotations

import argparse
import csv
import io
import json
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from consentkit.cli import log as command
from consentkit.cli.log.output import Progress
from consentkit.log.record import Record, State, enter
from consentkit.log.store import Appender, prepare
from tests.log.samples import NOTICE, SALT, record

Run = Callable[..., int]


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(prog="consentkit")
    command.add_parsers(top.add_subparsers(required=True))
    return top


@pytest.fixture
def made(tmp_path: Path) -> list[Record]:
    """A log of three records: a given one, a refused one in German, and one whose notice is known."""
    records = [
        record(subject="a"),
        record(subject=None, language="de", state=State.REFUSED, action="reject_all", purposes={"media": False}),
        record(subject="b\x1b[31m", notice=NOTICE.digest),
    ]
    path = tmp_path / "consent.db"
    prepare(path)
    appender = Appender(path)
    appender.append([enter(each, SALT, notice=NOTICE if each.notice == NOTICE.digest else None) for each in records])
    appender.close()
    return records


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Run a `log` command on the log in this test's folder."""

    def run(*words: str) -> int:
        arguments = parser().parse_args(["log", words[0], "--log", f"sqlite:///{tmp_path}/consent.db", *words[1:]])
        code: int = arguments.run(arguments)
        return code

    return run


def json_lines(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def test_find_prints_json_lines_into_a_pipe(run: Run, made: list[Record], capsys: pytest.CaptureFixture[str]) -> None:
    """
    Into a pipe, find prints every record that matches as a line of JSON, newest first.
    """
    assert run("find") == 0

    assert [each["id"] for each in json_lines(capsys.readouterr().out)] == [each.id for each in made[::-1]]


@pytest.mark.parametrize(
    ("words", "indices"),
    [
        (["--subject", "a"], [0]),
        (["--language", "de"], [1]),
        (["--purpose", "media=no"], [1]),
        (["--vendor", "youtube", "--action", "accept_all"], [2, 0]),
        (["--policy", "privacy@2026-11-01", "--since", "2026-11-24", "--until", "2026-11-24"], [2, 1, 0]),
        (["--notice", NOTICE.digest[:8]], [2]),
        (["--site", "Drina Courier", "--limit", "1"], [2]),
        (["--older-than", "1"], [0]),
    ],
    ids=str,
)
def test_find_takes_the_filters_of_the_contract(
    words: list[str], indices: list[int], run: Run, made: list[Record], capsys: pytest.CaptureFixture[str]
) -> None:
    """
    Each filter narrows what is found.
    """
    assert run("find", *words) == 0

    assert [each["index"] for each in json_lines(capsys.readouterr().out)] == indices


def test_a_table_goes_on_where_it_ended(run: Run, made: list[Record], capsys: pytest.CaptureFixture[str]) -> None:
    """
    A table that does not show everything says how to see what is older.
    """
    assert run("find", "--table", "--limit", "2") == 0

    printed = capsys.readouterr()
    header, *lines = printed.out.splitlines()
    assert header.split() == ["index", "time", "id", "state", "action", "language", "subject"]
    assert [line.split()[0] for line in lines] == ["2", "1"]
    assert printed.err == "Older ones: --older-than 1\n"


def test_control_characters_do_nothing_to_a_terminal(
    run: Run, made: list[Record], capsys: pytest.CaptureFixture[str]
) -> None:
    """
    An escape sequence in a record is shown, not obeyed.
    """
    run("find", "--table")

    assert "b\ufffd[31m" in capsys.readouterr().out


@pytest.mark.parametrize("name", ["find", "export", "stats"])
def test_nothing_found_is_exit_1(name: str, run: Run, made: list[Record], capsys: pytest.CaptureFixture[str]) -> None:
    """
    When nothing matches, the exit code is 1 and one sentence says so.
    """
    assert run(name, "--subject", "nobody") == 1

    assert capsys.readouterr().err == "consentkit: No record matches.\n"


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--since", "soon"], "--since 'soon' can't be read; write a UTC day such as 2026-11-01"),
        (["--policy", "@1"], "--policy '@1' can't be read; write NAME or NAME@VERSION."),
    ],
    ids=["date", "policy"],
)
def test_a_wrong_filter_is_exit_2(
    words: list[str], sentence: str, run: Run, made: list[Record], capsys: pytest.CaptureFixture[str]
) -> None:
    """
    A filter that can't be read is one sentence on stderr and exit code 2.
    """
    assert run("find", *words) == 2

    said = capsys.readouterr().err
    assert sentence in said
    assert said.count("\n") == 1


def test_a_missing_log_is_exit_2(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    """
    Without a log there is one sentence that says when it is made, and none is made.
    """
    assert run("status") == 2

    assert "it is made when the site starts." in capsys.readouterr().err


def test_show_leads_to_what_that_person_saw(run: Run, made: list[Record], capsys: pytest.CaptureFixture[str]) -> None:
    """
    A record is shown with the words, buttons, purposes and vendors of its notice.
    """
    assert run("show", made[2].id, "--table") == 0

    shown = capsys.readouterr().out
    for words in (made[2].id, "What this person saw:", "May we count visits?", "[ Reject all ]", "_ga (2 years)"):
        assert words in shown


def test_show_in_a_pipe_is_one_object(run: Run, made: list[Record], capsys: pytest.CaptureFixture[str]) -> None:
    """
    For a program, the notice stands under `shown`, and is null when it is not known.
    """
    run("show", made[2].id)
    run("show", made[0].id)

    known, unknown = json_lines(capsys.readouterr().out)
    assert known["shown"]["texts"] == dict(NOTICE.texts)
    assert unknown["shown"] is None


def test_show_of_an_unknown_id_is_exit_1(run: Run, made: list[Record], capsys: pytest.CaptureFixture[str]) -> None:
    """
    An id that is not in the log is said so.
    """
    assert run("show", "nothing") == 1

    assert capsys.readouterr().err == "consentkit: There is no record 'nothing' in this log.\n"


def test_an_unknown_notice_is_said_so(run: Run, made: list[Record], capsys: pytest.CaptureFixture[str]) -> None:
    """
    Where nobody can tell what was shown, the table says just that.
    """
    run("show", made[0].id, "--table")

    assert "What this person saw is not known." in capsys.readouterr().out


def test_export_is_json_lines_unless_told(run: Run, made: list[Record], capsys: pytest.CaptureFixture[str]) -> None:
    """
    An export is JSON lines on stdout, oldest first.
    """
    assert run("export") == 0

    assert [each["index"] for each in json_lines(capsys.readouterr().out)] == [0, 1, 2]


def test_export_writes_a_new_file_for_its_owner(run: Run, made: list[Record], tmp_path: Path) -> None:
    """
    A file of personal data is made for its owner only, and never over another one.
    """
    file = tmp_path / "out.csv"

    assert run("export", "--format", "csv", "--output", str(file)) == 0
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    rows = list(csv.DictReader(io.StringIO(file.read_bytes().decode(), newline="")))
    assert [row["id"] for row in rows] == [each.id for each in made]
    assert run("export", "--output", str(file)) == 2


def test_export_into_no_folder_is_exit_2(
    run: Run, made: list[Record], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """
    A file that can't be written is one sentence.
    """
    assert run("export", "--output", str(tmp_path / "no" / "out")) == 2

    assert capsys.readouterr().err.endswith("can't be written: No such file or directory.\n")


def test_stats_count_and_rate(run: Run, made: list[Record], capsys: pytest.CaptureFixture[str]) -> None:
    """
    Statistics are figures: lines for a program, a table for people.
    """
    assert run("stats") == 0
    figures = json_lines(capsys.readouterr().out)
    assert {"by": "state", "value": "given", "count": 2} in figures

    assert run("stats", "--table", "--language", "de") == 0
    assert capsys.readouterr().out.splitlines()[0].split() == ["by", "value", "answer", "count", "share"]


def test_status_says_where_and_how_much(run: Run, made: list[Record], capsys: pytest.CaptureFixture[str]) -> None:
    """
    The status names the place, the size and the newest record's time.
    """
    assert run("status") == 0
    assert run("status", "--table") == 0

    first, *table = capsys.readouterr().out.splitlines()
    status = json.loads(first)
    assert (status["size"], status["last"]) == (3, "2026-11-24T12:00:00Z")
    assert any(line.split() == ["size", "3"] for line in table)


def test_long_work_shows_how_far_it_is_on_a_terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    A bar on a terminal, one line that is written over; nothing where nobody looks.
    """
    Progress(20_000).tell(9_999)
    assert capsys.readouterr().err == ""
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    bar = Progress(20_000)
    for index in range(20_000):
        bar.tell(index)
    bar.done()

    said = capsys.readouterr().err.split("\r")
    assert said[1].startswith("[#######.")
    assert said[1].endswith("] 5,000 of 20,000")
    assert said[-1] == f"[{'#' * 30}] 20,000 of 20,000\n"
    assert len(said) == 5


def test_the_log_is_that_of_the_site(made: list[Record], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """
    Without --log, the site says where its log is.
    """
    arguments = parser().parse_args(["log", "status"])
    arguments.site_loader = lambda: SimpleNamespace(
        log="sqlite:///consent.db", folder=tmp_path, log_key="a.key", anchors=()
    )

    assert arguments.run(arguments) == 0

    assert json.loads(capsys.readouterr().out)["size"] == 3


def test_site_is_an_object_or_a_name() -> None:
    """
    `--site MODULE:NAME` says whose log to read, any other `--site` which records; both can be given.
    """
    arguments = parser().parse_args(["log", "find", "--site", "shop.main:site", "--site", "Drina Courier"])

    assert (arguments.site, arguments.of_site) == ("shop.main:site", "Drina Courier")


def test_a_reader_that_has_seen_enough_ends_it_quietly(made: list[Record], tmp_path: Path) -> None:
    """
    `consentkit log export | head -1` ends without a word.
    """
    path = tmp_path / "consent.db"
    appender = Appender(path)
    appender.append([enter(record(), SALT) for _ in range(1_000)])
    appender.close()
    script = "import sys, tests.cli.test_log as t; a = t.parser().parse_args(sys.argv[1:]); sys.exit(a.run(a))"

    process = subprocess.Popen(
        [sys.executable, "-c", script, "log", "export", "--log", f"sqlite:///{path}"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None
    assert process.stdout.readline()
    process.stdout.close()
    _, said = process.communicate()

    assert (process.returncode, said) == (0, b"")
