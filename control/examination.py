"""The examination of a running house: one at a time, and not more often than it can change."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from core.examination import Finding, Level, worst_of
from core.ports import Clock

FRESH_S = 10.0
"""An examination opens a sandbox and asks channels: one of the last seconds is told again."""


@dataclass(frozen=True)
class Report:
    """What was found, and when."""

    at: datetime
    findings: Sequence[Finding]

    @property
    def status(self) -> Level:
        """The worst of it."""
        return worst_of(self.findings)


class Examination:
    """Examines when it is asked."""

    def __init__(
        self,
        examine: Callable[[], Awaitable[Sequence[Finding]]],
        clock: Clock,
        redacted: Callable[[str], str] = str,
    ) -> None:
        """`redacted` gives a text without secrets."""
        self._examine = examine
        self._clock = clock
        self._redacted = redacted
        self._alone = asyncio.Lock()
        self._last: Report | None = None

    async def report(self) -> Report:
        """What is found now; raises what the examination raises."""
        async with self._alone:
            now = self._clock.now()
            if self._last is None or (now - self._last.at).total_seconds() >= FRESH_S:
                found = [self._masked(finding) for finding in await self._examine()]
                self._last = Report(self._clock.now(), found)
            return self._last

    def _masked(self, finding: Finding) -> Finding:
        return replace(
            finding, text=self._redacted(finding.text), remedy=self._redacted(finding.remedy)
        )
