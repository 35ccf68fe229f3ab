"""HTML from templates. The only file that imports jinja2.

Templates lie in a package and are read through importlib.resources. Line breaks and indentation are for whoever
reads the template; they are taken out before it is compiled, so that none of them is sent and no text of an owner
is touched by it. Write a space that people need inside a line.

An owner may replace single ones. Those run in a sandbox, and when one of them fails while a page is on its way, the
page gets ours instead: a page is never broken.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Mapping
from importlib.resources import files
from traceback import walk_tb
from types import TracebackType
from typing import TYPE_CHECKING, Any

from markupsafe import Markup, escape

from consentkit.errors import ConfigurationError

if TYPE_CHECKING:
    from jinja2.sandbox import ImmutableSandboxedEnvironment

__all__ = ["Markup", "Templates", "escape"]

logger = logging.getLogger("consentkit")

# What jinja reads stays as it is; a line break in the text around it becomes a comment, so that lines still count.
_TAG_OR_BREAK = re.compile(r"(\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\})|\s*\n\s*", re.DOTALL)


class Templates:
    """The templates of `package`, in its folder `templates`.

    `overrides`: name to source, for an owner who replaces single templates, and `place`, what to call their folder.
    What is not defined raises, and what is put in is escaped unless it is `Markup`. Raises ConfigurationError with
    file and line of every override that is no template, or replaces nothing; with `strict` also when one fails.
    """

    def __init__(
        self,
        package: str,
        overrides: Mapping[str, str] | None = None,
        place: str = "templates",
        *,
        strict: bool = False,
    ) -> None:
        self._folder = files(package) / "templates"
        self._place = place
        self._strict = strict
        self._overrides = dict(overrides or {})
        self._ours = self._environment(self._source)
        self._theirs = self._environment(self._overrides.get)
        self._told: set[str] = set()
        problems = [problem for name in self._overrides for problem in self._problems(name)]
        if problems:
            raise ConfigurationError(problems)

    @property
    def replaced(self) -> frozenset[str]:
        """The names that an owner's template stands for."""
        return frozenset(self._overrides)

    def path(self, name: str) -> str:
        """How an owner knows the template of that name."""
        return f"{self._place}/{name}"

    def render(self, name: str, **values: Any) -> str:
        if name not in self._overrides:
            return self._ours.get_template(name).render(**values)
        try:
            return self._theirs.get_template(name).render(**values)
        except Exception as error:  # whatever an expression of an owner can raise
            reason = str(error).rstrip(".")
            problem = f"{self.path(name)}, line {_line(error.__traceback__, name)}: {reason}."
            if self._strict:
                raise ConfigurationError([problem]) from error
            if name not in self._told:
                self._told.add(name)
                logger.error("A template of yours fails, so visitors get ours: %s", problem)
            return self._ours.get_template(name).render(**values)

    def _problems(self, name: str) -> list[str]:
        known = sorted(each.name for each in self._folder.iterdir() if each.name.endswith(".html"))
        if name not in known:
            return [f"{self.path(name)}: replaces nothing; the templates are {', '.join(known)}."]
        from jinja2 import TemplateSyntaxError

        try:
            self._theirs.get_template(name)
        except TemplateSyntaxError as error:
            return [f"{self.path(name)}, line {error.lineno}: {(error.message or '').rstrip('.')}."]
        return []

    def _environment(self, source: Callable[[str], str | None]) -> ImmutableSandboxedEnvironment:
        # A fifth of the time that importing the package would take, and who only imports it renders nothing.
        from jinja2 import FunctionLoader, StrictUndefined
        from jinja2.sandbox import ImmutableSandboxedEnvironment

        def load(name: str) -> tuple[str, str, None] | None:
            text = source(name)
            return None if text is None else (_TAG_OR_BREAK.sub(_squeezed, text), name, None)

        loader = FunctionLoader(load)
        return ImmutableSandboxedEnvironment(loader=loader, autoescape=True, undefined=StrictUndefined)

    def _source(self, name: str) -> str:
        return (self._folder / name).read_text(encoding="utf-8")


def _squeezed(found: re.Match[str]) -> str:
    return found[1] or "{#" + "\n" * found[0].count("\n") + "#}"


def _line(traceback: TracebackType | None, name: str) -> int:
    """The line of the template in which it failed: jinja writes its lines into the traceback."""
    lines = [line for frame, line in walk_tb(traceback) if frame.f_code.co_filename == name]
    return lines[-1] if lines else 1
