"""`consentkit log`: what proves, and what changes the log."""

from __future__ import annotations

import argparse
import json
import os
import stat
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from consentkit.cli import log as command
from consentkit.cli import main as whole_command
from consentkit.log import verify as verifying
from consentkit.log.checkpoint import load_keys, make_key, write_key
from consentkit.log.keyring import Keyring, load
from consentkit.log.record import Record, State, enter
from consentkit.log.store import Appender, prepare
from tests.log.samples import NOTICE, record
from tests.log.test_integrator import do, grow

Run = Callable[..., int]

SUBJECT = "5e4c0f3c19d7b2a8" * 2


@pytest.fixture
def keyring(tmp_path: Path) -> Keyring:
    write_key(tmp_path / "consentkit.key", make_key("courier.example/log", bytes(range(32))))
    keys = load(tmp_path / "consentkit.key")
    assert keys is not None
    return keys


@pytest.fixture
def made(tmp_path: Path, keyring: Keyring) -> list[Record]:
    """A signed log: two records of one browser and a refusal of nobody."""
    first = record(subject=SUBJECT, notice=NOTICE.digest)
    records = [
        first,
        record(subject=None, state=State.REFUSED, action="reject_all", purposes={"media": False}),
        record(subject=SUBJECT, previous=first.id, action="withdraw", state=State.WITHDRAWN),
    ]
    prepare(tmp_path / "consent.db")
    appender = Appender(tmp_path / "consent.db")
    appender.append([enter(each, os.urandom(32), notice=NOTICE if each is first else None) for each in records])
    appender.close()
    grow(tmp_path / "consent.db", keyring)
    return records


@pytest.fixture
def run(tmp_path: Path) -> Run:
    def run(*words: str) -> int:
        top = argparse.ArgumentParser(prog="consentkit")
        command.add_parsers(top.add_subparsers(required=True))
        where = ["--log", f"sqlite:///{tmp_path}/consent.db", "--log-key", str(tmp_path / "consentkit.key")]
        arguments = top.parse_args(["log", words[0], *where, *words[1:]])
        code: int = arguments.run(arguments)
        return code

    return run


def lines(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def test_verify_says_that_all_is_well(run: Run, made: list[Record], capsys: pytest.CaptureFixture[str]) -> None:
    """
    Of a sound log verify tells how much it looked at, and is content.
    """
    assert run("verify") == 0

    (said,) = lines(capsys.readouterr().out)
    assert (said["size"], said["records"], said["checkpoints"], said["more_problems"]) == (3, 3, 1, 0)


def test_verify_speaks_to_people_where_told_to(
    run: Run, made: list[Record], capsys: pytest.CaptureFixture[str]
) -> None:
    """
    `--table` gives the sentence also into a pipe, as every other command does.
    """
    assert run("verify", "--table") == 0

    said = capsys.readouterr().out
    assert "3 records" in said
    assert not said.startswith("{")


def test_verify_names_what_was_changed(
    run: Run, made: list[Record], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """
    A changed payload is a line and exit code 1.
    """
    do(tmp_path / "consent.db", "UPDATE ckit_entry SET payload = x'7b7d' WHERE idx = 1")

    assert run("verify") == 1

    assert capsys.readouterr().out.splitlines()[0] == "entry 1: its payload was changed"


def test_verify_without_a_key_is_a_finding(
    made: list[Record], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """
    A signed log whose key file is empty or gone is not well, and JSON says that no signature was checked; a public
    key does instead.
    """
    monkeypatch.chdir(tmp_path)
    key = tmp_path / "consentkit.key"
    public = str(load_keys(key)[0].verifier)
    verify = ["log", "verify", "--log", "sqlite:///consent.db"]
    assert whole_command(["init"]) == 0
    assert whole_command(verify) == 1
    key.write_text("")
    assert whole_command([*verify, "--log-key", "consentkit.key"]) == 2
    said = capsys.readouterr()
    assert "signatures were not checked: the log has checkpoints (1)" in said.out
    assert json.loads(said.out.splitlines()[-1])["signatures_checked"] is False
    assert "there is no file 'consentkit.key', or no key in it" in said.err

    assert whole_command([*verify, "--key", public]) == 0
    assert whole_command([*verify, "--key", public, "--log-key", "consentkit.key"]) == 0
    assert json.loads(capsys.readouterr().out.splitlines()[-1])["signatures_checked"] is True
    assert whole_command([*verify, "--key", public, "--key", str(make_key("other/log", bytes(32)).verifier)]) == 2
    do(tmp_path / "consent.db", "DELETE FROM ckit_checkpoint")
    assert whole_command(["log", "verify"]) == 1
    said = capsys.readouterr()
    assert "signatures were not checked: there is consentkit.key.seen" in said.out


def test_verify_compares_with_what_was_kept_elsewhere(
    run: Run, made: list[Record], tmp_path: Path, keyring: Keyring, capsys: pytest.CaptureFixture[str]
) -> None:
    """
    A checkpoint in a file has to be the beginning of the log.
    """
    kept = tmp_path / "monday.txt"
    kept.write_text(keyring.seen.read_text())
    assert run("verify", "--checkpoint", str(kept)) == 0
    kept.write_text(keyring.sign("courier.example/log\n2\n" + "A" * 43 + "=\n", 1))
    assert run("verify", "--checkpoint", str(kept)) == 1
    assert run("verify", "--checkpoint", str(tmp_path / "nothing")) == 2

    assert "monday.txt: the first 2 entries are not those that were signed" in capsys.readouterr().out


def test_a_proof_is_a_receipt_that_verifies(
    run: Run, made: list[Record], tmp_path: Path, keyring: Keyring, capsys: pytest.CaptureFixture[str]
) -> None:
    """
    What `proof` prints, `verify FILE` accepts under the public key, and only as it is.
    """
    assert run("proof", made[1].id) == 0
    file = tmp_path / "receipt.json"
    file.write_text(capsys.readouterr().out)
    key = str(keyring.keys[0].verifier)

    assert run("verify", str(file), "--key", key) == 0
    assert "is entry 1 of courier.example/log, under its signed root of 3 entries." in capsys.readouterr().out
    file.write_text(file.read_text().replace("reject_all", "accept_all"))
    assert run("verify", str(file), "--key", key) == 1
    assert run("verify", str(file), "--key", "nonsense") == 2
    assert run("verify", str(tmp_path / "nothing"), "--key", key) == 2
    assert run("proof", "nothing") == 1


def test_a_proof_alone_is_in_the_form_of_others(
    run: Run, made: list[Record], capsys: pytest.CaptureFixture[str]
) -> None:
    """
    `--tlog` prints the C2SP tlog-proof.
    """
    assert run("proof", made[1].id, "--tlog") == 0

    assert capsys.readouterr().out.startswith("c2sp.org/tlog-proof@v1\nindex 1\n")


def test_a_bundle_is_everything_of_a_person(
    run: Run, made: list[Record], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """
    The archive for a person holds each of their records in every form, what they saw, and how to check it.
    """
    target = tmp_path / "bundle.zip"

    assert run("proof", made[0].id, "--bundle", str(target), "--by", "dpo") == 0

    with zipfile.ZipFile(target) as archive:
        names = set(archive.namelist())
        document = json.loads(archive.read(f"{made[0].id}/consent-27560.jsonld"))
        older = json.loads(archive.read(f"{made[0].id}/kantara.json"))
        page = archive.read(f"{made[0].id}/notice.html").decode()
    forms = {"record.json", "receipt.json", "record.tlog-proof", "consent-27560.jsonld", "kantara.json"}
    of_each = {f"{each.id}/{form}" for each in (made[0], made[2]) for form in forms}
    assert names == {"README.txt", f"{made[0].id}/notice.html"} | of_each
    assert document["dpv:hasConsentEvent"][0]["dpv:hasConsentStatus"] == "dpv:ConsentGiven"
    assert document["dpv:hasDataController"]["dpv:hasName"] == "Example Courier Ltd"
    assert document["dpv:hasProcess"][0]["dpv:hasPurpose"]["dct:title"] == "Statistics"
    assert older["version"] == "KI-CR-v1.1.0"
    assert "default-src 'none'" in page
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert run("proof", made[0].id, "--bundle", str(target)) == 2
    run("events")
    assert lines(capsys.readouterr().out.partition("\n")[2])[0]["by"] == "dpo"


def test_an_export_has_a_manifest_and_leaves_an_event(
    run: Run, made: list[Record], tmp_path: Path, keyring: Keyring, capsys: pytest.CaptureFixture[str]
) -> None:
    """
    Beside an exported file stands what it was, signed; the log says who took it; a changed byte is found.
    """
    key = str(keyring.keys[0].verifier)
    for format in ("jsonl", "csv", "receipts"):
        file = tmp_path / f"out.{format}"
        assert run("export", "--format", format, "--output", str(file), "--by", "dpo", "--action", "reject_all") == 0
        assert run("verify", str(file), "--key", key) == 0
        file.write_bytes(file.read_bytes().replace(b"reject_all", b"accept_all"))
        assert run("verify", str(file), "--key", key) == 1
    file = tmp_path / "out.parquet"
    assert run("export", "--format", "parquet") == 2
    assert run("export", "--format", "parquet", "--output", str(file), "--by", "dpo", "--action", "reject_all") == 0
    assert run("verify", str(file), "--key", key) == 0
    file.write_bytes(file.read_bytes()[:-1] + b"2")
    assert run("verify", str(file), "--key", key) == 1

    assert "its bytes are not those that were exported" in capsys.readouterr().out
    assert run("events") == 0
    told = lines(capsys.readouterr().out)
    assert [(each["kind"], each["by"], each["about"]["rows"]) for each in told] == [("export", "dpo", 1)] * 4
    assert told[0]["about"]["filters"] == {"action": "reject_all"}
    assert run("verify") == 0


def test_an_export_without_its_manifest_is_told_what_is_missing(
    run: Run, made: list[Record], tmp_path: Path, keyring: Keyring, capsys: pytest.CaptureFixture[str]
) -> None:
    """
    In whatever form it was exported: the manifest is missed by its name. Other JSON is told in a sentence, too.
    """
    key = str(keyring.keys[0].verifier)
    files = {tmp_path / f"out.{format}" for format in ("jsonl", "csv", "receipts", "parquet")}
    for file in files:
        assert run("export", "--format", file.suffix[1:], "--output", str(file), "--action", "reject_all") == 0
        Path(f"{file}.manifest").unlink()
    capsys.readouterr()
    for file in files - {tmp_path / "out.receipts"}:
        assert run("verify", str(file), "--key", key) == 1
        assert f"its manifest is missing: '{file}.manifest'" in capsys.readouterr().out
    assert run("verify", str(tmp_path / "out.receipts"), "--key", key) == 0  # of one record: a receipt
    deep = tmp_path / "deep.json"
    deep.write_text("[" * 200_000)
    assert run("verify", str(deep), "--key", key) == 1
    assert "it is no receipt: its JSON is nested too deeply" in capsys.readouterr().out
    Path(f"{deep}.manifest").write_bytes(b"\xff")
    assert run("verify", str(deep), "--key", key) == 2
    note = f"{verifying.MANIFEST_HEADER}\n{'[' * 60_000}\n"
    Path(f"{deep}.manifest").write_text(keyring.sign(note, 1))
    assert run("verify", str(deep), "--key", key) == 1
    said = capsys.readouterr()
    assert "deep.json.manifest' can't be read: it is not UTF-8" in said.err
    assert "its manifest: its JSON is nested too deeply" in said.out


def test_an_export_of_one_person_does_not_name_them_for_ever(
    run: Run, made: list[Record], capsys: pytest.CaptureFixture[str]
) -> None:
    """
    The event of an export says that it was of one person, and not of whom: that has to be erasable.
    """
    run("export", "--subject", SUBJECT)
    capsys.readouterr()
    run("events", "--table")

    assert SUBJECT not in capsys.readouterr().out


def test_a_timeline_is_all_of_one_browser(run: Run, made: list[Record], capsys: pytest.CaptureFixture[str]) -> None:
    """
    Subject or any record's id: everything of that browser, oldest first. A refusal of nobody stands alone.
    """
    for asked, expected in ((SUBJECT, [0, 2]), (made[2].id, [0, 2]), (made[1].id, [1])):
        assert run("timeline", asked) == 0
        assert [each["index"] for each in lines(capsys.readouterr().out)] == expected
    assert run("timeline", "nobody") == 1
    assert run("timeline", SUBJECT, "--table") == 0
    assert "+analytics +media" in capsys.readouterr().out
    assert run("timeline", "nobody", "--table") == 1


def test_a_record_is_erased_and_the_log_stays_sound(
    run: Run, made: list[Record], capsys: pytest.CaptureFixture[str]
) -> None:
    """
    Erase asks, or is told not to; then the record is gone, the event is there, and verify is content.
    """
    assert run("erase", "--subject", SUBJECT, "--reason", "asked") == 2
    assert run("show", made[0].id) == 0
    assert run("erase", "--subject", SUBJECT, "--reason", "asked", "--yes", "--by", "dpo") == 0
    assert run("show", made[0].id) == 1
    assert run("erase", "--subject", SUBJECT, "--reason", "asked", "--yes") == 1
    assert run("verify") == 0

    said = capsys.readouterr()
    assert "Erased 2 records; entry 4 says so." in said.out
    assert "nothing was erased; add --yes" in said.err


def test_every_look_at_records_is_written_down(
    run: Run, made: list[Record], capsys: pytest.CaptureFixture[str]
) -> None:
    """
    Who looked, by which command, at which entries; of whom is not said. What shows no record is not a look.
    """
    run("find", "--action", "reject_all", "--by", "dpo")
    run("find", "--subject", SUBJECT, "--table")
    run("show", made[1].id)
    run("timeline", SUBJECT)
    run("proof", made[0].id)
    run("stats")
    run("status")
    run("verify")
    capsys.readouterr()
    run("events", "--json")

    said = capsys.readouterr().out
    told = [(each["kind"], each["about"].get("what"), each["about"].get("entries")) for each in lines(said)]
    assert told == [
        ("lookup", "find", [[1, 1]]), ("lookup", "find", [[0, 0], [2, 2]]), ("lookup", "show", [[1, 1]]),
        ("lookup", "timeline", [[0, 0], [2, 2]]), ("lookup", "proof", [[0, 0]]), ("lookup", "stats", []),
        ("verify", None, None),
    ]  # fmt: skip
    assert lines(said)[0]["by"] == "dpo"
    assert lines(said)[-1]["about"]["problems"] == 0
    assert SUBJECT not in said


def test_a_look_that_cant_be_written_down_says_so(
    run: Run, made: list[Record], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """
    A copy that can't be written can still be read on the command line, with a word on what is missing then.
    """
    from consentkit.errors import LogUnavailable
    from consentkit.log.store import Officer

    def full(*arguments: object) -> None:
        raise LogUnavailable("attempt to write a readonly database")

    monkeypatch.setattr(Officer, "tell", full)

    assert run("show", made[0].id) == 0
    assert "This lookup could not be written down in the log" in capsys.readouterr().err


def test_a_hold_keeps_and_is_released(run: Run, made: list[Record], capsys: pytest.CaptureFixture[str]) -> None:
    """
    What is held can't be erased until it is released.
    """
    whose = ("--id", made[1].id, "--reason", "court")
    assert run("hold", *whose) == 0
    assert run("erase", *whose, "--yes") == 1
    assert run("hold", *whose, "--release") == 0
    assert run("erase", *whose, "--yes") == 0

    said = capsys.readouterr()
    assert "1 of the 1 records are held" in said.err
    assert "Released 1 record; entry 4 says so." in said.out


def test_prune_takes_what_is_over(
    run: Run, made: list[Record], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """
    With a site its `keep` counts; with a bare log the months have to be said; a dry run only counts.
    """
    assert run("prune") == 2
    assert run("prune", "--keep", "36") == 0
    assert run("prune", "--keep", "0", "--dry-run") == 0

    said = capsys.readouterr()
    assert "with --log, write also --keep MONTHS" in said.err
    assert "Erased 0 records that had expired." in said.out
    assert "0 records would be erased." in said.out


def test_a_backup_is_made_once(run: Run, made: list[Record], tmp_path: Path) -> None:
    """
    A copy is a new file.
    """
    assert run("backup", str(tmp_path / "copy.db")) == 0
    assert run("backup", str(tmp_path / "copy.db")) == 1


def test_resume_and_migrate_do_nothing_to_a_sound_log(
    run: Run, made: list[Record], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """
    A log that did not go back is not resumed, one of this version not migrated; an older one is.
    """
    assert run("resume", "--reason", "to be sure") == 1
    assert run("migrate") == 0
    for name in (
        "ckit_tree",
        "ckit_tile",
        "ckit_checkpoint",
        "ckit_hold",
        "ckit_policy_text",
        "ckit_anchor",
        "ckit_stamp",
    ):
        do(tmp_path / "consent.db", f"DROP TABLE {name}")
    do(tmp_path / "consent.db", "UPDATE ckit_schema SET version = 1")
    assert run("status") == 2
    assert run("migrate") == 0
    assert run("status") == 0

    said = capsys.readouterr()
    assert "there is nothing to do" in said.out
    assert "The log was of schema 1, and is of schema 3 now." in said.out
    assert "now by `consentkit log migrate`" in said.err


def test_status_prints_the_public_key(
    run: Run, made: list[Record], keyring: Keyring, capsys: pytest.CaptureFixture[str]
) -> None:
    """
    The key that others verify with, and how much is signed.
    """
    run("status")

    (said,) = lines(capsys.readouterr().out)
    assert (said["tree"], said["signed"], said["keys"]) == (3, 3, [str(keyring.keys[0].verifier)])


def test_init_makes_the_key_of_the_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    The key file is its owner's, named after the site, ignored by git, and never made twice; a lost one is made anew.
    """
    monkeypatch.chdir(tmp_path)
    assert whole_command(["init", "https://courier.example"]) == 0
    key = tmp_path / "consentkit.key"
    before = key.read_text()

    assert before.startswith("PRIVATE+KEY+courier.example/log+")
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert "consentkit.key*" in (tmp_path / ".gitignore").read_text().splitlines()
    assert whole_command(["init"]) == 2
    assert key.read_text() == before
    key.unlink()
    assert whole_command(["init"]) == 0
    assert key.read_text().startswith("PRIVATE+KEY+log-")
