"""A cookie as a site sets it: its name, how long it lasts, who can read it. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

_UNITS = ((365 * 86400, "year"), (30 * 86400, "month"), (86400, "day"), (3600, "hour"), (60, "minute"))


@dataclass(frozen=True)
class SetCookie:
    """`lifetime` as people say it: "13 months", or "session" for as long as the browser is open."""

    name: str
    value: str = ""
    lifetime: str = "session"
    domain: str = ""
    http_only: bool = False
    deletes: bool = False


def read_set_cookie(line: str, now: datetime | None = None) -> SetCookie | None:
    """The cookie of a Set-Cookie line (RFC 6265, 5.2); None for one that browsers ignore."""
    pair, *attributes = line.split(";")
    name, equals, value = pair.partition("=")
    name = name.strip()
    if not equals or not name or len(name) > 256:
        return None
    said = {key.strip().lower(): text.strip() for key, _, text in (each.partition("=") for each in attributes)}
    seconds = _seconds(said, now or datetime.now(UTC))
    return SetCookie(
        name=name,
        value=value.strip()[:4096],
        lifetime=lasting(seconds),
        domain=said.get("domain", "").lstrip("."),
        http_only="httponly" in said,
        deletes=seconds is not None and seconds <= 0,
    )


def _seconds(said: dict[str, str], now: datetime) -> float | None:
    """Max-Age wins over Expires; None while neither can be read."""
    age = said.get("max-age", "")
    if age.removeprefix("-").isascii() and age.removeprefix("-").isdigit():
        return float(age[:15])
    try:
        expires = parsedate_to_datetime(said.get("expires", ""))
    except (ValueError, TypeError, IndexError):
        return None
    return (expires.replace(tzinfo=expires.tzinfo or UTC) - now).total_seconds()


def lasting(seconds: float | None) -> str:
    """A number of seconds as people say it, rounded to one unit."""
    if seconds is None:
        return "session"
    for size, name in _UNITS:
        # A cookie of "one year" has a second less by the time it is looked at.
        count = round(seconds / size)
        if seconds >= size * 0.99 and (name != "year" or count * size * 0.97 <= seconds <= count * size * 1.03):
            return f"{count} {name}" if count == 1 else f"{count} {name}s"
    return "less than a minute"
