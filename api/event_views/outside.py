"""Events on what is done outside."""

from typing import Literal

from api.event_views.envelope import Envelope, Told
from core.effects import EffectState


class EffectData(Told, total=False):
    """Something that is done outside."""

    step: str
    state: EffectState
    key: str
    detail: str


class EffectEvent(Envelope):
    """An event of the type `effect`."""

    type: Literal["effect"]
    data: EffectData


class PullRequestData(Told, total=False):
    """What stands on the host."""

    url: str
    number: int | None
    branch: str
    commit: str


class PullRequestEvent(Envelope):
    """An event of the type `pull_request`."""

    type: Literal["pull_request"]
    data: PullRequestData


class IntegrationData(Told, total=False):
    """How a channel or host stands."""

    name: str
    state: Literal["live", "embedded", "off", "failing"]
    detail: str


class IntegrationEvent(Envelope):
    """An event of the type `integration`."""

    type: Literal["integration"]
    data: IntegrationData
