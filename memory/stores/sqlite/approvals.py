"""Questions in SQLite, each answered at most once by one compare-and-set."""

import secrets
import sqlite3
import uuid
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from functools import partial

from core.approvals import (
    Approval,
    ApprovalState,
    Choice,
    Decision,
    Question,
    QuestionKind,
    Ruling,
)
from core.errors import Conflict, NotFound
from core.ports import Apart, Clock, Noted
from core.tasks import TaskStatus
from memory.stores.sqlite import ages, rulings
from memory.stores.sqlite.audit import SqliteAuditLog
from memory.stores.sqlite.ballots import Weighed, weighed
from memory.stores.sqlite.rows import revive, stamp
from observability.database import Database

SELECT = "SELECT approval_id, document FROM approvals"
NEED_THE_DIFF = (QuestionKind.RELEASE, QuestionKind.PROTECTED_PATH)
NEED_WORDS = ("request_changes", "guidance", "answer")
DONE_WORDS = {
    ApprovalState.APPROVED: "approved",
    ApprovalState.CHANGES_REQUESTED: "sent back for changes",
    ApprovalState.REJECTED: "rejected",
    ApprovalState.ANSWERED: "answered",
}


class SqliteApprovalStore:
    """Serves the port ApprovalStore."""

    def __init__(self, database: Database, clock: Clock, audit: SqliteAuditLog) -> None:
        """`audit` lies in the same file, so that an answer and its entry stand or fall together."""
        self._database = database
        self._clock = clock
        self._audit = audit

    async def ask(self, question: Question, interrupt_id: str, expires_at: datetime) -> Approval:
        """Serves the port; a newer question voids what is pending of the same kind and task."""
        return await self._database.write(
            lambda connection: _ask(
                connection, question, interrupt_id, expires_at, self._clock.now()
            )
        )

    async def get(self, approval_id: str) -> Approval:
        return await self._database.read(partial(_get, approval_id=approval_id))

    async def list(
        self, *, task_id: str = "", state: ApprovalState | None = None, limit: int = 200
    ) -> Sequence[Approval]:
        narrowed = {"task_id": task_id, "state": state.value if state else ""}
        conditions = [f"{column} = ?" for column, value in narrowed.items() if value]
        where = f"WHERE {' AND '.join(conditions)}" if conditions else ""
        values = [value for value in narrowed.values() if value]
        return await self._database.read(
            lambda connection: _select(
                connection,
                f"{where} ORDER BY state <> 'pending', number DESC LIMIT ?",
                *values,
                limit,
            )
        )

    async def rulings(
        self, *, kind: QuestionKind | None = None, choices: Collection[Choice] = ()
    ) -> Sequence[Ruling]:
        return await self._database.read(partial(rulings.select, kind=kind, choices=choices))

    async def counts(self) -> Mapping[ApprovalState, int]:
        rows = await self._database.read(
            lambda connection: connection.execute(
                "SELECT state, count(*) FROM approvals GROUP BY state"
            ).fetchall()
        )
        found = Counter({ApprovalState(state): count for state, count in rows})
        return {state: found[state] for state in ApprovalState}

    async def oldest(self) -> Approval | None:
        found = await self._database.read(
            lambda connection: _select(
                connection, "WHERE state = 'pending' ORDER BY number LIMIT 1"
            )
        )
        return found[0] if found else None

    async def decide(
        self,
        approval_id: str,
        decision: Decision,
        *,
        apart: Apart | None = None,
        still: Callable[[Decision], bool] | None = None,
        noted: Noted | None = None,
    ) -> Approval:
        def settle(connection: sqlite3.Connection) -> Weighed:
            asked, now = _get(connection, approval_id), self._clock.now()
            if _is_repeated(asked, decision):
                return asked, None
            earlier = [voice for voice in asked.voices if still is None or still(voice)]
            becomes, refusal = weighed(asked.but(voices=earlier), decision, apart, now)
            _decide(connection, asked, becomes, decision, now)
            if noted:
                self._audit.append(connection, noted(becomes, refusal))
            return becomes, refusal

        decided, refusal = await self._database.write(settle)
        if refusal:
            raise refusal
        return decided

    async def void(self, task_id: str, reason: str) -> Sequence[Approval]:
        return await self._database.write(
            lambda connection: _end_pending(
                connection, "task_id = ?", task_id, state=ApprovalState.VOID, reason=reason
            )
        )

    async def expire(self, now: datetime) -> Sequence[Approval]:
        return await self._database.write(
            lambda connection: _end_pending(
                connection, "expires_at <= ?", stamp(now), state=ApprovalState.EXPIRED
            )
        )

    async def answers(self, task_id: str) -> Sequence[Approval]:
        return await self._database.read(
            lambda connection: _select(
                connection,
                "WHERE applied_at IS NULL AND state NOT IN ('pending', 'void') AND task_id = ?"
                " ORDER BY number",
                task_id,
            )
        )

    async def applied(self, approval_id: str) -> None:
        def note(connection: sqlite3.Connection) -> None:
            approval = _get(connection, approval_id)
            if approval.applied_at is None:
                _rewrite(connection, approval.but(applied_at=self._clock.now()))

        await self._database.write(note)

    async def forget(self, before: datetime, open_tasks: Collection[str]) -> int:
        return await ages.forgotten(self._database, ages.BRIEFINGS, before, open_tasks)


def _select(connection: sqlite3.Connection, rest: str, *values: str | int) -> tuple[Approval, ...]:
    rows = connection.execute(f"{SELECT} {rest}", values)
    return tuple(revive(Approval, document, approval_id) for approval_id, document in rows)


def _get(connection: sqlite3.Connection, approval_id: str) -> Approval:
    found = _select(connection, "WHERE approval_id = ? OR nonce = ?", approval_id, approval_id)
    if not found:
        raise NotFound("There is no such question.")
    return found[0]


def _ask(
    connection: sqlite3.Connection,
    question: Question,
    interrupt_id: str,
    expires_at: datetime,
    now: datetime,
) -> Approval:
    asked = _select(
        connection, "WHERE task_id = ? AND interrupt_id = ?", question.task_id, interrupt_id
    )
    if asked:
        return asked[0]
    task = connection.execute(
        "SELECT status FROM tasks WHERE task_id = ?", (question.task_id,)
    ).fetchone()
    if task is None:
        raise NotFound(f"There is no task {question.task_id}.")
    if TaskStatus(task[0]).ended:
        raise Conflict("The task has ended: nothing is asked for it any more.")
    _end_pending(
        connection,
        "task_id = ? AND kind = ?",
        question.task_id,
        question.kind.value,
        state=ApprovalState.VOID,
        reason="a newer question took its place",
    )
    approval = Approval(
        approval_id=str(uuid.uuid4()),
        interrupt_id=interrupt_id,
        question=question,
        revision=_revision(connection, question),
        nonce=secrets.token_urlsafe(16),
        created_at=now,
        expires_at=expires_at,
    )
    connection.execute(
        "INSERT INTO approvals (expires_at, document, seal) VALUES (?1, ?2, checksum(?1, ?2))",
        (stamp(expires_at), approval.model_dump_json()),
    )
    return approval


def _revision(connection: sqlite3.Connection, question: Question) -> int:
    asked: int = connection.execute(
        "SELECT count(*) FROM approvals WHERE task_id = ? AND kind = 'release'",
        (question.task_id,),
    ).fetchone()[0]
    return asked + 1 if question.kind is QuestionKind.RELEASE else max(asked, 1)


def _decide(
    connection: sqlite3.Connection,
    asked: Approval,
    becomes: Approval,
    decision: Decision,
    now: datetime,
) -> None:
    """Let a question become something else, by compare-and-set; Conflict when it cannot."""
    if decision.choice not in asked.question.options:
        raise Conflict(f"{decision.choice} is not among the answers to this question.")
    if decision.choice in NEED_WORDS and not decision.text.strip():
        raise Conflict(f"{decision.choice} needs words that say what is wanted.")
    won = connection.execute(
        "UPDATE approvals SET document = :document, seal = checksum(expires_at, :document)"
        " WHERE approval_id = :approval_id AND state = 'pending' AND expires_at > :now"
        " AND (patch_hash = :patch_hash OR :any_diff)"
        " AND NOT EXISTS (SELECT 1 FROM tasks t WHERE t.task_id = approvals.task_id"
        " AND (t.cancel_requested = 1 OR t.status IN ('completed', 'failed', 'cancelled')))",
        {
            "document": becomes.model_dump_json(),
            "now": stamp(now),
            "approval_id": asked.approval_id,
            "patch_hash": decision.patch_hash,
            "any_diff": asked.question.kind not in NEED_THE_DIFF and not decision.patch_hash,
        },
    ).rowcount
    if not won:
        raise Conflict(_why_lost(asked, decision, now))
    rulings.note(connection, becomes)


def _is_repeated(asked: Approval, decision: Decision) -> bool:
    given = (*asked.voices, *([asked.decision] if asked.decision else []))
    ended = asked.state in (ApprovalState.VOID, ApprovalState.EXPIRED)
    return bool(decision.key and not ended) and any(
        earlier.key == decision.key
        and earlier.by.same_as(decision.by)
        and earlier.choice == decision.choice
        for earlier in given
    )


def _why_lost(asked: Approval, decision: Decision, now: datetime) -> str:
    if asked.decision and asked.decided_at:
        by = asked.decision.by
        return (
            f"already {DONE_WORDS[asked.state]} by {by.shown} in {by.channel}"
            f" at {asked.decided_at:%Y-%m-%d %H:%M:%S} UTC"
        )
    if asked.state is ApprovalState.VOID:
        return f"This question is void: {asked.void_reason}."
    if asked.state is ApprovalState.EXPIRED or asked.expires_at <= now:
        return f"This question expired at {asked.expires_at:%Y-%m-%d %H:%M:%S} UTC."
    if asked.question.patch_hash != decision.patch_hash:
        return (
            f"The patch has changed: the question is about {asked.question.patch_hash[:12]},"
            f" the answer about {decision.patch_hash[:12] or 'none'}."
        )
    return "The task was cancelled or has ended."


def _end_pending(
    connection: sqlite3.Connection,
    condition: str,
    *values: str,
    state: ApprovalState,
    reason: str = "",
) -> tuple[Approval, ...]:
    pending = _select(connection, f"WHERE state = 'pending' AND {condition}", *values)
    ended = tuple(approval.but(state=state, void_reason=reason) for approval in pending)
    for approval in ended:
        _rewrite(connection, approval)
    return ended


def _rewrite(connection: sqlite3.Connection, approval: Approval) -> None:
    connection.execute(
        "UPDATE approvals SET document = ?1, seal = checksum(expires_at, ?1)"
        " WHERE approval_id = ?2",
        (approval.model_dump_json(), approval.approval_id),
    )
