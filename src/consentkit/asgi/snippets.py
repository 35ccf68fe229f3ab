"""Whose inline scripts wait: the owner's patterns first, then the loader snippets that the registry knows.

A snippet belongs to the vendor that its row names. When no purpose declares that one, the owner may have declared it
under a name of their own: a self-hosted Matomo is known by its snippet, and whose it is by the host that it speaks to.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from consentkit.registry import UNCLASSIFIED, Holder, registry
from consentkit.registry.holding import MAX_CHOICES, Whose
from consentkit.registry.signatures import CALLS, SIGNATURES, STUBS
from consentkit.rewrite import Held, Signatures
from consentkit.rewrite.urls import quoted_urls, target
from consentkit.settings import Site
from consentkit.settings.site import vendors_of

#: Told of a snippet that nobody's choice releases: the vendor of its row and its purpose.
Tell = Callable[[str, str], None]

# An owner's pattern without a vendor: what it finds is held, and nobody's choice releases it.
NOBODY = ""


OBJECTS = {
    vendor: " ".join(stub for stub in stubs.split() if stub.endswith("{}"))
    for vendor, stubs in STUBS.items()
    if "{}" in stubs
}


class Snippets:
    """The answers of one site. Built once; `of` gives the same object for equal arguments."""

    def __init__(self, site: Site, holder: Holder[Held], tell: Tell) -> None:
        self._holder = holder
        self._tell = tell
        self._declared = {vendor.name: purpose.name for purpose in site.purposes for vendor in vendors_of(purpose)}
        self._rows = [*((vendor, (pattern.encode(),)) for pattern, vendor in _patterns(site)), *SIGNATURES]
        self._made: dict[tuple[frozenset[str], frozenset[str]], Signatures] = {}

    def of(self, site_hosts: Iterable[str], allowed: frozenset[str]) -> Signatures:
        """What waits for a visitor who has agreed to these vendors."""
        key = (frozenset(site_hosts), allowed)
        made = self._made.get(key)
        if made is None:
            if len(self._made) >= MAX_CHOICES:
                self._made.clear()
            made = self._made[key] = Signatures(
                self._rows,
                lambda vendor: self._held(vendor, allowed),
                lambda vendor, script: self._by_host(vendor, script, key[0], allowed),
                CALLS,
            )
        return made

    def with_stubs(self, held: Held | None, host: str, path: str) -> Held | None:
        """The same with the objects that a library makes which is loaded by its address.

        Functions and queues are made by snippets, so those without one have none.
        """
        if held is None:
            return None
        entry = registry().classify(host, path)
        stubs = OBJECTS.get(held.vendor or "") or OBJECTS.get(entry.vendor if entry else "", "")
        return replace(held, stubs=stubs) if stubs else held

    def _held(self, vendor: str, allowed: frozenset[str]) -> Held | None:
        """What is said of a vendor's snippet. Each row is of a vendor that needs a purpose; a test says so."""
        stubs = STUBS.get(vendor, "")
        if vendor in self._declared:
            return None if vendor in allowed else Held(self._declared[vendor], vendor, stubs)
        if vendor == NOBODY:
            return Held(UNCLASSIFIED)
        return Held(registry().entry(vendor).purpose or UNCLASSIFIED, None, stubs)

    def _by_host(self, vendor: str, script: bytes, site_hosts: frozenset[str], allowed: frozenset[str]) -> Held | None:
        held = self._held(vendor, allowed)
        if held is None or vendor == NOBODY:
            return held
        for url in quoted_urls(script.decode("utf-8", "replace")):
            leads_to = target(url)
            found = self._holder.find(*leads_to, site_hosts=site_hosts) if leads_to else None
            if found is not None and found.whose is Whose.DECLARED and found.purpose and found.vendor:
                return None if found.vendor in allowed else replace(held, purpose=found.purpose, vendor=found.vendor)
        self._tell(vendor, held.purpose)
        return held


def _patterns(site: Site) -> Iterable[tuple[str, str]]:
    """What the owner wrote: (a piece of code, the vendor whose it is)."""
    return site.inline.items() if isinstance(site.inline, dict) else ((pattern, NOBODY) for pattern in site.inline)
