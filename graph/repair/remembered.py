"""An earlier task that was alike: a hint where models think, and never part of a decision."""

import logging

from core.errors import StoreError
from core.precedents import Precedent
from core.tasks import TaskRequest
from core.trees import Tree
from graph.deps import Deps
from graph.state import Facts

log = logging.getLogger(__name__)


async def remembered(task_id: str, request: TaskRequest, tree: Tree, deps: Deps) -> Facts:
    """Facts of the precedent; empty where none is alike, or memory is away.

    A change of files of which none is there any more helps nobody, and is left out.
    """
    if deps.precedents is None:
        return {}
    try:
        found = await deps.precedents.alike(f"{request.title}\n{request.text}", request.repository)
    except StoreError as error:
        log.warning("no precedent is looked for: %s", error, extra={"task_id": task_id})
        return {}
    if found is None or found.task_id == task_id or _is_stale(found, tree):
        return {}
    return await deps.keep(found, task_id=found.task_id, outcome=found.outcome)


def _is_stale(found: Precedent, tree: Tree) -> bool:
    return bool(found.paths) and not any(path in tree for path in found.paths)
