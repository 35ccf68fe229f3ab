"""The visitor's own record with its proof, and the log's checkpoint."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from consentkit.endpoints.desk import Desk
from consentkit.endpoints.reply import MAX_TOKEN, OWN_PAGE, CheckpointAsked, ReceiptAsked, Reply
from consentkit.log.canonical import Json
from consentkit.log.record import Record
from consentkit.visit import Visit

# How long the address of a receipt is good for who holds no identifier.
RECEIPT_LIFE = 60 * 60  # seconds
RECEIPT_NAME = "receipt.json"


@dataclass(frozen=True)
class Receipts:
    desk: Desk

    def token(self, record: Record, now: datetime) -> str:
        """What opens the receipt of a record for an hour: a browser that refused holds no identifier to ask with."""
        return self.desk.receipts.sign(f"{record.id}~{int(now.timestamp()) + RECEIPT_LIFE}")

    def record_of(self, token: str, now: datetime) -> str | None:
        """The record that a token opens the receipt of, while it is good."""
        text = self.desk.receipts.read(token) if 0 < len(token) <= MAX_TOKEN else None
        record, _, until = (text or "").partition("~")
        return record if until.isdecimal() and int(until) >= now.timestamp() else None

    def receipt(self, visit: Visit, query: Mapping[str, str], now: datetime) -> Reply | ReceiptAsked:
        """The visitor's own record and what proves it: by `ckit_id`, or by the address given to who refused."""
        holder = visit.cookies.holder
        record = self.record_of(query["of"], now) if "of" in query else (holder.record if holder else None)
        if record is None:
            return self._none(visit)
        return ReceiptAsked(record, lambda receipt: self._answer(visit, query, receipt))

    def checkpoint(self, visit: Visit) -> CheckpointAsked:
        return CheckpointAsked(lambda note: self._note(visit, note))

    def _answer(self, visit: Visit, query: Mapping[str, str], receipt: Mapping[str, Json] | None) -> Reply:
        if receipt is None:
            return self._none(visit)
        if "file" in query or visit.wants_json:
            name = f'attachment; filename="{RECEIPT_NAME}"'.encode()
            more = [(b"content-disposition", name)] if "file" in query else []
            body = json.dumps(receipt, ensure_ascii=False, indent=1).encode()
            return Reply(200, [(b"content-type", b"application/json"), *OWN_PAGE[1:], *more], body)
        file = urlencode({"file": "1"} | ({"of": query["of"]} if "of" in query else {}))
        body = self.desk.controls.receipt(visit, self.desk.hints(visit), receipt, file=file, name=RECEIPT_NAME)
        return Reply(200, OWN_PAGE, body)

    def _none(self, visit: Visit) -> Reply:
        return self.desk.message(visit, 404, "error.receipt_title", "error.receipt_text")

    def _note(self, visit: Visit, note: str | None) -> Reply:
        if note is None:
            return self.desk.not_found(visit)
        headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"cache-control", b"no-cache")]
        return Reply(200, headers, note.encode())
