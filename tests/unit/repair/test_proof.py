"""What runs say about a patch: nothing that vanished, skipped or wavers counts as proof."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime

import pytest

from core.evidence import CaseOutcome, Evidence, Proof, RunEnd, TestCase, TestRun, Verdict
from core.findings import Reading, Reproduction
from core.patches import FileChange, Patch
from core.trees import File, Tree
from repair.selection import touching
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
    suite_seconds: float | None = 0.0

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


class Hidden(Recorded):
    """Runs in which all tests together are known by the exit code of a command alone."""

    def __init__(self, end: RunEnd) -> None:
        super().__init__(lambda _: {RED: "failed"}, lambda _: {RED: "passed"})
        self._end = end

    async def run(self, tree: Tree, tests: Sequence[str] = ()) -> TestRun:
        run = await super().run(tree, tests)
        if tests:
            return run
        outcome = CaseOutcome.PASSED if self._end is RunEnd.PASSED else CaseOutcome.FAILED
        case = TestCase(test_id="make test", outcome=outcome)
        return run.but(
            end=self._end, proof=Proof.EXIT_CODE, cases=(case,), collected=(case.test_id,)
        )


@pytest.mark.parametrize(
    ("end", "verdict"),
    [
        (RunEnd.PASSED, Verdict.FIXED),
        (RunEnd.FAILED, Verdict.STILL_RED),
        (RunEnd.DISAGREEMENT, Verdict.STILL_RED),
    ],
)
async def test_a_command_that_is_red_before_and_after_hides_what_else_broke(
    end: RunEnd, verdict: Verdict
) -> None:
    assert (await prove(Hidden(end), BASE, PATCH, SHOWN)).verdict is verdict


# --- suites that take longer than one run may ---


class TooLong(Recorded):
    """All tests together take too long, and so do more files than `most`."""

    def __init__(self, most: int, base: Outcomes, fixed: Outcomes) -> None:
        super().__init__(lambda _: base, lambda _: fixed)
        self._most = most

    async def run(self, tree: Tree, tests: Sequence[str] = ()) -> TestRun:
        run = await super().run(tree)
        self.runs[-1] = (tree.id, tuple(tests))
        if not tests or len(tests) > self._most:
            return run.but(end=RunEnd.TIMEOUT, cases=(), collected=())
        cases = [c for c in run.cases if any(c.test_id.startswith(test) for test in tests)]
        return run.but(cases=cases, collected=[case.test_id for case in cases])


WIDE = Tree({}).with_texts(
    {
        "pkg/a.py": "x = 1\n",
        "pkg/b.py": "",
        "tests/pkg/test_a.py": "",
        "tests/pkg/test_b.py": "",
        "tests/other/test_c.py": "",
        "tests/other/test_d.py": "from pkg import b, a\n",
    }
)
WIDE_PATCH = Patch.between("b" * 40, WIDE, WIDE.with_texts({"pkg/a.py": "x = 2\n"}))


async def scoped(most: int) -> Evidence:
    red = "tests/pkg/test_a.py::test_red"
    base = {red: "failed", "tests/pkg/test_b.py::t": "passed", "tests/other/test_c.py::t": "passed"}
    tests = TooLong(most, base, {**base, red: "passed"})
    tests._by_tree[WIDE.id] = tests._by_tree[BASE.id]
    tests._by_tree[WIDE_PATCH.tree_hash] = tests._by_tree[PATCH.tree_hash]
    shown = Reproduction(reading=Reading.REPRODUCED, tests=(red,))
    return await prove(tests, WIDE, WIDE_PATCH, shown)


async def test_a_suite_that_takes_too_long_is_cut_to_the_package_of_the_change() -> None:
    evidence = await scoped(most=3)
    assert evidence.verdict is Verdict.FIXED
    assert set(evidence.scope) == {
        *("tests/pkg/test_a.py", "tests/other/test_d.py", "tests/pkg/test_b.py"),
    }


async def test_where_that_takes_too_long_too_what_touches_the_code_is_run() -> None:
    evidence = await scoped(most=2)
    assert evidence.verdict is Verdict.FIXED
    assert set(evidence.scope) == {"tests/pkg/test_a.py", "tests/other/test_d.py"}


async def test_where_nothing_ends_in_time_nothing_is_proven() -> None:
    evidence = await scoped(most=1)
    assert (evidence.verdict, evidence.scope) == (Verdict.UNFINISHED, ())


@pytest.mark.parametrize(
    ("text", "touches"),
    [
        ("import pkg.a", True),
        ("from pkg.a import x", True),
        ("from pkg import b, a", True),
        ("from pkg import alpha", False),
        ("import data", False),
        ("# from pkg import a", False),
    ],
)
def test_what_touches_a_module_is_told_from_imports(text: str, touches: bool) -> None:
    tree = Tree({}).with_texts({"pkg/a.py": "", "tests/test_z.py": text + "\n"})
    assert bool(touching(tree, ["pkg/a.py"])) is touches
