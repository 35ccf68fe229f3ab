"""Which texts a policy had under which version, as far as the log has seen them.

A record names a version, and people take it that one version is one text. The hash in the record says which text it
was; here it is noticed when that is not so.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from datetime import date

from sqlalchemy import Connection, exc, insert, select

from consentkit.errors import LogUnavailable
from consentkit.log.store.place import Place, alone, engine, reason_of
from consentkit.log.store.schema import text_table

#: (policy, version) to the SHA-256 of its text.
Digests = Mapping[tuple[str, str], str]


def others(on: Connection, digests: Digests) -> dict[tuple[str, str], str]:
    """Those whose version stands for other texts only, each with the day on which the newest of these was first seen.

    A version that the log has not met has no other text.
    """
    found = {}
    for (name, version), digest in digests.items():
        known = on.execute(
            select(text_table.c.sha256, text_table.c.first_seen)
            .where(text_table.c.name == name, text_table.c.version == version)
            .order_by(text_table.c.first_seen)
        ).all()
        if known and digest not in {row.sha256 for row in known}:
            found[name, version] = str(known[-1].first_seen)
    return found


def learn(place: Place, digests: Digests, today: date) -> dict[tuple[str, str], str]:
    """Write down which texts are in use from now on, and answer as `others` did before. Raises LogUnavailable."""
    if not digests:
        return {}
    try:
        with alone(place), engine(place).begin() as on:
            changed = others(on, digests)
            for (name, version), digest in digests.items():
                row = {"name": name, "version": version, "sha256": digest}
                is_there = select(text_table.c.name).where(*(text_table.c[column] == row[column] for column in row))
                if on.execute(is_there).first() is None:
                    on.execute(insert(text_table).values(**row, first_seen=today.isoformat()))
            return changed
    except (sqlite3.Error, exc.DBAPIError, OSError) as problem:
        raise LogUnavailable(reason_of(problem)) from problem
