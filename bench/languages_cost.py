"""What a language costs: choosing one again, and loading it. `python -m bench.languages_cost`.

The neighbours are Babel's `negotiate_locale`, which is asked the same, and gettext, which is given the same catalogue
compiled. Two things are loaded by the first page in a language: our catalogue, and what Babel keeps of CLDR for it (the
language's own name, dates, lists). They are told apart, for only the first is ours. Times are those of the processor,
the least of several rounds; memory is what Python holds afterwards beyond what it held before.
"""

from __future__ import annotations

import gc
import io
import sys
import time
import tracemalloc
from collections.abc import Callable, Iterator
from functools import partial
from gettext import GNUTranslations
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).parent.parent))  # as a file it runs like `python -m bench.languages_cost`

from babel import localedata, negotiate_locale
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from consentkit.languages import ENGLISH, Catalogues, choose, cldr
from consentkit.languages import catalogues as shipping

KIB = 1024
MIB = 1024 * KIB
ROUNDS = 5
CALLS = 5000
HEADER = "sr-Latn-BA,sr;q=0.9,bs;q=0.8,en;q=0.7"
LOCALES = Path(__file__).resolve().parents[1] / "locales"


class Cost(NamedTuple):
    seconds: float
    bytes: int


def least(run: Callable[[], object], calls: int = 1, before: Callable[[], object] = lambda: None) -> float:
    """Seconds of the processor for one call, in the best of several rounds."""
    rounds = []
    for _ in range(ROUNDS):
        before()
        start = time.process_time()
        for _ in range(calls):
            run()
        rounds.append((time.process_time() - start) / calls)
    return min(rounds)


def forget() -> None:
    """As when the process had spoken nothing but English, on which all others rest."""
    for each in (shipping._read_po, shipping._language, cldr.locale):
        each.cache_clear()
    localedata._cache.clear()
    Catalogues().get(ENGLISH)


def cost(load: Callable[[], object]) -> Cost:
    seconds = least(load, before=forget)
    forget()
    gc.collect()
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    kept = load()
    gc.collect()
    after = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    del kept
    return Cost(seconds, after - before)


def compiled(folder: str) -> bytes:
    mo = io.BytesIO()
    with (LOCALES / folder / "consentkit.po").open("rb") as source:
        write_mo(mo, read_po(source))
    return mo.getvalue()


def by_gettext(mo: bytes) -> GNUTranslations:
    return GNUTranslations(io.BytesIO(mo))


def summary(name: str, costs: dict[str, Cost]) -> Iterator[str]:
    """The language in the middle and the dearest one, by time and by memory, which need not be the same."""
    times = sorted((each.seconds, folder) for folder, each in costs.items())
    sizes = sorted((each.bytes, folder) for folder, each in costs.items())
    for place, which in (("median", len(costs) // 2), ("most", -1)):
        (seconds, slow), (size, large) = times[which], sizes[which]
        yield f"{name}, {place}: {seconds * 1e3:.1f} ms ({slow}), {size / KIB:,.0f} KiB ({large})"


def main() -> None:
    catalogues = Catalogues()
    asked = [part.partition(";")[0].replace("-", "_") for part in HEADER.split(",")]
    theirs = [tag.replace("-", "_") for tag in catalogues.tags]
    ours = least(lambda: choose([None, None, "xx", None], HEADER, ENGLISH, catalogues.tags), CALLS)
    babels = least(lambda: negotiate_locale(asked, theirs), CALLS)
    print(f"choosing again: {ours * 1e6:.1f} µs, {ours / babels:.2f} x negotiate_locale of Babel")

    folders = [folder for folder in theirs if folder != ENGLISH]
    read = {folder: cost(partial(shipping._read_po, folder)) for folder in folders}
    data = {folder: cost(partial(cldr.autonym, folder)) for folder in folders}
    for line in (*summary("a catalogue", read), *summary("what Babel has of CLDR for it", data)):
        print(line)
    ratios = sorted(read[folder].seconds / least(partial(by_gettext, compiled(folder))) for folder in folders)
    print(f"a catalogue, beside its compiled form by gettext: {ratios[len(ratios) // 2]:.0f} x as long")
    every = cost(lambda: Catalogues().available)
    print(f"a list of all languages: {every.seconds * 1e3:.0f} ms, {every.bytes / MIB:.0f} MiB")


if __name__ == "__main__":
    main()
