"""Records for people: exports as JSON lines and CSV, and statistics.

Everything here turns values into values or lines of text. Exports take records one by one and keep none, so a
log of any length is exported in constant memory.
"""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from consentkit.log import canonical as jcs
from consentkit.log.canonical import Json
from consentkit.log.record import EXPORTED, Record, State, exported


@dataclass(frozen=True, kw_only=True)
class Status:
    """How a log stands. `size`: how many entries it ever took, which is the next index. `bytes`: of its file.
    `tree`: how many of them the tree holds. `folded`: how many at its beginning were folded away when they had
    expired. `checkpoint`: the newest one that was signed. `anchors`: of each that has a copy of one its name, how many
    entries it covers, and since when it is there."""

    place: str
    size: int
    bytes: int
    notices: int
    schema: int
    first: datetime | None
    last: datetime | None
    tree: int
    folded: int
    checkpoint: str | None
    anchors: tuple[tuple[str, int, datetime], ...] = ()


@dataclass(frozen=True, kw_only=True)
class Tally:
    """How many records of one day agree in everything but who made them.

    `policies`: (name, version, accepted); `purposes` and `vendors`: (name, answer).
    """

    day: date
    count: int
    state: str
    action: str
    language: str
    notice: str
    gpc: bool
    policies: tuple[tuple[str, str, bool], ...]
    purposes: tuple[tuple[str, bool], ...]
    vendors: tuple[tuple[str, bool], ...]


@dataclass(frozen=True, kw_only=True)
class Asked:
    """How often a notice was shown on one day in one language: a count, and nobody in it."""

    day: date
    language: str
    site: str
    count: int


# Exports


def jsonl(found: Iterable[Record]) -> Iterator[str]:
    """A line of JSON for each record, under the exported names and in their order."""
    for record in found:
        yield json.dumps(exported(record), ensure_ascii=False, separators=(",", ":")) + "\n"


def csv_lines(found: Iterable[Record]) -> Iterator[str]:
    """CSV by RFC 4180, the exported names as its header.

    Purposes, vendors and policies are a JSON object in their cell, so that no name or version can be misread.
    Yes and no are `true` and `false`, nothing is an empty cell, and every cell is `guarded`.
    """
    yield _row(EXPORTED)
    for record in found:
        named = exported(record)
        yield _row(guarded(_cell(named[name])) for name in EXPORTED)


def _row(cells: Iterable[str]) -> str:
    row = io.StringIO()
    csv.writer(row, lineterminator="\r\n").writerow(cells)
    return row.getvalue()


def _cell(value: Json) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    return jcs.encode(value).decode()


# Excel, LibreOffice and Google Sheets run a cell that begins so (OWASP, CSV injection); the full-width forms
# are the same to some of them.
_FORMULA = tuple("=+-@\t\r\n＝＋－＠")


def guarded(cell: str) -> str:
    """A cell that a spreadsheet takes for text, whatever is in it: an apostrophe goes in front of a formula.

    It also goes in front of an apostrophe, so that taking one off always gives back what was recorded.
    """
    risky = cell.startswith("'") or cell.startswith(_FORMULA) or cell.lstrip().startswith(_FORMULA)
    return "'" + cell if risky else cell


# Statistics


@dataclass(frozen=True, kw_only=True)
class Stats:
    """Counts of records. `policies`: under `name@version`, by "accepted" or "shown"; `purposes` and
    `vendors`: under their name, by "yes" or "no". `asked`: how often a notice was shown, by day."""

    records: int
    gpc: int
    states: Mapping[str, int]
    actions: Mapping[str, int]
    languages: Mapping[str, int]
    notices: Mapping[str, int]
    days: Mapping[date, Mapping[str, int]]
    policies: Mapping[str, Mapping[str, int]]
    purposes: Mapping[str, Mapping[str, int]]
    vendors: Mapping[str, Mapping[str, int]]
    asked: Mapping[date, int]

    @property
    def answered(self) -> int:
        """How many answered the question of a notice: not withdrawals, and not terms alone."""
        return sum(self.states.get(state, 0) for state in (State.GIVEN, State.PARTLY, State.REFUSED))

    @property
    def rates(self) -> Mapping[str, float]:
        """Shares between 0 and 1: accepted, partly accepted and refused, of those who answered; and those who
        answered, of the times it was asked. A share of nothing is left out."""
        shares = {
            "accept": (self.states.get(State.GIVEN, 0), self.answered),
            "partial": (self.states.get(State.PARTLY, 0), self.answered),
            "reject": (self.states.get(State.REFUSED, 0), self.answered),
            "answer": (self.answered, sum(self.asked.values())),
        }
        return {name: round(some / all_, 4) for name, (some, all_) in shares.items() if all_}


@dataclass
class _Counting:
    states: Counter[str] = field(default_factory=Counter)
    actions: Counter[str] = field(default_factory=Counter)
    languages: Counter[str] = field(default_factory=Counter)
    notices: Counter[str] = field(default_factory=Counter)
    days: dict[date, Counter[str]] = field(default_factory=dict)
    policies: dict[str, Counter[str]] = field(default_factory=dict)
    purposes: dict[str, Counter[str]] = field(default_factory=dict)
    vendors: dict[str, Counter[str]] = field(default_factory=dict)

    def add(self, tally: Tally) -> None:
        self.states[tally.state] += tally.count
        self.actions[tally.action] += tally.count
        self.languages[tally.language] += tally.count
        self.notices[tally.notice] += tally.count
        self.days.setdefault(tally.day, Counter())[tally.state] += tally.count
        for name, version, accepted in tally.policies:
            answers = self.policies.setdefault(f"{name}@{version}", Counter())
            answers["accepted" if accepted else "shown"] += tally.count
        for answered, counters in ((tally.purposes, self.purposes), (tally.vendors, self.vendors)):
            for name, answer in answered:
                counters.setdefault(name, Counter())["yes" if answer else "no"] += tally.count


def stats(tallies: Iterable[Tally], asked: Iterable[Asked] = ()) -> Stats:
    """Statistics over the tallies and counters of a log."""
    counting = _Counting()
    gpc = 0
    for tally in tallies:
        counting.add(tally)
        gpc += tally.count * tally.gpc
    shown: Counter[date] = Counter()
    for each in asked:
        shown[each.day] += each.count
    return Stats(records=counting.states.total(), gpc=gpc, asked=shown, **vars(counting))


def figures(stats: Stats) -> Iterator[Mapping[str, Json | float]]:
    """Every figure as a row of its own: `by` what is counted, its `value`, the `answer` where there is
    one."""
    yield {"by": "all", "count": stats.records}
    for name, share in stats.rates.items():
        yield {"by": "rate", "value": name, "share": share}
    if stats.asked:
        yield {"by": "asked", "count": sum(stats.asked.values())}
    if stats.gpc:
        yield {"by": "gpc", "count": stats.gpc}
    plain = {
        "state": stats.states,
        "action": stats.actions,
        "language": stats.languages,
        "notice": stats.notices,
    }
    for by, counts in plain.items():
        for value, count in sorted(counts.items(), key=lambda item: (-item[1], item[0])):
            yield {"by": by, "value": value, "count": count}
    answered = {"policy": stats.policies, "purpose": stats.purposes, "vendor": stats.vendors}
    for by, answers in answered.items():
        for value, counts in sorted(answers.items()):
            for answer, count in sorted(counts.items()):
                yield {"by": by, "value": value, "answer": answer, "count": count}
    for day in sorted(set(stats.days) | set(stats.asked)):
        if day in stats.asked:
            yield {"by": "day", "value": day.isoformat(), "answer": "asked", "count": stats.asked[day]}
        for state, count in sorted(stats.days.get(day, {}).items()):
            yield {"by": "day", "value": day.isoformat(), "answer": state, "count": count}
