"""The TOML form of a `Site`: the same names, read strictly, every unknown key named with its nearest neighbour."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

from consentkit.errors import ConfigurationError
from consentkit.settings.checks import beside, unknown_option
from consentkit.settings.site import SECRET_VARIABLE, Site
from consentkit.vocabulary import Policy, Purpose, Vendor

TABLES: Mapping[str, type] = {"policies": Policy, "purposes": Purpose}


def load(path: Path) -> Site:
    """Read, check and build. Every problem of the file is in one `ConfigurationError`."""
    read_env(path.parent / ".env")
    problems: list[str] = []
    options = _options(_read(path), problems)
    try:
        site = Site(**{"name": ""} | options, folder=path.parent.resolve())
    except ConfigurationError as error:
        raise ConfigurationError(problems + beside(problems, error.problems), source=str(path)) from None
    if problems:
        raise ConfigurationError(problems, source=str(path))
    return site


def read_env(path: Path, environ: Callable[[str, str], object] | None = None) -> None:
    """Set the variables of an `.env` file that are not set yet.

    Lines are `NAME=value`, with or without `export` and quotes. A comment starts with # at the start of a line, after a
    quoted value, or after a blank: a secret may hold one.
    """
    set_default = environ or os.environ.setdefault
    try:
        lines = path.read_text(encoding="utf-8-sig", errors="replace").splitlines()
    except OSError:
        return
    for line in lines:
        found = _ENV_LINE.fullmatch(line)
        if found:
            set_default(found["name"], found["double"] or found["single"] or found["plain"] or "")


_ENV_LINE = re.compile(
    r"""\s*(?:export\s+)?(?P<name>[A-Za-z_][A-Za-z0-9_]*)\s*=\s*
    (?:"(?P<double>[^"]*)"|'(?P<single>[^']*)'|(?P<plain>(?:[^\s#]|(?<=\S)\#|[ \t]+(?=[^\s#]))*))
    \s*(?:\#.*)?""",
    re.VERBOSE,
)


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
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
        if key == "secret":
            problems.append(f"secret: does not belong into a file that is shared; put {SECRET_VARIABLE}=… into .env.")
        elif key == "folder":
            problems.append("folder: is not an option; relative paths start where the file lies.")
        elif key in TABLES:
            options[key] = _rows(key, value, TABLES[key], problems)
        elif key in Site.options():
            options[key] = _none_for_off(key, value)
        else:
            problems.append(unknown_option(key, Site.options()))
    return options


def _none_for_off(key: str, value: Any) -> Any:
    # TOML has no null: text_size, mobile or google = false turn it off, as None does in Python.
    return None if key in ("text_size", "mobile", "google") and value is False else value


def _rows(key: str, rows: Any, kind: type, problems: list[str]) -> list[Any]:
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        problems.append(f"{key}: is not a list of tables; write [[{key}]] before each.")
        return []
    return [_row(f"{key}[{number}]", row, kind, problems) for number, row in enumerate(rows)]


def _row(where: str, row: Mapping[str, Any], kind: type, problems: list[str]) -> Any:
    known = [field.name for field in fields(kind)]
    problems += [unknown_option(f"{where}.{key}", known) for key in row if key not in known]
    if "name" not in row:
        problems.append(f"{where}.name: is missing.")
    values = {key: value for key, value in row.items() if key in known}
    if "vendors" in values:
        values["vendors"] = _vendors(f"{where}.vendors", values["vendors"], problems)
    return kind(**{"name": ""} | values)


def _vendors(where: str, rows: Any, problems: list[str]) -> Any:
    """Registry keys and tables; what is neither is left for the check of kinds."""
    if not isinstance(rows, list):
        return rows
    return [
        _row(f"{where}[{number}]", row, Vendor, problems) if isinstance(row, dict) else row
        for number, row in enumerate(rows)
    ]
