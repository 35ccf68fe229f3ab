from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from types import MappingProxyType

import pytest
from hypothesis import given

from consentkit.log.notice import Notice, NoticeVendor, canonical, parse
from tests.log.samples import NOTICE, notices


@given(notices())
def test_a_notice_is_read_back_as_it_was_written(made: Notice) -> None:
    """
    Parsing a snapshot gives the notice that it was made from, under the same digest.
    """
    assert parse(canonical(made)) == made
    assert parse(canonical(made)).digest == made.digest


@given(notices(), notices())
def test_a_digest_names_one_notice(one: Notice, other: Notice) -> None:
    """
    Two notices have the same digest exactly when they are the same.
    """
    assert (one.digest == other.digest) == (one == other)


def test_the_digest_can_be_computed_by_anyone() -> None:
    """
    The digest is the SHA-256 of the stored bytes, nothing else.
    """
    assert NOTICE.digest == hashlib.sha256(canonical(NOTICE)).hexdigest()


def test_the_order_of_the_buttons_counts() -> None:
    """
    A notice with its buttons the other way round is another notice.
    """
    assert replace(NOTICE, buttons=NOTICE.buttons[::-1]).digest != NOTICE.digest


def test_a_read_only_mapping_is_as_good_as_a_dict() -> None:
    """
    A notice takes the mappings of the site's own vendors as they are.
    """
    vendor = NoticeVendor(name="x", title="X", purpose="media", cookies=MappingProxyType({"_x": "1 day"}))
    same = replace(vendor, cookies={"_x": "1 day"})

    assert replace(NOTICE, vendors=(vendor,)).digest == replace(NOTICE, vendors=(same,)).digest


def test_a_notice_of_before_vendors_had_a_text_keeps_its_digest() -> None:
    """
    What was stored without that field is read, and gives the very bytes again that its records point to.
    """
    stored = canonical(NOTICE)
    said = replace(NOTICE, vendors=(replace(NOTICE.vendors[0], text="Measures how visitors use the site."),))

    assert "text" not in json.loads(stored)["vendors"][0]
    assert parse(stored).vendors[0].text == ""
    assert parse(stored).digest == hashlib.sha256(stored).hexdigest()
    assert parse(canonical(said)) == said
    assert said.digest != NOTICE.digest


@pytest.mark.parametrize("payload", [b"[]", b'{"schema":2}', b'{"schema":1}'], ids=["no object", "later", "not whole"])
def test_what_is_no_notice_is_refused(payload: bytes) -> None:
    """
    Bytes that are no snapshot of a known schema are an error.
    """
    with pytest.raises(ValueError, match="notice snapshot"):
        parse(payload)
