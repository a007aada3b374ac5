"""What a fix may not be: too large, or refused by the edit gate again and again."""

from pathlib import Path

from core.approvals import QuestionKind
from core.findings import Candidate, Diagnosis, FixAttempt
from core.patches import Patch
from core.ports import Case
from core.tasks import Outcome
from evals.scripted import MENDED, REPOSITORY, TEST_FILE, Script, ScriptedEngine
from tests.workflows.house import Proposing, house, with_engine

LARGE = MENDED + "# a line\n" * 500
LARGER = MENDED + "# a line\n" * 501
WEAKER = TEST_FILE.replace("== 1", ">= 0")


class Answering(ScriptedEngine):
    """Proposes one tree at each call, in order; the last one is repeated."""

    def __init__(self, *answers: dict[str, str]) -> None:
        super().__init__(Script())
        self.answers = answers
        self.tried: list[Case] = []

    async def fix(self, case: Case) -> FixAttempt:
        self.asked.append("fix")
        self.tried.append(case)
        texts = self.answers[min(self.asked.count("fix"), len(self.answers)) - 1]
        patch = Patch.between(case.base_sha, case.tree, case.tree.with_texts(texts))
        return FixAttempt(
            candidates=(Candidate(patch=patch),), explanation="Done.", engine=self.name
        )


async def test_a_patch_that_is_too_large_goes_back_once_and_no_test_is_run(tmp_path: Path) -> None:
    async with house(tmp_path, Script(fixes=(LARGE, MENDED))) as here:
        task = await here.run()
        assert (await here.pending(task)).question.kind is QuestionKind.RELEASE
        assert here.asked(task).count("fix") == 2
        assert here.asked(task).count("review") == 1
        findings = here.thinking.engines[task.task_id].cases[-1].findings
        assert "The change is too large: 501 added lines, 500 are allowed." in findings
        events = await here.anton.events.after(0, task_id=task.task_id)
        assert len([event for event in events if event.type == "evidence"]) == 1


async def test_a_second_one_that_is_too_large_asks_a_person_though_attempts_are_left(
    tmp_path: Path,
) -> None:
    async with house(tmp_path, Script(fixes=(LARGE, LARGER, MENDED))) as here:
        task = await here.run(max_iterations=9)
        question = (await here.pending(task)).question
        assert question.kind is QuestionKind.ESCALATION
        assert "too large" in question.title
        assert "502 added lines, 500 are allowed" in question.body
        assert question.patch_ref
        assert here.asked(task).count("fix") == 2
        task = await here.answer(task, "guidance", "the sum alone")
        assert (await here.pending(task)).question.kind is QuestionKind.RELEASE


async def test_the_third_refused_edit_ends_the_attempt(tmp_path: Path) -> None:
    refused = [{"test_app.py": WEAKER + "#\n" * number} for number in range(3)]
    engine = Answering(*refused, {"app.py": MENDED})
    async with house(tmp_path) as here:
        task = await with_engine(here, engine)
        assert (await here.pending(task)).question.kind is QuestionKind.RELEASE
        assert [case.attempt for case in engine.tried] == [1, 1, 1, 2]
        assert any("third refused edit" in finding for finding in engine.tried[-1].findings)
        assert len(engine.tried[-1].refused) == 3


async def test_a_refused_edit_is_handed_back_before_and_after(tmp_path: Path) -> None:
    engine = Answering({"test_app.py": WEAKER}, {"app.py": MENDED})
    async with house(tmp_path) as here:
        task = await with_engine(here, engine)
        assert (await here.pending(task)).question.kind is QuestionKind.RELEASE
        first, again = engine.tried
        assert first.refused == ()
        (edit,) = again.refused
        assert (edit.rule, edit.path) == ("tests", "test_app.py")
        assert "total([1]) == 1" in edit.before
        assert "total([1]) >= 0" in edit.after
        assert edit.proposal in again.rejected


async def test_what_the_operators_command_for_tests_names_is_not_changed(tmp_path: Path) -> None:
    file = tmp_path / "repos.yaml"
    file.write_text("'*':\n  test: sh ci/run.sh\n  env:\n    SECRET: of-the-tests\n")
    engine = Answering({"ci/run.sh": "true\n"}, {"app.py": MENDED})
    files = {**REPOSITORY, "ci/run.sh": "pytest\n"}
    async with house(tmp_path, files=files, repos_file=file) as here:
        task = await with_engine(here, engine)
        assert (await here.pending(task)).question.kind is QuestionKind.RELEASE
        (edit,) = engine.tried[1].refused
        assert (edit.rule, edit.path) == ("settings", "ci/run.sh")
        assert (engine.tried[0].recipe.test, engine.tried[0].recipe.env) == ("sh ci/run.sh", {})


async def test_an_engine_that_repeats_itself_is_not_asked_for_ever(tmp_path: Path) -> None:
    engine = Answering({"test_app.py": WEAKER})
    async with house(tmp_path) as here:
        task = await with_engine(here, engine)
        assert (await here.pending(task)).question.kind is QuestionKind.ESCALATION
        assert engine.asked.count("fix") == 4
        task = await here.answer(task, "stop")
        assert task.outcome is Outcome.FAILED


async def test_candidates_behind_the_third_refusal_are_not_looked_at(tmp_path: Path) -> None:
    refused = [{"test_app.py": WEAKER + "#\n" * number} for number in range(3)]
    engine = Proposing(*refused, {"app.py": MENDED})
    async with house(tmp_path) as here:
        task = await with_engine(here, engine)
        assert engine.asked.count("fix") == 2
        assert (await here.pending(task)).question.kind is QuestionKind.RELEASE


async def test_a_fix_that_nobody_explains_goes_back_and_then_to_a_person(tmp_path: Path) -> None:
    class Silent(ScriptedEngine):
        async def fix(self, case: Case) -> FixAttempt:
            return (await super().fix(case)).but(explanation="")

    engine = Silent(Script(fixes=(MENDED, MENDED + "\n")))
    async with house(tmp_path) as here:
        task = await here.submit(max_iterations=2)
        here.thinking.engines[task.task_id] = engine
        task = await here.anton.drive(task.task_id)
        question = (await here.pending(task)).question
        assert question.kind is QuestionKind.ESCALATION
        assert "The documents lack: Fix, Solution." in question.body
        assert engine.asked.count("fix") == 2


async def test_what_no_patch_can_make_up_for_is_asked_at_once(tmp_path: Path) -> None:
    unlinked = {"source": "", "max_iterations": 9}
    async with house(tmp_path / "a") as here:
        task = await here.run(**unlinked)
        question = (await here.pending(task)).question
        assert question.kind is QuestionKind.ESCALATION
        assert "Neither a ticket nor an event is linked." in question.body
        assert here.asked(task).count("fix") == 1
    without_cause = Script(diagnosis=Diagnosis(root_cause="", confidence=0.9))
    async with house(tmp_path / "b", without_cause) as here:
        task = await here.run(max_iterations=1)
        question = (await here.pending(task)).question
        assert "The root cause is empty." in question.body
