"""A model call as the log of interactions gets it."""

from datetime import datetime

from agents.models.attempts import Answer
from agents.models.failures import said
from core.interactions import Interaction
from core.models import ModelCall, Tokens


def interaction(
    call: ModelCall,
    model: str,
    attempt: int,
    *,
    call_id: str,
    ended_at: datetime,
    seconds: float,
    tokens: Tokens,
    cost_usd: float | None,
    answer: Answer | None,
    error: BaseException | None,
) -> Interaction:
    """The entry of an attempt that is over: answered, failed, or cancelled.

    Its id is made of those that the events of the call have, so that either leads to the other.
    """
    given = answer or Answer()
    return Interaction(
        interaction_id=f"{call_id}-{attempt}",
        ended_at=ended_at,
        task_id=call.task_id,
        agent=f"{call.task_id[:8]}/{call.role}" if call.task_id else call.role,
        role=call.role,
        node=call.node,
        model=model,
        attempt=attempt,
        messages=call.messages,
        tools=tuple(tool.name for tool in call.tools),
        response=given.text,
        calls=given.calls,
        tokens=tokens,
        cost_usd=cost_usd,
        seconds=seconds,
        success=error is None,
        error="" if error is None else said(error) or type(error).__name__,
    )
