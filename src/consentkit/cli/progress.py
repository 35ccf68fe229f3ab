"""A bar on a terminal, on stderr, so that what is printed can still be piped on."""

from __future__ import annotations

import sys
from shutil import get_terminal_size
from types import TracebackType

from consentkit.scan.crawl import Progress

WIDTH = 20  # characters of the bar


class Bar:
    """`tell` is given to a crawl; nothing is drawn where stderr is no terminal. A context manager: it wipes itself."""

    def __init__(self, total: int) -> None:
        self._total = total
        self._is_drawn = False

    def __enter__(self) -> Bar:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._is_drawn:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()

    def tell(self, progress: Progress) -> None:
        if not sys.stderr.isatty():
            return
        self._is_drawn = True
        sys.stderr.write("\r\x1b[K" + line(progress, self._total, get_terminal_size().columns))
        sys.stderr.flush()


def line(progress: Progress, total: int, columns: int) -> str:
    """The bar as it stands: `[####................] 5 of 25  https://…`, never wider than the terminal."""
    # What is left to read is at most what waits, so a small site comes to its end at the full bar.
    expected = max(1, min(total, progress.read + progress.waiting + 1))
    done = min(WIDTH, WIDTH * progress.read // expected)
    text = f"[{'#' * done}{'.' * (WIDTH - done)}] {progress.read} of {expected}  {progress.url}"
    return "".join(sign if sign.isprintable() else "?" for sign in text)[: max(columns - 1, 10)]
