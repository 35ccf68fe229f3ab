"""Do other people's tests pass with their apps wrapped? `python -m bench.upstream [starlette] [fastapi]`.

Starlette's and FastAPI's source packages hold their own tests. They are run twice: as published, and with every app
that their TestClient starts wrapped in `ConsentMiddleware`. A test that passes bare and fails wrapped is run once
more with our elements taken out of the body again: if it passes then, it compares a whole HTML body and sees
nothing but our elements; if not, it is a regression of ours.

Prints the three numbers and the names. Exit 1 if there is a regression. The versions are the ones installed here;
the packages are downloaded into a temporary folder, which goes away again (`--keep FOLDER` keeps it).
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

HERE = Path(__file__).parent.parent

PACKAGES = ("starlette", "fastapi")

# Speed tests of their own, which time nothing useful here.
IGNORED = {"starlette": [], "fastapi": ["tests/benchmarks", "tests/memory_benchmarks"]}

# Tests that ask for what a rewritten page cannot have, with the reason; they are named in the report all the same.
EXPLAINED = {
    "tests/test_frontend.py::test_head_fallback_request_works": (
        "HEAD of a page has no Content-Length: how long the page gets is known only once it is made"
        " (a server may leave it out, RFC 9110, 9.3.2)"
    ),
}

Outcomes = Mapping[str, str]


@dataclass(frozen=True)
class Comparison:
    """What one package's tests say. Names are pytest's."""

    bare: Outcomes
    wrapped: Outcomes
    without_ours: Outcomes

    @property
    def passed_bare(self) -> list[str]:
        return [name for name, outcome in self.bare.items() if outcome == "passed"]

    @property
    def passed_wrapped(self) -> list[str]:
        return [name for name in self.passed_bare if self.wrapped.get(name) == "passed"]

    @property
    def broken(self) -> list[str]:
        return [name for name in self.passed_bare if self.wrapped.get(name) != "passed"]

    @property
    def whole_bodies(self) -> list[str]:
        """Tests that compare a whole HTML body: they pass once our elements are taken out of it."""
        return [name for name in self.broken if self.without_ours.get(name) == "passed"]

    @property
    def explained(self) -> list[str]:
        return [name for name in self._still_broken if name in EXPLAINED]

    @property
    def regressions(self) -> list[str]:
        return [name for name in self._still_broken if name not in EXPLAINED]

    @property
    def _still_broken(self) -> list[str]:
        return [name for name in self.broken if self.without_ours.get(name) != "passed"]


def compare(folder: Path, ignored: list[str], selection: list[str]) -> Comparison:
    """Run the tests below `folder`, bare and wrapped."""
    bare = run(folder, "", ignored, selection)
    wrapped = run(folder, "wrapped", ignored, selection)
    first = Comparison(bare, wrapped, {})
    without = run(folder, "without-ours", ignored, first.broken) if first.broken else {}
    return Comparison(bare, wrapped, without)


def run(folder: Path, wrap: str, ignored: list[str], selection: list[str]) -> Outcomes:
    """One pytest run in the folder of a package: test -> passed, failed, skipped."""
    with tempfile.TemporaryDirectory() as scratch:
        outcomes = Path(scratch, "outcomes.json")
        environment = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join([str(HERE), os.environ.get("PYTHONPATH", "")]).rstrip(os.pathsep),
            "CONSENTKIT_UPSTREAM_WRAP": wrap,
            "CONSENTKIT_UPSTREAM_OUTCOMES": str(outcomes),
            "CONSENTKIT_UPSTREAM_FOLDER": scratch,
        }
        command = [
            sys.executable, "-m", "pytest", "-q", "-p", "bench.upstream_plugin", "-p", "no:asyncio",
            "-p", "no:cacheprovider", "--continue-on-collection-errors", "--tb=short",
            *(f"--ignore={path}" for path in ignored), *(selection or ["tests"]),
        ]  # fmt: skip
        done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
        Path(folder, f"{wrap or 'bare'}.txt").write_text(done.stdout + done.stderr)
        if not outcomes.exists():
            raise RuntimeError(f"pytest did not run in {folder}:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
        told: Outcomes = json.loads(outcomes.read_text())
        return told


def sources(package: str, folder: Path) -> Path:
    """The unpacked source package of the version that is installed."""
    wanted = f"{package}=={version(package)}"
    target = folder / wanted.replace("==", "-")
    if not target.exists():
        subprocess.run(
            [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps",
             "--no-binary", package, "--dest", str(folder), wanted],
            check=True,
        )  # fmt: skip
        with tarfile.open(next(folder.glob(f"{package}-*.tar.gz"))) as archive:
            archive.extractall(folder, filter="data")
    return target


def report(package: str, found: Comparison) -> None:
    skipped = sum(outcome == "skipped" for outcome in found.bare.values())
    failed = len(found.bare) - skipped - len(found.passed_bare)
    print(f"\n{package} {version(package)}")
    print(f"  passed bare       {len(found.passed_bare):5}   (skipped {skipped}, failed without us {failed})")
    print(f"  passed wrapped    {len(found.passed_wrapped) + len(found.whole_bodies):5}")
    print(f"    of these after taking our elements out of a whole HTML body: {len(found.whole_bodies)}")
    for name in found.whole_bodies:
        print(f"      {name}")
    print(f"  different by design {len(found.explained):3}")
    for name in found.explained:
        print(f"      {name}: {EXPLAINED[name]}")
    print(f"  regressions       {len(found.regressions):5}")
    for name in found.regressions:
        print(f"      {name}")


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("packages", nargs="*", default=list(PACKAGES), metavar="PACKAGE", help="starlette, fastapi")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="unpack here and leave pytest's output beside it")
    parser.add_argument("--only", nargs="+", default=[], metavar="TEST", help="paths or names as pytest takes them")
    arguments = parser.parse_args(argv)
    regressions = 0
    with ExitStack() as stack:
        folder = arguments.keep or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        folder.mkdir(parents=True, exist_ok=True)
        for package in arguments.packages:
            if package not in PACKAGES:
                parser.error(f"unknown package {package!r}; known: {', '.join(PACKAGES)}")
            found = compare(sources(package, folder), IGNORED[package], arguments.only)
            report(package, found)
            regressions += len(found.regressions)
    return 1 if regressions else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
