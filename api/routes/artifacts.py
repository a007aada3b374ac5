"""What a task left behind, as downloads: never shown, never run, never a path from the client."""

import asyncio
import io
import json
import logging
import re
import zipfile
from collections.abc import Callable, Sequence
from typing import Any

from fastapi import APIRouter
from fastapi.responses import Response

from api.auth import Scope
from api.front import Front, TheFront, needs
from api.problems import Problem, problem_responses
from api.views import ArtifactList, KeptArtifact, public_artifact
from core.errors import Expired
from core.plain import each_text
from core.tasks import Task

router = APIRouter(tags=["artifacts"])
log = logging.getLogger(__name__)

ZIP_MAX_BYTES = 50_000_000
EPOCH = (1980, 1, 1, 0, 0, 0)
SAFE = {"Content-Security-Policy": "sandbox; default-src 'none'"}
BYTES: dict[int | str, dict[str, Any]] = {
    200: {"description": "The file", "content": {"application/octet-stream": {}}},
    **problem_responses(400, 401, 404, 409, 410, 413, 422, 429, 503),
}


@router.get(
    "/tasks/{ref}/artifacts",
    dependencies=[needs(Scope.READ)],
    responses=problem_responses(400, 401, 404, 409, 422, 429, 503),
)
async def list_artifacts(ref: str, front: TheFront) -> ArtifactList:
    """What can be downloaded of a task."""
    seq = await front.seq()
    task = await front.task(ref)
    return ArtifactList(
        as_of_seq=seq,
        task_id=task.task_id,
        artifacts=[
            KeptArtifact(
                **public_artifact(entry), kept=await front.anton.artifacts.has(entry["ref"])
            )
            for entry in _entries(task)
        ],
    )


@router.get(
    "/tasks/{ref}/artifacts.zip",
    dependencies=[needs(Scope.READ)],
    response_class=Response,
    responses=BYTES,
)
async def all_artifacts(ref: str, front: TheFront) -> Response:
    """All of it that is kept, in one archive."""
    task = await front.task(ref)
    files: list[tuple[str, bytes]] = []
    size = 0
    entries = _entries(task)
    kept = [one for one in entries if await front.anton.artifacts.has(one["ref"])]
    if entries and not kept:
        raise Expired()
    for entry in kept:
        data = await _data(front, entry)
        size += len(data)
        if size > ZIP_MAX_BYTES:
            raise Problem(413, "too_large", "Too much for one archive; take the files singly.")
        files.append((_safe_name(entry), data))
    archive = await asyncio.to_thread(_zip, files)
    return _download(archive, f"task-{task.task8}.zip")


@router.get(
    "/tasks/{ref}/artifacts/{artifact_id}",
    dependencies=[needs(Scope.READ)],
    response_class=Response,
    responses=BYTES,
)
async def download(ref: str, artifact_id: str, front: TheFront) -> Response:
    """One file."""
    task = await front.task(ref)
    entry = next((one for one in _entries(task) if one["id"] == artifact_id), None)
    if entry is None:
        raise Problem(404, "not_found", "This task has no such artifact.")
    return _download(await _data(front, entry), _safe_name(entry))


async def _data(front: Front, entry: dict[str, Any]) -> bytes:
    """The file without secrets, also those that were not known when it was kept."""
    kept = await front.anton.artifacts.get(entry["ref"])
    redacted = front.anton.observatory.redacted
    try:
        return await asyncio.to_thread(_clean, kept, redacted)
    except Exception as error:  # whatever it is, what may hold a secret stays out
        log.error("an artifact is withheld: %s", type(error).__name__)
        raise Problem(503, "withheld", "This file cannot be cleared of secrets.") from error


def _clean(data: bytes, redacted: Callable[[str], str]) -> bytes:
    """A file of any kind without secrets; in JSON also those that are escaped there."""
    text = data.decode("utf-8", "surrogateescape")
    try:
        document = json.loads(text)
    except ValueError:
        document = None
    if isinstance(document, dict | list) and (clean := each_text(document, redacted)) != document:
        text = json.dumps(clean, ensure_ascii=False)
    return redacted(text).encode("utf-8", "surrogateescape")


def _entries(task: Task) -> list[dict[str, Any]]:
    return list(task.result.get("artifacts") or [])


def _safe_name(entry: dict[str, Any]) -> str:
    return re.sub(r"[^A-Za-z0-9._-]+", "_", str(entry["name"])).lstrip(".") or "artifact"


def _zip(files: Sequence[tuple[str, bytes]]) -> bytes:
    """An archive that is the same for the same files; names that meet get a number."""
    buffer, used = io.BytesIO(), set[str]()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files:
            free, number = name, 2
            while free in used:
                free, number = f"{number}-{name}", number + 1
            used.add(free)
            archive.writestr(zipfile.ZipInfo(free, EPOCH), data, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def _download(data: bytes, name: str) -> Response:
    return Response(
        data,
        media_type="application/octet-stream",
        headers={"Content-Disposition": f'attachment; filename="{name}"', **SAFE},
    )
