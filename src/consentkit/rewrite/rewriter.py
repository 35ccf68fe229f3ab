"""Interim: passes everything."""

from __future__ import annotations

from collections import Counter

from consentkit.rewrite.page import Inserting, Insertions, Page
from consentkit.rewrite.rules import Rules


class Rewriter:
    def __init__(
        self,
        rules: Rules,
        insertions: Insertions,
        inserting: Inserting = Inserting.ALWAYS,
        *,
        host: str = "",
        record: bool = False,
    ) -> None:
        self.held: Counter[tuple[str, str | None, str]] = Counter()
        self.page = Page()
        self.edits: list[tuple[int, bytes, int]] = []

    def feed(self, data: bytes) -> bytes:
        return data

    def close(self) -> bytes:
        return b""
