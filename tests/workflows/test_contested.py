"""A test that was there and contradicts the fix: shown by name, never changed in silence."""

from pathlib import Path

import pytest

import bootstrap
from config import load_settings
from core.approvals import ApprovalState, QuestionKind
from core.findings import Reading, Reproduction
from core.patches import FileChange, Patch
from core.tasks import Outcome, TaskRequest
from core.trees import File
from evals.scripted import FAULTY, MENDED, Script
from tests.fakes.repositories import repository
from tests.workflows.house import ProvingThinking, house

pytestmark = pytest.mark.needs_bubblewrap

OLD = "from app import total\n\n\ndef test_of_old():\n    assert total([2, 2]) == 5\n"
ELSEWHERE = "import app\n\n\ndef test_text():\n    assert '+ 1' in open(app.__file__).read()\n"
NEW = "from app import total\n\n\ndef test_new():\n    assert total([1]) == 1\n"
SHOWN = Reproduction(
    reading=Reading.REPRODUCED,
    origin="example in the report",
    tests=("test_new.py::test_new",),
    files=(FileChange.of("test_new.py", File(NEW.encode())),),
)
SCRIPT = Script(reproduction=SHOWN, fixes=(MENDED, MENDED + "\n"))


async def test_it_is_shown_by_name_place_and_assertion_and_words_go_to_the_next_attempt(
    tmp_path: Path,
) -> None:
    thinking = ProvingThinking(SCRIPT, folder=tmp_path)
    files = {"app.py": FAULTY, "test_old.py": OLD}
    async with house(tmp_path, thinking=thinking, files=files) as here:
        task = await here.run(max_iterations=5)
        question = (await here.pending(task)).question
        assert question.kind is QuestionKind.ESCALATION
        assert "contradicts a test" in question.title
        for part in (
            "`test_old.py::test_of_old` at test_old.py:5",
            "`assert total([2, 2]) == 5`",
            "test_new.py::test_new",
        ):
            assert part in question.body
        assert question.details == {"tests": "test_old.py::test_of_old"}
        assert question.patch_ref
        assert here.asked(task).count("fix") == 1, "attempts are left, and none is spent on it"
        task = await here.answer(task, "guidance", "one item alone is meant")
        findings = here.thinking.engines[task.task_id].cases[-1].findings
        assert any("test_old.py::test_of_old" in finding for finding in findings)
        assert (await here.pending(task)).question.details["tests"] == "test_old.py::test_of_old"
        task = await here.answer(task, "stop")
        assert task.outcome is Outcome.FAILED
        assert here.branches() == []


async def test_a_fix_that_breaks_something_else_too_is_a_regression_like_any_other(
    tmp_path: Path,
) -> None:
    thinking = ProvingThinking(SCRIPT, folder=tmp_path)
    files = {"app.py": FAULTY, "test_old.py": OLD, "test_text.py": ELSEWHERE}
    async with house(tmp_path, thinking=thinking, files=files) as here:
        task = await here.run(max_iterations=2)
        question = (await here.pending(task)).question
        assert question.title == "2 attempts gave no fix that holds."
        assert here.asked(task).count("fix") == 2


async def test_the_offline_search_is_not_silent_about_it_either(tmp_path: Path) -> None:
    folder = repository(
        tmp_path / "repository",
        {
            "app.py": FAULTY,
            "test_new.py": NEW,
            "test_old.py": OLD.replace("total([2, 2]) == 5", "total([1]) == 2"),
        },
    )
    settings, _ = load_settings(data_dir=tmp_path / "data", offline_max_candidates=300)
    anton = await bootstrap.build(settings)
    await anton.start(drive=False)
    try:
        request = TaskRequest(
            repository=str(folder), text="one too many", tests=("test_new.py::test_new",)
        )
        task = await anton.drive((await anton.submit(request)).task_id)
        (asked,) = await anton.approvals(task_id=task.task_id, state=ApprovalState.PENDING)
        assert asked.question.kind is QuestionKind.ESCALATION
        assert "`test_old.py::test_of_old` at test_old.py:5" in asked.question.body
        assert "`assert total([1]) == 2`" in asked.question.body
        patch = await anton.artifacts.get(asked.question.patch_ref)
        assert "+    return sum(items)" in Patch.model_validate_json(patch).diff
    finally:
        await anton.stop(drain_s=1.0)
