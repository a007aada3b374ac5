"""How an incident may change: what its task does, and what people do with it."""

from collections.abc import Mapping
from datetime import datetime

from core.approvals import QuestionKind
from core.errors import Conflict, PayloadInvalid
from core.incidents import Dismissal, Incident, IncidentEntry, IncidentState
from core.tasks import Outcome

S = IncidentState
ENDS = frozenset({S.OPEN, S.NOISE, S.DUPLICATE, S.RESOLVED, S.REJECTED, S.AWAITING_MERGE})
"""Where a task leaves its incident when it ends; none of them is a state of work."""
ASKING = frozenset({S.AWAITING_APPROVAL, S.AWAITING_REFIX_APPROVAL})

LEGAL: Mapping[IncidentState, frozenset[IncidentState]] = {
    S.OPEN: frozenset({S.TRIAGING, S.AWAITING_APPROVAL, S.NOISE, S.DUPLICATE, S.RESOLVED}),
    S.TRIAGING: ENDS | {S.DIAGNOSING, S.AWAITING_APPROVAL},
    S.DIAGNOSING: ENDS | {S.TRIAGING, S.AWAITING_APPROVAL, S.FIXING},
    S.AWAITING_APPROVAL: ENDS | {S.TRIAGING, S.DIAGNOSING, S.FIXING},
    S.FIXING: ENDS | {S.DIAGNOSING, S.REVIEWING, S.VERIFICATION_FAILED} | ASKING,
    S.REVIEWING: ENDS | {S.DIAGNOSING, S.VERIFICATION_FAILED, S.AWAITING_FIX_APPROVAL} | ASKING,
    S.VERIFICATION_FAILED: ENDS | {S.DIAGNOSING, S.FIXING, S.AWAITING_REFIX_APPROVAL},
    S.AWAITING_FIX_APPROVAL: ENDS
    | {S.DIAGNOSING, S.FIXING, S.VERIFICATION_FAILED, S.AWAITING_REFIX_APPROVAL},
    S.AWAITING_REFIX_APPROVAL: ENDS | {S.TRIAGING, S.DIAGNOSING, S.FIXING, S.REVIEWING},
    S.AWAITING_MERGE: frozenset({S.OPEN, S.RESOLVED, S.REJECTED, S.NOISE, S.DUPLICATE}),
    S.REJECTED: frozenset({S.OPEN, S.RESOLVED, S.NOISE, S.DUPLICATE}),
    S.NOISE: frozenset({S.OPEN, S.DUPLICATE}),
    S.DUPLICATE: frozenset({S.OPEN, S.NOISE}),
    S.RESOLVED: frozenset({S.OPEN}),
}
"""From each state, those that may follow it; to stay is no change."""

CARED = frozenset(S) - {S.RESOLVED, S.NOISE, S.DUPLICATE}
"""States of a fault that somebody may still have to look after."""

AT_NODE: Mapping[str, IncidentState] = {
    "intake": S.TRIAGING,
    "triage": S.TRIAGING,
    "diagnose": S.DIAGNOSING,
    "reproduce": S.DIAGNOSING,
    "fix": S.FIXING,
    "qa": S.REVIEWING,
    "review": S.REVIEWING,
}
"""The state of an incident while its task is at a node; others leave it as it is."""

AFTER: Mapping[Outcome, IncidentState] = {
    Outcome.ALREADY_FIXED: S.RESOLVED,
    Outcome.NOISE: S.NOISE,
    Outcome.DUPLICATE: S.DUPLICATE,
    Outcome.REJECTED: S.REJECTED,
}
PROOFS_BEGUN = frozenset({S.FIXING, S.REVIEWING, S.VERIFICATION_FAILED, S.AWAITING_FIX_APPROVAL})

Change = tuple[Incident, IncidentEntry]
"""An incident as it stands afterwards, and the line of its history."""


def moved(
    incident: Incident, to: IncidentState, at: datetime, *, reason: str = "", by: str = ""
) -> Change:
    """The incident in another state; raises Conflict when that may not follow."""
    if to not in LEGAL[incident.state]:
        raise Conflict(f"What is {_words(incident.state)} cannot become {_words(to)}.")
    after = incident.but(state=to, reason=reason, updated_at=at)
    entry = IncidentEntry(
        kind="state", at=at, by=by, state=to, reason=reason, task_id=incident.task_id
    )
    return after, entry


def at_node(incident: Incident, node: str) -> tuple[IncidentState, ...]:
    """The states that an incident passes when its task begins with a node."""
    to, state = AT_NODE.get(node), incident.state
    if to is None or to is state:
        return ()
    if state is S.REVIEWING and to in (S.FIXING, S.DIAGNOSING):
        return (S.VERIFICATION_FAILED, to)
    return (to,)


def at_question(incident: Incident, kind: QuestionKind) -> tuple[IncidentState, ...]:
    """The states that an incident passes when its task asks a person."""
    if kind in (QuestionKind.RELEASE, QuestionKind.PROTECTED_PATH):
        to = S.AWAITING_FIX_APPROVAL
    elif incident.state is S.REVIEWING and kind is not QuestionKind.BUDGET:
        return (S.VERIFICATION_FAILED, S.AWAITING_REFIX_APPROVAL)
    elif incident.state in PROOFS_BEGUN:
        to = S.AWAITING_REFIX_APPROVAL
    else:
        to = S.AWAITING_APPROVAL
    return () if to is incident.state or incident.state in ASKING else (to,)


def at_end(incident: Incident, outcome: Outcome, *, pr_url: str) -> IncidentState:
    """Where the end of its task leaves an incident; without a result it is open again."""
    if outcome in (Outcome.FIXED, Outcome.FIXED_UNVERIFIED):
        return S.AWAITING_MERGE if pr_url else S.RESOLVED
    return AFTER.get(outcome, S.OPEN)


def dismissed(incident: Incident, dismissal: Dismissal, at: datetime) -> Change:
    """Its reports are only counted from now on; raises Conflict, PayloadInvalid for a past end."""
    _idle(incident, "dismissed")
    if dismissal.until is not None and dismissal.until <= at:
        raise PayloadInvalid("The end of a dismissal lies ahead.")
    if incident.state is S.NOISE:
        after = incident
    else:
        after, _ = moved(incident, S.NOISE, at)
    after = after.but(dismissal=dismissal, reason=dismissal.reason, updated_at=at, merged_into="")
    until = f" until {dismissal.until:%Y-%m-%d %H:%M} UTC" if dismissal.until else " for ever"
    return after, IncidentEntry(
        kind="dismissed",
        at=at,
        by=dismissal.by,
        state=after.state,
        reason=f"Silent{until}: {dismissal.reason}",
    )


def reopened(incident: Incident, at: datetime, *, by: str, reason: str = "") -> Change:
    """Under care again, and heard again; raises Conflict when it never ceased to be."""
    _idle(incident, "reopened")
    after, _ = moved(incident, S.OPEN, at, reason=reason)
    after = after.but(dismissal=None, merged_into="")
    return after, IncidentEntry(kind="reopened", at=at, by=by, state=after.state, reason=reason)


def resolved(incident: Incident, at: datetime, *, by: str, reason: str) -> Change:
    """Settled by hand; raises Conflict."""
    _idle(incident, "resolved")
    after, _ = moved(incident, S.RESOLVED, at, reason=reason)
    return after, IncidentEntry(kind="resolved", at=at, by=by, state=after.state, reason=reason)


def merged(incident: Incident, into: Incident, at: datetime, *, by: str) -> tuple[Change, Change]:
    """One incident as a duplicate of another, which takes its reports over; raises Conflict.

    `into` was merged into nothing itself.
    """
    if incident.incident_id == into.incident_id:
        raise Conflict("An incident cannot be merged into itself.")
    _idle(incident, "merged")
    if incident.state is S.DUPLICATE and incident.merged_into:
        raise Conflict("It is merged already: reopen it first.")
    if into.state is S.RESOLVED:
        raise Conflict("What is resolved takes no reports over.", remedy="Reopen it first.")
    if incident.state is not S.DUPLICATE:
        moved(incident, S.DUPLICATE, at)
    reason = f"Merged into {into.id8}."
    gone = incident.but(
        state=S.DUPLICATE,
        reason=reason,
        merged_into=into.incident_id,
        dismissal=None,
        updated_at=at,
    )
    stays = into.but(
        count=into.count + incident.count,
        opened_at=min(into.opened_at, incident.opened_at),
        last_seen_at=max(into.last_seen_at, incident.last_seen_at),
        updated_at=at,
    )
    taken = f"{incident.id8} was merged into it, seen {incident.count} times: {incident.title}"
    return (
        (gone, IncidentEntry(kind="merged", at=at, by=by, state=gone.state, reason=reason)),
        (stays, IncidentEntry(kind="merged", at=at, by=by, state=stays.state, reason=taken)),
    )


def _idle(incident: Incident, done: str) -> None:
    if incident.task_id:
        raise Conflict(
            f"Task {incident.task_id[:8]} works on it: it cannot be {done} now.",
            remedy="Cancel the task, or wait for its end.",
        )


def _words(state: IncidentState) -> str:
    return state.value.replace("_", " ")
