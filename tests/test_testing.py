"""What owners use in their own tests."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import pytest

from consentkit import consent_of
from consentkit.decide import Asking, decide
from consentkit.errors import UnknownPurpose, UnknownVendor
from consentkit.settings import Site
from consentkit.testing import Off, cookies
from tests.response.visits import visit
from tests.settings.sites import courier


def decided(site: Site, jar: dict[str, str]) -> Any:
    sent = "; ".join(f"{name}={value}" for name, value in jar.items())
    return decide(site, visit(cookie=sent, now=datetime.now(UTC)))


@pytest.mark.parametrize(
    ("granted", "vendors", "allowed"),
    [
        ([], [], set()),
        (["analytics"], [], {"counter"}),
        (["media"], [], {"tube", "maps"}),
        ([], ["tube"], {"tube"}),
        (["analytics"], ["tube"], {"counter", "tube"}),
        (["media"], ["tube"], {"tube"}),
    ],
)
def test_a_visitor_who_has_chosen(granted: list[str], vendors: list[str], allowed: set[str]) -> None:
    """
    The cookies are those of a visitor who granted this today and refused the rest.
    """
    decision = decided(courier(), cookies(courier(), granted=granted, vendors=vendors))

    assert decision.allowed == allowed
    assert decision.asking is Asking.NOTHING


def test_names_may_come_from_a_generator() -> None:
    """
    Anything that can be iterated once is read once.
    """
    names: Iterable[str] = (name for name in ["tube"])

    assert decided(courier(), cookies(courier(), vendors=names)).allowed == {"tube"}


def test_terms_may_be_accepted_too() -> None:
    """
    With `accepted_terms` the visitor has accepted the present terms.
    """
    assert decided(courier(), cookies(courier(), accepted_terms=True)).accepted == {"terms"}


@pytest.mark.parametrize(
    ("options", "name"),
    [
        ({}, "__Host-ckit"),
        ({"url": ""}, "ckit"),
        ({"url": "http://localhost:8000"}, "ckit"),
        ({"cookie_domain": "courier.example"}, "ckit"),
        ({"cookie_name": "shop", "url": ""}, "shop"),
    ],
)
def test_the_cookie_is_called_as_on_the_site(options: dict[str, Any], name: str) -> None:
    """
    The name is the one that the middleware writes and reads.
    """
    assert cookies(courier(**options)).keys() == {name}


def test_a_misspelt_name_is_an_error() -> None:
    """
    A test that grants nothing by mistake would prove nothing.
    """
    with pytest.raises(UnknownPurpose, match="Did you mean 'analytics'"):
        cookies(courier(), granted=["analitics"])
    with pytest.raises(UnknownVendor, match="known vendors: ads, counter, maps, tube"):
        cookies(courier(), vendors=["utube"])


async def test_switched_off_it_only_answers(tmp_path: Any) -> None:
    """
    The switched-off middleware sends the page as it is, and the app can still ask.
    """
    answers: list[bool] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        answers.append(consent_of(scope).allows("analytics"))
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/html")]})
        await send({"type": "http.response.body", "body": b"<!doctype html><title>a</title><p>b"})

    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    site = courier(folder=tmp_path)
    jar = "; ".join(f"{name}={value}" for name, value in cookies(site, granted=["analytics"]).items())
    scope = {
        "type": "http", "method": "GET", "scheme": "https", "path": "/", "query_string": b"",
        "headers": [(b"host", b"courier.example"), (b"cookie", jar.encode()), (b"sec-fetch-mode", b"navigate")],
    }  # fmt: skip

    await Off(app, site)(scope, None, send)  # type: ignore[arg-type]

    assert answers == [True]
    assert sent[-1]["body"] == b"<!doctype html><title>a</title><p>b"
    assert not (tmp_path / "consent.db").exists()
