"""Precedents: tasks that ended, and what mended them, as a hint for one that is like them."""

from datetime import datetime

from core.values import Value

REPORT_MAX = 4_000
DIFF_MAX = 6_000


class Precedent(Value):
    """An earlier task; every text in it is untrusted."""

    task_id: str
    repository: str
    base_sha: str = ""
    """The commit that it worked on."""
    report: str
    """With its title; at most 4,000 characters."""
    cause: str = ""
    """What was held to be the cause."""
    diff: str = ""
    """What was changed; at most 6,000 characters, empty for no change."""
    paths: tuple[str, ...] = ()
    """Files that the change touched."""
    outcome: str
    ended_at: datetime
