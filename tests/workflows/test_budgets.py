"""A budget that is spent on the way: asked for, given or not, and never spent twice."""

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from cli.consent import answer_from
from cli.driving import Drive
from cli.ending import conclude
from cli.screen import Screen
from core.approvals import Choice, Decision, Question, QuestionKind
from core.budgets import Ceilings
from core.errors import BudgetExceeded, PayloadInvalid
from core.findings import PartialFix, ReviewVerdict
from core.models import Tokens
from core.patches import Patch
from core.ports import Case, RepairEngine
from core.tasks import Lease, Outcome, Task, TaskStatus
from evals.scripted import FAULTY, MENDED, Script, ScriptedEngine, ScriptedTests, ScriptedThinking
from memory.stores.sqlite import SqliteStores
from memory.stores.sqlite.budgets import SqliteBudgets
from observability.clock import SystemClock
from observability.redaction import Redactor
from tests.event_models import held
from tests.workflows.house import ME, House, house

if TYPE_CHECKING:
    from repair.runs import Tests

ROLES = ("triage", "diagnose", "reproduce", "fix", "review")
HALF = FAULTY.replace("+ 1", "+ 2")


class PayingEngine(ScriptedEngine):
    """Pays for each role, from the store's real budgets, before it answers."""

    def __init__(
        self, script: Script, prices: Mapping[str, float | None], tokens: int, salvage: str
    ) -> None:
        super().__init__(script)
        self.prices = prices
        self.tokens = tokens
        self.salvage = salvage
        self.budgets: SqliteBudgets | None = None

    async def _turn(self, role: str, case: Case) -> None:
        assert self.budgets
        price = self.prices.get(role, 0.0)
        try:
            held = await self.budgets.reserve(
                case.task_id, role, tokens=self.tokens, cost_usd=price
            )
        except BudgetExceeded as spent:
            if self.salvage:
                tree = case.tree.with_texts({"app.py": self.salvage})
                spent.salvage = PartialFix(patch=Patch.between(case.base_sha, case.tree, tree))
            raise
        await super()._turn(role, case)
        used = Tokens(sent=self.tokens)
        await self.budgets.settle(held.reservation_id, used, cost_usd=price, seconds=0.5)


@dataclass
class PayingThinking(ScriptedThinking):
    """Gives every task an engine that pays, under the lease of each drive."""

    folder: Path = Path()
    prices: Mapping[str, float | None] = field(default_factory=dict)
    tokens: int = 1000
    salvage: str = ""
    ceilings: Ceilings = field(default_factory=Ceilings)
    told: list[Mapping[str, Any]] = field(default_factory=list)

    @asynccontextmanager
    async def open(self, task: Task, lease: Lease) -> "AsyncIterator[tuple[RepairEngine, Tests]]":
        stores = await SqliteStores.open(
            self.folder / "data", clock=SystemClock(), redactor=Redactor(), exclusive=False
        )

        async def tell(notice: Any) -> None:
            self.told.append(notice.data)

        engine = self.engines.setdefault(
            task.task_id, PayingEngine(self.script, self.prices, self.tokens, self.salvage)
        )
        assert isinstance(engine, PayingEngine)
        engine.budgets = stores.budgets(self.ceilings, tell).under(lease)
        try:
            yield engine, ScriptedTests()
        finally:
            await stores.close()


@asynccontextmanager
async def paying(
    tmp_path: Path, script: Script | None = None, **options: Any
) -> AsyncIterator[House]:
    thinking = PayingThinking(script or Script(), folder=tmp_path, **options)
    day_usd = thinking.ceilings.day_usd
    async with house(tmp_path, thinking=thinking, max_day_budget_usd=day_usd) as here:
        yield here


async def given(here: House, task: Task, usd: float) -> Task:
    """Raise the budget, and drive on."""
    approval = await here.pending(task)
    decision = Decision(choice="raise_budget", amount_usd=usd, by=ME)
    await here.anton.decide(approval.approval_id, decision)
    return await here.anton.drive(task.task_id)


async def asked(here: House, task: Task) -> Question:
    question = (await here.pending(task)).question
    assert question.kind is QuestionKind.BUDGET
    return question


async def limits_told(here: House, task: Task) -> list[float]:
    events = await here.anton.events.after(0, task_id=task.task_id)
    assert held(events)
    return [e.data["limit_usd"] for e in events if e.type == "budget" and "notice" not in e.data]


@pytest.mark.parametrize("role", ROLES)
async def test_a_spent_budget_is_asked_for_and_the_step_is_done_again(
    tmp_path: Path, role: str
) -> None:
    async with paying(tmp_path, prices={role: 0.60}) as here:
        task = await here.run()
        question = await asked(here, task)
        assert question.details["limit_usd"] == "0.5"
        assert "$0.0000 of $0.5000" in question.title
        assert f"- Stopped at: {role}\n" in question.body
        assert role not in here.asked(task)
        before = list(here.asked(task))
        task = await given(here, task, 0.50)
        assert (await here.pending(task)).question.kind is QuestionKind.RELEASE
        assert here.asked(task)[len(before)] == role
        assert here.asked(task).count(role) == 1
        assert await limits_told(here, task) == [1.0]
        task = await here.answer(task, "approve")
        assert task.outcome is Outcome.FIXED
        assert (task.usage.cost_usd, task.usage.model_calls) == (0.60, 5)
        assert task.result["report"]["cost_usd"] == 0.60


async def test_two_branches_that_are_stopped_at_once_ask_once(tmp_path: Path) -> None:
    async with paying(tmp_path, prices={"diagnose": 0.60, "reproduce": 0.60}) as here:
        task = await here.run()
        question = await asked(here, task)
        assert "- Stopped at: diagnose and reproduce\n" in question.body
        assert question.body.count("- Limit: ") == 1
        task = await given(here, task, 0.80)
        assert (await here.pending(task)).question.kind is QuestionKind.RELEASE
        assert here.asked(task)[1:3] in (["diagnose", "reproduce"], ["reproduce", "diagnose"])
        assert await limits_told(here, task) == [1.30]


async def test_a_branch_that_broke_is_tried_again_with_the_one_that_was_stopped(
    tmp_path: Path,
) -> None:
    script = Script(failures={"diagnose": ValueError()})
    async with paying(tmp_path, script, prices={"reproduce": 0.60}) as here:
        task = await here.run()
        assert "- Stopped at: reproduce\n" in (await asked(here, task)).body
        await given(here, task, 0.50)
        assert [here.asked(task).count(role) for role in ("diagnose", "reproduce")] == [2, 1]


async def test_a_later_answer_does_not_repeat_the_step_that_was_stopped_once(
    tmp_path: Path,
) -> None:
    script = Script(fixes=(MENDED, MENDED + "\n"), reviews=(ReviewVerdict.REQUEST_CHANGES,))
    async with paying(tmp_path, script, prices={"review": 0.60}) as here:
        task = await here.run(max_iterations=1)
        await asked(here, task)
        task = await given(here, task, 0.50)
        assert (await here.pending(task)).question.kind is QuestionKind.ESCALATION
        task = await here.answer(task, "more_attempts")
        assert here.asked(task)[-2:] == ["review", "fix"]
        await asked(here, task)


async def test_too_small_a_raise_is_asked_for_again(tmp_path: Path) -> None:
    async with paying(tmp_path, prices={"fix": 2.0}) as here:
        task = await here.run()
        for limit in (1.0, 1.5):
            task = await given(here, task, 0.50)
            assert (await asked(here, task)).details["limit_usd"] == str(limit)
        task = await given(here, task, 0.50)
        assert await limits_told(here, task) == [1.0, 1.5, 2.0]
        assert (await here.pending(task)).question.kind is QuestionKind.RELEASE


async def test_plain_words_raise_the_limit_and_the_new_one_is_said(tmp_path: Path) -> None:
    async with paying(tmp_path, prices={"fix": 0.60}) as here:
        task = await here.run()
        for unclear in ("more", "a dollar or two", "set it to $50", "approve"):
            with pytest.raises(PayloadInvalid, match=r"the limit is \$0\.50"):
                await here.anton.reply(task.task_id, unclear, ME)
        said, approval = await here.anton.reply(task.task_id, "set budget to $2", ME)
        assert said == "Raise the budget by $1.50, to $2.00."
        assert approval.decision
        assert approval.decision.amount_usd == 1.5
        task = await here.anton.drive(task.task_id)
        assert await limits_told(here, task) == [2.0]
        assert (await here.pending(task)).question.kind is QuestionKind.RELEASE


async def test_a_total_is_a_difference_to_what_others_have_raised_since(tmp_path: Path) -> None:
    ceilings = Ceilings(day_usd=1.0)
    async with paying(tmp_path, prices={"fix": 2.0}, ceilings=ceilings) as here:
        first, second = [await here.run(budget_usd=5.0) for _ in range(2)]
        assert (await asked(here, second)).details["limit_usd"] == "1.0"
        first = await given(here, first, 1.0)
        said, _ = await here.anton.reply(second.task_id, "set the budget to $4", ME)
        assert said == "Raise the budget by $2.00, to $4.00."
        second = await here.anton.drive(second.task_id)
        assert await limits_told(here, second) == [4.0]
        assert (await here.pending(second)).question.kind is QuestionKind.RELEASE


async def test_the_terminal_asks_and_takes_words(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async with paying(tmp_path, prices={"fix": 0.60}) as here:
        task = await here.run()
        answers = iter(["what?", "b", "9", "1", "a"])
        screen = Screen.here(json_only=False)

        async def ask(prompt: str) -> str | None:
            return next(answers, None)

        async def answer(question: Question) -> Decision | None:
            return await answer_from(question, ask, screen.say, here.anton.read)

        decision = await answer((await here.pending(task)).question)
        assert decision
        await here.anton.decide((await here.pending(task)).approval_id, decision)
        task = await Drive(here.anton, screen, answer).to_the_end(task.task_id)
        assert task.outcome is Outcome.FIXED
        conclude(screen, task)
        told = capsys.readouterr()
        assert "Understood: Raise the budget by $1.00, to $1.50." in told.out
        assert "the budget of this task is $1.50 from now on" in told.err
        assert "cost        $0.6000; 5 calls, 5,000 tokens" in told.out


@pytest.mark.parametrize("choice", ["stop", "take_over", None])
async def test_without_more_it_ends_and_hands_out_what_it_had(
    tmp_path: Path, choice: Choice | None
) -> None:
    async with paying(tmp_path, prices={"fix": 0.60, "diagnose": 0.10}, salvage=HALF) as here:
        task = await here.run()
        question = await asked(here, task)
        assert question.options == ("raise_budget", "take_over", "stop")
        assert "Best hypothesis: total() adds one too many." in question.body
        assert "Best partial patch: `" in question.body
        assert "Used by this task: $0.1000; 3 calls, 3,000 tokens" in question.body
        if choice:
            task = await here.answer(task, choice)
        else:
            task = await unanswered(here, task, tmp_path)
        assert here.branches() == []
        report = task.result["report"]
        partial = report["stopped"]["partial_patch"]
        assert "+    return sum(items) + 2" in partial["diff"]
        assert question.patch_ref == partial["ref"]
        if choice == "take_over":
            assert task.outcome is Outcome.BLOCKED
            return
        assert task.outcome is Outcome.OUT_OF_BUDGET
        assert task.status is TaskStatus.COMPLETED
        assert task.reason.startswith("Stopped at fix: The budget of this task is spent: $0.1000")
        assert report["stopped"]["at"] == "fix"
        assert report["stopped"]["hypothesis"] == "total() adds one too many."
        assert report["cost_usd"] == 0.10


async def unanswered(here: House, task: Task, tmp_path: Path) -> Task:
    """Let the question's time pass, as the expiry does, and drive on."""
    stores = await SqliteStores.open(
        tmp_path / "data", clock=SystemClock(), redactor=Redactor(), exclusive=False
    )
    approval = await here.pending(task)
    await stores.approvals.expire(approval.expires_at)
    await stores.close()
    return await here.anton.drive(task.task_id)


async def test_a_first_patch_that_failed_is_handed_out_when_the_second_is_not_paid(
    tmp_path: Path,
) -> None:
    async with paying(tmp_path, Script(fixes=(HALF,)), prices={"fix": 0.30}) as here:
        task = await here.run()
        assert "it turns 0 of 1 red tests green" in (await asked(here, task)).body
        task = await here.answer(task, "stop")
        assert task.outcome is Outcome.OUT_OF_BUDGET
        assert task.result["stopped"]["partial_patch"]["files"] == ["app.py"]


async def test_a_step_that_repeats_after_a_crash_raises_nothing_twice(tmp_path: Path) -> None:
    """The process dies in the step that had raised the limit; the heir does it again."""
    async with paying(tmp_path, Script(delays_s={"fix": 30.0}), prices={"fix": 0.60}) as here:
        task = await here.run()
        approval = await here.pending(task)
        decision = Decision(choice="raise_budget", amount_usd=0.50, by=ME)
        await here.anton.decide(approval.approval_id, decision)
        async with here.anton.events.listen(task.task_id) as events:
            drive = asyncio.create_task(here.anton.drive(task.task_id))
            await anext(event async for event in events if event and event.type == "budget")
        drive.cancel()
        await asyncio.gather(drive, return_exceptions=True)
        assert await limits_told(here, task) == [1.0]
    async with paying(tmp_path, prices={"fix": 0.10}) as here:
        task = await here.anton.drive(task.task_id)
        assert await limits_told(here, task) == [1.0]


async def test_an_unknown_price_is_said_and_the_tokens_rule(tmp_path: Path) -> None:
    async with paying(tmp_path, prices={"fix": None}, tokens=150_000) as here:
        task = await here.run()
        question = await asked(here, task)
        assert "450,000 tokens of 500,000 tokens" in question.title
        assert "$" not in question.title
        task = await given(here, task, 0.50)
        release = (await here.pending(task)).question
        assert release.kind is QuestionKind.RELEASE
        body = (await here.anton.artifacts.get(release.body_ref)).decode()
        assert "- Cost: price unknown; 5 calls, 750,000 tokens" in body
        task = await here.answer(task, "approve")
        assert task.outcome is Outcome.FIXED
        assert task.result["report"]["cost_usd"] is None
        assert task.usage.cost_usd is None


@pytest.mark.slow
async def test_the_time_that_people_take_is_not_the_tasks(tmp_path: Path) -> None:
    began = time.monotonic()
    async with house(tmp_path / "first") as here:
        await here.answer(await here.run(), "approve")
    limit_s = 3 * (time.monotonic() - began)
    async with house(tmp_path / "second", max_task_seconds=limit_s) as here:
        task = await here.run()
        await asyncio.sleep(1.1 * limit_s)
        task = await here.answer(task, "approve")
        assert task.outcome is Outcome.FIXED
        assert task.usage.seconds_human > limit_s


async def test_what_costs_nothing_goes_through_without_a_word(tmp_path: Path) -> None:
    async with paying(tmp_path, tokens=400_000) as here:
        task = await here.run(budget_usd=0.0)
        task = await here.answer(task, "approve")
        assert task.outcome is Outcome.FIXED
        assert task.usage.cost_usd == 0.0
        assert task.usage.tokens_in == 2_000_000
        assert task.usage.seconds_model == 2.5


async def test_the_day_is_raised_for_all_and_can_be_waited_for(tmp_path: Path) -> None:
    ceilings = Ceilings(task_usd=5.0, day_usd=1.0)
    async with paying(tmp_path, prices={"fix": 0.60}, ceilings=ceilings) as here:
        first = await here.run(budget_usd=5.0)
        assert (await here.pending(first)).question.kind is QuestionKind.RELEASE
        task = await here.run(budget_usd=5.0)
        question = await asked(here, task)
        assert question.options == ("raise_budget", "more_attempts", "stop")
        assert question.details["scope"] == "day"
        task = await here.answer(task, "more_attempts")
        assert (await asked(here, task)).details["scope"] == "day"
        assert await limits_told(here, task) == []
