from __future__ import annotations

import hashlib
import json
import uuid
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consentkit.log.record import (
    EXPORTED,
    Record,
    State,
    canonical,
    enter,
    exported,
    parse,
    state_of,
    to_the_second,
    uuid7,
)
from consentkit.log.tree import leaf_hash
from tests.log.samples import NOON, NOTICE, SALT, record, records, salts, times


@given(records(), salts)
def test_a_record_is_read_back_as_it_was_written(made: Record, salt: bytes) -> None:
    """
    Parsing a payload gives the record that it was made from.
    """
    assert parse(canonical(made, salt)) == made


@given(records(), salts)
def test_a_record_has_one_payload(made: Record, salt: bytes) -> None:
    """
    Writing a parsed record again gives the same bytes.
    """
    payload = canonical(made, salt)

    assert canonical(parse(payload), salt) == payload


@given(records(), salts, salts)
def test_the_salt_hides_the_choice(made: Record, salt: bytes, other: bytes) -> None:
    """
    The same choice under another salt has another leaf hash, so the hash alone tells nothing.
    """
    same = leaf_hash(canonical(made, salt)) == leaf_hash(canonical(made, other))

    assert same == (salt == other)


def test_the_payload_is_pinned() -> None:
    """
    The bytes that are hashed never change under a schema; this is schema 1.
    """
    made = record(id="019ab5c4-3a00-7abc-8def-0123456789ab", subject=None)

    assert canonical(made, SALT).decode() == (
        '{"action":"accept_all","device":"desktop","expires":"2027-05-23","gpc":false,'
        '"id":"019ab5c4-3a00-7abc-8def-0123456789ab","kind":"choice","language":"en","layer":"banner",'
        '"method":"form","notice":"unknown","policies":{"privacy":{"accepted":false,'
        f'"sha256":"{"a" * 64}","version":"2026-11-01"}}}},"previous":null,'
        '"purposes":{"analytics":true,"media":true},"regime":"opt-in",'
        '"salt":"000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f","schema":1,'
        '"site":"Drina Courier","state":"given","subject":null,"time":"2026-11-24T12:00:00Z",'
        '"vendors":{"google-analytics":true,"youtube":true}}'
    )


def test_the_exported_names_are_pinned() -> None:
    """
    Exports carry exactly these names, in this order, and never the salt.
    """
    assert tuple(exported(record())) == EXPORTED


def test_the_leaf_hash_is_that_of_rfc_6962() -> None:
    """
    A leaf is hashed with a zero byte in front, so that no inner node can be passed off as one.
    """
    assert leaf_hash(b"") == hashlib.sha256(b"\x00").digest()


@pytest.mark.parametrize(
    ("payload", "words"),
    [
        (b"[]", "no record of a choice in schema 1"),
        (b'{"kind":"erase","schema":1}', "no record of a choice in schema 1"),
        (b'{"kind":"choice","schema":2}', "no record of a choice in schema 1"),
        (b'{"kind":"choice","schema":1}', r"not whole \(KeyError\('id'\)\)"),
        (b"not json", "Expecting value"),
    ],
    ids=["no object", "another kind", "a later schema", "names missing", "no JSON"],
)
def test_what_is_no_record_is_refused(payload: bytes, words: str) -> None:
    """
    Bytes that are no record of a known schema are an error that shows them.
    """
    with pytest.raises(ValueError, match=words):
        parse(payload)


def test_names_of_a_later_version_are_passed_over() -> None:
    """
    A record to which a later version added a name can still be read.
    """
    made = record()
    named = json.loads(canonical(made, SALT))

    assert parse(json.dumps({**named, "mood": "good"}).encode()) == made


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"time": NOON.replace(tzinfo=None)}, "UTC in whole seconds"),
        ({"time": NOON.replace(microsecond=1)}, "UTC in whole seconds"),
        ({"notice": "A" * 64}, "SHA-256 in hex or 'unknown'"),
    ],
    ids=["no zone", "finer than a second", "upper-case digest"],
)
def test_a_record_that_breaks_its_rules_is_not_made(changes: dict[str, object], words: str) -> None:
    """
    A time that says too much or too little, or a notice that is no digest, is refused at once.
    """
    with pytest.raises(ValueError, match=words):
        record(**changes)


@pytest.mark.parametrize("length", [0, 16, 33])
def test_a_salt_of_another_length_is_refused(length: int) -> None:
    """
    A salt is 32 bytes; a shorter one could be guessed.
    """
    with pytest.raises(ValueError, match="32 random bytes"):
        canonical(record(), bytes(length))


def test_a_notice_that_the_record_does_not_name_is_refused() -> None:
    """
    A record can't be entered with another notice than the one it names.
    """
    with pytest.raises(ValueError, match="names notice unknown"):
        enter(record(), SALT, notice=NOTICE)


@pytest.mark.parametrize(
    ("answers", "granted_before", "state"),
    [
        ([], False, State.ACCEPTED),
        ([], True, State.ACCEPTED),
        ([True, True], False, State.GIVEN),
        ([True, False], True, State.PARTLY),
        ([False, False], False, State.REFUSED),
        ([False], True, State.WITHDRAWN),
    ],
)
def test_the_state_says_what_holds_afterwards(answers: list[bool], granted_before: bool, state: State) -> None:
    """
    A refusal takes back what was agreed before, and terms alone are no consent.
    """
    assert state_of(answers, granted_before=granted_before) is state


@given(times, st.binary(min_size=10, max_size=10))
def test_an_id_is_a_uuid_of_version_7(time: datetime, random_bytes: bytes) -> None:
    """
    Ids are well-formed UUIDv7 and carry the time of their record.
    """
    made = uuid.UUID(uuid7(time, random_bytes))

    assert (made.version, made.variant) == (7, uuid.RFC_4122)
    assert made.int >> 80 == int(time.timestamp()) * 1000


def test_an_id_tells_no_finer_time_than_its_record() -> None:
    """
    The milliseconds in an id are always zero.
    """
    assert uuid7(NOON.replace(microsecond=987_654), bytes(10)) == uuid7(NOON, bytes(10))


def test_an_id_needs_its_random_bytes() -> None:
    """
    Too few random bytes for an id are an error.
    """
    with pytest.raises(ValueError, match="10 random bytes, not 9"):
        uuid7(NOON, bytes(9))


def test_a_time_is_kept_in_utc_to_the_second() -> None:
    """
    A time of any zone becomes UTC in whole seconds.
    """
    sarajevo = timezone(timedelta(hours=1))

    assert to_the_second(datetime(2026, 11, 24, 13, 0, 0, 999, sarajevo)) == NOON
    assert to_the_second(NOON).tzinfo is UTC


def test_the_index_is_no_part_of_the_payload() -> None:
    """
    Where a record lies does not change what it says.
    """
    made = record()

    assert canonical(replace(made, index=7), SALT) == canonical(made, SALT)
    assert parse(canonical(made, SALT), index=7) == replace(made, index=7)
