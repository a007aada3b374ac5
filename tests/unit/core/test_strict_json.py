"""What two readers could understand differently does not come in."""

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.strict_json import MAX_DEPTH, JsonRefused, read_json

TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXTS,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(TEXTS, inner, max_size=5),
    max_leaves=20,
)


@given(VALUES, st.booleans())
def test_plain_values_come_through_unchanged(value: object, ascii_only: bool) -> None:
    assert read_json(json.dumps(value, ensure_ascii=ascii_only).encode()) == value


@pytest.mark.parametrize(
    "hostile",
    [
        b"",
        b"{",
        b"nonsense",
        b'"\xff"',
        b'\xef\xbb\xbf{"a": 1}',
        b'{"a": NaN}',
        b"[Infinity]",
        b"[-Infinity]",
        b"[1e999]",
        b'{"a": 1, "a": 2}',
        b'{"a": {"b": 1, "\\u0062": 2}}',
        b'"\\ud800"',
        b'{"\\udfff": 1}',
        b'"a\\u0000b"',
        b"9223372036854775808",
        b"-9223372036854775809",
        b"1" * 5000,
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b"[]]",
        b'"open',
        b"{'a': 1}",
        b'{"a": 1} {"b": 2}',
    ],
    ids=lambda hostile: hostile[:16].decode("latin-1"),
)
def test_hostile_texts_are_refused(hostile: bytes) -> None:
    with pytest.raises(JsonRefused):
        read_json(hostile)


@pytest.mark.parametrize(("levels", "taken"), [(MAX_DEPTH, True), (MAX_DEPTH + 1, False)])
def test_depth_is_bounded_exactly(levels: int, taken: bool) -> None:
    text = b"[" * levels + b"]" * levels
    if taken:
        read_json(text)
    else:
        with pytest.raises(JsonRefused, match="deeper"):
            read_json(text)


def test_brackets_inside_texts_are_not_depth() -> None:
    assert read_json(json.dumps(["[" * 1000, '\\"[{' * 1000]).encode())


def test_a_text_of_quotes_costs_no_more_than_any_other() -> None:
    begun = time.monotonic()
    with pytest.raises(JsonRefused):
        read_json(b'"' + b'\\"' * 500_000)
    assert time.monotonic() - begun < 2
