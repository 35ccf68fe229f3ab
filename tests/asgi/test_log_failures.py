"""When the log fails: the visitor gets an honest page, a refusal holds, nothing acknowledged is lost, and the operator
gets a clear line."""

from __future__ import annotations

import asyncio
import json
import logging
import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from consentkit import ConsentMiddleware
from consentkit.log import writer
from consentkit.log.filters import Filter
from consentkit.log.store import Appender, Reader, place
from tests.asgi.harness import PAGE, Exchange, answering, call, make_site, scope_of

connect = place.connect


def full(path: Path, *, read_only: bool = False) -> sqlite3.Connection:
    """A disk without room: no page can be added to the database."""
    made = connect(path, read_only=read_only)
    made.execute("PRAGMA max_page_count = 1")  # as many as there are, then
    return made


def locked(path: Path, *, read_only: bool = False) -> sqlite3.Connection:
    """Another program holds the database, for longer than anybody waits."""
    made = connect(path, read_only=read_only)
    made.execute("PRAGMA busy_timeout = 1")
    if not read_only and not _holders:
        holder = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        holder.execute("BEGIN IMMEDIATE")
        _holders.append(holder)
    return made


_holders: list[sqlite3.Connection] = []


def read_only(path: Path, *, read_only: bool = False) -> sqlite3.Connection:
    """A file system that was mounted read-only, as Linux does after an error of the disk."""
    return connect(path, read_only=True)


#: How the disk fails, what SQLite says, and how many choices still fit into pages that are half empty.
FAILURES: dict[str, tuple[Callable[..., Any], str, int]] = {
    "full": (full, "database or disk is full", 12),
    "read-only": (read_only, "attempt to write a readonly database", 0),
    "locked": (locked, "database is locked", 0),
}


async def choose(middleware: ConsentMiddleware, action: str, **headers: str) -> Exchange:
    page = (await call(middleware, scope_of())).body.decode()
    token = page.split('name="shown" value="', 1)[1].split('"', 1)[0]
    given = {"host": "courier.example", "sec-fetch-site": "same-origin", "accept": "text/html", **headers}
    form = f"action={action}&shown={token}&next=/".encode()
    return await call(middleware, scope_of("/_ckit/choice", method="POST", headers=given), form)


def records(folder: Path) -> list[str]:
    return [each.id for each in Reader(folder / "consent.db").oldest_first(Filter())]


@pytest.mark.parametrize(("failing", "words", "fit"), FAILURES.values(), ids=FAILURES.keys())
async def test_a_log_that_can_not_be_written_is_said_so(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    failing: Callable[..., Any],
    words: str,
    fit: int,
) -> None:
    """
    An agreement gets 503 with `Retry-After` and no cookie, a refusal its cookies; when the disk is well again both are
    recorded, and all that was acknowledged before is there.
    """
    middleware = ConsentMiddleware(answering(PAGE), make_site(tmp_path))
    before = await choose(middleware, "accept_all", accept="application/json")
    await middleware._workshop.log.close()  # so that the next record needs a new connection
    caplog.clear()
    caplog.set_level(logging.WARNING)
    monkeypatch.setattr(place, "connect", failing)

    granted = [await choose(middleware, "accept_all") for _ in range(1 + fit)][-1]
    refused = await choose(middleware, "reject_all")
    while _holders:
        _holders.pop().close()
    monkeypatch.undo()
    await middleware._workshop.log.close()
    after = await choose(middleware, "accept_all", accept="application/json")
    await middleware._workshop.log.close()

    assert granted.status == 503
    assert granted.header("retry-after")
    assert not granted.cookies
    assert b"<html" in granted.body
    assert refused.status == 303
    assert "ckit" in refused.cookies
    told = [each.getMessage() for each in caplog.records]
    assert any("(accept_all) could not be recorded and is not in force" in line and words in line for line in told)
    assert any("(reject_all) could not be recorded and is in force all the same" in line for line in told)
    found = records(tmp_path)
    assert [json.loads(each.body)["record"] for each in (before, after)] == [found[0], found[-1]]


async def test_a_slow_disk_makes_nobody_wait_for_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """
    Who can't get their turn in time is told so, and is then not recorded after all; who is being written, waits.
    """
    middleware = ConsentMiddleware(answering(PAGE), make_site(tmp_path))
    await choose(middleware, "accept_all")
    append, writing, done = Appender.append, threading.Event(), threading.Event()

    def slow(self: Appender, *given: Any) -> Any:
        writing.set()
        assert done.wait(30)
        return append(self, *given)

    monkeypatch.setattr(writer, "PATIENCE_SECONDS", 0.05)
    monkeypatch.setattr(Appender, "append", slow)
    written = asyncio.create_task(choose(middleware, "accept_all"))
    await asyncio.to_thread(writing.wait, 30)

    late = await choose(middleware, "accept_all")
    refused = await choose(middleware, "reject_all")
    assert not written.done()
    done.set()

    assert (late.status, refused.status, (await written).status) == (503, 303, 303)
    await middleware._workshop.log.close()
    assert [each.action for each in Reader(tmp_path / "consent.db").oldest_first(Filter())] == ["accept_all"] * 2
    assert any("its turn did not come within" in each.getMessage() for each in caplog.records)
