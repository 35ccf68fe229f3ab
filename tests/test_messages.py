"""The workflow of translators: what the source asks for is in every catalogue, in one order, and nothing else is."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

import pytest

from tests.tools import tool

ROOT = Path(__file__).resolve().parents[1]

ENGLISH = """# English
msgid ""
msgstr ""
"Plural-Forms: nplurals=2; plural=(n != 1);\\n"

#. Heading.
msgid "a.title"
msgstr "Title"

#. Counted.
msgid "a.many"
msgid_plural "a.many"
msgstr[0] "{count} thing"
msgstr[1] "{count} things"

msgid "a.last"
msgstr "Last"
"""
SERBIAN = """# Serbian, with a note of its own
msgid ""
msgstr ""
"Plural-Forms: nplurals=3; plural=(n%10==1 ? 0 : n%10<5 ? 1 : 2);\\n"

msgid "a.gone"
msgstr "Prošlo"

msgid "a.last"
msgstr "Poslednje"

#. kept
msgid "a.title"
msgstr "Naslov"
"""


@pytest.fixture(scope="module")
def messages() -> ModuleType:
    return tool("messages")


def test_the_catalogues_are_up_to_date(messages: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    """
    `make messages` has nothing to do: every message that is asked for is there, and nobody keeps one that is not.
    """
    assert messages.main(["--check"]) == 0, capsys.readouterr().out


def test_an_update_adds_removes_and_orders(messages: ModuleType) -> None:
    """
    New messages stand empty in as many forms as the language has; what is there stays as it is, notes included.
    """
    text, new, gone = messages.updated(ENGLISH, SERBIAN)
    head, found = messages.entries(text)

    assert (new, gone) == (["a.many"], ["a.gone"])
    assert list(found) == ["a.title", "a.many", "a.last"]
    assert found["a.many"].splitlines()[2:] == ['msgstr[0] ""', 'msgstr[1] ""', 'msgstr[2] ""']
    assert found["a.title"] == '#. kept\nmsgid "a.title"\nmsgstr "Naslov"'
    assert head.startswith("# Serbian, with a note of its own")


def test_an_update_of_what_is_up_to_date_changes_no_byte(messages: ModuleType) -> None:
    """
    So its difference shows only what there is to translate.
    """
    for path in sorted((ROOT / "locales").glob("*/consentkit.po")):
        english = (ROOT / "locales" / "en" / "consentkit.po").read_text(encoding="utf-8")
        before = path.read_text(encoding="utf-8")

        assert messages.updated(english, before) == (before, [], [])


def test_what_the_source_asks_for_is_found(messages: ModuleType, tmp_path: Path) -> None:
    """
    In calls, with their place; in templates and scripts; and put together from parts.
    """
    (tmp_path / "one.py").write_text('x.text("a.title")\ny.raw(f"b.{name}.text")\nz.get("no.message")\n', "utf-8")
    (tmp_path / "two.html").write_text('{{ t(\'a.last\') }} {{ t("act." ~ kind ~ ".lead") }}', "utf-8")
    asked = messages.extract([tmp_path])

    assert asked.certain == {"a.title": f"{tmp_path / 'one.py'}:1"}
    assert all(asked.may_ask_for(id) for id in ("a.title", "a.last", "b.media.text", "act.erase.lead"))
    assert not asked.may_ask_for("b.text")


def test_what_is_no_catalogue_is_told(messages: ModuleType) -> None:
    """
    A block without an id stops the update before anything is written.
    """
    with pytest.raises(ValueError, match="no entry of a catalogue"):
        messages.updated(ENGLISH, SERBIAN + "\nwhat is this\n")
