"""A stop without a fix: where, what is known, the best partial patch, and what to do next."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from core.findings import Diagnosis, FixAttempt, PartialFix, Reading, Reproduction, Triage
from core.patches import FileChange, Patch
from core.ports import Case
from core.tasks import Outcome, Task
from core.trees import File, Tree
from evals.scripted import FAULTY, MENDED, TEST, Script, ScriptedEngine
from tests.workflows.house import ME, House, ProvingThinking, house

BAD = FAULTY.replace("+ 1", "+ 2")
WORSE = FAULTY.replace("+ 1", "+ 3")
CASES = {
    "app.py": FAULTY,
    "test_app.py": (
        "import app\n\n\n"
        "def test_one():\n    assert app.total([1]) == 1\n\n\n"
        "def test_none():\n    assert app.total([]) == 0\n\n\n"
        "def test_kind():\n    assert isinstance(app.total([3]), int)\n"
    ),
}
ONE, NONE, KIND = (f"test_app.py::test_{name}" for name in ("one", "none", "kind"))
HALF = "def total(items):\n    return sum(items) or 7\n"
OTHER_HALF = "def total(items):\n    return len(items) * 3\n"
BREAKING = "def total(items):\n    return sum(items) if len(items) < 2 and items != [3] else ''\n"
BOTH = Script(
    reproduction=Reproduction(reading=Reading.REPRODUCED, origin="--test", tests=(ONE, NONE))
)


def stop_of(task: Task) -> dict[str, Any]:
    stop = task.result["stopped"]
    assert stop == task.result["report"]["stopped"]
    return dict(stop)


async def patch_of(here: House, ref: str) -> Patch:
    return Patch.model_validate_json(await here.anton.artifacts.get(ref))


def document(tmp_path: Path) -> str:
    (report,) = (tmp_path / "data" / "reports").glob("incident_*.md")
    return report.read_text()


async def test_spent_attempts_tell_where_what_and_hand_out_the_best_patch(tmp_path: Path) -> None:
    script = Script(fixes=(BAD, WORSE, None))
    async with house(tmp_path, script) as here:
        task = await here.run(output_directory="mine")
        question = (await here.pending(task)).question
        task = await here.answer(task, "stop")
        stop = stop_of(task)
        assert stop["at"] == "qa"
        assert stop["hypothesis"] == "total() adds one too many."
        assert f"reproduction: reproduced (existing test): {TEST}" in stop["evidence"]
        assert any("attempt 3 of 3" in entry for entry in stop["evidence"])
        partial = stop["partial_patch"]
        assert question.patch_ref == partial["ref"]
        assert (await patch_of(here, partial["ref"])).sha256 == partial["hash"]
        assert partial["words"] == "it turns 0 of 1 red tests green"
        assert partial["ref"] in stop["next_step"]
        text = document(tmp_path)
        for part in ("## Where it stopped", partial["hash"], partial["ref"], stop["next_step"]):
            assert part in text
        folder = Path(task.result["output_path"])
        assert (folder / "partial.diff").read_text() == partial["diff"]
        assert any(entry["name"] == "partial_patch.json" for entry in task.result["artifacts"])


@pytest.mark.needs_bubblewrap
async def test_the_patch_that_mends_most_and_breaks_least_is_kept(tmp_path: Path) -> None:
    script = Script(reproduction=BOTH.reproduction, fixes=(HALF, BREAKING, OTHER_HALF, WORSE))
    thinking = ProvingThinking(script, folder=tmp_path)
    async with house(tmp_path, thinking=thinking, files=CASES) as here:
        task = await here.run(max_iterations=1)
        question = (await here.pending(task)).question
        assert "it turns 1 of 2 red tests green" in question.body
        task = await here.answer(task, "more_attempts")
        task = await here.answer(task, "more_attempts")
        task = await here.answer(task, "more_attempts")
        assert "still_red" in task.result["verdict"]
        task = await here.answer(task, "stop")
        partial = stop_of(task)["partial_patch"]
        assert (partial["mended"], partial["red"]) == (2, 2)
        assert partial["broken_tests"] == [KIND]
        kept = await patch_of(here, partial["ref"])
        assert kept.apply(Tree({}).with_texts(CASES)).text("app.py") == BREAKING


async def test_a_proven_patch_that_was_turned_down_is_not_lost(tmp_path: Path) -> None:
    async with house(tmp_path, Script(fixes=(MENDED, BAD))) as here:
        task = await here.run(max_iterations=1)
        wanted = (await here.pending(task)).question.patch_hash
        task = await here.answer(task, "request_changes", "otherwise")
        task = await here.answer(task, "stop")
        partial = stop_of(task)["partial_patch"]
        assert (partial["hash"], partial["mended"]) == (wanted, 1)


async def test_a_new_test_is_kept_as_a_patch_before_there_is_any_fix(tmp_path: Path) -> None:
    new = File(b"from app import total\n\n\ndef test_new():\n    assert total([1]) == 1\n")
    shown = Reproduction(
        reading=Reading.REPRODUCED,
        tests=("test_new.py::test_new",),
        files=(FileChange.of("test_new.py", new),),
    )
    async with house(tmp_path, Script(reproduction=shown, fixes=(None,))) as here:
        task = await here.run(max_iterations=1)
        assert (await here.pending(task)).question.patch_ref
        task = await here.answer(task, "stop")
        partial = stop_of(task)["partial_patch"]
        assert partial["files"] == ["test_new.py"]
        assert "no change of the code" in partial["words"]


class Missing(ScriptedEngine):
    """Searches, finds nothing that holds, and tells what came nearest."""

    async def fix(self, case: Case) -> FixAttempt:
        self.asked.append("fix")
        patch = Patch.between(case.base_sha, case.tree, case.tree.with_texts({"app.py": HALF}))
        return FixAttempt(
            explanation="Nothing holds.",
            partial=PartialFix(patch=patch, mended=(ONE,), broken=(KIND,)),
            engine=self.name,
            final=Outcome.FAILED,
        )


async def test_the_near_miss_of_a_search_is_salvaged(tmp_path: Path) -> None:
    async with house(tmp_path, BOTH, files=CASES) as here:
        task = await here.submit()
        here.thinking.engines[task.task_id] = Missing(BOTH)
        task = await here.anton.drive(task.task_id)
        assert (task.outcome, task.reason) == (Outcome.FAILED, "Nothing holds.")
        stop = stop_of(task)
        assert stop["at"] == "fix"
        words = f"it turns 1 of 2 red tests green and breaks {KIND}"
        assert stop["partial_patch"]["words"] == words
        assert stop["partial_patch"]["contested"] == [], "it is no fix otherwise"
        assert "sum(items) or 7" in stop["partial_patch"]["diff"]
        assert task.result["report"]["patch"]["hash"] is None, "it is no fix"


async def test_a_near_miss_names_the_test_that_it_contradicts(tmp_path: Path) -> None:
    one = Script(reproduction=Reproduction(reading=Reading.REPRODUCED, tests=(ONE,)))
    async with house(tmp_path, one, files=CASES) as here:
        task = await here.submit()
        here.thinking.engines[task.task_id] = Missing(one)
        task = await here.anton.drive(task.task_id)
        stop = stop_of(task)
        (contested,) = stop["partial_patch"]["contested"]
        assert (contested["test_id"], contested["line"]) == (KIND, 13)
        assert contested["asserts"] == "assert isinstance(app.total([3]), int)"
        assert KIND in stop["next_step"]
        assert f"Contradicted: {KIND} at test_app.py:13" in document(tmp_path)


@pytest.mark.parametrize(
    ("script", "at"),
    [
        (Script(triage=Triage(verdict="noise", reasoning="because")), "triage"),
        (
            Script(
                diagnosis=Diagnosis(root_cause="The disk.", confidence=0.9, category="infra"),
                reproduction=Reproduction(reading=Reading.OTHER_ERROR),
            ),
            "join",
        ),
    ],
)
async def test_an_end_without_a_change_tells_where_and_what_next(
    tmp_path: Path, script: Script, at: str
) -> None:
    async with house(tmp_path, script) as here:
        stop = stop_of(await here.run())
        assert stop["at"] == at
        assert stop["next_step"]
        assert stop["partial_patch"] is None


async def test_a_fix_has_no_stop(tmp_path: Path) -> None:
    async with house(tmp_path) as here:
        task = await here.answer(await here.run(), "approve")
        assert task.result["report"]["stopped"] is None
        assert "Where it stopped" not in document(tmp_path)


async def test_a_step_that_breaks_shows_the_best_patch_so_far(tmp_path: Path) -> None:
    class Breaking(ScriptedEngine):
        async def fix(self, case: Case) -> FixAttempt:
            if case.attempt > 1:
                raise ValueError("hunter2")
            return await super().fix(case)

    async with house(tmp_path) as here:
        task = await here.submit()
        here.thinking.engines[task.task_id] = Breaking(Script(fixes=(BAD,)))
        task = await here.anton.drive(task.task_id)
        question = (await here.pending(task)).question
        assert "fix" in question.title
        assert "+ 2" in (await patch_of(here, question.patch_ref)).diff


class Sleeping(ScriptedEngine):
    """Makes one attempt, and falls asleep over the second."""

    slept = False

    async def fix(self, case: Case) -> FixAttempt:
        if case.attempt > 1:
            self.slept = True
            await asyncio.sleep(600)
        return await super().fix(case)


async def test_the_patch_of_an_earlier_attempt_survives_the_time_limit(tmp_path: Path) -> None:
    for limit_s in (2.0, 8.0, 32.0, 128.0):
        engine = Sleeping(Script(fixes=(BAD,)))
        async with house(tmp_path / str(limit_s), max_task_seconds=limit_s) as here:
            task = await here.submit()
            here.thinking.engines[task.task_id] = engine
            task = await here.anton.drive(task.task_id)
            assert task.outcome is Outcome.OUT_OF_BUDGET
        if engine.slept:  # else the machine was too busy to come this far
            break
    stop = stop_of(task)
    assert stop["at"] == "fix"
    assert "+ 2" in stop["partial_patch"]["diff"]


async def test_a_cancelled_task_tells_it_too(tmp_path: Path) -> None:
    async with house(tmp_path, Script(fixes=(BAD,))) as here:
        task = await here.run(max_iterations=1)
        await here.anton.cancel(task.task_id, ME)
        task = await here.anton.drive(task.task_id)
        assert task.outcome is Outcome.CANCELLED
        stop = task.result["stopped"]
        assert stop["partial_patch"]["files"] == ["app.py"]
        assert stop["partial_patch"]["ref"] in stop["next_step"]
        assert json.dumps(stop)


async def test_two_branches_that_break_at_once_are_asked_about_once(tmp_path: Path) -> None:
    script = Script(failures={"diagnose": ValueError("one"), "reproduce": ValueError("two")})
    async with house(tmp_path, script) as here:
        task = await here.run()
        question = (await here.pending(task)).question
        assert "failed: ValueError" in question.title
        assert task.crashes == {}
