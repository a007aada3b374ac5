"""Feedback at the release gate: words on tests lead over the reproduction to a new question."""

from pathlib import Path

import pytest

from core.approvals import ApprovalState, QuestionKind
from core.errors import Conflict
from core.findings import Reading, Reproduction
from core.patches import FileChange
from core.ports import Case
from core.tasks import Outcome
from core.trees import File
from evals.scripted import MENDED, TEST, Script, ScriptedEngine
from tests.fakes.repositories import git
from tests.workflows.house import ProvingThinking, house

EMPTY = "from app import total\n\n\ndef test_empty():\n    assert total([]) == 0\n"
WITH_EMPTY = Reproduction(
    reading=Reading.REPRODUCED,
    origin="written anew",
    tests=(TEST, "test_empty.py::test_empty"),
    files=(FileChange.of("test_empty.py", File(EMPTY.encode())),),
)


class Retesting(ScriptedEngine):
    """Reproduces otherwise once a person has spoken."""

    def __init__(self, then: Reproduction | Exception, *fixes: str) -> None:
        super().__init__(Script(fixes=fixes or (MENDED,)))
        self.then = then

    async def reproduce(self, case: Case) -> Reproduction:
        first = await super().reproduce(case)
        if case.words and isinstance(self.then, Exception):
            raise self.then
        return self.then if case.words and isinstance(self.then, Reproduction) else first


@pytest.mark.needs_bubblewrap
async def test_words_on_tests_give_new_tests_a_new_briefing_and_a_new_approval(
    tmp_path: Path,
) -> None:
    engine = Retesting(WITH_EMPTY)
    async with house(tmp_path, thinking=ProvingThinking(folder=tmp_path)) as here:
        task = await here.submit()
        here.thinking.engines[task.task_id] = engine
        task = await here.anton.drive(task.task_id)
        old = await here.pending(task)
        task = await here.answer(task, "request_changes", "Add a test for the empty list")
        steps = await here.steps(task)
        assert steps[steps.index("approve") + 1 :] == ["reproduce", "join", "fix", "qa", "review"]
        assert "Add a test for the empty list" in engine.cases[-1].words
        new = await here.pending(task)
        assert new.question.kind is QuestionKind.RELEASE
        assert new.question.patch_hash != old.question.patch_hash
        assert new.revision == old.revision + 1
        assert "test_empty.py" in new.question.body
        assert "test_empty.py" not in old.question.body
        assert (await here.anton.approval(old.approval_id)).state is ApprovalState.CHANGES_REQUESTED
        with pytest.raises(Conflict):
            await here.decide(old, "approve")
        task = await here.answer(task, "approve")
        assert task.outcome is Outcome.FIXED
        (branch,) = here.branches()
        assert git(here.repository, "show", f"{branch}:test_empty.py") == EMPTY.strip()


async def test_words_on_the_fix_alone_ask_no_new_test(tmp_path: Path) -> None:
    async with house(tmp_path, Script(fixes=(MENDED, MENDED + "\n"))) as here:
        task = await here.answer(await here.run(), "request_changes", "name it otherwise")
        assert here.asked(task).count("reproduce") == 1


@pytest.mark.parametrize(
    "then",
    [Reproduction(reading=Reading.PASSES, origin="written anew"), ValueError("hunter2")],
)
async def test_a_new_test_that_shows_nothing_leaves_the_earlier_one_and_never_ends_it(
    tmp_path: Path, then: Reproduction | Exception
) -> None:
    async with house(tmp_path) as here:
        task = await here.submit()
        here.thinking.engines[task.task_id] = Retesting(then, MENDED, MENDED + "\n")
        task = await here.anton.drive(task.task_id)
        task = await here.answer(task, "request_changes", "test it otherwise")
        question = (await here.pending(task)).question
        assert question.kind is QuestionKind.RELEASE
        assert TEST in question.body
        if isinstance(then, Reproduction):
            assert "the earlier one stays" in question.body


async def test_the_same_diff_with_the_same_tests_is_not_asked_for_again(tmp_path: Path) -> None:
    async with house(tmp_path) as here:
        task = await here.run(max_iterations=1)
        task = await here.answer(task, "request_changes", "test it otherwise")
        assert (await here.pending(task)).question.kind is QuestionKind.ESCALATION
        assert here.branches() == []
