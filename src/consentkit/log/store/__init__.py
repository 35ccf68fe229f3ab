"""The consent log in a database: the only package that speaks SQL and the only importer of sqlalchemy.

Two rules carry everything else:

- An entry's index is fixed in the transaction that inserts it, from the one row of `ckit_head`. Indices are
  therefore contiguous, a rolled-back transaction leaves no gap, and order of index is order of commit. (A
  database sequence would break all three, and a Merkle tree over the entries with them.)
- The payload is the truth; every other column exists to find it, and can be made again from it.

What is searched by stands in three places. Who, when and which are columns of the entry. Everything else
(state, action, notice, language, site, every answer to a purpose, vendor or policy) is a *pattern*: one row
that all entries share which agree in it. Visitors answer alike, so a million entries have some hundred
patterns: an insert writes one small number instead of a dozen rows, a search by vendor is a search by
pattern, and statistics count patterns. It needs no JSON functions, which no two databases spell alike.

SQLite is opened so that an acknowledged record survives the power going off: write-ahead log,
synchronous=FULL. Writers of several processes queue on `<database>.lock`, because SQLite's own waiting is
unfair: it sleeps longer and longer, and with four writers some waited over a second.
"""

from __future__ import annotations

from consentkit.log.store.anchors import Due, anchored, claim, failed
from consentkit.log.store.appender import Appender
from consentkit.log.store.auditor import Audit, audit
from consentkit.log.store.integrator import TreeBroken, WentBack
from consentkit.log.store.officer import Done, NotDone, Officer
from consentkit.log.store.place import Place, Server, alone, check, locate, prepare, version_of
from consentkit.log.store.reader import Reader
from consentkit.log.store.texts import learn

__all__ = [
    "Appender", "Audit", "Done", "Due", "NotDone", "Officer", "Place", "Reader", "Server", "TreeBroken", "WentBack",
    "alone", "anchored", "audit", "check", "claim", "failed", "learn", "locate", "prepare", "version_of",
]  # fmt: skip
