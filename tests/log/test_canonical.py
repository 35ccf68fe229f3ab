from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consentkit.log.canonical import Json, encode
from tests.log.samples import words

values: st.SearchStrategy[Json] = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | words,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(words, inner, max_size=4),
    max_leaves=12,
)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        # The samples of RFC 8785, 3.2.2 (without its fractions) and 3.2.3.
        (
            {"string": '\u20ac$\u000f\nA\'B"\\\\"/', "literals": [None, True, False]},
            '{"literals":[null,true,false],"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}',
        ),
        (
            {
                "\u20ac": "Euro Sign",
                "\r": "Carriage Return",
                "\ufb33": "Hebrew Letter Dalet With Dagesh",
                "1": "One",
                "\U0001f600": "Emoji: Grinning Face",
                "\u0080": "Control",
                "\u00f6": "Latin Small Letter O With Diaeresis",
            },
            '{"\\r":"Carriage Return","1":"One","\u0080":"Control","ö":"Latin Small Letter O With Diaeresis",'
            '"€":"Euro Sign","\U0001f600":"Emoji: Grinning Face","\ufb33":"Hebrew Letter Dalet With Dagesh"}',
        ),
        ({"a": "A\u030a"}, '{"a":"A\u030a"}'),
        ([], "[]"),
    ],
    ids=["escapes", "keys by UTF-16", "text is not normalised", "empty"],
)
def test_the_spelling_is_that_of_rfc_8785(value: Json, expected: str) -> None:
    """
    Canonical JSON is what RFC 8785 says it is, byte for byte.
    """
    assert encode(value) == expected.encode()


@given(values)
def test_nothing_is_lost(value: Json) -> None:
    """
    Reading canonical JSON gives back the value that was written.
    """
    assert json.loads(encode(value)) == value


@given(st.dictionaries(words, values, max_size=6), st.randoms())
def test_one_value_has_one_spelling(value: dict[str, Json], random: st.DataObject) -> None:
    """
    The order in which an object was put together does not show.
    """
    keys = list(value)
    random.shuffle(keys)  # type: ignore[attr-defined]

    assert encode({key: value[key] for key in keys}) == encode(value)


@given(st.dictionaries(words, st.none(), max_size=8))
def test_keys_stand_in_the_order_of_javascript(value: dict[str, Json]) -> None:
    """
    Keys are sorted by UTF-16 code units, as every other implementation of RFC 8785 sorts them.
    """
    keys = list(json.loads(encode(value)))

    assert keys == sorted(keys, key=lambda key: key.encode("utf-16-be"))


def test_half_a_surrogate_pair_is_refused() -> None:
    """
    Text without a UTF-8 form is an error, not something else in its place.
    """
    with pytest.raises(ValueError, match="surrogates not allowed"):
        encode({"language": "\ud800"})
