"""Which language a visitor reads, and what a catalogue says in it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consentkit import languages
from consentkit.errors import ConfigurationError
from consentkit.languages import (
    MAX_LANGUAGES,
    Catalogues,
    Chosen,
    MissingValue,
    UnknownMessage,
    choose,
    choosing,
    fill,
    match,
    parse_accept_language,
    pick,
    placeholders,
)
from consentkit.languages import catalogues as shipping
from consentkit.languages import tags as matching
from tests.settings.sites import courier

SHIPPED = ("ar", "bs", "de", "en", "fr", "hr", "sr", "sr-Latn")

# What is wanted, what there is, what the reader gets.
MATCHES: list[tuple[str, str, str | None]] = [
    # Babel's negotiate_locale gets each of these wrong.
    ("sr_Latn_BA", "sr_Latn en", "sr_Latn"),
    ("sr_Latn_BA", "sr sr_Latn en", "sr_Latn"),
    ("sr_Latn", "sr en", None),
    ("sr_ME", "sr_Latn sr", "sr_Latn"),
    ("sh", "sr_Latn hr", "sr_Latn"),
    ("zh_TW", "zh_Hant zh_Hans", "zh_Hant"),
    ("zh_HK", "zh_Hant zh_Hans", "zh_Hant"),
    ("zh_CN", "zh_Hant zh_Hans", "zh_Hans"),
    ("zh", "zh_Hant zh_Hans", "zh_Hans"),
    ("zh_TW", "zh zh_Hant", "zh_Hant"),
    ("zh_Hant_TW", "zh_Hant zh_Hans", "zh_Hant"),
    ("nb", "no", "no"),
    ("no", "nb", "nb"),
    ("nn", "nb no", "nb"),
    ("pt", "pt_BR en", "pt_BR"),
    ("pt_PT", "pt_BR", "pt_BR"),
    ("pt_AO", "pt_PT pt_BR", "pt_PT"),
    ("en_GB", "en_US", "en_US"),
    ("en", "en_GB", "en_GB"),
    ("es_MX", "es_419", "es_419"),
    ("iw", "he", "he"),
    ("in", "id", "id"),
    ("tl", "fil", "fil"),
    ("mo", "ro", "ro"),
    ("ji", "yi", "yi"),
    ("az_Arab", "az", None),
    ("pa_PK", "pa", None),
    ("uz_Cyrl_UZ", "uz uz_Cyrl", "uz_Cyrl"),
    ("EN", "en", "en"),
    ("EN_us", "en_US", "en_US"),
    ("pt-BR", "pt_BR", "pt_BR"),
    ("*", "en", None),
    ("i_klingon", "en", None),
    ("sr-Latn-BA", "sr", None),
    ("zh-Hant-US", "zh_Hant zh_Hans", "zh_Hant"),
    ("und_TW", "zh_Hant en", None),
    ("uz_AF", "uz", None),
    # The nearest of several, by what CLDR lets inherit from what.
    ("en-AU", "en-US en-GB", "en-GB"),
    ("pt_AO", "pt_BR pt_PT", "pt_PT"),
    ("es_MX", "es es_419", "es_419"),
    ("es_ES", "es_419 es", "es"),
    ("de-AT", "de-CH de", "de"),
    ("de-CH", "de de-CH", "de-CH"),
    ("en", "en-GB en", "en"),
    ("zh-MO", "zh-Hant zh-Hant-HK", "zh-Hant-HK"),
    # Names that are no longer in use, and those of three letters.
    ("sh", "bs hr", "hr"),
    ("sh-Cyrl", "hr sr", "sr"),
    ("sh-Cyrl", "hr bs", None),
    ("cnr", "sr sr-Latn", "sr-Latn"),
    ("deu", "de", "de"),
    ("cmn-Hant", "zh zh-TW", "zh-TW"),
    ("zh-cmn-Hans-CN", "zh_Hans", "zh_Hans"),
    ("nb-NO", "nn nb", "nb"),
    # Scripts.
    ("sr-Cyrl", "sr-Latn sr", "sr"),
    ("sr-RS", "sr-Latn sr", "sr"),
    ("sr-BA", "sr-Latn", None),
    ("bs-Cyrl", "bs", None),
    ("ku-Arab", "ku", None),
    # Neighbours are not the same language.
    ("hr", "bs sr-Latn", None),
    ("bs", "hr", None),
    # What is added to a tag does not choose a catalogue.
    ("de-DE-u-co-phonebk", "de", "de"),
    ("de-1996", "de", "de"),
    ("en-x-foo", "en", "en"),
    ("ca-valencia", "ca", "ca"),
    (" fr ", "fr", "fr"),
    # No tags.
    ("", "en", None),
    ("und", "en", None),
    ("mul", "en", None),
    ("e", "en", None),
    ("english", "en", None),
    ("de, en", "de en", None),
    ("en_US@x=y", "en", None),
    ("en_US.UTF-8", "en", None),
    ("../../etc/passwd", "en", None),
    ("en/../..", "en", None),
    ("en\0", "en", None),
    ("ſr", "sr", None),
    ("\u212au", "ku", None),  # the Kelvin sign is a "k" where case is ignored by Unicode's rules
    ("xx", "en", None),
    ("xx", "xx en", "xx"),
    ("en" + "-a" * 2000, "en", None),
]


@pytest.mark.parametrize(("wanted", "available", "expected"), MATCHES)
def test_a_reader_gets_the_same_language_in_the_same_script(wanted: str, available: str, expected: str | None) -> None:
    """
    A catalogue serves a reader when language and script agree, and is named as we spell it.
    """
    assert match(wanted, available.split()) == expected


tags = st.one_of(
    st.text(max_size=80),
    st.from_regex(r"[A-Za-z]{1,9}([-_][A-Za-z0-9]{1,9}){0,5}", fullmatch=True),
    st.sampled_from(["sr-Latn-BA", "zh-TW", "*", "i-klingon", "../../sr", "en\n", "sh", "x-foo", "ſh"]),
)


@given(tags, st.lists(st.sampled_from(SHIPPED), max_size=5))
def test_no_tag_raises_and_no_tag_invents_a_catalogue(wanted: str, available: list[str]) -> None:
    """
    Whatever stands where a language belongs, the answer is one that there is, or none.
    """
    assert match(wanted, available) in [*available, None]


@given(tags, st.lists(tags, max_size=4))
def test_even_strange_offers_are_answered_with_one_of_them(wanted: str, available: list[str]) -> None:
    """
    An owner's texts may be keyed by anything.
    """
    assert match(wanted, available) in [*available, None]


# --- Accept-Language ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("", []),
        ("de", ["de"]),
        ("de, en", ["de", "en"]),
        ("de-AT,de;q=0.9,en;q=0.8", ["de-AT", "de", "en"]),
        ("en;q=0.2, fr;q=0.9, de", ["de", "fr", "en"]),
        ("en;q=0.5, fr;q=0.5", ["en", "fr"]),
        ("en;q=0, de", ["de"]),
        ("en;q=0.000, de;q=0.001", ["de"]),
        ("en ; Q = 0.3 , de ; q=0.4", ["de", "en"]),
        ("fr, *;q=0.1", ["fr", "*"]),
        ("*", ["*"]),
        (",,de,,", ["de"]),
        ("en;q=2, de", ["de"]),
        ("en;q=-1, de", ["de"]),
        ("en;q=nan, fr;q=1e3, de", ["de"]),
        ("en;level=1, de", ["de"]),
        ("en;q=1.000", ["en"]),
        ("q=0.5", []),
        ("de\r\nX-Evil: 1, en", ["en"]),
        ("dé, en", ["en"]),
    ],
)
def test_accept_language_is_read_as_the_standard_says(header: str, expected: list[str]) -> None:
    """
    Best first; refused and malformed ranges are left out (RFC 9110, 12.5.4 and 12.4.2).
    """
    assert parse_accept_language(header) == expected


def test_a_long_header_is_read_only_so_far() -> None:
    """
    A thousand languages cost no more than twenty.
    """
    assert len(parse_accept_language(",".join(["de"] * 1000))) == MAX_LANGUAGES
    assert parse_accept_language("x" * 100_000 + ",de") == []
    assert parse_accept_language("," * 100_000 + "de") == []


@given(st.one_of(st.text(), st.lists(tags).map(",".join), st.binary().map(lambda b: b.decode("latin-1"))))
def test_no_header_raises(header: str) -> None:
    """
    A hostile header is an answer like any other.
    """
    assert len(parse_accept_language(header)) <= MAX_LANGUAGES
    assert choose([header, None, header], header, header, SHIPPED).tag in SHIPPED


# --- The order of choice --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("candidates", "accept", "default", "expected"),
    [
        pytest.param(["fr", "bs", "de", "hr"], "ar", "sr", Chosen("fr", False), id="query first"),
        pytest.param([None, "bs", "de", "hr"], "ar", "sr", Chosen("bs", False), id="then the app's word"),
        pytest.param([None, None, "de", "hr"], "ar", "sr", Chosen("de", False), id="then html lang"),
        pytest.param([None, None, None, "hr"], "ar", "sr", Chosen("hr", False), id="then Content-Language"),
        pytest.param([None] * 4, "ar", "sr", Chosen("ar", True), id="then Accept-Language"),
        pytest.param([None] * 4, None, "sr", Chosen("sr", True), id="then the site's language"),
        pytest.param([None] * 4, None, None, Chosen("en", True), id="then English"),
        pytest.param([], "", "", Chosen("en", True), id="nothing known"),
        pytest.param(["ja", None, "fi"], None, "ko", Chosen("en", True), id="none of them spoken"),
        pytest.param(["ja", "de-CH"], "fr", None, Chosen("de", False), id="what is not spoken is passed over"),
        pytest.param(["", "und"], "fr", None, Chosen("fr", True), id="empty and undetermined say nothing"),
        pytest.param(["de, en"], "fr", None, Chosen("fr", True), id="two languages are none"),
        pytest.param([], "ja, fr;q=0.1", "de", Chosen("fr", True), id="second wish"),
        pytest.param([], "ja, *;q=0.5, fr;q=0.1", "de", Chosen("de", True), id="any: the site's own"),
        pytest.param([], "fr;q=0, de;q=0.1", None, Chosen("de", True), id="refused"),
        pytest.param(["sr-Latn-ME"], None, "sr", Chosen("sr-Latn", False), id="script kept"),
    ],
)
def test_order_of_choice(
    candidates: list[str | None], accept: str | None, default: str | None, expected: Chosen
) -> None:
    """
    The banner speaks the page's language; only when nothing tells it, the browser's. `Vary` hears of that.
    """
    assert choose(candidates, accept, default, SHIPPED) == expected


def test_without_english_the_first_is_spoken() -> None:
    """
    There is always an answer.
    """
    assert choose(["ja"], "ja", "ja", ["de", "fr"]) == Chosen("de", True)
    assert choose(["ja"], "ja", "ja", []) == Chosen("en", True)


def test_caches_stay_small() -> None:
    """
    Somebody who sends a new tag with each request fills no memory.
    """
    for n in range(5000):
        choose([f"x{n:x}"[:3] + f"-{n:04}"], f"de-{n:04}", None, SHIPPED)

    for cached in (matching._match, matching.full_tag):
        info = cached.cache_info()
        assert info.maxsize is not None
        assert info.currsize <= info.maxsize <= 2048
    remembered: tuple[Any, ...] = (choosing._ranges, choosing._accepted)
    assert all(len(each.__known__) <= 1024 for each in remembered)


def test_long_headers_are_not_kept() -> None:
    """
    Nor does somebody who sends long ones.
    """
    header = "en-" + "x" * 300
    choose([], header, None, SHIPPED)

    assert (header,) not in choosing._ranges.__known__  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("text", "tag", "expected"),
    [
        ("Videos", "de", "Videos"),
        ({"de": "Filme", "en": "Videos"}, "de-AT", "Filme"),
        ({"de": "Filme", "en": "Videos"}, "fr", "Videos"),
        ({"de": "Filme", "fr": "Vidéos"}, "bs", "Filme"),
        ({"sr": "Видео", "sr_Latn": "Video"}, "sr-Latn", "Video"),
        ({"sr": "Видео", "en": "Videos"}, "sr-Latn", "Videos"),
        ({}, "de", ""),
    ],
)
def test_an_owners_text_in_the_readers_language(text: str | Mapping[str, str], tag: str, expected: str) -> None:
    """
    The same matcher, then English, then whatever there is first.
    """
    assert pick(text, tag) == expected


# --- Filling --------------------------------------------------------------------------------------------


def test_values_are_filled_once_and_as_they_are() -> None:
    """
    A name with braces in it is a name, and no text reaches into a value.
    """
    assert fill("{a} and {b}", {"a": "{b}", "b": 2, "c": 3}) == "{b} and 2"
    assert fill("{a.__class__} {a[0]} {} {0} {A}", {"a": 1}) == "{a.__class__} {a[0]} {} {0} {A}"
    assert placeholders("{a} {b}{a} {0}") == {"a", "b"}


def test_a_forgotten_value_is_named() -> None:
    """
    A caller that forgot a value learns which, and in what sentence.
    """
    with pytest.raises(MissingValue, match=r"^No value for \{site\} in 'Cookies on \{site\}'\.$") as caught:
        fill("Cookies on {site}", {})

    assert isinstance(caught.value, KeyError)
    assert (caught.value.name, caught.value.text) == ("site", "Cookies on {site}")


# --- Catalogues -----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def catalogues() -> Catalogues:
    return Catalogues()


def test_what_is_shipped(catalogues: Catalogues) -> None:
    """
    Each language has its tag, its direction and its own name for itself.
    """
    assert set(SHIPPED) <= set(catalogues.tags)
    assert tuple(language.tag for language in catalogues.available) == catalogues.tags
    known = {language.tag: language for language in catalogues.available}
    assert (known["ar"].direction, known["ar"].autonym) == ("rtl", "العربية")
    assert (known["sr-Latn"].folder, known["sr-Latn"].direction) == ("sr_Latn", "ltr")
    assert (known["fr"].autonym, known["bs"].autonym) == ("Français", "Bosanski")


def test_a_catalogue_is_found_by_any_spelling_and_never_by_path(catalogues: Catalogues) -> None:
    """
    `get` takes what `choose` gives, and what an owner may write; anything else is an error that tells.
    """
    assert catalogues.get("sr_latn") is catalogues.get("sr-Latn")
    assert catalogues.get("de-CH").language.tag == "de"
    with pytest.raises(KeyError, match=r"No catalogue for '\.\./de'; there are ar, bg, bs"):
        catalogues.get("../de")


def test_hostile_tags_read_no_file(catalogues: Catalogues, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Once the languages are listed, a tag alone opens nothing.
    """

    def no_file() -> None:
        raise AssertionError("looked for a file")

    monkeypatch.setattr(shipping, "_locales", no_file)

    choose(["../../de", "de/../fr"], "../de, C:\\de", "/etc/passwd", catalogues.tags)
    with pytest.raises(KeyError, match="No catalogue"):
        catalogues.get("xx-../../de")


def test_messages_are_said(catalogues: Catalogues) -> None:
    """
    Whole sentences, filled; `raw` keeps the braces for markup.
    """
    german = catalogues.get("de")

    assert german.text("banner.title", site="Kurier") == "Cookies auf Kurier"
    assert german.raw("banner.title") == "Cookies auf {site}"
    assert german.forms("prefs.vendors") == ("{count} Unternehmen", "{count} Unternehmen")


@pytest.mark.parametrize(
    ("tag", "count", "expected"),
    [
        ("en", 1, "1 company"),
        ("en", 2, "2 companies"),
        ("fr", 0, "0\u00a0entreprise"),
        ("hr", 1, "1 tvrtka"),
        ("hr", 3, "3 tvrtke"),
        ("hr", 5, "5 tvrtki"),
        ("hr", 11, "11 tvrtki"),
        ("hr", 21, "21 tvrtka"),
        ("sr", 22, "22 компаније"),
        ("ar", 1, "شركة واحدة"),
        ("ar", 2, "شركتان"),
        ("ar", 3, "3 شركات"),
        ("ar", 11, "11 شركة"),
        ("ar", 100, "100 شركة"),
    ],
)
def test_plural_forms(catalogues: Catalogues, tag: str, count: int, expected: str) -> None:
    """
    Each language counts in its own way.
    """
    assert catalogues.get(tag).plural("prefs.vendors", count) == expected


def test_an_unknown_message_names_the_nearest(catalogues: Catalogues) -> None:
    """
    A misspelt id is an error in every language, also behind a fallback.
    """
    for tag in ("en", "de"):
        with pytest.raises(
            UnknownMessage, match=r"^Unknown message 'banner\.titel'; .* Did you mean 'banner\.title'\?$"
        ) as caught:
            catalogues.get(tag).text("banner.titel")
        assert isinstance(caught.value, KeyError)
        assert caught.value.id == "banner.titel"


@pytest.mark.parametrize(
    ("tag", "day", "items"),
    [
        ("en", "November 1, 2026", "A, B, and C"),
        ("de", "1. November 2026", "A, B und C"),
        ("fr", "1 novembre 2026", "A, B et C"),
        ("hr", "1. studenoga 2026.", "A, B i C"),
        ("sr", "1. новембар 2026.", "A, B и C"),
        ("ar", "1 نوفمبر 2026", "A وB وC"),
    ],
)
def test_dates_and_lists(catalogues: Catalogues, tag: str, day: str, items: str) -> None:
    """
    As the language writes them, in its usual digits for screens.
    """
    catalogue = catalogues.get(tag)

    assert catalogue.date(date(2026, 11, 1)) == day
    assert catalogue.list(["A", "B", "C"]) == items
    assert catalogue.list(["A"]) == "A"
    assert catalogue.list([]) == ""


@pytest.mark.parametrize(
    ("tag", "days", "expected"),
    [
        ("en", 0, "0 days"),
        ("en", 1, "1 day"),
        ("en", 45, "45 days"),
        ("en", 30, "1 month"),
        ("en", 180, "6 months"),
        ("en", 365, "1 year"),
        ("en", 730, "2 years"),
        ("de", 180, "6 Monate"),
        ("fr", 730, "2\u00a0ans"),
        ("bs", 5, "5 dana"),
        ("sr-Latn", 1, "1 dan"),
        ("sr", 730, "2 године"),
        ("ar", 60, "شهران"),
        ("ar", 180, "6 أشهر"),
    ],
)
def test_durations(catalogues: Catalogues, tag: str, days: int, expected: str) -> None:
    """
    In the largest unit that states them exactly.
    """
    assert catalogues.get(tag).duration(days) == expected


def test_percent_and_country(catalogues: Catalogues) -> None:
    """
    Formatted by the language; an unknown country stays what the owner wrote.
    """
    assert catalogues.get("en").percent(150) == "150%"
    assert catalogues.get("de").percent(150) == "150\u00a0%"
    assert catalogues.get("de").country("us") == "Vereinigte Staaten"
    assert catalogues.get("de").country("Mars") == "Mars"


def test_our_languages_are_called_as_cldr_calls_them() -> None:
    """
    The table that spares a list of links the data of every language says what that data says.
    """
    for folder in shipping._packaged(languages.VISITORS):
        assert shipping._language(folder) == shipping.language_by_cldr(folder)


# --- The owner's texts ----------------------------------------------------------------------------------


def test_an_owner_replaces_single_messages() -> None:
    """
    One sentence changes, the others stay; `de-DE` means the German that is shipped.
    """
    german = Catalogues({"de-DE": {"action.choose": "Einstellungen"}}).get("de")

    assert german.text("action.choose") == "Einstellungen"
    assert german.text("action.reject") == "Alle ablehnen"
    assert Catalogues().get("de").text("action.choose") == "Auswählen"


def test_an_owner_adds_a_language() -> None:
    """
    What the new language lacks is said in English, and its own words for lengths of time come from CLDR.
    """
    catalogues = Catalogues({"eo": {"action.reject": "Rifuzi ĉion", "prefs.vendors": ["{count} a", "{count} b"]}})
    esperanto = catalogues.get("eo")

    assert "eo" in catalogues.tags
    assert esperanto.language.autonym == "Esperanto"
    assert esperanto.text("action.reject") == "Rifuzi ĉion"
    assert (esperanto.plural("prefs.vendors", 1), esperanto.plural("prefs.vendors", 5)) == ("1 a", "5 b")
    assert esperanto.text("action.accept") == "Accept all"
    assert esperanto.plural("banner.text", 1, purposes="x").startswith("If you agree, we and one other")
    assert esperanto.duration(60) == "2 monatoj"
    assert len(esperanto.missing) == len(catalogues.ids) - 2


def test_a_regional_variety_falls_back_to_its_language() -> None:
    """
    Austrian German says in German what its owner left out, and serves only those who ask for it.
    """
    catalogues = Catalogues({"de-AT": {"action.reject": "Nein"}})

    assert catalogues.get("de-AT").text("action.reject") == "Nein"
    assert catalogues.get("de-AT").text("action.accept") == "Alle akzeptieren"
    assert choose(["de"], None, None, catalogues.tags).tag == "de"
    assert choose(["de-AT"], None, None, catalogues.tags).tag == "de-AT"


def test_another_script_is_no_fallback() -> None:
    """
    Uzbek in Cyrillic letters added to a site says the rest in English even when Uzbek in Latin letters is there.
    """
    catalogues = Catalogues({"uz": {"action.reject": "Rad etish"}, "uz-Cyrl": {"action.accept": "Қабул қилиш"}})

    assert catalogues.get("uz-Cyrl-UZ").text("action.accept") == "Қабул қилиш"
    assert catalogues.get("uz-Cyrl").text("action.reject") == "Reject all"


def test_wrong_texts_are_all_named_at_once() -> None:
    """
    Unknown languages, messages and placeholders are refused when built, each with what would be right.
    """
    with pytest.raises(ConfigurationError) as caught:
        Catalogues(
            {
                "klingon": {"action.reject": "Qo'"},
                "xx": {},
                "de": {"banner.titel": "x", "banner.title": "Kekse auf {seite}", "action.reject": ["a", "b"]},
                "sr": {"prefs.vendors": ["{count} a", "{count} b"], "action.close": "{x}"},
            }
        )

    assert caught.value.problems == [
        "texts['klingon']: no language that CLDR knows; write a tag such as 'de' or 'sr-Latn'.",
        "texts['xx']: no language that CLDR knows; write a tag such as 'de' or 'sr-Latn'.",
        "texts['de']['banner.titel']: no such message; `consentkit locales --ids` lists them."
        " Did you mean 'banner.title'?",
        "texts['de']['banner.title']: {seite} is not filled here; known: {site}.",
        "texts['de']['action.reject']: 2 forms, but this message has 1 in 'de'.",
        "texts['sr']['prefs.vendors']: 2 forms, but this message has 3 in 'sr'.",
        "texts['sr']['action.close']: {x} is not filled here; known: none.",
    ]


HEADER = 'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=utf-8\\n"\n"Plural-Forms: {rule}\\n"\n\n'


def own(folder: Path, tag: str, text: str, rule: str = "nplurals=2; plural=(n != 1);") -> Path:
    """An owner's folder with a catalogue for one more language."""
    (folder / tag).mkdir(parents=True, exist_ok=True)
    (folder / tag / "consentkit.po").write_text(HEADER.format(rule=rule) + text, "utf-8")
    return folder


def test_an_owners_folder_adds_and_replaces(tmp_path: Path) -> None:
    """
    A new language counts by the rule in its file; a packaged one gets single sentences; `texts` goes before both.
    """
    own(tmp_path, "eo", 'msgid "prefs.vendors"\nmsgid_plural "prefs.vendors"\nmsgstr[0] "neniu"\nmsgstr[1] "{count}"\n',
        "nplurals=2; plural=(n != 0);")  # fmt: skip
    own(tmp_path, "de", 'msgid "action.choose"\nmsgstr "Einstellungen"\n\nmsgid "action.reject"\nmsgstr "Nein"\n')
    catalogues = Catalogues({"de": {"action.reject": "Lieber nicht"}}, own=tmp_path)
    german, esperanto = catalogues.get("de"), catalogues.get("eo")

    assert (esperanto.plural("prefs.vendors", 0), esperanto.plural("prefs.vendors", 1)) == ("neniu", "1")
    assert esperanto.text("action.accept") == "Accept all"
    assert german.text("action.choose") == "Einstellungen"
    assert german.text("action.reject") == "Lieber nicht"
    assert german.text("action.accept") == "Alle akzeptieren"


def test_a_region_that_cldr_does_not_know_is_no_obstacle(tmp_path: Path) -> None:
    """
    English for a region of one's own writes as English does, and serves only pages that name it.
    """
    own(tmp_path, "en_BA", 'msgid "action.reject"\nmsgstr "No to all"\n')
    catalogues = Catalogues(own=tmp_path)

    assert catalogues.get("en-BA").text("action.reject") == "No to all"
    assert catalogues.get("en-BA").duration(180) == "6 months"
    assert choose(["en-BA"], None, None, catalogues.tags).tag == "en-BA"
    assert choose(["en"], None, None, catalogues.tags).tag == "en"


def test_what_is_wrong_in_an_owners_folder_is_named(tmp_path: Path) -> None:
    """
    Unknown languages, messages, placeholders and plural forms, and what is no catalogue at all.
    """
    own(tmp_path, "klingon", 'msgid "action.reject"\nmsgstr "Qo"\n')
    own(tmp_path, "de", 'msgid "action.rejekt"\nmsgstr "x"\n\nmsgid "banner.title"\nmsgstr "{seite}"\n')
    own(tmp_path, "fr", 'msgid "prefs.vendors"\nmsgid_plural "prefs.vendors"\nmsgstr[0] "x"\nmsgstr[1] "y"\nmsgstr[2] "z"\n',
        "nplurals=3; plural=(n > 2 ? 2 : n > 1);")  # fmt: skip
    own(tmp_path, "it", "what is this\n")
    with pytest.raises(ConfigurationError) as wrong:
        Catalogues(own=tmp_path)
    with pytest.raises(ConfigurationError) as missing:
        Catalogues(own=tmp_path / "nowhere")
    (tmp_path / "empty").mkdir()
    with pytest.raises(ConfigurationError) as empty:
        Catalogues(own=tmp_path / "empty")

    told = wrong.value.problems
    assert [problem.partition(":")[2].partition(":")[0].strip() for problem in told if "read" not in problem] == [
        "de['action.rejekt']", "de['banner.title']", "fr['prefs.vendors']", "klingon",
    ]  # fmt: skip
    assert any("it/consentkit.po' can't be read" in problem for problem in told)
    assert "is no folder" in missing.value.problems[0]
    assert "has no catalogue" in empty.value.problems[0]


def test_a_site_speaks_its_own_languages(tmp_path: Path) -> None:
    """
    `locales` is relative to the configuration.
    """
    own(tmp_path / "languages", "eo", 'msgid "action.reject"\nmsgstr "Rifuzi"\n')

    catalogues = languages.catalogues_of(courier(folder=tmp_path, locales="languages"))

    assert catalogues.get("eo").text("action.reject") == "Rifuzi"
    assert "eo" not in languages.catalogues_of(courier(folder=tmp_path)).tags


# --- Where it comes from --------------------------------------------------------------------------------


def test_catalogues_are_found_inside_the_package_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    An installed wheel carries them; a checkout has them at its root.
    """
    checkout = shipping._locales()
    assert (checkout / "en" / "consentkit.po").is_file()

    (tmp_path / "locales" / "en").mkdir(parents=True)
    monkeypatch.setattr(shipping, "files", lambda package: tmp_path)

    assert shipping._locales() == tmp_path / "locales"


def test_fuzzy_and_empty_entries_are_not_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    English that is right beats a translation that may be wrong.
    """
    (tmp_path / "eo").mkdir()
    (tmp_path / "eo" / "consentkit.po").write_text(
        'msgid ""\nmsgstr ""\n"Plural-Forms: nplurals=2; plural=(n != 1);\\n"\n\n'
        '#, fuzzy\nmsgid "action.reject"\nmsgstr "eble"\n\n'
        'msgid "action.accept"\nmsgstr ""\n\n'
        'msgid "prefs.vendors"\nmsgid_plural "prefs.vendors"\nmsgstr[0] "unu"\nmsgstr[1] ""\n\n'
        'msgid "action.close"\nmsgstr "Fermi"\n',
        "utf-8",
    )
    monkeypatch.setattr(shipping, "_locales", lambda: tmp_path)

    messages = shipping._read_po("eo").messages

    assert messages == {"action.close": ("Fermi",)}


def test_importing_costs_no_babel() -> None:
    """
    Babel is loaded by the first page that needs it, not by `import consentkit`.
    """
    code = "import consentkit.languages, sys; sys.exit('babel' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
