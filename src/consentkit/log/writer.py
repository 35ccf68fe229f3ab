"""The log as the middleware holds it: records from any number of requests, made durable together.

One thread per process writes. It takes whatever waits, commits it in one transaction, tells everyone who
waited, and takes what has come meanwhile. There is no timer: a single record is written at once, and under
load the time of one commit gathers the batch of the next, so a disk that syncs 200 times a second still takes
thousands of records. What waits is taken only when the file lock is ours, so queueing behind another process
makes batches larger, and what can't get its turn can still be withdrawn.

After it has answered, the same thread lets the tree take in what was committed, at most once a second
(store/integrator.py). It also notices there when the database is older than what was signed from it: from then on
refusals are recorded and grants are not, until somebody has said what happened (`consentkit log resume`).

Forking is the trap. SQLite must not be carried across a fork: the child would believe in locks that only its
parent holds, and the parent, closing last as it thinks, would delete the write-ahead log under the child's
feet. So before a fork every connection is closed, between two transactions; afterwards the parent opens its
own again, and the child starts from nothing (see `_Forking`).
"""

from __future__ import annotations

import asyncio
import logging
import os
import threading
import time
import weakref
from collections import Counter, deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from consentkit.errors import LogUnavailable
from consentkit.log.canonical import Json
from consentkit.log.notice import Notice
from consentkit.log.problems import LogBusy
from consentkit.log.record import Entry, Record, State, Stored, enter
from consentkit.log.reports import Status

if TYPE_CHECKING:
    from consentkit.log.keyring import Keyring
    from consentkit.log.receipt import Proof
    from consentkit.log.store import Place, Reader

logger = logging.getLogger("consentkit")

Answer = TypeVar("Answer")

#: The largest batch. More would make those at its end wait, and gain nothing: the sync is shared a
#: thousandfold.
MAX_BATCH = 1_000

#: How many records may wait: about a second of a plain disk. Beyond that a quick "try again" is kinder.
MAX_WAITING = 10_000

#: How long a record waits for its turn before its visitor is told that it could not be recorded.
PATIENCE_SECONDS = 10.0

#: "Asked" counters and served notices ride along with records; when none come, they go after this time.
LINGER_SECONDS = 10.0

#: How long after its commit an entry may wait for the tree and the signature.
TREE_SECONDS = 1.0

#: Each way in which the tree is broken is told once, and no more than so many.
MAX_TOLD = 100

#: What may not be recorded in a log that went back in time: its visitors would hold receipts that prove nothing.
GRANTING = frozenset({State.GIVEN, State.PARTLY, State.ACCEPTED})


@dataclass(eq=False)
class _Waiting:
    """An entry in the queue, and who waits for it.

    The future only ever gets a value, never an exception: whoever waited may be gone, and asyncio complains
    about exceptions that nobody fetched.
    """

    entry: Entry
    loop: asyncio.AbstractEventLoop
    future: asyncio.Future[Stored | LogUnavailable]


class _Writer:
    """The thread, its queue and its connection. Ends when told to `stop`, after all that waits is written."""

    def __init__(self, path: Place, keyring: Keyring | None, max_waiting: int) -> None:
        # Not at the top: sqlalchemy takes longer to import than the rest of the package.
        from consentkit.log import store

        self._store = store
        self._path = path
        self._keyring = keyring
        self._max_waiting = max_waiting
        self._appender = store.Appender(path)
        self._tree_due: float | None = 0.0  # when the tree is to be looked at; None while it has everything
        self.went_back: str | None = None  # how it shows that the log is older than what was signed from it
        self._grown = float("-inf")
        self._told: set[str] = set()
        self._changed = threading.Condition()  # guards what follows
        self._queue: deque[_Waiting] = deque()
        self._served: dict[str, tuple[Notice, date]] = {}
        self._known: dict[str, date] = {}  # the day on which a notice was last told to the store
        self._asked: Counter[tuple[date, str, str]] = Counter()
        self._stopping = False
        self.committing = threading.Lock()  # held while the connection is in use; a fork waits for it
        self._thread = threading.Thread(target=self._run, name="consentkit-log", daemon=True)
        self._thread.start()

    # In any thread

    def put(self, waiting: _Waiting) -> None:
        with self._changed:
            if self._stopping:
                raise LogUnavailable("it is being closed")
            if len(self._queue) >= self._max_waiting:
                raise LogBusy(len(self._queue))
            self._queue.append(waiting)
            self._changed.notify()

    def withdraw(self, waiting: _Waiting) -> bool:
        """Take an entry out again. False when the writer has taken it: then its outcome is on the way."""
        with self._changed:
            try:
                self._queue.remove(waiting)
            except ValueError:
                return False
            return True

    def put_served(self, notice: Notice, day: date) -> None:
        if self.knows(notice.digest, day):  # for nearly every page
            return
        with self._changed:
            self._served[notice.digest] = (notice, day)
            self._known[notice.digest] = day
            self._changed.notify()

    def knows(self, digest: str, since: date) -> bool:
        """Whether this process has told the store that the notice was served on that day or later."""
        day = self._known.get(digest)
        return day is not None and day >= since

    def put_asked(self, key: tuple[date, str, str], count: int) -> None:
        with self._changed:
            if not self._asked:
                self._changed.notify()  # from now on it waits with a limit
            self._asked[key] += count

    def grow_now(self) -> None:
        """Look at the tree at once: somebody waits for a proof that a process which was killed left undone."""
        with self._changed:
            self._tree_due = 0.0
            self._changed.notify()

    def stop(self) -> None:
        with self._changed:
            self._stopping = True
            self._changed.notify()
        # The collector may find a log that nobody closed while the writer's own thread runs; that one ends by itself.
        if threading.current_thread() is not self._thread:
            self._thread.join()

    def let_go(self) -> None:
        """Close the connection; the next batch opens another. The caller holds `committing`."""
        self._appender.close()

    # In the writer's own thread

    def _run(self) -> None:
        while self._wait():
            with self.committing:
                self._commit()
                if self._tree_due is not None and (self._stopping or time.monotonic() >= self._tree_due):
                    self._grow()
        with self.committing:
            self._appender.close()

    def _wait(self) -> bool:
        """Until there is something to do. False when there never will be."""
        with self._changed:
            while not (self._queue or self._served or self._stopping):
                if not self._changed.wait(self._patience()):
                    return True
            return bool(self._queue or self._served or self._asked or self._tree_due is not None)

    def _patience(self) -> float | None:
        if self._tree_due is not None:
            return max(0.0, self._tree_due - time.monotonic())
        return LINGER_SECONDS if self._asked else None

    def _commit(self) -> None:
        batch: list[_Waiting] = []
        served: dict[str, tuple[Notice, date]] = {}
        asked: Counter[tuple[date, str, str]] = Counter()
        if not (self._queue or self._served or self._asked):
            return
        try:
            with self._store.alone(self._path):
                self._look_back()
                batch, served, asked = self._take()
                outcomes = self._append(batch, served, asked)
        except Exception as problem:
            # Whatever it is, nobody may wait for ever, and the next batch deserves its chance.
            if not (batch or served or asked):
                batch, served, asked = self._take()  # the lock was not even reached
            failure = problem if isinstance(problem, LogUnavailable) else LogUnavailable(str(problem))
            self._put_back(served, asked)
            _answer(batch, [failure] * len(batch))
        else:
            _answer(batch, outcomes)
            if self._tree_due is None and any(isinstance(each, Stored) for each in outcomes):
                self._tree_due = self._grown + TREE_SECONDS

    def _append(
        self,
        batch: Sequence[_Waiting],
        served: Mapping[str, tuple[Notice, date]],
        asked: Counter[tuple[date, str, str]],
    ) -> list[Stored | LogUnavailable]:
        reason = self.went_back
        if reason is None:
            return self._appender.append([each.entry for each in batch], served, asked)
        refusal = LogUnavailable(_back(reason))
        taken = [each.entry for each in batch if each.entry.record.state not in GRANTING]
        stored = iter(self._appender.append(taken, served, asked))
        return [refusal if each.entry.record.state in GRANTING else next(stored) for each in batch]

    def _look_back(self) -> None:
        """Before the first batch, after the file was replaced, and as long as the log is known to have gone back."""
        if self._keyring is None or not (self.went_back or self._appender.moved):
            return
        try:
            self._appender.look_back(self._keyring)
            self.went_back = None
        except self._store.WentBack as problem:
            self._has_gone_back(str(problem))
        except self._store.TreeBroken as problem:
            self._tell("The consent log contradicts itself and is not signed any more; run `consentkit log verify`: %s",
                       str(problem))  # fmt: skip

    def _grow(self) -> None:
        """Let the tree take in what was committed; whatever fails, records go on being taken."""
        self._grown = time.monotonic()
        self._tree_due = None
        try:
            with self._store.alone(self._path):
                grown = self._appender.integrate(self._keyring, datetime.now(UTC).date())
                if grown is not None and grown.note is not None and self._keyring is not None:
                    self._keyring.remember(grown.note)
            self.went_back = None
            if grown is not None and grown.behind:
                self._tree_due = self._grown
            elif grown is None and not self._stopping:  # another process does it; is it done in a second?
                self._tree_due = self._grown + TREE_SECONDS
        except self._store.WentBack as problem:
            self._has_gone_back(str(problem))
        except self._store.TreeBroken as problem:
            self._tell("The consent log contradicts itself and is not signed any more; run `consentkit log verify`: %s",
                       str(problem))  # fmt: skip
        except Exception as problem:
            logger.warning("The tree of the consent log could not grow; it is tried again: %s", problem)
            if not self._stopping:
                self._tree_due = self._grown + TREE_SECONDS

    def _has_gone_back(self, reason: str) -> None:
        if self.went_back is None:
            logger.error(
                "The consent log went back in time: %s. Refusals are recorded, agreements are not, until"
                " `consentkit log resume --reason` has said what happened.", reason,
            )  # fmt: skip
        self.went_back = reason

    def _tell(self, message: str, reason: str) -> None:
        if reason not in self._told and len(self._told) < MAX_TOLD:
            self._told.add(reason)
            logger.error(message, reason)

    def _take(self) -> tuple[list[_Waiting], dict[str, tuple[Notice, date]], Counter[tuple[date, str, str]]]:
        with self._changed:
            batch = [self._queue.popleft() for _ in range(min(len(self._queue), MAX_BATCH))]
            served, self._served = self._served, {}
            asked, self._asked = self._asked, Counter()
            return batch, served, asked

    def _put_back(self, served: Iterable[str], asked: Counter[tuple[date, str, str]]) -> None:
        with self._changed:
            # A notice is told again when it is served again: at once would be a busy loop on a broken disk.
            for digest in served:
                self._known.pop(digest, None)
            if not self._stopping:
                self._asked.update(asked)


def _back(reason: str) -> str:
    return f"it went back in time ({reason}); `consentkit log resume` takes it up again"


def _answer(batch: Sequence[_Waiting], outcomes: Sequence[Stored | LogUnavailable]) -> None:
    # Waking a loop costs a system call: once for each loop, not for each record.
    of_loop: dict[asyncio.AbstractEventLoop, list[tuple[_Waiting, Stored | LogUnavailable]]] = {}
    for waiting, outcome in zip(batch, outcomes, strict=True):
        of_loop.setdefault(waiting.loop, []).append((waiting, outcome))
    for loop, answers in of_loop.items():
        with suppress(RuntimeError):  # that loop was closed; its records are safe, and nobody asks any more
            loop.call_soon_threadsafe(_resolve, answers)


def _resolve(answers: Sequence[tuple[_Waiting, Stored | LogUnavailable]]) -> None:
    for waiting, outcome in answers:
        if not waiting.future.done():  # the visitor may have hung up; the record stands all the same
            waiting.future.set_result(outcome)


class Log:
    """A consent log: give it records, and it answers when they are on disk.

    `url`: `sqlite:///consent.db`; a relative path lies in `folder`. `key`: the file of its signing keys, relative
    likewise; without one the tree is kept and nothing is signed. `upgrade`: whether the store of an older version
    is added to. Nothing is opened or even looked at before `open()` or the first use. It can be used from several
    threads and event loops, and after a fork; closed, it opens again at the next use.
    """

    def __init__(
        self, url: str, folder: Path, *, key: str = "", upgrade: bool = True, max_waiting: int = MAX_WAITING
    ) -> None:
        self.url = url
        self.folder = folder
        self.key = key
        self._upgrade = upgrade
        self._max_waiting = max_waiting
        self._keyring: Keyring | None = None
        self._writer: _Writer | None = None
        self._reader: Reader | None = None
        self._finalizer: weakref.finalize[..., Log] | None = None
        self._start_from_nothing()
        _logs.add(self)

    def open(self) -> None:
        """Make the store if there is none, and start the writer. Blocks for a moment; opening twice is
        nothing.

        Raises ConfigurationError naming what is wrong with the path, and what to do.
        """
        self._opened()

    async def append(
        self, record: Record, *, salt: bytes, notice: Notice | None = None, once: str | None = None
    ) -> Stored:
        """Record a choice. Returns after it is on disk, with its place in the log.

        `salt`: 32 random bytes. `notice`: the snapshot that `record.notice` names; it is written once, and
        can be left out when the log is known to have it. `once`: at most one record is made under this key; a
        second append returns the first record's place, with `again` set.

        Raises LogUnavailable, and nothing was recorded: the disk refused, too many wait (`LogBusy`), or it
        never came to its turn. Cancelling the caller does not take the record back.
        """
        entry = enter(record, salt, notice=notice, once=once)
        writer = self._writer
        if writer is None:
            writer = await asyncio.to_thread(self._opened)
        loop = asyncio.get_running_loop()
        waiting = _Waiting(entry, loop, loop.create_future())
        writer.put(waiting)
        patience = loop.call_later(PATIENCE_SECONDS, _give_up, writer, waiting)
        try:
            outcome = await waiting.future
        finally:
            patience.cancel()
        if isinstance(outcome, LogUnavailable):
            raise LogUnavailable(outcome.reason) from outcome
        return outcome

    def append_soon(self, notice: Notice, *, served: date) -> None:
        """Keep a notice that a page shows on this day; for every page, since a known one costs next to
        nothing.

        Returns at once. Should it fail, it is tried again with the next page.
        """
        self._now_opened().put_served(notice, served)

    def count_asked(self, count: int = 1, *, language: str, day: date, site: str = "") -> None:
        """Add to the counter of notices shown. Returns at once; written within seconds, or at `close()`."""
        self._now_opened().put_asked((day, language, site), count)

    async def get(self, record_id: str) -> Record | None:
        """The record with this id. Raises LogUnreadable."""
        return await self._ask(lambda reader: reader.get(record_id))

    async def notice(self, digest: str) -> Notice | None:
        """The notice snapshot with this digest. Raises LogUnreadable."""
        return await self._ask(lambda reader: reader.notice(digest))

    async def knows_notice(self, digest: str, *, served_since: date = date.min) -> bool:
        """Whether the log holds this notice, and it was served on that day or later. Raises LogUnreadable."""
        writer = self._writer
        if writer is not None and writer.knows(digest, served_since):
            return True
        last = await self._ask(lambda reader: reader.last_served(digest))
        return last is not None and last >= served_since

    async def proof(self, record_id: str) -> Proof | None:
        """What proves the record with this id: see receipt.py. None when there is none. Raises LogUnreadable."""
        proof = await self._ask(lambda reader: reader.proof(record_id, self._keyring))
        if proof is not None and proof.note is None and self._keyring is not None:
            self._now_opened().grow_now()
        return proof

    async def receipt(self, record_id: str) -> dict[str, Json] | None:
        """The receipt of the record with this id, see receipt.py. Raises LogUnreadable."""
        proof = await self.proof(record_id)
        if proof is None:
            return None
        from consentkit.log.receipt import receipt

        return receipt(proof, [] if self._keyring is None else [str(key.verifier) for key in self._keyring.keys])

    async def checkpoint(self) -> str | None:
        """The newest signed checkpoint; None as long as there is none. Raises LogUnreadable."""
        return await self._ask(lambda reader: reader.checkpoint())

    async def status(self) -> Status:
        """How the log stands. Raises LogUnreadable."""
        return await self._ask(lambda reader: reader.status())

    async def close(self) -> None:
        """Write all that waits, then let go of the store."""
        await asyncio.to_thread(self._close)

    def _opened(self) -> _Writer:
        from consentkit.log import store

        with self._opening:
            if self._writer is None:
                path = store.locate(self.url, self.folder)
                self._keyring = self._load_keys()
                store.prepare(path, upgrade=self._upgrade)
                self._reader = store.Reader(path)
                self._writer = _Writer(path, self._keyring, self._max_waiting)
                # For servers without lifespan: what waits is written when the process ends.
                self._finalizer = weakref.finalize(self, self._writer.stop)
            return self._writer

    def _load_keys(self) -> Keyring | None:
        if not self.key:
            return None
        from consentkit.log import keyring  # cryptography is only needed where something is signed

        keys = keyring.load(self.folder / self.key)
        if keys is None:
            logger.warning(
                "There is no log key at %s, so the consent log is not signed; `consentkit init` makes one.",
                self.folder / self.key,
            )
        return keys

    def _now_opened(self) -> _Writer:
        return self._writer or self._opened()

    def _close(self) -> None:
        with self._opening:
            finalizer, self._finalizer = self._finalizer, None
            self._writer = None  # the reader holds nothing open
        if finalizer is not None:
            finalizer()

    async def _ask(self, question: Callable[[Reader], Answer]) -> Answer:
        return await asyncio.to_thread(self._ask_now, question)

    def _ask_now(self, question: Callable[[Reader], Answer]) -> Answer:
        self._now_opened()
        assert self._reader is not None
        with self._reading:
            return question(self._reader)

    # Around a fork, see above

    def _start_from_nothing(self) -> None:
        if self._finalizer is not None:
            self._finalizer.detach()
        self._writer = self._reader = self._finalizer = None
        self._opening = threading.Lock()
        self._reading = threading.Lock()

    def _let_go(self) -> None:
        self._opening.acquire()
        self._reading.acquire()
        if self._writer is not None:
            self._writer.committing.acquire()
            self._writer.let_go()

    def _go_on(self) -> None:
        if self._writer is not None:
            self._writer.committing.release()
        self._reading.release()
        self._opening.release()


def _give_up(writer: _Writer, waiting: _Waiting) -> None:
    if writer.withdraw(waiting) and not waiting.future.done():
        waited = f"{PATIENCE_SECONDS:g} seconds"
        reason = f"its turn did not come within {waited}; is another process holding its lock?"
        waiting.future.set_result(LogUnavailable(reason))


_logs: weakref.WeakSet[Log] = weakref.WeakSet()


class _Forking:
    """Every log of this process, between the moment before a fork and the moment after it."""

    def __init__(self) -> None:
        self._held: list[Log] = []

    def before(self) -> None:
        self._held = list(_logs)
        for log in self._held:
            log._let_go()

    def in_parent(self) -> None:
        held, self._held = self._held, []
        for log in reversed(held):
            log._go_on()

    def in_child(self) -> None:
        held, self._held = self._held, []
        for log in held:
            log._start_from_nothing()


if hasattr(os, "register_at_fork"):  # not on Windows, which does not fork
    _forking = _Forking()
    os.register_at_fork(before=_forking.before, after_in_parent=_forking.in_parent, after_in_child=_forking.in_child)
