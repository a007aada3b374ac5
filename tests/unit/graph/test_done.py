"""The definition of done: each check fails alone."""

from datetime import UTC, datetime
from typing import Any

import pytest

from core.evidence import CaseOutcome, Evidence, RunEnd, TestCase, TestRun, Verdict
from core.findings import Review, ReviewVerdict
from core.patches import Patch
from core.trees import File, Tree
from graph.repair.done import unmet

BASE = Tree({"a.py": File(b"x = 1\n")})
PATCH = Patch.between("b" * 40, BASE, BASE.with_texts({"a.py": "x = 2\n"}))
TEST = "test_a.py::test_x"
NOW = datetime(2026, 1, 1, tzinfo=UTC)


def run(tree_hash: str, outcome: CaseOutcome) -> TestRun:
    green = outcome is CaseOutcome.PASSED
    return TestRun(
        tree_hash=tree_hash,
        argv=("pytest",),
        environment="e",
        backend="bubblewrap",
        end=RunEnd.PASSED if green else RunEnd.FAILED,
        exit_code=0 if green else 1,
        collected=(TEST,),
        cases=(TestCase(test_id=TEST, outcome=outcome),),
        started_at=NOW,
        ended_at=NOW,
    )


EVIDENCE = Evidence(
    verdict=Verdict.FIXED,
    tree_hash=PATCH.tree_hash,
    base_sha="b" * 40,
    regression_tests=(TEST,),
    base=run(BASE.id, CaseOutcome.FAILED),
    fixed=run(PATCH.tree_hash, CaseOutcome.PASSED),
)
DONE: dict[str, Any] = {
    "diagnosis": {"confidence": 0.9, "root_cause": "x is 1"},
    "patch": PATCH,
    "evidence": EVIDENCE,
    "review": Review(verdict=ReviewVerdict.APPROVE, patch_hash=PATCH.sha256),
    "oversize": (),
}


def test_nothing_is_lacking_when_all_is_recorded() -> None:
    assert unmet(**DONE) == ()


@pytest.mark.parametrize(
    "change",
    [
        {"diagnosis": {"root_cause": "x is 1"}},
        {"diagnosis": {"confidence": 0.9, "root_cause": ""}},
        {"oversize": ("6 files, 5 are allowed",)},
        {"evidence": EVIDENCE.but(tree_hash="c" * 40)},
        {"evidence": EVIDENCE.but(base_sha="c" * 40)},
        {"evidence": EVIDENCE.but(base=None)},
        {"evidence": EVIDENCE.but(fixed=None)},
        {"evidence": EVIDENCE.but(base=run(BASE.id, CaseOutcome.PASSED))},
        {"evidence": EVIDENCE.but(fixed=run("c" * 40, CaseOutcome.PASSED))},
        {"evidence": EVIDENCE.but(verdict=Verdict.STILL_RED)},
        {"evidence": EVIDENCE.but(regressions=("test_b.py::test_y",))},
        {"review": Review(verdict=ReviewVerdict.REQUEST_CHANGES, patch_hash=PATCH.sha256)},
        {"review": Review(verdict=ReviewVerdict.APPROVE, patch_hash="0" * 64)},
    ],
)
def test_each_check_fails_alone(change: dict[str, Any]) -> None:
    assert len(unmet(**{**DONE, **change})) == 1


def test_a_missing_proof_is_no_obstacle_but_no_proof_either() -> None:
    unproven = EVIDENCE.but(verdict=Verdict.NOT_RUN, base=None, regression_tests=())
    assert unmet(**{**DONE, "evidence": unproven}) == ()
