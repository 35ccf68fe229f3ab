"""What a regulator would find: errors, with which the site does not start, and warnings for `consentkit check`.

Our own templates are right, and the tests see to that; what is looked at is what an owner's templates, sentences and
settings make of them. Each finding names its source.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from consentkit.controls import contrast, preferences_page, slots
from consentkit.controls import placeholder as placeholders
from consentkit.controls.markup import Element, Markup
from consentkit.controls.parts import Parts, Shape
from consentkit.controls.question import Question, standard
from consentkit.controls.typesetter import Typesetter
from consentkit.decide import Asking
from consentkit.errors import ConfigurationError
from consentkit.settings import Site
from consentkit.settings.site import vendors_of
from consentkit.vocabulary import Action

# Sources. The first two are the European ones that authorities cite for the first layer.
FIRST_LAYER = "EDPB Cookie Banner Taskforce report of 17 January 2023, type A; CNIL 2020-092, article 2"
EQUAL = "EDPB Cookie Banner Taskforce report, types D and E; OLG Köln 6 U 80/23; 11 CCR 7004(a)(2)"
PRE_SET = "CJEU C-673/17 (Planet49); EDPB Cookie Banner Taskforce report, type B; GDPR recital 32"
SEPARATE = "GDPR article 7(2) and (4); EDPB guidelines 05/2020"
READABLE = "WCAG 2.2, 1.4.3 and 1.4.11; EDPB Cookie Banner Taskforce report, type E"
WHO = "GDPR article 13(1)(a) and (b)"
NOTICE = "GDPR articles 12 and 13"
HOW_LONG = "CJEU C-673/17 (Planet49), paragraph 81"
WITHDRAW = "GDPR article 7(3); EDPB Cookie Banner Taskforce report, type K"
CONTRACT = "the names that pages, robots and our script rely on, docs/theming.md"
NO_SCRIPT = "a page's policy may forbid it, docs/theming.md"


@dataclass(frozen=True)
class Finding:
    """One sentence, and the law or guideline behind it."""

    sentence: str
    source: str

    def __str__(self) -> str:
        return f"{self.sentence} ({self.source})"


@dataclass(frozen=True)
class DarkPatterns:
    """`errors`: the site must not start with them. `warnings`: `consentkit check` names them and exits with 1."""

    errors: tuple[Finding, ...] = ()
    warnings: tuple[Finding, ...] = ()


def dark_patterns(setter: Typesetter, parts: Parts, language: str) -> DarkPatterns:
    """What the site's templates, sentences and settings do wrong, looked at in one language. Its templates are strict."""
    try:
        errors = tuple(_errors(setter, parts, language))
    except ConfigurationError as error:  # a template that does not even run
        return DarkPatterns(errors=tuple(Finding(problem, CONTRACT) for problem in error.problems))
    return DarkPatterns(errors, tuple(_warnings(setter, language)))


def of_sheets(css: str) -> tuple[Finding, ...]:
    """Warnings about the style sheets of a site."""
    poor = [
        Finding(
            f"{each.front} on {each.ground} ({each.what}) has a contrast of {each.ratio}:1 in a {each.scheme} page;"
            f" at least {each.needed}:1 is needed.",
            READABLE,
        )
        for each in contrast.poor(css)
    ]
    uneven = [
        Finding(f"The rule {selector} dresses one of Accept and Reject alone; both have to look the same.", EQUAL)
        for selector in contrast.uneven(css)
    ]
    return (*poor, *uneven)


def _errors(setter: Typesetter, parts: Parts, language: str) -> Iterator[Finding]:
    yield from _of_texts(setter.site)
    replaced = setter.templates.replaced
    for asking in (Asking.PURPOSES, Asking.NOTICE, Asking.TERMS):
        asked = standard(setter.site, asking)
        if _can_be_asked(setter.site, asked) and replaced & {"banner.html", "root.html"}:
            yield from _of_first_layer(setter, parts, language, asked)
    if "root.html" in replaced:
        yield from _of_root(setter, parts, language)
    if replaced & {"preferences.html", "questions.html"}:
        yield from _of_preferences(setter, language)
    if "placeholder.html" in replaced:
        yield from _of_placeholder(setter, language)
    if "slot.html" in replaced and setter.site.slots:
        yield from _of_slots(setter, parts, language)


def _of_texts(site: Site) -> Iterator[Finding]:
    """A sentence of the owner's that makes one press of a button two answers."""
    titles = [title.lower() for policy in site.terms for title in _titles(policy.title) if title]
    for language, sentences in site.texts.items():
        label = sentences.get("action.accept", "").lower()
        if site.asked and any(word in label for word in ("terms", *titles)):
            yield Finding(
                f'texts.{language}."action.accept": {sentences["action.accept"]!r} answers for cookies and for the'
                " terms at once; Accept all is about cookies, the terms have a button of their own.",
                SEPARATE,
            )


def _titles(title: object) -> Iterable[str]:
    return title.values() if isinstance(title, dict) else [str(title)]


def _of_first_layer(setter: Typesetter, parts: Parts, language: str, asked: Question) -> Iterator[Finding]:
    name = setter.templates.path("banner.html")
    found = Markup(_root(parts, language, asked))
    banners = found.of(data_ckit_ui="banner")
    if len(banners) != 1 or banners[0].name != "section":
        yield Finding(f'{name}: has to be one <section data-ckit-ui="banner">.', CONTRACT)
        return
    titles = [each for each in found.of(id=banners[0].get("aria-labelledby")) if each.within("banner")]
    if not (titles and titles[0].text):
        yield Finding(f"{name}: aria-labelledby of the section has to name its heading.", CONTRACT)
    yield from _set_before(name, found)
    yield from _without_script(name, found)
    if asked.asking is not Asking.PURPOSES:
        yield from _wants(name, found, "accept", Action.ACCEPT_POLICIES, CONTRACT)
        if not setter.site.terms_required:
            yield from _wants(name, found, "dismiss", Action.DISMISS, CONTRACT)
        return
    yield from _wants(name, found, "reject", Action.REJECT_ALL, FIRST_LAYER)
    yield from _wants(name, found, "accept", Action.ACCEPT_ALL, FIRST_LAYER)
    reject, accept = found.action("reject", "banner"), found.action("accept", "banner")
    if reject and accept and _looks(reject) != _looks(accept):
        yield Finding(f"{name}: Accept and Reject differ in more than their words, value and action.", EQUAL)
    if reject and accept and found.elements.index(reject) > found.elements.index(accept):
        yield Finding(f"{name}: Reject has to come before Accept, so that it is at most the second stop.", EQUAL)
    choose = found.action("choose", "banner")
    if choose is None or "/preferences" not in choose.get("href"):
        yield Finding(f'{name}: has no link data-ckit-action="choose" to the preferences.', CONTRACT)
    if asked.terms_open:
        yield from _wants(name, found, "policies", Action.ACCEPT_POLICIES, SEPARATE)


def _wants(name: str, found: Markup, action: str, value: str, source: str, ui: str = "banner") -> Iterator[Finding]:
    control = found.action(action, ui)
    posts = control is not None and (control.name, control.get("name"), control.get("value")) == (
        "button",
        "action",
        value,
    )
    if control is None or not posts or not (control.get("form") == "ckit-form" or _in_form(control)):
        yield Finding(
            f'{name}: has no <button form="ckit-form" name="action" value="{value}" data-ckit-action="{action}">.',
            source,
        )
    elif not control.text:
        yield Finding(f"{name}: the button {action!r} has no words.", source)
    elif control.has("disabled") or control.has("hidden"):
        yield Finding(f"{name}: the button {action!r} can't be pressed.", source)


def _in_form(control: Element) -> bool:
    return any(each.get("id") == "ckit-form" for each in control.inside)


def _looks(button: Element) -> dict[str, str]:
    return {key: value for key, value in button.attributes.items() if key not in ("value", "data-ckit-action")}


def _set_before(name: str, found: Markup) -> Iterator[Finding]:
    for each in found.elements:
        if each.has("checked") or each.has("selected"):
            yield Finding(f"{name}: <{each.name} name={each.get('name')!r}> is set before anybody has chosen.", PRE_SET)


def _without_script(name: str, found: Markup) -> Iterator[Finding]:
    for each in found.elements:
        loud = [key for key in each.attributes if key == "style" or key.startswith("on")]
        if loud or (each.name == "script" and not each.get("src")):
            yield Finding(f"{name}: <{each.name}> has {loud[0] if loud else 'script'} inline.", NO_SCRIPT)


def _of_root(setter: Typesetter, parts: Parts, language: str) -> Iterator[Finding]:
    name = setter.templates.path("root.html")
    found = Markup(_root(parts, language, Question(Asking.NOTHING)))
    first = found.elements[0] if found.elements else None
    if first is None or (first.name, first.get("id"), first.get("data-ckit-ui")) != ("ckit-ui", "ckit-root", "root"):
        yield Finding(f'{name}: has to be one <ckit-ui id="ckit-root" data-ckit-ui="root">.', CONTRACT)
        return
    order = [each.get("data-ckit-ui") for each in found.elements if each.has("data-ckit-ui")]
    if order != ["root", "reader", "status"]:
        yield Finding(f"{name}: its parts have to be banner, reader and status, in this order.", CONTRACT)
    forms = found.of("form", id="ckit-form", method="post")
    hidden = [each for each in found.of("input", type="hidden") if _in_form(each)]
    if len(forms) != 1 or "next" not in {each.get("name") for each in hidden}:
        yield Finding(f'{name}: has no <form id="ckit-form" method="post"> with a hidden field "next".', CONTRACT)
    if not [each for each in found.of(id="ckit-saved") if each.within("status")]:
        yield Finding(f'{name}: has no element id="ckit-saved" in its status.', CONTRACT)
    if setter.site.purposes and not any("/preferences" in each.get("href") for each in found.of("a")):
        yield Finding(f"{name}: has no link to the preferences for who has chosen.", WITHDRAW)
    yield from _without_script(name, found)


def _of_preferences(setter: Typesetter, language: str) -> Iterator[Finding]:
    name = setter.templates.path("preferences.html")
    asked = standard(setter.site, Asking.PURPOSES if setter.site.asked else Asking.NOTHING)
    html = preferences_page.as_evidence(setter, setter.words(language), asked)
    found = Markup(html)
    yield from _set_before(name, found)
    yield from _without_script(name, found)
    if not found.of("form", id="ckit-form", method="post"):
        yield Finding(f'{name}: has no <form id="ckit-form" method="post">.', CONTRACT)
    if not setter.site.asked:
        return
    offered = {each.get("value") for each in found.of("input", type="checkbox", name="purpose")}
    for purpose in setter.site.asked:
        if purpose.name not in offered:
            yield Finding(f"{name}: the purpose {purpose.name!r} has no checkbox.", "GDPR recital 43")
    for action, value in (("save", "save"), ("reject", "reject_all"), ("accept", "accept_all")):
        yield from _wants(name, found, action, value, FIRST_LAYER, ui="")


def _of_placeholder(setter: Typesetter, language: str) -> Iterator[Finding]:
    name = setter.templates.path("placeholder.html")
    words, asked = setter.words(language), standard(setter.site, Asking.PURPOSES)
    for held, _ in placeholders.declared(words, asked)[:1]:
        size = placeholders.size({})
        found = Markup(setter.placeholder(words, asked, held, "", size))
        if not found.elements or found.elements[0].get("data-ckit-ui") != "placeholder":
            yield Finding(f'{name}: has to be one <span data-ckit-ui="placeholder">.', CONTRACT)
        for each in found.elements:
            if each.name in _BLOCKS:
                yield Finding(f"{name}: <{each.name}> would close the paragraph that it stands in.", CONTRACT)
        always = found.action("always", "placeholder")
        if always is None or always.get("form") != "ckit-form" or always.get("name") != "vendor":
            yield Finding(
                f'{name}: has no <button form="ckit-form" name="vendor" data-ckit-action="always">.', CONTRACT
            )
        yield from _without_script(name, found)


def _of_slots(setter: Typesetter, parts: Parts, language: str) -> Iterator[Finding]:
    name = setter.templates.path("slot.html")
    for slot in sorted(slots.NAMES):
        found = Markup(parts.slot(slots.Slot(slot, language)).with_named_gaps)
        if [each.get("data-ckit-ui") for each in found.elements if not each.inside] not in ([], ["slot"]):
            yield Finding(f'{name}: the slot "{slot}" has to be one element data-ckit-ui="slot".', CONTRACT)
        if slot != "reader" and setter.site.purposes and found.action("choose") is None:
            yield Finding(f'{name}: the slot "{slot}" has no link data-ckit-action="choose".', WITHDRAW)
        for each in found.elements:
            if each.has("id"):
                yield Finding(f'{name}: id="{each.get("id")}" would stand twice in a page with two slots.', CONTRACT)
        yield from _without_script(name, found)


# What ends a paragraph that is open (HTML, 13.2.6.4.7), and forms.
_BLOCKS = frozenset(
    (
        "address", "article", "aside", "blockquote", "center", "details", "dialog", "dir", "div", "dl", "fieldset", "figcaption", "figure", "footer",
        "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hgroup", "hr", "main", "menu", "nav", "ol",
        "p", "pre", "search", "section", "summary", "table", "ul",
    )
)  # fmt: skip


def _can_be_asked(site: Site, asked: Question) -> bool:
    return bool(asked.offered(site)) if asked.asking is Asking.PURPOSES else bool(site.terms)


def _root(parts: Parts, language: str, asked: Question) -> str:
    none: frozenset[str] = frozenset()
    shape = Shape(language, asked, none, none, None, None, "", answered_post=False)
    return parts.body(shape).with_named_gaps


def _warnings(setter: Typesetter, language: str) -> Iterator[Finding]:
    site = setter.site
    if site.purposes:
        for option in ("controller", "contact"):
            if not getattr(site, option).strip():
                yield Finding(f"{option}: is missing; readers don't learn who answers for the site.", WHO)
    if site.purposes and not site.notices:
        yield Finding('policies: there is none of kind "notice", such as a privacy policy, to link.', NOTICE)
    for purpose in site.asked:
        for vendor in vendors_of(purpose):
            missing = [cookie for cookie, lifetime in vendor.cookies.items() if not str(lifetime).strip()]
            if missing:
                yield Finding(f"{vendor.name}: no lifetime is known of {', '.join(missing)}.", HOW_LONG)
    if "preferences.html" in setter.templates.replaced and site.asked:
        yield from _can_withdraw(setter, language)


def _can_withdraw(setter: Typesetter, language: str) -> Iterator[Finding]:
    asked = standard(setter.site, Asking.PURPOSES)
    html = preferences_page.as_evidence(setter, setter.words(language), asked, has_chosen=True)
    found = Markup(html)
    name = setter.templates.path("preferences.html")
    if found.action("withdraw") is None:
        yield Finding(f"{name}: who has agreed finds no button to withdraw.", WITHDRAW)
    if setter.site.controller and setter.site.controller not in "".join(each.text for each in found.of("html")):
        yield Finding(f"{name}: does not say who is responsible.", WHO)
