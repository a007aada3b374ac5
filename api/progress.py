"""How far a task is, read from the event log: the same during the run and after a restart."""

from collections.abc import Sequence
from functools import cache
from typing import Any

from core.events import Event
from core.ports import EventLog
from graph.repair.workflow import NODES, stages

TIMELINE_MAX = 200
TOLD = ("node", "approval", "status", "end")
FOUND = ("diagnosis", "evidence", "search")


async def progress(log: EventLog, task_id: str) -> dict[str, Any]:
    """The steps, statistics and timeline of a task, and what was found so far.

    The timeline keeps the latest; what was not found yet is left out.
    """
    told: list[Event] = []
    found: dict[str, dict[str, Any]] = {}
    seen = 0
    while batch := await log.after(seen, task_id=task_id):
        seen = batch[-1].seq
        told += [event for event in batch if event.type in TOLD]
        found.update({event.type: event.data for event in batch if event.type in FOUND})
    steps = [event for event in told if event.type == "node"]
    stats = {node: _stats(node, steps) for node in NODES}
    return {
        "pipeline": [_step(node, stats[node]) for node in NODES],
        "agent_timeline": [_line(event) for event in told[-TIMELINE_MAX:]],
        "agent_stats": {node: one for node, one in stats.items() if one["status"] != "pending"},
        **_found(found),
    }


@cache
def _stages() -> dict[str, int]:
    return stages()


def _step(node: str, stats: dict[str, Any]) -> dict[str, Any]:
    state, runs, ms = stats["status"], stats["runs"], stats["ms"]
    return {"node": node, "state": state, "stage": _stages()[node], "runs": runs, "ms": ms}


def _found(events: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Diagnosis, evidence and tests as their events tell them; suspects as weighed last."""
    facts: dict[str, Any] = {}
    if diagnosis := events.get("diagnosis"):
        weighed = (events.get("search") or {}).get("suspects") or []
        suspects = weighed or diagnosis.get("suspects") or []
        facts["diagnosis"] = {**diagnosis, "suspects": suspects, "searched": bool(weighed)}
    if evidence := events.get("evidence"):
        before, after = evidence.get("before"), evidence.get("after")
        shown_by = evidence.get("regression_tests") or [None]
        facts["tests"] = {"before": before, "after": after}
        facts["evidence"] = {
            **evidence,
            "base": before,
            "fixed": after,
            "regression_test": shown_by[0],
        }
    return facts


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
        "status": mine[-1]["state"] if mine else "pending",
        "runs": sum(data["state"] == "started" for data in mine),
        **{name: _sum(ended, name) for name in ("ms", "cost_usd", "tokens", "files")},
    }


def _sum(facts: Sequence[dict[str, Any]], name: str) -> float | None:
    """What was recorded under a name, together; None when nobody recorded it."""
    known = [one[name] for one in facts if isinstance(one.get(name), int | float)]
    return sum(known) if known else None
