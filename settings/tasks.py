"""How often and how long a task is tried, and the bounds of a search without a model."""

from pydantic import Field

from settings.kinds import Group


class Tasks(Group):
    """Tasks: how many, how long, and how often a step is tried."""

    max_concurrent_tasks: int = Field(default=5, ge=1, le=100)
    """Tasks at work at the same time; waiting ones do not count."""
    max_task_seconds: float = Field(default=3600.0, gt=0)
    """Working time of one task, in seconds; waiting for people does not count."""
    max_task_description_length: int = Field(default=20_000, ge=1, le=500_000)
    """Longest report that is taken, in characters."""
    max_iterations: int = Field(default=3, ge=1, le=10)
    """Attempts at a fix before a person is asked."""
    max_review_rounds: int = Field(default=3, ge=1, le=10)
    """Reviews of one task before a person is asked."""
    max_human_rounds: int = Field(default=5, ge=1, le=50)
    """How often a person may ask for changes."""
    confidence_threshold: float = Field(default=0.70, ge=0, le=1)
    """A diagnosis less sure than this needs a red test, or a person, before a fix is tried."""
    approval_ttl_hours: float = Field(default=72.0, gt=0, le=8_760)
    """Hours after which an unanswered question expires."""


class OfflineEngine(Group):
    """The offline engine: bounds of its search."""

    offline_max_candidates: int = Field(default=2000, ge=1)
    """Candidate edits that are tried at most."""
    offline_max_seconds: float = Field(default=300.0, gt=0)
    """Seconds that are searched at most."""
    offline_workers: int = Field(default=0, ge=0, le=256)
    """Candidates judged at the same time; 0 is one for each core."""
