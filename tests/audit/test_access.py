"""Who gets in, for how long, and what they may do there."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.routing import Mount

from consentkit import ConfigurationError, ConsentMiddleware
from consentkit.audit import AuditApp, Auditor
from consentkit.audit.app import ROUTES
from consentkit.audit.auditor import Role
from consentkit.audit.session import IDLE_SECONDS, LONGEST_SECONDS
from consentkit.audit.tokens import issue, revoke
from consentkit.cookies import Holder, Seal, write_holder
from consentkit.settings import Site
from tests.audit.rooms import ANNA, BOB, SUBJECT, Room, Visitor, furnish
from tests.settings.sites import settings

PATHS = sorted(
    {*ROUTES, "/sign-out", "/nowhere", "//", "/../", "/..%2frecord", "/record/", "/RECORD", "/%2e%2e/record"}
)


@pytest.mark.parametrize("path", PATHS)
def test_nobody_sees_anything_but_the_door(room: Room, path: str) -> None:
    """
    Without a session every path, there or not, leads to the sign-in page, and no form is taken.
    """
    visitor = room.visitor()

    for method in ("GET", "HEAD"):
        answer = visitor.ask(method, f"{path}?id={room.records[0].id}&subject={SUBJECT}", b"", {})
        assert (answer.status, answer.header("location"), answer.body) == (303, "/sign-in", b"")
    for method in ("POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "get", "CONNECT"):
        assert visitor.ask(method, path, b"", {"sec-fetch-site": "same-origin"}).status == 403
    assert room.told() == []


def test_a_token_lets_in_and_a_wrong_one_does_not(room: Room, caplog: pytest.LogCaptureFixture) -> None:
    """
    The right token begins a session; a wrong one is told to the operator without being written down.
    """
    caplog.set_level(logging.INFO, "consentkit")
    visitor = room.visitor()
    wrong = visitor.post("/sign-in", {"token": f"{ANNA[:-1]}x"})
    right = visitor.post("/sign-in", {"token": f" {ANNA}\n"})

    assert (wrong.status, right.status) == (403, 303)
    assert "This token is not known here." in wrong.text
    assert visitor.get("/").status == 200
    assert "anna, officer" in visitor.get("/").text
    assert "192.0.2.1" in caplog.text
    assert ANNA[5:] not in caplog.text


@pytest.mark.parametrize(
    "token", ["", ".", "anna", "anna.", "nobody.x", "anna\0", "A" * 100_000, "anna." + "x" * 200, "ännа.x"]
)
def test_nonsense_is_no_token(room: Room, token: str) -> None:
    """
    Whatever is sent as a token, nobody is let in and nothing breaks.
    """
    assert room.visitor().post("/sign-in", {"token": token}).status in (403, 413)


def test_guessing_is_slowed_down(room: Room) -> None:
    """
    After some wrong tokens an address has to wait, even with the right one; others need not.
    """
    guesser, anna = room.visitor(), room.visitor(client="192.0.2.2")
    answers = [guesser.post("/sign-in", {"token": f"anna.{n}"}).status for n in range(7)]
    late = guesser.post("/sign-in", {"token": ANNA})

    assert answers == [403] * 5 + [429] * 2
    assert (late.status, late.header("retry-after")) == (429, "20")
    assert anna.post("/sign-in", {"token": ANNA}).status == 303
    room.clock.forward(20)
    assert guesser.post("/sign-in", {"token": ANNA}).status == 303


def test_the_cookie_is_kept_from_everything_else(room: Room) -> None:
    """
    HttpOnly, SameSite=Strict, short-lived; over https Secure and bound to the host by its name.
    """
    plain = room.visitor().post("/sign-in", {"token": ANNA}).header("set-cookie")
    secure = room.visitor(scheme="https").post("/sign-in", {"token": ANNA}).header("set-cookie")
    proxied = room.visitor(host="courier.example").post("/sign-in", {"token": ANNA}).header("set-cookie")

    assert plain.startswith("ckit_audit=")
    assert plain.endswith(f"; Path=/; Max-Age={IDLE_SECONDS}; HttpOnly; SameSite=Strict")
    for value in (secure, proxied):
        assert value.startswith("__Host-ckit_audit=")
        assert value.endswith("; Path=/; Max-Age=1800; HttpOnly; SameSite=Strict; Secure")


def test_a_session_ends(room: Room) -> None:
    """
    After half an hour unused; after eight hours in any case.
    """
    idle, busy = room.signed_in(), room.signed_in()
    for _ in range(LONGEST_SECONDS // 1000):
        room.clock.forward(1000)
        assert busy.get("/").status == 200
    assert idle.get("/").status == 303
    room.clock.forward(LONGEST_SECONDS % 1000 + 1)
    assert busy.get("/").status == 303


def test_signing_out_ends_every_copy(room: Room) -> None:
    """
    The cookie is taken back, and one that was copied before is no longer good.
    """
    anna = room.signed_in()
    copied = Visitor(room.app, cookies=dict(anna.cookies))
    assert copied.get("/").status == 200
    out = anna.press("/sign-out", {})

    assert (out.status, out.header("location")) == (303, "/sign-in")
    assert anna.cookies == {}
    assert copied.get("/").status == 303


def test_forged_and_foreign_cookies_are_none(room: Room) -> None:
    """
    A changed byte, a value of another use, one of a secret that is not ours, one of a token that is gone.
    """
    anna = room.signed_in()
    value = anna.cookies["ckit_audit"]
    form = anna.get("/integrity").form_token
    forged = [
        value[:-1] + ("A" if value[-1] != "A" else "B"),
        value.replace("anna", "bob", 1),
        "",
        "x" * 5000,
        form,
        f"anna~{'0' * 16}~{'0' * 32}~0~99999999999",
    ]

    for each in forged:
        assert Visitor(room.app, cookies={"ckit_audit": each}).get("/").status == 303


def test_cookies_of_visitors_open_nothing(tmp_path: Path) -> None:
    """
    What a visitor of the site holds, also one who agreed to everything, is no session here.
    """
    room = furnish(tmp_path)
    theirs = {
        use: Seal(room.site.keys, use).sign(write_holder(Holder(SUBJECT, room.records[0].id)))
        for use in ("choice", "holder", "receipt")
    }
    for value in theirs.values():
        assert Visitor(room.app, cookies={"ckit_audit": value, "ckit_id": value, "ckit": value}).get("/").status == 303


def test_a_token_that_is_taken_back_ends_its_sessions(room: Room, tmp_path: Path) -> None:
    """
    The file is read again when it changes: no restart, and no session that outlives its token.
    """
    path = tmp_path / "consentkit.audit"
    first = issue(path, "eve", Role.READER, lambda n: bytes([n]) * n)
    eve = room.signed_in(first)
    assert eve.get("/").status == 200
    second = issue(path, "eve", Role.READER, lambda n: bytes([n + 1]) * n)
    assert eve.get("/").status == 303
    again = room.signed_in(second)
    assert again.get("/").status == 200
    assert revoke(path, "eve")

    assert again.get("/").status == 303
    assert room.visitor().post("/sign-in", {"token": second}).status == 403


def test_a_token_file_that_others_can_read_lets_nobody_in(
    room: Room, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """
    The operator is told what to do; the visitor only that it does not work.
    """
    path = tmp_path / "consentkit.audit"
    path.write_text("")
    path.chmod(0o644)

    answer = room.visitor().get("/")
    signing = room.visitor().post("/sign-in", {"token": "x.y"})

    assert (answer.status, signing.status) == (303, 503)
    assert "chmod 600" in caplog.text
    assert "chmod" not in signing.text


@pytest.mark.parametrize("path", ["/erase", "/hold", "/release"])
def test_a_reader_changes_nothing(room: Room, path: str) -> None:
    """
    Pages and forms of officers are refused to readers, and no link leads there.
    """
    bob, id = room.signed_in(BOB), room.records[0].id

    assert bob.get(f"{path}?id={id}").status == 403
    assert bob.press(path, {"id": id, "which": "whole", "reason": "x"}).status == 403
    assert path not in bob.get(f"/record?id={id}").text
    assert {kind for kind, _, _ in room.told()} == {"lookup"}


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"sec_fetch_site": "same-origin"}, 303),
        ({"sec_fetch_site": "cross-site"}, 403),
        ({"sec_fetch_site": "same-site"}, 403),
        ({"sec_fetch_site": "none"}, 403),
        ({"sec_fetch_site": "", "origin": "http://audit.example"}, 303),
        ({"sec_fetch_site": "", "origin": "http://evil.example"}, 403),
        ({"sec_fetch_site": "", "origin": "null"}, 403),
        ({"sec_fetch_site": ""}, 403),
        ({"content_type": "text/plain"}, 415),
        ({"content_type": "multipart/form-data; boundary=x"}, 415),
    ],
)
def test_a_form_comes_from_here(room: Room, headers: dict[str, str], status: int) -> None:
    """
    Other sites can send no form in an auditor's name, whatever the browser tells of where it came from.
    """
    anna = room.signed_in()
    form = {"form": anna.get("/integrity").form_token}

    assert anna.post("/verify", form, **headers).status == status
    room.app.verification.wait()


def test_a_form_is_its_auditors_own_and_fresh(room: Room) -> None:
    """
    A token of another auditor, of another session, an old one or none is refused, and so is a form that is too large.
    """
    anna, bob, again = room.signed_in(), room.signed_in(BOB), room.signed_in()
    token, others, elsewhere = (each.get("/integrity").form_token for each in (anna, bob, again))

    for wrong in ("", others, elsewhere, token[:-1], token + "x", "0~~616e6e61"):
        assert anna.post("/verify", {"form": wrong}).status == 403
    assert anna.post("/verify", {"form": token, "x": "x" * 20_000}).status == 413
    assert anna.post("/verify", {"form": token, **{f"f{n}": "" for n in range(60)}}).status == 403
    room.clock.forward(IDLE_SECONDS - 5)
    anna.get("/")
    room.clock.forward(10)
    assert anna.post("/verify", {"form": token}).status == 403


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "get", "X-ERASE"])
def test_other_methods_do_nothing(room: Room, method: str) -> None:
    """
    Each path says what it takes, and takes nothing else.
    """
    anna = room.signed_in()

    for path, allow in (("/", "GET, HEAD"), ("/verify", "POST"), ("/erase", "GET, HEAD, POST")):
        answer = anna.ask(method, path, b"", {"x-http-method-override": "POST"})
        assert (answer.status, answer.header("allow")) == (405, allow)
    assert anna.get("/verify").status == 405
    assert room.told() == []


# Guards


def test_a_guard_decides_alone(tmp_path: Path) -> None:
    """
    The owner's own sign-in says who it is; tokens are then good for nothing, and nobody else gets a page.
    """

    async def guard(scope: Any) -> Auditor | None:
        name = dict(scope["headers"]).get(b"x-user", b"").decode()
        return Auditor(name, "officer" if name == "dpo" else "reader") if name else None

    room = furnish(tmp_path, guard=guard)
    visitor = room.visitor()

    assert visitor.get("/").status == 403
    assert visitor.get("/sign-in").status == 403
    assert visitor.post("/sign-in", {"token": ANNA}).status == 403
    assert "dpo, officer" in visitor.get("/", x_user="dpo").text
    assert "Sign out" not in visitor.get("/", x_user="dpo").text
    assert visitor.get(f"/erase?id={room.records[0].id}", x_user="jo").status == 403
    token = visitor.get("/integrity", x_user="jo").form_token
    assert visitor.post("/verify", {"form": token}, x_user="dpo").status == 403
    assert visitor.post("/verify", {"form": token}, x_user="jo").status == 303
    room.app.verification.wait()


@pytest.mark.parametrize("answer", [True, "dpo", ("dpo", "officer"), object()])
def test_a_guard_that_answers_something_else_lets_nobody_in(
    tmp_path: Path, answer: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """
    True is no auditor: the operator gets the traceback, whoever asked an empty page.
    """
    room = furnish(tmp_path, guard=lambda scope: answer)

    answered = room.visitor().get("/")

    assert (answered.status, answered.body) == (500, b"Internal Server Error")
    assert "it answers an Auditor or None" in caplog.text


@pytest.mark.parametrize(("name", "role"), [("", "reader"), ("x", "admin"), ("a\nb", "reader"), ("x" * 101, "reader")])
def test_an_auditor_has_a_name_and_a_known_role(name: str, role: str) -> None:
    """
    A guard with a typo in a role raises, and lets nobody in.
    """
    with pytest.raises(ValueError, match=r"admin|printable"):
        Auditor(name, role)


def test_a_site_without_a_secret_has_no_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Sessions are signed with the site's secret, so there is none without.
    """
    site = Site(**settings())
    object.__setattr__(site, "secret", ())

    with pytest.raises(ConfigurationError, match="CONSENTKIT_SECRET"):
        AuditApp(site)


# Mounting


def test_mounted_it_stays_in_its_place(room: Room) -> None:
    """
    Below another app every link and cookie leads back to where it is mounted, and a banner is put on no page of it.
    """
    app = ConsentMiddleware(Starlette(routes=[Mount("/intern/audit", room.app)]), room.site)
    anna = Visitor(app)
    door = anna.get("/intern/audit/", accept="text/html", sec_fetch_mode="navigate", sec_fetch_dest="document")
    entered = anna.post("/intern/audit/sign-in", {"token": ANNA})
    page = anna.get(f"/intern/audit/?subject={SUBJECT}", accept="text/html", sec_fetch_dest="document")

    assert door.header("location") == "/intern/audit/sign-in"
    assert entered.header("location") == "/intern/audit/"
    assert page.status == 200
    assert 'id="ckit-root"' not in page.text
    assert page.header("x-ckit") == ""
    assert page.header("content-security-policy").startswith("default-src 'none'")
    assert f'href="/intern/audit/record?id={room.records[0].id}"' in page.text
    assert 'href="/record' not in page.text


def test_the_root_path_of_a_server_counts(room: Room) -> None:
    """
    Behind a proxy that takes a prefix off, links have it, and what is quoted in it stays quoted.
    """
    visitor = room.visitor(root_path='/a"><b>')

    assert visitor.get("/x").header("location") == "/a%22%3E%3Cb%3E/sign-in"
    assert "<b>" not in visitor.get("/sign-in").text
