"""Briefing and pull request: what they must hold before a person is asked."""

from typing import Any

import pytest

from core.approvals import Risk
from core.evidence import Verdict
from core.findings import (
    Candidate,
    Diagnosis,
    FixAttempt,
    Issue,
    Reading,
    Reproduction,
    SearchFigures,
    Triage,
)
from core.patches import Suspect
from core.tasks import TaskRequest, Usage
from graph.repair.account import public_account
from graph.repair.documents import Facts, brief, briefing, incomplete, pull_request_body, record
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
    assert "offline engine, in workflow (m); tried by" in briefing(facts(attempt=attempt))
    assert "3 model calls saved" in pull_request_body(facts(attempt=attempt), "local (terminal)")


def test_what_search_and_models_tried_is_told_apart() -> None:
    found = Candidate(patch=PATCH, found_by="offline engine")
    figures = SearchFigures(tried=187, plausible=2)
    attempt = ATTEMPT.but(engine="offline engine", candidates=(found,), figures=figures)
    assert "tried by search: 187 (passing: 2)" in briefing(facts(attempt=attempt))
    made = found.but(found_by="m")
    both = attempt.but(candidates=(made, found), figures=figures.but(by_models=1))
    told = "tried by models: 1 (passing: 1), by search: 186 (passing: 1)"
    assert told in briefing(facts(attempt=both))
    alone = attempt.but(candidates=(made,), figures=SearchFigures(tried=1, by_models=1))
    assert "tried by models: 1 (passing: 1)\n" in briefing(facts(attempt=alone))


def test_a_line_that_several_suspect_is_listed_once_and_first_where_it_weighs_most() -> None:
    cited = Suspect(path="a.py", line=7, score=1.0, why="quoted")
    measured = (cited.but(score=0.2, function="f"), cited.but(line=8, score=0.1))
    account = public_account(facts(attempt=ATTEMPT.but(suspects=(cited, *measured))), "fixed")
    told = account["diagnosis"]["suspects"]
    assert [(one["line"], one["score"]) for one in told] == [(7, 1.0), (8, 0.1)]


def test_the_scribe_is_told_of_remarks_and_of_no_button() -> None:
    remark = Issue(severity="info", message="It gives 31 March.")
    told = record(facts(review=review().but(issues=(remark,))))
    assert "Remarks of the reviewer:\n- It gives 31 March." in told
    assert told.endswith(PATCH.diff)
    for other in ("On Approve", "Cost", "Base", "Patch hash", "Confidence", "Found by", "Severity"):
        assert other not in told
    assert "On Approve" in briefing(facts())


@pytest.mark.parametrize(
    ("ci", "said"),
    [
        ({}, "not run"),
        ({"status": "", "note": "no CI logs"}, "not run"),
        (
            {"status": "failure", "url": "https://x/1", "note": ""},
            "failure on the base https://x/1",
        ),
        (
            {"status": "failure", "url": "", "note": "no CI logs"},
            "failure on the base (no CI logs)",
        ),
    ],
)
def test_the_status_of_ci_is_the_hosts_own(ci: dict[str, str], said: str) -> None:
    state = {**facts().state, "ci": ci}
    assert brief(facts(state=state)).ci == said


def test_a_weaker_proof_is_told_where_the_decision_is_made() -> None:
    assert EVIDENCE.fixed is not None
    run = EVIDENCE.fixed.but(proof="exit code", notes=("six is missing: no wheel",))
    told = brief(facts(evidence=EVIDENCE.but(fixed=run, scope=("tests/test_a.py",))))
    assert "only the exit code of the test command is known" in told.tests
    assert "only 1 test file near the change, for all take too long" in told.tests
    refuted = EVIDENCE.but(verdict=Verdict.REGRESSION, scope=("tests/a.py", "tests/b.py"))
    assert "only 2 test files near the change were run" in brief(facts(evidence=refuted)).tests
    assert "Tests: six is missing: no wheel" in told.notes
