"""What auditors read is whole in every language that has it."""

from __future__ import annotations

import re
import unicodedata
from pathlib import Path

import pytest

from consentkit.audit.words import catalogues
from consentkit.languages import placeholders
from consentkit.log.event import Kind
from consentkit.log.record import State
from consentkit.vocabulary import Action
from tests.test_locales import QUOTES

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ("bs", "de", "es", "fr", "hr", "sr", "sr_Latn")

#: What is rightly the same as in English, in one language or in all.
SAME = {
    "de": {"shown.cookies", "integrity.bytes"},
    "fr": {"nav", "field.action", "field.version", "field.site", "field.policy", "field.policies", "shown.cookies", "shown.contact"},
    "es": {"no", "shown.cookies", "integrity.bytes"},
    "": {"who", "field.gpc", "shown.hash", "export.format"},
}  # fmt: skip

CYRILLIC = "абвгдђежзијклљмнњопрстћуфхцчџш"
LATIN = "a b v g d đ e ž z i j k l lj m n nj o p r s t ć u f h c č dž š"


def test_the_languages_are_those_of_the_pages() -> None:
    """
    English and the seven others, found by their file.
    """
    assert set(catalogues().tags) == {"en", *(folder.replace("_", "-") for folder in FOLDERS)}


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_catalogue_is_whole(folder: str) -> None:
    """
    Every message, with the same placeholders in every form, and none left in English.
    """
    english, said = catalogues().get("en"), catalogues().get(folder.replace("_", "-"))

    assert said.missing == ()
    for id in catalogues().ids:
        for form in said.forms(id):
            # A form that stands for one thing only may leave the number out.
            assert placeholders(form) | {"count"} == placeholders(english.raw(id)) | {"count"}, id
            assert form == form.strip() != ""
    same = {id for id in catalogues().ids if said.raw(id) == english.raw(id)}
    assert same <= SAME.get(folder, set()) | SAME[""]


@pytest.mark.parametrize("folder", FOLDERS)
def test_quotation_marks_are_those_of_the_language(folder: str) -> None:
    """
    As in the texts of visitors; a straight one is none.
    """
    said = catalogues().get(folder.replace("_", "-"))
    marks = {mark for id in catalogues().ids for mark in re.findall('["“”„«»‘]', said.raw(id))}

    assert marks <= set(QUOTES[folder])


def test_serbian_is_one_text_in_two_scripts() -> None:
    """
    The Latin catalogue is the Cyrillic one, letter for letter.
    """
    latin, cyrillic = catalogues().get("sr-Latn"), catalogues().get("sr")
    small = dict(zip(CYRILLIC, LATIN.split(), strict=True))
    letters = small | {each.upper(): spelt.capitalize() for each, spelt in small.items()}

    def in_latin(text: str) -> str:
        return "".join(letters.get(each, each) for each in text)

    for id in catalogues().ids:
        for one, other in zip(latin.forms(id), cyrillic.forms(id), strict=True):
            assert in_latin(other) == one, id
            rest = re.sub(r"\{[a-z_]+\}|Global Privacy Control|SHA-256|audit|unknown|zip", "", other)
            assert not [each for each in rest if each.isalpha() and "CYRILLIC" not in unicodedata.name(each)], id


def test_every_name_that_is_recorded_has_words() -> None:
    """
    States, actions and kinds of events that we write are said in words.
    """
    wanted = {f"state.{each}" for each in State} | {f"event.{each}" for each in Kind}
    wanted |= {f"action.{each}" for each in Action if each != Action.DISMISS}

    assert wanted <= catalogues().ids


def test_every_text_is_used() -> None:
    """
    No message is translated that no page shows, and no page asks for one that there is not.
    """
    source = "".join(
        path.read_text(encoding="utf-8")
        for path in [*(ROOT / "src/consentkit/audit").rglob("*.py"), *(ROOT / "src/consentkit/audit").rglob("*.html")]
    )
    built = ("state.", "action.", "event.", "role.", "act.", "field.", "error.", "stats.", "stats.share.")
    unused = {id for id in catalogues().ids if f'"{id}"' not in source and not id.startswith(built)}
    asked = set(re.findall(r'\bt(?:ext)?\("([a-z_.]+)"', source)) - set(built)

    assert unused <= {"yes", "no"}
    assert {id for id in asked if not id.endswith(".")} <= catalogues().ids
