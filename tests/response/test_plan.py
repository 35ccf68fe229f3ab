"""May this response be touched? One table."""

from __future__ import annotations

import pytest

from consentkit.response.headers import Fields
from consentkit.response.plan import LOUD, Untouched, codings, content_type, plan
from consentkit.rewrite import Inserting
from tests.response.visits import visit

HTML = (b"content-type", b"text/html; charset=utf-8")
PAGE = visit(headers={"sec-fetch-mode": "navigate", "sec-fetch-dest": "document"})


@pytest.mark.parametrize(
    ("status", "headers", "reason"),
    [
        pytest.param(200, [HTML], None, id="page"),
        pytest.param(200, [(b"content-type", b"TEXT/HTML;charset=x")], None, id="capitals"),
        pytest.param(200, [(b"content-type", b"application/xhtml+xml")], None, id="xhtml"),
        pytest.param(404, [HTML], None, id="not found"),
        pytest.param(500, [HTML], None, id="error"),
        pytest.param(302, [HTML], None, id="redirect with a body"),
        pytest.param(200, [], Untouched.NOT_HTML, id="no type"),
        pytest.param(200, [(b"content-type", b"")], Untouched.NOT_HTML, id="empty type"),
        pytest.param(200, [(b"content-type", b"application/json")], Untouched.NOT_HTML, id="json"),
        pytest.param(200, [(b"content-type", b"text/event-stream")], Untouched.NOT_HTML, id="event stream"),
        pytest.param(200, [(b"content-type", b"text/htmlx")], Untouched.NOT_HTML, id="nearly html"),
        pytest.param(200, [(b"content-type", b"image/svg+xml")], Untouched.NOT_HTML, id="svg"),
        pytest.param(103, [HTML], Untouched.NO_BODY, id="early hints"),
        pytest.param(204, [HTML], Untouched.NO_BODY, id="no content"),
        pytest.param(205, [HTML], Untouched.NO_BODY, id="reset content"),
        pytest.param(206, [HTML], Untouched.NO_BODY, id="part"),
        pytest.param(304, [HTML], Untouched.NO_BODY, id="not modified"),
        pytest.param(200, [HTML, (b"content-range", b"bytes 0-1/9")], Untouched.NO_BODY, id="range"),
        pytest.param(
            200, [HTML, (b"content-disposition", b" Attachment; filename=a")], Untouched.ATTACHMENT, id="download"
        ),
        pytest.param(200, [HTML, (b"content-disposition", b"inline")], None, id="inline"),
        pytest.param(
            200, [HTML, (b"cache-control", b"max-age=5, No-Transform")], Untouched.NO_TRANSFORM, id="no-transform"
        ),
        pytest.param(200, [HTML, (b"content-encoding", b"compress")], Untouched.CODING, id="compress"),
        pytest.param(200, [HTML, (b"content-encoding", b"gzip, compress")], Untouched.CODING, id="two codings"),
        pytest.param(200, [HTML, (b"content-encoding", b"gzip, gzip")], Untouched.CODING, id="gzip twice"),
        pytest.param(
            200,
            [HTML, (b"content-encoding", b"gzip"), (b"content-encoding", b"gzip")],
            Untouched.CODING,
            id="two fields",
        ),
        pytest.param(200, [HTML, (b"content-encoding", b"GZIP")], None, id="gzip"),
        pytest.param(200, [HTML, (b"content-encoding", b"x-gzip")], None, id="x-gzip"),
        pytest.param(200, [HTML, (b"content-encoding", b"deflate")], None, id="deflate"),
        pytest.param(200, [HTML, (b"content-encoding", b"identity")], None, id="identity"),
    ],
)
def test_only_whole_pages_that_we_can_read_are_touched(status: int, headers: Fields, reason: Untouched | None) -> None:
    """
    A page is HTML with a whole body, to be shown, in a coding that we know, and not forbidden to be changed.
    """
    assert plan(PAGE, status, headers).untouched is reason


def test_a_page_can_be_left_alone() -> None:
    """
    What the app switches off passes, and is not called a page that we failed to change.
    """
    made = plan(PAGE, 200, [HTML, (b"content-encoding", b"compress")], skipped=True)

    assert made.untouched is Untouched.SKIPPED
    assert made.untouched not in LOUD


def test_a_page_that_goes_out_unchanged_is_told() -> None:
    """
    A page that we may not or can't change is no silent failure.
    """
    assert {Untouched.NO_TRANSFORM, Untouched.CODING} == LOUD


@pytest.mark.parametrize(
    ("headers", "inserting"),
    [
        ({"sec-fetch-mode": "navigate"}, Inserting.ALWAYS),
        ({"accept": "text/html"}, Inserting.UNLESS_FRAGMENT),
        ({"sec-fetch-mode": "cors", "sec-fetch-dest": "empty"}, Inserting.NEVER),
        ({"sec-fetch-dest": "iframe", "sec-fetch-mode": "navigate"}, Inserting.NEVER),
    ],
    ids=["page", "perhaps a page", "fetch()", "iframe"],
)
def test_controls_go_into_what_was_asked_for_as_a_page(headers: dict[str, str], inserting: Inserting) -> None:
    """
    Third parties are held in all HTML; controls go only where a page was asked for.
    """
    made = plan(visit(headers=headers), 200, [HTML])

    assert made.untouched is None
    assert made.inserting is inserting


def test_a_plan_carries_how_the_body_is_written() -> None:
    """
    Coding, charset and syntax are known before the body comes.
    """
    headers = [(b"content-type", b'application/xhtml+xml; q=1; Charset="UTF-16"'), (b"content-encoding", b"gzip")]

    made = plan(PAGE, 200, headers)

    assert (made.coding, made.charset, made.xhtml) == ("gzip", "utf-16", True)
    assert not plan(PAGE, 200, [HTML]).xhtml
    assert plan(PAGE, 200, [HTML]).coding == ""


@pytest.mark.parametrize(
    ("value", "found"),
    [
        (b"text/html", ("text/html", "")),
        (b" Text/HTML ; charset=UTF-8 ", ("text/html", "utf-8")),
        (b"text/html;charset='latin1'", ("text/html", "latin1")),
        (b"text/html; boundary=x; charset=koi8-r; charset=x", ("text/html", "koi8-r")),
        (b"text/html; charset", ("text/html", "")),
        (b"text/html;", ("text/html", "")),
        (b"\xff", ("\xff", "")),
    ],
)
def test_a_content_type_is_read_as_servers_write_it(value: bytes, found: tuple[str, str]) -> None:
    """
    Quotes, blanks and capitals change nothing; of two charsets the first counts.
    """
    assert content_type(value) == found


def test_identity_is_no_coding() -> None:
    """
    A body that was not encoded says so or says nothing.
    """
    assert codings([(b"content-encoding", b"identity, gzip")]) == ["gzip"]
    assert codings([]) == []
