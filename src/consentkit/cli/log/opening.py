"""Which log a command is about, with which keys, and who gives it."""

from __future__ import annotations

import argparse
import getpass
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from consentkit.cli.site import load_site
from consentkit.errors import ConfigurationError, LogUnavailable
from consentkit.log import filters
from consentkit.log.event import Kind
from consentkit.log.filters import Filter
from consentkit.settings import Site

if TYPE_CHECKING:
    from consentkit.log.canonical import Json
    from consentkit.log.checkpoint import VerifierKey
    from consentkit.log.keyring import Keyring
    from consentkit.log.store import Officer, Place, Reader


def reader_of(arguments: argparse.Namespace) -> Reader:
    # sqlalchemy takes longer to import than the rest of the command line.
    from consentkit.log import store

    place = place_of(arguments)
    store.check(place)
    return store.Reader(place)


def officer_of(arguments: argparse.Namespace) -> Officer:
    from consentkit.log import store

    return store.Officer(place_of(arguments), arguments.by or getpass.getuser())


def tell(arguments: argparse.Namespace, kind: Kind, about: dict[str, Json]) -> None:
    """Write down in the log who looked at what; over a copy that can't be written, say that it was not."""
    try:
        officer_of(arguments).tell(kind, about)
    except (LogUnavailable, ConfigurationError) as problem:
        print(f"consentkit: This {kind} could not be written down in the log: {problem}", file=sys.stderr)


def place_of(arguments: argparse.Namespace) -> Place:
    from consentkit.log import store

    if arguments.log is not None:
        return store.locate(arguments.log, Path.cwd())
    site = site_of(arguments)
    return store.locate(site.log, site.folder)


def site_of(arguments: argparse.Namespace) -> Site:
    loader = getattr(arguments, "site_loader", None)
    site: Site = load_site(arguments) if loader is None else loader()
    return site


def keyring_of(arguments: argparse.Namespace) -> Keyring | None:
    """The keys of `--log-key`, or without `--log` those of the site; None when there are none."""
    from consentkit.log import anchor, keyring

    if arguments.log_key is not None:
        keys = keyring.load(Path(arguments.log_key))
        if keys is None:
            raise ConfigurationError([f"--log-key: there is no file {arguments.log_key!r}, or no key in it."])
        return keys
    if arguments.log is not None:
        return None
    site = site_of(arguments)
    return keyring.load(site.folder / site.log_key, anchor.read(site.anchors, site.folder))


def keyring_to_verify(arguments: argparse.Namespace) -> tuple[Keyring | None, Path | None]:
    """The public keys of `--key`, or else the keys of the log; and where these remember what they signed last."""
    from consentkit.log import anchor, keyring

    memory = None
    anchors: tuple[anchor.Anchor, ...] = ()
    if arguments.log_key is not None:
        memory = keyring.memory_of(Path(arguments.log_key))
    elif arguments.log is None:
        site = site_of(arguments)
        memory, anchors = keyring.memory_of(site.folder / site.log_key), anchor.read(site.anchors, site.folder)
    if not arguments.key:
        return keyring_of(arguments), memory
    public = _public_keys(arguments.key)
    if len({key.name for key in public}) > 1:
        raise ConfigurationError(["--key: these are keys of several logs; a log has one name."])
    return keyring.to_verify(public, memory or Path(), anchors), memory


def _public_keys(lines: Sequence[str]) -> list[VerifierKey]:
    from consentkit.log import checkpoint

    try:
        return [checkpoint.parse_verifier_key(line) for line in lines]
    except checkpoint.UnreadableNote as problem:
        raise ConfigurationError([f"--key: {problem}."]) from None


def verifiers_of(arguments: argparse.Namespace) -> list[VerifierKey]:
    """The public keys of `--key`, or else those of the log."""
    if arguments.key:
        return _public_keys(arguments.key)
    keys = keyring_of(arguments)
    if keys is None:
        raise ConfigurationError(["--key: write the log's public key; `consentkit log status` prints it."])
    return [key.verifier for key in keys.keys]


def filter_of(arguments: argparse.Namespace) -> Filter:
    return filters.read(**filter_words(arguments))


def filter_words(arguments: argparse.Namespace) -> dict[str, str | None]:
    """What was asked for, in the words of the command line."""
    return {
        "subject": arguments.subject,
        "since": arguments.since,
        "until": arguments.until,
        "action": arguments.action,
        "purpose": arguments.purpose,
        "vendor": arguments.vendor,
        "policy": arguments.policy,
        "notice": arguments.notice,
        "language": arguments.language,
        "site": arguments.of_site,
    }
