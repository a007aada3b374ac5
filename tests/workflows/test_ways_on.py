"""Where a repair goes when something gives way: nothing sticks, loops or is told wrongly."""

import asyncio
from pathlib import Path

import pytest

from core.approvals import ApprovalState, QuestionKind
from core.findings import Diagnosis, Reading, Reproduction, ReviewVerdict
from core.tasks import Outcome
from evals.scripted import FAULTY, MENDED, TEST_FILE, Script
from tests.fakes.repositories import git
from tests.workflows.house import ME, Proposing, house, with_engine

BAD = FAULTY.replace("+ 1", "+ 2")
NOT_SHOWN = Reproduction(reading=Reading.OTHER_ERROR, origin="example", tests=())
UNSURE = Diagnosis(root_cause="Perhaps the sum.", confidence=0.3)


async def test_two_dead_branches_ask_a_person(tmp_path: Path) -> None:
    failures = {"diagnose": ValueError("hunter2"), "reproduce": ValueError("hunter2")}
    async with house(tmp_path, Script(failures=failures)) as here:
        task = await here.run()
        question = (await here.pending(task)).question
        assert question.kind is QuestionKind.ESCALATION
        assert "diagnose" in question.title or "reproduce" in question.title
        assert "hunter2" not in question.model_dump_json()


async def test_tests_that_were_there_are_restored_from_the_base(tmp_path: Path) -> None:
    eased = TEST_FILE.replace("def ", "WANTED = 1\n\n\ndef ").replace("== 1", "== 1  # eased")
    async with house(tmp_path) as here:
        task = await with_engine(here, Proposing({"app.py": MENDED, "test_app.py": eased}))
        task = await here.answer(task, "approve")
        assert task.outcome is Outcome.FIXED
        assert task.result["report"]["patch"]["files"] == ["app.py"]
        (branch,) = here.branches()
        assert git(here.repository, "diff", "--name-only", f"main..{branch}") == "app.py"


async def test_a_fix_brings_no_test_settings_of_its_own(tmp_path: Path) -> None:
    own = "import sys\n\nsys.path.insert(0, 'elsewhere')\n"
    async with house(tmp_path) as here:
        task = await with_engine(here, Proposing({"app.py": MENDED, "conftest.py": own}))
        assert task.result["patch"]["files"] == ["app.py"]


async def test_words_about_a_fix_are_of_the_diff_that_is_shown(tmp_path: Path) -> None:
    first, second = {"app.py": MENDED}, {"app.py": MENDED + "\n"}
    async with house(tmp_path) as here:
        task = await with_engine(here, Proposing(first, second))
        assert "What the first one does." in (await here.pending(task)).question.body
        task = await here.answer(task, "request_changes", "otherwise")
        question = (await here.pending(task)).question
        assert question.kind is QuestionKind.RELEASE
        assert "What the first one" not in question.body


async def test_a_search_with_nothing_left_is_not_repeated_after_guidance(tmp_path: Path) -> None:
    engine = Proposing({"app.py": BAD})
    async with house(tmp_path) as here:
        task = await with_engine(here, engine)
        before = engine.asked.count("fix")
        engine.proposals, engine.final = (), Outcome.FAILED
        task = await here.answer(task, "guidance", "look at the sum")
        assert (await here.pending(task)).question.kind is QuestionKind.ESCALATION
        assert engine.asked.count("fix") == before + 1


async def test_guidance_reaches_the_reproduction_when_nothing_shows_the_fault(
    tmp_path: Path,
) -> None:
    script = Script(diagnosis=UNSURE, reproduction=NOT_SHOWN)
    async with house(tmp_path, script) as here:
        task = await here.run()
        task = await here.answer(task, "guidance", ">>> total([1])\n2\n\nExpected: 1")
        assert here.asked(task).count("reproduce") == 2
        case = here.thinking.engines[task.task_id].cases[-1]
        assert any(">>> total([1])" in finding for finding in case.findings)


async def test_answers_to_escalations_are_no_requests_for_changes(tmp_path: Path) -> None:
    fixes = (*(BAD + "#" * n + "\n" for n in range(6)), MENDED, MENDED + "\n")
    async with house(tmp_path, Script(fixes=fixes), max_human_rounds=1) as here:
        task = await here.run(max_iterations=1)
        for _ in range(6):
            task = await here.answer(task, "more_attempts")
        assert (await here.pending(task)).question.kind is QuestionKind.RELEASE
        task = await here.answer(task, "request_changes", "say it otherwise")
        assert task.outcome is None, task.reason
        task = await here.answer(task, "request_changes", "once more")
        if task.outcome is None:
            task = await here.answer(task, "stop")
        assert task.outcome is not Outcome.FIXED


async def test_a_cancelled_question_is_told_to_every_channel(tmp_path: Path) -> None:
    async with house(tmp_path) as here:
        task = await here.run()
        await here.anton.cancel(task.task_id, ME)
        await here.anton.drive(task.task_id)
        events = await here.anton.events.after(0, task_id=task.task_id)
        states = [e.data["state"] for e in events if e.type == "approval"]
        assert states == [ApprovalState.PENDING, ApprovalState.VOID]


async def test_a_reviewer_that_never_agrees_does_not_go_on_for_ever(tmp_path: Path) -> None:
    fixes = tuple(MENDED + "\n" * n for n in range(12))
    script = Script(fixes=fixes, reviews=(ReviewVerdict.REQUEST_CHANGES,))
    async with house(tmp_path, script) as here:
        task = await asyncio.wait_for(here.run(max_iterations=10), timeout=30.0)
        assert (await here.pending(task)).question.kind is QuestionKind.ESCALATION
        assert here.asked(task).count("review") == 3


@pytest.mark.parametrize("choice", ["guidance", "more_attempts"])
async def test_an_unshown_fault_can_be_stopped_after_any_answer(
    tmp_path: Path, choice: str
) -> None:
    script = Script(diagnosis=UNSURE, reproduction=NOT_SHOWN, fixes=(None,))
    async with house(tmp_path, script) as here:
        task = await here.run(max_iterations=1)
        task = await here.answer(task, choice, "words")  # type: ignore[arg-type]
        task = await here.answer(task, "stop")
        assert task.status.ended
        assert here.branches() == []
