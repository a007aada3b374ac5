"""What was found, by its figures and with its code, as log and account of a task tell it."""

from collections.abc import Iterable

from core.evidence import Evidence, TestRun
from core.findings import Citation, Diagnosis
from core.trees import Tree
from graph.state import Facts

CLAIMS_TOLD = 10
SUSPECTS_TOLD = 5
TESTS_TOLD = 10
AROUND = 3
"""Lines of code before and after a claim."""
LINE_CHARS = 160
CODE_CHARS = 5_000
"""Of the code around all claims together, so that the event stays small."""
NEAR = 2
"""Lines by which the place of a quote may be off."""


def run_facts(run: TestRun | None) -> Facts | None:
    """A run by its figures."""
    if run is None:
        return None
    return {
        "tree_hash": run.tree_hash,
        "exit_code": run.exit_code,
        "known_by": run.proof,
        "verdict": run.end,
        "passed": len(run.passed),
        "failed": list(run.failed[:TESTS_TOLD]),
        "failures": len(run.failed),
        "ms": round(run.seconds * 1000),
    }


def evidence_facts(evidence: Evidence) -> Facts:
    """A proof without its runs."""
    return {
        "verdict": evidence.verdict,
        "tree_hash": evidence.tree_hash,
        "regression_tests": list(evidence.regression_tests[:TESTS_TOLD]),
        "contested": [test.test_id for test in evidence.contested[:TESTS_TOLD]],
        "scope": list(evidence.scope[:TESTS_TOLD]),
        "note": evidence.note,
    }


def diagnosis_facts(answer: Diagnosis, base_sha: str, base: Tree) -> Facts:
    """A diagnosis, each claim with the code around it as it is at the base."""
    return {
        "root_cause": answer.root_cause,
        "category": answer.category,
        "confidence": answer.confidence,
        "method": answer.method,
        "suspects": [s.model_dump(exclude={"v"}) for s in answer.suspects[:SUSPECTS_TOLD]],
        "claims": list(_claims(answer.evidence[:CLAIMS_TOLD], base_sha, base)),
    }


def _claims(cited: Iterable[Citation], base_sha: str, base: Tree) -> Iterable[Facts]:
    left = CODE_CHARS
    for one in cited:
        lines = base.text(one.path).splitlines() if one.path in base else []
        first = max(1, one.line - AROUND)
        code = [line[:LINE_CHARS] for line in lines[first - 1 : one.line + AROUND]]
        left -= sum(map(len, code))
        yield {
            "path": one.path,
            "line": one.line,
            "quote": one.quote,
            "base_sha": base_sha,
            "verified": _stands(one, lines),
            **({"code": code, "code_from": first} if code and left > 0 else {}),
        }


def _stands(claim: Citation, lines: list[str]) -> bool:
    """Whether the first line of a quote stands at its place, or next to it."""
    quoted = next((line.strip() for line in claim.quote.splitlines() if line.strip()), "")
    near = lines[max(0, claim.line - 1 - NEAR) : claim.line + NEAR]
    return bool(quoted) and any(quoted in line for line in near)
