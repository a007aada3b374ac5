"""Anton: the façade that every face talks to."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from typing import Any

from control.answers import Answers
from control.chores import Chore, steady
from control.chronicle import Records, asked
from control.consent import Deciders
from control.decisions import Decisions
from control.demos import Demos
from control.expiry import Expiry
from control.health import Health
from control.identities import IdentityDesk
from control.incidents import IncidentDesk
from control.observatory import Observatory
from control.preferences import Preferences
from control.submissions import Submissions
from control.tasks import TaskDesk
from control.view import ChannelView
from control.worker import Worker
from core.approvals import Approval, ApprovalState, Decision, Person, Question
from core.errors import NotFound
from core.events import AuditEntry, AuditRow
from core.intents import Intent
from core.ports import (
    ArtifactStore,
    AuditLog,
    Clock,
    EventLog,
    InteractionLog,
    MessageStore,
    Page,
    TaskFilter,
)
from core.reports import Reported
from core.tasks import Task, TaskRequest
from observability.live import LiveTexts

DRAIN_S = 25.0
"""How long nodes may take to finish when the server stops; with the rest it stays below 30 s."""


class Anton:
    """Receives, submits, decides, tells; the parts that it is made of do the work."""

    def __init__(
        self,
        records: Records,
        audit: AuditLog,
        *,
        worker: Worker,
        submissions: Submissions,
        tasks: TaskDesk,
        decisions: Decisions,
        answers: Answers,
        health: Health,
        observatory: Observatory,
        incidents: IncidentDesk,
        identities: IdentityDesk,
        preferences: Preferences,
        demos: Demos,
        views: Sequence[ChannelView],
        chores: Sequence[Chore],
        close: Callable[[], Awaitable[None]],
    ) -> None:
        self._records = records
        self._audit = audit
        self._worker = worker
        self._submissions = submissions
        self._tasks = tasks
        self._decisions = decisions
        self._answers = answers
        self._health = health
        self.observatory = observatory
        """What can be seen of the house from outside."""
        self.incidents = incidents
        """Faults under care."""
        self.identities = identities
        """What roles have learned."""
        self.preferences = preferences
        """What people turned down, and what they approved later."""
        self.demos = demos
        """What is shown live beside questions."""
        self.views = views
        """The channels that people are told in."""
        self._expiry = Expiry(records.approvals, records.clock, self._expired)
        self._chores = chores
        self._close = close
        self._loops: list[asyncio.Task[None]] = []

    @property
    def events(self) -> EventLog:
        """The log behind every stream."""
        return self._records.events

    @property
    def live(self) -> LiveTexts:
        """What models are saying now, in this process."""
        return self._records.live

    @property
    def interactions(self) -> InteractionLog:
        """The log of all model calls."""
        return self._records.interactions

    @property
    def artifacts(self) -> ArtifactStore:
        """Everything that is too big for a table."""
        return self._records.artifacts

    @property
    def messages(self) -> MessageStore:
        """What channels show."""
        return self._records.messages

    @property
    def clock(self) -> Clock:
        """The time of the house."""
        return self._records.clock

    async def start(self, drive: bool = True) -> None:
        """Begin to work on tasks and to tell people, unless this process only looks and decides."""
        if drive:
            self._worker.start()
            chores = (self._expiry.run, *self._chores, *(view.run for view in self.views))
            self._loops = [asyncio.create_task(steady(one, self.clock)()) for one in chores]

    async def stop(self, drain_s: float = DRAIN_S) -> None:
        """Take nothing new, let nodes finish for `drain_s`, park the rest, close everything."""
        await self._worker.drain()
        for loop in self._loops:
            loop.cancel()
        await self._worker.park(drain_s)
        await self._close()

    async def submit(
        self, request: TaskRequest, *, idempotency_key: str = "", queue: bool = True
    ) -> Task:
        """Write a task down that is begun whatever else is at work; the same key, the same task.

        Raises PayloadInvalid for an empty report, Conflict for a key that came with another
        request, and Busy when it may not queue and no place is free.
        """
        return await self._submissions.submit(request, idempotency_key=idempotency_key, queue=queue)

    async def report(
        self,
        request: TaskRequest,
        *,
        joins: bool = True,
        fingerprint: str = "",
        idempotency_key: str = "",
        queue: bool = True,
    ) -> Reported:
        """Write a report down; one that `joins` begins no task where its fault has one already.

        `fingerprint` names the fault that it is about, where its own words do not tell. Raises as
        `submit` does.
        """
        return await self._submissions.report(
            request,
            joins=joins,
            fingerprint=fingerprint,
            idempotency_key=idempotency_key,
            queue=queue,
        )

    async def fix(self, ref: str, by: Person) -> Task:
        """Begin a task for an open incident; raises NotFound, Conflict."""
        return await self._submissions.fix(ref, by)

    async def drive(self, task_id: str) -> Task:
        """Drive this one task here until it waits or ends; raises Conflict when another does."""
        return await self._worker.drive(task_id)

    async def work_once(self) -> int:
        """Drive all tasks that have work to do now, one after the other; how many."""
        return await self._worker.work_once()

    async def task(self, ref: str) -> Task:
        """One task by id, by its first eight digits, or `latest`; raises NotFound, Conflict."""
        return await self._tasks.one(ref)

    async def tasks(self, only: TaskFilter, cursor: str = "", limit: int = 50) -> Page:
        """Tasks, newest first."""
        return await self._tasks.list(only, cursor=cursor, limit=limit)

    async def cancel(self, task_id: str, by: Person) -> Task:
        """End a task: its sandbox closes, its questions are void, its branch is kept."""
        return await self._tasks.cancel(task_id, by)

    async def approvals(
        self, *, task_id: str = "", state: ApprovalState | None = None, limit: int = 200
    ) -> Sequence[Approval]:
        """Questions, pending first."""
        return await self._records.approvals.list(task_id=task_id, state=state, limit=limit)

    async def approval(self, approval_id: str) -> Approval:
        """One question."""
        return await self._records.approvals.get(approval_id)

    async def decide(self, approval_id: str, decision: Decision) -> Approval:
        """Answer a question; the first valid answer wins, on whatever channel.

        It stays pending behind the first of two approvals. Raises PayloadInvalid when the answer
        does not fit the question, NotEntitled when this person may not give it, ConfirmationWrong
        when what has to be typed is missing or wrong, VoiceCounted when somebody else has to
        approve too, and Conflict when another one was first or the question is void.
        """
        return await self._answers.decide(approval_id, decision)

    def may_decide(self, person: Person, place: str = "") -> bool:
        """Whether this person may answer questions, in this place of the channel."""
        return self._decisions.may_decide(person, place)

    async def deciders(self, approval: Approval, caller: Person, keys: Collection[str]) -> Deciders:
        """Who may answer a question, as the caller sees it; `keys` are those that may approve."""
        channels = {view.name for view in self.views}
        return await self._decisions.deciders(approval, caller, channels, keys)

    async def read_words(self, approval_id: str, text: str) -> Intent:
        """What somebody means by plain words to a question that waits; nothing is decided.

        Whoever spoke may answer it: that was seen to before. Raises Conflict when the question is
        settled already.
        """
        return await self._answers.read_about(approval_id, text)

    async def read(self, words: str, question: Question) -> Intent:
        """What somebody means by plain words as the answer to a question of this moment."""
        return await self._answers.read(words, question)

    async def facts(self, approval_id: str, intent: Intent) -> str:
        """The recorded facts that answer a question about what waits, as plain text."""
        return await self._answers.facts(approval_id, intent)

    async def reply(
        self, task_id: str, text: str, by: Person, approval_id: str = ""
    ) -> tuple[str, Approval]:
        """Take plain words as the answer to what a task waits for; what was understood.

        A question is answered, and leaves it open. Raises Conflict when nothing waits, or several
        do, and PayloadInvalid when the words are unclear: then buttons decide.
        """
        return await self._answers.reply(task_id, text, by, approval_id)

    async def current(self, question: Question) -> Question:
        """The same question with the limit of this moment, where it is about a budget."""
        return await self._answers.current(question)

    async def note(self, entry: AuditEntry) -> None:
        """Write something into the audit log."""
        await self._audit.record(entry)

    async def refuse(self, by: Person, what: str, task_id: str = "") -> None:
        """Write down that somebody was refused; the state of nothing changes."""
        detail = {"refusal": what}
        await self.note(
            AuditEntry(action="refused", task_id=task_id, actor=by.account, detail=detail)
        )

    async def audit(
        self, before: int, *, action: str = "", task_id: str = "", words: str = "", limit: int = 100
    ) -> Sequence[AuditRow]:
        """What stands in the audit log before a number, newest first, without secrets."""
        return await self._audit.before(
            before, action=action, task_id=task_id, words=words, limit=limit
        )

    async def audited(self) -> str:
        """`ok`, or the first row at which the audit log is not what was written."""
        return await self._health.audited()

    async def try_channel(self, name: str) -> str:
        """Post a test message to a channel; its reference. Raises NotFound and what it raises."""
        for view in self.views:
            if view.name == name:
                return await view.try_out()
        known = ", ".join(view.name for view in self.views) or "none"
        raise NotFound(f"There is no channel {name[:40]}; configured: {known}.")

    def hears(self, channel: str, trouble: Callable[[], str]) -> None:
        """Let `/health` tell why nobody is heard in a channel; empty words when all is well."""
        self._health.hears(channel, trouble)

    async def health(self) -> dict[str, Any]:
        """How the house is, without secrets."""
        return await self._health.told(draining=self._worker.draining)

    async def ready(self) -> dict[str, str]:
        """Each part the house cannot do without: `ok`, or what is wrong with it."""
        return await self._health.ready()

    async def remembers(self) -> dict[str, str]:
        """Whether the log of model calls and identities can be read: `ok`, or what is wrong."""
        return await self._health.remembers()

    def models(self) -> tuple[Mapping[str, str], Sequence[str]]:
        """The model of each role that has one, and the fallbacks of all."""
        return self._health.models()

    async def metrics(self, streams: int) -> tuple[bytes, str]:
        """The text for Prometheus and its media type; `streams` is how many clients listen."""
        return await self._health.metrics(streams)

    async def _expired(self, approval: Approval) -> None:
        await self.events.append(asked(approval))
        self._worker.wake()
