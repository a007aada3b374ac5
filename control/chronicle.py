"""Writes what happens to a task into its row and into the log."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from control.account import account_of, summary
from control.care import Care
from control.precedents import Remembering
from core.approvals import Approval
from core.errors import Conflict
from core.events import EventType, Notice
from core.interactions import RoleResult
from core.ports import (
    AlertStore,
    ApprovalStore,
    ArtifactStore,
    Budgets,
    Clock,
    DemoStore,
    EventLog,
    IncidentStore,
    InteractionLog,
    LessonStore,
    MessageStore,
    Outbox,
    TaskStore,
)
from core.tasks import Lease, Outcome, Task, TaskStatus
from observability.live import LiveTexts
from observability.tracing import Tracing

log = logging.getLogger(__name__)

HANDLER = "__error_handler__"
"""What LangGraph puts before the name of a node to name its error handler."""
NOT_OF_MODELS = {"seconds_sandbox", "seconds_human", "seconds_total"}


@dataclass(frozen=True)
class Records:
    """Where a drive reads and writes what happened."""

    tasks: TaskStore
    incidents: IncidentStore
    approvals: ApprovalStore
    artifacts: ArtifactStore
    outbox: Outbox
    events: EventLog
    interactions: InteractionLog
    lessons: LessonStore
    memory: Remembering
    live: LiveTexts
    tracing: Tracing
    budgets: Budgets
    messages: MessageStore
    alerts: AlertStore
    demos: DemoStore
    clock: Clock


class Chronicle:
    """Keeps row and log of a task in step with its thread."""

    def __init__(self, records: Records) -> None:
        self._records = records
        self._care = Care(records.incidents, records.events, records.clock)

    async def begin(self, task: Task, lease: Lease) -> Task:
        """The task is at work from now on."""
        now = self._records.clock.now()
        task = await self._records.tasks.update(
            task.task_id,
            lease,
            status=TaskStatus.RUNNING,
            reason="",
            started_at=task.started_at or now,
        )
        log.info("the task is at work: %s", task.title)
        await self.tell("status", task.task_id, status=task.status)
        return task

    async def wait(self, lease: Lease, reason: str) -> None:
        """The task is at work, but can do nothing for now."""
        task = await self._records.tasks.update(lease.task_id, lease, reason=reason)
        await self.tell("status", task.task_id, status=task.status, reason=reason)

    async def step(self, lease: Lease, data: Mapping[str, Any], started: dict[str, float]) -> None:
        """Write a node's start or end into the task and the log."""
        clock, node = self._records.clock, str(data["name"]).removeprefix(HANDLER)
        if "triggers" in data:
            started[data["id"]] = clock.monotonic()
            task = await self._records.tasks.update(lease.task_id, lease, node=node)
            await self._care.at_node(task, node)
            log.debug("the step %s begins", node)
            await self.tell("node", lease.task_id, node=node, state="started")
            return
        taken_ms = round((clock.monotonic() - started.get(data["id"], clock.monotonic())) * 1000)
        state = "finished"
        if data.get("error") or node != data["name"]:
            state = "failed"
        elif data.get("interrupts"):
            state = "interrupted"
        result = data.get("result") or {}
        said = summary(node, result) if state == "finished" else str(result.get("trouble", ""))
        self._care.noted(lease.task_id, said)
        await self._count(lease)
        log.info("the step %s %s after %d ms", node, state, taken_ms)
        await self.tell("node", lease.task_id, node=node, state=state, ms=taken_ms, summary=said)

    async def _count(self, lease: Lease) -> None:
        """Bring what models took up to date in the row."""
        spent = await self._records.budgets.usage(lease.task_id)
        if spent.model_calls:
            so_far = (await self._records.tasks.get(lease.task_id)).usage
            other = so_far.model_dump(include=NOT_OF_MODELS)
            await self._records.tasks.update(lease.task_id, lease, usage=spent.but(**other))

    async def account(self, lease: Lease, values: Mapping[str, Any], **changes: Any) -> Task:
        """Bring the public account up to date, together with other fields of the row."""
        records, task_id = self._records, lease.task_id
        now = records.clock.now()
        task = await records.tasks.get(task_id)
        task = task.but(updated_at=now, outcome=changes.get("outcome", task.outcome))
        approvals = await records.approvals.list(task_id=task_id)
        spent = await records.budgets.usage(task_id)
        account, usage = await account_of(task, values, approvals, spent, records.artifacts)
        facts = {
            "severity": (values.get("triage") or {}).get("severity"),
            "risk": (values.get("patch") or {}).get("risk", ""),
            "usage": usage,
            "result": account,
        }
        updated = await records.tasks.update(task_id, lease, **facts, **changes)
        if not updated.status.ended:
            await self._care.at_questions(updated, approvals)
        if "status" in changes:
            await self.tell("status", lease.task_id, status=updated.status, reason=updated.reason)
        return updated

    async def tell(self, type_: EventType, task_id: str, **data: Any) -> None:
        """Write an event into the log."""
        notice = Notice(type=type_, task_id=task_id, data=data)
        await self._records.events.append(notice)

    async def end(self, task: Task) -> None:
        """What came of the task, for each of its roles, and then its one closing event."""
        log.info("the task has ended: %s. %s", task.outcome, task.reason)
        await self._conclude(task)
        await self._records.memory.keep(task)
        await self._care.at_end(task)
        await self._join_the_other(task)
        await self.tell(
            "end",
            task.task_id,
            outcome=task.outcome,
            reason=task.reason,
            pr_url=task.result.get("pr_url"),
            cost_usd=task.usage.cost_usd,
            agent_ms=round((task.usage.seconds_total - task.usage.seconds_human) * 1000),
            human_ms=round(task.usage.seconds_human * 1000),
        )
        self._records.tracing.ended(task)

    async def _join_the_other(self, task: Task) -> None:
        """Let the incident of the task that this one repeats take its reports over."""
        other = task.result.get("duplicate_of")
        if task.outcome is not Outcome.DUPLICATE or not other or not task.incident_id:
            return
        into = (await self._records.tasks.get(other)).incident_id
        mine = await self._records.incidents.get(task.incident_id)
        if into in ("", mine.incident_id) or mine.merged_into or mine.task_id:
            return
        try:
            await self._care.merge(mine.incident_id, into, by="")
        except Conflict as refusal:
            log.warning("incident %s is not merged: %s", mine.id8, refusal)

    async def _conclude(self, task: Task) -> None:
        """Tell roles and the log of model calls how it ended; the same again changes nothing."""
        records, outcome = self._records, task.outcome
        if outcome is None:
            return
        ended_at = task.ended_at or task.updated_at
        spent = await records.budgets.by_role(task.task_id) if task.usage.model_calls else {}
        for role, took in spent.items():
            records.interactions.record(
                RoleResult(
                    task_id=task.task_id,
                    role=role,
                    ended_at=ended_at,
                    outcome=outcome,
                    success=outcome.well,
                    calls=took.calls,
                    tokens=took.tokens,
                    cost_usd=took.cost_usd,
                    seconds=took.seconds,
                )
            )
        if spent:
            await records.interactions.flush()
        # Last, since a role that is due reads the log.
        well = outcome.well if outcome.tells else None
        await records.lessons.conclude(task.task_id, spent, well=well, ended_at=ended_at)

    async def end_once(self, task: Task) -> None:
        """The closing event, where a crash came between the end and its telling."""
        seen = 0
        while events := await self._records.events.after(seen, task_id=task.task_id):
            if any(event.type == "end" for event in events):
                return
            seen = events[-1].seq
        await self.end(task)


def asked(approval: Approval) -> Notice:
    """The event of a question, or of its answer."""
    question, decision = approval.question, approval.decision
    return Notice(
        type="approval",
        task_id=approval.task_id,
        data={
            "approval_id": approval.approval_id,
            "kind": question.kind,
            "state": approval.state,
            "revision": approval.revision,
            "patch_hash": question.patch_hash,
            "risk": question.risk,
            "question": question.title,
            "options": list(question.options),
            "expires_at": approval.expires_at.isoformat(),
            "waited_s": _waited_s(approval),
            "voices": [voice.by.account for voice in approval.voices],
            "voices_needed": question.voices_needed,
            "decided_by": decision.by.model_dump(exclude={"v"}) if decision else None,
            "text": decision.text if decision else "",
        },
    )


def _waited_s(approval: Approval) -> float | None:
    """How long a question waited for its answer; None while it does."""
    if approval.decided_at is None:
        return None
    return round((approval.decided_at - approval.created_at).total_seconds(), 3)
