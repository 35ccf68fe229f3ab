"""The script that makes the registry's data."""

from __future__ import annotations

import json
from importlib import resources
from pathlib import Path
from typing import Any

import pytest

from tests import tools
from tests.needs import folder

tool = tools.tool("make_registry")

COMPANY = {"name": "Acme", "category": "ad", "domains": ["*.acme.example"]}
COOKIE = ["1", "Acme", "Marketing", "acme_id", "", "Text.", "1 Year", "Acme", "https://acme.example/p", "0"]


def entities(tmp_path: Path, rows: object) -> Path:
    path = tmp_path / "entities.json"
    path.write_text(json.dumps(rows), encoding="utf-8")
    return path


def cookies(tmp_path: Path, *rows: list[str], columns: tuple[str, ...] = tool.COLUMNS) -> Path:
    path = tmp_path / "cookies.csv"
    path.write_text("\n".join(",".join(row) for row in [list(columns), *rows]) + "\n", encoding="utf-8")
    return path


def curated(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "curated.toml"
    path.write_text(text, encoding="utf-8")
    return path


def vendors(tmp_path: Path, rows: object, **tables: list[dict[str, Any]]) -> dict[str, Any]:
    made = tool.make_vendors(tool.read_entities(entities(tmp_path, rows)), {"vendor": [], "group": [], **tables})
    assert isinstance(made, dict)
    return made


def test_the_shipped_data_are_what_the_script_makes() -> None:
    """
    The data in the package are those that the script makes from its sources, byte for byte.
    """
    sources = folder("CONSENTKIT_TEST_DATA", "third-party-web-entities.json and open-cookie-database.csv")

    made = tool.make(sources / "third-party-web-entities.json", sources / "open-cookie-database.csv")

    data = resources.files("consentkit.registry").joinpath("data")
    for name, content in made.items():
        assert data.joinpath(name).read_text(encoding="utf-8") == content, f"run tools/make_registry.py: {name}"


def test_the_curated_rows_can_be_read() -> None:
    """
    Each row of our own has known fields, a known use, and a reason where it differs from its category.
    """
    tables = tool.read_curated(tool.CURATED)

    assert len(tables["vendor"]) > 100
    assert all(row["reason"].endswith(".") for row in tables["group"])


def test_a_company_becomes_a_vendor(tmp_path: Path) -> None:
    """
    A name becomes a key, a star before a host goes, addresses are left out.
    """
    made = vendors(tmp_path, [{**COMPANY, "name": "Acme & Söhne (Ads)", "domains": ["*.Acme.example", "10.0.0.1"]}])

    assert list(made) == ["acme-s-hne-ads"]
    assert made["acme-s-hne-ads"].hosts == ["acme.example"]


def test_two_companies_of_one_key_get_two_keys(tmp_path: Path) -> None:
    """
    Keys are unique: of two companies with one key the second gets a number.
    """
    made = vendors(tmp_path, [COMPANY, {**COMPANY, "name": "ACME!", "domains": ["acme-two.example"]}])

    assert {key: vendor.hosts for key, vendor in made.items()} == {
        "acme": ["acme.example"],
        "acme-2": ["acme-two.example"],
    }


def test_one_company_twice_is_one_vendor(tmp_path: Path) -> None:
    """
    A company that the source lists twice keeps one key and all of its hosts.
    """
    made = vendors(tmp_path, [COMPANY, {**COMPANY, "domains": ["acme-two.example"]}])

    assert made["acme"].hosts == ["acme.example", "acme-two.example"]


def test_a_long_name_makes_a_short_key() -> None:
    """
    A key has at most 32 characters and no dash at its end.
    """
    assert tool.key_of("a" * 31 + " b") == "a" * 31


def test_who_covers_the_subdomains_keeps_a_host(tmp_path: Path) -> None:
    """
    A host that one company has alone and another with all its subdomains is the other's.
    """
    made = vendors(
        tmp_path,
        [
            {**COMPANY, "domains": ["b.example", "acme.example"]},
            {**COMPANY, "name": "B", "domains": ["*.b.example"]},
        ],
    )

    assert made["acme"].hosts == ["acme.example"]
    assert made["b"].hosts == ["b.example"]


def test_a_company_without_hosts_is_left_out(tmp_path: Path) -> None:
    """
    A company that no address leads to is no vendor.
    """
    assert vendors(tmp_path, [{**COMPANY, "domains": ["10.0.0.1"]}]) == {}


def test_a_curated_host_leaves_its_company(tmp_path: Path) -> None:
    """
    A host named in a curated row moves, under the row's key, purpose and reason.
    """
    row = {"key": "pixel", "hosts": ["acme.example"], "as": "media", "reason": "Plays."}

    made = vendors(tmp_path, [{**COMPANY, "domains": ["*.acme.example", "acme.net"]}], vendor=[row])

    assert made["pixel"].hosts == ["acme.example"]
    assert (made["pixel"].override, made["pixel"].reason) == ("media", "Plays.")
    assert made["acme"].hosts == ["acme.net"]


def test_a_group_files_companies_elsewhere(tmp_path: Path) -> None:
    """
    Companies of a group keep key and hosts and get its use, category or purpose.
    """
    group = {"entities": ["Acme"], "as": "cdn", "reason": "Delivers."}

    made = vendors(tmp_path, [COMPANY], group=[group])

    assert (made["acme"].category, made["acme"].override, made["acme"].reason) == ("cdn", "", "Delivers.")


@pytest.mark.parametrize(
    ("came", "read"),
    [
        ("1 Year", "1 year"),
        ("365 days", "365 days"),
        ("1 months", "1 month"),
        ("30 mins", "30 minutes"),
        ("90 sec", "90 seconds"),
        ("Session", "session"),
        ("End of session (browser)", "session"),
        ("Seesion", "session"),
        ("forever", "unlimited"),
        ("Unknown", ""),
        ("", ""),
        ("180 days after last activity ", "180 days after last activity"),
    ],
)
def test_lifetimes_are_spelt_alike(came: str, read: str) -> None:
    """
    A lifetime is spelt as people read it, and what can't be respelt stays.
    """
    assert tool.lifetime(came) == read


def test_a_cookie_goes_to_the_vendor_of_its_platform(tmp_path: Path) -> None:
    """
    Cookies join the vendor whose key or curated platform they name, and bring its privacy policy.
    """
    made = vendors(tmp_path, [COMPANY])
    read = tool.read_cookies(cookies(tmp_path, COOKIE, [*COOKIE[:3], "acme_", *COOKIE[4:9], "1"]))

    platforms = tool.add_cookies(made, read, {"vendor": []})

    assert platforms == {"Acme": "acme"}
    assert made["acme"].cookies == {"acme_id": "1 year", "acme_*": "1 year"}
    assert made["acme"].privacy == "https://acme.example/p"


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        pytest.param({}, "entities.json, whole file: 'dict' came; accepted: a list of companies", id="no list"),
        pytest.param([{"name": " "}], r'company 1: .* accepted: an object with a "name"', id="no name"),
        pytest.param(
            [COMPANY, {**COMPANY, "category": "adz"}],
            r"company 2 \(Acme\): 'adz' came; accepted: a category out of ad,",
            id="category",
        ),
        pytest.param([{**COMPANY, "domains": "acme.example"}], 'accepted: a list of "domains"', id="domains"),
        pytest.param(
            [{**COMPANY, "domains": ["https://acme.example"]}],
            "'https://acme.example' came; accepted: a host name",
            id="host",
        ),
        pytest.param([{**COMPANY, "domains": [7]}], "7 came; accepted: a host name", id="no text"),
    ],
)
def test_a_broken_company_is_named(tmp_path: Path, rows: object, words: str) -> None:
    """
    A broken company is an error that names file, row, what came and what is accepted.
    """
    with pytest.raises(tool.BrokenRow, match=words):
        tool.read_entities(entities(tmp_path, rows))


def test_what_is_no_json_is_named(tmp_path: Path) -> None:
    """
    A file that is no JSON is an error that names it.
    """
    path = tmp_path / "entities.json"
    path.write_text("[", encoding="utf-8")

    with pytest.raises(tool.BrokenRow, match=r"entities.json, whole file: .*accepted: JSON"):
        tool.read_entities(path)


@pytest.mark.parametrize(
    ("place", "value", "words"),
    [
        pytest.param(
            2,
            "Tasty",
            "cookies.csv, row 2: 'Tasty' came; accepted: a category out of Functional,",
            id="category",
        ),
        pytest.param(3, "", "row 2: '' came; accepted: a cookie's name", id="name"),
        pytest.param(9, "yes", "row 2: 'yes' came; accepted: 0 or 1 as wildcard match", id="wildcard"),
        pytest.param(9, "0,0", "row 2: .*accepted: 10 fields", id="too many fields"),
    ],
)
def test_a_broken_cookie_is_named(tmp_path: Path, place: int, value: str, words: str) -> None:
    """
    A broken cookie is an error that names file, row, what came and what is accepted.
    """
    row = [*COOKIE[:place], value, *COOKIE[place + 1 :]]

    with pytest.raises(tool.BrokenRow, match=words):
        tool.read_cookies(cookies(tmp_path, row))


def test_other_columns_are_named(tmp_path: Path) -> None:
    """
    A file with other columns is an error that names those accepted.
    """
    with pytest.raises(tool.BrokenRow, match=r"row 1: .*accepted: the columns ID, Platform,"):
        tool.read_cookies(cookies(tmp_path, COOKIE, columns=("ID", "Name")))


@pytest.mark.parametrize(
    ("row", "words"),
    [
        pytest.param('key = "a"\nhost = []', "accepted: the fields also, as, category", id="misspelt field"),
        pytest.param('key = "a"\nas = "nice"', "'nice' came; accepted: a use out of ad,", id="unknown use"),
        pytest.param('key = "a"\nas = "cdn"', "'no reason' came; accepted: a sentence", id="no reason"),
        pytest.param('key = "A!"', "'A!' came; accepted: a key out of a-z", id="bad key"),
        pytest.param(
            'key = "a"\nhosts = ["A.example"]',
            "'A.example' came; accepted: a host in lower case",
            id="capitals",
        ),
    ],
)
def test_a_broken_row_of_our_own_is_named(tmp_path: Path, row: str, words: str) -> None:
    """
    Our own rows are read as strictly.
    """
    with pytest.raises(tool.BrokenRow, match=words):
        tool.read_curated(curated(tmp_path, f"group = []\n[[vendor]]\n{row}\n"))


@pytest.mark.parametrize(
    ("tables", "words"),
    [
        pytest.param({"vendor": [{"key": "a"}, {"key": "a"}]}, "'the key a second time' came", id="key twice"),
        pytest.param(
            {"vendor": [{"key": "a", "entities": ["Nobody"]}]},
            "'Nobody' came; accepted: the name of a company",
            id="no company",
        ),
        pytest.param(
            {"group": [{"entities": ["Nobody"], "as": "cdn", "reason": "R."}]},
            "'Nobody' came",
            id="no company in a group",
        ),
        pytest.param(
            {"vendor": [{"key": "a", "hosts": ["x.example"]}, {"key": "b", "hosts": ["x.example"]}]},
            "vendor b: 'x.example' came; accepted: a host that a does not have",
            id="host twice",
        ),
    ],
)
def test_rows_that_contradict_each_other_are_named(tmp_path: Path, tables: dict[str, Any], words: str) -> None:
    """
    A key or host that stands twice and a company that does not exist stop the script.
    """
    with pytest.raises(tool.BrokenRow, match=words):
        vendors(tmp_path, [COMPANY], **tables)


def test_a_name_without_letters_is_named(tmp_path: Path) -> None:
    """
    A company needs a name that can become a key.
    """
    with pytest.raises(tool.BrokenRow, match="accepted: a name with a letter or a digit"):
        vendors(tmp_path, [{**COMPANY, "name": "???"}])


def test_an_unknown_platform_is_named(tmp_path: Path) -> None:
    """
    A platform in our rows that the database does not have stops the script.
    """
    with pytest.raises(tool.BrokenRow, match="'Nowhere' came; accepted: a platform of the cookie database"):
        tool.add_cookies({}, [], {"vendor": [{"key": "a", "platforms": ["Nowhere"]}]})


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """
    Used wrongly it exits with 2, on a broken file with 1 and one sentence.
    """
    assert tool.main([]) == 2
    assert tool.main([str(entities(tmp_path, {})), "missing.csv", str(tmp_path)]) == 1

    assert capsys.readouterr().err.splitlines()[-1].startswith("entities.json, whole file:")


def test_files_are_written_where_asked(tmp_path: Path) -> None:
    """
    From the sources the script writes both files, the same each time.
    """
    sources = folder("CONSENTKIT_TEST_DATA", "third-party-web-entities.json and open-cookie-database.csv")
    arguments = [str(sources / "third-party-web-entities.json"), str(sources / "open-cookie-database.csv")]

    assert tool.main([*arguments, str(tmp_path / "a")]) == 0
    assert tool.main([*arguments, str(tmp_path / "b")]) == 0

    for name in ("vendors.json", "cookies.json"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()
