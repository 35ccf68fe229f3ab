"""What is remembered, for how long, and that it changes nothing in what comes out."""

from __future__ import annotations

import gc
import random
import tracemalloc

import pytest
from hypothesis import given, settings

from consentkit.rewrite import BodyMemory, Budget, Inserting, Rewriter, Rules
from consentkit.rewrite.holding import PASS
from consentkit.rewrite.memory import LONGEST_TAG, TagMemory
from consentkit.rewrite.remembered import LONGEST_BODY
from tests.rewrite.oracle import BODY, HOLDING, INSERTING, Markers, judge, rewritten
from tests.rewrite.soup import pages, soup
from tests.rewrite.test_rewrite_laws import parser_tests, saved_pages

# Longer than both its ends, by which a body is first told from others.
PAGE = (
    b"<!doctype html><html lang=en><title>A newspaper with a long name and a longer motto</title><body><p>Hello</p>"
    b"<iframe src=//tracker.example/x></iframe>" + b"<p>And so on.</p>" * 20
)
VIEW = Rules(judge, b' data-ckit-view="mobile"', drop_viewport=True)


def remember(
    memory: BodyMemory,
    page: bytes,
    rules: Rules = HOLDING,
    inserting: Inserting = Inserting.ALWAYS,
    *,
    markers: Markers | None = None,
    host: str = "",
    charset: str = "utf-8",
    private: bool = False,
) -> bytes | None:
    """What the memory makes of a page, as a copy: a server never sends the same object twice."""
    copy = bytes(bytearray(page))
    made = memory.rewrite(copy, rules, markers or Markers(), inserting, host=host, charset=charset, private=private)
    return None if made is None else made.body


def is_as_plain(page: bytes, rules: Rules, inserting: Inserting = Inserting.ALWAYS) -> bool:
    """Whether second and third sight give what the rewriter gives, and ask the insertions the same."""
    memory = BodyMemory(Budget())
    plain_markers = Markers()
    plain, rewriter = rewritten(page, rules, inserting, markers=plain_markers)
    assert memory.rewrite(page, rules, Markers(), inserting, private=False) is None
    for _ in range(2):
        markers = Markers()
        made = memory.rewrite(bytes(bytearray(page)), rules, markers, inserting, private=False)
        if made is None:
            return b"\x1b" in page
        if made.body != plain or dict(made.held) != dict(rewriter.held):
            return False
        if (markers.asked, markers.frames) != (plain_markers.asked, plain_markers.frames):
            return False
    return True


@settings(deadline=None, max_examples=150)
@given(pages)
def test_a_remembered_page_is_the_page(page: bytes) -> None:
    """
    What is remembered comes out as if it had been read, and its insertions are asked the same questions.
    """
    assert is_as_plain(page, HOLDING)
    assert is_as_plain(page, VIEW, Inserting.UNLESS_FRAGMENT)


def test_so_are_thousands_of_soups_and_the_pages_of_html5lib() -> None:
    """
    The same over generated soup and the documents of the parser tests.
    """
    chance = random.Random(20261125)
    bodies = [*(soup(chance) for _ in range(1000)), *(page for _, page in parser_tests())]

    assert [page for page in bodies if not is_as_plain(page, HOLDING)] == []


def test_so_are_real_pages() -> None:
    """
    The same over pages of the wild, but for those that are too long to be kept.
    """
    for file in saved_pages():
        page = file.read_bytes()
        if len(page) <= LONGEST_BODY:
            assert is_as_plain(page, HOLDING), file.name


def test_a_body_is_kept_at_second_sight() -> None:
    """
    The first time a body is only noted, because most that come once never come again.
    """
    memory = BodyMemory(Budget())

    assert remember(memory, PAGE) is None
    assert memory.size < len(PAGE) + 100
    assert remember(memory, PAGE) is not None
    assert remember(memory, PAGE) is not None


def test_a_page_with_a_token_is_never_kept() -> None:
    """
    A body that differs each time, be it in one byte of its middle, is read each time.
    """
    memory = BodyMemory(Budget())
    tokens = [PAGE.replace(b"Hello", b"%05d" % number) for number in range(100)]

    assert all(remember(memory, page) is None for page in tokens)


def test_a_changed_page_takes_the_place_of_the_old() -> None:
    """
    Of bodies that look alike from outside, the one that came twice last is kept, and none is taken for another.
    """
    memory = BodyMemory(Budget())
    changed = PAGE.replace(b"Hello", b"World")
    for page in (PAGE, PAGE, changed, changed):
        remember(memory, page)
    held = memory.size

    assert remember(memory, changed) == rewritten(changed)[0]
    assert remember(memory, PAGE) is None
    assert memory.size == held + 120


def test_insertions_are_never_remembered() -> None:
    """
    Who looks at a remembered page gets his own controls.
    """
    memory = BodyMemory(Budget())

    class Signed(Markers):
        def __init__(self, name: bytes) -> None:
            super().__init__()
            self._name = name

        def body(self, page: object) -> bytes:
            return self._name

    names = [b"Ana", b"Borna", b"", b"Cvita"]
    bodies = [remember(memory, PAGE, markers=Signed(name)) for name in names]

    assert bodies[0] is None
    for name, body in zip(names[1:], bodies[1:], strict=True):
        assert body == rewritten(PAGE, markers=Signed(name))[0]


@pytest.mark.parametrize(
    "options",
    [{"rules": INSERTING}, {"inserting": Inserting.NEVER}, {"host": "tracker.example"}],
    ids=["rules", "inserting", "host"],
)
def test_what_decides_about_the_edits_is_part_of_the_key(options: dict[str, object]) -> None:
    """
    The plan of one state is not used for another.
    """
    memory = BodyMemory(Budget())
    for _ in range(2):
        remember(memory, PAGE)

    assert remember(memory, PAGE, **options) is None  # type: ignore[arg-type]
    assert remember(memory, PAGE, **options) == rewritten(PAGE, **options)[0]  # type: ignore[arg-type]
    assert remember(memory, PAGE) == rewritten(PAGE)[0]


@pytest.mark.parametrize(
    ("page", "options"),
    [
        (PAGE, {"private": True}),
        (PAGE, {"charset": "utf-16"}),
        (PAGE, {"charset": "ISO-2022-JP"}),
        ("\ufeffx".encode("utf-16-le"), {}),
        (PAGE + b"\x1b$B", {}),
        (PAGE + b" " * LONGEST_BODY, {}),
    ],
    ids=["private", "utf-16", "iso-2022-jp", "a mark of utf-16", "an escape", "too long"],
)
def test_some_bodies_leave_no_trace(page: bytes, options: dict[str, object]) -> None:
    """
    What was made for one person, hides ASCII or is larger than a megabyte is not kept, however often it comes.
    """
    memory = BodyMemory(Budget())

    assert [remember(memory, page, **options) for _ in range(3)] == [None] * 3  # type: ignore[arg-type]
    assert memory.size == 0


def test_a_page_without_edits_is_the_page_that_is_kept() -> None:
    """
    Where nothing is changed nothing is copied.
    """
    memory = BodyMemory(Budget())
    page = bytes(bytearray(b"<p>Hello"))
    made = [memory.rewrite(page, HOLDING, Markers(), Inserting.NEVER, private=False) for _ in range(2)]

    assert made[1] is not None
    assert made[1].body is page


def numbered(number: int) -> bytes:
    return PAGE + b"x" * 10_000 + b"%06d" % number


def test_bodies_share_a_budget() -> None:
    """
    However many bodies come, they never hold more than the budget, and those that come often stay.
    """
    memory = BodyMemory(Budget(300_000))
    for number in range(200):
        for _ in range(2):
            remember(memory, numbered(number))
            remember(memory, PAGE)

        assert memory.size <= 300_000

    assert remember(memory, PAGE) is not None
    assert remember(memory, numbered(0)) is None


def test_what_came_once_is_forgotten_in_its_turn() -> None:
    """
    A site without end leaves no list without end.
    """
    memory = BodyMemory(Budget())
    for number in range(5000):
        remember(memory, PAGE + b"%d" % number)

    assert memory.size <= 500_000
    assert remember(memory, PAGE + b"0") is None
    assert remember(memory, PAGE + b"4999") is not None


def test_a_body_that_fills_the_budget_alone_is_not_kept() -> None:
    """
    One body more than there is room for is rewritten and let go.
    """
    memory = BodyMemory(Budget(5_000))
    page = numbered(1)

    assert remember(memory, page) is None
    assert remember(memory, page) == rewritten(page)[0]
    assert memory.size == 0


def test_the_count_is_not_too_low() -> None:
    """
    What is counted is at least what Python holds.
    """
    budget = Budget(64_000_000)
    bodies = [
        b"<title>x</title><body>"
        + b"<img src=//tracker.example/x><iframe src=//tracker.example/%d></iframe>" % number * 5
        for number in range(500)
    ]
    rules = Rules(judge, memory=TagMemory(budget=budget))
    tracemalloc.start()
    try:
        memory = BodyMemory(budget)
        for page in bodies * 2:
            remember(memory, page, rules)
        # A server that another test started may still work in a thread of its own; what it takes is not ours.
        ours = [tracemalloc.Filter(True, pattern) for pattern in ("*/consentkit/rewrite/*", __file__)]
        held = sum(trace.size for trace in tracemalloc.take_snapshot().filter_traces(ours).traces)
    finally:
        tracemalloc.stop()

    assert len(memory._kept) == 500
    assert 500 * len(bodies[0]) < held < memory.size + rules.memory.size


def test_a_rewriter_goes_with_its_last_user() -> None:
    """
    Nothing of a page waits for a collection: a server that is busy does not collect for a long time.
    """
    page = b"<title>x</title><iframe srcdoc='<img src=//tracker.example/>'></iframe><style>a{}</style>"
    gc.collect()
    gc.disable()
    try:
        for _ in range(20):
            rewriter = Rewriter(Rules(judge), Markers())
            rewriter.feed(page)
            rewriter.close()
        del rewriter
        assert gc.collect() == 0
    finally:
        gc.enable()


def test_memories_of_a_process_share_its_budget() -> None:
    """
    When all together hold too much, the largest forgets.
    """
    budget = Budget(100_000)
    few, many = TagMemory(budget=budget), TagMemory(budget=budget)
    rules = Rules(judge, memory=few), Rules(judge, memory=many)
    rewritten(b"<img src=//cdn.example/x>", rules[0])
    before = few.size
    for number in range(2000):
        rewritten(b"<img src=//cdn.example/%d>" % number, rules[1], Inserting.NEVER)

        assert few.size + many.size <= 100_000

    assert few.size == before


def test_a_memory_that_is_gone_holds_nothing() -> None:
    """
    A budget counts the memories that are still there.
    """
    budget = Budget(50_000)
    for _ in range(10):
        memory = TagMemory(budget=budget)
        known = memory.of("here")
        for number in range(100):
            memory.remember(known, b"%d" % number, PASS)

    assert memory.size > 10_000


def test_a_budget_too_small_for_anything_does_no_harm() -> None:
    """
    Where there is no room at all everything is read each time.
    """
    budget = Budget(10)
    memory = BodyMemory(budget)

    for _ in range(3):
        assert remember(memory, PAGE, Rules(judge, memory=TagMemory(budget=budget))) in (None, rewritten(PAGE)[0])


def test_a_full_tag_memory_starts_anew() -> None:
    """
    A memory of its own size forgets when it is reached, and long tags are not taken in.
    """
    memory = TagMemory(5_000, Budget())
    rules = Rules(judge, memory=memory)
    for number in range(100):
        rewritten(b"<img src=//cdn.example/%d>" % number, rules)

        assert memory.size <= 5_000

    before = memory.size
    rewritten(b"<img src='//cdn.example/%s'>" % (b"x" * LONGEST_TAG), rules)
    assert memory.size == before


def test_forgetting_in_the_middle_of_a_page_changes_nothing() -> None:
    """
    A rewriter that is at work when everything is forgotten goes on.
    """
    page = b"<body>" + b"".join(b"<img src=//tracker.example/%d>" % number for number in range(200)) * 2

    assert rewritten(page, Rules(judge, memory=TagMemory(3_000, Budget())))[0] == rewritten(page, Rules(judge))[0]
    assert BODY in rewritten(page)[0]
