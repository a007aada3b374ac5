"""What all events have in common."""

from datetime import datetime

from pydantic import BaseModel
from typing_extensions import TypedDict


class Told(TypedDict, total=False):
    """What an event tells; whatever is too long or cannot be masked is missing."""

    cut_bytes: int
    withheld: bool


class Envelope(BaseModel):
    """What every stored event has."""

    v: int
    seq: int
    ts: datetime
    task_id: str
    incident_id: str
    role: str
