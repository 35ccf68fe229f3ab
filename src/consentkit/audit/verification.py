"""A verification of the whole log: minutes of work on a large one, so it runs beside the requests, one at a time."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING

from consentkit.errors import ConsentKitError
from consentkit.log.event import Kind

if TYPE_CHECKING:
    from consentkit.log.keyring import Keyring
    from consentkit.log.store import Officer, Place

logger = logging.getLogger("consentkit")


class Verification:
    """How far a verification in this process is, and what the last one found. Its result stands in the log too."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self.done = 0
        self.all = 0
        self.problems: tuple[str, ...] = ()

    @property
    def is_running(self) -> bool:
        return self._thread is not None and self._thread.is_alive()

    def start(self, place: Place, keyring: Keyring | None, officer: Officer) -> None:
        """Begin, unless one is running."""
        with self._lock:
            if not self.is_running:
                self.done, self.all, self.problems = 0, 0, ()
                # Not kept from ending with the process: an unfinished verification is no verification.
                self._thread = threading.Thread(target=self._run, args=(place, keyring, officer), daemon=True)
                self._thread.start()

    def wait(self) -> None:
        """Until the one that runs has ended."""
        if self._thread is not None:
            self._thread.join()

    def _run(self, place: Place, keyring: Keyring | None, officer: Officer) -> None:
        from consentkit.log import store

        try:
            found = store.audit(place, keyring, progress=self._tell)
            self.problems = tuple(found.problems)
            officer.tell(Kind.VERIFY, found.summary)
        except ConsentKitError as problem:
            self.problems = (str(problem),)
            logger.error("A verification of the log could not be finished: %s", problem)

    def _tell(self, done: int, all: int) -> None:
        self.done, self.all = done, all
