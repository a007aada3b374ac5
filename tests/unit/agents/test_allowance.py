"""A role's seconds: they count while it is answered, stand still in an outage, and hold."""

import asyncio
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from agents import views, workflow
from agents.allowance import Allowance, standing_still, was_away
from agents.contest import Contest
from agents.models.options import ModelOptions
from agents.roles import diagnosis, qa, reviewer, triage
from core.errors import TimeUp
from core.evidence import Evidence, Verdict
from core.findings import Diagnosis, FixAttempt, Reading, Reproduction, ReviewVerdict
from core.limits import role_limits
from core.models import Message, ModelCall, Reply
from core.patches import Patch
from core.ports import Case
from core.trees import Tree
from observability.clock import SystemClock
from repair.bench import Bench
from tests.fakes.clock import FakeClock
from tests.fakes.model import ScriptedModel, says, timed
from tests.fakes.model_server import Act, busy
from tests.fakes.openai_server import OpenAIServer
from tests.unit.agents.models.house import KEY, house

TREE = Tree().with_texts(
    {
        "shop.py": "def total(prices):\n    return sum(prices) + 1\n",
        "tests/test_shop.py": "from shop import total\n\n\ndef test_total():\n"
        "    assert total([1, 2]) == 3\n",
    }
)
RED = ("tests/test_shop.py::test_total",)
CASE = Case("t", "total is wrong", "total() is one too many", "/r", "0" * 40, TREE)
MEASURED = Diagnosis(root_cause="Line 2 goes with failure.", confidence=0.75, method="coverage")
CALL = ModelCall(role="fix", messages=(Message(author="user", text="Why?"),))
RIGHT = (
    "One too many.\n\nFILE: shop.py\n```python\ndef total(prices):\n    return sum(prices)\n```\n"
)
WRONG = RIGHT.replace("sum(prices)", "sum(prices) + 2")


class Slow:
    """Answers that each take their time, for a role with sixty seconds."""

    def __init__(self, *answers: tuple[float, str], role: str = "fix") -> None:
        self.clock = FakeClock()
        self.time = Allowance(role, 60.0, self.clock)
        self.scripted = ScriptedModel([self._answer(*one) for one in answers])
        self.model = timed(self.scripted, self.time)

    def _answer(self, seconds: float, text: str) -> Callable[[ModelCall], Reply]:
        def played(call: ModelCall) -> Reply:
            self.clock.advance(seconds)
            return says(text)

        return played


# --- the time itself --------------------------------------------------------------------------


async def test_only_what_is_used_counts() -> None:
    slow = Slow((20.0, "a"), (30.0, "b"), (20.0, "too late"), (0.0, "never asked"))
    assert (await slow.model.complete(CALL)).text == "a"
    slow.clock.advance(1000.0)
    with slow.time.counted():
        slow.clock.advance(5.0)
    await slow.model.complete(CALL)
    assert slow.time.left == 5.0
    for _ in range(2):
        with pytest.raises(TimeUp, match="The role fix was cut off after 60 s"):
            await slow.model.complete(CALL)
    assert len(slow.scripted.calls) == 3


async def test_call_that_hangs_is_stopped_and_other_timeouts_are_not_ours() -> None:
    time = Allowance("fix", 0.05, SystemClock())
    with pytest.raises(TimeUp, match="ROLE_LIMITS") as stopped:
        async with time.held():
            await asyncio.sleep(3600)
    assert isinstance(stopped.value.__cause__, TimeoutError)
    with pytest.raises(TimeoutError):
        async with Allowance("fix", 60.0, SystemClock()).held(), asyncio.timeout(0.01):
            await asyncio.sleep(3600)


async def test_time_stands_still_for_whoever_waits_for_a_model() -> None:
    time = Allowance("fix", 0.3, SystemClock())
    with pytest.raises(TimeUp):
        async with time.held():
            with standing_still():
                await asyncio.sleep(0.6)
            assert time.left > 0.2
            await asyncio.sleep(3600)
    with standing_still():
        assert time.left == 0.0
    was_away(10.0)
    assert time.left == 0.0


async def test_what_is_given_back_moves_the_limit() -> None:
    time = Allowance("fix", 0.3, SystemClock())
    with pytest.raises(TimeUp):
        async with time.held():
            await asyncio.sleep(0.2)
            was_away(0.2)
            await asyncio.sleep(0.2)
            assert time.left > 0.0
            await asyncio.sleep(3600)


async def test_share_is_booked_as_it_was_used() -> None:
    clock = FakeClock()
    time = Allowance("diagnosis", 100.0, clock)
    part = time.share(0.6)
    with part.counted():
        clock.advance(20.0)
    time.spend(part)
    assert (part.seconds, part.left, time.left) == (60.0, 40.0, 80.0)


def test_seconds_are_five_times_as_many_on_ollama() -> None:
    limits = role_limits({"triage": {"seconds": 10}})["triage"]
    models = ("gpt-4o", "ollama/qwen3:8b", "ollama_chat/qwen3:8b")
    assert [limits.on(model).seconds for model in models] == [10.0, 50.0, 50.0]


# --- at the wire ------------------------------------------------------------------------------


@pytest.fixture
def openai() -> Iterator[OpenAIServer]:
    with OpenAIServer() as server:
        yield server


@pytest.fixture
def options(openai: OpenAIServer) -> ModelOptions:
    bases, keys = {"openai": f"{openai.url}/v1"}, {"OPENAI_API_KEY": KEY}
    return ModelOptions(model="openai/double", bases=bases, keys=keys)


@pytest.mark.parametrize("refusals", [[busy("250")] * 3, [Act(status=503)] * 6], ids=["429", "503"])
async def test_outage_takes_nothing_of_the_time(
    openai: OpenAIServer, options: ModelOptions, tmp_path: Path, refusals: list[Act]
) -> None:
    """Six failures open the breaker, so that both kinds of waiting come up."""
    openai.script(*refusals)
    async with house(tmp_path, options) as home:
        time = Allowance("fix", 30.0, home.clock)
        model = timed(home.roster.under(home.budgets).of("fix"), time)
        assert (await model.complete(home.call())).text == "All is well."
        assert sum(home.clock.slept) > 60.0
        assert time.left == 30.0


async def test_attempt_that_fails_after_long_takes_nothing_either(tmp_path: Path) -> None:
    script = tmp_path / "script.toml"
    failing = "[[reply]]\nstatus = 503\ndelay_s = 25\n"
    script.write_text(f'{failing * 4}[[reply]]\ntext = "At last."\ndelay_s = 10\n')
    async with house(tmp_path, ModelOptions(model=f"scripted/{script}")) as home:
        time = Allowance("fix", 30.0, home.clock)
        model = timed(home.roster.under(home.budgets).of("fix"), time)
        assert (await model.complete(home.call())).attempts == 5
        assert time.left == 20.0


async def test_slow_answer_of_a_script_takes_it(tmp_path: Path) -> None:
    script = tmp_path / "script.toml"
    script.write_text('[[reply]]\ntext = "At last."\ndelay_s = 31\nrepeat = true\n')
    async with house(tmp_path, ModelOptions(model=f"scripted/{script}")) as home:
        model = home.roster.under(home.budgets).of("fix")
        with pytest.raises(TimeUp):
            await timed(model, Allowance("fix", 30.0, home.clock)).complete(home.call())
        usage = await home.budgets.usage(home.task_id)
        assert usage.model_calls == 1, "what was used is paid, in time or not"


# --- each role --------------------------------------------------------------------------------


async def test_triage_that_is_cut_off_is_a_default_and_says_so() -> None:
    slow = Slow((61.0, '{"verdict": "noise", "noise_quote": "total is wrong"}'), role="triage")
    found = await triage.triage(CASE, slow.model)
    assert (found.verdict, found.defaulted) == ("real", True)
    assert "The role triage was cut off after 60 s." in found.reasoning


async def test_diagnosis_keeps_what_was_concluded_as_a_guess(bench: Bench) -> None:
    sure = json.dumps({"root_cause": "x", "category": "config", "confidence": 1.0})
    slow = Slow((40.0, "It is the configuration."), (30.0, sure), role="diagnosis")
    found = await diagnosis.diagnose(CASE, bench, slow.model, None, measured=MEASURED)
    assert (found.root_cause, found.category) == ("It is the configuration.", "code")
    assert found.confidence == views.GUESS
    assert "cut off after 60 s" in found.method

    slow = Slow((61.0, "Too late."), role="diagnosis")
    found = await diagnosis.diagnose(CASE, bench, slow.model, None, measured=MEASURED)
    assert found.root_cause == MEASURED.root_cause


@pytest.mark.needs_bubblewrap
async def test_test_under_way_says_nothing(bench: Bench) -> None:
    """A test that passes would end the task, had its correction come in time."""
    path = "tests/test_total_is_wrong.py"
    passes = f"FILE: {path}\n```python\ndef test_total():\n    assert True\n```\n"
    slow = Slow((40.0, passes), (30.0, passes), role="qa")
    nothing = Reproduction(reading=Reading.NOTHING_TO_RUN, note="Nothing is red.")
    found = await qa.reproduce(CASE, bench, slow.model, nothing)
    assert found.reading is Reading.NOTHING_TO_RUN
    assert found.note.startswith("Nothing is red. The role qa was cut off")


async def test_review_that_is_cut_off_is_no_approval() -> None:
    lines = "".join(f"x{n} = {n}  # {'long' * 20}\n" for n in range(1000))
    result = TREE.with_texts({"a.py": lines, "b.py": lines})
    patch = Patch.between("0" * 40, TREE, result)
    evidence = Evidence(verdict=Verdict.NOT_RUN, tree_hash=patch.tree_hash, base_sha="0" * 40)
    fine = json.dumps({"verdict": "APPROVE", "scores": {"correctness": 7}})
    slow = Slow((40.0, fine), (30.0, fine), (0.0, fine), role="reviewer")
    found = await reviewer.review(CASE, patch, evidence, slow.model)
    assert found.verdict is ReviewVerdict.REQUEST_CHANGES
    assert "cut off after 60 s" in found.issues[-1].message
    assert found.scores == {"correctness": 7}
    assert len(slow.scripted.calls) == 2


async def text_fix(case: Case, bench: Bench, slow: Slow) -> FixAttempt:
    async with Contest.opened(case, bench, nothing_found) as contest:
        stint = await workflow.fix(contest, slow.model, 3)
        return await contest.attempt(stint.name, saved_calls=0, why_not=stint.why_not)


async def nothing_found() -> FixAttempt:
    return FixAttempt(explanation="nothing was searched")


@pytest.mark.needs_bubblewrap
async def test_fix_in_text_keeps_the_nearest_and_claims_nothing(bench: Bench) -> None:
    case = replace(CASE, reproduction=Reproduction(reading=Reading.REPRODUCED, tests=RED))
    slow = Slow((40.0, WRONG), (30.0, RIGHT))
    attempt = await text_fix(case, bench, slow)
    assert attempt.candidates == ()
    assert "The role fix was cut off after 60 s." in attempt.explanation
    assert attempt.partial
    assert "sum(prices) + 2" in attempt.partial.patch.diff


async def test_judging_by_tests_takes_nothing_of_the_time_to_think(bench: Bench) -> None:
    case = replace(CASE, reproduction=Reproduction(reading=Reading.REPRODUCED, tests=RED))
    slow = Slow((20.0, WRONG), (20.0, RIGHT))
    attempt = await text_fix(case, bench, slow)
    assert len(attempt.candidates) == 1
    assert slow.time.left == 20.0
