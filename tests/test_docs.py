"""The documentation is true: its code runs, its links lead somewhere, and it names everything that there is.

`python -m tests.test_docs` writes the present help of each command into docs/cli.md.
"""

from __future__ import annotations

import argparse
import ast
import asyncio
import html
import importlib
import os
import pkgutil
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import fields
from functools import cache
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

import consentkit
from consentkit import ConfigurationError, Policy, Purpose, Site, Vendor
from consentkit.errors import ConsentKitError
from consentkit.rewrite import holding

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
PAGES = sorted([ROOT / "README.md", ROOT / "CHANGELOG.md", *DOCS.glob("*.md")])
SECRET = "a-secret-for-the-code-in-the-documentation"

#: What a snippet of one option leaves out because it is about another.
REST: Mapping[str, object] = {
    "name": "Drina Courier",
    "controller": "Example Courier Ltd",
    "contact": "a@courier.example",
}


@cache
def text(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def blocks(name: str, language: str) -> list[tuple[int, str]]:
    """The fenced blocks of a page in one language, each with its line number. In a list they are indented."""
    found = []
    for fence in re.finditer(rf"^( *)```{language}\n(.*?)^\1```$", text(name), re.DOTALL | re.MULTILINE):
        body = re.sub(rf"^{fence[1]}", "", fence[2], flags=re.MULTILINE)
        found.append((text(name).count("\n", 0, fence.start()) + 1, body))
    return found


def ids(name: str, language: str) -> list[Any]:
    return [pytest.param(body, id=f"{name}:{line}") for line, body in blocks(name, language)]


def headings(name: str) -> list[str]:
    without_code = re.sub(r"^( *)```.*?^\1```$", "", text(name), flags=re.DOTALL | re.MULTILINE)
    return re.findall(r"^#+ (.*)$", without_code, re.MULTILINE)


@pytest.fixture(autouse=True)
def workplace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of its own, with what `consentkit init` would have left there."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CONSENTKIT_SECRET", SECRET)
    (tmp_path / "consentkit.toml").write_text('name = "Drina Courier"\n', encoding="utf-8")
    return tmp_path


def names_of_snippets() -> dict[str, Any]:
    """What a snippet may take for granted: the public names, and a site."""
    return {
        "__name__": __name__,  # frameworks look their module up
        **{name: getattr(consentkit, name) for name in consentkit.__all__},
        "site": Site(
            name="Drina Courier", controller="Example Courier Ltd", contact="privacy@courier.example", secret=SECRET,
            purposes=[Purpose("analytics", vendors=["google-analytics"]), Purpose("media", vendors=["youtube"])],
        ),
    }  # fmt: skip


# Code


@pytest.fixture
def readme(workplace: Path) -> dict[str, Any]:
    """What the code of the README leaves behind, run from top to bottom."""
    names: dict[str, Any] = {}
    for number, (line, body) in enumerate(blocks("README.md", "python")):
        exec(compile("\n" * line + body, "README.md", "exec"), names)
        if number == 0:
            names["first_app"] = names["app"]
    return names


def get(app: Any, headers: Mapping[str, str] | None = None) -> tuple[list[tuple[bytes, bytes]], bytes]:
    """A first visit to the root of an app, as a browser makes it."""
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    wanted = {
        "host": "localhost:8000",
        "accept": "text/html",
        "sec-fetch-mode": "navigate",
        "sec-fetch-dest": "document",
    }
    fields = [(k.encode(), v.encode()) for k, v in {**wanted, **(headers or {})}.items()]
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "GET", "scheme": "http",
        "path": "/", "raw_path": b"/", "root_path": "", "query_string": b"", "headers": fields, "extensions": {},
        "server": ("localhost", 8000), "client": ("127.0.0.1", 50000),
    }  # fmt: skip

    async def visit() -> None:
        await app(scope, receive, send)
        log = getattr(getattr(app, "_workshop", None), "log", None)
        if log is not None:
            await log.close()

    asyncio.run(visit())
    start = next(message for message in sent if message["type"] == "http.response.start")
    return list(start["headers"]), b"".join(m.get("body", b"") for m in sent if m["type"] == "http.response.body")


def test_the_readme_runs(readme: dict[str, Any]) -> None:
    """
    The code of the README runs from top to bottom, and its first app asks and holds back.
    """
    _, body = get(readme["first_app"])

    assert b'id="ckit-root"' in body
    assert b"Cookies on" in body
    assert b'data-ckit-src="https://www.googletagmanager.com/gtag/js?id=G-1"' in body
    assert readme["cookies"].keys() == {"ckit"}


def rows() -> Iterator[tuple[str, str]]:
    """The first table of the README: what the app sends, and what its last code span promises."""
    table = text("README.md").split("| --- | --- |\n", 1)[1].split("\n\n", 1)[0]
    for line in table.splitlines():
        sends, receives = (cell.strip() for cell in line.strip("|").split(" | "))
        spans = re.findall(r"`([^`]+)`", receives)
        yield sends.strip("`"), spans[-1] if spans else ""


@pytest.mark.parametrize(("sends", "receives"), [pytest.param(*row, id=row[0][:40]) for row in rows()])
def test_the_table_of_the_readme_is_real_output(readme: dict[str, Any], sends: str, receives: str) -> None:
    """
    What the README says a visitor receives is what the middleware sends.
    """
    cookie = sends.removeprefix("Set-Cookie: ") if sends.startswith("Set-Cookie") else ""
    page = b"<!doctype html><title>News</title><p>" + (b"" if cookie else sends.encode())

    async def app(scope: Any, receive: Any, send: Any) -> None:
        headers = [(b"content-type", b"text/html"), *([(b"set-cookie", cookie.encode())] if cookie else [])]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": page})

    headers, body = get(consentkit.ConsentMiddleware(app, readme["site"]))

    assert receives.encode() in body
    assert not [value for name, value in headers if name == b"set-cookie"]
    if "<iframe" in sends:
        said = html.unescape(body.decode())
        assert "Load once" in said
        assert "Always load" in said
        assert "YouTube" in said


@pytest.mark.parametrize(
    "body",
    [*ids("docs/audit.md", "python"), *ids("docs/configuration.md", "python"), *ids("docs/holding.md", "python")],
)
def test_a_snippet_runs(body: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Each Python snippet runs.
    """
    monkeypatch.setenv("CONSENTKIT_OLD_SECRET", SECRET)
    monkeypatch.setenv("CONSENTKIT_NEW_SECRET", SECRET)

    exec(compile(body, "snippet", "exec"), names_of_snippets())


@pytest.mark.parametrize("body", ids("docs/configuration.md", "toml"))
def test_a_toml_snippet_is_a_site(body: str, workplace: Path) -> None:
    """
    Each TOML snippet, completed with what it leaves out, loads as a Site.
    """
    missing = {key: value for key, value in REST.items() if key not in tomllib.loads(body)}
    path = workplace / "snippet.toml"
    path.write_text("".join(f'{key} = "{value}"\n' for key, value in missing.items()) + body, encoding="utf-8")

    assert Site.load(path).name


@pytest.mark.parametrize("body", ids("docs/frameworks.md", "python"))
def test_a_framework_snippet_runs(body: str, workplace: Path) -> None:
    """
    The lines for each framework run as they stand.
    """
    if "django" in body:  # its settings belong to a process of their own
        (workplace / "mysite").mkdir()
        (workplace / "mysite" / "settings.py").write_text("SECRET_KEY = 'of this test alone'\n", encoding="utf-8")
        environment = {**os.environ, "PYTHONPATH": str(workplace)}
        done = subprocess.run(
            [sys.executable, "-c", body], env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return
    names = names_of_snippets()
    if "Route(" in body:  # goes on from the snippet above it
        exec(blocks("docs/frameworks.md", "python")[0][1], names)
    exec(compile(body, "snippet", "exec"), names)

    if "app" in names:
        serving = names["app"]
        assert isinstance(getattr(serving, "asgi_app", serving), consentkit.ConsentMiddleware)


# Everything that there is


@pytest.mark.parametrize("option", Site.options())
def test_each_option_of_a_site_has_a_heading(option: str) -> None:
    """
    Each option of Site has a heading of its own in docs/configuration.md.
    """
    assert f"`{option}`" in headings("docs/configuration.md")


@pytest.mark.parametrize(
    "option", [f"{kind.__name__}.{field.name}" for kind in (Policy, Purpose, Vendor) for field in fields(kind)]
)
def test_each_option_of_a_table_has_a_heading(option: str) -> None:
    """
    Each option of Policy, Purpose and Vendor has a heading of its own.
    """
    assert f"`{option}`" in headings("docs/configuration.md")


def test_no_option_is_documented_that_is_none() -> None:
    """
    A heading that looks like an option is one.
    """
    known = {*Site.options(), "folder"}
    known |= {f"{kind.__name__}.{field.name}" for kind in (Policy, Purpose, Vendor) for field in fields(kind)}

    documented = {heading.strip("`") for heading in headings("docs/configuration.md") if heading.startswith("`")}

    assert documented == known


@pytest.mark.parametrize("name", consentkit.__all__)
def test_each_public_name_is_in_the_docs(name: str) -> None:
    """
    Each name that can be imported from consentkit appears in the README or below docs/.
    """
    assert any(re.search(rf"\b{name}\b", page.read_text(encoding="utf-8")) for page in PAGES)


def error_classes(of: type[ConsentKitError] = ConsentKitError) -> list[str]:
    for module in pkgutil.walk_packages(consentkit.__path__, "consentkit."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    found = [of.__name__]
    for kind in of.__subclasses__():
        found += error_classes(kind)
    return list(dict.fromkeys(found))


@pytest.mark.parametrize("name", error_classes())
def test_each_error_is_explained(name: str) -> None:
    """
    Each error class has a row in docs/errors.md.
    """
    assert re.search(rf"^\| `{name}`", text("docs/errors.md"), re.MULTILINE)


#: As much wrong at once as a Site can find.
WRONG: Mapping[str, Any] = {
    "name": " ", "url": "courier.example", "secret": ["short", "shorter"], "log": "mysql://consent", "audience": "cats",
    "policies": [Policy("a b", kind="x"), Policy("terms", url="//x", version="v" * 40), Policy("terms")],
    "purposes": [
        Purpose("own", basis="x"), Purpose("quiet", title="Quiet", basis="exempt"), Purpose("own"),
        Purpose("media", vendors=[
            "no-such-company",
            Vendor("a b", hosts=["https://x.example"], privacy="x", country="Bosnia"), Vendor("twice"), Vendor("twice"),
        ]),
    ],
    "holding": "all", "prefix": "/x/", "cookie_name": "a b", "cookie_domain": "*.x", "origins": ["x"],
    "anchor": ["x://y"], "first_party": ["x:1"], "skip": ["x"], "inline": ["x"], "lock": "x", "csp": "x", "gpc_purposes": ["x"], "cookies": {"x": "x"},
    "grant_days": 0, "refusal_days": 500, "ask_again": "soon", "gpc_json": "soon", "clear_site_data": ["x"],
    "regimes": {"Bosnia": "x"}, "country_header": "a b", "trusted_proxies": ["x"], "import_from": ["x"], "import_grants": {"x": "x"},
    "google": "x", "notice_text": "x", "text_size": "x", "mobile": "x", "position": "x", "bar_position": "x",
}  # fmt: skip


def problem_keys() -> list[str]:
    with pytest.raises(ConfigurationError) as caught:
        Site(**WRONG)
    keys = [problem.partition(": ")[0] for problem in caught.value.problems]
    keys = [re.sub(r"\[\d+\]", "[…]", key) for key in keys]
    keys = [re.sub(r"^(cookies|import_grants|regimes)\..*", r"\1.…", key) for key in keys]
    return sorted({*keys, "texts[…]", "folder"})


@pytest.mark.parametrize("key", problem_keys())
def test_each_problem_of_a_configuration_is_explained(key: str) -> None:
    """
    The key of each problem stands in the first column of the table of problems.
    """
    table = text("docs/errors.md").split("## Problems of a configuration", 1)[1].split("\n## ", 1)[0]
    explained = {
        key for row in re.findall(r"^\| ([^|]*) \|", table, re.MULTILINE) for key in re.findall(r"`([^`]+)`", row)
    }

    assert key in explained


def log_lines() -> Iterator[str]:
    """Every message that goes to the operator's log, as it stands in the source."""
    for path in sorted((ROOT / "src" / "consentkit").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
                continue
            is_logger = isinstance(node.func.value, ast.Name) and node.func.value.id == "logger"
            place = 1 if node.func.attr == "tell_once" else 0
            if (is_logger or place) and len(node.args) > place:
                message = node.args[place]
                if isinstance(message, ast.Constant) and isinstance(message.value, str):
                    yield message.value


@pytest.mark.parametrize("message", sorted(set(log_lines())))
def test_each_line_of_the_log_is_explained(message: str) -> None:
    """
    The longest unchanging part of each log message stands in the table of docs/errors.md.
    """
    longest = max(re.split(r"%[.0-9]*[rsd]", message), key=len)

    assert longest.strip(' ("[]') in text("docs/errors.md")


def test_the_table_of_held_elements_is_whole() -> None:
    """
    docs/holding.md names each element and attribute that is held, and each rel of a link.
    """
    page = text("docs/holding.md")
    rows = re.findall(r"^\| (.*?) \| (.*?) \| held", page, re.MULTILINE)
    documented = {
        (element, attribute)
        for elements, attributes in rows
        for element in re.findall(r"`(\w+)`", elements)
        for attribute in re.findall(r"`([\w:-]+)`", attributes) + (LAZY if "lazy" in attributes else [])
        if "in SVG" not in elements
    }
    held = {(element.decode(), name.decode()) for element, names in holding.HTML.items() for name in names}
    in_svg = {(element.decode(), name.decode()) for element, names in holding.SVG.items() for name in names}

    assert documented == held
    assert {name.lower() for row in rows if "in SVG" in row[0] for name in re.findall(r"`(\w+)`", row[0])} == {
        element for element, _ in in_svg
    }
    assert all(f"`{rel}`" in page for rel in holding.LOADING_RELS)


LAZY = ["data-src", "data-lazy-src", "data-original", "data-srcset"]

# The command line


def commands(parser: argparse.ArgumentParser) -> Iterator[tuple[str, argparse.ArgumentParser]]:
    """Every command with its parser, `consentkit` itself first."""
    yield parser.prog, parser
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for each in action.choices.values():
                yield from commands(each)


@cache
def helps() -> dict[str, str]:
    """Command to the text of its --help, 100 columns wide."""
    from consentkit.cli import parser

    with mock.patch.dict(os.environ, {"COLUMNS": "100", "NO_COLOR": "1"}):
        return {name: each.format_help().strip() for name, each in commands(parser())}


def documented_helps() -> dict[str, str]:
    found = re.findall(
        r"^#+ `(consentkit[^`]*)`$.*?^```text\n(.*?)^```$", text("docs/cli.md"), re.DOTALL | re.MULTILINE
    )
    return {name: body.strip() for name, body in found}


def test_each_command_is_documented_with_its_help() -> None:
    """
    docs/cli.md has a section for each command, with what --help says now. (Python versions break lines differently.)
    """
    documented = {name: body.split() for name, body in documented_helps().items()}

    assert documented == {name: body.split() for name, body in helps().items()}, "run python -m tests.test_docs"


# Links


def anchors(page: Path) -> set[str]:
    """What a link may point to in a page, as GitHub makes it of headings."""
    name = str(page.relative_to(ROOT))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings(name)}


def links(page: Path) -> list[str]:
    without_code = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    found = re.findall(r"(?<!\!)\[[^\]]*\]\(([^)\s]+)\)", re.sub(r"`[^`\n]*\]\([^`\n]*`", "", without_code))
    return [link for link in found if not link.startswith(("http://", "https://", "mailto:"))]


@pytest.mark.parametrize(
    ("page", "link"), [pytest.param(page, link, id=f"{page.name}: {link}") for page in PAGES for link in links(page)]
)
def test_a_link_leads_somewhere(page: Path, link: str) -> None:
    """
    Each relative link leads to a file of the project, and its anchor to a heading there.
    """
    path, _, anchor = link.partition("#")
    target = (page.parent / path).resolve() if path else page

    assert target.exists()
    assert not anchor or anchor in anchors(target)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_no_page_names_a_machine(page: Path) -> None:
    """
    No page names a folder of the machine that it was written on.
    """
    # The folder around this checkout, wherever it lies, and where others usually do.
    folders = [f"{folder}/" for folder in (ROOT, ROOT.parent) if folder != folder.parent]
    assert not re.search("|".join(map(re.escape, [*folders, "/home/", "/root/", "/tmp/"])), page.read_text("utf-8"))


def write_helps() -> None:
    """Put the present help of each command into docs/cli.md; a command that has no section there is named."""
    page = DOCS / "cli.md"
    written = page.read_text(encoding="utf-8")
    for name, body in helps().items():
        section = re.compile(rf"(^#+ `{re.escape(name)}`$.*?^```text\n).*?(^```$)", re.DOTALL | re.MULTILINE)
        written, count = section.subn(lambda found, body=body: f"{found[1]}{body}\n{found[2]}", written, count=1)  # type: ignore[misc]
        if not count:
            print(f"docs/cli.md has no section for `{name}`.", file=sys.stderr)
    page.write_text(written, encoding="utf-8")


if __name__ == "__main__":
    write_helps()
