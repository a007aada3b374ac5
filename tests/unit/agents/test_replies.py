"""Degenerate replies are told from good ones, counted, and lead somewhere."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.replies import IN_A_ROW, Fault, Patience, Step, fault_of, mended, slip_of
from core.models import Finish, Message, Reply, ToolCall

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


def steps(faults: int, **left: bool) -> list[Step | None]:
    patience, found = Patience(), []
    for _ in range(faults):
        patience, step = patience.after(Fault.EMPTY, **left)
        found.append(step)
    return found


def test_three_in_a_row_lead_on_each_time_further() -> None:
    nudges = [Step.NUDGE] * (IN_A_ROW - 1)
    assert steps(9, engines=True, models=True) == [
        *(*nudges, Step.OTHER_ENGINE),
        *(*nudges, Step.OTHER_MODEL),
        *(*nudges, Step.ESCALATE),
    ]
    assert steps(3, models=True)[-1] is Step.OTHER_MODEL
    assert steps(3)[-1] is Step.ESCALATE


def test_a_good_reply_ends_the_row_and_not_what_was_tried() -> None:
    patience, _ = Patience(2, (Step.OTHER_ENGINE,)).after(None)
    assert patience == Patience(0, (Step.OTHER_ENGINE,))
    _, step = Patience(2, patience.tried).after(Fault.JSON, engines=True, models=True)
    assert step is Step.OTHER_MODEL


IDS = st.sampled_from(["a", "b", "c"])
MESSAGES = st.one_of(
    st.builds(
        lambda ids: Message(
            author="assistant",
            calls=tuple(ToolCall(call_id=one, name="t", arguments="{}") for one in ids),
        ),
        st.lists(IDS, unique=True, max_size=3),
    ),
    st.builds(lambda one: Message(author="tool", text=f"for {one}", call_id=one), IDS),
    st.just(Message(author="user", text="go on")),
)


@given(st.lists(MESSAGES, max_size=12))
def test_every_call_is_answered_once_and_right_behind_it(messages: list[Message]) -> None:
    whole = mended(messages, "not run")
    waiting: list[str] = []
    for message in whole:
        if message.author == "tool":
            assert message.call_id == waiting.pop(0)
            assert message.text in (f"for {message.call_id}", "not run")
        else:
            assert waiting == []
            waiting = [call.call_id for call in message.calls]
    assert waiting == []
    assert [m for m in whole if m.author != "tool"] == [m for m in messages if m.author != "tool"]
    assert mended(whole, "other words") == whole
