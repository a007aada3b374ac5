"""Nobody answers: people are reminded, alarmed, asked elsewhere, and at last it expires."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from core.approvals import ApprovalState
from core.findings import Triage
from core.incidents import Severity
from core.tasks import Outcome
from evals.scripted import Script
from tests.fakes.channel import FakeChannel
from tests.fakes.clock import FakeClock
from tests.workflows.house import House, house


@asynccontextmanager
async def silent(
    tmp_path: Path, severity: Severity = Severity.P2, **options: Any
) -> AsyncIterator[tuple[House, FakeChannel, FakeClock]]:
    """A house with a channel and a clock; it is 12:00 UTC."""
    chat, clock = FakeChannel(), FakeClock()
    script = Script(triage=Triage(severity=severity))
    async with house(tmp_path, script, channels=[chat], clock=clock, **options) as here:
        yield here, chat, clock


async def test_a_question_is_asked_again_and_then_loudly_elsewhere_too(tmp_path: Path) -> None:
    async with silent(tmp_path, escalation_channel="fake:leads") as (here, chat, clock):
        task = await here.run()
        await here.look()
        assert len(chat.about("approval")) == 1
        assert chat.about("remind") == []
        clock.advance(31 * 60)
        await here.look()
        (reminder,) = chat.about("remind")
        (question,) = chat.about("approval")
        assert reminder.reply_to == question.ref
        assert "Still waiting for 30 minutes" in reminder.card.title
        assert "Has waited" in question.card.footer
        assert reminder.card.buttons == question.card.buttons
        clock.advance(30 * 60)
        await here.look()
        assert len(chat.about("alert")) == 1
        assert [message.place for message in chat.about("approval")] == ["home", "leads"]
        await here.answer(task, "approve")
        await here.look()
        await here.look()
        for message in (*chat.about("approval"), *chat.about("remind"), *chat.about("alert")):
            assert message.card.buttons == ()
            assert message.card.settled
            assert "Approved by" in message.card.footer


async def test_at_night_only_what_cannot_wait_is_asked(tmp_path: Path) -> None:
    quiet = {"quiet_hours": "11:00-14:00"}
    async with silent(tmp_path / "a", Severity.P2, **quiet) as (here, chat, clock):
        await here.run()
        await here.look()
        assert chat.about("approval") == []
        clock.advance(2 * 3600)
        await here.look()
        assert len(chat.about("approval")) == 1
    async with silent(tmp_path / "b", Severity.P1, **quiet) as (here, chat, _):
        await here.run()
        await here.look()
        assert len(chat.about("approval")) == 1


async def test_what_nobody_answers_expires_as_blocked_and_the_message_says_so(
    tmp_path: Path,
) -> None:
    async with silent(tmp_path) as (here, chat, clock):
        task = await here.run()
        await here.look()
        clock.advance(73 * 3600)
        await here.anton._expiry.look()
        task = await here.anton.drive(task.task_id)
        assert task.outcome is Outcome.BLOCKED
        await here.look()
        (question,) = chat.about("approval")
        assert question.card.buttons == ()
        assert "Expired unanswered" in question.card.footer
        assert "Ended: blocked" in question.card.footer


async def test_a_clock_that_jumps_a_day_expires_nothing(tmp_path: Path) -> None:
    async with silent(tmp_path, approval_ttl_hours=12.0) as (here, _, clock):
        task = await here.run()
        for jump_s in (86_400, -2 * 86_400, 86_400):
            clock.step(jump_s)
            await here.anton._expiry.look()
        assert (await here.pending(task)).state is ApprovalState.PENDING
        clock.advance(13 * 3600)
        await here.anton._expiry.look()
        assert (await here.anton.approvals(task_id=task.task_id))[0].state is ApprovalState.EXPIRED
