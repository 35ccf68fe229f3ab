"""`ConsentMiddleware`: one object around the app, one fresh object for each response."""

from __future__ import annotations

import logging
import os
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from dataclasses import replace
from functools import partial
from typing import Any, TypeVar

from consentkit import telemetry
from consentkit.asgi import companion, documents
from consentkit.asgi.loop import in_asyncio, in_thread
from consentkit.asgi.outgoing import Outgoing
from consentkit.asgi.workshop import Workshop
from consentkit.choose import Form, choose
from consentkit.cookies import Holder
from consentkit.decide import standing
from consentkit.endpoints import (
    GPC_PATH,
    GPC_ROUTE,
    MAX_FORM,
    RETRY_AFTER,
    CheckpointAsked,
    Health,
    ReceiptAsked,
    Reply,
    ToRecord,
    choice_record,
    redirect,
)
from consentkit.endpoints.violations import violations
from consentkit.errors import ConfigurationError, LogUnavailable
from consentkit.inside import KEY, Inside
from consentkit.log.problems import LogBusy
from consentkit.log.record import Method, Record
from consentkit.proxies import peer, region
from consentkit.response import caching, moved, our_cookies
from consentkit.response.headers import Fields, first
from consentkit.settings import Site
from consentkit.visit import VIEW_PARAMETER, Device, Visit, device_told, may_be_page, read
from consentkit.vocabulary import Action, Layer

logger = logging.getLogger("consentkit")

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

#: Set to 1, it takes the middleware out without a deploy.
OFF_VARIABLE = "CONSENTKIT_OFF"

# Servers would send the bytes of a file behind our back.
ZERO_COPY = "http.response.zerocopysend"

VIEW_HEADERS = frozenset({b"x-view", b"x_view"})

Result = TypeVar("Result")


class ConsentMiddleware:
    """Wraps any ASGI app: `app = ConsentMiddleware(app, site)`.

    Starlette and FastAPI also take `add_middleware(ConsentMiddleware, site=site)`; wrapping the finished app sees
    more, because their error pages are made outside of added middleware. An inner second wrap passes through.
    """

    def __init__(self, app: App, site: Site) -> None:
        self.app = app
        self.site = site
        #: Whether the log takes the texts of the policies for those in use.
        self.learns_texts = True
        self._off = os.environ.get(OFF_VARIABLE) == "1"
        self._workshop = Workshop(site)
        self._is_open = False
        self._own_paths = (site.prefix, GPC_PATH) if site.gpc_json else (site.prefix,)
        self._reader_cookie = f"{site.cookie_name}_reader=".encode()
        self._mobile_app = companion.found(site.mobile_app)
        # Otherwise a view is asked for by a cookie or in the address.
        self._views_come_unasked = site.mobile == "device" or bool(site.mobile_host or site.mobile_paths)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if KEY in scope:
            await self.app(scope, receive, send)
        elif scope["type"] == "lifespan":
            await self._lifespan(scope, receive, send)
        elif scope["type"] in ("http", "websocket"):
            await self._request(scope, receive, send)
        else:
            await self.app(scope, receive, send)

    async def _request(self, scope: Scope, receive: Receive, send: Send) -> None:
        root_path = scope.get("root_path", "").rstrip("/")
        path = _below(root_path, scope["path"])
        inside = Inside(
            self.site, self._workshop.decisions, partial(self._read, scope, root_path, path), self._accept_terms
        )
        if self._off or scope["type"] == "websocket" or self._is_skipped(path):
            await self.app({**scope, KEY: inside}, receive, _with_lines(inside, send))
            return
        if not self._is_open:
            await self._open()
        if path.startswith(self._own_paths):
            route = self._workshop.endpoints.route(inside.visit)
            if route is not None:
                await self._own_page(route, inside.visit, receive, send)
                return
        outgoing = Outgoing(self._workshop, inside, send)
        inner, view = self._inner_scope(scope, inside)
        address = moved.sent_to(self.site, inside.visit, view) if view else None
        if address is not None:
            await _answer(redirect(address, self._workshop.varying(inside.decision)), inside.visit, send)
            return
        inside.is_native = view == "mobile" and self._mobile_app is not None
        app = self._mobile_app if inside.is_native and self._mobile_app else self.app
        try:
            await app(inner, receive, outgoing.send)
        finally:
            if outgoing.may_hold:
                await outgoing.finish()

    # The request, as it is read and as the app sees it

    def _read(self, scope: Scope, root_path: str, path: str) -> Visit:
        self._warn_of_proxy(scope)
        return read(
            method=scope.get("method", "GET"),
            scheme=scope.get("scheme", "http"),
            root_path=root_path,
            path=path,
            raw_path=scope.get("raw_path"),
            query=scope.get("query_string", b""),
            headers=scope.get("headers", []),
            cookies=self._workshop.cookies,
            now=self._workshop.now(),
            region=self._region(scope) if self.site.regimes else "",
            device=self._device(scope) if self.site.device_header else None,
        )

    def _device(self, scope: Scope) -> Device | None:
        """What kind of device asks, if one of our proxies says so."""
        name = self.site.device_header.lower().encode()
        said = [value for key, value in scope.get("headers", []) if key.lower() == name]
        if not said or not self._workshop.proxies.trusts(peer(scope.get("client"))):
            return None
        return device_told(said[-1].decode("latin-1"))

    def _region(self, scope: Scope) -> str:
        """Where the visitor is, if one of our proxies says so."""
        name = self.site.country_header.lower().encode()
        said = [value for key, value in scope.get("headers", []) if key.lower() == name]
        if not said:
            return ""
        if not self._workshop.proxies.trusts(peer(scope.get("client"))):
            self._workshop.tell_once(
                "region", "%s came from %r, which is none of trusted_proxies, so every visitor is treated as if nothing"
                " were known of the region. A server that is told to trust proxy headers shows the visitor's address"
                " instead of the proxy's; if it can be reached through the proxy alone, write trusted_proxies ="
                ' ["*"].', self.site.country_header, peer(scope.get("client")),
            )  # fmt: skip
            return ""
        return region(said[-1].decode("latin-1"))

    def _inner_scope(self, scope: Scope, inside: Inside) -> tuple[Scope, str | None]:
        """A copy: the server's scope is its own. The app sees only what we can follow. And the view that it is told."""
        headers: Fields = list(scope.get("headers") or ())
        given = dict(headers)
        if may_be_page(headers, given) and inside.visit.can_be_page and inside.visit.method in ("GET", "HEAD"):
            headers = [(name.lower(), value) for name, value in headers]
            # Only entity tags hold a state.
            has_tags = first(headers, b"if-none-match") is not None
            states = self._states(headers, inside) if has_tags else ()
            headers = caching.translated_request(headers, *states)
        if not VIEW_HEADERS.isdisjoint(given):
            # The app learns the view from us alone. WSGI bridges fold "_" into "-", so both go first.
            headers = [field for field in headers if field[0] not in VIEW_HEADERS]
        view = self._view(inside) if self._may_have_view(given, scope) else None
        if view is not None:
            headers = [*headers, (b"x-view", view.encode())]
        inner = inside.scope = {**scope, "headers": headers, KEY: inside}
        extensions = scope.get("extensions")
        if extensions and ZERO_COPY in extensions:
            inner["extensions"] = {name: value for name, value in extensions.items() if name != ZERO_COPY}
        return inner, view

    def _states(self, headers: Fields, inside: Inside) -> tuple[str, ...]:
        """Those in which a copy is still good: this visitor's own, and the one for everyone."""
        own = self._workshop.state(inside.decision, inside.visit)
        if not self.site.shared or inside.visit.wants_own:
            return (own,)
        shared = self._workshop.shared_state(inside.visit)
        inside.holds_shared_tag = caching.holds_tag(headers, shared)
        return own, shared

    def _view(self, inside: Inside) -> str | None:
        """Whether a page is for everyone the app says later, so there the address alone tells it the version."""
        if self.site.shared and not inside.visit.wants_own:
            return self._workshop.for_anyone(inside.visit).view
        return inside.decision.view

    def _may_have_view(self, given: Mapping[bytes, bytes], scope: Scope) -> bool:
        return (
            self._views_come_unasked
            # Of repeated cookie headers a dict holds the last.
            or (b"cookie" in given and any(self._reader_cookie in v for k, v in scope["headers"] if k == b"cookie"))
            or VIEW_PARAMETER.encode() in scope.get("query_string", b"")
        )

    def _is_skipped(self, path: str) -> bool:
        skip = self.site.skip
        return bool(skip) and any(path == each or path.startswith(each.rstrip("/") + "/") for each in skip)

    def _warn_of_proxy(self, scope: Scope) -> None:
        if self.site.url or scope.get("scheme") != "http":
            return
        if b"https" in dict(scope.get("headers") or ()).get(b"x-forwarded-proto", b""):
            self._workshop.tell_once(
                "proxy", "A proxy says https, the server says http: start it with --proxy-headers, or set"
                ' url = "https://…" in the configuration; until then cookies are not Secure.',
            )  # fmt: skip

    # Our own pages

    async def _own_page(self, route: str, visit: Visit, receive: Receive, send: Send) -> None:
        endpoints = self._workshop.endpoints
        if visit.method in ("GET", "HEAD"):
            reply = await self._asked(endpoints.get(route, visit, self._workshop.now()), visit)
        elif visit.method != "POST":
            reply = endpoints.wrong_method(visit, b"GET, HEAD, POST")
        elif route == "report" and self.site.csp_reports:
            reply = await self._report(visit, receive)
        elif route != "choice":
            reply = endpoints.wrong_method(visit, b"GET, HEAD") if route in _PAGES else endpoints.not_found(visit)
        else:
            body = await _read_body(receive)
            reply = await self._choice(visit, endpoints.form(visit, body) if body is not None else None)
        await _answer(reply, visit, send)

    async def _report(self, visit: Visit, receive: Receive) -> Reply:
        """A report of the second lock. The answer is always the same: nobody is told what was made of it."""
        body = await _read_body(receive)
        if visit.site in ("", "same-origin") and body is not None:
            self._workshop.note_violations(violations(body), visit)
        return Reply(204, [(b"cache-control", b"no-store")])

    async def _asked(self, answer: Reply | Health | ReceiptAsked | CheckpointAsked, visit: Visit) -> Reply:
        """The answer to a GET, of which some is only in the log."""
        if isinstance(answer, Reply):
            return answer
        if isinstance(answer, Health):
            return await self._health()
        log = self._workshop.log
        try:
            if isinstance(answer, CheckpointAsked):
                return answer.done(await in_asyncio(log.checkpoint()))
            return answer.done(await in_asyncio(log.receipt(answer.record)))
        except (LogUnavailable, ConfigurationError) as error:
            logger.error("A receipt or checkpoint can't be shown: %s", error)
            return self._workshop.endpoints.unavailable(visit, RETRY_AFTER)

    async def _choice(self, visit: Visit, form: Form | None) -> Reply:
        endpoints = self._workshop.endpoints
        shown = endpoints.shown(form) if form else None
        known = shown is not None and await self._knows(shown.digest)
        answer = endpoints.choice(visit, form, self._workshop.fresh(), notice_known=known)
        return await self._record(answer) if isinstance(answer, ToRecord) else answer

    async def _knows(self, digest: str) -> bool:
        if self._workshop.controls.known_notice(digest) is not None:
            return True
        try:
            return await in_asyncio(self._workshop.log.knows_notice(digest))
        except (LogUnavailable, ConfigurationError):
            return False

    async def _record(self, answer: ToRecord) -> Reply:
        """Durable first, then answered. A refusal is in force even if nothing can be written, and is told."""
        log = self._workshop.log
        try:
            stored = await in_asyncio(
                log.append(answer.record, salt=self._workshop.salt(), notice=answer.notice, once=answer.once)
            )
            earlier = await in_asyncio(log.get(stored.id)) if stored.again else None
        except (LogUnavailable, ConfigurationError) as error:
            logger.error(
                "A choice (%s) could not be recorded and is %s: %s", answer.record.action,
                "in force all the same" if answer.counts_anyway else "not in force", error,
                extra=telemetry.fields("choice failed", action=str(answer.record.action), in_force=answer.counts_anyway),
            )  # fmt: skip
            telemetry.tell(telemetry.FAILED, label=answer.record.action)
            return answer.failed(error.retry_after_seconds if isinstance(error, LogBusy) else RETRY_AFTER)
        if not stored.again:
            self._tell_of_choice(answer.record, stored.index)
        return answer.done(earlier or answer.record)

    def _tell_of_choice(self, record: Record, index: int) -> None:
        telemetry.tell(telemetry.CHOICES, label=record.action)
        # Of a person nothing is said: who may read this log may not read that one.
        logger.info(
            "A choice was recorded: %s.", record.action,
            extra=telemetry.fields(
                "choice", action=str(record.action), state=str(record.state), language=record.language, index=index
            ),
        )  # fmt: skip

    async def _health(self) -> Reply:
        try:
            await in_asyncio(self._workshop.log.status())
        except (ConfigurationError, LogUnavailable) as error:
            logger.error("health: %s", error)
            return Reply(503, _HEALTH, b'{"status":"log unavailable"}')
        return Reply(200, _HEALTH, b'{"status":"ok"}')

    async def _accept_terms(self, inside: Inside, policy: str) -> None:
        """A tick in the app's own form: recorded before it counts."""
        workshop, site, visit = self._workshop, self.site, inside.visit
        await self._open()
        fresh = workshop.fresh()
        today = fresh.now.date()
        before = standing(site, visit.cookies.choice)
        accepted = choose(site, before, Form(Action.ACCEPT_POLICIES), frozenset(), today)
        kept = {} if before is None else dict(before.terms)
        new = replace(accepted, terms={**kept, policy: site.policy(policy).version})
        holder = visit.cookies.holder
        subject = holder.subject if holder else fresh.subject
        record = choice_record(
            site, visit, new, fresh, workshop.texts, action=Action.ACCEPT_POLICIES, method=Method.APP, layer=Layer.APP,
            notice="unknown", language="", subject=subject, granted_before=False,
        )  # fmt: skip
        stored = await in_asyncio(workshop.log.append(record, salt=workshop.salt(), notice=None, once=None))
        self._tell_of_choice(record, stored.index)
        inside.lines += our_cookies.choice_cookies(site, visit, workshop.cookies, new, today)
        inside.lines += our_cookies.holder_cookies(
            site, visit, workshop.cookies, Holder(subject, fresh.record), new.expires, today
        )
        inside.visit = replace(visit, cookies=replace(visit.cookies, choice=new, holder=Holder(subject, fresh.record)))

    # The life of the process

    async def _open(self) -> None:
        """When the first request comes, where a server has no lifespan; never at import.

        Files are read in a thread, so that nobody else waits for them.
        """
        if not self._is_open:
            await in_thread(self._workshop.open)
            await self._read_policies()
            await in_thread(self._workshop.warm)
            self._is_open = True

    async def _read_policies(self) -> None:
        """The texts of the policies that are pages of the app: from the app as it is, without us around it."""
        visit = self._workshop.nobody()
        inside = Inside(self.site, self._workshop.decisions, lambda: visit, _nobody_accepts)
        self._workshop.texts.update(await documents.from_pages(self.app, self.site, {KEY: inside}))
        if self.learns_texts:
            await in_thread(self._workshop.learn_texts)

    async def _lifespan(self, scope: Scope, receive: Receive, send: Send) -> None:
        async with companion.beside(self._mobile_app, scope) as second:
            await self._lead(second, scope, receive, send)

    async def _lead(self, second: companion.Companion | None, scope: Scope, receive: Receive, send: Send) -> None:
        async def receive_and_open() -> Message:
            message = await receive()
            # The emergency exit must hold even when it is the log that is broken.
            if message["type"] == "lifespan.startup" and not self._off:
                await in_thread(self._workshop.open)
            return message

        async def drain_and_send(message: Message) -> None:
            # From now on the app can answer, and it has promised to nobody yet.
            if message["type"] == "lifespan.startup.complete" and not self._off:
                await self._open()
            if second is not None and message["type"] == "lifespan.startup.complete":
                message = await second.start() or message
            if message["type"].startswith("lifespan.shutdown"):
                if second is not None:
                    await second.stop()
                await in_asyncio(self._workshop.log.close())
            await send(message)

        try:
            await self.app(scope, receive_and_open, drain_and_send)
        except (ConfigurationError, LogUnavailable) as error:
            await send({"type": "lifespan.startup.failed", "message": str(error)})
            raise


_PAGES = frozenset({GPC_ROUTE, "preferences", "reader", "health", "receipt", "checkpoint"})
_HEALTH: Fields = [(b"content-type", b"application/json"), (b"cache-control", b"no-store")]


def _below(root_path: str, path: str) -> str:
    """The path under root_path. Servers put root_path into the path, or leave it out, as the years went."""
    if root_path and (path == root_path or path.startswith(root_path + "/")):
        return path[len(root_path) :] or "/"
    return path


async def _nobody_accepts(inside: Inside, policy: str) -> None:
    """Who reads a policy to take its hash is no visitor, and accepts nothing."""


def _with_lines(inside: Inside, send: Send) -> Send:
    """Where we change nothing, the app's own `accept` must still set its cookies."""

    async def send_with_lines(message: Message) -> None:
        if inside.lines and message["type"] == "http.response.start":
            message = {**message, "headers": [*(message.get("headers") or []), *inside.lines]}
        await send(message)

    return send_with_lines


async def _read_body(receive: Receive) -> bytes | None:
    """The whole body of a form, or None when it is larger than any form of ours, or the client has gone."""
    pieces: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return None
        pieces.append(bytes(message.get("body", b"")))
        size += len(pieces[-1])
        if size > MAX_FORM:
            return None
        if not message.get("more_body", False):
            return b"".join(pieces)


async def _answer(reply: Reply, visit: Visit, send: Send) -> None:
    length = [(b"content-length", str(len(reply.body)).encode())] if reply.status != 204 else []
    headers = [*reply.headers, *length]
    await send({"type": "http.response.start", "status": reply.status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if visit.method == "HEAD" else reply.body})
