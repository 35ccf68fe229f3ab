"""The fields by which records are searched, counted and exported: from a form to a `Filter`, and back into links."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from consentkit.audit.asked import MAX_VALUE
from consentkit.log import filters
from consentkit.log.canonical import Json
from consentkit.log.filters import Filter, UnreadableFilter

#: The fields in their order on the page. Purpose and company have an answer beside them.
FIELDS = (
    "subject", "since", "until", "action", "purpose", "purpose_answer", "vendor", "vendor_answer", "policy", "notice",
    "language", "site",
)  # fmt: skip

ANSWERS = ("yes", "no")

#: Which sentence helps with a field that can't be read.
HELP = {"--since": "help.day", "--until": "help.day", "--notice": "help.notice", "--policy": "help.policy"}


@dataclass(frozen=True)
class Search:
    """`fields`: what stands in the form. `filter`: what they mean, None when one of them can't be read."""

    fields: Mapping[str, str]
    filter: Filter | None
    problem: UnreadableFilter | None = None

    @property
    def words(self) -> dict[str, Json]:
        """What was asked for, as exports and events name it."""
        return {name: word for name, word in _words(self.fields).items() if word is not None}


def read(given: Mapping[str, str]) -> Search:
    """The search in the fields of a query or a form."""
    fields = {name: given[name].strip()[:MAX_VALUE] for name in FIELDS if given.get(name, "").strip()}
    try:
        return Search(fields, filters.read(**_words(fields)))
    except UnreadableFilter as problem:
        return Search(fields, None, problem)


def _words(fields: Mapping[str, str]) -> dict[str, str | None]:
    words: dict[str, str | None] = {name: fields.get(name) for name in FIELDS if not name.endswith("_answer")}
    for name in ("purpose", "vendor"):
        answer = fields.get(f"{name}_answer")
        if words[name] is not None and answer in ANSWERS:
            words[name] = f"{words[name]}={answer}"
    return words
