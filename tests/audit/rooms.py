"""A log with some records in it, the auditors' pages over it, and browsers that walk through them."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from consentkit.audit import AuditApp, Role
from consentkit.audit.tokens import make
from consentkit.log import keyring
from consentkit.log.checkpoint import make_key, write_key
from consentkit.log.notice import Notice
from consentkit.log.record import Record, State, enter
from consentkit.log.store import Appender, Reader, prepare
from consentkit.settings import Site
from tests.log.samples import NOON, NOTICE, record
from tests.settings.sites import settings

ANNA, HOLDER = make("anna", Role.OFFICER, bytes(32), bytes(16))
BOB, READER = make("bob", Role.READER, bytes(range(32)), bytes(16))

SUBJECT = "5e4c0f3c19d7b2a85e4c0f3c19d7b2a8"
OTHER = "c0ffee3c19d7b2a85e4c0f3c19d7b2a8"


@dataclass(frozen=True)
class Answer:
    status: int
    headers: list[tuple[str, str]]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()

    def header(self, name: str) -> str:
        return next((value for key, value in self.headers if key == name), "")

    @property
    def form_token(self) -> str:
        found = re.search(r'name="form" value="([^"]+)"', self.text)
        return unescape(found[1]) if found else ""


@dataclass
class Clock:
    time: datetime = NOON

    def __call__(self) -> datetime:
        return self.time

    def forward(self, seconds: int) -> None:
        self.time += timedelta(seconds=seconds)


@dataclass
class Visitor:
    """A browser: it keeps cookies, and says on forms where it comes from."""

    app: Any
    root_path: str = ""
    scheme: str = "http"
    host: str = "audit.example"
    client: str = "192.0.2.1"
    cookies: dict[str, str] = field(default_factory=dict)

    def get(self, path: str, **headers: str) -> Answer:
        return self.ask("GET", path, b"", headers)

    def post(self, path: str, form: Mapping[str, str], **headers: str) -> Answer:
        sent = {"content_type": "application/x-www-form-urlencoded", "sec_fetch_site": "same-origin", **headers}
        return self.ask("POST", path, urlencode(form).encode(), sent)

    def press(self, path: str, form: Mapping[str, str], at: str = "/integrity") -> Answer:
        """Post a form of one of our pages, with the token that it carries."""
        return self.post(path, {"form": self.get(at).form_token, **form})

    def ask(self, method: str, path: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        path, _, query = path.partition("?")
        lines = {"host": self.host, **{name.replace("_", "-"): value for name, value in headers.items() if value}}
        if self.cookies:
            lines.setdefault("cookie", "; ".join(f"{name}={value}" for name, value in self.cookies.items()))
        scope = {
            "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method,
            "scheme": self.scheme, "path": self.root_path + path, "raw_path": path.encode(), "query_string": query.encode(),
            "root_path": self.root_path, "headers": [(k.encode(), v.encode("latin-1")) for k, v in lines.items()],
            "client": (self.client, 50000), "server": (self.host, 80),
        }  # fmt: skip
        answer = asyncio.run(_ask(self.app, scope, body))
        for name, value in answer.headers:
            if name == "set-cookie":
                key, _, rest = value.partition("=")
                self.cookies[key] = rest.partition(";")[0]
                if "Max-Age=0" in value:
                    del self.cookies[key]
        return answer


async def _ask(app: Any, scope: dict[str, Any], body: bytes) -> Answer:
    sent: list[Any] = []
    pieces = [body[start : start + 4096] for start in range(0, len(body), 4096)] or [b""]

    async def receive() -> dict[str, Any]:
        piece = pieces.pop(0) if pieces else b""
        return {"type": "http.request", "body": piece, "more_body": bool(pieces)}

    async def send(message: Any) -> None:
        sent.append(message)

    await app(scope, receive, send)
    start = sent[0]
    headers = [(name.decode(), value.decode("latin-1")) for name, value in start["headers"]]
    return Answer(start["status"], headers, b"".join(message.get("body", b"") for message in sent[1:]))


@dataclass
class Room:
    """`records`: what is in the log, oldest first."""

    site: Site
    path: Path
    clock: Clock
    app: AuditApp
    records: list[Record]

    @property
    def reader(self) -> Reader:
        return Reader(self.path)

    def visitor(self, **options: Any) -> Visitor:
        return Visitor(self.app, **options)

    def signed_in(self, token: str = ANNA, **options: Any) -> Visitor:
        visitor = self.visitor(**options)
        answer = visitor.post("/sign-in", {"token": token})
        assert answer.status == 303, answer.text
        return visitor

    def told(self) -> list[tuple[str, str, Mapping[str, Any]]]:
        """Who did what: kind, by whom, about what."""
        return [(event.kind, event.by, event.about) for _, event in self.reader.happened()]


def some_records() -> list[Record]:
    """Two of one browser, a refusal of nobody, and one of somebody else."""
    return [
        record(subject=SUBJECT, notice=NOTICE.digest),
        record(
            subject=None, language="de", state=State.REFUSED, action="reject_all", purposes={"media": False},
            vendors={"youtube": False},
        ),
        record(subject=SUBJECT, state=State.WITHDRAWN, action="withdraw", time=NOON + timedelta(hours=1)),
        record(subject=OTHER, time=NOON + timedelta(hours=2)),
    ]  # fmt: skip


def furnish(folder: Path, records: Iterable[Record] | None = None, notice: Notice = NOTICE, **options: Any) -> Room:
    """A room over a new log with these records, whose tree is signed."""
    from consentkit.log.store import integrator
    from consentkit.log.store.place import engine

    path, made = folder / "consent.db", list(some_records() if records is None else records)
    prepare(path)
    appender = Appender(path)
    appender.append(
        [
            enter(each, bytes(31) + bytes([n % 256]), notice=notice if each.notice == notice.digest else None)
            for n, each in enumerate(made)
        ]
    )
    appender.close()
    write_key(folder / "consentkit.key", make_key("courier.example/log", bytes(range(32))))
    keys = keyring.load(folder / "consentkit.key")
    assert keys is not None
    with engine(path).connect() as on:
        grown = integrator.integrate(on, keys, NOON.date())
    assert grown is not None
    assert grown.note is not None
    keys.remember(grown.note)
    site = Site(**settings(folder=folder))
    clock = Clock(NOON + timedelta(hours=3))
    app = AuditApp(site, given=(HOLDER, READER), now=clock, **options)
    return Room(site, path, clock, app, [*made])


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)
