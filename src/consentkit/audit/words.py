"""What auditors read, in one language, as markup."""

from __future__ import annotations

from datetime import date, datetime
from functools import lru_cache

from consentkit.audit.asked import Asked
from consentkit.languages import AUDITORS, Catalogue, Catalogues, Language, choose, fill, match
from consentkit.log.record import rfc3339
from consentkit.templates import Markup, escape


@lru_cache(maxsize=1)
def catalogues() -> Catalogues:
    return Catalogues(domain=AUDITORS)


class Words:
    """The texts of one language."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue

    @property
    def language(self) -> Language:
        return self._catalogue.language

    def text(self, id: str, /, **values: object) -> Markup:
        return _filled(self._catalogue.raw(id), values)

    def counted(self, id: str, count: int, /, **values: object) -> Markup:
        return _filled(self._catalogue.raw(id, count), {"count": self.number(count), **values})

    def known(self, id: str, otherwise: str) -> Markup:
        """The text of an id made from a recorded name, or that name itself when a later version wrote it."""
        return self.text(id) if id in catalogues().ids else Markup("<code>{}</code>").format(otherwise)

    def number(self, n: int) -> str:
        return self._catalogue.number(n)

    def share(self, share: float) -> str:
        return self._catalogue.percent(round(share * 100))

    def day(self, day: date) -> str:
        return self._catalogue.date(day)

    def time(self, time: datetime) -> Markup:
        """A time of the log, the same in every language: two people must be able to compare it."""
        said = rfc3339(time)
        return Markup('<time datetime="{}">{} {}<span class="utc"> UTC</span></time>').format(
            said, said[:10], said[11:19]
        )


def _filled(raw: str, values: dict[str, object]) -> Markup:
    return Markup(fill(str(escape(raw)), {name: escape(value) for name, value in values.items()}))


def words_for(asked: Asked, default: str) -> Words:
    """The words for this request: what was chosen here, what the browser asks for, what the site speaks."""
    known = catalogues()
    candidates = [asked.query.get("lang"), asked.cookies.get(LANGUAGE_COOKIE)]
    chosen = choose(candidates, asked.headers.get("accept-language"), default, known.tags)
    return Words(known.get(chosen.tag))


def chosen_here(asked: Asked) -> str | None:
    """The tag of the language that this request asks to be remembered, always one of ours."""
    return match(asked.query.get("lang", ""), catalogues().tags)


#: Remembers the language of the pages; nothing but one of our own tags is ever taken from it.
LANGUAGE_COOKIE = "ckit_audit_lang"
