"""The dark-pattern check: an owner's templates, sentences and settings against what authorities ask for."""

from __future__ import annotations

from importlib.resources import files
from typing import Any

import pytest

from consentkit.controls import Controls, DarkPatterns
from consentkit.cookies import Seal
from consentkit.languages import Catalogues
from consentkit.settings import Site
from consentkit.vocabulary import Policy, Purpose, Vendor
from tests.controls.visitors import PRIVACY, TERMS, site


def source(name: str) -> str:
    return (files("consentkit.controls") / "templates" / name).read_text(encoding="utf-8")


def found(settings: Site, templates: dict[str, str] | None = None) -> DarkPatterns:
    made = Controls(settings, Catalogues(settings.texts), Seal(settings.keys, "view"), templates=templates)
    return made.dark_patterns("en")


def edited(name: str, old: str, new: str) -> dict[str, str]:
    text = source(name)
    assert old in text
    return {name: text.replace(old, new)}


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"policies": [TERMS], "purposes": []},
        {"policies": [PRIVACY, TERMS], "terms_required": True},
        {"position": "top"},
    ],
    ids=["purposes", "notice", "required", "top"],
)
def test_our_own_templates_are_right(options: dict[str, Any]) -> None:
    """
    As a copy of an owner, unchanged, each passes every check.
    """
    names = [each.name for each in (files("consentkit.controls") / "templates").iterdir()]
    result = found(site(**options), {name: source(name) for name in names})

    assert result.errors == ()


REJECT = "{% for button in answers %}"
CASES = {
    "no reject": (
        edited("banner.html", REJECT, "{% for button in answers if button.action != 'reject' %}"),
        "templates/banner.html: has no <button form=\"ckit-form\" name=\"action\" value=\"reject_all\"",
        "type A",
    ),
    "reject is a link": (
        edited("banner.html", REJECT, "{% for button in answers %}{% if button.action == 'reject' %}"
               "<a href='/no' data-ckit-action='reject'>No</a>{% endif %}{% endfor %}{% for button in answers[1:] %}"),
        "has no <button",
        "type A",
    ),
    "reject is hidden": (
        edited("banner.html", 'data-ckit-action="{{ button.action }}"',
               'data-ckit-action="{{ button.action }}"{% if button.action == "reject" %} hidden=""{% endif %}'),
        "the button 'reject' can't be pressed",
        "type A",
    ),
    "a class on one": (
        edited("banner.html", 'data-ckit-action="{{ button.action }}"',
               'data-ckit-action="{{ button.action }}" class="big-{{ button.action }}"'),
        "differ in more than their words",
        "types D and E",
    ),
    "accept first": (
        edited("banner.html", REJECT, "{% for button in answers|reverse %}"),
        "Reject has to come before Accept",
        "types D and E",
    ),
    "something is set": (
        edited("banner.html", '<div data-ckit-part="answers">',
               '<div data-ckit-part="answers"><input type="checkbox" name="purpose" value="media" form="ckit-form" checked>'),
        "is set before anybody has chosen",
        "Planet49",
    ),
    "terms with cookies": (
        edited("banner.html", "{% if accept_terms %}", "{% if false %}"),
        'value="accept_policies" data-ckit-action="policies"',
        "GDPR article 7(2)",
    ),
    "no choose": (edited("banner.html", 'data-ckit-action="choose"', ""), 'no link data-ckit-action="choose"', "names"),
    "no heading": (edited("banner.html", 'id="ckit-title"', ""), "has to name its heading", "names"),
    "no section": (edited("banner.html", "<section ", "<div "), 'has to be one <section data-ckit-ui="banner">', "names"),
    "style inline": (edited("banner.html", "<p>", "<p style='color:red'>"), "<p> has style inline", "policy"),
    "undefined": ({"banner.html": "<section>\n{{ nope }}"}, "templates/banner.html, line 2: 'nope' is undefined", "names"),
    "other root": (edited("root.html", 'id="ckit-root"', 'id="root"'), "has to be one <ckit-ui", "names"),
    "other order": (edited("root.html", 'data-ckit-ui="status"', 'data-ckit-ui="said"'), "in this order", "names"),
    "no form": (edited("root.html", 'id="ckit-form"', ""), 'has no <form id="ckit-form"', "names"),
    "no status": (edited("root.html", 'id="ckit-saved"', ""), 'no element id="ckit-saved"', "names"),
    "no way back": (edited("root.html", "/preferences?", "/nowhere?"), "no link to the preferences", "article 7(3)"),
    "ticked": (
        edited("questions.html", 'name="purpose" value="{{ purpose.id }}"', 'name="purpose" value="{{ purpose.id }}" checked=""'),
        "is set before anybody has chosen",
        "Planet49",
    ),
    "no box": (edited("questions.html", 'name="purpose"', 'name="p"'), "'analytics' has no checkbox", "recital 43"),
    "no save": (edited("preferences.html", 'value="save"', 'value="keep"'), 'value="save" data-ckit-action="save"', "type A"),
    "page without form": (edited("preferences.html", 'method="post"', ""), 'has no <form id="ckit-form"', "names"),
    "block in a placeholder": (
        edited("placeholder.html", '<span data-ckit-part="box">', '<div data-ckit-part="box">'),
        "<div> would close the paragraph",
        "names",
    ),
    "placeholder without always": (
        edited("placeholder.html", 'data-ckit-action="always"', ""), 'data-ckit-action="always">', "names",
    ),
    "other placeholder": (edited("placeholder.html", 'data-ckit-ui="placeholder"', ""), "has to be one <span", "names"),
}  # fmt: skip


@pytest.mark.parametrize(("templates", "said", "why"), CASES.values(), ids=CASES)
def test_error_in_a_template(templates: dict[str, str], said: str, why: str) -> None:
    """
    The sentence names the template and what is missing; the source stands beside it.
    """
    errors = found(site(), templates).errors

    assert any(said in each.sentence and why in each.source for each in errors), [str(each) for each in errors]
    assert all(str(each).startswith("templates/") for each in errors)


def test_one_press_for_cookies_and_terms_is_an_error() -> None:
    """
    Words that make Accept all an answer to the terms as well.
    """
    settings = site(texts={"en": {"action.accept": "Accept cookies and terms"}})

    assert [each.source for each in found(settings).errors] == ["GDPR article 7(2) and (4); EDPB guidelines 05/2020"]
    assert found(site(texts={"en": {"action.accept": "Yes to all"}})).errors == ()


WARNINGS: dict[str, tuple[dict[str, Any], str, str]] = {
    "controller": (
        {"purposes": [Purpose("analytics", basis="exempt", reason="own")], "controller": ""},
        "controller: is missing",
        "13(1)(a)",
    ),
    "no notice": ({"policies": [TERMS]}, 'there is none of kind "notice"', "articles 12 and 13"),
    "lifetime": (
        {
            "purposes": [
                Purpose("media", vendors=[Vendor("tube", title="Tube", hosts=["t.example"], cookies={"v": ""})])
            ]
        },
        "tube: no lifetime is known of v.",
        "Planet49",
    ),
}


@pytest.mark.parametrize(("options", "said", "why"), WARNINGS.values(), ids=WARNINGS)
def test_warning_about_the_settings(options: dict[str, Any], said: str, why: str) -> None:
    """
    Who answers, what to read, how long: what is missing there is told, and the site runs.
    """
    result = found(site(**options))

    assert result.errors == ()
    assert [said in each.sentence and why in each.source for each in result.warnings] == [True]


def test_page_without_withdrawal_or_controller_is_a_warning() -> None:
    """
    Taking consent back has to be as easy as giving it.
    """
    templates = edited("preferences.html", "{% if withdraw %}", "{% if false %}")
    templates["preferences.html"] = templates["preferences.html"].replace(
        "{% for line in responsible %}", "{% for line in [] %}"
    )
    settings = site(policies=[Policy("privacy", url="/privacy", version="1")])
    sentences = [each.sentence for each in found(settings, templates).warnings]

    assert sentences == [
        "templates/preferences.html: who has agreed finds no button to withdraw.",
        "templates/preferences.html: does not say who is responsible.",
    ]
