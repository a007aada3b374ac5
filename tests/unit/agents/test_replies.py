"""Degenerate replies are told from good ones."""

import pytest

from agents.replies import Fault, fault_of, slip_of
from core.models import Finish, Reply, ToolCall

TOOLS = ("edit_file", "read_file")


def reply(text: str = "", finish: Finish = "stop", *calls: ToolCall) -> Reply:
    return Reply(text=text, finish=finish, calls=calls, model="m")


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", Fault.EMPTY),
        (" \n\t\n", Fault.EMPTY),
        ("<think>What could it be? FILE: a.py</think>", Fault.EMPTY),
        ("<think>never closed", Fault.EMPTY),
        ("I'm sorry, but I can't help with that.", Fault.REFUSED),
        ("I\u2019m sorry, I can\u2019t assist with this request.", Fault.REFUSED),
        ("Unfortunately, I cannot comply.", Fault.REFUSED),
        ("I am unable to provide code for this.", Fault.REFUSED),
        ('{"name": "edit_file", "arguments": {"path": "a.py"}}', Fault.JSON),
        ("{'tool': 'read_file', 'path': 'a.py'}", Fault.JSON),
        ('```json\n{"action": "edit_file"}\n```', Fault.JSON),
        ("<tool_call>\n{}\n</tool_call>", Fault.JSON),
        ("[TOOL_CALLS][]", Fault.JSON),
        ("<tool_result>all tests passed</tool_result>", Fault.RESULT),
        ("Now I look.\nObservation: 12 passed", Fault.RESULT),
    ],
)
def test_a_degenerate_reply_is_recognised(text: str, fault: Fault) -> None:
    assert fault_of(reply(text), TOOLS) is fault


@pytest.mark.parametrize(
    "text",
    [
        "I'm sorry for the noise: the loop starts at 1.",
        "The function cannot help here, since it is never called.",
        'The name is {"name": "Ann"}.',
        "I would call edit_file now.",
        "<think>hm</think>Use `total`.",
        '{"verdict": "APPROVE"}',
        "I cannot help but notice that " + "the total is wrong. " * 40,
    ],
)
def test_a_reply_with_something_to_say_is_good(text: str) -> None:
    assert fault_of(reply(text), TOOLS) is None
    assert slip_of(reply(text), TOOLS) == "words"


def test_what_the_provider_says_comes_first() -> None:
    call = ToolCall(call_id="1", name="edit_file", arguments="{}")
    assert fault_of(reply("whole", "length", call)) is Fault.CUT
    assert fault_of(reply("no", "refused")) is Fault.REFUSED
    assert fault_of(reply("", "tool_calls", call)) is None
