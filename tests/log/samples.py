"""Records and notices to test with: one of each, and strategies for all of them."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any, TypeVar

from hypothesis import strategies as st

from consentkit.log.notice import Notice, NoticeButton, NoticePolicy, NoticePurpose, NoticeVendor
from consentkit.log.record import UNKNOWN_NOTICE, Method, PolicyAnswer, Record, State, uuid7
from consentkit.vocabulary import Action, Layer

Part = TypeVar("Part")

NOON = datetime(2026, 11, 24, 12, 0, 0, tzinfo=UTC)
SALT = bytes(range(32))

NOTICE = Notice(
    language="en",
    layer="banner",
    texts={"title": "Cookies on Drina Courier", "question": "May we count visits?"},
    buttons=(
        NoticeButton(action="reject_all", label="Reject all"),
        NoticeButton(action="accept_all", label="Accept all"),
    ),
    purposes=(NoticePurpose(name="analytics", title="Statistics", text="Counts visits."),),
    vendors=(
        NoticeVendor(
            name="google-analytics", title="Google Analytics", purpose="analytics", cookies={"_ga": "2 years"}
        ),
    ),
    policies=(NoticePolicy(name="privacy", version="2026-11-01", url="/privacy", sha256="a" * 64, text="We …"),),
    controller="Example Courier Ltd",
    contact="privacy@courier.example",
    html="<section>…</section>",
    css="section{color:inherit}",
    version="0.1.0",
)


def new_id(time: datetime = NOON) -> str:
    return uuid7(time, os.urandom(10))


def record(**changes: Any) -> Record:
    """A record with an id of its own, as an Accept all makes it, unless told otherwise."""
    fields: dict[str, Any] = {
        "id": new_id(changes.get("time", NOON)),
        "time": NOON,
        "subject": "subject-1",
        "state": State.GIVEN,
        "action": Action.ACCEPT_ALL,
        "method": Method.FORM,
        "layer": Layer.BANNER,
        "purposes": {"analytics": True, "media": True},
        "vendors": {"google-analytics": True, "youtube": True},
        "policies": {"privacy": PolicyAnswer(version="2026-11-01", accepted=False, sha256="a" * 64)},
        "language": "en",
        "regime": "opt-in",
        "site": "Drina Courier",
        "expires": date(2027, 5, 23),
        "device": "desktop",
    }
    return Record(**{**fields, **changes})


# Any text but halves of surrogate pairs, which have no UTF-8 form.
words = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
digests = st.binary(min_size=32, max_size=32).map(bytes.hex)
salts = st.binary(min_size=32, max_size=32)
seconds = st.integers(0, int(datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC).timestamp()))
times = seconds.map(lambda second: datetime.fromtimestamp(second, UTC))


def answers(names: st.SearchStrategy[str] = words) -> st.SearchStrategy[Mapping[str, bool]]:
    return st.dictionaries(names, st.booleans(), max_size=4)


def records() -> st.SearchStrategy[Record]:
    """Every record that the type allows, also ones that no site would make."""
    policy_answers = st.builds(PolicyAnswer, version=words, accepted=st.booleans(), sha256=digests | st.just(""))
    return st.builds(
        Record,
        id=st.builds(uuid7, st.just(NOON), st.binary(min_size=10, max_size=10)),
        time=times,
        subject=st.none() | words,
        state=st.sampled_from(State) | words,
        action=st.sampled_from(Action) | words,
        method=st.sampled_from(Method) | words,
        layer=st.sampled_from(Layer) | words,
        purposes=answers(),
        vendors=answers(),
        policies=st.dictionaries(words, policy_answers, max_size=3),
        notice=digests | st.just(UNKNOWN_NOTICE),
        language=words,
        regime=words,
        site=words,
        gpc=st.booleans(),
        expires=st.none() | st.dates(),
        device=words,
        previous=st.none() | words,
    )


def notices() -> st.SearchStrategy[Notice]:
    buttons = st.builds(NoticeButton, action=words, label=words)
    purposes = st.builds(NoticePurpose, name=words, title=words, text=words)
    cookies = st.dictionaries(words, words, max_size=3)
    vendors = st.builds(NoticeVendor, name=words, title=words, purpose=words, cookies=cookies, text=words)
    texts = st.none() | words
    policies = st.builds(NoticePolicy, name=words, version=words, url=words, text=texts, sha256=st.none() | digests)
    return st.builds(
        Notice,
        language=words,
        layer=words,
        kind=words,
        texts=st.dictionaries(words, words, max_size=4),
        buttons=_some(buttons),
        purposes=_some(purposes),
        vendors=_some(vendors),
        policies=_some(policies),
        html=words,
        css=words,
        version=words,
    )


def _some(parts: st.SearchStrategy[Part]) -> st.SearchStrategy[tuple[Part, ...]]:
    return st.lists(parts, max_size=3).map(tuple)
