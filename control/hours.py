"""When people are asked and when they are asked again: reminders, alarms and quiet hours."""

import re
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from core.errors import ConfigError
from core.incidents import Severity

_SPAN = re.compile(r"(\d\d):(\d\d)\s*-\s*(\d\d):(\d\d)(?:\s+([A-Za-z_+\-/0-9]+))?")
WAKING = (Severity.P0, Severity.P1)
"""Severities that no quiet hour holds back."""


@dataclass(frozen=True)
class QuietHours:
    """A span of each day in which nobody is asked about what can wait."""

    begin: time
    end: time
    zone: ZoneInfo

    @classmethod
    def parse(cls, text: str) -> "QuietHours | None":
        """Read `22:00-07:00 Europe/Berlin`, UTC without a zone; None for nothing.

        Raises ConfigError for anything else.
        """
        if not text.strip():
            return None
        found = _SPAN.fullmatch(text.strip())
        try:
            if not found:
                raise ValueError(text)
            begin = time(int(found[1]), int(found[2]))
            end = time(int(found[3]), int(found[4]))
            return cls(begin, end, ZoneInfo(found[5] or "UTC"))
        except (ValueError, ZoneInfoNotFoundError) as error:
            raise ConfigError(
                f"QUIET_HOURS {text!r} is no span of hours.",
                remedy="write it as 22:00-07:00, with a zone such as Europe/Berlin if not in UTC",
            ) from error

    def hold(self, severity: Severity | None, now: datetime) -> bool:
        """Whether a question of this severity waits until the quiet hours are over."""
        if severity in WAKING:
            return False
        at = now.astimezone(self.zone).time()
        if self.begin <= self.end:
            return self.begin <= at < self.end
        return at >= self.begin or at < self.end


@dataclass(frozen=True)
class Hours:
    """When a question that nobody answers is asked again, and elsewhere."""

    remind_after: timedelta = timedelta(minutes=30)
    alarm_after: timedelta = timedelta(minutes=60)
    quiet: QuietHours | None = None

    def held(self, severity: Severity | None, now: datetime) -> bool:
        """Whether a question is held back for now."""
        return self.quiet is not None and self.quiet.hold(severity, now)

    @staticmethod
    def said(span: timedelta) -> str:
        """A span as people say it."""
        minutes = round(span.total_seconds() / 60)
        if minutes < 120:
            return f"{minutes} minutes"
        return f"{minutes // 60} hours"
