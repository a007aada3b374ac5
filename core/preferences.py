"""A preference: a diff that a person turned down, and the one that was approved instead."""

from core.values import Value


class Preference(Value):
    """A diff that was turned down, and the one that a person approved later."""

    task_id: str
    """The task whose diff was turned down."""
    report: str
    rejected: str
    """The diff that was turned down, as it would have shipped."""
    words: str
    """What the person said about it; may be empty for a rejection."""
    accepted: str = ""
    """The later diff; empty as long as there is none."""

    @property
    def open(self) -> bool:
        """Whether nothing was approved in its place yet."""
        return not self.accepted
