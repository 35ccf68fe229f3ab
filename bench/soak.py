"""Look for what the tests of the rewriter have not met yet: `python -m bench.soak [--documents 20000] [--seconds 600]`.

First so many documents of generated soup go through, each in nine charsets: any cut gives the same bytes, the edits
undone give the document, every charset gets the same edits, and to a spec parser the page means what it meant. Then half
of the time goes to its laws under hypothesis, again and again with new seeds; half to a fuzzer that is guided
by coverage (see `bench.fuzz_rewrite`). Exit 1 with the input when a law is broken.
"""

from __future__ import annotations

import argparse
import importlib.util
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))  # as a file it runs like `python -m bench.soak`

from consentkit.rewrite import Rewriter
from consentkit.rewrite.charsets import recoded
from tests.rewrite.oracle import HOLDING, Markers, means_the_same, undone
from tests.rewrite.soup import soup
from tests.rewrite.test_rewrite_laws import MOST_EXCEPTIONS

ROOT = Path(__file__).parent.parent


#: Charsets, each with letters of its own: those whose second bytes look like ASCII, and four bytes for one letter.
CHARSETS = {
    "utf-8": "\u00e9\u4e2d", "windows-1250": "\u010d\u0161", "windows-1251": "\u0436\u042f", "windows-1252": "\u00fc\u0153",
    "shift_jis": "\u8868\u30bd", "gb18030": "\u4e02\U00020000", "euc-kr": "\ud55c\uae00", "iso-2022-jp": "\u8868\u793a",
    "utf-16": "\u042f\U0001f600",
}  # fmt: skip
_LETTERS = b"\xc3\xa9"  # where soup has some


class Inner:
    """A stream that notes what goes in and out, where ASCII is itself."""

    def __init__(self, rewriter: Rewriter) -> None:
        self.rewriter = rewriter
        self.came, self.went = b"", b""

    def feed(self, data: bytes) -> bytes:
        return self._note(data, self.rewriter.feed(data))

    def last(self, data: bytes) -> bytes:
        return self._note(data, self.rewriter.last(data))

    def close(self) -> bytes:
        return self.last(b"")

    def _note(self, data: bytes, out: bytes) -> bytes:
        self.came += data
        self.went += out
        return out


def through(page: bytes, charset: str, cuts: Iterable[int]) -> tuple[bytes, Inner]:
    inner = Inner(Rewriter(HOLDING, Markers(), record=True))
    stream = recoded(inner, charset)
    places = [0, *cuts, len(page)]
    pieces = [stream.feed(page[start:end]) for start, end in pairwise(places[:-1])]
    return b"".join((*pieces, stream.last(page[places[-2] :]))), inner


def broken_law(document: bytes, charset: str, chance: random.Random) -> tuple[str, str]:
    """Which law does not hold for a document in a charset, or ""; and the text that goes out, with letters of UTF-8."""
    page = document.decode().replace(_LETTERS.decode(), CHARSETS[charset]).encode(charset)
    label = ("utf-16be" if page.startswith(b"\xfe\xff") else "utf-16le") if charset == "utf-16" else charset
    whole, inner = through(page, label, ())
    random_cuts = sorted(chance.sample(range(len(page)), min(len(page), 5)))
    text = whole.decode(charset).replace(CHARSETS[charset], _LETTERS.decode())
    for cuts in (range(1, len(page)), random_cuts, (len(page),)):
        if through(page, label, cuts)[0] != whole:
            return f"cut at {list(cuts)[:9]} it differs", text
    if undone(inner.went, inner.rewriter.edits, inner.came) != inner.came:
        return "the edits undone do not give the document", text
    return "", text


def by_soups(documents: int) -> int:
    """Documents of soup, each in every charset."""
    seed = random.randrange(2**32)
    chance = random.Random(seed)
    different = []
    for number in range(documents):
        page = soup(chance)
        texts = set()
        for charset in CHARSETS:
            law, text = broken_law(page, charset, chance)
            texts.add(text)
            if law:
                print(f"soup {number} of seed {seed} in {charset}: {law}: {page!r}")
                return 1
        if len(texts) > 1:
            print(f"soup {number} of seed {seed}: charsets differ: {page!r}")
            return 1
        output = texts.pop().encode()
        if not all(means_the_same(page, output, scripting=scripting) for scripting in (True, False)):
            different.append(page)
    print(
        f"soup: {documents} documents of seed {seed}, each in {len(CHARSETS)} charsets, no law of bytes broken;"
        f" {len(different)} mean something else to a parser, by the known exceptions at most {MOST_EXCEPTIONS:.0%}"
    )
    for page in different[:5]:
        print(f"  for example {page!r}")
    return len(different) > MOST_EXCEPTIONS * documents


def by_laws(seconds: float) -> int:
    """The tests with new seeds, until the time is over: a run that has begun is not cut short."""
    deadline, runs = time.monotonic() + seconds, 0
    while time.monotonic() < deadline:
        seed = random.randrange(2**32)
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "tests/rewrite", "-p", "no:cacheprovider",
             f"--hypothesis-seed={seed}"],
            cwd=ROOT, capture_output=True, text=True, check=False,
        )  # fmt: skip
        runs += 1
        if done.returncode:
            print(f"hypothesis, seed {seed}:\n{done.stdout[-8000:]}")
            return 1
    print(f"hypothesis: {runs} runs with new seeds, no law broken")
    return 0


def by_coverage(seconds: float) -> int:
    if importlib.util.find_spec("atheris") is None:
        print("atheris: skipped, it can't be installed here (it has wheels for some Pythons on Linux only)")
        return 0
    with tempfile.TemporaryDirectory() as corpus:
        done = subprocess.run(
            [sys.executable, "-m", "bench.fuzz_rewrite", f"-max_total_time={max(1, round(seconds))}", "-verbosity=0",
             "-print_final_stats=1", corpus],
            cwd=ROOT, capture_output=True, text=True, check=False,
        )  # fmt: skip
    said = done.stdout + done.stderr
    if done.returncode:
        print(f"atheris:\n{said[-8000:]}")
        return 1
    executed = next((line.split()[-1] for line in said.splitlines() if "number_of_executed_units" in line), "?")
    print(f"atheris: {executed} inputs, no law broken")
    return 0


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--documents", type=int, default=20_000)
    parser.add_argument("--seconds", type=float, default=600.0)
    arguments = parser.parse_args(argv)
    half = arguments.seconds / 2
    return by_soups(arguments.documents) or by_laws(half) or by_coverage(half)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
