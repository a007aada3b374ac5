"""Which states of an incident may follow which, and what tasks and people do with it."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from core import care
from core.approvals import QuestionKind
from core.errors import Conflict, PayloadInvalid
from core.incidents import Dismissal, Incident, IncidentState
from core.tasks import Outcome
from tests.fakes.clock import START

S = IncidentState
LATER = START + timedelta(hours=1)
MATRIX = """
                         op tr no du di aa fi af re vf ar am rs rj
open                     .  x  x  x  .  x  .  .  .  .  .  .  x  .
triaging                 x  .  x  x  x  x  .  .  .  .  .  x  x  x
noise                    x  .  .  x  .  .  .  .  .  .  .  .  .  .
duplicate                x  .  x  .  .  .  .  .  .  .  .  .  .  .
diagnosing               x  x  x  x  .  x  x  .  .  .  .  x  x  x
awaiting_approval        x  x  x  x  x  .  x  .  .  .  .  x  x  x
fixing                   x  .  x  x  x  x  .  .  x  x  x  x  x  x
awaiting_fix_approval    x  .  x  x  x  .  x  .  .  x  x  x  x  x
reviewing                x  .  x  x  x  x  .  x  .  x  x  x  x  x
verification_failed      x  .  x  x  x  .  x  .  .  .  x  x  x  x
awaiting_refix_approval  x  x  x  x  x  .  x  .  x  .  .  x  x  x
awaiting_merge           x  .  x  x  .  .  .  .  .  .  .  .  x  x
resolved                 x  .  .  .  .  .  .  .  .  .  .  .  .  .
rejected                 x  .  x  x  .  .  .  .  .  .  .  .  x  .
"""
ROWS = {name: cells for name, *cells in map(str.split, MATRIX.strip().split("\n")[1:])}
PAIRS = [
    (S(name), to, cell == "x")
    for name, cells in ROWS.items()
    for to, cell in zip(S, cells, strict=True)
]


def incident(state: S = S.OPEN, **fields: Any) -> Incident:
    return Incident(
        **{
            "incident_id": "1" * 32,
            "fingerprint": "ab" * 32,
            "title": "It breaks",
            "repository": "/srv/shop",
            "source": "rest",
            "state": state,
            "opened_at": START,
            "last_seen_at": START,
            "updated_at": START,
            **fields,
        }
    )


@pytest.mark.parametrize(("from_", "to", "legal"), PAIRS)
def test_every_change_of_state_is_legal_or_refused(from_: S, to: S, legal: bool) -> None:
    assert list(ROWS) == [state.value for state in S]
    before = incident(from_)
    if not legal:
        with pytest.raises(Conflict, match="cannot become"):
            care.moved(before, to, LATER)
        return
    after, entry = care.moved(before, to, LATER, reason="so it is", by="rest:ann")
    assert (after.state, after.reason, after.updated_at) == (to, "so it is", LATER)
    assert (entry.state, entry.by, entry.at) == (to, "rest:ann", LATER)


@pytest.mark.parametrize(
    ("state", "node", "passed"),
    [
        (S.OPEN, "intake", (S.TRIAGING,)),
        (S.TRIAGING, "triage", ()),
        (S.TRIAGING, "reproduce", (S.DIAGNOSING,)),
        (S.DIAGNOSING, "join", ()),
        (S.DIAGNOSING, "fix", (S.FIXING,)),
        (S.FIXING, "qa", (S.REVIEWING,)),
        (S.REVIEWING, "fix", (S.VERIFICATION_FAILED, S.FIXING)),
        (S.REVIEWING, "reproduce", (S.VERIFICATION_FAILED, S.DIAGNOSING)),
        (S.REVIEWING, "escalate", ()),
        (S.AWAITING_REFIX_APPROVAL, "review", (S.REVIEWING,)),
        (S.REVIEWING, "approve", ()),
        (S.AWAITING_FIX_APPROVAL, "publish", ()),
        (S.AWAITING_FIX_APPROVAL, "fix", (S.FIXING,)),
    ],
)
def test_a_node_leads_an_incident_on(state: S, node: str, passed: tuple[S, ...]) -> None:
    assert care.at_node(incident(state), node) == passed


@pytest.mark.parametrize(
    ("state", "kind", "passed"),
    [
        (S.TRIAGING, QuestionKind.CLARIFY, (S.AWAITING_APPROVAL,)),
        (S.DIAGNOSING, QuestionKind.START, (S.AWAITING_APPROVAL,)),
        (S.DIAGNOSING, QuestionKind.ESCALATION, (S.AWAITING_APPROVAL,)),
        (S.VERIFICATION_FAILED, QuestionKind.ESCALATION, (S.AWAITING_REFIX_APPROVAL,)),
        (S.REVIEWING, QuestionKind.ESCALATION, (S.VERIFICATION_FAILED, S.AWAITING_REFIX_APPROVAL)),
        (S.REVIEWING, QuestionKind.BUDGET, (S.AWAITING_REFIX_APPROVAL,)),
        (S.FIXING, QuestionKind.BUDGET, (S.AWAITING_REFIX_APPROVAL,)),
        (S.REVIEWING, QuestionKind.RELEASE, (S.AWAITING_FIX_APPROVAL,)),
        (S.REVIEWING, QuestionKind.PROTECTED_PATH, (S.AWAITING_FIX_APPROVAL,)),
        (S.AWAITING_FIX_APPROVAL, QuestionKind.RELEASE, ()),
        (S.AWAITING_APPROVAL, QuestionKind.BUDGET, ()),
    ],
)
def test_a_question_lets_an_incident_wait(
    state: S, kind: QuestionKind, passed: tuple[S, ...]
) -> None:
    assert care.at_question(incident(state), kind) == passed


ENDS = dict.fromkeys(Outcome, S.OPEN) | {
    Outcome.FIXED: S.RESOLVED,
    Outcome.FIXED_UNVERIFIED: S.RESOLVED,
    Outcome.ALREADY_FIXED: S.RESOLVED,
    Outcome.NOISE: S.NOISE,
    Outcome.DUPLICATE: S.DUPLICATE,
    Outcome.REJECTED: S.REJECTED,
}


@pytest.mark.parametrize("outcome", Outcome)
def test_an_end_without_a_result_opens_an_incident_again(outcome: Outcome) -> None:
    assert care.at_end(incident(S.FIXING), outcome, pr_url="") is ENDS[outcome]


def test_a_pull_request_waits_for_its_merge() -> None:
    for outcome in (Outcome.FIXED, Outcome.FIXED_UNVERIFIED):
        assert care.at_end(incident(), outcome, pr_url="https://host/1") is S.AWAITING_MERGE


def until(hours: float | None) -> Dismissal:
    end = None if hours is None else LATER + timedelta(hours=hours)
    return Dismissal(reason="known", by="rest:ann", until=end)


ACTS: dict[str, tuple[Callable[[Incident], care.Change], set[S]]] = {
    "dismiss": (
        lambda one: care.dismissed(one, until(2), LATER),
        {state for state in S if S.NOISE in care.LEGAL[state]} | {S.NOISE},
    ),
    "reopen": (
        lambda one: care.reopened(one, LATER, by="rest:ann"),
        {state for state in S if S.OPEN in care.LEGAL[state]},
    ),
    "resolve": (
        lambda one: care.resolved(one, LATER, by="rest:ann", reason="by hand"),
        {state for state in S if S.RESOLVED in care.LEGAL[state]},
    ),
    "merge": (
        lambda one: care.merged(one, incident(incident_id="2" * 32), LATER, by="rest:ann")[0],
        {state for state in S if S.DUPLICATE in care.LEGAL[state]} | {S.DUPLICATE},
    ),
}


@pytest.mark.parametrize("state", S)
@pytest.mark.parametrize("name", ACTS)
def test_people_act_where_the_states_allow_it_and_nobody_is_at_work(name: str, state: S) -> None:
    act, legal = ACTS[name]
    with pytest.raises(Conflict, match="works on it"):
        act(incident(state, task_id="12345678"))
    if state not in legal:
        with pytest.raises(Conflict):
            act(incident(state))
        return
    after, entry = act(incident(state))
    assert after.state is entry.state and entry.by == "rest:ann"


def test_silence_has_an_end_or_none() -> None:
    timed, _ = care.dismissed(incident(), until(2), LATER)
    assert timed.silent(LATER + timedelta(minutes=119))
    assert not timed.silent(LATER + timedelta(minutes=120))
    for_ever, entry = care.dismissed(timed, until(None), LATER)
    assert for_ever.silent(LATER + timedelta(days=9_999)) and "for ever" in entry.reason
    heard, _ = care.reopened(for_ever, LATER, by="rest:ann")
    assert not heard.silent(LATER)
    with pytest.raises(PayloadInvalid, match="ahead"):
        care.dismissed(incident(), until(0), LATER)


def test_a_merge_adds_up_and_has_no_circles() -> None:
    one, two = incident(count=3), incident(incident_id="2" * 32, count=4, opened_at=LATER)
    (gone, _), (stays, told) = care.merged(one, two, LATER, by="rest:ann")
    assert (gone.merged_into, stays.count, stays.opened_at) == (two.incident_id, 7, START)
    assert "seen 3 times" in told.reason
    with pytest.raises(Conflict, match="itself"):
        care.merged(one, one, LATER, by="rest:ann")
    with pytest.raises(Conflict, match="merged already"):
        care.merged(gone, two, LATER, by="rest:ann")
    with pytest.raises(Conflict, match="resolved"):
        care.merged(one, two.but(state=S.RESOLVED), LATER, by="rest:ann")
