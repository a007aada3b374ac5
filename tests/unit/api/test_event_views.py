"""Every type of event has a model, and what is cut or withheld fits it too."""

from typing import get_args

import pytest

from core.events import Event, EventType
from tests.event_models import declared, held
from tests.fakes.clock import START


def test_each_type_has_one_model() -> None:
    assert declared() == set(get_args(EventType))


@pytest.mark.parametrize("type_", get_args(EventType))
@pytest.mark.parametrize("data", [{}, {"withheld": True}, {"cut_bytes": 20_000}])
def test_what_is_missing_breaks_nobody(type_: EventType, data: dict[str, object]) -> None:
    assert held([Event(type=type_, data=data, seq=1, ts=START)]) == {type_}


def test_what_a_model_does_not_know_is_seen() -> None:
    with pytest.raises(AssertionError):
        held([Event(type="node", data={"node": "fix", "new": 1}, seq=1, ts=START)])
