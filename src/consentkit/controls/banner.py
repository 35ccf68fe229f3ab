"""The banner: the words of the first layer, of the plain notice, and of the notice about new terms."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from consentkit.controls.question import Question
from consentkit.controls.words import Words, count_vendors
from consentkit.decide import Asking
from consentkit.settings import Site
from consentkit.templates import Markup
from consentkit.vocabulary import Action, Policy


@dataclass(frozen=True)
class Button:
    """`action`: its `data-ckit-action`. `value`: what it posts."""

    action: str
    value: str
    label: str


@dataclass(frozen=True)
class Banner:
    """`sentences`: message id to text with links. The answers look alike, and the refusal comes first."""

    kind: str
    title: Markup
    sentences: Mapping[str, Markup]
    answers: tuple[Button, ...]
    choose: str = ""
    links: tuple[Markup, ...] = ()
    accept_terms: str = ""

    @property
    def lines(self) -> tuple[Markup, ...]:
        return tuple(self.sentences.values())


def banner(words: Words, question: Question) -> Banner | None:
    """What stands in the banner, or None when nothing is asked."""
    if question.asking is Asking.PURPOSES:
        return _first_layer(words, question)
    if question.asking is Asking.NOTICE:
        return _plain_notice(words)
    if question.asking is Asking.TERMS:
        return _new_terms(words)
    return None


def _first_layer(words: Words, question: Question) -> Banner:
    site = words.site
    return Banner(
        kind="consent",
        title=words.markup("banner.title", site=site.name),
        sentences=_what_for(words, question),
        answers=(
            Button("reject", Action.REJECT_ALL, words.text("action.reject")),
            Button("accept", Action.ACCEPT_ALL, words.text("action.accept")),
        ),
        choose=words.text("action.choose"),
        links=tuple(words.link(policy) for policy in site.policies),
        accept_terms=words.text("action.accept_terms") if question.terms_open else "",
    )


def _what_for(words: Words, question: Question) -> Mapping[str, Markup]:
    purposes = question.in_accept_all(words.site) or question.offered(words.site)
    count, titles = count_vendors(purposes), Markup("{}").format(words.purposes(purposes))
    if count:
        sentences = {"banner.text": words.counted("banner.text", count, purposes=titles)}
    else:
        sentences = {"banner.text_alone": words.markup("banner.text_alone", purposes=titles)}
    if question.denied - question.restricted:
        sentences["banner.gpc"] = words.markup("banner.gpc")
    return sentences


def _plain_notice(words: Words) -> Banner:
    site = words.site
    return Banner(
        kind="plain",
        title=words.markup("notice.title", site=site.name),
        sentences=dict([_sentence(words)]),
        answers=_accept_or_close(words),
    )


def _sentence(words: Words) -> tuple[str, Markup]:
    """One whole sentence for each case: documents that the site does not have leave it."""
    site = words.site
    if (site.notice_text or ("plain" if site.asked else "classic")) == "classic":
        return "notice.classic", words.markup("notice.classic", policies=words.links(site.policies))
    if site.notices:
        notices, terms = words.links(site.notices), words.links(site.terms)
        return "notice.plain", words.markup("notice.plain", notices=notices, terms=terms)
    return "notice.plain_terms", words.markup("notice.plain_terms", terms=words.links(site.terms))


def _new_terms(words: Words) -> Banner:
    terms = words.site.terms
    return Banner(
        kind="terms",
        title=words.markup("terms.title"),
        sentences={"terms.text": words.markup("terms.text", terms=words.links(terms))},
        answers=_accept_or_close(words),
        links=tuple(_changes(words, policy) for policy in terms if policy.changes),
    )


def _changes(words: Words, policy: Policy) -> Markup:
    return words.anchor(policy.changes, words.text("terms.changes"))


def _accept_or_close(words: Words) -> tuple[Button, ...]:
    accept = Button("accept", Action.ACCEPT_POLICIES, words.text("action.accept_notice"))
    close = Button("dismiss", Action.DISMISS, words.text("action.close"))
    # Where the terms are required the notice comes back at once: a button that only seems to close it would lie.
    return (accept,) if words.site.terms_required else (accept, close)


def asks_by_default(site: Site) -> Asking:
    """What a visitor is asked who comes for the first time."""
    if site.asked:
        return Asking.PURPOSES
    return Asking.NOTICE if site.terms else Asking.NOTHING
