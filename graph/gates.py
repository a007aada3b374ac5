"""The gates: the only callers of interrupt(), and they do nothing else.

LangGraph runs an interrupted node again from its top when it resumes; code before the call would
be repeated, so questions are prepared by the nodes before and answers are weighed behind it.
"""

from collections.abc import Callable
from typing import Any, Protocol, TypeVar

from langgraph.runtime import Runtime
from langgraph.types import interrupt

from graph.deps import Deps
from graph.state import AgentState, Facts

State = TypeVar("State", bound=AgentState)
State_contra = TypeVar("State_contra", bound=AgentState, contravariant=True)


class Gate(Protocol[State_contra]):
    """A node that interrupts."""

    async def __call__(self, state: State_contra, runtime: Runtime[Deps]) -> dict[str, Any]:
        """The state's changes once the answer is there."""
        ...


def gate(weigh: Callable[[State, Facts, Deps], Facts]) -> Gate[State]:
    """A node that waits for a person's answer to the prepared question, and weighs it."""

    async def ask(state: State, runtime: Runtime[Deps]) -> dict[str, Any]:
        decision: Facts = interrupt(state["question"])
        return {
            "decision": decision,
            "question": {},
            "trouble": "",
            **weigh(state, decision, runtime.context),
        }

    return ask
