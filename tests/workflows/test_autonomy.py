"""How far a task goes by itself, by rung and risk; what passes without a person is told so."""

from pathlib import Path
from typing import Any

import pytest

from core.approvals import ApprovalState, QuestionKind, Risk
from core.findings import Diagnosis, Reading, Reproduction, Triage
from core.services import Rung
from core.tasks import Outcome, Task, TaskStatus
from evals.scripted import MENDED, Script
from tests.workflows.house import ME, House, house
from tests.workflows.test_consent import audited, critical

LONG = MENDED + "".join(f"\n\ndef more_{n}():\n    return {n}\n" for n in range(12))
SCRIPTS = {
    Risk.LOW: Script,
    Risk.MEDIUM: lambda: Script(fixes=(LONG,)),
    Risk.HIGH: lambda: Script(reproduction=Reproduction(reading=Reading.NOTHING_TO_RUN)),
    Risk.CRITICAL: critical,
}
UNSURE = Diagnosis(root_cause="Perhaps the sum.", confidence=0.3)


def services(folder: Path, rung: str) -> Path:
    file = folder / "repos.yaml"
    file.write_text(f"'*':\n  autonomy: {rung}\n")
    return file


async def question_of(here: House, task: Task) -> Any:
    return (await here.pending(task)).question


@pytest.mark.parametrize(
    "passes", ["medium", *(pytest.param(one, marks=pytest.mark.slow) for one in ("none", "low"))]
)
@pytest.mark.parametrize("risk", list(Risk))
@pytest.mark.parametrize("rung", list(Rung))
async def test_a_task_goes_as_far_as_rung_and_risk_allow(
    tmp_path: Path, rung: Rung, risk: Risk, passes: str
) -> None:
    options: dict[str, Any] = {"repos_file": services(tmp_path, rung), "auto_approve_risk": passes}
    async with house(tmp_path, SCRIPTS[risk](), **options) as here:
        task = await here.run()
        steps = await here.steps(task)
        unasked = rung is Rung.PR and passes != "none" and risk.rank <= Risk(passes).rank
        if unasked:
            assert task.outcome is Outcome.FIXED
            assert len(here.branches()) == 1
            return
        assert task.status is TaskStatus.WAITING
        assert here.branches() == []
        question = await question_of(here, task)
        if rung in (Rung.NOTIFY, Rung.DIAGNOSE):
            assert question.kind is QuestionKind.START
            assert f"Autonomy ends at {rung}" in question.title
            assert ("diagnose" in steps, "fix" in steps) == (rung is Rung.DIAGNOSE, False)
        else:
            assert (question.kind, question.risk) == (QuestionKind.RELEASE, risk)
            assert ("take_over" in question.options) is (rung is Rung.PATCH)


async def test_what_passes_without_a_person_is_told_so_everywhere(tmp_path: Path) -> None:
    async with house(tmp_path, auto_approve_risk="low") as here:
        task = await here.run()
        assert task.outcome is Outcome.FIXED
        (approval,) = await here.anton.approvals(task_id=task.task_id)
        assert approval.state is ApprovalState.APPROVED
        assert approval.decision
        assert approval.decision.by.account == "policy:AUTO_APPROVE_RISK=low"
        assert audited(tmp_path)[0]["action"] == "policy_decision"
        said = "nobody; it passed by AUTO_APPROVE_RISK=low"
        assert task.result["report"]["approved_by"] == said
        refs = {entry["name"]: entry["ref"] for entry in task.result["artifacts"]}
        document = (await here.anton.artifacts.get(refs["incident.md"])).decode()
        assert f"| Approved by | {said} |" in document
        (effect,) = await here.anton._records.outbox.of(task.task_id)
        assert f"- Approved by: {said}" in effect.payload["body"]
        assert len(here.branches()) == 1


async def test_what_was_asked_under_an_older_rule_waits_for_a_person(tmp_path: Path) -> None:
    async with house(tmp_path) as here:
        task = await here.run()
        asked = await here.pending(task)
        told = asked.but(question=asked.question.but(passed_by="AUTO_APPROVE_RISK=low"))
        left = await here.anton._decisions.pass_by_policy(told)
        assert left.state is ApprovalState.PENDING
        assert (await here.pending(task)).decision is None


async def test_once_a_person_had_a_say_a_person_is_asked(tmp_path: Path) -> None:
    script = Script(triage=Triage(question="Since when?"))
    async with house(tmp_path, script, auto_approve_risk="medium") as here:
        task = await here.answer(await here.run(), "answer", "since Tuesday")
        assert (await question_of(here, task)).kind is QuestionKind.RELEASE
        assert (await here.answer(task, "approve")).outcome is Outcome.FIXED
        assert "policy_decision" not in [entry["action"] for entry in audited(tmp_path)]


@pytest.mark.parametrize("rung", [Rung.NOTIFY, Rung.DIAGNOSE])
async def test_one_answer_lets_a_task_go_on_to_its_release(tmp_path: Path, rung: Rung) -> None:
    async with house(tmp_path, repos_file=services(tmp_path, rung)) as here:
        task = await here.answer(await here.run(), "more_attempts")
        assert (await question_of(here, task)).kind is QuestionKind.RELEASE
        assert (await here.answer(task, "approve")).outcome is Outcome.FIXED
        asked = await here.anton.approvals(task_id=task.task_id)
        assert len(asked) == 2


@pytest.mark.parametrize(
    ("choice", "reason"),
    [("stop", "Autonomy ends at notify"), ("take_over", "Taken over by a person")],
)
async def test_left_where_autonomy_ends_nothing_is_changed(
    tmp_path: Path, choice: Any, reason: str
) -> None:
    async with house(tmp_path, repos_file=services(tmp_path, Rung.NOTIFY)) as here:
        task = await here.answer(await here.run(), choice)
        assert task.outcome is Outcome.BLOCKED
        assert reason in task.reason
        assert "diagnose" not in await here.steps(task)


async def test_an_answer_for_facts_does_not_lead_beyond_the_rung(tmp_path: Path) -> None:
    script = Script(triage=Triage(question="Since when?"))
    async with house(tmp_path, script, repos_file=services(tmp_path, Rung.NOTIFY)) as here:
        task = await here.run()
        assert (await question_of(here, task)).kind is QuestionKind.CLARIFY
        task = await here.answer(task, "answer", "since Tuesday")
        assert (await question_of(here, task)).kind is QuestionKind.START
        assert "diagnose" not in await here.steps(task)
        task = await here.answer(task, "guidance", "look at the sum")
        assert (await question_of(here, task)).kind is QuestionKind.RELEASE


async def test_a_doubt_is_told_in_the_one_question_where_autonomy_ends(tmp_path: Path) -> None:
    not_shown = Reproduction(reading=Reading.OTHER_ERROR, origin="example", tests=())
    script = Script(diagnosis=UNSURE, reproduction=not_shown)
    async with house(tmp_path, script, repos_file=services(tmp_path, Rung.DIAGNOSE)) as here:
        task = await here.run()
        question = await question_of(here, task)
        assert question.kind is QuestionKind.START
        assert "The cause is not certain" in question.body
        task = await here.answer(task, "more_attempts")
        assert "fix" in await here.steps(task)


async def test_trouble_before_the_rung_leads_to_the_rung_and_not_beyond(tmp_path: Path) -> None:
    script = Script(failures={"diagnose": ValueError("x"), "reproduce": ValueError("x")})
    async with house(tmp_path, script, repos_file=services(tmp_path, Rung.DIAGNOSE)) as here:
        task = await here.run()
        assert (await question_of(here, task)).kind is QuestionKind.ESCALATION
        script.failures = {}
        task = await here.answer(task, "more_attempts")
        assert (await question_of(here, task)).kind is QuestionKind.START
        assert "fix" not in await here.steps(task)


async def test_a_patch_that_is_handed_out_can_be_taken_over_or_released(tmp_path: Path) -> None:
    file = services(tmp_path, Rung.PATCH)
    async with house(tmp_path, repos_file=file, auto_approve_risk="medium") as here:
        taken = await here.answer(await here.run(), "take_over")
        assert taken.outcome is Outcome.BLOCKED
        assert "return sum" in taken.result["report"]["patch"]["diff"]
        assert here.branches() == []
        assert (await here.answer(await here.run(), "approve")).outcome is Outcome.FIXED


async def test_the_budget_of_a_service_holds_where_a_request_names_none(tmp_path: Path) -> None:
    file = tmp_path / "repos.yaml"
    file.write_text("'*':\n  max_task_budget_usd: 0.07\n  max_task_tokens: 700\n")
    async with house(tmp_path, repos_file=file) as here:
        plain, named = await here.submit(), await here.submit(budget_usd=2.0)
        budgets = here.anton._records.budgets
        stands = await budgets.standing(plain.task_id)
        assert (stands.limit_usd, stands.limit_tokens) == (0.07, 700)
        assert (await budgets.standing(named.task_id)).limit_usd == 2.0


@pytest.mark.parametrize(
    ("words", "ended"),
    [("yes", False), ("go on", False), ("no", True), ("stop", True), ("I'll take over", True)],
)
async def test_plain_words_answer_where_autonomy_ends(
    tmp_path: Path, words: str, ended: bool
) -> None:
    async with house(tmp_path, repos_file=services(tmp_path, Rung.NOTIFY)) as here:
        task = await here.run()
        await here.anton.reply(task.task_id, words, ME)
        task = await here.anton.drive(task.task_id)
        assert task.status.ended is ended
        assert (task.outcome is Outcome.BLOCKED) is ended


async def test_an_entry_that_no_request_can_lead_to_is_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "repos.yaml"
    file.write_text("git@github.com:acme/shop.git:\n  autonomy: notify\n'*':\n  autonomy: patch\n")
    async with house(tmp_path, repos_file=file):
        assert "REPOS_FILE names git@github.com:acme/shop.git" in caplog.text
    assert caplog.text.count("REPOS_FILE names") == 1
