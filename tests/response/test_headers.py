"""Header fields as ASGI carries them: a list, in order, with repeated names."""

from __future__ import annotations

from typing import Any

from consentkit.response.headers import Fields, copied, first, joined, members, replaced, values, without

FIELDS: Fields = [(b"vary", b"Cookie"), (b"set-cookie", b"a=1"), (b"vary", b" Accept , "), (b"set-cookie", b"b=2")]


def test_a_copy_has_lower_names_and_is_our_own() -> None:
    """
    An app may reuse its list and its buffers, and may leave the list out.
    """
    value = bytearray(b"one")
    given: list[Any] = [[b"Set-Cookie", value], (b"SET-COOKIE", b"two")]

    headers = copied(given)
    value[:] = b"two"
    given.clear()

    assert headers == [(b"set-cookie", b"one"), (b"set-cookie", b"two")]
    assert copied(None) == []


def test_repeated_names_stay_repeated() -> None:
    """
    Two cookies are two fields.
    """
    assert list(values(FIELDS, b"set-cookie")) == [b"a=1", b"b=2"]
    assert first(FIELDS, b"set-cookie") == b"a=1"
    assert first(FIELDS, b"etag") is None


def test_a_list_header_is_one_list() -> None:
    """
    Values of a repeated list header belong together; empty members are none.
    """
    assert joined(FIELDS, b"vary") == "Cookie,  Accept , "
    assert members(FIELDS, b"vary") == ["cookie", "accept"]
    assert joined(FIELDS, b"etag") == ""
    assert members(FIELDS, b"etag") == []


def test_a_header_is_replaced_where_it_stood() -> None:
    """
    The new value takes the first place, and what was repeated goes; order stays.
    """
    assert replaced(FIELDS, b"vary", b"*") == [(b"vary", b"*"), (b"set-cookie", b"a=1"), (b"set-cookie", b"b=2")]
    assert replaced(FIELDS, b"etag", b"x") == [*FIELDS, (b"etag", b"x")]
    assert replaced([], b"etag", b"x") == [(b"etag", b"x")]


def test_headers_are_left_out_by_name() -> None:
    """
    All fields of the names go, the others stay in order.
    """
    assert without(FIELDS, b"vary", b"etag") == [(b"set-cookie", b"a=1"), (b"set-cookie", b"b=2")]
    assert without(FIELDS) == FIELDS
