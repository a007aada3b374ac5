"""Anton: the façade that every face talks to."""

import asyncio
import contextlib
import logging
import os
import socket
import uuid
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from control.care import Care
from control.chronicle import Records, asked
from control.decisions import Decisions
from control.demos import Demos
from control.expiry import Expiry
from control.facts import told
from control.identities import IdentityDesk
from control.incidents import IncidentDesk
from control.observatory import Observatory
from control.preferences import Preferences
from control.runner import HEARTBEAT_S, LEASE_TTL_S, Runner
from control.services import Services
from control.view import ChannelView
from control.words import said_back
from core import figures
from core.approvals import (
    Approval,
    ApprovalState,
    Decision,
    Person,
    Question,
    QuestionKind,
    Risk,
)
from core.briefing import Briefing
from core.budgets import FACTOR_MAX
from core.errors import (
    AntonError,
    Conflict,
    LimitExceeded,
    NotFound,
    PayloadInvalid,
    StoreError,
)
from core.events import AuditEntry, AuditRow, Notice
from core.intents import Intent, unclear
from core.plain import each_text
from core.ports import (
    ArtifactStore,
    AuditLog,
    Clock,
    EventLog,
    InteractionLog,
    MessageStore,
    Page,
    Reader,
    TaskFilter,
)
from core.reports import Reported
from core.tasks import Lease, Task, TaskRequest, TaskStatus, ticket_key, trace_id_for
from graph.repair.repeats import mark_of
from observability.live import LiveTexts
from observability.records import ids

log = logging.getLogger(__name__)

VERSION = "0.1.0"
IDLE_S = 1.0
"""How long the work loop sleeps unwoken; decisions of other processes wait so long at most."""
DRAIN_S = 25.0
"""How long nodes may take to finish when the server stops; with the rest it stays below 30 s."""
TAKING_S = 2.0
"""How long the work loop may take to give back what it is just taking."""
PROTECTED = "This is of critical risk: words alone do not release it."
BY_HASH = "Decide on the question itself, with the hash of the diff that was seen."


class Busy(LimitExceeded):
    """As many tasks run as may run at once."""


@dataclass(frozen=True)
class Capacity:
    """How much may run at once."""

    concurrent_tasks: int = 5


Chore = Callable[[], Coroutine[Any, Any, None]]
"""What goes on beside the tasks as long as the house works, until it is cancelled."""
Check = Callable[[], Awaitable[None]]
"""Returns when all is well; raises an AntonError that tells what is not."""


class Anton:
    """Receives, submits, decides, tells; the work itself is the runner's."""

    def __init__(
        self,
        records: Records,
        runner: Runner | None,
        audit: AuditLog,
        reader: Reader,
        *,
        capacity: Capacity,
        checks: Mapping[str, Check],
        about: Callable[[], Mapping[str, Any]],
        degraded: Callable[[], Mapping[str, str]],
        close: Callable[[], Awaitable[None]],
        decisions: Decisions,
        services: Services,
        preferences: Preferences,
        observatory: Observatory,
        demos: Demos,
        identities: IdentityDesk,
        incidents: IncidentDesk,
        chores: Sequence[Chore] = (),
        views: Sequence[ChannelView] = (),
        masked: Callable[[str], str] = str,
    ) -> None:
        """`masked` takes our own secrets out of what people write, before it is kept or read."""
        self._records = records
        self._runner = runner
        """None in a process that only looks and decides."""
        self._audit = audit
        self._reader = reader
        self._capacity = capacity
        self._checks = checks
        self._about = about
        self._degraded = degraded
        self._close = close
        self._chores = chores
        self.identities = identities
        """What roles have learned."""
        self.incidents = incidents
        """Faults under care."""
        self._care = Care(records.incidents, records.events, records.clock)
        self._masked = masked
        self._decisions = decisions
        self._services = services
        self.preferences = preferences
        """What people turned down, and what they approved later."""
        self._views = views
        self.observatory = observatory
        """What can be seen of the house from outside."""
        self.demos = demos
        """What is shown live beside questions."""
        self._expiry = Expiry(records.approvals, records.clock, self._expired)
        self._ears: dict[str, Callable[[], str]] = {}
        self._owner = f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex[:6]}"
        self._wake = asyncio.Event()
        self._loops: list[asyncio.Task[None]] = []
        self._drives: set[asyncio.Task[Task]] = set()
        self._draining = False

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
    def views(self) -> Sequence[ChannelView]:
        """The channels that people are told in."""
        return self._views

    @property
    def messages(self) -> MessageStore:
        """What channels show."""
        return self._records.messages

    @property
    def clock(self) -> Clock:
        """The time of the house."""
        return self._records.clock

    def hears(self, channel: str, trouble: Callable[[], str]) -> None:
        """Let `/health` tell why nobody is heard in a channel; empty words when all is well."""
        self._ears[channel] = trouble

    async def start(self, drive: bool = True) -> None:
        """Begin to work on tasks and to tell people, unless this process only looks and decides."""
        if drive:
            self._loops = [
                asyncio.create_task(self._work()),
                asyncio.create_task(self._expiry.run()),
                *(asyncio.create_task(chore()) for chore in self._chores),
                *(asyncio.create_task(view.run()) for view in self._views),
            ]

    async def stop(self, drain_s: float = DRAIN_S) -> None:
        """Take nothing new, let nodes finish for `drain_s`, park the rest, close everything."""
        self._draining = True
        self._wake.set()
        if self._runner:
            self._runner.drain()
        if self._loops:
            await asyncio.wait(self._loops[:1], timeout=TAKING_S)
        for loop in self._loops:
            loop.cancel()
        if self._runner and self._drives:
            await asyncio.wait(self._drives, timeout=drain_s)
            self._runner.stop()
            await asyncio.gather(*self._drives, return_exceptions=True)
        await self._close()

    async def submit(
        self, request: TaskRequest, *, idempotency_key: str = "", queue: bool = True
    ) -> Task:
        """Write a task down that is begun whatever else is at work; the same key, the same task.

        Raises PayloadInvalid for an empty report, Conflict for a key that came with another
        request, and Busy when it may not queue and no place is free.
        """
        reported = await self.report(
            request, joins=False, idempotency_key=idempotency_key, queue=queue
        )
        if reported.task is None:
            raise Conflict("No task was begun.")
        return reported.task

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
        if not request.text.strip():
            raise PayloadInvalid(
                "The report is empty.", remedy="Say what happens and what should happen instead."
            )
        running = (await self._records.tasks.counts()).get(TaskStatus.RUNNING, 0)
        if not queue and running >= self._capacity.concurrent_tasks:
            raise Busy(f"{running} tasks run already.", remedy="Try again later, or queue it.")
        service = self._services.of(request.repository)
        if request.budget_usd is None:
            request = request.but(budget_usd=service.max_task_budget_usd)
        request = request.but(
            budget_tokens=service.max_task_tokens,
            text=self._masked(request.text),
            title=self._masked(request.title),
            reproduction=self._masked(request.reproduction),
            ticket=request.ticket or ticket_key(request.title or request.text),
        )
        now = self._records.clock.now()
        task = Task(task_id=str(uuid.uuid4()), request=request, created_at=now, updated_at=now)
        reported = await self._records.incidents.report(
            task, fingerprint or mark_of(request), joins=joins, idempotency_key=idempotency_key
        )
        if reported.incident and not reported.repeated:
            await self._care.tell(reported.incident)
        if reported.task and reported.how == "started" and not reported.repeated:
            await self._begun(reported.task)
        return reported

    async def fix(self, ref: str, by: Person) -> Task:
        """Begin a task for an open incident; raises NotFound, Conflict."""
        task = await self.incidents.fix(ref, by)
        await self._begun(task)
        return task

    async def _begun(self, task: Task) -> None:
        """A new task was written down."""
        with ids(task_id=task.task_id, trace_id=trace_id_for(task.task_id)):
            log.info(
                "a task from %s: %s", task.request.requested_by or task.request.source, task.title
            )
        await self.events.append(
            Notice(type="status", task_id=task.task_id, data={"status": task.status})
        )
        self._wake.set()

    async def drive(self, task_id: str) -> Task:
        """Drive this one task here until it waits or ends; raises Conflict when another does."""
        driver = self._driver
        lease = await self._records.tasks.lease(task_id, self._owner, ttl_s=LEASE_TTL_S)
        if lease is None:
            task = await self._records.tasks.get(task_id)
            if task.status.ended:
                return task
            raise Conflict("Another process works on this task.")
        return await driver.drive(lease)

    async def work_once(self) -> int:
        """Drive all tasks that have work to do now, one after the other; how many."""
        done, driver = 0, self._driver
        while lease := await self._take():
            await driver.drive(lease)
            done += 1
        return done

    async def task(self, ref: str) -> Task:
        """One task by id, by its first eight digits, or `latest`; raises NotFound, Conflict."""
        try:
            return await self._records.tasks.get(ref)
        except NotFound:
            found = await self._records.tasks.find(ref)
        if not found:
            raise NotFound(f"There is no task {ref}.")
        if len(found) > 1:
            raise Conflict(f"{len(found)} tasks begin with {ref}: use the whole id.")
        return found[0]

    async def tasks(self, only: TaskFilter, cursor: str = "", limit: int = 50) -> Page:
        """Tasks, newest first."""
        return await self._records.tasks.list(only, cursor=cursor, limit=limit)

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
        decision = decision.but(text=self._masked(decision.text))
        decided = await self._decisions.take(approval_id, decision)
        self._wake.set()
        return decided

    def may_decide(self, person: Person, place: str = "") -> bool:
        """Whether this person may answer questions, in this place of the channel."""
        return self._decisions.may_decide(person, place)

    async def note(self, entry: AuditEntry) -> None:
        """Write something into the audit log."""
        await self._audit.record(entry)

    async def audit(
        self, before: int, *, action: str = "", task_id: str = "", words: str = "", limit: int = 100
    ) -> Sequence[AuditRow]:
        """What stands in the audit log before a number, newest first, without secrets."""
        return await self._audit.before(
            before, action=action, task_id=task_id, words=words, limit=limit
        )

    async def refuse(self, by: Person, what: str, task_id: str = "") -> None:
        """Write down that somebody was refused; the state of nothing changes."""
        detail = {"refusal": what}
        await self.note(
            AuditEntry(action="refused", task_id=task_id, actor=by.account, detail=detail)
        )

    async def audited(self) -> str:
        """`ok`, or the first row at which the audit log is not what was written."""
        broken = await self._audit.verify()
        if broken is None:
            return "ok"
        return (
            f"The audit log is broken at row {broken}: from there on it was changed or cut. "
            "Keep this file, and compare it with a backup."
        )

    async def read_words(self, approval_id: str, text: str) -> Intent:
        """What somebody means by plain words to a question that waits; nothing is decided.

        Whoever spoke may answer it: that was seen to before. Raises Conflict when the question is
        settled already.
        """
        approval = await self._records.approvals.get(approval_id)
        if approval.state is not ApprovalState.PENDING:
            raise Conflict(f"The question is settled already: {approval.state}.")
        question = await self.current(approval.question)
        intent = await self.read(text, question)
        if intent.kind == "approve" and question.risk is Risk.CRITICAL:
            return unclear(intent.text, PROTECTED, intent.read_by).but(notice=intent.notice)
        return intent

    async def read(self, words: str, question: Question) -> Intent:
        """What somebody means by plain words as the answer to a question of this moment."""
        return await self._reader.read(self._masked(words), question)

    async def facts(self, approval_id: str, intent: Intent) -> str:
        """The recorded facts that answer a question about what waits, as plain text."""
        question = (await self._records.approvals.get(approval_id)).question
        briefing = None
        if question.brief_ref:
            briefing = Briefing.model_validate_json(await self.artifacts.get(question.brief_ref))
        return told(intent.topics, await self.current(question), briefing)

    async def reply(
        self, task_id: str, text: str, by: Person, approval_id: str = ""
    ) -> tuple[str, Approval]:
        """Take plain words as the answer to what a task waits for; what was understood.

        A question is answered, and leaves it open. Raises Conflict when nothing waits, or several
        do, and PayloadInvalid when the words are unclear: then buttons decide.
        """
        approval = await self._the_pending(task_id, approval_id)
        intent = await self.read_words(approval.approval_id, text)
        if intent.kind == "question":
            return await self.facts(approval.approval_id, intent), approval
        question = await self.current(approval.question)
        if intent.kind == "approve" and intent.partial:
            raise PayloadInvalid("Consent has to stand alone.", remedy=_how_to_say(question))
        if intent.choice is None:
            raise PayloadInvalid(
                " ".join(filter(None, (intent.reason, intent.notice))),
                remedy=BY_HASH if intent.reason == PROTECTED else _how_to_say(question),
            )
        decision = decision_of(intent, approval, by)
        decided = await self.decide(approval.approval_id, decision)
        said = said_back(intent.choice, text, intent.amount_usd, question)
        return " ".join(filter(None, (said, intent.notice))), decided

    async def current(self, question: Question) -> Question:
        """The same question with the limit of this moment, where it is about a budget."""
        if question.kind is not QuestionKind.BUDGET:
            return question
        whose = "" if question.details.get("scope") == "day" else question.task_id
        stands = await self._records.budgets.standing(whose)
        limit = str(round(stands.limit_usd, 6))
        return question.but(details={**question.details, "limit_usd": limit})

    async def cancel(self, task_id: str, by: Person) -> Task:
        """End a task: its sandbox closes, its questions are void, its branch is kept."""
        task = await self.task(task_id)
        if task.status.ended:
            raise Conflict(f"The task has ended as {task.outcome}.")
        task = await self._records.tasks.update(task.task_id, cancel_requested=True)
        for approval in await self._records.approvals.void(task.task_id, "The task was cancelled."):
            await self.events.append(asked(approval))
        await self._audit.record(
            AuditEntry(action="cancel", task_id=task.task_id, actor=by.account)
        )
        if self._runner:
            self._runner.cancel(task.task_id)
        self._wake.set()
        return task

    def models(self) -> tuple[Mapping[str, str], Sequence[str]]:
        """The model of each role that has one, and the fallbacks of all."""
        told = self._about().get("models") or {}
        by_role = {role: str(row["model"]) for role, row in (told.get("by_role") or {}).items()}
        return by_role, list(told.get("fallback") or ())

    async def try_channel(self, name: str) -> str:
        """Post a test message to a channel; its reference. Raises NotFound and what it raises."""
        for view in self._views:
            if view.name == name:
                return await view.try_out()
        known = ", ".join(view.name for view in self._views) or "none"
        raise NotFound(f"There is no channel {name[:40]}; configured: {known}.")

    async def metrics(self, streams: int) -> tuple[bytes, str]:
        """The text for Prometheus and its media type; `streams` is how many clients listen."""
        return await self.observatory.meter.exposition(self._about(), self._degraded(), streams)

    async def health(self) -> dict[str, Any]:
        """How the house is, without secrets."""
        counts = await self._records.tasks.counts()
        parts = await self.ready()
        trouble = {
            **self._degraded(),
            **{view.name: view.trouble.said for view in self._views if view.trouble.said},
            **{f"{name} (hearing)": said for name, ear in self._ears.items() if (said := ear())},
            **{name: said for name, said in parts.items() if said != "ok"},
        }
        told = {
            "status": "degraded" if trouble else "ok",
            "service": "anton",
            "version": VERSION,
            "active_tasks": counts.get(TaskStatus.RUNNING, 0),
            "queue": counts.get(TaskStatus.QUEUED, 0),
            "waiting": counts.get(TaskStatus.WAITING, 0),
            "draining": self._draining,
            "trouble": trouble,
            "alerts": {one.name: one.said for one in await self.observatory.alerts.open()},
            "parts": parts,
            "channels": {view.name: view.standing for view in self._views},
            **self._about(),
        }
        without_secrets: dict[str, Any] = each_text(told, self.observatory.redacted)
        return without_secrets

    async def ready(self) -> dict[str, str]:
        """Each part the house cannot do without: `ok`, or what is wrong with it."""
        answers = {}
        for name, check in self._checks.items():
            try:
                await asyncio.wait_for(check(), timeout=5.0)
                answers[name] = "ok"
            except (AntonError, TimeoutError) as error:
                answers[name] = str(error) or "It does not answer in time."
        return answers

    async def remembers(self) -> dict[str, str]:
        """Whether the log of model calls and identities can be read: `ok`, or what is wrong."""
        looks: Mapping[str, Callable[[], Awaitable[object]]] = {
            "interactions": lambda: self.interactions.ask(figures.call_rates(self.clock.now())),
            "identities": self.identities.all,
        }
        answers = dict.fromkeys(looks, "ok")
        for name, look in looks.items():
            try:
                await look()
            except AntonError as error:
                answers[name] = str(error)
        if trouble := self.identities.health().trouble:
            answers["identities"] = trouble
        return answers

    @property
    def _driver(self) -> Runner:
        if self._runner is None:
            raise Conflict("This process does not drive tasks.")
        return self._runner

    async def _take(self) -> Lease | None:
        return await self._records.tasks.take(
            self._owner, limit_running=self._capacity.concurrent_tasks, ttl_s=LEASE_TTL_S
        )

    async def _work(self) -> None:
        """Take tasks as they come; a store that fails is tried again."""
        while not self._draining:
            self._wake.clear()
            try:
                lease = await self._take()
            except StoreError as error:
                log.error("no task can be taken: %s", error)
                await self._records.clock.sleep(HEARTBEAT_S / 2)
                continue
            if lease:
                await self._begin(lease)
                continue
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(IDLE_S):
                    await self._wake.wait()

    async def _begin(self, lease: Lease) -> None:
        """Drive a task that was taken, unless the house is closing since."""
        if self._draining:
            await self._records.tasks.release(lease)
            return
        drive = asyncio.create_task(self._driver.drive(lease))
        self._drives.add(drive)
        drive.add_done_callback(self._driven)

    def _driven(self, drive: asyncio.Task[Task]) -> None:
        """Look for work at once, but for a drive that broke, whose task would break again."""
        self._drives.discard(drive)
        if not drive.cancelled() and (error := drive.exception()):
            log.error("a drive broke: %s", error, exc_info=error)
        else:
            self._wake.set()

    async def _expired(self, approval: Approval) -> None:
        await self.events.append(asked(approval))
        self._wake.set()

    async def _the_pending(self, task_id: str, approval_id: str) -> Approval:
        task = await self.task(task_id)
        pending = await self.approvals(task_id=task.task_id, state=ApprovalState.PENDING)
        if approval_id:
            pending = [a for a in pending if a.approval_id == approval_id]
        if not pending:
            raise Conflict("Nothing waits for an answer here.")
        if len(pending) > 1:
            raise Conflict("Several questions wait: name the one that is meant.")
        return pending[0]


def decision_of(intent: Intent, approval: Approval, by: Person, key: str = "") -> Decision:
    """What was understood as a decision on what was shown; the intent is a choice."""
    return Decision.model_validate(
        {
            "choice": intent.choice,
            "text": intent.text,
            "patch_hash": approval.question.patch_hash,
            "amount_usd": intent.amount_usd,
            "by": by,
            "key": key,
        }
    )


def _how_to_say(question: Question) -> str:
    """What to say to a question instead of what was not clear."""
    choices = f"Choose one of: {', '.join(question.options)}."
    if "raise_budget" not in question.options:
        return choices
    limit = question.limit_usd or 0.0
    return (
        f"{choices} An amount is said as `another 50 cents` or `set it to $2`; the limit is "
        f"${limit:.2f}, and at most {FACTOR_MAX} times as much is taken in words."
    )
