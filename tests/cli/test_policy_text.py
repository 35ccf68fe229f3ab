"""`consentkit policy-text`: what the configuration knows, as text for the owner's own policy."""

from __future__ import annotations

from pathlib import Path

import pytest
from bs4 import BeautifulSoup

from consentkit.cli import main
from consentkit.cli.policy_text import as_html, as_markdown, policy_text
from consentkit.vocabulary import Purpose, Vendor
from tests.settings.sites import SECRET, courier

ODD = Vendor("odd", title="<Odd> | *Ltd*", hosts=["odd.example"], cookies={"a|b_c": "2 years"}, privacy="https://odd.example/p?a=1&b=2", country="US")  # fmt: skip
SITE = courier(
    purposes=[
        Purpose("analytics", vendors=[ODD]),
        Purpose("audience", title="Audience", basis="exempt", reason="Counted by us alone."),
    ],
    necessary={"basket": "Remembers what you buy"},
)


def test_everything_that_is_declared_is_in_it() -> None:
    """
    Companies with cookies, lifetimes, country and policy; necessary cookies; reasons; where to change one's mind.
    """
    page = BeautifulSoup("\n".join(as_html(policy_text(SITE, "en"))), "html.parser")

    assert [heading.get_text() for heading in page.select("h3, h4")] == [
        "Necessary", "Statistics", "<Odd> | *Ltd*", "Audience",
    ]  # fmt: skip
    assert {row.th.get_text(): row.find_all("td")[-1].get_text() for row in page.select("tbody tr") if row.th} == {
        "__Host-ckit": "6 months",
        "__Host-ckit_id": "6 months",
        "ckit_reader": "6 months",
        "basket": "–",
        "a|b_c": "2 years",
    }
    assert {link.get_text(): link["href"] for link in page.select("a")} == {
        "Privacy policy of <Odd> | *Ltd*": "https://odd.example/p?a=1&b=2",
        "Privacy choices": "/_ckit/preferences",
    }
    assert "Runs without asking, because: Counted by us alone." in page.get_text()
    assert "United States" in page.get_text()


def test_markdown_shows_names_as_they_are() -> None:
    """
    No name becomes emphasis, a cell or a tag.
    """
    text = "\n".join(as_markdown(policy_text(SITE, "en")))

    assert "#### \\<Odd\\> \\| \\*Ltd\\*" in text
    assert "| a\\|b\\_c | 2 years |" in text
    assert "[Privacy choices](/_ckit/preferences)" in text


def test_each_company_says_what_it_does() -> None:
    """
    Under its name: the sentence of its kind in that language, or the owner's own.
    """
    own = Vendor("maps", title="City maps", text={"en": "Shows where.", "de": "Zeigt, wo."})
    site = courier(purposes=[Purpose("media", vendors=["youtube", own])])
    page = BeautifulSoup("\n".join(as_html(policy_text(site, "de"))), "html.parser")

    said = [heading.find_next_sibling("p") for heading in page.select("h4")]
    assert [each and each.get_text() for each in said] == ["Spielt Videos auf der Website ab.", "Zeigt, wo."]


@pytest.mark.parametrize(
    ("language", "word"), [("de", "Notwendig"), ("sr-Latn", "Neophodno"), ("sr_Latn", "Neophodno")]
)
def test_it_speaks_the_language_that_is_asked_for(language: str, word: str) -> None:
    """
    The tag with a hyphen or an underscore.
    """
    assert any(word in line for line in as_html(policy_text(SITE, language)))


def test_from_the_command_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    Prints a fragment; a language that there is none of is told in one sentence.
    """
    monkeypatch.setenv("CONSENTKIT_SECRET", SECRET.replace(" ", "-"))
    config = tmp_path / "consentkit.toml"
    config.write_text('name = "Courier"\n', encoding="utf-8")

    assert main(["policy-text", "--config", str(config)]) == 0
    assert capsys.readouterr().out.startswith("<h2>Cookie Policy</h2>")
    assert main(["policy-text", "--config", str(config), "--language", "tlh"]) == 2
    assert "--language tlh" in capsys.readouterr().err
