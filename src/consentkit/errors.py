"""The error family. Each error carries its evidence, so that a program can read it too.

`ConfigurationError` and its kin are the site owner's to mend and are raised when something is built.
A visitor never causes one: a forged cookie is no choice, and a strange page passes untouched.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from difflib import get_close_matches


class ConsentKitError(Exception):
    """The root of everything this package raises on purpose."""


class ConfigurationError(ConsentKitError):
    """The configuration can't be used; `problems` names every reason at once, a sentence each."""

    def __init__(self, problems: Sequence[str], *, source: str = "") -> None:
        self.problems = list(problems)
        self.source = source
        where = f"{source}: " if source else ""
        count = "1 problem" if len(self.problems) == 1 else f"{len(self.problems)} problems"
        super().__init__(f"{where}{count} in the configuration:\n" + "\n".join(f"- {p}" for p in self.problems))


class UnknownName(ConsentKitError, LookupError):
    """A name that the site's configuration does not know."""

    noun = "name"

    def __init__(self, name: str, known: Iterable[str]) -> None:
        self.name = name
        self.known = sorted(known)
        super().__init__(
            f"Unknown {self.noun} {name!r}; known {self.noun_plural()}: {', '.join(self.known) or 'none'}."
            + nearest(name, self.known)
        )

    @classmethod
    def noun_plural(cls) -> str:
        return "policies" if cls.noun == "policy" else cls.noun + "s"


class UnknownPurpose(UnknownName):
    """`allows("analitics")`: a misspelt purpose is an error, never False."""

    noun = "purpose"


class UnknownVendor(UnknownName):
    """A vendor that the site does not declare, or that belongs to another purpose."""

    noun = "vendor"


class UnknownPolicy(UnknownName):
    """A policy that the site does not declare."""

    noun = "policy"


class MiddlewareMissing(ConsentKitError, RuntimeError):
    """The request did not come through `ConsentMiddleware`, so nothing is known of its visitor."""

    def __init__(self) -> None:
        super().__init__(
            "This request did not pass through ConsentMiddleware, so nobody knows what its visitor chose. "
            "Wrap the app: app = ConsentMiddleware(app, site)."
        )


class LogUnavailable(ConsentKitError):
    """The record could not be made durable, so the grant is not in force. `reason` says what the store said."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(f"The consent log can't be written: {reason}. Nothing was recorded; a grant is not in force.")


def nearest(name: str, known: Iterable[str]) -> str:
    """The end of an error message that offers the known name closest to a misspelt one, or nothing."""
    close = get_close_matches(name, list(known), n=1)
    return f" Did you mean {close[0]!r}?" if close else ""
