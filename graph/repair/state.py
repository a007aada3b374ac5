"""What the repair workflow adds to the state."""

from operator import add
from typing import Annotated, Literal

from graph.state import AgentState, Facts

Again = Literal["triage", "diagnose", "reproduce", "fix", "review"]
"""A step that thinks, and that the budget can therefore stop."""


class RepairState(AgentState, total=False):
    """The facts of one repair; each dump carries `ref`, the artifact of the whole value."""

    precedent: Facts
    """An earlier task that was alike."""
    ci: Facts
    """What the host's CI says of the base: status, url, note, and its failing tests in words."""
    triage: Facts
    diagnosis: Facts
    reproduction: Facts
    attempt: Facts
    """The last FixAttempt."""
    patch: Facts
    evidence: Facts
    review: Facts
    narrative: Facts
    """The model's words beside the question of release, with the hash of the patch they tell of."""
    unmet: list[str]
    """What the definition of done still lacks."""
    findings: Annotated[list[str], add]
    """What gates, reviewers and people said about earlier attempts, latest last."""
    words: Annotated[list[str], add]
    """What people said in their own words, latest last."""
    rejected: Annotated[list[str], add]
    """Hashes of proposals that were turned down, as the engine made them: without new tests."""
    unwanted: Annotated[list[str], add]
    """Hashes of diffs that a person turned down, as they would have shipped: with new tests."""
    attempts: int
    max_attempts: int
    reproductions: int
    oversize: int
    """Patches over the size guard since a person last spoke."""
    review_rounds: int
    human_rounds: int
    """Answers of people that led on."""
    change_rounds: int
    """Those of them that turned a proven diff down."""
    again: list[Again]
    """Steps to do again, as the last answer at the escalation gate says."""
    went_on: bool
    """Whether a person let it go on where its autonomy had ended."""
    account: Facts
    """The closing account of the task."""
