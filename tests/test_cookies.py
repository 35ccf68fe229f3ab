"""Choice <-> signed text: equal bytes for equal choices, and nothing that a visitor can send is an error."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from urllib.parse import parse_qs

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from consentkit.cookies import (
    CLOCK_SKEW,
    MAX_VALUE,
    TEXT_SIZES,
    VIEWS,
    Holder,
    ReaderChoice,
    Seal,
    Trust,
    offer_hash,
    parse_text_size,
    read_choice,
    read_holder,
    read_reader,
    write_choice,
    write_holder,
    write_reader,
)
from consentkit.vocabulary import Choice

OLD, NEW = "an old key of the tests, long enough", "a new key of the tests, long enough!"
SEAL = Seal([NEW], "choice")
NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
TODAY = NOON.date()
YES = Choice(day=TODAY, expires=TODAY + timedelta(days=180), purposes={"analytics": True}, vendors={"counter": True})

# No time is asserted: a shared machine is slow now and then.
law = settings(deadline=None)

IDS = st.from_regex(r"[a-z0-9_-]{1,32}", fullmatch=True)
ANSWERS = st.dictionaries(IDS, st.booleans(), max_size=4)
VERSIONS = st.dictionaries(IDS, st.text(min_size=1, max_size=8), max_size=2)
DAYS = st.dates(date(1970, 1, 1), date(2400, 1, 1))


@st.composite
def choices(draw: st.DrawFn, day: date | None = None, expires: date | None = None) -> Choice:
    return Choice(
        day=day or draw(DAYS),
        expires=expires or draw(DAYS),
        purposes=draw(ANSWERS),
        vendors=draw(ANSWERS),
        terms=draw(VERSIONS),
        closed=draw(VERSIONS),
        insisted=draw(st.frozensets(IDS, max_size=2)),
        offer=draw(st.sampled_from(["", "0123456789abcdef"])),
    )


def signed(choice: Choice, seal: Seal = SEAL) -> str:
    return seal.sign(write_choice(choice))


@law
@given(choices(day=TODAY, expires=TODAY + timedelta(days=180)))
def test_what_is_signed_is_read_again(choice: Choice) -> None:
    """
    A choice that was signed reads as the same choice, whatever its versions are called.
    """
    value = signed(choice)

    found, trust = read_choice(value, SEAL, NOON)

    if len(value) <= MAX_VALUE:
        assert (found, trust) == (choice, Trust.GOOD)
    else:
        assert (found, trust) == (None, Trust.FORGED)


@law
@given(choices())
def test_equal_choices_hold_equal_bytes(choice: Choice) -> None:
    """
    Who chose the same on the same day holds the same bytes: nothing in them tells two people apart.
    """
    turned = replace(
        choice,
        purposes=dict(reversed([*choice.purposes.items()])),
        vendors=dict(reversed([*choice.vendors.items()])),
        terms=dict(reversed([*choice.terms.items()])),
        closed=dict(reversed([*choice.closed.items()])),
    )

    assert signed(turned) == signed(choice)


@law
@given(choices())
def test_a_value_fits_into_a_cookie(choice: Choice) -> None:
    """
    A value is made of cookie octets alone, so no browser or proxy quotes or cuts it (RFC 6265, 4.1.1).
    """
    allowed = {chr(code) for code in range(0x21, 0x7F)} - set('",;\\')

    assert set(signed(choice)) <= allowed


def test_script_can_read_a_value() -> None:
    """
    The text is a query string, so a page's script can read it with URLSearchParams.
    """
    choice = replace(YES, vendors={"counter": True, "tube": False}, terms={"terms": "2026-11-01"})

    fields = parse_qs(write_choice(choice))

    assert fields == {
        "v": ["1"], "d": ["20781"], "e": ["20961"], "g": ["analytics"], "gv": ["counter"], "rv": ["tube"],
        "t": ["terms:2026-11-01"],
    }  # fmt: skip


def test_a_version_may_hold_what_separates_versions() -> None:
    """
    A policy's version is any short text; the signs of our own grammar are encoded in it.
    """
    choice = replace(YES, terms={"terms": "1~beta:2&x=3.4 č"})

    assert read_choice(signed(choice), SEAL, NOON) == (choice, Trust.GOOD)


@pytest.mark.parametrize("value", [None, ""], ids=["none", "empty"])
def test_no_cookie_is_no_choice(value: str | None) -> None:
    """
    Without a cookie there is no choice, and nothing is suspicious about that.
    """
    assert read_choice(value, SEAL, NOON) == (None, Trust.ABSENT)


GOOD = signed(YES)
BODY, _, SIGNATURE = GOOD.rpartition(".")


@pytest.mark.parametrize(
    "value",
    [
        BODY,
        f"{BODY}.",
        f".{SIGNATURE}",
        GOOD[:-1],
        GOOD[1:],
        GOOD + "A",
        GOOD.replace("g=analytics", "g=marketing"),
        GOOD.replace("counter", "counte\xe9"),
        f'"{GOOD}"',
        signed(YES, Seal([NEW], "id")),
        signed(YES, Seal([OLD], "choice")),
        GOOD.upper(),
        "x" * MAX_VALUE,
        SEAL.sign("g=" + "a" * MAX_VALUE),
        "\x00",
        "\udcff.\udcff",
        "......",
        "null",
    ],
    ids=[
        "unsigned", "empty signature", "empty text", "truncated", "beheaded", "lengthened", "other purpose",
        "not ascii", "quoted", "signed for another use", "foreign key", "upper case", "garbage", "oversized",
        "null byte", "surrogates", "dots", "word",
    ],
)  # fmt: skip
def test_what_was_not_signed_here_is_no_choice(value: str) -> None:
    """
    A forged, truncated, foreign or oversized value is no choice and never an error.
    """
    assert read_choice(value, SEAL, NOON) == (None, Trust.FORGED)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "v=1",
        "v=2&d=20781&e=20961",
        "v=1&d=x&e=20961",
        "v=1&d=20781&e=",
        "v=1&d=-1&e=20961",
        "v=1&d=9999999&e=20961",
        "v=1&d=20781\n&e=20961",
    ],
    ids=["empty", "no days", "next schema", "no number", "no end", "negative", "too large", "line break"],
)
def test_a_signed_text_of_another_form_is_no_choice(text: str) -> None:
    """
    What an older or newer release signed in another form reads as no choice, so everybody is asked again.
    """
    assert read_choice(SEAL.sign(text), SEAL, NOON) == (None, Trust.MALFORMED)


def test_unknown_fields_of_a_later_release_are_ignored() -> None:
    """
    A field that this release does not know leaves the rest of a choice readable.
    """
    value = SEAL.sign(write_choice(YES) + "&future=1&=&x")

    assert read_choice(value, SEAL, NOON) == (YES, Trust.GOOD)


def test_a_name_both_granted_and_refused_is_refused() -> None:
    """
    Of two answers the stricter counts.
    """
    value = SEAL.sign("v=1&d=20781&e=20961&g=analytics&r=analytics&gv=counter&rv=counter")

    choice, _ = read_choice(value, SEAL, NOON)

    assert choice is not None
    assert (choice.purposes, choice.vendors) == ({"analytics": False}, {"counter": False})


@pytest.mark.parametrize(
    ("now", "trust"),
    [
        (datetime(2026, 11, 24, 0, 0, tzinfo=UTC), Trust.GOOD),
        (datetime(2026, 11, 24, 0, 0, tzinfo=UTC) - CLOCK_SKEW, Trust.GOOD),
        (datetime(2026, 11, 24, 0, 0, tzinfo=UTC) - CLOCK_SKEW - timedelta(seconds=1), Trust.FUTURE),
        (datetime(2027, 5, 22, 23, 59, 59, tzinfo=UTC), Trust.GOOD),
        (datetime(2027, 5, 23, 0, 0, tzinfo=UTC), Trust.EXPIRED),
        (datetime(2026, 11, 23, 20, 0, tzinfo=UTC), Trust.FUTURE),
    ],
    ids=["first second", "within the skew", "beyond the skew", "last second", "expired", "another server's evening"],
)
def test_a_choice_counts_from_its_day_to_its_expiry(now: datetime, trust: Trust) -> None:
    """
    A choice of a day to come was not made by us, and one past its expiry is over; days are UTC.
    """
    choice, found = read_choice(GOOD, SEAL, now)

    assert found is trust
    assert (choice is not None) is (trust is Trust.GOOD)


def test_days_are_utc_whatever_the_clock_says() -> None:
    """
    A server in another time zone reads the same choice at the same moment.
    """
    sydney = datetime(2027, 5, 23, 9, 0, tzinfo=timezone(timedelta(hours=10)))

    assert read_choice(GOOD, SEAL, sydney)[1] is Trust.GOOD


@law
@given(st.text(st.characters(max_codepoint=255), max_size=1500))
def test_nothing_that_a_visitor_sends_raises(value: str) -> None:
    """
    Any text in any of the three cookies is read without an error, and grants nothing.
    """
    assert read_choice(value, SEAL, NOON)[0] is None
    assert read_holder(value, SEAL) is None
    read_reader(value)


@law
@given(st.text(st.characters(max_codepoint=127), max_size=300))
def test_nothing_that_was_signed_raises(text: str) -> None:
    """
    A text signed with our key by something else is read without an error too.
    """
    value = SEAL.sign(text)

    assert read_choice(value, SEAL, NOON)[1] is Trust.MALFORMED
    assert read_holder(value, SEAL) is None


@law
@given(st.integers(0, len(GOOD) - 1), st.characters(min_codepoint=33, max_codepoint=126))
def test_one_changed_letter_breaks_the_signature(place: int, letter: str) -> None:
    """
    A value with one letter changed is no choice.
    """
    changed = GOOD[:place] + letter + GOOD[place + 1 :]

    found = read_choice(changed, SEAL, NOON)[0]

    # The last letter of base64 carries bits that nothing reads, so a few spellings name the same signature.
    assert found is None or changed[:-1] == GOOD[:-1]


def test_the_newest_key_signs_and_every_listed_key_reads() -> None:
    """
    After a key is added, choices signed with the old one still count, and new ones are signed with the new one.
    """
    rotated = Seal([OLD, NEW], "choice")

    assert read_choice(signed(YES, Seal([OLD], "choice")), rotated, NOON) == (YES, Trust.GOOD)
    assert signed(YES, rotated) == GOOD


def test_a_key_that_was_taken_out_signs_no_more() -> None:
    """
    When an old key leaves the list, what it signed is no choice.
    """
    value = signed(YES, Seal([OLD], "choice"))

    assert read_choice(value, SEAL, NOON) == (None, Trust.FORGED)


def test_a_holder_is_read_again() -> None:
    """
    Subject and record of a signed holder come back.
    """
    holder = Holder(subject="5f0c", record="0190-ab")

    assert read_holder(SEAL.sign(write_holder(holder)), SEAL) == holder


@pytest.mark.parametrize(
    "value",
    [
        None,
        "",
        "s=5f0c&r=1",
        SEAL.sign("s=5f0c"),
        SEAL.sign("r=1"),
        SEAL.sign("s=&r=1"),
        SEAL.sign("s=1&r=" + "x" * MAX_VALUE),
    ],
    ids=["none", "empty", "unsigned", "no record", "no subject", "empty subject", "oversized"],
)
def test_half_a_holder_is_none(value: str | None) -> None:
    """
    A holder without subject or record, or not signed by us, is nobody.
    """
    assert read_holder(value, SEAL) is None


@pytest.mark.parametrize("size", [None, *TEXT_SIZES])
@pytest.mark.parametrize("view", [None, *VIEWS])
def test_a_reader_choice_is_read_again(size: int | None, view: str | None) -> None:
    """
    Every text size and view, set or unset, survives its cookie.
    """
    choice = ReaderChoice(size, view)

    assert read_reader(write_reader(choice)) == choice
    assert choice.is_unset is (size is None and view is None)


@pytest.mark.parametrize(
    ("choice", "value"),
    [
        (ReaderChoice(150, "mobile"), "150.mobile"),
        (ReaderChoice(150), "150.-"),
        (ReaderChoice(None, "desktop"), "-.desktop"),
    ],
    ids=["both", "size", "view"],
)
def test_a_reader_cookie_reads_as_documented(choice: ReaderChoice, value: str) -> None:
    """
    `150.mobile`; "-" stands for unset.
    """
    assert write_reader(choice) == value


@pytest.mark.parametrize(
    "value",
    [None, "", ".", "151.mob", "9" * 5000 + ".x", "²00.-", "0150.Mobile", "150", "-1.-", "150.mobile ", "mobile.150"],
)
def test_a_reader_cookie_holds_enumerations_only(value: str | None) -> None:
    """
    What is not one of ours is unset, so nothing else can reach a page.
    """
    choice = read_reader(value)

    assert choice.text_size in (None, 150)
    assert choice.view is None


@pytest.mark.parametrize(
    ("value", "size"), [("100", 100), ("200", 200), ("100.0", None), ("+100", None), ("", None), ("１００", None)]
)
def test_a_text_size_is_one_of_six(value: str, size: int | None) -> None:
    """
    Only the exact spelling of an offered size is believed.
    """
    assert parse_text_size(value) == size


@law
@given(st.lists(IDS))
def test_the_offer_does_not_depend_on_order(ids: list[str]) -> None:
    """
    The hash of an offer is the same in any order, and has 64 bits.
    """
    assert offer_hash(ids) == offer_hash(reversed(ids))
    assert len(offer_hash(ids)) == 16


def test_the_offer_changes_with_what_is_offered() -> None:
    """
    One id more makes another offer, and two ids are not their concatenation.
    """
    offers = {offer_hash(ids) for ids in (["a"], ["a", "b"], ["ab"], [], ["b"])}

    assert len(offers) == 5
