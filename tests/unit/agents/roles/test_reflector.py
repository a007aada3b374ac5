"""The reflector proposes; it sees what was said as material, and names rules by number."""

import json
from typing import Any

import pytest

from agents.roles.reflector import DUTIES, ModelReflector
from core.errors import AnswerInvalid
from core.figures import LoggedCall
from core.learning import Looked, RuleProposal, RuleRecord
from core.ports import Reflector
from core.tasks import Outcome
from tests.fakes.clock import START
from tests.fakes.model import Played, ScriptedModel

RULES = [
    ("Look at every caller first.", RuleRecord(shown=4, shown_well=3)),
    ("Prefer small steps.", RuleRecord()),
]
PROMPT = """Repair this.

<<<report 0123456789ab
The total of two items is wrong.
report 0123456789ab>>>

<<<code 0123456789ab
def total(items): ...
code 0123456789ab>>>

Our own words."""


def logged(**given: Any) -> LoggedCall:
    fields: dict[str, Any] = {
        "id": "c1",
        "ts": START,
        "task_id": "t1",
        "agent": "t1/fix",
        "role": "fix",
        "node": "fix",
        "model": "large",
        "attempt": 1,
        "system": "You mend code.",
        "messages": [{"author": "user", "text": PROMPT}],
        "tools": [],
        "response": "I changed the sum.",
        "calls": [],
        "tokens_in": 1,
        "tokens_out": 1,
        "tokens_cached": 0,
        "cost_usd": None,
        "latency_ms": 1.0,
        "success": True,
        "error": "",
        "outcome": "failed",
    }
    return LoggedCall(**{**fields, **given})


AGAIN = """Try anew.

<<<result 0123456789ab
Two tests fail.
result 0123456789ab>>>"""


def looked(*calls: LoggedCall, outcome: Outcome = Outcome.FAILED, reason: str = "") -> Looked:
    return Looked("t1", outcome, reason, calls)


def answer(**given: Any) -> str:
    return json.dumps({"reasoning": "", "add": [], "keep": [], "drop": [], **given})


async def proposed(*script: Played, calls: int = 1) -> tuple[RuleProposal, ScriptedModel]:
    model = ScriptedModel(script)
    reflector: Reflector = ModelReflector(model, length_max=120)
    return await reflector.reflect("fix", RULES, [looked(logged()) for _ in range(calls)]), model


async def test_it_sees_rules_with_counts_and_cases_with_outcomes() -> None:
    _, model = await proposed(answer())
    (call,) = model.calls
    assert (call.role, call.task_id, call.charged, call.tools) == ("reflector", "", False, ())
    said = model.prompt()
    assert "1. Look at every caller first. (used in 4 tasks, of which 3 ended well)" in said
    assert "2. Prefer small steps. (not used yet)" in said
    assert "ended as `failed`, not well." in said
    assert "The total of two items is wrong." in said
    assert "I changed the sum." in said
    assert "Our own words." not in said
    assert "You mend code." not in said
    assert "more than 120 characters" in said
    assert DUTIES["fix"] in said


async def test_rules_are_dropped_by_number_and_what_is_kept_stays() -> None:
    drop = [{"number": n, "why": f"why {n}"} for n in (0, 1, 2, 3)]
    add = [{"rule": "Follow a value to its source.", "why": "It\nfailed."}]
    found, _ = await proposed(answer(add=add, keep=[1, 9], drop=drop))
    assert found.add == ("Follow a value to its source.",)
    assert found.drop == ("Prefer small steps.",)
    assert found.reasons == {
        "Follow a value to its source.": "It failed.",
        "Prefer small steps.": "why 2",
    }
    assert found.model == "scripted"


async def test_many_long_cases_fit_the_window() -> None:
    model = ScriptedModel([answer()], window=8_000)
    calls = [
        looked(
            logged(
                response="so " * 9000,
                messages=[{"author": "user", "text": PROMPT + "long " * 9000}],
            )
        )
        for _ in range(20)
    ]
    await ModelReflector(model, length_max=200).reflect("fix", [], calls)
    assert model.count(model.prompt()) < 8_000
    assert model.prompt().count("Case ") == 20


async def test_the_answers_of_a_task_stand_in_order_with_why_it_ended_so() -> None:
    model = ScriptedModel([answer()])
    calls = (
        logged(response="The first try."),
        logged(success=False, error="HTTP 503", response=""),
        logged(
            response="The second try.",
            messages=[
                {"author": "user", "text": PROMPT},
                {"author": "assistant", "text": "The first try."},
                {"author": "user", "text": AGAIN},
            ],
        ),
    )
    task = looked(*calls, reason="Three attempts failed.")
    await ModelReflector(model, length_max=200).reflect("fix", [], [task])
    said = model.prompt()
    assert "Three attempts failed." in said
    assert said.count("The total of two items is wrong.") == 1, "what it knows is not said again"
    places = [
        said.index(text)
        for text in (
            "Answer 1:\nThe first try.",
            "Then it was told:\nresult:\nTwo tests fail.",
            "Answer 3:\nThe second try.",
        )
    ]
    assert places == sorted(places)
    assert "Answer 2:\n(No answer came.)" in said
    assert "Try anew." not in said
    assert "It has no rules yet." in said


async def test_no_answer_is_an_error() -> None:
    with pytest.raises(AnswerInvalid):
        await proposed("No.", "No.")
