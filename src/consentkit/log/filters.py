"""Which records: the questions that find, export and stats have in common.

Text from the command line or an auditor's form becomes a `Filter` here and nowhere else.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from consentkit.errors import ConsentKitError

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}\Z")
_NOTICE = re.compile(r"[0-9a-f]{8,64}\Z")


class UnreadableFilter(ConsentKitError, ValueError):
    """A filter that can't be read. `option` and `value` say which; the message says what is accepted."""

    def __init__(self, option: str, value: str, accepted: str) -> None:
        self.option = option
        self.value = value
        super().__init__(f"{option} {value!r} can't be read; {accepted}.")


@dataclass(frozen=True, kw_only=True)
class Filter:
    """All of these must hold; None asks nothing.

    `since` is included, `before` is not. `purpose` and `vendor` find every record that answered them,
    whatever the answer, unless `purpose_answer` or `vendor_answer` says which. `notice`: a digest, its first
    digits, or "unknown".
    """

    subject: str | None = None
    since: datetime | None = None
    before: datetime | None = None
    action: str | None = None
    purpose: str | None = None
    purpose_answer: bool | None = None
    vendor: str | None = None
    vendor_answer: bool | None = None
    policy: str | None = None
    policy_version: str | None = None
    notice: str | None = None
    language: str | None = None
    site: str | None = None


def read(
    *,
    subject: str | None = None,
    since: str | None = None,
    until: str | None = None,
    action: str | None = None,
    purpose: str | None = None,
    vendor: str | None = None,
    policy: str | None = None,
    notice: str | None = None,
    language: str | None = None,
    site: str | None = None,
) -> Filter:
    """A filter from the words of the command line. Raises UnreadableFilter.

    `since` and `until`: a UTC day (`2026-11-01`) or a time of RFC 3339; both ends are included, so that
    `--since 2026-11-01 --until 2026-11-30` is the whole month. `purpose` and `vendor`: `NAME`, `NAME=yes` or
    `NAME=no`. `policy`: `NAME` or `NAME@VERSION`.
    """
    purpose_name, purpose_answer = _named_answer("--purpose", purpose)
    vendor_name, vendor_answer = _named_answer("--vendor", vendor)
    policy_name, at, version = (policy or "").partition("@")
    if policy is not None and (not policy_name or (at and not version)):
        raise UnreadableFilter("--policy", policy, "write NAME or NAME@VERSION")
    if notice is not None and notice != "unknown" and not _NOTICE.match(notice):
        raise UnreadableFilter("--notice", notice, "write 8 or more hex digits of its hash, or 'unknown'")
    return Filter(
        subject=subject,
        since=None if since is None else _moment("--since", since)[0],
        before=None if until is None else _moment("--until", until)[1],
        action=action,
        purpose=purpose_name,
        purpose_answer=purpose_answer,
        vendor=vendor_name,
        vendor_answer=vendor_answer,
        policy=policy_name or None,
        policy_version=version or None,
        notice=notice,
        language=language,
        site=site,
    )


def _named_answer(option: str, text: str | None) -> tuple[str | None, bool | None]:
    if text is None:
        return None, None
    name, equals, answer = text.partition("=")
    if not name or (equals and answer not in ("yes", "no")):
        raise UnreadableFilter(option, text, "write NAME, NAME=yes or NAME=no")
    return name, (answer == "yes") if equals else None


def _moment(option: str, text: str) -> tuple[datetime, datetime]:
    """The first second that the text names, and the first one after what it names."""
    try:
        if _DAY.match(text):
            day = datetime.combine(date.fromisoformat(text), datetime.min.time(), UTC)
            return day, day + timedelta(days=1)
        time = datetime.fromisoformat(text)
        if time.tzinfo is None or len(text) <= len("2026-11-01"):
            raise ValueError(text)
        second = time.astimezone(UTC).replace(microsecond=0)
        return second, second + timedelta(seconds=1)
    except (ValueError, OverflowError):
        accepted = "write a UTC day such as 2026-11-01, or a time with its zone such as 2026-11-01T08:30:00Z"
        raise UnreadableFilter(option, text, accepted) from None
