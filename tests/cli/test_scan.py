"""`consentkit scan`, and `init` with an address, as an owner uses them."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from consentkit import ConfigurationError, Site
from consentkit.cli import main
from consentkit.cli.progress import line
from consentkit.scan.crawl import Progress
from tests.scan.servers import pages, response, serving

TAG = '<script src="https://www.googletagmanager.com/gtag/js?id=G-1"></script>'
HOME = (
    '<!doctype html><html lang="de-AT"><meta property="og:site_name" content="Drina &quot;Courier&quot;"><title>Home</title>'
    f'{TAG}<a href="/datenschutz">Datenschutz</a><a href="/video">Video</a>'
)
VIDEO = '<iframe src="https://www.youtube.com/embed/1"></iframe>'

APP = f"""\
from starlette.applications import Starlette
from starlette.responses import HTMLResponse
from starlette.routing import Route
from consentkit import ConsentMiddleware, Policy, Purpose, Site

bare = Starlette(routes=[Route("/", lambda request: HTMLResponse({HOME!r})), Route("/video", lambda request: HTMLResponse({VIDEO!r}))])
site = Site(name="C", controller="C", contact="c@c.example", secret="x" * 32, log="sqlite:///shop.db",
    policies=[Policy("privacy", url="/datenschutz", version="1")], purposes=[
    Purpose("analytics", vendors=["google-analytics"]), Purpose("media", vendors=["youtube"])])
wrapped = ConsentMiddleware(bare, site)
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder of its own, without a secret around it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("CONSENTKIT_SECRET", raising=False)
    return tmp_path


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """A running site with two companies in its pages."""
    with serving(
        pages(index=response(HOME, "set-cookie: _ga=1"), video=response(VIDEO), datenschutz=response("<p>"))
    ) as url:
        yield url


def test_a_site_without_configuration_is_scanned(
    folder: Path, address: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """
    A pipe gets one JSON object with the lines that are missing; exit 1, because nothing is declared.
    """
    assert main(["scan", address]) == 1
    found = json.loads(capsys.readouterr().out)

    assert [party["vendor"] for party in found["third_parties"]] == ["google-analytics", "youtube"]
    assert [(cookie["name"], cookie["vendor"]) for cookie in found["cookies"]] == [("_ga", "google-analytics")]
    assert [row["name"] for row in tomllib.loads(found["toml"])["purposes"]] == ["analytics", "media"]


def test_what_is_written_makes_the_next_scan_clean(
    folder: Path, address: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    --write adds what is missing, keeps every byte that was there and the rights of the file, and is then done.
    """
    monkeypatch.setenv("CONSENTKIT_SECRET", "x" * 32)
    mine = '# mine\nname = "C"\ncontroller = "C"\ncontact = "c"\n[[purposes]]\nname = "media"  # films\n'
    (folder / "consentkit.toml").write_text(mine)
    (folder / "consentkit.toml").chmod(0o640)

    assert main(["scan", address, "--write", "--table"]) == 1
    assert "Added 2 companies to consentkit.toml." in capsys.readouterr().err
    written = (folder / "consentkit.toml").read_text()
    assert all(line in written.splitlines() for line in mine.splitlines())
    assert (folder / "consentkit.toml").stat().st_mode & 0o777 == 0o640

    assert main(["scan", address, "--write", "--table"]) == 0
    said = capsys.readouterr()
    assert said.out.splitlines()[-1].startswith("Nothing undeclared: 3 pages read, 0 of 2 third parties undeclared")
    assert "stays as it is" in said.err
    assert (folder / "consentkit.toml").read_text() == written


def test_reports_are_files(folder: Path, address: str) -> None:
    """
    --html writes a page, --toml the missing lines into a new file.
    """
    assert main(["scan", address, "--html", "report.html", "--toml", "missing.toml", "--pages", "1"]) == 1

    assert (folder / "report.html").read_text().startswith("<!doctype html>")
    assert tomllib.loads((folder / "missing.toml").read_text())["purposes"][0]["vendors"] == ["google-analytics"]


def test_an_app_is_scanned_without_network(folder: Path) -> None:
    """
    An app in this process is judged by its own site when it is wrapped, and by nothing when it is not.
    """
    (folder / "shop.py").write_text(APP)

    def scan(name: str) -> tuple[int, dict[str, object]]:
        ran = subprocess.run(
            [sys.executable, "-m", "consentkit.cli", "scan", f"shop:{name}"],
            capture_output=True,
            text=True,
            check=False,
        )
        return ran.returncode, json.loads(ran.stdout)

    bare, wrapped = scan("bare"), scan("wrapped")

    assert bare[0] == 1
    assert wrapped[0] == 0
    assert wrapped[1]["pages_with_controls"] == wrapped[1]["pages"]
    assert [party["held"] for party in wrapped[1]["third_parties"]] == ["held", "held"]  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        pytest.param([], "required", id="nothing"),
        pytest.param(["courier.example"], "is neither an address nor an app", id="no scheme"),
        pytest.param(["ftp://courier.example"], "is no web address", id="another scheme"),
        pytest.param(["https://"], "names no host", id="no host"),
        pytest.param(["https://[x"], "names no host", id="broken host"),
        pytest.param(["nowhere:app"], "there is no module 'nowhere' here", id="no module"),
        pytest.param(["http://127.0.0.1:9/"], "http://127.0.0.1:9/ can't be fetched: nobody listens there.", id="nobody"),
        pytest.param(["http://a.example", "--pages", "0"], "'0' is not a number from 1 to 2000", id="no pages"),
        pytest.param(["http://a.example", "--depth", "x"], "'x' is not a number from 0 to 20", id="no depth"),
        pytest.param(["http://a.example", "--timeout", "0"], "'0' is not a number of seconds", id="no time"),
        pytest.param(["http://a.example", "--delay", "nan"], "'nan' is not a number of seconds", id="no delay"),
        pytest.param(["http://a.example", "--header", "x"], "'x' is not a header", id="no header"),
        pytest.param(["http://a.example", "--header", "a: b\nc: d"], "is not a header", id="two headers"),
        pytest.param(["http://a.example", "--write"], "there is no file 'consentkit.toml' to write to", id="no file"),
        pytest.param(["http://a.example", "--write", "--site", "a:b"], "--write changes a file", id="no file to change"),
        pytest.param(["http://a.example", "--toml", "mine.toml"], "is there already and stays as it is", id="a file"),
        pytest.param(["http://a.example", "--html", "no/x.html"], "there is no folder 'no'", id="no folder"),
        pytest.param(["http://a.example", "--config", "no.toml"], "There is no file 'no.toml'", id="no configuration"),
        pytest.param(["http://a.example", "--json", "--table"], "not allowed with", id="two forms"),
    ],
)  # fmt: skip
def test_wrong_use_is_one_sentence(
    folder: Path, arguments: list[str], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """
    Used wrongly, or where nothing can be read, scan says so in one message and exits with 2.
    """
    (folder / "mine.toml").write_text("")

    assert main(["scan", *arguments]) == 2
    assert says in capsys.readouterr().err


def test_the_bar_fits_the_terminal() -> None:
    """
    The bar is never wider than the terminal, and full when all that is known was read.
    """
    assert line(Progress(5, 30, "https://a.example/"), 25, 60) == "[####................] 5 of 25  https://a.example/"
    assert line(Progress(3, 0, "x"), 25, 80).startswith("[###############.....] 3 of 4")
    assert len(line(Progress(3, 9, "x" * 500), 25, 40)) == 39
    assert "\x1b" not in line(Progress(3, 9, "\x1b[2J"), 25, 80)


def test_a_terminal_gets_a_bar_and_a_table(folder: Path, address: str) -> None:
    """
    On a terminal the bar is drawn on stderr and wiped, and the tables come without being asked for.
    """
    leader, follower = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "consentkit.cli", "scan", address], stdout=follower, stderr=follower, close_fds=True
    ) as ran:
        os.close(follower)
        said = b""
        try:
            while data := os.read(leader, 65536):
                said += data
        except OSError:  # the other end is closed
            pass
    os.close(leader)

    assert ran.returncode == 1
    assert b"] 0 of 2  http://127.0.0.1" in said
    assert b"\r\x1b[K" in said
    assert b"Something to do: 3 pages read" in said


def test_init_starts_from_the_pages(folder: Path, address: str, capsys: pytest.CaptureFixture[str]) -> None:
    """
    With an address, init declares what it meets, fills in what pages tell, and leaves questions to the owner.
    """
    assert main(["init", f"{address}/"]) == 0
    said = capsys.readouterr()
    text = (folder / "consentkit.toml").read_text()

    assert "3 pages read, 2 companies declared." in said.err
    assert "Fill in controller and contact" in said.out
    with pytest.raises(ConfigurationError) as caught:
        Site.load("consentkit.toml")
    assert [problem.partition(":")[0] for problem in caught.value.problems] == ["controller", "contact"]

    (folder / "consentkit.toml").write_text(
        text.replace('controller = ""', 'controller = "C"').replace('contact    = ""', 'contact = "c@c.example"')
    )
    site = Site.load("consentkit.toml")
    assert (site.name, site.url, site.language, site.holding) == ('Drina "Courier"', address, "de", "observe")
    assert [(policy.name, policy.url) for policy in site.policies] == [("privacy", "/datenschutz")]
    assert [purpose.name for purpose in site.purposes] == ["analytics", "media"]


def test_init_begins_where_a_site_cannot_be_read(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """
    A site that is not running yet is no reason not to begin; --no-scan does not even look.
    """
    assert main(["init", "http://127.0.0.1:9"]) == 0
    assert "nobody listens there. So no company is declared yet" in capsys.readouterr().err
    (folder / "consentkit.toml").unlink()
    assert main(["init", "http://127.0.0.1:9", "--no-scan"]) == 0

    assert capsys.readouterr().err == ""
    assert Site.load("consentkit.toml").url == "http://127.0.0.1:9"


def test_check_over_the_network_ends_in_one_sentence(
    folder: Path, address: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """
    check shares the crawler: a bare site is told page by page, one that can't be reached in a sentence.
    """
    main(["init", address, "--no-scan"])
    capsys.readouterr()

    assert main(["check", address, "--table"]) == 1
    said = capsys.readouterr().out.splitlines()
    assert f"- {address}/ has no banner and no reader bar." in said
    assert said[-1].startswith(
        "Not working yet: banner on 0 of 3 pages, 0 vendors held back (it only observes), 2 undeclared, log writable"
    )
    assert main(["check", "http://127.0.0.1:9/", "--table"]) == 1
    assert "can't be fetched: nobody listens there." in capsys.readouterr().out
