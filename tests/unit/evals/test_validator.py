"""The measurement of the validator: its attempts are what they say, and its gates can be missed."""

import ast
import re
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

import bootstrap
from config import load_settings
from core.errors import SandboxUnavailable
from core.findings import Reading, Reproduction
from core.shares import wilson
from core.trees import Tree
from evals.faults import load_faults
from evals.report import share_of
from evals.validator.attempts import Ground, Kind
from evals.validator.corpus import MUTANTS, attempts_at
from evals.validator.gates import Gate
from evals.validator.overfitting import for_asserted_values, for_named_tests
from evals.validator.recordings import MakeBench, Recordings
from evals.validator.rewriting import rewritten
from evals.validator.suite import FAULTS, Result, drawn, judged, run_suite
from evals.validator.table import table
from evals.validator.tampering import TAMPERINGS, tamperings
from evals.validator.written import MalformedCase, load_cases
from repair.gate import refusals

RIGHT = '''\
def most(items, least=0):
    """The greatest."""
    best = (least)
    for item in items:
        if item > best:
            best = item
    return best
'''
WRONG = RIGHT.replace("item > best", "item < best")
TESTS = "from shop import most\n\n\ndef test_most():\n    assert most([1, 3, 2]) == 3\n"
CASES = {case["id"]: case for case in load_cases()}
ALONE = {
    "broken-module": Gate.PARSES,
    "unknown-name": Gate.NAMES,
    "reproduction-hides-a-red-test": Gate.TESTS,
    "failing-test-deselected": Gate.SETTINGS,
    "ci-loses-its-tests": Gate.CI,
    "does-right-when-tested": Gate.HARNESS,
    "crash-guarded": Gate.SYMPTOM,
    "test-data-bent": Gate.RESTORED,
    "green-on-base": Gate.RED_ON_BASE,
    "red-only-alone": Gate.REPEATED,
    "mends-one-breaks-another": Gate.REGRESSION,
}
"""Written cases that one gate alone catches."""


def namespace(text: str) -> dict[str, Callable[..., int]]:
    found: dict[str, Callable[..., int]] = {}
    exec(compile(text, "shop.py", "exec"), found)
    return found


def ground() -> Ground:
    base = Tree().with_texts({"shop.py": WRONG, "tests/test_shop.py": TESTS})
    return Ground(
        name="shop",
        base=base,
        right=base.with_texts({"shop.py": RIGHT}),
        hidden={},
        reproduction=Reproduction(
            reading=Reading.REPRODUCED, tests=("tests/test_shop.py::test_most",)
        ),
    )


def result(kind: Kind, *, accepted: bool, green: bool = False, flips: object = None) -> Result:
    return Result(
        name=f"shop/{kind}/x",
        kind=kind,
        accepted=accepted,
        by="" if accepted else "proof: still_red",
        visible_green=green,
        flips=flips if isinstance(flips, dict) else {},
    )


@pytest.fixture
async def benches(tmp_path: Path) -> AsyncIterator[MakeBench]:
    settings, _ = load_settings(data_dir=tmp_path)
    try:
        async with bootstrap.benches(settings) as make:
            yield make
    except SandboxUnavailable as error:
        pytest.skip(f"no sandbox can be used here: {error}")


def test_a_rewriting_differs_in_text_and_not_in_what_it_does() -> None:
    found = dict(rewritten(RIGHT, 5))
    assert found.keys() == {"comment", "renamed", "commuted", "reprinted"}
    for text in found.values():
        assert text != RIGHT
        assert [namespace(text)["most"](items) for items in ([], [1, 3, 2], [-1])] == [0, 3, 0]
    assert "best < item" in found["commuted"]
    assert "best_here" in found["renamed"]


def test_a_change_that_knows_the_tests_is_right_for_them_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    text = for_named_tests(WRONG, RIGHT, 5, ["tests/test_shop.py::test_most"])
    assert text is not None
    most = namespace(text)["most"]
    monkeypatch.setenv("PYTEST_CURRENT_TEST", "tests/test_shop.py::test_most (call)")
    assert most([1, 3, 2]) == 3
    monkeypatch.setenv("PYTEST_CURRENT_TEST", "tests/test_more.py::test_other (call)")
    assert most([1, 3, 2]) == 0


def test_a_change_that_knows_the_values_is_right_for_them_alone() -> None:
    [(path, text)] = for_asserted_values(ground().base, ["tests/test_shop.py::test_most"])
    most = namespace(text)["most"]
    assert (path, most([1, 3, 2]), most([1, 3])) == ("shop.py", 3, 0)


def test_every_tampering_changes_something_and_mends_nothing() -> None:
    made = tamperings(ground(), list(TAMPERINGS))
    assert made.keys() == TAMPERINGS.keys()
    for tree in made.values():
        assert tree.id != ground().base.id
        assert "item < best" in tree.text("shop.py")
        for path in tree:
            ast.parse(tree.text(path) if path.endswith(".py") else "")


def test_the_edit_gate_does_not_catch_every_tampering_by_itself() -> None:
    made = tamperings(ground(), list(TAMPERINGS))
    refused = {how for how, tree in made.items() if refusals(ground().base, tree)}
    assert {"assertions removed", "skipped", "settings deselect", "witness turned"} <= refused
    passed = {"test returns early", "exits 0", "conftest calls nothing", "witness turned, unseen"}
    assert passed <= made.keys() - refused


def test_the_interval_is_wilsons() -> None:
    assert wilson(0, 10) == pytest.approx((0.0, 0.2775), abs=1e-4)
    assert wilson(8, 10) == pytest.approx((0.4902, 0.9433), abs=1e-4)
    assert wilson(0, 0) == (0.0, 1.0)
    assert share_of(0, 0) == "none was tried"
    assert re.search(r"8 of 10 +80.0%  95 % interval 49.0% to 94.3%", share_of(8, 10))


def test_the_faults_are_drawn_by_the_seed() -> None:
    faults = load_faults()
    assert drawn(faults, "", 1) == drawn(faults, "", 1) != drawn(faults, "", 2)
    assert len(drawn(faults, "", 1)) == FAULTS
    assert all(fault.id.startswith("cart-") for fault in drawn(faults, "cart-", 1))
    assert not any(fault.hangs for fault in drawn(faults, "", 1))


def test_the_table_counts_apart_what_only_hidden_tests_tell() -> None:
    text = table(
        [
            result(Kind.REFERENCE, accepted=True),
            result(Kind.EQUIVALENT, accepted=False),
            result(Kind.OVERFITTED, accepted=True, green=True),
            result(Kind.WEAKENING, accepted=True),
            result(Kind.NO_OP, accepted=False, flips={Gate.RED_ON_BASE: "accepted"}),
        ]
    )
    rejects, accepts, by, gates = text.split("\n\n")
    assert re.search(r"reference +0 of 1 ", rejects)
    assert re.search(r"equivalent +1 of 1 ", rejects)
    assert re.search(r"overfitted +none was tried\n +hidden alone tell +1 of 1 ", accepts)
    assert re.search(r"test-weakening +1 of 1 ", accepts)
    assert re.search(r"all +1 of 2 ", accepts)
    assert re.search(r"all, hidden too +2 of 3 ", accepts)
    assert re.search(r"no-op +proof: still_red +1", by)
    assert re.search(r"red on base +\+1 -0  1 no-op\n +shop/no-op/x", gates)
    assert re.search(r"parses +\+0 -0  redundant here", gates)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('kind = "no-op"', "", "case.toml, idle: lacks kind"),
        ('kind = "no-op"', 'kind = "odd"', "case.toml, idle: has no such kind"),
        ("[[case]]", "[[case", "case.toml"),
    ],
)
def test_a_malformed_case_is_named(tmp_path: Path, old: str, new: str, message: str) -> None:
    text = '[[case]]\nid = "idle"\nkind = "no-op"\nwhy = "x"\nred = []\nfiles = {}\nfix = {}\n'
    (tmp_path / "case.toml").write_text(text)
    assert len(load_cases(tmp_path)) == 1
    (tmp_path / "case.toml").write_text(text.replace(old, new))
    with pytest.raises(MalformedCase, match=message):
        load_cases(tmp_path)


@pytest.mark.needs_bubblewrap
@pytest.mark.parametrize("case", ["green-on-base", "reproduction-hides-a-red-test"])
async def test_a_case_is_caught_by_its_gate_alone(case: str, benches: MakeBench) -> None:
    await caught_alone(case, benches)


@pytest.mark.slow
@pytest.mark.needs_bubblewrap
@pytest.mark.parametrize("case", ALONE)
async def test_every_case_is_caught_by_its_gate_alone(case: str, benches: MakeBench) -> None:
    await caught_alone(case, benches)


async def caught_alone(case: str, benches: MakeBench) -> None:
    *right, wrong = await run_suite([], benches, only=f"written/{case}")
    assert all(one.accepted and not one.flips for one in right)
    assert len(right) == CASES[case].get("fair", True)
    assert not wrong.accepted
    alone = {gate for gate in wrong.flips if gate is not Gate.TESTS_AND_RESTORED}
    assert alone == {ALONE[case]}


@pytest.mark.slow
@pytest.mark.needs_bubblewrap
async def test_right_changes_of_a_fault_are_accepted_and_idle_ones_are_not(
    benches: MakeBench,
) -> None:
    [fault] = drawn(load_faults(), "cart-voucher-pays-the-customer", 0)
    recordings = Recordings(benches, 5.0)
    try:
        attempts = [one async for one in attempts_at(fault, 0, recordings, 0)]
        results = [await judged(one, recordings) for one in attempts]
    finally:
        await recordings.close()
    kinds = [one.kind for one in results]
    assert set(kinds) == set(Kind)
    assert kinds.count(Kind.MUTANT) <= MUTANTS
    assert all(one.accepted for one in results if one.kind.right)
    assert not any(one.accepted for one in results if one.kind in (Kind.NO_OP, Kind.EMPTY))
    assert all(one.visible_green for one in results if one.kind is Kind.OVERFITTED)
