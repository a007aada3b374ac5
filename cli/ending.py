"""What a task came to: for people, and as the one object of `--json`."""

import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cli.screen import Screen
from core.errors import ConfigError
from core.tasks import Task, TaskStatus
from core.visible import visible

_BLANK: Mapping[str, Any] = {
    "task_id": "",
    "outcome": None,
    "severity": None,
    "risk": None,
    "confidence": None,
    "diagnosis": {"root_cause": None, "suspects": []},
    "patch": {"hash": None, "files": [], "diff": ""},
    "evidence": {"base": None, "fixed": None, "regression_test": None, "tree_hash": None},
    "approved_by": None,
    "review": {"verdict": None, "issues": []},
    "branch": None,
    "commit": None,
    "candidates": {"tried": 0, "by_models": 0, "plausible": 0},
    "stopped": None,
}


def report_of(task: Task) -> dict[str, Any]:
    """The account of a task with every field present, whatever was recorded so far."""
    return {
        **_BLANK,
        **task.usage.figures,
        "task_id": task.task_id,
        "severity": task.severity,
        "risk": task.risk or None,
        "stopped": task.result.get("stopped"),
        **(task.result.get("report") or {}),
        "outcome": task.outcome,
    }


def conclude(screen: Screen, task: Task) -> None:
    """Outcome, reason, branch, and how to look at it."""
    report = report_of(task)
    screen.say()
    for name, value in _facts(task, report):
        if value:
            screen.say(f"{name:<12}{value}", "bold" if name == "outcome" else "")
    for line in _next_steps(task, report):
        screen.say(line)


def write_patch(path: Path, task: Task) -> bool:
    """Write the diff where the task has one; whether it had. Raises ConfigError."""
    diff = report_of(task)["patch"]["diff"]
    if diff:
        try:
            path.write_bytes(diff.encode("utf-8", "surrogateescape"))
        except OSError as error:
            raise ConfigError(
                f"The diff cannot be written to {path}: {error.strerror}.",
                remedy="It is kept as an artifact of the task.",
            ) from error
    return bool(diff)


def writable(path: str | None) -> Path | None:
    """The file to write a diff to, refused early when that cannot work."""
    if path is None:
        return None
    file = Path(path).expanduser().absolute()
    if not file.parent.is_dir() or file.is_dir():
        raise ConfigError(
            f"--patch-out {path} cannot be written.", remedy="Name a file in an existing folder."
        )
    return file


def _facts(task: Task, report: Mapping[str, Any]) -> list[tuple[str, str]]:
    seconds, candidates = report["seconds"], report["candidates"]
    stop = report["stopped"] or {}
    partial = stop.get("partial_patch") or {}
    return [
        ("task", task.task_id),
        ("outcome", str(task.outcome or task.status)),
        ("reason", task.reason),
        ("branch", report["branch"] or ""),
        ("commit", report["commit"] or ""),
        ("pull request", report.get("pr_url") or ""),
        ("patch hash", report["patch"]["hash"] or ""),
        ("search", _tried(candidates) if candidates["tried"] else ""),
        ("stopped at", stop.get("at") or ""),
        ("hypothesis", stop.get("hypothesis") or ""),
        ("best patch", f"{partial['hash'][:12]}: {partial['words']}" if partial else ""),
        ("next step", stop.get("next_step") or ""),
        (
            "time",
            f"{seconds['total']:.1f} s, of which sandbox {seconds['sandbox']:.1f} s, "
            f"people {seconds['human']:.1f} s",
        ),
        ("cost", task.usage.cost),
    ]


def _tried(candidates: Mapping[str, Any]) -> str:
    models = candidates.get("by_models", 0)  # not recorded of older tasks
    by = f", {models} of them made by models" if models else ""
    return f"{candidates['tried']} candidates tried{by}, {candidates['plausible']} plausible"


def _next_steps(task: Task, report: Mapping[str, Any]) -> list[str]:
    if task.status is TaskStatus.WAITING:
        return ["", "It waits for a person:", f"  python main.py approve {task.task8}"]
    branch = report["branch"]
    if not branch or "://" in task.request.repository:
        return []
    base = task.result.get("base_sha", "")[:12] or "HEAD"
    return ["", "Look at it:", f"  git -C {quoted(task.request.repository)} diff {base}..{branch}"]


def quoted(path: str) -> str:
    """A path as a shell takes it, harmless to print."""
    return shlex.quote(visible(path))
