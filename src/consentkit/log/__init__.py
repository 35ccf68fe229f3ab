"""The consent log: what was asked, of whom, when, and what was answered; append-only and durable.

A choice becomes a `Record` (record.py), which points by hash to a `Notice` (notice.py), the snapshot of what
that person saw. Both are values, and so is their one canonical form in bytes (canonical.py). `Log`
(writer.py) is what the middleware holds: it takes records from any number of requests, commits everything
that waits in one transaction, and answers only when the disk has it. The store (store.py) is the only file
that speaks SQL, and the only importer of sqlalchemy, so it is imported when a log is opened and not before.
Reading goes the other way: a `Filter` (filters.py) names records, `reports.py` turns them into exports and
statistics.
"""
