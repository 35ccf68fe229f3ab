"""Which of several languages a reader of a tag reads: the same language in the same script."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from consentkit.languages import cldr
from consentkit.languages.cldr import split

# RFC 5646 asks that 35 characters be supported (4.4.1); a well-formed tag in use is far below. Longer ones
# are no language, so that a cache of tags has a size that is known.
MAX_TAG = 64

# Language, perhaps extended, script, region; variants and extensions ("-u-co-phonebk") do not choose a
# catalogue. ASCII only: under Unicode rules "ſ" and "K" (Kelvin) would count as letters too.
_TAG = re.compile(
    r"([a-z]{2,3})(?:[-_][a-z]{3}){0,3}(?:[-_]([a-z]{4}))?(?:[-_]([a-z]{2}|[0-9]{3}))?(?:[-_][a-z0-9]{1,8})*",
    re.ASCII | re.IGNORECASE,
)

# Tags that say "no language in particular" (RFC 5646, 4.1). CLDR would make American English of them.
_NO_LANGUAGE = frozenset({"und", "mul", "mis", "zxx"})

# The present name of a language, where Babel's list of aliases has none: CLDR keeps "no" beside "nb", and
# both mean Bokmål to whoever wrote them into a page.
_RENAMED = {"no": "nb"}

# Whoever asks for the first reads the others too, when it is not there: Nynorsk readers learn Bokmål at
# school, and "sh" (withdrawn) names all of Serbian, Croatian and Bosnian.
_READS_ALSO = {"nn": ("nb",), "sh": ("hr", "bs")}


class Full(NamedTuple):
    """A tag with nothing left open: `zh-TW` is ("zh", "Hant", "TW"). Equal values mean the same language."""

    language: str
    script: str
    region: str


def match(wanted: str, available: Sequence[str]) -> str | None:
    """The tag out of `available` that a reader of `wanted` reads, spelled as it is there, or None.

    Same language and same script; among several the nearest by CLDR's inheritance (`en-AU` is nearer to
    `en-GB` than to `en-US`), then the first. Hyphens, underscores and any case are taken; nonsense gives
    None, no error.
    """
    if len(wanted) > MAX_TAG:
        return None
    return _match(wanted, tuple(available))


@lru_cache(maxsize=2048)
def _match(wanted: str, available: tuple[str, ...]) -> str | None:
    full = full_tag(wanted)
    if full is None:
        return None
    offers = [(full_tag(tag), tag) for tag in available]
    for readable in (full, *(full._replace(language=other) for other in _reads_also(wanted))):
        near = [
            (_distance(readable, offer), tag)
            for offer, tag in offers
            if offer is not None and offer[:2] == readable[:2]
        ]
        if near:
            return min(near, key=lambda pair: pair[0])[1]
    return None


def _reads_also(tag: str) -> tuple[str, ...]:
    found = _TAG.fullmatch(tag.strip())
    return _READS_ALSO.get(found[1].lower(), ()) if found else ()


@lru_cache(maxsize=2048)
def full_tag(tag: str) -> Full | None:
    """Fill in script and region by CLDR's likely subtags (UTS 35, "Likely Subtags"); None if it is no tag."""
    found = _TAG.fullmatch(tag.strip())
    if found is None or found[1].lower() in _NO_LANGUAGE:
        return None
    language, script, region = found[1].lower(), (found[2] or "").title(), (found[3] or "").upper()

    alias = cldr.alias(language) or _RENAMED.get(language, language)
    # An alias can name more than the language ("sh" is sr_Latn, "cnr" sr_ME); what the tag itself says wins.
    language, implied_script, implied_region = split(alias)
    script, region = script or implied_script, region or implied_region
    return Full(
        language,
        script or _likely(language, region).script,
        region or _likely(language, script).region,
    )


def _likely(language: str, script_or_region: str = "") -> Full:
    likely = cldr.likely_subtags()
    known = likely.get(f"{language}_{script_or_region}") or likely.get(language) or language
    return Full(*split(known))


@lru_cache(maxsize=2048)
def _distance(wanted: Full, offer: Full) -> tuple[int, int]:
    """How far up to what both inherit from in CLDR, then how far down to the offer.

    Up counts first: from `en-AU` both `en-GB` and `en-US` are two steps away, but only the former shares
    en_001.
    """
    theirs = _lineage(offer)
    return min(
        ((up, theirs.index(ancestor)) for up, ancestor in enumerate(_lineage(wanted)) if ancestor in theirs),
        default=(9, 9),  # two lines of one language that never meet: CLDR has none, and last place is right
    )


def _lineage(full: Full) -> list[str]:
    parents = cldr.parents()
    line = [shortest(full)]
    # Four steps reach the language from any tag in CLDR; the bound keeps a loop in its data from being ours.
    while "_" in line[-1] and len(line) < 8:
        line.append(parents.get(line[-1]) or line[-1].rpartition("_")[0])
    return line


def shortest(full: Full) -> str:
    """The tag without what goes without saying: `pt` for pt_Latn_BR, as CLDR's inheritance counts."""
    parts = [full.language]
    if full.script != _likely(full.language).script:
        parts.append(full.script)
    if full.region != _likely(full.language, full.script).region:
        parts.append(full.region)
    return "_".join(parts)
