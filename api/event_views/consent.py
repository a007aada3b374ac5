"""Events on questions to people, and on what is shown beside them."""

from typing import Literal

from typing_extensions import TypedDict

from api.event_views.envelope import Envelope, Told
from core.approvals import ApprovalState, Choice, QuestionKind, Risk
from core.demos import DemoState


class Person(TypedDict, total=False):
    """Who answered, on which channel."""

    channel: str
    person_id: str
    name: str


class ApprovalData(Told, total=False):
    """A question to people, or its answer."""

    approval_id: str
    kind: QuestionKind
    state: ApprovalState
    revision: int
    patch_hash: str
    risk: Risk
    question: str
    options: list[Choice]
    expires_at: str
    waited_s: float | None
    voices: list[str]
    voices_needed: int
    decided_by: Person | None
    text: str


class ApprovalEvent(Envelope):
    """An event of the type `approval`."""

    type: Literal["approval"]
    data: ApprovalData


class DemoData(Told, total=False):
    """Where a demo of a change stands."""

    approval_id: str
    state: DemoState
    reason: str


class DemoEvent(Envelope):
    """An event of the type `demo`."""

    type: Literal["demo"]
    data: DemoData
