"""Driving one task before a person's eyes: live steps, questions as they come, the end."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from cli.briefing import Briefing
from cli.progress import Teller, follow, teller_on
from cli.screen import Screen
from control.anton import Anton
from core.approvals import Approval, ApprovalState, Decision, Question
from core.errors import ConfirmationWrong, Conflict, ConsentRefused
from core.tasks import Task, TaskStatus

Answer = Callable[[Question], Awaitable[Decision | None]]


@dataclass
class Drive:
    """One go along a task's thread, in this process, told on a screen."""

    anton: Anton
    screen: Screen
    answer: Answer
    """Decides a question, or leaves it open."""
    since: int = 0
    """Number of the last event that was told."""
    teller: Teller = field(init=False)
    _asking: bool = field(init=False, default=False)

    def __post_init__(self) -> None:
        self.teller = teller_on(self.screen.err)

    async def to_the_end(self, task_id: str) -> Task:
        """Drive until the task has ended, or waits for somebody who is not here."""
        try:
            task = await self._once(task_id)
            while task.status is TaskStatus.WAITING and await self._answered(task_id):
                task = await self._once(task_id)
            return task
        except asyncio.CancelledError:
            onward = f"approve {task_id[:8]}" if self._asking else "worker --once"
            self.screen.note(
                f"Interrupted. Nothing is lost: task {task_id[:8]} stays, and goes on with\n"
                f"  python main.py {onward}",
                "bold",
            )
            raise
        finally:
            self.teller.close()

    async def _once(self, task_id: str) -> Task:
        """To the next pause; where another process works on the task, its steps are told."""
        work = asyncio.ensure_future(self.anton.drive(task_id))

        async def over() -> bool:
            return work.done()

        try:
            self.since = await follow(self.anton.events, task_id, self.teller, over, self.since)
            return await work
        except Conflict:
            return await self.watched(task_id)
        finally:
            self.teller.close()
            if not work.done():
                work.cancel()
                await asyncio.gather(work, return_exceptions=True)

    async def watched(self, task_id: str) -> Task:
        """The task once it has ended or asks, whoever works on it."""
        task = await self.anton.task(task_id)

        async def over() -> bool:
            nonlocal task
            asks = await open_question(self.anton, task_id)
            task = await self.anton.task(task_id)
            return task.status.ended or (asks is not None and task.status is TaskStatus.WAITING)

        self.since = await follow(self.anton.events, task_id, self.teller, over, self.since)
        self.teller.close()
        return task

    async def asked(self, approval: Approval) -> Decision | None:
        """What is answered to a question here, if anything is."""
        self._asking = True
        decision = await self.answer(await self.anton.current(approval.question))
        self._asking = False
        return decision

    async def _answered(self, task_id: str) -> bool:
        approval = await open_question(self.anton, task_id)
        if approval is None:
            return False
        (await Briefing.of(approval, self.anton.artifacts)).show(self.screen)
        return await settled(self, approval) is not None


async def settled(drive: Drive, approval: Approval) -> Approval | None:
    """The question once it is answered; what was typed wrongly is asked again.

    None leaves it open: nobody answers, this person may not, or another one has to answer too.
    """
    while decision := await drive.asked(approval):
        try:
            decided = await drive.anton.decide(approval.approval_id, decision)
        except ConfirmationWrong as wrong:
            drive.screen.complain(wrong)
        except ConsentRefused as refusal:
            drive.screen.complain(refusal)
            return None
        else:
            if decided.state is not ApprovalState.PENDING:
                return decided
            drive.screen.say(f"approved    {decided.tally}; another person has to approve too")
            return None
    return None


async def nobody(question: Question) -> Decision | None:
    """Leave every question open."""
    return None


async def open_question(anton: Anton, task_id: str) -> Approval | None:
    """The question that a task waits with, if it does."""
    pending = await anton.approvals(task_id=task_id, state=ApprovalState.PENDING, limit=1)
    return pending[0] if pending else None
