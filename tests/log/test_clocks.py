"""Clocks that are wrong: the index says in which order records came, whatever their times say."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path

from consentkit.log.filters import Filter
from consentkit.log.filters import read as read_filter
from consentkit.log.keyring import Keyring
from consentkit.log.record import enter
from consentkit.log.store import Appender, Officer, Reader, audit
from tests.log.samples import NOON, NOTICE, record

YESTERDAY = NOON - timedelta(days=1)


def test_a_clock_that_goes_backwards_loses_nothing(path: Path, keyring: Keyring) -> None:
    """
    Records, checkpoints and events of a host whose clock was put back a day are kept, signed and verified.
    """
    host = Appender(path)
    for number, time in enumerate((NOON, NOON, YESTERDAY, YESTERDAY, NOON)):
        host.append([enter(record(time=time, notice=NOTICE.digest, subject="s"), os.urandom(32), notice=NOTICE)])
        grown = host.integrate(keyring, time.date())
        assert grown is not None
        assert grown.size == number + 1
        keyring.remember(grown.note or "")
    host.close()
    Officer(path, "dpo", now=lambda: YESTERDAY).hold("court", subject="s")

    found = audit(path, keyring)
    timeline = list(Reader(path).oldest_first(Filter(subject="s")))

    assert found.problems == []
    assert [each.index for each in timeline] == [0, 1, 2, 3, 4]
    assert [each.time for each in timeline] == [NOON, NOON, YESTERDAY, YESTERDAY, NOON]
    assert Reader(path).status().first == YESTERDAY


def test_two_hosts_with_different_clocks_share_one_order(path: Path, keyring: Keyring) -> None:
    """
    Hosts whose clocks differ by a day write one log: its order is that of the commits, and times find what they say.
    """
    hosts = {NOON: Appender(path), YESTERDAY: Appender(path)}
    made = []
    for _ in range(3):
        for time, host in hosts.items():
            each = record(time=time, notice=NOTICE.digest)
            host.append([enter(each, os.urandom(32), notice=NOTICE)])
            made.append(each.id)
            grown = host.integrate(keyring, time.date())
            assert grown is not None
            keyring.remember(grown.note or "")
    for host in hosts.values():
        host.close()

    reader = Reader(path)

    assert audit(path, keyring).problems == []
    assert [each.id for each in reader.oldest_first(Filter())] == made
    assert [each.id for each in reader.oldest_first(read_filter(since="2026-11-24"))] == made[::2]
    assert [each.id for each in reader.oldest_first(read_filter(until="2026-11-23"))] == made[1::2]
    assert reader.checkpoint() is not None
