"""The preferences page as a whole: the values of its template, for a visitor and as evidence."""

from __future__ import annotations

from consentkit.controls import preferences
from consentkit.controls.fragment import MARKS
from consentkit.controls.question import Question
from consentkit.controls.typesetter import Typesetter
from consentkit.controls.words import Words
from consentkit.decide import Decision
from consentkit.templates import Markup
from consentkit.vocabulary import Choice


def values(
    setter: Typesetter, words: Words, asked: Question, decision: Decision, choice: Choice | None, *, ask_again: bool
) -> dict[str, object]:
    """What its template needs, except what belongs to one request. `ask_again`: nothing is ticked."""
    site, text = setter.site, words.text
    ticked = preferences.Ticks() if ask_again else preferences.ticks(words, decision)
    denied = [purpose for purpose in asked.offered(site) if purpose.name in asked.denied]
    return {
        "gap": MARKS,
        "language": words.catalogue.language,
        "languages": setter.catalogues.available,
        "site": site.name,
        "style": setter.sheets.page_style.name,
        "script": setter.sheets.page_script.name,
        "title": text("reader.privacy"),
        "back": text("prefs.back"),
        "close": text("action.close"),
        "lead": words.markup("prefs.lead", site=site.name),
        "state_title": text("prefs.state"),
        "state": preferences.present(words, asked, choice, decision),
        "gpc": words.markup("prefs.gpc", purposes=words.purposes(denied)) if denied else "",
        "reject": text("action.reject"),
        "withdraw": text("action.withdraw") if decision.has_chosen else "",
        "purposes_title": text("prefs.purposes"),
        "questions": Markup(_questions(setter, words, asked, ticked)),
        "save": text("action.save"),
        "accept": text("action.accept"),
        "necessary_title": text("prefs.necessary"),
        "necessary_text": text("prefs.necessary_text"),
        "words_why": text("prefs.why"),
        **_cookie_words(words),
        "necessary": list(preferences.necessary(words)),
        "others": text("prefs.others"),
        "documents_title": text("prefs.policies"),
        "policies": preferences.policies(words, decision),
        "accept_terms": text("action.accept_terms") if asked.terms_open else "",
        "receipt_title": text("prefs.receipt"),
        "receipt_text": text("prefs.receipt_text"),
        "language_title": text("prefs.language"),
        "responsible": preferences.responsible(words),
    }


def as_evidence(setter: Typesetter, words: Words, asked: Question, *, has_chosen: bool = False) -> str:
    """The page of a visitor who has agreed to nothing: has not chosen, or has refused."""
    none: frozenset[str] = frozenset()
    decision = Decision(
        asked.asking, none, none, none, asked.denied, asked.restricted, None, None, has_chosen=has_chosen
    )
    return setter.render(
        "preferences.html",
        **values(setter, words, asked, decision, None, ask_again=True),
        html_attributes="",
        says="",
        saved=False,
        status="",
        record="",
        receipt="",
        receipt_query="",
    )


def _questions(setter: Typesetter, words: Words, asked: Question, ticked: preferences.Ticks) -> str:
    offered = preferences.purposes(words, asked, ticked)
    exempt = preferences.exempt(words, ticked)
    if not (offered or exempt):
        return ""
    return setter.render(
        "questions.html",
        purposes=[_counted(words, purpose) for purpose in offered],
        exempt=[_counted(words, purpose) for purpose in exempt],
        hint=words.text("prefs.vendors_hint"),
        no_cookies=words.text("prefs.no_cookies"),
        object=words.text("prefs.object"),
        **_cookie_words(words),
    )


def _cookie_words(words: Words) -> dict[str, str]:
    return {"words_cookie": words.text("prefs.cookie"), "words_kept": words.text("prefs.kept")}


def _counted(words: Words, purpose: dict[str, object]) -> dict[str, object]:
    """With the words of its disclosure: how many companies there are."""
    vendors = purpose["vendors"]
    assert isinstance(vendors, list)
    return purpose | {"count": words.catalogue.plural("prefs.vendors", len(vendors))}
