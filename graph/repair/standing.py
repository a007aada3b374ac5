"""What stands on the host of a change, told to everybody; also after nobody noted its end."""

from collections.abc import Mapping
from typing import Any

from core.effects import Change, ChangeRequest
from core.errors import EffectUnknown, Forbidden, RepositoryInvalid
from graph.deps import Deps
from graph.repair.state import RepairState
from graph.state import Facts


async def told(deps: Deps, task_id: str, change: Change) -> Facts:
    """The change for the state, once everybody has heard of it."""
    await deps.tell(
        "pull_request",
        task_id,
        url=change.url,
        number=change.number,
        branch=change.branch,
        commit=change.commit,
    )
    return change.dump()


async def left_behind(deps: Deps, request: ChangeRequest) -> Facts:
    """What a refused effect left: a branch may stand for which no pull request is allowed."""
    try:
        found = await deps.host.find(request)
    except (Forbidden, RepositoryInvalid):
        return {}
    return {"change": await told(deps, request.task_id, found)} if found else {}


async def standing(state: RepairState, deps: Deps) -> tuple[Facts, str]:
    """What was published, known or looked up; and what there is to say when nobody can tell."""
    if known := state.get("change"):
        return known, ""

    async def look(payload: Mapping[str, Any]) -> Facts | None:
        found = await deps.host.find(ChangeRequest.load(payload))
        return found.dump() if found else None

    task_id = state["task_id"]
    try:
        found = await deps.effects.settled(task_id=task_id, step="publish", look=look)
    except EffectUnknown as error:
        return {}, f"Whether a change was published is not known: {error}"
    return (await told(deps, task_id, Change.load(found)) if found else {}), ""
