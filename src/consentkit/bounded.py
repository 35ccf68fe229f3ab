"""Remember what follows from things that strangers send, without letting them say how much memory that takes.

A number of entries is no bound where one entry may be as long as a request line allows.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from functools import wraps
from typing import ParamSpec, TypeVar

Arguments = ParamSpec("Arguments")
Answer = TypeVar("Answer")


def remembering(*, most: int, longest: int) -> Callable[[Callable[Arguments, Answer]], Callable[Arguments, Answer]]:
    """As `lru_cache`: the last `most` answers, but none to questions of more than `longest` characters or bytes.

    Arguments are positional; a `__known__` mapping holds what is remembered.
    """

    def decorate(function: Callable[Arguments, Answer]) -> Callable[Arguments, Answer]:
        known: dict[Hashable, Answer] = {}

        @wraps(function)
        def answer(*arguments: Arguments.args, **none: Arguments.kwargs) -> Answer:
            try:
                return known[arguments]
            except KeyError:
                found = function(*arguments, **none)
            # Measured here only: what is remembered was short enough.
            if _size(arguments) <= longest:
                if len(known) >= most:
                    known.pop(next(iter(known)), None)
                known[arguments] = found
            return found

        answer.__known__ = known  # type: ignore[attr-defined]  # as lru_cache shows its own, for tests
        return answer

    return decorate


def _size(value: object) -> int:
    if isinstance(value, (str, bytes)):
        return len(value)
    return sum(map(_size, value)) if isinstance(value, tuple) else 0
