"""Which language a visitor reads, and the catalogue that speaks it.

A tag from outside (`<html lang>`, `Content-Language`, `Accept-Language`, `?lang=`) is read by `match`, and
the answer is always one of *our* tags, as we spell it: what a visitor sends is never shown, never a key of
more than a bounded cache, and never part of a path. Two languages match when language **and script** agree
after CLDR's likely subtags are filled in, for a reader of Latin Serbian can't be assumed to read Cyrillic,
nor one of Traditional Chinese Simplified. Babel's own `negotiate_locale` knows neither, nor does its
`Translations.load`, which takes `sr_Latn_BA` to `sr`.

Catalogues are read from `locales/<folder>/consentkit.po` when first asked for, so nothing compiled can be
stale. A message that a catalogue lacks is said in English rather than in a neighbour's language or script.
"""

from consentkit.languages.catalogues import (
    AUDITORS,
    VISITORS,
    Catalogue,
    Catalogues,
    Language,
    MissingValue,
    UnknownMessage,
    catalogues_of,
    fill,
    placeholders,
)
from consentkit.languages.choosing import ENGLISH, MAX_LANGUAGES, Chosen, choose, parse_accept_language, pick
from consentkit.languages.tags import match

__all__ = [
    "AUDITORS",
    "ENGLISH",
    "MAX_LANGUAGES",
    "VISITORS",
    "Catalogue",
    "Catalogues",
    "Chosen",
    "Language",
    "MissingValue",
    "UnknownMessage",
    "catalogues_of",
    "choose",
    "fill",
    "match",
    "parse_accept_language",
    "pick",
    "placeholders",
]
