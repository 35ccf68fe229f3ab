from __future__ import annotations

import csv
import io
import json
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consentkit.log.record import EXPORTED, Record, exported
from consentkit.log.reports import Asked, Tally, csv_lines, figures, guarded, jsonl, stats
from tests.log.samples import record, records, words


@given(st.lists(records(), max_size=4))
def test_json_lines_hold_every_exported_name(made: list[Record]) -> None:
    """
    Each record is one line of JSON that reads back as its exported values.
    """
    lines = "".join(jsonl(made)).split("\n")

    assert lines.pop() == ""
    assert [json.loads(line) for line in lines] == [exported(each) for each in made]


@given(st.lists(records(), max_size=4))
def test_csv_holds_every_exported_name(made: list[Record]) -> None:
    """
    The CSV has the exported names as its header, and taking off the apostrophes gives back what was recorded.
    """
    header, *rows = csv.reader(io.StringIO("".join(csv_lines(made)), newline=""))

    assert tuple(header) == EXPORTED
    for row, each in zip(rows, made, strict=True):
        read = {name: cell.removeprefix("'") for name, cell in zip(header, row, strict=True)}
        assert read["language"] == each.language
        assert read["subject"] == (each.subject or "")
        assert json.loads(read["purposes"]) == each.purposes
        assert json.loads(read["policies"]) == exported(each)["policies"]
        assert json.loads(read["gpc"]) is each.gpc


def test_a_csv_row_is_pinned() -> None:
    """
    This is what a row looks like.
    """
    made = record(id="019ab5c4-3a00-7abc-8def-0123456789ab", policies={}, index=7)

    assert list(csv_lines([made]))[1] == (
        "019ab5c4-3a00-7abc-8def-0123456789ab,2026-11-24T12:00:00Z,subject-1,given,accept_all,form,banner,"
        '"{""analytics"":true,""media"":true}","{""google-analytics"":true,""youtube"":true}",{},'
        "unknown,en,opt-in,Drina Courier,false,2027-05-23,desktop,,7\r\n"
    )


@pytest.mark.parametrize(
    "cell", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "  =1+1", "＝1", "'=1"], ids=repr
)
def test_a_formula_is_made_text(cell: str) -> None:
    """
    A cell that a spreadsheet would run gets an apostrophe in front.
    """
    assert guarded(cell) == "'" + cell


@given(words | st.text("=+-@' \t\r\n＝x", max_size=4))
def test_guarding_can_be_undone_and_leaves_no_formula(cell: str) -> None:
    """
    No guarded cell begins a formula, and one apostrophe less is what was recorded.
    """
    assert guarded(cell).removeprefix("'") == cell
    assert not guarded(cell).lstrip().startswith(("=", "+", "-", "@"))


def tally(count: int, state: str, **changes: object) -> Tally:
    fields: dict[str, object] = {
        "day": date(2026, 11, 24),
        "action": "save",
        "language": "en",
        "notice": "unknown",
        "gpc": False,
        "policies": (),
        "purposes": (),
        "vendors": (),
        **changes,
    }
    return Tally(count=count, state=state, **fields)  # type: ignore[arg-type]


def test_rates_are_shares_of_those_who_answered() -> None:
    """
    Withdrawals and accepted terms are counted, but are no answers to the notice's question.
    """
    made = stats(
        [tally(6, "given"), tally(1, "partly"), tally(3, "refused"), tally(2, "withdrawn"), tally(5, "accepted")],
        [Asked(day=date(2026, 11, 24), language="en", site="", count=40)],
    )

    assert made.records == 17
    assert made.answered == 10
    assert made.rates == {"accept": 0.6, "partial": 0.1, "reject": 0.3, "answer": 0.25}


def test_nothing_has_no_rates() -> None:
    """
    An empty log has a count of zero and no shares.
    """
    assert stats([]).rates == {}
    assert list(figures(stats([]))) == [{"by": "all", "count": 0}]


def test_every_figure_is_a_row() -> None:
    """
    Statistics come as rows that say what they count, its value, and the answer where there is one.
    """
    given = tally(
        2,
        "given",
        gpc=True,
        purposes=(("media", True),),
        vendors=(("youtube", True),),
        policies=(("terms", "2", True),),
    )
    refused = tally(1, "refused", language="de", day=date(2026, 11, 25), purposes=(("media", False),))
    asked = [Asked(day=date(2026, 11, 25), language="de", site="", count=4)]

    assert list(figures(stats([given, refused], asked))) == [
        {"by": "all", "count": 3},
        {"by": "rate", "value": "accept", "share": 0.6667},
        {"by": "rate", "value": "partial", "share": 0.0},
        {"by": "rate", "value": "reject", "share": 0.3333},
        {"by": "rate", "value": "answer", "share": 0.75},
        {"by": "asked", "count": 4},
        {"by": "gpc", "count": 2},
        {"by": "state", "value": "given", "count": 2},
        {"by": "state", "value": "refused", "count": 1},
        {"by": "action", "value": "save", "count": 3},
        {"by": "language", "value": "en", "count": 2},
        {"by": "language", "value": "de", "count": 1},
        {"by": "notice", "value": "unknown", "count": 3},
        {"by": "policy", "value": "terms@2", "answer": "accepted", "count": 2},
        {"by": "purpose", "value": "media", "answer": "no", "count": 1},
        {"by": "purpose", "value": "media", "answer": "yes", "count": 2},
        {"by": "vendor", "value": "youtube", "answer": "yes", "count": 2},
        {"by": "day", "value": "2026-11-24", "answer": "given", "count": 2},
        {"by": "day", "value": "2026-11-25", "answer": "asked", "count": 4},
        {"by": "day", "value": "2026-11-25", "answer": "refused", "count": 1},
    ]
