"""The configuration that is missing, written without touching what is there."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from consentkit import Site
from consentkit.scan.findings import Report, report
from consentkit.scan.missing import added, as_toml, quoted, vendors
from tests.scan.test_findings import seen

SITE = 'name = "Courier"\ncontroller = "C"\ncontact = "c@c.example"\n'


def scanned(*tags: str, cookies: tuple[str, ...] = ()) -> Report:
    return report(seen(*tags, cookies=cookies), None)


def loaded(folder: Path, text: str) -> Site:
    path = folder / "consentkit.toml"
    path.write_text(text, encoding="utf-8")
    return Site.load(path)


def test_what_is_missing_can_be_pasted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    The lines, pasted at the end of a configuration, load and declare what was seen; a cookie names its company too.
    """
    monkeypatch.setenv("CONSENTKIT_SECRET", "x" * 32)
    missing = as_toml(scanned("google", "pixel", "stranger", "cmp", cookies=("_hjSession", "zebra")), {})
    site = loaded(tmp_path, SITE + missing)

    assert [(p.name, [getattr(v, "name", v) for v in p.vendors]) for p in site.purposes] == [
        ("analytics", ["google-analytics", "hotjar"]),
        ("marketing", ["meta-pixel"]),
    ]


def test_what_only_the_owner_knows_is_a_comment_that_is_right(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    The lines for hosts and cookies that nobody knows load as they stand once the owner takes the # away.
    """
    monkeypatch.setenv("CONSENTKIT_SECRET", "x" * 32)
    missing = as_toml(scanned("stranger", cookies=("zebra",)), {})
    lines = [line.removeprefix("# ") for line in missing.splitlines()]
    first_party = next(line for line in lines if line.startswith("first_party"))
    vendor = next(line.strip() for line in lines if line.strip().startswith("{"))
    necessary = [line for line in lines if line == "[necessary]" or "do without it" in line]

    assert loaded(tmp_path, f"{first_party}\n{SITE}").first_party == ("pixel.stranger.example",)
    assert loaded(tmp_path, SITE + "\n".join(necessary)).necessary == {"zebra": "why the site can't do without it"}
    described = loaded(tmp_path, SITE + f'[[purposes]]\nname = "media"\nvendors = [{vendor}]'.replace("…", "x.example"))
    assert described.purposes[0].vendors[0].hosts == ("pixel.stranger.example",)  # type: ignore[union-attr]
    assert not tomllib.loads(missing)


def test_nothing_missing_is_nothing() -> None:
    """
    A site with nothing undeclared needs no lines.
    """
    assert as_toml(scanned("cdn"), {}) == ""
    assert vendors(scanned("cmp")) == {}


def test_a_purpose_that_is_there_is_not_written_twice() -> None:
    """
    For a declared purpose the vendors to add are named; a second table would be refused.
    """
    assert as_toml(scanned("google"), {"analytics": ["matomo-cloud"]}) == (
        '# To the vendors of the purpose "analytics" (matomo-cloud) add:\n#     "google-analytics"'
    )


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param("", 'vendors = [\n    "google-analytics",  # Google Analytics\n]\n', id="empty file"),
        pytest.param(
            '[[purposes]]\nname = "analytics"\nvendors = ["hotjar"]\n', 'vendors = ["hotjar", "google-analytics"]', id="a line",
        ),
        pytest.param(
            '[[purposes]]\nname = "analytics"\nvendors = [\n  "hotjar", # ours\n  # "x]",\n]\n',
            '\n  "hotjar","google-analytics" # ours\n  # "x]",\n]', id="lines with comments",
        ),
        pytest.param(
            "[[purposes]]\nname = 'analytics'\nvendors = [{ name = \"a\", hosts = ['b]'] } ] # \"\n",
            "hosts = ['b]'] }, \"google-analytics\" ]", id="tables and odd strings",
        ),
        pytest.param(
            '[[purposes]]\nname = "analytics"\ntitle = "A"\n\n[necessary]\na = "b"\n',
            'name = "analytics"\nvendors = ["google-analytics"]\ntitle', id="no vendors yet",
        ),
        pytest.param(
            '[[purposes]]\nvendors = []\nname = "analytics"\n', 'vendors = ["google-analytics"]\nname', id="another order",
        ),
        pytest.param(
            '[[purposes]]\nname = "media"\nvendors = ["youtube"]\n', '["youtube"]\n\n[[purposes]]\nname = "analytics"',
            id="another purpose",
        ),
        pytest.param('purposes = []\n[reader]\nx = 1', None, id="cannot be added to"),
        pytest.param('purposes = [{ name = "analytics", vendors = [] }]\n', None, id="one line for all"),
        pytest.param('[[purposes]]\nname = "analytics"\nvendors = "hotjar"\n', None, id="no list"),
    ],
)  # fmt: skip
def test_a_file_is_added_to(before: str, after: str | None) -> None:
    """
    Vendors go where they belong, everything that was there stays byte for byte, and what can't be done safely is not.
    """
    text = added(before, scanned("google"))

    if after is None:
        assert text is None
        return
    assert text is not None
    assert after in text
    assert is_subsequence(before, text)
    declared = [row for row in tomllib.loads(text)["purposes"] if row["name"] == "analytics"]
    assert declared[0]["vendors"][-1] == "google-analytics"


def is_subsequence(short: str, long: str) -> bool:
    letters = iter(long)
    return all(letter in letters for letter in short)


@settings(deadline=None)
@given(
    st.lists(st.sampled_from(['"a"', "'b]'", '"c\\"["', '{ name = "d", x = [1, 2] }', "[1]"]), max_size=4),
    st.sampled_from(["", " ", "\n  ", " # ] x\n", '\n# "\n']),
    st.booleans(),
)
def test_any_list_is_added_to_or_left_alone(members: list[str], space: str, ends_in_comma: bool) -> None:
    """
    Whatever stands in the list and between, the result says what it said and one thing more.
    """
    inner = f",{space}".join(members) + ("," if members and ends_in_comma else "") + space
    before = f'[[purposes]]\nname = "analytics"\nvendors = [{space}{inner}]\n'
    was = tomllib.loads(before)["purposes"][0]["vendors"]
    text = added(before, scanned("google"))

    assert text is not None
    assert tomllib.loads(text)["purposes"][0]["vendors"] == [*was, "google-analytics"]


@settings(deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=40))
def test_any_text_can_be_quoted(text: str) -> None:
    """
    Whatever a page calls itself, TOML reads it back.
    """
    assert tomllib.loads(f"x = {quoted(text)}") == {"x": text}
