"""What a role may use, and how its calls are carried out."""

import asyncio
import json
from typing import Annotated, Literal

import pytest
from pydantic import Field

from core.errors import ConfigError, SandboxGone, ToolError
from core.models import ToolCall
from tests.unit.tools.places import Hand, call
from tools.policy import Policy
from tools.registry import TOOLS, tools_named
from tools.tool import Tool, tool
from tools.workplace import Workplace

pytestmark = pytest.mark.needs_bubblewrap


@tool(risk="read", parallel=True)
async def weigh(
    place: Workplace,
    name: str,
    grams: Annotated[int, Field(ge=1)] = 1,
    unit: Literal["g", "kg"] = "g",
) -> str:
    """Weigh something,
    and say so.

    It is put on a scale.

    Args:
        name: What to weigh,
            in words.
        grams: How heavy it is.
    """
    return f"{name}: {grams} {unit}"


def raw(name: str, arguments: str) -> ToolCall:
    return ToolCall(call_id="1", name=name, arguments=arguments)


# --- what a model is told ---------------------------------------------------------------------


def test_a_schema_is_made_of_signature_and_docstring() -> None:
    assert weigh.spec.name == "weigh"
    assert weigh.spec.description == "Weigh something, and say so.\n\nIt is put on a scale."
    assert weigh.spec.parameters == {
        "type": "object",
        "additionalProperties": False,
        "required": ["name"],
        "properties": {
            "name": {"type": "string", "description": "What to weigh, in words."},
            "grams": {
                "type": "integer",
                "minimum": 1,
                "default": 1,
                "description": "How heavy it is.",
            },
            "unit": {"type": "string", "enum": ["g", "kg"], "default": "g"},
        },
    }


@pytest.mark.parametrize("name", TOOLS)
def test_every_tool_tells_all_of_its_arguments(name: str) -> None:
    spec = TOOLS[name].spec
    assert spec.name == name
    assert spec.description
    for argument, schema in spec.parameters["properties"].items():
        assert schema.get("description"), f"{name} says nothing of {argument}"
        assert "type" in schema, f"{name}.{argument} is no plain type"
    assert "$defs" not in json.dumps(spec.parameters)


def test_every_tool_has_a_risk_and_only_looking_is_parallel() -> None:
    risks = {
        name: made.risk if isinstance(made.risk, str) else "by command"
        for name, made in TOOLS.items()
    }
    assert risks == {
        **dict.fromkeys(("read_file", "list_dir", "glob", "grep", "git_status"), "read"),
        **dict.fromkeys(("submit_changes", "verify_symbol_in_repo", "repo_outline"), "read"),
        **dict.fromkeys(("memory", "todos", "leave_unchanged"), "read"),
        **dict.fromkeys(("write_file", "edit_file"), "edit"),
        **{"shell": "by command", "run_tests": "safe"},
    }
    assert all(made.risk == "read" for made in TOOLS.values() if made.parallel)


# --- exactly its list -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "names",
    [
        ("read_file", "write_file", "run_tests", "grep", "glob"),
        ("read_file", "grep", "glob", "list_dir", "git_status"),
        (),
    ],
    ids=["qa", "diagnosis", "none"],
)
async def test_a_role_has_exactly_its_list(place: Workplace, names: tuple[str, ...]) -> None:
    hand = Hand(place, names)
    assert tuple(spec.name for spec in hand.box.specs) == names
    for name in TOOLS.keys() - set(names):
        refusal = await hand.refused(name, path="README.md")
        assert refusal.rule == "unlisted"
        assert (", ".join(names) or "none") in refusal.reason
    assert len(hand.refusals) == len(TOOLS) - len(names)


def test_a_list_may_not_name_what_does_not_exist() -> None:
    with pytest.raises(ConfigError, match="raed_file"):
        tools_named(["read_file", "raed_file"])
    assert tools_named([]) == ()


# --- arguments --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ('{"name": 5}', "'name': Input should be a valid string"),
        ('{"name": "x", "grams": "5"}', "'grams': Input should be a valid integer"),
        ('{"name": "x", "grams": true}', "'grams': Input should be a valid integer"),
        ('{"name": "x", "grams": 0}', "greater than or equal to 1"),
        ('{"name": "x", "unit": "lb"}', "'unit': Input should be 'g' or 'kg'"),
        ('{"name": "x", "colour": "red"}', "there is no argument 'colour'"),
        ("{}", "'name' is missing"),
        ("", "'name' is missing"),
        ('{"name": "x"', "no valid JSON object"),
        ('["x"]', "Input should be an object"),
        ("null", "Input should be an object"),
        ('{"name": "x"} {"name": "y"}', "no valid JSON object"),
    ],
)
async def test_wrong_arguments_are_refused_with_what_is_wrong(
    place: Workplace, arguments: str, said: str
) -> None:
    hand = Hand(place, [weigh])
    (result,) = await hand.box.use([raw("weigh", arguments)])
    assert (result.outcome, result.rule, result.malformed) == ("refused", "arguments", True)
    assert said in result.text
    assert "It takes (name, grams?, unit?)" in result.text
    assert [r.arguments for r in hand.refusals] == [arguments]


async def test_a_result_answers_its_call(place: Workplace) -> None:
    (result,) = await Hand(place, [weigh]).box.use([raw("weigh", '{"name": "salt"}')])
    assert result.message.but(text="").dump() == {
        **result.message.dump(),
        **{"author": "tool", "call_id": "1", "text": ""},
    }
    assert result.text == "salt: 1 g"


# --- order ------------------------------------------------------------------------------------


class Recorder:
    """Tools that note when they begin and end, and meet where they run at once."""

    def __init__(self) -> None:
        self.noted: list[str] = []
        self.together = asyncio.Barrier(2)

    def reading(self) -> Tool:
        @tool(risk="read", parallel=True)
        async def meet(place: Workplace, name: str) -> str:
            """Wait for another of its kind."""
            await self.together.wait()
            self.noted.append(name)
            return name

        return meet

    def writing(self) -> Tool:
        @tool(risk="edit")
        async def write(place: Workplace, name: str) -> str:
            """Note its beginning and its end."""
            self.noted.append(f"+{name}")
            await asyncio.sleep(0.01)
            self.noted.append(f"-{name}")
            return name

        return write


async def test_reading_calls_run_at_once_and_writing_ones_in_order(place: Workplace) -> None:
    recorder = Recorder()
    hand = Hand(place, [recorder.reading(), recorder.writing()])
    wanted = [
        ("meet", "a"),
        ("meet", "b"),
        ("write", "c"),
        ("write", "d"),
        ("meet", "e"),
        ("meet", "f"),
    ]
    async with asyncio.timeout(10):
        results = await hand.box.use([call(tool, name=name) for tool, name in wanted])
    assert [result.text for result in results] == ["a", "b", "c", "d", "e", "f"]
    assert set(recorder.noted[:2]) == {"a", "b"}
    assert recorder.noted[2:6] == ["+c", "-c", "+d", "-d"]


async def test_nothing_is_done_after_the_end(place: Workplace) -> None:
    @tool(risk="read", ends=True)
    async def finish(place: Workplace, words: str) -> str:
        """End."""
        return words

    recorder = Recorder()
    hand = Hand(place, [finish, recorder.writing()])
    results = await hand.box.use(
        [call("finish", words="done"), call("write", name="late"), call("finish", words="again")]
    )
    assert results[0].ended
    assert results[0].answer == "done"
    assert ["ended" in result.text for result in results[1:]] == [True, True]
    assert [result.ended for result in results] == [True, False, False]
    assert recorder.noted == []


# --- what goes wrong --------------------------------------------------------------------------


async def test_a_sandbox_that_is_gone_never_looks_like_a_result(place: Workplace) -> None:
    hand = Hand(place, ["read_file", "list_dir", "write_file", "shell"])
    await place.sandbox.close()
    for calls in (
        [call("read_file", path="README.md"), call("list_dir")],
        [call("write_file", path="a", content="")],
        [call("shell", command="ls")],
    ):
        with pytest.raises(SandboxGone):
            await hand.box.use(calls)


async def test_results_are_cut_in_the_middle_and_never_empty(place: Workplace) -> None:
    @tool(risk="read")
    async def say(place: Workplace, text: str, times: int = 1) -> str:
        """Repeat a text."""
        return "a" + text * times + "z"

    @tool(risk="read")
    async def fail(place: Workplace, text: str) -> str:
        """Fail with a text."""
        raise ToolError(text)

    @tool(risk="read")
    async def silent(place: Workplace) -> str:
        """Say nothing."""
        return " \n"

    hand = Hand(place, [say, fail, silent])
    long = await hand.done("say", text="-", times=30_000)
    assert (long[0], long[-1]) == ("a", "z")
    assert long.count("-") == 9_998
    assert "[... 20,002 characters left out ...]" in long
    assert len(await hand.failed("fail", text="x" * 30_000)) < 10_100
    assert await hand.done("silent") == "(no output)"
    assert "\x1b" not in await hand.done("say", text="\x1b[31m")


# --- consent ----------------------------------------------------------------------------------


async def test_what_needs_consent_is_denied_with_the_reason_where_nobody_can_be_asked(
    place: Workplace,
) -> None:
    hand = Hand(place, ["shell", "write_file"])
    refusal = await hand.refused("shell", command="ls; rm -rf ~")
    assert refusal.rule == "policy"
    assert "policy auto does not allow what is dangerous" in refusal.reason
    assert "nobody is asked" in refusal.reason
    careful = Hand(place, ["shell", "write_file"], policy=Policy.NEVER)
    assert (await careful.refused("write_file", path="a", content="")).rule == "policy"


async def test_on_failure_denies_once_a_command_has_failed(place: Workplace) -> None:
    hand = Hand(place, ["shell"], policy=Policy.ON_FAILURE)
    await hand.done("shell", command="touch a")
    assert "exit code 3" in await hand.done("shell", command="exit 3")
    assert (await hand.refused("shell", command="touch b")).rule == "policy"
