"""The site's own pages: `Endpoints`, and what it answers with."""

from consentkit.endpoints.records import choice_record, record_site, signal_record, status_message
from consentkit.endpoints.reply import (
    MAX_FIELDS,
    MAX_FORM,
    RETRY_AFTER,
    CheckpointAsked,
    Fresh,
    Health,
    ReceiptAsked,
    Reply,
    ToRecord,
    redirect,
)
from consentkit.endpoints.routes import GPC_PATH, GPC_ROUTE, Endpoints

__all__ = [
    "GPC_PATH",
    "GPC_ROUTE",
    "MAX_FIELDS",
    "MAX_FORM",
    "RETRY_AFTER",
    "CheckpointAsked",
    "Endpoints",
    "Fresh",
    "Health",
    "ReceiptAsked",
    "Reply",
    "ToRecord",
    "choice_record",
    "record_site",
    "redirect",
    "signal_record",
    "status_message",
]
