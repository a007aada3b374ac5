"""The answers of the roles: what each concluded, as the next one reads it."""

from enum import StrEnum
from typing import Literal

from pydantic import Field

from core.approvals import Risk
from core.evidence import TestRun
from core.incidents import Severity
from core.patches import FileChange, Patch, Suspect
from core.tasks import Outcome
from core.values import Value

OFFLINE_ENGINE = "offline engine"
"""What people are told made a change that the search found."""


Template = Literal[
    "java-backend", "python-backend", "node-backend", "react-frontend", "general-research"
]
"""Kinds of software, by the tools that its repair needs."""


class Triage(Value):
    """What kind of report this is."""

    verdict: Literal["real", "noise", "duplicate"] = "real"
    severity: Severity = Severity.P2
    component: str = "unknown"
    affected_files_hint: tuple[str, ...] = ()
    acceptance_criteria: tuple[str, ...] = ()
    edge_cases: tuple[str, ...] = ()
    blast_radius: Literal["single_service", "multi_service", "unknown"] = "unknown"
    occurrences_24h: int = 1
    duplicate_of: str = ""
    complexity: Literal["low", "medium", "high"] = "medium"
    required_skills: tuple[str, ...] = ()
    template: Template = "general-research"
    context_summary: str = ""
    reasoning: str = ""
    question: str = ""
    """What has to be known before work can start; empty when nothing is missing."""
    defaulted: bool = False
    """Whether these are fallbacks, since no usable answer came."""


class Citation(Value):
    """A line of the base that a claim rests on, checked against the tree."""

    path: str
    line: int
    quote: str


class Diagnosis(Value):
    """Why it happens."""

    root_cause: str
    intended_behaviour: str = ""
    evidence: tuple[Citation, ...] = ()
    suspects: tuple[Suspect, ...] = ()
    """Most suspicious first."""
    category: Literal["code", "config", "infra", "dependency", "data"] = "code"
    works_as_meant: bool = False
    """Whether the software does what it is meant to do, so that nothing should be changed."""
    confidence: float = Field(default=0.0, ge=0.0, le=1.0)
    approach: str = ""
    method: str = ""
    """How it was found, in words, such as `coverage of 14 tests` or `stack trace alone`."""


class Reading(StrEnum):
    """What the regression test said on base."""

    REPRODUCED = "reproduced"
    PASSES = "passes"
    FIXED_SINCE = "fixed_since"
    """Red on the reported revision, green on base."""
    OTHER_ERROR = "other_error"
    NOTHING_TO_RUN = "nothing_to_run"


class Reproduction(Value):
    """The test that shows the fault."""

    reading: Reading
    origin: str = ""
    """Where it came from: `existing test`, `--test`, `--repro`, `snippet in the report`, …"""
    written: bool = False
    """Whether a model wrote the test: it is evidence then, and no verdict on the report."""
    contradicted: str = ""
    """The test of the repository that demands the opposite of what the report wants, in words."""
    tests: tuple[str, ...] = ()
    """Ids of the tests that are red on base."""
    files: tuple[FileChange, ...] = ()
    """New test files; empty when the repository already has the test."""
    scaffold: tuple[FileChange, ...] = ()
    """Test files that only serve the proof and are not shipped."""
    run: TestRun | None = None
    """The run on base that shows it."""
    note: str = ""
    """What a person should know of it, such as a named test that passes; in whole sentences."""
    help_wanted: str = ""
    """What would make it reproducible, when nothing did."""


class Candidate(Value):
    """A change that turned the red test green without breaking another."""

    patch: Patch
    operator: str = ""
    """The kind of edit that made it."""
    score: float = 0.0
    lines: tuple[Suspect, ...] = ()
    """The lines it changes."""
    behaviour: str = ""
    """Digest of what it does on probed inputs; candidates that differ here disagree."""
    found_by: str = ""
    """Who made it: a model by its name, or `offline engine`; empty for the engine alone."""


class PartialFix(Value):
    """The change that came nearest when nothing was found that holds."""

    patch: Patch
    operator: str = ""
    """The kind of edit that made it."""
    mended: tuple[str, ...] = ()
    """Red tests that pass with it."""
    broken: tuple[str, ...] = ()
    """Tests that passed before and fail with it, as far as they were seen."""


class RefusedEdit(Value):
    """An edit that the gate refused, as whoever made it may be shown it."""

    rule: str
    message: str
    path: str = ""
    before: str = ""
    """The lines it would have taken away, at most 2,000 characters."""
    after: str = ""
    """The lines it would have put in their place, at most 2,000 characters."""
    proposal: str = ""
    """Hash of the refused patch."""


class SearchFigures(Value):
    """What a search did."""

    tried: int = 0
    by_models: int = 0
    """How many of those that were tried models made; the search made the others."""
    plausible: int = 0
    seconds: float = 0.0
    exhausted: bool = False
    """Whether every candidate in reach was tried."""
    bound: str = ""
    """Which bound ended it: `candidates`, `seconds` or empty."""
    judged_per_second: float = 0.0


class FixAttempt(Value):
    """What one attempt at a fix gave."""

    candidates: tuple[Candidate, ...] = ()
    """Best first; empty when nothing was found."""
    suspects: tuple[Suspect, ...] = ()
    """The ranking that was used, when it is better than the diagnosis's."""
    explanation: str = ""
    """One sentence on the change."""
    root_cause: str = ""
    """The cause in the light of the fix; empty leaves the diagnosis as it is."""
    confidence: float = Field(default=0.0, ge=0.0, le=1.0)
    figures: SearchFigures = SearchFigures()
    engine: str = ""
    saved_calls: int = 0
    """Model calls that were planned and not made, since a fix had been found already."""
    abstains: str = ""
    """Why the model advises against any change; another attempt would hear the same."""
    speechless: str = ""
    """Why no model can go on: the replies of each were no answers; empty when one can."""
    final: Outcome | None = None
    """Set when nothing was found and another attempt would find nothing either."""
    partial: PartialFix | None = None
    """What came nearest, when nothing holds; kept and shown to people."""
    refused: tuple[RefusedEdit, ...] = ()
    """What the edit gate held against this attempt; filled in behind the engine."""


class Issue(Value):
    """Something that a reviewer or a gate holds against a patch."""

    severity: Literal["info", "warning", "error"] = "error"
    category: str = ""
    message: str
    path: str = ""
    line: int = 0


class ReviewVerdict(StrEnum):
    """What the reviewer asks for."""

    APPROVE = "APPROVE"
    REQUEST_CHANGES = "REQUEST_CHANGES"
    NEEDS_DISCUSSION = "NEEDS_DISCUSSION"


class Review(Value):
    """A judgement of the exact diff that would ship."""

    verdict: ReviewVerdict
    patch_hash: str
    """SHA-256 of the diff that was read."""
    issues: tuple[Issue, ...] = ()
    scores: dict[str, int] = Field(default_factory=dict)
    """`correctness`, `security`, `performance`: 0 to 10 each."""
    risk: Risk | None = None
    """How dangerous the reviewer calls the change; it may raise what code says, never lower it."""
    reviewer: str = ""
    """Who judged: a model, or `offline engine`."""


class Narrative(Value):
    """What a model tells people of a repair; untrusted, and no fact is taken from it."""

    text: str = ""
    """Empty where nobody told anything."""
    author: str = ""
    """Name of the model."""
