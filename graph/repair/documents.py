"""What people read of a repair: briefing, pull request, incident report; recorded facts only."""

import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from core.approvals import PROOF_DIGITS, Risk
from core.briefing import MISSING, Briefing, ChangedFile
from core.effects import Change, branch_name
from core.evidence import Evidence, Proof, RunEnd, TestRun, Verdict
from core.findings import (
    OFFLINE_ENGINE,
    Diagnosis,
    FixAttempt,
    Narrative,
    Reproduction,
    Review,
    Triage,
)
from core.patches import Patch, file_sizes
from core.tasks import TaskRequest, Usage
from core.visible import inert
from graph.repair.narrative import paragraph
from graph.repair.state import RepairState
from graph.repair.stops import lines, next_step

CI_NOT_RUN = "not run"
ON_APPROVE = "the branch with exactly this diff is published."
OF_A_PROOF = ("Tests", "Regression test", "How to Verify")
"""What documents tell of a red test that turned green."""
FOR_THE_SCRIBE = ("Fix", "Tests", "Regression test")
"""Rows of a briefing that are told in words too."""
SHORT = 12
SET_UP_NOTES = 8
"""Notes on how the tests were set up that people are shown."""
KNOWN_BY = {
    Proof.WITNESS: "our own record of each test",
    Proof.RUNNER: "our own record of what the runner told",
    Proof.REPORT: "the runner's own report",
    Proof.EXIT_CODE: "the exit code alone",
    Proof.NOTHING: "nothing, for none was run",
}
"""Who tells how tests ended, in words."""
"""Digits of a hash as people see it."""


@dataclass(frozen=True)
class Facts:
    """Everything that was recorded of one repair; None for what was not."""

    state: RepairState
    patch: Patch | None = None
    evidence: Evidence | None = None
    review: Review | None = None
    triage: Triage | None = None
    diagnosis: Diagnosis | None = None
    reproduction: Reproduction | None = None
    attempt: FixAttempt | None = None
    risk: Risk | None = None
    protected: tuple[str, ...] = ()
    change: Change | None = None
    usage: Usage | None = None
    """What models took so far."""
    stopped: Mapping[str, Any] | None = None
    """Where it stopped, when it ended without a fix."""
    narrative: Narrative | None = None
    """What a model tells of it; no figure is taken from it."""
    approver: str = ""
    """Who approved the patch, or what let it pass without anybody."""
    monitor: str = ""
    """What watches the repaired service, or that nothing does."""

    @property
    def request(self) -> TaskRequest:
        """What was asked for."""
        return TaskRequest.load(self.state["request"])

    @property
    def title(self) -> str:
        """The report in one line."""
        return inert(self.request.headline)

    @property
    def key(self) -> str:
        """Ticket key, else the first digits of the task's id."""
        return self.request.ticket or self.state["task_id"][:8]

    def branch(self, prefix: str) -> str:
        """The one branch that the patch goes to."""
        return branch_name(prefix, self.request.ticket or self.title, self.state["task_id"][:8])

    @property
    def root_cause(self) -> str:
        """The cause in the light of the fix, else of the diagnosis."""
        if self.attempt and self.attempt.root_cause:
            return inert(self.attempt.root_cause)
        return inert(self.diagnosis.root_cause) if self.diagnosis else MISSING

    @property
    def explanation(self) -> str:
        """One sentence on the change."""
        return inert(self.attempt.explanation if self.attempt else "") or MISSING


def one_line(text: str, limit: int) -> str:
    """The first line of a text, shortened with a mark."""
    first = text.strip().split("\n")[0].strip()
    return first if len(first) <= limit else first[: limit - 1] + "…"


def summary_line(facts: Facts) -> str:
    """What the change does, in a title's length."""
    return one_line(facts.explanation if facts.attempt else facts.title, 60)


def pull_request_title(facts: Facts) -> str:
    """`[KEY] summary`, at most 72 characters."""
    return one_line(f"[{facts.key}] {facts.title}", 72)


def brief(facts: Facts) -> Briefing:
    """What a person has to know before the decision, from recorded facts."""
    patch, triage = facts.patch, facts.triage
    missing_proof = ""
    if facts.evidence and facts.evidence.verdict is not Verdict.FIXED:
        missing_proof = inert(facts.evidence.note) or str(facts.evidence.verdict)
    return Briefing(
        title=facts.title,
        ticket=facts.request.ticket,
        severity=triage.severity if triage else None,
        risk=facts.risk,
        component=inert(triage.component) if triage else MISSING,
        reported_at=facts.state.get("created_at"),
        told=paragraph(facts.narrative),
        root_cause=_first_sentence(facts.root_cause),
        fix=facts.explanation,
        files=tuple(
            ChangedFile(path=path, added=added, deleted=deleted)
            for path, (added, deleted) in (file_sizes(patch.diff).items() if patch else ())
        ),
        tests=_tests(facts.evidence),
        regression_test=_regression_test(facts),
        ci=_ci(facts),
        review=_review(facts.review),
        confidence=_confidence(facts),
        found_by=_engine(facts),
        cost=_cost(facts),
        base=facts.state["base_sha"][:SHORT],
        patch_hash=_hash(patch, facts.risk) if patch else MISSING,
        protected=facts.protected,
        unproven=missing_proof,
        notes=_notes(facts),
        on_approve=ON_APPROVE,
    )


def _hash(patch: Patch, risk: Risk | None) -> str:
    """First digits of a patch's hash; where its end has to be typed to approve it, that too."""
    end = f"…{patch.sha256[-PROOF_DIGITS:]}" if risk is Risk.CRITICAL else ""
    return patch.sha256[:SHORT] + end


def briefing(facts: Facts) -> str:
    """What a person reads before the decision, as Markdown; the diff follows apart."""
    return f"{_recorded(facts)}\n\nOn Approve: {ON_APPROVE}"


def record(facts: Facts) -> str:
    """What the scribe tells of a repair; costs, hashes and makers stand beside its words."""
    told = brief(facts)
    remarks = [f"- {inert(issue.message)}" for issue in facts.review.issues] if facts.review else []
    rows = [(name, said) for name, said in told.rows() if name in FOR_THE_SCRIBE]
    lines = [f"- {name}: {said}" for name, said in [("Cause", facts.root_cause), *rows]]
    parts = [
        "\n".join([*lines, *_beside(told)]),
        "\n".join(["Remarks of the reviewer:", *remarks]) if remarks else "",
        facts.patch.diff if facts.patch else "",
    ]
    return "\n\n".join(part for part in parts if part)


def _recorded(facts: Facts) -> str:
    told = brief(facts)
    lines = [f"**{told.title}**", "", *([told.told, ""] if told.told else [])]
    lines += [f"- {name}: {said}" for name, said in told.rows()]
    return "\n".join([*lines, *_beside(told)])


def _beside(told: Briefing) -> list[str]:
    """What a briefing says only where there is something to say."""
    protected = [f"- Protected paths: {', '.join(told.protected)}"] if told.protected else []
    unproven = [f"- Missing proof: {told.unproven}"] if told.unproven else []
    return [*protected, *(f"- Note: {note}" for note in told.notes), *unproven]


def pull_request_body(facts: Facts, approver: str) -> str:
    """The text of the pull request."""
    sections = [f"## {title}\n\n{text}" for title, text in _sections(facts, approver)]
    body = "\n\n".join(filter(None, (paragraph(facts.narrative), *sections)))
    return f"{body}\n\n---\nAutomated by anton\n\n<!-- anton:task={facts.state['task_id']} -->\n"


def _sections(facts: Facts, approver: str) -> tuple[tuple[str, str], ...]:
    return (
        ("Problem", _quoted(facts.request.text)),
        ("Root Cause", _unmentioned(facts.root_cause)),
        ("Solution", _unmentioned(facts.explanation)),
        ("Files Changed", _file_list(facts.patch)),
        ("Tests", _tests(facts.evidence)),
        ("How to Verify", _how_to_verify(facts.evidence)),
        ("References", f"Ticket: {facts.request.ticket or 'none'}\n\nTask: {_task(facts)}"),
        ("Evidence", _evidence(facts, approver)),
    )


def incomplete(facts: Facts) -> tuple[str, ...]:
    """What briefing and pull request lack, by name; empty when both are complete.

    Where no test shows the fault, what only such a test could tell is not lacking: the briefing
    names the missing proof.
    """
    written = (
        ("Title", facts.title),
        *brief(facts).rows(),
        *_sections(facts, approver="nobody yet"),
    )
    proven = facts.evidence is not None and facts.evidence.verdict is Verdict.FIXED
    needed = [name for name, said in written if said.strip(" >\n") in ("", MISSING)]
    return tuple(name for name in dict.fromkeys(needed) if proven or name not in OF_A_PROOF)


def incident_report(facts: Facts, timeline: Iterable[str]) -> str:
    """The document of record of one repair."""
    triage = facts.triage
    outcome = facts.state.get("outcome") or MISSING
    rows = [
        ("Task", _task(facts)),
        ("Ticket", facts.request.ticket or "none"),
        ("Outcome", outcome),
        ("Severity", str(triage.severity) if triage else MISSING),
        ("Risk", str(facts.risk or MISSING)),
        ("Confidence", _confidence(facts)),
        ("Base", facts.state.get("base_sha", MISSING)),
        ("Patch hash", facts.patch.sha256 if facts.patch else MISSING),
        ("Review", _review(facts.review)),
        ("Approved by", facts.approver or "nobody"),
        ("Engine", _engine(facts)),
        ("Monitor", facts.monitor or MISSING),
        ("Cost", _cost(facts)),
    ]
    table = "\n".join(f"| {name} | {_cell(value)} |" for name, value in rows)
    criteria = triage.acceptance_criteria if triage else ()
    sections = (
        ("Timeline", "\n".join(f"- {entry}" for entry in timeline) or MISSING),
        ("Root cause", facts.root_cause),
        ("Acceptance criteria", "\n".join(f"- {inert(c)}" for c in criteria) or MISSING),
        ("Files", _file_list(facts.patch)),
        ("Tests", _tests(facts.evidence)),
        ("CI", _ci(facts)),
        ("Resolution", _resolution(facts)),
        *([("Where it stopped", "\n".join(lines(facts.stopped)))] if facts.stopped else ()),
        ("Next step", next_step(facts.state, outcome) or MISSING),
    )
    body = "\n\n".join(f"## {title}\n\n{text}" for title, text in sections)
    told = f"{paragraph(facts.narrative)}\n\n".lstrip()
    return f"# {facts.title}\n\n{told}| | |\n|---|---|\n{table}\n\n{body}\n"


def _task(facts: Facts) -> str:
    return facts.state["task_id"]


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def _quoted(text: str) -> str:
    """Foreign text as a block quote without live mentions, at most 4,000 characters."""
    cut = text if len(text) <= 4000 else text[:2000] + "\n[…]\n" + text[-2000:]
    return "\n".join(f"> {line}" for line in _unmentioned(inert(cut)).split("\n"))


def _unmentioned(text: str) -> str:
    return text.replace("@", "@\u200b")


def _first_sentence(text: str) -> str:
    return one_line(text.split(". ", maxsplit=1)[0], 240)


def _file_list(patch: Patch | None) -> str:
    if patch is None:
        return "none"
    sizes = file_sizes(patch.diff)
    return "\n".join(f"- `{path}` (+{a} -{d})" for path, (a, d) in sizes.items())


def _counts(run: TestRun | None) -> str:
    if run is None:
        return MISSING
    if run.end in (RunEnd.NO_TEST_RUNNER, RunEnd.NO_TESTS, RunEnd.INFRA_ERROR):
        return f"no test was run, {run.end}"
    return f"{len(run.passed)} pass, {len(run.failed)} fail"


def _tests(evidence: Evidence | None) -> str:
    if evidence is None or evidence.fixed is None:
        return MISSING
    flaky = f"; flaky: {', '.join(evidence.flaky)}" if evidence.flaky else ""
    near = len(evidence.scope)
    files = "file" if near == 1 else "files"
    why = ", for all take too long" if evidence.verdict is Verdict.FIXED else " were run"
    part = f"; only {near} test {files} near the change{why}" if near else ""
    more = flaky + part + _weaker_proof(evidence)
    if evidence.base is None:
        return f"{_counts(evidence.fixed)} on the fix; no test shows the fault{more}"
    return f"red on base ({_counts(evidence.base)}), on the fix {_counts(evidence.fixed)}{more}"


def _ci(facts: Facts) -> str:
    """What the host's CI says of the base; of the change nothing was run yet."""
    ci = facts.state.get("ci") or {}
    if not ci.get("status"):
        return CI_NOT_RUN
    note = f" ({inert(ci['note'])})" if ci.get("note") else ""
    return inert(f"{ci['status']} on the base{note} {ci['url']}".strip())


def _notes(facts: Facts) -> tuple[str, ...]:
    """What was noted on the way, and what is to be known of how the tests were set up."""
    run = (facts.evidence.fixed or facts.evidence.base) if facts.evidence else None
    of_tests = [f"Tests: {note}" for note in run.notes[:SET_UP_NOTES]] if run else []
    return tuple(inert(note) for note in [*facts.state.get("notes", []), *of_tests])


def _weaker_proof(evidence: Evidence) -> str:
    """What a reader has to know where not all that was run was witnessed."""
    proofs = [run.proof for run in (evidence.base, evidence.fixed) if run]
    if Proof.EXIT_CODE in proofs:
        return "; only the exit code of the test command is known"
    if Proof.REPORT in proofs:
        return "; known by the runner's own report"
    if Proof.RUNNER in proofs:
        return "; as the test runner told it, in whose process the tested code runs"
    return ""


def _regression_test(facts: Facts) -> str:
    if facts.evidence is None or not facts.evidence.regression_tests:
        return MISSING
    origin = f" ({facts.reproduction.origin})" if facts.reproduction else ""
    return ", ".join(facts.evidence.regression_tests[:3]) + origin


def _how_to_verify(evidence: Evidence | None) -> str:
    if evidence is None or evidence.base is None:
        return MISSING
    if evidence.base.proof is not Proof.WITNESS and evidence.base.argv:
        argv = evidence.base.argv
        command = inert(argv[2] if argv[:2] == ("sh", "-c") else shlex.join(argv))
        return f"```\n{command}\n```\n\nIt fails on the base and passes on this branch."
    tests = " ".join(f"'{test}'" for test in evidence.regression_tests[:3])
    return f"```\npython -m pytest {tests}\n```\n\nIt fails on the base and passes on this branch."


def _review(review: Review | None) -> str:
    if review is None:
        return MISSING
    scores = ", ".join(f"{name} {score}/10" for name, score in review.scores.items())
    return f"{review.verdict} by {review.reviewer}" + (f" ({scores})" if scores else "")


def _confidence(facts: Facts) -> str:
    value = confidence_of(facts)
    return MISSING if value is None else f"{value:.0%}"


def confidence_of(facts: Facts) -> float | None:
    """That of the fix where there is one, else that of the diagnosis."""
    if facts.attempt and facts.patch:
        return facts.attempt.confidence
    return facts.diagnosis.confidence if facts.diagnosis else None


def _engine(facts: Facts) -> str:
    if facts.attempt is None:
        return MISSING
    attempt, proposal = facts.attempt, facts.state.get("patch", {}).get("proposal")
    first = attempt.candidates[:1]
    chosen = [one for one in attempt.candidates if one.patch.sha256 == proposal] or first
    makers = chosen[0].found_by if chosen else ""
    engine = f"{makers}, in {attempt.engine}" if makers else attempt.engine
    saved = f"; {attempt.saved_calls} model calls saved" if attempt.saved_calls else ""
    return f"{engine}; {_tried(attempt)}{saved}"


def _tried(attempt: FixAttempt) -> str:
    """How many changes models and search tried, and how many of each pass all tests."""
    figures = attempt.figures
    if not figures.by_models:
        return f"tried by search: {figures.tried} (passing: {figures.plausible})"
    makers = [one.found_by for one in attempt.candidates]
    models = len([one for one in makers if one != OFFLINE_ENGINE])
    told = f"tried by models: {figures.by_models} (passing: {models})"
    if searched := figures.tried - figures.by_models:
        found = len([one for one in makers if OFFLINE_ENGINE in one])
        told += f", by search: {searched} (passing: {found})"
    return told


def _cost(facts: Facts) -> str:
    if facts.usage is None:
        return MISSING
    return facts.usage.cost or "none; no model was called"


def _evidence(facts: Facts, approver: str) -> str:
    evidence = facts.evidence
    if evidence is None:
        return MISSING
    lines = []
    for name, run in (("Red on base", evidence.base), ("On the fix", evidence.fixed)):
        if run is None:
            lines.append(f"- {name}: {MISSING}")
            continue
        lines.append(
            f"- {name}: exit code {run.exit_code}, {_counts(run)}, known by {KNOWN_BY[run.proof]}, "
            f"tree `{run.tree_hash[:SHORT]}`, sandbox {run.backend}"
        )
    lines.append(f"- Patch hash: `{facts.patch.sha256 if facts.patch else MISSING}`")
    lines.append(f"- Found by: {_engine(facts)}")
    lines.append(f"- Cost: {_cost(facts)}")
    lines.append(f"- Approved by: {approver}")
    return "\n".join(lines)


def _resolution(facts: Facts) -> str:
    if facts.change is None:
        return facts.state.get("reason") or MISSING
    return f"{facts.change.location or facts.change.branch} at commit {facts.change.commit}"
