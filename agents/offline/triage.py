"""Triage by rules: words of the report, named severities, tracebacks; never a guess at intent."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import islice

from core.findings import Template, Triage
from core.incidents import Severity
from core.ports import Case
from core.trees import Tree
from repair.traces import frames_of, located
from sandbox.node_detection import is_script

_SEVERITY_WORDS = (
    (Severity.P0, r"\b(outage|data loss|is down|site down|unreachable for everyone)\b"),
    (Severity.P1, r"\b(critical|urgent|blocker|all users|every user|production is)\b"),
    (Severity.P4, r"\b(typo|cosmetic|wording|misspell\w*|alignment)\b"),
    (Severity.P3, r"\b(minor|rarely|sometimes|edge case|low priority)\b"),
)
_SHOULD = re.compile(r"\b(should|expected|must|instead of)\b", re.IGNORECASE)
_PATH = re.compile(r"(?<![\w./-])[\w./-]{1,400}\.(?:py|pyi|js|jsx|ts|tsx|java|go|rb|rs)\b")
CRITERIA_MAX = 5


def triage(case: Case) -> Triage:
    """What kind of report this is; without a rule that speaks, a real fault of severity P2."""
    text = f"{case.title}\n{case.report}"
    hints = named_files(case)
    return Triage(
        verdict="real",
        severity=_severity(text),
        component=_component(hints),
        affected_files_hint=hints,
        acceptance_criteria=tuple(islice(_criteria(text), CRITERIA_MAX)),
        template=_template(hints or case.tree, case.tree),
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


def _criteria(text: str) -> Iterator[str]:
    """Sentences that say how it should be."""
    return (part.strip() for part in re.split(r"[.\n]", text) if _SHOULD.search(part))


def _severity(text: str) -> Severity:
    named = re.search(r"\b(P[0-4])\b", text)
    if named:
        return Severity(named.group(1))
    for severity, pattern in _SEVERITY_WORDS:
        if re.search(pattern, text, re.IGNORECASE):
            return severity
    return Severity.P2


def _template(paths: Iterable[str], tree: Tree) -> Template:
    """The kind of software that most of these files are; of scripts by what the package needs."""
    package = tree.text("package.json") if "package.json" in tree else ""
    of_scripts: Template = "react-frontend" if '"react"' in package else "node-backend"
    kinds: Counter[Template] = Counter()
    for path in paths:
        if path.endswith(".py"):
            kinds["python-backend"] += 1
        elif path.endswith(".java"):
            kinds["java-backend"] += 1
        elif is_script(path):
            kinds[of_scripts] += 1
    return max(kinds, key=kinds.__getitem__, default="general-research")


def _component(hints: tuple[str, ...]) -> str:
    return hints[0].rsplit(".", 1)[0].replace("/", ".") if hints else "unknown"
