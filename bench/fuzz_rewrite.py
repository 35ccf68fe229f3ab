"""Fuzz the rewriter, guided by coverage: `python -m bench.fuzz_rewrite [libFuzzer's options]`, for example
`-max_total_time=600`. Needs atheris.

Three laws for every input: any cut gives the same bytes; the edits undone give the input; and what is remembered,
or not read at all when a body comes whole, gives the bytes of a scan that remembers nothing and sees single bytes.
A broken law leaves a file `crash-…` with the input; give that file as an argument to see it again.
"""

from __future__ import annotations

import sys
import tempfile
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))  # as a file it runs like `python -m bench.fuzz_rewrite`

from tests.rewrite.soup import PIECES

# There are wheels for some Pythons on Linux only.
atheris = import_module("atheris") if find_spec("atheris") else None

if atheris is not None:
    with atheris.instrument_imports(include=["consentkit.rewrite"]):
        import consentkit.rewrite
        import consentkit.rewrite.rewriter  # noqa: F401  # instrumented before anybody else imports them

from consentkit.rewrite import Inserting, Rewriter, Rules  # after the instrumentation
from tests.rewrite.oracle import Markers, judge, rewrite, rewritten, undone

#: No tag is longer than this in a page that anybody writes by hand, and longer inputs find nothing new.
LONGEST = 2000  # bytes


class BrokenLaw(Exception):
    """Two ways that have to give the same bytes did not."""


REMEMBERING = {view: Rules(judge, b' data-ckit-view="mobile"', drop_viewport=view) for view in (False, True)}


def check(data: bytes) -> None:
    """The laws, for one input: two bytes say how, the rest is the page."""
    if len(data) < 3:
        return
    how, step, page = data[0], data[1] % 37 + 1, data[2 : 2 + LONGEST]
    view, inserting = bool(how & 1), list(Inserting)[(how >> 1) % 3]
    fresh = Rules(judge, b' data-ckit-view="mobile"', drop_viewport=view)

    plain, rewriter = rewritten(page, fresh, inserting)

    if undone(plain, rewriter.edits, page) != page:
        raise BrokenLaw(f"undone is not the page: {page!r}, {inserting}, drop_viewport={view}")
    for cuts in (range(len(page)), range(step, len(page), step)):
        if rewrite(page, Rules(judge, fresh.html_attributes, view), inserting, cuts=cuts) != plain:
            raise BrokenLaw(f"cut {cuts} differs: {page!r}, {inserting}, drop_viewport={view}")
    if Rewriter(fresh, Markers(), inserting).last(page) != plain:
        raise BrokenLaw(f"unread differs: {page!r}, {inserting}, drop_viewport={view}")
    for rules in (fresh, REMEMBERING[view]):
        if rewrite(page, rules, inserting) != plain:
            raise BrokenLaw(f"remembered differs: {page!r}, {inserting}, drop_viewport={view}")


def dictionary() -> str:
    """The pieces of soup, as libFuzzer reads them."""
    return "\n".join('"' + "".join(f"\\x{byte:02x}" for byte in piece) + '"' for piece in PIECES)


def main(argv: list[str]) -> int:
    if atheris is None:
        print("atheris is not installed, so there is no fuzzing by coverage; pip install atheris")
        return 2
    with tempfile.TemporaryDirectory() as scratch:
        words = Path(scratch, "dictionary")
        words.write_text(dictionary())
        atheris.Setup([sys.argv[0], f"-dict={words}", f"-max_len={LONGEST + 2}", *argv], check)
        atheris.Fuzz()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
