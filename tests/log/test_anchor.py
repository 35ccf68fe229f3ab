"""Copies of checkpoints in other hands: left there, looked at again, and never in anyone's way."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import shutil
import threading
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from consentkit.errors import LogUnavailable
from consentkit.log import anchor, anchoring, keyring, stamp
from consentkit.log.anchor import FileAnchor, NotAnchored, StampAnchor, UrlAnchor
from consentkit.log.checkpoint import make_key, write_key
from consentkit.log.record import State
from consentkit.log.store import Due, Reader, anchored, audit, claim, failed
from consentkit.log.writer import Log
from tests.log.authority import Authority
from tests.log.samples import NOON, NOTICE, record
from tests.log.test_integrator import do

KEY = make_key("courier.example/log", bytes(range(32)))


@pytest.fixture
def host() -> Iterator[tuple[str, list[bytes], list[Any]]]:
    """A host that takes what is posted: its address, what came, and answers to give (a status, or a function)."""
    came: list[bytes] = []
    answers: list[Any] = []

    class Host(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            came.append(self.rfile.read(int(self.headers["content-length"])))
            answer = answers[0] if answers else 204
            self.send_response(answer if isinstance(answer, int) else 200)
            body = b"" if isinstance(answer, int) else answer(came[-1])
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Host)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", came, answers
    server.shutdown()
    thread.join()
    server.server_close()


def log_with(folder: Path, *anchors: str) -> Log:
    if not (folder / "consentkit.key").exists():
        write_key(folder / "consentkit.key", KEY)
    return Log("sqlite:///consent.db", folder, key="consentkit.key", anchors=anchors)


async def append(log: Log, **changes: Any) -> None:
    await log.append(record(**changes, notice=NOTICE.digest), salt=os.urandom(32), notice=NOTICE)


async def until(is_so: Callable[[], Any]) -> None:
    for _ in range(1_000):
        if is_so():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it never came to be so")


def lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").splitlines() if path.exists() else []


async def test_copies_are_left_at_every_anchor(tmp_path: Path, host: tuple[str, list[bytes], list[Any]]) -> None:
    """
    What is signed goes to file, address and authority, and `verify` looks at what came of it.
    """
    url, came, answers = host
    authority = Authority(NOON)
    answers.append(lambda body: authority.answer(body) if body[:1] == b"0" else b"")
    log = log_with(tmp_path, "copies.jsonl", f"{url}/copy?token=secret", f"rfc3161:{url}/tsr")
    await append(log)
    await until(lambda: len(came) == 2 and len(Reader(tmp_path / "consent.db").status().anchors) == 3)
    note = await log.checkpoint()
    status = await log.status()
    await log.close()

    (line,) = lines(tmp_path / "copies.jsonl")
    assert json.loads(line)["checkpoint"] == note
    assert note is not None
    assert note.encode() in came
    assert [(name, size) for name, size, _ in status.anchors] == [
        (str(tmp_path / "copies.jsonl"), 1), (f"{url}/copy", 1), (f"rfc3161:{url}/tsr", 1),
    ]  # fmt: skip
    assert (tmp_path / "copies.jsonl").stat().st_mode & 0o077 == 0
    keys = keyring.load(tmp_path / "consentkit.key", anchor.read(["copies.jsonl"], tmp_path))
    roots = stamp.load_roots(authority.roots)

    def trusted(token: bytes, text: bytes) -> str | None:
        return None if stamp.read(token, text, roots).by == "CN=Test authority" else "who?"

    found = audit(tmp_path / "consent.db", keys, stamp=trusted)
    assert found.problems == []
    assert (found.anchored, found.stamped) == (1, 1)


async def test_a_copy_goes_out_once_an_hour(tmp_path: Path) -> None:
    """
    Of several processes one goes; it goes again when the log has grown and an hour is over, or the clock went back.
    """
    log = log_with(tmp_path)
    log.open()
    await log.close()
    place, hour = tmp_path / "consent.db", timedelta(hours=1)

    def due(size: int, now: datetime) -> Due:
        return claim(place, "a", 1, size, now, 3600)

    assert [due(5, NOON), due(5, NOON), due(7, NOON)] == [Due.NOW, Due.LATER, Due.LATER]
    anchored(place, "a", 1, 5, NOON, "note", None)
    assert due(5, NOON + 2 * hour) is Due.NEVER
    assert due(7, NOON + hour) is Due.NOW
    failed(place, "a", NOON + hour, 3600 - 300)
    assert due(7, NOON + hour + timedelta(minutes=4)) is Due.LATER
    assert due(7, NOON + hour + timedelta(minutes=5)) is Due.NOW
    assert due(7, NOON) is Due.NOW
    assert claim(place, "a", 2, 1, NOON + hour, 3600) is Due.NOW


async def test_an_anchor_that_fails_is_told_and_stops_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, host: tuple[str, list[bytes], list[Any]]
) -> None:
    """
    Whatever an anchor does, choices are recorded and signed; each failure is one clear line without secrets.
    """
    url, _, answers = host
    answers.append(507)
    (tmp_path / "folder").mkdir()
    log = log_with(tmp_path, "folder", f"{url}/x?token=secret", "http://127.0.0.1:1/", f"rfc3161:{url}/tsr", "copies")
    await append(log)
    await until(lambda: len(caplog.records) >= 4 and (tmp_path / "copies").exists())
    await append(log)
    await log.close()

    told = [each.getMessage() for each in caplog.records]
    for words in ("left at /", f"left at {url}/x; it is tried again in 5 minutes: it answered 507",
                  "left at http://127.0.0.1:1/; it is tried again in 5 minutes: ", f"left at rfc3161:{url}/tsr"):  # fmt: skip
        assert sum(words in line for line in told) >= 1, (words, told)
    assert not any("secret" in line for line in told)
    assert audit(tmp_path / "consent.db", keyring.load(tmp_path / "consentkit.key")).problems == []
    assert Reader(tmp_path / "consent.db").status().size == 2


async def test_an_older_database_is_told_by_the_file_even_without_the_memory(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """
    Database and memory of the key were both put back: the file of copies still says that the log went back in time.
    """
    log = log_with(tmp_path, "copies.jsonl")
    await append(log)
    await log.close()
    for name in ("consent.db", "consentkit.key.seen"):
        shutil.copy(tmp_path / name, tmp_path / f"old-{name}")
    for _ in range(2):
        await append(log)
    await log.close()
    note = (tmp_path / "consentkit.key.seen").read_text(encoding="utf-8")
    FileAnchor(tmp_path / "copies.jsonl").deliver(note, NOON)
    for path in tmp_path.glob("consent.db-*"):
        path.unlink()
    for name in ("consent.db", "consentkit.key.seen"):
        shutil.move(tmp_path / f"old-{name}", tmp_path / name)

    keys = keyring.load(tmp_path / "consentkit.key", anchor.read(["copies.jsonl"], tmp_path))
    assert any("went back in time: it has 1 entries, and copies.jsonl, line" in each
               for each in audit(tmp_path / "consent.db", keys).problems)  # fmt: skip
    with pytest.raises(LogUnavailable, match="it went back in time"):
        await append(log)
    await append(log, state=State.REFUSED)
    await log.close()
    assert any("The consent log went back in time" in each.getMessage() for each in caplog.records)


async def test_a_file_of_copies_that_was_changed_is_named(tmp_path: Path) -> None:
    """
    A line that was changed, cut off or added, and a file that is gone, are findings; the last good line still counts.
    """
    log = log_with(tmp_path, "copies.jsonl")
    await append(log)
    await until(lambda: len(Reader(tmp_path / "consent.db").status().anchors) == 1)
    await log.close()
    path, whole = tmp_path / "copies.jsonl", (tmp_path / "copies.jsonl").read_text(encoding="utf-8")
    (copies,) = anchor.read(["copies.jsonl"], tmp_path)
    assert isinstance(copies, FileAnchor)
    keys = keyring.load(tmp_path / "consentkit.key", [copies])
    assert keys is not None

    def problems() -> list[str]:
        return audit(tmp_path / "consent.db", keys).problems

    assert problems() == []
    path.write_text(whole.replace("log\\n1\\n", "log\\n2\\n"), encoding="utf-8")
    assert "does not fit" in problems()[0]
    path.write_text(whole + '{"time"', encoding="utf-8")
    assert "line 2: This is no signed note" in problems()[0]
    assert copies.last() is not None
    assert keys.last_seen() == keys.remembered()
    path.unlink()
    assert "is gone: 1 entries were left there" in problems()[0]
    assert copies.last() is None


async def test_a_time_stamp_that_was_changed_is_named(tmp_path: Path, host: tuple[str, list[bytes], list[Any]]) -> None:
    """
    A stamp over other bytes, one that nobody trusted signed and one that is none are findings.
    """
    url, _, answers = host
    authority, other = Authority(NOON), Authority(NOON)
    answers.append(authority.answer)
    log = log_with(tmp_path, f"rfc3161:{url}/tsr")
    await append(log)
    await until(lambda: len(Reader(tmp_path / "consent.db").status().anchors) == 1)
    await log.close()

    def wrong(authority: Authority) -> list[str]:
        def say(token: bytes, text: bytes) -> str | None:
            try:
                stamp.read(token, text, stamp.load_roots(authority.roots))
            except stamp.BadStamp as problem:
                return str(problem)
            return None

        keys = keyring.load(tmp_path / "consentkit.key")
        return audit(tmp_path / "consent.db", keys, stamp=say).problems

    assert wrong(authority) == []
    assert "none of the roots vouches for who made it" in wrong(other)[0]
    do(tmp_path / "consent.db", "UPDATE ckit_stamp SET note = replace(note, 'courier', 'kourier')")
    assert "the time stamp is of other bytes" in wrong(authority)[0]
    do(tmp_path / "consent.db", "UPDATE ckit_stamp SET token = x'3003020100'")
    assert "this is no time stamp" in wrong(authority)[0]


def test_an_answer_that_is_no_time_stamp_of_the_question_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    An authority that answers nonsense, or an older question, has not stamped anything.
    """
    authority = Authority(NOON)
    old: list[bytes] = []
    stamp.ask(b"text", lambda question: old.append(question) or authority.answer(question))  # type: ignore[func-returns-value]

    with pytest.raises(NotAnchored, match="this is no time stamp"):
        stamp.ask(b"text", lambda question: b"<html>")
    with pytest.raises(NotAnchored, match="answers another question"):
        stamp.ask(b"text", lambda question: authority.answer(old[0]))
    with pytest.raises(NotAnchored, match="of other bytes"):
        stamp.ask(b"other", lambda question: authority.answer(old[0]))
    monkeypatch.setattr(stamp, "is_installed", lambda: False)
    with pytest.raises(NotAnchored, match=r"pip install 'consentkit\[timestamp\]'"):
        stamp.ask(b"text", authority.answer)


def test_an_anchor_is_told_by_how_it_is_written(tmp_path: Path) -> None:
    """
    A path, an address, and an authority; a name on a screen shows neither password nor query.
    """
    given = ["a/b.jsonl", "https://u:p@w.example:8443/x?k=1", "rfc3161:http://tsa.example"]
    found = anchor.read(given, tmp_path)

    assert [type(each) for each in found] == [FileAnchor, UrlAnchor, StampAnchor]
    assert [each.name for each in found] == [
        str(tmp_path / "a/b.jsonl"), "https://w.example:8443/x", "rfc3161:http://tsa.example",
    ]  # fmt: skip


async def test_what_nobody_foresaw_is_told_with_its_place(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    A mistake of ours in an anchor is a line with a traceback, and the log goes on.
    """
    monkeypatch.setattr(anchoring, "RETRY_SECONDS", 0)
    monkeypatch.setattr(FileAnchor, "deliver", lambda *_: 1 // 0)
    caplog.set_level(logging.ERROR)
    log = log_with(tmp_path, "copies")
    await append(log)
    await until(lambda: caplog.records)
    await append(log)
    await log.close()

    assert "nobody foresaw" in caplog.records[0].getMessage()
    assert caplog.records[0].exc_info is not None
