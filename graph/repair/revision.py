"""What the host's CI says of the revision in which a fault was seen."""

import asyncio

from core.errors import IntegrationError
from core.ports import Snapshot
from core.tasks import TaskRequest
from graph.deps import Deps
from graph.state import Facts
from repair.ci_logs import failures

CHARACTERS = 6_000


async def ci_of(deps: Deps, request: TaskRequest, snapshot: Snapshot) -> Facts:
    """Status, address and failing tests; a host that does not tell costs nothing but them."""
    commit = request.revision or snapshot.sha
    try:
        run = await deps.host.ci(commit, snapshot.default_branch)
    except IntegrationError as error:
        return {"status": "", "url": "", "note": f"no CI logs: {error.message}", "failures": ""}
    found = await asyncio.to_thread(failures, run.logs)
    words = "\n".join(f"{one.test}\n{one.message}".rstrip() for one in found)
    seen = "" if run.commit in ("", commit) else f" on {run.commit[:12]}"
    return {
        "status": f"{run.status}{seen}" if run.status else "",
        "url": run.url,
        "note": run.note or ("" if found or not run.logs else "its logs name no failing test"),
        "failures": words[:CHARACTERS],
    }
