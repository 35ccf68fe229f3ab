"""Receipts and checkpoints over HTTP: each visitor their own, and nobody another's."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from consentkit import ConsentMiddleware
from consentkit.errors import LogUnavailable
from consentkit.log import checkpoint as notes
from consentkit.log import receipt as receipts
from consentkit.log import tree
from consentkit.log.checkpoint import SigningKey, make_key, write_key
from consentkit.log.problems import LogBusy
from tests.asgi.harness import NAVIGATION, PAGE, Exchange, answering, call, scope_of, wrapped
from tests.asgi.test_choice import SAME, cookie_header, post, shown_on

AS_JSON = {**SAME, "accept": "application/json"}


@pytest.fixture
def key(tmp_path: Path) -> SigningKey:
    key = make_key("courier.example/log", bytes(range(32)))
    write_key(tmp_path / "consentkit.key", key)
    return key


async def get(
    app: ConsentMiddleware, path: str, headers: dict[str, str] | None = None, *, accept: str = "text/html"
) -> Exchange:
    path, _, query = path.partition("?")
    return await call(app, scope_of(path, headers={**NAVIGATION, **(headers or {}), "accept": accept}, query=query))


async def agreed(app: ConsentMiddleware) -> dict[str, str]:
    """The cookies of a visitor who accepted."""
    return cookie_header(await post(app, action="accept_all", shown=await shown_on(app)))


async def signed_receipt(app: ConsentMiddleware, cookies: dict[str, str]) -> dict[str, Any]:
    """The receipt once the tree has taken its record in."""
    while True:
        answer: dict[str, Any] = json.loads((await get(app, "/_ckit/receipt", cookies, accept="application/json")).body)
        if answer["signed"] == "checkpoint":
            return answer
        await asyncio.sleep(0.02)


async def test_a_receipt_can_be_verified_without_us(tmp_path: Path, key: SigningKey) -> None:
    """
    The receipt of a choice holds the record and a proof under a checkpoint that the site's key signed.
    """
    app = wrapped(answering(PAGE), tmp_path)
    receipt = await signed_receipt(app, await agreed(app))
    proof = receipts.parse_receipt(json.dumps(receipt))

    assert proof.note is not None
    checkpoint = notes.open_checkpoint(proof.note, [key.verifier])
    assert receipt["record"]["action"] == "accept_all"
    assert receipt["keys"] == [str(key.verifier)]
    assert tree.is_included(proof.leaf, proof.index, checkpoint.size, proof.hashes, checkpoint.root)


async def test_a_receipt_is_a_page_and_a_file(tmp_path: Path, key: SigningKey) -> None:
    """
    The page shows record and proof and links the file; both are kept by no cache and found by no robot.
    """
    app = wrapped(answering(PAGE), tmp_path)
    cookies = await agreed(app)
    receipt = await signed_receipt(app, cookies)
    page = await get(app, "/_ckit/receipt", cookies)
    file = await get(app, "/_ckit/receipt?file=1", cookies)

    assert page.status == 200
    assert receipt["record"]["id"].encode() in page.body
    assert b"c2sp.org/tlog-proof@v1" in page.body
    assert b'href="/_ckit/receipt?file=1"' in page.body
    assert file.header("content-disposition") == 'attachment; filename="receipt.json"'
    assert json.loads(file.body)["record"] == receipt["record"]
    for exchange in (page, file):
        assert exchange.header("cache-control") == "no-store"
        assert exchange.header("x-robots-tag") == "noindex"


async def test_without_a_key_a_receipt_says_unsigned(tmp_path: Path) -> None:
    """
    Where nothing is signed the receipt says so, and there is no checkpoint.
    """
    app = wrapped(answering(PAGE), tmp_path)
    answer = json.loads((await get(app, "/_ckit/receipt", await agreed(app), accept="application/json")).body)

    assert (answer["signed"], answer["proof"], answer["keys"]) == ("unsigned", "", [])
    assert (await get(app, "/_ckit/checkpoint")).status == 404


async def test_who_refused_gets_an_address_for_an_hour(
    tmp_path: Path, key: SigningKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    A refusal leaves no identifier, so its receipt is reached by an address that is given once and good for one hour.
    """
    app = wrapped(answering(PAGE), tmp_path)
    answer = json.loads((await post(app, AS_JSON, action="reject_all")).body)
    receipt = json.loads((await get(app, answer["receipt"], accept="application/json")).body)
    file = await get(app, answer["receipt"] + "&file=1")

    assert receipt["record"]["id"] == answer["record"]
    assert receipt["record"]["subject"] is None
    assert json.loads(file.body)["record"]["id"] == answer["record"]

    monkeypatch.setattr(app._workshop, "now", lambda: datetime.now(UTC) + timedelta(hours=1, seconds=2))
    assert (await get(app, answer["receipt"])).status == 404


async def test_the_preferences_page_links_the_receipt_of_a_refusal(tmp_path: Path, key: SigningKey) -> None:
    """
    Without script, who refuses on the preferences page finds the link there.
    """
    app = wrapped(answering(PAGE), tmp_path)
    exchange = await post(app, action="reject_all", next="/_ckit/preferences?lang=en")
    location = exchange.header("location") or ""
    page = await get(app, location.partition("#")[0])
    link = page.body.decode().split('href="/_ckit/receipt?of=')[1].split('"')[0]

    assert location.startswith("/_ckit/preferences?lang=en&receipt=")
    assert (await get(app, f"/_ckit/receipt?of={link}")).status == 200


async def test_elsewhere_no_address_carries_a_receipt(tmp_path: Path, key: SigningKey) -> None:
    """
    On the app's own pages no token is put into the address, and an agreement needs none.
    """
    app = wrapped(answering(PAGE), tmp_path)
    refused = await post(app, action="reject_all", next="/news")
    agreed = await post(app, AS_JSON, action="accept_all", shown=await shown_on(app))

    assert refused.header("location") == "/news#ckit-saved"
    assert "receipt" not in json.loads(agreed.body)


@pytest.mark.parametrize(
    "query", ["of=", "of=x", "of=" + "x" * 5000, "of=018f0000-0000-7000-8000-000000000000~9999999999", "of=%00%ff"]
)
async def test_a_guessed_address_opens_nothing(tmp_path: Path, key: SigningKey, query: str) -> None:
    """
    An address that we did not sign is answered like one that is over.
    """
    app = wrapped(answering(PAGE), tmp_path)
    await agreed(app)

    assert (await get(app, f"/_ckit/receipt?{query}")).status == 404


async def test_a_token_of_another_use_opens_nothing(tmp_path: Path, key: SigningKey) -> None:
    """
    The value of a cookie or a view token is no address of a receipt.
    """
    app = wrapped(answering(PAGE), tmp_path)
    cookies = await agreed(app)
    for value in (*(pair.partition("=")[2] for pair in cookies["cookie"].split("; ")), await shown_on(app)):
        assert (await get(app, f"/_ckit/receipt?of={value}")).status == 404


async def test_without_a_record_there_is_no_receipt(tmp_path: Path, key: SigningKey) -> None:
    """
    A visitor without ckit_id, with a forged one, or with one whose record is gone gets a page that says so.
    """
    app = wrapped(answering(PAGE), tmp_path)

    for cookie in ({}, {"cookie": "ckit_id=s=a&r=b.forged"}):
        assert (await get(app, "/_ckit/receipt", cookie)).status == 404
    cookies = await agreed(app)
    await app._workshop.log.close()
    for each in list(tmp_path.glob("consent.db*")):
        each.unlink()
    (tmp_path / "consentkit.key.seen").unlink()
    assert (await get(app, "/_ckit/receipt", cookies)).status == 404


async def test_the_newest_checkpoint_is_public(tmp_path: Path, key: SigningKey) -> None:
    """
    Anyone may fetch the signed checkpoint, and keep it: it names nobody.
    """
    app = wrapped(answering(PAGE), tmp_path)
    await signed_receipt(app, await agreed(app))
    answer = await get(app, "/_ckit/checkpoint")

    assert (answer.status, answer.header("content-type")) == (200, "text/plain; charset=utf-8")
    assert notes.open_checkpoint(answer.body.decode(), [key.verifier]).size == 1


async def test_the_checkpoint_can_be_turned_off(tmp_path: Path, key: SigningKey) -> None:
    """
    With checkpoint=False the route is not there.
    """
    app = wrapped(answering(PAGE), tmp_path, checkpoint=False)
    await signed_receipt(app, await agreed(app))

    assert (await get(app, "/_ckit/checkpoint")).status == 404


async def test_a_busy_log_says_when_to_try_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    The 503 of a grant carries the seconds that the log itself names.
    """
    app = wrapped(answering(PAGE), tmp_path)
    shown = await shown_on(app)

    async def busy(*_: object, **__: object) -> None:
        raise LogBusy(10_000, retry_after_seconds=7)

    async def broken(*_: object, **__: object) -> None:
        raise LogUnavailable("the disk is full")

    monkeypatch.setattr(app._workshop.log, "append", busy)
    assert (await post(app, action="accept_all", shown=shown)).header("retry-after") == "7"
    monkeypatch.setattr(app._workshop.log, "append", broken)
    assert (await post(app, action="accept_all", shown=shown)).header("retry-after") == "60"


async def test_a_log_that_can_not_be_read_is_a_503(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    A receipt that can't be looked up just now is a page that says so, not an error.
    """
    app = wrapped(answering(PAGE), tmp_path)
    cookies = await agreed(app)

    async def broken(*_: object, **__: object) -> None:
        raise LogUnavailable("the disk is gone")

    monkeypatch.setattr(app._workshop.log, "receipt", broken)

    answer = await get(app, "/_ckit/receipt", cookies)
    assert (answer.status, answer.header("retry-after")) == (503, "60")
