"""How far a task is, read from the event log: the same during the run and after a restart."""

from collections.abc import Sequence
from typing import Any

from core.events import Event
from core.ports import EventLog
from graph.repair.workflow import NODES

TIMELINE_MAX = 200
TOLD = ("node", "approval", "status", "end")


async def progress(log: EventLog, task_id: str) -> dict[str, Any]:
    """`pipeline`, `agent_timeline` and `agent_stats` of a task; the timeline keeps the latest."""
    told: list[Event] = []
    seen = 0
    while batch := await log.after(seen, task_id=task_id):
        seen = batch[-1].seq
        told += [event for event in batch if event.type in TOLD]
    steps = [event for event in told if event.type == "node"]
    states = {event.data["node"]: event.data["state"] for event in steps}
    return {
        "pipeline": [{"node": node, "state": states.get(node, "pending")} for node in NODES],
        "agent_timeline": [_line(event) for event in told[-TIMELINE_MAX:]],
        "agent_stats": {node: _stats(node, steps) for node in NODES if node in states},
    }


def _line(event: Event) -> dict[str, Any]:
    data = event.data
    happened = data.get("state") or data.get("status") or data.get("outcome") or event.type
    words = data.get("summary") or data.get("reason") or data.get("question") or ""
    return {
        "seq": event.seq,
        "ts": event.ts,
        "agent": data.get("node") or event.role or None,
        "event": happened if event.type in ("node", "status") else f"{event.type}: {happened}",
        "summary": words if isinstance(words, str) else "",
    }


def _stats(node: str, steps: Sequence[Event]) -> dict[str, Any]:
    mine = [event.data for event in steps if event.data["node"] == node]
    ended = [data for data in mine if data["state"] != "started"]
    return {
        "status": mine[-1]["state"],
        "runs": sum(data["state"] == "started" for data in mine),
        **{name: _sum(ended, name) for name in ("ms", "cost_usd", "tokens", "files")},
    }


def _sum(facts: Sequence[dict[str, Any]], name: str) -> float | None:
    """What was recorded under a name, together; None when nobody recorded it."""
    known = [one[name] for one in facts if isinstance(one.get(name), int | float)]
    return sum(known) if known else None
