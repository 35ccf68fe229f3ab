"""Our style sheets and scripts: read once, named by their content.

Sources are written for people; comments and indentation do not go out.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

CSS = "text/css; charset=utf-8"
JS = "text/javascript; charset=utf-8"

_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_CSS_SPACE = re.compile(r"\s+")
# No selector has a blank after its colon, so the one between property and value can go.
_CSS_JOINTS = re.compile(r" ?([{};,>]) ?|(:) | (?=!)")
_MARKUP = re.compile("[&<]")
_JS_COMMENT_LINE = re.compile(r"^\s*//.*$", re.MULTILINE)
_JS_INDENTATION = re.compile(r"\s*\n\s*")
# What must stay as it is: strings, templates, and patterns, which begin where a value may and a division may not.
_JS_LITERAL = re.compile(
    r"""("(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`(?:[^`\\]|\\.)*`"""
    r"""|(?<=[=(,:!&|?{;>\[])(?<!<)[ ]?/(?![/*])(?:[^/\\\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+/[dgimsuvy]*)"""
)
# A blank beside punctuation can go. Not between two signs: "a + +b" is no "a++b".
_JS_JOINTS = re.compile(
    r"(?<=[^\w$+ -]) | (?=[^\w$+ -])|(?<=[+]) (?![+ ])|(?<=-) (?![- ])|(?<![+ ]) (?=[+])|(?<![- ]) (?=-)"
)


@dataclass(frozen=True)
class Asset:
    """A file of ours. `name` holds a hash of `body`, so it may be kept for ever."""

    name: str
    content_type: str
    body: bytes


@dataclass(frozen=True)
class Sheet:
    """What stands inline: `text` is ASCII, `sha256` its base64 hash for a policy."""

    text: str

    def naming(self, **names: str) -> Sheet:
        """With the names of other files in place of what stands for them."""
        text = self.text
        for name, value in names.items():
            text = text.replace(name, value)
        return Sheet(text)

    def plus(self, text: str) -> Sheet:
        return Sheet(self.text + text)

    @property
    def sha256(self) -> str:
        return base64.b64encode(hashlib.sha256(self.text.encode("ascii")).digest()).decode("ascii")


def style(*names: str) -> Sheet:
    return Sheet("".join(_squeeze_css(_read(f"{name}.css")) for name in names))


def script(*names: str) -> Sheet:
    """The sources as one script in one block, so that none of their names becomes global.

    In XHTML a script is parsed as markup, so what looks like that stands in a CDATA section.
    """
    parts = "\n".join(_squeeze_js(_read(f"{name}.js")) for name in names)
    block = f"{{\n{parts}\n}}"
    return Sheet(f"//<![CDATA[\n{block}\n//]]>" if _MARKUP.search(block) else block)


def module(*names: str) -> Sheet:
    """The sources as one module, which has a scope of its own and may export."""
    return Sheet("\n".join(_squeeze_js(_read(f"{name}.js")) for name in names))


def asset(stem: str, content_type: str, sheet: Sheet) -> Asset:
    body = sheet.text.encode("ascii")
    extension = "css" if content_type == CSS else "js"
    return Asset(f"{stem}.{hashlib.sha256(body).hexdigest()[:12]}.{extension}", content_type, body)


def by_name(*assets: Asset) -> Mapping[str, Asset]:
    return {each.name: each for each in assets}


@cache
def _read(name: str) -> str:
    text = (files("consentkit.controls") / "static" / name).read_text(encoding="utf-8")
    text.encode("ascii")  # inline in a page of any charset, so anything else would be misread there
    return text


def _squeeze_css(text: str) -> str:
    text = _CSS_SPACE.sub(" ", _COMMENT.sub("", text))
    return _CSS_JOINTS.sub(r"\1\2", text).replace("@media (", "@media(").replace(";}", "}").strip()


def _squeeze_js(text: str) -> str:
    """Without comment lines, indentation, and blanks that only people need. No string of ours has several lines."""
    lines = _JS_INDENTATION.sub("\n", _JS_COMMENT_LINE.sub("", text)).strip()
    code_and_literals = _JS_LITERAL.split(lines)
    code_and_literals[::2] = [_JS_JOINTS.sub("", code) for code in code_and_literals[::2]]
    return "".join(code_and_literals)
