"""Review: the whole diff and its proof, read by somebody who did not write it."""

import re
from typing import Literal

from pydantic import BaseModel, Field

from agents.answers import ask
from agents.prompting import render
from agents.role import Role, words_of
from agents.views import understood, users_of
from core.approvals import Risk
from core.errors import AnswerInvalid, TimeUp
from core.evidence import Evidence, Proof, Verdict
from core.findings import Issue, Review, ReviewVerdict
from core.patches import Patch, Suspect
from core.ports import Case, Model
from repair.units import Excerpt, excerpts, shown

REVIEWER = Role("reviewer", node="review", max_tokens=1024)
PART_MAX_CHARS = 80_000
CODE_MAX_CHARS = 12_000
NO_VERDICT = "The reviewer gave no usable verdict, which is no approval."
_OBJECTS = re.compile(r"^index [0-9a-f]+\.\.[0-9a-f]+.*\n", re.MULTILINE)
"""Lines of a diff that name git's objects, which tell readers nothing."""
SCORES = ("correctness", "security", "performance")


class Remark(BaseModel):
    """One thing held against the change."""

    path: str = ""
    quote: str = ""
    severity: Literal["info", "warning", "error"] = "error"
    category: str = ""
    message: str


class Answer(BaseModel):
    """What the model is asked for."""

    reasoning: str = ""
    verdict: Literal["APPROVE", "REQUEST_CHANGES", "NEEDS_DISCUSSION"]
    scores: dict[str, int] = Field(default_factory=dict)
    risk: str = ""
    issues: list[Remark] = Field(default_factory=list)


async def review(case: Case, patch: Patch, evidence: Evidence, model: Model) -> Review:
    """A judgement of the exact diff, file by file where it is long; the worst verdict counts.

    An empty, ambiguous or unusable answer is no approval, and neither is what was read by the time
    that the reviewer was cut off. Issues that do not lie on changed lines are kept as remarks, and
    hold nothing up.
    """
    parts = _parts(patch.diff)
    verdicts: list[ReviewVerdict] = []
    readers: list[str] = []
    issues: list[Issue] = []
    scores: dict[str, int] = {}
    risks: list[Risk] = []
    for number, part in enumerate(parts, start=1):
        try:
            answer, by = await _read(
                case, patch, part, f"{number} of {len(parts)}", evidence, model
            )
        except (AnswerInvalid, TimeUp) as error:
            verdicts.append(ReviewVerdict.REQUEST_CHANGES)
            issues.append(Issue(category="review", message=f"{NO_VERDICT} {error.message}"[:1000]))
            if isinstance(error, TimeUp):
                break
            continue
        verdict, said = _weighed(answer, patch)
        verdicts.append(verdict)
        readers.append(by)
        issues += said
        risks += [risk for risk in Risk if risk == answer.risk.strip().lower()]
        for name in SCORES:
            if name in answer.scores:
                given = max(0, min(10, answer.scores[name]))
                scores[name] = min(given, scores.get(name, 10))
    worst = [ReviewVerdict.REQUEST_CHANGES, ReviewVerdict.NEEDS_DISCUSSION, ReviewVerdict.APPROVE]
    return Review(
        verdict=min(verdicts, key=worst.index),
        patch_hash=patch.sha256,
        issues=tuple(issues),
        scores=scores,
        risk=max(risks, key=lambda risk: risk.rank, default=None),
        reviewer=" and ".join(dict.fromkeys(readers)) or model.name,
    )


async def _read(
    case: Case, patch: Patch, diff: str, part: str, evidence: Evidence, model: Model
) -> tuple[Answer, str]:
    whole = part == "1 of 1"
    code = _around(case, patch) if whole else ()
    messages = render(
        "reviewer",
        report=words_of(case),
        **understood(case),
        explanation=case.explanation,
        proof=proof_in_words(evidence),
        risk=case.risk or "",
        notes=_notes(case, evidence),
        diff=_OBJECTS.sub("", diff),
        code=shown(code),
        users=users_of(patch.apply(case.tree), _changed(patch), code) if whole else "",
        part="" if whole else f"part {part}",
    )
    return await ask(model, REVIEWER.call(case, messages), Answer)


def _weighed(answer: Answer, patch: Patch) -> tuple[ReviewVerdict, list[Issue]]:
    """The verdict that an answer amounts to, with its issues placed on changed lines."""
    issues = [_placed(remark, patch) for remark in answer.issues]
    errors = any(issue.severity == "error" for issue in issues)
    verdict = ReviewVerdict(answer.verdict)
    if verdict is ReviewVerdict.APPROVE and errors:
        verdict = ReviewVerdict.REQUEST_CHANGES
    if verdict is ReviewVerdict.REQUEST_CHANGES and not errors:
        issues.append(
            Issue(category="review", message=answer.reasoning[:1000] or "No reason given.")
        )
    return verdict, issues


def _placed(remark: Remark, patch: Patch) -> Issue:
    """The remark as an issue; what lies on no changed line is a remark in passing."""
    line = changed_line(patch, remark.path, remark.quote)
    severity = remark.severity if line else "info"
    return Issue(
        severity=severity,
        category=remark.category[:100],
        message=remark.message[:1000],
        path=remark.path if remark.path in patch.paths else "",
        line=line,
    )


def changed_line(patch: Patch, path: str, quote: str) -> int:
    """Number of the changed line that reads so, in the new file or, if it was removed, the old.

    A deleted or changed file as a whole counts by its first line when no quote is given; 0 when
    the place is not part of the change.
    """
    wanted = quote.strip().lstrip("+-").strip()
    if path not in patch.paths:
        return 0
    if not wanted:
        return 1
    inside, old, new = False, 0, 0
    for line in patch.diff.split("\n"):
        if line.startswith("diff --git "):
            inside = line.endswith(f" b/{path}")
        elif inside and line.startswith("@@"):
            numbers = line.split(" ")
            old = int(numbers[1].lstrip("-").split(",")[0]) - 1
            new = int(numbers[2].lstrip("+").split(",")[0]) - 1
        elif inside and new >= 0 and line[:1] in ("+", "-", " "):
            old += line[0] != "+"
            new += line[0] != "-"
            if line[0] != " " and wanted in line[1:]:
                return max(1, new if line[0] == "+" else old)
    return 0


def _around(case: Case, patch: Patch) -> tuple[Excerpt, ...]:
    """The changed functions whole; new files stand in the diff already."""
    places = [one for one in _changed(patch) if one.path in case.tree]
    return excerpts(patch.apply(case.tree), places, max_chars=CODE_MAX_CHARS)


def _changed(patch: Patch) -> list[Suspect]:
    """The places that a change touches."""
    found, path, at = [], "", 0
    for line in patch.diff.split("\n"):
        if line.startswith("diff --git "):
            path, at = "", 0
        elif not at and line.startswith("+++ b/"):
            path = line.removeprefix("+++ b/")
        elif line.startswith("@@"):
            at = int(line.split(" ")[2].lstrip("+").split(",")[0])
        elif path and at and line[:1] in ("+", "-", " "):
            if line[0] != " ":
                found.append(Suspect(path=path, line=max(1, at), score=1.0))
            at += line[0] != "-"
    return found


def proof_in_words(evidence: Evidence) -> str:
    """What the sandbox recorded, in one paragraph of figures."""
    if evidence.verdict is not Verdict.FIXED or evidence.base is None or evidence.fixed is None:
        return f"No full proof: {evidence.note or evidence.verdict}"
    return (
        f"Red before the change and green with it: {', '.join(evidence.regression_tests[:5])}. "
        f"Of the whole suite {len(evidence.fixed.passed)} pass and {len(evidence.fixed.failed)} "
        f"fail with the change; no test that passed before fails now.{_weaker(evidence)}"
    )


def _notes(case: Case, evidence: Evidence) -> str:
    """What was noted on the way, and how the tests were set up, as it is told beside the change."""
    run = evidence.fixed or evidence.base
    of_tests = [f"Tests: {note}" for note in run.notes] if run else []
    return "\n".join(f"- {note}" for note in [*case.notes, *of_tests])


def _weaker(evidence: Evidence) -> str:
    """What a reader has to know where not all that was run was witnessed; empty where it was."""
    if all(run.proof is Proof.WITNESS for run in (evidence.base, evidence.fixed) if run):
        return ""
    return (
        " How tests ended was told by their runner or exit code alone, which changed code could "
        "fake: see that none of it ends the process, or does otherwise while it is tested."
    )


def _parts(diff: str) -> list[str]:
    """The diff whole, or file by file, or in pieces where one file is longer than a call may be."""
    if len(diff) <= PART_MAX_CHARS:
        return [diff]
    files = ["diff --git " + part for part in diff.split("diff --git ")[1:]]
    parts: list[str] = []
    for text in files:
        if parts and len(parts[-1]) + len(text) <= PART_MAX_CHARS:
            parts[-1] += text
        else:
            parts += [text[at : at + PART_MAX_CHARS] for at in range(0, len(text), PART_MAX_CHARS)]
    return parts
