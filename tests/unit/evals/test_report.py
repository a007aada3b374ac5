"""A measurement says what it found, and how to repeat it."""

import re

from evals.report import heading, repair_table, result_line
from evals.suites.repair import Result


def result(
    kind: str, *, plausible: bool, correct: bool, rank: int = 1, split: str = "dev"
) -> Result:
    return Result(
        fault=f"shop-{kind}",
        kind=kind,
        split=split,
        plausible=plausible,
        correct=correct,
        any_correct=correct,
        rank=rank,
        tried=100,
        found=int(plausible),
        seconds=2.0,
        judging_seconds=1.0,
    )


RESULTS = [
    result("operator", plausible=True, correct=True),
    result("operator", plausible=True, correct=False, rank=4),
    result("constant", plausible=False, correct=False, rank=0, split="test"),
    result("constant", plausible=True, correct=True, rank=2, split="test"),
]


def test_the_heading_holds_all_that_is_needed_to_repeat_it() -> None:
    text = heading("python main.py eval repair", seed=7, count=3)
    for name in ("command", "commit", "seed", "N", "cores"):
        assert re.search(rf"^{name} +\S", text, re.MULTILINE)
    assert re.search(r"^commit +([0-9a-f]{40}|not recorded)", text, re.MULTILINE)


def test_the_table_gives_shares_of_all_and_of_each_half() -> None:
    text = repair_table(RESULTS)
    whole, _, test, kinds = text.split("\n\n")
    assert "75.0% (bar 80 %)" in whole
    assert "50.0% (bar 70 %)" in whole
    assert "25.0% / 50.0% / 75.0%" in whole
    assert test.startswith("test:\n  faults                  2")
    assert re.search(r"operator +1 correct +2 plausible of 2", kinds)
    assert re.search(r"constant +1 correct +1 plausible of 2", kinds)


def test_a_line_tells_how_one_fault_went() -> None:
    assert "correct" in result_line(RESULTS[0])
    assert "plausible" in result_line(RESULTS[1])
    assert "rank -" in result_line(RESULTS[2])
