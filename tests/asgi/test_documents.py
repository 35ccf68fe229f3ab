"""The texts of policies: read before anyone is asked, kept with the notice and hashed in the record."""

from __future__ import annotations

import argparse
import hashlib
import logging
from pathlib import Path
from typing import Any

import pytest

from consentkit import ConfigurationError, ConsentMiddleware, Policy
from consentkit.asgi import documents
from consentkit.cli import policies
from tests.asgi.harness import PAGE, App, Message, answering, call, make_site, scope_of

PRIVACY = (
    "<!doctype html><html><head><title>Privacy</title><style>p{}</style></head><body>"
    "<nav>Home News</nav><main><h1>Privacy\n policy</h1><p>We keep <b>little</b>,<br>and not for long.</p>"
    "<script nonce=%d>1</script></main><footer>2026</footer></body></html>"
)
READ = "Privacy policy\nWe keep little,\nand not for long."


def paper(**pages: str) -> App:
    """An app with these pages, and a front page; it counts what it was asked in `nonce`s."""
    count = 0

    async def app(scope: Message, receive: Any, send: Any) -> None:
        nonlocal count
        if scope["type"] == "lifespan":
            while True:
                message = await receive()
                await send({"type": f"{message['type']}.complete"})
                if message["type"] == "lifespan.shutdown":
                    return
        count += 1
        body = pages.get(scope["path"].strip("/"))
        if scope["path"] != "/" and body is None:
            await answering(b"", status=404)(scope, receive, send)
        elif body and "%d" in body:
            await answering((body % count).encode())(scope, receive, send)
        else:
            await answering(body.encode() if body else PAGE)(scope, receive, send)

    return app


async def shown_policy(middleware: ConsentMiddleware, folder: Path) -> Any:
    """What the log keeps of the first policy: the answer in a record, and the document in its notice."""
    page = (await call(middleware, scope_of())).body.decode()
    token = page.split('name="shown" value="', 1)[1].split('"', 1)[0]
    form = f"action=accept_all&shown={token}&next=/".encode()
    headers = {"sec-fetch-site": "same-origin", "accept": "application/json", "host": "courier.example"}
    answer = await call(middleware, scope_of("/_ckit/choice", method="POST", headers=headers), form)
    assert answer.status == 200
    log = middleware._workshop.log
    record = await log.get(answer.body.decode().split('"record":', 1)[1].split('"')[1])
    assert record is not None
    notice = await log.notice(record.notice)
    assert notice is not None
    await log.close()
    return record.policies["privacy"], notice.policies[0]


async def test_a_page_of_the_app_is_the_text_of_its_policy(tmp_path: Path) -> None:
    """
    The text of a policy is what a person reads at its address; notice and record hold it and its hash.
    """
    site = make_site(tmp_path, policies=[Policy("privacy", url="/privacy", version="1")])
    answer, document = await shown_policy(ConsentMiddleware(paper(privacy=PRIVACY), site), tmp_path)

    assert document.text == READ
    assert document.sha256 == answer.sha256 == hashlib.sha256(READ.encode()).hexdigest()
    assert (answer.version, answer.accepted) == ("1", False)


async def test_a_file_is_the_text_of_its_policy(tmp_path: Path) -> None:
    """
    A file is kept as it is, so that its hash is that of the file; the app is then not asked.
    """
    (tmp_path / "privacy.md").write_bytes("# Privacy\r\n\r\nDržimo malo.\n".encode())
    site = make_site(tmp_path, policies=[Policy("privacy", url="/privacy", version="1", file="privacy.md")])
    answer, document = await shown_policy(ConsentMiddleware(paper(privacy=PRIVACY), site), tmp_path)

    assert document.text == "# Privacy\r\n\r\nDržimo malo.\n"
    assert answer.sha256 == hashlib.sha256((tmp_path / "privacy.md").read_bytes()).hexdigest()


async def test_with_lifespan_the_text_is_there_when_the_start_is_complete(tmp_path: Path) -> None:
    """
    A server is told that the start is complete after the app was asked for its texts, not before it could answer.
    """
    site = make_site(tmp_path, policies=[Policy("privacy", url="/privacy", version="1")])
    middleware = ConsentMiddleware(paper(privacy=PRIVACY), site)
    told: list[tuple[str, bool]] = []
    waiting = ["lifespan.startup", "lifespan.shutdown"]

    async def receive() -> Message:
        return {"type": waiting.pop(0)}

    async def send(message: Message) -> None:
        told.append((message["type"], "privacy" in middleware._workshop.texts))

    await middleware({"type": "lifespan", "asgi": {"version": "3.0"}, "state": {}}, receive, send)

    assert told == [("lifespan.startup.complete", True), ("lifespan.shutdown.complete", True)]


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("gone.md", None, "No such file"),
        ("latin.txt", b"Dr\xbei", "not UTF-8"),
        ("long.txt", b"x" * (documents.MAX_TEXT + 1), "at most 1,048,576 are kept"),
    ],
    ids=["not there", "not UTF-8", "too long"],
)
def test_a_file_that_can_not_be_the_text_stops_the_start(
    tmp_path: Path, name: str, content: bytes | None, words: str
) -> None:
    """
    An owner who names a file wants it in the evidence: without it the site does not start.
    """
    if content is not None:
        (tmp_path / name).write_bytes(content)
    site = make_site(tmp_path, policies=[Policy("privacy", url="/privacy", version="1", file=name)])

    with pytest.raises(ConfigurationError, match=rf"policies\[0\].file: .*{words}"):
        documents.from_files(site)


async def test_a_page_that_can_not_be_read_is_told_and_left_out(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    A missing page, one of another kind, one that breaks, hangs, is empty, lies elsewhere or leads away: no text.
    """
    monkeypatch.setattr(documents, "PATIENCE_SECONDS", 0.05)

    async def app(scope: Message, receive: Any, send: Any) -> None:
        name = scope["path"].strip("/")
        if name == "breaks":
            raise RuntimeError("boom")
        if name == "hangs":
            await receive()
            await receive()
        if name == "away":
            await answering(b"", status=302, headers=[(b"location", b"https://other.example/")])(scope, receive, send)
        elif name == "moved":
            await answering(b"", status=301, headers=[(b"location", b"/there")])(scope, receive, send)
        elif name == "image":
            await answering(b"GIF", headers=[(b"content-type", b"image/gif")])(scope, receive, send)
        elif name == "there":
            latin = [(b"content-type", b"text/plain; charset=iso-8859-2")]
            await answering("Držimo".encode("iso-8859-2"), headers=latin)(scope, receive, send)
        else:
            await answering(b"<nav>menu</nav>", status=200 if name == "empty" else 404)(scope, receive, send)

    names = ["missing", "image", "breaks", "hangs", "empty", "away", "moved"]
    given = [Policy(name, url=f"/{name}", version="1", title=name) for name in names]
    given.append(Policy("elsewhere", url="https://other.example/x", version="1", title="x"))
    site = make_site(tmp_path, policies=given, url="https://courier.example")

    texts = await documents.from_pages(app, site)

    assert texts == {"moved": "Držimo"}
    told = [record.getMessage().split("'")[1] for record in caplog.records]
    assert told == names[:-1]


def test_the_words_of_a_page_are_those_that_are_read() -> None:
    """
    Main before article before body; menus, scripts, our own controls and the head are not the text.
    """
    assert documents.text_of("<title>T</title><p>One<p>two &amp; three") == "One\ntwo & three"
    assert documents.text_of("<body>x<article>A<p>b</article>y") == "A\nb"
    assert documents.text_of("<body><ckit-ui><p>Cookies on</p></ckit-ui><div>Text</div>") == "Text"
    assert documents.text_of("<head><title>T</title><body>Text") == "Text"
    assert documents.text_of("<main></main><body>Text") == "Text"


async def test_a_version_that_says_something_new_is_told_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """
    Another text under a known version is told at start, and by `consentkit check` before; then the log knows both.
    """
    text = tmp_path / "terms.txt"
    site = make_site(tmp_path, policies=[Policy("terms", url="/t", version="7", kind="terms", file="terms.txt")])

    async def start() -> list[str]:
        caplog.clear()
        middleware = ConsentMiddleware(paper(), site)
        await call(middleware, scope_of())
        await middleware._workshop.log.close()
        return [each.getMessage() for each in caplog.records if each.getMessage().startswith("The policy")]

    caplog.set_level(logging.WARNING)
    text.write_text("One.")
    first = await start()
    text.write_text("Two.")
    import asyncio

    checked = await asyncio.to_thread(policies.problems, site, "", None)
    second, third = await start(), await start()

    assert first == third == []
    assert len(checked) == 1
    assert "'terms' says something else than the log knows as version '7' since 20" in checked[0]
    assert second == checked
    assert await asyncio.to_thread(policies.problems, site, "", None) == []


def test_check_reads_the_texts_of_an_app_without_teaching_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    `consentkit check MODULE:APP` ends with 1 while a version says something new, as often as it is run.
    """
    import asyncio

    from consentkit.cli import check

    site = make_site(tmp_path, policies=[Policy("privacy", url="/privacy", version="1")])
    old, new = paper(privacy=PRIVACY), ConsentMiddleware(paper(privacy=PRIVACY.replace("little", "much")), site)

    async def start() -> None:
        middleware = ConsentMiddleware(old, site)
        await call(middleware, scope_of())
        await middleware._workshop.log.close()

    asyncio.run(start())
    monkeypatch.setattr(check, "load_object", lambda name: new)
    arguments = argparse.Namespace(target="main:app", config=None, site=None, json=False, table=True)
    codes = [check.main(arguments), check.main(arguments)]
    asyncio.run(new._workshop.log.close())

    assert codes == [1, 1]
    assert capsys.readouterr().out.count("'privacy' says something else") == 2
