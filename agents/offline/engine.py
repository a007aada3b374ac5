"""The engine `offline`: every role by rules, for Python, at no cost."""

from collections.abc import Callable
from dataclasses import dataclass

from agents.offline.diagnosis import diagnose
from agents.offline.fixing import NAME, Search, fix
from agents.offline.reproduction import reproduce
from agents.offline.reviewer import review
from agents.offline.triage import triage
from core.evidence import Evidence
from core.findings import Diagnosis, FixAttempt, Reproduction, Review, Triage
from core.patches import Patch
from core.ports import Case
from repair.bench import Bench
from repair.search import Progress

Watch = Callable[[Progress], None]
"""Is told how a search goes, while it goes."""


@dataclass(frozen=True)
class OfflineEngine:
    """Serves the port RepairEngine without a model."""

    bench: Bench
    search: Search
    watch: Watch
    name: str = NAME
    needs_sandbox: bool = True

    async def triage(self, case: Case) -> Triage:
        """By the words of the report."""
        return triage(case)

    async def diagnose(self, case: Case) -> Diagnosis:
        """By which lines the failing tests ran."""
        return await diagnose(case, self.bench)

    async def reproduce(self, case: Case) -> Reproduction:
        """By what can be run."""
        return await reproduce(case, self.bench)

    async def fix(self, case: Case) -> FixAttempt:
        """By a search over small edits."""
        return await fix(case, self.bench, self.search, self.watch)

    async def review(self, case: Case, patch: Patch, evidence: Evidence) -> Review:
        """By the gates and the evidence."""
        return review(case, patch, evidence)
