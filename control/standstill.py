"""What is written down when a thread stands still: what it waits for, or how it ended."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from langgraph.types import StateSnapshot

from control.chronicle import Chronicle, Records, asked
from control.decisions import Decisions
from control.documents import Documents
from control.drive import Drive
from core.approvals import ApprovalState, Question
from core.errors import AntonError
from core.tasks import Outcome, Task, TaskStatus, thread_id_for
from memory.checkpoints import FencedSaver


class Standstill:
    """Asks what a thread waits for, and closes a task that has come to its end."""

    def __init__(
        self,
        records: Records,
        chronicle: Chronicle,
        checkpoints: FencedSaver,
        documents: Documents,
        decisions: Decisions,
        *,
        approval_ttl_s: float,
    ) -> None:
        self._records = records
        self._chronicle = chronicle
        self._checkpoints = checkpoints
        self._documents = documents
        self._decisions = decisions
        self._ttl_s = approval_ttl_s

    async def pause(self, drive: Drive, snapshot: StateSnapshot) -> bool:
        """Write down what the thread waits for, or how it ended; False when it can go on."""
        task_id = drive.lease.task_id
        pending = {interrupt.id: interrupt.value for interrupt in snapshot.interrupts}
        for approval in await self._records.approvals.answers(task_id):
            if approval.interrupt_id not in pending:
                await self._records.approvals.applied(approval.approval_id)
        if pending:
            waits = [
                await self._ask(Question.load(value), interrupt_id)
                for interrupt_id, value in pending.items()
            ]
            if not all(waits):
                return False
            await self._chronicle.account(
                drive.lease,
                snapshot.values,
                status=TaskStatus.WAITING,
                worked_s=drive.worked_by(self._records.clock),
            )
            await self._checkpoints.prune(thread_id_for(await self._records.tasks.get(task_id)))
        elif snapshot.values.get("account"):
            await self._finish(drive, snapshot)
        else:
            raise AntonError("The thread stands still and has not ended.")
        return True

    async def _ask(self, question: Question, interrupt_id: str) -> bool:
        """Write a question down; False when it passes without a person."""
        records = self._records
        if question.body_ref:
            body = await records.artifacts.get(question.body_ref)
            question = question.but(body=body.decode("utf-8", "replace"))
        expires_at = records.clock.now() + timedelta(seconds=self._ttl_s)
        approval = await records.approvals.ask(question, interrupt_id, expires_at)
        if approval.state is not ApprovalState.PENDING:
            return True
        await records.events.append(asked(approval))
        passed = await self._decisions.pass_by_policy(approval)
        return passed.state is ApprovalState.PENDING

    async def _finish(self, drive: Drive, snapshot: StateSnapshot) -> None:
        values = snapshot.values
        outcome = Outcome(values["outcome"])
        await self._void(drive.lease.task_id, "The task has ended.")
        task = await self._records.tasks.get(drive.lease.task_id)
        path = await self._documents.deliver(task, values)
        if path:
            result = {**task.result, "output_path": path}
            await self._records.tasks.update(task.task_id, drive.lease, result=result)
        task = await self._chronicle.account(
            drive.lease,
            values,
            status=outcome.status,
            outcome=outcome,
            reason=_reason(task, values),
            ended_at=self._records.clock.now(),
            worked_s=drive.worked_by(self._records.clock),
        )
        await self._chronicle.end(task)
        await self._checkpoints.prune(thread_id_for(task))

    async def end(
        self, drive: Drive, outcome: Outcome, reason: str, values: Mapping[str, Any]
    ) -> None:
        """End a task from outside of its graph; its approvals are void, its patch is kept.

        `values` is the state as it was last written.
        """
        reason += await self._given_up(drive.lease.task_id, reason)
        await self._void(drive.lease.task_id, reason)
        task = await self._chronicle.account(
            drive.lease,
            values,
            status=outcome.status,
            outcome=outcome,
            reason=reason,
            ended_at=self._records.clock.now(),
            worked_s=drive.worked_by(self._records.clock),
        )
        await self._chronicle.end(task)

    async def _void(self, task_id: str, reason: str) -> None:
        """What still waits for an answer waits no more."""
        for approval in await self._records.approvals.void(task_id, reason):
            await self._records.events.append(asked(approval))

    async def _given_up(self, task_id: str, reason: str) -> str:
        """Give up finding out what became of the effects of a task; what a person has to know."""
        outbox, doubts = self._records.outbox, ""
        for effect in await outbox.open_effects(task_id):
            await outbox.give_up(effect.key, reason)
            branch = effect.payload.get("branch", "")
            doubts = f" Whether the branch {branch} was published is not known: look for it."
        return doubts


def _reason(task: Task, values: dict[str, Any]) -> str:
    """Why it ended so; who cancelled it hears why it counts as published all the same."""
    reason, change = str(values.get("reason", "")), values.get("change")
    if not (task.cancel_requested and change):
        return reason
    where = change.get("location") or change["branch"]
    return f"Cancelled when it was published already, as {where}. {reason}".strip()
