"""Tasks: begin, look, answer, stop."""

from typing import Annotated

from fastapi import APIRouter, Header, Query, Response

from api.auth import Caller, Scope
from api.front import Front, TheCaller, TheFront, needs
from api.problems import Problem, problem_responses
from api.progress import progress
from api.schemas import ApproveTask, CorrectTask, CreateTask, ReplyTask
from api.views import (
    Approving,
    Cancelled,
    CorrectionView,
    Replied,
    TaskList,
    TaskStarted,
    TaskView,
    demo_facts,
    task_facts,
)
from core.approvals import Approval, ApprovalState, Decision, QuestionKind, Risk
from core.errors import Conflict
from core.incidents import Incident, Severity
from core.ports import TaskFilter
from core.reports import Reported
from core.tasks import Outcome, Task, TaskRequest, TaskStatus

router = APIRouter(tags=["tasks"])

MODEL_REQUIRED = (
    "A build needs a model. Three ways to get one: the key of a vendor, such as ANTHROPIC_API_KEY; "
    "a local model by OLLAMA_BASE_URL; or any OpenAI-compatible server by OPENAI_API_BASE. "
    "To repair instead, name a repository in `repo`."
)


@router.post(
    "/tasks",
    status_code=201,
    dependencies=[needs(Scope.OPERATE)],
    responses={
        200: {"model": TaskStarted, "description": "The report joined a task that was there."},
        **problem_responses(400, 401, 403, 404, 408, 409, 413, 415, 422, 429, 503),
    },
)
async def create_task(
    body: CreateTask,
    front: TheFront,
    caller: TheCaller,
    response: Response,
    idempotency_key: Annotated[str, Header(max_length=200)] = "",
) -> TaskStarted:
    """Begin a task; with an `Idempotency-Key` seen in the last 24 h, find the earlier one."""
    seq = await front.seq()
    about = await front.anton.incidents.one(body.incident) if body.incident else None
    reported = await front.anton.report(
        _request(body, front, caller, about),
        joins=body.join,
        fingerprint=about.fingerprint if about else "",
        idempotency_key=f"{caller.name}:{idempotency_key}" if idempotency_key else "",
        queue=body.queue,
    )
    task = reported.task
    if task is None:
        raise _silenced(reported)
    if reported.how == "joined":
        response.status_code = 200
    response.headers["Location"] = f"/tasks/{task.task_id}"
    return TaskStarted(
        as_of_seq=seq,
        task_id=task.task_id,
        status=task.status,
        incident_id=task.incident_id or None,
        joined=reported.how == "joined",
    )


def _silenced(reported: Reported) -> Problem:
    """Tell that a report was counted and begins nothing, and what begins something."""
    incident = reported.incident
    dismissal = incident.dismissal if incident else None
    until = dismissal.until if dismissal else None
    return Problem(
        409,
        "dismissed",
        f"This fault is dismissed{f' until {until.isoformat()}' if until else ''}: the report was "
        "counted. Reopen the incident, or send `join: false` for a task of its own.",
        incident_id=incident.incident_id if incident else None,
        reason=dismissal.reason if dismissal else None,
    )


def _request(body: CreateTask, front: Front, caller: Caller, about: Incident | None) -> TaskRequest:
    named = body.repo or body.ticket or body.incident
    workflow = body.workflow or ("repair" if named else "build")
    if workflow == "build":
        raise Problem(422, "model_required", MODEL_REQUIRED)
    if len(body.task_description) > front.rules.description_max:
        raise Problem(
            422,
            "too_long",
            f"A report has at most {front.rules.description_max} characters; "
            "see MAX_TASK_DESCRIPTION_LENGTH.",
        )
    return TaskRequest(
        repository=about.repository
        if about and not body.repo
        else front.repositories.resolve(body.repo or "", anywhere=caller.may(Scope.ADMIN)),
        text=body.task_description,
        ticket=body.ticket or "",
        base=body.base or "",
        revision=body.revision or "",
        tests=body.tests,
        reproduction=body.repro or "",
        max_iterations=body.max_iterations or front.rules.iterations,
        use_sandbox=body.use_sandbox,
        output_directory=body.output_directory or "",
        budget_usd=body.budget_usd,
        seed=body.seed,
        requested_by=f"rest:{caller.name}",
        source="rest",
    )


@router.get(
    "/tasks",
    dependencies=[needs(Scope.READ)],
    responses=problem_responses(400, 401, 404, 422, 429, 503),
)
async def list_tasks(
    front: TheFront,
    status: TaskStatus | None = None,
    outcome: Outcome | None = None,
    workflow: Annotated[str, Query(max_length=20)] = "",
    repo: Annotated[str, Query(max_length=1_000)] = "",
    source: Annotated[str, Query(max_length=100)] = "",
    cursor: Annotated[str, Query(max_length=200)] = "",
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> TaskList:
    """Tasks, newest first."""
    seq = await front.seq()
    only = TaskFilter(
        status=status, outcome=outcome or "", workflow=workflow, repository=repo, source=source
    )
    page = await front.anton.tasks(only, cursor, limit)
    urls = await front.anton.demos.urls()
    return TaskList.model_validate(
        {
            "as_of_seq": seq,
            "tasks": [
                {**task_facts(task), "demo_url": urls.get(task.task_id)} for task in page.tasks
            ],
            "next_cursor": page.cursor or None,
        }
    )


@router.get(
    "/tasks/{ref}",
    dependencies=[needs(Scope.READ)],
    responses=problem_responses(400, 401, 404, 409, 422, 429, 503),
)
async def show_task(ref: str, front: TheFront, caller: TheCaller) -> TaskView:
    """One task with its progress, by id, by its first eight digits, or `latest`."""
    seq = await front.seq()
    task = await front.task(ref)
    prompt = None
    if task.status is TaskStatus.WAITING:
        waiting = await front.anton.approvals(task_id=task.task_id, state=ApprovalState.PENDING)
        prompt = "\n".join(approval.question.title for approval in waiting) or None
    steps = await progress(front.anton.events, task.task_id)
    demo = await front.anton.demos.of(task.task_id)
    may = caller.may(Scope.APPROVE) or caller.may(Scope.OPERATE)
    facts = demo_facts(demo, may_start=may) if demo and demo.state != "absent" else None
    budget = await front.anton.observatory.records.budgets.standing(task.task_id)
    shown = {
        "demo": facts,
        "demo_url": (demo and demo.url) or None,
        "limit_usd": budget.limit_usd or None,
    }
    return TaskView.model_validate({"as_of_seq": seq, **task_facts(task, prompt), **steps, **shown})


@router.post(
    "/tasks/{ref}/reply",
    dependencies=[needs(Scope.APPROVE)],
    responses=problem_responses(400, 401, 403, 404, 408, 409, 413, 415, 422, 429, 503),
)
async def reply(ref: str, body: ReplyTask, front: TheFront, caller: TheCaller) -> Replied:
    """Answer in plain words what a task waits for; what was understood comes back."""
    seq = await front.seq()
    task = await front.task(ref)
    understood, approval = await front.anton.reply(
        task.task_id, body.text, caller.person, body.approval_id or ""
    )
    return Replied(
        as_of_seq=seq,
        understood=understood,
        approval_id=approval.approval_id,
        state=approval.state,
    )


@router.post(
    "/tasks/{ref}/correction",
    dependencies=[needs(Scope.OPERATE)],
    responses=problem_responses(400, 401, 403, 404, 408, 409, 413, 415, 422, 429, 503),
)
async def correct(
    ref: str, body: CorrectTask, front: TheFront, caller: TheCaller
) -> CorrectionView:
    """Say that triage misjudged a report: not noise, or another severity; it becomes a case."""
    seq = await front.seq()
    task = await front.task(ref)
    case = await front.anton.observatory.golden.correct(
        task,
        caller.person,
        verdict=body.verdict,
        severity=Severity(body.severity) if body.severity else None,
        words=body.text,
    )
    return CorrectionView(
        as_of_seq=seq, task_id=task.task_id, said=case.said, expected=case.expected
    )


@router.post(
    "/tasks/{ref}/approve",
    dependencies=[needs(Scope.APPROVE)],
    responses=problem_responses(400, 401, 403, 404, 408, 409, 413, 415, 422, 429, 503),
)
async def approve(
    ref: str, front: TheFront, caller: TheCaller, body: ApproveTask | None = None
) -> Approving:
    """Consent to the one release that waits; with `latest`, to the one that waits anywhere."""
    seq = await front.seq()
    task = await front.task(ref)
    known = await front.anton.approvals(task_id="" if ref.lower() == "latest" else task.task_id)
    releases = [one for one in known if one.question.kind is QuestionKind.RELEASE]
    waiting = [one for one in releases if one.state is ApprovalState.PENDING]
    if len(waiting) > 1:
        raise Problem(
            409,
            "several_wait",
            "Several releases wait: name the task.",
            task_ids=[one.task_id for one in waiting],
        )
    if not waiting:
        return await _approved_before(front, task, releases, seq)
    named = body.patch_hash if body else None
    if named is None and waiting[0].question.risk is Risk.CRITICAL:
        words = "This is of critical risk: name the hash of the diff that was seen."
        raise Problem(422, "patch_hash_missing", words)
    seen = named or waiting[0].question.patch_hash
    typed = body.confirmation if body else ""
    decision = Decision(choice="approve", patch_hash=seen, by=caller.person, confirmation=typed)
    try:
        decided = await front.anton.decide(waiting[0].approval_id, decision)
    except Conflict as error:
        lost = await front.anton.approval(waiting[0].approval_id)
        if lost.state is ApprovalState.APPROVED and lost.question.patch_hash == seen:
            return _approving("already_approved", lost, await front.task(lost.task_id), seq)
        raise Problem(409, "not_approved", str(error), state=lost.state) from error
    status = "voice_counted" if decided.state is ApprovalState.PENDING else "approving"
    return _approving(status, decided, await front.task(decided.task_id), seq)


async def _approved_before(
    front: Front, task: Task, releases: list[Approval], seq: int
) -> Approving:
    decided = [one for one in releases if one.task_id == task.task_id and one.decided_at]
    last = max(decided, key=lambda one: one.decided_at or one.created_at, default=None)
    if last is None or last.state is not ApprovalState.APPROVED:
        raise Problem(
            409, "nothing_waits", "No release waits for consent.", task_status=task.status
        )
    return _approving("already_approved", last, await front.task(task.task_id), seq)


def _approving(status: str, approval: Approval, task: Task, seq: int) -> Approving:
    return Approving.model_validate(
        {
            "as_of_seq": seq,
            "status": status,
            "task_id": task.task_id,
            "approval_id": approval.approval_id,
            "patch_hash": approval.question.patch_hash,
            "pr_url": task.result.get("pr_url"),
            "branch": task.result.get("branch"),
        }
    )


@router.delete(
    "/tasks/{ref}",
    dependencies=[needs(Scope.OPERATE)],
    responses=problem_responses(400, 401, 403, 404, 409, 422, 429, 503),
)
async def cancel(ref: str, front: TheFront, caller: TheCaller) -> Cancelled:
    """Stop a task: its sandbox closes and its questions are void; its branch stays."""
    seq = await front.seq()
    task = await front.task(ref)
    stopped = await front.anton.cancel(task.task_id, caller.person)
    return Cancelled(
        as_of_seq=seq,
        task_id=stopped.task_id,
        status=stopped.status,
        cancel_requested=stopped.cancel_requested,
    )
