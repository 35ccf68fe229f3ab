"""Looking at records: the search, one record, one browser, and what was shown."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any

from consentkit.audit import search
from consentkit.audit.desk import Desk
from consentkit.audit.reply import Reply, download
from consentkit.audit.search import Search
from consentkit.log import dsar
from consentkit.log import receipt as receipts
from consentkit.log import verify as verifying
from consentkit.log.event import Places
from consentkit.log.export import FORMATS
from consentkit.log.filters import Filter
from consentkit.log.notice import Notice
from consentkit.log.record import UNKNOWN_NOTICE, Record
from consentkit.settings.site import vendors_of
from consentkit.templates import Markup
from consentkit.vocabulary import Action

#: How many records one page of results has.
PAGE = 50

#: How many records of one browser are shown. A person who chose more often than this is a program.
TIMELINE = 500


def find(desk: Desk) -> Reply:
    """The search form, and below it what it found. Without a question it is the form alone."""
    asked = search.read(desk.asked.query)
    started = "subject" in desk.asked.query
    found: list[Record] = []
    if started and asked.filter is not None:
        found = desk.reader.newest(asked.filter, limit=PAGE + 1, older_than=_older_than(desk))
        desk.looked("find", Places(record.index for record in found[:PAGE]), asked.words)
    older = found[PAGE - 1].index if len(found) > PAGE else None
    return desk.page(
        "find.html",
        desk.words.text("search.title"),
        started=started and asked.filter is not None,
        problem=problem_of(desk, asked),
        records=found[:PAGE],
        older=desk.here(older=older) if older is not None else "",
        newest=desk.here(older=None) if "older" in desk.asked.query else "",
        formats=FORMATS,
        **form_values(desk, asked),
    )


def form_values(desk: Desk, asked: Search) -> dict[str, Any]:
    """What the form of a search needs: its fields as they were filled in, and what the site would offer."""
    site = desk.site
    return {
        "fields": asked.fields,
        "query": {name: asked.fields.get(name, "") for name in ("subject", *search.FIELDS)},
        "actions": [action.value for action in Action if action != Action.DISMISS],
        "purposes": [purpose.name for purpose in site.purposes],
        "vendors": sorted(vendor.name for purpose in site.purposes for vendor in vendors_of(purpose)),
        "policies": [name for each in site.policies for name in (each.name, f"{each.name}@{each.version}")],
    }


def problem_of(desk: Desk, asked: Search) -> Markup | None:
    """The sentence about a field that can't be read."""
    if asked.problem is None:
        return None
    help = search.HELP.get(asked.problem.option)
    return desk.words.text("search.wrong", value=asked.problem.value, accepted=desk.words.text(help) if help else "")


def _older_than(desk: Desk) -> int | None:
    text = desk.asked.query.get("older", "")
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else None


def one(desk: Desk) -> Reply:
    """One record: everything it says, and whether its proof holds."""
    record = desk.reader.get(desk.asked.query.get("id", ""))
    if record is None:
        return desk.problem(404, "missing")
    desk.looked("record", Places([record.index]))
    return desk.page(
        "record.html",
        desk.words.text("record.title"),
        record=record,
        held=desk.reader.is_held(record),
        proof=_judged(desk, record),
        unknown=record.notice == UNKNOWN_NOTICE,
    )


def _judged(desk: Desk, record: Record) -> tuple[str, Markup]:
    """Whether the receipt of this record is proven, as anybody with the public key would find it."""
    found, keys = desk.reader.proof(record.id, desk.keyring), desk.keyring
    if found is None:
        return "bad", desk.words.text("proof.unsigned")
    if keys is None:
        return "plain", desk.words.text("proof.unsigned")
    try:
        public = [key.verifier for key in keys.keys]
        proof, checkpoint = verifying.check_receipt(json.dumps(receipts.receipt(found)), public)
    except verifying.Unproven as problem:
        return "bad", desk.words.text("proof.bad", why=str(problem))
    index = desk.words.number(proof.index)
    if checkpoint is None:
        return "plain", desk.words.text("proof.promised", index=index)
    return "good", desk.words.text("proof.good", index=index, size=desk.words.number(checkpoint.size))


def receipt(desk: Desk) -> Reply:
    """The receipt of a record, as a file."""
    found = desk.reader.proof(desk.asked.query.get("id", ""), desk.keyring)
    if found is None:
        return desk.problem(404, "missing")
    desk.looked("receipt", Places([found.index]))
    public = [str(key.verifier) for key in desk.keyring.keys] if desk.keyring else []
    body = json.dumps(receipts.receipt(found, public), ensure_ascii=False, indent=1).encode()
    return download(body, "application/json", "receipt.json")


def timeline(desk: Desk) -> Reply:
    """Everything of one browser, oldest first."""
    subject = desk.asked.query.get("subject", "")
    found = _first(desk.reader.oldest_first(Filter(subject=subject)), TIMELINE + 1) if subject else []
    if not found:
        return desk.problem(404, "missing")
    more = desk.asked.link("/", subject=subject) if len(found) > TIMELINE else ""
    found = found[:TIMELINE]
    desk.looked("timeline", Places(record.index for record in found))
    return desk.page("timeline.html", desk.words.text("timeline.title"), subject=subject, records=found, more=more)


def _first(records: Iterable[Record], limit: int) -> list[Record]:
    return [record for record, _ in zip(records, range(limit), strict=False)]


def shown(desk: Desk) -> Reply:
    """Exactly what the person of a record had before them; or, by its hash, a notice of nobody's."""
    digest = desk.asked.query.get("notice", "")
    record = desk.reader.get(desk.asked.query["id"]) if desk.asked.query.get("id") else None
    if record is not None:
        digest = record.notice
    notice = desk.reader.notice(digest)
    if notice is None:
        return desk.problem(404, "missing", str(desk.words.text("record.unknown")) if record else "")
    if record is not None:
        desk.looked("shown", Places([record.index]))
    return desk.page(
        "shown.html",
        desk.words.text("shown.title"),
        styles=(hash_of(dsar.style(notice)),),
        notice=notice,
        record=record,
        frame=dsar.page(notice),
        cookies=_cookies(notice),
    )


def hash_of(style: str) -> str:
    """How a policy names exactly this style."""
    return f"sha256-{base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()}"


def _cookies(notice: Notice) -> Mapping[str, str]:
    """The cookies of each company in one line."""
    return {
        vendor.name: ", ".join(f"{name} ({lifetime})" for name, lifetime in vendor.cookies.items())
        for vendor in notice.vendors
    }
