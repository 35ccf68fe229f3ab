"""What officers do to records: erase, put on hold, end a hold. Each asks first, and each says what came of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from consentkit.audit.desk import Desk
from consentkit.audit.reply import Reply
from consentkit.log.event import Places
from consentkit.log.record import Record

if TYPE_CHECKING:
    from consentkit.log.store import Done

#: What can be done, as paths and names of texts.
ACTS = ("erase", "hold", "release")

#: A reason is a sentence; it stays in the log for good.
MAX_REASON = 500  # characters


def ask(desk: Desk) -> Reply:
    """The page that asks whether it is meant, and why."""
    record = desk.reader.get(desk.asked.query.get("id", ""))
    if record is None:
        return desk.problem(404, "missing")
    desk.looked("record", Places([record.index]))
    return _form(desk, record)


def act(desk: Desk) -> Reply:
    """Do it."""
    from consentkit.log.store import NotDone

    record = desk.reader.get(desk.asked.form.get("id", ""))
    if record is None:
        return desk.problem(404, "missing")
    reason = " ".join(desk.asked.form.get("reason", "").split())[:MAX_REASON]
    if not reason:
        return _form(desk, record, str(desk.words.text("act.reason.missing")))
    try:
        done = _do(desk, record, reason, whole=desk.asked.form.get("which") == "whole")
    except NotDone as problem:
        return _form(desk, record, str(desk.words.text("act.refused", why=str(problem))))
    index = desk.words.number(done.index) if done.index is not None else ""
    return desk.page(
        "done.html",
        desk.words.text(f"act.{_name(desk)}"),
        said=desk.words.counted("act.done", done.records, index=index),
        back="" if _name(desk) == "erase" else desk.asked.link("/record", id=record.id),
    )


def _do(desk: Desk, record: Record, reason: str, *, whole: bool) -> Done:
    subject = record.subject if whole else None
    record_id = None if subject is not None else record.id
    if _name(desk) == "erase":
        return desk.officer.erase(reason, subject=subject, record_id=record_id)
    return desk.officer.hold(reason, subject=subject, record_id=record_id, release=_name(desk) == "release")


def _form(desk: Desk, record: Record, problem: str = "") -> Reply:
    name = _name(desk)
    return desk.page(
        "act.html",
        desk.words.text(f"act.{name}"),
        status=400 if problem else 200,
        act=name,
        record=record,
        whole=desk.asked.form.get("which", "whole") == "whole",
        reason=desk.asked.form.get("reason", "")[:MAX_REASON],
        problem=problem,
    )


def _name(desk: Desk) -> str:
    return desk.asked.path.lstrip("/")
