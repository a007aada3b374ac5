"""The engine `offline`: every role by rules, for Python, at no cost."""

from collections.abc import Callable
from dataclasses import dataclass, field

from agents.offline.diagnosis import diagnose
from agents.offline.fixing import NAME, Search, fix
from agents.offline.reproduction import reproduce
from agents.offline.reviewer import review
from agents.offline.triage import triage
from core.errors import TimeUp
from core.evidence import Evidence
from core.findings import Diagnosis, FixAttempt, Narrative, Reproduction, Review, Triage
from core.patches import Patch
from core.ports import Case
from repair.bench import Bench
from repair.deadline import Deadline
from repair.search import Progress

TOO_SLOW = (
    "The tests take longer than OFFLINE_MAX_SECONDS and SANDBOX_TEST_SECONDS: nothing is known."
)
Watch = Callable[[Progress], None]
"""Is told how a search goes, while it goes."""


@dataclass(frozen=True)
class OfflineEngine:
    """Serves the port RepairEngine without a model."""

    bench: Bench
    search: Search
    watch: Watch
    deadlines: dict[int, Deadline] = field(default_factory=dict)
    """By the number of the attempt."""
    name: str = NAME
    needs_sandbox: bool = True

    async def triage(self, case: Case) -> Triage:
        """By the words of the report; the tests are needed soon."""
        self.bench.warm(case.tree)
        return triage(case)

    async def diagnose(self, case: Case) -> Diagnosis:
        """By which lines the failing tests ran."""
        try:
            async with self._time_of_a_role().held():
                return await diagnose(case, self.bench)
        except TimeUp:
            return Diagnosis(root_cause=TOO_SLOW, confidence=0.0, method="the time was up")

    async def reproduce(self, case: Case) -> Reproduction:
        """By what can be run; raises TimeUp."""
        try:
            async with self._time_of_a_role().held():
                return await reproduce(case, self.bench)
        except TimeUp as error:
            raise TimeUp(TOO_SLOW, remedy="name the one test that shows the fault") from error

    async def fix(self, case: Case) -> FixAttempt:
        """By a search over small edits; an attempt begun anew has what is left of its time."""
        fresh = Deadline.within(self.search.max_seconds)
        deadline = self.deadlines.setdefault(case.attempt, fresh)
        return await fix(case, self.bench, self.search, self.watch, deadline)

    def _time_of_a_role(self) -> Deadline:
        """As long as a search, or one whole test run, whichever takes longer."""
        return Deadline.within(max(self.search.max_seconds, self.bench.run_seconds))

    async def review(self, case: Case, patch: Patch, evidence: Evidence) -> Review:
        """By the gates and the evidence."""
        return review(case, patch, evidence)

    async def narrate(self, case: Case, facts: str) -> Narrative:
        """Nothing: rules have no words of their own."""
        return Narrative()
