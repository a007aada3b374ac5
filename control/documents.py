"""Writes what remains of an ended task into folders that people look into."""

import json
import logging
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from core.errors import AntonError
from core.ports import ArtifactStore
from core.tasks import Task
from memory.output import OutputFolder

REPORTS = "reports"
log = logging.getLogger(__name__)


class Documents:
    """Delivers the incident report, and all of it where a request named a directory."""

    def __init__(self, data: Path, output: Path, artifacts: ArtifactStore) -> None:
        """Keep reports in `reports` below `data`; what requests name lies below `output`."""
        self._data = OutputFolder(data)
        self._output = OutputFolder(output)
        self._artifacts = artifacts

    async def deliver(self, task: Task, values: Mapping[str, Any]) -> str:
        """Write the documents of a task; the folder asked for, empty when there is none.

        A folder that is refused or full loses nothing: the artifacts stay, the task goes on.
        """
        account = values.get("account") or {}
        if not account.get("document_ref"):
            return ""
        try:
            report = await self._artifacts.get(account["document_ref"])
            name = f"incident_{_name(task.key)}_{task.task8}.md"
            await self._data.write(REPORTS, {name: report})
            if not task.request.output_directory:
                return ""
            files = {name: report, "report.json": await self._artifacts.get(account["ref"])}
            written = json.loads(files["report.json"])
            partial = (written.get("stopped") or {}).get("partial_patch") or {}
            for file, diff in (
                ("patch.diff", written["patch"]["diff"]),
                ("partial.diff", partial.get("diff")),
            ):
                if diff:
                    files[file] = diff.encode("utf-8", "surrogatepass")
            folder = await self._output.write(
                task.task_id, files, directory=task.request.output_directory
            )
        except (AntonError, OSError) as error:
            log.warning("documents not written: %s", error, extra={"task_id": task.task_id})
            return ""
        return str(folder)


def _name(key: str) -> str:
    return re.sub(r"[^A-Za-z0-9_-]+", "-", key).strip("-")[:60] or "task"
