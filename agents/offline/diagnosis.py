"""Diagnosis by rules: the lines that go with failure, quoted; what they mean is left to people."""

from agents.offline.naming import named_among
from core.findings import Citation, Diagnosis
from core.patches import Suspect
from core.ports import Case
from repair.bench import Bench
from repair.localize import Localisation, localize
from sandbox.surveys import Survey

RED_AND_COVERED = 0.75
"""Confidence when failing tests with known lines point at the suspect."""
TRACED = 0.4
NAMED = 0.2
SUSPECTS_MAX = 20
CITED_MAX = 3
NOTHING = "No line can be named: no test fails, and the report names no place in the code."


async def diagnose(case: Case, bench: Bench) -> Diagnosis:
    """Rank lines by the tests of the repository alone; no reproduction is seen.

    Where tests were named, others that fail say nothing of this fault.
    """
    survey = await bench.survey(case.tree)
    failed = survey.run.failed
    red = named_among(failed, case.tests) if case.tests else failed
    found = located(case, survey, red)
    suspects = found.suspects[:SUSPECTS_MAX]
    if not suspects:
        return Diagnosis(root_cause=NOTHING, confidence=0.0, method=found.method)
    return Diagnosis(
        root_cause=root_cause(case, suspects[0], len(red)),
        evidence=tuple(_cited(case, suspect) for suspect in suspects[:CITED_MAX]),
        suspects=suspects,
        confidence=_confidence(suspects[0], bool(red)),
        approach="Try small edits at the most suspicious lines; the tests decide.",
        method=found.method,
    )


def located(case: Case, survey: Survey, red: tuple[str, ...]) -> Localisation:
    """The ranking for some red tests, with the report's traces and words as priors."""
    report = f"{case.title}\n{case.report}"
    return localize(case.tree, survey, red, report=report)


def root_cause(case: Case, suspect: Suspect, red: int) -> str:
    """The strongest suspect in one sentence of recorded facts."""
    where = f" in {suspect.function}" if suspect.function else ""
    tests = f"{red} failing test{'s' if red != 1 else ''} and the report point"
    quote = _line(case, suspect).strip()
    who = tests if red else "The report points"
    return f"{who} at {suspect.path}:{suspect.line}{where}: `{quote}` ({suspect.why})."


def _confidence(suspect: Suspect, red: bool) -> float:
    if red and "coverage" in suspect.why:
        return RED_AND_COVERED
    return TRACED if "stack trace" in suspect.why or "crashed" in suspect.why else NAMED


def _cited(case: Case, suspect: Suspect) -> Citation:
    return Citation(path=suspect.path, line=suspect.line, quote=_line(case, suspect))


def _line(case: Case, suspect: Suspect) -> str:
    lines = case.tree.text(suspect.path).split("\n")
    return lines[suspect.line - 1] if suspect.line <= len(lines) else ""
