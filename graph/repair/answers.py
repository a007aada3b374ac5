"""What a person's answer changes in the state: counters, findings, and the end."""

from core.approvals import QuestionKind
from core.tasks import Outcome, TaskRequest
from graph.deps import Deps
from graph.repair.autonomy import held_behind
from graph.repair.feedback import speaks_of_tests
from graph.repair.spending import again
from graph.repair.state import RepairState
from graph.state import Facts


def weigh_release(state: RepairState, decision: Facts, deps: Deps) -> Facts:
    """Requested changes void the diff and lead to another one; the rounds are counted.

    Words on tests turn down what was to ship, not the change of the code in it: with other tests
    the same change may be offered again.
    """
    if decision.get("choice") != "request_changes":
        return {}
    rounds = state.get("change_rounds", 0) + 1
    most = deps.rules.max_human_rounds
    if rounds > most:
        reason = f"Changes were asked for more than {most} times."
        return {"outcome": Outcome.BLOCKED, "reason": reason}
    words = decision.get("text", "")
    return {
        "change_rounds": rounds,
        "human_rounds": state.get("human_rounds", 0) + 1,
        "review_rounds": 0,
        "oversize": 0,
        "reproductions": 0,
        "findings": [f"A person asks for changes: {words}"],
        "words": [words],
        "unwanted": [state["patch"]["hash"]],
        "rejected": [] if speaks_of_tests(words) else [state["patch"]["proposal"]],
        **_more_attempts(state),
    }


def weigh_escalation(state: RepairState, decision: Facts, deps: Deps) -> Facts:
    """Words become findings of the next attempt; where autonomy ends, a person lets it go on."""
    update = _weighed(state, decision)
    then: RepairState = {**state, "question": {}, "decision": decision, **update}  # type: ignore[typeddict-item]
    return {**update, **held_behind(then, deps.rules)}


def _weighed(state: RepairState, decision: Facts) -> Facts:
    choice, words = decision.get("choice"), decision.get("text", "").strip()
    if choice == "stop" and state["question"].get("kind") == QuestionKind.CLARIFY:
        reason = words or "Stopped before the missing facts were given."
        return {"outcome": Outcome.NEEDS_INFORMATION, "reason": reason}
    started = state["question"].get("kind") == QuestionKind.START
    if choice == "stop" and started:
        rung = state["question"]["details"]["autonomy"]
        reason = words or f"Autonomy ends at {rung} in this repository, and a person left it there."
        return {"outcome": Outcome.BLOCKED, "reason": reason}
    if choice not in ("guidance", "more_attempts", "raise_budget", "answer"):
        return {}
    if state.get("unpaid"):
        return _raised(state, decision)
    findings = [f"A person says: {words}"] if words else []
    return {
        "findings": findings,
        "words": [words] if words else [],
        "again": [],
        "went_on": started or state.get("went_on", False),
        "review_rounds": 0,
        "oversize": 0,
        "human_rounds": state.get("human_rounds", 0) + 1,
        **_more_attempts(state),
    }


def _raised(state: RepairState, decision: Facts) -> Facts:
    """What the next step raises before it begins; the round makes its repetition harmless."""
    amount = decision.get("amount_usd")
    scopes = sorted({stop["scope"] for stop in state["unpaid"].values()})
    return {
        "again": again(state),
        "unpaid": {},
        "raised": {
            "round": state.get("raised", {}).get("round", 0) + 1,
            "usd": amount or 0.0,
            "scopes": [scope for scope in scopes if amount and scope != "hour"],
        },
    }


def _more_attempts(state: RepairState) -> Facts:
    each = TaskRequest.load(state["request"]).max_iterations
    return {"max_attempts": state.get("attempts", 0) + each}
