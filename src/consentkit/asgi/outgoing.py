"""One response on its way out: its start is held until the first decision, its body rewritten as it streams by.

The states of a response have names. Whatever the app sends is sent on in its order; what is not understood passes.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Awaitable, Callable, Iterable, Mapping, MutableMapping
from dataclasses import replace
from enum import Enum, auto
from pathlib import Path
from types import MappingProxyType
from typing import Any, BinaryIO

from consentkit import telemetry
from consentkit.asgi.loop import in_thread
from consentkit.asgi.workshop import Workshop
from consentkit.controls import Composed, Hints, Likeness
from consentkit.cookies import VIEWS, Trust
from consentkit.decide import Decision
from consentkit.inside import Inside
from consentkit.response import caching, csp, moved, plan
from consentkit.response.body import Body, Task
from consentkit.response.coding import BadCoding
from consentkit.response.delivery import INLINE
from consentkit.response.headers import Fields, copied, first, without
from consentkit.response.links import links
from consentkit.response.onward import ONWARD, held_back, waiting
from consentkit.response.personal import is_personal
from consentkit.response.refused import refused_cookies
from consentkit.response.set_cookie import gated, undeclared
from consentkit.visit import Asks, Visit, of_anyone

logger = logging.getLogger("consentkit")

Message = MutableMapping[str, Any]
Send = Callable[[Message], Awaitable[None]]

# What the app says to us in its headers; none of it leaves the site.
OFF = b"x-ckit"
LANGUAGE = b"x-ckit-language"
VIEW = b"x-view"

#: Fields that we read or change in any response.
WATCHED = frozenset({OFF, LANGUAGE, VIEW, b"set-cookie", *ONWARD})

FILE_PIECE = 64 * 1024  # bytes


class Stage(Enum):
    WAITING = auto()  # nothing has come yet
    HELD = auto()  # the start is here and will go out with the first piece of the body
    REWRITING = auto()  # the start has gone, pieces are rewritten
    PASSING = auto()  # nothing to change: messages go through unread
    COMPLETE = auto()  # all bytes that Content-Length announced have come; only the formal end is missing
    DONE = auto()


class Outgoing:
    """`send` takes the place of the server's. Call `finish` when the app has returned or raised, in a `finally`."""

    # Most responses pass and need none of these, so they stand here until somebody sets them.
    _stage = Stage.WAITING
    _start: Message
    _missing: int | None = None  # bytes that Content-Length announced and that have not come yet
    _date: bytes | None = None  # Last-Modified, as the app said it
    _task: Task | None = None  # what is to be done to the body
    _body: Body | None = None  # where it is done, once a piece has come that was not remembered
    _insertions: Composed | None = None
    _held: Mapping[tuple[str, str | None, str], int] = MappingProxyType({})  # what was held back in a remembered body
    _forced: str | None = None  # the version that the app says its answer is to be shown in
    _anyone: Visit | None = None  # who a page is made for that is the same for everyone
    _is_cut_off = False  # sending has failed, so the client has gone or the server takes no more

    def __init__(self, workshop: Workshop, inside: Inside, send: Send) -> None:
        self._workshop = workshop
        self._inside = inside
        self._server_send = send
        self._queue: list[Message] = []

    @property
    def _visit(self) -> Visit:
        return self._anyone or self._inside.visit

    @property
    def _decision(self) -> Decision:
        decision = self._workshop.for_anyone(self._anyone) if self._anyone else self._inside.decision
        return decision if self._forced is None else replace(decision, view=self._forced)

    async def send(self, message: Message) -> None:
        kind = message["type"]
        if self._stage is Stage.PASSING or self._stage is Stage.COMPLETE:
            await self._server_send(message)
        elif kind == "http.response.start" and self._stage is Stage.WAITING:
            if self._needs_nothing(message["status"], message.get("headers") or ()):
                self._stage = Stage.PASSING
                await self._server_send(message)
            else:
                await self._begin(message)
        elif kind == "http.response.body":
            await self._piece(bytes(message.get("body", b"")), last=not message.get("more_body", False))
        elif kind == "http.response.early_hint":
            await self._hint(message)
        elif kind == "http.response.pathsend":
            await self._file(Path(message["path"]))
        elif self._stage is Stage.HELD:
            self._queue.append(message)  # a push between start and body goes out between them
        else:
            await self._send(message)

    @property
    def may_hold(self) -> bool:
        """Whether something may still have to be let out."""
        return (self._stage is Stage.HELD or self._stage is Stage.REWRITING) and not self._is_cut_off

    async def finish(self) -> None:
        """Let out what is still held. A server treats a response without its end as it would without us.

        What the app raised is what the server gets to know; that nobody listens any more is no error of the app's.
        """
        raised = sys.exception()
        try:
            await self._let_out()
        except OSError:
            logger.debug("The client had gone before the end of %s.", self._visit.path)
        except Exception:
            if raised is None:
                raise

    async def _let_out(self) -> None:
        if self._stage is Stage.HELD:
            await self._release()
        if self._stage is Stage.REWRITING and self._body is not None:
            rest = self._body.abandon()
            if rest:
                await self._send({"type": "http.response.body", "body": rest, "more_body": True})

    async def _send(self, message: Message) -> None:
        """To the server, keeping in mind when it fails: an app may handle that, and nothing more can go out then."""
        try:
            await self._server_send(message)
        except BaseException:
            self._is_cut_off = True
            raise

    def _tell_of_bad_cookie(self) -> None:
        """One line for the operator about each way in which a cookie could not be trusted; the visitor is just asked."""
        trust = self._visit.cookies.trust
        if trust in (Trust.FORGED, Trust.MALFORMED, Trust.FUTURE):
            self._workshop.tell_once(
                ("trust", trust), "A choice cookie was not believed (%s): its visitor is asked again.", trust
            )

    async def _begin(self, message: Message) -> None:
        status = message["status"]
        headers = copied(message.get("headers"))
        if self._is_for_everyone(status, headers):
            self._anyone = of_anyone(self._visit)
        self._forced = self._word_on_view(headers)
        decision = self._decision
        self._start = dict(message)
        self._missing = _length(first(headers, b"content-length"))
        self._date = first(headers, b"last-modified")
        skipped = first(headers, OFF) == b"off"
        made = plan.plan(self._visit, status, headers, skipped=skipped)
        headers = self._gated(headers, decision)
        if not skipped and not ONWARD.isdisjoint(name for name, _ in headers):
            judge = self._workshop.judge(decision, self._visit)
            headers = held_back(headers, waiting(judge, self._visit.hostname)) if judge else headers
        if made.untouched is None:
            headers = [*self._prepare(headers, made, decision), *moved.pair(self._workshop.site, self._visit)]
            if self._visit.gpc:
                await self._workshop.note_signal(self._visit)
            self._stage = Stage.HELD
        else:
            headers = self._passing(headers, status, made.untouched)
            if self._visit.can_be_page and (status == 304 or made.untouched in plan.UNREAD_PAGES):
                headers = [*headers, *self._workshop.lock(decision, self._visit)]
            self._stage = Stage.PASSING
        self._start["headers"] = [*without(headers, OFF, LANGUAGE, VIEW), *self._inside.lines, *self._refused()]
        if self._stage is Stage.PASSING:
            await self._send(self._start)

    async def _hint(self, message: Message) -> None:
        """Early hints (103): the links of a page that is still to come."""
        judge = self._workshop.judge(self._decision, self._visit)
        if judge is not None:
            waits = waiting(judge, self._visit.hostname)
            left = [links(bytes(link).decode("latin-1"), waits) for link in message.get("links", ())]
            message = {**message, "links": [link.encode("latin-1") for link in left if link]}
        if message.get("links"):
            await self._send(message)

    def _needs_nothing(self, status: int, headers: Iterable[tuple[bytes, bytes]]) -> bool:
        """Whether a response can pass before anybody has looked at who asks for it: most are files and data."""
        given = {bytes(name).lower(): bytes(value) for name, value in headers}
        return (
            WATCHED.isdisjoint(given)
            and status != 304
            and not self._inside.lines
            and plan.content_type(given.get(b"content-type", b""))[0] not in plan.HTML
        )

    def _word_on_view(self, headers: Fields) -> str | None:
        """`X-View: mobile` or `desktop` outranks the reader: some pages work in one version only."""
        said = _text(first(headers, VIEW))
        return said if said in VIEWS and self._workshop.site.mobile is not None else None

    def _is_for_everyone(self, status: int, headers: Fields) -> bool:
        if not self._workshop.site.shared or self._visit.method not in ("GET", "HEAD") or self._visit.wants_own:
            return False
        # A 304 may leave out what the 200 said; then the tag tells which copy it confirms.
        says_nothing = status == 304 and first(headers, b"cache-control") is None
        if not caching.is_for_everyone(headers) and not (says_nothing and self._inside.holds_shared_tag):
            return False
        if self._inside.is_personal and plan.is_html(headers):
            self._workshop.tell_once(
                "personal", "The page %s was called cacheable for everyone, but the app asked or said something about"
                " its visitor, so it is sent as private.", self._visit.path,
            )  # fmt: skip
        return not self._inside.is_personal

    def _gated(self, headers: Fields, decision: Decision) -> Fields:
        """Without the cookies of trackers that wait for consent; a site without purposes asks nobody, so all pass."""
        site = self._workshop.site
        if first(headers, b"set-cookie") is None or not site.purposes or site.holding == "observe":
            return headers
        headers, suppressed = gated(headers, self._workshop.gate, lambda p, v: _may_set(decision, p, v))
        for name in undeclared(site, headers):
            self._workshop.tell_once(
                ("undeclared cookie", name), 'The cookie %s is set before any choice, and nobody says what it is for: add'
                ' it to necessary = { "%s" = "why the site can not do without it" }, or to cookies = { "%s" = "functional" }'
                " with its purpose.", name, name, name,
            )  # fmt: skip
        for name in suppressed:
            self._workshop.tell_once(
                ("cookie", name), "The cookie %s waits for consent and was not set; a purpose has to declare it.", name
            )
        return headers

    def _refused(self) -> Fields:
        """Cookies of refused vendors that keep coming are deleted with every page, not only with the answer."""
        choice = self._visit.cookies.choice
        if choice is None or self._stage is not Stage.HELD:
            return []
        return refused_cookies(self._workshop.site, self._workshop.gate, self._visit, choice)

    def _passing(self, headers: Fields, status: int, reason: plan.Untouched) -> Fields:
        if reason in plan.LOUD and self._visit.asks is not Asks.PART:
            telemetry.tell(telemetry.UNREWRITTEN, label=reason)
            self._workshop.tell_once(
                ("unrewritten", reason), "HTML went out without controls (%s), first at %s.", reason, self._visit.path
            )
        if status == 304 and self._visit.can_be_page:
            return self._cached(headers, self._state(headers))
        if self._anyone and (reason is plan.Untouched.CODING or (status == 206 and plan.is_html(headers))):
            # What one client asked for so that we can't change it must not be what all others get.
            return caching.rewritten(headers, "", self._workshop.reads(self._decision))
        return headers

    def _cached(self, headers: Fields, state: str) -> Fields:
        if self._anyone:
            return caching.for_everyone(headers, state)
        return caching.rewritten(headers, state, self._workshop.reads(self._decision))

    def _prepare(self, headers: Fields, made: plan.Plan, decision: Decision) -> Fields:
        self._tell_of_bad_cookie()
        workshop, visit, shared = self._workshop, self._visit, self._anyone is not None
        if not self._anyone and not workshop.site.shared and caching.lowers_a_shared_page(headers):
            workshop.tell_once(
                "shared", "The page %s was called cacheable for everyone; it is sent as private, because it is made"
                " for one visitor; shared = true would make it the same for all.", visit.path,
            )  # fmt: skip
        hints = Hints(
            app=_text(first(headers, LANGUAGE)) or self._inside.language,
            content_language=_text(first(headers, b"content-language")),
            accept_language=visit.accept_language,
            native=self._inside.is_native or first(headers, VIEW) == b"native",
        )
        delivery = INLINE
        if first(headers, csp.CSP) is not None:
            hashes = workshop.hashes(decision, visit, shared=shared)
            delivery, headers = csp.deliver(headers, hashes, may_edit=workshop.site.csp != "never")
        insertions = workshop.controls.insertions(decision, visit, delivery, hints, shared=shared)
        rules = workshop.rules(decision, visit, xhtml=made.xhtml, native=hints.native)
        self._task = Task(
            rules, insertions, made.inserting, visit.hostname, made.coding, made.charset,
            observed=workshop.observed(visit, decision),
            is_personal=bool(self._inside.lines) or is_personal(visit, headers, workshop.cookies.all_names),
        )  # fmt: skip
        self._insertions = insertions
        return self._cached(headers, self._state(headers))

    def _state(self, headers: Fields) -> str:
        """Only an entity tag has a place for it."""
        if first(headers, b"etag") is None:
            return ""
        if self._anyone:
            return self._workshop.shared_state(self._anyone)
        return self._workshop.state(self._inside.decision, self._visit)

    async def _piece(self, data: bytes, *, last: bool) -> None:
        if self._stage is Stage.WAITING or self._task is None:
            # A body before its start is the app's mistake; the server says so better than we could.
            await self._send({"type": "http.response.body", "body": data, "more_body": not last})
            return
        if self._visit.method == "HEAD":
            await self._bodiless(last=last)
            return
        # Quart and WSGI bridges send the whole page first and its end in a message of its own.
        whole = last or self._is_whole(data)
        try:
            out = self._rewritten(self._task, data, whole=whole)
        except BadCoding as error:
            if self._stage is not Stage.HELD:
                raise
            await self._give_up(data, last=last, error=error)
            return
        if self._stage is Stage.HELD:
            if whole and out == data:
                self._keep_date()
            self._lock(whole=whole)
            await self._release(len(out) if whole else None)
        if out or last:
            await self._send({"type": "http.response.body", "body": out, "more_body": not last})
        if whole:
            self._stage = Stage.DONE if last else Stage.COMPLETE
            # Another answer at this path, a redirect or an error, says nothing about the hosts of the page.
            if self._start["status"] == 200 and self._visit.method == "GET":
                self._workshop.parties.have_read(self._visit.path)
            self._report()

    async def _bodiless(self, *, last: bool) -> None:
        """The answer to HEAD: what an app sends of a body is not read, and some servers would send it on."""
        if self._stage is Stage.HELD:
            self._lock(whole=False)
            await self._release()
        if last:
            await self._send({"type": "http.response.body", "body": b"", "more_body": False})
            self._stage = Stage.DONE

    def _rewritten(self, task: Task, data: bytes, *, whole: bool) -> bytes:
        if self._body is None:
            known = self._recalled(task, data) if whole else None
            if known is not None:
                return known
            self._body = task.body()
        return self._body.last(data) if whole else self._body.feed(data)

    def _lock(self, *, whole: bool) -> None:
        """The second lock lists what the page loads with nobody's consent, so that has to be known before it goes."""
        if self._visit.can_be_page and (whole or self._workshop.parties.know(self._visit.path)):
            self._start["headers"] = [*self._start["headers"], *self._workshop.lock(self._decision, self._visit)]

    def _recalled(self, task: Task, body: bytes) -> bytes | None:
        insertions = self._insertions
        known = task.recalled(body, self._workshop.bodies, insertions.likeness if insertions else None)
        if known is None:
            return None
        self._held = known.held
        if insertions is not None and isinstance(known.likeness, Likeness):
            insertions.asked = known.likeness.asked
        return known.body

    def _keep_date(self) -> None:
        """Last-Modified returns to a piece of a page that is the app's own in every state.

        Nothing was inserted, and nothing held back from a visitor who has agreed to nothing. What can become a page
        gets no date back: its validators are translated, and a date has no place for a state.
        """
        if self._date is not None and not self._visit.can_be_page and not self._decision.allowed:
            self._start["headers"] = [*self._start["headers"], (b"last-modified", self._date)]

    def _is_whole(self, data: bytes) -> bool:
        if self._missing is None:
            return False
        self._missing -= len(data)
        return self._missing == 0

    async def _give_up(self, data: bytes, *, last: bool, error: BadCoding) -> None:
        """The original goes out: its coding is not what the app said it is."""
        telemetry.tell(telemetry.UNREWRITTEN, label="coding")
        logger.warning("A page went out without controls: %s (%s).", error, self._visit.path)
        await self._release()
        self._stage = Stage.PASSING
        await self._send({"type": "http.response.body", "body": data, "more_body": not last})

    async def _file(self, path: Path) -> None:
        """pathsend: an HTML file is read and rewritten; every other file keeps the server's sendfile."""
        file = await in_thread(_opened, path)
        try:
            piece = await in_thread(file.read, FILE_PIECE)
            while piece:
                following = await in_thread(file.read, FILE_PIECE)
                await self._piece(piece, last=not following)
                piece = following
        finally:
            file.close()
        if self._stage is not Stage.DONE:
            await self._piece(b"", last=True)

    async def _release(self, length: int | None = None) -> None:
        # A length and chunks exclude each other (RFC 9112, 6.2), and trailers need chunks (7.1.2).
        if length is not None and not self._start.get("trailers"):
            headers = without(self._start["headers"], b"transfer-encoding")
            self._start["headers"] = [*headers, (b"content-length", str(length).encode())]
        self._stage = Stage.REWRITING
        await self._send(self._start)
        for message in self._queue:
            await self._send(message)
        self._queue.clear()

    def _report(self) -> None:
        """After the page has gone: what was asked is counted, what would be held is told."""
        body, workshop = self._body, self._workshop
        for purpose, _, host in body.would_hold() if body else ():
            workshop.tell_once(("observe", purpose, host), "observe: %s would be held back for %s.",
                host or "an inline script", purpose)  # fmt: skip
        for (purpose, _, _), count in (body.held() if body else self._held).items():
            telemetry.tell(telemetry.HELD, count, purpose)
        if self._insertions is not None and self._insertions.asked is not None:
            workshop.served(self._insertions.asked, self._visit)


def _may_set(decision: Decision, purpose: str, vendor: str | None) -> bool:
    """An owner's entry names a purpose alone; a tracker of the registry waits for its own vendor, like its scripts."""
    return purpose in decision.granted if vendor is None else vendor in decision.allowed


def _opened(path: Path) -> BinaryIO:
    return path.open("rb")


def _length(value: bytes | None) -> int | None:
    return int(value) if value is not None and value.isdigit() else None


def _text(value: bytes | None) -> str | None:
    return None if value is None else value.decode("latin-1")
