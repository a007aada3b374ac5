"""The engine with tools: what a scripted model does in its sandbox is judged like any candidate."""

from typing import Any

import pytest

from agents import fixing
from agents.contest import OfflineSearch
from agents.toolwork import Crew, gather
from core.errors import BudgetExceeded
from core.events import EventType
from core.findings import FixAttempt, PartialFix, Reading, Reproduction
from core.limits import role_limits
from core.models import Message, Reply
from core.ports import Case, Model
from core.tasks import Outcome
from core.trees import Tree
from observability.clock import SystemClock
from repair.bench import Bench
from tests.fakes.model import ScriptedModel, uses
from tools.policy import Policy
from tools.toolbox import Refusal

pytestmark = pytest.mark.needs_bubblewrap

TREE = Tree().with_texts(
    {
        "shop.py": "def total(prices):\n    return sum(prices) + 1\n",
        "test_shop.py": "from shop import total\n\n\ndef test_total():\n"
        "    assert total([1, 2]) == 3\n",
    }
)
EDIT = uses(
    ("edit_file", {"path": "shop.py", "old": "sum(prices) + 1", "new": "sum(prices)"}),
    text="I change the sum.",
)
SUBMIT = uses(("submit_changes", {"explanation": "The sum was one too many."}))


class Seen:
    """What was refused and what was told."""

    def __init__(self) -> None:
        self.refusals: list[Refusal] = []
        self.events: list[EventType] = []

    def crew(self, **limits: dict[str, float]) -> Crew:
        async def refused(refusal: Refusal) -> None:
            self.refusals.append(refusal)

        async def watch(event: EventType, data: dict[str, Any]) -> None:
            self.events.append(event)

        return Crew(SystemClock(), role_limits(limits), Policy.AUTO, refused, watch)


def case(*, red: bool = True) -> Case:
    shown = Reproduction(
        reading=Reading.REPRODUCED if red else Reading.NOTHING_TO_RUN,
        tests=("test_shop.py::test_total",) if red else (),
    )
    return Case("t", "total is wrong", "one too many", "/r", "0" * 40, TREE, reproduction=shown)


async def nothing() -> FixAttempt:
    """A search that finds nothing."""
    return FixAttempt(explanation="nothing was searched")


async def fix(
    case: Case, bench: Bench, model: Model, search: OfflineSearch, crew: Crew
) -> FixAttempt:
    return await fixing.fix(case, bench, model, search, crew, kind="tools", attempts=3)


async def test_submitted_change_is_judged_and_named_after_its_maker(bench: Bench) -> None:
    seen, model = Seen(), ScriptedModel([uses(("read_file", {"path": "shop.py"})), EDIT, SUBMIT])
    attempt = await fix(case(), bench, model, nothing, seen.crew())
    assert attempt.explanation == "The sum was one too many."
    assert [c.found_by for c in attempt.candidates] == ["scripted"]
    assert attempt.engine == "tools (scripted)"
    assert "test_shop.py::test_total" in model.prompt(0)
    assert seen.events[0] == "agent_start"
    assert "tool_end" in seen.events


async def test_limit_saves_what_stands_in_the_workspace(bench: Bench) -> None:
    model = ScriptedModel([EDIT, *[uses(("git_status", {}))] * 3])
    attempt = await fix(case(), bench, model, nothing, Seen().crew(fix={"turns": 2}))
    assert len(attempt.candidates) == 1
    assert attempt.explanation == "(Cut off at a limit: turns.)"


async def test_half_a_change_is_no_candidate_where_no_test_tells(bench: Bench) -> None:
    model = ScriptedModel([EDIT, *[uses(("git_status", {}))] * 3])
    crew = Seen().crew(fix={"turns": 2})
    attempt = await fix(case(red=False), bench, model, nothing, crew)
    assert attempt.candidates == ()
    assert attempt.partial is not None
    assert "+    return sum(prices)" in attempt.partial.patch.diff
    assert "ended at a limit (turns)" in attempt.explanation


async def test_spent_budget_asks_for_more_unless_what_stands_holds(bench: Bench) -> None:
    spent = BudgetExceeded("The budget of this day is spent.", scope="day")
    attempt = await fix(case(), bench, ScriptedModel([EDIT, spent]), nothing, Seen().crew())
    assert [c.found_by for c in attempt.candidates] == ["scripted"]
    half = uses(("edit_file", {"path": "shop.py", "old": "+ 1", "new": "+ 2"}))
    with pytest.raises(BudgetExceeded) as stopped:
        await fix(case(), bench, ScriptedModel([half, spent]), nothing, Seen().crew())
    assert stopped.value.scope == "day"
    assert isinstance(stopped.value.salvage, PartialFix)
    assert "+    return sum(prices) + 2" in stopped.value.salvage.patch.diff


async def test_change_that_does_not_hold_is_told_in_words_of_the_tests(bench: Bench) -> None:
    wrong = uses(("edit_file", {"path": "shop.py", "old": " + 1", "new": " + 2"}))
    attempt = await fix(case(), bench, ScriptedModel([wrong, SUBMIT]), nothing, Seen().crew())
    assert attempt.candidates == ()
    assert "assert 5 == 3" in attempt.explanation


async def test_tests_cannot_be_written_and_the_refusal_is_recorded(bench: Bench) -> None:
    seen = Seen()
    cheat = uses(
        ("write_file", {"path": "test_shop.py", "content": "def test_total():\n    pass\n"})
    )
    attempt = await fix(case(), bench, ScriptedModel([cheat, EDIT, SUBMIT]), nothing, seen.crew())
    assert attempt.candidates[0].patch.paths == ("shop.py",)
    assert [refusal.rule for refusal in seen.refusals] == ["role"]


async def test_model_that_cannot_use_tools_goes_on_in_text(bench: Bench) -> None:
    text = "FILE: shop.py\n```python\ndef total(prices):\n    return sum(prices)\n```\n"
    model = ScriptedModel([*["I would change the sum."] * 3, text])
    attempt = await fix(case(), bench, model, nothing, Seen().crew())
    assert attempt.engine == "tools (scripted), then workflow (scripted)"
    assert [one.found_by for one in attempt.candidates] == ["scripted"]


async def test_advice_to_change_nothing_is_an_outcome_where_nothing_is_red(bench: Bench) -> None:
    advice = uses(("leave_unchanged", {"reason": "The bag costs one."}))
    attempt = await fix(case(red=False), bench, ScriptedModel([advice]), nothing, Seen().crew())
    assert attempt.final is Outcome.NOT_A_CODE_FAULT
    assert "The bag costs one." in attempt.explanation


async def test_gathering_reads_and_writes_nothing(bench: Bench) -> None:
    seen = Seen()
    script: list[Reply | str] = [
        uses(("read_file", {"path": "shop.py"}), ("grep", {"pattern": "total"})),
        uses(("write_file", {"path": "shop.py", "content": ""})),
        "It adds one.",
    ]
    opening = (Message(author="user", text="Why?"),)
    crew = seen.crew()
    timed = crew.timed("diagnosis", ScriptedModel(script))
    messages = await gather(case(), bench, timed, opening, crew)
    assert messages[0] == opening[0]
    assert messages[-1].text == "It adds one."
    assert any("sum(prices) + 1" in message.text for message in messages)
    assert [refusal.rule for refusal in seen.refusals] == ["unlisted"]


async def test_edit_that_the_gate_refuses_is_kept_for_the_next_attempt(bench: Bench) -> None:
    wrong = uses(("edit_file", {"path": "shop.py", "old": "sum(prices)", "new": "add(prices)"}))
    attempt = await fix(case(), bench, ScriptedModel([wrong, EDIT, SUBMIT]), nothing, Seen().crew())
    assert attempt.candidates
    (edit,) = attempt.refused
    assert (edit.rule, edit.path) == ("names", "shop.py")
    assert "add(prices)" in edit.after
