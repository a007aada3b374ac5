"""Near tests run first where all take long; what is said to have been run was run."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import pytest

from core.evidence import CaseOutcome, Evidence, Proof, RunEnd, TestCase, TestRun, Verdict
from core.findings import Reading, Reproduction
from core.patches import FileChange, Patch
from core.trees import File, Tree
from repair.selection import neighbouring, touching
from repair.validate import prove
from repair.widening import QUICK_S

NOW = datetime(2026, 1, 1, tzinfo=UTC)
NEAR, MATE, FAR = "tests/pkg/test_a.py", "tests/pkg/test_b.py", "tests/other/test_c.py"
RED, BESIDE, OF_MATE, OF_FAR = f"{NEAR}::red", f"{NEAR}::beside", f"{MATE}::t", f"{FAR}::t"
ALL = (RED, BESIDE, OF_MATE, OF_FAR)
BASE = Tree({}).with_texts(
    {
        "pkg/a.py": "def f():\n    return 1\n",
        "pkg/b.py": "",
        NEAR: "from pkg.a import f\n\n\ndef beside():\n    assert f() == 1\n",
        MATE: "",
        FAR: "",
        "tests/other/test_d.py": "",
        "tests/more/test_e.py": "",
    }
)
PATCH = Patch.between("b" * 40, BASE, BASE.with_texts({"pkg/a.py": "def f():\n    return 2\n"}))
PACKAGE = {NEAR, MATE}
BEFORE = {RED: "failed", **dict.fromkeys(ALL[1:], "passed")}
AFTER = dict.fromkeys(ALL, "passed")


class Slow:
    """Runs of a suite that is known to take long, of all files or of those that are named."""

    seconds = 0.0

    def __init__(
        self,
        base: Mapping[str, str],
        fixed: Mapping[str, str],
        *,
        most: int = 99,
        suite_seconds: float | None = QUICK_S + 1,
        proof: Proof = Proof.WITNESS,
    ) -> None:
        """More files than `most` take too long; a command, by its `proof`, runs all of them."""
        self._outcomes = {BASE.id: base}
        self._fixed = fixed
        self._most = most
        self._proof = proof
        self.suite_seconds = suite_seconds
        self.on_fix: list[tuple[str, ...]] = []
        self.on_base: list[tuple[str, ...]] = []

    def on_tree(self, tree: Tree, outcomes: Mapping[str, str]) -> None:
        """What is found on another base."""
        self._outcomes[tree.id] = outcomes

    async def run(self, tree: Tree, tests: Sequence[str] = ()) -> TestRun:
        (self.on_base if tree.id in self._outcomes else self.on_fix).append(tuple(tests))
        outcomes = dict(self._outcomes.get(tree.id, self._fixed))
        if tests and self._proof is not Proof.EXIT_CODE:
            outcomes = {t: o for t, o in outcomes.items() if t.startswith(tuple(tests))}
        late = len(tests or BASE.files) > self._most
        cases = () if late else tuple(_case(test, outcome) for test, outcome in outcomes.items())
        red = any(case.outcome.red for case in cases)
        end = RunEnd.FAILED if red else RunEnd.PASSED if cases else RunEnd.NO_TESTS
        return TestRun(
            tree_hash=tree.id,
            argv=("pytest",),
            environment="e",
            backend="b",
            end=RunEnd.TIMEOUT if late else end,
            proof=self._proof,
            exit_code=1 if red else 0,
            collected=tuple(case.test_id for case in cases),
            cases=cases,
            started_at=NOW,
            ended_at=NOW,
        )


def _case(test: str, outcome: str) -> TestCase:
    return TestCase(test_id=test, outcome=CaseOutcome(outcome), message=f"{test} {outcome}")


async def proved(tests: Slow, shown: Reproduction | None = None) -> Evidence:
    shown = shown or Reproduction(reading=Reading.REPRODUCED, tests=(RED,))
    return await prove(tests, BASE, PATCH, shown)


async def test_a_near_test_that_stays_red_ends_it_and_no_other_was_run() -> None:
    tests = Slow(BEFORE, {**AFTER, RED: "failed"})
    evidence = await proved(tests)
    assert (evidence.verdict, evidence.scope) == (Verdict.STILL_RED, (NEAR,))
    assert tests.on_fix == [(NEAR,)]
    assert f"{RED} failed" in evidence.note
    assert "1 test file near the change; no others were run" in evidence.note


@pytest.mark.parametrize("suite_seconds", [None, QUICK_S + 1])
async def test_a_regression_near_by_ends_it_and_base_ran_the_same(
    suite_seconds: float | None,
) -> None:
    evil = {**AFTER, BESIDE: "error", OF_FAR: "failed"}
    tests = Slow(BEFORE, evil, suite_seconds=suite_seconds)
    evidence = await proved(tests)
    assert (evidence.verdict, evidence.regressions) == (Verdict.REGRESSION, (BESIDE,))
    assert evidence.scope == (NEAR,)
    assert () not in tests.on_fix
    assert (NEAR,) in tests.on_base and () not in tests.on_base


async def test_a_regression_in_the_package_ends_it_before_all_are_run() -> None:
    tests = Slow(BEFORE, {**AFTER, OF_MATE: "failed"})
    evidence = await proved(tests)
    assert (evidence.verdict, evidence.regressions) == (Verdict.REGRESSION, (OF_MATE,))
    assert set(evidence.scope) == PACKAGE
    assert () not in tests.on_fix


async def test_where_near_tests_pass_the_package_follows_and_then_all() -> None:
    tests = Slow(BEFORE, AFTER)
    evidence = await proved(tests)
    assert (evidence.verdict, evidence.scope) == (Verdict.FIXED, ())
    near, package, whole, *_ = tests.on_fix
    assert (near, set(package), whole) == ((NEAR,), PACKAGE, ())
    assert evidence.fixed and set(evidence.fixed.passed) == set(ALL)
    far = await proved(Slow(BEFORE, {**AFTER, OF_FAR: "failed"}))
    assert (far.verdict, far.regressions, far.scope) == (Verdict.REGRESSION, (OF_FAR,), ())


async def test_the_widest_run_that_ends_in_time_is_what_is_proven() -> None:
    tests = Slow(BEFORE, AFTER, most=2)
    evidence = await proved(tests)
    assert (evidence.verdict, set(evidence.scope)) == (Verdict.FIXED, PACKAGE)
    tests = Slow(BEFORE, AFTER, most=1)
    evidence = await proved(tests)
    assert (evidence.verdict, evidence.scope) == (Verdict.FIXED, (NEAR,))
    assert () not in tests.on_fix, "all take longer than the package, which took too long"


async def test_near_tests_that_never_end_prove_nothing_and_are_named() -> None:
    evidence = await proved(Slow(BEFORE, AFTER, most=0))
    shown = evidence.base
    assert shown and shown.end is RunEnd.TIMEOUT
    assert evidence.verdict is Verdict.UNFINISHED
    red = (await Slow(BEFORE, AFTER).run(BASE, (RED,))).model_dump()
    known = Reproduction(reading=Reading.REPRODUCED, tests=(RED,), run=red)
    evidence = await proved(Slow(BEFORE, AFTER, most=0), known)
    assert (evidence.verdict, evidence.scope) == (Verdict.UNFINISHED, (NEAR,))


async def test_a_near_test_that_was_red_before_does_not_end_it() -> None:
    tests = Slow({**BEFORE, BESIDE: "failed"}, {**AFTER, BESIDE: "failed"})
    evidence = await proved(tests)
    assert (evidence.verdict, evidence.scope) == (Verdict.FIXED, ())


async def test_a_near_test_that_may_assert_the_fault_is_told_of_with_all_that_breaks() -> None:
    tests = Slow(BEFORE, {**AFTER, BESIDE: "failed", OF_FAR: "failed"})
    evidence = await proved(tests)
    assert evidence.verdict is Verdict.REGRESSION
    assert (set(evidence.regressions), evidence.scope) == ({BESIDE, OF_FAR}, ())
    assert PACKAGE not in map(set, tests.on_fix), "only all of them can tell more"


async def test_all_are_run_at_once_where_they_are_known_to_be_quick() -> None:
    tests = Slow(BEFORE, AFTER, suite_seconds=QUICK_S)
    assert (await proved(tests)).verdict is Verdict.FIXED
    assert tests.on_fix[0] == ()
    assert (NEAR,) not in tests.on_fix


async def test_a_command_that_runs_all_whatever_is_asked_is_run_once() -> None:
    tests = Slow(BEFORE, {**AFTER, OF_FAR: "failed"}, proof=Proof.EXIT_CODE)
    evidence = await proved(tests)
    assert evidence.scope == ()
    assert tests.on_fix[0] == (NEAR,)
    assert () not in tests.on_fix
    assert evidence.fixed and len(evidence.fixed.cases) == len(ALL)


async def test_near_tests_that_are_more_than_half_of_all_are_run_with_all() -> None:
    small = Tree({}).with_texts({"pkg/a.py": "x = 1\n", NEAR: "from pkg import a\n"})
    patch = Patch.between("b" * 40, small, small.with_texts({"pkg/a.py": "x = 2\n"}))
    tests = Slow(BEFORE, AFTER)
    tests._outcomes[small.id] = BEFORE
    shown = Reproduction(reading=Reading.REPRODUCED, tests=(RED,))
    assert (await prove(tests, small, patch, shown)).scope == ()
    assert (NEAR,) not in tests.on_fix


async def test_new_tests_alone_are_not_compared_with_all_there_were() -> None:
    new = "tests/pkg/test_new.py"
    shown = Reproduction(
        reading=Reading.REPRODUCED,
        tests=(f"{new}::red",),
        files=(FileChange.of(new, File(b"from pkg.a import f\n")),),
    )
    texts = {"pkg/z.py": "x = 1\n"}
    patch = Patch.between("b" * 40, BASE, BASE.with_texts(texts)).with_changes(BASE, shown.files)
    tests = Slow(BEFORE, {f"{new}::red": "passed", **AFTER}, most=1)
    with_test = BASE.with_files({new: File(b"from pkg.a import f\n")})
    tests._outcomes[with_test.id] = {f"{new}::red": "failed", **BEFORE}
    evidence = await prove(tests, BASE, patch, shown)
    assert (evidence.verdict, evidence.scope, evidence.regressions) == (Verdict.FIXED, (new,), ())


SCRIPTS = Tree({}).with_texts(
    {
        "package.json": '{"name": "shop", "workspaces": ["packages/*"]}',
        "packages/cart/package.json": '{"name": "@shop/cart"}',
        "packages/cart/src/sum.ts": "export const sum = 1;\n",
        "packages/cart/src/total.ts": 'export { sum } from "./sum";\n',
        "packages/cart/src/total.test.ts": 'import { sum } from "./total";\n',
        "packages/cart/src/other.test.ts": 'import { x } from "./x";\n',
        "packages/user/package.json": '{"name": "@shop/user"}',
        "packages/user/src/user.test.ts": 'import { y } from "./y";\n',
    }
)


def test_near_tests_of_node_are_those_that_reach_a_change_by_whatever_way() -> None:
    changed = ["packages/cart/src/sum.ts"]
    near = touching(SCRIPTS, changed)
    assert near == ("packages/cart/src/total.test.ts",)
    package = neighbouring(SCRIPTS, changed)
    assert set(package) == {*near, "packages/cart/src/other.test.ts"}


async def test_a_change_in_javascript_beside_python_is_held_against_its_own_tests_too() -> None:
    near, red, beside = "web/add.test.ts", "web/add.test.ts::adds", "web/add.test.ts::less"
    base = BASE.with_texts({"web/add.ts": "export const a = 1\n", near: "import './add'\n"})
    patch = Patch.between("b" * 40, base, base.with_texts({"web/add.ts": "export const a = 2\n"}))
    shown = Reproduction(reading=Reading.REPRODUCED, tests=(red,))
    before = {red: "failed", beside: "passed", OF_FAR: "passed"}
    for after, verdict in (("passed", Verdict.FIXED), ("failed", Verdict.REGRESSION)):
        tests = Slow({}, {red: "passed", beside: after, OF_FAR: "passed"}, suite_seconds=1.0)
        tests.on_tree(base, before)
        evidence = await prove(tests, base, patch, shown)
        assert evidence.verdict is verdict
        assert tests.on_fix[0] == (near,)
        assert (() in tests.on_fix) is (verdict is Verdict.FIXED)
