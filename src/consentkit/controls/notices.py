"""Notice snapshots: exactly what is shown in one layer and language, as evidence.

They come from the same templates as what is sent, so that they can't say anything else. A snapshot is the same in
every process; the view token names it by its digest.
"""

from __future__ import annotations

from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, version

from consentkit.controls.banner import Banner
from consentkit.controls.question import Question
from consentkit.controls.words import Words
from consentkit.log.notice import Notice, NoticeButton, NoticePurpose, NoticeVendor
from consentkit.settings.site import vendors_of
from consentkit.vocabulary import Action, Layer, PolicyKind


def package_version() -> str:
    try:
        return version("consentkit")
    except PackageNotFoundError:  # run from a source tree that nobody installed
        return ""


def of_banner(words: Words, question: Question, banner: Banner, *, html: str, css: str) -> Notice:
    """The snapshot of a banner."""
    buttons = [NoticeButton(action=button.value, label=button.label) for button in banner.answers]
    if banner.choose:
        buttons.append(NoticeButton(action="choose", label=banner.choose))
    if banner.accept_terms:
        buttons.append(NoticeButton(action=Action.ACCEPT_POLICIES, label=banner.accept_terms))
    texts = {"title": banner.title.striptags()} | {id: text.striptags() for id, text in banner.sentences.items()}
    asks_purposes = banner.kind == "consent"
    return _notice(
        words,
        question if asks_purposes else None,
        Layer.BANNER,
        kind=banner.kind,
        texts=texts,
        buttons=buttons,
        html=html,
        css=css,
    )


def of_page(
    words: Words,
    question: Question,
    layer: Layer,
    *,
    ids: Iterable[str],
    buttons: Iterable[NoticeButton],
    html: str,
    css: str,
) -> Notice:
    """The snapshot of the preferences page, or of the placeholders."""
    texts = {id: words.catalogue.raw(id) for id in ids}
    return _notice(words, question, layer, kind="consent", texts=texts, buttons=list(buttons), html=html, css=css)


def _notice(
    words: Words,
    question: Question | None,
    layer: Layer,
    *,
    kind: str,
    texts: dict[str, str],
    buttons: list[NoticeButton],
    html: str,
    css: str,
) -> Notice:
    site = words.site
    purposes = (*question.offered(site), *site.exempt) if question else ()
    return Notice(
        language=words.tag,
        layer=layer,
        kind=kind,
        texts=texts,
        buttons=tuple(buttons),
        purposes=tuple(
            NoticePurpose(
                name=purpose.name,
                title=words.purpose(purpose),
                text=words.purpose_text(purpose),
                basis=purpose.basis,
                reason=words.own(purpose.reason),
            )
            for purpose in purposes
        ),
        vendors=tuple(
            NoticeVendor(
                name=vendor.name,
                title=words.vendor(vendor),
                purpose=purpose.name,
                cookies={name: words.lifetime(kept) for name, kept in vendor.cookies.items()},
                privacy=vendor.privacy,
                country=vendor.country,
                text=words.vendor_text(vendor),
            )
            for purpose in purposes
            for vendor in vendors_of(purpose)
        ),
        policies=tuple(
            words.document(policy) for policy in site.policies if kind != "terms" or policy.kind == PolicyKind.TERMS
        ),
        controller=site.controller,
        contact=site.contact,
        html=html,
        css=css,
        version=package_version(),
    )
