"""What can go wrong with a log that is not the configuration's fault."""

from __future__ import annotations

from consentkit.errors import LogUnavailable


class LogBusy(LogUnavailable):
    """More records wait than the disk can take: try again in `retry_after_seconds`."""

    def __init__(self, waiting: int, retry_after_seconds: int = 1) -> None:
        self.waiting = waiting
        self.retry_after_seconds = retry_after_seconds
        when = "1 second" if retry_after_seconds == 1 else f"{retry_after_seconds} seconds"
        super().__init__(f"{waiting:,} records wait for the disk; try again in {when}")


class LogUnreadable(LogUnavailable):
    """The log could not be read. `reason` says what the store said.

    A kind of LogUnavailable, so that whoever answers a visitor has one thing to catch.
    """

    def __init__(self, reason: str) -> None:
        Exception.__init__(self, f"The consent log can't be read: {reason}.")
        self.reason = reason
