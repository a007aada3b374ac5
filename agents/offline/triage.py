"""Triage by rules: words of the report, named severities, tracebacks; never a guess at intent."""

import re

from core.findings import Triage
from core.incidents import Severity
from core.ports import Case
from repair.traces import frames_of, located

_SEVERITY_WORDS = (
    (Severity.P0, r"\b(outage|data loss|is down|site down|unreachable for everyone)\b"),
    (Severity.P1, r"\b(critical|urgent|blocker|all users|every user|production is)\b"),
    (Severity.P4, r"\b(typo|cosmetic|wording|misspell\w*|alignment)\b"),
    (Severity.P3, r"\b(minor|rarely|sometimes|edge case|low priority)\b"),
)
_SHOULD = re.compile(r"[^.\n]*\b(should|expected|must|instead of)\b[^.\n]*", re.IGNORECASE)
_PATH = re.compile(r"[\w./-]+\.(?:py|pyi|js|jsx|ts|tsx|java|go|rb|rs)\b")
CRITERIA_MAX = 5


def triage(case: Case) -> Triage:
    """What kind of report this is; without a rule that speaks, a real fault of severity P2."""
    text = f"{case.title}\n{case.report}"
    hints = named_files(case)
    python = any(path.endswith(".py") for path in case.tree)
    return Triage(
        verdict="real",
        severity=_severity(text),
        component=_component(hints),
        affected_files_hint=hints,
        acceptance_criteria=tuple(
            match.group(0).strip() for match in list(_SHOULD.finditer(text))[:CRITERIA_MAX]
        ),
        template="python-backend" if python else "general-research",
        complexity="low" if len(hints) == 1 else "medium",
        context_summary=case.title or text.strip().split("\n", maxsplit=1)[0][:200],
        reasoning="By rules over the words of the report.",
    )


def named_files(case: Case) -> tuple[str, ...]:
    """Files of the tree that the report names, by path, by name or in a stack trace."""
    text = f"{case.title}\n{case.report}"
    found = [frame.path for frame in located(frames_of(text), case.tree)]
    for name in _PATH.findall(text):
        tail = name.lstrip("./")
        found += [path for path in case.tree if path == tail or path.endswith("/" + tail)][:1]
    return tuple(dict.fromkeys(found))


def _severity(text: str) -> Severity:
    named = re.search(r"\b(P[0-4])\b", text)
    if named:
        return Severity(named.group(1))
    for severity, pattern in _SEVERITY_WORDS:
        if re.search(pattern, text, re.IGNORECASE):
            return severity
    return Severity.P2


def _component(hints: tuple[str, ...]) -> str:
    return hints[0].rsplit(".", 1)[0].replace("/", ".") if hints else "unknown"
