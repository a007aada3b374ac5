"""One channel as a view of the tables: what its messages should show is compared with what they do.

Nothing is pushed to a channel. Each look computes the cards that are due and posts or edits what
differs, so that a restart, a flood limit or an hour without the channel changes only when a person
sees it, and a message that was lost on the way is simply not there yet at the next look.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from control.cards import Cards, closes
from control.chronicle import Records
from control.hours import Hours
from core.approvals import Approval, ApprovalState
from core.channels import Card, Message
from core.errors import (
    AntonError,
    EffectUnknown,
    Forbidden,
    HostUnreachable,
    NotFound,
    PayloadInvalid,
    RateLimited,
    StoreError,
)
from core.events import Event, Notice
from core.ports import Channel, TaskFilter
from core.tasks import Task, TaskStatus

log = logging.getLogger(__name__)

TIMED_S = 15.0
"""How often a view looks for what comes due by time alone."""
BURST_S = 0.1
"""Events that follow one another so closely are looked at together."""
REST_FACTOR = 3.0
"""A view rests so many times as long as its last look took, so that many events cost little."""
TOLD_BY = frozenset(
    ("status", "node", "approval", "budget", "pull_request", "end", "alert", "demo")
)
"""Types of events after which a card may differ."""
PROGRESS_S = 3.0
"""Seconds between two edits of one message that only tells of progress."""
PAUSE_MIN_S = 1.0
PAUSE_MAX_S = 60.0
NOTICE_AT = 0.8
"""Share of a task's budget after which people are told."""
TOLD_FOR = timedelta(hours=24)
"""What happened longer ago is not told any more; a question that still waits is always asked."""
PENDING_MAX = 10_000
TASKS_MAX = 200
"""So many of the latest tasks are looked at, whatever their state; and a page of a list."""
UNKNOWN_MAX = 3
"""After so many cards of one look whose fate is unknown, it is the channel that fails."""
WATCH = "watch"
"""Subject of the row that keeps since when a channel is watched; it is no message."""


@dataclass
class Due:
    """A card with its place."""

    card: Card
    place: str

    @property
    def key(self) -> tuple[str, str]:
        """Under which its message is known."""
        return self.card.subject, self.place


@dataclass
class Trouble:
    """Why a channel shows nothing for now."""

    said: str = ""
    since: datetime | None = None
    pause_s: float = 0.0

    def meet(self, said: str, now: datetime, pause_s: float | None = None) -> float:
        """Note it; how many seconds to wait before the next try."""
        self.said, self.since = said, self.since or now
        self.pause_s = min(max(PAUSE_MIN_S, self.pause_s * 2), PAUSE_MAX_S)
        return max(self.pause_s, pause_s or 0.0)


@dataclass
class ChannelView:
    """Keeps the messages of one channel true."""

    channel: Channel
    records: Records
    cards: Cards
    hours: Hours
    escalation: str = ""
    """Place where a question is asked too when nobody answers it; empty for none."""
    trouble: Trouble = field(default_factory=Trouble)
    _progressed: dict[str, float] = field(default_factory=dict)
    _failed: list[AntonError] = field(default_factory=list)
    """Why cards of this look are not shown."""
    _unknown: set[tuple[str, str]] = field(default_factory=set)
    """Subjects and places whose fate the last look left unknown: these come last."""
    _held: bool = False
    """Whether progress was seen that is shown a little later."""

    @property
    def name(self) -> str:
        """Of its channel."""
        return self.channel.name

    @property
    def standing(self) -> dict[str, str]:
        """How the channel is, for `/health`."""
        if not self.trouble.said:
            return {"status": "ok"}
        since = self.trouble.since.isoformat() if self.trouble.since else ""
        return {"status": "failing", "since": since, "why": self.trouble.said}

    async def try_out(self) -> str:
        """Post a message that only tells that it arrived; raises what the channel raises."""
        now = self.records.clock.now()
        said = "This channel works. Somebody asked for this message to see whether it arrives."
        card = self.cards.notice(f"test:{now.isoformat()}", "Anton: a test", said)
        return await self.channel.post(card, self.channel.places[0], "")

    async def run(self) -> None:
        """Look whenever something happened, or may be due, for as long as the house stands."""
        wake, clock = asyncio.Event(), self.records.clock
        async with self.records.events.listen() as happened:
            ears = asyncio.create_task(_wake(wake, happened))
            try:
                while True:
                    wake.clear()
                    begun = clock.monotonic()
                    pause = await self._looked()
                    rest = max(BURST_S, REST_FACTOR * (clock.monotonic() - begun))
                    if self.trouble.said:
                        await clock.sleep(pause)
                        continue
                    with suppress(TimeoutError):
                        await asyncio.wait_for(wake.wait(), pause)
                        await clock.sleep(min(rest, pause))
            finally:
                ears.cancel()

    async def _looked(self) -> float:
        """Look once; how many seconds to wait for the next time, if nothing happens before."""
        now = self.records.clock.now()
        try:
            await self.look()
        except RateLimited as error:
            return self.trouble.meet(str(error), now, error.retry_after_s)
        except AntonError as error:
            if not self.trouble.said:
                log.warning("%s does not show all: %s", self.name, error)
                await self._tell("failing", str(error))
            return self.trouble.meet(str(error), now)
        except Exception as error:  # a view that ended would leave people unasked for good
            log.exception("a look of %s broke", self.name)
            fault = f"A fault of Anton's own: {type(error).__name__}."
            if not self.trouble.said:
                await self._tell("failing", fault)
            return self.trouble.meet(fault, now)
        if self.trouble.said:
            log.info("%s shows all again", self.name)
            await self._tell("live", "")
        self.trouble = Trouble()
        return PROGRESS_S if self._held else TIMED_S

    async def _tell(self, state: str, detail: str) -> None:
        """Write into the event log how the channel is, if that can be written."""
        data = {"name": self.name, "state": state, "detail": detail}
        with suppress(StoreError):
            await self.records.events.append(Notice(type="integration", data=data))

    async def look(self) -> None:
        """Bring every message up to date: questions first, then ends, then progress.

        A card that cannot be made or shown holds no other up; why is raised at the end.
        """
        since, self._held, self._failed = await self._watched_since(), False, []
        there = {
            (message.subject, message.place): message
            for message in (
                *await self.records.messages.since(self.name, since),
                *await self.records.messages.unsettled(self.name),
            )
        }
        due = [
            *await self._questions(there),
            *await self._tasks(there, since),
            *await self._alerts(since),
        ]
        late, self._unknown = self._unknown, set()
        for one in sorted(due, key=lambda one: one.key in late):
            with self._apart(one):
                await self._show(one, there.get(one.key))
        if self._failed:
            raise self._failed[0]

    @contextmanager
    def _apart(self, due: Due | None = None) -> Iterator[None]:
        """Keep what fails for one card from all others, unless the channel itself is away."""
        try:
            yield
        except (HostUnreachable, RateLimited):
            raise
        except AntonError as error:
            self._failed.append(error)
            if due and isinstance(error, EffectUnknown):
                self._unknown.add(due.key)
                if len(self._unknown) >= UNKNOWN_MAX:
                    raise

    async def _watched_since(self) -> datetime:
        """From when on things are told here: not what happened before there was the channel."""
        now = self.records.clock.now()
        watch = await self.records.messages.sending(
            Message(channel=self.name, subject=WATCH, place="", state="settled", posted_at=now)
        )
        return max(watch.posted_at, now - TOLD_FOR)

    async def _questions(self, there: dict[tuple[str, str], Message]) -> list[Due]:
        """Cards of all that waits, and of what was shown as waiting and waits no more."""
        records = self.records
        pending = await records.approvals.list(state=ApprovalState.PENDING, limit=PENDING_MAX)
        known = {approval.approval_id: approval for approval in pending}
        for message in there.values():
            if message.approval_id and message.state in ("sending", "shown"):
                shown = message.approval_id
                with self._apart():
                    known[shown] = known.get(shown) or await records.approvals.get(shown)
        due: list[Due] = []
        for approval in sorted(known.values(), key=lambda asked: asked.created_at):
            with self._apart():
                task = await records.tasks.get(approval.task_id)
                due += await self._of_question(approval, task, there)
        return due

    async def _of_question(
        self, approval: Approval, task: Task, there: dict[tuple[str, str], Message]
    ) -> list[Due]:
        """The question, its reminders, and what asks elsewhere."""
        now, home = self.records.clock.now(), self.channel.places[0]
        waited, pending = now - approval.created_at, approval.state is ApprovalState.PENDING
        shown = {key for key in there if there[key].approval_id == approval.approval_id}
        if pending and not shown and self.hours.held(task.severity, now):
            return []
        reminded = pending and waited >= self.hours.remind_after
        remind = Hours.said(self.hours.remind_after)
        waits = f"Has waited for {remind}." if reminded else f"Reminder after {remind}."
        demo = await self.records.demos.of(approval.approval_id) if pending else None
        card = await self.cards.question(approval, task, waits=waits, demo=demo)
        due = [Due(card, place) for place in self.channel.places]
        for alarm, after in ((False, self.hours.remind_after), (True, self.hours.alarm_after)):
            said = self.cards.reminder(approval, task, Hours.said(after), alarm=alarm)
            late = pending and waited >= after and not self.hours.held(task.severity, now)
            if late or (said.subject, home) in shown:
                due.append(Due(said, home))
        away = (card.subject, self.escalation)
        if self.escalation and (away in shown or (pending and waited >= self.hours.alarm_after)):
            due.append(Due(card, self.escalation))
        if not pending:
            due = [one for one in due if (one.card.subject, one.place) in shown]
        return due

    async def _tasks(self, there: dict[tuple[str, str], Message], since: datetime) -> list[Due]:
        """Cards of tasks under way, and of those that ended since."""
        home, due = self.channel.places[0], list[Due]()
        for task in await self._of_interest(there):
            begun = there.get((f"task:{task.task_id}", home))
            if not task.status.ended:
                if begun or task.status is not TaskStatus.QUEUED:
                    due.append(Due(self.cards.progress(task), home))
                if task.usage.model_calls:
                    due += await self._spent(task)
                continue
            recent = (task.ended_at or task.updated_at) >= since
            told = there.get((f"end:{task.task_id}", home))
            owed = recent and (told is None or told.state == "sending")
            if owed and not await self._told_by_question(task):
                due.append(Due(self.cards.closing(task), home))
            if begun:
                due.append(Due(self.cards.progress(task), home))
        return due

    async def _spent(self, task: Task) -> list[Due]:
        """The notice of a task whose budget is nearly spent; that it is spent is a question."""
        stands = await self.records.budgets.standing(task.task_id)
        if NOTICE_AT <= stands.share < 1.0:
            return [Due(self.cards.spent(task, stands), self.channel.places[0])]
        return []

    async def _alerts(self, since: datetime) -> list[Due]:
        """Cards of what the house has to say about itself; one that is over is not told late."""
        home, now = self.channel.places[0], self.records.clock.now()
        if self.hours.held(None, now):
            return []
        return [
            Due(self.cards.notice(alert.subject, f"Anton: {alert.name}", alert.said), home)
            for alert in await self.records.alerts.all()
            if alert.told_at >= since and alert.cleared_at is None
        ]

    async def _of_interest(self, there: dict[tuple[str, str], Message]) -> list[Task]:
        """The latest tasks, those under way, and all whose progress is shown, oldest first."""
        tasks = {task.task_id: task for task in await self._listed(TaskFilter(), TASKS_MAX)}
        for status in (TaskStatus.RUNNING, TaskStatus.WAITING):
            listed = await self._listed(TaskFilter(status=status), PENDING_MAX)
            tasks.update({task.task_id: task for task in listed})
        for message in there.values():
            if message.subject.startswith("task:") and message.task_id not in tasks:
                with self._apart():
                    tasks[message.task_id] = await self.records.tasks.get(message.task_id)
        return sorted(tasks.values(), key=lambda task: task.created_at)

    async def _listed(self, only: TaskFilter, limit: int) -> list[Task]:
        """Tasks of all pages, the newest first, up to a limit."""
        found, cursor = list[Task](), ""
        while len(found) < limit:
            page = await self.records.tasks.list(only, cursor=cursor, limit=TASKS_MAX)
            found += page.tasks
            cursor = page.cursor
            if not cursor:
                break
        return found

    async def _told_by_question(self, task: Task) -> bool:
        """Whether the message that asked last tells how the task ended."""
        for last in await self.records.approvals.list(task_id=task.task_id, limit=1):
            subject, home = f"approval:{last.approval_id}", self.channel.places[0]
            if closes(last) and await self.records.messages.of_subject(self.name, subject, home):
                return True
        return False

    async def _show(self, due: Due, message: Message | None) -> None:
        """Post a card, or edit the message that shows it, where there is a difference."""
        card = due.card
        if message is None or message.state == "sending":
            await self._post(due, repeated=message is not None)
        elif message.state != "shown" or not self._in_time(card, message):
            return
        elif message.digest == card.digest:
            if card.settled:
                await self._note(message, message.ref, card)
        else:
            await self._edit(due, message)

    async def _edit(self, due: Due, message: Message) -> None:
        try:
            await self.channel.edit(message.ref, due.card)
        except NotFound:
            log.warning("a message of %s is gone: %s", self.name, message.ref)
            if due.card.buttons:
                await self._post(due, repeated=True)
                return
        except PayloadInvalid as error:
            log.error("%s does not take an edit of %s: %s", self.name, due.card.subject, error)
        await self._note(message, message.ref, due.card)

    def _in_time(self, card: Card, message: Message) -> bool:
        """Whether a message that only tells of progress may be edited already."""
        if card.kind != "progress" or card.settled or message.digest == card.digest:
            return True
        now = self.records.clock.monotonic()
        if now - self._progressed.get(card.subject, -PROGRESS_S) < PROGRESS_S:
            self._held = True
            return False
        return True

    async def _post(self, due: Due, *, repeated: bool) -> None:
        """Post a card; what surely did not arrive is not called repeated the next time."""
        card = due.card
        noted = Message(
            channel=self.name,
            subject=card.subject,
            place=due.place,
            state="sending",
            task_id=card.task_id,
            approval_id=card.approval_id,
            posted_at=self.records.clock.now(),
        )
        noted = await self.records.messages.sending(noted)
        above = await self._ref_of(card.reply_to, due.place)
        try:
            ref = await self.channel.post(card.but(repeated=repeated), due.place, above)
        except (HostUnreachable, RateLimited, Forbidden):
            if not repeated:
                await self.records.messages.forget(noted)
            raise
        except PayloadInvalid as error:
            log.error("%s does not take %s: %s", self.name, card.subject, error)
            await self.records.messages.shown(noted.but(state="lost"))
            return
        await self._note(noted, ref, card)

    async def _ref_of(self, subject: str, place: str) -> str:
        if not subject:
            return ""
        found = await self.records.messages.of_subject(self.name, subject, place)
        return found.ref if found else ""

    async def _note(self, message: Message, ref: str, card: Card) -> None:
        """Write down what a message shows now."""
        if card.settled:
            self._progressed.pop(card.subject, None)
        elif card.kind == "progress":
            self._progressed[card.subject] = self.records.clock.monotonic()
        await self.records.messages.shown(
            message.but(
                state="settled" if card.settled else "shown",
                ref=ref,
                digest=card.digest,
                shown_at=self.records.clock.now(),
            )
        )


async def _wake(wake: asyncio.Event, happened: AsyncIterator[Event | None]) -> None:
    """Wake for what a card may tell of; None stands for events that were too many."""
    async for event in happened:
        if event is None or event.type in TOLD_BY:
            wake.set()
