"""The TOML form: the same site as in Python, and every mistake of a file at once."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import pytest

from consentkit.errors import ConfigurationError
from consentkit.settings import Site
from consentkit.settings.site import SECRET_VARIABLE
from consentkit.settings.toml import read_env
from consentkit.vocabulary import Policy, Purpose, Vendor
from tests.settings.sites import SECRET, problems_of

COURIER = """
name = "Drina Courier"
url = "https://courier.example"
controller = "Example Courier Ltd, 1 Example Street"
contact = "privacy@courier.example"
log = "sqlite:///consent.db"
holding = "strict"
origins = ["https://www.courier.example"]
skip = ["/admin"]
gpc_purposes = ["marketing", "media"]
grant_days = 90
terms_required = true
text_size = "root"
mobile = false
necessary = { cart = "Your cart" }
cookies = { "theme*" = "media" }
texts = { en = { "banner.title" = "Cookies" } }

[[policies]]
name = "privacy"
url = "/privacy"
version = "2026-11-01"

[[policies]]
name = "terms"
url = "/terms"
version = "2026-11-01"
kind = "terms"
title = { en = "Terms", de = "Bedingungen" }

[[purposes]]
name = "analytics"
vendors = ["google-analytics"]

[[purposes]]
name = "media"
title = "Videos"

[[purposes.vendors]]
name = "city-maps"
title = "City maps"
hosts = ["maps.grad.example"]
cookies = { tile = "1 year" }
privacy = "https://maps.grad.example/privacy"
country = "BA"
text = { en = "Shows where.", bs = "Prikazuje gdje." }

[[purposes]]
name = "audience"
title = "Audience"
basis = "exempt"
reason = "Counted by us alone."
"""


@pytest.fixture(autouse=True)
def _secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(SECRET_VARIABLE, SECRET.replace(" ", "_"))


def written(folder: Path, text: str) -> Path:
    path = folder / "consentkit.toml"
    path.write_text(text, encoding="utf-8")
    return path


def problems_in(folder: Path, text: str) -> list[str]:
    """The problems that a file with this text is refused for. Without a name of its own it gets a good one."""
    path = written(folder, text if text.startswith("#") else f'name = "Drina Courier"\n{text}')
    return problems_of(lambda: Site.load(path))


def test_a_file_and_python_make_the_same_site(tmp_path: Path) -> None:
    """
    Every option is spelled in TOML as in Python, and the two sites are equal.
    """
    in_python = Site(
        name="Drina Courier",
        url="https://courier.example",
        controller="Example Courier Ltd, 1 Example Street",
        contact="privacy@courier.example",
        log="sqlite:///consent.db",
        holding="strict",
        origins=("https://www.courier.example",),
        skip=("/admin",),
        gpc_purposes=["marketing", "media"],
        grant_days=90,
        terms_required=True,
        text_size="root",
        mobile=None,
        necessary={"cart": "Your cart"},
        cookies={"theme*": "media"},
        texts={"en": {"banner.title": "Cookies"}},
        policies=[
            Policy("privacy", url="/privacy", version="2026-11-01"),
            Policy(
                "terms",
                url="/terms",
                version="2026-11-01",
                kind="terms",
                title={"en": "Terms", "de": "Bedingungen"},
            ),
        ],
        purposes=[
            Purpose("analytics", vendors=["google-analytics"]),
            Purpose(
                "media",
                title="Videos",
                vendors=[
                    Vendor(
                        "city-maps",
                        title="City maps",
                        hosts=("maps.grad.example",),
                        cookies={"tile": "1 year"},
                        privacy="https://maps.grad.example/privacy",
                        country="BA",
                        text={"en": "Shows where.", "bs": "Prikazuje gdje."},
                    )
                ],
            ),
            Purpose("audience", title="Audience", basis="exempt", reason="Counted by us alone."),
        ],
        folder=tmp_path,
    )

    assert Site.load(written(tmp_path, COURIER)) == in_python


def test_relative_paths_start_where_the_file_lies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    A file loaded by a relative path has an absolute folder.
    """
    written(tmp_path, COURIER)
    monkeypatch.chdir(tmp_path)

    assert Site.load().folder == tmp_path.resolve()


def test_a_file_with_a_byte_order_mark_is_read(tmp_path: Path) -> None:
    """
    Editors that put a mark in front do no harm.
    """
    path = written(tmp_path, "\ufeff" + COURIER)

    assert Site.load(path).name == "Drina Courier"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('[[purpose]]\nname = "media"', "purpose: is not an option. Did you mean 'purposes'?"),
        ('bar_positon = "end"', "bar_positon: is not an option. Did you mean 'bar_position'?"),
        ("qqq = 1", "qqq: is not an option. Accepted: name, url, controller"),
        ('folder = "/srv"', "folder: is not an option; relative paths start where the file lies."),
        (
            f'secret = "{SECRET}"',
            "secret: does not belong into a file that is shared; put CONSENTKIT_SECRET=… into .env.",
        ),
        ("secret = 5", "secret: does not belong into a file that is shared"),
        ('policies = "privacy"', "policies: is not a list of tables; write [[policies]] before each."),
        ("purposes = [5]", "purposes: is not a list of tables; write [[purposes]] before each."),
        ('[[policies]]\nurl = "/privacy"\nversion = "1"\ntitle = "P"', "policies[0].name: is missing."),
        (
            '[[policies]]\nname = "privacy"\nurl = "/p"\nversion = 2026-11-01',
            "policies[0].version: datetime.date(2026, 11, 1) is a date; accepted is text.",
        ),
        (
            '[[policies]]\nname = "privacy"\nurl = "/p"\nversion = "1"\ntile = "P"',
            "policies[0].tile: is not an option. Did you mean 'title'?",
        ),
        (
            '[[purposes]]\nname = "media"\nvendors = "youtube"',
            "purposes[0].vendors: 'youtube' is text; accepted is a list.",
        ),
        (
            '[[purposes]]\nname = "media"\nvendors = [5]',
            "purposes[0].vendors[0]: 5 is a number; accepted is text or a Vendor.",
        ),
        (
            '[[purposes]]\nname = "media"\nvendors = [{ title = "City maps" }]',
            "purposes[0].vendors[0].name: is missing.",
        ),
        (
            '[[purposes]]\nname = "media"\nvendors = [{ name = "maps", title = "M", host = ["a.example"] }]',
            "purposes[0].vendors[0].host: is not an option. Did you mean 'hosts'?",
        ),
        (
            '[[purposes]]\nname = "media"\nvendors = [{ name = "maps", hosts = "a.example" }]',
            "purposes[0].vendors[0].hosts: 'a.example' is text; accepted is a list.",
        ),
        ('grant_days = "180"', "grant_days: '180' is text; accepted is a number."),
        ("grant_days = true", "grant_days: True is true or false; accepted is a number."),
        ("grant_days = 1.5", "grant_days: 1.5 is a fraction; accepted is a number."),
        ("terms_required = 1", "terms_required: 1 is a number; accepted is true or false."),
        ('skip = "/admin"', "skip: '/admin' is text; accepted is a list."),
        ("text_size = true", "text_size: True is true or false; accepted is text or None."),
        ("necessary = []", "necessary: [] is a list; accepted is a table."),
        ("url = 5", "url: 5 is a number; accepted is text."),
        ("ask_again = 2026-11-01", "ask_again: datetime.date(2026, 11, 1) is a date; accepted is text."),
        ('holding = "all"', "holding: 'all' is not known"),
    ],
)
def test_a_mistake_in_a_file_is_named_by_its_key(tmp_path: Path, text: str, words: str) -> None:
    """
    Each mistake is one problem; its key is spelled so that it can be found in the file.
    """
    consent = 'controller = "C"\ncontact = "c@courier.example"\n'

    (problem,) = problems_in(tmp_path, consent + text)

    assert words in problem


def test_a_file_without_a_name_is_told_what_else_is_wrong(tmp_path: Path) -> None:
    """
    All problems of a file are in one error that names the file, in the order: what can't be read, then what is wrong.
    """
    path = written(
        tmp_path,
        'hodling = "known"\nsecret = 5\ngrant_days = "x"\n'
        '[[policies]]\nurl = "privacy"\nversion = 5\n'
        '[[policies]]\nname = "terms"\nurl = "terms"\nversion = "1"\n',
    )

    with pytest.raises(ConfigurationError) as refused:
        Site.load(path)

    assert refused.value.source == str(path)
    assert [problem.partition(":")[0] for problem in refused.value.problems] == [
        "hodling", "secret", "policies[0].name", "policies[0].version", "grant_days", "name", "policies[0].url",
        "policies[0].title", "policies[1].url",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"name = ", "This is not TOML: "),
        (b'name = "a"\nname = "b"', "This is not TOML: "),
        (b"\xff\xfen\x00a\x00", "The file can't be read: "),
    ],
    ids=["unfinished", "twice", "UTF-16"],
)
def test_what_is_not_toml_is_refused_with_its_place(tmp_path: Path, content: bytes, words: str) -> None:
    """
    A file that is no TOML is refused with the parser's reason, and the file is named.
    """
    path = tmp_path / "consentkit.toml"
    path.write_bytes(content)

    with pytest.raises(ConfigurationError) as refused:
        Site.load(path)

    assert refused.value.problems[0].startswith(words)
    assert refused.value.source == str(path)


def test_a_missing_file_names_the_command_that_writes_it(tmp_path: Path) -> None:
    """
    Without a file the error says where it was looked for, and how to get one.
    """
    (problem,) = problems_of(lambda: Site.load(tmp_path / "consentkit.toml"))

    assert problem == (f"There is no file 'consentkit.toml' in {tmp_path.resolve()}; write one with `consentkit init`.")


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    """
    What can't be opened is a problem and not a crash.
    """
    (problem,) = problems_of(lambda: Site.load(tmp_path))

    assert problem.startswith("The file can't be read: ")


ENV = r"""
# A comment
PLAIN=value
EXPORTED = left
export SHELL_STYLE=exported
  export   BLANKS  =  around it
DOUBLE="in # double 'quotes'"  # and a comment
SINGLE='in # single "quotes"'
COMMENTED=value # a comment
HASH=a#b
EMPTY=
EMPTY_QUOTED=""
EQUALS=a=b==
SEVERAL="first second"
SET=from the file
UNFINISHED="never closed
#OFF=1
not a line
=nothing
1ST=digit
TWO WORDS=x
"""


def test_a_dotenv_file_is_read_as_people_write_it(tmp_path: Path) -> None:
    """
    Quotes, comments, `export` and blanks are understood; a line that is no assignment is no error.
    """
    path = tmp_path / ".env"
    path.write_text(ENV, encoding="utf-8")
    found: dict[str, str] = {"SET": "before"}

    read_env(path, found.setdefault)

    assert found == {
        "PLAIN": "value",
        "EXPORTED": "left",
        "SHELL_STYLE": "exported",
        "BLANKS": "around it",
        "DOUBLE": "in # double 'quotes'",
        "SINGLE": 'in # single "quotes"',
        "COMMENTED": "value",
        "HASH": "a#b",
        "EMPTY": "",
        "EMPTY_QUOTED": "",
        "EQUALS": "a=b==",
        "SEVERAL": "first second",
        "SET": "before",
        "UNFINISHED": '"never closed',
    }


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"\xef\xbb\xbfA=1\r\nB=2\r\n", {"A": "1", "B": "2"}),
        (b"A=\xff\nB=2", {"A": "\ufffd", "B": "2"}),
        (b"", {}),
        (b"A=" + b"x " * 20000 + b"\nB=1", {"A": ("x " * 20000).strip(), "B": "1"}),
    ],
    ids=["Windows", "not UTF-8", "empty", "long line"],
)
def test_a_dotenv_file_in_any_bytes_is_read(tmp_path: Path, content: bytes, found: Mapping[str, str]) -> None:
    """
    Marks, line ends and bytes of other editors are no errors.
    """
    path = tmp_path / ".env"
    path.write_bytes(content)
    read: dict[str, str] = {}

    read_env(path, read.setdefault)

    assert read == found


def test_no_dotenv_file_is_no_error(tmp_path: Path) -> None:
    """
    `.env` may be missing: a container sets its variables itself.
    """
    found: dict[str, str] = {}

    read_env(tmp_path / ".env", found.setdefault)

    assert found == {}


def test_the_secret_is_read_from_beside_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    `Site.load` reads `.env` beside the TOML, for variables that are not set.
    """
    monkeypatch.delenv(SECRET_VARIABLE)
    monkeypatch.setattr(os, "environ", dict(os.environ))
    (tmp_path / ".env").write_text(f'{SECRET_VARIABLE}="{"a" * 40} {"b" * 40}"\n')
    path = written(tmp_path, 'name = "Drina Courier"')

    assert Site.load(path).keys == ("a" * 40, "b" * 40)


def test_a_variable_that_is_set_wins_over_the_file(tmp_path: Path) -> None:
    """
    What the environment says already stays.
    """
    (tmp_path / ".env").write_text(f"{SECRET_VARIABLE}={'a' * 40}\n")
    path = written(tmp_path, 'name = "Drina Courier"')

    assert Site.load(path).keys == (SECRET.replace(" ", "_"),)


def test_a_missing_secret_names_the_variable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Without a secret anywhere there is none: it is never made up.
    """
    monkeypatch.delenv(SECRET_VARIABLE)

    (problem,) = problems_in(tmp_path, "")

    assert "set CONSENTKIT_SECRET to at least 32 random characters" in problem
