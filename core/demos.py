"""Demos: the app of a candidate, shown live while people decide about it."""

from datetime import datetime
from typing import Literal

from core.values import Value

DemoState = Literal["wanted", "starting", "live", "ended", "unavailable", "offered", "absent"]


class Demo(Value):
    """What is shown, or was, beside one question; it decides nothing."""

    approval_id: str
    task_id: str
    patch_hash: str
    """The diff whose tree is shown."""
    state: DemoState
    """`wanted` until somebody starts it; `offered` where it begins only when somebody asks;
    `absent` where there is nothing to show, and nobody asked."""
    url: str = ""
    """Where people reach it, while it is live."""
    reason: str = ""
    """Why it is not live, in words."""
    asked_by: str = ""
    """The account of who asked for it; empty where it began by itself."""
    changed_at: datetime
    ends_at: datetime | None = None
    """When it ends by itself, while it is live."""

    @property
    def is_coming(self) -> bool:
        """Whether it is being started already."""
        return self.state in ("wanted", "starting")

    @property
    def can_start(self) -> bool:
        """Whether it can be asked for, again or for the first time."""
        return self.state in ("live", "ended", "unavailable", "offered")

    @property
    def said(self) -> str:
        """How people are told where it stands; empty where there is nothing to tell."""
        until = f" (until {self.ends_at:%H:%M} UTC)" if self.ends_at else ""
        return {
            "wanted": "is being started",
            "starting": "is being started",
            "live": f"{self.url}{until}",
            "ended": f"not running: {self.reason}",
            "unavailable": f"not available: {self.reason}",
            "offered": "not started; it would have a public address",
        }.get(self.state, "")
