"""The thread of one task in the graph: where it stands, how it goes on, where it is led instead."""

from collections.abc import AsyncIterator, Sequence
from typing import Any

from langchain_core.runnables import RunnableConfig
from langgraph.graph import END
from langgraph.graph.state import CompiledStateGraph
from langgraph.runtime import RunControl
from langgraph.types import Command, StateSnapshot

from core.approvals import Approval
from core.tasks import Lease, Task
from graph.deps import Deps
from graph.policies import RECURSION_LIMIT

Graph = CompiledStateGraph[Any, Deps, Any, Any]


class Thread:
    """A task's thread, as whoever holds the lease may move it."""

    def __init__(self, graph: Graph, lease: Lease) -> None:
        self._graph = graph
        self._config: RunnableConfig = {
            "configurable": {"thread_id": lease.task_id, "lease_generation": lease.generation},
            "recursion_limit": RECURSION_LIMIT,
        }

    async def snapshot(self) -> StateSnapshot:
        """Where it stands."""
        return await self._graph.aget_state(self._config)

    def steps(self, entry: Any, deps: Deps, control: RunControl) -> AsyncIterator[Any]:
        """Go along it from an entry; each start and end of a step."""
        return self._graph.astream(
            entry,
            self._config,
            context=deps,
            control=control,
            durability="sync",
            stream_mode=["tasks"],
            version="v2",
        )

    async def redirect(self, update: dict[str, Any]) -> None:
        """Go on behind `join` with an update, and with nothing of what was to be done instead.

        What has been done counts. A step left standing would run beside the one led to, and two
        answers in one step are more than LangGraph can take.
        """
        while (await self.snapshot()).next:
            await self._graph.aupdate_state(self._config, None, as_node=END)
        await self._graph.aupdate_state(self._config, update, as_node="join")


def entry_of(task: Task, snapshot: StateSnapshot, given: Sequence[Approval]) -> tuple[bool, Any]:
    """Whether to go on, and with what: a start, the answers that were given, or simply further.

    A thread that is merely between two steps reports no next node, so only our own table tells
    that a task has ended; going on along an ended thread does nothing.
    """
    if snapshot.metadata is None:
        return True, input_of(task)
    pending = {interrupt.id for interrupt in snapshot.interrupts}
    if not pending:
        return True, None
    answers = {a.interrupt_id: _answer(a) for a in given if a.interrupt_id in pending}
    return bool(answers), Command(resume=answers)


def input_of(task: Task) -> dict[str, Any]:
    """What a thread starts with."""
    return {
        "task_id": task.task_id,
        "created_at": task.created_at.isoformat(),
        "request": task.request.dump(),
    }


def _answer(approval: Approval) -> dict[str, Any]:
    """What the gate is resumed with."""
    if approval.decision is None:
        return {"v": 1, "choice": "expired"}
    return approval.decision.dump()
