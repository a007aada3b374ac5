"""What is sent to GitHub to make a change."""

import base64
from datetime import UTC
from typing import Any

from core.effects import ChangeRequest
from core.patches import FileChange
from core.trees import REGULAR, SUBMODULE
from integrations.changes import AUTHOR_EMAIL, AUTHOR_NAME, Draft

BODY_MAX_CHARS = 60_000


def ref(branch: str) -> dict[str, str]:
    return {"ref": f"refs/heads/{branch}"}


def blobs(made: tuple[Draft, ...]) -> dict[str, bytes]:
    files = [change.file() for draft in made for change in draft.changes]
    return {file.id: file.data for file in files if file and file.mode != SUBMODULE}


def blob(data: bytes) -> dict[str, str]:
    return {"content": base64.b64encode(data).decode(), "encoding": "base64"}


def entry(change: FileChange) -> dict[str, Any]:
    file = change.file()
    kind = "commit" if file and file.mode == SUBMODULE else "blob"
    mode = file.mode if file else REGULAR
    return {"path": change.path, "mode": mode, "type": kind, "sha": file.id if file else None}


def commit_body(request: ChangeRequest, draft: Draft, parent: str) -> dict[str, Any]:
    date = request.authored_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    who = {"name": AUTHOR_NAME, "email": AUTHOR_EMAIL, "date": date}
    return {
        "message": draft.message,
        "tree": draft.tree,
        "parents": [parent],
        "author": who,
        "committer": who,
    }


def description(request: ChangeRequest, behind: int) -> str:
    text = request.body
    if len(text) > BODY_MAX_CHARS:
        text = text[:BODY_MAX_CHARS] + "\n\n… the rest was too long for a pull request."
    if behind:
        text += (
            f"\n\n> `{request.base_branch}` is ahead of the base on which this was approved, by "
            f"{behind} commit{'s' if behind > 1 else ''}; its files are as they were."
        )
    return text
