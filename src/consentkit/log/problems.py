"""What can go wrong with a log that is not the configuration's fault."""

from __future__ import annotations

from consentkit.errors import ConsentKitError, LogUnavailable


class LogBusy(LogUnavailable):
    """More records wait than the disk can take: try again in `retry_after_seconds`."""

    def __init__(self, waiting: int, retry_after_seconds: int = 1) -> None:
        self.waiting = waiting
        self.retry_after_seconds = retry_after_seconds
        when = "1 second" if retry_after_seconds == 1 else f"{retry_after_seconds} seconds"
        super().__init__(f"{waiting:,} records wait for the disk; try again in {when}")


class LogUnreadable(ConsentKitError):
    """The log could not be read. `reason` says what the store said."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(f"The consent log can't be read: {reason}.")
