"""An earlier task stands in the prompts of diagnosis and fix as material, in a block of its own."""

import json
import re
from dataclasses import replace
from typing import Any, cast

import pytest

from agents.roles.diagnosis import diagnose
from agents.roles.fix import opening
from core.findings import Diagnosis
from core.ports import Case
from core.precedents import Precedent
from core.trees import Tree
from repair.bench import Bench
from tests.fakes.clock import START
from tests.fakes.model import ScriptedModel

CASE = Case("t", "x20 is wrong", "It should be 21.", "/repo", "0" * 40, Tree())
PRECEDENT = Precedent(
    task_id="t0",
    repository="/repo",
    report="x19 is wrong",
    cause="A sum begins at one.",
    diff="-x19 = 19\n+x19 = 20\n",
    outcome="fixed",
    ended_at=START,
)
ANSWER = json.dumps({"root_cause": "It is one too small.", "category": "data"})


async def prompt(role: str, case: Case) -> str:
    if role == "diagnosis":
        model = ScriptedModel([ANSWER, ANSWER])
        measured = Diagnosis(root_cause="", confidence=0.0, method="none")
        await diagnose(case, cast(Bench, None), model, None, measured=measured)
        return model.prompt(0)
    facts: dict[str, Any] = {"test": "", "failure": "", "unit": "whole", "attempts": 1}
    return "\n".join(one.text for one in opening(case, (), complete=True, **facts))


@pytest.mark.parametrize("role", ["diagnosis", "fix"])
async def test_what_came_of_an_earlier_task_stands_in_a_block(role: str) -> None:
    assert "earlier task" not in await prompt(role, CASE)
    said = await prompt(role, replace(CASE, precedent=PRECEDENT))
    block = re.search(r"<<<precedent (\w{12})\n(.*?)\nprecedent \1>>>", said, re.DOTALL)
    assert block
    for text in ("x19 is wrong", "A sum begins at one.", "+x19 = 20", "It ended as `fixed`."):
        assert text in block[2]
        assert said.count(text) == 1, "and nowhere else"
