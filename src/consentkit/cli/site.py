"""Which site a command is about: `./consentkit.toml`, `--config FILE` or `--site MODULE:NAME`."""

from __future__ import annotations

import argparse
import importlib
import sys
from pathlib import Path
from typing import Any

from consentkit.errors import ConfigurationError
from consentkit.settings import Site


def add_site_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--config", metavar="FILE", help="the configuration (default: ./consentkit.toml)")
    parser.add_argument("--site", metavar="MODULE:NAME", help="a Site object in a module, instead of a file")
    parser.set_defaults(site_loader=None)


def load_site(arguments: argparse.Namespace) -> Site:
    """The site that the options name. Raises `ConfigurationError`."""
    if arguments.site:
        site = load_object(arguments.site)
        if not isinstance(site, Site):
            raise ConfigurationError([f"--site {arguments.site}: is a {type(site).__name__}, not a Site."])
        return site
    return Site.load(Path(arguments.config or "consentkit.toml"))


def load_object(name: str) -> Any:
    """`package.module:attribute`, found from the working folder as servers find it."""
    module_name, found, attribute = name.partition(":")
    if not found or not attribute:
        raise ConfigurationError([f"{name!r} names no object; write MODULE:NAME, such as main:app."])
    if "" not in sys.path:
        sys.path.insert(0, "")
    try:
        value: Any = importlib.import_module(module_name)
        for part in attribute.split("."):
            value = getattr(value, part)
    except ModuleNotFoundError as error:
        raise ConfigurationError([f"{name!r}: there is no module {error.name!r} here."]) from None
    except AttributeError as error:
        raise ConfigurationError([f"{name!r}: {error}."]) from None
    return value
