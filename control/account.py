"""The public account of a task: what REST, terminal and documents show of it."""

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, cast

from core.approvals import Approval
from core.evidence import Evidence
from core.ports import ArtifactStore
from core.tasks import Task, Usage
from graph.repair.showing import evidence_facts, run_facts
from graph.repair.state import RepairState
from graph.repair.stops import stopped

Facts = Mapping[str, Any]
TIMELINE_MAX = 200


def summary(node: str, result: Facts) -> str:
    """One line on what a node found, from the facts it wrote."""
    if result.get("outcome"):
        return f"ends as {result['outcome']}: {result.get('reason', '')}"[:300]
    lines: dict[str, Callable[[], str]] = {
        "intake": lambda: f"base {result['base_sha'][:12]} on {result['base_branch']}",
        "triage": lambda: f"{result['triage']['verdict']}, {result['triage']['severity']}",
        "diagnose": lambda: result["diagnosis"]["root_cause"],
        "reproduce": lambda: (
            f"{result['reproduction']['reading']} ({result['reproduction']['origin']})"
        ),
        "fix": lambda: result["attempt"]["explanation"] or "no candidate",
        "qa": lambda: f"{result['evidence']['verdict']} {result['evidence'].get('note', '')}",
        "review": lambda: str(result["review"]["verdict"]),
        "approve": lambda: str(result["decision"].get("choice")),
        "escalate": lambda: str(result["decision"].get("choice")),
        "publish": lambda: result["change"].get("location") or result["change"]["branch"],
    }
    try:
        return lines[node]().strip()[:300] if node in lines else ""
    except KeyError:
        return ""


async def account_of(
    task: Task,
    values: Facts,
    approvals: Sequence[Approval],
    spent: Usage,
    artifacts: ArtifactStore,
) -> tuple[dict[str, Any], Usage]:
    """All that may be told of a task, and its usage: what models took, and seconds by kind."""
    usage = usage_of(task, values, approvals, spent)
    report = await _report(task, values, usage, artifacts)
    patch, evidence = values.get("patch") or {}, values.get("evidence") or {}
    proof = await _proof(evidence, artifacts)
    account = {
        **task.result,
        "component": (values.get("triage") or {}).get("component"),
        "duplicate_of": (values.get("triage") or {}).get("duplicate_of") or None,
        "iteration": values.get("attempts", 0),
        "base_sha": values.get("base_sha"),
        "confidence": report.get("confidence") if report else _confidence(values),
        "size": _size(patch),
        "patch": {"hash": patch.get("hash"), "files": patch.get("files", [])} if patch else None,
        "verdict": evidence.get("verdict"),
        "tests": _tests(proof),
        "evidence": _evidence(proof),
        "diagnosis": _diagnosis(values),
        "tests_passing": evidence.get("verdict") == "fixed" if evidence else None,
        "review": (values.get("review") or {}).get("verdict"),
        "approved": any(a.state == "approved" for a in approvals),
        "branch": (values.get("change") or {}).get("branch"),
        "commit": (values.get("change") or {}).get("commit"),
        "pr_url": (values.get("change") or {}).get("url") or None,
        "notes": values.get("notes", []),
        "artifacts": _artifacts(values),
        "stopped": _stopped(task, values, report),
        "report": report,
    }
    return account, usage


def usage_of(task: Task, values: Facts, approvals: Sequence[Approval], spent: Usage) -> Usage:
    """What models took, and seconds by kind; approvals themselves measure how people waited.

    A question that nobody answered waited until it expired, another one came, or the task ended.
    """
    end = task.ended_at or task.updated_at
    asked = sorted(approvals, key=lambda one: one.created_at)
    nexts = [*(one.created_at for one in asked), end][1:]
    human = sum(
        max(0.0, (_settled_at(one, other, end) - one.created_at).total_seconds())
        for one, other in zip(asked, nexts, strict=True)
    )
    total = (end - task.created_at).total_seconds()
    return spent.but(
        seconds_sandbox=round(float(values.get("seconds_sandbox", 0.0)), 3),
        seconds_human=round(human, 3),
        seconds_total=round(total, 3),
    )


def _settled_at(asked: Approval, next_at: datetime, end: datetime) -> datetime:
    return asked.decided_at or min(asked.expires_at, next_at, end)


async def _report(
    task: Task, values: Facts, usage: Usage, artifacts: ArtifactStore
) -> dict[str, Any] | None:
    """The one object of `fix --json`; None while the task has not ended."""
    ref = (values.get("account") or {}).get("ref")
    if ref is None:
        return None
    recorded: dict[str, Any] = json.loads(await artifacts.get(ref))
    return {
        **recorded,
        **usage.figures,
    }


def _stopped(task: Task, values: Facts, report: Facts | None) -> dict[str, Any] | None:
    """Where it stopped without a fix; made here when the end came from outside of the graph."""
    if report is not None:
        return report.get("stopped")
    state = cast(RepairState, values)
    return stopped(state, task.node, task.outcome) if task.outcome else None


def _confidence(values: Facts) -> float | None:
    for name in ("attempt", "diagnosis"):
        if values.get(name):
            return float(values[name]["confidence"])
    return None


def _size(patch: Facts) -> dict[str, int] | None:
    if not patch:
        return None
    return {
        "files": len(patch["files"]),
        "added": int(patch["added"]),
        "deleted": int(patch["deleted"]),
    }


async def _proof(evidence: Facts, artifacts: ArtifactStore) -> Evidence | None:
    """The whole evidence behind the facts of a state; None where no test was run."""
    ref = evidence.get("ref")
    return Evidence.model_validate_json(await artifacts.get(ref)) if ref else None


def _tests(proof: Evidence | None) -> dict[str, Any]:
    """Results before and after the change, as they were recorded."""
    return {
        "before": run_facts(proof.base) if proof else None,
        "after": run_facts(proof.fixed) if proof else None,
    }


def _evidence(proof: Evidence | None) -> dict[str, Any] | None:
    """The proof, with its runs under the names that the report uses."""
    if proof is None:
        return None
    runs = {"base": run_facts(proof.base), "fixed": run_facts(proof.fixed)}
    return {
        **evidence_facts(proof),
        **runs,
        "regression_test": next(iter(proof.regression_tests), None),
    }


def _diagnosis(values: Facts) -> dict[str, Any] | None:
    """What is thought to be the cause, before the report weighs it."""
    known = values.get("diagnosis")
    if not known:
        return None
    shown = ("root_cause", "category", "confidence", "method")
    return {name: known.get(name) for name in shown}


def _artifacts(values: Facts) -> list[dict[str, str]]:
    """What can be downloaded, by name."""
    patch, partial = values.get("patch") or {}, values.get("partial") or {}
    known = (
        ("patch.json", patch, "ref"),
        ("partial_patch.json", partial if partial.get("ref") != patch.get("ref") else {}, "ref"),
        ("evidence.json", values.get("evidence"), "ref"),
        ("diagnosis.json", values.get("diagnosis"), "ref"),
        ("reproduction.json", values.get("reproduction"), "ref"),
        ("review.json", values.get("review"), "ref"),
        ("report.json", values.get("account"), "ref"),
        ("incident.md", values.get("account"), "document_ref"),
    )
    return [
        {
            "id": facts[field],
            "name": name,
            "ref": facts[field],
            "media_type": "text/markdown" if name.endswith(".md") else "application/json",
        }
        for name, facts, field in known
        if facts and facts.get(field)
    ]
