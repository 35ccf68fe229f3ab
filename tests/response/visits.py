"""Visits to test with: what a browser sends, read as the middleware reads it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime

from consentkit.cookies import Holder, Seal, write_choice, write_holder
from consentkit.visit import CookieReader, Visit, read
from consentkit.vocabulary import Choice
from tests.settings.sites import SECRET

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
TODAY = date(2026, 11, 24)

READER = CookieReader("ckit", Seal([SECRET], "ckit.choice"), Seal([SECRET], "ckit.id"))


def visit(
    path: str = "/story",
    *,
    headers: Mapping[str, str] | None = None,
    query: bytes = b"",
    root_path: str = "",
    raw_path: bytes | None = None,
    scheme: str = "https",
    choice: Choice | None = None,
    holder: Holder | None = None,
    cookie: str = "",
    now: datetime = NOON,
) -> Visit:
    """A GET of somebody who may have chosen before. `cookie`: further cookies as they are sent."""
    sent = {"host": "courier.example", **(headers or {})}
    jar = [cookie] if cookie else []
    if choice is not None:
        jar.append(f"ckit={READER.choice_seal.sign(write_choice(choice))}")
    if holder is not None:
        jar.append(f"ckit_id={READER.holder_seal.sign(write_holder(holder))}")
    if jar:
        sent["cookie"] = "; ".join(jar)
    return read(
        method="GET",
        scheme=scheme,
        root_path=root_path,
        path=path,
        raw_path=raw_path,
        query=query,
        headers=[(name.encode(), value.encode("latin-1")) for name, value in sent.items()],
        cookies=READER,
        now=now,
    )
