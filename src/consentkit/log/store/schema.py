"""The tables.

They are ready for what is still to come, so that only additions are needed: a Merkle tree over `leaf_hash`,
signed checkpoints, erasure (which empties columns of an entry and keeps its hash), entries of other kinds.
"""

from __future__ import annotations

import sqlite3
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    select,
)

#: Grows with every change of the schema.
SCHEMA = 1

#: The oldest SCHEMA whose code can still read and write what this one writes.
SCHEMA_NEEDED = 1

# STRICT came with SQLite 3.37 (2021-11-27); without it a column holds whatever it is given.
STRICT: dict[str, Any] = {"sqlite_strict": sqlite3.sqlite_version_info >= (3, 37)}
STRICT_WITHOUT_ROWID: dict[str, Any] = {**STRICT, "sqlite_with_rowid": False}

# An alias of SQLite's rowid must be spelt INTEGER, which is 64 bits there.
Big = BigInteger().with_variant(Integer, "sqlite")

metadata = MetaData()

#: One row: which schema this is, and which code is too old for it.
schema_table = Table(
    "ckit_schema",
    metadata,
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("needed", Integer, nullable=False),
    **STRICT,
)

#: One row: how many entries there ever were, which is the index of the next.
head = Table(
    "ckit_head",
    metadata,
    Column("one", Integer, primary_key=True, autoincrement=False),
    Column("size", Big, nullable=False),
    **STRICT,
)

notice_table = Table(
    "ckit_notice",
    metadata,
    Column("sha256", Text, primary_key=True),
    Column("payload", LargeBinary, nullable=False),
    Column("first_served", Text, nullable=False),
    # A page may lie open for long; a notice counts for 400 days after it was served last.
    Column("last_served", Text, nullable=False),
    **STRICT,
)

#: What entries have in common (see above). Patterns are never deleted: every process remembers their numbers.
pattern = Table(
    "ckit_pattern",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("sha256", LargeBinary, nullable=False, unique=True),
    Column("state", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("method", Text, nullable=False),
    Column("layer", Text, nullable=False),
    Column("notice", Text, ForeignKey(notice_table.c.sha256)),
    Column("language", Text, nullable=False),
    Column("regime", Text, nullable=False),
    Column("site", Text, nullable=False),
    Column("gpc", Integer, nullable=False),
    Column("device", Text, nullable=False),
    **STRICT,
)

#: The answers of a pattern. `part`: "purpose", "vendor" or "policy"; `version`: of a policy, else "".
part = Table(
    "ckit_pattern_part",
    metadata,
    Column("part", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("version", Text, primary_key=True),
    Column("pattern", Integer, ForeignKey(pattern.c.number), primary_key=True),
    Column("answer", Integer, nullable=False),
    Index("ckit_pattern_part_pattern", "pattern"),
    **STRICT_WITHOUT_ROWID,
)

#: The log itself. Erasing will empty payload, subject, pattern, once and expires, and keep index and hash.
entry = Table(
    "ckit_entry",
    metadata,
    Column("idx", Big, primary_key=True, autoincrement=False),
    Column("kind", Text, nullable=False),
    Column("id", Text, nullable=False, unique=True),
    Column("time", Big, nullable=False),  # seconds since 1970
    Column("subject", Text),
    Column("pattern", Integer, ForeignKey(pattern.c.number)),
    Column("expires", Text),  # a day
    Column("once", Text),
    Column("payload", LargeBinary),
    Column("leaf_hash", LargeBinary, nullable=False),
    **STRICT,
)
Index("ckit_entry_time", entry.c.time)
# With the time in it, counting patterns by day and finding by pattern and time never touch the entries.
Index("ckit_entry_pattern", entry.c.pattern, entry.c.time)
Index("ckit_entry_subject", entry.c.subject, sqlite_where=entry.c.subject.is_not(None))
Index("ckit_entry_once", entry.c.once, unique=True, sqlite_where=entry.c.once.is_not(None))

#: How often a notice was shown. A counter, never a row per visitor.
asked_table = Table(
    "ckit_asked",
    metadata,
    Column("day", Text, primary_key=True),
    Column("language", Text, primary_key=True),
    Column("site", Text, primary_key=True),
    Column("count", Big, nullable=False),
    **STRICT_WITHOUT_ROWID,
)

CHOICE = "choice"

#: The question for the index of the next entry.
SIZE = select(head.c.size)
