"""What roles make of their tasks."""

from pydantic import Field

from settings.kinds import Group


class Learning(Group):
    """Learning: what roles make of the tasks that they completed."""

    reflection_enabled: bool = True
    """Whether roles think about their tasks and change their rules; uses are counted anyway."""
    reflection_interval: int = Field(default=3, ge=1, le=1000)
    """Completed tasks of a role after which it thinks about them."""
    reflection_dry_run: bool = False
    """Log what would change of the rules, and change nothing."""
    reflection_max_rule_length: int = Field(default=200, ge=15, le=500)
    """Characters of a rule at most."""
    reflection_prune: bool = True
    """Withdraw rules that were used in 10 tasks of which less than 55 % ended well, or never."""
    reflection_holdout: float = Field(default=0.1, ge=0, le=0.5)
    """Share of the tasks that each rule is left out of, to see what it does."""
    recall_across_repos: bool = False
    """Whether an earlier task of another repository may be shown as a hint."""
