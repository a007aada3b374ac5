"""A service: what a repository is to Anton, and how far he goes there by himself."""

from enum import StrEnum

from pydantic import Field

from core.recipes import Recipe
from core.values import Value


class Rung(StrEnum):
    """How far a task goes before somebody says that it may go on."""

    NOTIFY = "notify"
    """Reports what triage found."""
    DIAGNOSE = "diagnose"
    """Reports the cause, and a test that shows the fault."""
    PATCH = "patch"
    """Hands a proven patch out."""
    PR = "pr"
    """Publishes the patch once it is approved."""


class Service(Value):
    """What REPOS_FILE says of one repository."""

    profile: str = "default"
    """Which paths are protected, and how much one change may touch."""
    autonomy: Rung = Rung.PR
    max_task_budget_usd: float | None = Field(default=None, ge=0, le=10_000)
    """US dollars that one task may cost where its request names none; None for the general one."""
    max_task_tokens: int | None = Field(default=None, ge=1)
    """Tokens that one task may use once a price is unknown; None for the general limit."""
    recipe: Recipe = Field(default_factory=Recipe)
    """How it is set up and tested."""
