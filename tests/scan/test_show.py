"""A report as text, JSON and a page."""

from __future__ import annotations

import json
from dataclasses import replace
from html.parser import HTMLParser

from consentkit.scan.findings import Report, report
from consentkit.scan.missing import as_toml
from consentkit.scan.show import as_html, as_json, as_text, printable, verdict
from tests.scan.test_findings import seen

HOSTILE = '"><script>alert(1)</script>'


def scanned() -> Report:
    found = report(seen("google", "stranger", "cmp", cookies=("_ga", "zebra")), None)
    party = replace(found.parties[0], title=HOSTILE, hosts=(HOSTILE,), pages=(f"https://a.example/{HOSTILE}",))
    cookie = replace(found.cookies[0], name=HOSTILE, reason="\x1b[2Jgone")
    return replace(
        found, parties=(party, *found.parties), cookies=(cookie, *found.cookies), notes=(HOSTILE,), start=f"https://a.example/{HOSTILE}"
    )  # fmt: skip


def test_the_page_is_safe_and_stands_alone() -> None:
    """
    Nothing of others becomes markup; the page loads nothing, runs nothing, and says so in a policy of its own.
    """
    page = as_html(scanned(), as_toml(scanned(), {}), "today")
    tags: list[tuple[str, dict[str, str | None]]] = []

    class Reader(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            tags.append((tag, dict(attrs)))

    Reader().feed(page)

    assert not {"script", "img", "link", "iframe", "object", "form"} & {tag for tag, _ in tags}
    assert not [name for _, attributes in tags for name in attributes if name.startswith("on") or name == "src"]
    assert all(str(attributes["href"]).startswith("https://") for tag, attributes in tags if tag == "a")
    assert "default-src 'none'" in page
    assert "&lt;script&gt;alert(1)" in page


def test_the_text_obeys_no_page() -> None:
    """
    Control characters of a page do not reach the terminal, and long ones are cut.
    """
    text = "\n".join(as_text(scanned(), "x = 1"))

    assert "\x1b" not in text
    assert "Missing in consentkit.toml" in text
    assert text.splitlines()[-1] == verdict(scanned())
    assert len(printable("x" * 500)) == 48


def test_the_json_says_everything() -> None:
    """
    The object holds what the tables hold, and can be written.
    """
    found = json.loads(json.dumps(as_json(scanned(), "x = 1")))

    assert found["clean"] is False
    assert {"third_parties", "cookies", "warnings", "notes", "toml", "pages"} <= found.keys()
    assert found["third_parties"][0]["whose"] == "undeclared"


def test_the_verdict_counts() -> None:
    """
    One sentence says how much there is to do.
    """
    assert verdict(report(seen("cdn"), None)) == (
        "Nothing undeclared: 1 page read, 0 of 1 third party undeclared, 0 of 0 cookies undeclared."
    )
    assert verdict(report(seen("google", "pixel", cookies=("zebra",)), None)) == (
        "Something to do: 1 page read, 2 of 2 third parties undeclared, 1 of 1 cookie undeclared."
    )
