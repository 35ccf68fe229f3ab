"""Places of the page's own, through the whole middleware."""

from __future__ import annotations

from pathlib import Path

import pytest

from consentkit import ConfigurationError, ConsentMiddleware
from tests.asgi.harness import NAVIGATION, PAGE, answering, call, make_site, scope_of

EMPTY = b'<div data-ckit-slot="choices"></div>'
WITH_SLOT = PAGE.replace(b"</body>", EMPTY + b"</body>")
HTML = [(b"content-type", b"text/html")]
FILLED = b'<div data-ckit-slot="choices"><span data-ckit-ui="slot"'


@pytest.mark.parametrize("holding", ["observe", "known", "strict"])
async def test_a_slot_is_filled_where_the_owner_says_so(tmp_path: Path, holding: str) -> None:
    """
    At first and at second sight, and when the page is remembered; without the option it stays as it is.
    """
    app = ConsentMiddleware(answering(WITH_SLOT, headers=HTML), make_site(tmp_path, slots=True, holding=holding))
    without = ConsentMiddleware(answering(WITH_SLOT, headers=HTML), make_site(tmp_path, holding=holding))

    bodies = {(await call(app, scope_of())).body for _ in range(4)}

    assert len(bodies) == 1
    assert FILLED in bodies.pop()
    assert EMPTY in (await call(without, scope_of())).body


async def test_each_visitor_gets_their_own(tmp_path: Path) -> None:
    """
    A remembered page has the links of the address that was asked for.
    """
    app = ConsentMiddleware(answering(WITH_SLOT, headers=HTML), make_site(tmp_path, slots=True))

    for path in ("/a", "/b", "/a", "/b"):
        body = (await call(app, scope_of(path))).body
        assert body.partition(FILLED)[2].partition(b"next=")[2].startswith(path.encode() + b'"')


async def test_what_is_no_page_is_not_filled(tmp_path: Path) -> None:
    """
    A frame of the page gets no controls, and so none in its slots.
    """
    app = ConsentMiddleware(answering(WITH_SLOT, headers=HTML), make_site(tmp_path, slots=True))

    assert EMPTY in (await call(app, scope_of(headers={**NAVIGATION, "sec-fetch-dest": "iframe"}))).body


def test_anything_but_yes_or_no_is_a_mistake(tmp_path: Path) -> None:
    """
    A list of names, for one.
    """
    with pytest.raises(ConfigurationError, match="slots"):
        make_site(tmp_path, slots=["choices"])
