"""Retries by kind of node, and what happens when they are spent."""

import logging
from typing import Any

from langgraph.errors import NodeError
from langgraph.types import Command, RetryPolicy

from core.errors import (
    AntonError,
    HostUnreachable,
    LeaseLost,
    RateLimited,
    SandboxGone,
    StoreError,
    StoreUnusable,
)
from graph.questions import trouble
from graph.state import AgentState

log = logging.getLogger(__name__)

RECURSION_LIMIT = 120
"""Steps of one thread; far above what the counters in the state allow."""

STOPS_THE_DRIVE = (LeaseLost, StoreUnusable, HostUnreachable, RateLimited)
"""Not a fault of the step: the task stays as it is and goes on later, or elsewhere."""


def _worth_a_retry(error: Exception) -> bool:
    return isinstance(error, (SandboxGone, OSError)) and not isinstance(error, StoreError)


THINKING = RetryPolicy(max_attempts=2, initial_interval=0.5, retry_on=_worth_a_retry)
"""Nodes that only read and conclude."""

EFFECT = RetryPolicy(max_attempts=1, retry_on=())
"""The node with an outer effect: the outbox is patient in its stead."""


ErrorHandler = Any
"""A node that also takes `error: NodeError`; LangGraph's own types do not name this form."""


def unless_stopped(node: str, goto: str) -> ErrorHandler:
    """What a failed node does once its retries are spent: never a silent exit."""

    async def handle(state: AgentState, error: NodeError) -> Command[Any]:
        if isinstance(error.error, STOPS_THE_DRIVE):
            raise error.error
        log.error("the step %s failed", node, exc_info=error.error)
        what = describe(node, error.error)
        question = trouble(state["task_id"], what).dump() if goto == "escalate" else {}
        return Command(update={"trouble": what, "question": question}, goto=goto)

    return handle


def describe(node: str, error: BaseException) -> str:
    """One sentence on a failed step; foreign exceptions are named, their text stays in the log."""
    said = str(error) if isinstance(error, AntonError) else type(error).__name__
    return f"The step {node} failed: {said}"
