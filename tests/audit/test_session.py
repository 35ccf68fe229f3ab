from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from consentkit.audit.auditor import Auditor
from consentkit.audit.session import IDLE_SECONDS, LONGEST_SECONDS, RENEW_SECONDS, Session, Sessions
from consentkit.audit.throttle import BURST, MAX_ADDRESSES, SECONDS_EACH, Throttle, network

KEYS = ["an old key of the tests, long enough to be one", "a new key of the tests, long enough to be one"]
NOW = 1_800_000_000
SESSION = Session("anna", "0" * 16, "1" * 32, NOW, NOW)


def test_a_session_is_read_as_it_was_written() -> None:
    """
    By any worker that has the key, also after the key was followed by a newer one.
    """
    old = Sessions(KEYS[:1]).write(SESSION)

    assert Sessions(KEYS).read(old, NOW) == SESSION
    assert Sessions(KEYS[1:]).read(old, NOW) is None


@given(st.text(max_size=80))
def test_nonsense_is_no_session(text: str) -> None:
    """
    Whatever a cookie holds, it is never an error.
    """
    assert Sessions(KEYS).read(text, NOW) is None


@given(place=st.integers(0, 200), letter=st.characters(codec="ascii", min_codepoint=33))
def test_one_changed_character_ends_a_session(place: int, letter: str) -> None:
    """
    No character of the cookie can be another one.
    """
    value = Sessions(KEYS).write(SESSION)
    place %= len(value) - 1  # the last one of base64 has bits that nobody reads
    changed = value[:place] + letter + value[place + 1 :]

    assert (Sessions(KEYS).read(changed, NOW) is not None) is (changed == value)


def test_a_session_is_over_in_time() -> None:
    """
    Unused for half an hour, older than eight hours, or from the future.
    """
    old = Session("anna", "", "", NOW - LONGEST_SECONDS, NOW)

    assert SESSION.is_over(NOW + IDLE_SECONDS)
    assert not SESSION.is_over(NOW + IDLE_SECONDS - 1)
    assert old.is_over(NOW)
    assert SESSION.is_over(NOW - 3600)
    assert SESSION.renewed(NOW + RENEW_SECONDS) == Session("anna", "0" * 16, "1" * 32, NOW, NOW + RENEW_SECONDS)
    assert SESSION.renewed(NOW + RENEW_SECONDS - 1) is None


@given(name=st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=100))
def test_a_form_belongs_to_its_auditor(name: str) -> None:
    """
    Whatever a guard calls people, one's form is not another's, nor that of another session, nor for ever.
    """
    sessions, auditor = Sessions(KEYS), Auditor(name)
    value = sessions.form(auditor, NOW)

    assert sessions.is_form_of(value, auditor, NOW)
    assert sessions.is_form_of(value, auditor, NOW + IDLE_SECONDS)
    assert not sessions.is_form_of(value, auditor, NOW + IDLE_SECONDS + 1)
    assert not sessions.is_form_of(value, auditor, NOW - 3600)
    assert not sessions.is_form_of(value, Auditor("x" + name[1:] if name[0] != "x" else "y" + name[1:]), NOW)
    assert not sessions.is_form_of(value, Auditor(name, session="1" * 32), NOW)


def test_ended_sessions_are_forgotten_when_they_would_be_over() -> None:
    """
    What is remembered of who signed out does not grow for ever.
    """
    sessions = Sessions(KEYS)
    sessions.end(SESSION, NOW)
    assert sessions.read(sessions.write(SESSION), NOW) is None
    sessions.end(Session("bob", "0" * 16, "2" * 32, NOW, NOW), NOW + LONGEST_SECONDS + 1)

    assert len(sessions._ended) == 1


def test_tries_come_back_with_time() -> None:
    """
    A burst at once, then one in a while; whoever succeeds has all of them again.
    """
    throttle = Throttle()
    for _ in range(BURST):
        assert throttle.wait("192.0.2.1", NOW) == 0
        throttle.failed("192.0.2.1", NOW)

    assert throttle.wait("192.0.2.1", NOW) == SECONDS_EACH
    assert throttle.wait("192.0.2.2", NOW) == 0
    assert throttle.wait("192.0.2.1", NOW + SECONDS_EACH) == 0
    throttle.succeeded("192.0.2.1")
    assert throttle.wait("192.0.2.1", NOW) == 0


def test_what_is_remembered_of_guessers_is_bounded() -> None:
    """
    A million addresses do not fill the memory.
    """
    throttle = Throttle()
    for n in range(MAX_ADDRESSES + 10):
        throttle.failed(f"10.{n >> 16}.{n >> 8 & 255}.{n & 255}", NOW)

    assert len(throttle._buckets) == MAX_ADDRESSES


def test_one_network_is_one_guesser() -> None:
    """
    Of IPv6 the first 64 bits; IPv4 in IPv6 is that address; anything else is itself, cut.
    """
    assert network("2001:db8:1:2:3:4:5:6") == network("2001:db8:1:2::1%eth0") == "2001:db8:1:2::"
    assert network("::ffff:192.0.2.1") == network("192.0.2.1") == "192.0.2.1"
    assert network("unix:" + "x" * 100) == "unix:" + "x" * 59
