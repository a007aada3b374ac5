"""What is remembered of a task that has ended, for later ones that are like it."""

import logging
from collections.abc import Callable

from core.errors import StoreError
from core.findings import Diagnosis
from core.patches import Patch
from core.ports import ArtifactStore, Precedents
from core.precedents import DIFF_MAX, REPORT_MAX, Precedent
from core.tasks import Outcome, Task

log = logging.getLogger(__name__)

TELLING = (Outcome.FIXED, Outcome.FIXED_UNVERIFIED, Outcome.NOT_A_CODE_FAULT)
"""Outcomes that somebody with the same report would want to know of."""
CAUSE_MAX = 1_000


class Remembering:
    """Keeps what a task came to; what cannot be kept is missed by nobody."""

    def __init__(
        self, precedents: Precedents | None, artifacts: ArtifactStore, masked: Callable[[str], str]
    ) -> None:
        """`masked` takes secrets out of a text; without precedents nothing is kept."""
        self._precedents = precedents
        self._artifacts = artifacts
        self._masked = masked

    async def keep(self, task: Task) -> None:
        """Remember a task that has ended; the same again changes nothing."""
        if self._precedents is None or task.outcome not in TELLING:
            return
        try:
            await self._precedents.keep(await self._precedent(task))
        except StoreError as error:
            log.warning("not remembered: %s", error, extra={"task_id": task.task_id})

    async def _precedent(self, task: Task) -> Precedent:
        refs = {one["name"]: one["ref"] for one in task.result.get("artifacts", ())}
        patch = cause = None
        if "patch.json" in refs:
            patch = Patch.model_validate_json(await self._artifacts.get(refs["patch.json"]))
        if "diagnosis.json" in refs:
            found = await self._artifacts.get(refs["diagnosis.json"])
            cause = Diagnosis.model_validate_json(found).root_cause
        return Precedent(
            task_id=task.task_id,
            repository=task.request.repository,
            base_sha=patch.base_sha if patch else "",
            report=self._masked(words_of(task))[:REPORT_MAX],
            cause=self._masked(cause or "")[:CAUSE_MAX],
            diff=self._masked(patch.diff if patch else "")[:DIFF_MAX],
            paths=patch.paths if patch else (),
            outcome=task.outcome or "",
            ended_at=task.ended_at or task.updated_at,
        )


def words_of(task: Task) -> str:
    """The report with its title."""
    return f"{task.request.title}\n{task.request.text}".strip()
