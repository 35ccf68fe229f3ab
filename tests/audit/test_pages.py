"""What the pages show is what the log says, and who looked stands in it."""

from __future__ import annotations

import csv
import io
import itertools
import json
import os
import sqlite3
import zipfile
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from consentkit.audit import handing, looking
from consentkit.audit.looking import hash_of
from consentkit.errors import LogUnavailable
from consentkit.log import dsar, keyring
from consentkit.log import verify as verifying
from consentkit.log.event import Kind
from consentkit.log.notice import Notice
from consentkit.log.store import Officer, place
from tests.audit.rooms import ANNA, BOB, OTHER, SUBJECT, Room, furnish
from tests.log.samples import NOON, NOTICE, record


def indices(room: Room, page: str) -> list[int]:
    """Which records a page links to, in its order."""
    places = {each.id: index for index, each in enumerate(room.records)}
    found = [(page.find(f"/record?id={id}"), index) for id, index in places.items()]
    return [index for place, index in sorted(found) if place >= 0]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("subject=", [3, 2, 1, 0]),
        (f"subject={SUBJECT}", [2, 0]),
        ("subject=&language=de", [1]),
        ("subject=&action=withdraw", [2]),
        ("subject=&purpose=media&purpose_answer=no", [1]),
        ("subject=&purpose=media&purpose_answer=yes", [3, 2, 0]),
        ("subject=&vendor=youtube&vendor_answer=no", [1]),
        ("subject=&policy=privacy%402026-11-01", [3, 2, 1, 0]),
        ("subject=&policy=terms", []),
        ("subject=&since=2026-11-25", []),
        ("subject=&until=2026-11-24", [3, 2, 1, 0]),
        (f"subject=&notice={NOTICE.digest[:8]}", [0]),
        ("subject=&site=Drina+Courier", [3, 2, 1, 0]),
        ("subject=&older=2", [1, 0]),
    ],
)
def test_the_search_finds_what_the_log_finds(room: Room, query: str, expected: list[int]) -> None:
    """
    Every field of the form asks the log, newest first.
    """
    page = room.signed_in().get(f"/?{query}").text

    assert indices(room, page) == expected
    assert ("No record matches." in page) is not bool(expected)


def test_pages_of_results_follow_each_other(tmp_path: Path) -> None:
    """
    Fifty records to a page, and a link that goes on where it ended, whatever was looked up meanwhile.
    """
    room = furnish(tmp_path, [record(subject=f"{n:032x}") for n in range(120)])
    anna, seen, address = room.signed_in(), [], "/?subject="
    for _ in range(3):
        page = anna.get(address).text
        seen += indices(room, page)
        older = page.find("Older records")
        address = page[page.rfind('href="', 0, older) + 6 : page.rfind('">', 0, older)].replace("&amp;", "&")

    assert sorted(seen) == list(range(120))
    assert older < 0


def test_a_field_that_cant_be_read_is_explained(room: Room) -> None:
    """
    A notice that is no hash is said to be none, with what is accepted; nothing is looked up.
    """
    page = room.signed_in().get("/?subject=&notice=xyz").text

    assert "This can’t be read: xyz. Write 8 or more digits of its hash, or: unknown" in page
    assert room.told() == []


def test_the_form_alone_is_no_look_up(room: Room) -> None:
    """
    Opening the pages shows no record, and is not written down.
    """
    page = room.signed_in().get("/").text

    assert indices(room, page) == []
    assert room.told() == []


def test_a_record_is_shown_with_its_proof(room: Room) -> None:
    """
    Every exported name stands on the page, and the proof was checked with the public key.
    """
    page = room.signed_in().get(f"/record?id={room.records[0].id}").text

    assert "Proven: entry 0 under the signed root of 4 entries" in page
    for text in (room.records[0].id, SUBJECT, NOTICE.digest, "accept_all", "opt-in", "2027-05-23", "desktop"):
        assert text in page


def test_a_record_that_was_changed_is_not_proven(room: Room) -> None:
    """
    A payload that is not the one that was signed is named on its page.
    """
    with sqlite3.connect(room.path) as on:
        on.execute("UPDATE ckit_entry SET payload = CAST(replace(payload, 'desktop', 'phone__') AS BLOB) WHERE idx = 0")
    on.close()

    page = room.signed_in().get(f"/record?id={room.records[0].id}").text

    assert "Not proven: its proof does not lead from this record to the root" in page


def test_without_a_key_nothing_is_called_proven(room: Room, tmp_path: Path) -> None:
    """
    A log whose key is not there says that nothing is signed, as far as can be seen here.
    """
    (tmp_path / "consentkit.key").unlink()

    page = room.signed_in().get(f"/record?id={room.records[0].id}").text

    assert "Not signed" in page
    assert "Proven" not in page


def test_a_timeline_is_everything_of_one_browser(room: Room) -> None:
    """
    Oldest first, and nobody else's.
    """
    page = room.signed_in().get(f"/timeline?subject={SUBJECT}").text

    assert indices(room, page) == [0, 2]


def test_what_was_shown_stands_in_a_frame_that_can_do_nothing(room: Room) -> None:
    """
    The frame is sandboxed to nothing, and the policy of the page names its style by hash and no other.
    """
    answer = room.signed_in().get(f"/shown?id={room.records[0].id}")

    assert 'sandbox="" title="The notice as it was shown" srcdoc="&lt;!doctype html&gt;' in answer.text
    assert f"style-src 'self' '{hash_of(dsar.style(NOTICE))}';" in answer.header("content-security-policy")
    assert "default-src 'none'" in answer.header("content-security-policy")
    assert "Cookies on Drina Courier" in answer.text


def test_named_gaps_are_nothing_in_the_frame() -> None:
    """
    What was left open because it differed from visitor to visitor is not there; a whole page stands as it was.
    """
    part = Notice(
        language="ar", layer="banner", html='<a href="{{base}}/preferences?next={{next}}">x</a>', css="a{}</style>"
    )
    whole = Notice(
        language="en", layer="preferences", html="<!DOCTYPE html><html><head><script></script></head><body><p>x</body>"
    )

    assert '<ckit-ui id="ckit-root" data-ckit-ui="root"><a href="/preferences?next=">x</a></ckit-ui>' in dsar.page(part)
    assert 'dir="rtl"' in dsar.page(part)
    assert "a{}<\\/style>" in dsar.page(part)
    assert dsar.page(whole).endswith("<body><p>x</body>\n")
    assert "<script>" not in dsar.page(whole)


def test_a_receipt_is_the_one_that_anybody_can_check(room: Room, tmp_path: Path) -> None:
    """
    The file is what `consentkit log verify` takes.
    """
    keys = keyring.load(tmp_path / "consentkit.key")
    assert keys is not None

    answer = room.signed_in().get(f"/receipt?id={room.records[0].id}")

    proof, checkpoint = verifying.check_receipt(answer.text, [key.verifier for key in keys.keys])
    assert proof.index == 0
    assert checkpoint is not None
    assert answer.header("content-disposition") == 'attachment; filename="receipt.json"'


@pytest.mark.parametrize("format", ["jsonl", "csv", "receipts"])
def test_an_export_is_what_the_command_exports(room: Room, tmp_path: Path, format: str) -> None:
    """
    A zip file with the records and their signed manifest; two events say that it was begun and what it was.
    """
    keys = keyring.load(tmp_path / "consentkit.key")
    assert keys is not None

    answer = room.signed_in(BOB).press("/export", {"format": format, "subject": SUBJECT})

    with zipfile.ZipFile(io.BytesIO(answer.body)) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    name = f"records.{'csv' if format == 'csv' else 'jsonl'}"
    assert files.keys() == {name, f"{name}.manifest"}
    manifest = verifying.read_manifest(files[f"{name}.manifest"].decode(), [key.verifier for key in keys.keys])
    assert list(verifying.check_export(manifest, [files[name]])) == []
    assert (manifest.rows, manifest.by, manifest.format) == (2, "bob", format)
    begun, done = room.told()
    assert begun[:2] == ("lookup", "bob")
    assert done[:2] == ("export", "bob")
    assert done[2]["sha256"] == manifest.sha256
    assert SUBJECT not in json.dumps([begun[2], done[2]])


def test_a_formula_in_an_export_is_text(tmp_path: Path) -> None:
    """
    A cell that a spreadsheet would run has an apostrophe in front of it.
    """
    room = furnish(tmp_path, [record(subject='=HYPERLINK("https://evil.example")', site="+1", language="@x")])

    body = room.signed_in().press("/export", {"format": "csv"}).body

    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        rows = list(csv.DictReader(io.StringIO(archive.read("records.csv").decode())))
    assert rows[0]["subject"] == '\'=HYPERLINK("https://evil.example")'
    assert (rows[0]["site"], rows[0]["language"]) == ("'+1", "'@x")


def test_a_bundle_is_everything_of_one_person(room: Room) -> None:
    """
    The same files as `consentkit log proof --bundle`, and nobody else's.
    """
    answer = room.signed_in().press("/bundle", {"id": room.records[2].id})

    with zipfile.ZipFile(io.BytesIO(answer.body)) as archive:
        assert archive.testzip() is None
        names = archive.namelist()
    assert {name.partition("/")[0] for name in names} == {"README.txt", room.records[0].id, room.records[2].id}
    assert room.told() == [("export", "anna", {"format": "bundle", "rows": 2, "of": [[0, 0], [2, 2]]})]


def test_statistics_are_those_of_the_command(room: Room) -> None:
    """
    Each set of counts is a table, and beside it a plot that is a picture.
    """
    page = room.signed_in().get("/stats?subject=").text

    for row in ("2026-11-24", "analytics", "youtube", "privacy@2026-11-01", NOTICE.digest[:16]):
        assert f'<th scope="row"><bdi>{row}</bdi></th>' in page
    assert page.count("data:image/svg+xml;base64,") == page.count("<table>") == 6
    assert "66%" in page or "67%" in page


def test_statistics_are_of_the_last_weeks_unless_asked(room: Room) -> None:
    """
    Without a question the form holds a first day, so that a log of any size answers at once.
    """
    page = room.signed_in().get("/stats").text

    assert 'name="since" type="date" value="2026-10-25"' in page


def test_integrity_says_how_the_log_stands(room: Room, tmp_path: Path) -> None:
    """
    Size, key and checkpoint; never verified, until somebody does, which everybody then sees.
    """
    anna = room.signed_in()
    before = anna.get("/integrity").text
    anna.press("/verify", {})
    room.app.verification.wait()
    after = anna.get("/integrity").text

    keys = keyring.load(tmp_path / "consentkit.key")
    assert keys is not None
    assert str(keys.keys[0].verifier) in before
    assert "The whole log was never verified." in before
    assert "everything was as it was signed, 4 entries" in after
    assert anna.get("/checkpoint").text.startswith("courier.example/log\n4\n")


def test_a_verification_that_finds_something_says_what(room: Room) -> None:
    """
    The number stands in the log, the sentences on the page.
    """
    with sqlite3.connect(room.path) as on:
        on.execute("UPDATE ckit_entry SET subject = 'x' WHERE idx = 3")
    on.close()
    anna = room.signed_in()
    anna.press("/verify", {})
    room.app.verification.wait()

    page = anna.get("/integrity").text

    assert "1 problems were found in 4 entries" in page
    assert "entry 3: its column subject is not what its payload says" in page


def test_who_did_what_is_told_newest_first(tmp_path: Path) -> None:
    """
    Look-ups are events: who, when, on which page, of which entries; a page of them leads to the next.
    """
    room = furnish(tmp_path)
    anna, bob = room.signed_in(), room.signed_in(BOB)
    bob.get(f"/record?id={room.records[0].id}")
    later = NOON + timedelta(hours=4)
    officer = Officer(room.path, "anna", now=lambda: later)
    for _ in range(60):
        officer.tell(Kind.LOOKUP, {"what": "find", "rows": 0})
    anna.get(f"/?subject={OTHER}")

    first = anna.get("/events").text
    older = first[first.rfind('href="', 0, first.find("Older")) + 6 :].partition('"')[0].replace("&amp;", "&")
    second = anna.get(older).text

    assert (first.count("<tr>") - 1, second.count("<tr>") - 1) == (50, 12)
    assert "&#34;what&#34;: &#34;record&#34;" in second
    assert "<bdi>bob</bdi>" in second
    assert OTHER not in first
    assert room.told()[0] == ("lookup", "bob", {"what": "record", "filters": {}, "rows": 1, "entries": [[0, 0]]})


def test_an_officer_erases_with_a_reason(room: Room) -> None:
    """
    The page asks, says what came of it, and the records are gone; without a reason nothing happens.
    """
    anna, gone = room.signed_in(), room.records[0].id
    asked = anna.get(f"/erase?id={gone}")
    empty = anna.press("/erase", {"id": gone, "which": "whole", "reason": "  "})
    done = anna.press("/erase", {"id": gone, "which": "whole", "reason": "asked by\r\nletter"})

    assert "can’t be undone" in asked.text
    assert "Write a reason." in empty.text
    assert "Done: 2 records. Entry 5 says so." in done.text
    assert anna.get(f"/record?id={gone}").status == 404
    assert anna.get(f"/record?id={room.records[3].id}").status == 200
    assert [event.reason for _, event in room.reader.happened() if event.kind == "erase"] == ["asked by letter"]


def test_a_long_timeline_leads_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Of a browser with more records than a page holds the first are shown, with a way to all of them.
    """
    monkeypatch.setattr(looking, "TIMELINE", 1)
    page = furnish(tmp_path).signed_in().get(f"/timeline?subject={SUBJECT}").text

    assert page.count("/record?id=") == 1
    assert f'href="/?subject={SUBJECT}"' in page


def test_a_zip_file_is_made_while_it_is_sent() -> None:
    """
    What has no end is handed out all the same: only a piece of it is ever held.
    """
    endless = itertools.repeat(os.urandom(4096))
    pieces = handing.zipped([("records.jsonl", endless)], NOON)

    for _ in range(3):
        assert handing.PIECE <= len(next(pieces)) < 4 * handing.PIECE


def test_a_log_that_is_locked_is_said_so(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    While another program holds the database, the look can't be written down, and nothing is shown.
    """
    monkeypatch.setattr(place, "BUSY_SECONDS", 0.05)
    anna = room.signed_in()
    with closing(sqlite3.connect(room.path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        locked = anna.get(f"/record?id={room.records[0].id}")
        other.execute("ROLLBACK")

    assert (locked.status, "database is locked" in locked.text) == (503, True)
    assert SUBJECT not in locked.text
    assert anna.get(f"/record?id={room.records[0].id}").status == 200


def test_what_is_held_is_not_erased(room: Room) -> None:
    """
    A hold is put on and shown, refuses an erasure, and is ended.
    """
    anna, id = room.signed_in(), room.records[3].id
    form = {"id": id, "which": "one", "reason": "court"}
    held = anna.press("/hold", form)
    page = anna.get(f"/record?id={id}").text
    refused = anna.press("/erase", form)
    released = anna.press("/release", form)

    assert "Done: one record" in held.text
    assert "On hold" in page
    assert f"/erase?id={id}" not in page
    assert (refused.status, "It did not work: 1 of the 1 records are held" in refused.text) == (400, True)
    assert "Done: one record" in released.text


@pytest.mark.parametrize(
    "path",
    [
        "/record?id=x",
        "/timeline?subject=x",
        "/shown?id=x",
        "/shown?notice=x",
        "/receipt?id=x",
        "/erase?id=x",
        "/record",
        "/timeline",
    ],
)
def test_what_is_not_there_is_404(room: Room, path: str) -> None:
    """
    An id that is none has no page, and leaves no event.
    """
    assert room.signed_in(ANNA).get(path).status == 404
    assert room.told() == []


def test_a_broken_log_is_said_and_nothing_else(room: Room) -> None:
    """
    A log that is gone, or no database, is an honest page and a line for the operator; nothing is made anew.
    """
    anna = room.signed_in()
    room.path.write_bytes(b"no database at all" * 100)
    broken = anna.get("/?subject=")
    room.path.unlink()
    gone = anna.get("/integrity")

    assert (broken.status, gone.status) == (503, 503)
    assert "The log can’t be used at present" in broken.text
    assert "there is no log at" in gone.text
    assert not room.path.exists()


def test_what_cant_be_written_down_is_not_shown(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Where the look can't be recorded (a full disk, a copy that can't be written), no record is shown.
    """

    def full(*arguments: object) -> None:
        raise LogUnavailable("database or disk is full")

    monkeypatch.setattr(Officer, "tell", full)
    answer = room.signed_in().get(f"/record?id={room.records[0].id}")

    assert answer.status == 503
    assert SUBJECT not in answer.text
    assert "disk is full" in answer.text
