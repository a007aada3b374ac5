"""One card that cannot be shown, or made, keeps no other from being shown."""

import asyncio
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest

from core.channels import Card
from core.errors import AntonError, EffectUnknown, IntegrationError, NotFound
from tests.fakes.channel import FakeChannel
from tests.fakes.waiting import until
from tests.workflows.house import ME
from tests.workflows.test_people import people


@dataclass
class Choosy(FakeChannel):
    """Fails for cards of some tasks."""

    name: str = "telegram"
    refused: dict[str, AntonError] = field(default_factory=dict)
    """Error by task."""

    async def post(self, card: Card, place: str, reply_to: str = "") -> str:
        if error := self.refused.get(card.task_id):
            raise error
        return await super().post(card, place, reply_to)


@pytest.mark.parametrize(
    "error",
    [
        EffectUnknown("the vendor breaks at this one"),
        IntegrationError("Slack refused chat_postMessage: cannot_reply_to_message."),
        NotFound("Slack: thread_not_found."),
    ],
)
async def test_a_card_that_the_vendor_refuses_holds_no_other_up(
    tmp_path: Path, error: AntonError
) -> None:
    chat = Choosy()
    async with people(tmp_path, chat=chat) as (here, _, _):
        poisoned, other = await here.run(), await here.run()
        chat.refused[poisoned.task_id] = error
        view = here.anton.views[0]
        await view._looked()
        assert [m.card.task_id for m in chat.about("approval")] == [other.task_id]
        assert view.standing["status"] == "failing"
        chat.refused.clear()
        await view._looked()
        assert len(chat.about("approval")) == 2
        assert view.standing["status"] == "ok"


@pytest.mark.parametrize("damage", [b"torn", None])
async def test_a_briefing_that_is_damaged_holds_no_other_up(
    tmp_path: Path, damage: bytes | None
) -> None:
    async with people(tmp_path) as (here, _, chat):
        poisoned, other = await here.run(), await here.run()
        digest = (await here.pending(poisoned)).question.brief_ref.removeprefix("sha256:")
        (file,) = (tmp_path / "data").rglob(digest[2:])
        if damage is None:
            file.unlink()
        else:
            file.write_bytes(damage)
        view = here.anton.views[0]
        await view._looked()
        assert [m.card.task_id for m in chat.about("approval")] == [other.task_id]
        assert view.standing["status"] == "failing"


async def test_a_briefing_of_another_release_is_told_and_holds_no_other_up(tmp_path: Path) -> None:
    async with people(tmp_path) as (here, _, chat):
        poisoned, other = await here.run(), await here.run()
        first = await here.pending(poisoned)
        foreign = await here.anton.artifacts.put(b'{"later": 1}')
        store = here.anton._records.approvals
        changed = first.question.but(brief_ref=foreign, patch_hash="f" * 64)
        await store.ask(changed, "another interrupt", first.expires_at)
        view = here.anton.views[0]
        await view._looked()
        assert [m.card.task_id for m in chat.about("approval")] == [other.task_id]
        assert "cannot be read" in view.standing["why"]


async def test_a_view_goes_on_after_what_nobody_foresaw(tmp_path: Path) -> None:
    async with people(tmp_path) as (here, _, chat):
        view = here.anton.views[0]
        chat.failing = RuntimeError("a bug")  # type: ignore[assignment]
        await here.run()
        running = asyncio.create_task(view.run())
        await until(lambda: view.standing["status"] == "failing")
        assert not running.done()
        chat.failing = None
        await until(lambda: chat.about("approval"))
        running.cancel()


async def test_progress_is_settled_however_long_ago_its_task_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with people(tmp_path) as (here, _, chat):
        task = await here.run()
        await here.look()
        (progress,) = chat.about("task")
        await here.anton.cancel(task.task_id, ME)
        await here.anton.drive(task.task_id)
        monkeypatch.setattr("control.view.TOLD_FOR", timedelta(0))
        view = here.anton.views[0]
        await here.look()
        assert progress.card.settled
        assert chat.about("end") == []
        assert not await view.records.messages.unsettled("telegram")
