"""The TOML form of a `Site`: the same names, read strictly, every unknown key named with its nearest neighbour."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

from consentkit.errors import ConfigurationError, nearest
from consentkit.settings.site import SECRET_VARIABLE, Site
from consentkit.vocabulary import Policy, Purpose, Vendor

TABLES: Mapping[str, type] = {"policies": Policy, "purposes": Purpose}


def load(path: Path) -> Site:
    """Read, check and build. Every problem of the file is in one `ConfigurationError`."""
    read_env(path.parent / ".env")
    table = _read(path)
    problems: list[str] = []
    options = _options(table, problems)
    if "folder" in table:
        problems.append('folder: is not an option; relative paths start where the file lies.')
    try:
        site = Site(**options, folder=path.parent.resolve())
    except ConfigurationError as error:
        raise ConfigurationError(problems + error.problems, source=str(path)) from None
    except TypeError as error:
        missing = [] if "name" in options else ['name: is missing; write what people call the site.']
        raise ConfigurationError(problems + missing or [str(error)], source=str(path)) from None
    if problems:
        raise ConfigurationError(problems, source=str(path))
    return site


def read_env(path: Path, environ: Callable[[str, str], object] | None = None) -> None:
    """Set the variables of an `.env` file that are not set yet: `NAME=value` lines, quotes optional."""
    set_default = environ or os.environ.setdefault
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError:
        return
    for line in lines:
        name, found, value = line.strip().removeprefix("export ").partition("=")
        if found and not name.startswith("#"):
            set_default(name.strip(), value.strip().strip("\"'"))


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigurationError(
            [f"There is no file {path.name!r} in {path.parent.resolve()}; write one with `consentkit init`."]
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError([f"The file can't be read: {error}."], source=str(path)) from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError([f"This is not TOML: {error}."], source=str(path)) from None


def _options(table: Mapping[str, Any], problems: list[str]) -> dict[str, Any]:
    options: dict[str, Any] = {}
    for key, value in table.items():
        if key in TABLES:
            options[key] = _rows(key, value, TABLES[key], problems)
        elif key in Site.options():
            wrong = _wrong_type(key, value)
            if wrong:
                problems.append(wrong)
            else:
                options[key] = _none_for_off(key, value)
        elif key != "folder":
            problems.append(_unknown(key, Site.options()))
    if "secret" in table:
        problems.append(f"secret: does not belong into a file that is shared; put {SECRET_VARIABLE}=… into .env.")
        del options["secret"]
    return options


def _none_for_off(key: str, value: Any) -> Any:
    # TOML has no null: text_size = false and mobile = false turn a control off, as None does in Python.
    return None if key in ("text_size", "mobile") and value is False else value


def _rows(key: str, rows: Any, kind: type, problems: list[str]) -> list[Any]:
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        problems.append(f"{key}: is not a list of tables; write [[{key}]] before each.")
        return []
    return [built for n, row in enumerate(rows) if (built := _row(f"{key}[{n}]", row, kind, problems)) is not None]


def _row(where: str, row: Mapping[str, Any], kind: type, problems: list[str]) -> Any:
    known = {field.name: field.type for field in fields(kind)}
    values: dict[str, Any] = {}
    for key, value in row.items():
        if key not in known:
            problems.append(_unknown(f"{where}.{key}", known))
        elif key == "vendors":
            values[key] = _vendors(f"{where}.vendors", value, problems)
        elif wrong := _wrong_field(f"{where}.{key}", str(known[key]), value):
            problems.append(wrong)
        else:
            values[key] = value
    if "name" not in row:
        problems.append(f"{where}.name: is missing.")
        return None
    return kind(**values) if "name" in values else None


def _vendors(where: str, rows: Any, problems: list[str]) -> list[Any]:
    if not isinstance(rows, list):
        problems.append(f'{where}: is not a list; write ["google-analytics"] or a list of tables.')
        return []
    vendors = []
    for number, row in enumerate(rows):
        if isinstance(row, str):
            vendors.append(row)
        elif isinstance(row, dict):
            vendors.append(_row(f"{where}[{number}]", row, Vendor, problems))
        else:
            problems.append(f"{where}[{number}]: {row!r} is neither a registry key nor a table.")
    return [vendor for vendor in vendors if vendor is not None]


def _wrong_field(where: str, annotation: str, value: Any) -> str:
    accepted: tuple[type, ...] = (str,)
    if annotation == "Text":
        accepted = (str, dict)
    elif annotation.startswith("Sequence"):
        accepted = (list,)
    elif annotation.startswith("Mapping"):
        accepted = (dict,)
    if isinstance(value, accepted):
        return ""
    return f"{where}: {value!r} is {_kind(value)}; accepted is {' or '.join(_NAMES[kind] for kind in accepted)}."


def _wrong_type(key: str, value: Any) -> str:
    annotation = str(next(field.type for field in fields(Site) if field.name == key))
    accepted: tuple[type, ...] = (str,)
    if annotation.startswith(("Sequence", "str | Sequence")):
        accepted = (list, str) if "str |" in annotation else (list,)
    elif annotation.startswith("Mapping"):
        accepted = (dict,)
    elif annotation in ("int", "bool"):
        accepted = (int,) if annotation == "int" else (bool,)
    elif "None" in annotation and value is False:
        return ""
    if isinstance(value, accepted) and not (accepted == (int,) and isinstance(value, bool)):
        return ""
    return f"{key}: {value!r} is {_kind(value)}; accepted is {' or '.join(_NAMES[kind] for kind in accepted)}."


_NAMES: Mapping[type, str] = {
    str: "text", list: "a list", dict: "a table", int: "a number", bool: "true or false", float: "a number",
}


def _kind(value: Any) -> str:
    return _NAMES.get(type(value), f"a {type(value).__name__}")


def _unknown(where: str, known: Iterable[str]) -> str:
    names = list(known)
    key = where.rpartition(".")[2]
    hint = nearest(key, names) or f" Accepted: {', '.join(names)}."
    return f"{where}: is not an option.{hint}"
