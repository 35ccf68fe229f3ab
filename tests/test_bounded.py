"""What is remembered of what strangers send has a bound in bytes."""

from __future__ import annotations

import pytest

from consentkit.bounded import remembering


@pytest.mark.parametrize(
    ("argument", "is_kept"),
    [
        ("en", True),
        (b"x" * 10, True),
        ("x" * 11, False),
        (("en", None, "de"), True),
        (("en", ("x" * 5, "y" * 5)), False),
        (12345678901, True),
    ],
    ids=["text", "bytes", "too long", "several", "several that are too long", "no text"],
)
def test_only_short_questions_are_remembered(argument: object, is_kept: bool) -> None:
    """
    A second question is answered from memory, unless it is longer than told; the answer is the same.
    """
    asked: list[object] = []

    @remembering(most=4, longest=10)
    def answer(argument: object) -> str:
        asked.append(argument)
        return repr(argument)

    assert [answer(argument), answer(argument)] == [repr(argument)] * 2
    assert len(asked) == (1 if is_kept else 2)


def test_the_oldest_answer_makes_room() -> None:
    """
    However many questions come, no more answers are kept than told.
    """

    @remembering(most=3, longest=10)
    def double(number: str) -> str:
        return number * 2

    assert [double(str(number)) for number in range(100)][99] == "9999"
    assert list(double.__known__) == [("97",), ("98",), ("99",)]  # type: ignore[attr-defined]
