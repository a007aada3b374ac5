"""Holds events to the models that the API declares for them."""

from collections.abc import Iterable
from typing import get_args

from pydantic import TypeAdapter

from api.event_views import StoredEvent
from core.events import Event

MODELS = TypeAdapter[object](StoredEvent)


def declared() -> set[str]:
    """The types that have a model."""
    union, _ = get_args(StoredEvent)
    return {get_args(model.model_fields["type"].annotation)[0] for model in get_args(union)}


def held(events: Iterable[Event]) -> set[str]:
    """The types of events, each of which is exactly what its model says."""
    found: set[str] = set()
    for event in events:
        told = event.dump()
        parsed = MODELS.dump_python(MODELS.validate_python(told), mode="json")
        assert parsed["data"] == told["data"], told
        found.add(event.type)
    return found
