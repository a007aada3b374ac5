"""The definition of done: each check fails alone."""

from datetime import UTC, datetime
from typing import Any

import pytest

from core.evidence import CaseOutcome, Evidence, RunEnd, TestCase, TestRun, Verdict
from core.findings import Review, ReviewVerdict
from core.patches import Patch
from core.tasks import TaskRequest
from core.trees import File, Tree
from graph.repair.done import linked, unmet

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
UNPROVEN = EVIDENCE.but(
    verdict=Verdict.NOT_RUN, base=None, regression_tests=(), note="No test shows the fault."
)
RED_TO_GREEN = "Red on base and green on the fix"


def review(
    verdict: ReviewVerdict = ReviewVerdict.APPROVE, patch_hash: str = PATCH.sha256
) -> Review:
    return Review(verdict=verdict, patch_hash=patch_hash)


DONE: dict[str, Any] = {
    "diagnosis": {"confidence": 0.9, "root_cause": "x is 1"},
    "patch": PATCH,
    "evidence": EVIDENCE,
    "review": review(),
    "oversize": (),
    "link": "BUG-42",
    "monitor": "not applicable",
    "undocumented": (),
}


def test_nothing_is_lacking_when_all_is_recorded() -> None:
    assert unmet(**DONE) == ()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"diagnosis": {"root_cause": "x is 1"}}, "confidence"),
        ({"diagnosis": {"root_cause": "x is 1", "confidence": None}}, "confidence"),
        ({"diagnosis": {"confidence": 0.9, "root_cause": ""}}, "root cause"),
        ({"link": ""}, "ticket"),
        ({"oversize": ("6 files, 5 are allowed",)}, "too large: 6 files"),
        ({"evidence": EVIDENCE.but(tree_hash="c" * 40)}, "another tree"),
        ({"evidence": EVIDENCE.but(base_sha="c" * 40)}, "another base"),
        ({"evidence": EVIDENCE.but(base=None)}, RED_TO_GREEN),
        ({"evidence": EVIDENCE.but(fixed=None)}, RED_TO_GREEN),
        ({"evidence": EVIDENCE.but(regression_tests=())}, RED_TO_GREEN),
        ({"evidence": EVIDENCE.but(base=run(BASE.id, CaseOutcome.PASSED))}, RED_TO_GREEN),
        ({"evidence": EVIDENCE.but(fixed=run("c" * 40, CaseOutcome.PASSED))}, RED_TO_GREEN),
        ({"evidence": EVIDENCE.but(fixed=run(PATCH.tree_hash, CaseOutcome.FAILED))}, RED_TO_GREEN),
        ({"evidence": EVIDENCE.but(verdict=Verdict.STILL_RED)}, RED_TO_GREEN),
        ({"evidence": UNPROVEN.but(note=" ")}, "missing is not said"),
        ({"evidence": EVIDENCE.but(regressions=("test_b.py::test_y",))}, "test_b.py::test_y"),
        ({"review": review(ReviewVerdict.REQUEST_CHANGES)}, "did not approve"),
        ({"review": review(ReviewVerdict.NEEDS_DISCUSSION)}, "did not approve"),
        ({"review": review(patch_hash="0" * 64)}, "another diff"),
        ({"monitor": ""}, "monitor"),
        ({"undocumented": ("Solution",)}, "lack: Solution"),
    ],
)
def test_each_check_fails_alone(change: dict[str, Any], said: str) -> None:
    (lacking,) = unmet(**{**DONE, **change})
    assert said in lacking


def test_an_empty_patch_is_not_done() -> None:
    empty = Patch.between("b" * 40, BASE, BASE)
    lacking = unmet(**{**DONE, "patch": empty})
    assert "The patch is empty." in lacking


@pytest.mark.parametrize(
    ("request_facts", "link"),
    [
        ({"ticket": "BUG-42", "source": "jira"}, "BUG-42"),
        ({"source": "sentry"}, "sentry"),
        ({"source": ""}, ""),
    ],
)
def test_a_ticket_or_an_event_is_the_link(request_facts: dict[str, str], link: str) -> None:
    assert linked(TaskRequest.load({"repository": "r", "text": "t", **request_facts})) == link


def test_a_missing_proof_is_no_obstacle_but_no_proof_either() -> None:
    assert unmet(**{**DONE, "evidence": UNPROVEN}) == ()
