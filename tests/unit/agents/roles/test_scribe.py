"""The scribe tells what was recorded; whatever keeps it from that, the repair goes on without."""

import asyncio
import json

import pytest

from agents.allowance import Allowance
from agents.roles.scribe import WORDS_KEPT, narrate
from core.errors import BudgetExceeded, LeaseLost, ModelUnavailable, PromptTooLong
from core.findings import Narrative
from core.models import ModelCall, Reply
from core.ports import Case
from core.trees import Tree
from observability.clock import SystemClock
from tests.fakes.model import Played, ScriptedModel, says, timed

CASE = Case("t", "x20 is wrong", "It should be 21.", "/repo", "0" * 40, Tree())
FACTS = "- Files: a.py (+1 -1)\n+x20 = 21"
WORDS = "The value was one too small. The change sets it to 21."


async def told(*script: Played) -> Narrative:
    return await narrate(CASE, FACTS, ScriptedModel(script))


async def test_it_tells_from_report_and_record_without_tools() -> None:
    model = ScriptedModel([json.dumps({"narrative": f" {WORDS}\n"})])
    found = await narrate(CASE, FACTS, model)
    assert found == Narrative(text=WORDS, author="scripted")
    assert FACTS in model.prompt()
    assert "It should be 21." in model.prompt()
    (call,) = model.calls
    assert (call.role, call.node, call.tools) == ("scribe", "review", ())


async def test_a_slip_is_mended_once() -> None:
    assert (await told("Well.", json.dumps({"narrative": WORDS}))).text == WORDS


async def test_a_flood_of_words_is_cut() -> None:
    assert len((await told(json.dumps({"narrative": "so " * 4000}))).text) == WORDS_KEPT


@pytest.mark.parametrize(
    "script",
    [
        [ModelUnavailable()],
        [PromptTooLong()],
        [BudgetExceeded("$0.50 are spent.")],
        ["", "", ""],
        ["It was wrong.", '{"story": "It was wrong."}'],
        [says('{"narrative": "It was', finish="length")] * 3,
        [json.dumps({"narrative": " \n"})],
    ],
)
async def test_without_usable_words_there_is_no_narrative(script: list[Played]) -> None:
    assert (await told(*script)).text == ""


class Silent(ScriptedModel):
    """Never answers."""

    async def complete(self, call: ModelCall) -> Reply:
        await asyncio.Event().wait()
        raise AssertionError


async def test_a_silent_model_is_left_when_the_time_is_up() -> None:
    time = Allowance("scribe", 0.01, SystemClock())
    found = await narrate(CASE, FACTS, timed(Silent([]), time))
    assert found == Narrative()


async def test_what_is_no_fault_of_a_model_is_not_hidden() -> None:
    with pytest.raises(LeaseLost):
        await told(LeaseLost())
