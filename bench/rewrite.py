"""What rewriting costs: `python -m bench.rewrite FOLDER_OF_PAGES [--rounds 15]`.

Everything is timed in one process and interleaved, in processor time, so that a noisy machine is noisy for all; read
the ratios. Pages are taken from the folder as they are (*.html); nothing is downloaded. Peers that are not installed
are left out (`pip install 'consentkit[bench]'`).

First come the rows of the design, each with what it may cost; then our work beside that of others, page size by page
size; then hostile input, which has to stay linear.
"""

from __future__ import annotations

import argparse
import gzip
import statistics
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))  # as a file it runs like `python -m bench.rewrite`

from bench import peers
from bench.sites import page as small_page
from consentkit.registry import Holder
from consentkit.rewrite import Held, Inserting, Judge, Page, Rewriter, Rules
from consentkit.vocabulary import Holding

SIZES = {"10 KB": (5_000, 20_000), "100 KB": (85_000, 125_000), "1 MB": (500_000, 3_000_000)}
MOST_PAGES = 18  # of a size; more would only take longer

EARLY, LATE, BODY = b"", b"<style>" + b"a{}" * 800 + b"</style>", b"<ckit-ui>" + b"x" * 1500 + b"</ckit-ui>"
HOST = "courier.example"

Work = Callable[[bytes], object]

FIND, GZIP = "bytes.find(</body>)", "gzip -6"
INSERT, FIRST, AGAIN = "insert", "insert and hold, first time", "insert and hold, tags seen"


@dataclass(frozen=True)
class Row:
    """A row of design 11. `find`, `packed`: at most so many times `bytes.find`, and of gzip -6; None: not said."""

    name: str
    size: str
    work: str
    find: float | None
    packed: float | None
    #: Only pages on which nothing is held, or all of it in the first 15 %.
    early: bool = False
    #: µs on a quiet core, for sizes whose ratio is not said.
    microseconds: float | None = None


ROWS = [
    Row("insert only, 100 KB page", "100 KB", INSERT, 2, 0.06),
    Row("hold back, 100 KB, tags seen", "100 KB", AGAIN, 21, 0.65),
    Row("hold back, 100 KB, first pages after start", "100 KB", FIRST, 30, 0.85),
    Row("hold back, 100 KB, nothing held or all early", "100 KB", AGAIN, 12, None, early=True),
    Row("hold back, 10 KB page", "10 KB", AGAIN, None, None, microseconds=150),
    Row("hold back, 1 KB page", "1 KB", AGAIN, None, None, microseconds=45),
]


class Parts:
    """Insertions of the size that a first visit gets."""

    def early(self, page: Page) -> bytes:
        return EARLY

    def late(self, page: Page) -> bytes:
        return LATE

    def body(self, page: Page) -> bytes:
        return BODY

    def stubs(self, held: Held, page: Page) -> bytes:
        return b""

    def placeholder(self, held: Held, element: str, page: Page, attributes: Mapping[str, str]) -> bytes:
        return b""

    def slot(self, name: str, page: Page) -> bytes:
        return b""


def judge() -> Judge:
    """As a site has it that declared nothing yet: every known third party is held."""
    return Holder(purposes=[], holding=Holding.KNOWN, make=Held).for_visitor([HOST], frozenset())


def rewritten(rules: Rules, pieces: Sequence[bytes]) -> Rewriter:
    rewriter = Rewriter(rules, Parts(), Inserting.ALWAYS, host=HOST, record=True)
    for piece in pieces:
        rewriter.feed(piece)
    rewriter.close()
    return rewriter


def works() -> dict[str, Work]:
    """Name -> what is done with a page. The first is the neighbour of every ratio."""
    held = judge()
    inserting, seen = Rules(), Rules(held)

    def rewrite(rules: Rules, page: bytes) -> bytes:
        rewriter = Rewriter(rules, Parts(), Inserting.ALWAYS, host=HOST)
        return rewriter.last(page)

    return {
        FIND: lambda page: page.find(b"</body>"),
        "gzip -1": lambda page: gzip.compress(page, 1),
        GZIP: lambda page: gzip.compress(page, 6),
        INSERT: lambda page: rewrite(inserting, page),
        FIRST: lambda page: rewrite(Rules(held), page),
        AGAIN: lambda page: rewrite(seen, page),
        **peers.found(held, late=LATE, body=BODY),
    }


def is_early(page: bytes) -> bool:
    """Whether nothing is held on it, or all of it in the first 15 %."""
    with_, without = rewritten(Rules(judge()), [page]).edits, rewritten(Rules(), [page]).edits
    inserted = {(at, bytes_) for at, bytes_, _ in without}
    held = [at for at, bytes_, _ in with_ if (at, bytes_) not in inserted]
    return not held or max(held) < 0.15 * len(page)


def cut_to(size: int, page: bytes) -> bytes:
    """A small page out of a large one: the end of its head, a slice of its body, and its end."""
    head = page.lower().find(b"<body")
    start = max(0, head - size // 4)
    first = page[page.find(b"<", start) : head] if head > 0 else b""
    return b"<!doctype html><html><head>" + first + page[head : head + size - len(first) - 300] + page[-300:]


def pages_by_size(folder: Path) -> dict[str, list[bytes]]:
    bodies = [path.read_bytes() for path in sorted(folder.glob("*.html"))]
    found = {
        size: [body for body in bodies if least <= len(body) <= most][:MOST_PAGES]
        for size, (least, most) in SIZES.items()
    }
    if not found["10 KB"]:  # saved pages are rarely that small
        found["10 KB"] = [cut_to(10_000, body) for body in found["100 KB"][:6]]
    return {"1 KB": [small_page(1_000)], **found}


def times_of(works: Mapping[str, Work], pages: Sequence[bytes], rounds: int) -> dict[str, list[float]]:
    """Median seconds of each work on each page, interleaved."""
    taken: dict[str, list[list[float]]] = {name: [[] for _ in pages] for name in works}
    for number in range(rounds):
        for name, work in works.items():
            if name in peers.SLOW and number >= peers.SLOW_ROUNDS:
                continue
            for place, page in enumerate(pages):
                times = max(1, 20_000 // len(page))
                start = time.process_time()
                for _ in range(times):
                    work(page)
                taken[name][place].append((time.process_time() - start) / times)
    return {name: [statistics.median(each) for each in rows] for name, rows in taken.items()}


def report_rows(times: Mapping[str, Mapping[str, list[float]]], early: Sequence[int]) -> None:
    print(f"{'design 11':46} {'µs':>6} {'x find':>7} {'at most':>7} {'of gzip':>7} {'at most':>7}")
    for row in ROWS:
        found = times.get(row.size)
        chosen = early if row.early else range(len(found[FIND])) if found else ()
        if not found or not chosen:
            print(f"{row.name:46} no page of that kind in the folder")
            continue
        ours, find, packed = (
            statistics.median(found[name][place] for place in chosen) for name in (row.work, FIND, GZIP)
        )
        goals = [f"{row.find:7.0f}" if row.find else f"{'':7}", f"{row.packed:7.0%}" if row.packed else f"{'':7}"]
        quiet = f"   (at most {row.microseconds:.0f} µs on a quiet core)" if row.microseconds else ""
        print(f"{row.name:46} {ours * 1e6:6.0f} {ours / find:7.1f} {goals[0]} {ours / packed:7.0%} {goals[1]}{quiet}")


def report_size(size: str, pages: Sequence[bytes], found: Mapping[str, list[float]]) -> None:
    print(f"\n{size}: {len(pages)} pages, {sum(map(len, pages)) / len(pages) / 1000:.0f} KB each on average")
    print(f"{'':34} {'median µs':>10} {'x find':>8} {'of gzip -6':>11}")
    find, packed = (statistics.median(found[name]) for name in (FIND, GZIP))
    for name, taken in found.items():
        ours = statistics.median(taken)
        print(f"{name:34} {ours * 1e6:10.0f} {ours / find:8.1f} {ours / packed:10.0%}")


def hostile() -> dict[str, tuple[list[bytes], float]]:
    """Name -> pieces of about 1 MB, and the seconds that they may take."""
    texts = {
        "quotes that never close": b"<a b='\" c=",
        "starts of tags": b"<img ",
        "starts of comments": b"<!-- - ",
        "starts of scripts": b"<script><!--<script ",
        "SVG in SVG": b"<svg><desc>",
        "ends of tags": b"</p </b ",
    }
    cases: dict[str, tuple[list[bytes], float]] = {"<img  x 200,000 in one message": ([b"<img " * 200_000], 0.3)}
    for name, text in texts.items():
        whole = text * (1_000_000 // len(text))
        for size in (1, 64, 4096):
            pieces = [whole[at : at + size] for at in range(0, len(whole), size)]
            cases[f"1 MB of {name}, {size}-byte chunks"] = (pieces, 1.5)
    return cases


def report_hostile() -> None:
    print(f"\n{'hostile input':50} {'seconds':>8} {'at most':>8} {'of that for half as much':>25}")
    rules = Rules(judge())
    for name, (pieces, most) in hostile().items():
        half, whole = (min(_timed(rules, pieces[:count]) for _ in range(2)) for count in _halves(pieces))
        linear = f"{whole / half:24.1f}x" if len(pieces) > 1 else ""
        print(f"{name:50} {whole:8.2f} {most:8.1f} {linear}")


def _halves(pieces: Sequence[bytes]) -> tuple[int, int]:
    return (max(1, len(pieces) // 2), len(pieces))


def _timed(rules: Rules, pieces: Sequence[bytes]) -> float:
    start = time.process_time()
    rewritten(rules, pieces)
    return time.process_time() - start


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--rounds", type=int, default=15)
    arguments = parser.parse_args(argv)
    pages = pages_by_size(arguments.folder)
    times = {size: times_of(works(), found, arguments.rounds) for size, found in pages.items() if found}
    early = [place for place, page in enumerate(pages["100 KB"]) if is_early(page)]
    report_rows(times, early)
    for size, found in times.items():
        report_size(size, pages[size], found)
    report_hostile()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
