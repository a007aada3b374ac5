"""What thinks in a repair, and what it is told."""

from dataclasses import dataclass, field
from typing import Protocol

from core.approvals import Risk
from core.evidence import Evidence
from core.findings import (
    Diagnosis,
    FixAttempt,
    Narrative,
    RefusedEdit,
    Reproduction,
    Review,
    Triage,
)
from core.incidents import Repeats
from core.patches import Patch
from core.precedents import Precedent
from core.recipes import Recipe
from core.trees import Tree


@dataclass(frozen=True)
class Case:
    """All that is known of a fault, as handed to a role; every text in it is untrusted."""

    task_id: str
    title: str
    """The report in one line; may be empty."""
    report: str
    repository: str
    base_sha: str
    tree: Tree
    """The base."""
    reported: Tree | None = None
    """The revision in which the fault was seen, where it is not the base."""
    tests: tuple[str, ...] = ()
    reproduction_command: str = ""
    ticket: str = ""
    """Key of the ticket, such as BUG-42; may be empty."""
    seed: int = 0
    triage: Triage | None = None
    diagnosis: Diagnosis | None = None
    reproduction: Reproduction | None = None
    rejected: tuple[str, ...] = ()
    """Hashes of patches that were turned down."""
    findings: tuple[str, ...] = ()
    """What gates, reviewers and people said about earlier attempts, latest last."""
    words: tuple[str, ...] = ()
    """Those of the findings that people gave in their own words, latest last."""
    repeats: Repeats = field(default_factory=Repeats)
    """What is known of other tasks about the same."""
    refused: tuple[RefusedEdit, ...] = ()
    """Edits of this attempt, or of the last one, that the gate refused, with what they change."""
    ci: str = ""
    """Tests that failed in the host's CI, with their words; empty where none are known."""
    precedent: Precedent | None = None
    """An earlier task that was alike: a hint for diagnosis and fix, and for nobody else."""
    attempt: int = 1
    recipe: Recipe = field(default_factory=Recipe)
    """What the operator says of how it is set up and tested, without variables."""
    explanation: str = ""
    """What the maker of the change under review says of it."""
    risk: Risk | None = None
    """How dangerous the change under review is, as code computes it."""
    notes: tuple[str, ...] = ()
    """What was noted on the way, as the person who decides is shown it."""


class RepairEngine(Protocol):
    """What thinks in a repair: one method a role; rules today, any model behind the same port."""

    @property
    def name(self) -> str:
        """As people are told, such as `offline engine`."""
        ...

    @property
    def needs_sandbox(self) -> bool:
        """Whether it can do nothing where nothing may be run."""
        ...

    async def triage(self, case: Case) -> Triage:
        """What kind of report this is."""
        ...

    async def diagnose(self, case: Case) -> Diagnosis:
        """Why it happens; sees no reproduction."""
        ...

    async def reproduce(self, case: Case) -> Reproduction:
        """A test that shows the fault; sees no diagnosis."""
        ...

    async def fix(self, case: Case) -> FixAttempt:
        """Changes that turn the red test green, best first."""
        ...

    async def review(self, case: Case, patch: Patch, evidence: Evidence) -> Review:
        """A judgement of the diff together with its proof."""
        ...

    async def narrate(self, case: Case, facts: str) -> Narrative:
        """The recorded facts told for people; empty where no model tells them, for any reason."""
        ...
