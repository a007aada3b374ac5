"""Learning: which rules served in which tasks, and what a role makes of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from pydantic import Field

from core.figures import LoggedCall
from core.tasks import Outcome
from core.values import Value

ENOUGH = 10
"""Tasks on either side, below which nothing is said of a rule."""


class RuleRecord(Value):
    """How the tasks ended in which a rule was shown, and those from which it was left out."""

    shown: int = Field(default=0, ge=0)
    shown_well: int = Field(default=0, ge=0)
    """Those of them that ended well."""
    withheld: int = Field(default=0, ge=0)
    withheld_well: int = Field(default=0, ge=0)
    last_used_at: datetime | None = None

    def with_task(self, ended_at: datetime, *, shown: bool, well: bool) -> "RuleRecord":
        """The record with one more task."""
        if not shown:
            return self.but(withheld=self.withheld + 1, withheld_well=self.withheld_well + well)
        return self.but(
            shown=self.shown + 1,
            shown_well=self.shown_well + well,
            last_used_at=max(ended_at, self.last_used_at or ended_at),
        )

    @property
    def effect(self) -> float | None:
        """By how much success is higher with the rule than without; None for not enough data."""
        if min(self.shown, self.withheld) < ENOUGH:
            return None
        return self.shown_well / self.shown - self.withheld_well / self.withheld


class RuleProposal(Value):
    """What a role proposes to change of its rules; a rule that is not named is kept."""

    add: tuple[str, ...] = ()
    drop: tuple[str, ...] = ()
    reasons: Mapping[str, str] = {}
    """Why, by rule."""
    model: str = ""
    """Who proposes it."""


@dataclass(frozen=True)
class Looked:
    """A task that has ended, as one of its roles looks back on it; every text is untrusted."""

    task_id: str
    outcome: Outcome
    reason: str
    """Why it ended so; may be empty."""
    calls: tuple[LoggedCall, ...]
    """Those of the role, oldest first."""


@dataclass(frozen=True)
class Due:
    """A role that has completed enough tasks to think about them."""

    role: str
    tasks: int
    """That it has completed in all."""


@dataclass(frozen=True)
class Revision:
    """What came of a proposal, and why."""

    added: tuple[str, ...] = ()
    removed: Mapping[str, str] = field(default_factory=dict)
    """Rules with the reason."""
    refused: tuple[tuple[str, str], ...] = ()
    """What was proposed and not taken, with the reason."""
