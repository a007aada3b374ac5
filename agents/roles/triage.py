"""Triage: what kind of report this is, from its words alone."""

from typing import Literal

from pydantic import BaseModel, Field

from agents.answers import ask
from agents.offline.triage import named_files
from agents.offline.triage import triage as by_rules
from agents.prompting import render
from agents.role import Role, words_of
from agents.views import defined_in_report
from core.errors import AnswerInvalid, TimeUp
from core.findings import Template, Triage
from core.incidents import Severity
from core.ports import Case, Model
from repair.mentions import passages_about, uses_in_tests
from repair.traces import frames_of

TRIAGE = Role("triage", node="triage", max_tokens=1500)
FILES_SHOWN = 150
TEXTS_KEPT = 10
SAID_MAX_CHARS = 1_500
"""Of the documentation, and of the tests, that speak of what is reported."""
QUOTED_MIN = 3
"""Words that a quote has at least: fewer stand in any report."""


class Answer(BaseModel):
    """What the model is asked for."""

    reasoning: str = ""
    verdict: Literal["real", "noise", "duplicate"] = "real"
    noise_quote: str = ""
    severity: Severity = Severity.P2
    component: str = "unknown"
    affected_files: list[str] = Field(default_factory=list)
    acceptance_criteria: list[str] = Field(default_factory=list)
    edge_cases: list[str] = Field(default_factory=list)
    blast_radius: Literal["single_service", "multi_service", "unknown"] = "unknown"
    complexity: Literal["low", "medium", "high"] = "medium"
    required_skills: list[str] = Field(default_factory=list)
    template: Template = "general-research"
    context_summary: str = ""
    missing: list[str] = Field(default_factory=list)


async def triage(case: Case, model: Model) -> Triage:
    """The model's view, held against the report and the tree; rules where it gives none.

    `noise` stands only with a quote of the report, and `duplicate` is for the caller to hold
    against what is known of other tasks. An unusable answer, or none in time, counts as a
    real fault of severity P2, and is flagged.
    """
    files = sorted(case.tree)
    words = words_of(case)
    names = defined_in_report(case)
    messages = render(
        "triage",
        report=words,
        files="\n".join(files[:FILES_SHOWN]),
        files_left_out=max(0, len(files) - FILES_SHOWN),
        occurrences=case.repeats.count_24h,
        open_report=case.repeats.open_report,
        passages=passages_about(case.tree, words, names, max_chars=SAID_MAX_CHARS),
        tests=uses_in_tests(case.tree, names, max_chars=SAID_MAX_CHARS),
        earlier=case.reported is not None,
    )
    try:
        answer, _ = await ask(model, TRIAGE.call(case, messages), Answer)
    except (AnswerInvalid, TimeUp) as error:
        return by_rules(case).but(
            severity=Severity.P2,
            component="unknown",
            reasoning=f"No usable answer came; taken as a real fault. {error.message}"[:1000],
            defaulted=True,
        )
    return _grounded(answer, case)


def _grounded(answer: Answer, case: Case) -> Triage:
    said = [name for name in answer.affected_files if name in case.tree]
    quoted = " ".join(answer.noise_quote.split())
    noise = answer.verdict == "noise" and _is_said(quoted, case)
    return Triage(
        verdict="real" if answer.verdict == "noise" and not noise else answer.verdict,
        severity=answer.severity,
        component=answer.component[:200] or "unknown",
        affected_files_hint=tuple(dict.fromkeys([*named_files(case), *said]))[:TEXTS_KEPT],
        acceptance_criteria=_texts(answer.acceptance_criteria),
        edge_cases=_texts(answer.edge_cases),
        blast_radius=answer.blast_radius,
        complexity=answer.complexity,
        required_skills=_texts(answer.required_skills),
        template=answer.template,
        context_summary=answer.context_summary[:1000],
        reasoning=(f"{answer.reasoning} Quoted: {quoted}" if noise else answer.reasoning)[:1000],
        question="" if noise else _question(answer, case),
    )


def _is_said(quoted: str, case: Case) -> bool:
    """Whether these are words of the report: a few in a row, or all of its title or text."""
    title, report = " ".join(case.title.split()), " ".join(case.report.split())
    whole = quoted in (title, report)
    return whole or (len(quoted.split()) >= QUOTED_MIN and quoted in f"{title} {report}")


def _question(answer: Answer, case: Case) -> str:
    """All missing facts at once; empty when the report holds anything to begin with."""
    begins = case.tests or case.reproduction_command or named_files(case) or frames_of(case.report)
    if begins or not answer.missing:
        return ""
    return "What has to be known first: " + "; ".join(_texts(answer.missing))


def _texts(found: list[str]) -> tuple[str, ...]:
    return tuple(text.strip()[:300] for text in found if text.strip())[:TEXTS_KEPT]
