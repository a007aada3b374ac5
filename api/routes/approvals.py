"""Questions that wait for a person, and their answers; no GET ever decides."""

from typing import Annotated, Any

from fastapi import APIRouter, Query

from api.auth import Caller, Scope
from api.finding_views import ChangesView
from api.front import Front, TheCaller, TheFront, needs
from api.problems import Problem, problem_responses
from api.schemas import Decide
from api.views import ApprovalList, ApprovalView, Decided, approval_facts
from control.consent import Deciders
from core.approvals import Approval, ApprovalState, Decision, QuestionKind
from core.errors import Conflict, Expired
from core.patches import Patch
from core.revisions import changes_between

router = APIRouter(tags=["approvals"])

UNSEEN = "What it is about is not kept any more: nobody can see what would be approved."


@router.get(
    "/approvals",
    dependencies=[needs(Scope.READ)],
    responses=problem_responses(400, 401, 404, 409, 422, 429, 503),
)
async def list_approvals(
    front: TheFront,
    caller: TheCaller,
    state: ApprovalState | None = None,
    task: Annotated[str, Query(max_length=36)] = "",
    limit: Annotated[int, Query(ge=1, le=200)] = 200,
) -> ApprovalList:
    """Questions, those that wait first; diff and briefing come with a single one."""
    seq = await front.seq()
    task_id = (await front.task(task)).task_id if task else ""
    found = await front.anton.approvals(task_id=task_id, state=state, limit=limit)
    may = caller.may(Scope.APPROVE)
    return ApprovalList.model_validate(
        {
            "as_of_seq": seq,
            "approvals": [approval_facts(approval, may_decide=may) for approval in found],
        }
    )


@router.get(
    "/approvals/{approval_id}",
    dependencies=[needs(Scope.READ)],
    responses=problem_responses(400, 401, 404, 422, 429, 503),
)
async def show_approval(approval_id: str, front: TheFront, caller: TheCaller) -> ApprovalView:
    """One question with its briefing."""
    seq = await front.seq()
    return ApprovalView.model_validate(
        {"as_of_seq": seq, **await _facts(front, await _find(front, approval_id), caller)}
    )


@router.get(
    "/approvals/{approval_id}/changes",
    dependencies=[needs(Scope.READ)],
    responses=problem_responses(400, 401, 404, 410, 422, 429, 503),
)
async def show_changes(
    approval_id: str, front: TheFront, since: Annotated[int, Query(ge=1, lt=2**31)]
) -> ChangesView:
    """What changed in the patch from an earlier revision to the one of this question."""
    seq = await front.seq()
    approval = await _find(front, approval_id)
    asked = await front.anton.approvals(task_id=approval.task_id)
    earlier = next((one for one in asked if one.revision == since and one.question.patch_ref), None)
    newer = await _patch(front, approval)
    older = await _patch(front, earlier) if earlier else None
    if newer is None or older is None:
        raise Problem(404, "not_found", f"There is no patch of revision {since} to compare with.")
    same = newer.base_sha == older.base_sha
    return ChangesView(
        as_of_seq=seq,
        revision=approval.revision,
        since=since,
        same_base=same,
        diff=changes_between(older, newer) if same else None,
    )


@router.post(
    "/approvals/{approval_id}/decision",
    dependencies=[needs(Scope.APPROVE)],
    responses=problem_responses(400, 401, 403, 404, 408, 409, 413, 415, 422, 429, 503),
)
async def decide(approval_id: str, body: Decide, front: TheFront, caller: TheCaller) -> Decided:
    """Answer a question; the first valid answer on any channel wins."""
    seq = await front.seq()
    approval = await _find(front, approval_id)
    question = approval.question
    if question.kind is QuestionKind.RELEASE and body.patch_hash is None:
        raise Problem(422, "patch_hash_missing", "Name the hash of the diff that was seen.")
    if body.revision is not None and body.revision != approval.revision:
        raise await _superseded(front, approval)
    decision = Decision(
        choice=body.decision,
        text=body.words,
        patch_hash=body.patch_hash or "",
        amount_usd=body.amount_usd,
        by=caller.person,
        key=body.key,
        confirmation=body.confirmation,
    )
    try:
        decided = await front.anton.decide(approval_id, decision)
    except Conflict as error:
        raise await _lost(front, approval_id, body, error) from error
    return Decided.model_validate(
        {"as_of_seq": seq, "seq": await front.seq(), **await _facts(front, decided, caller)}
    )


async def _find(front: Front, approval_id: str) -> Approval:
    """By id alone: the nonce, which stores know too, belongs to the buttons of other channels."""
    approval = await front.anton.approval(approval_id)
    if approval.approval_id != approval_id:
        raise Problem(404, "not_found", "There is no such question.")
    return approval


async def _lost(front: Front, approval_id: str, body: Decide, error: Conflict) -> Problem:
    """Tell a late answer the truth about what came before it."""
    approval = await front.anton.approval(approval_id)
    winner = approval.decision
    if winner is not None:
        task = await front.anton.task(approval.task_id)
        return Problem(
            409,
            "already_decided",
            f"Already {approval.state} by {winner.by.person_id} in {winner.by.channel}.",
            state=approval.state,
            by=winner.by.person_id,
            channel=winner.by.channel,
            at=approval.decided_at.isoformat() if approval.decided_at else None,
            pr_url=task.result.get("pr_url"),
        )
    if approval.state is ApprovalState.EXPIRED:
        return Problem(409, "expired", "This question has expired.", state=approval.state)
    seen = body.patch_hash or approval.question.patch_hash
    if approval.state is ApprovalState.VOID or seen != approval.question.patch_hash:
        return await _superseded(front, approval)
    return Problem(409, "conflict", str(error), state=approval.state)


async def _superseded(front: Front, approval: Approval) -> Problem:
    """Point to the newest question of the same kind."""
    same = [
        one
        for one in await front.anton.approvals(task_id=approval.task_id)
        if one.question.kind is approval.question.kind
    ]
    newest = max(same, key=lambda one: one.revision, default=approval)
    return Problem(
        409,
        "superseded",
        approval.void_reason or "The patch has changed since; look at the newest question.",
        state=approval.state,
        revision=newest.revision,
        approval_id=newest.approval_id,
        patch_hash=newest.question.patch_hash,
    )


async def _patch(front: Front, approval: Approval) -> Patch | None:
    """The patch that a question is about."""
    ref = approval.question.patch_ref
    return Patch.model_validate_json(await front.anton.artifacts.get(ref)) if ref else None


async def _facts(front: Front, approval: Approval, caller: Caller) -> dict[str, Any]:
    question, artifacts = approval.question, front.anton.artifacts
    body, patch, forgotten = "", None, False
    try:
        if not question.body and question.body_ref:
            body = (await artifacts.get(question.body_ref)).decode("utf-8", "replace")
        patch = await _patch(front, approval)
    except Expired:
        forgotten = True
    person, seen, pending = caller.person, Deciders(), approval.state is ApprovalState.PENDING
    if pending:
        seen = await front.anton.deciders(approval, person, front.keys.approvers())
    return {
        **approval_facts(approval, may_decide=caller.may(Scope.APPROVE), body=body),
        "diff": patch.diff if patch else None,
        "forgotten": forgotten,
        "deciders": seen.others,
        "barred": (UNSEEN if pending and forgotten else seen.barred) or None,
        "voiced": any(voice.by.same_as(person) for voice in approval.voices),
    }
