"""The benchmarks run; what they print is read by people, and no figure is asserted."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from bench import fuzz_rewrite, log, log_kill, log_load, memory, overhead, rewrite, serve, upstream
from bench.sites import answering, page
from consentkit.log import keyring
from consentkit.log.store import audit
from consentkit.rewrite import Rules


def test_overhead_is_measured_against_its_neighbours(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """
    The middleware's own cost is printed beside the bare app and BaseHTTPMiddleware.
    """
    found = overhead.cases(tmp_path)

    overhead.report(asyncio.run(overhead.measure(found, rounds=1)))

    assert "BaseHTTPMiddleware" in capsys.readouterr().out


def test_the_rows_of_the_design_are_printed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """
    Each row stands there with its goal, or with the reason why it can't be measured.
    """
    (tmp_path / "page.html").write_bytes(page(100_000))
    pages = rewrite.pages_by_size(tmp_path)
    works = {
        name: work for name, work in rewrite.works().items() if name in (rewrite.FIND, rewrite.GZIP, rewrite.AGAIN)
    }
    works |= {rewrite.INSERT: works[rewrite.AGAIN], rewrite.FIRST: works[rewrite.AGAIN]}
    times = {size: rewrite.times_of(works, found, rounds=1) for size, found in pages.items() if found}

    rewrite.report_rows(times, [])

    said = capsys.readouterr().out
    assert all(row.name in said for row in rewrite.ROWS)
    assert "no page of that kind" in said


def test_a_page_is_cut_to_a_small_one() -> None:
    """
    A small page out of a large one keeps its head and its end.
    """
    small = rewrite.cut_to(10_000, page(100_000))

    assert 9_000 < len(small) < 11_000
    assert small.startswith(b"<!doctype html>")
    assert small.endswith(b"</html>")


def test_pages_without_late_edits_are_told_apart() -> None:
    """
    A pixel at the end makes a page one of the slow ones.
    """
    assert not rewrite.is_early(page(20_000))
    assert rewrite.is_early(page(20_000).replace(b"https://www.google-analytics.com", b""))


@pytest.mark.parametrize(
    ("got", "whole"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nab", True),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nab", False),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n", True),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n", False),
        (b"HTTP/1.1 200 OK\r\n", False),
    ],
    ids=["all", "short", "last chunk", "no last chunk", "head alone"],
)
def test_a_response_is_known_to_be_whole(got: bytes, whole: bool) -> None:
    """
    The client of the throughput benchmark knows where a response ends.
    """
    assert serve.is_whole(got) is whole


def test_memory_is_weighed_beyond_the_bare_app() -> None:
    """
    A case that runs the app as it is needs nothing more than itself.
    """
    case = memory.Case("as it is", 0, 2, answering(b"x" * 1000), memory.at_once)

    assert memory.traced(case, case.app) < 64 * memory.KIB


def test_a_test_that_passes_without_our_elements_is_no_regression() -> None:
    """
    What fails wrapped is a regression, unless it only compares whole bodies or is explained.
    """
    explained = next(iter(upstream.EXPLAINED))
    found = upstream.Comparison(
        bare={"a": "passed", "b": "passed", "c": "passed", "d": "failed", explained: "passed"},
        wrapped={"a": "passed", "b": "failed", "c": "failed", "d": "failed", explained: "failed"},
        without_ours={"b": "passed", "c": "failed", explained: "failed"},
    )

    assert found.passed_wrapped == ["a"]
    assert (found.whole_bodies, found.regressions, found.explained) == (["b"], ["c"], [explained])


@pytest.mark.parametrize("how", range(6))
def test_the_laws_of_the_fuzzer_hold_for_a_page(how: int) -> None:
    """
    The fuzzer's check takes any bytes, and finds nothing wrong with an ordinary page.
    """
    fuzz_rewrite.check(bytes([how, 7]) + page(1_500))
    fuzz_rewrite.check(b"")


def test_the_fuzzer_sees_a_broken_law(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    And says so when two ways give different bytes.
    """
    monkeypatch.setattr(fuzz_rewrite, "rewrite", lambda *_, **__: b"something else")

    with pytest.raises(fuzz_rewrite.BrokenLaw, match="differs"):
        fuzz_rewrite.check(b"\0\7<p>")


def test_hostile_input_is_a_megabyte() -> None:
    """
    Each hostile case has the size that its limit is for.
    """
    for pieces, _ in rewrite.hostile().values():
        assert 990_000 < sum(map(len, pieces)) <= 1_000_000
    assert rewrite.rewritten(Rules(), [b"<img "]).edits is not None


def test_the_log_is_measured_beside_its_neighbours(tmp_path: Path) -> None:
    """
    A row a commit by hand and by a session, and a log that is filled, are there to be compared.
    """
    by_hand = log._by_hand(f"sqlite:///{tmp_path / 'hand.db'}", 0.02)
    by_session = log._by_session(f"sqlite:///{tmp_path / 'session.db'}", 0.02)
    log._fill(tmp_path / "consent.db", 300)

    assert by_hand > 0
    assert by_session > 0
    found = audit(tmp_path / "consent.db", keyring.load(tmp_path / log_load.KEY))
    assert (found.size, found.unsigned, found.problems) == (300, 0, [])


def test_killed_writers_lose_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    One round of the benchmark that kills: what was acknowledged is there.
    """
    monkeypatch.setattr(log_kill, "PROCESSES", 1)

    assert log_kill.rounds("sqlite:///consent.db", tmp_path, 1, 0.2, None) == 0

    assert "acknowledged in 1 rounds, 0 lost" in capsys.readouterr().out
