"""What is said of the tags and texts of a page: judged once, then remembered."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from consentkit.rewrite import holding
from consentkit.rewrite.holding import PASS, Question, Reads, Verdict
from consentkit.rewrite.memory import LONGEST_TEXT
from consentkit.rewrite.rules import Held, Rules
from consentkit.rewrite.urls import Target, decode

#: What a document in an attribute would load that has to wait.
LookInto = Callable[[str], tuple[Held, str] | None]


class Verdicts:
    """By the rules of a page, and by the base that its relative URLs have.

    `host`: of the page. `base`: where its relative URLs lead, None while that is the page itself.
    """

    __slots__ = ("_base", "_host", "_html", "_is_xml", "_memory", "_svg", "has_base", "question", "signatures")

    def __init__(self, rules: Rules, host: str, base: Target | None, look_into: LookInto) -> None:
        self._host = host
        self._base = None if base is not None and base.host == host else base
        self._is_xml = rules.xhtml
        self._memory = rules.memory
        self.signatures = rules.signatures
        #: None: no URL has to wait.
        self.question = Question(rules.judge, host, self._base, look_into) if rules.judge is not None else None
        self._html = rules.memory.of(("xml" if self._is_xml else "html", host, self._base))
        self._svg: dict[bytes, Verdict] | None = None  # until there is a drawing

    def watched(self, name: bytes, tag: bytes, *, in_svg: bool) -> Mapping[bytes, Reads]:
        """What to ask about in the rest of a tag that is too long to wait for; `tag`: what was read of it."""
        return holding.watched(name, tag, self._table(in_svg=in_svg)) if self.question is not None else {}

    def _table(self, *, in_svg: bool) -> Mapping[bytes, Mapping[bytes, Reads]]:
        if self._is_xml:
            return holding.XML
        return holding.SVG if in_svg else holding.HTML

    def on_tag(self, name: bytes, tag: bytes, *, in_svg: bool = False) -> Verdict:
        """`name`: of the element, lower case."""
        if self.question is None:
            return PASS
        known = self._in_svg() if in_svg else self._html
        verdict = known.get(tag)
        if verdict is None:
            verdict = holding.judge_tag(tag, name, self._table(in_svg=in_svg), self.question)
            self._memory.remember(known, tag, verdict)
        return verdict

    def _in_svg(self) -> dict[bytes, Verdict]:
        if self._svg is None:
            self._svg = self._memory.of(("svg", self._host, self._base))
        return self._svg

    def on_text(self, name: bytes, tag: bytes, text: bytes) -> Verdict:
        """On the text of a style, or of a script that would run: the same text has the same verdict, save for the
        places in the tag of a script."""
        known = self._memory.of((name, self.signatures, self._host, self._base))
        verdict = known.get(text if name == b"style" else tag + text)
        if verdict is None:
            verdict = self._judged(name, tag, text)
            self._memory.remember(known, text if name == b"style" else tag + text, verdict, LONGEST_TEXT)
        return verdict

    def _judged(self, name: bytes, tag: bytes, text: bytes) -> Verdict:
        if name == b"style":
            return holding.judge_sheet(text, self.question) if self.question is not None else PASS
        if holding.speculates(tag):
            return holding.judge_rules(tag, text, self.question) if self.question is not None else PASS
        held = self.signatures(text) if self.signatures is not None else None
        return PASS if held is None else holding.hold_script(tag, held)

    def on_value(self, name: bytes, value: bytes) -> bool:
        """Whether an attribute that any element may have, `style`, `ping` or `background`, has to wait."""
        if self.question is None:
            return False
        if name == b"style":
            return holding.style_waits(value, self.question)
        reads = Reads.LIST if name == b"ping" else Reads.URL
        return self.question.value(decode(value), reads) is not None
