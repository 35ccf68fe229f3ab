"""The log as the middleware holds it: it opens when it is needed, and answers when a record is on disk.

Records are written by one thread of the process, see committer.py; questions are answered over connections that can't
write.

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
import weakref
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from consentkit.errors import LogUnavailable
from consentkit.log import anchor
from consentkit.log.anchoring import Anchoring
from consentkit.log.canonical import Json
from consentkit.log.committer import MAX_WAITING, Committer, Waiting
from consentkit.log.notice import Notice
from consentkit.log.record import Record, Stored, enter
from consentkit.log.reports import Status

if TYPE_CHECKING:
    from consentkit.log.keyring import Keyring
    from consentkit.log.receipt import Proof
    from consentkit.log.store import Reader

logger = logging.getLogger("consentkit")

Answer = TypeVar("Answer")

#: How long a record waits for its turn before its visitor is told that it could not be recorded.
PATIENCE_SECONDS = 10.0


class Log:
    """A consent log: give it records, and it answers when they are on disk.

    `url`: `sqlite:///consent.db`; a relative path lies in `folder`. `key`: the file of its signing keys, relative
    likewise; without one the tree is kept and nothing is signed. `anchors`: where copies of checkpoints go, see
    anchor.py. `upgrade`: whether the store of an older version is added to. Nothing is opened or even looked at before `open()` or the first use. It can be used from several
    threads and event loops, and after a fork; closed, it opens again at the next use.
    """

    def __init__(
        self,
        url: str,
        folder: Path,
        *,
        key: str = "",
        anchors: Sequence[str] = (),
        upgrade: bool = True,
        max_waiting: int = MAX_WAITING,
    ) -> None:
        self.url = url
        self.folder = folder
        self.key = key
        self._anchors = anchor.read(anchors, folder)
        self._upgrade = upgrade
        self._max_waiting = max_waiting
        self._keyring: Keyring | None = None
        self._writer: Committer | None = None
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
        waiting = Waiting(entry, loop, loop.create_future())
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

    def learn_texts(self, digests: Mapping[tuple[str, str], str], today: date) -> dict[tuple[str, str], str]:
        """Tell the log which text each (policy, version) has, by its SHA-256. Answers with those whose version it knows
        with other texts only, each with the day since when. Blocks for a moment. Raises LogUnavailable."""
        from consentkit.log import store

        self._now_opened()
        with self._reading:
            return store.learn(store.locate(self.url, self.folder), digests, today)

    async def other_texts(self, digests: Mapping[tuple[str, str], str]) -> dict[tuple[str, str], str]:
        """The same answer without telling. Raises LogUnreadable."""
        return await self._ask(lambda reader: reader.other_texts(digests))

    async def close(self) -> None:
        """Write all that waits, then let go of the store."""
        await asyncio.to_thread(self._close)

    def _opened(self) -> Committer:
        from consentkit.log import store

        with self._opening:
            if self._writer is None:
                path = store.locate(self.url, self.folder)
                self._keyring = self._load_keys()
                store.prepare(path, upgrade=self._upgrade)
                self._reader = store.Reader(path)
                anchoring = Anchoring(path, self._anchors, self._reading)
                self._writer = Committer(path, self._keyring, self._max_waiting, anchoring)
                # For servers without lifespan: what waits is written when the process ends.
                self._finalizer = weakref.finalize(self, self._writer.stop)
            return self._writer

    def _load_keys(self) -> Keyring | None:
        if not self.key:
            return None
        from consentkit.log import keyring  # cryptography is only needed where something is signed

        keys = keyring.load(self.folder / self.key, self._anchors)
        if keys is None:
            logger.warning(
                "There is no log key at %s, so the consent log is not signed; `consentkit init` makes one.",
                self.folder / self.key,
            )
        return keys

    def _now_opened(self) -> Committer:
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


def _give_up(writer: Committer, waiting: Waiting) -> None:
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
