"""The tables, and how a store of an older version becomes one of this.

Every change so far is an addition, and has to stay one: while two hosts are upgraded one after the other, the
version before still reads and writes what this one writes. So a migration is a list of tables to make and rows to
put in, and one row says how far a store is. (Alembic would bring scripts in a folder, a second table of versions
and a template engine, for branches and downgrades that an append-only log must not have; see docs/why.md.)
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    insert,
    select,
)

#: Grows with every change of the schema.
SCHEMA = 3

#: The oldest SCHEMA whose code can still read and write what this one writes.
SCHEMA_NEEDED = 1

# STRICT came with SQLite 3.37 (2021-11-27); without it a column holds whatever it is given.
STRICT: dict[str, Any] = {"sqlite_strict": sqlite3.sqlite_version_info >= (3, 37)}
STRICT_WITHOUT_ROWID: dict[str, Any] = {**STRICT, "sqlite_with_rowid": False}

# An alias of SQLite's rowid must be spelt INTEGER, which is 64 bits there.
Big = BigInteger().with_variant(Integer, "sqlite")

metadata = MetaData()


def _one_row() -> tuple[Column[int], Column[int]]:
    """The key of a table that has one row, and the size that it is about."""
    return Column("one", Integer, primary_key=True, autoincrement=False), Column("size", Big, nullable=False)


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
    *_one_row(),
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

#: The log itself. Erasing empties payload, subject, pattern, once and expires, and keeps index and hash.
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
_HAS_SUBJECT, _HAS_ONCE = entry.c.subject.is_not(None), entry.c.once.is_not(None)
Index("ckit_entry_subject", entry.c.subject, sqlite_where=_HAS_SUBJECT, postgresql_where=_HAS_SUBJECT)
Index("ckit_entry_once", entry.c.once, unique=True, sqlite_where=_HAS_ONCE, postgresql_where=_HAS_ONCE)

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

# Since schema 2

#: One row: how many entries the tree has taken in, how many at its beginning were folded away, and how often the log
#: had to begin anew because its database went back in time.
tree_table = Table(
    "ckit_tree",
    metadata,
    *_one_row(),
    Column("folded", Big, nullable=False),
    Column("generation", Integer, nullable=False),
    **STRICT,
)

#: The nodes of the tree, 256 beside each other (see tree.py). Level 0 holds leaf hashes a second time: what was
#: changed in one of the two places is named by the other.
tile_table = Table(
    "ckit_tile",
    metadata,
    Column("level", Integer, primary_key=True, autoincrement=False),
    Column("number", Big, primary_key=True, autoincrement=False),
    Column("hashes", LargeBinary, nullable=False),
    **STRICT,
)

#: What was signed: of each day the last, and the newest of all.
checkpoint_table = Table(
    "ckit_checkpoint",
    metadata,
    Column("generation", Integer, primary_key=True, autoincrement=False),
    Column("size", Big, primary_key=True, autoincrement=False),
    Column("day", Text, nullable=False),
    Column("note", Text, nullable=False),
    **STRICT,
)

#: What must not be erased: "subject:…", or "index:…" of one entry.
hold_table = Table(
    "ckit_hold",
    metadata,
    Column("target", Text, primary_key=True),
    Column("since", Big, nullable=False),  # seconds since 1970
    **STRICT,
)

# Since schema 3

#: Which text a version of a policy stood for, and since when. Two rows of one version: it was changed silently.
text_table = Table(
    "ckit_policy_text",
    metadata,
    Column("name", Text, primary_key=True),
    Column("version", Text, primary_key=True),
    Column("sha256", Text, primary_key=True),
    Column("first_seen", Text, nullable=False),  # a day
    **STRICT_WITHOUT_ROWID,
)

#: Where copies of checkpoints go: when somebody last went there, and what is there since when (seconds since 1970).
anchor_table = Table(
    "ckit_anchor",
    metadata,
    Column("name", Text, primary_key=True),
    Column("tried", Big, nullable=False),
    Column("generation", Integer, nullable=False),
    Column("size", Big, nullable=False),
    Column("left", Big, nullable=False),
    **STRICT_WITHOUT_ROWID,
)

#: Time stamps by RFC 3161 over checkpoints: of each authority and day the last.
stamp_table = Table(
    "ckit_stamp",
    metadata,
    Column("name", Text, primary_key=True),
    Column("day", Text, primary_key=True),
    Column("generation", Integer, nullable=False),
    Column("size", Big, nullable=False),
    Column("note", Text, nullable=False),
    Column("token", LargeBinary, nullable=False),
    **STRICT,
)

#: Which tables came with which schema.
ADDED: dict[int, Sequence[Table]] = {
    2: (tree_table, tile_table, checkpoint_table, hold_table),
    3: (text_table, anchor_table, stamp_table),
}

CHOICE = "choice"

#: The question for the index of the next entry.
SIZE = select(head.c.size)


def create(on: Connection) -> None:
    """All tables, and their first rows."""
    metadata.create_all(on, checkfirst=False)
    on.execute(insert(schema_table).values(version=SCHEMA, needed=SCHEMA_NEEDED))
    on.execute(insert(head).values(one=1, size=0))
    _plant(on)


def migrate(on: Connection, version: int) -> None:
    """Add to a store of `version` what came since. Nothing that is there is touched."""
    for schema in range(version + 1, SCHEMA + 1):
        metadata.create_all(on, tables=ADDED[schema], checkfirst=True)
    if version < 2:
        _plant(on)
    on.execute(schema_table.update().values(version=SCHEMA, needed=SCHEMA_NEEDED))


def _plant(on: Connection) -> None:
    # The tree of an older log grows from its first entry, a stretch at a time, like any other.
    on.execute(insert(tree_table).values(one=1, size=0, folded=0, generation=1))
