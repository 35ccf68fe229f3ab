"""`consentkit vendors SEARCH`."""

from __future__ import annotations

import argparse
import importlib
import json
import tomllib
from types import ModuleType
from typing import Any

import pytest

from consentkit.registry import registry

vendors: ModuleType = importlib.import_module("consentkit.cli.vendors")


def run(*argv: str) -> int:
    parser = argparse.ArgumentParser()
    vendors.add_parser(parser.add_subparsers())
    args = parser.parse_args(["vendors", *argv])
    code = args.run(args)
    assert isinstance(code, int)
    return code


def rows(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_json_lines_in_a_pipe(capsys: pytest.CaptureFixture[str]) -> None:
    """
    Into a pipe go JSON lines, one vendor each, the best first.
    """
    assert run("youtube") == 0

    first = rows(capsys)[0]
    assert (first["kind"], first["key"], first["purpose"]) == ("vendor", "youtube", "media")
    assert "youtube.com" in first["hosts"]


def test_the_line_to_paste_is_toml(capsys: pytest.CaptureFixture[str]) -> None:
    """
    The line that is printed declares the vendor.
    """
    run("youtube")

    assert tomllib.loads(rows(capsys)[0]["toml"]) == {"purposes": [{"name": "media", "vendors": ["youtube"]}]}


@pytest.mark.parametrize(
    "search", ["www.youtube.com", "https://www.youtube.com/embed/x", "YouTube", "VISITOR_INFO1_LIVE"]
)
def test_what_a_vendor_is_found_by(search: str, capsys: pytest.CaptureFixture[str]) -> None:
    """
    Host, address, name and cookie lead to the vendor.
    """
    assert run(search) == 0

    assert rows(capsys)[0]["key"] == "youtube"


def test_a_table_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    """
    A table shows key, purpose and company, all of the first one, and the line to paste.
    """
    assert run("hotjar", "--table") == 0

    out = capsys.readouterr().out
    assert out.startswith("KEY")
    assert "Measures what visitors do." in out
    assert '    [[purposes]]\n    name = "analytics"\n    vendors = ["hotjar"]\n' in out


def test_a_terminal_gets_the_table(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """
    On a terminal the table is the default, and --json overrides it.
    """
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)

    run("hotjar")
    assert capsys.readouterr().out.startswith("KEY")
    run("hotjar", "--json")
    assert capsys.readouterr().out.startswith("{")


@pytest.mark.parametrize(
    ("search", "words"),
    [
        pytest.param("_ga", "a first-party cookie of google-analytics, held until analytics is agreed", id="tracker"),
        pytest.param("sessionid", "session (Django); passes in every mode", id="necessary"),
        pytest.param("PHPSESSID", "PHP.net", id="described"),
    ],
)
def test_a_cookie_is_described(search: str, words: str, capsys: pytest.CaptureFixture[str]) -> None:
    """
    A cookie is described with what the middleware does with it.
    """
    assert run(search, "--table") == 0

    assert words in capsys.readouterr().out


def test_a_cookie_in_json(capsys: pytest.CaptureFixture[str]) -> None:
    """
    What the cookie database says has lines of its own kind.
    """
    run("_ga")

    facts = [row for row in rows(capsys) if row["kind"] == "cookie"]
    assert [(fact["name"], fact["vendor"]) for fact in facts] == [("_ga", "google-analytics")]


@pytest.mark.parametrize(
    ("search", "use"), [("js.stripe.com", "passes"), ("github.com", "unknown"), ("cookiebot", "unclassified")]
)
def test_what_is_not_held_says_so(search: str, use: str, capsys: pytest.CaptureFixture[str]) -> None:
    """
    The table says of a company that it passes or that its use is unknown; all can be declared.
    """
    assert run(search, "--table") == 0

    out = capsys.readouterr().out
    assert use in out.splitlines()[1]
    assert 'name = "functional"' in out


@pytest.mark.parametrize(
    ("search", "words"),
    [
        pytest.param("hotjarr", "Nearest: hotjar", id="something near"),
        pytest.param("zzzzqqqq", "Describe the company yourself", id="nothing near"),
    ],
)
def test_nothing_found(search: str, words: str, capsys: pytest.CaptureFixture[str]) -> None:
    """
    When nothing is found the exit code is 1, with a sentence that names the nearest.
    """
    assert run(search) == 1

    printed = capsys.readouterr()
    assert printed.out == ""
    assert words in printed.err
    assert len(printed.err.splitlines()) == 1


def test_a_long_list_is_cut_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    """
    People see the first hosts and how many more there are.
    """
    run("google-ads", "--table")

    assert f"and {len(registry().vendor('google-ads').hosts) - 6} more" in " ".join(capsys.readouterr().out.split())
