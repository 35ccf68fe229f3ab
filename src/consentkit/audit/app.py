"""The app: who is before us, which page they ask for, and whether their form is one of ours. Only this file awaits."""

from __future__ import annotations

import hashlib
import inspect
import logging
import os
from collections.abc import Awaitable, Callable, Mapping, MutableMapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from starlette.concurrency import iterate_in_threadpool, run_in_threadpool

from consentkit.audit import acting, asked, counting, handing, looking, standing
from consentkit.audit.asked import MAX_FORM, Asked
from consentkit.audit.auditor import Auditor, Guard
from consentkit.audit.desk import Desk
from consentkit.audit.reply import Header, Reply, see_other
from consentkit.audit.session import IDLE_SECONDS, Session, Sessions
from consentkit.audit.throttle import Throttle
from consentkit.audit.tokens import Holder, Tokens
from consentkit.audit.verification import Verification
from consentkit.audit.words import LANGUAGE_COOKIE, chosen_here, words_for
from consentkit.errors import ConfigurationError, LogUnavailable
from consentkit.settings import Site

logger = logging.getLogger("consentkit")

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
View = Callable[[Desk], Reply]

#: The file of access tokens, beside the site's configuration, unless the owner names another.
TOKENS = "consentkit.audit"


@dataclass(frozen=True)
class Route:
    """What answers at a path. `officer`: for officers alone."""

    get: View | None = None
    post: View | None = None
    officer: bool = False


#: Every path there is, letter for letter; what is asked for stands in the query. So no spelling of a path leads
#: anywhere but to one of these.
ROUTES: Mapping[str, Route] = {
    "/": Route(get=looking.find),
    "/record": Route(get=looking.one),
    "/receipt": Route(get=looking.receipt),
    "/timeline": Route(get=looking.timeline),
    "/shown": Route(get=looking.shown),
    "/stats": Route(get=counting.stats),
    "/integrity": Route(get=standing.integrity),
    "/checkpoint": Route(get=standing.checkpoint),
    "/verify": Route(post=standing.verify),
    "/events": Route(get=standing.events),
    "/export": Route(post=handing.export),
    "/bundle": Route(post=handing.bundle),
    **{f"/{act}": Route(get=acting.ask, post=acting.act, officer=True) for act in acting.ACTS},
}

FOR_EVER: Sequence[Header] = ((b"cache-control", b"max-age=31536000, immutable"),)

SIGN_IN, SIGN_OUT = "/sign-in", "/sign-out"


@cache
def sheet() -> tuple[str, bytes]:
    """The name and the bytes of our style."""
    body = (files("consentkit.audit") / "static" / "audit.css").read_bytes()
    return f"style-{hashlib.sha256(body).hexdigest()[:12]}.css", body


class AuditApp:
    """The auditors' pages of a site's consent log, as an ASGI app to be mounted where the owner wants it.

    `guard`: the owner's own way to say who is asking; it decides alone, and nobody signs in here. Without it people
    sign in with access tokens, whose hashes stand in the file `tokens`; a relative path lies beside the site's
    configuration. `given`: tokens that need no file. A file that is not there lets nobody in.
    """

    def __init__(
        self,
        site: Site,
        *,
        guard: Guard | None = None,
        tokens: str | Path = TOKENS,
        given: tuple[Holder, ...] = (),
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        random: Callable[[int], bytes] = os.urandom,
    ) -> None:
        if not site.keys:
            raise ConfigurationError(["secret: sessions of auditors are signed with it; set CONSENTKIT_SECRET."])
        self._site = site
        self._guard = guard
        self._tokens = Tokens(site.folder / tokens, given)
        self._sessions = Sessions(site.keys)
        self._throttle = Throttle()
        self._now = now
        self._random = random
        #: The verification that runs in this process, or ran last.
        self.verification = Verification()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await _lifespan(receive, send)
        elif scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": 1000})
        else:
            request = asked.read(scope, self._now())
            reply = await self._safe_answer(scope, request, receive)
            await _send(_speaking(reply, request), request.method, send)

    async def _safe_answer(self, scope: Scope, request: Asked, receive: Receive) -> Reply:
        try:
            return await self._answer(scope, request, receive)
        except Exception:
            # Ours or the guard's mistake: the operator gets the traceback, and whoever asked gets none of it.
            logger.exception("An auditors' page failed")
            return Reply(500, b"Internal Server Error", "text/plain; charset=utf-8")

    async def _answer(self, scope: Scope, request: Asked, receive: Receive) -> Reply:
        name, body = sheet()
        if request.path == f"/{name}":
            # The one thing that anybody may have; its name changes with it.
            return Reply(body=body, type="text/css; charset=utf-8", headers=FOR_EVER)
        nobody = self._desk(request, None)
        try:
            auditor, session = await self._recognise(scope, request)
            if auditor is None:
                return await self._answer_nobody(nobody, receive)
        except ConfigurationError as problem:
            logger.error("Nobody can sign in to the auditors' pages: %s", problem)
            return nobody.problem(503, "log")
        if request.path == SIGN_IN:
            return see_other(request.link("/"))
        desk = self._desk(request, auditor, can_sign_out=session is not None)
        reply = await self._answer_auditor(desk, receive)
        return self._with_cookies(reply, request, session)

    # Who it is

    async def _recognise(self, scope: Scope, request: Asked) -> tuple[Auditor | None, Session | None]:
        if self._guard is not None:
            found = self._guard(scope)
            who = await found if inspect.isawaitable(found) else found
            if who is not None and not isinstance(who, Auditor):
                raise TypeError(f"The guard answered {type(who).__name__}; it answers an Auditor or None.")
            return who, None
        session = self._sessions.read(request.cookies.get(self._cookie_name(request), ""), request.seconds)
        holder = (await run_in_threadpool(self._tokens.holders)).get(session.name) if session else None
        # Taking a token out, or making a new one, ends the sessions that began with it.
        if session is None or holder is None or holder.id != session.token:
            return None, None
        return Auditor(holder.name, holder.role, session.id), session

    async def _answer_nobody(self, desk: Desk, receive: Receive) -> Reply:
        request = desk.asked
        if self._guard is not None:
            return desk.problem(403, "guard")
        if request.path != SIGN_IN:
            # The same for every path, so that nobody learns which ones there are.
            return see_other(request.link(SIGN_IN)) if request.method in ("GET", "HEAD") else desk.problem(403, "guard")
        if request.method != "POST":
            return desk.page("sign_in.html", desk.words.text("signin.title"), problem="")
        form = await self._form(desk, receive)
        return form if isinstance(form, Reply) else await self._sign_in(self._desk(form, None))

    async def _sign_in(self, desk: Desk) -> Reply:
        request, title = desk.asked, desk.words.text("signin.title")
        wait = self._throttle.wait(request.client, request.now.timestamp())
        if wait:
            page = desk.page("sign_in.html", title, status=429, problem=desk.words.text("signin.wait"))
            return _with(page, (b"retry-after", str(wait).encode()))
        # Counted before the hashing, so that many at once are no way around it.
        self._throttle.failed(request.client, request.now.timestamp())
        holder = await run_in_threadpool(self._tokens.recognise, request.form.get("token", "").strip())
        if holder is None:
            logger.warning("Somebody at %s tried to sign in to the auditors' pages with a wrong token", request.client)
            return desk.page("sign_in.html", title, status=403, problem=desk.words.text("signin.wrong"))
        self._throttle.succeeded(request.client)
        logger.info("%s signed in to the auditors' pages", holder.name)
        session = Session(holder.name, holder.id, self._random(16).hex(), request.seconds, request.seconds)
        return see_other(request.link("/"), self._cookie(request, self._sessions.write(session), IDLE_SECONDS))

    # What they ask for

    async def _answer_auditor(self, desk: Desk, receive: Receive) -> Reply:
        request = desk.asked
        if request.path == SIGN_OUT:
            route = Route(post=self._sign_out)
        elif request.path in ROUTES:
            route = ROUTES[request.path]
        else:
            return desk.problem(404, "missing")
        view = route.get if request.method in ("GET", "HEAD") else route.post if request.method == "POST" else None
        if view is None:
            allowed = ", ".join(["GET, HEAD"] * bool(route.get) + ["POST"] * bool(route.post))
            return _with(desk.problem(405, "method"), (b"allow", allowed.encode()))
        if route.officer and not (desk.auditor and desk.auditor.may_act):
            return desk.problem(403, "role")
        if request.method == "POST":
            form = await self._form(desk, receive)
            if isinstance(form, Reply):
                return form
            desk = self._desk(form, desk.auditor, can_sign_out=desk.can_sign_out)
        try:
            return await run_in_threadpool(view, desk)
        except (LogUnavailable, ConfigurationError) as problem:
            logger.error("The auditors' pages can't use the log: %s", problem)
            return desk.problem(503, "log", str(problem))

    async def _form(self, desk: Desk, receive: Receive) -> Asked | Reply:
        """The request with its form, or why it can't be taken."""
        request = desk.asked
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind != "application/x-www-form-urlencoded":
            return desk.problem(415, "form")
        if not asked.is_from_here(request):
            return desk.problem(403, "form")
        body = await _read(receive)
        if body is None:
            return desk.problem(413, "form")
        request = request.with_form(body)
        if desk.auditor and not self._sessions.is_form_of(request.form.get("form", ""), desk.auditor, request.seconds):
            return desk.problem(403, "form")
        return request

    def _sign_out(self, desk: Desk) -> Reply:
        session = self._sessions.read(desk.asked.cookies.get(self._cookie_name(desk.asked), ""), desk.asked.seconds)
        if session is not None:
            self._sessions.end(session, desk.asked.seconds)
        return see_other(desk.asked.link(SIGN_IN), self._cookie(desk.asked, "", 0))

    def _desk(self, request: Asked, auditor: Auditor | None, *, can_sign_out: bool = False) -> Desk:
        return Desk(
            site=self._site,
            asked=request,
            words=words_for(request, self._site.language),
            auditor=auditor,
            sheet=sheet()[0],
            verification=self.verification,
            form_token=self._sessions.form(auditor, request.seconds) if auditor else "",
            can_sign_out=can_sign_out,
        )

    # Cookies

    def _with_cookies(self, reply: Reply, request: Asked, session: Session | None) -> Reply:
        renewed = session.renewed(request.seconds) if session else None
        if renewed and not any(name == b"set-cookie" for name, _ in reply.headers):
            reply = _with(reply, self._cookie(request, self._sessions.write(renewed), IDLE_SECONDS))
        return reply

    def _cookie(self, request: Asked, value: str, seconds: int) -> Header:
        secure = "; Secure" if self._is_secure(request) else ""
        name = self._cookie_name(request)
        return b"set-cookie", f"{name}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Strict{secure}".encode()

    def _cookie_name(self, request: Asked) -> str:
        # "__Host-": no other host of the domain can put a cookie of this name here.
        return "__Host-ckit_audit" if self._is_secure(request) else "ckit_audit"

    def _is_secure(self, request: Asked) -> bool:
        # Behind a proxy that ends TLS the scheme is that of the last mile; the site's own address says better.
        own = urlsplit(self._site.url)
        return request.scheme == "https" or (own.scheme == "https" and own.netloc == request.headers.get("host"))


def _speaking(reply: Reply, request: Asked) -> Reply:
    """The reply, which remembers the language that was asked for with `?lang=`."""
    tag = chosen_here(request)
    if tag is None:
        return reply
    path = quote(request.base) or "/"
    return _with(reply, (b"set-cookie", f"{LANGUAGE_COOKIE}={tag}; Path={path}; SameSite=Strict".encode()))


def _with(reply: Reply, *headers: Header) -> Reply:
    return Reply(reply.status, reply.body, reply.type, [*reply.headers, *headers], reply.styles)


async def _read(receive: Receive) -> bytes | None:
    """The body of a request, or None when it is longer than any form of ours."""
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        body += message.get("body", b"")
        if len(body) > MAX_FORM:
            return None
        if not message.get("more_body"):
            return bytes(body)


async def _send(reply: Reply, method: str, send: Send) -> None:
    await send({"type": "http.response.start", "status": reply.status, "headers": reply.all_headers})
    if isinstance(reply.body, bytes):
        await send({"type": "http.response.body", "body": b"" if method == "HEAD" else reply.body})
        return
    async for piece in iterate_in_threadpool(reply.body):
        await send({"type": "http.response.body", "body": piece, "more_body": True})
    await send({"type": "http.response.body", "body": b""})


async def _lifespan(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
