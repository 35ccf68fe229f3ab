"""The messages of the source, and the catalogues that say them: `make messages`.

- **Extract**: every message that the Python, the templates and the scripts ask for. One that the English catalogue lacks
  is an error with its place; one that nobody asks for is told.
- **Update**: each catalogue gets the messages of the English one, in its order: what is new stands there empty, in as
  many forms as the language has; what is gone is taken out. Everything else stays, byte for byte.

What a translation must be (placeholders, plural forms, lengths, letters) is for `tests/test_locales.py` to say.

    python tools/messages.py            update; exit code 1 when something is left to do
    python tools/messages.py --check    change nothing; exit code 1 when something would change
"""

from __future__ import annotations

import argparse
import ast
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SOURCE = ROOT / "src" / "consentkit"

#: Which part of the source asks each domain of catalogues. Auditors' pages have one of their own.
DOMAINS: Mapping[str, tuple[Path, ...]] = {
    "consentkit": tuple(path for path in sorted(SOURCE.iterdir()) if path.name != "audit"),
    "audit": (SOURCE / "audit", SOURCE / "cli"),
}

#: Methods whose first argument is the id of a message.
ASKING = frozenset({"text", "markup", "counted", "plural", "raw"})

_ID = re.compile(r"^msgid \"(.*)\"$", re.MULTILINE)
_DOTTED = re.compile(r"[a-z0-9_]+(\.[a-z0-9_]+)+")
_QUOTED = re.compile(r"""["']([A-Za-z0-9_.]+)["']""")
_JOINED = re.compile(r'''"([a-z0-9_.]+)" ~ \w+ ~ "([a-z0-9_.]+)"''')  # as templates put ids together
_FORMS = re.compile(r"nplurals=(\d+)")


@dataclass(frozen=True)
class Asked:
    """What the source asks for. `certain`: id to its place, from calls. `literals`: all that could be an id.

    `patterns`: ids that are put together (`f"purpose.{name}.title"`).
    """

    certain: Mapping[str, str]
    literals: frozenset[str]
    patterns: tuple[re.Pattern[str], ...]

    def may_ask_for(self, id: str) -> bool:
        return id in self.literals or any(pattern.fullmatch(id) for pattern in self.patterns)


def extract(roots: Iterable[Path]) -> Asked:
    """Read Python by its syntax, templates and scripts by their quoted words."""
    certain: dict[str, str] = {}
    literals: set[str] = set()
    patterns: list[re.Pattern[str]] = []
    for path in _files(roots):
        text = path.read_text(encoding="utf-8")
        if path.suffix != ".py":
            literals |= set(_QUOTED.findall(text))
            patterns += (re.compile(f"{re.escape(a)}[a-z0-9_]+{re.escape(b)}") for a, b in _JOINED.findall(text))
            continue
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                literals.add(node.value)
            elif isinstance(node, ast.JoinedStr):
                patterns += _pattern(node)
            elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in ASKING:
                first = node.args[0] if node.args else None
                if isinstance(first, ast.Constant) and isinstance(first.value, str) and _DOTTED.fullmatch(first.value):
                    certain.setdefault(first.value, f"{path}:{node.lineno}")
    return Asked(certain, frozenset(literals), tuple(patterns))


def entries(text: str) -> tuple[str, dict[str, str]]:
    """A catalogue as its head and its entries, in order: id to the block of lines that it stands in."""
    head, *blocks = re.split(r"\n{2,}", text.strip("\n"))
    found: dict[str, str] = {}
    for block in blocks:
        id = _ID.search(block)
        if id is None:
            raise ValueError(f"This is no entry of a catalogue: {block[:80]!r}")
        found[id[1]] = block
    return head, found


def updated(english: str, other: str) -> tuple[str, list[str], list[str]]:
    """The other catalogue with the messages of the English one; the ids that are new in it, and those that went."""
    _, source = entries(english)
    head, present = entries(other)
    forms = _FORMS.search(head)
    count = int(forms[1]) if forms else 2
    blocks = [present.get(id) or _empty(block, count) for id, block in source.items()]
    new = [id for id in source if id not in present]
    gone = [id for id in present if id not in source]
    return "\n\n".join([head, *blocks]) + "\n", new, gone


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--check", action="store_true", help="change nothing")
    arguments = parser.parse_args(argv)
    found = list(_work(ROOT / "locales", check=arguments.check))
    print("\n".join(found) if found else "Every catalogue has every message.")
    return 1 if found else 0


def _work(locales: Path, *, check: bool) -> Iterator[str]:
    for domain, roots in DOMAINS.items():
        english = (locales / "en" / f"{domain}.po").read_text(encoding="utf-8")
        asked, known = extract(roots), entries(english)[1]
        for id, place in asked.certain.items():
            if domain == "consentkit" and id not in known:
                yield f"{place}: {id!r} is in no catalogue; add it to locales/en/{domain}.po."
        for id in known:
            if not asked.may_ask_for(id):
                yield f"locales/en/{domain}.po: nobody asks for {id!r}; take it out."
        for path in sorted(locales.glob(f"*/{domain}.po")):
            before = path.read_text(encoding="utf-8")
            after, new, gone = updated(english, before)
            where = f"locales/{path.parent.name}/{domain}.po"
            yield from (f"{where}: {id!r} has to be translated." for id in new)
            yield from (f"{where}: {id!r} is gone." for id in gone)
            if after != before and not (new or gone):
                yield f"{where}: is brought into the order of the English one."
            if after != before and not check:
                path.write_text(after, encoding="utf-8")


def _files(roots: Iterable[Path]) -> Iterator[Path]:
    for root in roots:
        for path in [root] if root.is_file() else sorted(root.rglob("*")):
            if path.suffix in (".py", ".html", ".js"):
                yield path


def _pattern(node: ast.JoinedStr) -> Iterator[re.Pattern[str]]:
    parts = [str(part.value) if isinstance(part, ast.Constant) else "" for part in node.values]
    if "." in "".join(parts):
        yield re.compile("".join(re.escape(part) or r"[a-z0-9_]+" for part in parts))


def _empty(block: str, forms: int) -> str:
    """An entry without its notes and its text, to be translated."""
    lines = [line for line in block.splitlines() if line.startswith(("msgid", "msgctxt"))]
    if any(line.startswith("msgid_plural") for line in lines):
        return "\n".join([*lines, *(f'msgstr[{number}] ""' for number in range(forms))])
    return "\n".join([*lines, 'msgstr ""'])


if __name__ == "__main__":
    sys.exit(main())
