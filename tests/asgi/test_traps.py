"""What goes wrong when a middleware rewrites responses: each trap of the ASGI world, by its name."""

from __future__ import annotations

import asyncio
import gzip
import zlib
from contextlib import nullcontext, suppress
from pathlib import Path
from typing import Any

import pytest

from tests.asgi.harness import NAVIGATION, PAGE, Message, Receive, Send, answering, call, make_site, scope_of, wrapped

HTML = (b"content-type", b"text/html; charset=utf-8")


class Leaving:
    """A client that takes so many messages and then goes away: the server's `send` raises (ASGI 2.4)."""

    def __init__(self, error: Exception, taken: int = 0) -> None:
        self._error = error
        self._taken = taken
        self.tried = 0

    async def receive(self) -> Message:
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        self.tried += 1
        if self.tried > self._taken:
            raise self._error


async def test_a_page_gets_the_root_once_and_its_length(tmp_path: Path) -> None:
    """
    A page in one piece goes out with the root once and the right Content-Length.
    """
    app = wrapped(answering(PAGE, headers=[HTML, (b"content-length", str(len(PAGE)).encode())]), tmp_path)

    exchange = await call(app, scope_of())

    assert exchange.body.count(b'id="ckit-root"') == 1
    assert exchange.values("content-length") == [str(len(exchange.body))]
    assert b'data-ckit-src="https://stats.example.net/p.gif"' in exchange.body


async def test_a_stream_leaves_with_its_first_piece(tmp_path: Path) -> None:
    """
    The first piece of a streamed page goes out before the second is made, and no length is promised.
    """
    seen_before_second: list[int] = []
    exchange_holder: list[Any] = []

    async def app(scope: Message, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [HTML, (b"content-length", b"999")]})
        await send({"type": "http.response.body", "body": PAGE[:80], "more_body": True})
        seen_before_second.append(len(exchange_holder))
        await send({"type": "http.response.body", "body": PAGE[80:], "more_body": False})

    async def send(message: Message) -> None:
        exchange_holder.append(message)

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    await wrapped(app, tmp_path)(scope_of(), receive, send)

    assert seen_before_second[0] >= 2
    assert not [value for name, value in exchange_holder[0]["headers"] if name == b"content-length"]


async def test_headers_may_be_missing(tmp_path: Path) -> None:
    """
    An app may leave out headers, body and more_body.
    """

    async def app(scope: Message, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200})
        await send({"type": "http.response.body"})

    exchange = await call(wrapped(app, tmp_path), scope_of())

    assert exchange.kinds == ["http.response.start", "http.response.body"]


async def test_repeated_set_cookie_stays_repeated(tmp_path: Path) -> None:
    """
    Two Set-Cookie fields are two when they leave.
    """
    lines = [(b"Set-Cookie", b"sessionid=1; Path=/"), (b"set-cookie", b"csrftoken=2; Path=/")]
    exchange = await call(wrapped(answering(PAGE, headers=[HTML, *lines]), tmp_path), scope_of())

    assert exchange.values("set-cookie") == ["sessionid=1; Path=/", "csrftoken=2; Path=/"]


async def test_mutable_bodies_are_copied(tmp_path: Path) -> None:
    """
    An app may use its buffer again as soon as send has returned.
    """
    buffer = bytearray(b"<!doctype html><p>one")

    async def app(scope: Message, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [HTML]})
        await send({"type": "http.response.body", "body": buffer, "more_body": True})
        buffer[-3:] = b"two"
        await send({"type": "http.response.body", "body": memoryview(buffer)[-3:], "more_body": False})

    exchange = await call(wrapped(app, tmp_path), scope_of())

    assert exchange.body.endswith(b"onetwo")


async def test_pathsend_of_a_page_is_read_and_rewritten(tmp_path: Path) -> None:
    """
    A page that the app wants sent from disk is read and rewritten; other files keep the server's sendfile.
    """
    file = tmp_path / "page.html"
    file.write_bytes(PAGE * 2000)

    def app_sending(content_type: bytes) -> Any:
        async def app(scope: Message, receive: Receive, send: Send) -> None:
            await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", content_type)]})
            await send({"type": "http.response.pathsend", "path": str(file)})

        return app

    page = await call(wrapped(app_sending(b"text/html"), tmp_path), scope_of())
    style = await call(wrapped(app_sending(b"text/css"), tmp_path), scope_of())

    assert page.body.count(b'id="ckit-root"') == 1
    assert page.body.endswith(PAGE[-20:])
    assert page.messages[-1]["more_body"] is False
    assert style.kinds == ["http.response.start", "http.response.pathsend"]


async def test_zerocopysend_is_not_offered(tmp_path: Path) -> None:
    """
    What can't be followed is not offered to the app; what can be is.
    """
    seen: list[Message] = []

    async def app(scope: Message, receive: Receive, send: Send) -> None:
        seen.append(scope)
        await answering(PAGE)(scope, receive, send)

    offered: dict[str, Any] = {"http.response.zerocopysend": {}, "http.response.pathsend": {}}
    scope = scope_of(extensions=offered)
    await call(wrapped(app, tmp_path), scope)

    assert list(seen[0]["extensions"]) == ["http.response.pathsend"]
    assert scope["extensions"] is offered
    assert "consentkit" not in scope


async def test_unknown_messages_pass_in_order(tmp_path: Path) -> None:
    """
    debug and early hints come before the start, a push between start and body, trailers after it.
    """

    async def app(scope: Message, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.debug", "info": {}})
        await send({"type": "http.response.early_hint", "links": [b"</a.css>; rel=preload; as=style"]})
        await send({"type": "http.response.start", "status": 200, "headers": [HTML], "trailers": True})
        await send({"type": "http.response.push", "path": "/a.css", "headers": []})
        await send({"type": "http.response.body", "body": PAGE, "more_body": False})
        await send({"type": "http.response.trailers", "headers": [], "more_trailers": False})

    exchange = await call(wrapped(app, tmp_path), scope_of())

    assert [kind.removeprefix("http.response.") for kind in exchange.kinds] == [
        "debug", "early_hint", "start", "push", "body", "trailers",
    ]  # fmt: skip
    assert exchange.start["trailers"] is True


async def test_background_work_does_not_delay_the_page(tmp_path: Path) -> None:
    """
    The page has gone when the last piece was sent, whatever the app does afterwards.
    """
    sent_when_working: list[int] = []
    messages: list[Message] = []

    async def app(scope: Message, receive: Receive, send: Send) -> None:
        await answering(PAGE)(scope, receive, send)
        sent_when_working.append(len(messages))

    async def send(message: Message) -> None:
        messages.append(message)

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    await wrapped(app, tmp_path)(scope_of(), receive, send)

    assert sent_when_working == [2]
    assert messages[-1]["more_body"] is False


@pytest.mark.parametrize(
    ("status", "headers"),
    [
        pytest.param(200, [(b"content-type", b"application/json")], id="json"),
        pytest.param(200, [(b"content-type", b"text/event-stream")], id="server-sent events"),
        pytest.param(200, [(b"content-type", b"text/plain")], id="text"),
        pytest.param(200, [], id="no type"),
        pytest.param(200, [HTML, (b"content-disposition", b"attachment; filename=a.html")], id="attachment"),
        pytest.param(200, [HTML, (b"cache-control", b"public, no-transform")], id="no-transform"),
        pytest.param(200, [HTML, (b"content-encoding", b"exi")], id="a coding we can't read"),
        pytest.param(206, [HTML, (b"content-range", b"bytes 0-9/100")], id="a part"),
        pytest.param(200, [HTML, (b"x-ckit", b"off")], id="switched off by the app"),
    ],
)
async def test_everything_else_passes_untouched(
    tmp_path: Path, status: int, headers: list[tuple[bytes, bytes]]
) -> None:
    """
    What is not a whole HTML page goes out byte for byte, piece by piece.
    """
    pieces = (PAGE[:50], PAGE[50:90], PAGE[90:])
    exchange = await call(wrapped(answering(*pieces, status=status, headers=headers), tmp_path), scope_of())

    assert exchange.pieces == list(pieces)
    assert list(exchange.start["headers"]) == [f for f in headers if f[0] != b"x-ckit"]


@pytest.mark.parametrize("coding", ["gzip", "deflate"])
async def test_encoded_pages_are_decoded_and_encoded_again(tmp_path: Path, coding: str) -> None:
    """
    A compressed page is rewritten and stays compressed.
    """
    compress, decompress = (gzip.compress, gzip.decompress) if coding == "gzip" else (zlib.compress, zlib.decompress)
    headers = [HTML, (b"content-encoding", coding.encode())]
    packed = compress(PAGE)
    app = wrapped(answering(packed[:20], packed[20:], headers=headers), tmp_path)

    exchange = await call(app, scope_of())

    assert exchange.header("content-encoding") == coding
    assert decompress(exchange.body).count(b'id="ckit-root"') == 1


async def test_a_body_that_lies_about_its_coding_goes_out_as_it_is(tmp_path: Path) -> None:
    """
    A page that says gzip and is not gets no banner, and not a byte is lost.
    """
    app = wrapped(answering(PAGE, headers=[HTML, (b"content-encoding", b"gzip")]), tmp_path)

    exchange = await call(app, scope_of())

    assert exchange.body == PAGE


async def test_an_error_amid_the_body_reaches_the_server(tmp_path: Path) -> None:
    """
    The start and what came before the error have gone, and the error is the server's to handle.
    """

    async def app(scope: Message, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [HTML]})
        await send({"type": "http.response.body", "body": b"<!doctype html><p>Half", "more_body": True})
        raise RuntimeError("amid")

    messages: list[Message] = []

    async def send(message: Message) -> None:
        messages.append(message)

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    with pytest.raises(RuntimeError, match="amid"):
        await wrapped(app, tmp_path)(scope_of(), receive, send)

    assert messages[0]["type"] == "http.response.start"
    assert b"Half" in b"".join(m.get("body", b"") for m in messages)


@pytest.mark.parametrize("taken", [0, 1, 2], ids=["at the start", "at the first piece", "at the second piece"])
async def test_an_app_can_handle_that_its_client_has_gone(tmp_path: Path, taken: int) -> None:
    """
    Where `send` raises and the app catches it and returns, nothing more is sent and nothing comes out of the middleware.
    """

    async def app(scope: Message, receive: Receive, send: Send) -> None:
        try:
            await answering(PAGE[:80], b"<p><im", PAGE[80:], headers=[HTML])(scope, receive, send)
        except OSError:
            return

    client = Leaving(OSError("gone"), taken)

    await wrapped(app, tmp_path)(scope_of(), client.receive, client.send)

    assert client.tried == taken + 1


async def test_a_client_that_left_before_anything_was_sent_is_no_error(tmp_path: Path) -> None:
    """
    A start that was held is sent when the app has returned; it could not have caught what that raises.
    """

    async def app(scope: Message, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [HTML]})

    client = Leaving(OSError("gone"))

    await wrapped(app, tmp_path)(scope_of(), client.receive, client.send)

    assert client.tried == 1


@pytest.mark.parametrize("failure", [OSError("gone"), RuntimeError("closed")], ids=["OSError", "another error"])
@pytest.mark.parametrize("sends", [1, 2], ids=["nothing tried before", "send failed before"])
async def test_the_apps_own_error_comes_out(tmp_path: Path, failure: Exception, sends: int) -> None:
    """
    What the app raises is not replaced by what letting out the rest for a client that has gone raises.
    """

    async def app(scope: Message, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [HTML]})
        if sends > 1:
            with suppress(OSError, RuntimeError):
                await send({"type": "http.response.body", "body": PAGE[:80], "more_body": True})
        raise ValueError("the app's own")

    client = Leaving(failure)

    with pytest.raises(ValueError, match="the app's own"):
        await wrapped(app, tmp_path)(scope_of(), client.receive, client.send)

    assert client.tried == 1


async def test_a_servers_error_at_the_end_is_not_hidden(tmp_path: Path) -> None:
    """
    When the app has returned, what the server says of the rest is all there is to say.
    """

    async def app(scope: Message, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [HTML]})

    client = Leaving(RuntimeError("a server's own"))

    with pytest.raises(RuntimeError, match="a server's own"):
        await wrapped(app, tmp_path)(scope_of(), client.receive, client.send)


async def test_an_app_without_a_last_piece_loses_nothing(tmp_path: Path) -> None:
    """
    When the app returns without its last piece, everything that it gave has gone out.
    """

    async def app(scope: Message, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [HTML]})
        await send({"type": "http.response.body", "body": b"<!doctype html><p>All<im", "more_body": True})

    exchange = await call(wrapped(app, tmp_path), scope_of())

    assert exchange.body.endswith(b"<p>All<im")


async def test_head_has_no_body_and_no_length(tmp_path: Path) -> None:
    """
    HEAD of a page promises no length, and bytes that an app sends all the same are dropped.
    """
    app = wrapped(answering(PAGE, headers=[HTML, (b"content-length", str(len(PAGE)).encode())]), tmp_path)

    exchange = await call(app, scope_of(method="HEAD"))

    assert exchange.body == b""
    assert exchange.header("content-length") is None


@pytest.mark.parametrize("packed", [False, True], ids=["plain", "no gzip, but called so"])
@pytest.mark.parametrize("ending", ["last piece", "no last piece", "error"])
async def test_head_has_no_body_however_it_ends(tmp_path: Path, ending: str, packed: bool) -> None:
    """
    Whether the app ends its answer to HEAD, forgets to, or fails: nothing but empty bodies goes out.
    """
    coding = [(b"content-encoding", b"gzip")] if packed else []

    async def app(scope: Message, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [HTML, *coding]})
        await send({"type": "http.response.body", "body": b"<!doctype html><p>Half<im", "more_body": True})
        await send({"type": "http.response.body", "body": b"g src=/a.png><i", "more_body": ending != "last piece"})
        if ending == "error":
            raise RuntimeError("amid")

    messages: list[Message] = []

    async def send(message: Message) -> None:
        messages.append(message)

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    with pytest.raises(RuntimeError, match="amid") if ending == "error" else nullcontext():
        await wrapped(app, tmp_path)(scope_of(method="HEAD"), receive, send)

    assert messages[0]["type"] == "http.response.start"
    assert b"".join(message.get("body", b"") for message in messages) == b""
    assert [m["more_body"] for m in messages[1:]] == ([False] if ending == "last piece" else [])


@pytest.mark.parametrize(
    ("pieces", "length_is_told"), [((PAGE,), True), ((PAGE[:80], PAGE[80:]), False)], ids=["whole", "streamed"]
)
async def test_a_length_and_a_transfer_coding_never_come_together(
    tmp_path: Path, pieces: tuple[bytes, ...], length_is_told: bool
) -> None:
    """
    An app may name the chunks itself; a page that gets a length has none, and a streamed one stays as the app said.
    """
    app = wrapped(answering(*pieces, headers=[HTML, (b"Transfer-Encoding", b"chunked")]), tmp_path)

    exchange = await call(app, scope_of())

    assert exchange.values("content-length") == ([str(len(exchange.body))] if length_is_told else [])
    assert exchange.values("transfer-encoding") == ([] if length_is_told else ["chunked"])


async def test_a_page_with_trailers_gets_no_length(tmp_path: Path) -> None:
    """
    Trailers need chunks (RFC 9112, 7.1.2), and chunks and a length exclude each other.
    """

    async def app(scope: Message, receive: Receive, send: Send) -> None:
        headers = [HTML, (b"transfer-encoding", b"chunked"), (b"trailer", b"server-timing")]
        await send({"type": "http.response.start", "status": 200, "headers": headers, "trailers": True})
        await send({"type": "http.response.body", "body": PAGE})
        await send({"type": "http.response.trailers", "headers": [(b"server-timing", b"db;dur=1")]})

    exchange = await call(wrapped(app, tmp_path), scope_of())

    assert exchange.header("content-length") is None
    assert exchange.header("transfer-encoding") == "chunked"
    assert exchange.kinds[-1] == "http.response.trailers"


async def test_a_personal_page_is_private_and_varies(tmp_path: Path) -> None:
    """
    A page made for one visitor is private, varies on what was read, and loses its strong validators.
    """
    headers = [
        HTML,
        (b"cache-control", b"public, max-age=60"),
        (b"etag", b'"abc"'),
        (b"last-modified", b"Tue, 24 Nov 2026 00:00:00 GMT"),
        (b"vary", b"Accept-Encoding"),
    ]
    exchange = await call(wrapped(answering(PAGE, headers=headers), tmp_path), scope_of())

    assert exchange.header("cache-control") == "private, max-age=60"
    assert exchange.header("last-modified") is None
    assert (exchange.header("etag") or "").startswith('W/"abc;ckit.')
    assert {"accept-encoding", "cookie", "sec-fetch-dest"} <= {
        member.strip().lower() for member in (exchange.header("vary") or "").split(",")
    }


async def test_our_entity_tag_comes_back_as_the_apps_own(tmp_path: Path) -> None:
    """
    A page in the same state can be confirmed by the app with a 304; in another state it can't.
    """
    asked: list[list[str]] = []

    async def app(scope: Message, receive: Receive, send: Send) -> None:
        tags = [v.decode() for k, v in scope["headers"] if k == b"if-none-match"]
        asked.append(tags)
        if '"abc"' in tags:
            await answering(b"", status=304, headers=[(b"etag", b'"abc"')])(scope, receive, send)
        else:
            await answering(PAGE, headers=[HTML, (b"etag", b'"abc"')])(scope, receive, send)

    middleware = wrapped(app, tmp_path)
    first = await call(middleware, scope_of())
    tag = first.header("etag") or ""

    again = await call(middleware, scope_of(headers={**NAVIGATION, "if-none-match": f'"zzz", {tag}'}))
    larger = await call(
        middleware, scope_of(headers={**NAVIGATION, "if-none-match": tag, "cookie": "ckit_reader=150.-"})
    )

    assert asked == [[], ['"abc"'], []]
    assert again.status == 304
    assert again.header("etag") == tag
    assert "Cookie" in (again.header("vary") or "")
    assert larger.status == 200


async def test_a_stylesheet_keeps_its_304_and_its_brotli(tmp_path: Path) -> None:
    """
    Request headers are touched only for requests that can become a page.
    """
    seen: list[dict[bytes, bytes]] = []

    async def app(scope: Message, receive: Receive, send: Send) -> None:
        seen.append(dict(scope["headers"]))
        await answering(b"a{}", headers=[(b"content-type", b"text/css")])(scope, receive, send)

    asset = {"accept": "text/css,*/*", "sec-fetch-dest": "style", "accept-encoding": "gzip, br", "if-none-match": '"x"'}
    await call(wrapped(app, tmp_path), scope_of(headers=asset))

    assert seen[0][b"accept-encoding"] == b"gzip, br"
    assert seen[0][b"if-none-match"] == b'"x"'


@pytest.mark.parametrize(
    ("headers", "body", "gets_root"),
    [
        pytest.param({"sec-fetch-mode": "navigate", "sec-fetch-dest": "document"}, PAGE, True, id="navigation"),
        pytest.param({"sec-fetch-mode": "navigate", "sec-fetch-dest": "iframe"}, PAGE, False, id="frame"),
        pytest.param({"sec-fetch-mode": "cors", "sec-fetch-dest": "empty"}, PAGE, False, id="fetch()"),
        pytest.param({"accept": "text/html"}, PAGE, True, id="no Sec-Fetch headers"),
        pytest.param({"accept": "text/html"}, b"<div>Only a piece</div>", False, id="a fragment without headers"),
        pytest.param({"accept": "text/html", "hx-request": "true"}, PAGE, False, id="htmx"),
        pytest.param({"accept": "text/html", "hx-request": "true", "hx-boosted": "true"}, PAGE, True, id="hx-boost"),
        pytest.param({"accept": "text/html", "turbo-frame": "a"}, PAGE, False, id="Turbo frame"),
        pytest.param(
            {"sec-fetch-mode": "no-cors", "sec-fetch-dest": "empty", "sec-purpose": "prefetch", "accept": "text/html"},
            PAGE, True, id="prefetch of a page",
        ),
    ],
)  # fmt: skip
async def test_controls_go_into_pages_only(
    tmp_path: Path, headers: dict[str, str], body: bytes, gets_root: bool
) -> None:
    """
    A page in a window gets the controls; frames, fragments and fetches only have things held back.
    """
    exchange = await call(wrapped(answering(body), tmp_path), scope_of(headers=headers))

    assert (b'id="ckit-root"' in exchange.body) is gets_root
    assert b' src="https://stats' not in exchange.body


async def test_lifespan_and_websockets_are_left_alone(tmp_path: Path) -> None:
    """
    Lifespan messages and websockets reach the app as they are; a websocket can be asked for its consent.
    """
    from consentkit import consent_of

    seen: list[Any] = []

    async def app(scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            while True:
                message = await receive()
                seen.append(message["type"])
                await send({"type": message["type"] + ".complete"})
                if message["type"] == "lifespan.shutdown":
                    return
        seen.append(consent_of(scope).allows("analytics"))
        await send({"type": "websocket.accept"})

    middleware = wrapped(app, tmp_path)
    inbox: asyncio.Queue[Message] = asyncio.Queue()
    outbox: list[str] = []

    async def send(message: Message) -> None:
        outbox.append(message["type"])

    await inbox.put({"type": "lifespan.startup"})
    await inbox.put({"type": "lifespan.shutdown"})
    await middleware({"type": "lifespan", "asgi": {"version": "3.0"}}, inbox.get, send)
    await middleware({**scope_of(), "type": "websocket"}, inbox.get, send)

    assert seen == ["lifespan.startup", "lifespan.shutdown", False]
    assert outbox == ["lifespan.startup.complete", "lifespan.shutdown.complete", "websocket.accept"]


async def test_a_log_that_cannot_be_written_stops_the_start(tmp_path: Path) -> None:
    """
    Where the log can't be opened, start-up fails with a sentence.
    """
    from consentkit import ConfigurationError

    middleware = wrapped(answering(PAGE), tmp_path, log="sqlite:////nonexistent-folder/of/consent.db")
    outbox: list[Message] = []

    async def app_receive() -> Message:
        return {"type": "lifespan.startup"}

    async def send(message: Message) -> None:
        outbox.append(message)

    async def reading(scope: Message, receive: Receive, send: Send) -> None:
        await receive()

    middleware.app = reading
    with pytest.raises(ConfigurationError, match="nonexistent-folder"):
        await middleware({"type": "lifespan", "asgi": {"version": "3.0"}}, app_receive, send)

    assert outbox[0]["type"] == "lifespan.startup.failed"


async def test_an_inner_wrap_passes_through(tmp_path: Path) -> None:
    """
    Wrapped twice, a page has the root once.
    """
    inner = wrapped(answering(PAGE), tmp_path)
    outer = wrapped(inner, tmp_path)

    exchange = await call(outer, scope_of())

    assert exchange.body.count(b'id="ckit-root"') == 1


async def test_off_gives_the_bare_app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    CONSENTKIT_OFF=1 takes the middleware out.
    """
    monkeypatch.setenv("CONSENTKIT_OFF", "1")

    exchange = await call(wrapped(answering(PAGE), tmp_path), scope_of())

    assert exchange.body == PAGE
    assert exchange.start["headers"] == [(b"content-type", b"text/html")]


async def test_skipped_paths_are_left_alone(tmp_path: Path) -> None:
    """
    A skipped path and everything below it passes; a longer name does not.
    """
    app = wrapped(answering(PAGE), tmp_path, skip=["/admin"])

    assert (await call(app, scope_of("/admin/users"))).body == PAGE
    assert b"ckit-root" in (await call(app, scope_of("/administration"))).body


async def test_two_apps_on_one_host_do_not_mix(tmp_path: Path) -> None:
    """
    With another cookie_name a choice in one app is none in the other.
    """
    from consentkit import testing

    one, two = make_site(tmp_path, cookie_name="one"), make_site(tmp_path, cookie_name="two", log="sqlite:///two.db")
    jar = testing.cookies(one, granted=["analytics"])

    headers = {**NAVIGATION, "cookie": "; ".join(f"{k}={v}" for k, v in jar.items())}
    from consentkit import ConsentMiddleware

    first = await call(ConsentMiddleware(answering(PAGE), one), scope_of(headers=headers))
    second = await call(ConsentMiddleware(answering(PAGE), two), scope_of(headers=headers))

    assert b' src="https://stats' in first.body
    assert b' src="https://stats' not in second.body


@pytest.mark.parametrize("reader", ["", "150.mobile"], ids=["own view", "mobile and larger"])
async def test_xhtml_stays_well_formed(tmp_path: Path, reader: str) -> None:
    """
    A page that is XML is XML when it leaves, with the root once and the frame held.
    """
    from xml.etree import ElementTree

    page = (
        b'<?xml version="1.0"?><!DOCTYPE html><html xmlns="http://www.w3.org/1999/xhtml" lang="en"><head><title>T</title>'
        b'</head><body><p>A</p><iframe src="https://stats.example.net/f" title="F"></iframe></body></html>'
    )
    headers = {**NAVIGATION, "cookie": f"ckit_reader={reader}"} if reader else None
    app = wrapped(answering(page, headers=[(b"content-type", b"application/xhtml+xml")]), tmp_path)
    exchange = await call(app, scope_of(headers=headers))

    tree = ElementTree.fromstring(exchange.body)
    roots = [e for e in tree.iter() if e.get("id") == "ckit-root"]
    frames = list(tree.iter("{http://www.w3.org/1999/xhtml}iframe"))
    assert [root.tag for root in roots] == ["{http://www.w3.org/1999/xhtml}ckit-ui"]
    assert [frame.get("src") for frame in frames] == [None]
