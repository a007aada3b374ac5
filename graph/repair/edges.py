"""The choices of the repair: pure functions from state to the next step."""

from typing import Literal

from core.evidence import Verdict
from core.findings import Reading, ReviewVerdict
from graph.repair.feedback import speaks_of_tests
from graph.repair.state import Again, RepairState

Branches = list[Literal["diagnose", "reproduce", "escalate", "report"]]
Onward = list[Literal[Again, "intake", "escalate", "report"]]


def after_intake(state: RepairState) -> Literal["triage", "report"]:
    """A repository that cannot be read ends the task with the reason."""
    return "report" if state.get("outcome") else "triage"


def after_triage(state: RepairState) -> Branches:
    """A real fault is diagnosed and reproduced at once; anything else ends or asks."""
    if state.get("outcome"):
        return ["report"]
    return ["escalate"] if state.get("question") else ["diagnose", "reproduce"]


def after_join(state: RepairState) -> Literal["fix", "report", "escalate"]:
    """A fix is tried when the fault was shown, or is understood well enough."""
    if state.get("outcome"):
        return "report"
    return "escalate" if state.get("question") or state.get("trouble") else "fix"


def after_fix(state: RepairState) -> Literal["qa", "report", "escalate"]:
    """What was found is put to the proof; a search with nothing left to try ends the task."""
    if state.get("unpaid"):
        return "escalate"
    return "report" if state.get("outcome") else "qa"


def after_qa(state: RepairState) -> Literal["review", "fix", "reproduce", "report", "escalate"]:
    """A proven fix goes to review; otherwise the one whose part is broken tries again."""
    if state.get("outcome"):
        return "report"
    verdict = state["evidence"]["verdict"]
    if state["evidence"].get("reviewable"):
        return "review"
    if verdict == Verdict.TEST_BROKEN and not state.get("question"):
        return "reproduce"
    return "escalate" if state.get("question") else "fix"


def after_review(state: RepairState) -> Literal["approve", "fix", "escalate"]:
    """Only an approved diff with nothing left undone is put before a person."""
    if state.get("unpaid"):
        return "escalate"
    approved = state["review"]["verdict"] == ReviewVerdict.APPROVE
    if approved and not state.get("unmet"):
        return "approve"
    return "escalate" if state.get("question") else "fix"


def after_approve(state: RepairState) -> Literal["publish", "fix", "reproduce", "report"]:
    """The person's word: ship it, change it, test it otherwise, or leave it."""
    if state.get("outcome"):
        return "report"
    choice = state["decision"].get("choice")
    if choice == "approve":
        return "publish"
    if choice != "request_changes":
        return "report"
    return "reproduce" if speaks_of_tests(state["decision"].get("text", "")) else "fix"


def after_escalate(state: RepairState) -> Onward:
    """Go on as the person says, from where their words help, but leave no step out."""
    if state.get("question"):
        return ["escalate"]
    choice = state["decision"].get("choice")
    if choice not in ("answer", "guidance", "more_attempts", "raise_budget"):
        return ["report"]
    if steps := state.get("again"):
        return [*steps]
    if not state.get("base_sha"):
        return ["intake"]
    if not state.get("triage"):
        return ["triage"]
    reproduction = state.get("reproduction")
    if choice == "answer" or not reproduction or not state.get("diagnosis"):
        return ["diagnose", "reproduce"]
    if choice == "guidance" and reproduction["reading"] != Reading.REPRODUCED:
        return ["diagnose", "reproduce"]
    return ["fix"]


def after_publish(state: RepairState) -> Literal["report", "fix"]:
    """When the base moved under the patch, it is proved anew and asked again."""
    return "report" if state.get("change") or state.get("outcome") else "fix"
