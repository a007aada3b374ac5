"""What models may cost, and how long roles may take."""

from typing import Annotated

from pydantic import BaseModel, Field
from pydantic_settings import NoDecode

from settings.kinds import FROM_JSON, Group


class RoleLimit(BaseModel):
    """What ROLE_LIMITS may change of one role."""

    model_config = {"extra": "forbid"}

    turns: int | None = Field(default=None, ge=1, le=200)
    seconds: float | None = Field(default=None, gt=0, le=86_400)


class Budgets(Group):
    """Budgets: what models may cost, and how long a role may take."""

    max_task_budget_usd: float = Field(default=0.50, ge=0, le=10_000)
    """US dollars that one task may cost, where its request names no budget."""
    max_task_tokens: int = Field(default=500_000, ge=1)
    """Tokens that one task may use as soon as the price of one of its models is unknown."""
    max_day_budget_usd: float = Field(default=10.0, ge=0, le=1_000_000)
    """US dollars that all calls of one day, UTC, may cost; unknown prices count by their tokens."""
    max_tokens_per_hour: int | None = Field(default=None, ge=1)
    """Tokens that all calls of sixty minutes may use; empty for no limit."""
    role_limits: Annotated[dict[str, RoleLimit], NoDecode, FROM_JSON] = Field(default_factory=dict)
    """Turns, and seconds of answers and tools, of roles: {"fix": {"turns": 20, "seconds": 300}}."""
