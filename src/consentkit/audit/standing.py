"""How the log stands: its integrity, and who did what to it."""

from __future__ import annotations

import json

from consentkit.audit.desk import Desk
from consentkit.audit.reply import Reply, see_other
from consentkit.audit.words import Words
from consentkit.log.event import Event, Kind
from consentkit.templates import Markup

#: How many events one page has, and how many problems of a verification are listed.
PAGE = 50
MAX_LISTED = 100


def integrity(desk: Desk) -> Reply:
    """Size, keys, the last checkpoint, the last verification, and where copies are kept."""
    verified = desk.reader.happened_before(limit=1, kind=Kind.VERIFY)
    verification = desk.verification
    return desk.page(
        "integrity.html",
        desk.words.text("integrity.title"),
        status_of=desk.reader.status(),
        keys=[str(key.verifier) for key in desk.keyring.keys] if desk.keyring else [],
        anchors=desk.reader.anchored(),
        verified=_verified(desk.words, verified[0][1]) if verified else None,
        sound=bool(verified) and not verified[0][1].about.get("problems"),
        running=verification.is_running,
        progress=desk.words.text(
            "integrity.running", done=desk.words.number(verification.done), all=desk.words.number(verification.all)
        ),
        problems=verification.problems[:MAX_LISTED] if not verification.is_running else (),
    )


def _verified(words: Words, event: Event) -> Markup:
    count, size = (_number(event.about.get(name)) for name in ("problems", "size"))
    name = "integrity.bad" if count else "integrity.good"
    return words.text(
        name, time=words.time(event.time), name=event.by, count=words.number(count), size=words.number(size)
    )


def _number(value: object) -> int:
    return value if isinstance(value, int) else 0


def verify(desk: Desk) -> Reply:
    """Begin to verify everything, and go back to the page that tells how far it is."""
    desk.verification.start(desk.place, desk.keyring, desk.officer)
    return see_other(desk.asked.link("/integrity"))


def checkpoint(desk: Desk) -> Reply:
    """The newest signed checkpoint, to be kept elsewhere."""
    note = desk.reader.checkpoint()
    if note is None:
        return desk.problem(404, "missing")
    return Reply(body=note.encode(), type="text/plain; charset=utf-8")


def events(desk: Desk) -> Reply:
    """Who did what, newest first."""
    found = desk.reader.happened_before(_place(desk.asked.query.get("before", "")), limit=PAGE + 1)
    last = found[PAGE - 1] if len(found) > PAGE else None
    return desk.page(
        "events.html",
        desk.words.text("events.title"),
        events=[(index, event, _details(event)) for index, event in found[:PAGE]],
        older=desk.here(before=f"{int(last[1].time.timestamp())}-{last[0]}") if last else "",
    )


def _place(text: str) -> tuple[int, int] | None:
    time, dash, index = text.partition("-")
    if not dash or not all(part.isascii() and part.isdecimal() and len(part) < 19 for part in (time, index)):
        return None
    return int(time), int(index)


def _details(event: Event) -> str:
    """What an event is about, in the names of the documentation."""
    return json.dumps(event.about, ensure_ascii=False, separators=(", ", ": ")) if event.about else ""
