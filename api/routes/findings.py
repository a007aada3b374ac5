"""What was found in a task, whole: proof, files of the change, what its confidence is worth."""

from collections.abc import Iterator

from fastapi import APIRouter

from api.auth import Scope
from api.finding_views import ChangedFile, ConfidenceView, FilesView, ProofView
from api.front import Front, TheFront, needs
from api.problems import Problem, problem_responses
from control.confidence import track_record
from core.evidence import Evidence
from core.patches import Patch, file_sizes
from core.ports import TaskFilter
from core.revisions import sections
from core.tasks import Task

router = APIRouter(tags=["findings"])

TEXT_MAX_BYTES = 200_000
"""Of all files in one answer; the whole patch is an artifact."""
PAGE = 200
PROBLEMS = problem_responses(400, 401, 404, 409, 410, 422, 429, 503)


@router.get("/tasks/{ref}/evidence", dependencies=[needs(Scope.READ)], responses=PROBLEMS)
async def evidence(ref: str, front: TheFront) -> ProofView:
    """The proof of the latest patch: both test runs with their cases and what they printed."""
    seq = await front.seq()
    task = await front.task(ref)
    data = await _artifact(front, task, "evidence.json")
    if data is None:
        raise Problem(404, "not_found", "No tests were run for this task yet.")
    proof = Evidence.model_validate_json(data)
    return ProofView(as_of_seq=seq, task_id=task.task_id, proof=proof)


@router.get("/tasks/{ref}/files", dependencies=[needs(Scope.READ)], responses=PROBLEMS)
async def files(ref: str, front: TheFront) -> FilesView:
    """The files that the latest patch touches, as they are with it."""
    seq = await front.seq()
    task = await front.task(ref)
    data, partial = await _artifact(front, task, "patch.json"), False
    if data is None:
        data, partial = await _artifact(front, task, "partial_patch.json"), True
    if data is None:
        raise Problem(404, "not_found", "This task has no patch.")
    patch = Patch.model_validate_json(data)
    return FilesView(
        as_of_seq=seq,
        task_id=task.task_id,
        base_sha=patch.base_sha,
        tree_hash=patch.tree_hash,
        partial=partial,
        files=list(_changed(patch)),
    )


@router.get("/tasks/{ref}/confidence", dependencies=[needs(Scope.READ)], responses=PROBLEMS)
async def confidence(ref: str, front: TheFront) -> ConfidenceView:
    """What became of the latest fixes that were rated as that of this task."""
    seq = await front.seq()
    task = await front.task(ref)
    rated = task.result.get("confidence")
    record = await track_record(
        rated or 0.0, lambda cursor: front.anton.tasks(TaskFilter(), cursor, PAGE)
    )
    return ConfidenceView(
        as_of_seq=seq,
        task_id=task.task_id,
        confidence=rated,
        at_least=record.at_least,
        below=record.below,
        fixes=record.fixes,
        accepted=record.accepted,
        enough=record.enough,
    )


async def _artifact(front: Front, task: Task, name: str) -> bytes | None:
    entries = task.result.get("artifacts") or []
    found = next((one for one in entries if one["name"] == name), None)
    return await front.anton.artifacts.get(found["ref"]) if found else None


def _changed(patch: Patch) -> Iterator[ChangedFile]:
    sizes, parts = file_sizes(patch.diff), sections(patch.diff)
    left = TEXT_MAX_BYTES
    for change in patch.changes:
        file = change.file()
        added, deleted = sizes.get(change.path, (0, 0))
        fresh = "\nnew file mode" in parts.get(change.path, "").partition("\n@@")[0]
        text = _text(file.data) if file and len(file.data) <= left else None
        left -= len(file.data) if file and text is not None else 0
        yield ChangedFile(
            path=change.path,
            change="deleted" if file is None else "added" if fresh else "modified",
            mode=change.mode,
            added=added,
            deleted=deleted,
            bytes=None if file is None else len(file.data),
            text=text,
        )


def _text(data: bytes) -> str | None:
    try:
        return None if b"\0" in data else data.decode()
    except UnicodeDecodeError:
        return None
