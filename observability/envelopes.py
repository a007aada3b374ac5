"""Envelopes that fit: over-long data is cut, and says so."""

from typing import Any

from core.events import ENVELOPE_MAX_BYTES, Event

TEXT_LIMITS = (4000, 1000, 250, 60)
LIST_LIMITS = (200, 50, 10, 3)


def fitted(event: Event) -> Event:
    """The event, its longest texts and lists cut until its JSON is at most 16 KB.

    What was cut ends with how much is missing, and `cut_bytes` tells the size that it had.
    """
    size = _size(event)
    if size <= ENVELOPE_MAX_BYTES:
        return event
    for text_max, list_max in zip(TEXT_LIMITS, LIST_LIMITS, strict=True):
        shorter = event.but(data={**_cut(event.data, text_max, list_max), "cut_bytes": size})
        if _size(shorter) <= ENVELOPE_MAX_BYTES:
            return shorter
    return event.but(data={"cut_bytes": size})


def _size(event: Event) -> int:
    return len(event.model_dump_json().encode("utf-8", "surrogatepass"))


def _cut(value: Any, text_max: int, list_max: int) -> Any:
    if isinstance(value, str):
        missing = len(value) - text_max
        return value if missing <= 0 else f"{value[:text_max]}… [{missing} characters cut]"
    if isinstance(value, list):
        kept = [_cut(item, text_max, list_max) for item in value[:list_max]]
        missing = len(value) - list_max
        return kept if missing <= 0 else [*kept, f"… [{missing} items cut]"]
    if isinstance(value, dict):
        return {key: _cut(item, text_max, list_max) for key, item in value.items()}
    return value
