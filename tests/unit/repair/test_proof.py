"""What runs say about a patch: nothing that vanished, skipped or wavers counts as proof."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime

from core.evidence import CaseOutcome, Evidence, RunEnd, TestCase, TestRun, Verdict
from core.findings import Reading, Reproduction
from core.patches import FileChange, Patch
from core.trees import File, Tree
from repair.validate import prove

NOW = datetime(2026, 1, 1, tzinfo=UTC)
BASE = Tree({"a.py": File(b"x = 1\n"), "test_a.py": File(b"# tests\n")})
PATCH = Patch.between("b" * 40, BASE, BASE.with_texts({"a.py": "x = 2\n"}))
RED, GREEN, OTHER = "test_a.py::test_red", "test_a.py::test_green", "test_a.py::test_other"
SHOWN = Reproduction(reading=Reading.REPRODUCED, tests=(RED,))

Outcomes = Mapping[str, str]


class Recorded:
    """Runs as they were recorded, by tree and number of the run of that tree."""

    seconds = 0.0

    def __init__(self, base: Callable[[int], Outcomes], fixed: Callable[[int], Outcomes]) -> None:
        self._by_tree = {BASE.id: base, PATCH.tree_hash: fixed}
        self.runs: list[tuple[str, tuple[str, ...]]] = []

    async def run(self, tree: Tree, tests: Sequence[str] = ()) -> TestRun:
        number = sum(tree_id == tree.id for tree_id, _ in self.runs)
        self.runs.append((tree.id, tuple(tests)))
        outcomes = self._by_tree.get(tree.id, self._by_tree[PATCH.tree_hash])(number)
        outcomes = {t: o for t, o in outcomes.items() if not tests or t in tests}
        cases = tuple(
            TestCase(test_id=test, outcome=CaseOutcome(outcome))
            for test, outcome in outcomes.items()
        )
        red = any(case.outcome.red for case in cases)
        end = RunEnd.FAILED if red else RunEnd.PASSED
        return TestRun(
            tree_hash=tree.id,
            argv=("pytest",),
            environment="e",
            backend="b",
            end=end if cases else RunEnd.NO_TESTS,
            exit_code=1 if red else 0,
            collected=tuple(outcomes),
            cases=cases,
            started_at=NOW,
            ended_at=NOW,
        )


async def proof(
    base: Outcomes | Callable[[int], Outcomes], fixed: Outcomes | Callable[[int], Outcomes]
) -> Evidence:
    def always(outcomes: Outcomes | Callable[[int], Outcomes]) -> Callable[[int], Outcomes]:
        return outcomes if callable(outcomes) else lambda number: outcomes

    return await prove(Recorded(always(base), always(fixed)), BASE, PATCH, SHOWN)


async def test_red_on_base_and_green_on_the_fix_is_a_proof() -> None:
    evidence = await proof({RED: "failed", GREEN: "passed"}, {RED: "passed", GREEN: "passed"})
    assert (evidence.verdict, evidence.regressions, evidence.flaky) == (Verdict.FIXED, (), ())


async def test_a_test_that_vanished_beside_a_flaky_one_is_a_regression() -> None:
    def fixed(number: int) -> Outcomes:
        return {RED: "passed", OTHER: "passed" if number else "failed"}

    evidence = await proof({RED: "failed", GREEN: "passed", OTHER: "passed"}, fixed)
    assert evidence.regressions == (GREEN,)
    assert evidence.flaky == (OTHER,)
    assert evidence.verdict is Verdict.REGRESSION


async def test_a_test_that_is_skipped_on_the_fix_is_a_regression() -> None:
    evidence = await proof({RED: "failed", GREEN: "passed"}, {RED: "passed", GREEN: "skipped"})
    assert (evidence.verdict, evidence.regressions) == (Verdict.REGRESSION, (GREEN,))
    assert GREEN in evidence.note


async def test_a_test_that_was_red_on_base_may_stay_red() -> None:
    evidence = await proof({RED: "failed", OTHER: "failed"}, {RED: "passed", OTHER: "failed"})
    assert evidence.verdict is Verdict.FIXED


async def test_a_red_test_that_wavers_on_base_proves_nothing() -> None:
    evidence = await proof(
        lambda number: {RED: "failed" if number % 2 == 0 else "passed"}, {RED: "passed"}
    )
    assert evidence.verdict is not Verdict.FIXED
    assert evidence.flaky == (RED,)


async def test_a_red_test_that_wavers_on_the_fix_proves_nothing() -> None:
    evidence = await proof(
        {RED: "failed"}, lambda number: {RED: "passed" if number == 0 else "failed"}
    )
    assert evidence.verdict is Verdict.STILL_RED
    assert evidence.flaky == (RED,)


class Leaning(Recorded):
    """Runs in which a red test is red only when all tests are run."""

    async def run(self, tree: Tree, tests: Sequence[str] = ()) -> TestRun:
        run = await super().run(tree, tests)
        if not tests or tree.id != BASE.id:
            return run
        cases = tuple(case.but(outcome=CaseOutcome.PASSED) for case in run.cases)
        return run.but(cases=cases, end=RunEnd.PASSED, exit_code=0)


async def test_a_test_that_is_red_among_others_alone_is_repeated_among_them() -> None:
    base = {RED: "failed", GREEN: "passed"}
    runs = Leaning(lambda n: base, lambda n: dict.fromkeys(base, "passed"))
    shown = SHOWN.but(run=(await runs.run(BASE)).model_dump())
    assert (await prove(runs, BASE, PATCH, shown)).verdict is Verdict.FIXED
    wavering = Leaning(
        lambda n: {**base, RED: "failed" if n < 4 else "passed"},
        lambda n: dict.fromkeys(base, "passed"),
    )
    shown = SHOWN.but(run=(await wavering.run(BASE)).model_dump())
    assert (await prove(wavering, BASE, PATCH, shown)).verdict is Verdict.TEST_WAVERS


async def test_a_proof_that_does_not_ship_must_end_in_order_too() -> None:
    scaffold = FileChange.of("test_r.py", File(b"# repro\n"))
    shown = SHOWN.but(scaffold=[scaffold.model_dump()])
    base = {RED: "failed", GREEN: "passed"}
    runs = Recorded(lambda n: base, lambda n: {RED: "passed", GREEN: "passed"})
    evidence = await prove(runs, BASE, PATCH, shown)
    assert evidence.verdict is Verdict.NOT_RED_ON_BASE, "the base with the scaffold is green here"
