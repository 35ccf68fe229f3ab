"""HTML from templates. The only file that imports jinja2.

Templates lie in a package and are read through importlib.resources. Line breaks and indentation are for whoever
reads the template; they are taken out before it is compiled, so that none of them is sent and no text of an owner
is touched by it. Write a space that people need inside a line.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from importlib.resources import files
from typing import Any

from jinja2 import Environment, FunctionLoader, StrictUndefined
from markupsafe import Markup, escape

__all__ = ["Markup", "Templates", "escape"]

_INDENTATION = re.compile(r"\s*\n\s*")


class Templates:
    """The templates of `package`, in its folder `templates`.

    `overrides`: name to source, for an owner who replaces single templates. What is not defined raises, and what
    is put in is escaped unless it is `Markup`.
    """

    def __init__(self, package: str, overrides: Mapping[str, str] | None = None) -> None:
        self._folder = files(package) / "templates"
        self._overrides = dict(overrides or {})
        self._environment = Environment(loader=FunctionLoader(self._source), autoescape=True, undefined=StrictUndefined)

    def render(self, name: str, **values: Any) -> str:
        return self._environment.get_template(name).render(**values)

    def _source(self, name: str) -> str:
        source = self._overrides.get(name)
        if source is None:
            source = (self._folder / name).read_text(encoding="utf-8")
        return _INDENTATION.sub("", source)
