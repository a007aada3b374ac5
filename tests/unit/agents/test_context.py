"""A conversation stays within the window, and keeps what it is about."""

import pytest

from agents.context import SECTIONS, Context, ContextFull, is_summary
from core.errors import ModelUnavailable
from core.models import Message, ModelCall, ToolCall
from tests.fakes.model import Played, ScriptedModel, says

GOAL = Message(author="user", text="GOAL: mend the total of two discounts.")
WHO = Message(author="system", text="You mend faults.", lasting=True)
SUMMARY = "\n".join(f"{section}\nwhat there is to say" for section in SECTIONS)
CALL = ModelCall(role="fix", messages=())


def context(*script: Played, window: int = 4_000) -> tuple[Context, ScriptedModel]:
    model = ScriptedModel(script, window=window)
    return Context(model, [WHO, GOAL], 100, CALL), model


def take_turns(conversation: Context, count: int, characters: int, first: int = 1) -> None:
    """Turns of one call each, whose result has so many characters."""
    for number in range(first, first + count):
        call = ToolCall(call_id=f"c{number}", name="read_file", arguments='{"path": "a.py"}')
        answer = f"output {number} " + "x" * characters
        conversation.add(
            number,
            Message(author="assistant", text=f"turn {number}", calls=(call,)),
            Message(author="tool", text=answer, call_id=call.call_id),
        )


def insist_on_pairs(conversation: Context) -> None:
    """Every tool's answer follows its call, and every call has one."""
    wanted: list[str] = []
    for message in conversation.messages:
        if message.author == "tool":
            assert message.call_id == wanted.pop(0)
        else:
            assert not wanted
            wanted = [call.call_id for call in message.calls]
    assert not wanted


async def test_what_fits_stays_as_it_is() -> None:
    conversation, model = context()
    take_turns(conversation, 3, 1_000)
    before = conversation.messages
    await conversation.fit()
    assert conversation.messages == before
    assert model.calls == []


async def test_old_outputs_go_first_and_the_newest_stay() -> None:
    conversation, model = context()
    take_turns(conversation, 9, 1_600)
    await conversation.fit()
    assert conversation.tokens <= 3_200
    assert model.calls == []
    texts = [m.text for m in conversation.messages if m.author == "tool"]
    assert "left out for want of room" in texts[0]
    assert "read_file" in texts[0]
    assert texts[-1].startswith("output 9 ")
    assert conversation.messages[:2] == (WHO, GOAL)
    insist_on_pairs(conversation)


async def test_a_large_window_keeps_forty_thousand_tokens_of_outputs() -> None:
    conversation, _ = context(window=256_000)
    take_turns(conversation, 60, 16_000)
    await conversation.fit()
    whole = [m for m in conversation.messages if m.author == "tool" and len(m.text) > 10_000]
    assert 9 <= len(whole) <= 10
    assert whole[-1].text.startswith("output 60 ")


async def test_what_frees_too_little_is_summarised_instead() -> None:
    conversation, model = context(says(SUMMARY))
    for number in range(1, 60):
        conversation.add(number, Message(author="assistant", text=f"turn {number} " + "y" * 300))
    await conversation.fit()
    assert conversation.summaries == 1
    assert [m.author for m in conversation.messages] == ["system", "user", "user", "assistant"]
    assert SUMMARY in conversation.messages[2].text
    assert conversation.messages[3].text.startswith("turn 59 ")
    asked = model.calls[0]
    assert asked.tools == ()
    assert GOAL.text in asked.messages[0].text
    assert "turn 58 " in asked.messages[0].text
    assert model.count(asked.messages[0].text) + asked.max_tokens <= 4_000


async def test_a_long_script_in_a_small_window_keeps_the_goal() -> None:
    conversation, model = context(*[says(SUMMARY)] * 200)
    for number in range(1, 201):
        take_turns(conversation, 1, 2_500, first=number)
        conversation.add(number, Message(author="user", text="and then? " * 20))
        await conversation.fit()
        assert conversation.tokens <= 3_200
        assert conversation.messages[:2] == (WHO, GOAL)
        insist_on_pairs(conversation)
    assert conversation.summaries > 3
    assert all(GOAL.text in call.messages[0].text for call in model.calls)


@pytest.mark.parametrize(
    "bad",
    [
        ModelUnavailable(),
        says(""),
        says("All went well."),
        says(SUMMARY, "length"),
        says(SUMMARY.replace("Remaining", "Rest")),
    ],
)
async def test_without_a_summary_more_is_pruned(bad: Played) -> None:
    conversation, _ = context(bad)
    take_turns(conversation, 12, 200)
    take_turns(conversation, 1, 12_000, first=13)
    await conversation.fit()
    assert conversation.summaries == 0
    assert conversation.tokens <= 3_200
    assert "characters left out for want of room" in conversation.messages[-1].text
    assert conversation.messages[:2] == (WHO, GOAL)
    insist_on_pairs(conversation)


async def test_what_cannot_be_made_to_fit_ends_with_its_reason() -> None:
    conversation, _ = context(says("no"))
    for number in range(1, 300):
        conversation.add(number, Message(author="assistant", text="y" * 100))
    with pytest.raises(ContextFull, match="a window of 4,000"):
        await conversation.fit()


async def test_a_roll_back_forgets_whole_turns() -> None:
    conversation, _ = context()
    take_turns(conversation, 5, 10)
    conversation.roll_back(3)
    assert [m.text for m in conversation.messages if m.author == "assistant"] == [
        "turn 1",
        "turn 2",
    ]
    insist_on_pairs(conversation)


def test_a_summary_has_seven_sections() -> None:
    assert len(SECTIONS) == 7
    assert is_summary(SUMMARY)
    assert is_summary(SUMMARY.replace("Goal", "## Goal").replace("State", "**State:**"))
    assert not any(is_summary(SUMMARY.replace(section, "x")) for section in SECTIONS)
