"""What must fail and is reported as passed is noticed; no other file than a copy is run."""

from collections.abc import Sequence
from datetime import UTC, datetime

import pytest

from core.evidence import CaseOutcome, Proof, RunEnd, TestCase, TestRun
from core.trees import Tree
from repair.tripwire import WIRES, tripped

NOW = datetime(2026, 1, 1, tzinfo=UTC)
PATH = "src/cart.test.ts"
TREE = Tree({}).with_texts({PATH: "import { it } from 'vitest'\nit('one', () => {})\n"})
PASSED, FAILED = CaseOutcome.PASSED, CaseOutcome.FAILED


class Runner:
    """Reports the tests of a file: the first of those that must fail as told."""

    seconds = 0.0
    suite_seconds = 0.0

    def __init__(self, first: CaseOutcome | None) -> None:
        self._first = first
        self.asked: list[tuple[str, ...]] = []
        self.text = ""

    async def run(self, tree: Tree, tests: Sequence[str] = ()) -> TestRun:
        self.asked.append(tuple(tests))
        (place,) = tests
        self.text = tree.text(place)
        mark = self.text.split("'")[-2].split(" ")[0]
        outcomes = {f"{place}::one": PASSED}
        if self._first is not None:
            outcomes |= {f"{place}::{mark} {number}": FAILED for number in range(1, len(WIRES))}
            outcomes[f"{place}::{mark} 0"] = self._first
        cases = [TestCase(test_id=test, outcome=told) for test, told in outcomes.items()]
        return TestRun(
            tree_hash=tree.id,
            argv=("vitest",),
            environment="e",
            backend="b",
            end=RunEnd.FAILED,
            proof=Proof.RUNNER,
            exit_code=1,
            cases=tuple(cases),
            started_at=NOW,
            ended_at=NOW,
        )


@pytest.mark.parametrize(("first", "found"), [(PASSED, True), (FAILED, False), (None, False)])
async def test_what_must_fail_and_is_reported_as_passed_is_noticed(
    first: CaseOutcome | None, *, found: bool
) -> None:
    runner = Runner(first)
    said = await tripped(runner, TREE, ("gone.test.ts::x", f"{PATH}::one"))
    assert ("must fail" in said) is found
    ((place,),) = runner.asked
    assert place.startswith("src/cart-w") and place.endswith(".test.ts")
    assert runner.text.startswith(TREE.text(PATH))
    assert all(body in runner.text for body in WIRES)


async def test_without_a_red_test_in_a_script_nothing_is_run() -> None:
    runner = Runner(PASSED)
    assert await tripped(runner, TREE, ("tests/test_a.py::one",)) == ""
    assert runner.asked == []
