"""What stands in a rendering: its elements in order, with what is in them, for those who check it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from html.parser import HTMLParser

_VOID = frozenset(
    ["area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"]
)


@dataclass
class Element:
    """`inside`: the elements around it, outermost first. `text`: all words in it."""

    name: str
    attributes: dict[str, str]
    inside: Sequence[Element]
    line: int
    texts: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        return " ".join("".join(self.texts).split())

    def get(self, attribute: str) -> str:
        return self.attributes.get(attribute, "")

    def has(self, attribute: str) -> bool:
        return attribute in self.attributes

    def within(self, ui: str) -> bool:
        """Whether it stands in our part of that name."""
        return any(each.get("data-ckit-ui") == ui for each in self.inside)


class Markup:
    """The elements of a piece of HTML."""

    def __init__(self, html: str) -> None:
        parser = _Parser()
        parser.feed(html)
        parser.close()
        self.elements = parser.elements

    def of(self, name: str = "", /, **attributes: str) -> list[Element]:
        """The elements of a name with these attributes; `data_ckit_ui` stands for `data-ckit-ui`."""
        wanted = {key.rstrip("_").replace("_", "-"): value for key, value in attributes.items()}
        return list(self._of(name, wanted))

    def _of(self, name: str, wanted: dict[str, str]) -> Iterator[Element]:
        for each in self.elements:
            if name in ("", each.name) and all(each.attributes.get(key) == value for key, value in wanted.items()):
                yield each

    def action(self, name: str, ui: str = "") -> Element | None:
        """The control of that action, in our part of that name."""
        found = [each for each in self.of(data_ckit_action=name) if not ui or each.within(ui)]
        return found[0] if found else None


class _Parser(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[Element] = []
        self._open: list[Element] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in reversed(attrs)}
        element = Element(tag, attributes, tuple(self._open), self.getpos()[0])
        self.elements.append(element)
        if tag not in _VOID:
            self._open.append(element)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in _VOID:
            self._open.pop()

    def handle_endtag(self, tag: str) -> None:
        for place in range(len(self._open) - 1, -1, -1):
            if self._open[place].name == tag:
                del self._open[place:]
                return

    def handle_data(self, data: str) -> None:
        for each in self._open:
            each.texts.append(data)
