"""Rules of consent over a whole repair: a refusal is told, kept in the audit, changes nothing."""

import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from core.approvals import Choice, Decision, Person
from core.errors import NotEntitled
from core.tasks import Outcome, Task
from tests.workflows.house import House, house

ANN = Person(channel="telegram", person_id="4711")
EVE = Person(channel="telegram", person_id="666")


def audited(folder: Path) -> list[dict[str, Any]]:
    """All entries of the audit log, in order."""
    with sqlite3.connect(folder / "data" / "anton.db") as connection:
        rows = connection.execute("SELECT entry FROM audit ORDER BY number").fetchall()
    return [json.loads(entry) for (entry,) in rows]


async def says(here: House, task: Task, choice: Choice, by: Person, **more: Any) -> None:
    approval = await here.pending(task)
    seen = approval.question.patch_hash
    decision = Decision(choice=choice, text="words", patch_hash=seen, by=by, **more)
    await here.anton.decide(approval.approval_id, decision)


async def test_a_stranger_decides_nothing_and_is_written_down(tmp_path: Path) -> None:
    async with house(tmp_path, telegram_chat_id="4711") as here:
        task = await here.run()
        before = await here.pending(task)
        for choice in before.question.options:
            with pytest.raises(NotEntitled, match="telegram:666"):
                await says(here, task, choice, EVE)
        assert await here.pending(task) == before
        refused = [entry for entry in audited(tmp_path) if entry["action"] == "refused_decision"]
        assert [entry["actor"] for entry in refused] == ["telegram:666"] * 3
        await says(here, task, "approve", ANN)
        assert (await here.anton.drive(task.task_id)).outcome is Outcome.FIXED


async def test_the_requester_is_refused_where_the_rules_say_so(tmp_path: Path) -> None:
    ids = ("4711", "666")
    async with house(tmp_path, telegram_approver_ids=ids, approval_forbid_requester=True) as here:
        task = await here.run(requested_by="telegram:4711")
        with pytest.raises(NotEntitled, match="APPROVAL_FORBID_REQUESTER"):
            await says(here, task, "approve", ANN)
        await says(here, task, "approve", EVE)
        assert (await here.anton.drive(task.task_id)).outcome is Outcome.FIXED
