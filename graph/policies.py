"""Retries by kind of node, and what happens when they are spent."""

import logging
from typing import Any, TypeVar

from langgraph.errors import GraphBubbleUp, NodeError
from langgraph.runtime import Runtime
from langgraph.types import Command, RetryPolicy

from core.errors import (
    AntonError,
    HostUnreachable,
    LeaseLost,
    RateLimited,
    SandboxGone,
    StoreError,
    StoreUnusable,
    TaskCancelled,
)
from graph.deps import Deps
from graph.questions import trouble
from graph.state import AgentState, Facts, Step
from observability.tracing import span

State = TypeVar("State", bound=AgentState)

log = logging.getLogger(__name__)

RECURSION_LIMIT = 120
"""Steps of one thread; far above what the counters in the state allow."""

STOPS_THE_DRIVE = (LeaseLost, TaskCancelled, StoreUnusable, HostUnreachable, RateLimited)
"""Not a fault of the step: the task stays as it is and goes on later, or elsewhere."""


class Halted(GraphBubbleUp):
    """A step could not do its work for now: nothing of it is written, and it is done again.

    Any other exception LangGraph stores with the step, hands to its error handler, and never runs
    the step again.
    """

    def __init__(self, cause: AntonError) -> None:
        """Carry why."""
        super().__init__(cause)
        self.cause = cause


def stoppable(step: Step[State]) -> Step[State]:
    """The same node, which halts the drive for what is not its fault."""

    async def tried(state: State, runtime: Runtime[Deps]) -> Facts:
        try:
            return await step(state, runtime)
        except STOPS_THE_DRIVE as error:
            raise Halted(error) from error

    return tried


def traced(name: str, step: Step[State]) -> Step[State]:
    """The same node, with a span for each time it runs; what LangGraph raises to pause is none."""

    async def spanned(state: State, runtime: Runtime[Deps]) -> Facts:
        with span(f"node {name}", calm=(GraphBubbleUp,), langgraph__node=name):
            return await step(state, runtime)

    return spanned


def _worth_a_retry(error: Exception) -> bool:
    return isinstance(error, (SandboxGone, OSError)) and not isinstance(error, StoreError)


THINKING = RetryPolicy(max_attempts=2, initial_interval=0.5, retry_on=_worth_a_retry)
"""Nodes that only read and conclude."""

EFFECT = RetryPolicy(max_attempts=1, retry_on=())
"""The node with an outer effect: the outbox is patient in its stead."""


ErrorHandler = Any
"""A node that also takes `error: NodeError`; LangGraph's own types do not name this form."""


def then_go(node: str, goto: str) -> ErrorHandler:
    """What comes after a failed node once its retries are spent: never a silent exit."""

    async def handle(state: AgentState, error: NodeError) -> Command[Any]:
        if isinstance(error.error, STOPS_THE_DRIVE):
            raise error.error
        log.error("the step %s failed", node, exc_info=error.error)
        what = describe(node, error.error)
        best = (state.get("partial") or {}).get("ref", "")
        question = trouble(state["task_id"], what, best).dump() if goto == "escalate" else {}
        return Command(update={"trouble": what, "question": question}, goto=goto)

    return handle


def describe(node: str, error: BaseException | str) -> str:
    """One sentence on a failed step; foreign exceptions are named, their text stays in the log.

    After a restart LangGraph hands over the words that were kept instead of the exception.
    """
    ours = isinstance(error, AntonError | str)
    return f"The step {node} failed: {error if ours else type(error).__name__}"
