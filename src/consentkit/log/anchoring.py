"""Leave copies of checkpoints at the anchors, beside everything else.

One thread of a process, which sleeps until something was signed. Whatever an anchor does (a slow host, a full disk, a
refusal), choices are recorded and signed as always: this thread alone waits, says one line, and tries again. Which
process goes to an anchor is agreed on in the database, so that four workers leave one copy.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from consentkit import telemetry
from consentkit.errors import LogUnavailable
from consentkit.log.anchor import Anchor, NotAnchored

if TYPE_CHECKING:
    from consentkit.log.store import Place

logger = logging.getLogger("consentkit")

#: How often a growing log leaves a copy. What lies between two copies is guarded by what the key remembers.
PERIOD_SECONDS = 3600

#: How soon an anchor that failed is tried again.
RETRY_SECONDS = 300

#: How often the thread looks whether an anchor is due.
LOOK_SECONDS = 30.0

#: How long closing a log waits for a copy that is on its way.
CLOSE_SECONDS = 2.0


class Anchoring:
    """Offer it what was signed; it does the rest. `guard`: held while it uses the database, for a fork waits for it."""

    def __init__(
        self,
        place: Place,
        anchors: Sequence[Anchor],
        guard: threading.Lock,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._place = place
        self._anchors = anchors
        self._guard = guard
        self._now = now
        self._changed = threading.Condition()
        self._offered: tuple[str, int, int] | None = None
        self._stopping = False
        self._thread: threading.Thread | None = None

    def offer(self, note: str, generation: int, size: int) -> None:
        """A checkpoint was signed. Returns at once."""
        if not self._anchors or not size:
            return
        with self._changed:
            self._offered = (note, generation, size)
            if self._thread is None and not self._stopping:
                self._thread = threading.Thread(target=self._run, name="consentkit-anchor", daemon=True)
                self._thread.start()
            self._changed.notify()

    def stop(self) -> None:
        with self._changed:
            self._stopping = True
            self._changed.notify()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join(CLOSE_SECONDS)

    def _run(self) -> None:
        left: tuple[str, int, int] | None = None  # what every anchor has
        while True:
            with self._changed:
                while not self._stopping and self._offered == left:
                    self._changed.wait()
                if self._stopping:
                    return
                offered = self._offered
            assert offered is not None
            there = [
                self._has(anchor, *offered) for anchor in self._anchors
            ]  # each is gone to, whatever the others did
            if all(there):
                left = offered
            with self._changed:
                if not self._stopping:
                    self._changed.wait_for(lambda: self._stopping, LOOK_SECONDS)

    def _has(self, anchor: Anchor, note: str, generation: int, size: int) -> bool:
        """Whether a copy at least as new is there, which is tried when it is due."""
        from consentkit.log import store

        now = self._now()
        try:
            with self._guard:
                due = store.claim(self._place, anchor.name, generation, size, now, PERIOD_SECONDS)
            if due is not store.Due.NOW:
                return due is store.Due.NEVER
            token = anchor.deliver(note, now)
            with self._guard:
                store.anchored(self._place, anchor.name, generation, size, now, note, token)
            return True
        except NotAnchored as problem:
            logger.warning(
                "A copy of the checkpoint of %d entries could not be left at %s; it is tried again in %d minutes: %s",
                size, anchor.name, RETRY_SECONDS // 60, problem, extra=telemetry.fields("anchor failed", anchor=anchor.name),
            )  # fmt: skip
            self._try_again(anchor, now)
        except LogUnavailable as problem:
            logger.warning("Which checkpoints are anchored can't be read or written down: %s", problem)
        except Exception:
            logger.exception("An anchor failed in a way that nobody foresaw; it is tried again.")
            self._try_again(anchor, now)
        return False

    def _try_again(self, anchor: Anchor, now: datetime) -> None:
        from consentkit.log import store

        try:
            with self._guard:
                store.failed(self._place, anchor.name, now, PERIOD_SECONDS - RETRY_SECONDS)
        except LogUnavailable:
            pass  # then it is due in an hour, as always
