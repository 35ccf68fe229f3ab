"""The thread that writes: records of any number of requests, made durable together.

It takes whatever waits, commits it in one transaction, tells everyone who waited, and takes what has come meanwhile.
There is no timer: a single record is written at once, and under load the time of one commit gathers the batch of the
next, so a disk that syncs 200 times a second still takes thousands of records. What waits is taken only when the file
lock is ours, so queueing behind another process makes batches larger, and what can't get its turn can still be
withdrawn.

After it has answered, the same thread lets the tree take in what was committed, at most once a second
(store/integrator.py), and offers what was signed to the anchors. It also notices there when the database is older than
what was signed from it: from then on refusals are recorded and grants are not, until somebody has said what happened
(`consentkit log resume`).
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections import Counter, deque
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

from consentkit import telemetry
from consentkit.errors import LogUnavailable
from consentkit.log.anchoring import Anchoring
from consentkit.log.notice import Notice
from consentkit.log.problems import LogBusy
from consentkit.log.record import Entry, State, Stored

if TYPE_CHECKING:
    from consentkit.log.keyring import Keyring
    from consentkit.log.store import Place

logger = logging.getLogger("consentkit")

#: The largest batch. More would make those at its end wait, and gain nothing: the sync is shared a
#: thousandfold.
MAX_BATCH = 1_000

#: How many records may wait: about a second of a plain disk. Beyond that a quick "try again" is kinder.
MAX_WAITING = 10_000

#: "Asked" counters and served notices ride along with records; when none come, they go after this time.
LINGER_SECONDS = 10.0

#: How long after its commit an entry may wait for the tree and the signature.
TREE_SECONDS = 1.0

#: How long an idle process waits before it looks for entries that others have added: commands, auditors' pages.
IDLE_SECONDS = 5.0

#: Each way in which the tree is broken is told once, and no more than so many.
MAX_TOLD = 100

#: What may not be recorded in a log that went back in time: its visitors would hold receipts that prove nothing.
GRANTING = frozenset({State.GIVEN, State.PARTLY, State.ACCEPTED})


@dataclass(eq=False)
class Waiting:
    """An entry in the queue, and who waits for it.

    The future only ever gets a value, never an exception: whoever waited may be gone, and asyncio complains
    about exceptions that nobody fetched.
    """

    entry: Entry
    loop: asyncio.AbstractEventLoop
    future: asyncio.Future[Stored | LogUnavailable]


class Committer:
    """The thread, its queue and its connection. Ends when told to `stop`, after all that waits is written."""

    def __init__(self, path: Place, keyring: Keyring | None, max_waiting: int, anchoring: Anchoring) -> None:
        # Not at the top: sqlalchemy takes longer to import than the rest of the package.
        from consentkit.log import store

        self._store = store
        self._path = path
        self._keyring = keyring
        self._max_waiting = max_waiting
        self._anchoring = anchoring
        self._appender = store.Appender(path)
        self._tree_due: float | None = 0.0  # when the tree is to be looked at; None while it has everything
        self.went_back: str | None = None  # how it shows that the log is older than what was signed from it
        self._grown = float("-inf")
        self._unsigned = 0  # entries of this process that no checkpoint is known to cover
        self._told: set[str] = set()
        self._hindered = ""  # why the tree could not grow the last time
        self._changed = threading.Condition()  # guards what follows
        self._queue: deque[Waiting] = deque()
        self._served: dict[str, tuple[Notice, date]] = {}
        self._known: dict[str, date] = {}  # the day on which a notice was last told to the store
        self._asked: Counter[tuple[date, str, str]] = Counter()
        self._stopping = False
        self.committing = threading.Lock()  # held while the connection is in use; a fork waits for it
        self._thread = threading.Thread(target=self._run, name="consentkit-log", daemon=True)
        self._thread.start()

    # In any thread

    def put(self, waiting: Waiting) -> None:
        with self._changed:
            if self._stopping:
                raise LogUnavailable("it is being closed")
            if len(self._queue) >= self._max_waiting:
                raise LogBusy(len(self._queue))
            self._queue.append(waiting)
            self._changed.notify()

    def withdraw(self, waiting: Waiting) -> bool:
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
        self._anchoring.stop()

    def let_go(self) -> None:
        """Close the connection; the next batch opens another. The caller holds `committing`."""
        self._appender.close()

    # In the writer's own thread

    def _run(self) -> None:
        while self._wait():
            with self.committing:
                self._commit()
                if self._is_due():
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

    def _patience(self) -> float:
        if self._tree_due is None and self._asked:
            return LINGER_SECONDS
        return max(0.0, self._looks_at_tree_at() - time.monotonic())

    def _is_due(self) -> bool:
        if self._stopping:
            return self._tree_due is not None
        return time.monotonic() >= self._looks_at_tree_at()

    def _looks_at_tree_at(self) -> float:
        """When the tree is looked at next. Commands and auditors' pages add entries too, and tell nobody here."""
        return self._grown + IDLE_SECONDS if self._tree_due is None else self._tree_due

    def _commit(self) -> None:
        batch: list[Waiting] = []
        served: dict[str, tuple[Notice, date]] = {}
        asked: Counter[tuple[date, str, str]] = Counter()
        if not (self._queue or self._served or self._asked):
            return
        began = time.perf_counter()
        telemetry.tell(telemetry.QUEUE, len(self._queue))
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
            telemetry.tell(telemetry.QUEUE, len(self._queue))
            if batch:
                telemetry.tell(telemetry.COMMIT, time.perf_counter() - began)
                self._unsigned += sum(isinstance(each, Stored) and not each.again for each in outcomes)
                telemetry.tell(telemetry.LAG, self._unsigned)
            if self._tree_due is None and any(isinstance(each, Stored) for each in outcomes):
                self._tree_due = self._grown + TREE_SECONDS

    def _append(
        self,
        batch: Sequence[Waiting],
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
                    self._anchoring.offer(grown.note, grown.generation, grown.size)
            self.went_back = None
            self._hindered = ""
            self._unsigned = grown.behind if grown is not None else 0
            telemetry.tell(telemetry.LAG, self._unsigned)
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
            reason = str(getattr(problem, "reason", problem))  # what LogUnavailable says besides is about a choice
            if reason != self._hindered:  # not each second, for as long as it lasts
                logger.warning("The tree of the consent log could not grow; it is tried again: %s", reason)
            self._hindered = reason
            if not self._stopping:
                self._tree_due = self._grown + TREE_SECONDS

    def _has_gone_back(self, reason: str) -> None:
        if self.went_back is None:
            logger.error(
                "The consent log went back in time: %s. Refusals are recorded, agreements are not, until"
                " `consentkit log resume --reason` has said what happened.", reason,
                extra=telemetry.fields("log went back"),
            )  # fmt: skip
        self.went_back = reason

    def _tell(self, message: str, reason: str) -> None:
        if reason not in self._told and len(self._told) < MAX_TOLD:
            self._told.add(reason)
            logger.error(message, reason, extra=telemetry.fields("log broken"))

    def _take(self) -> tuple[list[Waiting], dict[str, tuple[Notice, date]], Counter[tuple[date, str, str]]]:
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


def _answer(batch: Sequence[Waiting], outcomes: Sequence[Stored | LogUnavailable]) -> None:
    # Waking a loop costs a system call: once for each loop, not for each record.
    of_loop: dict[asyncio.AbstractEventLoop, list[tuple[Waiting, Stored | LogUnavailable]]] = {}
    for waiting, outcome in zip(batch, outcomes, strict=True):
        of_loop.setdefault(waiting.loop, []).append((waiting, outcome))
    for loop, answers in of_loop.items():
        with suppress(RuntimeError):  # that loop was closed; its records are safe, and nobody asks any more
            loop.call_soon_threadsafe(_resolve, answers)


def _resolve(answers: Sequence[tuple[Waiting, Stored | LogUnavailable]]) -> None:
    for waiting, outcome in answers:
        if not waiting.future.done():  # the visitor may have hung up; the record stands all the same
            waiting.future.set_result(outcome)
