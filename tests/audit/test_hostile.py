"""Whatever is recorded or asked for, a page says it and does nothing."""

from __future__ import annotations

import asyncio
import base64
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consentkit.audit import AuditApp
from consentkit.audit.app import ROUTES
from consentkit.audit.reply import HEADERS
from consentkit.log.notice import Notice, NoticeButton, NoticePolicy, NoticePurpose, NoticeVendor
from consentkit.log.record import PolicyAnswer
from consentkit.log.store import Reader
from consentkit.settings import Site
from tests.audit.rooms import ANNA, HOLDER, Room, Visitor, furnish
from tests.log.samples import record
from tests.settings.sites import settings

EVIL = "\"'><script>alert(1)</script><img src=x onerror=alert(1)>{{7*7}}\u202e</style></title>\r\nSet-Cookie: x=1"

#: What may stand in our pages; nothing that runs or loads is among it.
ELEMENTS = """
html head meta title link body header nav main footer p ul li div span a h1 h2 form input button label select option
datalist fieldset legend small code pre table thead tbody tr th td time bdi dl dt dd br details summary iframe img
"""
KNOWN = frozenset(ELEMENTS.split())


class Page(HTMLParser):
    """The elements and attributes of a page, as a browser would read them."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.names: set[str] = set()
        self.attributes: set[str] = set()
        self.addresses: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.add(tag)
        for name, value in attrs:
            self.attributes.add(name)
            if name in ("href", "src", "action"):
                self.addresses.append(value or "")


@pytest.fixture(scope="module")
def evil(tmp_path_factory: pytest.TempPathFactory) -> Room:
    """A log in which every field that can hold text holds script."""
    notice = Notice(
        language=EVIL, layer=EVIL, kind=EVIL, texts={EVIL: EVIL}, buttons=(NoticeButton(action=EVIL, label=EVIL),),
        purposes=(NoticePurpose(name=EVIL, title=EVIL, text=EVIL, reason=EVIL),),
        vendors=(NoticeVendor(name=EVIL, title=EVIL, purpose=EVIL, cookies={EVIL: EVIL}, privacy=EVIL, country=EVIL, text=EVIL),),
        policies=(NoticePolicy(name=EVIL, version=EVIL, url=f"javascript:{EVIL}", text=EVIL, sha256="a" * 64),),
        controller=EVIL, contact=EVIL, html=EVIL, css=EVIL, version=EVIL,
    )  # fmt: skip
    worst = record(
        subject=EVIL, state=EVIL, action=EVIL, method=EVIL, layer=EVIL, purposes={EVIL: True}, vendors={EVIL: False},
        policies={EVIL: PolicyAnswer(version=EVIL, accepted=True, sha256=EVIL)}, notice=notice.digest, language=EVIL,
        regime=EVIL, site=EVIL, device=EVIL, previous=EVIL,
    )  # fmt: skip
    return furnish(tmp_path_factory.mktemp("evil"), [worst], notice)


def pages(room: Room) -> dict[str, str]:
    """An address of each page, about the one record there is."""
    id = room.records[0].id
    return {
        "found": "/?subject=", "record": f"/record?id={id}", "shown": f"/shown?id={id}", "stats": "/stats?subject=",
        "integrity": "/integrity", "events": "/events", "erase": f"/erase?id={id}", "hold": f"/hold?id={id}",
        "timeline": "/timeline?subject=" + "".join(f"%{byte:02x}" for byte in EVIL.encode()),
        "asked": "/?subject=&purpose=%22%3E%3Cscript%3E&notice=%3Cscript%3E&site=%22%3E%3Cimg%20src=x%3E&lang=%22%3E",
    }  # fmt: skip


@pytest.mark.parametrize(
    "name", ["found", "record", "shown", "stats", "integrity", "events", "erase", "hold", "timeline", "asked"]
)
def test_script_in_every_field_is_only_text(evil: Room, name: str) -> None:
    """
    No element, attribute or address comes out of what was recorded or asked for.
    """
    anna = evil.signed_in()
    anna.press("/hold", {"id": "x", "reason": EVIL})
    answer = anna.get(pages(evil)[name])
    page = Page(answer.text)

    assert answer.status == 200
    assert page.names <= KNOWN
    assert not [each for each in page.attributes if each.startswith("on") or each == "style"]
    assert all(each.startswith(("/", "data:image/svg+xml;base64,", "#")) for each in page.addresses)
    assert not [value for header, value in answer.headers if "\r" in value or "\n" in value]
    assert "set-cookie" not in [header for header, _ in answer.headers]


def test_plots_of_such_names_are_only_pictures(evil: Room) -> None:
    """
    A name with markup is text in the picture too, and there is no script in it.
    """
    page = evil.signed_in().get("/stats?subject=").text
    drawn = [base64.b64decode(each).decode() for each in re.findall(r"base64,([A-Za-z0-9+/=]+)", page)]

    assert len(drawn) == 6
    for each in drawn:
        assert "<script" not in each
        assert "<img" not in each
        assert "href" not in each


def test_every_page_has_every_header(room: Room) -> None:
    """
    Nothing is kept, framed, sniffed or told to others, on pages and on refusals alike.
    """
    anna, nobody = room.signed_in(), room.visitor()
    answers = [anna.get(path) for path in ("/", "/nope", "/erase", "/verify", "/stats", "/checkpoint")]
    answers += [nobody.get("/"), nobody.get("/sign-in"), nobody.post("/erase", {})]

    for answer in answers:
        for name, value in HEADERS:
            assert answer.header(name.decode()) == value.decode()
        policy = answer.header("content-security-policy")
        assert policy.startswith("default-src 'none'; style-src 'self'; img-src data:; form-action 'self';")
        assert "unsafe" not in policy
        assert "script-src" not in policy


def test_the_style_is_all_that_anybody_may_have(room: Room) -> None:
    """
    The sheet that the page names is there without signing in, may be kept, and asks for nothing.
    """
    page = room.visitor().get("/sign-in").text
    found = re.search(r'href="(/style-[0-9a-f]{12}\.css)"', page)
    assert found is not None
    answer = room.visitor().get(found[1])

    assert answer.header("content-type").startswith("text/css")
    assert "immutable" in answer.header("cache-control")
    assert b"url(" not in answer.body
    assert b"@import" not in answer.body


@given(
    path=st.text(max_size=60)
    | st.sampled_from(sorted(ROUTES)).flatmap(
        lambda path: st.tuples(st.sampled_from(["/..", "//", "/.", "%2f", "\\", ";", "\0"]), st.just(path)).map("".join)
    ),
    query=st.binary(max_size=60),
    cookie=st.text(max_size=40),
)
def test_nobody_gets_a_page_by_any_spelling(path: str, query: bytes, cookie: str) -> None:
    """
    Whatever path, query and cookie are sent without signing in: the door, or a refusal, and never an error of ours.
    """
    answer = asyncio.run(_raw(path, query, cookie.encode("utf-8", "surrogatepass")))

    assert answer in (303, 200 if path == "/sign-in" else 303)


APP: list[AuditApp] = []


async def _raw(path: str, query: bytes, cookie: bytes) -> int:
    if not APP:
        APP.append(AuditApp(Site(**settings(folder=Path("/nonexistent"))), given=(HOLDER,)))
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request"}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "http", "method": "GET", "path": path, "query_string": query, "root_path": "",
        "headers": [(b"cookie", b"ckit_audit=" + cookie), (b"accept-language", cookie)],
    }  # fmt: skip
    await APP[0](scope, receive, send)
    return int(sent[0]["status"])


def test_other_protocols_are_turned_away(room: Room) -> None:
    """
    A websocket is closed; a server's lifespan is answered.
    """
    sent: list[str] = []

    async def talk(kind: str, messages: list[str]) -> None:
        async def receive() -> dict[str, Any]:
            return {"type": messages.pop(0)}

        async def send(message: Any) -> None:
            sent.append(message["type"])

        await room.app({"type": kind}, receive, send)

    asyncio.run(talk("websocket", ["websocket.connect"]))
    asyncio.run(talk("lifespan", ["lifespan.startup", "lifespan.shutdown"]))

    assert sent == ["websocket.close", "lifespan.startup.complete", "lifespan.shutdown.complete"]


def test_a_mistake_of_ours_shows_nothing_of_it(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    An exception is the operator's to read; the page has no trace of it.
    """

    def broken(*arguments: object, **options: object) -> None:
        raise RuntimeError("secret of the inside")

    monkeypatch.setattr(Reader, "newest", broken)
    answer = Visitor(room.app)
    answer.post("/sign-in", {"token": ANNA})

    assert answer.get("/?subject=").body == b"Internal Server Error"
