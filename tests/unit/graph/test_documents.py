"""Briefing and pull request: what they must hold before a person is asked."""

from typing import Any

import pytest

from core.approvals import Risk
from core.evidence import Verdict
from core.findings import Candidate, Diagnosis, FixAttempt, Reading, Reproduction, Triage
from core.tasks import TaskRequest, Usage
from graph.repair.documents import Facts, briefing, incomplete, pull_request_body
from tests.unit.graph.test_done import EVIDENCE, PATCH, TEST, UNPROVEN, review

REQUEST = TaskRequest(repository="r", text="x should be 2", ticket="BUG-42")
ATTEMPT = FixAttempt(explanation="Set x to 2.", engine="scripted", confidence=0.9)


def facts(**changes: Any) -> Facts:
    recorded: dict[str, Any] = {
        "state": {"task_id": "0" * 36, "base_sha": "b" * 40, "request": REQUEST.dump()},
        "patch": PATCH,
        "evidence": EVIDENCE,
        "review": review(),
        "triage": Triage(),
        "diagnosis": Diagnosis(root_cause="x is 1.", confidence=0.9),
        "reproduction": Reproduction(reading=Reading.REPRODUCED, origin="--test", tests=(TEST,)),
        "attempt": ATTEMPT,
        "risk": Risk.LOW,
        "usage": Usage(),
    }
    return Facts(**{**recorded, **changes})


def test_all_that_is_recorded_is_complete() -> None:
    assert incomplete(facts()) == ()
    assert "not recorded" not in briefing(facts())
    assert "not recorded" not in pull_request_body(facts(), "local (terminal)")


@pytest.mark.parametrize(
    ("change", "lacking"),
    [
        ({"triage": None}, {"Severity", "Component"}),
        ({"risk": None}, {"Risk"}),
        ({"diagnosis": None}, {"Root cause", "Root Cause"}),
        ({"diagnosis": Diagnosis(root_cause="", confidence=0.9)}, {"Root cause", "Root Cause"}),
        ({"attempt": ATTEMPT.but(explanation="")}, {"Fix", "Solution"}),
        ({"review": None}, {"Review"}),
        ({"evidence": EVIDENCE.but(regression_tests=())}, {"Regression test"}),
        ({"evidence": EVIDENCE.but(fixed=None)}, {"Tests"}),
        ({"evidence": EVIDENCE.but(base=None)}, {"How to Verify"}),
    ],
)
def test_what_is_not_recorded_is_named(change: dict[str, Any], lacking: set[str]) -> None:
    assert set(incomplete(facts(**change))) == lacking


def test_an_unproven_patch_lacks_no_proof_in_its_documents_since_the_briefing_names_it() -> None:
    unproven = facts(evidence=UNPROVEN)
    assert unproven.evidence is not None
    assert unproven.evidence.verdict is Verdict.NOT_RUN
    assert incomplete(unproven) == ()
    assert "Missing proof: No test shows the fault." in briefing(unproven)


def test_who_made_the_change_is_named_and_not_only_who_was_asked() -> None:
    made = Candidate(patch=PATCH, found_by="offline engine")
    attempt = ATTEMPT.but(engine="workflow (m)", candidates=(made,), saved_calls=3)
    assert "offline engine, in workflow (m), 0 candidates" in briefing(facts(attempt=attempt))
    assert "3 model calls saved" in pull_request_body(facts(attempt=attempt), "local (terminal)")
