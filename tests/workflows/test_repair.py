"""The repair as a whole: every way through the graph, with scripted roles and real stores."""

import asyncio
from pathlib import Path

import pytest

from core.approvals import ApprovalState, QuestionKind
from core.errors import Conflict, PayloadInvalid
from core.evidence import Verdict
from core.findings import (
    Candidate,
    Diagnosis,
    FixAttempt,
    Reading,
    Reproduction,
    ReviewVerdict,
    Triage,
)
from core.patches import Patch
from core.ports import Case
from core.tasks import Outcome, TaskStatus
from evals.scripted import FAULTY, MENDED, Script, ScriptedEngine, ScriptedThinking
from tests.fakes.repositories import commit, git
from tests.workflows.house import ME, house

BAD = FAULTY.replace("+ 1", "+ 2")
UNSURE = Diagnosis(root_cause="Perhaps the sum.", confidence=0.69)
SURE = Diagnosis(root_cause="The sum.", confidence=0.70)
NOT_SHOWN = Reproduction(reading=Reading.OTHER_ERROR, origin="example", tests=())


async def test_nothing_is_published_before_consent_and_one_branch_after(tmp_path: Path) -> None:
    async with house(tmp_path) as here:
        task = await here.run()
        assert task.status is TaskStatus.WAITING
        assert here.branches() == []
        task = await here.answer(task, "approve")
        assert (task.status, task.outcome) == (TaskStatus.COMPLETED, Outcome.FIXED)
        (branch,) = here.branches()
        assert git(here.repository, "show", f"{branch}:app.py") == MENDED.strip()
        assert task.result["report"]["branch"] == branch
        approved = (await here.anton.approvals(task_id=task.task_id))[0].question.tree_hash
        assert git(here.repository, "rev-parse", f"{branch}^{{tree}}") == approved


async def test_bad_bad_good_are_three_attempts(tmp_path: Path) -> None:
    async with house(tmp_path, Script(fixes=(BAD, BAD + "#\n", MENDED))) as here:
        task = await here.answer(await here.run(), "approve")
        assert task.outcome is Outcome.FIXED
        assert here.asked(task).count("fix") == 3


async def test_spent_attempts_ask_a_person_and_publish_nothing(tmp_path: Path) -> None:
    script = Script(fixes=(BAD, BAD + "#\n", BAD + "##\n"))
    async with house(tmp_path, script) as here:
        task = await here.run()
        question = (await here.pending(task)).question
        assert question.kind is QuestionKind.ESCALATION
        assert "still_red" in str(task.result["verdict"])
        assert question.patch_ref, "the best partial patch is handed out"
        task = await here.answer(task, "stop")
        assert task.outcome is Outcome.FAILED
        assert here.branches() == []


async def test_guidance_gives_new_attempts_and_reaches_the_next_one(tmp_path: Path) -> None:
    script = Script(fixes=(BAD, BAD + "#\n", BAD + "##\n", MENDED))
    async with house(tmp_path, script) as here:
        task = await here.answer(await here.run(), "guidance", "look at the sum")
        assert (await here.pending(task)).question.kind is QuestionKind.RELEASE
        case = here.thinking.engines[task.task_id].cases[-2]
        assert any("look at the sum" in finding for finding in case.findings)


async def test_feedback_gives_a_new_diff_and_a_new_approval(tmp_path: Path) -> None:
    async with house(tmp_path, Script(fixes=(MENDED, MENDED + "\n"))) as here:
        task = await here.run()
        first = await here.pending(task)
        with pytest.raises(PayloadInvalid):
            await here.decide(first, "request_changes", "  ")
        task = await here.answer(task, "request_changes", "say it otherwise")
        assert task.status is TaskStatus.WAITING
        question = (await here.pending(task)).question
        assert question.patch_hash != first.question.patch_hash
        assert question.kind is QuestionKind.RELEASE
        with pytest.raises(Conflict):
            await here.decide(first, "approve")
        task = await here.answer(task, "approve")
        assert task.result["report"]["patch"]["hash"] == question.patch_hash


async def test_a_rejected_diff_is_not_offered_again(tmp_path: Path) -> None:
    async with house(tmp_path) as here:
        task = await here.answer(await here.run(), "request_changes", "otherwise")
        assert (await here.pending(task)).question.kind is QuestionKind.ESCALATION


async def test_rejection_ends_the_task(tmp_path: Path) -> None:
    async with house(tmp_path) as here:
        task = await here.answer(await here.run(), "reject", "not wanted")
        assert (task.outcome, task.reason) == (Outcome.REJECTED, "not wanted")
        assert here.branches() == []


async def test_reviewer_sends_back_and_then_approves(tmp_path: Path) -> None:
    script = Script(
        fixes=(MENDED, MENDED + "\n"),
        reviews=(ReviewVerdict.REQUEST_CHANGES, ReviewVerdict.APPROVE),
    )
    async with house(tmp_path, script) as here:
        task = await here.run()
        assert here.asked(task).count("fix") == 2


async def test_a_discussion_asks_a_person(tmp_path: Path) -> None:
    script = Script(reviews=(ReviewVerdict.NEEDS_DISCUSSION,))
    async with house(tmp_path, script) as here:
        task = await here.run()
        assert (await here.pending(task)).question.kind is QuestionKind.ESCALATION


async def test_triage_may_end_it(tmp_path: Path) -> None:
    script = Script(triage=Triage(verdict="noise", reasoning="because"))
    async with house(tmp_path, script) as here:
        task = await here.run()
        assert (task.outcome, task.reason) == (Outcome.NOISE, "because")
        assert here.asked(task) == ["triage"]


async def test_a_duplicate_is_one_only_of_a_task_that_is_open(tmp_path: Path) -> None:
    script = Script(triage=Triage(verdict="duplicate", reasoning="It tells the same."))
    async with house(tmp_path, script) as here:
        first = await here.run()
        assert (await here.pending(first)).question.kind is QuestionKind.RELEASE
        second = await here.run()
        assert second.outcome is Outcome.DUPLICATE
        known = f"Task {first.task8}, which is open, is about the same."
        assert second.reason == f"{known} It tells the same."
        assert here.asked(second) == ["triage"]
        assert (await here.run(text="Another fault.")).outcome is None
        await here.answer(first, "reject")
        assert (await here.run()).outcome is None, "what has ended is nothing to wait for"


async def test_missing_facts_are_asked_for_once_and_used(tmp_path: Path) -> None:
    async with house(tmp_path, Script(triage=Triage(question="Which total?"))) as here:
        task = await here.run()
        assert (await here.pending(task)).question.title == "Which total?"
        task = await here.answer(task, "answer", "the one in app.py")
        assert (await here.pending(task)).question.kind is QuestionKind.RELEASE


async def test_a_question_for_facts_that_nobody_gives_ends_as_such(tmp_path: Path) -> None:
    async with house(tmp_path, Script(triage=Triage(question="Which total?"))) as here:
        task = await here.answer(await here.run(), "stop")
        assert (task.outcome, here.asked(task)) == (Outcome.NEEDS_INFORMATION, ["triage"])


@pytest.mark.parametrize(
    ("diagnosis", "reproduction", "outcome"),
    [
        (UNSURE, Reproduction(reading=Reading.PASSES, origin="x"), Outcome.CANNOT_REPRODUCE),
        (SURE, Reproduction(reading=Reading.FIXED_SINCE, origin="x"), Outcome.ALREADY_FIXED),
        (
            UNSURE,
            Reproduction(reading=Reading.NOTHING_TO_RUN, help_wanted="a test"),
            Outcome.NEEDS_INFORMATION,
        ),
        (SURE.but(category="config"), NOT_SHOWN, Outcome.NOT_A_CODE_FAULT),
    ],
)
async def test_doing_nothing_is_an_outcome(
    tmp_path: Path, diagnosis: Diagnosis, reproduction: Reproduction, outcome: Outcome
) -> None:
    script = Script(diagnosis=diagnosis, reproduction=reproduction)
    async with house(tmp_path, script) as here:
        task = await here.run()
        assert task.outcome is outcome
        assert "fix" not in here.asked(task)


async def test_a_named_test_that_passes_ends_it_however_sure_the_diagnosis_is(
    tmp_path: Path,
) -> None:
    note = "The named test x passes on the base. Other tests fail there and were left alone: y."
    shown = Reproduction(reading=Reading.PASSES, origin="--test", note=note)
    async with house(tmp_path, Script(diagnosis=SURE, reproduction=shown)) as here:
        task = await here.run(tests=("x",))
        assert (task.outcome, task.reason) == (Outcome.CANNOT_REPRODUCE, note)
        assert note in task.result["notes"]
        assert "fix" not in here.asked(task)


async def test_confidence_gate(tmp_path: Path) -> None:
    async with house(tmp_path / "a", Script(diagnosis=UNSURE, reproduction=NOT_SHOWN)) as here:
        assert (await here.pending(await here.run())).question.kind is QuestionKind.ESCALATION
    elsewhere = Script(diagnosis=UNSURE.but(category="data"), reproduction=NOT_SHOWN)
    async with house(tmp_path / "e", elsewhere) as here:
        task = await here.run()
        assert "(data)" in (await here.pending(task)).question.body
        task = await here.answer(task, "more_attempts")
        assert "fix" in here.asked(task)
    async with house(tmp_path / "b", Script(diagnosis=SURE, reproduction=NOT_SHOWN)) as here:
        assert "fix" in here.asked(await here.run())
    red_test_at_low_confidence = Script(diagnosis=UNSURE.but(confidence=0.3))
    async with house(tmp_path / "c", red_test_at_low_confidence) as here:
        assert "fix" in here.asked(await here.run())


async def test_without_a_red_test_it_ends_unverified_at_best(tmp_path: Path) -> None:
    async with house(tmp_path, Script(diagnosis=SURE, reproduction=NOT_SHOWN)) as here:
        task = await here.run()
        question = (await here.pending(task)).question
        assert question.risk == "high"
        assert question.details["unproven"]
        assert "Missing proof" in question.body
        task = await here.answer(task, "approve")
        assert task.outcome is Outcome.FIXED_UNVERIFIED
        assert task.result["verdict"] == Verdict.NOT_RUN


async def test_branches_run_at_the_same_time(tmp_path: Path) -> None:
    script = Script(delays_s={"diagnose": 0.3, "reproduce": 0.3})
    async with house(tmp_path, script) as here:
        task = await here.run()
        events = await here.anton.events.after(0, task_id=task.task_id)
        told = [(e.data["node"], e.data["state"]) for e in events if e.type == "node"]
        both = [step for step in told if step[0] in ("diagnose", "reproduce")]
        assert [state for _, state in both] == ["started", "started", "finished", "finished"]


async def test_a_dead_branch_leaves_the_others_result(tmp_path: Path) -> None:
    async with house(tmp_path, Script(failures={"diagnose": ValueError("secret")})) as here:
        task = await here.run()
        assert "fix" in here.asked(task)
        assert await here.steps(task, "failed") == ["diagnose", "diagnose"]


@pytest.mark.parametrize("role", ["triage", "fix", "review"])
async def test_a_broken_step_asks_a_person_and_tells_no_exception_text(
    tmp_path: Path, role: str
) -> None:
    async with house(tmp_path, Script(failures={role: ValueError("hunter2")})) as here:
        task = await here.run()
        question = (await here.pending(task)).question
        assert question.kind is QuestionKind.ESCALATION
        assert role in question.title
        assert "hunter2" not in question.title


async def test_cancelled_while_waiting(tmp_path: Path) -> None:
    async with house(tmp_path) as here:
        task = await here.run()
        approval = await here.pending(task)
        await here.anton.cancel(task.task_id, ME)
        with pytest.raises(Conflict):
            await here.decide(approval, "approve")
        task = await here.anton.drive(task.task_id)
        assert (task.status, task.outcome) == (TaskStatus.CANCELLED, Outcome.CANCELLED)
        assert (await here.anton.approval(approval.approval_id)).state is ApprovalState.VOID
        assert here.branches() == []


async def test_cancelled_in_the_middle_of_a_node(tmp_path: Path) -> None:
    async with house(tmp_path, Script(delays_s={"fix": 30.0})) as here:
        task = await here.submit()
        drive = asyncio.create_task(here.anton.drive(task.task_id))
        await here.until(task, "fix")
        await here.anton.cancel(task.task_id, ME)
        task = await asyncio.wait_for(drive, timeout=2.0)
        assert task.outcome is Outcome.CANCELLED


async def test_a_repository_that_cannot_be_read_blocks_with_the_reason(tmp_path: Path) -> None:
    async with house(tmp_path) as here:
        task = await here.run(repository=str(tmp_path / "nowhere"))
        assert task.outcome is Outcome.BLOCKED
        assert "nowhere" in task.reason


async def test_an_empty_report_is_refused(tmp_path: Path) -> None:
    async with house(tmp_path) as here:
        with pytest.raises(PayloadInvalid, match="empty"):
            await here.submit(text=" \n")


async def test_base_that_moves_elsewhere_ships_on_the_approved_base(tmp_path: Path) -> None:
    async with house(tmp_path) as here:
        task = await here.run()
        commit(here.repository, {"other.txt": "x\n"})
        task = await here.answer(task, "approve")
        assert task.outcome is Outcome.FIXED
        (branch,) = here.branches()
        assert git(here.repository, "rev-list", "--count", f"{branch}..main") == "1"


async def test_base_that_moves_under_the_patch_is_proved_and_asked_anew(tmp_path: Path) -> None:
    async with house(tmp_path) as here:
        task = await here.run()
        first = await here.pending(task)
        commit(here.repository, {"app.py": "# new\n" + FAULTY})
        task = await here.answer(task, "approve")
        assert task.status is TaskStatus.WAITING
        second = await here.pending(task)
        assert second.question.base_sha != first.question.base_sha
        assert here.branches() == []
        task = await here.answer(task, "approve")
        assert task.outcome is Outcome.FIXED


async def test_two_drives_of_one_task_do_not_meet(tmp_path: Path) -> None:
    async with house(tmp_path, Script(delays_s={"fix": 0.5})) as here:
        task = await here.submit()
        drives = [asyncio.create_task(here.anton.drive(task.task_id)) for _ in range(2)]
        results = await asyncio.gather(*drives, return_exceptions=True)
        assert sum(isinstance(result, Conflict) for result in results) == 1
        assert here.asked(task).count("fix") == 1


async def test_git_leaves_nothing_behind_and_what_a_killed_process_left_is_cleared(
    tmp_path: Path,
) -> None:
    left = tmp_path / "data" / "scratch" / "anton-git-of-a-dead-process"
    left.mkdir(parents=True)
    (left / "uncommitted.py").write_text("private = True\n")
    async with house(tmp_path) as here:
        assert not left.exists()
        task = await here.answer(await here.run(worktree=True), "approve")
        assert task.outcome is Outcome.FIXED
        assert here.listing(tmp_path / "data" / "scratch") == []


async def test_restart_between_decision_and_resume(tmp_path: Path) -> None:
    async with house(tmp_path) as here:
        task = await here.run()
        await here.decide(await here.pending(task), "approve")
    async with house(tmp_path) as again:
        assert await again.anton.work_once() == 1
        assert (await again.anton.task(task.task_id)).outcome is Outcome.FIXED
        assert len(again.branches()) == 1


async def test_state_stays_small_however_long_the_report(tmp_path: Path) -> None:
    async with house(tmp_path) as here:
        long = "total() is one too many\n" + "x" * 15_000
        await here.run(text=long, title="t")
        assert (tmp_path / "data" / "checkpoints.db").stat().st_size < 1_000_000


async def test_documents_are_delivered_where_they_were_asked_for(tmp_path: Path) -> None:
    async with house(tmp_path) as here:
        task = await here.run(text="# BUG-42: total is off", output_directory="mine")
        task = await here.answer(task, "approve")
        (report,) = (tmp_path / "data" / "reports").glob("incident_BUG-42_*.md")
        assert "| Outcome | fixed |" in report.read_text()
        assert "## Next step" in report.read_text()
        delivered = here.listing(Path(task.result["output_path"]))
        assert delivered == [report.name, "patch.diff", "report.json"]


async def test_a_refused_directory_loses_nothing(tmp_path: Path) -> None:
    async with house(tmp_path) as here:
        task = await here.run(output_directory="../../elsewhere")
        task = await here.answer(task, "approve")
        assert task.outcome is Outcome.FIXED
        assert not (tmp_path / "elsewhere").exists()


async def test_a_patch_that_weakens_a_test_is_refused_before_any_run(tmp_path: Path) -> None:
    class Weakening(ScriptedEngine):
        async def fix(self, case: Case) -> FixAttempt:
            self.asked.append("fix")
            self.cases.append(case)
            weaker = case.tree.with_texts({"test_app.py": "def test_total():\n    pass\n"})
            patch = Patch.between(case.base_sha, case.tree, weaker)
            return FixAttempt(candidates=(Candidate(patch=patch),), engine=self.name)

    thinking = ScriptedThinking()
    async with house(tmp_path, thinking=thinking) as here:
        task = await here.submit()
        thinking.engines[task.task_id] = Weakening(thinking.script)
        task = await here.anton.drive(task.task_id)
        assert (await here.pending(task)).question.kind is QuestionKind.ESCALATION
        last = thinking.engines[task.task_id].cases[-1]
        assert any("assertion" in finding for finding in last.findings)
        assert task.result["patch"] is None
