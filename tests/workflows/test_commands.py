"""Commands of a chat: the same in every channel, and none of them decides without a yes."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from control.commands import COMMANDS, Commands
from control.desk import Desk
from control.repositories import Repositories
from core.approvals import ApprovalState, Person
from core.channels import Heard, Said, Tap
from core.ports import IncidentFilter
from core.tasks import Outcome, TaskStatus
from tests.workflows.house import ME, House, house

ANN = Person(channel="telegram", person_id="7", name="Ann")
BOB = Person(channel="telegram", person_id="8", name="Bob")


class Chat:
    """A chat without messages to reply to."""

    def __init__(self, here: House) -> None:
        self.here = here
        self.desk = Desk(here.anton, here.anton.messages, here.anton.clock)
        folder = str(here.repository)
        known = Repositories((folder, "acme/shop"), default=folder)
        self.commands = Commands(here.anton, self.desk, known, description_max=1000)
        self.keys = 0

    async def run(self, line: str, by: Person = ANN, key: str = "") -> Heard:
        name, _, rest = line.partition(" ")
        self.keys += 1
        said = Said(text=rest, by=by, key=key or f"k{self.keys}")
        return await self.commands.run(name.removeprefix("/"), rest, said)

    async def yes(self, heard: Heard, by: Person = ANN) -> Heard:
        yes = heard.buttons[0]
        return await self.desk.tap(Tap(action=yes.action, nonce=yes.nonce, by=by, key="y"))


@asynccontextmanager
async def chat(tmp_path: Path) -> AsyncIterator[tuple[House, Chat]]:
    async with house(tmp_path, telegram_approver_ids=("7",)) as here:
        yield here, Chat(here)


async def test_a_report_begins_a_task_and_a_redelivered_one_the_same_task(tmp_path: Path) -> None:
    async with chat(tmp_path) as (here, ann):
        first = await ann.run("/fix BUG-7: total() is one too many", key="42")
        again = await ann.run("/fix BUG-7: total() is one too many", key="42")
        assert first.state == again.state == "started"
        assert first.task_id == again.task_id
        task = await here.anton.task(first.task_id)
        assert task.request.repository == str(here.repository)
        assert task.request.requested_by == "telegram:7"
        assert task.request.ticket == "BUG-7"


async def test_a_listed_repository_may_come_before_the_report_and_no_other(
    tmp_path: Path,
) -> None:
    async with chat(tmp_path) as (here, ann):
        listed = await ann.run("/fix acme/shop the total is wrong")
        task = await here.anton.task(listed.task_id)
        assert (task.request.repository, task.request.text) == ("acme/shop", "the total is wrong")
        other = await ann.run("/fix evil/place the total is wrong")
        task = await here.anton.task(other.task_id)
        assert task.request.repository == str(here.repository)
        assert task.request.text == "evil/place the total is wrong"


async def test_reports_that_say_nothing_or_too_much_are_refused(tmp_path: Path) -> None:
    async with chat(tmp_path) as (_, ann):
        assert (await ann.run("/fix  ")).state == "refused"
        assert (await ann.run("/fix " + "x" * 1001)).state == "refused"


async def test_what_there_is_is_told(tmp_path: Path) -> None:
    async with chat(tmp_path) as (here, ann):
        assert "no tasks yet" in (await ann.run("/tasks")).text
        assert "No fault" in (await ann.run("/incidents")).text
        task = await here.run()
        assert task.task8 in (await ann.run("/tasks")).text
        (incident,) = (await here.anton.incidents.list(IncidentFilter())).incidents
        line = f"{task.severity} {incident.id8} awaiting fix approval, task {task.task8}: total"
        assert line in (await ann.run("/incidents")).text
        told = (await ann.run(f"/task {task.task8}")).text
        assert "waiting for input" in told
        assert "Release" in told
        assert "1 waiting" in (await ann.run("/status")).text
        listed = (await ann.run("/help")).text
        assert all(f"/{command.name}" in listed for command in COMMANDS)
        assert "build workflow" in (await ann.run("/build a shop")).text
        assert "do not know" in (await ann.run("/nonsense")).text
        assert (await ann.run("/task zzz")).state == "refused"
        assert (await ann.run("/task 00000000")).state == "refused"


async def test_a_fault_that_is_reported_again_joins_its_task_unless_a_person_insists(
    tmp_path: Path,
) -> None:
    async with chat(tmp_path) as (here, ann):
        first = await ann.run("/fix the total is wrong")
        again = await ann.run("/fix the total is wrong")
        assert again.task_id == first.task_id and "seen 2 times" in again.text
        own = await ann.run("/fix own: the total is wrong")
        assert own.task_id != first.task_id
        task = await here.anton.task(own.task_id)
        assert task.request.text == "the total is wrong"
        for one in (first, own):
            await here.anton.cancel(one.task_id, ME)
        await here.anton.work_once()
        ref = (await here.anton.task(first.task_id)).incident_id
        await here.anton.incidents.dismiss(ref, ME, reason="a known oddity")
        silenced = await ann.run("/fix the total is wrong")
        assert not silenced.task_id and "a known oddity" in silenced.text


async def test_approve_names_the_diff_and_waits_for_a_yes(tmp_path: Path) -> None:
    async with chat(tmp_path) as (here, ann):
        assert (await ann.run("/approve")).state == "refused"
        task = await here.run()
        asked = await ann.run("/approve")
        assert (await here.pending(task)).question.patch_hash[:12] in asked.text
        assert (await here.pending(task)).state is ApprovalState.PENDING
        assert (await ann.yes(asked)).state == "approving"
        task = await here.anton.drive(task.task_id)
        assert task.outcome is Outcome.FIXED


async def test_a_yes_to_a_command_of_somebody_who_may_not_decide_is_refused(
    tmp_path: Path,
) -> None:
    async with chat(tmp_path) as (here, ann):
        task = await here.run()
        asked = await ann.run("/approve", by=BOB)
        assert (await ann.yes(asked, by=BOB)).state == "refused"
        assert (await here.pending(task)).state is ApprovalState.PENDING


async def test_with_several_waiting_the_task_has_to_be_named(tmp_path: Path) -> None:
    async with chat(tmp_path) as (here, ann):
        first, second = await here.run(), await here.run()
        assert "2 questions wait" in (await ann.run("/reject")).text
        asked = await ann.run(f"/reject {first.task8}")
        assert (await ann.yes(asked)).state == "done"
        await here.anton.drive(first.task_id)
        assert (await here.pending(second)).state is ApprovalState.PENDING


async def test_cancel_is_for_those_who_decide(tmp_path: Path) -> None:
    async with chat(tmp_path) as (here, ann):
        task = await here.run()
        assert (await ann.run(f"/cancel {task.task8}", by=BOB)).state == "refused"
        assert (await ann.run(f"/cancel {task.task8}")).state == "done"
        task = await here.anton.drive(task.task_id)
        assert task.status is TaskStatus.CANCELLED
