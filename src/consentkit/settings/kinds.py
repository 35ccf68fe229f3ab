"""Has a value the kind that its annotation says? One answer for Python and TOML, before any rule looks at it.

`sound` gives a value back with everything ill-typed taken out, so that all other rules can still be applied, and tells
what it took out. The annotations of `Site` and the vocabulary are the only list of kinds.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

NAMES: Mapping[Any, str] = {
    str: "text",
    bool: "true or false",
    int: "a number",
    float: "a fraction",
    list: "a list",
    tuple: "a list",
    dict: "a table",
    NoneType: "None",
    Callable: "an app",
    Sequence: "a list",
    Mapping: "a table",
}


class _Nothing(Exception):
    """Nothing of this value can be used."""


def sound(where: str, value: Any, kind: Any, default: Any, problems: list[str]) -> Any:
    """The value as its kind has it: lists as tuples, tables copied, what is ill-typed replaced by its default."""
    try:
        return _sound(where, value, kind, problems)
    except _Nothing:
        return default


def _sound(where: str, value: Any, kind: Any, problems: list[str]) -> Any:
    origin = get_origin(kind)
    if origin in (Union, UnionType):
        return _one_of(where, value, kind, problems)
    if not _is(value, kind):
        raise _refused(where, value, kind, problems)
    if origin is Sequence:
        (of,) = get_args(kind)
        return tuple(_each([(f"{where}[{n}]", item, of) for n, item in enumerate(value)], problems))
    if origin is Mapping:
        keys = _each([(f"{where}.{key}", key, str) for key in value], problems)
        return dict(
            zip(keys, _each([(f"{where}.{key}", value[key], get_args(kind)[1]) for key in keys], problems), strict=True)
        )
    if dataclasses.is_dataclass(kind):
        return dataclasses.replace(value, **sound_fields(value, problems, where=f"{where}."))
    return value


def _each(members: Sequence[tuple[str, Any, Any]], problems: list[str]) -> list[Any]:
    """Every member sound. One that is not takes the whole list out, after all of them were looked at."""
    found = [sound(where, item, kind, _Nothing, problems) for where, item, kind in members]
    if any(item is _Nothing for item in found):
        raise _Nothing
    return found


def sound_fields(value: Any, problems: list[str], *, where: str = "") -> Mapping[str, Any]:
    """The fields of a dataclass, each sound. `where`: what stands before the name of a field."""
    kinds = get_type_hints(type(value))
    return {
        field.name: sound(where + field.name, getattr(value, field.name), kinds[field.name], _default(field), problems)
        for field in dataclasses.fields(value)
    }


def _default(field: dataclasses.Field[Any]) -> Any:
    if field.default_factory is not dataclasses.MISSING:
        return field.default_factory()
    return "" if field.default is dataclasses.MISSING else field.default


def name_of(kind: Any) -> str:
    """What people call a kind."""
    origin = get_origin(kind) or kind
    if origin in (Union, UnionType):
        return " or ".join(dict.fromkeys(name_of(each) for each in get_args(kind)))
    return NAMES.get(origin) or f"a {origin.__name__}"


def _one_of(where: str, value: Any, kind: Any, problems: list[str]) -> Any:
    for one in get_args(kind):
        if _is(value, one):
            return _sound(where, value, one, problems)
    raise _refused(where, value, kind, problems)


def _refused(where: str, value: Any, kind: Any, problems: list[str]) -> _Nothing:
    problems.append(f"{where}: {value!r} is {name_of(type(value))}; accepted is {name_of(kind)}.")
    return _Nothing()


def _is(value: Any, kind: Any) -> bool:
    """Whether a value is of a kind, not looking into it. Text is no list, and True is no number."""
    kind = get_origin(kind) or kind
    if kind is Sequence:
        return isinstance(value, Sequence) and not isinstance(value, str | bytes)
    if kind is int:
        return isinstance(value, int) and not isinstance(value, bool)
    return isinstance(value, kind)
