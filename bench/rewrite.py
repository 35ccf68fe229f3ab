"""What rewriting costs: `python bench/rewrite.py FOLDER_OF_PAGES [--rounds 15]`.

Everything is timed in one process and interleaved, so that a noisy machine is noisy for all; read the ratios.
Pages are taken from the folder as they are (*.html); nothing is downloaded. What is not installed is left out.
"""

from __future__ import annotations

import argparse
import gzip
import statistics
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from consentkit.registry import Holder
from consentkit.rewrite import Held, Inserting, Page, Rewriter, Rules
from consentkit.vocabulary import Holding

SIZES = {"10 KB": (5_000, 20_000), "100 KB": (85_000, 125_000), "1 MB": (500_000, 3_000_000)}

EARLY, LATE, BODY = b"", b"<style>" + b"a{}" * 800 + b"</style>", b"<ckit-ui>" + b"x" * 1500 + b"</ckit-ui>"

Work = Callable[[bytes], object]

# A hundred times slower than the rest: a few rounds tell enough.
SLOW, SLOW_ROUNDS = frozenset({"BeautifulSoup"}), 2


class Parts:
    """Insertions of the size that a first visit gets."""

    def early(self, page: Page) -> bytes:
        return EARLY

    def late(self, page: Page) -> bytes:
        return LATE

    def body(self, page: Page) -> bytes:
        return BODY

    def placeholder(self, held: Held, element: str, page: Page, attributes: Mapping[str, str]) -> bytes:
        return b""


def works() -> dict[str, Work]:
    """Name -> what is done with a page. The first is the neighbour of every ratio."""
    judge = Holder(purposes=[], holding=Holding.KNOWN, make=Held).for_visitor(["courier.example"], frozenset())
    inserting, warm = Rules(), Rules(judge)

    def rewrite(rules: Rules, page: bytes) -> bytes:
        rewriter = Rewriter(rules, Parts(), Inserting.ALWAYS, host="courier.example")
        return rewriter.feed(page) + rewriter.close()

    found: dict[str, Work] = {
        "bytes.find(</body>)": lambda page: page.find(b"</body>"),
        "gzip -1": lambda page: gzip.compress(page, 1),
        "gzip -6": lambda page: gzip.compress(page, 6),
        "insert": lambda page: rewrite(inserting, page),
        "insert and hold, first time": lambda page: rewrite(Rules(judge), page),
        "insert and hold, again": lambda page: rewrite(warm, page),
    }
    found.update(_peers())
    return found


def _peers() -> dict[str, Work]:
    peers: dict[str, Work] = {}
    try:
        import turbohtml

        peers["turbohtml parse (C)"] = lambda page: turbohtml.parse(page)
    except ImportError:
        pass
    try:
        from bs4 import BeautifulSoup

        peers["BeautifulSoup"] = lambda page: str(BeautifulSoup(page, "html.parser"))
    except ImportError:
        pass
    return peers


def median_times(works: Mapping[str, Work], pages: list[bytes], rounds: int) -> dict[str, float]:
    """Median seconds for one pass over the pages, each work interleaved with the others."""
    times: dict[str, list[float]] = {name: [] for name in works}
    for number in range(rounds):
        for name, work in works.items():
            if name in SLOW and number >= SLOW_ROUNDS:
                continue
            start = time.perf_counter()
            for page in pages:
                work(page)
            times[name].append(time.perf_counter() - start)
    return {name: statistics.median(taken) for name, taken in times.items()}


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--rounds", type=int, default=15)
    arguments = parser.parse_args(argv)
    bodies = [path.read_bytes() for path in sorted(arguments.folder.glob("*.html"))]
    for label, (least, most) in SIZES.items():
        pages = [body for body in bodies if least <= len(body) <= most][:8]
        if not pages:
            print(f"{label}: no page of that size in {arguments.folder}")
            continue
        report(label, pages, median_times(works(), pages, arguments.rounds))
    return 0


def report(label: str, pages: list[bytes], times: dict[str, float]) -> None:
    size = sum(map(len, pages))
    find, packed = times["bytes.find(</body>)"], times["gzip -6"]
    print(f"\n{label}: {len(pages)} pages, {size / len(pages) / 1000:.0f} KB each on average")
    print(f"{'':30} {'µs a page':>10} {'x find':>8} {'of gzip -6':>11}")
    for name, taken in times.items():
        print(f"{name:30} {taken / len(pages) * 1e6:10.0f} {taken / find:8.1f} {taken / packed:10.0%}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
