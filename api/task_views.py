"""What was found in a task, in typed parts: steps, runs of tests, diagnosis, stops."""

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

StepState = Literal["pending", "started", "finished", "failed", "interrupted", "skipped"]


class Part(BaseModel):
    """The base of every part; what an older release did not record is null or empty."""

    model_config = ConfigDict(use_attribute_docstrings=True)


class ArtifactFacts(Part):
    """A file that a task left behind."""

    id: str
    name: str
    media_type: str = "application/octet-stream"


class SizeView(Part):
    """How big a change is."""

    files: int
    added: int
    """Lines."""
    deleted: int
    """Lines."""


class RunView(Part):
    """One run of the tests, by its figures."""

    passed: int = 0
    failed: list[str] = []
    """Ids of tests, the first 10."""
    failures: int | None = None
    """How many failed; null where only their ids were recorded."""
    exit_code: int | None = None
    tree_hash: str | None = None
    """Git tree of exactly what was tested."""
    verdict: str | None = None
    """How the run ended."""
    ms: int | None = None


class TestsView(Part):
    """The tests before and after the change; null for a run that was not made."""

    __test__ = False

    before: RunView | None = None
    after: RunView | None = None


class EvidenceView(Part):
    """The proof of a patch, or what is missing to it."""

    verdict: str | None = None
    tree_hash: str | None = None
    regression_test: str | None = None
    regression_tests: list[str] = []
    contested: list[str] = []
    """Tests that assert what the report calls a fault."""
    scope: list[str] = []
    """Test files that were run on the fix; empty for all."""
    base: RunView | None = None
    fixed: RunView | None = None
    note: str | None = None
    """What is missing, in words."""


class ClaimView(Part):
    """A line of the base that a diagnosis rests on."""

    path: str
    line: int
    quote: str = ""
    base_sha: str | None = None
    verified: bool | None = None
    """Whether the quote stands there; null where nobody looked."""
    code: list[str] = []
    """The lines around it, as they are at the base."""
    code_from: int = 0
    """Number of the first of them."""


class SuspectView(Part):
    """A line that may be at fault."""

    path: str
    line: int
    function: str = ""
    score: float = 0.0
    """From 0 to 1; comparable within this list alone."""
    why: str = ""


class DiagnosisView(Part):
    """Why it happens, as far as it is known."""

    root_cause: str | None = None
    category: str | None = None
    confidence: float | None = None
    method: str | None = None
    claims: list[ClaimView] = []
    suspects: list[SuspectView] = []
    searched: bool = False
    """Whether the suspects were weighed by tests, and not by words alone."""


class PatchView(Part):
    """The change, by its measures."""

    hash: str | None = None
    files: list[str] = []


class CandidatesView(Part):
    """How many changes were tried."""

    tried: int = 0
    by_models: int = 0
    plausible: int = 0


class PartialPatchView(Part):
    """The best change that does not hold."""

    words: str = ""
    """What it mends and breaks."""
    files: list[str] = []


class StopView(Part):
    """Where a task stopped without a fix, and what a person does next."""

    at: str | None = None
    """The step."""
    evidence: list[str] = []
    """What is known, a fact a line."""
    hypothesis: str | None = None
    partial_patch: PartialPatchView | None = None
    next_step: str = ""


class PipelineStep(Part):
    """A step of the workflow, and how far it is."""

    node: str
    state: StepState
    stage: int
    """Steps of the same stage run side by side."""
    runs: int = 0
    ms: int | None = None


class StepStats(Part):
    """What a step took; null where nothing was recorded."""

    status: StepState
    runs: int
    ms: float | None = None
    cost_usd: float | None = None
    tokens: float | None = None
    files: float | None = None


class TimelineLine(Part):
    """Something that happened."""

    seq: int
    ts: datetime
    agent: str | None
    event: str
    summary: str


class Progress(Part):
    """How far a task is, and what was found so far, as its events tell."""

    pipeline: list[PipelineStep]
    """The steps in order, and how far each is."""
    agent_stats: dict[str, StepStats]
    """By step."""
    agent_timeline: list[TimelineLine]
    """What happened, the latest last."""


def evidence_of(result: dict[str, Any]) -> dict[str, Any] | None:
    """The proof as the row of a task has it; an older row has it in its report alone."""
    return result.get("evidence") or (result.get("report") or {}).get("evidence")


def diagnosis_of(result: dict[str, Any]) -> dict[str, Any] | None:
    """The diagnosis as the row of a task has it; its report knows best."""
    known = result.get("diagnosis") or {}
    told = (result.get("report") or {}).get("diagnosis") or {}
    said = {name: value for name, value in told.items() if value}
    return {**known, **said} or None
