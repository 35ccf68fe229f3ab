"""Two languages that nobody speaks, made of the English catalogue, to see what no translator can reach.

    python tools/pseudo.py FOLDER

writes `en_XA` (every letter with an accent, every sentence a third longer, between brackets) and `ar_XB` (the same,
read from right to left). With `locales = "FOLDER"` a site speaks them to a page whose `lang` they are. What shows no
accents there is a sentence that stands in the code; what has no closing bracket is cut off.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

_PLAIN = "abcdefghijklmnoprstuvwyzABCDEFGHIJKLMNOPRSTUVWYZ"
_ACCENTED = "áƀćđéƒǵĥíĵķļɱñóƥŕšţúṽŵýžÁɃĆĐÉƑǴĤÍĴĶĻṀÑÓƤŔŠŢÚṼŴÝŽ"
_LETTERS = str.maketrans(_PLAIN, _ACCENTED)

#: Languages become about a third longer than English; German and Finnish more in short ones.
_LONGER = 0.35

_PLACEHOLDER = re.compile(r"(\{[a-z_]+\})")
_SAID = re.compile(r'^(msgstr(?:\[\d+\])? )"((?:[^"\\]|\\.)*)"$', re.MULTILINE)


def accented(text: str) -> str:
    """A sentence as the pseudo-languages say it: `[Ŕéĵéćţ áļļ ···]`. Placeholders stay."""
    parts = _PLACEHOLDER.split(text)
    parts[::2] = [part.translate(_LETTERS) for part in parts[::2]]
    return f"[{''.join(parts)}{' ' + '·' * max(1, round(len(text) * _LONGER))}]"


def pseudo(english: str) -> str:
    """The English catalogue in a pseudo-language; its head stays."""
    head, _, rest = english.partition("\n\n")
    return head + "\n\n" + _SAID.sub(lambda found: f'{found[1]}"{accented(found[2])}"', rest)


def write(folder: Path) -> None:
    english = (ROOT / "locales" / "en" / "consentkit.po").read_text(encoding="utf-8")
    for tag in ("en_XA", "ar_XB"):
        (folder / tag).mkdir(parents=True, exist_ok=True)
        (folder / tag / "consentkit.po").write_text(pseudo(english), encoding="utf-8")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python tools/pseudo.py FOLDER")
    write(Path(sys.argv[1]))
