"""Events on what was found of a fault, and on a change for it."""

from typing import Literal

from typing_extensions import TypedDict

from api.event_views.envelope import Envelope, Told
from core.approvals import Risk
from core.evidence import RunEnd, Verdict
from core.findings import ReviewVerdict


class SuspectData(TypedDict, total=False):
    """A line with a score."""

    path: str
    line: int
    function: str
    score: float
    why: str


class ClaimData(TypedDict, total=False):
    """A claim, and whether the code at the base bears it out."""

    path: str
    line: int
    quote: str
    base_sha: str
    verified: bool
    code: list[str]
    code_from: int


class DiagnosisData(Told, total=False):
    """Why the fault happens."""

    root_cause: str
    category: Literal["code", "config", "infra", "dependency", "data"]
    confidence: float
    method: str
    suspects: list[SuspectData | str]
    claims: list[ClaimData | str]


class DiagnosisEvent(Envelope):
    """An event of the type `diagnosis`."""

    type: Literal["diagnosis"]
    data: DiagnosisData


class SearchData(Told, total=False):
    """How the search for a fix goes."""

    v: int
    done: bool
    tried: int
    by_models: int
    plausible: int
    seconds: float
    exhausted: bool
    bound: str
    judged_per_second: float
    suspects: list[SuspectData | str]


class SearchEvent(Envelope):
    """An event of the type `search`."""

    type: Literal["search"]
    data: SearchData


class PatchData(Told, total=False):
    """A change that people are asked to release."""

    base_sha: str
    patch_hash: str
    tree_hash: str
    files: list[str]
    added: int
    removed: int
    risk: Risk


class PatchEvent(Envelope):
    """An event of the type `patch`."""

    type: Literal["patch"]
    data: PatchData


class RunData(TypedDict, total=False):
    """A run of the tests by its figures."""

    tree_hash: str
    exit_code: int | None
    known_by: str
    verdict: RunEnd
    passed: int
    failed: list[str]
    failures: int
    ms: int


class EvidenceData(Told, total=False):
    """What the tests say of a change."""

    verdict: Verdict
    tree_hash: str
    regression_tests: list[str]
    contested: list[str]
    scope: list[str]
    note: str
    before: RunData
    after: RunData


class EvidenceEvent(Envelope):
    """An event of the type `evidence`."""

    type: Literal["evidence"]
    data: EvidenceData


class IssueData(TypedDict, total=False):
    """Something that is held against a change."""

    severity: Literal["info", "warning", "error"]
    category: str
    message: str
    path: str
    line: int


class ReviewData(Told, total=False):
    """A judgement of a change."""

    verdict: ReviewVerdict
    patch_hash: str
    scores: dict[str, int]
    reviewer: str
    issues: list[IssueData | str]


class ReviewEvent(Envelope):
    """An event of the type `review`."""

    type: Literal["review"]
    data: ReviewData
