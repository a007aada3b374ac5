"""The public account of a repair, from recorded facts, with no secret in it."""

from typing import Any

from core.evidence import TestRun
from graph.repair.documents import Facts as DocumentFacts
from graph.repair.documents import confidence_of
from graph.state import Facts
from observability.redaction import Redactor

DIFFS = (("patch",), ("stopped", "partial_patch"))
"""Where an account has a diff."""
SUSPECTS_MAX = 20


def public_account(facts: DocumentFacts, outcome: str) -> Facts:
    """The answer of `fix --json`, but for the seconds and costs that the control plane knows."""
    diagnosis, patch, evidence = facts.diagnosis, facts.patch, facts.evidence
    figures = facts.attempt.figures if facts.attempt else None
    return {
        "task_id": facts.state["task_id"],
        "outcome": outcome,
        "reason": facts.state.get("reason", ""),
        "severity": facts.triage.severity if facts.triage else None,
        "risk": facts.risk,
        "confidence": confidence_of(facts),
        "diagnosis": {
            "root_cause": facts.root_cause if diagnosis or facts.attempt else None,
            "suspects": _suspects(facts),
        },
        "patch": {
            "hash": patch.sha256 if patch else None,
            "files": list(patch.paths) if patch else [],
            "diff": patch.diff if patch else "",
        },
        "evidence": {
            "base": _run(evidence.base if evidence else None),
            "fixed": _run(evidence.fixed if evidence else None),
            "regression_test": _first(evidence.regression_tests if evidence else ()),
            "tree_hash": evidence.tree_hash if evidence else None,
        },
        "approved_by": facts.approver or None,
        "review": {
            "verdict": facts.review.verdict if facts.review else None,
            "issues": [i.model_dump(exclude={"v"}) for i in facts.review.issues]
            if facts.review
            else [],
        },
        "branch": facts.change.branch if facts.change else None,
        "commit": facts.change.commit if facts.change else None,
        "pr_url": (facts.change.url or None) if facts.change else None,
        "stopped": facts.stopped,
        "candidates": {
            "tried": figures.tried if figures else 0,
            "by_models": figures.by_models if figures else 0,
            "plausible": figures.plausible if figures else 0,
        },
    }


def _suspects(facts: DocumentFacts) -> list[Facts]:
    """Each line once, though a model and a measurement suspect it."""
    ranked = (facts.attempt.suspects if facts.attempt else ()) or (
        facts.diagnosis.suspects if facts.diagnosis else ()
    )
    lines: dict[tuple[str, int], Facts] = {}
    for one in ranked:
        told = {"path": one.path, "line": one.line, "function": one.function}
        lines.setdefault((one.path, one.line), {**told, "score": round(one.score, 4)})
    return list(lines.values())[:SUSPECTS_MAX]


def _run(run: TestRun | None) -> Facts | None:
    return {"failed": list(run.failed), "passed": len(run.passed)} if run else None


def _first(tests: tuple[str, ...]) -> str | None:
    return tests[0] if tests else None


def without_secrets(account: Facts, redactor: Redactor) -> Facts:
    """The account as it may be shown; a diff loses what is a secret by value or shape alone.

    In code `token = next_token` is no secret, and has to be seen.
    """
    shown: Facts = redactor.value(account)
    for path in DIFFS:
        given, masked = _at(account, path), _at(shown, path)
        if given and masked and given.get("diff"):
            masked["diff"] = redactor.prompt(given["diff"])
    return shown


def _at(account: Any, path: tuple[str, ...]) -> Any:
    for name in path:
        account = account.get(name) if account else None
    return account
