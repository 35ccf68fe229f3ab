"""The site's own pages: `Endpoints`, and what it answers with."""

from consentkit.endpoints.records import choice_record, record_site, status_message
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
)
from consentkit.endpoints.routes import Endpoints

__all__ = [
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
    "status_message",
]
