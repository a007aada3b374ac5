"""Every choice of the repair, as a table: state in, next step out."""

from typing import Any

import pytest

from graph.repair import edges
from graph.repair.workflow import NODES, drawing

QUESTION = {"title": "?"}
SPENT = {"fix": {"said": "The budget is spent.", "scope": "task"}}
TRIAGED = {"base_sha": "b", "triage": {"ref": "x"}}
REPRODUCED = {**TRIAGED, "reproduction": {"ref": "x"}}
DIAGNOSED = {**REPRODUCED, "diagnosis": {"ref": "x"}}
BOTH = ["diagnose", "reproduce"]


@pytest.mark.parametrize(
    ("edge", "state", "leads_to"),
    [
        ("after_intake", {}, "triage"),
        ("after_intake", {"outcome": "blocked"}, "report"),
        ("after_triage", {}, ["diagnose", "reproduce"]),
        ("after_triage", {"outcome": "noise"}, ["report"]),
        ("after_triage", {"question": QUESTION}, ["escalate"]),
        ("after_join", {}, "fix"),
        ("after_join", {"outcome": "cannot_reproduce"}, "report"),
        ("after_join", {"question": QUESTION}, "escalate"),
        ("after_join", {"trouble": "it broke"}, "escalate"),
        ("after_fix", {}, "qa"),
        ("after_fix", {"outcome": "failed"}, "report"),
        ("after_qa", {"evidence": {"verdict": "fixed", "reviewable": True}}, "review"),
        ("after_qa", {"evidence": {"verdict": "still_red"}}, "fix"),
        ("after_qa", {"evidence": {"verdict": "regression"}}, "fix"),
        ("after_qa", {"evidence": {"verdict": "test_broken"}}, "reproduce"),
        ("after_qa", {"evidence": {"verdict": "test_broken"}, "question": QUESTION}, "escalate"),
        ("after_qa", {"evidence": {"verdict": "still_red"}, "question": QUESTION}, "escalate"),
        ("after_qa", {"evidence": {"verdict": "regression"}, "question": QUESTION}, "escalate"),
        ("after_qa", {"evidence": {"verdict": "not_run", "reviewable": False}}, "fix"),
        ("after_qa", {"evidence": {"verdict": "x"}, "outcome": "already_fixed"}, "report"),
        ("after_review", {"review": {"verdict": "APPROVE"}}, "approve"),
        ("after_review", {"review": {"verdict": "APPROVE"}, "unmet": ["x"]}, "fix"),
        (
            "after_review",
            {"review": {"verdict": "APPROVE"}, "unmet": ["x"], "question": QUESTION},
            "escalate",
        ),
        ("after_review", {"review": {"verdict": "REQUEST_CHANGES"}}, "fix"),
        (
            "after_review",
            {"review": {"verdict": "NEEDS_DISCUSSION"}, "question": QUESTION},
            "escalate",
        ),
        ("after_approve", {"decision": {"choice": "approve"}}, "publish"),
        ("after_approve", {"decision": {"choice": "request_changes"}}, "fix"),
        (
            "after_approve",
            {"decision": {"choice": "request_changes", "text": "rename it"}},
            "fix",
        ),
        (
            "after_approve",
            {"decision": {"choice": "request_changes", "text": "add a test"}},
            "reproduce",
        ),
        ("after_approve", {"decision": {"choice": "reject", "text": "no test"}}, "report"),
        ("after_approve", {"decision": {"choice": "reject"}}, "report"),
        ("after_approve", {"decision": {"choice": "expired"}}, "report"),
        (
            "after_approve",
            {"decision": {"choice": "request_changes"}, "outcome": "blocked"},
            "report",
        ),
        ("after_escalate", {"decision": {"choice": "stop"}}, ["report"]),
        ("after_escalate", {"decision": {"choice": "take_over"}}, ["report"]),
        ("after_escalate", {"decision": {"choice": "expired"}}, ["report"]),
        ("after_escalate", {"decision": {"choice": "guidance"}}, ["intake"]),
        ("after_escalate", {"decision": {"choice": "answer"}, "base_sha": "b"}, ["triage"]),
        ("after_escalate", {"decision": {"choice": "answer"}, **TRIAGED}, BOTH),
        ("after_escalate", {"decision": {"choice": "guidance"}, **TRIAGED}, BOTH),
        ("after_escalate", {"decision": {"choice": "more_attempts"}, **REPRODUCED}, BOTH),
        ("after_escalate", {"decision": {"choice": "answer"}, **DIAGNOSED}, BOTH),
        ("after_escalate", {"decision": {"choice": "more_attempts"}, **DIAGNOSED}, ["fix"]),
        ("after_fix", {"unpaid": SPENT}, "escalate"),
        ("after_review", {"unpaid": SPENT, "review": {}}, "escalate"),
        *(
            ("after_escalate", {"decision": {"choice": choice}, **DIAGNOSED, **steps}, leads_to)
            for steps, choice, leads_to in (
                ({"again": ["review"]}, "raise_budget", ["review"]),
                ({"again": ["diagnose", "reproduce"]}, "raise_budget", BOTH),
                ({"again": ["fix"]}, "more_attempts", ["fix"]),
                ({"again": ["review"]}, "stop", ["report"]),
                ({"again": ["review"]}, "expired", ["report"]),
                ({"again": []}, "more_attempts", ["fix"]),
            )
        ),
        ("after_publish", {"change": {"branch": "anton/x"}}, "report"),
        ("after_publish", {"outcome": "blocked"}, "report"),
        ("after_publish", {"findings": ["the base moved"]}, "fix"),
    ],
)
def test_next_step(edge: str, state: dict[str, Any], leads_to: str | list[str]) -> None:
    assert getattr(edges, edge)(state) == leads_to


def test_node_names_are_frozen() -> None:
    frozen = {
        *("intake", "triage", "diagnose", "reproduce", "join", "fix"),
        *("qa", "review", "approve", "escalate", "publish", "report"),
    }
    assert set(NODES) == frozen
    compiled = drawing().compile()
    drawn = {n for n in compiled.nodes if not n.startswith("__")}
    assert drawn == frozen
