"""The turn loop, with a scripted model and a real sandbox: orchestration only."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from agents.agent import CALLS_MAX, Agent, Ending, TurnLimits, Why
from agents.allowance import Allowance
from agents.context import SECTIONS
from agents.replies import slip_of
from core.errors import BudgetExceeded, ModelUnavailable, PromptTooLong, SandboxGone
from core.events import Event
from core.models import Message, ModelCall, Reply
from core.patches import Patch
from core.trees import File, Tree
from observability.clock import SystemClock
from tests.event_models import held
from tests.fakes.clock import START, FakeClock
from tests.fakes.model import Played, ScriptedModel, says, uses
from tests.unit.tools.places import BASE, workplace
from tools.changes import Abstention, Submission
from tools.registry import tools_named
from tools.toolbox import Refusal, Toolbox
from tools.workplace import Objection, Workplace

pytestmark = pytest.mark.needs_bubblewrap

OPENING = (
    Message(author="system", text="You mend faults.", lasting=True),
    Message(author="user", text="GOAL: mend the total."),
)
FIX = ("read_file", "write_file", "edit_file", "grep", "glob", "list_dir", "shell", "run_tests")
EDIT = ("edit_file", {"path": "src/app.py", "old": "sum(items)", "new": "sum(items, 0)"})
SUBMIT = ("submit_changes", {"explanation": "The sum began nowhere."})
READ = ("read_file", {"path": "src/app.py"})


class Work:
    """One piece of work, with all that was recorded of it."""

    def __init__(self, place: Workplace, *script: Played, window: int = 32_000) -> None:
        self.place = place
        self.model = ScriptedModel(script, window=window)
        self.refusals: list[Refusal] = []
        self.events: list[tuple[str, dict[str, Any]]] = []

    async def _refused(self, refusal: Refusal) -> None:
        self.refusals.append(refusal)

    async def _watch(self, event: str, data: dict[str, Any]) -> None:
        self.events.append((event, data))

    async def ended(self, **options: Any) -> Ending:
        tools = options.pop("tools", tools_named([*FIX, "git_status", "submit_changes"]))
        limits = options.pop("limits", TurnLimits())
        clock, seconds = options.pop("clock", SystemClock()), options.pop("seconds", 180.0)
        box = Toolbox("fix", tools, self.place, refused=self._refused)
        time = Allowance("fix", seconds, clock)
        agent = Agent(self.model, box, limits, time, watch=self._watch, **options)
        return await agent.work(OPENING)

    def told(self, number: int) -> str:
        """The last message of a call, counted from 1."""
        return self.model.calls[number - 1].messages[-1].text

    @property
    def diff(self) -> Callable[[], Any]:
        """What can be saved of the workspace."""

        async def salvaged() -> str:
            return Patch.between("b" * 40, self.place.base, await self.place.current()).diff

        return salvaged


# --- the way to the end -----------------------------------------------------------------------


async def test_a_fix_is_read_edited_and_submitted(place: Workplace) -> None:
    work = Work(
        place,
        uses(READ, ("grep", {"pattern": "total"}), text="Let me look.", cost_usd=0.01),
        uses(EDIT, cost_usd=0.02),
        uses(SUBMIT, cost_usd=0.03),
    )
    end = await work.ended()
    assert (end.why, end.done, end.turns, end.calls) == (Why.DONE, True, 3, 3)
    fixed = BASE.with_texts({"src/app.py": "def total(items):\n    return sum(items, 0)\n"})
    assert end.answer == Submission("The sum began nowhere.", fixed)
    assert (end.tokens.sent, end.tokens.received) == (300, 30)
    assert end.cost_usd == pytest.approx(0.06)
    assert [event for event, _ in work.events] == [
        *("agent_start", "tool_start", "tool_start", "tool_end", "tool_end"),
        *("tool_start", "tool_end") * 2,
        "agent_end",
    ]
    held(
        Event.model_validate({"type": kind, "data": data, "seq": 1, "ts": START})
        for kind, data in work.events
    )
    second = work.model.calls[1].messages
    assert second[:2] == OPENING
    assert [m.author for m in second] == ["system", "user", "assistant", "tool", "tool"]
    assert [m.call_id for m in second[3:]] == [call.call_id for call in second[2].calls]
    assert {spec.name for spec in work.model.calls[0].tools} == {
        *FIX,
        "git_status",
        "submit_changes",
    }


async def test_an_unknown_price_stays_unknown(place: Workplace) -> None:
    end = await Work(place, uses(EDIT, cost_usd=0.1), uses(SUBMIT)).ended()
    assert end.cost_usd is None


async def test_an_end_is_held_against_its_arguments(place: Workplace) -> None:
    right = ("leave_unchanged", {"reason": "The bag costs one."})
    work = Work(place, uses(("leave_unchanged", {"reason": 1})), uses(right))
    end = await work.ended(tools=tools_named(["read_file", "leave_unchanged"]))
    assert end.answer == Abstention("The bag costs one.")
    assert "'reason': Input should be a valid string" in work.told(2)
    assert [r.rule for r in work.refusals] == ["arguments"]


async def test_where_words_end_the_work_the_conversation_can_go_on(place: Workplace) -> None:
    work = Work(place, uses(READ), says("I know enough: line 2."))
    end = await work.ended(tools=tools_named(["read_file"]), ends_by_words=True)
    assert (end.why, end.text) == (Why.DONE, "I know enough: line 2.")
    assert [m.author for m in end.messages[-3:]] == ["assistant", "tool", "assistant"]


# --- limits, each with salvage ----------------------------------------------------------------


async def test_a_staller_is_nudged_then_ended(place: Workplace) -> None:
    work = Work(place, uses(EDIT), says("Now I would run the tests."), says("Indeed."), says("Hm."))
    end = await work.ended()
    assert (end.why, end.turns, end.done, end.answer) == (Why.MALFORMED, 4, False, None)
    assert "Your last turn used no tool" in work.told(3)
    assert "call submit_changes" in work.told(3)
    assert "+    return sum(items, 0)" in await work.diff()


async def test_one_good_turn_forgives_the_bad_ones_before(place: Workplace) -> None:
    work = Work(place, says("a"), says("b"), uses(READ), says("c"), says("d"), uses(EDIT, SUBMIT))
    assert (await work.ended()).why is Why.DONE


BAD: dict[str, tuple[Reply, str]] = {
    "empty": (says(" \n"), "was empty"),
    "cut": (says("def f(", "length"), "cut off for its length"),
    "cut call": (uses(EDIT).but(finish="length"), "nothing of it was done"),
    "refused": (says("I cannot help with that.", "refused"), "declined"),
    "json": (says('{"name": "edit_file", "arguments": {}}'), "tool call as text"),
    "tag": (says("<tool_call>edit</tool_call>"), "tool call as text"),
    "unknown tool": (uses(("rm", {"path": "/"})), "There is no tool 'rm' here"),
    "broken arguments": (uses(("read_file", '{"path": ')), "no valid JSON object"),
    "wrong type": (uses(("read_file", {"path": 5})), "should be a valid string"),
    "absolute path": (uses(("read_file", {"path": "/etc/passwd"})), "relative to the workspace"),
}


@pytest.mark.parametrize("kind", BAD)
async def test_three_malformed_turns_in_a_row_end_the_work(kind: str, place: Workplace) -> None:
    reply, said = BAD[kind]
    work = Work(place, reply, reply, reply)
    end = await work.ended()
    assert (end.why, end.turns) == (Why.MALFORMED, 3)
    assert said in work.told(2)
    assert await work.diff() == ""
    assert len(work.refusals) == (3 if reply.calls and reply.finish == "tool_calls" else 0)


async def test_turns_are_limited_and_the_last_are_told(place: Workplace) -> None:
    script = [uses(("read_file", {"path": "src/app.py", "limit": n + 1})) for n in range(8)]
    script[2] = uses(EDIT)
    work = Work(place, *script)
    end = await work.ended(limits=TurnLimits(turns=8))
    assert (end.why, end.turns) == (Why.TURNS, 8)
    assert work.told(6) == (
        "3 turns are left. Finish the change; when you are done, call submit_changes."
    )
    assert "sum(items, 0)" in await work.diff()


async def test_time_is_limited_by_the_clock(place: Workplace) -> None:
    clock = FakeClock()

    def slow(call: ModelCall) -> Reply:
        clock.advance(100.0)
        return uses(("read_file", {"path": "src/app.py", "limit": len(call.messages)}))

    end = await Work(place, uses(EDIT), slow, slow, slow).ended(clock=clock)
    assert (end.why, end.turns) == (Why.TIME, 3)


async def test_a_model_that_hangs_is_left(place: Workplace) -> None:
    class Hanging(ScriptedModel):
        async def complete(self, call: ModelCall) -> Reply:
            await asyncio.sleep(3600)
            return await super().complete(call)

    work = Work(place)
    work.model = Hanging([])
    async with asyncio.timeout(30):
        end = await work.ended(seconds=0.2)
    assert (end.why, end.turns) == (Why.TIME, 1)


async def test_a_summary_that_hangs_is_left_too(place: Workplace) -> None:
    class Hanging(ScriptedModel):
        async def complete(self, call: ModelCall) -> Reply:
            if not call.tools:
                await asyncio.sleep(3600)
            return await super().complete(call)

    long = [uses(READ, text=f"{number} " * 1500) for number in range(6)]
    work = Work(place)
    work.model = Hanging(long, window=4_000)
    async with asyncio.timeout(60):
        end = await work.ended(seconds=5.0)
    assert end.why is Why.TIME


async def test_a_command_ends_with_the_time_of_the_role(place: Workplace) -> None:
    work = Work(place, uses(EDIT, ("shell", {"command": "sleep 600", "timeout_s": 600})))
    async with asyncio.timeout(60):
        end = await work.ended(seconds=2.0)
    assert end.why is Why.TIME
    assert "sum(items, 0)" in await work.diff()


async def test_a_spent_budget_ends_with_salvage(place: Workplace) -> None:
    work = Work(place, uses(EDIT), BudgetExceeded("The task's 0.50 USD are spent."))
    end = await work.ended()
    assert (end.why, end.note) == (Why.BUDGET, "The task's 0.50 USD are spent.")
    assert "sum(items, 0)" in await work.diff()


async def test_the_third_edit_that_the_gate_refuses_ends_the_attempt(tmp_path: Path) -> None:
    class Said:
        message, before, after = "A test is skipped.", "assert", "skip"

    def gate(base: Tree, result: Tree, /) -> list[Objection]:
        return [Said()] if b"skip" in result["tests/test_app.py"].data else []

    def skip(number: int) -> Reply:
        return uses(("write_file", {"path": "tests/test_app.py", "content": f"skip {number}"}))

    async with workplace(tmp_path, gate=gate) as place:
        work = Work(place, uses(EDIT), skip(1), skip(2), uses(READ), skip(3))
        end = await work.ended()
        assert end.why is Why.REFUSED_EDITS
        assert "before: assert\n  after: skip" in end.note
        assert [r.rule for r in work.refusals] == ["gate"] * 3
        assert "sum(items, 0)" in await work.diff()


# --- loops ------------------------------------------------------------------------------------


async def test_a_looper_is_nudged_rolled_back_and_ended(place: Workplace) -> None:
    looping = [uses(READ, text=f"thought {n}") for n in range(9)]
    work = Work(place, uses(EDIT), *looping)
    end = await work.ended(limits=TurnLimits(turns=20))
    assert (end.why, end.turns) == (Why.LOOP, 10)
    assert "going in circles" in work.told(5)
    assert "read_file was called 3 times with the same result" in work.told(5)
    assert "set back" in work.told(8)
    kept = work.model.calls[7].messages
    assert "thought 3" not in [m.text for m in kept]
    assert "thought 2" in [m.text for m in kept]
    assert "sum(items, 0)" in await work.diff()


# --- context ----------------------------------------------------------------------------------


async def test_a_window_of_four_thousand_tokens_keeps_the_goal(place: Workplace) -> None:
    await place.sandbox.write(Tree({"long.txt": File(b"0123456789 abcdefgh\n" * 5_000)}))
    summary = "\n".join(f"{section}\nnotes" for section in SECTIONS)

    def play(call: ModelCall) -> Reply:
        if not call.tools:
            return says(summary)
        turn = len([c for c in work.model.calls if c.tools])
        return uses(("read_file", {"path": "long.txt", "offset": turn * 10}), text="x" * 400)

    tools = tools_named(["read_file", "submit_changes"])
    work = Work(place, *[play] * 80, window=4_000)
    end = await work.ended(limits=TurnLimits(turns=40), tools=tools)
    assert (end.why, end.turns) == (Why.TURNS, 40)
    for call in work.model.calls:
        tokens = sum(work.model.count(m.text) for m in call.messages)
        assert tokens + call.max_tokens <= 4_000
        if call.tools:
            assert call.messages[:2] == OPENING
    assert any(not call.tools for call in work.model.calls), "it was never summarised"


async def test_a_prompt_that_was_too_long_is_shortened_once(place: Workplace) -> None:
    work = Work(place, PromptTooLong("too long"), uses(EDIT), uses(SUBMIT))
    assert (await work.ended()).why is Why.DONE
    again = Work(place, PromptTooLong("too long"), PromptTooLong("still too long"))
    end = await again.ended()
    assert (end.why, end.note) == (Why.CONTEXT, "still too long")


# --- what is no limit -------------------------------------------------------------------------


async def test_without_a_model_or_a_sandbox_there_is_no_ending(place: Workplace) -> None:
    with pytest.raises(ModelUnavailable):
        await Work(place, ModelUnavailable()).ended()
    await place.sandbox.close()
    with pytest.raises(SandboxGone):
        await Work(place, uses(READ)).ended()


async def test_a_flood_of_calls_is_cut(place: Workplace) -> None:
    flood = uses(*[("list_dir", {"offset": 1, "limit": n + 1}) for n in range(CALLS_MAX + 30)])
    work = Work(place, flood, uses(EDIT, SUBMIT))
    assert (await work.ended()).why is Why.DONE
    answers = [m.text for m in work.model.calls[1].messages if m.author == "tool"]
    assert len(answers) == CALLS_MAX
    assert "Of your 50 tool calls only the first 20" in work.model.calls[1].messages[-1].text


async def test_calls_without_ids_of_their_own_get_some(place: Workplace) -> None:
    one = uses(READ).calls[0]
    reply = uses().but(calls=[one.but(call_id="").dump(), one.dump(), one.dump()])
    work = Work(place, reply, uses(EDIT, SUBMIT))
    await work.ended()
    assistant = work.model.calls[1].messages[2]
    ids = [call.call_id for call in assistant.calls]
    assert len(set(ids)) == 3
    assert all(ids)
    assert [m.call_id for m in work.model.calls[1].messages[3:6]] == ids


def test_words_that_mention_a_tool_are_words() -> None:
    assert slip_of(says("I would call edit_file now."), ["edit_file"]) == "words"
    assert slip_of(says('The name is {"name": "Ann"}.'), ["edit_file"]) == "words"
    assert slip_of(says('```json\n{"tool": "edit_file"}\n```'), ["edit_file"]) == "json"
