"""Look for what the tests of the rewriter have not met yet: `python -m bench.soak [--seconds 600]`.

Half of the time goes to its laws under hypothesis, again and again with new seeds; half to a fuzzer that is guided
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
from pathlib import Path

ROOT = Path(__file__).parent.parent


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
    parser.add_argument("--seconds", type=float, default=600.0)
    seconds = parser.parse_args(argv).seconds
    return by_laws(seconds / 2) or by_coverage(seconds / 2)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
