"""Identities: what a role has learned over its tasks, whatever model plays it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated

from pydantic import ConfigDict, Field

from core.values import Value

NAMED_BYTES_MAX = 1_500
"""Of a key of a map, as Firestore takes it; none is empty."""
Named = Annotated[str, Field(min_length=1, max_length=1000)]
"""A key of a map."""

VERSIONS_KEPT = 10
RULE_MAX = 500
"""Characters of a rule that a person writes."""
RULES_MAX = 200


class RuleStats(Value):
    """How often a rule was in a prompt, and how often the task then ended well."""

    model_config = ConfigDict(frozen=True, extra="allow")

    use_count: int = Field(default=0, ge=0)
    success_count: int = Field(default=0, ge=0)
    past_use_count: int = Field(default=0, ge=0)
    """Those of the uses that were beside a rule which was withdrawn since as weak: they tell of
    that rule, and are not held against this one.
    """
    past_success_count: int = Field(default=0, ge=0)

    @property
    def confidence(self) -> float:
        """The share of successes, with one success and one failure added: few uses say little."""
        return (self.success_count + 1) / (self.use_count + 2)


class Origin(Value):
    """Where a rule comes from."""

    model_config = ConfigDict(frozen=True, extra="allow")

    learned_at: datetime
    model: str = ""
    """Which proposed it."""
    tasks: tuple[str, ...] = ()
    """Ids of the tasks that it was drawn from."""


class Identity(Value):
    """What a role has learned; fields that this release does not know are kept."""

    model_config = ConfigDict(frozen=True, extra="allow")

    role: str = Field(pattern=r"^[a-z][a-z0-9_-]{0,39}$")
    version: int = Field(default=0, ge=0)
    """Grows by one with each save; 0 before the first."""
    expertise: tuple[str, ...] = ()
    learned_rules: tuple[str, ...] = ()
    past_mistakes: tuple[str, ...] = ()
    correction_rules: tuple[str, ...] = ()
    """What people taught."""
    code_style: str = ""
    beliefs: Mapping[Named, str] = Field(default_factory=dict)
    rule_stats: Mapping[Named, RuleStats] = Field(default_factory=dict)
    origins: Mapping[Named, Origin] = Field(default_factory=dict)
    """Where rules come from that the role learned itself."""
    pinned: tuple[str, ...] = ()
    """Rules that a person fixed: they come first, and nothing but a person takes them out."""

    @property
    def rules(self) -> tuple[str, ...]:
        """All rules, best first: pinned ones, then by confidence, then by use."""

        def worth(rule: str) -> tuple[bool, float, int]:
            stats = self.rule_stats.get(rule, RuleStats())
            return rule in self.pinned, stats.confidence, stats.use_count

        every = dict.fromkeys((*self.correction_rules, *self.learned_rules))
        return tuple(sorted(every, key=worth, reverse=True))


class IdentityVersion(Value):
    """An identity as it was saved, by whom and why."""

    identity: Identity
    saved_at: datetime
    saved_by: str
    """Such as `reflection`, or channel and person as `rest:operator`."""
    reason: str = ""
    write_id: str = ""
    """Of the call that saved it, so that it can be repeated."""


class IdentityHealth(Value):
    """How the store of identities is."""

    away_since: datetime | None = None
    """Since when reads give copies and changes wait; None while all is well."""
    reason: str = ""
    waiting: int = 0
    """Changes that are not yet where they belong."""
    lost: int = 0
    """Changes that could not be carried over, since the process began; the audit log has them."""

    @property
    def trouble(self) -> str:
        """What is wrong, in words; empty when all is well."""
        changes = "1 change waits" if self.waiting == 1 else f"{self.waiting} changes wait"
        waiting = f"{changes} to be saved." if self.waiting else ""
        if self.away_since is None:
            return waiting
        told = f"Roles know what they knew at {self.away_since:%Y-%m-%d %H:%M} UTC: {self.reason}"
        return f"{told} {waiting}".rstrip()
