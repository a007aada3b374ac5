"""Alerts: what Anton has to say about himself."""

from datetime import datetime

from core.values import Value


class Alert(Value):
    """Something about the house that a person should know; one of each name."""

    name: str
    """Such as `disk` or `errors`."""
    said: str
    """What is wrong, and what can be done, in words."""
    raised_at: datetime
    told_at: datetime
    """When people were told of it last."""
    cleared_at: datetime | None = None
    """When it was over; None while it lasts."""

    @property
    def subject(self) -> str:
        """Names one telling of it, as messages name what they are about."""
        return f"alert:{self.name}:{self.told_at:%Y%m%dT%H%M%S}"
