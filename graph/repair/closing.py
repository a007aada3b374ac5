"""The steps publish and report: the one outer effect, and the account of it all."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from langgraph.runtime import Runtime

from core.approvals import POLICY, Approval, ApprovalState, Risk
from core.effects import Change, ChangeRequest, Commit
from core.errors import Conflict, Forbidden
from core.events import Event
from core.evidence import Evidence, Verdict
from core.findings import Diagnosis, FixAttempt, Narrative, Reproduction, Review, Triage
from core.patches import Patch
from core.tasks import Outcome, TaskRequest
from graph.deps import Deps
from graph.repair.account import public_account, without_secrets
from graph.repair.documents import (
    Facts as DocumentFacts,
)
from graph.repair.documents import (
    incident_report,
    pull_request_body,
    pull_request_title,
    summary_line,
)
from graph.repair.standing import left_behind, standing, told
from graph.repair.state import RepairState
from graph.repair.stops import stopped
from graph.state import Facts
from repair.gate import is_test_path

NO_PLACE_TO_STOP = ("report", "escalate")
"""Steps that tell of a stop; what led there is where it was."""
NO_FIX = "A person stopped it; the attempts gave no fix that holds."


async def publish(state: RepairState, runtime: Runtime[Deps]) -> Facts:
    """Publish the approved diff and no other; the outbox makes a second call find the first."""
    deps = runtime.context
    patch = await deps.need(Patch, state.get("patch"))
    approval = await _binding(deps, state, patch)
    if approval is None:
        return {"outcome": Outcome.BLOCKED, "reason": "No approval is bound to this exact diff."}
    facts = await facts_of(state, deps)
    request = _change_request(facts, deps, patch, _name(approval))

    async def effect() -> Facts:
        return (await deps.host.publish(request, patch)).dump()

    try:
        result = await deps.effects.once(
            key=f"publish:{state['task_id']}:{approval.approval_id}",
            task_id=state["task_id"],
            step="publish",
            payload=request.dump(),
            effect=effect,
        )
    except Conflict as conflict:
        return await _base_moved(state, deps, conflict)
    except Forbidden as error:
        return {
            "outcome": Outcome.BLOCKED,
            "reason": str(error),
            **await left_behind(deps, request),
        }
    return {"change": await told(deps, state["task_id"], Change.load(result))}


async def report(state: RepairState, runtime: Runtime[Deps]) -> Facts:
    """Settle the outcome and write the account from what was recorded, and from what stands."""
    deps = runtime.context
    change, doubt = await standing(state, deps)
    state = {**state, "change": change}
    outcome, reason = (Outcome.BLOCKED, doubt) if doubt else _outcome(state)
    steps = await _steps(state["task_id"], deps)
    facts = replace(
        await facts_of({**state, "outcome": outcome, "reason": reason}, deps),
        stopped=await _stopped_at(state, deps, steps, outcome),
        approver=await _approver(deps, state),
    )
    account = without_secrets(public_account(facts, outcome), deps.redactor)
    document = deps.redactor.text(incident_report(facts, _timeline(steps)))
    return {
        "outcome": outcome,
        "reason": reason,
        "change": change,
        "account": {
            "v": 1,
            "ref": await deps.artifacts.put(_json(account)),
            "document_ref": await deps.artifacts.put(document.encode("utf-8", "replace")),
        },
    }


async def _steps(task_id: str, deps: Deps) -> list[Event]:
    """What the event log has of the steps, in order."""
    found: list[Event] = []
    seen = 0
    while events := await deps.events.after(seen, task_id=task_id):
        found += [event for event in events if event.type == "node"]
        seen = events[-1].seq
    return found


def _timeline(steps: Sequence[Event]) -> list[str]:
    """The finished steps, one line each."""
    return [
        f"{event.ts:%H:%M:%S} {event.data.get('node', '')}: {event.data.get('summary', '')}"
        for event in steps
        if event.data.get("state") == "finished"
    ]


async def _stopped_at(
    state: RepairState, deps: Deps, steps: Sequence[Event], outcome: str
) -> Facts | None:
    """The account of a stop, with the diff of the best partial patch."""
    begun = [e.data["node"] for e in steps if e.data.get("state") == "started"]
    at = next((node for node in reversed(begun) if node not in NO_PLACE_TO_STOP), "")
    stop = stopped(state, at, outcome)
    if stop and stop["partial_patch"]:
        partial = await deps.need(Patch, state["partial"])
        stop["partial_patch"]["diff"] = partial.diff
    return stop


async def facts_of(state: RepairState, deps: Deps) -> DocumentFacts:
    """All that was recorded, as documents are made from it."""
    patch_facts = state.get("patch") or {}
    change = state.get("change")
    risk = patch_facts.get("risk")
    narrative = state.get("narrative") or {}
    of_this = narrative.get("patch_hash") == patch_facts.get("hash")
    return DocumentFacts(
        state=state,
        patch=await deps.recall(Patch, state.get("patch")),
        evidence=await deps.recall(Evidence, _whole(state.get("evidence"))),
        review=await deps.recall(Review, state.get("review")),
        triage=await deps.recall(Triage, state.get("triage")),
        diagnosis=await deps.recall(Diagnosis, state.get("diagnosis")),
        reproduction=await deps.recall(Reproduction, state.get("reproduction")),
        attempt=await deps.recall(FixAttempt, state.get("attempt")),
        risk=Risk(risk) if risk else None,
        protected=tuple(patch_facts.get("protected", ())),
        narrative=await deps.recall(Narrative, narrative) if of_this else None,
        monitor=deps.rules.monitor,
        change=Change.load(change) if change else None,
        usage=await deps.budgets.usage(state["task_id"]),
    )


def _whole(facts: Facts | None) -> Facts | None:
    return facts if facts and facts.get("ref") else None


async def _binding(deps: Deps, state: RepairState, patch: Patch) -> Approval | None:
    """The approval of exactly this diff on exactly this base."""
    approved = await deps.approvals.list(
        task_id=state["task_id"], state=ApprovalState.APPROVED, limit=50
    )
    for approval in approved:
        bound = approval.question
        if (bound.patch_hash, bound.base_sha, bound.tree_hash) == (
            patch.sha256,
            patch.base_sha,
            patch.tree_hash,
        ):
            return approval
    return None


def _name(approval: Approval) -> str:
    """Who approved it; where nobody was asked, what let it pass."""
    if approval.decision and approval.decision.by.channel == POLICY:
        return f"nobody; it passed by {approval.question.passed_by}"
    given = approval.voices or filter(None, (approval.decision,))
    return " and ".join(f"{one.by.person_id} ({one.by.channel})" for one in given) or "unknown"


async def _approver(deps: Deps, state: RepairState) -> str:
    """Who approved the patch that stands; empty when nobody did."""
    patch = await deps.recall(Patch, state.get("patch"))
    approval = await _binding(deps, state, patch) if patch else None
    return _name(approval) if approval else ""


def _change_request(facts: DocumentFacts, deps: Deps, patch: Patch, approver: str) -> ChangeRequest:
    rules, state = deps.rules, facts.state
    return ChangeRequest(
        task_id=state["task_id"],
        branch=facts.branch(rules.branch_prefix),
        base_sha=patch.base_sha,
        base_branch=state["base_branch"],
        patch_hash=patch.sha256,
        tree_hash=patch.tree_hash,
        commits=_commits(rules.commit_style, facts, patch),
        authored_at=datetime.fromisoformat(state["created_at"]),
        title=pull_request_title(facts),
        body=pull_request_body(facts, approver),
        labels=rules.labels,
        draft=rules.draft,
    )


def _commits(style: str, facts: DocumentFacts, patch: Patch) -> tuple[Commit, ...]:
    tests = tuple(path for path in patch.paths if is_test_path(path))
    sources = tuple(path for path in patch.paths if path not in tests)
    message = f"[{facts.key}] {summary_line(facts)}"
    if style == "per_file":
        return tuple(Commit(message=f"{message} ({path})", tree=(path,)) for path in patch.paths)
    if style == "split" and tests and sources:
        return (
            Commit(message=f"[{facts.key}] Add regression tests", tree=tests),
            Commit(message=message, tree=sources),
        )
    return (Commit(message=message, tree=patch.paths),)


async def _base_moved(state: RepairState, deps: Deps, conflict: Conflict) -> Facts:
    """Void the approval and start over on the new base, or end when it did not move."""
    request = TaskRequest.load(state["request"])
    snapshot = await deps.host.snapshot(request.base, worktree=request.worktree)
    if snapshot.sha == state["base_sha"]:
        return {"outcome": Outcome.BLOCKED, "reason": str(conflict)}
    deps.trees[snapshot.sha] = snapshot.tree
    return {
        "base_sha": snapshot.sha,
        "findings": [f"The base moved under the approved patch: {conflict}"],
        "patch": {},
        "evidence": {},
    }


def _outcome(state: RepairState) -> tuple[str, str]:
    """How it ended, and why, by what is recorded; what was published cannot be called off."""
    outcome, change = state.get("outcome"), state.get("change")
    if change and outcome == Outcome.CANCELLED:
        return _released(state)
    if outcome:
        return outcome, state.get("reason", "")
    if change:
        return _released(state)
    decision: dict[str, Any] = state.get("decision") or {}
    words = decision.get("text", "")
    if state.get("unpaid") and decision.get("choice") in ("stop", "expired"):
        return Outcome.OUT_OF_BUDGET, _spent(state)
    return {
        "reject": (Outcome.REJECTED, words or "A person rejected the patch."),
        "noise": (Outcome.NOISE, words or "A person called it noise."),
        "take_over": (Outcome.BLOCKED, "Taken over by a person."),
        "expired": (Outcome.BLOCKED, "nobody_answered"),
        "stop": (Outcome.FAILED, words or NO_FIX),
    }.get(decision.get("choice", ""), (Outcome.FAILED, "It ended without a result."))


def _spent(state: RepairState) -> str:
    said = dict.fromkeys(stop["said"] for stop in state["unpaid"].values())
    return f"Stopped at {' and '.join(state['unpaid'])}: {' '.join(said)}"


def _released(state: RepairState) -> tuple[str, str]:
    """The outcome of a change that was published."""
    evidence = state.get("evidence") or {}
    if evidence.get("verdict") == Verdict.FIXED:
        return Outcome.FIXED, "Red on base, green on the fix, and released."
    return Outcome.FIXED_UNVERIFIED, evidence.get("note", "")


def _json(value: Facts) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode("utf-8", "surrogatepass")
