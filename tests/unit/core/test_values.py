"""What a state may hold comes back from JSON as it went in."""

import json

import pytest

from core.approvals import Risk
from core.values import require_json


@pytest.mark.parametrize(
    "value",
    [None, True, 0, -(2**63) + 1, 0.5, "é\u2028", [], {}, {"a": [{"b": [1, "x", None]}]}],
    ids=repr,
)
def test_plain_json_passes_and_comes_back(value):
    require_json(value)
    assert json.loads(json.dumps(value)) == value


@pytest.mark.parametrize(
    ("value", "place"),
    [
        ({"a": [0, {"b": (1,)}]}, "state.a[1].b is a tuple"),
        ({"risk": Risk.LOW}, "state.risk is a Risk"),
        ({"a": {1: 2}}, "state.a has the key 1"),
        ([float("inf")], "state[0] is a float"),
        ([2**63], "state[0] is a int"),
        (b"", "state is a bytes"),
        ({"a": {1}}, "state.a is a set"),
    ],
)
def test_anything_else_is_named_with_its_place(value, place):
    with pytest.raises(TypeError) as refusal:
        require_json(value)
    assert str(refusal.value).startswith(place)
