"""The gates: the only callers of interrupt(), and they do nothing else.

LangGraph runs an interrupted node again from its top when it resumes; code before the call would
be repeated, so questions are prepared by the nodes before and answers are weighed behind it.
"""

from collections.abc import Callable
from typing import TypeVar

from langgraph.runtime import Runtime
from langgraph.types import interrupt

from graph.deps import Deps
from graph.state import AgentState, Facts, Step

State = TypeVar("State", bound=AgentState)


def gate(weigh: Callable[[State, Facts, Deps], Facts]) -> Step[State]:
    """A node that waits for a person's answer to the prepared question, and weighs it."""

    async def ask(state: State, runtime: Runtime[Deps]) -> Facts:
        decision: Facts = interrupt(state["question"])
        return {
            "decision": decision,
            "question": {},
            "trouble": "",
            **weigh(state, decision, runtime.context),
        }

    return ask
