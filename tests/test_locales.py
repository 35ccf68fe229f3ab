"""The catalogues: complete, well-formed, and in the language that they claim to be."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterator
from datetime import date
from functools import cache
from gettext import c2py
from pathlib import Path

import py3langid
import pytest
from babel.core import Locale, get_global
from babel.dates import format_date
from babel.messages.catalog import Catalog
from babel.messages.plurals import get_plural
from babel.messages.pofile import read_po

from consentkit.cli import locales, main
from consentkit.languages import Catalogues, match, placeholders

LOCALES = Path(__file__).resolve().parents[1] / "locales"
FOLDERS = sorted(path.parent.name for path in LOCALES.glob("*/consentkit.po"))
TRANSLATIONS = [folder for folder in FOLDERS if folder != "en"]

# Texts that are the same as in English, with the reason.
SAME_AS_ENGLISH = {
    ("da", "prefs.cookie"): "the Danish word",
    ("da", "prefs.version"): "the Danish word",
    ("de", "prefs.cookie"): "the German word",
    ("el", "prefs.cookie"): "the Greek word, in Latin letters",
    ("es", "prefs.cookie"): "the Spanish word",
    ("fr", "prefs.cookie"): "the French word",
    ("fr", "prefs.policies"): "the French word",
    ("fr", "prefs.version"): "the French word",
    ("it", "prefs.cookie"): "the Italian word",
    ("ja", "prefs.cookie"): "the Japanese word, in Latin letters",
    ("mt", "prefs.cookie"): "the Maltese word",
    ("nl", "prefs.contact"): "the Dutch word",
    ("nl", "prefs.cookie"): "the Dutch word",
    ("pt_BR", "prefs.cookie"): "the Portuguese word",
    ("pt_PT", "prefs.cookie"): "the Portuguese word",
    ("ro", "prefs.cookie"): "the Romanian word",
    ("sv", "prefs.version"): "the Swedish word",
    ("sv", "reader.reset"): "the Swedish words",
    ("zh_Hans", "prefs.cookie"): "the Chinese word, in Latin letters",
    ("zh_Hant", "prefs.cookie"): "the Chinese word, in Latin letters",
}

# Names that no language translates, and words that a language writes in another script.
NAMES = ("Global Privacy Control",)
FOREIGN_WORDS = {
    "el": ("cookies", "cookie", "Cookies", "Cookie"),
    "ja": ("Cookie",),
    "ko": ("PC",),
    "uk": ("cookie", "Cookie"),
    "zh_Hans": ("Cookie",),
    "zh_Hant": ("Cookie",),
}

# How Unicode calls the letters of a script.
SCRIPTS = {
    "Arab": ("ARABIC",),
    "Cyrl": ("CYRILLIC",),
    "Grek": ("GREEK",),
    "Hans": ("CJK",),
    "Hant": ("CJK",),
    "Hebr": ("HEBREW",),
    "Jpan": ("CJK", "HIRAGANA", "KATAKANA"),
    "Kore": ("HANGUL",),
    "Latn": ("LATIN",),
}

FULL_STOPS = (".", "。")

# How long a sentence is from which a detector can tell that it is not English, and which language it is instead.
# Where no blanks stand between words, two letters count as one.
WORDS_TO_TELL_ENGLISH = 4
WORDS_TO_TELL_LANGUAGES = 8
WITHOUT_BLANKS = ("ja", "zh_Hans", "zh_Hant")

# The detector's name of a language where it is not the one before the underscore.
HEARD_AS = {"nb": "no"}

# Languages that are close enough to be taken for one another, with the reason.
SOUNDS_LIKE = {
    "bs": ({"hr", "sr"}, "one grammar; only single words tell the standards apart"),
    "hr": ({"bs", "sr"}, "as Bosnian"),
    "sr": ({"mk"}, "the detector knows Serbian in both scripts, and so in Cyrillic less well"),
    "sr_Latn": ({"bs", "hr"}, "as Bosnian, and the detector knows Serbian rather in Cyrillic"),
}

BIDI_CONTROLS = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
# The opening and the closing mark of each language.
QUOTES = {
    "ar": "«»",
    "bg": "„“",
    "bs": "„”",
    "cs": "„“",
    "da": "””",
    "de": "„“",
    "el": "«»",
    "en": "“”",
    "es": "«»",
    "et": "„“",
    "fa": "«»",
    "fi": "””",
    "fr": "«»",
    "ga": "“”",
    "he": "””",
    "hr": "„”",
    "hu": "„”",
    "is": "„“",
    "it": "«»",
    "ja": "「」",
    "ko": "‘’",
    "lt": "„“",
    "lv": "„”",
    "mk": "„“",
    "mt": "“”",
    "nb": "«»",
    "nl": "“”",
    "pl": "„”",
    "pt_BR": "“”",
    "pt_PT": "«»",
    "ro": "„”",
    "sk": "„“",
    "sl": "„“",
    "sq": "«»",
    "sr": "„”",
    "sr_Latn": "„”",
    "sv": "””",
    "tr": "“”",
    "uk": "«»",
    "zh_Hans": "“”",
    "zh_Hant": "「」",
}


@cache
def catalogue(folder: str) -> Catalog:
    # pytest turns any warning of Babel's into an error; invalid entries raise.
    with (LOCALES / folder / "consentkit.po").open("rb") as source:
        return read_po(source, abort_invalid=True)


@cache
def texts(folder: str) -> dict[str, tuple[str, ...]]:
    found = {}
    for message in catalogue(folder):
        id = message.id if isinstance(message.id, str) else message.id[0]
        said = message.string or ""
        if id:
            found[id] = (said,) if isinstance(said, str) else tuple(said)
    return found


def every_text(folder: str) -> Iterator[tuple[str, str]]:
    for id, forms in texts(folder).items():
        for form in forms:
            yield id, form


def english(id: str) -> str:
    """The general form in English."""
    return texts("en")[id][-1]


def quoted(folder: str, text: str) -> list[str]:
    opening, closing = QUOTES[folder][0], QUOTES[folder][1]
    return re.findall(f"{opening}[\u00a0\u202f]?([^{closing}]+?)[\u00a0\u202f]?{closing}", text)


@pytest.mark.parametrize("folder", TRANSLATIONS)
def test_every_message_and_no_other(folder: str) -> None:
    """
    A catalogue has the ids of the English one.
    """
    assert set(texts(folder)) == set(texts("en"))


@pytest.mark.parametrize("folder", FOLDERS)
def test_nothing_is_fuzzy_empty_or_obsolete(folder: str) -> None:
    """
    What is in the file is said.
    """
    assert not [message.id for message in catalogue(folder) if message.id and message.fuzzy]
    assert not [id for id, text in every_text(folder) if not text]
    assert not catalogue(folder).obsolete


@pytest.mark.parametrize("folder", FOLDERS)
def test_each_message_stands_once(folder: str) -> None:
    """
    A second entry with the same id would silently win or lose.
    """
    lines = (LOCALES / folder / "consentkit.po").read_text("utf-8").splitlines()
    ids = [line for line in lines if line.startswith("msgid ")]

    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("folder", FOLDERS)
def test_the_header_tells_the_truth(folder: str) -> None:
    """
    The language is the folder's, the text is UTF-8, and nothing else is promised.
    """
    header = dict(catalogue(folder).mime_headers)

    assert header["Language"] == folder
    assert header["Content-Type"].lower() == "text/plain; charset=utf-8"
    assert str(Locale.parse(folder)) == folder


@pytest.mark.parametrize("folder", FOLDERS)
def test_plural_forms_are_those_of_the_language(folder: str) -> None:
    """
    The rule in the header never divides what CLDR keeps together, has as many forms as Babel counts, and what
    counts has all of them. Babel has fewer than CLDR where a noun stays as it is after a number, as in Hungarian.
    """
    found = catalogue(folder)
    form, category = c2py(found.plural_expr), Locale.parse(folder).plural_form
    pairs = {(form(n), category(n)) for n in range(1001)}

    assert len(pairs) == len({name for _, name in pairs})
    assert {index for index, _ in pairs} == set(range(found.num_plurals))
    assert found.num_plurals == get_plural(folder).num_plurals
    for message in found:
        if message.pluralizable:
            assert isinstance(message.string, tuple)
            assert len(message.string) == found.num_plurals


@pytest.mark.parametrize("folder", TRANSLATIONS)
def test_what_counts_in_english_counts(folder: str) -> None:
    """
    A message has plural forms in every language or in none.
    """
    counted = {m.id[0] for m in catalogue("en") if m.pluralizable}

    assert {m.id[0] for m in catalogue(folder) if m.pluralizable} == counted


@pytest.mark.parametrize("folder", FOLDERS)
def test_placeholders_are_intact(folder: str) -> None:
    """
    Every sentence is filled with what the English one is filled with; only a form for one number may leave it
    out, as "one other company" does.
    """
    form = c2py(catalogue(folder).plural_expr)
    # None of them is said of nothing, so zero makes no second number of French "one".
    numbers = [[n for n in range(1, 301) if form(n) == index] for index in range(catalogue(folder).num_plurals)]
    for id, forms in texts(folder).items():
        expected = placeholders(english(id))
        for index, text in enumerate(forms):
            single = len(forms) > 1 and len(numbers[index]) <= 1
            assert placeholders(text) in ([expected, expected - {"count"}] if single else [expected]), (
                id,
                text,
            )


@pytest.mark.parametrize("folder", FOLDERS)
def test_braces_hold_placeholders_and_nothing_else(folder: str) -> None:
    """
    No brace is left open, none is doubled.
    """
    for id, text in every_text(folder):
        assert not re.search(r"[{}]", re.sub(r"\{[a-z]+\}", "", text)), (id, text)


@pytest.mark.parametrize("folder", TRANSLATIONS)
def test_no_english_is_left(folder: str) -> None:
    """
    A text is the same as the English one only where the list says why.
    """
    same = {(folder, id) for id, forms in texts(folder).items() if set(forms) & set(texts("en")[id])}

    assert same == {key for key in SAME_AS_ENGLISH if key[0] == folder}


@pytest.fixture(scope="module", autouse=True)
def _only_our_languages() -> None:
    """
    The detector chooses among the languages that we speak; it is told once, for that takes it a while.
    """
    py3langid.set_languages(sorted({HEARD_AS.get(folder, folder.split("_")[0]) for folder in FOLDERS}))


@cache
def heard(sentence: str) -> str:
    """The language that an independent detector takes a sentence for."""
    return str(py3langid.classify(sentence)[0])


@cache
def everything_said(folder: str) -> tuple[str, ...]:
    """Each plural form of each message that visitors and auditors read."""
    said: list[str] = []
    for path in sorted((LOCALES / folder).glob("*.po")):
        with path.open("rb") as source:
            strings = [message.string or "" for message in read_po(source, abort_invalid=True) if message.id]
        for string in strings:
            said += [string] if isinstance(string, str) else string
    return tuple(said)


def sentences(folder: str, words: int) -> Iterator[str]:
    """Those of so many words, without what is filled in."""
    for text in everything_said(folder):
        for part in re.split(r"(?<=[.。])", text):
            sentence = re.sub(r"\{[a-z_]+\}", "", part)
            for name in NAMES:
                sentence = sentence.replace(name, "")
            if (len(sentence) // 2 if folder in WITHOUT_BLANKS else len(sentence.split())) >= words:
                yield " ".join(sentence.split())


@pytest.mark.parametrize("folder", TRANSLATIONS)
def test_nothing_sounds_english(folder: str) -> None:
    """
    No sentence of four words or more is taken for English by a detector that knows nothing of ours.
    """
    assert not [said for said in sentences(folder, WORDS_TO_TELL_ENGLISH) if heard(said) == "en"]


def test_english_would_be_heard() -> None:
    """
    The detector knows every English sentence for one, also alone: what is left over doesn't escape it.
    """
    assert not [said for said in sentences("en", WORDS_TO_TELL_ENGLISH) if heard(said) != "en"]


@pytest.mark.parametrize("folder", FOLDERS)
def test_every_longer_sentence_is_of_its_language(folder: str) -> None:
    """
    Nor is a Slovak sentence left in the Czech catalogue, or a Spanish one in the Portuguese.
    """
    alike, _ = SOUNDS_LIKE.get(folder, (set(), ""))
    own = {HEARD_AS.get(folder, folder.split("_")[0]), *alike}

    assert not [(said, heard(said)) for said in sentences(folder, WORDS_TO_TELL_LANGUAGES) if heard(said) not in own]


@pytest.mark.parametrize("folder", FOLDERS)
def test_every_letter_is_of_the_script(folder: str) -> None:
    """
    No Latin "a" hides in a Cyrillic word, and no English word in an Arabic sentence.
    """
    locale = Locale.parse(folder)
    script = locale.script or get_global("likely_subtags")[locale.language].split("_")[1]
    for id, text in every_text(folder):
        words = re.sub(r"\{[a-z]+\}", "", text)
        for name in (*NAMES, *FOREIGN_WORDS.get(folder, ())):
            words = words.replace(name, "")
        strangers = {c for c in words if c.isalpha() and not unicodedata.name(c).startswith(SCRIPTS[script])}
        assert not strangers, (id, text, strangers)


@pytest.mark.parametrize("folder", FOLDERS)
def test_typography(folder: str) -> None:
    """
    The marks of the language: no typewriter quotes, no direction controls, no stray blanks, composed letters.
    """
    for id, text in every_text(folder):
        assert not BIDI_CONTROLS.search(text), (id, text)
        assert not re.search("[\"'`]|\\.\\.\\.", text), (id, text)
        assert text == text.strip(), (id, text)
        assert "  " not in text, (id, text)
        assert text == unicodedata.normalize("NFC", text), (id, text)
        assert set(text) & set("“”„«»‹›‚‘「」") <= set(QUOTES[folder]), (id, text)


def test_french_has_its_no_break_spaces() -> None:
    """
    A colon never starts a line in French, nor does a guillemet stand alone.
    """
    for id, text in every_text("fr"):
        assert not re.search("[^\u00a0]:|[^\u202f][;!?]|«[^\u00a0]|[^\u00a0]»", text), (id, text)


@pytest.mark.parametrize("folder", ["cs", "pl", "sk"])
def test_words_of_one_letter_do_not_end_a_line(folder: str) -> None:
    """
    A preposition of one letter is tied to its noun.
    """
    for id, text in every_text(folder):
        assert not re.search(r"(?<!\w)[^\W\d] ", text), (id, text)


def test_romanian_letters_have_commas() -> None:
    """
    The cedilla is another letter, which Romanian does not have.
    """
    for id, text in every_text("ro"):
        assert not set(text) & set("şţŞŢ"), (id, text)


@pytest.mark.parametrize("folder", FOLDERS)
def test_sentences_end_as_in_english(folder: str) -> None:
    """
    A sentence stays a sentence and a label a label. Where a date brings its own full stop, there is no second one.
    """
    day = format_date(date(2026, 11, 1), "long", locale=folder)
    for id, text in every_text(folder):
        said = text.replace("{date}", day).replace("{expires}", day)
        assert said.endswith(FULL_STOPS) == english(id).endswith("."), (id, text)
        assert ".." not in said, (id, text)


@pytest.mark.parametrize("folder", FOLDERS)
def test_what_is_quoted_is_the_name_of_a_control(folder: str) -> None:
    """
    A reader who looks for “Privacy choices” finds a link that says just that, and so with Accept.
    """
    choices, accept = texts(folder)["reader.privacy"][0], texts(folder)["action.accept_notice"][0]
    name = texts("en")["reader.privacy"][0]
    for id, text in every_text(folder):
        found = quoted(folder, text)
        if name in english(id) and id != "reader.privacy":
            assert found == [choices], (id, text)
        elif re.search(r"\bPress Accept\b", english(id)):
            assert accept in text, (id, text)
            assert found in ([], [accept]), (id, text)
        else:
            assert not found, (id, text)


@pytest.mark.parametrize("folder", TRANSLATIONS)
def test_the_banner_fits_on_a_phone(folder: str) -> None:
    """
    No form of its text is more than 1.4 times as long as in English, and no button has more than 24 letters.
    """
    longest = max(map(len, texts("en")["banner.text"]))

    for id in ("banner.text", "banner.text_alone"):
        assert max(map(len, texts(folder)[id])) <= 1.4 * longest, id
    for id in (
        "action.reject",
        "action.accept",
        "action.choose",
        "action.accept_terms",
        "action.accept_notice",
    ):
        assert len(texts(folder)[id][0]) <= 24, id


@pytest.mark.parametrize("folder", FOLDERS)
def test_refusing_is_worded_as_plainly_as_agreeing(folder: str) -> None:
    """
    Neither button is longer than the other by more than half.
    """
    lengths = sorted(len(texts(folder)[id][0]) for id in ("action.reject", "action.accept"))

    assert lengths[1] <= 1.5 * lengths[0]


@pytest.mark.parametrize("folder", FOLDERS)
def test_every_reader_reaches_the_catalogue(folder: str) -> None:
    """
    No catalogue stands in the way of another: who asks for Brazilian Portuguese gets no European one.
    """
    tag = folder.replace("_", "-")

    assert match(tag, sorted(name.replace("_", "-") for name in FOLDERS)) == tag


# The thirty letters of Serbian in both scripts, in Cyrillic order.
CYRILLIC = "абвгдђежзијклљмнњопрстћуфхцчџш"
LATIN = "a b v g d đ e ž z i j k l lj m n nj o p r s t ć u f h c č dž š"
ROMANIZED = dict(zip(CYRILLIC, LATIN.split(), strict=True))
ROMANIZED |= {letter.upper(): latin.capitalize() for letter, latin in ROMANIZED.items()}


def in_latin(text: str) -> str:
    return "".join(ROMANIZED.get(letter, letter) for letter in text)


def test_both_serbian_catalogues_say_the_same() -> None:
    """
    Serbian in Latin letters is Serbian in Cyrillic ones, letter for letter.
    """
    assert texts("sr_Latn") == {id: tuple(map(in_latin, forms)) for id, forms in texts("sr").items()}


@pytest.mark.parametrize(
    ("id", "words"),
    [
        (
            "policy.terms",
            {"bs": "Uslovi korištenja", "hr": "Uvjeti korištenja", "sr_Latn": "Uslovi korišćenja"},
        ),
        (
            "action.withdraw",
            {"bs": "Povuci saglasnost", "hr": "Povuci privolu", "sr_Latn": "Povuci pristanak"},
        ),
        ("action.save", {"bs": "Sačuvaj izbor", "hr": "Spremi odabir", "sr_Latn": "Sačuvaj izbor"}),
    ],
)
def test_neighbours_keep_their_own_words(id: str, words: dict[str, str]) -> None:
    """
    Bosnian, Croatian and Serbian differ where their laws and standards do.
    """
    assert {folder: texts(folder)[id][0] for folder in words} == words


# --- consentkit locales ---------------------------------------------------------------------------------


def run(*argv: str) -> int:
    return main(["locales", *argv])


def test_the_command_shows_every_language_as_json_lines(capsys: pytest.CaptureFixture[str]) -> None:
    """
    In a pipe each language is a line for machines, and all are complete.
    """
    assert run() == 0

    rows = {row["tag"]: row for row in map(json.loads, capsys.readouterr().out.splitlines())}
    assert {folder.replace("_", "-") for folder in FOLDERS} == set(rows)
    assert rows["ar"] == {
        "tag": "ar",
        "direction": "rtl",
        "messages": len(texts("en")),
        "translated": len(texts("en")),
        "name": "العربية",
        "missing": [],
    }


def test_the_command_fails_for_an_incomplete_language(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    A gap is named and is something found: exit code 1.
    """
    everything = {id: forms[-1] for id, forms in texts("en").items() if id != "action.reject"}
    monkeypatch.setattr(locales, "Catalogues", lambda: Catalogues({"eo": everything}))

    assert run("--table") == 1
    total = len(texts("en"))
    line = f"eo        ltr        {total - 1} of {total}  Esperanto  missing: action.reject"
    assert line in capsys.readouterr().out.splitlines()


def test_the_command_lists_messages(capsys: pytest.CaptureFixture[str]) -> None:
    """
    Owners find the id of the sentence that they want to replace.
    """
    assert run("--ids") == 0
    rows = {row["id"]: row for row in map(json.loads, capsys.readouterr().out.splitlines())}
    assert rows["banner.title"] == {
        "id": "banner.title",
        "text": ["Cookies on {site}"],
        "placeholders": ["site"],
    }

    assert run("--ids", "--table") == 0
    lines = capsys.readouterr().out.splitlines()
    assert any(re.fullmatch(r"prefs\.vendors +\{count\} company / \{count\} companies", line) for line in lines)


def test_the_command_draws_a_table_on_a_terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    People get columns, unless they ask for JSON.
    """
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)

    assert run() == 0
    assert capsys.readouterr().out.startswith("language  direction  translated")
    assert run("--json") == 0
    assert capsys.readouterr().out.startswith("{")
