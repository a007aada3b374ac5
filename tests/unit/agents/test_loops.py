"""Loops are found by what is done and what comes of it; what is said plays no part."""

import json
from collections.abc import Sequence

import pytest

from agents.loops import Loop, LoopWatch, signature_of
from core.models import ToolCall
from tools.toolbox import ToolResult

Step = tuple[str, str]
"""What is done, and what comes of it; a result that begins with `!` is an error."""


def result(done: str, came: str) -> ToolResult:
    call = ToolCall(call_id="1", name=done, arguments=json.dumps({"of": done}))
    return ToolResult(call, came, "failed" if came.startswith("!") else "done")


def found(steps: Sequence[Step]) -> tuple[int, Loop] | None:
    watch = LoopWatch()
    for turn, (done, came) in enumerate(steps, 1):
        if loop := watch.note(turn, result(done, came)):
            return turn, loop
    return None


def same(*names: str) -> list[Step]:
    return [(name, f"result of {name}") for name in names]


LOOPS = {
    "the same thrice": (same("a", "b", "a", "a", "a"), 3, 5),
    "two by turns": (same("x", "a", "b", "a", "b"), 2, 5),
    "three by turns": (same("x", "a", "b", "c", "a", "b", "c"), 2, 7),
    "four by turns, thrice": (same(*"abcd" * 3), 1, 12),
    "one error thrice": ([("a", "! no"), ("b", "ok"), ("c", "! no"), ("d", "! no")], 1, 4),
}
NO_LOOPS = {
    "the same twice": same("a", "a", "b", "a", "a", "c"),
    "four by turns, twice": same(*"abcd" * 2),
    "the same call with new results": [("a", f"line {n}") for n in range(30)],
    "new calls with one result": [(f"call {n}", "nothing found") for n in range(30)],
    "tests, then another edit each time": [
        *[("tests", "red"), ("edit 1", "ok"), ("tests", "red"), ("edit 2", "ok")],
        *[("tests", "red"), ("edit 3", "ok"), ("tests", "green")],
    ],
    "errors that differ": [(f"call {n}", f"! no file {n}") for n in range(30)],
    "an error far apart": [
        ("a", "! no"),
        *[(f"x{n}", str(n)) for n in range(12)],
        ("b", "! no"),
        *[(f"y{n}", str(n)) for n in range(12)],
        ("c", "! no"),
    ],
}


@pytest.mark.parametrize("name", LOOPS)
def test_a_loop_is_found_as_soon_as_it_closes(name: str) -> None:
    steps, first_turn, turn = LOOPS[name]
    seen = found(steps)
    assert seen is not None
    assert (seen[1].first_turn, seen[0]) == (first_turn, turn)
    assert found(steps[:-1]) is None


@pytest.mark.parametrize("name", NO_LOOPS)
def test_work_that_goes_on_is_no_loop(name: str) -> None:
    assert found(NO_LOOPS[name]) is None


def test_order_of_arguments_and_fleeting_numbers_do_not_hide_a_loop() -> None:
    one = ToolCall(call_id="1", name="t", arguments='{"a": 1, "b": 2}')
    other = ToolCall(call_id="2", name="t", arguments='{ "b":2, "a":1 }')
    assert signature_of(one, "1 failed in 0.12s at 0x7f01") == signature_of(
        other, "1 failed in 3.4s at 0xdead"
    )
    assert signature_of(one, "1 failed") != signature_of(one, "2 failed")
    assert signature_of(one, "x") != signature_of(one.but(arguments='{"a": 2, "b": 1}'), "x")
    assert signature_of(one.but(arguments="{"), "x") == signature_of(one.but(arguments=" {"), "x")


def test_a_loop_that_was_told_has_to_come_again() -> None:
    watch = LoopWatch()
    ends = [watch.note(n, result("a", "x")) is not None for n in range(9)]
    assert ends == [False, False, True] * 3
