"""Rules of consent over a whole repair: a refusal is told, kept in the audit, changes nothing."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from core.approvals import Choice, Decision, Person, Risk
from core.errors import ConfirmationWrong, NotEntitled, VoiceCounted
from core.findings import Reading, Reproduction
from core.patches import FileChange
from core.tasks import Outcome, Task, TaskStatus
from core.trees import File
from evals.scripted import MENDED, TEST, Script
from observability.database_file import checksum
from tests.workflows.house import ME, House, house

ANN = Person(channel="telegram", person_id="4711")
EVE = Person(channel="telegram", person_id="666")


def audited(folder: Path) -> list[dict[str, Any]]:
    """All entries of the audit log, in order."""
    with sqlite3.connect(folder / "data" / "anton.db") as connection:
        rows = connection.execute("SELECT entry FROM audit ORDER BY number").fetchall()
    return [json.loads(entry) for (entry,) in rows]


def critical() -> Script:
    """A repair that adds a test below a protected path."""
    guarded = FileChange.of("auth/test_total.py", File(b"def test_total():\n    assert True\n"))
    shown = Reproduction(
        reading=Reading.REPRODUCED, origin="example", tests=(TEST,), files=(guarded,)
    )
    return Script(reproduction=shown)


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
        every = len(before.question.options)
        assert [entry["actor"] for entry in refused] == ["telegram:666"] * every
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


async def test_critical_risk_is_released_by_typing_and_wrong_tries_are_written_down(
    tmp_path: Path,
) -> None:
    async with house(tmp_path, critical()) as here:
        task = await here.run()
        proof = (await here.pending(task)).question.proof
        for typed in ("", "000000"):
            with pytest.raises(ConfirmationWrong, match=r"This changes: auth/test_total\.py"):
                await says(here, task, "approve", ME, confirmation=typed)
        await says(here, task, "approve", ME, confirmation=proof)
        assert (await here.anton.drive(task.task_id)).outcome is Outcome.FIXED
        actions = [entry["action"] for entry in audited(tmp_path)]
        assert actions[:3] == ["refused_decision", "wrong_confirmation", "decision"]


async def test_a_release_by_two_names_both_and_waits_for_the_second(tmp_path: Path) -> None:
    people = {"ann": ("telegram:4711",), "me": ("terminal:local",)}
    options: dict[str, Any] = {"telegram_chat_id": "4711", "approval_two_for": "critical"}
    async with house(tmp_path, critical(), people=people, **options) as here:
        task = await here.run()
        proof = (await here.pending(task)).question.proof
        await says(here, task, "approve", ANN, confirmation=proof)
        assert (await here.anton.drive(task.task_id)).status is TaskStatus.WAITING
        assert here.branches() == []
        with pytest.raises(VoiceCounted):
            await says(here, task, "approve", ANN, confirmation=proof)
        await says(here, task, "approve", ME, confirmation=proof)
        assert (await here.anton.drive(task.task_id)).outcome is Outcome.FIXED
        actions = [entry["action"] for entry in audited(tmp_path)]
        assert actions[:3] == ["voice", "refused_decision", "decision"]


async def test_whoever_was_taken_off_the_list_has_no_voice_any_more(tmp_path: Path) -> None:
    file = tmp_path / "approvers"
    file.write_text("telegram:4711\ntelegram:666\n")
    script = Script(reproduction=Reproduction(reading=Reading.NOTHING_TO_RUN))
    options: dict[str, Any] = {"approvers_file": file, "approval_two_for": "high"}
    async with house(tmp_path, script, **options) as here:
        task = await here.run()
        await says(here, task, "approve", EVE)
        file.write_text("telegram:4711\ntelegram:8\n")
        with pytest.raises(NotEntitled):
            await says(here, task, "reject", EVE)
        await says(here, task, "approve", ANN)
        assert [voice.by for voice in (await here.pending(task)).voices] == [ANN]
        await says(here, task, "approve", Person(channel="telegram", person_id="8"))
        assert (await here.anton.drive(task.task_id)).outcome is Outcome.FIXED_UNVERIFIED


async def test_a_changed_diff_begins_with_no_voice(tmp_path: Path) -> None:
    options: dict[str, Any] = {"telegram_chat_id": "4711", "approval_two_for": "high"}
    script = Script(
        reproduction=Reproduction(reading=Reading.NOTHING_TO_RUN),
        fixes=(MENDED, MENDED.replace("sum", "0 + sum")),
    )
    async with house(tmp_path, script, **options) as here:
        task = await here.run()
        await says(here, task, "approve", ANN)
        old = await here.pending(task)
        assert len(old.voices) == 1
        await says(here, task, "request_changes", ME)
        await here.anton.drive(task.task_id)
        new = await here.pending(task)
        assert new.question.patch_hash != old.question.patch_hash
        assert (new.voices, new.question.voices_needed) == ((), 2)


async def test_a_changed_row_of_the_audit_log_is_named(tmp_path: Path) -> None:
    async with house(tmp_path, telegram_chat_id="4711") as here:
        task = await here.run()
        with pytest.raises(NotEntitled):
            await says(here, task, "approve", EVE)
        await says(here, task, "approve", ANN)
        assert await here.anton.audited() == "ok"
    with closing(sqlite3.connect(tmp_path / "data" / "anton.db", isolation_level=None)) as forger:
        forger.create_function("checksum", -1, checksum, deterministic=True)
        forger.execute("DROP TRIGGER audit_rows_hold")
        forger.execute("PRAGMA ignore_check_constraints=ON")
        forger.execute(
            "UPDATE audit SET entry = replace(entry, 'telegram:666', 'telegram:4711')"
            " WHERE number = 1"
        )
    async with house(tmp_path) as here:
        assert "broken at row 1" in await here.anton.audited()


async def test_a_reviewer_raises_the_risk_to_what_has_to_be_typed(tmp_path: Path) -> None:
    async with house(tmp_path, Script(risk=Risk.CRITICAL), auto_approve_risk="medium") as here:
        task = await here.run()
        question = (await here.pending(task)).question
        assert (question.risk, question.passed_by) == (Risk.CRITICAL, "")
        with pytest.raises(ConfirmationWrong, match="of critical risk"):
            await says(here, task, "approve", ME)
        await says(here, task, "approve", ME, confirmation=question.proof)
        assert (await here.anton.drive(task.task_id)).outcome is Outcome.FIXED
