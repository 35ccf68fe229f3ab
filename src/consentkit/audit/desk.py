"""The log as one auditor has it before them: opened when it is first asked, and told who looks."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from consentkit.audit.asked import Asked
from consentkit.audit.auditor import Auditor
from consentkit.audit.reply import Reply
from consentkit.audit.verification import Verification
from consentkit.audit.words import Words, catalogues
from consentkit.log import anchor, keyring
from consentkit.log.canonical import Json
from consentkit.log.event import Kind, Places, looked_at
from consentkit.settings import Site
from consentkit.templates import Templates

if TYPE_CHECKING:
    from consentkit.log.keyring import Keyring
    from consentkit.log.store import Officer, Place, Reader

_templates = Templates("consentkit.audit")


@dataclass(frozen=True)
class Desk:
    """One request of one auditor. `form_token`: what their forms carry. `sheet`: the file name of the style.

    Opening and asking raise LogUnavailable and ConfigurationError, which the app answers with a page.
    """

    site: Site
    asked: Asked
    words: Words
    auditor: Auditor | None
    sheet: str
    verification: Verification
    form_token: str = ""
    can_sign_out: bool = False

    @cached_property
    def place(self) -> Place:
        from consentkit.log import store  # sqlalchemy is imported when a log is opened

        place = store.locate(self.site.log, self.site.folder)
        store.check(place)
        return place

    @cached_property
    def reader(self) -> Reader:
        from consentkit.log import store

        return store.Reader(self.place)

    @cached_property
    def keyring(self) -> Keyring | None:
        anchors = anchor.read(self.site.anchors, self.site.folder)
        return keyring.load(self.site.folder / self.site.log_key, anchors)

    @property
    def by(self) -> str:
        assert self.auditor is not None
        return self.auditor.name

    @cached_property
    def officer(self) -> Officer:
        from consentkit.log import store

        return store.Officer(self.place, self.by, now=lambda: self.asked.now)

    def looked(self, what: str, places: Places, words: dict[str, Json] | None = None) -> None:
        """Write down what is about to be shown. It raises where that can't be done, so that it is not shown."""
        self.officer.tell(Kind.LOOKUP, looked_at(what, words or {}, places))

    def page(
        self, template: str, title: object, *, status: int = 200, styles: tuple[str, ...] = (), **values: Any
    ) -> Reply:
        """One of our pages."""
        body = _templates.render(
            template,
            t=self.words.text,
            words=self.words,
            link=self.asked.link,
            language=self.words.language,
            languages=catalogues().available,
            site=self.site.name,
            title=title,
            auditor=self.auditor,
            path=self.asked.path,
            sheet=self.asked.link(f"/{self.sheet}"),
            form_token=self.form_token,
            can_sign_out=self.can_sign_out,
            here=self.here,
            **values,
        )
        return Reply(status, body.encode(), styles=styles)

    def here(self, **query: str | int | None) -> str:
        """The address of the present page with some of its query changed."""
        return self.asked.link(self.asked.path, **{**self.asked.query, **query})

    def problem(self, status: int, name: str, detail: str = "") -> Reply:
        """A page that says what is wrong. `name`: of its texts; `detail`: a sentence for those who may know it."""
        return self.page(
            "problem.html",
            self.words.text(f"error.{name}"),
            status=status,
            text=self.words.text(f"error.{name}.text") if f"error.{name}.text" in catalogues().ids else "",
            detail=detail,
        )
