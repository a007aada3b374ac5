"""AgentState: what every workflow knows, as plain JSON."""

import json
from operator import add
from typing import TYPE_CHECKING, Annotated, Any, Protocol, TypedDict, TypeVar

from langgraph.runtime import Runtime

if TYPE_CHECKING:
    from graph.deps import Deps

Facts = dict[str, Any]
"""A small dump of a value: what edges and people need of it, and `ref` to the whole."""


def together(old: Facts, new: Facts) -> Facts:
    """Facts of branches that run beside each other; empty ones clear what was there."""
    return {**old, **new} if new else {}


def latest(old: Any, new: Any) -> Any:
    """The newer value, also where both branches write: two that fail at once tell of one."""
    return new


class AgentState(TypedDict, total=False):
    """What every workflow knows; anything above a few kilobytes is an artifact by reference."""

    task_id: str
    created_at: str
    """When the task was created, ISO 8601: the date of every commit, so that a retry agrees."""
    request: Facts
    """Dump of the TaskRequest."""
    base_sha: str
    base_branch: str
    notes: Annotated[list[str], add]
    """What a person should know and nobody asked for."""
    question: Annotated[Facts, latest]
    """What the next gate will ask; empty when nothing is to be asked."""
    decision: Facts
    """The last answer of a person."""
    trouble: Annotated[str, latest]
    """Why the thread was led to the escalation gate from outside of its edges."""
    partial: Facts
    """The best patch so far that does not hold, with what it mends and breaks; by reference."""
    unpaid: Annotated[Facts, together]
    """Steps that the budget stopped, by name, each with the limit it met, until one is raised."""
    raised: Facts
    """The last raise of the budget: which one it was, by how many dollars, of which limits."""
    outcome: str
    reason: str
    """Why it ended so, in one sentence."""
    change: Facts
    """What was published."""
    seconds_sandbox: Annotated[float, add]


State = TypeVar("State", bound=AgentState)
State_contra = TypeVar("State_contra", bound=AgentState, contravariant=True)


class Step(Protocol[State_contra]):
    """A node."""

    async def __call__(self, state: State_contra, runtime: "Runtime[Deps]") -> Facts:
        """What the node changes in the state."""
        ...


def plainly(step: Step[State]) -> Step[State]:
    """The same node, its facts reduced to plain JSON: an enumeration becomes its value.

    Checkpoints revive nothing else, and a value that is no JSON fails here, at its author's door.
    """

    async def written(state: State, runtime: "Runtime[Deps]") -> Facts:
        facts: Facts = json.loads(json.dumps(await step(state, runtime), allow_nan=False))
        return facts

    return written
