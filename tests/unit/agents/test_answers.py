"""Answers are read kindly in their syntax and strictly in their form; a second chance, no third."""

import json
import time
from enum import StrEnum
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, Field

from agents.answers import ask, parsed
from core.errors import AnswerInvalid, NoAnswer
from core.models import Capabilities, Message, ModelCall, Reply
from tests.fakes.model import ScriptedModel, says, uses


class Kind(StrEnum):
    BIG_ONE = "big_one"
    SMALL = "small"


class Place(BaseModel):
    path: str
    sure: Literal["yes", "no", "unknown"] = "unknown"


class Form(BaseModel):
    verdict: Literal["APPROVE", "REQUEST_CHANGES"]
    kind: Kind = Kind.SMALL
    radius: Literal["one", "many", "unknown"] = "unknown"
    score: float = 0.0
    words: list[str] = Field(default_factory=list)
    places: list[Place] = Field(default_factory=list)


CALL = ModelCall(role="test", messages=(Message(author="user", text="?"),))
GOOD = '{"verdict": "APPROVE"}'


def reply(text: str, **more: object) -> Reply:
    return Reply(text=text, model="m", **more)


@pytest.mark.parametrize(
    "text",
    [
        GOOD,
        f"```json\n{GOOD}\n```",
        f"```\n{GOOD}\n```\nI hope that helps!",
        f"First I thought {{of nothing}}.\n\n{GOOD}",
        '{"verdict": "REQUEST_CHANGES"} No, rather:\n{"verdict": "APPROVE"}',
        f"<think>a {{ brace</think>\n{GOOD}",
        '{"verdict": "approve",}',
        "{'verdict': 'APPROVE'}",
        '{"verdict": "Approve", // fine\n}',
        '{"answer": {"verdict": "APPROVE"}}',
        '{"verdict": "APPROVE", "words": null, "radius": null}',
        '{"verdict": "APPROVE", "invented": 3}',
        '{"verdict": "APPROVE", "words": ["a"',
        '{"verdict": "APPROVE", "words": ["say \\"{\\" twice"]}',
    ],
)
def test_answer_is_found_in_what_surrounds_it(text: str) -> None:
    answer, problems = parsed(reply(text), Form)
    assert answer is not None, problems
    assert answer.verdict == "APPROVE"


def test_spelling_of_choices_numbers_and_lists_is_taken_kindly() -> None:
    text = json.dumps(
        {
            "verdict": "request changes",
            "kind": "Big One",
            "radius": "the whole company",
            "score": "0.75",
            "words": "alone",
            "places": {"path": "a.py", "sure": "YES"},
        }
    )
    answer, _ = parsed(reply(text), Form)
    assert answer == Form(
        verdict="REQUEST_CHANGES",
        kind=Kind.BIG_ONE,
        radius="unknown",
        score=0.75,
        words=["alone"],
        places=[Place(path="a.py", sure="yes")],
    )


@pytest.mark.parametrize(
    "text",
    [
        "",
        "APPROVED?",
        "I approve of this change.",
        "[1, 2]",
        "{}",
        '{"verdict": "MAYBE"}',
        '{"radius": "one"}',
        '{"type": "object", "properties": {"verdict": {"enum": ["APPROVE"]}}}',
        '{"name": "submit", "arguments": "{}"}',
        "{" * 5000,
    ],
)
def test_what_is_no_answer_is_none(text: str) -> None:
    answer, problems = parsed(reply(text), Form)
    assert answer is None
    assert problems


def test_cut_off_answer_is_never_taken() -> None:
    answer, problems = parsed(reply(GOOD, finish="length"), Form)
    assert answer is None
    assert "cut off" in problems[0]


async def test_second_try_is_told_what_was_wrong() -> None:
    model = ScriptedModel(['{"verdict": "MAYBE"}', GOOD])
    answer, by = await ask(model, CALL, Form)
    assert (answer.verdict, by) == ("APPROVE", "scripted")
    assert "verdict: Input should be 'APPROVE'" in model.prompt()
    assert [m.author for m in model.calls[1].messages] == ["user", "assistant", "user"]


async def test_there_is_no_third_try() -> None:
    model = ScriptedModel(["no", "no", GOOD])
    with pytest.raises(AnswerInvalid, match="scripted gave no usable answer"):
        await ask(model, CALL, Form)
    assert len(model.calls) == 2


async def test_answer_that_fails_its_check_twice_comes_back_for_the_caller_to_sift() -> None:
    first, second = '{"verdict": "APPROVE", "words": ["a"]}', '{"verdict": "APPROVE"}'
    model = ScriptedModel([first, second])
    answer, _ = await ask(model, CALL, Form, check=lambda found: ["no such file: x.py"])
    assert answer.words == []
    assert "no such file: x.py" in model.prompt()


async def test_reply_that_is_none_is_nudged_twice_and_then_asked_of_another() -> None:
    other = ScriptedModel(["no", GOOD], name="other", capabilities=Capabilities())
    cut = says('{"verdict": "APPRO', finish="length")
    calls = uses(("submit", {}))
    model = ScriptedModel([calls, cut, "<think>hm</think>"], other=other)
    answer, by = await ask(model, CALL, Form)
    assert (answer.verdict, by) == ("APPROVE", "other")
    assert [len(call.messages) for call in model.calls] == [1, 3, 5]
    assert [len(call.messages) for call in other.calls] == [1, 3]
    assert model.calls[0].answer_schema
    assert other.calls[0].answer_schema


async def test_nobody_answers() -> None:
    other = ScriptedModel([""] * 3, name="other")
    with pytest.raises(NoAnswer, match=r"of other were no answers \(empty\)"):
        await ask(ScriptedModel([""] * 3, other=other), CALL, Form)


async def test_answer_that_only_looks_like_nonsense_is_one() -> None:
    odd = f'<tool_call>{{"name": "submit"}}</tool_call>\n{GOOD}'
    assert (await ask(ScriptedModel([odd]), CALL, Form))[0].verdict == "APPROVE"
    made_up = "Observation: the total is 4."
    with pytest.raises(AnswerInvalid, match="gave no usable answer"):
        await ask(ScriptedModel([made_up] * 2), CALL, Form)


async def test_schema_goes_only_to_models_that_keep_to_one() -> None:
    weak, strong = ScriptedModel([GOOD], capabilities=Capabilities()), ScriptedModel([GOOD])
    await ask(weak, CALL, Form)
    await ask(strong, CALL, Form)
    assert weak.calls[0].answer_schema is None
    assert strong.calls[0].answer_schema == Form.model_json_schema()


@given(st.text(max_size=200))
def test_no_text_breaks_the_reader(text: str) -> None:
    answer, problems = parsed(reply(text), Form)
    assert (answer is None) == bool(problems)


@given(st.text(max_size=80).filter(lambda text: "{" not in text and "}" not in text))
def test_prose_around_an_object_changes_nothing(prose: str) -> None:
    answer, _ = parsed(reply(f"{prose}\n{GOOD}\n{prose}"), Form)
    assert answer == Form(verdict="APPROVE")


@pytest.mark.parametrize("text", ["{", '{"a":"', "{ a "])
def test_text_of_braces_takes_no_longer_the_longer_it_is(text: str) -> None:
    def seconds(times: int) -> float:
        began = time.process_time()
        assert parsed(reply(text * times), Form)[0] is None
        return time.process_time() - began

    assert seconds(240_000) < 4 * seconds(30_000) + 0.2
