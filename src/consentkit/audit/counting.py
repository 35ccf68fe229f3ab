"""Statistics: counts with nobody in them, each as a plot and as the table of the same numbers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from consentkit.audit import plots, search
from consentkit.audit.desk import Desk
from consentkit.audit.looking import form_values, problem_of
from consentkit.audit.reply import Reply
from consentkit.audit.words import Words
from consentkit.log import reports
from consentkit.log.event import Places
from consentkit.log.record import State
from consentkit.log.reports import Stats

#: More days than this are counted by month.
MAX_DAYS = 62

#: How many days are counted when nobody says.
LATELY_DAYS = 30

#: A plot has at most so many bars, a table so many rows; `consentkit log stats` has no end.
MAX_BARS = 15
MAX_ROWS = 100

#: The states in the order in which they stand on each other.
STATES = (State.GIVEN, State.PARTLY, State.REFUSED, State.WITHDRAWN, State.ACCEPTED)


@dataclass(frozen=True)
class Table:
    """One set of counts. `columns`: what is counted, `rows`: a name and a count for each column. `plot`: a data URL."""

    id: str
    title: str
    head: str
    columns: Sequence[str]
    rows: Sequence[tuple[str, Sequence[int]]]
    plot: str = ""


def stats(desk: Desk) -> Reply:
    """Counts of all records, or of those that a search matches."""
    asked = search.read(desk.asked.query if desk.asked.query else _lately(desk.asked.now))
    tables: list[Table] = []
    figures: list[tuple[str, str]] = []
    if asked.filter is not None:
        counted = reports.stats(desk.reader.tallies(asked.filter), desk.reader.asked(asked.filter))
        desk.looked("stats", Places(), asked.words)
        tables, figures = list(_tables(desk.words, counted)), _figures(desk.words, counted)
    return desk.page(
        "stats.html",
        desk.words.text("stats.title"),
        problem=problem_of(desk, asked),
        figures=figures,
        tables=tables,
        command="" if plots.is_there() else plots.COMMAND,
        **form_values(desk, asked),
    )


def _lately(now: datetime) -> Mapping[str, str]:
    """What is counted when nobody says: some weeks, for which a log of any size has the answer at once."""
    return {"since": (now.astimezone(UTC).date() - timedelta(days=LATELY_DAYS)).isoformat()}


def _figures(words: Words, counted: Stats) -> list[tuple[str, str]]:
    figures = [("stats.records", words.number(counted.records))]
    # A log that took records from elsewhere has more answers than questions; a share of that says nothing.
    figures += [(f"stats.share.{name}", words.share(share)) for name, share in counted.rates.items() if share <= 1]
    if counted.asked:
        figures.append(("stats.asked", words.number(sum(counted.asked.values()))))
    if counted.gpc:
        figures.append(("stats.gpc", words.number(counted.gpc)))
    return [(str(words.text(name)), value) for name, value in figures]


def _tables(words: Words, counted: Stats) -> list[Table]:
    yes_no, seen = {"yes": "yes", "no": "no"}, {"accepted": "stats.accepted", "shown": "stats.shown"}
    count = {"count": "stats.count"}
    made = [
        _over_time(words, counted.days),
        _answers(words, "purposes", "field.purpose", counted.purposes, yes_no),
        _answers(words, "vendors", "field.vendor", counted.vendors, yes_no),
        _answers(words, "policies", "field.policy", counted.policies, seen),
        _answers(words, "languages", "field.language", _alone(counted.languages), count),
        _answers(words, "notices", "field.notice", _alone(counted.notices), count, cut=16),
    ]
    return [table for table in made if table.rows]


def _alone(counts: Mapping[str, int]) -> Mapping[str, Mapping[str, int]]:
    most = sorted(counts.items(), key=lambda each: (-each[1], each[0]))
    return {name: {"count": count} for name, count in most}


def _over_time(words: Words, days: Mapping[date, Mapping[str, int]]) -> Table:
    span = (max(days) - min(days)).days if days else 0
    by_day = span <= MAX_DAYS
    periods: dict[str, Counter[str]] = {}
    for day in sorted(days):
        periods.setdefault(day.isoformat() if by_day else day.isoformat()[:7], Counter()).update(days[day])
    states = [state for state in STATES if any(counts[state] for counts in periods.values())]
    names = [str(words.text(f"state.{state}")) for state in states]
    rows = [(period, [counts[state] for state in states]) for period, counts in periods.items()]
    title = str(words.text("stats.days" if by_day else "stats.months"))
    short = [(period[5:] if by_day else period, counts) for period, counts in rows]
    return Table("time", title, str(words.text("field.time")), names, rows, _plot("stacked", names, short))


def _answers(
    words: Words, id: str, head: str, counted: Mapping[str, Mapping[str, int]], answers: Mapping[str, str],
    *, cut: int | None = None,
) -> Table:  # fmt: skip
    names = [str(words.text(text)) for text in answers.values()]
    rows = [(name[:cut], [counts.get(answer, 0) for answer in answers]) for name, counts in counted.items()]
    title, rows = str(words.text(f"stats.{id}")), rows[:MAX_ROWS]
    return Table(id, title, str(words.text(head)), names, rows, _plot("bars", names, rows[:MAX_BARS]))


def _plot(kind: str, names: Sequence[str], rows: Sequence[tuple[str, Sequence[int]]]) -> str:
    if not rows or not plots.is_there():
        return ""
    series = tuple((name, tuple(counts[column] for _, counts in rows)) for column, name in enumerate(names))
    return plots.cached(kind, tuple(name for name, _ in rows), series)
